"""The little world of the specification: a few facts and figures, and the check every example passes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from fractions import Fraction
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb

import welfare
from tests.rules.random_catalogue import write
from tests.rules.tables import asked_in_sql
from welfare.facts import Household
from welfare.facts.fact import AS_OF_FACT, COUPLE_FACT, HOUSEHOLD_SIZE_FACT
from welfare.rules import nodes
from welfare.rules.catalogue import Benefit, Catalogue, Criterion, Programme
from welfare.rules.language import ExpressionError, Meaning, Table, Vocabulary, read
from welfare.rules.nodes import Node
from welfare.rules.oracle import Oracle
from welfare.rules.order import mentioned
from welfare.rules.ruleset import RuleSet

DAY = date(2026, 3, 1)

FACTS = """\
facts:
  income: {of: household, type: won, min: 0, max: 1000, label: {ko: 소득, en: Income}}
  debt: {of: household, type: won, min: -500, max: 500, label: {ko: 빚, en: Debt (below zero a credit)}}
  rooms: {of: household, type: int, min: 0, max: 9, label: {ko: 방, en: Rooms}}
  owns_car: {of: household, type: bool, label: {ko: 자동차, en: Owns a car}}
  moved_in: {of: household, type: date, min: "2000-01-01", max: "2030-12-31", label: {ko: 전입, en: Moved in}}
  tenure:
    of: household
    type: code
    values: {owner: {ko: 자가, en: Owner}, jeonse: {ko: 전세, en: Jeonse}, rent: {ko: 월세, en: Rent}}
    label: {ko: 점유 형태, en: Tenure}
  birth_date: {of: person, type: date, min: "1900-01-01", max: "2030-12-31", label: {ko: 생일, en: Birth}}
  earnings: {of: person, type: won, min: 0, max: 1000, label: {ko: 근로소득, en: Earnings}}
  disabled: {of: person, type: bool, label: {ko: 장애, en: Disabled}}
  school:
    of: person
    type: code
    values: {none: {ko: 없음, en: None}, primary: {ko: 초등, en: Primary}, college: {ko: 대학, en: College}}
    label: {ko: 학교, en: School}
