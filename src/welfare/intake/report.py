"""What was understood of a list and what was not: nothing is dropped in silence."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from welfare.facts.fact import Text

NAMES_SHOWN = 8  # columns that are headed by the very name of their fact; more are only counted
SHOWN = 20  # cells of one kind that are printed; the file in the run folder has all of them


class IntakeError(Exception):
    """A file that cannot be taken in: which file, where in it, why, and how to mend it."""

    def __init__(self, file: str, what: Text, mend: Text, where: str = "") -> None:
        super().__init__(f"{file}{': ' + where if where else ''}: {what['en']} → {mend['en']}")
        self.file, self.where, self.what, self.mend = file, where, what, mend

    def told(self, language: str) -> str:
        place = f"{self.file}: {self.where}" if self.where else self.file
        return f"{place}: {self.what[language]}\n    → {self.mend[language]}"


@dataclass(frozen=True)
class NotUnderstood:
    """One cell (or column) that was left unknown: its address, what stands there, why, and how to mend it."""

    address: str
    head: str
    text: str
    what: Text
    mend: Text


@dataclass(frozen=True)
class Column:
    """One column of the list: where it stands and what it was taken for.

    `meaning` is a fact's name, one of the roles of `columns`, or "" when it was not understood; `by` says
    what it was recognised by: name, label, alias, role, told (on the command line) or nothing.
    """

    address: str
    head: str
    meaning: str
    by: str
    note: Text | None = None


@dataclass
class Report:
    """What became of a list. `empty` counts cells without a value by column, `read_as` the loosely matched
    words.
    """

    file: str
    form: str = ""
    sheet: str = ""
    head_row: int = 0
    rows: int = 0
    households: int = 0
    members: int = 0
    columns: list[Column] = field(default_factory=list)
    not_understood: list[NotUnderstood] = field(default_factory=list)
    notes: list[Text] = field(default_factory=list)
    skipped: list[tuple[str, str]] = field(default_factory=list)  # row address, its first text
    read_as: dict[str, dict[str, str]] = field(default_factory=dict)  # head → word → code

    def note(self, ko: str, en: str) -> None:
        self.notes.append({"ko": ko, "en": en})

    @property
    def unmatched(self) -> list[Column]:
        return [column for column in self.columns if not column.meaning]

    def lines(self, language: str, shown: int = SHOWN) -> list[str]:
        """The report as text for a terminal or a file."""
        ko = language == "ko"
        sheet = f", {'시트' if ko else 'sheet'} {self.sheet}" if self.sheet else ""
        lines = [f"{'명단' if ko else 'List'}: {self.file} ({self.form}{sheet})"]
        if not self.head_row:
            counts = (
                f"{self.households:,}가구 {self.members:,}명"
                if ko
                else f"{self.households:,} households, {self.members:,} people"
            )
            lines.append(f"  {counts}")
        elif ko:
            lines.append(
                f"  머리글 {self.head_row}행, 자료 {self.rows:,}행 → {self.households:,}가구 {self.members:,}명"
            )
        else:
            lines.append(
                f"  heads in row {self.head_row}, {self.rows:,} rows → "
                f"{self.households:,} households, {self.members:,} people"
            )
        lines += [f"  {note[language]}" for note in self.notes]
        matched = [column for column in self.columns if column.meaning]
        lines.append(f"  {'알아본 열' if ko else 'Columns understood'} ({len(matched)}/{len(self.columns)}):")
        plain_names = [column for column in matched if column.head == column.meaning and not column.note]
        if len(plain_names) > NAMES_SHOWN:
            lines.append(
                f"    {len(plain_names)}{'개 열의 머리글이 사실의 이름 그대로입니다' if ko else ' headed by the names of their facts'}"
            )
            matched = [column for column in matched if column not in plain_names]
        for column in matched:
            note = f"  [{column.note[language]}]" if column.note else ""
            lines.append(f"    {column.address:>4} {column.head} → {column.meaning}{note}")
        for head, words in self.read_as.items():
            pairs = ", ".join(f"{word} → {code}" for word, code in words.items())
            lines.append(f"    {head}: {pairs}")
        if self.unmatched:
            lines.append(f"  {'알아보지 못한 열(쓰지 않음)' if ko else 'Columns not understood (not used)'}:")
            for column in self.unmatched:
                note = f"  [{column.note[language]}]" if column.note else ""
                lines.append(f"    {column.address:>4} {column.head}{note}")
            lines.append(
                "    → 뜻하는 사실이 있으면 --column '머리글=사실이름'으로 알려 주십시오."
                if ko
                else "    → If one means a fact, say so with --column 'HEAD=FACT'."
            )
        if self.skipped:
            rows = ", ".join(f"{row} ({text})" for row, text in self.skipped[:5]) + (
                " …" if len(self.skipped) > 5 else ""
            )
            lines.append(f"  {'건너뛴 행' if ko else 'Rows passed over'}: {rows}")
        if self.not_understood:
            count = len(self.not_understood)
            lines.append(
                f"  알아보지 못한 칸 {count:,}개 — '모름'으로 두었습니다:"
                if ko
                else f"  {count:,} cells not understood; they are taken as unknown:"
            )
            for one in self.not_understood[:shown]:
                lines.append(f"    {one.address} {one.head}: {one.text!r}: {one.what[language]}")
                lines.append(f"        → {one.mend[language]}")
            if count > shown:
                more = count - shown
                lines.append(f"    … {'그 밖에' if ko else 'and'} {more:,}{'개' if ko else ' more'}")
        return lines

    def plain(self) -> dict[str, Any]:
        """The whole report as plain values, for intake.json in a run folder."""
        return {
            "file": self.file,
            "form": self.form,
            "sheet": self.sheet,
            "head_row": self.head_row,
            "rows": self.rows,
            "households": self.households,
            "members": self.members,
            "columns": [
                {"address": c.address, "head": c.head, "meaning": c.meaning, "by": c.by, "note": c.note}
                for c in self.columns
            ],
            "notes": self.notes,
            "skipped": [{"row": row, "text": text} for row, text in self.skipped],
            "read_as": self.read_as,
            "not_understood": [
                {"address": c.address, "head": c.head, "text": c.text, "what": c.what, "mend": c.mend}
                for c in self.not_understood
            ],
        }
