"""Every read of a household leaves its mark, and marks cannot be changed."""

import pytest
from django.db import DatabaseError, connection, transaction

from hub.access.access import Refused
from hub.access.actions import record
from hub.access.models import AccessRecord
from hub.access.purposes import Purpose
from hub.access.roles import Role
from hub.people import actions
from hub.people.models import Household
from tests.hub.conftest import SINCHON

pytestmark = pytest.mark.django_db


def last():
    return AccessRecord.objects.latest("pk")


def test_opening_a_household_is_written_down_with_who_what_and_why(coordinator, household, catalogue):
    actions.open_household(household.pk, catalogue, by=coordinator, purpose=Purpose.INTERVIEW)
    mark = last()
    assert (mark.actor, mark.verb, mark.object_kind, mark.object_id, mark.purpose) == (
        coordinator,
        "people.opened",
        "people.household",
        "1001",
        "interview",
    )


def test_a_refused_opening_shows_nothing_and_claims_nothing(coordinator, household_elsewhere, catalogue):
    before = AccessRecord.objects.count()
    with pytest.raises(Refused):
        actions.open_household(household_elsewhere.pk, catalogue, by=coordinator, purpose=Purpose.INTERVIEW)
    assert AccessRecord.objects.count() == before


def test_a_number_that_is_not_there_is_said_so(coordinator, catalogue):
    with pytest.raises(Household.DoesNotExist):
        actions.open_household(999, catalogue, by=coordinator, purpose=Purpose.INTERVIEW)


def test_searching_is_written_down_without_what_was_searched(coordinator, household):
    assert [found.name for found in actions.search("가상하", by=coordinator)] == ["가상하나"]
    assert (last().verb, last().listed, last().subjects) == ("people.searched", [1001], 1)
    assert "가상" not in last().purpose


def test_a_search_stays_within_the_area_of_duty(coordinator, someone, household, household_elsewhere):
    assert {found.household_id for found in actions.search("가상", by=coordinator)} == {1001}
    assert {found.household_id for found in actions.search("가상", by=someone(Role.NURSE, SINCHON))} == {2001}
    assert actions.search("2001", by=coordinator) == []


def test_a_search_by_number_finds_the_household_and_the_person(coordinator, household):
    assert len(actions.search("1001", by=coordinator)) == 2
    assert [found.name for found in actions.search("10012", by=coordinator)] == ["가상두리"]


@pytest.mark.parametrize("text", ["", " ", "가", "%", "__", "9" * 30])
def test_too_little_or_a_pattern_finds_nobody(coordinator, household, text):
    assert actions.search(text, by=coordinator) == []


def test_who_may_not_see_households_may_not_search(someone):
    with pytest.raises(Refused):
        actions.search("가상", by=someone(Role.COUNCIL_MEMBER))


@pytest.mark.parametrize(
    "tampering",
    [
        "UPDATE access_accessrecord SET purpose = 'another'",
        "DELETE FROM access_accessrecord",
        "TRUNCATE access_accessrecord",
    ],
)
def test_the_database_refuses_to_change_the_trail(coordinator, tampering):
    record(coordinator, "test.mark")
    before = AccessRecord.objects.count()
    with pytest.raises(DatabaseError, match="only grows|permission denied"), transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
            cursor.execute(tampering)
    assert AccessRecord.objects.count() == before
    assert last().verb == "test.mark"


def test_a_deed_that_fails_leaves_no_mark(coordinator):
    before = AccessRecord.objects.count()
    with pytest.raises(RuntimeError), transaction.atomic():
        record(coordinator, "test.mark")
        raise RuntimeError
    assert AccessRecord.objects.count() == before
