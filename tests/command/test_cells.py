"""A cell is read as people write it; what has two readings is refused with the way to mend it."""

from datetime import date, datetime

import pytest

from welfare.facts import Fact
from welfare.intake.cells import NotReadable, read_cell, read_code, read_date, read_resident_number, read_won

TODAY = date(2026, 11, 22)
LABEL = {"ko": "이름", "en": "name"}
WON = Fact("rent", "household", "won", LABEL, high=10**10)
YES_NO = Fact("pregnant", "person", "bool", LABEL)
COUNT = Fact("months", "household", "int", LABEL, high=600)
HOME = Fact(
    "tenure", "household", "code", LABEL, high=2, codes=("owner", "jeonse", "none"),
    code_labels=({"ko": "자가", "en": "Owner"}, {"ko": "전세(보증금)", "en": "Jeonse"}, {"ko": "없음", "en": "None"}),
)  # fmt: skip


@pytest.mark.parametrize(
    ("written", "won"),
    [
        (3_000_000, 3_000_000), (3_000_000.0, 3_000_000), ("3,000,000원", 3_000_000), ("300만원", 3_000_000),
        ("3백만 원", 3_000_000), ("1억 2천만원", 120_000_000), ("1.5억", 150_000_000), ("천만원", 10_000_000),
        ("1억2,345만6,789원", 123_456_789), ("₩3,000", 3_000), ("△5,000", -5_000), ("(5,000)", -5_000), ("없음", 0), ("０", 0),
    ],
)  # fmt: skip
def test_money_is_read_as_it_is_written(written: object, won: int) -> None:
    assert read_won(written) == won


def test_a_unit_of_the_column_counts_for_bare_numbers_only() -> None:
    assert read_won("1,200", unit=1_000) == 1_200_000
    assert read_won("300만원", unit=1_000) == 3_000_000
    assert read_won("5,000원", unit=1_000) == 5_000


@pytest.mark.parametrize("written", ["이백", "12a", "300.5", "", "1억3억", "만원짜리", "1e400", "nan"])
def test_what_is_no_amount_is_refused(written: str) -> None:
    with pytest.raises(NotReadable):
        read_won(written)


@pytest.mark.parametrize(
    "written",
    ["1950-03-01", "1950.3.1", "1950. 3. 1.", "1950/03/01", "1950년 3월 1일", "19500301", 19500301, "500301", "50.3.1",
     "1950-03-01(양)", date(1950, 3, 1), datetime(1950, 3, 1), "1950-03-01 00:00:00"],
)  # fmt: skip
def test_a_day_is_read_in_all_its_habits(written: object) -> None:
    assert read_date(written, TODAY) == date(1950, 3, 1)


@pytest.mark.parametrize(
    ("written", "why"),
    [
        ("150301", "may be 1915 or 2015"), ("1950-02-30", "does not exist"), ("음력 1950-03-01", "lunar"), ("1950-03", "no date"),
        ("50301", "no date"), (45000, "no date"), ("3/1/1950", "no date"),
    ],
)  # fmt: skip
def test_a_day_with_two_readings_or_none_is_refused(written: object, why: str) -> None:
    with pytest.raises(NotReadable, match=why):
        read_date(written, TODAY)


def test_two_digits_mean_the_only_century_that_is_possible() -> None:
    assert read_date("270301", TODAY).year == 1927, "2027 has not come"
    assert read_date("050301", TODAY).year == 2005, "nobody is 121"


@pytest.mark.parametrize("written", ["O", "o", "○", "예", "Y", "있음", "v", 1, True, "해당"])
def test_many_signs_mean_yes(written: object) -> None:
    assert read_cell(YES_NO, written, TODAY) is True


@pytest.mark.parametrize("written", ["X", "×", "아니오", "N", "없음", 0, False, "비해당"])
def test_many_signs_mean_no(written: object) -> None:
    assert read_cell(YES_NO, written, TODAY) is False


@pytest.mark.parametrize("written", [None, "", "-", "모름", "미상", "확인 불가", "unknown", "?"])
def test_empty_and_unknown_stay_unknown_and_never_become_zero(written: object) -> None:
    for fact in (WON, YES_NO, COUNT, HOME):
        assert read_cell(fact, written, TODAY) is None


def test_a_word_is_a_code_by_code_label_or_the_only_beginning() -> None:
    assert [read_code(HOME, word) for word in ("owner", "자가", "전세", "jeonse", "없음", "자")] == [
        "owner", "owner", "jeonse", "jeonse", "none", "owner",
    ]  # fmt: skip
    with pytest.raises(NotReadable) as refused:
        read_code(HOME, "텐트")
    assert "자가" in refused.value.mend["ko"]


def test_a_value_outside_the_declared_domain_is_refused() -> None:
    assert read_cell(COUNT, "3개월", TODAY) == 3
    with pytest.raises(NotReadable, match="outside 0 … 600"):
        read_cell(COUNT, "601", TODAY)


def test_a_resident_number_tells_birth_date_and_sex_and_a_bad_one_nothing() -> None:
    assert read_resident_number("500301-1******", TODAY) == (date(1950, 3, 1), "male")
    assert read_resident_number("050301-4", TODAY) == (date(2005, 3, 1), "female")
    assert read_resident_number("500301", TODAY) == (date(1950, 3, 1), None)
    for wrong in ("501301-1******", "5003-1", "가나다라마바-1******"):
        with pytest.raises(NotReadable):
            read_resident_number(wrong, TODAY)
