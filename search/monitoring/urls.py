"""Addresses for those who watch; a host includes them at its root."""

from django.urls import path

from .views import live, metrics, ready

app_name = "fashion_search_watching"
urlpatterns = [
    path("health/live", live, name="live"),
    path("health/ready", ready, name="ready"),
    path("metrics", metrics, name="metrics"),
]
