"""No page shows a resident without a record, none is recorded in clear words, and without the trail nothing is done.

Completeness (T3) is not a list somebody keeps: every address of the hub is called, the statements it sends are watched,
and each request that read rows about residents must have left a record that tells the five items of the standard.
"""

import re
from contextlib import contextmanager
from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.db import DatabaseError, connection, transaction
from django.db.models import Count
from django.test import Client
from django.utils import timezone

from hub.access.actions import record
from hub.access.models import AccessRecord
from hub.access.roles import Role
from hub.people.models import FactRecord, Household, Opening, Person
from hub.people.search import terms
from hub.programmes import queries as programmes
from hub.screening.actions import list_anew
from hub.screening.models import Interview, Missed, Run
from tests.hub.conftest import CHUNGHYEON
from tests.hub.owner import owning
from tests.hub.test_pages import patterns

pytestmark = [pytest.mark.usefixtures("by_the_owner"), pytest.mark.django_db]

# Tables with rows about residents. A new one is found by its foreign key, so it cannot be forgotten here.
ABOUT_RESIDENTS = {"people_household", "people_person"}

AGGREGATE = re.compile(r"\b(COUNT|SUM)\([^()]*\)")
COLUMN = re.compile(r'"\w+"\."(?!centre_id")\w+"')


def only_counts(statement):
    """Whether a statement gives back nothing but counts and sums, of the whole district or by dong."""
    return not COLUMN.search(AGGREGATE.sub("", statement.partition(" FROM ")[0]))


CANARY_NAME, CANARY_NUMBER = "카나리아가상", "500101-9******"


def tables_about_residents():
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT DISTINCT conrelid::regclass::text FROM pg_constraint "
            "WHERE contype = 'f' AND confrelid IN ('people_household'::regclass, 'people_person'::regclass)"
        )
        return ABOUT_RESIDENTS | {name for (name,) in cursor.fetchall()}


@contextmanager
def watched(tables):
    """Yields the list of statements that read rows of these tables."""
    read = []
    pattern = re.compile(rf'(FROM|JOIN) "?({"|".join(tables)})"?\b')

    def look(execute, statement, parameters, many, context):
        text = str(statement)
        if pattern.search(text) and text.startswith("SELECT") and not only_counts(text):
            read.append(text)
        return execute(statement, parameters, many, context)

    with connection.execute_wrapper(look):
        yield read


@pytest.fixture
def district(coordinator, someone, settings, tmp_path):
    """One household everything is known about, an interview with it, a run that found something."""
    household = Household.objects.create(pk=1001, centre_id=CHUNGHYEON)
    person = Person.objects.create(
        pk=10011,
        household=household,
        name=CANARY_NAME,
        resident_number=CANARY_NUMBER,
        terms=terms(CANARY_NAME),
    )
    Opening.objects.create(
        household=household, user=coordinator, purpose="case", until=timezone.now() + timedelta(days=1)
    )
    for about in ({"household": household}, {"person": person}):
        FactRecord.objects.create(
            source="register", collected_on=timezone.localdate(), values={"sex": "female"} if "person" in about else {},
            **about,
        )  # fmt: skip
    run = Run.objects.create(as_of=timezone.localdate(), state=Run.State.DONE, finished_at=timezone.now())
    settings.RUNS = tmp_path
    run.folder.mkdir()
    (run.folder / "manifest.json").write_text("{}")  # what is done has files
    Missed.objects.create(
        run=run,
        household=household,
        centre_id=CHUNGHYEON,
        programme=next(iter(programmes.catalogue().programmes)),
    )
    list_anew(run=run)
    return run


@pytest.fixture
def figures(monkeypatch):
    """The run's files are not what these tests are about."""
    monkeypatch.setattr("hub.screening.queries._summary", lambda *arguments: [])


def addresses(interview, run):
    """Every address of the hub, its numbers filled in with what is there."""
    numbers = {"household": 1001, "interview": interview, "run": run, "year": 2026, "month": 9}
    for route, pattern in patterns():
        filled = re.sub(r"<int:(\w+)>", lambda found: str(numbers.get(found[1], 1)), route)
        yield "/" + re.sub(r"<\w+:\w+>", "livelihood_benefit", filled), pattern.name


