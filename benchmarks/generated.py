"""An invented country with 300 programmes, and a population for it: the test bed of the benchmarks.

Rules of twelve kinds, about 412 different criteria, 60 % of the programmes local, 51 facts that are unknown for up to 40 % of the
households. The catalogue is written in the hub's own format and read by its own reader. Everybody in the population is invented.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from random import Random

import numpy as np
import pyarrow as pa

AS_OF = date(2026, 11, 22)
PROGRAMMES = 300
MEDIAN = [2_392_013, 3_932_658, 5_025_353, 6_097_773, 7_108_192, 8_064_805, 8_988_428]
SIZE_SHARES = [0.355, 0.288, 0.188, 0.126, 0.033, 0.008, 0.002]  # households of 1 … 7
PROVINCES, DISTRICTS = 17, 229
WON, COUNT = 100_000_000, 70_000
TENURES = ("owner", "jeonse", "monthly_rent", "public", "free")
RELATIONS = ("head", "spouse", "child", "other")


@dataclass(frozen=True)
class Column:
    """A fact of the invented country: type, highest value or codes, and for which share nobody knows it."""

    type: str
    high: int = 0
    codes: tuple[str, ...] = ()
    unknown: float = 0.0


def numbered(letter: str, count: int) -> tuple[str, ...]:
    return tuple(f"{letter}{i:03d}" for i in range(count))


HOUSEHOLD = {
    "province": Column("code", codes=numbered("p", PROVINCES)),
    "district": Column("code", codes=numbered("d", DISTRICTS)),
    "settlement": Column("code", codes=("rural", "town", "city")),
    "tenure": Column("code", codes=TENURES, unknown=0.03),
    "deposit": Column("won", 5_000_000_000, unknown=0.10),
    "rent": Column("won", WON, unknown=0.10),
    "floor_area": Column("int", 1_000, unknown=0.20),
    "earned": Column("won", WON, unknown=0.08),
    "business": Column("won", WON, unknown=0.12),
    "property_income": Column("won", WON, unknown=0.10),
    "pension": Column("won", WON, unknown=0.06),
    "transfer": Column("won", WON, unknown=0.10),
    "other_income": Column("won", WON, unknown=0.15),
    "savings": Column("won", 10_000_000_000, unknown=0.15),
    "real_estate": Column("won", 30_000_000_000, unknown=0.10),
    "car_value": Column("won", 1_000_000_000, unknown=0.08),
    "car_engine": Column("int", 10_000, unknown=0.08),
    "debt": Column("won", 10_000_000_000, unknown=0.20),
    "medical_cost": Column("won", WON, unknown=0.30),
    "education_cost": Column("won", WON, unknown=0.30),
    "electricity_bill": Column("won", WON, unknown=0.10),
    "gas_bill": Column("won", WON, unknown=0.10),
    "houses": Column("int", 100, unknown=0.05),
    "arrears": Column("int", 100, unknown=0.20),
    "resident_months": Column("int", COUNT, unknown=0.15),
    "crisis": Column("int", 10, unknown=0.20),
    **{
        name: Column("bool", unknown=share)
        for name, share in {
            "farm": 0.10, "multicultural": 0.10, "defector": 0.10, "veteran": 0.10, "isolated": 0.40,
            "gets_livelihood": 0.02, "gets_medical": 0.02, "gets_housing": 0.03, "gets_education": 0.03, "gets_pension": 0.03,
            "gets_disability": 0.03, "gets_child": 0.05, "gets_energy": 0.05, "near_poor": 0.04,
        }.items()
    },
}  # fmt: skip
PERSON = {
    "birth_date": Column("date"),
    "relation": Column("code", codes=RELATIONS),
    "disability": Column("int", 6, unknown=0.05),
    "disability_kind": Column("int", 15, unknown=0.05),
    "pregnant": Column("bool", unknown=0.10),
    "school": Column("code", codes=("none", "primary", "middle", "high", "university"), unknown=0.03),
    "employed": Column("bool", unknown=0.05),
    "months_out_of_work": Column("int", 1_200, unknown=0.10),
    "care_grade": Column("int", 10, unknown=0.10),
    "rare_disease": Column("bool", unknown=0.15),
    "dementia": Column("bool", unknown=0.20),
    "own_income": Column("won", WON, unknown=0.10),
    "insured": Column("int", 10, unknown=0.05),
    "foreign": Column("bool", unknown=0.02),
    "orphan": Column("bool", unknown=0.05),
}
RATES = {"earned_deduction": "30 %", "property_rate": "417/10000", "savings_rate": "626/10000", "car_rate": "417/10000",
         "third": "30 %", "half": "50 %", "seven_tenths": "70 %", "livelihood_rate": "32 %", "living_reserve": "65 %"}  # fmt: skip
SUMS = {"deduction_cap": 1_000_000, "savings_free": 5_000_000, "car_limit": 5_000_000, "bill_limit": 100_000,
        "medical_limit": 1_000_000, "education_limit": 200_000, "rent_limit": 400_000}  # fmt: skip
BASIC_PROPERTY = {"rural": 53_000_000, "town": 77_000_000, "city": 99_000_000}
OF_MEMBERS = {
    "minors": "count_members(age_months < 216)",
    "under_six": "count_members(age_months < 72)",
    "infants": "count_members(age_months < 24)",
    "elders": "count_members(age_months >= 780)",
    "oldest": "max_member(age_months)",
    "youths": "count_members(228 <= age_months <= 419)",
    "severe": "any_member(1 <= disability <= 3)",
    "disabled": "any_member(disability >= 1)",
    "disabled_members": "count_members(disability >= 1)",
    "developmental": "any_member(disability >= 1 and 6 <= disability_kind <= 8)",
    "expecting": "any_member(pregnant)",
    "pupils": 'count_members(school == "primary")',
    "secondary_pupils": 'count_members(school in ("middle", "high"))',
    "student": 'any_member(school == "university")',
    "workers": "count_members(employed)",
    "out_of_work": "any_member(not employed and months_out_of_work >= 3 and 228 <= age_months <= 779)",
    "in_care": "any_member(1 <= care_grade <= 5)",
    "in_heavy_care": "any_member(1 <= care_grade <= 2)",
    "rare": "any_member(rare_disease)",
    "with_dementia": "any_member(dementia)",
    "has_spouse": 'any_member(relation == "spouse")',
    "uninsured": "any_member(insured == 0)",
    "foreigner": "any_member(foreign)",
    "orphaned": "any_member(orphan and age_months < 288)",
}
OF_HOUSEHOLD = {
    "income": "earned + business + property_income + pension + transfer + other_income",
    "assessed_income": "income - min(round_down(earned * earned_deduction, 1), deduction_cap)",
    "net_property": "max(0, real_estate + deposit - debt - basic_property[settlement])",
    "net_savings": "max(0, savings - savings_free)",
    "car_income": "car_value if car_engine >= 2000 and car_value > car_limit else round_down(car_value * car_rate, 1)",
    "recognised_income": "assessed_income + round_down(net_property * property_rate, 1)"
    " + round_down(net_savings * savings_rate, 1) + car_income",
    "assets": "real_estate + deposit + savings + car_value - debt",
    "lone_parent": "not has_spouse and minors >= 1",
    "lone_elder": "household_size == 1 and elders == 1",
}
KINDS = (
    ("elder", "income"), ("disability", "income"), ("infant", "income"), ("parent", "income"), ("pupil", "income"),
    ("tenure", "income", "asset"), ("crisis", "income", "saving"), ("care", "income"), ("special",), ("bill", "receives"),
    ("youth", "income", "tenure"), ("receives", "infant"),
)  # fmt: skip
EXTRA = ("asset", "saving", "excluded", "work", "tenure", "care", "excluded", "bill")
CHOICES = {
    "elder": [f"oldest >= {12 * age}" for age in (60, 65, 70, 75, 80)],
    "youth": ["youths >= 1"],
    "disability": ["severe", "disabled", "disabled_members >= 2", "developmental", "disabled or rare"],
    "infant": ["infants >= 1", "under_six >= 1", "minors >= 1", "minors >= 2", "minors >= 3"],
    "parent": ["lone_parent", "lone_parent or orphaned", "multicultural", "foreigner"],
    "pupil": ["pupils >= 1", "secondary_pupils >= 1", "student", "pupils + secondary_pupils >= 2"],
    "tenure": ['tenure in ("jeonse", "monthly_rent")', 'tenure == "monthly_rent" and rent <= rent_limit', "houses == 0",
               'tenure != "owner" and floor_area <= 60', "houses <= 1"],
    "asset": [f"assets <= assets_{million}m" for million in (100, 152, 188, 241, 310, 500)],
    "saving": [f"savings <= savings_{million}m + median_income[household_size] * living_reserve" for million in (6, 8, 10, 20)],
    "excluded": [f"not gets_{name}" for name in ("livelihood", "medical", "housing", "education", "pension", "disability", "child", "energy")],
    "receives": ["gets_livelihood or gets_medical", "gets_livelihood or near_poor",
                 "gets_livelihood or gets_medical or gets_housing or gets_education", "near_poor"],
    "crisis": ["1 <= crisis <= 3", "crisis >= 1", "arrears >= 3", "crisis >= 1 or arrears >= 2", "out_of_work"],
    "care": ["in_care", "in_heavy_care or with_dementia", "with_dementia", "rare", "expecting", "lone_elder", "isolated or lone_elder"],
    "special": ["veteran", "defector", "farm", 'farm or settlement == "rural"', "expecting or infants >= 1"],
    "bill": ["electricity_bill + gas_bill >= bill_limit", "10 * medical_cost > income", "medical_cost >= medical_limit",
             "education_cost >= education_limit"],
    "work": ["workers >= 1", "workers == 0", "earned > 0", "uninsured"],
}  # fmt: skip
LIMITS = (30, 32, 40, 47, 48, 50, 52, 60, 65, 70, 75, 80, 85, 100, 120, 150)  # % of the median


@dataclass(frozen=True)
class Programme:
    """One invented programme: criteria and amount in the hub's language, and its own figures."""

    id: str
    criteria: tuple[str, ...]
    amount: str
    rates: dict[str, str]
    sums: dict[str, int]


