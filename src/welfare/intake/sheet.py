"""Reads CSV, XLSX and Parquet into rows of cells whose addresses a person finds again in a spreadsheet.

Lists arrive as they were typed: CP949 or UTF-8 with or without a mark, tabs or semicolons, titles above the
heads, cells merged over several rows. Here only the reading; what the cells mean is the business of
`columns`, `cells` and `lists`.
"""

from __future__ import annotations

import csv
import io
import re
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from welfare.intake.report import IntakeError

BYTES_MAX = 500_000_000  # of one file, and of what an XLSX unpacks to
ROWS_MAX = 2_000_000
COLUMNS_MAX = 2_000
ENCODINGS = ("utf-8-sig", "cp949")


@dataclass
class Sheet:
    """A list as rows of plain values; `address` names a cell as a spreadsheet does (C7), rows counted from 1."""

    file: str
    form: str  # e.g. "CSV, CP949"
    rows: list[Sequence[Any]]
    name: str = ""
    merged: dict[tuple[int, int], tuple[int, int]] = field(
        default_factory=dict
    )  # cell → the cell that holds its value

    def cell(self, row: int, column: int) -> Any:
        """The value of a cell, through merging; None beyond the end of a row."""
        row, column = self.merged.get((row, column), (row, column))
        values = self.rows[row]
        return values[column] if column < len(values) else None

    @property
    def width(self) -> int:
        return max((len(row) for row in self.rows), default=0)

    def address(self, row: int, column: int) -> str:
        return f"{letters(column)}{row + 1}"


def letters(column: int) -> str:
    """The name a spreadsheet gives a column: A, B, …, Z, AA, …"""
    name = ""
    column += 1
    while column:
        column, rest = divmod(column - 1, 26)
        name = chr(65 + rest) + name
    return name


def read_sheet(file: Path, sheet: str | None = None) -> Sheet:
    """The first sheet of a file (or the one named) as rows of cells.

    Raises IntakeError when the file is missing, too large, damaged or of an unknown kind.
    """
    if not file.is_file():
        raise IntakeError(
            str(file),
            {"ko": "파일이 없습니다", "en": "there is no such file"},
            {"ko": "파일 이름과 위치를 확인하십시오", "en": "check the name and the folder"},
        )
    if file.stat().st_size > BYTES_MAX:
        raise _too_large(file)
    kind = file.suffix.lower()
    if kind in (".csv", ".tsv", ".txt"):
        return _read_csv(file)
    if kind in (".xlsx", ".xlsm"):
        return _read_xlsx(file, sheet)
    raise IntakeError(
        str(file),
        {
            "ko": f"{kind or '확장자 없는'} 파일은 읽을 수 없습니다",
            "en": f"{kind or 'a file without a suffix'} cannot be read",
        },
        {"ko": "CSV, XLSX 또는 Parquet로 저장하십시오", "en": "save it as CSV, XLSX or Parquet"},
    )


def _too_large(file: Path) -> IntakeError:
    return IntakeError(
        str(file),
        {"ko": f"파일이 {BYTES_MAX // 10**6} MB보다 큽니다", "en": f"is larger than {BYTES_MAX // 10**6} MB"},
        {"ko": "나누거나 Parquet로 저장하십시오", "en": "split it or save it as Parquet"},
    )


def _read_csv(file: Path) -> Sheet:
    data = file.read_bytes()
    text, encoding = _decoded(file, data)
    sample = text[:20_000]
    delimiter = max(",\t;|", key=lambda mark: sample.count(mark))
    rows: list[Sequence[Any]] = []
    try:
        csv.field_size_limit(1_000_000)
        for row in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter):
            rows.append(row)
            _check_size(file, rows)
    except csv.Error as error:
        raise IntakeError(
            str(file),
            {"ko": f"CSV 형식이 깨져 있습니다({error})", "en": f"is not readable as CSV ({error})"},
            {"ko": "엑셀에서 다시 저장하십시오", "en": "save it again from the spreadsheet"},
            f"{len(rows) + 1}",
        ) from None
    return Sheet(file.name, f"CSV, {encoding}", rows)