POSTED = {
    "search": {"text": CANARY_NAME[:4]},
    "inspection_affected": {"purpose": "통지 명단 작성"},
    "interview": {"fact": "sex", "members": "0", "said": "unknown"},
}
ASKED = {"trail": "?household=1001", "inspection_affected": "?household=1001"}


@pytest.mark.parametrize("method", ["get", "post"])
@pytest.mark.parametrize("role", [Role.COORDINATOR, Role.DISTRICT_OFFICER, Role.PRIVACY_OFFICER])
def test_every_request_that_read_about_a_resident_left_a_record(
    district, figures, someone, coordinator, role, method
):
    user = someone(role)
    interview = Interview.objects.create(
        centre_id=CHUNGHYEON,
        household_id=1001,
        held_by=user,
        as_of=timezone.localdate(),
        catalogue_version=programmes.catalogue().version,
        known={"household": {}, "members": [{}]},
    )
    if user != coordinator:
        Opening.objects.create(
            household_id=1001, user=user, purpose="case", until=timezone.now() + timedelta(days=1)
        )
    record(user, "people.opened", Household.objects.get(), "page")
    tables = tables_about_residents()
    assert {"people_factrecord", "screening_missed", "screening_interview"} <= tables
    seen, silent = set(), []
    for address, name in addresses(interview.pk, district.pk):
        if name in ("sign_out", "language"):
            continue
        client = Client()
        client.force_login(user)
        last = AccessRecord.objects.latest("pk").pk
        with watched(tables) as read:
            response = getattr(client, method)(
                address + ASKED.get(name, ""), POSTED.get(name, {}) if method == "post" else {}
            )
        if not read or response.status_code >= 400:
            continue
        seen.add(name)
        left = AccessRecord.objects.filter(pk__gt=last, actor=user).exclude(verb="access.refused")
        if not left.exists():
            silent.append((name, read[0][:200]))
        for mark in left:
            assert mark.roles == role.value
            assert mark.origin == "127.0.0.1"
            assert mark.session
    assert silent == []
    expected = {
        (Role.COORDINATOR, "get"): {"home", "worklist", "household", "interviews", "interview"},
        (Role.COORDINATOR, "post"): {"search", "open_interview_with", "take_back", "close_interview"},
        (Role.PRIVACY_OFFICER, "get"): {"inspection_affected"},
        (Role.PRIVACY_OFFICER, "post"): {"inspection_affected"},
    }
    assert seen >= expected.get((role, method), set())


def test_a_page_that_shows_a_resident_without_a_record_would_be_noticed(district):
    """The watch of the test above sees what a careless view would do, and lets counting pass."""
    with watched(tables_about_residents()) as read:
        list(Person.objects.filter(name=CANARY_NAME))
        list(Missed.objects.values("household"))
        list(Household.objects.select_related("centre"))
    assert len(read) == 3
    with watched(tables_about_residents()) as read:
        Household.objects.count()
        list(Household.objects.order_by().values_list("centre").annotate(Count("pk")))
    assert read == []


def test_the_record_tells_the_five_items_and_the_purpose(client, coordinator, district):
    client.force_login(coordinator)
    before = timezone.now()
    client.get("/household/1001/")
    mark = AccessRecord.objects.latest("pk")
    assert (mark.actor, mark.roles) == (coordinator, "coordinator")
    assert before <= mark.at <= timezone.now()
    assert mark.origin == "127.0.0.1"
    assert (mark.household, mark.subjects) == (1001, 1)
    assert (mark.verb, mark.purpose) == ("people.opened", "case")


def test_a_list_tells_whose_it_showed(client, coordinator, district):
    client.force_login(coordinator)
    client.get("/worklist/")
    mark = AccessRecord.objects.latest("pk")
    assert (mark.verb, mark.listed, mark.subjects) == ("screening.listed_missed", [1001], 1)


def test_the_session_is_told_apart_and_not_told(coordinator, district):
    marks = []
    for _ in range(2):
        client = Client()
        client.force_login(coordinator)
        client.get("/household/1001/")
        mark = AccessRecord.objects.latest("pk")
        assert client.session.session_key not in mark.session
        marks.append(mark.session)
    assert len(set(marks)) == 2


