from django.urls import path

from . import views

urlpatterns = [
    path("", views.all_wares, name="wares"),
    path("ware/<uuid:key>/", views.ware, name="ware"),
]
