"""Who lives together: household sizes, compositions, relations and ages, until the published figures are met
exactly.

Sizes follow one curve for all dongs, tilted until its mean is the dong's own; what a household of a size is
made of is drawn from `COMPOSITIONS`; ages follow from the composition and are finally stretched a little
around 65 so that the number of people aged 65 and over is the published one.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np

from welfare.synthetic.dongs import Target, apportion

SIZES = np.arange(1, 8)
# Shares of households of one to seven people in a Korean city, before tilting.
SIZE_SHARES = np.array([0.365, 0.272, 0.198, 0.130, 0.027, 0.006, 0.002])
AGED_SHARE = 0.169  # people aged 65 and over in the whole district, the yardstick for older and younger dongs

RELATIONS = (
    "head", "spouse", "child", "child_in_law", "parent", "parent_in_law", "grandchild", "sibling", "other",
)  # fmt: skip
HEAD, SPOUSE, CHILD, CHILD_IN_LAW, PARENT, PARENT_IN_LAW, GRANDCHILD, SIBLING, OTHER = range(9)
FEMALE, MALE = 0, 1


@dataclass(frozen=True)
class Composition:
    """One way a household of a size is made up.

    The household consists of its head, a spouse or none, `parents` of the head, and the `rest`: minor or
    adult children, grandchildren, siblings, friends, or the family of a grown child. `weight` is relative
    among those of the same size; `marks` says whether an old or a student dong has more of them.
    """

    name: str
    sizes: tuple[int, ...]
    weight: float
    age: tuple[float, float, float, float]  # of the head: mean, spread, least, most
    spouse: bool = False
    parents: int = 0
    rest: str = "none"
    marks: str = "none"  # none | old | student
    female_head: float = 0.25


COMPOSITIONS = (
    Composition("student_alone", (1,), 0.10, (22.5, 2.2, 19, 29), marks="student", female_head=0.55),
    Composition("young_alone", (1,), 0.36, (30, 4.5, 22, 39.9), female_head=0.48),
    Composition("middle_aged_alone", (1,), 0.28, (53, 8, 40, 66), female_head=0.40),
    Composition("old_alone", (1,), 0.32, (71, 9, 63, 97), marks="old", female_head=0.70),
    Composition("young_couple", (2,), 0.15, (34, 5, 25, 44.9), spouse=True),
    Composition("middle_aged_couple", (2,), 0.14, (57, 6, 45, 66), spouse=True),
    Composition("old_couple", (2,), 0.26, (69, 7, 61, 92), spouse=True, marks="old", female_head=0.06),
    Composition("lone_parent", (2, 3, 4), 0.070, (41, 5.5, 24, 54), rest="minors", female_head=0.76),
    Composition("parent_and_grown_child", (2, 3), 0.11, (58, 4.5, 49, 64.9), rest="adults", female_head=0.72),
    Composition("old_parent_and_grown_child", (2,), 0.08, (71, 7, 63, 92), rest="adults", marks="old", female_head=0.6),
    Composition("grown_child_and_old_parent", (2,), 0.06, (48, 6, 36, 62), parents=1, marks="old", female_head=0.35),
    Composition("siblings", (2, 3), 0.05, (26, 4, 19.5, 38), rest="siblings", marks="student", female_head=0.5),
    Composition("friends", (2, 3), 0.04, (25, 4, 19.5, 38), rest="friends", marks="student", female_head=0.5),
    Composition("grandparent_and_grandchild", (2,), 0.008, (70, 5, 58, 82), rest="grandchildren", female_head=0.7),
    Composition("family", (3,), 0.42, (40, 5.5, 25, 53), spouse=True, rest="minors", female_head=0.14),
    Composition("family_with_grown_child", (3,), 0.27, (58, 4.5, 49, 64.9), spouse=True, rest="adults", female_head=0.12),
    Composition("couple_and_old_parent", (3,), 0.05, (52, 5, 42, 63), spouse=True, parents=1, marks="old"),
    Composition("old_couple_and_grown_child", (3,), 0.10, (68, 6, 62, 86), spouse=True, rest="adults", marks="old"),
    Composition("grandparents_and_grandchild", (3,), 0.012, (69, 5, 58, 82), spouse=True, rest="grandchildren"),
    Composition("family", (4,), 0.62, (43, 5, 28, 54), spouse=True, rest="minors", female_head=0.12),
    Composition("family_with_grown_children", (4,), 0.26, (57.5, 4, 50, 64.9), spouse=True, rest="adults"),
    Composition("three_generations", (4,), 0.07, (46, 4.5, 36, 56), spouse=True, parents=1, rest="minors", marks="old"),
    Composition("family_of_a_grown_child", (4,), 0.03, (71, 5, 62, 84), rest="child_family", marks="old"),
    Composition("large_family", (5, 6, 7), 0.50, (44, 4.5, 30, 54), spouse=True, rest="minors", female_head=0.1),
    Composition("three_generations", (5, 6, 7), 0.32, (46, 4.5, 36, 56), spouse=True, parents=1, rest="minors", marks="old"),
    Composition("three_generations", (6, 7), 0.30, (46, 4, 38, 55), spouse=True, parents=2, rest="minors", marks="old"),
    Composition("family_of_a_grown_child", (5, 6, 7), 0.14, (71, 5, 62, 84), spouse=True, rest="child_family", marks="old"),
)  # fmt: skip
RESTS = ("none", "minors", "adults", "grandchildren", "siblings", "friends", "child_family")


@dataclass(frozen=True)
class Families:
    """The structure of an invented district: one entry per household, then one per person (persons follow
    their household).

    `age_days` counts days lived on the as-of date; `first` is the row of each household's first member, its
    head.
    """

    dong: np.ndarray  # household: place in DONGS
    size: np.ndarray
    composition: np.ndarray  # household: place in COMPOSITIONS
    first: np.ndarray
    home: np.ndarray  # person: row of the household
    place: np.ndarray  # person: 0 for the head, 1, 2, …
    relation: np.ndarray  # person: place in RELATIONS
    sex: np.ndarray
    couple: np.ndarray
    age_days: np.ndarray


def invent_families(goals: tuple[Target, ...], as_of: date, rng: np.random.Generator) -> Families:
    """Households and people that meet every dong's number of households, people and people aged 65 and over
    exactly.
    """
    sizes, dongs, compositions = [], [], []
    for place, goal in enumerate(goals):
        size = _sizes(goal.households, goal.population)
        rng.shuffle(size)
        sizes.append(size)
        dongs.append(np.full(goal.households, place, np.int16))
        compositions.append(_compositions(size, goal, rng))
    size, dong, composition = map(np.concatenate, (sizes, dongs, compositions))
    first = np.cumsum(size) - size
    home = np.repeat(np.arange(len(size)), size)
    place = np.arange(len(home)) - first[home]
    relation, sex, couple, age = _people(composition, size, first, home, place, rng)
    days = np.empty(len(home), np.int64)
    of_dong = dong[home]
    for number, goal in enumerate(goals):
        here = of_dong == number
        days[here] = _aged(age[here], goal.aged_65, as_of)
    return Families(dong, size, composition, first, home, place, relation, sex, couple, days)


def _sizes(households: int, population: int) -> np.ndarray:
    """A size for each household, adding up to the population exactly."""
    if households == 0:
        return np.empty(0, np.int64)
    mean = min(max(population / households, 1.0001), 6.9)
    low, high = 1e-4, 1e4
    for _ in range(80):
        tilt = (low * high) ** 0.5
        shares = SIZE_SHARES * tilt ** (SIZES - 1)
        low, high = (tilt, high) if (shares * SIZES).sum() / shares.sum() < mean else (low, tilt)
    counts = apportion(households, shares)
    missing = population - int((counts * SIZES).sum())
    while missing:
        # One person more or less at a time, where there are most households to take it from.
        step = 1 if missing > 0 else -1
        usable = counts[:-1] if step > 0 else counts[1:]
        place = int(np.argmax(usable)) + (0 if step > 0 else 1)
        if counts[place] == 0:
            break
        counts[place] -= 1
        counts[place + step] += 1
        missing -= step
    return np.repeat(SIZES, counts)


def _compositions(size: np.ndarray, goal: Target, rng: np.random.Generator) -> np.ndarray:
    old = goal.dong.aged_65 / goal.dong.population / AGED_SHARE
    marks = {"none": 1.0, "old": old, "student": goal.dong.students}
    drawn = rng.random(len(size))
    composition = np.zeros(len(size), np.int16)
    for number in SIZES:
        among = [place for place, one in enumerate(COMPOSITIONS) if number in one.sizes]
        weights = np.cumsum(
            [COMPOSITIONS[place].weight * marks[COMPOSITIONS[place].marks] for place in among]
        )
        here = size == number
        composition[here] = np.array(among)[np.searchsorted(weights / weights[-1], drawn[here])]
    return composition


def _column(name: str) -> np.ndarray:
    return np.array([getattr(one, name) for one in COMPOSITIONS])


def _people(
    composition: np.ndarray,
    size: np.ndarray,
    first: np.ndarray,
    home: np.ndarray,
    place: np.ndarray,
    rng: np.random.Generator,
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Relation to the head, sex, couple number and age in years of everybody."""
    spouse = _column("spouse")[composition][home].astype(np.int64)
    parents = _column("parents")[composition][home]
    rests = np.array([RESTS.index(one.rest) for one in COMPOSITIONS])[composition][home]
    order = place - 1 - spouse - parents  # 0, 1, … among the rest
    is_head, is_spouse = place == 0, (place == 1) & (spouse == 1)
    is_parent = ~is_head & ~is_spouse & (order < 0)
    is_rest = order >= 0
    relation = np.full(len(home), OTHER, np.int8)
    relation[is_head], relation[is_spouse] = HEAD, SPOUSE
    in_law = rng.random(len(size)) < 0.3
    relation[is_parent] = np.where(in_law[home[is_parent]] & (spouse[is_parent] == 1), PARENT_IN_LAW, PARENT)
    for name, value in (
        ("minors", CHILD),
        ("adults", CHILD),
        ("grandchildren", GRANDCHILD),
        ("siblings", SIBLING),
    ):
        relation[is_rest & (rests == RESTS.index(name))] = value
    branch = is_rest & (rests == RESTS.index("child_family"))
    relation[branch] = np.select([order[branch] == 0, order[branch] == 1], [CHILD, CHILD_IN_LAW], GRANDCHILD)

    sex = rng.integers(0, 2, len(home), np.int8)
    head_sex = np.where(rng.random(len(size)) < _column("female_head")[composition], FEMALE, MALE)
    sex[first] = head_sex
    sex[is_spouse] = 1 - head_sex[home[is_spouse]]
    # A lone parent of the head is the mother in four of five; of two parents the second is the other sex.
    father = rng.random(len(size)) < 0.2
    sex[is_parent] = np.where(father[home[is_parent]], MALE, FEMALE)
    second = is_parent & (order == -1) & (parents == 2)
    sex[second] = 1 - sex[np.flatnonzero(second) - 1]
    in_law_rows = np.flatnonzero(relation == CHILD_IN_LAW)
    sex[in_law_rows] = 1 - sex[in_law_rows - 1]

    couple = np.zeros(len(home), np.int8)
    couple[(spouse == 1) & (place <= 1)] = 1
    couple[is_parent & (parents == 2)] = 2
    couple[in_law_rows] = couple[in_law_rows - 1] = 2

    age = _ages(composition, first, home, order, relation, rests, rng)
    return relation, sex, couple, age


