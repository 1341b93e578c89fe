"""A district goes in as Arrow tables and comes out the same."""

from datetime import date

import pyarrow as pa
import pytest
from django.core.exceptions import ValidationError
from django.db import DatabaseError, connection, connections, transaction

from hub import walls
from hub.people.models import FactRecord, Household, Person
from hub.people.queries import tables_for_snapshot
from hub.people.register import take_in_district
from tests.hub.conftest import CHUNGHYEON, SINCHON

pytestmark = pytest.mark.django_db


@pytest.fixture
def tables():
    households = pa.table(
        {
            "household_id": [7, 8, 9],
            "area": [CHUNGHYEON, SINCHON, SINCHON],
            "rent": pa.array([300_000, None, 0], pa.int64()),
            "tenure": ["rent", "owner", None],
            "a_column_that_is_no_fact": [1, 2, 3],
        }
    )
    members = pa.table(
        {
            "household_id": [7, 7, 8, 9],
            "person_id": [71, 72, 81, 91],
            "name": ["가상 하나", 'Invented "Two"', "역\\슬래시", "쉼,표"],
            "resident_number": ["500101-9******"] * 4,
            "couple": pa.array([1, 1, None, 0], pa.int64()),
            "birth_date": pa.array([date(1950, 1, 1), None, date(2020, 2, 29), None], pa.date32()),
            "registered_disabled": [True, False, None, None],
            "earnings": pa.array([9_007_199_254_740_993 % 100_000_000, 0, None, None], pa.int64()),
        }
    )
    return households, members


def test_what_goes_in_comes_out_with_unknowns_kept_unknown(tables, catalogue):
    take_in_district(*tables, catalogue)
    households, members = tables_for_snapshot(catalogue)
    assert households.column_names == ["household_id", "area", "tenure", "rent"]
    assert households.select(["household_id", "area", "rent", "tenure"]).equals(
        tables[0].drop_columns(["a_column_that_is_no_fact"])
    )
    came_out = members.select(tables[1].column_names).to_pylist()
    assert came_out == [row | {"couple": row["couple"] or 0} for row in tables[1].to_pylist()]
    assert members.schema.field("birth_date").type == pa.date32()
    assert members.schema.field("earnings").type == pa.int64()


def test_a_snapshot_can_keep_to_some_dongs(tables, catalogue):
    take_in_district(*tables, catalogue)
    households, members = tables_for_snapshot(catalogue, areas={SINCHON})
    assert households["household_id"].to_pylist() == [8, 9]
    assert members["person_id"].to_pylist() == [81, 91]


def test_an_empty_register_gives_empty_tables_with_all_columns(catalogue):
    households, members = tables_for_snapshot(catalogue)
    assert (households.num_rows, members.num_rows) == (0, 0)
    assert "earnings" in members.column_names


def test_the_register_knows_who_lives_where(tables, catalogue):
    take_in_district(*tables, catalogue)
    assert Household.objects.get(pk=7).dong == CHUNGHYEON
    assert list(Person.objects.filter(household=7).values_list("name", "couple").order_by("pk")) == [
        ("가상 하나", 1),
        ('Invented "Two"', 1),
    ]
    assert FactRecord.objects.get(household=7).values == {"rent": 300_000, "tenure": "rent"}
    assert FactRecord.objects.get(person=91).values == {}


def test_a_second_district_is_refused(tables, catalogue):
    take_in_district(*tables, catalogue)
    with pytest.raises(ValidationError):
        take_in_district(*tables, catalogue)


def test_a_row_that_cannot_be_placed_refuses_the_whole_district(tables, catalogue):
    from django.db import connection

    households = tables[0].set_column(1, "area", pa.array(["9999999999"] * 3))
    with pytest.raises(DatabaseError), transaction.atomic():
        take_in_district(households, tables[1], catalogue)
        connection.check_constraints()
    assert not Household.objects.exists()


@pytest.mark.django_db(transaction=True, databases=["default", "owner"])
def test_the_owner_takes_it_in_past_the_wall_and_puts_the_wall_back(tables, catalogue):
    take_in_district(*tables, catalogue, as_owner=True)
    with transaction.atomic():
        _, members = tables_for_snapshot(catalogue)
    assert members["name"].to_pylist() == tables[1]["name"].to_pylist()
    with walls.within(walls.of_duty([CHUNGHYEON])), transaction.atomic():
        assert set(Household.objects.values_list("pk", flat=True)) == {7}
    raw = connections["owner"].connection
    assert raw.execute("SELECT count(*) FROM people_person").fetchone() == (0,)  # nothing said, nobody seen


@pytest.mark.django_db(transaction=True, databases=["default", "owner"])
def test_what_fails_half_way_leaves_nobody_behind_and_the_wall_standing(tables, catalogue):
    households, members = tables
    broken = households.set_column(1, "area", pa.array([CHUNGHYEON, SINCHON, "9999999999"]))
    with pytest.raises(DatabaseError):
        take_in_district(broken, members, catalogue, as_owner=True)
    with transaction.atomic():
        assert not Household.objects.exists()
    with connection.cursor() as cursor:
        cursor.execute("SELECT relforcerowsecurity FROM pg_class WHERE relname = 'people_household'")
        assert cursor.fetchone() == (True,)
