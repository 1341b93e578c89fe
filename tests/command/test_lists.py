"""Lists as centres really have them: encodings, titles, merged cells, units; nothing is guessed and nothing
dropped in silence.
"""

from datetime import date
from pathlib import Path

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from welfare.intake import IntakeError, Layout, TakenIn, read_list
from welfare.rules import Catalogue

TODAY = date(2026, 11, 22)
KOREAN = """2026년 하반기 조사 대상,,,,,,,,
(단위: 천원),,,,,,,,
연번,세대번호,성명,주민등록번호,세대주와의 관계,월소득,월세,보증금(만원),임신여부
1,A-001,봄가람,500301-1******,본인,"1,200",300,500,X
2,A-001,별나래,520415-2******,처,300만원,300,500,x
3,A-002,숲다온,050399-3******,본인,이백,,,0
합계,,,,,,,,
"""


@pytest.fixture
def take(catalogue: Catalogue, tmp_path: Path):
    def take(
        contents: str | bytes, encoding: str = "utf-8", name: str = "list.csv", **options: object
    ) -> TakenIn:
        file = tmp_path / name
        file.write_bytes(contents if isinstance(contents, bytes) else contents.encode(encoding))
        return read_list(catalogue, file, TODAY, **options)  # type: ignore[arg-type]

    return take


def complaints(taken: TakenIn) -> dict[str, str]:
    return {one.address: one.what["en"] for one in taken.report.not_understood}


@pytest.mark.parametrize(
    ("encoding", "named"),
    [("cp949", "CP949"), ("utf-8", "UTF-8"), ("utf-8-sig", "UTF-8 (BOM)"), ("utf-16", "UTF-16")],
)
def test_a_korean_list_is_read_in_the_encodings_offices_use(take, encoding: str, named: str) -> None:
    taken = take(KOREAN, encoding)
    assert taken.report.form == f"CSV, {named}"
    assert taken.report.head_row == 3
    assert taken.households["household_id"].to_pylist() == ["A-001", "A-002"]
    assert taken.households["monthly_rent"].to_pylist() == [300_000, None]
    assert taken.households["lease_deposit"].to_pylist() == [5_000_000, None], (
        "this column has a unit of its own"
    )
    assert taken.members["earned_income"].to_pylist() == [1_200_000, 3_000_000, None]
    assert taken.members["birth_date"].to_pylist() == [date(1950, 3, 1), date(1952, 4, 15), None]
    assert taken.members["sex"].to_pylist() == ["male", "female", None]
    assert taken.members["couple"].to_pylist() == [1, 1, 0], "head and spouse are a couple"


def test_each_cell_that_was_not_understood_is_named_with_reason_and_mend(take) -> None:
    report = take(KOREAN, "cp949").report
    found = {one.address: one for one in report.not_understood}
    assert set(found) == {"D6", "F6", "I6"}
    assert found["F6"].what["ko"] == "금액으로 읽을 수 없습니다"
    assert found["F6"].mend["en"] == "write 3000000 or 300만원"
    assert "letter O or the number 0" in found["I6"].what["en"]
    assert "99" not in found["D6"].text, "a resident number is masked even when it is wrong"
    assert report.skipped == [("7", "합계")]


def test_names_are_left_behind_and_say_so(take) -> None:
    taken = take(KOREAN)
    assert "봄가람" not in str(taken.members.to_pylist()) + str(taken.households.to_pylist())
    assert any("성명" in line and "left behind" in line for line in taken.report.lines("en"))


def test_a_merged_title_and_merged_cells_of_a_workbook_are_understood(
    catalogue: Catalogue, tmp_path: Path
) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = "명단"
    for row in [
        ["홍제1동 저소득 어르신 명단", None, None, None, None],
        ["세대번호", "생년월일", "성별", "소득", None],
        [None, None, None, "국민연금", "사업소득"],
        [17, date(1950, 3, 1), "남", 310000, "12만원"],
        [None, "1952.4.15", "여", None, "모름"],
        [18, 19480707, "F", "3십만", "=1+1"],
    ]:
        sheet.append(row)
    for merged in ("A1:E1", "A2:A3", "B2:B3", "C2:C3", "D2:E2", "A4:A5"):
        sheet.merge_cells(merged)
    book.save(tmp_path / "list.xlsx")
    taken = read_list(catalogue, tmp_path / "list.xlsx", TODAY, layout=Layout.PERSON)
    assert taken.report.head_row == 3
    assert taken.members["household_id"].to_pylist() == [17, 17, 18], (
        "a household's number merged over its members' rows"
    )
    assert taken.members["birth_date"].to_pylist() == [date(1950, 3, 1), date(1952, 4, 15), date(1948, 7, 7)]
    assert taken.members["sex"].to_pylist() == ["male", "female", "female"]
    assert taken.members["national_pension"].to_pylist() == [310_000, None, 300_000]
    assert taken.members["business_income"].to_pylist() == [120_000, None, None]


def test_a_row_for_each_household_has_as_many_members_as_it_says(take) -> None:
    taken = take("가구번호,가구원수,세대주 생년월일,월세\n1,3,1970-01-01,30만원\n2,1,1950-01-01,-\n")
    assert taken.report.households == 2
    assert taken.members["household_id"].to_pylist() == [1, 1, 1, 2]
    assert taken.members["birth_date"].to_pylist() == [date(1970, 1, 1), None, None, date(1950, 1, 1)]
    assert taken.households["monthly_rent"].to_pylist() == [300_000, None], "a dash is no zero"