def _ages(
    composition: np.ndarray,
    first: np.ndarray,
    home: np.ndarray,
    order: np.ndarray,
    relation: np.ndarray,
    rests: np.ndarray,
    rng: np.random.Generator,
) -> np.ndarray:
    mean, spread, least, most = (
        np.array([one.age[i] for one in COMPOSITIONS])[composition] for i in range(4)
    )
    head = mean + spread * rng.standard_normal(len(composition))
    outside = (head < least) | (head > most)
    head[outside] = rng.uniform(
        np.maximum(least, mean - spread)[outside], np.minimum(most, mean + spread)[outside]
    )
    noise = rng.standard_normal(len(home))
    small = rng.random(len(home))
    age = head[home].copy()
    rows = relation == SPOUSE
    age[rows] += -1.5 + 3 * noise[rows]
    rows = (relation == PARENT) | (relation == PARENT_IN_LAW)
    age[rows] += 28 + 4 * noise[rows]
    rows = (relation == SIBLING) | (relation == OTHER)
    age[rows] = np.maximum(age[rows] + 3 * noise[rows], 17)
    # Children: the eldest was born when the head was about 32, the others follow two to four years apart.
    birth_age = (32 + 4.2 * rng.standard_normal(len(first)))[home]
    gap = rng.uniform(1.6, 4.2, len(first))[home]
    eldest = head[home] - birth_age
    rows = (relation == CHILD) & (rests == RESTS.index("minors"))
    age[rows] = np.clip(eldest, 0.6, 19)[rows] - gap[rows] * order[rows]
    rows = (relation == CHILD) & (rests != RESTS.index("minors"))
    age[rows] = np.maximum(eldest[rows] - gap[rows] * order[rows], 18 + 4 * small[rows])
    rows = relation == CHILD_IN_LAW
    age[rows] = np.maximum((head[home] - birth_age - 1 + 2 * noise)[rows], 22)
    rows = relation == GRANDCHILD
    age[rows] = np.clip((head[home] - 62 + 5 * noise)[rows], 0.3, 18.5)
    # Children born closer together than the gap allows are infants, not unborn.
    return np.clip(np.where(age < 0.02, 0.02 + small * 1.5, age), 0.01, 107)


def _aged(age: np.ndarray, aged_65: int, as_of: date) -> np.ndarray:
    """Days lived, stretched between 45 and 108 years so that exactly `aged_65` people have reached 65."""
    limit = (as_of - _years_before(as_of, 65)).days
    count = min(aged_65, len(age))
    ranks = np.empty(len(age), np.int64)
    ranks[np.argsort(-age, kind="stable")] = np.arange(len(age))
    oldest_first = np.sort(age)[::-1]
    if 0 < count < len(age):
        turn = (oldest_first[count - 1] + oldest_first[count]) / 2
    else:
        turn = 65.0
    turn = float(np.clip(turn, 46, 100))
    stretched = np.interp(age, [0, 45, turn, 108], [0, 45, 65, 108])
    days = (stretched * 365.2425).astype(np.int64)
    old = ranks < count
    return np.where(old, np.maximum(days, limit), np.minimum(days, limit - 1))


def _years_before(day: date, years: int) -> date:
    try:
        return day.replace(year=day.year - years)
    except ValueError:  # 29 February
        return date(day.year - years, 2, 28)
