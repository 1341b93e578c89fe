"""Finds the line of heads in a list and says what each column means: a fact, a role such as the household's
number, or nothing.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from welfare.facts import Fact
from welfare.facts.fact import Text
from welfare.intake.cells import NO, NOT_KNOWN, UNITS, YES, is_empty, plain, read_won
from welfare.intake.report import IntakeError
from welfare.intake.sheet import Sheet

HEAD_ROWS = 30  # the heads are sought in so many rows

# Columns that are no fact but carry the structure of a list.
ROLES: dict[str, tuple[str, ...]] = {
    "household_id": (
        "household_id", "household", "세대번호", "가구번호", "세대id", "가구id", "세대관리번호", "가구관리번호", "세대고유번호",
        "세대코드", "가구코드", "householdid", "householdnumber",
    ),
    "person_id": ("person_id", "개인번호", "대상자번호", "personid", "개인id"),
    "couple": ("couple", "부부번호"),
    "area": ("area", "행정동", "관할동", "읍면동", "행정동코드", "동", "dong", "거주동", "동명"),
    "size": ("household_size", "가구원수", "세대원수", "가구원", "세대원", "householdsize", "size", "가구인원", "세대인원"),
    "resident_number": ("resident_number", "주민등록번호", "주민번호", "residentnumber", "주민등록번호앞자리", "주민번호앞자리"),
}  # fmt: skip
KNOWN_UNUSED: dict[str, tuple[Text, tuple[str, ...]]] = {
    "name": (
        {"ko": "이름은 판정에 쓰지 않으며 옮기지 않습니다", "en": "names are not needed and are left behind"},
        ("name", "성명", "이름", "대상자명", "성함", "세대주성명", "세대주명", "세대주이름"),
    ),
    "serial": (
        {"ko": "행 번호", "en": "row number"},
        ("연번", "순번", "번호", "no", "no.", "일련번호", "번"),
    ),
    "address": (
        {
            "ko": "주소는 판정에 쓰지 않으며 옮기지 않습니다",
            "en": "addresses are not needed and are left behind",
        },
        (
            "address",
            "주소",
            "거주지",
            "도로명주소",
            "지번주소",
            "상세주소",
        ),
    ),
    "phone": (
        {
            "ko": "전화번호는 판정에 쓰지 않으며 옮기지 않습니다",
            "en": "telephone numbers are not needed and are left behind",
        },
        ("phone", "전화번호", "연락처", "휴대전화", "휴대폰", "전화", "핸드폰", "휴대전화번호"),
    ),
    "invented": ({"ko": "지어낸 자료라는 표시", "en": "marks invented people"}, ("invented",)),
    "remark": ({"ko": "비고", "en": "remark"}, ("비고", "메모", "remark", "remarks", "note", "특이사항")),
    "age": (
        {
            "ko": "나이만으로는 생년월일을 알 수 없어 쓰지 않습니다 → 생년월일 열을 더하십시오",
            "en": "an age does not tell the birth date and is not used → add a column of birth dates",
        },
        ("age", "나이", "연령", "만나이"),
    ),
}
HEAD_PREFIXES = ("세대주", "가구주", "본인", "대상자", "신청인", "신청자")


@dataclass(frozen=True)
class Meaning:
    """What one column means: `fact`, or a `role`, or neither; `unit` multiplies bare amounts of money."""

    column: int
    head: str
    fact: Fact | None = None
    role: str = ""
    by: str = ""
    unit: int = 1
    note: Text | None = None

    @property
    def understood(self) -> bool:
        return self.fact is not None or bool(self.role)


def normal(head: object) -> str:
    """A head without case, blanks and punctuation, so that "주 거-형태" and "주거형태" are one."""
    return re.sub(r"[\s_\-·/.,:*'\"ㆍ?]", "", plain(head))


def bare(head: object) -> str:
    """A head without what stands in brackets."""
    return normal(re.sub(r"[(\[<（].*?[)\]>）]", "", plain(head)))


class Dictionary:
    """Every word that names a fact: its name, its labels and its aliases."""

    def __init__(self, facts: Mapping[str, Fact]) -> None:
        self.facts = facts
        self.words: dict[str, dict[str, str]] = {}  # word → fact → by what
        for fact in facts.values():
            for by, words in (
                ("name", [fact.name]),
                ("label", fact.label.values()),
                ("alias", fact.aliases or ()),
            ):
                for word in words:
                    for key in {normal(word), bare(word)} - {""}:
                        self.words.setdefault(key, {}).setdefault(fact.name, by)

    def find(self, head: str) -> dict[str, str]:
        """Facts a head may mean → by what; more than one when an alias is shared."""
        for key in _readings(head):
            if found := self.words.get(key):
                best = min(("name", "label", "alias").index(by) for by in found.values())
                return {
                    name: by for name, by in found.items() if ("name", "label", "alias").index(by) == best
                }
        return {}


def _readings(head: str) -> list[str]:
    keys = [normal(head), bare(head)]
    for prefix in HEAD_PREFIXES:
        keys += [
            key.removeprefix(prefix) for key in keys[:2] if key.startswith(prefix) and len(key) > len(prefix)
        ]
    return [key for key in dict.fromkeys(keys) if key]


def role_of(head: str) -> tuple[str, Text | None]:
    """A role of the list's structure, or of what is knowingly left behind ("-"), for a head."""
    for key in _readings(head):
        for role, words in ROLES.items():
            if key in {normal(word) for word in words}:
                return role, None
        for note, words in KNOWN_UNUSED.values():
            if key in {normal(word) for word in words}:
                return "-", note
    return "", None


