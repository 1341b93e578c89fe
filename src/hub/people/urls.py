"""Addresses of everything done to one household, and of zones; the household's page itself stands at the desk."""

from django.urls import include, path

from hub.people import views

urlpatterns = [
    path("", include("hub.people.identity.urls")),
    path("", include("hub.people.zones.urls")),
    path("", include("hub.people.merging.urls")),
    path("<int:household>/purpose/", views.state_purpose, name="state_purpose"),
    path("<int:household>/emergency/", views.open_in_emergency, name="open_in_emergency"),
    path("emergencies/", views.emergencies, name="emergencies"),
    path("emergencies/<int:opening>/", views.review_emergency, name="review_emergency"),
    path("<int:household>/notes/", views.write_note, name="write_note"),
    path("<int:household>/notes/<int:note>/settle/", views.settle_note, name="settle_note"),
    path("<int:household>/facts/", views.choose_fact, name="choose_fact"),
    path("<int:household>/facts/<str:fact>/", views.record_fact, name="record_fact"),
    path("<int:household>/members/new/", views.new_person, name="new_person"),
    path("<int:household>/members/leave/", views.leaving, name="leaving"),
    path("<int:household>/address/", views.new_address, name="new_address"),
    path("<int:household>/relations/", views.new_relation, name="new_relation"),
    path("<int:household>/relations/<int:relation>/end/", views.end_relation, name="end_relation"),
    path("<int:household>/seal/", views.seal, name="seal"),
    path("<int:household>/unseal/", views.unseal, name="unseal"),
]
