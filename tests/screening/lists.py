"""Households as the tables a snapshot is written from, so that one and the same household can be asked in both ways."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path
from random import Random

import pyarrow as pa

from tests.rules.random_catalogue import random_household
from welfare.facts import Fact, Household
from welfare.rules.ruleset import RuleSet
from welfare.screening import Snapshot, write_snapshot

KINDS = {"bool": pa.bool_(), "int": pa.int64(), "won": pa.int64(), "code": pa.string(), "date": pa.date32()}


def random_households(seed: int, rules: RuleSet, count: int) -> list[Household]:
    random = Random(seed)
    return [random_household(random, rules) for _ in range(count)]


def tables(
    rules: RuleSet, households: Sequence[Household], areas: Sequence[str] = ("A", "B", "C")
) -> tuple[pa.Table, pa.Table]:
    """The households `h0`, `h1`, … and their members as tables; facts that nobody has get no column."""
    own: dict[str, list[object]] = {"household_id": [f"h{i}" for i in range(len(households))]}
    if areas:
        own["area"] = [areas[i * 7 % len(areas)] for i in range(len(households))]
    members = [
        (i, j, member) for i, household in enumerate(households) for j, member in enumerate(household.members)
    ]
    each: dict[str, list[object]] = {
        "household_id": [f"h{i}" for i, _, _ in members],
        "person_id": [f"h{i}/{j}" for i, j, _ in members],
        "couple": [member.get("couple", 0) for _, _, member in members],
    }
    kinds: dict[str, pa.DataType] = {}
    for name, fact in rules.catalogue.facts.items():
        rows = (
            [h.facts for h in households] if fact.of == "household" else [member for _, _, member in members]
        )
        values = [row.get(name) for row in rows]
        if any(value is not None for value in values):
            (own if fact.of == "household" else each)[name] = [_plain(fact, value) for value in values]
            kinds[name] = KINDS[fact.type]
    return tuple(  # type: ignore[return-value]
        pa.table({name: pa.array(values, kinds.get(name)) for name, values in columns.items()})
        for columns in (own, each)
    )


def _plain(fact: Fact, value: object) -> object:
    return date.fromisoformat(value) if fact.type == "date" and isinstance(value, str) else value


def frozen(rules: RuleSet, households: Sequence[Household], folder: Path, **options: object) -> Snapshot:
    return write_snapshot(
        rules.catalogue, *tables(rules, households), folder / "snapshot", as_of=rules.day, **options
    )  # type: ignore[arg-type]
