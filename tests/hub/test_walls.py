"""The second wall: the database itself shows nobody beyond area of duty and seal, whatever the code above it forgets."""

import os
import random
from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest
from django.apps import apps
from django.db import connection, connections, transaction

from hub import walls
from hub.people.models import FactRecord, Household, Person
from hub.people.sources import Source
from tests.hub.conftest import CHUNGHYEON, SINCHON

RESIDENTS = {"people.Household", "people.Person"}


def personal_tables():
    """Every table that is about a resident: it, or something it belongs to, refers to a household or a person."""
    tables = {"people_household", "people_person"}
    for model in apps.get_models(include_auto_created=True):
        for field in model._meta.get_fields():
            if field.is_relation and field.many_to_one and field.related_model._meta.label in RESIDENTS:
                tables.add(model._meta.db_table)
    return tables


@pytest.mark.django_db
def test_every_table_about_residents_lies_behind_the_wall_even_for_its_owner():
    with connection.cursor() as cursor:
        cursor.execute("SELECT relname FROM pg_class WHERE relrowsecurity AND relforcerowsecurity")
        fenced = {name for (name,) in cursor.fetchall()}
    assert personal_tables() <= fenced


@pytest.mark.django_db
def test_the_application_owns_nothing_and_cannot_step_over_the_wall():
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT rolsuper, rolbypassrls, rolcreaterole FROM pg_roles WHERE rolname = current_user"
        )
        assert cursor.fetchone() == (False, False, False)
        cursor.execute(
            "SELECT count(*) FROM pg_tables WHERE tableowner = current_user AND schemaname = 'public'"
        )
        assert cursor.fetchone() == (0,)
        cursor.execute("SELECT pg_has_role('hub_owner', 'MEMBER'), pg_has_role('hub_finder', 'MEMBER')")
        assert cursor.fetchone() == (False, False)


@pytest.mark.django_db
@pytest.mark.parametrize(
    "statement",
    [
        "ALTER TABLE people_person DISABLE ROW LEVEL SECURITY",
        "DROP POLICY in_sight ON people_person",
        "CREATE POLICY mine ON people_person USING (true)",
        "TRUNCATE people_person CASCADE",
        "SET ROLE hub_owner",
        "SET ROLE hub_finder",
        "CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1'",
    ],
)
def test_the_application_cannot_take_the_wall_down(statement):
    with pytest.raises(psycopg.errors.InsufficientPrivilege), transaction.atomic():
        connection.connection.execute(statement)


@pytest.mark.django_db
def test_functions_of_another_role_look_only_where_they_are_told():
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT proname, proconfig FROM pg_proc JOIN pg_namespace AS space ON space.oid = pronamespace"
            " WHERE prosecdef AND space.nspname = 'public' AND proname NOT LIKE 'procrastinate%'"
        )
        found = dict(cursor.fetchall())
        assert set(found) == {"people_find"}
        assert "search_path=pg_catalog, public" in found["people_find"]
        # A view would look with its maker's eyes unless told otherwise.
        cursor.execute(
            "SELECT relname FROM pg_class JOIN pg_namespace AS space ON space.oid = relnamespace"
            " WHERE relkind = 'v' AND space.nspname = 'public'"
            " AND NOT coalesce(reloptions::text LIKE '%security_invoker=true%', false)"
        )
        assert cursor.fetchall() == []


@pytest.fixture
def told(household, household_elsewhere):
    """Two households in two dongs, each with something recorded about it and its people."""
    with transaction.atomic():
        for home in (household, household_elsewhere):
            FactRecord.objects.create(
                household=home, source=Source.VISIT, collected_on="2026-01-01", values={"tenure": "rent"}
            )
            for person in home.members.all():
                FactRecord.objects.create(
                    person=person, source=Source.VISIT, collected_on="2026-01-01", values={"earnings": 1}
                )
    return household, household_elsewhere


def seen():
    return (
        set(Household.objects.values_list("pk", flat=True)),
        set(Person.objects.values_list("household", flat=True)),
        {record.household_id or record.person.household_id for record in FactRecord.objects.all()},
    )


@pytest.mark.django_db
def test_each_sight_sees_its_own_dong_and_everything_that_hangs_on_it(told):
    for sight, wanted in (
        (walls.NOTHING, set()),
        (walls.of_duty([CHUNGHYEON]), {1001}),
        (walls.of_duty([SINCHON]), {2001}),
        (walls.of_duty([CHUNGHYEON, SINCHON]), {1001, 2001}),
        (walls.of_duty([]), set()),
        (walls.of_duty(None), {1001, 2001}),
        (walls.of_duty([CHUNGHYEON], [2001]), {1001, 2001}),
        (walls.EVERYWHERE, {1001, 2001}),
    ):
        with walls.within(sight):
            assert seen() == (wanted, wanted, wanted), sight


