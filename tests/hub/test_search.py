"""A resident is found by whatever an official has at hand, and by nobody from another dong."""

from datetime import date

import pyarrow as pa
import pytest
from django.urls import reverse

from hub.access.models import AccessRecord
from hub.access.roles import Role
from hub.people import actions, register
from hub.people.models import Person
from hub.people.search import terms, wanted
from tests.hub.conftest import CHUNGHYEON, SINCHON

pytestmark = pytest.mark.django_db


@pytest.fixture
def residents(catalogue):
    """Three invented people of Chunghyeon and one of Sinchon, taken in as a district is."""
    households = pa.table(
        {
            "household_id": [1, 2, 3],
            "area": [CHUNGHYEON, CHUNGHYEON, SINCHON],
            "address": [
                "서대문구 충현동 가상로12길 7, 301호",
                "서대문구 충현동 가상로3길 41, 102호",
                "서대문구 신촌동 가상로12길 7, 301호",
            ],
        }
    )
    members = pa.table(
        {
            "household_id": [1, 1, 2, 3],
            "person_id": [11, 12, 21, 31],
            "name": ["봄가람", "봄나래", "숲가온", "봄가람"],
            "resident_number": ["502101-9123456", "", "", ""],
            "phone": ["010-0123-4567", "", "010-0555-0001", "010-0123-4567"],
            "couple": pa.array([None, None, None, None], pa.int64()),
            "birth_date": pa.array(
                [date(1950, 1, 1), date(1984, 12, 31), None, date(1950, 1, 1)], pa.date32()
            ),
        }
    )
    register.take_in_district(households, members, catalogue)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("봄가람", {11}),
        ("봄", set()),  # one syllable is too little
        ("봄가", {11}),
        ("가람", {11}),  # without the surname
        ("봄ㄱ", {11}),  # still being typed
        ("봄ㄱㄹ", {11}),
        ("ㅂㄱㄹ", {11}),
        ("ㄱㄹ", {11}),  # the given name's consonants
        ("ㅂㄴ", {12}),
        ("  봄 가 람 ", {11}),
        ("500101", {11}),
        ("19500101", {11}),
        ("1950-01-01", {11}),
        ("1950.1.1", {11}),
        ("500101-9", {11}),
        ("500101-9******", {11}),
        ("010-0123-4567", {11}),
        ("01001234567", {11}),
        ("4567", {11}),
        ("봄 841231", {12}),
        ("봄 500101 4567", {11}),
        ("봄 999999", set()),
        ("가상로12길", {11, 12}),
        ("가상로3길 41", {21}),
        ("11", {11}),
        ("2", {21}),
        ("31", set()),  # of another dong
        ("bom garam", {11}),
        ("GARAM BOM", {11}),
        ("Pom Karam", {11}),
        ("bom", {11, 12}),
        ("kim garam", set()),
        ("김ㄱㄹ", set()),
        ("%%%", set()),
        ("___", set()),
        ("봄' OR 1=1 --", set()),
    ],
)
def test_a_resident_is_found_by(residents, coordinator, text, found):
    assert {line.person_id for line in actions.search(text, by=coordinator)} == found


def test_the_same_name_in_two_dongs_is_found_by_each_centre_in_its_own(residents, coordinator, someone):
    assert {line.person_id for line in actions.search("봄가람", by=coordinator)} == {11}
    assert {line.person_id for line in actions.search("봄가람", by=someone(Role.NURSE, SINCHON))} == {31}
    assert {line.person_id for line in actions.search("봄가람", by=someone(Role.DISTRICT_OFFICER))} == {
        11,
        31,
    }


def test_a_district_taken_in_is_found_by_the_same_words_as_somebody_registered(residents):
    for person in Person.objects.all():
        record = person.records.get().values.get("birth_date")
        born = date.fromisoformat(record) if record else None
        assert person.terms == terms(person.name, born, person.phone)


def test_of_a_resident_number_no_more_is_kept_than_is_shown(residents):
    assert Person.objects.get(pk=11).resident_number == "502101-9******"


def test_who_moved_out_or_died_is_not_found(residents, coordinator):
    register.register_leaving(
        Person.objects.get(pk=11), by=coordinator, how=Person.Left.DEATH, on=date(2026, 1, 1)
    )
    assert actions.search("봄가람", by=coordinator) == []


def test_nothing_typed_reaches_the_database_as_a_pattern():
    for text in ("%", "_", "봄%", "a_b\\", "--", "**"):
        asked = wanted(text)
        assert asked is None or not any(
            sign in word.strip("%") for way in asked.ways for word in way for sign in "%\\"
        )


def test_the_page_searches_while_one_types_and_shows_where_the_people_live(client, residents, coordinator):
    client.force_login(coordinator)
    page = client.post(reverse("search"), {"text": "봄"}, headers={"HX-Request": "true"})
    assert "<html" not in page.content.decode()
    page = client.post(reverse("search"), {"text": "봄가"}).content.decode()
    assert "가상로12길 7" in page
    assert reverse("household", args=[1]) in page
    mark = AccessRecord.objects.latest("pk")
    assert (mark.verb, mark.listed, mark.subjects) == ("people.searched", [1], 1)


@pytest.mark.parametrize("text", ["봄", "ㅂ", "k", "--"])
def test_too_little_is_told_apart_from_nobody(client, residents, coordinator, text):
    client.force_login(coordinator)
    page = client.post(reverse("search"), {"text": text}, headers={"HX-Request": "true"}).content.decode()
    assert "두 글자 이상" in page
    assert "검색 결과" not in page
    assert not AccessRecord.objects.filter(verb="people.searched").exists()  # nobody was looked for
    page = client.post(reverse("search"), {"text": "없는"}).content.decode()
    assert "두 글자 이상" not in page
    assert "검색 결과 0명" in page
