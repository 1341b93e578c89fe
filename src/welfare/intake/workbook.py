"""XLSX into rows of cells, in one pass that counts everything and believes nothing.

Why not openpyxl: it fills gaps with empty cells (a single cell at XFD1048576 costs gigabytes), keeps all of a part before
it counts, and does not show what is hidden. Here each part is inflated and parsed piece by piece; document types and
entities are refused, so that neither a billion laughs nor an address elsewhere can be written into one.

What is read: values as they were last calculated, dates of both systems (1900, 1904), merged cells, which rows and
columns are hidden. What is refused: macros, links to other workbooks, DDE, embedded files.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any
from xml.parsers import expat

from welfare.intake.archive import COPY_VALUES, DAMAGED, SAVE_AGAIN, Archive
from welfare.intake.report import IntakeError
from welfare.intake.sheet import BROKEN, Limits, Sheet, clean, is_broken, letters, without_trailing_blanks

DEPTH_MAX = 64
CELL_TEXT_MAX = 32_767  # what a spreadsheet itself allows
SMALL_PART = 8_000_000  # bytes of styles, relations, the list of sheets
STRINGS_MAX = 2_000_000
MERGED_MAX = 200_000  # cells merged into another
TEXT_MAX = 60_000_000  # letters of all cells together, for a string may be pointed to a million times
HIDDEN_NAMED = 10

_ACTIVE: tuple[tuple[re.Pattern[str], dict[str, str]], ...] = (
    (
        re.compile(r"vbaproject|/macrosheets/|/dialogsheets/|/activex/|/ctrlprops/|customui", re.IGNORECASE),
        {"ko": "매크로나 실행되는 내용이 들어 있습니다", "en": "holds macros or other active content"},
    ),
    (
        re.compile(r"/externallinks/|/connections\.xml|/querytables/", re.IGNORECASE),
        {
            "ko": "다른 파일이나 외부 자료에 연결되어 있습니다",
            "en": "is linked to other files or outside data",
        },
    ),
    (
        re.compile(r"/embeddings/", re.IGNORECASE),
        {"ko": "다른 파일이 안에 들어 있습니다", "en": "has other files packed inside"},
    ),
)
_DDE = re.compile(r"[A-Za-z]\w*\s*\||\bDDE(?:AUTO)?\s*\(", re.IGNORECASE)
_ESCAPE = re.compile(r"_x([0-9A-Fa-f]{4})_")

type Attributes = dict[str, str]


def read_workbook(file: Path, wanted: str | None, limits: Limits) -> Sheet:
    """The first visible sheet of a workbook, or the one named. Raises IntakeError."""
    with Archive(file, limits) as archive:
        for name in archive.entries:
            for mark, what in _ACTIVE:
                if mark.search("/" + name):
                    raise archive.refused(what, COPY_VALUES, name.rpartition("/")[2])
        book = _Book(archive)
        name, part, hidden = book.choose(wanted)
        reader = _SheetReader(archive, book.strings(), book.dates(), book.epoch_1904, limits)
        _parse(archive, part, reader.start, reader.end, reader.text)
        sheet = reader.sheet(file.name, name)
    if hidden:
        sheet.notes.append({"ko": f"'{name}'은(는) 숨겨진 시트입니다", "en": f"the sheet {name!r} is hidden"})
    if book.epoch_1904:
        sheet.notes.append({"ko": "1904 날짜 체계의 파일입니다", "en": "counts days from 1904"})
    return sheet


def _parse(
    archive: Archive,
    part: str,
    start: Callable[[str, Attributes], None],
    end: Callable[[str], None] | None = None,
    text: Callable[[str], None] | None = None,
    most: int | None = None,
) -> None:
    """Feed a part to the handlers, which get element names without their namespace. Raises IntakeError."""
    depth = 0
    known: dict[str, str] = {}

    def local(name: str) -> str:
        short = known.get(name)
        if short is None:
            short = known[name] = name.rpartition("}")[2]
        return short

    def begin(name: str, attributes: Attributes) -> None:
        nonlocal depth
        depth += 1
        if depth > DEPTH_MAX:
            raise archive.refused(DAMAGED, SAVE_AGAIN)
        start(local(name), attributes)

    def finish(name: str) -> None:
        nonlocal depth
        depth -= 1
        if end is not None:
            end(local(name))

    def no_types(*_: object) -> int:
        raise archive.refused(
            {
                "ko": "문서 형식 선언(DTD)이 들어 있습니다",
                "en": "declares a document type, which no spreadsheet does",
            },
            COPY_VALUES,
        )

    parser = expat.ParserCreate(namespace_separator="}")
    parser.buffer_text = True
    parser.StartDoctypeDeclHandler = no_types
    parser.EntityDeclHandler = no_types
    parser.ExternalEntityRefHandler = no_types
    parser.StartElementHandler = begin
    parser.EndElementHandler = finish
    if text is not None:
        parser.CharacterDataHandler = text
    try:
        for piece in archive.read(part, most):
            parser.Parse(piece, False)
        parser.Parse(b"", True)
    except (expat.ExpatError, ValueError, LookupError):
        raise archive.refused(DAMAGED, SAVE_AGAIN) from None


class _Book:
    """What a workbook says about its sheets."""

    def __init__(self, archive: Archive) -> None:
        self.archive = archive
        self.epoch_1904 = False
        self.sheets: list[tuple[str, str, bool]] = []  # name, relation, hidden
        self._inspect_types()
        self.part = self._target("_rels/.rels", "", "/officeDocument", "xl/workbook.xml")
        folder, _, name = self.part.rpartition("/")
        self.folder, self.relations = folder, f"{folder}/_rels/{name}.rels"
        _parse(archive, self.part, self._start, most=SMALL_PART)
        self.targets = self._targets(self.relations, folder)
        if not self.sheets:
            raise archive.refused(DAMAGED, SAVE_AGAIN)

    def _inspect_types(self) -> None:
        def start(name: str, attributes: Attributes) -> None:
            if "macroenabled" in attributes.get("ContentType", "").lower():
                raise self.archive.refused(_ACTIVE[0][1], COPY_VALUES)

        _parse(self.archive, "[Content_Types].xml", start, most=SMALL_PART)

    def _start(self, name: str, attributes: Attributes) -> None:
        if name == "workbookPr":
            self.epoch_1904 = attributes.get("date1904", "").lower() in ("1", "true", "on")
        elif name == "sheet":
            relation = next((value for key, value in attributes.items() if key.endswith("}id")), "")
            hidden = attributes.get("state", "visible") != "visible"
            self.sheets.append((clean(attributes.get("name", "")), relation, hidden))

    def _targets(self, part: str, folder: str) -> dict[str, tuple[str, str]]:
        """Relations by id: (kind, entry)."""
        found: dict[str, tuple[str, str]] = {}

        def start(name: str, attributes: Attributes) -> None:
            if name != "Relationship":
                return
            if attributes.get("TargetMode", "").lower() == "external":
                raise self.archive.refused(_ACTIVE[1][1], COPY_VALUES)
            target = attributes.get("Target", "")
            place = target[1:] if target.startswith("/") else f"{folder}/{target}" if folder else target
            found[attributes.get("Id", "")] = (attributes.get("Type", ""), place)

        if part in self.archive.entries:
            _parse(self.archive, part, start, most=SMALL_PART)
        return found

    def _target(self, part: str, folder: str, kind: str, usual: str) -> str:
        targets = self._targets(part, folder)
        return next((place for type, place in targets.values() if type.endswith(kind)), usual)

    def choose(self, wanted: str | None) -> tuple[str, str, bool]:
        """Name, part and whether it is hidden of the sheet to read."""
        if wanted is not None:
            chosen = next((sheet for sheet in self.sheets if sheet[0] == wanted), None)
            if chosen is None:
                names = ", ".join(name for name, _, _ in self.sheets)
                raise self.archive.refused(
                    {"ko": f"'{wanted}' 시트가 없습니다", "en": f"has no sheet {wanted!r}"},
                    {"ko": f"시트: {names}", "en": f"its sheets are {names}"},
                )
        else:
            chosen = next((sheet for sheet in self.sheets if not sheet[2]), self.sheets[0])
        name, relation, hidden = chosen
        kind, part = self.targets.get(relation, ("", ""))
        if not kind.endswith("/worksheet"):
            raise self.archive.refused(DAMAGED, SAVE_AGAIN)
        return name, part, hidden

    def _part(self, kind: str) -> str | None:
        found = (place for type, place in self.targets.values() if type.endswith(kind))
        return next((place for place in found if place in self.archive.entries), None)

    def strings(self) -> list[str]:
        """The strings that cells point to. Readings above Korean or Chinese words are left out."""
        strings: list[str] = []
        pieces: list[str] = []
        taking = reading = False
        length = 0

        def start(name: str, attributes: Attributes) -> None:
            nonlocal taking, reading, length
            if name == "si":
                pieces.clear()
                length = 0
                if len(strings) >= STRINGS_MAX:
                    raise _too_many(self.archive)
            elif name == "rPh":
                reading = True
            elif name == "t":
                taking = not reading

        def end(name: str) -> None:
            nonlocal taking, reading
            if name == "t":
                taking = False
            elif name == "rPh":
                reading = False
            elif name == "si":
                strings.append(_unescaped("".join(pieces)))

        def text(piece: str) -> None:
            nonlocal length
            if taking:
                length += len(piece)
                if length <= CELL_TEXT_MAX:
                    pieces.append(piece)

        if part := self._part("/sharedStrings"):
            _parse(self.archive, part, start, end, text)
        return strings

    def dates(self) -> Sequence[bool]:
        """For each style of a cell whether it shows its number as a day."""
        formats: dict[str, bool] = {}
        styles: list[bool] = []
        inside = ""

        def start(name: str, attributes: Attributes) -> None:
            nonlocal inside
            if name in ("cellXfs", "cellStyleXfs"):
                inside = name
            elif name == "numFmt":
                formats[attributes.get("numFmtId", "")] = _is_date_format(attributes.get("formatCode", ""))
            elif name == "xf" and inside == "cellXfs":
                number = attributes.get("numFmtId", "0")
                styles.append(formats.get(number, number in _DATE_FORMATS))

        if part := self._part("/styles"):
            _parse(self.archive, part, start, most=SMALL_PART)
        return styles


# Built-in number formats that show days; 27–36 and 50–58 are those of Korean, Chinese and Japanese editions.
_DATE_FORMATS = frozenset(str(number) for number in (*range(14, 18), 22, *range(27, 37), *range(50, 59)))


def _is_date_format(code: str) -> bool:
    """Whether a number format shows a year, month or day: yyyy"년" m"월" d"일", but not [Red]0.0 or h:mm."""
    bare = re.sub(r'"[^"]*"|\\.|_.|\*.|\[[^\]]*\]', "", code.split(";")[0]).lower()
    return bool(re.search(r"[yd]|(?<!h:)(?<![:s])m(?!m?:)", bare)) and not re.search(r"[0#?]", bare)


def _unescaped(text: str) -> str:
    if "_x" in text:
        text = _ESCAPE.sub(_letter, text)
    return clean(text)


def _letter(found: re.Match[str]) -> str:
    """The letter behind _x000A_; what no text holds (controls, halves of a pair) is left out."""
    letter = chr(int(found[1], 16))
    return letter if letter.isprintable() or letter in "\t\n\r\u3000\xa0" else ""


def _too_many(archive: Archive) -> IntakeError:
    return archive.refused(
        {"ko": "행이나 열, 칸이 너무 많습니다", "en": "has too many rows, columns or cells"},
        {
            "ko": "필요한 행과 열만 남기고 나누어 저장하십시오",
            "en": "keep only the rows and columns needed, and split it",
        },
    )


_ERROR = {"ko": "수식 오류가 든 칸입니다", "en": "shows an error of its formula"}
_UNCALCULATED = {
    "ko": "수식이 계산되지 않은 채 저장되었습니다",
    "en": "holds a formula that was never calculated",
}
_NO_DAY = {"ko": "달력에 없는 날짜 값입니다", "en": "is formatted as a date but is no day of the calendar"}
_TOO_LONG = {
    "ko": f"글이 {CELL_TEXT_MAX:,}자보다 깁니다",
    "en": f"is longer than {CELL_TEXT_MAX:,} characters",
}


class _SheetReader:
    """Takes the elements of one sheet and becomes a Sheet."""

    def __init__(
        self,
        archive: Archive,
        strings: Sequence[str],
        dates: Sequence[bool],
        epoch_1904: bool,
        limits: Limits,
    ) -> None:
        self.archive, self.strings, self.dates, self.limits = archive, strings, dates, limits
        self.day_0 = datetime(1904, 1, 1) if epoch_1904 else datetime(1899, 12, 30)
        self.leap_bug = not epoch_1904
        self.rows: list[Sequence[Any]] = []
        self.flaws: dict[tuple[int, int], Mapping[str, str]] = {}
        self.merged: dict[tuple[int, int], tuple[int, int]] = {}
        self.hidden_rows: list[int] = []
        self.hidden_columns: list[str] = []
        self.formulas = 0
        self.filled_rows = self.filled_cells = self.merged_cells = self.letters = 0
        self.row = -1
        self.column = -1
        self.values: list[Any] = []
        self.kind = self.style = ""
        self.has_formula = False
        self.taking: list[str] | None = None
        self.value: list[str] = []
        self.formula: list[str] = []
        self.reading = False

    def start(self, name: str, attributes: Attributes) -> None:
        if name == "c":
            place = attributes.get("r")
            self.column = _column(place) if place else self.column + 1
            self.kind, self.style = attributes.get("t", "n"), attributes.get("s", "")
            self.has_formula = False
            self.value = []
        elif name == "v" or name == "t" and not self.reading:
            self.taking = self.value
        elif name == "f":
            self.has_formula = True
            self.formulas += 1
            self.taking = self.formula = []
        elif name == "row":
            self._begin_row(attributes)
        elif name == "rPh":
            self.reading = True
        elif name == "mergeCell":
            self._merge(attributes.get("ref", ""))
        elif name == "col" and attributes.get("hidden") in ("1", "true"):
            self._hide(attributes)

    def text(self, piece: str) -> None:
        if self.taking is not None:
            self.taking.append(piece)
            if len(self.taking) > 64 and sum(map(len, self.taking)) > 4 * CELL_TEXT_MAX:
                raise _too_many(self.archive)

    def end(self, name: str) -> None:
        if name in ("v", "t", "f"):
            if name == "f" and _DDE.search(re.sub(r'"[^"]*"', "", "".join(self.formula))):
                raise self.archive.refused(
                    {
                        "ko": "다른 프로그램을 부르는 수식(DDE)이 있습니다",
                        "en": "holds a formula that calls another program (DDE)",
                    },
                    COPY_VALUES,
                    f"{letters(max(self.column, 0))}{self.row + 1}",
                )
            self.taking = None
        elif name == "c":
            self._end_cell()
        elif name == "row":
            self._end_row()
        elif name == "rPh":
            self.reading = False

    def _begin_row(self, attributes: Attributes) -> None:
        number = attributes.get("r")
        self.row = int(number) - 1 if number else self.row + 1
        if not len(self.rows) <= self.row < 1_048_576:
            raise self.archive.refused(DAMAGED, SAVE_AGAIN)
        self.column, self.values = -1, []
        if attributes.get("hidden") in ("1", "true"):
            self.hidden_rows.append(self.row)

    def _end_row(self) -> None:
        if not self.values:
            return  # blank rows are counted when something follows them
        self.rows.extend([()] * (self.row - len(self.rows)))
        self.rows.append(self.values)
        self.filled_rows += 1
        if self.filled_rows > self.limits.rows:
            raise _too_many(self.archive)

    def _end_cell(self) -> None:
        value = self._read()
        if value is None and (self.row, self.column) not in self.flaws:
            return
        if not len(self.values) <= self.column < self.limits.columns:
            if self.column < self.limits.columns:
                raise self.archive.refused(DAMAGED, SAVE_AGAIN)
            raise _too_many(self.archive)
        self.values.extend([None] * (self.column - len(self.values)))
        self.values.append(value)
        self.filled_cells += 1
        if self.filled_cells > self.limits.cells:
            raise _too_many(self.archive)

    def _read(self) -> Any:
        """The value of the cell that ends here; what cannot be trusted becomes None and is noted as a flaw."""
        text = "".join(self.value)
        match self.kind:
            case "s":
                number = int(text) if text.isdecimal() else -1
                if not 0 <= number < len(self.strings):
                    raise self.archive.refused(DAMAGED, SAVE_AGAIN)
                return self._words(self.strings[number])
            case "str" | "inlineStr":
                if len(text) > CELL_TEXT_MAX:
                    return self._flaw(_TOO_LONG)
                return self._words(_unescaped(text))
            case "b":
                return text.strip() == "1" if text else None
            case "e":
                return self._flaw(_ERROR)
            case "d":
                try:
                    return _day_of(datetime.fromisoformat(text))
                except ValueError:
                    return self._flaw(_NO_DAY)
        if not text:
            return self._flaw(_UNCALCULATED) if self.has_formula else None
        return self._number(text)

    def _words(self, text: str) -> Any:
        if not text.isascii() and is_broken(text):
            return self._flaw(BROKEN)
        self.letters += len(text)
        if self.letters > TEXT_MAX:
            raise _too_many(self.archive)
        return text or None

    def _flaw(self, what: Mapping[str, str]) -> None:
        self.flaws[self.row, self.column] = what

    def _number(self, text: str) -> Any:
        style = int(self.style) if self.style.isdecimal() else 0
        if style < len(self.dates) and self.dates[style]:
            return self._day(float(text))
        if len(text) <= 30 and text.removeprefix("-").isdecimal():
            return int(text)
        number = float(text)
        if not abs(number) < 1e300:
            return self._flaw(_ERROR)
        # Spreadsheets write whole numbers from a calculation as 9.00101E+12 too; the value itself is exact.
        return int(number) if number == int(number) and abs(number) < 2**53 and "." not in text else number

    def _day(self, serial: float) -> Any:
        """A day from its number. 1900 was no leap year, but spreadsheets count a 29th of February (60) in it."""
        if self.leap_bug and 60 <= serial < 61 or not 0 <= serial < 2_958_466:
            return self._flaw(_NO_DAY)
        if serial < 1:
            return serial  # a time of day
        if self.leap_bug and serial < 60:
            serial += 1
        return _day_of(self.day_0 + timedelta(seconds=round(serial * 86_400)))

    def _merge(self, ref: str) -> None:
        first, _, last = ref.partition(":")
        if not last:
            return
        (left, top), (right, bottom) = _place(first), _place(last)
        size = (right - left + 1) * (bottom - top + 1)
        if top > bottom or left > right or size > 10_000:
            return  # a frame drawn around a whole sheet, not a head or a household over its members
        self.merged_cells += size
        if self.merged_cells > MERGED_MAX:
            raise _too_many(self.archive)
        for row in range(top, bottom + 1):
            for column in range(left, right + 1):
                if (row, column) != (top, left):
                    self.merged[row, column] = (top, left)

    def _hide(self, attributes: Attributes) -> None:
        first, last = int(attributes.get("min", "1")), int(attributes.get("max", "1"))
        for column in range(first, min(last, first + HIDDEN_NAMED) + 1):
            self.hidden_columns.append(letters(column - 1))

    def sheet(self, file: str, name: str) -> Sheet:
        """What was read."""
        notes: list[dict[str, str]] = []
        width = max(map(len, self.rows), default=0)
        hidden = [str(row + 1) for row in self.hidden_rows if row < len(self.rows) and self.rows[row]]
        if hidden:
            some = _some(hidden)
            notes.append(
                {
                    "ko": f"숨은 행 {len(hidden):,}개도 읽습니다: {some}",
                    "en": f"{len(hidden):,} hidden rows are read too: {some}",
                }
            )
        columns = [column for column in self.hidden_columns if _column(column + "1") < width]
        if columns:
            some = _some(columns)
            notes.append({"ko": f"숨은 열도 읽습니다: {some}", "en": f"hidden columns are read too: {some}"})
        if self.formulas:
            notes.append(
                {
                    "ko": f"수식이 든 칸 {self.formulas:,}개는 저장된 계산값으로 읽습니다",
                    "en": f"{self.formulas:,} cells hold formulas; their stored results are read",
                }
            )
        # More than a frame after the last value: somebody formatted rows that were never filled.
        blank = without_trailing_blanks(self.rows) + max(0, self.row + 1 - len(self.rows))
        if blank:
            notes.append(
                {
                    "ko": f"끝의 빈 행 {blank:,}개는 뺍니다",
                    "en": f"{blank:,} blank rows at the end are left out",
                }
            )
        flaws = {place: dict(what) for place, what in self.flaws.items()}
        return Sheet(file, "XLSX", self.rows, name, self.merged, flaws, notes)


def _some(names: Sequence[str]) -> str:
    return ", ".join(names[:HIDDEN_NAMED]) + (" …" if len(names) > HIDDEN_NAMED else "")


def _day_of(moment: datetime) -> date | datetime:
    return moment.date() if (moment.hour, moment.minute, moment.second) == (0, 0, 0) else moment


def _place(ref: str) -> tuple[int, int]:
    """Column and row, from 0, of a cell such as C7. Raises ValueError."""
    found = re.fullmatch(r"\$?([A-Z]{1,3})\$?([0-9]{1,7})", ref)
    if found is None:
        raise ValueError(ref[:20])
    return _column(found[1] + "1"), int(found[2]) - 1


def _column(ref: str) -> int:
    """The column, from 0, of a cell such as C7."""
    number = 0
    for letter in ref:
        if not "A" <= letter <= "Z":
            break
        number = number * 26 + ord(letter) - 64
        if number > 20_000:
            raise ValueError("column")
    return number - 1
