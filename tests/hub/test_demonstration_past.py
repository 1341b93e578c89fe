"""The demonstration has a past: whoever opens a household finds a history, and the walls and the trail stand as before."""

from collections import Counter

import pytest
from django.db import transaction
from django.utils import timezone

from hub import walls
from hub.access.models import AccessRecord
from hub.access.roles import Role
from hub.past import is_taken_in, take_in_past
from hub.people.models import FactRecord, Household, LifeEvent, Note, Person, Relation
from hub.people.queries import known, notes, promises, relations, timeline
from hub.people.register import take_in_district
from hub.privacy.actions import publish_texts
from hub.privacy.models import Consent
from hub.privacy.queries import State, standings
from hub.privacy.retention import KINDS
from hub.programmes import queries as programmes
from tests.hub.conftest import CHUNGHYEON
from welfare.synthetic import invent_district

pytestmark = pytest.mark.django_db
HOUSEHOLDS = 1200


@pytest.fixture(scope="module")
def district():
    return invent_district(programmes.catalogue(), HOUSEHOLDS, seed=11)


@pytest.fixture
def past(district, someone, db):
    """The district with its past, and the numbers of two households that were asked for."""
    publish_texts()
    someone(Role.PLANNER, CHUNGHYEON)
    someone(Role.CASE_MANAGER)
    someone(Role.DISTRICT_OFFICER)
    with walls.everywhere(), transaction.atomic():
        take_in_district(*district, programmes.catalogue())
        yield take_in_past(*district, also=(1, 2), seed=11)


def test_every_kind_of_record_is_there_in_plausible_number(past):
    assert 0.02 < len(past.households) / HOUSEHOLDS < 0.15
    assert LifeEvent.objects.values("kind").distinct().count() == 7
    assert Relation.objects.filter(obligor=True).exists()
    assert Relation.objects.filter(to__isnull=False).exists()
    noted = Counter(Note.objects.values_list("kind", flat=True))
    assert noted["note"] > noted["promise"] > noted["warning"] > 0
    overdue = [note for note in Note.objects.filter(kind="promise", settled_on=None) if note.overdue]
    assert 0 < len(overdue) < Note.objects.filter(kind="promise", settled_on=None).count()
    sources = Counter(FactRecord.objects.values_list("source", flat=True))
    assert sources["visit"] > sources["document"] > 0
    assert sources["invented"] == Household.objects.count() + Person.objects.count()
    states = {
        standing.state
        for consent in Consent.objects.select_related("person")
        for standing in standings(consent.person, timezone.localdate())
    }
    assert states == set(State)


def test_those_who_live_there_are_as_many_as_before(past, district):
    assert Household.objects.filter(dissolved_on=None).count() == HOUSEHOLDS
    assert Person.objects.filter(left_on=None).count() == district[1].num_rows
    assert Person.objects.exclude(left_on=None).count() == len(past.departed) > 0


def test_a_household_that_was_asked_for_has_a_timeline(past):
    for number in (1, 2):
        household = Household.objects.get(pk=number)
        happened = timeline(known(household, programmes.catalogue()), notes(household))
        assert {"note", "recorded"} <= {one.kind for one in happened}
        assert all(one.on <= timezone.localdate() for one in happened)
        assert any(one.by for one in happened)
        assert not household.sealed


def test_why_a_statement_is_in_force_has_every_answer(past):
    why = Counter()
    disputed = 0
    for household in Household.objects.filter(pk__in=past.households[:120]):
        found = known(household, programmes.catalogue())
        for standing in (*found.facts.values(), *found.members[0].facts.values()):
            why[standing.why] += 1
            disputed += standing.disputed
    assert set(why) == {"only", "rank", "latest", "gap", "expired"}
    assert disputed


def test_promises_and_relatives_stand_on_the_page(past):
    shown = Household.objects.filter(pk__in=past.households)
    assert any(promises(notes(household)) for household in shown)
    assert any(relations(household) for household in shown)


def test_a_sealed_household_is_out_of_sight_for_whoever_is_on_duty(past):
    sealed = [seal.household for seal in past.seals]
    assert sealed
    assert set(Household.objects.filter(sealed=True).values_list("pk", flat=True)) == set(sealed)
    with walls.within(walls.of_duty(None)):
        assert not Household.objects.filter(pk__in=sealed).exists()
        assert not Note.objects.filter(household__in=sealed).exists()
    with walls.within(walls.of_duty([CHUNGHYEON])):
        assert {found.dong for found in Household.objects.all()} == {CHUNGHYEON}


def test_nothing_of_it_is_due_for_destruction(past):
    due = {kind.model: kind.over(timezone.localdate()).count() for kind in KINDS if kind.over is not None}
    assert not any(due.values()), due


def test_it_leaves_one_line_in_the_trail(past):
    [line] = AccessRecord.objects.filter(verb="people.took_in_past")
    assert line.actor is None
    assert line.purpose == f"{len(past.households)} households"
    assert is_taken_in()


def test_without_anybody_on_duty_nothing_is_written(district):
    with walls.everywhere(), transaction.atomic():
        take_in_district(*district, programmes.catalogue())
        with pytest.raises(ValueError, match="make accounts first"):
            take_in_past(*district, seed=11)
        assert not LifeEvent.objects.exists()
    assert not is_taken_in()