def programmes(count: int = PROGRAMMES, seed: int = 7) -> list[Programme]:
    """The same programmes for the same seed."""
    random = Random(seed)
    return [_programme(i, random) for i in range(count)]


def _programme(i: int, random: Random) -> Programme:
    kinds = list(KINDS[i % len(KINDS)])
    pool = [kind for kind in EXTRA if kind not in kinds]
    while len(kinds) < random.randint(3, 5):
        kinds.append(pool.pop(random.randrange(len(pool))))
    rates: dict[str, str] = {}
    criteria = []
    for kind in kinds:
        if kind == "income":
            rates[f"limit_{i}"] = f"{random.choice(LIMITS)} %"
            what = random.choice(("recognised_income", "recognised_income", "assessed_income"))
            criteria.append(f"{what} <= median_income[household_size] * limit_{i}")
        else:
            criteria.append(random.choice(CHOICES[kind]))
    if i % 5 >= 2:
        place = (
            f'province == "p{random.randrange(PROVINCES):03d}"'
            if random.random() < 0.4
            else f'district == "d{random.randrange(DISTRICTS):03d}"'
        )
        criteria.insert(0, place)
        if random.random() < 0.4:
            criteria.append(f"resident_months >= {random.choice((6, 12, 24))}")
    sums = {f"sum_{i}": 10_000 * random.randint(3, 60)}
    amount = random.choice(
        (
            f"sum_{i}",
            f"max(1, minors) * sum_{i}",
            "max(0, round_down(median_income[household_size] * livelihood_rate, 1) - recognised_income)",
            f"min(2 * sum_{i}, rent)",
            (
                f"sum_{i} if recognised_income <= median_income[household_size] * third"
                f" else round_down(sum_{i} * seven_tenths, 1)"
                f" if recognised_income <= median_income[household_size] * half else round_down(sum_{i} * half, 1)"
            ),
            (
                f"max(0, sum_{i} - round_down(max(0, recognised_income"
                " - round_down(median_income[household_size] * third, 1)) * third, 1))"
            ),
            f"min(5 * sum_{i}, round_down(medical_cost * half, 1))",
        )
    )
    return Programme(f"programme_{i}", tuple(dict.fromkeys(criteria)), amount, rates, sums)


