"""A list about people on the register, as an agency sends it: who each row speaks of, and what it says of them.

Different from `lists`, where a list *is* the population: here a row must be brought together with somebody the register
knows, so names, birth dates and telephone numbers are read too, and a row says nothing about who lives with whom. What a
column means is guessed, then decided by a person and remembered by whoever calls.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date

from welfare.facts import Fact
from welfare.facts.fact import BUILT_IN, Text
from welfare.intake.cells import (
    NotReadable,
    is_empty,
    plain,
    read_cell,
    read_date,
    read_phone,
    read_resident_number,
)
from welfare.intake.columns import (
    HEAD_ROWS,
    Dictionary,
    body,
    find_heads,
    normal,
    role_of,
    unit_of_head,
    unit_of_sheet,
    unused_kind,
)
from welfare.intake.report import IntakeError, NotUnderstood
from welfare.intake.sheet import Sheet, letters

LEFT_OUT = "-"
# Meanings of a column that say whom a row speaks of, in the order in which forms offer them. `birth_date` and `sex` are
# facts too: on a list about people the register knows they identify, and are not written.
IDENTITY: dict[str, Text] = {
    "person_id": {"ko": "개인번호(명부)", "en": "Number of the person on the register"},
    "household_id": {"ko": "세대번호(명부)", "en": "Number of the household on the register"},
    "name": {"ko": "성명", "en": "Name"},
    "birth_date": {"ko": "생년월일", "en": "Date of birth"},
    "sex": {"ko": "성별", "en": "Sex"},
    "resident_number": {"ko": "주민등록번호", "en": "Resident number"},
    "phone": {"ko": "전화번호", "en": "Telephone number"},
    "address": {"ko": "주소", "en": "Address"},
    "area": {"ko": "행정동", "en": "Dong"},
}
SAMPLES = 3


@dataclass(frozen=True)
class Column:
    """One column under its head: where it stands, what it probably means, how that is known, and a few of its cells."""

    place: int
    address: str
    head: str
    meaning: str  # a key of IDENTITY, a fact's name, LEFT_OUT, or "" when nobody can tell
    by: str  # remembered, name, label, alias, role, or ""
    samples: tuple[str, ...]
    doubled: bool = False  # another column has the same head


@dataclass(frozen=True)
class Guess:
    """How a list is probably laid out: the row of heads (from 0) and its columns."""

    head_row: int
    columns: tuple[Column, ...]

    @property
    def meanings(self) -> dict[int, str]:
        """Meanings by column, of those that mean something."""
        return {c.place: c.meaning for c in self.columns if c.meaning not in ("", LEFT_OUT)}


@dataclass(frozen=True)
class Row:
    """One row read: `who` by the keys of IDENTITY, as text; `says` by fact name, as plain values of the library.

    `problems` are cells that could not be read (`misread` when one of them says who it is), `remarks` cells that were read
    with a doubt that is told.
    """

    number: int
    who: dict[str, str]
    says: dict[str, object]
    problems: tuple[NotUnderstood, ...] = ()
    remarks: tuple[NotUnderstood, ...] = ()
    misread: bool = False


def guess(sheet: Sheet, facts: Mapping[str, Fact], remembered: Mapping[str, str] | None = None) -> Guess:
    """Where the heads stand and what each column means; `remembered` maps heads to meanings decided before.

    Raises IntakeError when the sheet has no line that could be heads.
    """
    known = {normal(head): meaning for head, meaning in (remembered or {}).items()}
    dictionary = Dictionary({name: fact for name, fact in facts.items() if name not in BUILT_IN})
    head_row = _head_row(sheet, dictionary, known)
    texts = [_head_text(sheet, head_row, column) for column in range(sheet.width)]
    columns = []
    for place, head in enumerate(texts):
        samples = _samples(sheet, head_row, place)
        if not head and not samples:
            continue
        meaning, by = _meaning(head, dictionary, known)
        doubled = bool(head) and [normal(text) for text in texts].count(normal(head)) > 1
        columns.append(Column(place, letters(place), head, meaning, by, samples, doubled))
    return Guess(head_row, _each_once(columns))


def _head_row(sheet: Sheet, dictionary: Dictionary, known: Mapping[str, str]) -> int:
    """The row whose heads were met before or are known; failing that the first that is filled like heads."""
    rows = range(min(HEAD_ROWS, len(sheet.rows)))
    filled = {
        row: [normal(text) for column in range(sheet.width) if (text := sheet.cell(row, column))]
        for row in rows
    }
    if known:
        met = {row: sum(text in known for text in texts) for row, texts in filled.items()}
        best = max(met, key=lambda row: (met[row], -row), default=0)
        if met and met[best] >= 2:
            return best
    try:
        return find_heads(sheet, dictionary, {}).row
    except IntakeError:
        widest = max((len(texts) for texts in filled.values()), default=0)
        for row, texts in filled.items():
            if len(texts) == widest > 1 and not any(text.isdecimal() for text in texts):
                return row
        raise


def _head_text(sheet: Sheet, row: int, column: int) -> str:
    value = sheet.cell(row, column)
    if is_empty(value) and row > 0:
        # Heads over two lines: what is merged above speaks for the column; a title over the whole sheet does not.
        above = {
            str(sheet.cell(row - 1, c)) for c in range(sheet.width) if not is_empty(sheet.cell(row - 1, c))
        }
        value = sheet.cell(row - 1, column) if len(above) > 1 else None
    return "" if is_empty(value) else " ".join(str(value).split())


def _meaning(head: str, dictionary: Dictionary, known: Mapping[str, str]) -> tuple[str, str]:
    if not head:
        return "", ""
    if (said := known.get(normal(head))) and (
        said in IDENTITY or said == LEFT_OUT or said in dictionary.facts
    ):
        return said, "remembered"
    kind = unused_kind(head)
    if kind in IDENTITY:
        return kind, "role"
    role, _ = role_of(head)
    if role in IDENTITY:
        return role, "role"
    found = dictionary.find(head)
    if len(found) == 1:
        return next(iter(found.items()))
    return (LEFT_OUT, "role") if kind or role else ("", "")


def _each_once(columns: list[Column]) -> tuple[Column, ...]:
    """The first column of each meaning keeps it; whether the second means something else a person says."""
    seen: set[str] = set()
    kept = []
    for column in columns:
        if column.meaning in seen and column.meaning != LEFT_OUT:
            column = Column(column.place, column.address, column.head, "", "", column.samples, column.doubled)
        seen.add(column.meaning)
        kept.append(column)
    return tuple(kept)


def _samples(sheet: Sheet, head_row: int, column: int) -> tuple[str, ...]:
    """The first few cells below a head, long ones cut and resident numbers covered."""
    found: list[str] = []
    for row in range(head_row + 1, min(head_row + 60, len(sheet.rows))):
        value = sheet.cell(row, column)
        if not is_empty(value) and (text := covered(str(value))[:24]) not in found:
            found.append(text)
            if len(found) == SAMPLES:
                break
    return tuple(found)


def covered(text: str) -> str:
    """A text in which every resident number shows its birth date and sex only."""
    return re.sub(r"(\d{6})-?([0-9])\d{6}(?!\d)", r"\1-\2******", text)


def read_rows(
    sheet: Sheet, head_row: int, meanings: Mapping[int, str], facts: Mapping[str, Fact], today: date
) -> Iterator[Row]:
    """Every row below the heads that holds data. `meanings` by column; `today` resolves years of two digits.

    A value is read or it is a problem with its address; nothing is repaired in silence.
    """
    heads = [_head_text(sheet, head_row, column) for column in range(sheet.width)]
    unit = unit_of_sheet(sheet, head_row)
    units = {column: unit_of_head(heads[column]) or unit for column in meanings}
    for row in body(sheet, head_row, heads).rows:
        reading = _Reading(sheet, row, heads, facts, today)
        for column, meaning in meanings.items():
            reading.take(column, meaning, units[column])
        yield reading.row()


@dataclass
class _Reading:
    sheet: Sheet
    place: int
    heads: list[str]
    facts: Mapping[str, Fact]
    today: date
    who: dict[str, str] = field(default_factory=dict)
    says: dict[str, object] = field(default_factory=dict)
    problems: list[NotUnderstood] = field(default_factory=list)
    remarks: list[NotUnderstood] = field(default_factory=list)
    misread: bool = False

    def row(self) -> Row:
        return Row(
            self.place + 1, self.who, self.says, tuple(self.problems), tuple(self.remarks), self.misread
        )

    def take(self, column: int, meaning: str, unit: int) -> None:
        """Read one cell into what it means, or note what is wrong with it."""
        if flaw := self.sheet.flaw(self.place, column):
            mend = {"ko": "칸의 값을 바로잡으십시오", "en": "correct the cell"}
            self._problem(column, meaning, "", flaw, mend)
            return
        value = self.sheet.cell(self.place, column)
        if is_empty(value):
            return
        try:
            if meaning in IDENTITY:
                self._identify(column, meaning, value)
            else:
                said = read_cell(self.facts[meaning], value, self.today, unit)
                if said is not None:
                    self.says[meaning] = said
        except NotReadable as error:
            self._problem(column, meaning, value, error.what, error.mend)

    def _identify(self, column: int, meaning: str, value: object) -> None:
        match meaning:
            case "person_id" | "household_id":
                self.who[meaning] = _register_number(value)
            case "name":
                self.who[meaning] = _name(value)
            case "birth_date":
                self.who[meaning] = _born(value, self.today).isoformat()
            case "sex":
                if (sex := read_cell(self.facts["sex"], value, self.today)) is not None:
                    self.who[meaning] = str(sex)
            case "resident_number":
                self._number(value)
            case "phone":
                self.who[meaning], lost = read_phone(value)
                if lost:
                    self._remark(
                        column,
                        value,
                        {"ko": "앞의 0이 지워져 다시 붙였습니다", "en": "had lost its first zero; it was put back"},
                        {"ko": f"{self.who[meaning]}이 맞는지 확인하십시오", "en": f"check that it is {self.who[meaning]}"},
                    )  # fmt: skip
            case _:
                self.who[meaning] = " ".join(str(value).split())[:200]

    def _number(self, value: object) -> None:
        """A resident number is kept as the register keeps it, masked; birth date and sex follow from it."""
        text = plain(value)
        found = re.fullmatch(r"(\d{2})(\d{2})(\d{2})-?(\d)[\d*x]{6}", text)
        if found and int(found[2]) > 20:  # invented people have months no calendar has
            self.who["resident_number"] = f"{found[1]}{found[2]}{found[3]}-{found[4]}******"
            return
        born, sex = read_resident_number(value, self.today)
        self.who.setdefault("birth_date", born.isoformat())
        if sex is not None:
            self.who.setdefault("sex", sex)
            digits = re.sub(r"\D", "", text)
            self.who["resident_number"] = f"{digits[:6]}-{digits[6]}******"

    def _note(self, column: int, value: object, what: Text, mend: Text) -> NotUnderstood:
        shown = covered(str(value))[:60]
        return NotUnderstood(self.sheet.address(self.place, column), self.heads[column], shown, what, mend)

    def _problem(self, column: int, meaning: str, value: object, what: Text, mend: Text) -> None:
        if meaning == "resident_number":
            value = str(value)[:2] + "*" * max(len(str(value)) - 2, 0)
        self.problems.append(self._note(column, value, what, mend))
        self.misread |= meaning in ("person_id", "household_id", "name", "birth_date", "resident_number")

    def _remark(self, column: int, value: object, what: Text, mend: Text) -> None:
        self.remarks.append(self._note(column, value, what, mend))


def _born(value: object, today: date) -> date:
    """A day on which somebody alive can have been born. Raises NotReadable."""
    born = read_date(value, today)
    if not date(1900, 1, 1) <= born <= today:
        raise NotReadable(
            "태어난 날일 수 없습니다",
            "is no day on which somebody was born",
            "열이 바뀌지 않았는지 확인하십시오",
            "check that columns were not swapped",
        )
    return born


def _register_number(value: object) -> str:
    text = plain(value).removesuffix(".0") if not isinstance(value, bool) else ""
    if "e+" in text:
        raise NotReadable(
            "엑셀이 번호를 숫자로 바꾸어 뒷자리가 지워졌습니다",
            "was rounded by a spreadsheet; its last digits are lost",
            "원본에서 칸 형식을 '텍스트'로 하여 다시 저장하십시오",
            "format the column as text in the original and save it again",
        )
    if not re.fullmatch(r"\d{1,18}", text, re.ASCII):
        raise NotReadable(
            "명부의 번호가 아닙니다",
            "is no number of the register",
            "숫자로 된 번호를 쓰십시오",
            "write the number in digits",
        )
    return str(int(text))


def _name(value: object) -> str:
    """A name without the blanks that typists put between syllables. Raises NotReadable for what is no name."""
    text = " ".join(str(value).split())
    letters_ = sum(letter.isalpha() for letter in text)
    if not isinstance(value, str) or letters_ < 1 or sum(letter.isdigit() for letter in text) >= letters_:
        raise NotReadable(
            "성명이 아닙니다",
            "is no name",
            "열이 바뀌지 않았는지 확인하십시오",
            "check that columns were not swapped",
        )
    together = text.replace(" ", "")
    return together if all("가" <= letter <= "힣" for letter in together) else text[:80]
