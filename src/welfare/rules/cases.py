"""Worked cases: households with the answer an expert expects. They are the catalogue's tests and its best documentation."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from welfare.facts.fact import COUPLE, HOUSEHOLD_SIZE_MAX, Fact
from welfare.facts.household import Household
from welfare.rules.assessment import ENTITLED, NOT_ENTITLED, UNKNOWN, Assessment
from welfare.rules.catalogue import Catalogue, CatalogueError, Problem
from welfare.rules.reading import Path_, line_of, read_yaml
from welfare.rules.ruleset import RuleSet

ANSWERS = (ENTITLED, NOT_ENTITLED, UNKNOWN)
SHORT = ("age", "age_months")  # short for a birth date exactly that long before the day of the case
CASE_KEYS = {"name", "on", "otherwise", "household", "members", "unknown", "expect", "published"}
EXPECT_KEYS = {"programme", "member", "answer", "amount", "failed", "open", "missing"}


@dataclass(frozen=True)
class Expectation:
    """What one case says about one programme."""

    programme: str
    member: int | None
    answer: str
    amount: tuple[int, int] | None
    failed: tuple[str, ...]
    open: tuple[str, ...]
    missing: tuple[str, ...]


@dataclass(frozen=True)
class Case:
    """One worked case, with the place it was written at."""

    name: str
    day: date
    household: Household
    expected: tuple[Expectation, ...]
    published: str | None
    file: Path
    path: Path_


@dataclass(frozen=True)
class Outcome:
    """A case that was run: `problems` is empty when everything came out as expected."""

    case: Case
    problems: tuple[Problem, ...]


def read_cases(catalogue: Catalogue, programme: str) -> list[Case]:
    """The worked cases in cases/<programme>.yaml, or none when there is no such file.

    Raises CatalogueError.
    """
    file = Path(catalogue.folder) / "cases" / f"{programme}.yaml"
    return _CaseFile(catalogue, file, programme).cases() if file.is_file() else []


def read_household(catalogue: Catalogue, file: Path, day: date) -> Household:
    """A household written in the form of a case: `household:`, `members:`, and perhaps `otherwise: none`.

    Raises CatalogueError with file, line and reason.
    """
    reader = _CaseFile(catalogue, file, "")
    contents = read_yaml(file, file.name)
    household = reader.household(
        contents, (), date.fromisoformat(contents["on"]) if "on" in contents else day
    )
    if reader.problems:
        raise CatalogueError(reader.problems)
    return household


def run_cases(catalogue: Catalogue, cases: Iterable[Case]) -> Iterator[Outcome]:
    """Worked cases, run day by day, because the rules of a day are prepared once and for what its cases ask about.

    Raises CatalogueError when the rules of a day cannot be made.
    """
    days: dict[date, list[Case]] = {}
    for case in cases:
        days.setdefault(case.day, []).append(case)
    for day, written in sorted(days.items()):
        named = frozenset(expected.programme for case in written for expected in case.expected)
        rules = catalogue.at(day, named.intersection(catalogue.programmes))
        for case in written:
            yield Outcome(case, tuple(_run(rules, case)))


class _CaseFile:
    def __init__(self, catalogue: Catalogue, file: Path, programme: str) -> None:
        self.catalogue, self.file, self.programme = catalogue, file, programme
        self.problems: list[Problem] = []

    @property
    def name(self) -> str:
        folder = Path(self.catalogue.folder)
        return (
            self.file.relative_to(folder).as_posix() if self.file.is_relative_to(folder) else self.file.name
        )

    def problem(self, path: Path_, what: str, mend: str = "") -> None:
        where = ".".join(map(str, path)) or "file"
        self.problems.append(Problem(self.name, line_of(self.file, path), where, what, mend))

    def cases(self) -> list[Case]:
        contents = read_yaml(self.file, self.name)
        cases = contents.get("cases")
        if set(contents) != {"cases"} or not isinstance(cases, list):
            self.problem((), "should hold only cases: with a list")
            cases = []
        read = [self.case(value, ("cases", i)) for i, value in enumerate(cases)]
        if self.problems:
            raise CatalogueError(self.problems)
        return [case for case in read if case is not None]

    def case(self, value: object, path: Path_) -> Case | None:
        if not isinstance(value, dict):
            self.problem(path, "is not a case")
            return None
        self.known(value, CASE_KEYS, path)
        try:
            day = date.fromisoformat(str(value.get("on")))
        except ValueError:
            self.problem((*path, "on"), "the day of the case is missing", 'write on: "2026-03-01"')
            return None
        published = value.get("published")
        if published is not None and published not in self.catalogue.sources:
            self.problem((*path, "published"), f"source {published} is not in sources/")
        expected = value.get("expect")
        listed = expected if isinstance(expected, list) else [expected]
        return Case(
            str(value.get("name") or "?"),
            day,
            self.household(value, path, day),
            tuple(self.expectation(item, (*path, "expect")) for item in listed),
            published,
            self.file,
            path,
        )

    def known(self, value: Mapping[str, Any], keys: set[str], path: Path_) -> None:
        for key in sorted(set(map(str, value)) - keys):
            self.problem((*path, key), f"{key} is not known here", f"known are {', '.join(sorted(keys))}")

    # The household --------------------------------------------------------------------------------------------------------------

    def household(self, value: Mapping[str, Any], path: Path_, day: date) -> Household:
        """Facts as given; with `otherwise: none` what is not named is nothing: 0 won, the least count, no."""
        unknown = value.get("unknown") or []
        for name in unknown:
            if name not in self.catalogue.facts:
                self.problem((*path, "unknown"), f"{name}: no such fact in the catalogue")
        given = value.get("household") or {}
        members = value.get("members") or []
        if not isinstance(members, list) or not 1 <= len(members) <= HOUSEHOLD_SIZE_MAX:
            self.problem((*path, "members"), "a household has members", "write members: [{age: 70}, …]")
            members = [{}]
        facts = self.facts(given, "household", (*path, "household"), day)
        people = [
            self.facts(member, "person", (*path, "members", i), day) for i, member in enumerate(members)
        ]
        if value.get("otherwise") == "none":
            facts = self.filled(facts, "household", unknown)
            people = [self.filled(member, "person", unknown) for member in people]
        elif "otherwise" in value:
            self.problem((*path, "otherwise"), f"otherwise is {value['otherwise']!r}", "it can only be none")
        household = Household(_stated(facts), [_stated(member) for member in people])
        try:
            household.encoded(self.catalogue.facts)
        except ValueError as error:
            self.problem(path, str(error))
        return household

    def facts(self, given: object, of: str, path: Path_, day: date) -> dict[str, object]:
        if not isinstance(given, dict):
            self.problem(path, "is not a map of facts to values")
            return {}
        facts: dict[str, object] = {}
        for name, value in given.items():
            if of == "person" and name in SHORT and isinstance(value, int):
                facts["birth_date"] = _born(day, value * 12 if name == "age" else value)
            elif value == "unknown":
                facts[name] = None
            elif of == "person" and name == COUPLE:
                facts[name] = value
            else:
                self.check(name, value, of, (*path, name))
                facts[name] = value
        return facts

    def check(self, name: str, value: object, of: str, path: Path_) -> None:
        fact = self.catalogue.facts.get(name)
        if fact is None or fact.of != of:
            what = (
                f"{name}: no such fact of the {of}" if fact is None else f"{name} is a fact of the {fact.of}"
            )
            self.problem(path, what, "see facts/ for the names")
            return
        try:
            fact.encode(value)
        except ValueError as error:
            self.problem(path, str(error))

    def filled(self, given: dict[str, object], of: str, unknown: list[str]) -> dict[str, object]:
        nothing = {
            fact.name: _nothing(fact)
            for fact in self.catalogue.facts.values()
            if fact.of == of and fact.name not in unknown
        }
        return {**{name: value for name, value in nothing.items() if value is not None}, **given}

    # What is expected --------------------------------------------------------------------------------------------------------------

    def expectation(self, value: object, path: Path_) -> Expectation:
        if not isinstance(value, dict):
            self.problem(path, "says nothing", "write expect: {answer: entitled, amount: 820560}")
            value = {}
        self.known(value, EXPECT_KEYS, path)
        name = value.get("programme", self.programme)
        programme = self.catalogue.programmes.get(name)
        if programme is None:
            self.problem(path, f"{name}: no such programme")
        if value.get("answer") not in ANSWERS:
            self.problem(path, f"answer is {value.get('answer')!r}", f"it can be {', '.join(ANSWERS)}")
        criteria = {criterion.id for criterion in programme.criteria} if programme else set()
        for key in ("failed", "open"):
            for id in value.get(key) or []:
                if programme and id not in criteria:
                    self.problem(
                        (*path, key), f"{name} has no criterion {id}", f"it has {', '.join(sorted(criteria))}"
                    )
        amount: Any = value.get("amount")
        ends = amount if isinstance(amount, list) else [amount, amount]
        if amount is not None and (len(ends) != 2 or not all(isinstance(end, int) for end in ends)):
            self.problem((*path, "amount"), f"amount is {amount!r}", "write won, or [least, most]")
            amount = None
        person = programme is not None and programme.subject == "person"
        return Expectation(
            str(name),
            value.get("member", 0) if person else None,
            str(value.get("answer")),
            None if amount is None else (ends[0], ends[1]),
            tuple(value.get("failed") or ()),
            tuple(value.get("open") or ()),
            tuple(value.get("missing") or ()),
        )


def _stated(facts: Mapping[str, object]) -> dict[str, object]:
    return {name: value for name, value in facts.items() if value is not None}


def _nothing(fact: Fact) -> object:
    """The value of a fact for somebody who has nothing of it; a date has no such value, a code only the word none."""
    if fact.type == "bool":
        return False
    if fact.type == "code":
        return "none" if "none" in fact.codes else None
    return max(fact.low, 0) if fact.type in ("won", "int") else None


def _born(day: date, months: int) -> date:
    """The birth date of somebody who completes this many months on `day`."""
    index = day.year * 12 + day.month - 1 - months
    year, month = divmod(index, 12)
    for last in (day.day, 30, 29, 28):
        try:
            return date(year, month + 1, min(day.day, last))
        except ValueError:
            continue
    raise ValueError(f"{months} months before {day}")


# Running ----------------------------------------------------------------------------------------------------------------------------


def _run(rules: RuleSet, case: Case) -> Iterator[Problem]:
    catalogue = rules.catalogue
    assessment = rules.assess(case.household)
    for expected in case.expected:
        if expected.programme not in rules.programmes:
            missing = rules.unavailable.get(expected.programme)
            why = f"parameter {missing} has no value" if missing else "it is not in force"
            yield _problem(catalogue, case, f"{expected.programme} cannot be decided on {case.day}: {why}")
        else:
            for what in _differences(assessment, expected):
                yield _problem(catalogue, case, what)


def _problem(catalogue: Catalogue, case: Case, what: str) -> Problem:
    name = case.file.relative_to(catalogue.folder).as_posix()
    return Problem(name, line_of(case.file, case.path), case.name, what)


def _differences(assessment: Assessment, expected: Expectation) -> Iterator[str]:
    if expected.member is not None and expected.member >= len(assessment.household.members):
        yield f"there is no member {expected.member}"
        return
    result = assessment.alone(expected.programme, expected.member)
    failed = tuple(reason.criterion.id for reason in result.reasons if reason.holds is False)
    open_ = tuple(reason.criterion.id for reason in result.reasons if reason.holds is None)
    if result.answer != expected.answer:
        detail = f"failed: {', '.join(failed) or '—'}; open: {', '.join(open_) or '—'}"
        yield f"the answer is {result.answer}, expected was {expected.answer} ({detail}; missing: {', '.join(result.missing)})"
        return
    if expected.amount is not None:
        amount = (
            None
            if result.amount is None or result.amount.low is None
            else (result.amount.low, result.amount.high)
        )
        if amount != expected.amount:
            yield f"the amount is {_won(amount)}, expected was {_won(expected.amount)}"
    if expected.failed and set(failed) != set(expected.failed):
        yield f"failed are {', '.join(failed) or '—'}, expected were {', '.join(expected.failed)}"
    if expected.open and set(open_) != set(expected.open):
        yield f"open are {', '.join(open_) or '—'}, expected were {', '.join(expected.open)}"
    for name in expected.missing:
        if name not in result.missing:
            yield f"{name} is not named as missing"


def _won(amount: tuple[int | None, int | None] | None) -> str:
    if amount is None:
        return "none"
    low, high = amount
    return f"{low:,} won" if low == high else f"{low:,} … {high:,} won"