"""

PARAMETERS = {
    "limit": ("won", None, "300"),
    "third": ("rate", None, '"1/3"'),
    "half": ("rate", None, '"50 %"'),
    "adult_age": ("int", None, "19"),
    "pension_law": ("date", None, '"2014-07-01"'),
    "limit_by_size": ("won", "household_size", "[100, 150, 190]"),
    "rent_cap": ("won", "tenure", "{owner: 0, jeonse: 120, rent: 90}"),
    "grant": ("won", "[tenure, household_size]", "{owner: [1, 2], jeonse: [10, 20], rent: [100, 200]}"),
}

DERIVED = {
    "adult": ("person", "bool", "years_between(birth_date, as_of) >= adult_age"),
    "all_earnings": ("household", "won", "sum_members(earnings)"),
}

PROGRAMMES = {"housing_help": ("household", "income <= limit"), "care_help": ("person", "disabled")}


@cache
def little_catalogue() -> Catalogue:
    """The little world, read by the real reader."""
    head = "label: {ko: 이름, en: Name}, law: Act"
    parameters = "parameters:\n" + "".join(
        f'  {name}: {{type: {type}, {head}, review_by: "2030-01-01", '
        + (f"by: {by}, beyond: add_last_step, " if by else "")
        + f'values: [{{from: "2020-01-01", source: act, confidence: verified, value: {value}}}]}}\n'
        for name, (type, by, value) in PARAMETERS.items()
    )
    derived = "derived:\n" + "".join(
        f'  {name}: {{of: {of}, type: {type}, {head}, value: "{value}"}}\n'
        for name, (of, type, value) in DERIVED.items()
    )
    both = "{ko: 이름, en: Name}"
    programmes = {
        f"life/{id}.yaml": f"{id}: {{name: {both}, summary: {both}, scope: national, agency: {both},"
        f' law: Act, subject: {subject}, valid: {{from: "2020-01-01"}},'
        f' criteria: [{{id: one, {head}, when: "{when}"}}],'
        f" amount: {{in_kind: {both}}}, documents: [], apply_at: [], sources: [act], confidence: verified}}\n"
        for id, (subject, when) in PROGRAMMES.items()
    }
    files = {
        "catalogue.yaml": f"name: {both}\njurisdiction: xx\nscopes: {{national: {both}}}\nfields: {{life: {both}}}\n",
        "sources.yaml": 'sources: {act: {title: Act, tier: official, read_on: "2026-01-01"}}\n',
        "facts.yaml": FACTS,
        "parameters.yaml": parameters,
        "derived.yaml": derived,
        **programmes,
    }
    with TemporaryDirectory() as folder:
        return welfare.load(write(files, Path(folder)))


@cache
def vocabulary() -> Vocabulary:
    """What an expression may speak of in the little world."""
    catalogue = little_catalogue()
    facts = [*catalogue.facts.values(), AS_OF_FACT, COUPLE_FACT, HOUSEHOLD_SIZE_FACT]
    names = {fact.name: Meaning(fact.type, fact.of, fact.codes) for fact in facts}
    names |= {derived.name: Meaning(derived.type, derived.of) for derived in catalogue.derived.values()}
    return Vocabulary(
        names,
        {parameter.name: Table(parameter.type, parameter.by) for parameter in catalogue.parameters.values()},
        {programme.id: programme.subject for programme in catalogue.programmes.values()},
    )


# Checking ---------------------------------------------------------------------------------------------------

Answer = bool | None | int | Fraction | tuple[int | Fraction, int | Fraction]
UNKNOWN = None


@dataclass(frozen=True)
class Example:
    """One line of the reference."""

    expression: str
    household: Mapping[str, object]
    members: Sequence[Mapping[str, object]]
    member: int | None
    answer: Answer
    day: date = DAY
    refused: str = ""


RECORD: list[Example] = []  # the examples checked since somebody emptied it


def check(
    expression: str,
    answer: Answer,
    *,
    household: Mapping[str, object] | None = None,
    members: Sequence[Mapping[str, object]] = ({},),
    member: int | None = None,
    day: date = DAY,
) -> None:
    """`expression` gives `answer`, whoever is asked.

    An answer is True, False or UNKNOWN, a number, or the ends (low, high) between which a number lies. What
    is not in `household` or `members` is unknown. With `member` the expression speaks of that person.
    """
    RECORD.append(Example(expression, household or {}, members, member, answer, day))
    node = _read(expression, member)
    given = Household(household or {}, members)
    rules = _rules(node, member, day)
    encoded = given.encoded(rules.facts)
    oracle = Oracle(rules, encoded)
    if node.type == "bool":
        assert oracle.truth(node, member) is answer, "oracle"
        assert rules.assess(encoded).result("example", member).reasons[0].holds is answer, "function"
        if answer is not UNKNOWN:
            _check_in_sql(node, member, given, day, answer)
        return
    ends = answer if isinstance(answer, tuple) else (answer, answer)
    assert oracle.range(node, member) == ends, "oracle"
    amount = rules.plan.programmes["example"].amount
    assert amount is not None
    assessment = rules.assess(encoded)
    found = tuple(Fraction(assessment.value(end, member), amount.over) for end in (amount.low, amount.high))
    assert found == ends, "function"
    if ends[0] == ends[1]:
        figure = nodes.Constant(Fraction(ends[0]), node.type)  # type: ignore[arg-type]
        _check_in_sql(
            nodes.And((nodes.AtMost(node, figure), nodes.AtMost(figure, node))), member, given, day, True
        )


def check_refused(expression: str, because: str, *, member: int | None = None) -> None:
    """`expression` is not a rule; the complaint contains `because`."""
    RECORD.append(Example(expression, {}, (), member, None, refused=because))
    complaint = "nothing, it was read"
    try:
        _read(expression, member)
    except ExpressionError as error:
        complaint = f"{error.what} ({error.mend})"
    assert because in complaint


def _read(expression: str, member: int | None) -> Node:
    scope = nodes.HOUSEHOLD if member is None else nodes.PERSON
    return read(expression, vocabulary(), scope, ("bool", "int", "won", "rate"))


def _rules(node: Node, member: int | None, day: date) -> RuleSet:
    """The little world with one more programme, which asks just this, and those it asks for."""
    catalogue = little_catalogue()
    others = {name: catalogue.programmes[name] for name in mentioned([node])[1]}
    pattern = next(iter(catalogue.programmes.values()))
    asks = node if node.type == "bool" else nodes.Constant(True, "bool")
    programme: Programme = replace(
        pattern,
        id="example",
        subject=nodes.HOUSEHOLD if member is None else nodes.PERSON,
        criteria=(Criterion("example", {}, "", "Act", asks),),
        amount=Benefit("once", None, None if node.type == "bool" else node),
    )
    return RuleSet(replace(catalogue, programmes={**others, "example": programme}), day)


def _check_in_sql(asks: Node, member: int | None, household: Household, day: date, answer: object) -> None:
    """The export gives the same answer, or none because something is unknown."""
    rows = asked_in_sql(_rules(asks, member, day), [household], _connection())
    assert all(row[3] is answer for row in rows if row[1:3] == (member, "example")), "SQL export"


@cache
def _connection() -> duckdb.DuckDBPyConnection:
    return duckdb.connect()