def test_behind_a_proxy_only_its_own_word_counts(client, coordinator, district, settings):
    client.force_login(coordinator)
    forged = {"X-Forwarded-For": "6.6.6.6, 10.1.2.3"}
    client.get("/household/1001/", headers=forged)
    assert AccessRecord.objects.latest("pk").origin == "127.0.0.1"
    settings.BEHIND_PROXY = True
    client.get("/household/1001/", headers=forged)
    assert AccessRecord.objects.latest("pk").origin == "10.1.2.3"


def test_work_in_the_background_and_from_a_terminal_says_so(db):
    from hub.tasks import _perform

    assert record(None, "test.mark").origin == "command"
    _perform("tests.hub.test_audit_trail_complete.leave_a_mark", [], {})
    assert AccessRecord.objects.latest("pk").origin == "worker"
    assert record(None, "test.mark").origin == "command"


class leave_a_mark:
    """Stands for a task: what the worker calls."""

    @staticmethod
    def call():
        record(None, "test.mark")


# -- T4: nothing in clear words --------------------------------------------------------------------------------


def test_neither_name_nor_number_of_a_resident_ever_stands_in_the_trail(coordinator, district, someone):
    for user in (coordinator, someone(Role.PRIVACY_OFFICER)):
        client = Client()
        client.post("/sign-in/", {"username": CANARY_NAME, "password": CANARY_NUMBER})
        client.force_login(user)
        client.post("/search/", {"text": CANARY_NAME})
        client.post("/search/", {"text": CANARY_NUMBER})
        client.get("/household/1001/")
        client.get(f"/inspection/trail/?household={CANARY_NUMBER}&verb={CANARY_NAME}")
        client.post(
            "/inspection/affected/?household=1001", {"purpose": f"통지 {CANARY_NUMBER.replace('*', '1')}"}
        )
        client.post("/screening/interviews/with/1001/")
    with connection.cursor() as cursor:
        cursor.execute("SELECT string_agg(record::text, ' ') FROM access_accessrecord AS record")
        (written,) = cursor.fetchone()
    assert "people.searched" in written
    for secret in (CANARY_NAME, CANARY_NUMBER, "500101", "카나리아"):
        assert secret not in written


@pytest.mark.parametrize(
    "number", ["500101-1234567", "5001011234567", "통지 500101 - 9111111 건", "500101-1******"]
)
def test_a_purpose_with_a_resident_number_is_refused(coordinator, number):
    with pytest.raises(ValidationError):
        record(coordinator, "test.mark", purpose=number)
    assert not AccessRecord.objects.filter(verb="test.mark").exists()


@pytest.mark.parametrize(
    "purpose", ["20261126 접수", "민원 2026-000123", "1764122000123", "sha256 " + "5001011234567abc" * 4]
)
def test_other_numbers_in_a_purpose_are_fine(coordinator, purpose):
    record(coordinator, "test.mark", purpose=purpose)


# -- T5: fail closed -------------------------------------------------------------------------------------------


@pytest.fixture
def trail_away():
    """The trail takes nothing any more, as with a full disk."""
    with owning() as cursor:
        cursor.execute(
            "CREATE FUNCTION trail_away() RETURNS trigger LANGUAGE plpgsql AS "
            "$$ BEGIN RAISE EXCEPTION 'no space left' USING ERRCODE = 'disk_full'; END $$;"
            "CREATE TRIGGER trail_away BEFORE INSERT ON access_accessrecord EXECUTE FUNCTION trail_away()"
        )


def test_without_the_trail_nothing_is_shown_and_nothing_is_written(
    coordinator, district, catalogue, trail_away
):
    from hub.people import actions
    from hub.people.sources import Source

    client = Client(raise_request_exception=False)
    client.force_login(coordinator)
    facts = FactRecord.objects.count()
    for answer in (client.get("/household/1001/"), client.post("/search/", {"text": CANARY_NAME})):
        assert answer.status_code == 500
        assert CANARY_NAME not in answer.content.decode()
    with pytest.raises(DatabaseError), transaction.atomic():
        actions.record_facts(
            Household.objects.get(), {"tenure": "rent"}, catalogue, by=coordinator, source=Source.VISIT
        )
    assert FactRecord.objects.count() == facts


def test_without_the_trail_what_concerns_nobody_still_works(coordinator, trail_away):
    client = Client()
    client.force_login(coordinator)
    assert client.get("/programmes/").status_code == 200
    assert client.get("/alive/").status_code == 200