def unused_kind(head: str) -> str:
    """What a column that decides nothing holds (name, address, phone, …), or "" for any other."""
    for key in _readings(head):
        for kind, (_, words) in KNOWN_UNUSED.items():
            if key in {normal(word) for word in words}:
                return kind
    return ""


TOTALS = frozenset(("합계", "총계", "소계", "계", "총합계", "total", "sum", "subtotal"))


@dataclass(frozen=True)
class Body:
    """The rows (from 0) below the heads that hold data, those passed over (address, first text), and blank ones."""

    rows: tuple[int, ...]
    skipped: tuple[tuple[str, str], ...]
    blank: int


def body(sheet: Sheet, head_row: int, heads: Sequence[str]) -> Body:
    """What is data below the heads: not blank, not a line of totals, not the heads again."""
    rows: list[int] = []
    skipped: list[tuple[str, str]] = []
    blank = 0
    printed = [plain(head) for head in heads]
    for row in range(head_row + 1, len(sheet.rows)):
        values = sheet.rows[row]
        first = next((value for value in values if not is_empty(value)), None)
        if first is None and not any(sheet.flaw(row, column) for column in range(len(values))):
            blank += 1
        elif first is not None and (
            plain(first) in TOTALS or plain(first).startswith("※") or _repeats(values, printed)
        ):
            skipped.append((str(row + 1), str(first)))
        else:
            rows.append(row)
    return Body(tuple(rows), tuple(skipped), blank)


def _repeats(values: Sequence[object], heads: list[str]) -> bool:
    """Whether a row is the heads once more, as on every printed page."""
    return [plain(value) if value is not None else "" for value in values][: len(heads)] == heads


@dataclass(frozen=True)
class Heads:
    """The line of heads (rows are counted from 0) with the meaning of each column."""

    row: int
    meanings: tuple[Meaning, ...]


def find_heads(sheet: Sheet, dictionary: Dictionary, told: Mapping[str, str]) -> Heads:
    """The row within the first `HEAD_ROWS` that names most columns, alone or together with the line above it.

    `told` maps heads (or column letters) to fact names, as given on the command line; "-" leaves a column
    out.
    Raises IntakeError when no line looks like heads.
    """
    best: tuple[float, int, list[str]] | None = None
    for row in range(min(HEAD_ROWS, len(sheet.rows))):
        texts = _texts(sheet, row)
        filled = sum(bool(text) for text in texts)
        known = sum(
            bool(text) and (text in told or bool(dictionary.find(text)) or bool(role_of(text)[0]))
            for text in texts
        )
        score = known + known / (filled + 1)
        if known and (best is None or score > best[0]):
            best = (score, row, texts)
    if best is None:
        raise IntakeError(
            sheet.file,
            {"ko": "아는 머리글이 있는 행이 없습니다", "en": "no row holds a head that is known"},
            {
                "ko": "첫 행에 생년월일, 세대번호 같은 머리글을 쓰거나 --column '머리글=사실이름'으로 알려 주십시오",
                "en": "give heads such as birth_date and household_id, or say --column 'HEAD=FACT'",
            },
            "1" if not sheet.name else sheet.name,
        )
    _, row, texts = best
    unit = unit_of_sheet(sheet, row)
    return Heads(
        row,
        tuple(
            _meaning(sheet, dictionary, told, row, column, text, unit) for column, text in enumerate(texts)
        ),
    )


def _texts(sheet: Sheet, row: int) -> list[str]:
    """The heads of a row; where a cell is empty, the text of the cell above (heads merged over two lines)."""
    texts = []
    for column in range(sheet.width):
        value = sheet.cell(row, column)
        if is_empty(value) and row > 0:
            above = sheet.cell(row - 1, column)
            title = sum(not is_empty(sheet.cell(row - 1, c)) for c in range(sheet.width)) < 2
            value = None if title else above
        texts.append("" if is_empty(value) else " ".join(str(value).split()))
    return texts


