"""How many questions the interview asks: against form order, and against the fewest answers that could have settled everything.

The lower bound knows the truth beforehand, which no interviewer does: the smallest set of answers that
settles all programmes for this very household, found exactly by an integer program. Every set of answers that
leaves something open gives a condition "one of the others is needed"; conditions are added until the smallest
set that meets them all settles everything.

    python -m benchmarks.interview [--households 60] [--bounds 30] [--catalogue generated|kr] [--way 'with a sample']
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from unittest.mock import patch

import numpy as np
import pyarrow as pa
from scipy.optimize import Bounds, LinearConstraint, milp

import welfare
from benchmarks import generated
from welfare import Household, Interview, Priors, RuleSet
from welfare.facts.fact import COUPLE
from welfare.rules.interview import Question
from welfare.rules.relevance import Imagined
from welfare.synthetic import district

DAY = date(2026, 11, 22)


# The exact lower bound ------------------------------------------------------------------------------------


class Hindsight:
    """Which sets of answers would settle everything for one household whose truth is known."""

    def __init__(self, interview: Interview, truth: Household) -> None:
        questions = interview.worth_asking()
        self.names = [question.fact.name for question in questions]
        encoded = truth.encoded(interview.rules.facts)
        worlds = {}
        for question in questions:
            name = question.fact.name
            if question.members:
                worlds[name] = np.array([[int(member[name])] for member in encoded.members], np.int64)
            else:
                worlds[name] = np.array([int(encoded.household[name])], np.int64)
        asked = {question.fact.name: question.members for question in questions}
        self.imagined = Imagined(interview._standing, asked, worlds)
        live = interview._standing.live  # what nothing can decide any more needs no answer
        open_ = (tuple(key for key in answer.criteria if live[key]) for answer in interview._standing.open)
        self.answers = [criteria for criteria in dict.fromkeys(open_) if criteria]

    def settled(self, sets: np.ndarray) -> np.ndarray:
        """(answers, sets): whether each open answer is settled by each set, a row of `sets` with one column a question."""
        given = {name: sets[None, :, i] for i, name in enumerate(self.names)}
        values = self.imagined.run(given)
        planes = {key: self.imagined.criterion(key, values) for key in self.imagined.standing.live}
        rows = []
        for criteria in self.answers:
            entitled, refused = np.True_, np.False_
            for key in criteria:
                entitled, refused = entitled & planes[key][0], refused | planes[key][1]
            rows.append(np.broadcast_to(entitled | refused, (1, len(sets)))[0])
        return np.array(rows)

    def fewest(self) -> int:
        """The size of the smallest set of answers that settles everything. Exact."""
        size = len(self.names)
        if not size:
            return 0
        # Whatever cannot be left out is in every set.
        conditions = [row for row in np.eye(size, dtype=bool) if not self.settled(~row[None, :]).all()]
        while True:
            chosen = self._smallest(conditions, size)
            left = np.flatnonzero(~self.settled(chosen[None, :])[:, 0])
            if not len(left):
                return int(chosen.sum())
            conditions += [~grown for grown in self._grown(chosen, left)]

    def _grown(self, chosen: np.ndarray, left: np.ndarray) -> np.ndarray:
        """For each answer left open, a largest set around `chosen` that still leaves it open."""
        sets = np.repeat(chosen[None, :], len(left), axis=0)
        rows = np.arange(len(left))
        for i in np.random.default_rng(len(left)).permutation(len(self.names)):
            before = sets[:, i].copy()
            sets[:, i] = True
            settled = self.settled(sets)[left, rows]  # each row is grown for one answer
            sets[settled, i] = before[settled]
        return np.unique(sets, axis=0)

    @staticmethod
    def _smallest(conditions: Sequence[np.ndarray], size: int) -> np.ndarray:
        if not conditions:
            return np.zeros(size, bool)
        found = milp(
            np.ones(size),
            constraints=LinearConstraint(np.array(conditions, float), 1, np.inf),
            integrality=np.ones(size),
            bounds=Bounds(0, 1),
        )
        return found.x > 0.5


# Interviews -----------------------------------------------------------------------------------------------


def form_order(interview: Interview) -> Question | None:
    """The next question of the form that an open criterion rests on; the others are skipped."""
    rules, open_facts = interview.rules, set()
    for waiting in interview.unsettled:
        if waiting.askable:
            for criterion in waiting.programme.criteria:
                open_facts |= rules.criterion_facts[waiting.programme.id, criterion.id]
    for name, fact in rules.catalogue.facts.items():
        known = (
            name in interview.household.facts
            if fact.of == "household"
            else all(name in member for member in interview.household.members)
        )
        if name in open_facts and fact.askable and not known:
            return interview.about(name)
    return None


def best(interview: Interview) -> Question | None:
    return interview.next()


def told(interview: Interview, question: Question, truth: Household) -> Interview:
    """The interview after the household's true answer."""
    name = question.fact.name
    value = [truth.members[i][name] for i in question.members] if question.members else truth.facts[name]
    return interview.answer(question, value)


