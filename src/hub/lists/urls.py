"""Addresses of agency lists. An address holds a number of ours, never anything about a person."""

from django.urls import path

from hub.lists import views

urlpatterns = [
    path("", views.agency_lists, name="agency_lists"),
    path("new/", views.new_list, name="new_list"),
    path("<int:number>/", views.agency_list, name="agency_list"),
    path("imports/<int:number>/", views.import_page, name="import"),
    path("imports/<int:number>/columns/", views.import_columns, name="import_columns"),
    path("imports/<int:number>/rows/", views.import_rows, name="import_rows"),
    path("imports/<int:number>/report/", views.import_report, name="import_report"),
    path("imports/<int:number>/apply/", views.apply_import, name="apply_import"),
    path("imports/<int:number>/undo/", views.undo_import, name="undo_import"),
    path("imports/<int:number>/discard/", views.discard_import, name="discard_import"),
    path("imports/<int:number>/again/", views.try_again, name="try_import_again"),
    path("imports/<int:number>/review/", views.review, name="review"),
    path("rows/<int:number>/", views.import_row, name="import_row"),
    path("rows/<int:number>/decide/", views.decide_row, name="decide_row"),
    path("rows/<int:number>/search/", views.look_for, name="look_for"),
    path("links/<int:number>/undo/", views.undo_link, name="undo_link"),
]
