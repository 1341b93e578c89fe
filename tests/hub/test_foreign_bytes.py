"""A2 and A4: no byte of what somebody may not see reaches them, whatever number stands in their request, and each try is written down."""

import io
import logging
import os
import random
import re
import zipfile
from datetime import timedelta

import pypdf
import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from hub.access.models import AccessRecord
from hub.access.roles import SCOPES, Right, Role
from hub.logs import Discreet
from hub.people import register
from hub.people.actions import record_facts, write_note
from hub.people.models import Address, Household, Note, Opening, Person
from hub.people.search import terms
from hub.people.sources import Source
from hub.programmes import queries as programmes
from tests.hub.conftest import CHUNGHYEON, SINCHON
from tests.hub.test_matrix import GONE, NEAR, OTHER, OWN, SEALED, TABLE, arguments, rolled_back, things
from tests.hub.test_pages import patterns

pytestmark = pytest.mark.django_db
__all__ = ["things"]  # the fixture of the matrix

TRIES = 5_000 if os.environ.get("HUB_NIGHTLY") else 600


def about_somebody():
    """Every address that is about something lying in a dong: (route, name, kind of thing)."""
    for route, pattern in patterns():
        row = TABLE[pattern.name]
        if row.about:
            yield route, pattern.name, row.about


@pytest.mark.parametrize("hidden", [(OTHER,), (NEAR, OTHER)], ids=["post in a dong", "post in a zone"])
def test_swapped_identifiers_bring_no_foreign_byte_and_each_try_is_written_down(
    things, zones, someone, limited, hidden
):
    """A coordinator's own requests again and again, with a number of another dong or zone, of a sealed household or of nobody."""
    user = limited(Role.COORDINATOR, zones[0]) if NEAR in hidden else someone(Role.COORDINATOR)
    for case in (OWN, *hidden, SEALED):
        Opening.objects.create(
            household_id=things[case]["household"],
            user=user,
            purpose="case",
            until=timezone.now() + timedelta(days=1),
        )
    for case in (*hidden, SEALED):
        Person.objects.filter(household=things[case]["household"]).update(name="카나리아외지인")
        Note.objects.filter(household=things[case]["household"]).update(text="카나리아메모")
    client = Client(raise_request_exception=False)
    chosen, found = random.Random(20261126), list(about_somebody())
    silent, leaked = [], []
    for number_of_try in range(TRIES):
        if number_of_try % 200 == 0:  # before the proof of who this is grows old, which is then asked first
            client.force_login(user)
        route, name, about = chosen.choice(found)
        case = chosen.choice((*hidden, SEALED, GONE) if about != "import" else (*hidden, GONE))
        number = things[case][about]
        if case == GONE and isinstance(things[OWN][about], tuple):
            number = (things[OWN]["household"], 999_999)
        method = chosen.choice(("get", "post"))
        address = reverse(name, args=arguments(route, about, number))
        last = AccessRecord.objects.latest("pk").pk

        def ask(address=address, method=method, last=last):
            answer = getattr(client, method)(address)
            tried = AccessRecord.objects.filter(pk__gt=last, verb="access.refused", actor=user).exists()
            return answer, tried

        answer, tried = ask_and_undo(ask)
        if answer.status_code == 405:
            continue
        if "카나리아".encode() in answer.content or answer.status_code < 400:
            leaked.append((name, case, method, answer.status_code))
        if not tried:
            silent.append((name, case, method, answer.status_code))
    assert leaked == []
    assert silent == []


def ask_and_undo(ask):
    kept = {}

    def doing():
        kept["answer"] = ask()
        return kept["answer"][0]

    rolled_back(doing)
    return kept["answer"]


CANARIES = {
    "name": "카나리아봄",
    "phone": "010-0987-6543",
    "address": "카나리아로 77",
    "note": "카나리아메모내용",
    "income": "7654321",
}