@dataclass
class Course:
    """One interview: how many answers were open after 0, 1, 2 … questions, and the CPU seconds spent on choosing."""

    open: list[int]
    seconds: list[float]

    @property
    def questions(self) -> int:
        return len(self.open) - 1

    @property
    def area(self) -> float:
        """Questions' worth of open answers: the sum of the share still open after each question."""
        return sum(self.open) / self.open[0] if self.open[0] else 0.0

    def share(self, after: int) -> float:
        return self.open[after] / self.open[0] if after < len(self.open) and self.open[0] else 0.0


def interviewed(start: Interview, truth: Household, choose: Callable[[Interview], Question | None]) -> Course:
    interview, course = start, Course([len(start.unsettled)], [])
    while True:
        clock = time.process_time()
        question = choose(interview)
        course.seconds.append(time.process_time() - clock)
        if question is None:
            return course
        interview = told(interview, question, truth)
        clock = time.process_time()
        course.open.append(len(interview.unsettled))
        course.seconds[-1] += time.process_time() - clock


def compare(
    rules: RuleSet,
    cases: Sequence[tuple[Household, Household]],
    sample: Sequence[Household],
    bounds: int,
    only: str = "",
) -> Iterator[str]:
    """Table rows for (known at the start, truth) cases. The sample, which holds none of the cases, gives the priors."""
    priors = Priors.from_households(rules, sample)
    starts = [Interview(rules, known) for known, _ in cases]
    starts[0].next()  # what is made once per rule set is not a question's time
    fewest = [
        Hindsight(interview, truth).fewest()
        for interview, (_, truth) in zip(starts[:bounds], cases, strict=False)
    ]
    ways: list[tuple[str, str, Priors | None, Callable[[Interview], Question | None]]] = [
        ("form order, skipping", "settle", None, form_order),
        ("settle, with a sample", "settle", priors, best),
        ("settle, invented district", "settle", Priors.invented(rules), best),
        ("settle, neutral", "settle", Priors.neutral(rules), best),
        ("any time, with a sample", "any_time", priors, best),
        ("any time, neutral", "any_time", Priors.neutral(rules), best),
    ]
    yield (
        f"{'':26}{'mean':>6}{'med':>5}{'p90':>5}{'x bound':>9}{'worst':>7}   open after 5 / 10 / 15 / 20   {'area':>6}"
        f"{'ms':>7}{'ms max':>8}"
    )
    for name, policy, given, choose in (way for way in ways if only in way[0]):
        courses = [
            interviewed(Interview(rules, known, policy, given), truth, choose) for known, truth in cases
        ]
        counts = sorted(course.questions for course in courses)
        with_bound = [
            (course.questions, least) for course, least in zip(courses, fewest, strict=False) if least
        ]
        ratio = sum(count for count, _ in with_bound) / max(1, sum(least for _, least in with_bound))
        worst = max((count / least for count, least in with_bound), default=0)
        shares = " / ".join(
            f"{statistics.mean(course.share(k) for course in courses):.2f}" for k in (5, 10, 15, 20)
        )
        seconds = [second for course in courses for second in course.seconds]
        yield (
            f"{name:26}{statistics.mean(counts):6.1f}{statistics.median(counts):5.0f}{counts[int(0.9 * len(counts))]:5}"
            f"{ratio:9.3f}{worst:7.2f}   {shares:>28}   {statistics.mean(course.area for course in courses):6.2f}"
            f"{1000 * statistics.mean(seconds):7.1f}{1000 * max(seconds):8.1f}"
        )
    yield f"{'fewest possible, exact':26}{statistics.mean(fewest):6.1f}   ({len(fewest)} households, knowing the truth)"