# The catalogue ---------------------------------------------------------------------------------------------------------------------

NAME = {"ko": "지어낸 이름", "en": "Invented name"}


def write_catalogue(folder: Path, count: int = PROGRAMMES, seed: int = 7) -> Path:
    """The programme files of the invented country."""
    made = programmes(count, seed)
    rates = RATES | {name: rate for programme in made for name, rate in programme.rates.items()}
    sums = SUMS | {name: won for programme in made for name, won in programme.sums.items()}
    sums |= {f"assets_{m}m": m * 1_000_000 for m in (100, 152, 188, 241, 310, 500)}
    sums |= {f"savings_{m}m": m * 1_000_000 for m in (6, 8, 10, 20)}
    parameters = {name: _parameter("rate", rate) for name, rate in rates.items()}
    parameters |= {name: _parameter("won", won) for name, won in sums.items()}
    parameters["median_income"] = _parameter("won", MEDIAN) | {
        "by": "household_size",
        "beyond": "add_last_step",
    }
    parameters["basic_property"] = _parameter("won", BASIC_PROPERTY) | {"by": "settlement"}
    derived = {"age_months": _derived("person", "int", "months_between(birth_date, as_of)")}
    for name, text in (OF_MEMBERS | OF_HOUSEHOLD).items():
        derived[name] = _derived("household", _type_of(name, text), text)
    _write(
        folder / "catalogue.yaml",
        {"name": NAME, "jurisdiction": "xx", "scopes": {"national": NAME}, "fields": {"all": NAME}},
    )
    _write(
        folder / "sources.yaml",
        {"sources": {"act": {"title": "Act", "address": "", "tier": "none", "read_on": "2026-01-01"}}},
    )
    for of, columns in (("household", HOUSEHOLD), ("person", PERSON)):
        facts = {name: _fact(of, column) for name, column in columns.items()}
        _write(folder / "facts" / f"{of}.yaml", {"facts": facts})
    _write(folder / "parameters.yaml", {"parameters": parameters})
    _write(folder / "derived.yaml", {"derived": derived})
    for programme in made:
        _write(folder / "all" / f"{programme.id}.yaml", {programme.id: _entry(programme)})
    return folder


