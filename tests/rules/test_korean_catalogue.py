"""What the shipped Korean catalogue promises: complete, lean, sourced, and no number of the law in a rule."""

from __future__ import annotations

import ast
from collections import Counter
from pathlib import Path

import pytest

import welfare
from welfare.facts.fact import BUILT_IN
from welfare.rules import Catalogue
from welfare.rules.cases import read_cases
from welfare.rules.order import mentioned, programme_nodes

KR = Path(__file__).parents[2] / "programmes" / "kr"
PROGRAMMES = 188
COMPUTABLE = 165
CASES = 8
# No figures of the law: nothing, the first child, one more member; in derived values also a couple and the months of a year.
NO_FIGURES = {0, 1}
NO_FIGURES_IN_DERIVED = NO_FIGURES | {2, 12}


@pytest.fixture(scope="module")
def kr() -> Catalogue:
    return welfare.load(KR)


def rules_of(kr: Catalogue) -> dict[str, str]:
    """Every expression of the catalogue, with the place it stands at."""
    found = {name: derived.text for name, derived in kr.derived.items()}
    for programme in kr.programmes.values():
        found |= {f"{programme.id}.{criterion.id}": criterion.text for criterion in programme.criteria}
        if programme.amount.text:
            found[f"{programme.id}.amount"] = programme.amount.text
    return found


def test_all_programmes_are_in_and_most_are_computed(kr: Catalogue) -> None:
    assert len(kr.programmes) >= PROGRAMMES
    assert sum(programme.computable for programme in kr.programmes.values()) >= COMPUTABLE


def test_every_field_of_life_holds_something(kr: Catalogue) -> None:
    assert set(kr.fields) == {programme.field for programme in kr.programmes.values()}


def numbers_in(text: str) -> set[int]:
    """The whole numbers of an expression, but for the units that rounding names."""
    tree = ast.parse(text, mode="eval")
    units = {
        id(call.args[1])
        for call in ast.walk(tree)
        if isinstance(call, ast.Call)
        and isinstance(call.func, ast.Name)
        and call.func.id.startswith("round_")
    }
    return {
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and type(node.value) is int and id(node) not in units
    }


def test_no_figure_of_the_law_stands_in_a_rule(kr: Catalogue) -> None:
    written = {place: numbers_in(text) for place, text in rules_of(kr).items() if text}
    allowed = {place: NO_FIGURES_IN_DERIVED if place in kr.derived else NO_FIGURES for place in written}
    assert {place: found for place, found in written.items() if found - allowed[place]} == {}


def test_every_programme_tells_where_to_apply_and_rests_on_a_source(kr: Catalogue) -> None:
    for programme in kr.programmes.values():
        assert programme.apply_at, programme.id
        assert programme.sources, programme.id
        assert programme.amount.won or programme.amount.in_kind, programme.id
        assert all(criterion.law for criterion in programme.criteria), programme.id


def test_every_source_is_used_and_says_where_and_when_it_was_read(kr: Catalogue) -> None:
    used = {source for programme in kr.programmes.values() for source in programme.sources}
    used |= {value.source for parameter in kr.parameters.values() for value in parameter.values}
    used |= {
        case.published
        for name in kr.programmes
        for case in read_cases(kr, name)
        if case.published is not None
    }
    assert set(kr.sources) == used
    for source in kr.sources.values():
        assert source.read_on, source.id
        assert source.address.startswith("https://") or source.tier == "none", source.id
    titles = Counter(source.title for source in kr.sources.values())
    assert [title for title, times in titles.items() if times > 1] == []


def test_every_fact_can_be_asked_understood_and_shown(kr: Catalogue) -> None:
    for fact in kr.facts.values():
        assert fact.question, fact.name
        assert fact.help, fact.name
        assert (fact.register is None) != (fact.shown_by is None), fact.name


def test_no_two_facts_say_the_same(kr: Catalogue) -> None:
    for language in ("ko", "en"):
        for part in ("label", "question"):
            told = Counter(getattr(fact, part)[language] for fact in kr.facts.values())
            assert [text for text, times in told.items() if times > 1] == [], (language, part)


def test_every_fact_figure_and_derived_value_is_used(kr: Catalogue) -> None:
    names: set[str] = set()
    parameters: set[str] = set()
    stack = [node for programme in kr.programmes.values() for node in programme_nodes(programme)]
    used: set[str] = set()
    while stack:
        node = stack.pop()
        found, _ = mentioned([node])
        parameters |= {part.name for part in node.walk() if type(part).__name__ == "Parameter"}
        for name in found - used:
            used.add(name)
            if name in kr.derived:
                stack.append(kr.derived[name].value)
    names = used | {programme.received for programme in kr.programmes.values() if programme.received}
    names |= {name for parameter in kr.parameters.values() for name in parameter.by}
    assert sorted(set(kr.facts) - names - set(BUILT_IN)) == []
    assert sorted(set(kr.derived) - used) == []
    assert sorted(set(kr.parameters) - parameters) == []


def test_every_receipt_is_linked_to_the_programme_that_gives_it(kr: Catalogue) -> None:
    given = {programme.received for programme in kr.programmes.values()}
    receipts = {name for name in kr.facts if name.startswith(("receives_", "had_"))}
    # Help of another kind than any programme here, and what one may have only once, are facts without a programme.
    assert receipts - given <= {
        "receives_winter_fuel_aid",
        "had_youth_rent_national",
        "had_youth_rent_seoul",
    }
    assert Counter(given - {None}).most_common(1)[0][1] == 1


def test_every_programme_has_worked_cases_of_every_kind(kr: Catalogue) -> None:
    short: dict[str, str] = {}
    for name, programme in kr.programmes.items():
        cases = read_cases(kr, name)
        own = [one for case in cases for one in case.expected if one.programme == name]
        answers = {one.answer for one in own}
        wanted = {"not_entitled", "unknown"} | ({"entitled"} if programme.computable else set())
        if len(cases) < CASES:
            short[name] = f"{len(cases)} cases"
        elif wanted - answers:
            short[name] = f"no case is {', '.join(sorted(wanted - answers))}"
        elif programme.amount.won and programme.computable and not any(one.amount for one in own):
            short[name] = "no case says the amount"
        elif not any(len(case.household.members) > 1 for case in cases):
            short[name] = "no case has a family"
    assert short == {}


def test_where_one_may_not_have_both_the_better_is_advised(kr: Catalogue) -> None:
    together = {
        ("livelihood_benefit", "emergency_livelihood"),
        ("livelihood_benefit", "defector_livelihood_special"),
        ("disability_allowance", "disability_pension"),
        ("parental_benefit", "home_care_allowance"),
        ("childcare_fee_0_2", "home_care_allowance"),
        ("disability_child_care_fee", "disability_home_care_allowance"),
        ("hope_savings_1", "hope_savings_2"),
        ("youth_rent_national", "youth_rent_seoul"),
    }
    excluded = {
        frozenset((name, other)) for name, programme in kr.programmes.items() for other in programme.excludes
    }
    assert [pair for pair in together if frozenset(pair) not in excluded] == []
