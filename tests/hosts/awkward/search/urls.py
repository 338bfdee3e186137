from django.urls import path

from . import views

app_name = "search"
urlpatterns = [
    path("", views.page, name="search"),
    path("found/", views.found, name="found"),
    path("similar/<uuid:key>/", views.similar, name="similar"),
]