def _write(file: Path, contents: object) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(
        "".join(f"{key}: {json.dumps(value, ensure_ascii=False)}\n" for key, value in contents.items()),
        encoding="utf-8",
    )  # type: ignore[attr-defined]


def _fact(of: str, column: Column) -> dict[str, object]:
    fact: dict[str, object] = {"of": of, "type": column.type, "label": NAME, "question": NAME}
    if column.type == "code":
        fact["values"] = {code: NAME for code in column.codes}
    elif column.type == "date":
        fact |= {"min": "1900-01-01", "max": "2026-12-31"}
    elif column.type != "bool":
        fact |= {"min": 0, "max": column.high}
    return fact


def _parameter(kind: str, value: object) -> dict[str, object]:
    entry = {"from": "2020-01-01", "source": "act", "confidence": "verified", "value": value}
    return {"type": kind, "label": NAME, "law": "Act", "review_by": "2030-01-01", "values": [entry]}


def _type_of(name: str, text: str) -> str:
    if text.startswith(("count_members", "max_member")):
        return "int"
    return "bool" if text.startswith("any_member") or name in ("lone_parent", "lone_elder") else "won"


def _derived(of: str, kind: str, text: str) -> dict[str, object]:
    return {"of": of, "type": kind, "label": NAME, "law": "Act", "value": text}