def _decoded(file: Path, data: bytes) -> tuple[str, str]:
    encodings = ("utf-16",) if data[:2] in (b"\xff\xfe", b"\xfe\xff") else ENCODINGS
    for encoding in encodings:
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError as error:
            last = error
            continue
        marked = " (BOM)" if data[:3] == b"\xef\xbb\xbf" else ""
        return text, {"utf-16": "UTF-16", "utf-8-sig": f"UTF-8{marked}", "cp949": "CP949"}[encoding]
    line = data[: last.start].count(b"\n") + 1
    raise IntakeError(
        str(file),
        {
            "ko": "UTF-8도 CP949도 아닌 글자가 있습니다",
            "en": "holds characters that are neither UTF-8 nor CP949",
        },
        {"ko": "엑셀에서 'CSV UTF-8'로 다시 저장하십시오", "en": "save it again as 'CSV UTF-8'"},
        f"{line}",
    )


def _read_xlsx(file: Path, wanted: str | None) -> Sheet:
    import openpyxl

    try:
        with zipfile.ZipFile(file) as archive:
            if sum(entry.file_size for entry in archive.infolist()) > BYTES_MAX:
                raise _too_large(file)
        book = openpyxl.load_workbook(file, read_only=True, data_only=True)
    except (zipfile.BadZipFile, KeyError, ValueError, OSError, EOFError):
        raise IntakeError(
            str(file),
            {"ko": "XLSX 파일이 아니거나 손상되었습니다", "en": "is not an XLSX file, or is damaged"},
            {
                "ko": "암호를 풀고 엑셀에서 XLSX로 다시 저장하십시오",
                "en": "remove its password and save it again as XLSX",
            },
        ) from None
    try:
        names = book.sheetnames
        if wanted is not None and wanted not in names:
            raise IntakeError(
                str(file),
                {"ko": f"'{wanted}' 시트가 없습니다", "en": f"has no sheet {wanted!r}"},
                {"ko": f"시트: {', '.join(names)}", "en": f"its sheets are {', '.join(names)}"},
            )
        chosen = (
            book[wanted]
            if wanted is not None
            else next((s for s in book.worksheets if s.sheet_state == "visible"), book.worksheets[0])
        )
        # A hostile file may claim a million rows by a wrong dimension; read what is really there.
        chosen.reset_dimensions()
        rows: list[Sequence[Any]] = []
        for row in chosen.iter_rows(values_only=True):
            rows.append(row)
            _check_size(file, rows)
        merged = _merged(file, chosen._worksheet_path)
    finally:
        book.close()
    return Sheet(file.name, "XLSX", rows, chosen.title, merged)


def _check_size(file: Path, rows: list[Sequence[Any]]) -> None:
    if len(rows) > ROWS_MAX or len(rows[-1]) > COLUMNS_MAX:
        raise IntakeError(
            str(file),
            {"ko": "행이나 열이 너무 많습니다", "en": "has too many rows or columns"},
            {"ko": "나누거나 Parquet로 저장하십시오", "en": "split it or save it as Parquet"},
            f"{len(rows)}",
        )


def _merged(file: Path, part: str) -> dict[tuple[int, int], tuple[int, int]]:
    """Cells merged into another, read from the end of the sheet's part (the streaming reader leaves them
    out).
    """
    with zipfile.ZipFile(file) as archive:
        text = archive.read(part.lstrip("/"))
    merged: dict[tuple[int, int], tuple[int, int]] = {}
    for found in re.finditer(rb'<mergeCell\s[^>]*?ref="([A-Z]{1,3})(\d{1,7}):([A-Z]{1,3})(\d{1,7})"', text):
        left, top, right, bottom = (
            _number(x) if i % 2 == 0 else int(x) - 1 for i, x in enumerate(found.groups())
        )
        if (right - left + 1) * (bottom - top + 1) > 10_000:
            continue
        for row in range(top, bottom + 1):
            for column in range(left, right + 1):
                if (row, column) != (top, left):
                    merged[row, column] = (top, left)
    return merged


def _number(name: bytes) -> int:
    number = 0
    for letter in name:
        number = number * 26 + letter - 64
    return number - 1
