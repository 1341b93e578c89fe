"""A1: who may do what to whom, for every address, method and role. An address without a row here fails.

A household elsewhere, one that is sealed and one that is not there must give the same answer; to a post limited to a zone, one
of the same dong in another zone as well. What answers is compared with the
roles' table, so a right given there opens what it should and nothing else.
"""

import re
from dataclasses import dataclass
from datetime import date, timedelta

import pytest
from django.db import transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from hub.access.purposes import Purpose
from hub.access.roles import SCOPES, Right, Role
from hub.lists.models import AgencyList, Import, ImportRow, Link
from hub.people import numbers
from hub.people.identity import actions as identity
from hub.people.identity.models import LegalGround
from hub.people.models import Household, Note, Opening, Person, Relation
from hub.people.sources import Source
from hub.privacy.actions import publish_texts
from hub.privacy.models import Consent, ConsentText, SubjectRequest
from hub.screening.models import Interview, Run
from tests.hub.conftest import CHUNGHYEON, SINCHON
from tests.hub.test_pages import patterns

pytestmark = pytest.mark.django_db
ANYBODY, SIGNED_IN = "anybody", "signed in"


@dataclass(frozen=True)
class Row:
    """The right an address asks for (any of several), and the kind of thing it is about, if it lies in a dong."""

    right: object
    about: str = ""


SEE, RECORD, KEEP = Right.SEE_HOUSEHOLDS, Right.RECORD_FACTS, Right.KEEP_REGISTER
CONSENT, LISTS, INSPECT, ACCOUNTS = (
    Right.MANAGE_CONSENT,
    Right.IMPORT_LISTS,
    Right.INSPECT,
    Right.MANAGE_ACCOUNTS,
)

TABLE = {
    # at the door
    **dict.fromkeys(
        ("sign_in", "passkey_sign_in", "passkey_options", "language", "alive", "programmes", "programme", "changes"),
        Row(ANYBODY),
    ),
    **dict.fromkeys(("choose_password", "second_factor", "enrol"), Row(ANYBODY)),
    **dict.fromkeys(
        ("sign_out", "account", "password", "factor", "remove_factor", "recovery_codes", "end_sessions", "roles", "home"),
        Row(SIGNED_IN),
    ),
    "inspection_questions": Row(SIGNED_IN),
    "approvals": Row(SIGNED_IN),
    # households
    **dict.fromkeys(("household", "state_purpose"), Row(SEE, "household")),
    "export_worklist": Row(Right.EXPORT),
    "open_in_emergency": Row(SEE),  # it is for what lies beyond
    **dict.fromkeys(("search", "worklist", "find_by_number"), Row(SEE)),
    **dict.fromkeys(
        ("take_out", "write_note", "choose_fact", "record_fact", "new_relation"), Row(RECORD, "household")
    ),
    "settle_note": Row(RECORD, "note"),
    "end_relation": Row(RECORD, "relation"),
    "store_number": Row(RECORD, "person"),
    "number": Row(Right.UNMASK_NUMBERS, "number"),
    **dict.fromkeys(("new_person", "leaving", "new_address"), Row(KEEP, "household")),
    **dict.fromkeys(("seal", "unseal"), Row(Right.SEAL, "household")),
    **dict.fromkeys(("find_same", "merge", "part"), Row(Right.LINK_PERSONS, "twin")),
    # interviews and runs
    **dict.fromkeys(("interviews", "open_interview"), Row(Right.INTERVIEW)),
    "open_interview_with": Row(Right.INTERVIEW, "household"),
    **dict.fromkeys(
        ("interview", "take_back", "close_interview", "interview_result"), Row(Right.INTERVIEW, "interview")
    ),
    **dict.fromkeys(("run", "run_progress", "run_programme"), Row(Right.SEE_FIGURES)),
    **dict.fromkeys(("start_run", "cancel_run"), Row(Right.START_RUNS)),
    # lists
    **dict.fromkeys(("agency_lists", "new_list", "agency_list"), Row(LISTS)),
    **dict.fromkeys(
        (
            "import", "import_columns", "import_rows", "import_report", "apply_import", "undo_import", "discard_import",
            "try_import_again", "review",
        ),
        Row(LISTS, "import"),
    ),
    **dict.fromkeys(("import_row", "decide_row", "look_for"), Row(LISTS, "row")),
    "undo_link": Row(LISTS, "link"),
    # consent, requests, retention
    **dict.fromkeys(
        ("person_privacy", "give_consent", "consent_form", "receive_request"), Row(CONSENT, "person")
    ),
    "withdraw_consent": Row(CONSENT, "consent"),
    "subject_requests": Row((CONSENT, Right.ERASE)),
    **dict.fromkeys(("subject_request", "answer_request"), Row((CONSENT, Right.ERASE), "request")),
    "make_record": Row(CONSENT, "request"),
    "decide_erasure": Row(Right.ERASE),
    **dict.fromkeys(("retention", "start_retention", "retention_progress", "proof"), Row(Right.ERASE)),
    # inspection
    **dict.fromkeys(
        (
            "emergencies", "review_emergency", "inspection", "inspection_report", "inspection_examine",
            "inspection_decide_several", "inspection_sign", "inspection_finding", "inspection_ask", "inspection_decide",
            "inspection_affected",
        ),
        Row(INSPECT),
    ),
    "inspection_question": Row(SIGNED_IN),
    "trail": Row(Right.READ_TRAIL),
    # accounts and approvals
    **dict.fromkeys(
        ("accounts", "new_account", "one_account", "give_post", "end_post", "close_account", "reopen_account", "reset"),
        Row(ACCOUNTS),
    ),
    **dict.fromkeys(("post_zones", "zones", "new_zone", "zone", "close_zone"), Row(ACCOUNTS)),
    "decide": Row(Right.APPROVE),
}  # fmt: skip