def _entry(programme: Programme) -> dict[str, object]:
    return {
        "name": NAME,
        "summary": NAME,
        "scope": "national",
        "agency": NAME,
        "law": "Act",
        "subject": "household",
        "valid": {"from": "2020-01-01"},
        "criteria": [
            {"id": f"c{i}", "label": NAME, "when": text, "law": "Act"}
            for i, text in enumerate(programme.criteria)
        ],
        "amount": {"won": programme.amount, "per": "month"},
        "documents": [NAME],
        "apply_at": [NAME],
        "sources": ["act"],
        "confidence": "verified",
    }


# The population --------------------------------------------------------------------------------------------------------------------

Columns = dict[str, np.ndarray]


def population(
    households: int, shard: int = 250_000, seed: int = 1000
) -> Iterator[tuple[pa.Table, pa.Table]]:
    """Tables of households and members, part by part, ordered by region; about 2.23 members each."""
    for number, first in enumerate(range(0, households, shard)):
        yield _part(number, first, min(shard, households - first), households, seed)


def _part(number: int, first: int, count: int, total: int, seed: int) -> tuple[pa.Table, pa.Table]:
    random = np.random.default_rng(seed + number)
    place = np.arange(first, first + count) / total
    district = (place * DISTRICTS).astype(np.int16)
    sizes = random.choice(np.arange(1, 8), count, p=SIZE_SHARES)
    owner = np.repeat(np.arange(count), sizes)
    nth = np.arange(len(owner)) - (np.cumsum(sizes) - sizes)[owner]
    poor = random.random(count) < 0.18
    head_age = random.gamma(12, 4.4, count).clip(19, 99)
    persons = _persons(random, owner, nth, head_age, poor)
    homes = _households(
        random, count, district, head_age, poor, np.bincount(owner, persons["own_income"], count)
    )
    ids = np.arange(first, first + count)
    names = pa.array([f"district {i}" for i in range(DISTRICTS)])
    own = {
        "household_id": pa.array(ids),
        "area": pa.DictionaryArray.from_arrays(pa.array(district.astype(np.int32)), names),
    }
    own |= {name: _arrow(random, column, homes[name]) for name, column in HOUSEHOLD.items()}
    each = {"household_id": pa.array(ids[owner])} | {
        name: _arrow(random, column, persons[name]) for name, column in PERSON.items()
    }
    return pa.table(own), pa.table(each)


def _arrow(random: np.random.Generator, column: Column, values: np.ndarray) -> pa.Array:
    mask = random.random(len(values), dtype=np.float32) < column.unknown if column.unknown else None
    match column.type:
        case "code":
            return pa.DictionaryArray.from_arrays(
                pa.array(values.astype(np.int16), mask=mask), pa.array(column.codes)
            )
        case "date":
            return pa.array(values.astype("datetime64[D]"), mask=mask)
        case "bool":
            return pa.array(values.astype(bool), mask=mask)
    return pa.array(values.astype(np.int64), mask=mask)


def _persons(
    random: np.random.Generator, owner: np.ndarray, nth: np.ndarray, head_age: np.ndarray, poor: np.ndarray
) -> Columns:
    count = len(owner)
    head = nth == 0
    spouse = (nth == 1) & (random.random(count) < 0.72)
    child = ~head & ~spouse & (random.random(count) < 0.85)
    age = head_age[owner] + np.select(
        [head, spouse, child], [0, random.normal(-2, 3, count), -random.normal(32, 5, count)], 26
    )
    months = (age.clip(0, 105) * 12).astype(np.int64)
    years = months // 12
    disabled = random.random(count) < np.where(years > 64, 0.14, 0.035)
    employed = (years >= 19) & (years < 70) & (random.random(count) < np.where(poor[owner], 0.35, 0.75))
    born = (np.datetime64(AS_OF, "M") - months).astype("datetime64[D]") + random.integers(0, AS_OF.day, count)
    university = (years >= 18) & (years < 24) & (random.random(count) < 0.6)
    return {
        "birth_date": born,
        "relation": np.select([head, spouse, child], [0, 1, 2], 3),
        "disability": np.where(disabled, random.integers(1, 7, count), 0),
        "disability_kind": np.where(disabled, random.integers(1, 16, count), 0),
        "pregnant": (years > 18) & (years < 46) & (random.random(count) < 0.015),
        "school": np.select([(years >= 6) & (years < 12), (years >= 12) & (years < 15), (years >= 15) & (years < 18), university], [1, 2, 3, 4], 0),
        "employed": employed,
        "months_out_of_work": np.where(employed | (years < 19), 0, random.integers(0, 60, count)),
        "care_grade": np.where((years > 64) & (random.random(count) < 0.1), random.integers(1, 6, count), 0),
        "rare_disease": random.random(count) < 0.01,
        "dementia": (years > 64) & (random.random(count) < 0.1),
        "own_income": np.where(employed, random.lognormal(14.6, 0.55, count), 0).clip(0, 5e7) // 10_000 * 10_000,
        "insured": random.integers(0, 4, count),
        "foreign": random.random(count) < 0.03,
        "orphan": random.random(count) < 0.002,
    }  # fmt: skip


