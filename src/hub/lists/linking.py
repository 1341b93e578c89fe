"""Whom the rows speak of that no rule could place: one comparison of all of them with everybody of the area.

`welfare.linkage` weighs names with slips of the keyboard, romanised names, moved addresses and shared telephones. What it is
sure of becomes a link that anybody may take back, what it is not sure of waits for a person, and the rest stays unplaced.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

import pyarrow as pa
from django.db import connection
from psycopg import sql

from hub.lists.matching import dong_named, places

_BESIDE_THE_NAME = ("birth_date", "phone", "address", "number")
_WORDS = ("name", "birth_date", "sex", "phone", "address", "dong", "number")


@dataclass(frozen=True)
class Proposal:
    """A person a row may speak of, and how sure that is."""

    person: int
    probability: float
    sure: bool


def proposals(
    rows: Iterable[tuple[int, Mapping[str, str]]], dongs: Collection[str] | None
) -> dict[int, Proposal]:
    """For rows (number, words) the person each is brought together with, nobody for two; `dongs` as in `people_of_rows`.

    Some seconds for a district; nothing is read when no row says a name.
    """
    known = places()
    said = [(number, who) for number, who in rows if who.get("name")]
    if not said:
        return {}
    from welfare.linkage import link  # Splink takes a second to load

    left = pa.table(
        {
            "id": pa.array([number for number, _ in said], pa.int64()),
            **{word: _column([_word(who, word, known) for _, who in said]) for word in _WORDS},
        }
    )
    return {
        row["left"]: Proposal(row["right"], row["probability"], _is_sure(row))
        for row in link(left, _register(dongs), threads=2).to_pylist()
    }


def _is_sure(pair: Mapping[str, object]) -> bool:
    """Whether a pair may be linked unseen: the computation says so, and two things beside the name are the same.

    In a small dong few people share a name, and a probability alone would be sure of a namesake's child.
    """
    return pair["outcome"] == "link" and sum(pair[word] == "same" for word in _BESIDE_THE_NAME) >= 2


def _word(who: Mapping[str, str], word: str, known: Mapping[str, str]) -> str | None:
    if word == "dong":
        return dong_named(who.get("area", ""), known)
    return who.get({"number": "resident_number"}.get(word, word)) or None


def _column(words: list[str | None]) -> pa.Array:
    return pa.array(words, pa.string())


def _register(dongs: Collection[str] | None) -> pa.Table:
    """Everybody who lives in the area, by the words that lists use."""
    where: sql.Composable = sql.SQL("TRUE")
    if dongs is not None:
        where = sql.SQL("household.centre_id = ANY({})").format(sql.Literal(sorted(dongs)))
    with connection.cursor() as cursor:
        cursor.execute(_EVERYBODY.format(where=where))
        columns = list(zip(*cursor.fetchall(), strict=True)) or [()] * (1 + len(_WORDS))
    return pa.table(
        {
            "id": pa.array(columns[0], pa.int64()),
            **{
                word: _column([cell or None for cell in cells])
                for word, cells in zip(_WORDS, columns[1:], strict=True)
            },
        }
    )


_EVERYBODY = sql.SQL("""
    SELECT person.id, person.name, said.born, said.sex, person.phone, address.text, household.centre_id,
        person.resident_number
    FROM people_person AS person
    JOIN people_household AS household ON household.id = person.household_id
    LEFT JOIN people_address AS address
        ON address.household_id = household.id AND address.kind = 'registered' AND address.until IS NULL
    LEFT JOIN LATERAL (
        SELECT max(values ->> 'birth_date') AS born, max(values ->> 'sex') AS sex
        FROM people_factrecord AS record WHERE record.person_id = person.id
    ) AS said ON TRUE
    WHERE person.left_on IS NULL AND {where}
""")
