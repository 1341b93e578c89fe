"""Invented households one by one, as plain values: for examples, tests, and as expectations for an interview."""

from __future__ import annotations

from datetime import date

import pyarrow as pa

from welfare.facts import Household
from welfare.facts.fact import BUILT_IN, COUPLE
from welfare.rules import Catalogue
from welfare.synthetic.district import AS_OF, invent_district


def invent_households(
    catalogue: Catalogue, count: int, seed: int = 1, as_of: date = AS_OF
) -> list[Household]:
    """`count` households of an invented district; what a centre would not know is missing in them."""
    households, members = invent_district(catalogue, count, seed, as_of)
    people: dict[int, list[dict[str, object]]] = {}
    for owner, person in zip(
        members["household_id"].to_pylist(), _rows(catalogue, members, (COUPLE,)), strict=True
    ):
        people.setdefault(owner, []).append(person)
    own = _rows(catalogue, households, ())
    return [
        Household(facts, people[id])
        for id, facts in zip(households["household_id"].to_pylist(), own, strict=True)
    ]


def _rows(catalogue: Catalogue, table: pa.Table, also: tuple[str, ...]) -> list[dict[str, object]]:
    wanted = [
        name
        for name in table.column_names
        if name in also or name in catalogue.facts and name not in BUILT_IN
    ]
    rows = table.select(wanted).to_pylist()
    return [{name: value for name, value in row.items() if value is not None} for row in rows]
