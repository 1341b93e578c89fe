"""Addresses of district runs and desk interviews. An address holds a number of ours, never anything about a person."""

from django.urls import path

from hub.screening import views

urlpatterns = [
    path("run/", views.run, name="run"),
    path("run/start/", views.start_run, name="start_run"),
    path("run/<int:run>/", views.run_progress, name="run_progress"),
    path("run/<int:run>/cancel/", views.cancel_run, name="cancel_run"),
    path("run/programme/<slug:programme>/", views.run_programme, name="run_programme"),
    path("interviews/", views.interviews, name="interviews"),
    path("interviews/new/", views.open_interview, name="open_interview"),
    path("interviews/with/<int:household>/", views.open_interview_with, name="open_interview_with"),
    path("interviews/<int:interview>/", views.interview, name="interview"),
    path("interviews/<int:interview>/back/", views.take_back, name="take_back"),
    path("interviews/<int:interview>/close/", views.close_interview, name="close_interview"),
    path("interviews/<int:interview>/result/", views.interview_result, name="interview_result"),
]
