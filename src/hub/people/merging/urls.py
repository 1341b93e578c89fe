"""Addresses of merging: find the other entry, look at both, merge, part."""

from django.urls import path

from hub.people.merging import views

urlpatterns = [
    path("<int:household>/members/<int:person>/same/", views.find_same, name="find_same"),
    path("<int:household>/members/<int:person>/same/<int:other>/", views.merge, name="merge"),
    path("<int:household>/members/<int:person>/same/<int:other>/part/", views.part, name="part"),
]