@pytest.fixture
def canaries(someone):
    """A household of Chunghyeon in which every kind of thing has a value found nowhere else."""
    keeper = someone(Role.DISTRICT_OFFICER)
    household = Household.objects.create(pk=5001, centre_id=CHUNGHYEON)
    person = Person.objects.create(
        pk=50011,
        household=household,
        name=CANARIES["name"],
        phone=CANARIES["phone"],
        terms=terms(CANARIES["name"], None, CANARIES["phone"]),
        resident_number="502101-9******",
    )
    register.change_address(
        household, Address.Kind.REGISTERED, CANARIES["address"], by=keeper, on=timezone.localdate()
    )
    write_note(household, by=keeper, kind=Note.Kind.WARNING, text=CANARIES["note"])
    record_facts(
        person,
        {"earned_income": int(CANARIES["income"])},
        programmes.catalogue(),
        by=keeper,
        source=Source.DOCUMENT,
    )
    return household


def every_answer(client, household):
    """The bytes of every page, by name, asked for with this household's numbers, once to read and once to write."""
    person = household.members.get().pk
    numbers = {"household": household.pk, "person": person}
    for route, pattern in patterns():
        row = TABLE[pattern.name]
        number = numbers.get(row.about, 1)
        names = re.findall(r"<(\w+):(\w+)>", route)
        if any(converter == "uuid" for converter, _name in names):
            continue
        address = reverse(pattern.name, args=arguments(route, row.about, number))
        for method, given in (
            ("get", {"part": "all"} if pattern.name == "household" else {}),
            ("post", {"text": "카나리아", "form": "xlsx", "reason": "시험용 반출", "kind": "note"}),
            *([("post", {"form": "pdf", "reason": "시험용 반출"})] if pattern.name == "take_out" else []),
        ):
            if pattern.name in ("sign_out", "sign_in"):
                continue
            answer = rolled_back(lambda a=address, m=method, g=given: getattr(client, m)(a, g))
            yield pattern.name, method, readable(answer)


def readable(answer):
    """What an answer says, as bytes: files that are packed are unpacked, since packed bytes hide what they say."""
    content = answer.getvalue()
    if content.startswith(b"PK"):
        with zipfile.ZipFile(io.BytesIO(content)) as parts:
            return b"\n".join(map(parts.read, parts.namelist()))
    if content.startswith(b"%PDF-"):
        pages = pypdf.PdfReader(io.BytesIO(content)).pages
        return "\n".join(page.extract_text() for page in pages).encode()
    return content


@pytest.mark.parametrize("role", [None, *Role], ids=lambda role: role.value if role else "no post")
def test_a_canary_reaches_only_those_whose_post_shows_it(canaries, someone, caplog, monkeypatch, role):
    monkeypatch.setattr("hub.screening.queries._summary", lambda *arguments: [])
    rights = SCOPES[role].rights if role else frozenset()
    sees = Right.SEE_HOUSEHOLDS in rights
    for dong, may_see in ((CHUNGHYEON, sees), (SINCHON, sees and bool(role) and SCOPES[role].whole_district)):
        if dong == SINCHON and role is not None and SCOPES[role].whole_district:
            continue  # the whole district is the same to them
        user = someone(role, dong)
        Opening.objects.create(
            household=canaries, user=user, purpose="case", until=timezone.now() + timedelta(days=1)
        )
        client = Client(raise_request_exception=False)
        client.force_login(user)
        seen, files = set(), {}
        with caplog.at_level(logging.DEBUG):
            for name, method, content in every_answer(client, canaries):
                found = {kind for kind, value in CANARIES.items() if value.encode() in content}
                plain = content.replace(b",", b"")
                found |= {kind for kind, value in CANARIES.items() if value.encode() in plain}
                # What one typed oneself may come back in the form it was typed into.
                assert may_see or found <= set(), (name, method, found)
                seen |= found
                if name == "take_out" and method == "post" and found:
                    files[b"<sheetData" in content] = found
        written = "\n".join(Discreet().format(line) for line in caplog.records if line.name != "asyncio")
        assert not [value for value in CANARIES.values() if value in written]
        if may_see and Right.RECORD_FACTS in rights:
            assert seen == set(CANARIES)
            assert files == {True: set(CANARIES) - {"note"}, False: set(CANARIES) - {"note"}}
