"""Invents a district: two Arrow tables that look like what a centre knows, about people who do not exist.

Everything is drawn first as if all were known; then what a centre would not know is blanked, household by
household: who once applied has an income inquiry and a filled form on file, of all others the registers know
the plain facts only.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import numpy as np
import pyarrow as pa

from welfare.facts import Fact, decode_date
from welfare.facts.fact import BUILT_IN
from welfare.rules import Catalogue
from welfare.synthetic import circumstances, hardship, receipts
from welfare.synthetic.circumstances import applies, basic_or_near_poor
from welfare.synthetic.dongs import DONGS, targets
from welfare.synthetic.families import invent_families
from welfare.synthetic.identity import (
    INVENTED,
    invent_addresses,
    invent_names,
    invent_phones,
    invent_resident_numbers,
)
from welfare.synthetic.kinds import neutral
from welfare.synthetic.world import Codes, Values, World, stream

AS_OF = date(2026, 7, 1)  # the day the invented ages hold, unless another is asked for
# How each fact comes about; what stands in none of the three tables gets the neutral rule of its type.
RULES = {**circumstances.RULES, **hardship.RULES, **receipts.RULES}
MEMBERS_MAX = 100  # person_id = household_id * 100 + 1, 2, …
SHARD = 100_000  # households at a time when a population is written shard by shard

# What is on the register of residents or follows from the address is known of everybody.
ALWAYS_KNOWN = ("birth_date", "sex", "relation", "region", "district", "county_area", "area_class")
# How likely a fact is known, by how it can be learned and what learning it costs (0 … 3).
# An inquiry of incomes and assets exists for those who applied; a form is what they filled in themselves.
REGISTER_WITH_INQUIRY = 0.998
REGISTER_WITHOUT = (0.999, 0.72, 0.10, 0.03)
ASKED_WITH_FORM = 0.997
ASKED_WITH_HALF_A_FORM = 0.55
ASKED_WITHOUT = (0.9, 0.15, 0.06, 0.02)
FORM_COMPLETE = 0.8


def invent_district(
    catalogue: Catalogue,
    households: int | None = None,
    seed: int = 1,
    as_of: date = AS_OF,
    first_id: int = 1,
    gaps: bool = True,
) -> tuple[pa.Table, pa.Table]:
    """The households and the members of an invented Seodaemun-gu.

    Without `households` every dong has its published number of households, people and people aged 65 and over
    (on `as_of`); with a number, the same proportions. Same arguments, same tables; a fact's values do not
    depend on which other facts the catalogue declares.

    Households: household_id, area (ten-digit dong code), address, invented, and one column per household
    fact. Members: household_id, person_id, name, resident_number, phone, invented, couple (0: none), and one column
    per person fact. Members follow their household, the head first. Won and counts are int64, codes
    dictionaries of text, dates date32, null is unknown. Without `gaps` everything is known.

    Raises ValueError for a number of households below one.
    """
    seeds = (seed,) if seed >= 0 else (1, -seed)
    families = invent_families(targets(households), as_of, stream(seeds, "families"))
    world = World(families, as_of, seeds, RULES)
    known = Knowledge(world) if gaps else None
    ids = np.arange(first_id, first_id + world.households, dtype=np.int64)
    marker = pa.DictionaryArray.from_arrays
    household_columns: dict[str, pa.Array] = {
        "household_id": pa.array(ids),
        "area": pa.array([dong.code for dong in DONGS]).take(pa.array(families.dong)),
        "address": invent_addresses(families.dong, stream(seeds, "address")),
        "invented": marker(np.zeros(world.households, np.int32), [INVENTED]),
    }
    foreign = world.codes("residence_status").place >= 2
    member_columns: dict[str, pa.Array] = {
        "household_id": pa.array(ids[families.home]),
        "person_id": pa.array(ids[families.home] * MEMBERS_MAX + families.place + 1),
        "name": invent_names(families, stream(seeds, "name")),
        "resident_number": invent_resident_numbers(
            world.birth_date, families.sex, foreign, stream(seeds, "resident_number")
        ),
        "phone": invent_phones(families, world.age, stream(seeds, "phone")),
        "invented": marker(np.zeros(world.people, np.int32), [INVENTED]),
        "couple": pa.array(families.couple),
    }
    for fact in catalogue.facts.values():
        if fact.name not in BUILT_IN:
            columns = household_columns if fact.of == "household" else member_columns
            columns[fact.name] = _column(world, fact, known.of(fact) if known else None)
    return pa.table(household_columns), pa.table(member_columns)


def invent_shards(
    catalogue: Catalogue, households: int, seed: int = 1, as_of: date = AS_OF, shard: int = SHARD
) -> Iterator[tuple[pa.Table, pa.Table]]:
    """An invented population of any size in constant memory: one small district after the other, ids running
    on.

    Each pair of tables is what `invent_district` gives; a shard's contents depend on the seed and its place
    only.
    """
    for number, start in enumerate(range(0, households, shard)):
        size = min(shard, households - start)
        yield invent_district(catalogue, size, seed * 1_000_003 + number, as_of, first_id=start + 1)


class Knowledge:
    """Which facts a centre knows about which invented household."""

    def __init__(self, world: World) -> None:
        self.world = world
        rng = stream(world.seed, "knowledge")
        drawn = rng.random(world.households)
        applied = basic_or_near_poor(world) | world.any(world["receives_basic_pension"]) & (drawn < 0.75)
        # Others were once looked into and refused, or never followed it up: more often where means are
        # modest.
        looked_into = np.where(applies(world), np.where(world["means"] < 0.6, 0.2, 0.07), 0.01)
        self.inquiry = applied | (drawn < looked_into)
        self.form = self.inquiry & (rng.random(world.households) < FORM_COMPLETE)

    def of(self, fact: Fact) -> np.ndarray | None:
        """Where the fact is known; None for everywhere."""
        if fact.name in ALWAYS_KNOWN:
            return None
        if fact.register:
            with_inquiry, without = REGISTER_WITH_INQUIRY, REGISTER_WITHOUT[fact.cost]
            shares = np.where(self.inquiry, with_inquiry, without)
        else:
            shares = np.where(
                self.form,
                ASKED_WITH_FORM,
                np.where(self.inquiry, ASKED_WITH_HALF_A_FORM, ASKED_WITHOUT[fact.cost]),
            )
        if fact.of == "person":
            shares = self.world.each(shares)
        rng = stream(self.world.seed, f"known {fact.name}")
        return rng.random(len(shares), np.float32) < shares


def _column(world: World, fact: Fact, known: np.ndarray | None) -> pa.Array:
    """The fact's values as an Arrow column of its type; what is unknown, or is not in the catalogue's terms,
    is null.
    """
    values = world.draw(fact.name) if fact.name in world.rules else None
    if values is None or not _fits(world, fact, values):
        values = neutral(fact)(world, stream(world.seed, fact.name))
    unknown = None if known is None else ~known
    if isinstance(values, Codes):
        place = np.array(
            [fact.codes.index(name) if name in fact.codes else -1 for name in values.names], np.int32
        )
        places = place[values.place]
        unknown = (places < 0) | (False if unknown is None else unknown)
        return pa.DictionaryArray.from_arrays(pa.array(places, mask=unknown), pa.array(list(fact.codes)))
    if fact.type == "bool":
        return pa.array(values.astype(bool), mask=unknown)
    if fact.type == "date":
        ends = (np.datetime64(decode_date(fact.low)), np.datetime64(decode_date(fact.high)))
        return pa.array(np.clip(values, *ends), pa.date32(), mask=unknown)
    return pa.array(np.clip(values, fact.low, fact.high).astype(np.int64), mask=unknown)


def _fits(world: World, fact: Fact, values: Values) -> bool:
    """A catalogue may have another type or subject for a fact than its rule; then the neutral rule is right
    again.
    """
    rows = values.place if isinstance(values, Codes) else values
    if len(rows) != (world.households if fact.of == "household" else world.people):
        return False
    if isinstance(values, Codes):
        return fact.type == "code"
    kinds = {"bool": "b", "date": "M", "int": "iu", "won": "iu"}
    return values.dtype.kind in kinds.get(fact.type, "")