# What is measured -----------------------------------------------------------------------------------------


def whole_households(tables: tuple[pa.Table, pa.Table], rules: RuleSet) -> list[Household]:
    """Households and members, in the order of the tables, with the facts the rules know."""
    kept = {**rules.catalogue.facts, COUPLE: None}
    at_home: dict[int, list[dict[str, object]]] = {}
    for member in tables[1].to_pylist():
        at_home.setdefault(member["household_id"], []).append(
            {name: member[name] for name in member if name in kept}
        )
    return [
        Household({name: row[name] for name in row if name in kept}, at_home[row["household_id"]])
        for row in tables[0].to_pylist()
    ]


def of_the_country(count: int) -> tuple[RuleSet, list[Household], tuple[str, ...]]:
    """The generated 300 programmes, their population without gaps, and what a register tells before the first question."""
    with TemporaryDirectory() as folder:
        rules = welfare.load(generated.write_catalogue(Path(folder))).at(generated.AS_OF)
    with ExitStack() as stack:
        for columns in (generated.HOUSEHOLD, generated.PERSON):
            stack.enter_context(
                patch.dict(columns, {name: replace(column, unknown=0) for name, column in columns.items()})
            )
        tables = next(generated.population(count))
    return (
        rules,
        whole_households(tables, rules),
        ("province", "district", "settlement", "birth_date", "relation"),
    )


def of_korea(count: int) -> tuple[RuleSet, list[Household], tuple[str, ...]]:
    """The real catalogue, an invented district without gaps, and what the resident register tells."""
    rules = welfare.load(Path(__file__).parents[1] / "programmes" / "kr").at(DAY)
    with patch.object(district.Knowledge, "of", lambda knowledge, fact: None):  # None: known of everybody
        tables = district.invent_district(rules.catalogue, count, as_of=DAY)
    return rules, whole_households(tables, rules), district.ALWAYS_KNOWN


CATALOGUES = {"generated": of_the_country, "kr": of_korea}


def at_the_start(truth: Household, known: Sequence[str]) -> Household:
    kept = {*known, COUPLE}

    def only(values: Mapping[str, object]) -> dict[str, object]:
        return {name: value for name, value in values.items() if name in kept}

    return Household(only(truth.facts), [only(member) for member in truth.members])


def main() -> None:
    arguments = argparse.ArgumentParser(
        description="Questions the interview asks, against form order and the exact bound."
    )
    arguments.add_argument("--households", type=int, default=60)
    arguments.add_argument(
        "--bounds", type=int, default=30, help="of these households get the exact bound (a second each)"
    )
    arguments.add_argument("--sample", type=int, default=2000, help="other households, for the expectations")
    arguments.add_argument(
        "--way", default="", help="only ways whose name holds this, such as 'with a sample'"
    )
    arguments.add_argument("--catalogue", choices=list(CATALOGUES), action="append")
    given = arguments.parse_args()
    for name in given.catalogue or CATALOGUES:
        rules, households, known = CATALOGUES[name](given.households + given.sample)
        Random(5).shuffle(households)
        cases = [(at_the_start(truth, known), truth) for truth in households[: given.households]]
        print(
            f"\n{name}: {len(rules.programmes)} programmes, {given.households} households, known at the start: {', '.join(known)}"
        )
        for line in compare(rules, cases, households[given.households :], given.bounds, given.way):
            print(line, flush=True)


if __name__ == "__main__":
    main()
