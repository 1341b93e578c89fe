"""Addresses of the inspection. An address holds numbers of ours, never anything about a person."""

from django.urls import path

from hub.inspection import views

urlpatterns = [
    path("", views.inspection, name="inspection"),
    path("month/<int:year>/<int:month>/", views.report, name="inspection_report"),
    path("month/<int:year>/<int:month>/examine/", views.examine, name="inspection_examine"),
    path("month/<int:year>/<int:month>/decide/", views.decide_several, name="inspection_decide_several"),
    path("month/<int:year>/<int:month>/sign/", views.sign, name="inspection_sign"),
    path("finding/<int:finding>/", views.finding, name="inspection_finding"),
    path("finding/<int:finding>/ask/", views.ask, name="inspection_ask"),
    path("finding/<int:finding>/decide/", views.decide, name="inspection_decide"),
    path("questions/", views.questions, name="inspection_questions"),
    path("questions/<int:finding>/", views.question, name="inspection_question"),
    path("trail/", views.trail, name="trail"),
    path("affected/", views.affected, name="inspection_affected"),
]
