"""Addresses of the desk, at the root of the hub."""

from django.urls import path

from hub.desk import views

urlpatterns = [
    path("", views.home, name="home"),
    path("worklist/", views.worklist, name="worklist"),
    path("worklist/export/", views.export_worklist, name="export_worklist"),
    path("search/", views.search, name="search"),
    path("household/<int:household>/", views.household, name="household"),
    path("household/<int:household>/record/", views.take_out, name="take_out"),
]