def test_a_list_that_does_not_say_who_lives_together_is_refused_not_guessed(take) -> None:
    with pytest.raises(IntakeError) as refused:
        take("성명,생년월일\n봄가람,1950-01-01\n")
    assert "household_id" in refused.value.mend["en"]
    assert take("성명,생년월일\n봄가람,1950-01-01\n", layout=Layout.ALONE).report.households == 1


def test_people_of_one_household_who_say_different_things_make_it_unknown(take) -> None:
    taken = take("세대번호,관계,월세\n1,본인,30만원\n1,자녀,40만원\n2,본인,50만원\n")
    assert taken.households["monthly_rent"].to_pylist() == [None, 500_000]
    assert complaints(taken) == {"C3": "differs from C2 of the same household"}


def test_a_row_without_a_household_number_is_reported_not_lost(take) -> None:
    taken = take("세대번호,관계,생년월일\n1,본인,1950-01-01\n,본인,1960-01-01\n")
    assert taken.report.households == 1
    assert "A3" in complaints(taken)


def test_numbers_that_would_lose_a_zero_stay_text(take) -> None:
    taken = take("세대번호,관계,생년월일\n007,본인,1950-01-01\n8,본인,1960-01-01\n")
    assert taken.households["household_id"].to_pylist() == ["007", "8"]


def test_an_alias_shared_by_an_amount_and_a_yes_or_no_is_told_apart_by_the_column(take) -> None:
    yes = take("세대번호,관계,기초연금\n1,본인,O\n2,본인,X\n")
    assert yes.members["receives_basic_pension"].to_pylist() == [True, False]
    won = take('세대번호,관계,기초연금\n1,본인,"349,700"\n2,본인,0\n')
    assert won.members["basic_pension_amount"].to_pylist() == [349_700, 0]


def test_a_column_nobody_knows_is_reported_and_can_be_explained(take) -> None:
    text = "세대번호,관계,한달 버는 돈\n1,본인,120만원\n"
    assert [column.head for column in take(text).report.unmatched] == ["한달 버는 돈"]
    taken = take(text, told={"한달 버는 돈": "earned_income"})
    assert taken.members["earned_income"].to_pylist() == [1_200_000]
    assert not taken.report.unmatched


def test_a_wrong_explanation_is_refused_with_near_names(take) -> None:
    with pytest.raises(IntakeError, match="earned_income"):
        take("세대번호,관계\n1,본인\n", told={"관계": "earned"})


def test_two_columns_for_one_fact_are_not_mixed(take) -> None:
    taken = take("세대번호,관계,월소득,근로소득\n1,본인,100만원,200만원\n")
    assert taken.members["earned_income"].to_pylist() == [1_000_000]
    assert "means the same as" in complaints(taken)["D1"]


def test_an_age_is_not_made_into_a_birth_date(take) -> None:
    taken = take("세대번호,관계,나이\n1,본인,70\n")
    assert "birth_date" not in taken.members.column_names
    assert any("an age does not tell the birth date" in line for line in taken.report.lines("en"))


@pytest.mark.parametrize(
    ("name", "contents", "what"),
    [
        ("list.xlsx", b"PK\x03\x04 not really", "is not an XLSX file"),
        ("list.hwp", b"x", "cannot be read"),
        ("list.csv", b"\xff\xffabc\x81", "neither UTF-8 nor CP949"),
        ("list.csv", "아무,말\n1,2\n".encode(), "no row holds a head that is known"),
        ("list.csv", "세대번호,관계\n".encode(), "no rows below the heads"),
        ("list.parquet", b"PAR1 but not", "is not a Parquet file"),
    ],
)
def test_a_file_that_is_no_list_is_refused_in_words(take, name: str, contents: bytes, what: str) -> None:
    with pytest.raises(IntakeError, match=what):
        take(contents, name=name)


def test_a_parquet_list_keeps_its_types(catalogue: Catalogue, tmp_path: Path) -> None:
    table = pa.table(
        {
            "household_id": [1, 1, 2],
            "birth_date": [date(1950, 1, 1), None, date(1980, 2, 2)],
            "pregnant": [False, None, True],
        }
    )
    pq.write_table(table, tmp_path / "list.parquet")
    taken = read_list(catalogue, tmp_path / "list.parquet", TODAY)
    assert taken.members["birth_date"].to_pylist() == [date(1950, 1, 1), None, date(1980, 2, 2)]
    assert taken.members["pregnant"].to_pylist() == [False, None, True]


def test_what_is_true_of_everybody_is_said_once_and_never_over_a_cell(take) -> None:
    text = "세대번호,관계,지역\n1,본인,서울\n2,본인,\n"
    taken = take(text, given={"region": "경기", "residence_status": "내국인"})
    assert taken.households["region"].to_pylist() == ["seoul", "gyeonggi"]
    assert taken.members["residence_status"].to_pylist() == ["korean", "korean"]
    assert {"region = gyeonggi: taken for 1 without a value of their own (--given)"} <= {
        n["en"] for n in taken.report.notes
    }
    for wrong in ({"regoin": "seoul"}, {"region": "달"}):
        with pytest.raises(IntakeError):
            take(text, given=wrong)
