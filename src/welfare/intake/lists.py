"""A list as a centre really has it, turned into households and members with facts, and a report of every
doubt.

Two shapes are understood: one row per person with a number (or code) of the household, and one row per
household with the number of its members, where the row speaks of the household and of its head. Which one it
is follows from the list; where it does not, the list is refused and not guessed at. A cell that cannot be
read becomes unknown and is reported with its address.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from welfare.facts import Fact
from welfare.facts.fact import BUILT_IN, COUPLE_MAX, HOUSEHOLD_SIZE_MAX, Text
from welfare.intake.cells import (
    NOTHING,
    NotReadable,
    code_words,
    is_empty,
    plain,
    read_cell,
    read_resident_number,
)
from welfare.intake.columns import ROLES, Dictionary, Heads, Meaning, body, find_heads
from welfare.intake.opening import read_sheet
from welfare.intake.report import Column, IntakeError, NotUnderstood, Report
from welfare.intake.sheet import Sheet, letters
from welfare.rules import Catalogue

DISTRICT_FILES = ("households.parquet", "members.parquet")

Tell = Callable[[float], None]  # hears the share of the work that is done


class Layout(StrEnum):
    """What a row of the list speaks of."""

    PERSON = "person"
    HOUSEHOLD = "household"
    ALONE = "alone"  # each row is a person living alone


@dataclass
class TakenIn:
    """A list taken in: `households` and `members` as for a snapshot, and the report."""

    households: pa.Table
    members: pa.Table
    report: Report


def read_list(
    catalogue: Catalogue,
    file: str | Path,
    today: date,
    told: Mapping[str, str] | None = None,
    layout: Layout | None = None,
    sheet: str | None = None,
    given: Mapping[str, str] | None = None,
    progress: Tell = lambda share: None,
) -> TakenIn:
    """Takes a list in. `today` resolves years of two digits; `told` maps heads to facts, roles or "-".

    `given` holds facts that are true of everybody in the list and stand in no column (the region of a
    centre's own list); what a cell says goes before it.

    `file` may be CSV, XLSX or Parquet, or a folder that holds households.parquet and members.parquet.
    Raises IntakeError when the list as a whole cannot be understood.
    """
    path = Path(file)
    told = _checked(catalogue, told or {}, str(path))
    if path.is_dir():
        return _district(catalogue, path)
    if path.suffix.lower() == ".parquet":
        plain_sheet = _parquet_sheet(path)
    else:
        plain_sheet = read_sheet(path, sheet)
    said = _read_given(catalogue, given or {}, today, str(path))
    return _Taking(catalogue, plain_sheet, today, told, layout, said, progress).taken()


def _checked(catalogue: Catalogue, told: Mapping[str, str], file: str) -> dict[str, str]:
    for head, meaning in told.items():
        if meaning != "-" and meaning not in ROLES and meaning not in catalogue.facts:
            near = [name for name in catalogue.facts if meaning and meaning[:4] in name][:5]
            hint = f" ({', '.join(near)})" if near else ""
            raise IntakeError(
                file,
                {
                    "ko": f"'{meaning}'이라는 사실은 목록에 없습니다",
                    "en": f"the catalogue has no fact {meaning!r}",
                },
                {"ko": f"facts/의 이름을 쓰십시오{hint}", "en": f"use a name from facts/{hint}"},
                f"--column {head}={meaning}",
            )
    return dict(told)


def _read_given(catalogue: Catalogue, given: Mapping[str, str], today: date, file: str) -> dict[str, object]:
    """The values of facts said to hold for everybody. Raises IntakeError."""
    _checked(catalogue, {name: name for name in given}, file)
    values = {}
    for name, text in given.items():
        try:
            values[name] = read_cell(catalogue.facts[name], text, today)
        except NotReadable as error:
            raise IntakeError(file, error.what, error.mend, f"--given {name}={text}") from None
    return values


# Parquet ----------------------------------------------------------------------------------------------------


def _district(catalogue: Catalogue, folder: Path) -> TakenIn:
    """A folder of two typed tables, as `hub invent` writes it: nothing to interpret."""
    for name in DISTRICT_FILES:
        if not (folder / name).is_file():
            raise IntakeError(
                str(folder),
                {"ko": f"{name} 파일이 없습니다", "en": f"holds no {name}"},
                {
                    "ko": "hub invent가 만든 폴더나 명단 파일 하나를 지정하십시오",
                    "en": "give a folder made by hub invent, or one list file",
                },
            )
    households, members = (_read_parquet(folder / name) for name in DISTRICT_FILES)
    report = Report(str(folder), "Parquet", head_row=0, rows=members.num_rows)
    report.households, report.members = households.num_rows, members.num_rows
    for table in (households, members):
        for place, head in enumerate(table.column_names):
            known = head in catalogue.facts or head in ROLES or head in ("name", "address", "invented")
            report.columns.append(
                Column(letters(place), head, head if known else "", "name" if known else "")
            )
    return TakenIn(households, members, report)


def _read_parquet(path: Path) -> pa.Table:
    try:
        return pq.read_table(path)
    except (pa.ArrowException, OSError) as error:
        raise IntakeError(
            str(path),
            {"ko": "Parquet 파일이 아니거나 손상되었습니다", "en": "is not a Parquet file, or is damaged"},
            {"ko": "파일을 다시 만드십시오", "en": f"write it again ({str(error).splitlines()[0][:80]})"},
        ) from None


def _parquet_sheet(path: Path) -> Sheet:
    if not path.is_file():
        return read_sheet(path)
    table = _read_parquet(path)
    columns = [column.to_pylist() for column in table.columns]
    rows: list[Any] = [tuple(table.column_names), *zip(*columns, strict=True)]
    return Sheet(path.name, "Parquet", rows)


# One list ---------------------------------------------------------------------------------------------------


@dataclass
class _Member:
    row: int
    facts: dict[str, object] = field(default_factory=dict)
    couple: int = 0


@dataclass
class _Household:
    id: str
    row: int
    area: str | None = None
    size: int | None = None
    facts: dict[str, object] = field(default_factory=dict)
    stated: dict[str, int] = field(default_factory=dict)  # fact → row that stated it
    members: list[_Member] = field(default_factory=list)


class _Taking:
    def __init__(
        self,
        catalogue: Catalogue,
        sheet: Sheet,
        today: date,
        told: Mapping[str, str],
        layout: Layout | None,
        given: Mapping[str, object],
        progress: Tell,
    ) -> None:
        self.given = given
        self.facts = {name: fact for name, fact in catalogue.facts.items() if name not in BUILT_IN}
        self.sheet, self.today, self.told, self.progress = sheet, today, told, progress
        self.report = Report(sheet.file, sheet.form, sheet.name)
        self.report.notes += sheet.notes
        self.heads: Heads = find_heads(sheet, Dictionary(self.facts), told)
        self.report.head_row = self.heads.row + 1
        self.columns = [
            meaning for meaning in self.heads.meanings if meaning.understood and meaning.role != "-"
        ]
        self._forget_doubles()
        self.memo: dict[tuple[int, object], object] = {}
        self.letter_o = {
            c.column for c in self.columns if c.fact and c.fact.type == "bool" and self._has_letters(c)
        }
        self.body = self._body()
        self.layout = layout or self._layout()

    # Columns ------------------------------------------------------------------------------------------------

    def _forget_doubles(self) -> None:
        """Two columns for one fact: the first counts, the second is reported."""
        seen: dict[str, Meaning] = {}
        kept = []
        for meaning in self.columns:
            key = meaning.fact.name if meaning.fact else meaning.role
            first = seen.setdefault(key, meaning)
            if first is meaning:
                kept.append(meaning)
            else:
                self._complain(
                    self.heads.row,
                    meaning,
                    meaning.head,
                    {
                        "ko": f"'{first.head}' 열과 같은 뜻이어서 쓰지 않습니다",
                        "en": f"means the same as {first.head}; not used",
                    },
                    {
                        "ko": "두 열 가운데 하나를 --column '머리글=-'로 빼십시오",
                        "en": "leave one out with --column 'HEAD=-'",
                    },
                )
        self.columns = kept
        used = {meaning.column for meaning in kept}
        for meaning in self.heads.meanings:
            if not meaning.head:
                continue
            key = meaning.fact.name if meaning.fact else meaning.role
            shown = key if meaning.column in used or meaning.role == "-" else ""
            address = letters(meaning.column)
            self.report.columns.append(Column(address, meaning.head, shown, meaning.by, meaning.note))

    def _column(self, role: str) -> Meaning | None:
        return next((meaning for meaning in self.columns if meaning.role == role), None)

    def _has_letters(self, meaning: Meaning) -> bool:
        values = (
            self.sheet.cell(row, meaning.column) for row in range(self.heads.row + 1, len(self.sheet.rows))
        )
        return any(isinstance(value, str) and plain(value) in ("o", "x") for value in values)

    # Rows ---------------------------------------------------------------------------------------------------

    def _body(self) -> list[int]:
        """The rows that hold data: not blank, not a line of totals, not the heads again."""
        found = body(self.sheet, self.heads.row, [meaning.head for meaning in self.heads.meanings])
        rows = list(found.rows)
        self.report.skipped += found.skipped
        if found.blank:
            self.report.note(f"빈 행 {found.blank:,}개", f"{found.blank:,} blank rows")
        self.report.rows = len(rows)
        if not rows:
            raise IntakeError(
                self.sheet.file,
                {"ko": "머리글 아래에 자료가 없습니다", "en": "there are no rows below the heads"},
                {
                    "ko": "자료가 있는 시트를 --sheet로 지정하십시오",
                    "en": "name the sheet that has them with --sheet",
                },
                f"{self.heads.row + 1}",
            )
        return rows

    def _layout(self) -> Layout:
        """What a row speaks of, where the list leaves no doubt. Raises IntakeError otherwise."""
        key, size = self._column("household_id"), self._column("size")
        relation = any(meaning.fact and meaning.fact.name == "relation" for meaning in self.columns)
        if key is not None:
            ids = [self.sheet.cell(row, key.column) for row in self.body]
            if relation or self._column("person_id") or len(set(map(str, ids))) < len(ids):
                return Layout.PERSON
        if size is not None:
            return Layout.HOUSEHOLD
        if key is not None and not any(
            meaning.fact and meaning.fact.of == "person" for meaning in self.columns
        ):
            what: Text = {
                "ko": "가구원 수를 알 수 없습니다",
                "en": "nothing says how many people a household has",
            }
        else:
            what = {
                "ko": "누가 한 가구인지 알 수 없습니다(세대번호도 가구원수도 없습니다)",
                "en": "nothing says who belongs to one household (no household number, no number of members)",
            }
        raise IntakeError(
            self.sheet.file,
            what,
            {
                "ko": "사람마다 한 행이면 세대번호 열을, 가구마다 한 행이면 가구원수 열을 더하십시오. "
                "모든 행이 혼자 사는 사람이면 --layout alone 이라고 알려 주십시오",
                "en": "add a column household_id (one row per person) or household_size (one row per household); "
                "when every row is a person living alone, say --layout alone",
            },
            f"{self.heads.row + 1}",
        )

    # Cells --------------------------------------------------------------------------------------------------

    def _complain(self, row: int, meaning: Meaning, text: object, what: Text, mend: Text) -> None:
        shown = str(text)[:60]
        if meaning.role == "resident_number":
            shown = shown[:2] + "*" * max(len(shown) - 2, 0)
        self.report.not_understood.append(
            NotUnderstood(self.sheet.address(row, meaning.column), meaning.head, shown, what, mend)
        )

    def _value(self, row: int, meaning: Meaning) -> object:
        """What a cell states, or None with a line in the report."""
        raw = self.sheet.cell(row, meaning.column)
        if flaw := self.sheet.flaw(row, meaning.column):
            self._complain(
                row, meaning, "", flaw, {"ko": "칸의 값을 바로잡으십시오", "en": "correct the cell"}
            )
        if raw is None or raw == "":
            return None
        fact = meaning.fact
        assert fact is not None
        key = (meaning.column, raw if not isinstance(raw, bool) else str(raw))
        if key in self.memo:
            return self.memo[key]
        try:
            if meaning.column in self.letter_o and plain(raw) == "0":
                raise NotReadable(
                    "O(영문자)인지 0(숫자)인지 알 수 없습니다",
                    "may be the letter O or the number 0",
                    "O 또는 X로 쓰십시오",
                    "write O or X",
                )
            value = read_cell(fact, raw, self.today, meaning.unit)
        except NotReadable as error:
            # Not remembered: each such cell is reported with its own address.
            self._complain(row, meaning, raw, error.what, error.mend)
            return None
        except TypeError:
            value = None
        if fact.type == "code" and isinstance(value, str):
            self._note_word(fact, meaning, plain(raw), value)
        self.memo[key] = value
        return value

    def _note_word(self, fact: Fact, meaning: Meaning, word: str, code: str) -> None:
        labels = {plain(fact.code_labels[fact.codes.index(code)][language]) for language in ("ko", "en")}
        if word != plain(code) and word not in labels:
            loose = word not in code_words(fact) and word not in NOTHING
            self.report.read_as.setdefault(meaning.head, {})[word] = f"{code}{' (?)' if loose else ''}"

    def _count(self, row: int, meaning: Meaning, least: int, most: int) -> int | None:
        raw = self.sheet.cell(row, meaning.column)
        if is_empty(raw):
            return None
        digits = plain(raw).removesuffix("명").removesuffix("인").removesuffix(".0")
        if digits.isdigit() and least <= int(digits) <= most:
            return int(digits)
        self._complain(
            row,
            meaning,
            raw,
            {"ko": f"{least}~{most} 사이의 수가 아닙니다", "en": f"is no number from {least} to {most}"},
            {"ko": "숫자로 쓰십시오", "en": "write a number"},
        )
        return None

    # Households ---------------------------------------------------------------------------------------------

    def taken(self) -> TakenIn:
        households: dict[str, _Household] = {}
        steps = max(1, len(self.body) // 100)
        for done, row in enumerate(self.body):
            if done % steps == 0:
                self.progress(done / len(self.body))
            household = self._household(row, households)
            if household is not None:
                self._take_row(row, household)
        for household in households.values():
            self._complete(household)
        self.progress(1.0)
        kept = [household for household in households.values() if household.members]
        self.report.households = len(kept)
        self.report.members = sum(len(household.members) for household in kept)
        if not kept:
            raise IntakeError(
                self.sheet.file,
                {"ko": "쓸 수 있는 가구가 하나도 없습니다", "en": "not one household could be taken in"},
                {"ko": "세대번호와 가구원수를 확인하십시오", "en": "check the household numbers and sizes"},
            )
        return TakenIn(*self._tables(kept), self.report)

    def _household(self, row: int, households: dict[str, _Household]) -> _Household | None:
        key = self._column("household_id")
        if key is None or self.layout is not Layout.PERSON and is_empty(self.sheet.cell(row, key.column)):
            id = f"R{row + 1}"
        else:
            raw = self.sheet.cell(row, key.column)
            if is_empty(raw):
                self._complain(
                    row,
                    key,
                    "",
                    {
                        "ko": "세대번호가 없어 이 행을 쓸 수 없습니다",
                        "en": "has no household number; the row is not used",
                    },
                    {"ko": "세대번호를 적으십시오", "en": "write the household's number"},
                )
                return None
            id = str(int(raw)) if isinstance(raw, float) and raw == int(raw) else str(raw).strip()
        if id in households and self.layout is not Layout.PERSON:
            assert key is not None
            self._complain(
                row,
                key,
                id,
                {
                    "ko": "같은 세대번호가 앞에 있어 이 행을 쓰지 않습니다",
                    "en": "stands in an earlier row; this row is not used",
                },
                {"ko": "한 가구는 한 행으로 합치십시오", "en": "give one row to each household"},
            )
            return None
        return households.setdefault(id, _Household(id, row))

    def _take_row(self, row: int, household: _Household) -> None:
        member = _Member(row)
        for meaning in self.columns:
            if meaning.fact is not None:
                value = self._value(row, meaning)
                if meaning.fact.of == "person":
                    member.facts[meaning.fact.name] = value
                elif value is not None:
                    self._state(household, meaning, row, value)
            elif meaning.role == "size":
                household.size = self._count(row, meaning, 1, HOUSEHOLD_SIZE_MAX) or household.size
            elif meaning.role == "couple":
                member.couple = self._count(row, meaning, 0, COUPLE_MAX) or 0
            elif meaning.role == "area":
                value = self.sheet.cell(row, meaning.column)
                household.area = household.area or (None if is_empty(value) else str(value).strip())
            elif meaning.role == "resident_number":
                self._take_number(row, meaning, member)
        household.members.append(member)

    def _take_number(self, row: int, meaning: Meaning, member: _Member) -> None:
        """Birth date and sex from a resident number, where no column of their own says them."""
        raw = self.sheet.cell(row, meaning.column)
        stated = {column.fact.name for column in self.columns if column.fact}
        wanted = {"birth_date", "sex"} & set(self.facts) - stated
        if is_empty(raw) or not wanted:
            return
        try:
            born, sex = read_resident_number(raw, self.today)
        except NotReadable as error:
            self._complain(row, meaning, raw, error.what, error.mend)
            return
        if "birth_date" in wanted:
            member.facts["birth_date"] = born
        if "sex" in wanted:
            member.facts["sex"] = sex

    def _state(self, household: _Household, meaning: Meaning, row: int, value: object) -> None:
        """A fact of the household from one of its rows; rows that disagree make it unknown."""
        assert meaning.fact is not None
        name = meaning.fact.name
        if name not in household.stated:
            household.stated[name], household.facts[name] = row, value
        elif household.facts[name] != value and household.facts[name] is not None:
            before = self.sheet.address(household.stated[name], meaning.column)
            self._complain(
                row,
                meaning,
                self.sheet.cell(row, meaning.column),
                {
                    "ko": f"같은 가구의 {before} 칸과 다릅니다",
                    "en": f"differs from {before} of the same household",
                },
                {"ko": "한 가구에는 같은 값을 쓰십시오", "en": "give one value to one household"},
            )
            household.facts[name] = None

    def _complete(self, household: _Household) -> None:
        """As many members as the list says; those it does not describe are people about whom nothing is
        known.
        """
        size = self._column("size")
        if len(household.members) > HOUSEHOLD_SIZE_MAX:
            key = self._column("household_id") or self.columns[0]
            self._complain(
                household.row,
                key,
                household.id,
                {
                    "ko": f"한 세대번호에 {len(household.members)}명이 있어 쓰지 않습니다",
                    "en": f"{len(household.members)} people share this number; the household is not used",
                },
                {"ko": "세대번호를 확인하십시오", "en": "check the household's number"},
            )
            household.members = []
        elif household.size is None:
            if self.layout is Layout.HOUSEHOLD and size is not None:
                self._complain(
                    household.row,
                    size,
                    "",
                    {
                        "ko": "가구원수가 없어 이 가구를 쓸 수 없습니다",
                        "en": "has no number of members; the household is not used",
                    },
                    {"ko": "가구원수를 적으십시오", "en": "write the number of members"},
                )
                household.members = []
        elif household.size < len(household.members) and size is not None:
            self._complain(
                household.row,
                size,
                household.size,
                {
                    "ko": f"명단에는 {len(household.members)}명이 있습니다",
                    "en": f"the list has {len(household.members)} people for this household",
                },
                {
                    "ko": "가구원수를 확인하십시오(명단의 사람 수를 씁니다)",
                    "en": "check the number (the people listed count)",
                },
            )
        else:
            missing = household.size - len(household.members)
            household.members += [_Member(household.row) for _ in range(missing)]
        self._check_couples(household)

    def _check_couples(self, household: _Household) -> None:
        role = self._column("couple")
        numbers = Counter(member.couple for member in household.members if member.couple)
        for member in household.members:
            if member.couple and numbers[member.couple] != 2 and role is not None:
                self._complain(
                    member.row,
                    role,
                    member.couple,
                    {
                        "ko": "같은 부부번호가 두 사람이 아닙니다",
                        "en": "this couple's number is not shared by two people",
                    },
                    {"ko": "부부 두 사람에게 같은 번호를 쓰십시오", "en": "give both partners one number"},
                )
                member.couple = 0
        if role is None:
            # Where the relation to the head is stated, head and spouse are a couple.
            heads = [m for m in household.members if m.facts.get("relation") == "head"]
            spouses = [m for m in household.members if m.facts.get("relation") == "spouse"]
            if len(heads) == len(spouses) == 1:
                heads[0].couple = spouses[0].couple = 1

    # Tables -------------------------------------------------------------------------------------------------

    def _tables(self, households: list[_Household]) -> tuple[pa.Table, pa.Table]:
        own: dict[str, pa.Array] = {"household_id": _ids([household.id for household in households])}
        if self._column("area") is not None:
            own["area"] = pa.array([household.area for household in households], pa.string())
        own["row"] = pa.array([household.row + 1 for household in households], pa.int64())
        members = [(household.id, member) for household in households for member in household.members]
        each: dict[str, pa.Array] = {
            "household_id": _ids([id for id, _ in members]),
            "couple": pa.array([member.couple for _, member in members], pa.int8()),
        }
        present = {meaning.fact.name for meaning in self.columns if meaning.fact} | set(self.given)
        if self._column("resident_number") is not None:
            present |= {"birth_date", "sex"} & set(self.facts)
        for name in [name for name in self.facts if name in present]:
            fact = self.facts[name]
            kind = {"bool": pa.bool_(), "code": pa.string(), "date": pa.date32()}.get(fact.type, pa.int64())
            if fact.of == "household":
                own[name] = self._filled(
                    pa.array([household.facts.get(name) for household in households], kind), name
                )
            else:
                each[name] = self._filled(
                    pa.array([member.facts.get(name) for _, member in members], kind), name
                )
        return pa.table(own), pa.table(each)

    def _filled(self, column: pa.Array, name: str) -> pa.Array:
        """A column with what was said of everybody where the list says nothing."""
        value = self.given.get(name)
        if value is None:
            return column
        missing = column.null_count
        self.report.note(
            f"{name} = {value}: 명단에 없는 {missing:,}건에 적용(--given)",
            f"{name} = {value}: taken for {missing:,} without a value of their own (--given)",
        )
        return pc.fill_null(column, pa.scalar(value, column.type))


def _ids(ids: list[str]) -> pa.Array:
    """Household numbers as whole numbers when all of them are (and none would lose a leading zero), else as
    text.
    """
    column = pa.array(ids, pa.string())
    whole = pc.match_substring_regex(column, r"^([1-9][0-9]{0,17}|0)$")
    return column.cast(pa.int64()) if pc.all(whole).as_py() else column