def unit_of_sheet(sheet: Sheet, row: int) -> int:
    """A unit stated for the whole list in the lines above the heads: (단위: 천원)."""
    for above in range(row + 1):
        for column in range(sheet.width):
            found = re.search(r"단위[:：]?((?:천|만|백만|억)?원)", plain(sheet.cell(above, column) or ""))
            if found:
                return UNITS[found[1]]
    return 1


def unit_of_head(text: str) -> int | None:
    found = re.search(r"[(\[<]?(?:단위[:：])?((?:천|만|백만|억)?원)[)\]>]?$", plain(text))
    return UNITS[found[1]] if found else None


def _meaning(
    sheet: Sheet, dictionary: Dictionary, told: Mapping[str, str], row: int, column: int, text: str, unit: int
) -> Meaning:
    address = sheet.address(row, column).rstrip("0123456789")
    said = told.get(text) or told.get(address)
    if said:
        if said == "-":
            return Meaning(column, text, role="-", by="told", note={"ko": "쓰지 않음", "en": "left out"})
        if said in ROLES:
            return Meaning(column, text, role=said, by="told")
        fact = dictionary.facts[said]
        return Meaning(column, text, fact, by="told", **_money(fact, text, unit))
    found = dictionary.find(text) if text else {}
    note: Text | None
    if len(found) > 1:
        found = _by_content(sheet, dictionary, row, column, found)
    if len(found) == 1:
        name, by = next(iter(found.items()))
        fact = dictionary.facts[name]
        if fact.type in ("won", "int", "date") and _says_yes_or_no(sheet, row, column):
            return _receipt(dictionary, text, column, fact)
        return Meaning(column, text, fact, by=by, **_money(fact, text, unit))
    if found:
        names = ", ".join(found)
        return Meaning(
            column,
            text,
            note={"ko": f"여러 사실일 수 있습니다: {names}", "en": f"may be one of {names}"},
        )
    role, note = role_of(text) if text else ("", None)
    return Meaning(column, text, role=role, by="role" if role else "", note=note)


def _receipt(dictionary: Dictionary, text: str, column: int, fact: Fact) -> Meaning:
    """A column of O and X under the name of an amount ("기초연금") tells who receives it, where one fact says
    just that.
    """
    head = bare(text)
    receipts = [
        other
        for other in dictionary.facts.values()
        if other.type == "bool"
        and any(bare(word).startswith(head) for word in (*other.label.values(), *(other.aliases or ())))
    ]
    if len(receipts) == 1:
        note = {"ko": "O/X가 있어 여부로 읽습니다", "en": "holds O and X, so it is read as yes or no"}
        return Meaning(column, text, receipts[0], by="alias", note=note)
    return Meaning(
        column,
        text,
        note={
            "ko": f"'{fact.label['ko']}'에는 값이 와야 하는데 O/X가 있습니다",
            "en": f"{fact.label['en']} needs values, but the column holds O and X",
        },
    )


def _says_yes_or_no(sheet: Sheet, row: int, column: int) -> bool:
    """Whether everything in a column is a yes or a no, and not a number."""
    values = [sheet.cell(r, column) for r in range(row + 1, min(row + 200, len(sheet.rows)))]
    words = {plain(value) for value in values if not is_empty(value)}
    return bool(words - {"0", "1"}) and words <= (YES | NO | NOT_KNOWN)


def _money(fact: Fact, text: str, unit: int) -> dict[str, Any]:
    if fact.type != "won":
        return {}
    unit = unit_of_head(text) or unit
    if unit == 1:
        return {}
    return {"unit": unit, "note": {"ko": f"단위 {unit:,}원", "en": f"in units of {unit:,} won"}}


def _by_content(
    sheet: Sheet, dictionary: Dictionary, row: int, column: int, found: dict[str, str]
) -> dict[str, str]:
    """An alias shared by an amount and a yes/no ("기초연금") is told apart by what stands in the column."""
    values = [sheet.cell(r, column) for r in range(row + 1, min(row + 200, len(sheet.rows)))]
    money = any(_looks_like_money(value) for value in values if not is_empty(value))
    wanted = ("won", "int") if money else ("bool", "code")
    fitting = {name: by for name, by in found.items() if dictionary.facts[name].type in wanted}
    return fitting if len(fitting) == 1 else found


def _looks_like_money(value: object) -> bool:
    try:
        return not isinstance(value, bool) and abs(read_won(value)) > 1
    except ValueError:
        return False