@pytest.mark.django_db
def test_a_sight_of_zones_ends_at_them(told, zones):
    here, _elsewhere = told
    Household.objects.filter(pk=here.pk).update(zone=zones[0])
    for area, wanted in (
        ([zones[0].pk], {1001}),
        ([zones[1].pk], set()),
        ([zones[1].pk, SINCHON], {2001}),
        ([zone.pk for zone in zones], {1001}),
        ([CHUNGHYEON], {1001}),
    ):
        with walls.within(walls.of_duty(area)):
            assert seen() == (wanted, wanted, wanted), area


@pytest.mark.django_db
def test_a_sealed_household_is_seen_by_those_cleared_and_by_nobody_else(told):
    Household.objects.filter(pk=1001).update(sealed=True)
    for sight, wanted in (
        (walls.of_duty([CHUNGHYEON]), set()),
        (walls.of_duty(None), {2001}),
        (walls.of_duty([SINCHON], [1001]), {1001, 2001}),
        (walls.EVERYWHERE, {1001, 2001}),
    ):
        with walls.within(sight):
            assert seen()[0] == wanted, sight


@pytest.mark.django_db
def test_nothing_is_written_beyond_the_wall(told):
    here, elsewhere = told
    with walls.within(walls.of_duty([CHUNGHYEON])):
        assert Person.objects.filter(household=elsewhere).update(name="다른이") == 0
        for make in (
            lambda: FactRecord.objects.create(
                household=elsewhere, source=Source.VISIT, collected_on="2026-01-01", values={}
            ),
            lambda: Person.objects.create(pk=9, household=elsewhere, name="가상"),
            lambda: Household.objects.filter(pk=here.pk).update(centre=SINCHON),
        ):
            with pytest.raises(Exception, match="row-level security"), transaction.atomic():
                make()


@pytest.mark.django_db(transaction=True)
def test_a_statement_on_its_own_sees_the_same_and_leaves_nothing_said_behind(told):
    with walls.within(walls.of_duty([CHUNGHYEON])):
        with transaction.atomic():
            assert seen()[0] == {1001}
        assert seen()[0] == {1001}
        setting = connection.connection.execute("SELECT current_setting('hub.area', true)").fetchone()
        assert setting[0] in (None, "")
        raw = connection.connection.execute("SELECT count(*) FROM people_household").fetchone()
        assert raw == (0,)  # with nothing said nobody is seen
    with walls.within(walls.NOTHING):
        assert seen()[0] == set()


@pytest.mark.django_db(transaction=True)
def test_a_sight_is_narrowed_inside_a_transaction_and_widened_again_after_it_even_past_an_error(told):
    with walls.within(walls.of_duty(None)), transaction.atomic():
        assert seen()[0] == {1001, 2001}
        with pytest.raises(RuntimeError), walls.within(walls.of_duty([SINCHON])):
            assert seen()[0] == {2001}
            raise RuntimeError
        assert seen()[0] == {1001, 2001}
        with pytest.raises(ZeroDivisionError), transaction.atomic(), walls.within(walls.NOTHING):
            assert seen()[0] == set()
            1 / 0  # noqa: B018
        assert seen()[0] == {1001, 2001}


@pytest.mark.django_db(transaction=True)
def test_many_threads_through_one_pool_never_see_each_others_dongs_and_zones(told, zones):
    """A3: connections are handed from one dong's transaction to another's, and nothing goes with them."""
    from psycopg_pool import ConnectionPool

    queries = 100_000 if os.environ.get("HUB_NIGHTLY") else 10_000
    parameters = {
        key: value
        for key, value in connections["default"].get_connection_params().items()
        if key in ("host", "port", "user", "password", "dbname") and value
    }
    Household.objects.filter(pk=1001).update(zone=zones[0])
    wanted = {CHUNGHYEON: {1001}, SINCHON: {2001}, zones[0].pk: {1001}, zones[1].pk: set(), "": set()}

    def work(seed):
        chosen = random.Random(seed)
        leaks = 0
        for _ in range(queries // 50):
            area = chosen.choice(list(wanted))
            with pool.connection() as raw:
                if area:
                    raw.execute("SELECT set_config('hub.area', %s, true)", [area])
                found = {number for (number,) in raw.execute("SELECT id FROM people_household").fetchall()}
                leaks += found != wanted[area]
                if chosen.random() < 0.1:
                    raw.rollback()
        return leaks

    with ConnectionPool(kwargs=parameters, min_size=4, max_size=8) as pool, ThreadPoolExecutor(50) as threads:
        assert sum(threads.map(work, range(50))) == 0
