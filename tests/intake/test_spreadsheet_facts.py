"""What spreadsheets do to lists comes in with a word about it, never repaired in silence (reliability I2)."""

from datetime import date, datetime
from pathlib import Path

import pytest

from tests.intake.workbooks import parts, text_cell, write
from welfare.intake.opening import read_sheet
from welfare.intake.sheet import Sheet


def read(tmp_path: Path, rows: str, **more: str) -> Sheet:
    return read_sheet(write(tmp_path / "list.xlsx", parts(rows, **more)))  # type: ignore[arg-type]


def cell(xml: str) -> str:
    return f'<row r="1">{xml}</row>'


def said(sheet: Sheet) -> str:
    return "\n".join(note["en"] for note in sheet.notes)


@pytest.mark.parametrize(
    ("style", "number", "day"),
    [
        (1, "18323", date(1950, 3, 1)),
        (2, "18323", date(1950, 3, 1)),
        (1, "1", date(1900, 1, 1)),
        (1, "59", date(1900, 2, 28)),
        (1, "61", date(1900, 3, 1)),
        (1, "18323.5", datetime(1950, 3, 1, 12)),
        (0, "18323", 18323),
        (3, "18323", 18323),
    ],
)
def test_a_number_is_a_day_where_its_format_says_so(
    tmp_path: Path, style: int, number: str, day: object
) -> None:
    assert read(tmp_path, cell(f'<c r="A1" s="{style}"><v>{number}</v></c>')).cell(0, 0) == day


def test_a_workbook_that_counts_from_1904_is_read_so_and_says_so(tmp_path: Path) -> None:
    sheet = read(tmp_path, cell('<c r="A1" s="1"><v>16861</v></c>'), book=' date1904="1"')
    assert sheet.cell(0, 0) == date(1950, 3, 1)
    assert "1904" in said(sheet)


@pytest.mark.parametrize("number", ["60", "-1", "99999999"])
def test_a_day_no_calendar_has_is_pointed_out(tmp_path: Path, number: str) -> None:
    sheet = read(tmp_path, cell(f'<c r="A1" s="1"><v>{number}</v></c>{text_cell("B1", "x")}'))
    assert sheet.cell(0, 0) is None
    assert "no day" in (sheet.flaw(0, 0) or {})["en"]


def test_numbers_come_in_as_they_are_stored(tmp_path: Path) -> None:
    xml = "".join(
        f'<c r="{c}1"><v>{v}</v></c>'
        for c, v in zip("ABCDE", ["9001011234567", "9.00101E+12", "-5", "0.5", "1012345678"], strict=True)
    )
    assert read(tmp_path, cell(xml)).rows[0] == [9001011234567, 9001010000000.0, -5, 0.5, 1012345678]


def test_a_formula_is_read_by_its_stored_result_or_pointed_out(tmp_path: Path) -> None:
    sheet = read(
        tmp_path,
        cell(
            '<c r="A1"><f>1+1</f><v>2</v></c><c r="B1"><f>1+1</f></c><c r="C1" t="str"><f>"a"</f><v>가상</v></c>'
            '<c r="D1" t="e"><v>#REF!</v></c>'
        ),
    )
    assert list(sheet.rows[0]) == [2, None, "가상", None]
    assert "never calculated" in (sheet.flaw(0, 1) or {})["en"]
    assert "error" in (sheet.flaw(0, 3) or {})["en"]
    assert "3 cells hold formulas" in said(sheet)


def test_hidden_rows_and_columns_are_read_and_named(tmp_path: Path) -> None:
    rows = "".join(
        f'<row r="{r}"{h}>{text_cell(f"A{r}", "x")}{text_cell(f"B{r}", "y")}</row>'
        for r, h in ((1, ""), (2, ' hidden="1"'), (3, ""))
    )
    sheet = read(tmp_path, rows, before='<cols><col min="2" max="2" hidden="1"/></cols>')
    assert len(sheet.rows) == 3
    assert "1 hidden rows are read too: 2" in said(sheet)
    assert "hidden columns are read too: B" in said(sheet)


def test_merged_cells_share_their_value_and_their_flaw(tmp_path: Path) -> None:
    rows = f'<row r="1">{text_cell("A1", "7")}<c r="B1" t="e"><v>#N/A</v></c></row><row r="2">{text_cell("C2", "z")}</row>'
    sheet = read(
        tmp_path, rows, after='<mergeCells><mergeCell ref="A1:A2"/><mergeCell ref="B1:B2"/></mergeCells>'
    )
    assert sheet.cell(1, 0) == "7"
    assert sheet.flaw(1, 1)


def test_two_hundred_thousand_formatted_blank_rows_are_no_rows(tmp_path: Path) -> None:
    blank = "".join(f'<row r="{r}"><c r="A{r}" s="1"/><c r="B{r}" s="1"/></row>' for r in range(2, 200_002))
    sheet = read(tmp_path, f'<row r="1">{text_cell("A1", "성명")}</row>{blank}')
    assert len(sheet.rows) == 1
    assert "200,000 blank rows" in said(sheet)


def test_a_gap_keeps_the_addresses_of_what_follows(tmp_path: Path) -> None:
    sheet = read(tmp_path, f'<row r="1">{text_cell("A1", "x")}</row><row r="9">{text_cell("C9", "y")}</row>')
    assert sheet.address(8, 2) == "C9"
    assert sheet.cell(8, 2) == "y"
    assert sheet.cell(4, 0) is None


def test_readings_above_words_and_escapes_are_left_out(tmp_path: Path) -> None:
    strings = "<si><r><t>가상</t></r><r><t>하나</t></r><rPh><t>다른말</t></rPh></si><si><t>가_x000D_나_xD800_</t></si>"
    sheet = read(tmp_path, cell('<c r="A1" t="s"><v>0</v></c><c r="B1" t="s"><v>1</v></c>'), strings=strings)
    assert list(sheet.rows[0]) == ["가상하나", "가\r나"]


def test_a_workbook_made_by_openpyxl_reads_the_same(tmp_path: Path) -> None:
    import openpyxl

    book = openpyxl.Workbook()
    page = book.active
    assert page is not None
    rows = [
        ["성명", "생일", "수", "여부"],
        ["가상하나", date(1950, 3, 1), 3.5, True],
        ["가상두리", datetime(2000, 1, 2, 3, 4), -5, None],
    ]
    for row in rows:
        page.append(row)
    book.create_sheet("둘째")
    book.save(tmp_path / "list.xlsx")
    sheet = read_sheet(tmp_path / "list.xlsx")
    assert [list(row) for row in sheet.rows] == [rows[0], rows[1], rows[2][:3]]
