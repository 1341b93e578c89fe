"""The invented past: repeatable, believable, within what the catalogue declares, and of nobody who could exist."""

from collections import Counter
from datetime import date, timedelta

import pyarrow as pa
import pytest

from welfare.intake.cells import NotReadable, read_resident_number
from welfare.rules import Catalogue
from welfare.synthetic import invent_district
from welfare.synthetic.identity import SURNAMES
from welfare.synthetic.past import SHARES, YEARS, Past, invent_past

TODAY = date(2026, 11, 26)
HOUSEHOLDS = 4000


@pytest.fixture(scope="module")
def district(catalogue: Catalogue) -> tuple[pa.Table, pa.Table]:
    return invent_district(catalogue, HOUSEHOLDS, seed=4)


@pytest.fixture(scope="module")
def past(district: tuple[pa.Table, pa.Table]) -> Past:
    return invent_past(*district, TODAY, seed=4)


def test_a_share_of_the_households_has_a_past_and_it_is_the_same_every_time(district, past):
    assert min(SHARES.values()) < len(past.households) / HOUSEHOLDS < max(SHARES.values())
    assert invent_past(*district, TODAY, seed=4) == past
    assert invent_past(*district, TODAY, seed=5).households != past.households


def test_every_kind_of_thing_befell_somebody(past):
    kinds = Counter(event.kind for event in past.events)
    assert set(kinds) == {
        *("birth", "death", "moved_in", "moved_out", "address"),
        *("split_off", "formed"),
    }
    assert kinds["split_off"] == kinds["formed"]
    assert {lived.kind for lived in past.addresses} == {"registered", "actual"}
    assert {note.kind for note in past.notes} == {"note", "promise", "warning"}
    assert {told.source for told in past.told} == {"visit", "interview", "document", "resident"}
    assert {gap for told in past.told for gap in told.gaps.values()} == {"unknown", "refused", "none"}
    assert {consent.state for consent in past.consents} == {"in_force", "expired", "withdrawn"}
    assert {one.obligor for one in past.relatives} == {True, False}


def test_a_promise_is_kept_open_or_overdue(past):
    promises = [note for note in past.notes if note.kind == "promise"]
    assert any(promise.settled_on for promise in promises)
    assert any(promise.settled_on is None and promise.due_on >= TODAY for promise in promises)
    assert any(promise.settled_on is None and promise.due_on < TODAY for promise in promises)


def test_who_is_asked_for_has_a_past_and_nobody_elses_changes(district, past):
    asked = next(number for number in range(1, HOUSEHOLDS) if number not in past.households)
    more = invent_past(*district, TODAY, also=[asked], seed=4)
    assert set(more.households) == {*past.households, asked}
    assert [note for note in more.notes if note.household == asked]
    assert not [seal for seal in more.seals if seal.household == asked]
    assert [note for note in more.notes if note.household != asked] == past.notes


def test_every_value_fits_the_catalogue(catalogue, past):
    for told in past.told:
        for name, value in told.values.items():
            fact = catalogue.facts[name]
            fact.encode(value)
            assert fact.of == ("household" if told.person is None else "person")
        assert told.values or told.gaps
        assert all(name in catalogue.facts for name in told.gaps)


def test_a_catalogue_without_these_facts_gives_a_past_without_them(district):
    households, members = district
    known = {"household_id", "area", "address"}
    bare = households.drop_columns([name for name in households.column_names if name not in known])
    about = {"household_id", "person_id", "name", "birth_date", "sex", "relation", "couple"}
    people = members.drop_columns([name for name in members.column_names if name not in about])
    past = invent_past(bare, people, TODAY, seed=4)
    assert past.notes
    assert not past.told


def test_days_follow_each_other_and_none_lies_ahead(past):
    oldest = TODAY - timedelta(days=YEARS)
    assert all(oldest <= event.on < TODAY for event in past.events)
    assert all(oldest < told.at.date() < TODAY for told in past.told)
    assert all(note.at.date() < TODAY for note in past.notes)
    assert all(note.settled_on is None or note.at.date() <= note.settled_on < TODAY for note in past.notes)
    assert all(note.due_on is None or note.at.date() <= note.due_on for note in past.notes)
    assert all(lived.until is None or lived.since <= lived.until for lived in past.addresses)
    assert all(gone.born < gone.left_on < TODAY for gone in past.departed)


def test_nobody_of_the_past_could_be_real(district, past):
    living = set(district[1]["person_id"].to_pylist())
    assert len({gone.person for gone in past.departed}) == len(past.departed)
    assert not living & {gone.person for gone in past.departed}
    for number in past.numbers:
        with pytest.raises(NotReadable):
            read_resident_number(number, TODAY)
    assert {gone.name[0] for gone in past.departed} <= set(SURNAMES)
    assert {one.name[0] for one in past.relatives} <= set(SURNAMES)
    assert all(one.phone == "" or one.phone.startswith("010-0") for one in past.relatives)
    assert all("지어낸 주소" in lived.text for lived in past.addresses)
    assert all("지어낸" in seal.reason for seal in past.seals)
