"""What a list says about each person, made comparable: one spelling for names, dates, telephones, addresses and numbers.

Nothing is repaired and nothing is guessed here. A value that cannot be read is unknown, and unknown never speaks for or against a
pair.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from datetime import date
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from welfare.hangul import keys
from welfare.linkage.addresses import REMARK, Address, dong_name, read_address
from welfare.romanised import sound_of_korean, sounds_of_latin

# The columns of a list. `id` must be there, each id once; every other column may be absent, every value null.
COLUMNS = {
    "id": "any text or whole number; it is given back and never compared",
    "name": "as written, in Korean or Latin letters",
    "birth_date": "a date, or text of the form 1950-03-01 or 19500301; an impossible day (a lunar 30 February) is kept as digits",
    "sex": "any code, the same one in both lists",
    "phone": "as written",
    "address": "as written, by road name or by lot",
    "dong": "name or code of the dong; taken from the address where it is missing",
    "number": "resident number: a key made from it, the whole number, or the masked one (500301-1******)",
}

HANGUL = re.compile("[가-힣]")
LATIN_WORD = re.compile("[a-z]+")
MASKED = re.compile(r"(\d{6})(?:-(\d)[*xX●○]*|(\d)[*xX●○]+)")
BORN = {
    "9": "18",
    "0": "18",
    "1": "19",
    "2": "19",
    "5": "19",
    "6": "19",
    "3": "20",
    "4": "20",
    "7": "20",
    "8": "20",
}
COMPOUND_SURNAMES = ("남궁", "황보", "제갈", "선우", "사공", "서문", "독고", "동방")


class ListError(ValueError):
    """A list that cannot be compared; the message says which column and what to do."""


def prepare(records: pa.Table) -> pa.Table:
    """A checked list as text columns that can be compared (latin: bool), with `row`, the place of the record in the list."""
    count = records.num_rows
    names = _each(_text(records, "name"), _name, 5)
    addresses = _each(_text(records, "address"), read_address, 5)
    numbers = _each(_text(records, "number"), _number, 2)
    births = _births(records)
    dongs = _each(_text(records, "dong"), lambda text: (dong_name(text),), 1)[0]
    spelled = _each(_text(records, "sex"), lambda text: (text.strip().casefold() or None,), 1)[0]
    columns = {
        "row": pa.array(range(count), pa.int64()),
        "name": names[0],
        "surname": names[1],
        "latin": pc.equal(names[2], "latin"),
        "sound": names[3],
        "turned": names[4],
        "birth_date": pc.coalesce(births, numbers[1]),
        "sex": spelled,
        "phone": _each(_text(records, "phone"), lambda text: (_phone(text),), 1)[0],
        **dict(zip(Address._fields, addresses, strict=True)),
        "number": numbers[0],
    }
    columns["dong"] = pc.coalesce(dongs, columns["dong"])
    return pa.table(columns)


def checked(records: pa.Table, side: str) -> pa.Table:
    """The list itself, each column plain text or what it was. `side` is the word for the list in messages.

    Raises ListError where a column is missing, unknown, doubled or of a type that cannot be read, or an id is missing or doubled.
    """
    if "id" not in records.column_names:
        raise ListError(
            f"the {side} list has no column `id`; it has {', '.join(records.column_names) or 'no columns'}"
        )
    for name in records.column_names:
        if name not in COLUMNS:
            known = ", ".join(COLUMNS)
            raise ListError(
                f"the {side} list has a column `{name}`, which linkage does not know; rename or drop it ({known})"
            )
        if records.column_names.count(name) > 1:
            raise ListError(f"the {side} list has the column `{name}` twice; drop one")
    columns = {name: _read(records[name], name, side) for name in records.column_names}
    ids = columns["id"]
    if ids.null_count:
        raise ListError(f"{ids.null_count} records of the {side} list have no `id`; give each record one")
    if len(pc.unique(ids)) != records.num_rows:
        raise ListError(f"an `id` stands twice in the {side} list; each record needs its own")
    return pa.table(columns)


def _read(column: pa.ChunkedArray, name: str, side: str) -> pa.Array:
    values = column.combine_chunks()
    if isinstance(values, pa.DictionaryArray):
        values = values.dictionary_decode()
    kind = values.type
    if name == "id" and pa.types.is_integer(kind) or name == "birth_date" and pa.types.is_temporal(kind):
        return values
    if pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_null(kind):
        return values.cast(pa.string())
    if pa.types.is_integer(kind):
        # A telephone or a number kept as a number has lost its leading noughts, and nobody knows how many.
        raise ListError(
            f"the column `{name}` of the {side} list holds numbers; give it as text, with leading noughts"
        )
    raise ListError(
        f"the column `{name}` of the {side} list holds {kind}, which is not text; give it as text"
    )


def _text(records: pa.Table, name: str) -> pa.Array:
    """A column as text; nulls where the list has no such column."""
    if name not in records.column_names:
        return pa.nulls(records.num_rows, pa.string())
    return records[name].combine_chunks()


def _each(texts: pa.Array, read: Callable[[str], tuple[Any, ...]], width: int) -> list[pa.Array]:
    """`read` of every text, in `width` columns; each distinct text is read once."""
    coded = texts.dictionary_encode()
    nothing = (None,) * width
    rows = [read(text) if text is not None else nothing for text in coded.dictionary.to_pylist()]
    found = []
    for place in range(width):
        values = pa.array([row[place] for row in rows], pa.string())
        found.append(values.take(coded.indices))
    return found


def _name(text: str) -> tuple[str | None, ...]:
    """Comparable name, surname, script, sound, and sound read the other way round."""
    plain = unicodedata.normalize("NFKC", text).casefold()
    # 김민수(배우자) and KIM MINSU (김민수): a remark is left out unless the Korean name stands in it.
    bare = REMARK.sub(" ", plain)
    syllables = "".join(HANGUL.findall(bare) or HANGUL.findall(plain))
    if len(syllables) >= 2:
        surname = (
            syllables[:2] if len(syllables) > 2 and syllables.startswith(COMPOUND_SURNAMES) else syllables[0]
        )
        return keys(syllables), surname, "korean", sound_of_korean(syllables), None
    base = unicodedata.normalize("NFKD", bare)
    words = LATIN_WORD.findall("".join(sign for sign in base if not unicodedata.combining(sign)))
    if not words:
        return None, None, None, None, None
    sound, turned = sounds_of_latin(words)
    return " ".join(sorted(words)), None, "latin", sound, turned


def _births(records: pa.Table) -> pa.Array:
    if "birth_date" in records.column_names and pa.types.is_temporal(records["birth_date"].type):
        return pc.strftime(records["birth_date"].combine_chunks().cast(pa.timestamp("s")), "%Y%m%d").cast(
            pa.string()
        )
    return _each(_text(records, "birth_date"), lambda text: (_digits_of_day(text),), 1)[0]


def _digits_of_day(text: str) -> str | None:
    digits = re.sub(r"\D", "", text)
    if len(digits) != 8:
        parts = re.findall(r"\d+", text)
        if len(parts) != 3 or len(parts[0]) != 4 or max(map(len, parts[1:])) > 2:
            return None
        digits = f"{parts[0]}{parts[1]:>02}{parts[2]:>02}"
    return digits if digits.strip("0") else None


def _phone(text: str) -> str | None:
    digits = re.sub(r"\D", "", unicodedata.normalize("NFKC", text))
    if digits.startswith("82") and len(digits) > 10:
        digits = "0" + digits[2:].removeprefix("0")
    # 000-0000-0000 and 010-1111-1111 are what people type when they must type something.
    return digits if 7 <= len(digits) <= 12 and len(set(digits[-7:])) > 1 else None


def _number(text: str) -> tuple[str | None, str | None]:
    """The number to compare, and the birth date it tells. A masked number tells no more than birth date and sex."""
    plain = re.sub(r"\s", "", unicodedata.normalize("NFKC", text))
    if found := MASKED.fullmatch(plain):
        return None, _birth_in(found[1], found[2] or found[3])
    digits = plain.replace("-", "")
    if len(digits) == 13 and digits.isdecimal():
        return digits, _birth_in(digits[:6], digits[6])
    return digits or None, None


def _birth_in(front: str, seventh: str) -> str | None:
    """YYYYMMDD from the first seven digits; None where no calendar has the day."""
    try:
        day = date(int(BORN[seventh] + front[:2]), int(front[2:4]), int(front[4:]))
    except ValueError:
        return None
    return f"{day:%Y%m%d}"
