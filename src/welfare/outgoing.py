"""Tables on their way out, as CSV and XLSX: the one place that makes a cell harmless to the spreadsheet that opens it.

A name that begins with "=" is a formula to a spreadsheet, and a formula can call programs and send what stands beside it
elsewhere (CSV injection, ASVS 5.0 1.2.10). Every file of the hub and of the library that a person may open in a
spreadsheet is written through here.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Sequence

# What spreadsheets take for the beginning of a formula, or for a blank before one.
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "\x00", "|", "%", "＝", "＋", "－", "＠")
_NUMBER = re.compile(r"[-+]?[0-9]{1,3}(?:,?[0-9]{3})*(?:\.[0-9]+)?%?")
_INVISIBLE = " \u00a0\u3000\u200b\ufeff"


def harmless(value: object) -> object:
    """A cell no spreadsheet takes for a formula: a leading apostrophe marks it as text. Numbers, also as text, pass."""
    if not isinstance(value, str) or not value.lstrip(_INVISIBLE).startswith(FORMULA):
        return value
    return value if _NUMBER.fullmatch(value) else "'" + value


def as_csv(heads: Sequence[str], rows: Iterable[Sequence[object]]) -> bytes:
    """A table as CSV that Korean spreadsheets open by double click: UTF-8 with its mark, lines ended as on Windows."""
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow([harmless(head) for head in heads])
    writer.writerows([harmless(value) for value in row] for row in rows)
    return b"\xef\xbb\xbf" + text.getvalue().encode()


def as_xlsx(title: str, heads: Sequence[str], rows: Iterable[Sequence[object]]) -> bytes:
    """A table as XLSX. Text is stored as text, with the format's own mark (quotePrefix) where it looks like a formula."""
    from openpyxl import Workbook

    book = Workbook(write_only=True)
    sheet = book.create_sheet(title[:31])
    for row in (heads, *rows):
        sheet.append([text_cell(sheet, value) for value in row])
    held = io.BytesIO()
    book.save(held)
    return held.getvalue()


def text_cell(sheet: object, value: object) -> object:
    """A value for `append` of a workbook that is written line by line; text never becomes a formula in it."""
    from openpyxl.cell import WriteOnlyCell

    if not isinstance(value, str):
        return value
    cell = WriteOnlyCell(sheet, _ILLEGAL.sub("", value))
    cell.data_type = "s"
    if harmless(value) != value:
        cell.quotePrefix = True
    return cell


_ILLEGAL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f]")
