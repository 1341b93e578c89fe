"""Addresses of the pages about zones."""

from django.urls import path

from hub.people.zones import views

urlpatterns = [
    path("zones/", views.zones, name="zones"),
    path("zones/new/", views.new_zone, name="new_zone"),
    path("zones/<str:zone>/", views.zone, name="zone"),
    path("zones/<str:zone>/close/", views.close_zone, name="close_zone"),
]
