"""Addresses of the register of residents."""

from django.urls import include, path

urlpatterns = [
    path("", include("hub.people.identity.urls")),
]