def test_every_address_has_its_row_and_every_row_its_address():
    assert {pattern.name for _route, pattern in patterns()} == set(TABLE)


OWN, NEAR, OTHER, SEALED, GONE = "own", "own dong, other zone", "other", "sealed", "gone"
CASES = {
    "": (OWN,),
    "import": (OWN, OTHER, GONE),
}  # a list belongs to a dong; only its rows can be of a sealed household
HOMES = {
    OWN: (1001, CHUNGHYEON),
    NEAR: (1003, CHUNGHYEON),
    OTHER: (2001, SINCHON),
    SEALED: (1002, CHUNGHYEON),
}


@pytest.fixture
def things(someone, zones, monkeypatch):
    """{case: {kind: number}}: for each household the things that hang on it."""
    monkeypatch.setattr("hub.screening.queries._summary", lambda *arguments: [])
    by = someone(Role.DISTRICT_OFFICER)
    Run.objects.create(as_of=timezone.localdate(), state=Run.State.DONE, finished_at=timezone.now())
    publish_texts()
    text = ConsentText.objects.first()
    kind = AgencyList.objects.create(name="가상 명단", agency="가상 기관", created_by=by)
    made = {GONE: dict.fromkeys(KINDS, 999_999) | {"number": "00000000-0000-4000-8000-000000000000"}}
    for case, (number, dong) in HOMES.items():
        zone = {OWN: zones[0], NEAR: zones[1], SEALED: zones[0]}.get(case)
        home = Household.objects.create(pk=number, centre_id=dong, zone=zone)
        person = Person.objects.create(pk=number * 10, household=home, name=f"가상{case}")
        twin = Person.objects.create(
            pk=number * 10 + 1, household=home, name="가상중복", same_as=person, merged_from=home,
            left_on=date(2026, 1, 1), left_by=Person.Left.MERGED,
        )  # fmt: skip
        note = Note.objects.create(household=home, kind=Note.Kind.WARNING, text="지어낸 주의", written_by=by)
        relation = Relation.objects.create(
            person=person, name="가상친척", kind="child", source="visit", stated_on=date(2026, 1, 1)
        )
        interview = Interview.objects.create(
            centre_id=dong, household=home, held_by=by, as_of=timezone.localdate(), catalogue_version="x",
            known={"household": {}, "members": [{"birth_date": "1950-01-01"}]},
        )  # fmt: skip
        upload = Import.objects.create(
            agency_list=kind, centre_id=dong, state="ready", file_name="x.csv", file_hash=case, form="CSV",
            data_day=date(2026, 1, 1), uploaded_by=by,
        )  # fmt: skip
        row = ImportRow.objects.create(
            of=upload, number=1, identity="x", outcome="doubtful", household=home, person=person
        )
        link = Link.objects.create(row=row, household=home, person=person, answer="later", decided_by=by)
        request = SubjectRequest.objects.create(
            person=person, kind="access", received_on=timezone.localdate(), due_on=timezone.localdate(), received_by=by,
            identity=SubjectRequest.Identity.values[0],
        )  # fmt: skip
        kept = identity.store(
            person,
            numbers.read(
                numbers.Kind.RESIDENT, f"50213{len(made)}-1234567", on=date(2026, 1, 1), invented=True
            ),
            ground=LegalGround.APPLICATION,
            source=Source.DOCUMENT,
            by=by,
        )
        consent = Consent.objects.create(
            person=person, text=text, items={}, given_on=date(2026, 1, 1), manner="spoken", explained_by=by
        )
        made[case] = {
            "consent": consent.pk,
            "household": number,
            "person": person.pk,
            "twin": (number, person.pk, twin.pk),
            "note": (number, note.pk),
            "relation": (number, relation.pk),
            "interview": interview.pk,
            "import": upload.pk,
            "row": row.pk,
            "link": link.pk,
            "request": request.pk,
            "number": kept.pk,
        }
    Household.objects.filter(pk=HOMES[SEALED][0]).update(sealed=True)
    return made


