"""The same person is found through the mistakes lists have, and two persons stay two."""

from __future__ import annotations

import pytest

from tests.linkage.lists import proposed

PERSON = {
    "name": "샘민수",
    "birth_date": "1950-03-01",
    "sex": "male",
    "phone": "010-0123-4567",
    "address": "서대문구 홍제동 가상로12길 7, 101동 1203호",
}


@pytest.mark.parametrize(
    ("change", "field", "word"),
    [
        ({"name": "샘민스"}, "name", "slip"),  # the key beside ㅜ
        ({"name": "샘믾수"}, "name", "slip"),  # a letter too many
        ({"name": "샘미수"}, "name", "slip"),  # a lost final
        ({"name": "샘민시"}, "name", "slip"),
        ({"name": "샘 민수 "}, "name", "same"),
        ({"name": "샘민수(세대주)"}, "name", "same"),
        ({"name": "SAEM MINSU (샘민수)"}, "name", "same"),
        ({"name": "SAEM MINSU"}, "name", "sound"),
        ({"name": "Min-soo Saem"}, "name", "sound"),
        ({"birth_date": "1950-03-10"}, "birth_date", "slip"),
        ({"birth_date": "1950-01-03"}, "birth_date", "slip"),  # month and day exchanged
        ({"birth_date": "1960-03-01"}, "birth_date", "slip"),
        ({"birth_date": "1950-08-01"}, "birth_date", "slip"),
        ({"birth_date": "1950-11-01"}, "birth_date", "part"),
        ({"sex": "female"}, "sex", "differs"),
        ({"phone": "01001234568"}, "phone", "slip"),
        ({"phone": "+82 10-0123-4567"}, "phone", "same"),
        ({"phone": None}, "phone", "unknown"),
        ({"phone": "010-0999-9998"}, "phone", "differs"),
        ({"address": "서대문구 가상로12길 7 (홍제동)"}, "address", "house"),
        ({"address": "서울시 서대문구 가상로 12길 7 101-1203"}, "address", "same"),
        ({"address": "서대문구 홍제동 123-4 101동 1203호"}, "address", "unit"),  # by lot
        ({"address": "서대문구 홍제동 123-4"}, "address", "dong"),
        ({"address": "서대문구 북가좌동 가상로3길 90"}, "address", "differs"),  # moved
    ],
)  # fmt: skip
def test_one_thing_wrong_is_still_the_same_person(
    change: dict[str, str | None], field: str, word: str
) -> None:
    pair = proposed(PERSON, PERSON | change)
    assert (pair["right"], pair["outcome"], pair[field]) == ("other-0", "link", word)


def test_everything_the_same_is_surer_than_anything_else() -> None:
    pair = proposed(PERSON, PERSON)
    assert pair["probability"] > 0.999999
    assert [pair[field] for field in ("name", "birth_date", "sex", "phone", "address")] == ["same"] * 5


def test_a_namesake_born_on_the_same_day_is_not_linked_when_everything_else_differs() -> None:
    namesake = PERSON | {"phone": "010-0777-1234", "address": "서대문구 천연동 가상로40길 150, 301호"}
    pair = proposed(PERSON, namesake)
    assert pair.get("outcome", "review") == "review"


def test_a_person_with_an_equal_number_is_linked_wherever_they_live_now() -> None:
    number = "503201-1234567"
    moved = PERSON | {
        "phone": "010-0777-1234",
        "address": "서대문구 천연동 가상로40길 150, 301호",
        "number": number,
    }
    assert proposed(PERSON | {"number": number}, moved)["outcome"] == "link"


def test_a_name_wrong_in_two_keys_might_be_a_twin_and_is_left_to_a_person() -> None:
    pair = proposed(PERSON, PERSON | {"name": "샘밍스"})
    assert (pair["outcome"], pair["name"]) == ("review", "similar")


def test_two_namesakes_nobody_can_tell_apart_are_left_to_a_person() -> None:
    pair = proposed(
        {"name": "샘민수", "birth_date": "1950-03-01"},
        *[PERSON | {"id": name} for name in ("first", "second")],
    )
    assert pair["outcome"] == "review"
    assert pair["probability"] <= 0.5


def test_a_twin_is_not_linked_to_the_other_twin() -> None:
    twin = PERSON | {"name": "샘민지"}
    assert proposed(PERSON, PERSON | {"name": "샘하늘"}).get("outcome") != "link"
    assert proposed(PERSON, twin).get("outcome") != "link"
    assert proposed(PERSON, twin, PERSON)["right"] == "other-1"


@pytest.mark.parametrize(
    "relative",
    [
        {"name": "샘하늘", "birth_date": "1978-05-20"},  # a child
        {"name": "별보람", "birth_date": "1953-11-09", "sex": "female"},  # a spouse
        {"name": "샘민호", "birth_date": "1953-11-09"},  # a brother with half the name
    ],
)
def test_a_family_shares_a_telephone_and_a_home_and_stays_several_people(relative: dict[str, str]) -> None:
    assert proposed(PERSON, PERSON | relative).get("outcome") != "link"


def test_a_number_wrong_in_one_digit_still_counts_and_one_wrong_in_three_speaks_against() -> None:
    whole = PERSON | {"number": "503201-1234567", "phone": None}
    slip, other = (whole | {"number": number} for number in ("503201-1234576", "503201-1994511"))
    assert proposed(whole, slip)["number"] == "slip"
    assert proposed(whole, slip)["probability"] > proposed(whole, other)["probability"]


def test_a_masked_number_tells_the_birth_date_and_no_more() -> None:
    masked = PERSON | {"birth_date": None, "number": "500301-1******"}
    pair = proposed(PERSON, masked)
    assert (pair["birth_date"], pair["number"]) == ("same", "unknown")


def test_a_lunar_birthday_no_calendar_has_is_compared_all_the_same() -> None:
    lunar = PERSON | {"birth_date": "1950-02-30"}
    assert proposed(lunar, lunar)["birth_date"] == "same"


def test_what_everybody_leaves_as_a_placeholder_is_unknown() -> None:
    nobody = PERSON | {"phone": "010-0000-0000", "address": "", "birth_date": "0000-00-00"}
    pair = proposed(nobody, nobody)
    assert [pair[field] for field in ("phone", "address", "birth_date")] == ["unknown"] * 3
