"""Django's admin of accounts, with lists that forgive filters as the others do."""

from django.contrib import admin
from django.contrib.auth.admin import GroupAdmin, UserAdmin
from django.contrib.auth.models import Group, User

from search.admin import ModelAdmin

admin.site.unregister([Group, User])


@admin.register(Group)
class ForgivingGroupAdmin(ModelAdmin, GroupAdmin):
    """Groups and their permissions."""


@admin.register(User)
class ForgivingUserAdmin(ModelAdmin, UserAdmin):
    """Who may use the admin, and for what."""
