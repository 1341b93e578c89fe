"""Facts from several sources stand beside each other; one is in force, and the record says which and why."""

from collections import Counter
from datetime import date, timedelta

import pytest
from django.core.exceptions import ValidationError
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from hub.access.access import Refused
from hub.access.models import AccessRecord
from hub.access.roles import Role
from hub.people.actions import record_facts
from hub.people.models import FactRecord
from hub.people.queries import Facts, known, standings, tables_for_snapshot
from hub.people.sources import RANK, Source

pytestmark = pytest.mark.django_db


@pytest.fixture
def record(coordinator, catalogue):
    def make(about, values, source=Source.VISIT, on=date(2026, 3, 1)):
        return record_facts(about, values, catalogue, by=coordinator, source=source, collected_on=on)

    return make


def in_force(household, catalogue):
    """What stands, by Python and by SQL, which must say the same."""
    by_python = known(household, catalogue)
    households, members = tables_for_snapshot(catalogue)
    row = next(row for row in households.to_pylist() if row["household_id"] == household.pk)
    facts = {name: standing.now.value for name, standing in by_python.facts.items()}
    assert {
        name: value for name, value in row.items() if name in catalogue.facts and value is not None
    } == facts
    rows = [row for row in members.to_pylist() if row["household_id"] == household.pk]
    for row, member in zip(rows, by_python.members, strict=True):
        facts = {name: standing.now.value for name, standing in member.facts.items()}
        assert {name: row[name] for name in row if name in catalogue.facts and row[name] is not None} == facts
    return by_python


def test_a_single_statement_stands(record, household, catalogue):
    record(household, {"tenure": "rent", "rent": 300_000})
    stands = in_force(household, catalogue).facts
    assert (stands["rent"].now.value, stands["rent"].why, stands["rent"].others) == (300_000, "only", ())


def test_of_equal_sources_the_later_stands_and_the_earlier_stays_visible(record, household, catalogue):
    record(household, {"rent": 300_000}, Source.VISIT, date(2026, 3, 1))
    record(household, {"rent": 350_000}, Source.INTERVIEW, date(2026, 4, 1))
    rent = in_force(household, catalogue).facts["rent"]
    assert (rent.now.value, rent.why, rent.disputed) == (350_000, "latest", True)
    assert [other.value for other in rent.others] == [300_000]


def test_on_the_same_day_the_one_recorded_later_stands(record, household, catalogue):
    record(household, {"rent": 1})
    record(household, {"rent": 2})
    assert in_force(household, catalogue).facts["rent"].now.value == 2


def test_a_register_stands_against_a_later_visit_and_both_are_kept(record, household, catalogue):
    record(household, {"tenure": "owner"}, Source.REGISTER, date(2026, 1, 1))
    record(household, {"tenure": "rent", "rent": 200_000}, Source.VISIT, date(2026, 5, 1))
    stands = in_force(household, catalogue).facts
    assert (stands["tenure"].now.value, stands["tenure"].why) == ("owner", "rank")
    assert stands["tenure"].disputed
    assert stands["rent"].now.value == 200_000  # what only the visit knows stands all the same


def test_two_sources_that_agree_are_not_disputed(record, household, catalogue):
    record(household, {"tenure": "rent"}, Source.REGISTER)
    record(household, {"tenure": "rent"}, Source.VISIT)
    assert not in_force(household, catalogue).facts["tenure"].disputed


def test_members_are_known_apart_with_their_couple(record, household, catalogue):
    first, second = household.members.order_by("pk")
    record(first, {"birth_date": date(1950, 2, 28), "registered_disabled": True})
    record(second, {"birth_date": "1952-02-29", "earnings": 0})
    described = in_force(household, catalogue).described()
    assert described.members == [
        {"couple": 1, "birth_date": date(1950, 2, 28), "registered_disabled": True},
        {"couple": 1, "birth_date": date(1952, 2, 29), "earnings": 0},
    ]


def test_nothing_recorded_is_unknown_and_not_zero(household, catalogue):
    described = in_force(household, catalogue).described()
    assert described.facts == {}
    assert described.members == [{"couple": 1}, {"couple": 1}]


@pytest.mark.parametrize(
    "values",
    [
        {},
        {"rent": -1},
        {"rent": 10_000_001},
        {"rent": 1.5},
        {"rent": True},
        {"rent": "300000"},
        {"rent": None},
        {"tenure": "squat"},
        {"earnings": 1},  # a fact of a person, not of the household
        {"no_such_fact": 1},
    ],
)
def test_a_value_that_does_not_fit_is_refused_and_nothing_is_kept(record, household, values):
    with pytest.raises(ValidationError):
        record(household, {"tenure": "rent", **values} if values else values)
    assert not FactRecord.objects.exists()


def test_a_day_in_the_future_is_refused(record, household):
    with pytest.raises(ValidationError):
        record(household, {"rent": 1}, on=timezone.localdate() + timedelta(days=1))


def test_recording_leaves_a_mark(record, coordinator, household):
    made = record(household, {"rent": 1})
    assert made.recorded_by == coordinator
    mark = AccessRecord.objects.latest("pk")
    assert (mark.verb, mark.object_id, mark.actor) == ("people.recorded_facts", "1001", coordinator)


def test_outside_the_area_of_duty_nothing_can_be_recorded(record, household_elsewhere):
    with pytest.raises(Refused):
        record(household_elsewhere, {"rent": 1})
    with pytest.raises(Refused):
        record(household_elsewhere.members.get(), {"earnings": 1})


def test_a_head_of_dong_sees_but_does_not_record(someone, household, catalogue):
    with pytest.raises(Refused):
        record_facts(household, {"rent": 1}, catalogue, by=someone(Role.HEAD_OF_DONG), source=Source.VISIT)


def test_every_source_has_a_rank():
    assert set(RANK) == set(Source)


# -- what is said of facts without weighing them -----------------------------------------------------------------------


DAY = date(2026, 6, 1)
VALUES = {
    "rent": st.integers(0, 10_000),
    "tenure": st.sampled_from(["rent", "owner"]),
    "long_gone": st.just(1),  # a fact that has left the catalogue
}
GAPS = {"rent": st.sampled_from(["unknown", "refused"]), "tenure": st.sampled_from(["none", "refused"])}


@st.composite
def records(draw):
    """What several sources recorded about a household, none of it saved."""
    found = []
    for number in range(draw(st.integers(0, 4))):
        values = draw(st.fixed_dictionaries({}, optional=VALUES))
        gaps = draw(st.fixed_dictionaries({}, optional=GAPS))
        found.append(
            FactRecord(
                pk=number + 1,
                source=draw(st.sampled_from([Source.REGISTER, Source.VISIT])),
                collected_on=DAY - timedelta(days=draw(st.integers(0, 2))),
                expires_on=draw(st.sampled_from([None, DAY, DAY - timedelta(days=1)])),
                values={name: value for name, value in values.items() if name not in gaps},
                gaps=gaps or None,
            )
        )
    return found


@given(records())
def test_what_is_in_force_and_how_much_was_recorded_is_told_as_if_each_fact_were_weighed(catalogue, recorded):
    facts = Facts(recorded, catalogue, DAY)
    weighed = standings(recorded, catalogue, DAY)
    assert len(facts) == len(weighed)
    assert facts.in_force == {
        name: standing.value for name, standing in weighed.items() if standing.value is not None
    }
    said = [one for standing in weighed.values() for one in (standing.now, *standing.others)]
    assert facts.recorded == Counter((one.collected_on, one.source, one.recorded_by) for one in said)
    assert dict(facts) == weighed
