from django.contrib import admin

from .models import PastOrder

admin.site.register(PastOrder)
