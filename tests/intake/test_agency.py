"""A row of an agency's list says whom it speaks of and what it states; what cannot be read has an address."""

from datetime import date

import pytest

from welfare.facts import Fact
from welfare.intake import IntakeError
from welfare.intake.agency import Row, guess, read_rows
from welfare.intake.cells import NotReadable, read_phone, read_resident_number
from welfare.intake.sheet import Sheet

TODAY = date(2026, 11, 22)
LABEL = {"ko": "월세", "en": "Rent"}
FACTS = {
    fact.name: fact
    for fact in (
        Fact("rent", "household", "won", LABEL, high=10**9),
        Fact("birth_date", "person", "date", {"ko": "생년월일", "en": "Born"}, low=19000101, high=21001231),
        Fact("sex", "person", "code", {"ko": "성별", "en": "Sex"}, high=1, codes=("male", "female"),
             code_labels=({"ko": "남", "en": "Male"}, {"ko": "여", "en": "Female"})),
    )
}  # fmt: skip


def sheet(*rows: tuple[object, ...], **more: object) -> Sheet:
    return Sheet("list.csv", "CSV", [list(row) for row in rows], **more)  # type: ignore[arg-type]


def rows(held: Sheet, **meanings: str) -> list[Row]:
    """The rows of a sheet; columns by their letter."""
    places = {ord(letter) - 65: meaning for letter, meaning in meanings.items()}
    return list(read_rows(held, 0, places, FACTS, TODAY))


def test_columns_are_guessed_by_what_identifies_and_what_is_stated() -> None:
    found = guess(
        sheet(
            ("연번", "성명", "생년월일", "휴대폰", "월세", "기타", "기타"),
            (1, "가상하나", "1950-03-01", "x", 5, "a", "b"),
        ),
        FACTS,
    )
    assert [c.meaning for c in found.columns] == ["-", "name", "birth_date", "phone", "rent", "", ""]
    assert [c.doubled for c in found.columns] == [False] * 5 + [True, True]


def test_heads_are_found_below_a_title_and_over_two_merged_lines() -> None:
    held = sheet(
        ("2026년 대상자", None, None),
        ("성명", "주거", None),
        (None, "월세", "비고"),
        ("가상하나", "30만원", ""),
        merged={(2, 0): (1, 0), (1, 2): (1, 1)},
    )
    found = guess(held, FACTS)
    assert (found.head_row, [c.meaning for c in found.columns]) == (2, ["name", "rent", "-"])


def test_heads_that_nobody_knows_are_found_and_left_to_a_person() -> None:
    found = guess(sheet(("가나", "다라"), ("x", "1")), FACTS)
    assert [(c.head, c.meaning) for c in found.columns] == [("가나", ""), ("다라", "")]
    with pytest.raises(IntakeError):
        guess(sheet(("1",), ("2",)), FACTS)


def test_what_was_decided_before_goes_before_what_is_guessed() -> None:
    held = sheet(("성명", "월세"), ("x", "1"))
    assert guess(held, FACTS, {"월세": "-", "성명": "name"}).meanings == {0: "name"}


def test_samples_cover_resident_numbers() -> None:
    found = guess(sheet(("성명", "주민등록번호"), ("x", "500301-1234567"), ("y", 5003011234567)), FACTS)
    assert found.columns[1].samples == ("500301-1******",)


def test_a_row_says_who_and_what() -> None:
    held = sheet(
        ("이름", "생일", "월세(단위:천원)", "동"), ("가 상 하", "1950.3.1", "300", "서대문구  충현동")
    )
    (row,) = rows(held, A="name", B="birth_date", C="rent", D="area")
    assert row.number == 2
    assert row.who == {"name": "가상하", "birth_date": "1950-03-01", "area": "서대문구 충현동"}
    assert row.says == {"rent": 300_000}
    assert not row.problems


