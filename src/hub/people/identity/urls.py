"""Addresses of the pages about identity numbers. No number ever stands in one."""

from django.urls import path

from hub.people.identity import views

urlpatterns = [
    path("number/", views.find, name="find_by_number"),
    path("number/<uuid:number>/", views.number, name="number"),
    path("person/<int:person>/number/", views.store, name="store_number"),
]
