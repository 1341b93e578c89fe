"""Function, oracle and SQL export mean the same, and what they say of an unfinished household is never wrong.

A few thousand pairs (programme × whom it is decided for) in every check. A million, at night or before a
release:

    HUB_NIGHTLY=1 .venv/bin/python -m pytest tests/rules/test_agreement.py
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from fractions import Fraction
from random import Random

import pytest

from tests.rules.random_catalogue import completions, random_household, random_rules, random_value
from welfare.facts import Household
from welfare.rules.assessment import Assessment
from welfare.rules.oracle import Oracle
from welfare.rules.ruleset import RuleSet

NIGHTLY = bool(os.environ.get("HUB_NIGHTLY"))
BATCHES = range(300 if NIGHTLY else 4)  # of catalogues
CATALOGUES = 10  # a batch
HOUSEHOLDS = 40 if NIGHTLY else 12  # a catalogue


def catalogues(batch: int, *, small: bool = False) -> Iterator[tuple[int, RuleSet]]:
    for seed in range(batch * CATALOGUES, (batch + 1) * CATALOGUES):
        yield seed, random_rules(seed, small=small)


@pytest.mark.parametrize("batch", [*BATCHES, *range(BATCHES.stop, BATCHES.stop * 3 // 2)])
def test_the_generated_function_agrees_with_the_oracle_everywhere(batch: int) -> None:
    """Every criterion, every answer, every amount: true, false or open, and both ends to the won."""
    pairs = 0
    for seed, rules in catalogues(batch):
        random = Random(seed)
        for _ in range(HOUSEHOLDS):
            household = random_household(random, rules)
            assessment = rules.assess(household)
            oracle = Oracle(rules, assessment.household)
            for name, member in subjects(rules, assessment):
                pairs += 1
                assert said(assessment, name, member) == meant(oracle, name, member), (
                    seed,
                    name,
                    member,
                    household,
                )
    assert pairs > CATALOGUES * HOUSEHOLDS


def subjects(rules: RuleSet, assessment: Assessment) -> Iterator[tuple[str, int | None]]:
    for name, programme in rules.programmes.items():
        for member in assessment.subjects(programme):
            yield name, member


Said = tuple[list[bool | None], bool | None, tuple[Fraction, Fraction] | None]


def said(assessment: Assessment, name: str, member: int | None) -> Said:
    """What the generated function says: criteria, answer and, unless surely refused, the amount."""
    lowered = assessment.rules.plan.programmes[name]
    criteria = [assessment.truth(truth, member) for truth in lowered.criteria]
    answer = assessment.truth(lowered.answer, member)
    if lowered.amount is None or answer is False:
        return criteria, answer, None
    ends = [assessment.value(end, member) for end in (lowered.amount.low, lowered.amount.high)]
    return criteria, answer, (Fraction(ends[0], lowered.amount.over), Fraction(ends[1], lowered.amount.over))


def meant(oracle: Oracle, name: str, member: int | None) -> Said:
    """The same from the interpreter that defines what is right."""
    criteria = [oracle.truth(criterion.when, member) for criterion in oracle.rules.programmes[name].criteria]
    answer = oracle.answer(name, member)
    return criteria, answer, None if answer is False else oracle.amount(name, member)


# Bounds are never wrong -------------------------------------------------------------------------------------


@pytest.mark.parametrize("batch", BATCHES)
def test_whatever_the_unknown_facts_turn_out_to_be_the_answer_was_right(batch: int) -> None:
    """On small domains every completion of an unfinished household is tried: none may contradict it."""
    tried = 0
    for seed, rules in catalogues(batch, small=True):
        random = Random(seed)
        for _ in range(HOUSEHOLDS // 3):
            household = random_household(random, rules, unknown=0.25, most=3)
            early = rules.assess(household)
            for complete in completions(household, rules, limit=120):
                late = rules.assess(complete)
                for name, member in subjects(rules, early):
                    tried += 1
                    assert_within(said(early, name, member), said(late, name, member), (seed, name, complete))
                    assert said(late, name, member)[1] is not None, "everything is known, so it is decided"
    assert tried


@pytest.mark.parametrize("batch", BATCHES)
def test_learning_a_fact_never_undoes_a_certain_answer(batch: int) -> None:
    """In whatever order facts become known: open may become certain, certain stays, amounts only narrow."""
    for seed, rules in catalogues(batch):
        random = Random(seed)
        for _ in range(HOUSEHOLDS // 6):
            household = random_household(random, rules, unknown=0.9, most=4)
            assessment = rules.assess(household)
            while unknown := unknown_places(household, rules):
                household = learned(random, household, rules, random.sample(unknown, min(len(unknown), 3)))
                later = rules.assess(household)
                for name, member in subjects(rules, assessment):
                    assert_within(
                        said(assessment, name, member), said(later, name, member), (seed, name, household)
                    )
                assessment = later


def unknown_places(household: Household, rules: RuleSet) -> list[tuple[int | None, str]]:
    facts = rules.catalogue.facts.values()
    found: list[tuple[int | None, str]] = [
        (None, fact.name)
        for fact in facts
        if fact.of == "household" and household.facts.get(fact.name) is None
    ]
    for place, member in enumerate(household.members):
        found += [
            (place, fact.name) for fact in facts if fact.of == "person" and member.get(fact.name) is None
        ]
    return found


def learned(
    random: Random, household: Household, rules: RuleSet, places: list[tuple[int | None, str]]
) -> Household:
    facts, members = dict(household.facts), [dict(member) for member in household.members]
    for member, name in places:
        (facts if member is None else members[member])[name] = random_value(random, rules.facts[name])
    return Household(facts, members)


def assert_within(early: Said, late: Said, where: object) -> None:
    """What was certain stays; an amount lies within what was said before."""
    for before, after in zip([*early[0], early[1]], [*late[0], late[1]], strict=True):
        assert before is None or before == after, where
    if early[2] is not None and late[2] is not None:
        assert early[2][0] <= late[2][0] <= late[2][1] <= early[2][1], where