def test_blank_rows_totals_and_repeated_heads_are_no_rows_and_numbers_stay_those_of_the_file() -> None:
    held = sheet(("성명", "월세"), ("가상하나", "1"), (), ("성명", "월세"), ("합계", "2"), ("가상두리", "2"))
    assert [row.number for row in rows(held, A="name", B="rent")] == [2, 6]


@pytest.mark.parametrize(
    ("meaning", "cell", "why"),
    [
        ("birth_date", "50301", "leading zero was lost"),
        ("birth_date", 70501, "leading zero was lost"),
        ("birth_date", "2050-01-01", "no day on which"),
        ("resident_number", "9.00101E+12", "last digits are lost"),
        ("resident_number", 9001010000000.0, "last digits are lost"),
        ("resident_number", 50301412345, "leading zeros"),
        ("person_id", "1.0E+12", "last digits are lost"),
        ("person_id", "A-1", "no number of the register"),
        ("name", "1950-03-01", "no name"),
        ("name", 17, "no name"),
    ],
)
def test_who_a_row_speaks_of_is_never_repaired_in_silence(meaning: str, cell: object, why: str) -> None:
    (row,) = rows(sheet(("머리",), (cell,)), A=meaning)
    assert row.misread
    assert row.problems[0].address == "A2"
    assert why in row.problems[0].what["en"]
    if meaning == "resident_number":
        assert "1234" not in row.problems[0].text


def test_a_value_that_cannot_be_read_leaves_the_rest_of_the_row() -> None:
    (row,) = rows(sheet(("성명", "월세"), ("가상하나", "이백")), A="name", B="rent")
    assert (row.misread, row.who, row.says) == (False, {"name": "가상하나"}, {})
    assert row.problems[0].address == "B2"


def test_a_flaw_of_the_sheet_is_a_problem_of_its_row() -> None:
    held = sheet(("성명", "월세"), ("가상하나", None), flaws={(1, 1): {"ko": "수식 오류", "en": "error"}})
    assert rows(held, A="name", B="rent")[0].problems[0].what["en"] == "error"


def test_a_resident_number_tells_birth_date_and_sex_and_is_kept_masked() -> None:
    (row,) = rows(sheet(("번호",), ("500301-1234567",)), A="resident_number")
    assert row.who == {"birth_date": "1950-03-01", "sex": "male", "resident_number": "500301-1******"}
    (row,) = rows(sheet(("번호",), ("502301-1234567",)), A="resident_number")
    assert row.who == {"resident_number": "502301-1******"}, "an invented person's month tells no birth date"


def test_thirteen_exact_digits_in_a_number_cell_are_a_resident_number() -> None:
    assert read_resident_number(5003011234567, TODAY) == (date(1950, 3, 1), "male")
    assert read_resident_number(5003011234567.0, TODAY) == (date(1950, 3, 1), "male")


@pytest.mark.parametrize(
    ("cell", "number", "lost"),
    [
        ("010-1234-5678", "010-1234-5678", False),
        ("01012345678", "010-1234-5678", False),
        ("+82 10 1234 5678", "010-1234-5678", False),
        ("(02) 330-1234", "02-330-1234", False),
        ("1533-1179", "1533-1179", False),
        (1012345678, "010-1234-5678", True),
        (1012345678.0, "010-1234-5678", True),
        (233012345, "02-3301-2345", True),
    ],
)
def test_a_telephone_number_is_read_and_a_lost_zero_is_told(cell: object, number: str, lost: bool) -> None:
    assert read_phone(cell) == (number, lost)
    if lost:
        (row,) = rows(sheet(("전화",), (cell,)), A="phone")
        assert row.remarks[0].address == "A2"


@pytest.mark.parametrize("cell", ["", "12345", "1.01E+09", "가상", True])
def test_what_is_no_telephone_number_is_refused(cell: object) -> None:
    with pytest.raises(NotReadable):
        read_phone(cell)
