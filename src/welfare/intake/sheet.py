"""A list as rows of cells whose addresses a person finds again in a spreadsheet, and how large one may be.

Only the cells; where they come from is the business of `opening`, what they mean that of `columns`, `cells`, `lists`
and `agency`.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from welfare.facts.fact import Text


@dataclass(frozen=True)
class Limits:
    """How large a file may be before it is refused.

    `bytes` of the file; `unpacked` bytes of one part of a workbook; `rows` and `cells` with something in them; `columns`
    is the last one that may hold something.
    """

    bytes: int
    unpacked: int
    rows: int
    columns: int
    cells: int


# What a person gives the command line on their own machine, and what the hub takes from anybody.
OWN = Limits(bytes=500_000_000, unpacked=2_000_000_000, rows=2_000_000, columns=2_000, cells=40_000_000)
OFFICE = Limits(bytes=30_000_000, unpacked=200_000_000, rows=200_000, columns=500, cells=3_000_000)


@dataclass
class Sheet:
    """A list as rows of plain values; `address` names a cell as a spreadsheet does (C7), rows counted from 1.

    `flaws` are cells whose contents cannot be trusted (an error, a formula that was never calculated, broken letters):
    their value is None and what is wrong stands here. `notes` say what a reader of the report should know of the sheet.
    """

    file: str
    form: str  # e.g. "CSV, CP949"
    rows: list[Sequence[Any]]
    name: str = ""
    merged: dict[tuple[int, int], tuple[int, int]] = field(
        default_factory=dict
    )  # cell → the cell that holds its value
    flaws: dict[tuple[int, int], Text] = field(default_factory=dict)
    notes: list[Text] = field(default_factory=list)

    def cell(self, row: int, column: int) -> Any:
        """The value of a cell, through merging; None beyond the end of a row."""
        row, column = self.merged.get((row, column), (row, column))
        values = self.rows[row]
        return values[column] if column < len(values) else None

    def flaw(self, row: int, column: int) -> Text | None:
        """What is wrong with the contents of a cell, through merging."""
        return self.flaws.get(self.merged.get((row, column), (row, column)))

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


BROKEN: Text = {
    "ko": "글자가 이미 깨져 있습니다(다른 문자 부호로 저장된 파일)",
    "en": "its letters were broken before (saved in another encoding)",
}
_UNSEEN = dict.fromkeys(map(ord, "\ufeff\u200b\u200c\u200d\u2060\x00"))


def clean(text: str) -> str:
    """Text as it is kept: composed (NFC; a Mac writes 한 as three letters) and without marks nobody sees."""
    if text.isascii() and "\x00" not in text:
        return text
    return unicodedata.normalize("NFC", text.translate(_UNSEEN))


def is_broken(text: str) -> bool:
    """Whether letters were lost before the text came here: replacement marks, or Korean read as Western letters."""
    if "\ufffd" in text:
        return True
    if text.isascii() or any(letter >= "\u1100" for letter in text):
        return False
    try:
        korean = text.encode("latin-1").decode("cp949")
    except UnicodeError:
        return False
    syllables = sum("가" <= letter <= "힣" for letter in korean)
    return syllables >= 2 and syllables == sum(not letter.isascii() for letter in korean)


def without_trailing_blanks(rows: list[Sequence[Any]]) -> int:
    """Take rows without any value off the end; returns how many."""
    before = len(rows)
    while rows and not any(value not in (None, "") for value in rows[-1]):
        rows.pop()
    return before - len(rows)
