"""Addresses of the catalogue's pages, which anybody may read."""

from django.urls import path

from hub.programmes import views

urlpatterns = [
    path("", views.programmes, name="programmes"),
    path("changes/", views.changes, name="changes"),
    path("<slug:programme>/", views.programme, name="programme"),
]
