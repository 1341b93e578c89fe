"""What the ministry has printed, through every path to an answer: function, oracle, kernel, command line, desk.

The catalogue's worked cases carry a mark where a figure was published. All of them, and every other case, have to come out of
the kernel exactly as they come out of the function; the published ones go through the command line and the desk as well.
"""

import json
from collections import defaultdict
from datetime import date
from functools import cache
from pathlib import Path

import pytest
from django.urls import reverse

import welfare
from hub.people.models import FactRecord, Household, Person
from hub.people.sources import Source
from hub.screening.sheets import sheet
from tests.screening.lists import frozen
from welfare import command
from welfare.rules.cases import Case, Expectation, read_cases
from welfare.rules.oracle import Oracle
from welfare.screening import screen

CATALOGUE = Path(__file__).parents[1] / "programmes" / "kr"
CHUNGHYEON = "1141056500"
TRUTH = {"entitled": True, "not_entitled": False, "unknown": None}


@cache
def catalogue() -> welfare.Catalogue:
    return welfare.load(CATALOGUE)


@cache
def cases() -> tuple[Case, ...]:
    return tuple(case for programme in catalogue().programmes for case in read_cases(catalogue(), programme))


def published() -> list[Case]:
    return [case for case in cases() if case.published]


def test_the_ministry_s_own_example_is_among_them():
    amounts = {expected.amount for case in published() for expected in case.expected}
    assert (
        1_233_580,
        1_233_580,
    ) in amounts  # booklet of 2024: 1,833,572 − 600,000, raised to the next ten won


def test_the_kernel_answers_every_worked_case_as_expected(tmp_path):
    by_day: dict[date, list[Case]] = defaultdict(list)
    for case in cases():
        by_day[case.day].append(case)
    wrong = []
    for day, of_day in by_day.items():
        rules = catalogue().at(day)
        households = [case.household for case in of_day]
        snapshot = frozen(rules, households, tmp_path / str(day))
        run = screen(rules, snapshot, tmp_path / str(day) / "run", workers=1)
        amounts = {
            (pair["household_id"], pair["person_id"], pair["programme"]): (
                pair["amount_low"],
                pair["amount_high"],
            )
            for pair in run.pairs().to_pylist()
        }
        for number, case in enumerate(of_day):
            stored = {
                (answer.programme, answer.member): answer.answer for answer in run.household(f"h{number}")
            }
            for expected in case.expected:
                if stored[expected.programme, expected.member] != expected.answer:
                    wrong.append(f"{case.name}: {stored[expected.programme, expected.member]}")
                person = None if expected.member is None else f"h{number}/{expected.member}"
                amount = amounts.get((f"h{number}", person, expected.programme))
                if (
                    expected.amount is not None
                    and expected.answer == "entitled"
                    and amount != expected.amount
                ):
                    wrong.append(f"{case.name}: {amount}")
    assert wrong == []


def test_the_oracle_answers_every_published_case_as_expected():
    for case in published():
        rules = catalogue().at(case.day)
        oracle = Oracle(rules, case.household.encoded(rules.facts))
        for expected in case.expected:
            assert oracle.answer(expected.programme, expected.member) is TRUTH[expected.answer], case.name
            if expected.amount is not None:
                assert oracle.amount(expected.programme, expected.member) == expected.amount, case.name


def one_of_each_source() -> list[Case]:
    """One published case of each programme and source: enough to see that a path changes no figure."""
    chosen: dict[tuple[str, str], Case] = {}
    for case in published():
        if any(expected.amount and expected.answer == "entitled" for expected in case.expected):
            chosen.setdefault((case.expected[0].programme, case.published or ""), case)
    return list(chosen.values())


def paid(case: Case) -> list[Expectation]:
    return [expected for expected in case.expected if expected.amount and expected.answer == "entitled"]


@pytest.mark.parametrize(
    "case", one_of_each_source(), ids=lambda case: f"{case.expected[0].programme}-{case.published}"
)
def test_the_desk_shows_the_published_amount_to_the_won(client, coordinator_of_chunghyeon, monkeypatch, case):
    household = recorded(case)
    client.force_login(coordinator_of_chunghyeon)
    client.post(reverse("state_purpose", args=[household.pk]), {"purpose": "interview"})
    monkeypatch.setattr("hub.programmes.queries.timezone.localdate", lambda: case.day)
    page = client.get(reverse("household", args=[household.pk])).content.decode()
    for expected in paid(case):
        assert f"{expected.amount[0]:,}원" in page
        assert sheet_amount(case, expected) == expected.amount[0]


def sheet_amount(case: Case, expected: Expectation) -> int:
    rules = catalogue().at(case.day)
    names = [str(place) for place in range(len(case.household.members))]
    found = sheet(rules.assess(case.household), names)
    every = [*found.missed, *found.entitled, *found.received, *found.set_aside]
    line = next(
        line
        for line in every
        if line.result.programme.id == expected.programme and line.result.member == expected.member
    )
    return line.result.amount.low


def recorded(case: Case) -> Household:
    """The household of a case on the register, its facts recorded as plain JSON."""
    household = Household.objects.create(pk=9001, centre_id=CHUNGHYEON)
    FactRecord.objects.create(
        household=household, source=Source.REGISTER, collected_on=case.day, values=dict(case.household.facts)
    )
    for place, member in enumerate(case.household.members):
        person = Person.objects.create(
            pk=90010 + place, household=household, name=f"가상{place}", couple=member.get("couple") or None
        )
        values = {
            name: value.isoformat() if isinstance(value, date) else value
            for name, value in member.items()
            if name != "couple"
        }
        FactRecord.objects.create(person=person, source=Source.REGISTER, collected_on=case.day, values=values)
    return household


@pytest.fixture
def coordinator_of_chunghyeon(db):
    from hub.access.actions import create_user, give_post
    from hub.access.roles import Role
    from hub.organisation.models import Centre

    user = create_user("coordinator", "coordinator (invented)", "an invented passphrase for tests")
    give_post(user, Role.COORDINATOR, Centre.objects.filter(pk=CHUNGHYEON), since=date(2020, 1, 1))
    return user


@pytest.mark.parametrize(
    "case", one_of_each_source(), ids=lambda case: f"{case.expected[0].programme}-{case.published}"
)
def test_the_command_line_prints_the_published_amount_to_the_won(capsys, tmp_path, case):
    def plain(facts):
        return {
            name: value.isoformat() if isinstance(value, date) else value for name, value in facts.items()
        }

    file = tmp_path / "household.json"
    members = [plain(member) for member in case.household.members]
    file.write_text(
        json.dumps({"household": plain(case.household.facts), "members": members}), encoding="utf-8"
    )
    for expected in paid(case):
        status = command.main(
            ["explain", str(file), "--on", str(case.day), "--catalogue", str(CATALOGUE), "--language", "en"]
            + ["--programme", expected.programme]
        )
        assert status == 0
        assert f"{expected.amount[0]:,}" in capsys.readouterr().out