def _households(
    random: np.random.Generator,
    count: int,
    district: np.ndarray,
    head_age: np.ndarray,
    poor: np.ndarray,
    earned: np.ndarray,
) -> Columns:
    def won(share: float, mean: float, spread: float, most: float = 9e7, unit: int = 1000) -> np.ndarray:
        return (
            np.where(random.random(count) < share, random.lognormal(mean, spread, count), 0).clip(0, most)
            // unit
            * unit
        )

    def some(share: float) -> np.ndarray:
        return random.random(count) < share

    owns = some(0.56)
    tenure = np.where(owns, 0, random.integers(1, 5, count))
    settlement = district.astype(np.int64) * 7919 % 3
    car = won(0.6, 15.8, 0.8, 2e8, 10_000)
    gets = {
        "livelihood": 0.3,
        "medical": 0.32,
        "housing": 0.4,
        "education": 0.1,
        "disability": 0.05,
        "energy": 0.3,
    }
    return {
        "province": district.astype(np.int64) * PROVINCES // DISTRICTS,
        "district": district,
        "settlement": settlement,
        "tenure": tenure,
        "deposit": np.select(
            [tenure == 1, tenure == 2], [won(1, 18.5, 0.7, 3e9, 100_000), won(1, 16, 0.8, 3e9, 100_000)], 0
        ),
        "rent": np.where(tenure == 2, won(1, 12.9, 0.5, 5e6, 10_000), 0),
        "floor_area": random.integers(14, 180, count),
        "earned": earned.clip(0, 9e7),
        "business": won(0.16, 14.3, 0.9),
        "property_income": won(0.1, 13, 1),
        "pension": np.where(head_age > 62, won(0.7, 13.3, 0.6), 0),
        "transfer": won(0.3, 12.5, 0.7),
        "other_income": won(0.05, 12, 1),
        "savings": won(0.9, 16.3, 1.3, 5e9, 10_000),
        "real_estate": np.where(owns, won(1, 19, 0.8, 2e10, 100_000), won(0.05, 18, 0.8, 2e9, 100_000)),
        "car_value": car,
        "car_engine": np.where(car > 0, random.integers(800, 3800, count), 0),
        "debt": won(0.45, 17, 1.1, 5e9, 10_000),
        "medical_cost": won(0.6, 11.5, 1.1, 5e7),
        "education_cost": won(0.3, 12.5, 0.8),
        "electricity_bill": won(1, 10.9, 0.5),
        "gas_bill": won(0.8, 10.7, 0.7),
        "houses": np.where(owns, random.choice([1, 2, 3], count, p=[0.8, 0.16, 0.04]), 0),
        "arrears": np.where(poor, random.integers(0, 9, count), 0),
        "resident_months": random.integers(0, 480, count),
        "crisis": np.where(some(0.06), random.integers(1, 8, count), 0),
        "farm": (settlement == 0) & some(0.2),
        "multicultural": some(0.02),
        "defector": some(0.001),
        "veteran": some(0.03),
        "isolated": some(0.04),
        **{f"gets_{name}": poor & some(share) for name, share in gets.items()},
        "gets_pension": (head_age > 64) & some(0.65),
        "gets_child": some(0.08),
        "near_poor": poor & some(0.2),
    }
