"""Addresses of the catalogue's pages."""

from django.urls import path

from hub.programmes import views

urlpatterns = [
    path("", views.programmes, name="programmes"),
    path("<slug:programme>/", views.programme, name="programme"),
]