def arguments(route, about, number):
    """What fills an address: the numbers of what it is about, and believable ones for everything else."""
    names = re.findall(r"<(\w+):(\w+)>", route)
    values = list(number) if isinstance(number, tuple) else [number]
    filled = []
    for place, (converter, name) in enumerate(names):
        if about and place < len(values):
            filled.append(values[place])
        else:
            filled.append(ELSE.get(name, 1) if converter == "int" else ELSE.get(name, "livelihood_benefit"))
    return filled


# What is posted where an empty form would not tell a stranger from a friend.
POSTED = {
    "interview": {"fact": "sex", "members": "0", "said": "unknown"},
    "decide_row": {"answer": "later"},
}
# Refused for another reason than the person: what was never applied cannot be undone.
OF_ANOTHER_STATE = {"undo_import", "try_import_again", "decide_row"}
ELSE = {"fact": "monthly_rent", "year": 2026, "month": 9, "consent_purpose": "home_visit"}


# What lies in a dong as a whole is beyond a post that is limited to zones: lists, and who is on no register.
OF_THE_DONG, ON_NO_REGISTER = {"import", "row", "link"}, {"open_interview"}


def holds(role, row, case, limited=False):
    """What the roles' table says: whether this role may do this here."""
    if row.right in (ANYBODY, SIGNED_IN):
        return True
    rights = row.right if isinstance(row.right, tuple) else (row.right,)
    scope = SCOPES[role] if role else None
    found = [right for right in rights if scope and right in scope.rights]
    if not found:
        return None  # no post for it at all
    if limited and (case == NEAR or row.about in OF_THE_DONG):
        return False
    if not row.about or case in (OWN, NEAR) or Right.ERASE in found:
        return case != GONE
    return case == OTHER and scope.whole_district


@pytest.mark.parametrize("method", ["get", "post"])
@pytest.mark.parametrize("role", [None, *Role], ids=lambda role: role.value if role else "no post")
def test_each_role_may_what_the_table_says_and_nothing_shows_what_is_hidden(things, someone, role, method):
    assert wrong_answers(things, someone(role), role, method) == []


@pytest.mark.parametrize("method", ["get", "post"])
@pytest.mark.parametrize("role", [role for role in Role if not SCOPES[role].whole_district])
def test_a_post_limited_to_a_zone_may_in_it_what_its_role_may_and_beyond_it_nothing_shows(
    things, zones, limited, role, method
):
    assert wrong_answers(things, limited(role, zones[0]), role, method, limited=True) == []


def wrong_answers(things, user, role, method, *, limited=False):
    """Every address whose answer to this user is not the one the table says."""
    for number, _dong in HOMES.values():
        Opening.objects.create(
            household_id=number, user=user, purpose=Purpose.CASE, until=timezone.now() + timedelta(days=1)
        )
    client = Client(raise_request_exception=False)
    client.force_login(user)
    signed_in = client.cookies.output(header="", sep=";")
    wrong = []
    for route, pattern in patterns():
        row = TABLE[pattern.name]
        hidden = set()
        for case in CASES.get(row.about, (OWN, NEAR, OTHER, SEALED, GONE)):
            numbers_here = things[case].get(row.about)
            if case == GONE and isinstance(things[OWN].get(row.about), tuple):
                numbers_here = (things[OWN]["household"], 999_999)
            given = POSTED.get(pattern.name, {}) if method == "post" else {}
            if pattern.name == "decide_row" and given:
                given = given | {"person": things[case]["person"]}
            address = reverse(pattern.name, args=arguments(route, row.about, numbers_here))
            client.cookies.clear()
            client.cookies.load(signed_in)  # one of the addresses signs out
            answer = rolled_back(lambda address=address, given=given: getattr(client, method)(address, given))
            if answer.status_code == 405:
                continue
            allowed = holds(role, row, case, limited)
            if limited and allowed and pattern.name in ON_NO_REGISTER:
                fine = answer.status_code == 403
            elif allowed is None:
                fine = answer.status_code in (403, 404) and (case != OWN or answer.status_code == 403)
            elif allowed:
                # 404 only where an address is about nothing of ours, such as an account that is not there.
                refusals = (500,) if pattern.name in OF_ANOTHER_STATE else (403, 500)
                fine = answer.status_code not in refusals and (not row.about or answer.status_code != 404)
            else:
                fine = answer.status_code == 404
                shown = _CHANGING.sub("", answer.content.decode(errors="replace"))
                hidden.add(re.sub(r"[0-9a-f-]{36}|\d+", "N", shown))
            if not fine:
                wrong.append((pattern.name, case, allowed, answer.status_code))
        if len(hidden) > 1:
            wrong.append((pattern.name, "looks different"))
    return wrong


_CHANGING = re.compile(r'nonce="[^"]*"|value="[\w]{64}"|"X-CSRFToken": "[^"]*"')


def rolled_back(ask):
    """An answer whose deeds are undone, so that the next request finds everything as it was."""
    with transaction.atomic():
        answer = ask()
        transaction.set_rollback(True)
    return answer


KINDS = (
    "household",
    "person",
    "twin",
    "note",
    "relation",
    "interview",
    "import",
    "row",
    "link",
    "consent",
    "request",
)
