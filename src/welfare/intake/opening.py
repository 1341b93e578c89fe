"""Opens a list by what it is: CSV in any usual encoding, or XLSX. What it is called counts for little.

`read_sheet` runs in this process and is for one's own files. For a file that came from elsewhere there is
`apart.read_sheet_apart`.
"""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import Any

from welfare.intake.encoding import decoded
from welfare.intake.report import IntakeError
from welfare.intake.sheet import BROKEN, OWN, Limits, Sheet, clean, is_broken, without_trailing_blanks

_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_XLSX = {"ko": "엑셀에서 XLSX로 다시 저장하십시오", "en": "save it again as XLSX"}


def read_sheet(file: Path, sheet: str | None = None, limits: Limits = OWN) -> Sheet:
    """The first visible sheet of a file (or the one named) as rows of cells.

    Raises IntakeError when the file is missing, too large, damaged, dangerous or of an unknown kind.
    """
    if not file.is_file():
        raise IntakeError(
            str(file),
            {"ko": "파일이 없습니다", "en": "there is no such file"},
            {"ko": "파일 이름과 위치를 확인하십시오", "en": "check the name and the folder"},
        )
    if file.stat().st_size > limits.bytes:
        megabytes = limits.bytes // 10**6
        raise IntakeError(
            file.name,
            {"ko": f"파일이 {megabytes} MB보다 큽니다", "en": f"is larger than {megabytes} MB"},
            {"ko": "나누거나 Parquet로 저장하십시오", "en": "split it or save it as Parquet"},
        )
    with file.open("rb") as opened:
        begins = opened.read(512)
    kind = file.suffix.lower()
    _refuse_disguised(file, begins, kind)
    if kind in (".csv", ".tsv", ".txt"):
        return _read_csv(file, limits)
    if kind == ".xlsx":
        from welfare.intake.workbook import read_workbook

        return read_workbook(file, sheet, limits)
    raise IntakeError(
        file.name,
        {
            "ko": f"{kind or '확장자 없는'} 파일은 읽을 수 없습니다",
            "en": f"{kind or 'a file without a suffix'} cannot be read",
        },
        {"ko": "CSV, XLSX 또는 Parquet로 저장하십시오", "en": "save it as CSV, XLSX or Parquet"},
    )


def _refuse_disguised(file: Path, begins: bytes, kind: str) -> None:
    """A file that is something else than its name says, told in words of what it is. Raises IntakeError."""
    what: dict[str, str] | None = None
    if not begins:
        what = {"ko": "빈 파일입니다", "en": "is empty"}
    elif begins.startswith(_OLE):
        what = {
            "ko": "암호가 걸렸거나 옛 엑셀(XLS), 한글(HWP) 형식입니다",
            "en": "is protected by a password, or of an old format (XLS, HWP)",
        }
    elif kind == ".xlsm":
        what = {"ko": "매크로를 담는 형식(XLSM)입니다", "en": "is of the format that carries macros (XLSM)"}
    elif kind in (".xlsx", ".xls") and begins.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] == b"<":
        what = {
            "ko": "이름만 엑셀이고 내용은 웹 문서(HTML)입니다",
            "en": "is a web page under the name of a workbook",
        }
    elif kind in (".csv", ".tsv", ".txt") and begins.startswith(b"PK\x03\x04"):
        what = {
            "ko": "이름은 CSV인데 내용은 압축 파일(XLSX 등)입니다",
            "en": "is a ZIP (such as XLSX) under the name of a CSV",
        }
    if what is not None:
        raise IntakeError(file.name, what, _XLSX)


def _read_csv(file: Path, limits: Limits) -> Sheet:
    text, encoding = decoded(file.name, file.read_bytes())
    sample = text[:20_000]
    delimiter = max(",\t;|", key=lambda mark: sample.count(mark))
    sheet = Sheet(file.name, f"CSV, {encoding}", [])
    filled = cells = 0
    try:
        csv.field_size_limit(1_000_000)
        for row in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=False):
            values: list[Any] = [value if value.isascii() else clean(value) for value in row]
            for column, value in enumerate(values):
                if not value.isascii() and is_broken(value):
                    sheet.flaws[len(sheet.rows), column] = dict(BROKEN)
                    values[column] = None
            held = sum(value not in ("", None) for value in values)
            filled += bool(held)
            cells += held
            width = len(values) if held else 0
            if filled > limits.rows or cells > limits.cells or width > limits.columns:
                raise _too_many(file, len(sheet.rows) + 1)
            sheet.rows.append(values if held else ())
    except csv.Error:
        raise IntakeError(
            file.name,
            {"ko": "CSV 형식이 깨져 있습니다", "en": "is not readable as CSV"},
            {"ko": "엑셀에서 다시 저장하십시오", "en": "save it again from the spreadsheet"},
            f"{len(sheet.rows) + 1}",
        ) from None
    without_trailing_blanks(sheet.rows)
    return sheet


def _too_many(file: Path, row: int) -> IntakeError:
    return IntakeError(
        file.name,
        {"ko": "행이나 열, 칸이 너무 많습니다", "en": "has too many rows, columns or cells"},
        {
            "ko": "필요한 행과 열만 남기고 나누어 저장하십시오",
            "en": "keep only the rows and columns needed, and split it",
        },
        f"{row}",
    )
