"""A population is decided exactly as its households are one by one: every answer, reason, receipt, amount and exclusion.

A few thousand pairs (programme × whom it is decided for) in every check. A million, at night or before a release:

    HUB_NIGHTLY=1 .venv/bin/python -m pytest tests/screening/test_agreement.py
"""

from __future__ import annotations

import os
from collections import Counter
from pathlib import Path

import pytest

from tests.rules.random_catalogue import random_rules
from tests.screening.lists import frozen, random_households
from welfare.facts import Household
from welfare.rules.assessment import Result
from welfare.rules.ruleset import RuleSet
from welfare.screening import Run, StoredAnswer, arrange, screen

NIGHTLY = bool(os.environ.get("HUB_NIGHTLY"))
SEEDS = range(600 if NIGHTLY else 16)
HOUSEHOLDS = 250 if NIGHTLY else 40


@pytest.fixture(params=["blocks of one size", "mixed blocks"])
def blocks(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Small lists fall into mixed blocks by themselves; here they are also cut as a nation is."""
    if request.param == "blocks of one size":
        monkeypatch.setattr(arrange, "OWN_CLASS", 4)
        monkeypatch.setattr(arrange, "BLOCK_VALUES", 64)


@pytest.mark.usefixtures("blocks")
@pytest.mark.parametrize("seed", SEEDS)
def test_every_stored_answer_is_what_the_household_itself_would_be_told(seed: int, tmp_path: Path) -> None:
    rules = random_rules(seed)
    households = random_households(seed, rules, HOUSEHOLDS)
    run = screen(rules, frozen(rules, households, tmp_path), tmp_path / "run")
    entitled = {
        (pair["household_id"], pair["member"], pair["programme"]): pair for pair in run.pairs().to_pylist()
    }
    for number, household in enumerate(households):
        results = rules.assess(household).results
        assert [stored(answer) for answer in run.household(f"h{number}")] == [
            told(result) for result in results
        ], (seed, number)
        for result in results:
            pair = entitled.pop((f"h{number}", result.member, result.programme.id), None)
            assert (pair is not None) == (result.answer == "entitled")
            if pair is not None:
                assert pair["person_id"] == (None if result.member is None else f"h{number}/{result.member}")
                assert pair["area"] == "ABC"[number * 7 % 3]
    assert not entitled
    check_summary(run, rules, households)


def stored(answer: StoredAnswer) -> tuple[object, ...]:
    return (
        answer.programme, answer.member, answer.answer, answer.criteria, answer.receives,
        (answer.amount_low, answer.amount_high), answer.set_aside_for,
    )  # fmt: skip


def told(result: Result) -> tuple[object, ...]:
    """What a run keeps of a result: amounts only of the entitled."""
    amount = result.amount if result.answer == "entitled" else None
    return (
        result.programme.id, result.member, result.answer, {r.criterion.id: r.holds for r in result.reasons}, result.receives,
        (amount.low, amount.high) if amount else (None, None), result.set_aside_for,
    )  # fmt: skip


def check_summary(run: Run, rules: RuleSet, households: list[Household]) -> None:
    """Counting the results one by one gives the summary, by area and in all."""
    counts: Counter[tuple[str, str, str]] = Counter()
    for number, household in enumerate(households):
        for result in rules.assess(household).results:
            key = (result.programme.id, "ABC"[number * 7 % 3])
            counts[*key, result.answer] += 1
            if result.answer == "entitled":
                receipt = {True: "receiving", False: "missed", None: "receipt_unknown"}[result.receives]
                counts[*key, receipt] += 1
                for name, won in (("low", result.amount.low), ("high", result.amount.high)):  # type: ignore[union-attr]
                    counts[*key, f"won_{name}"] += won or 0
                    counts[*key, f"missed_won_{name}"] += (won or 0) if receipt == "missed" else 0
    by_area = run.summary(by="area").to_pylist()
    in_all: Counter[tuple[str, str]] = Counter()
    for row in by_area:
        for name in set(row) - {"programme", "area", "subject", "per"}:
            assert row[name] == counts[row["programme"], row["area"], name], (row, name)
            in_all[row["programme"], name] += row[name]
    for row in run.summary().to_pylist():
        for name in set(row) - {"programme", "subject", "per"}:
            assert row[name] == in_all[row["programme"], name]
