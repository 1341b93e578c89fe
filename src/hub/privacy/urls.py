"""Addresses of consents, residents' requests and retention. An address holds a number of ours, never a name."""

from django.urls import path

from hub.privacy import views

urlpatterns = [
    path("persons/<int:person>/", views.person, name="person_privacy"),
    path("persons/<int:person>/consents/<slug:consent_purpose>/", views.give_consent, name="give_consent"),
    path(
        "persons/<int:person>/consents/<slug:consent_purpose>/form/", views.consent_form, name="consent_form"
    ),
    path("persons/<int:person>/requests/new/", views.receive_request, name="receive_request"),
    path("consents/<int:consent>/withdraw/", views.withdraw_consent, name="withdraw_consent"),
    path("requests/", views.subject_requests, name="subject_requests"),
    path("requests/<int:number>/", views.subject_request, name="subject_request"),
    path("requests/<int:number>/answer/", views.answer_request, name="answer_request"),
    path("requests/<int:number>/decide/", views.decide_erasure, name="decide_erasure"),
    path("requests/<int:number>/record/", views.make_record, name="make_record"),
    path("retention/", views.retention_table, name="retention"),
    path("retention/start/", views.start_retention, name="start_retention"),
    path("retention/<int:run>/", views.retention_progress, name="retention_progress"),
    path("proofs/<int:proof>/", views.proof, name="proof"),
]
