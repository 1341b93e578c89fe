"""A criterion that only a person can check: the machine never decides it, says so, and asks nobody about it."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import duckdb
import pytest

from tests.rules.tables import asked_in_sql
from tests.rules.tiny import FILES, load
from welfare import Household, Interview
from welfare.rules import CatalogueError, RuleSet
from welfare.rules.oracle import Oracle

DAY = date(2026, 3, 1)
RENTS = '      when: tenure == "rent"\n'
TENANT = Household(
    {"tenure": "rent", "savings": 0}, [{"birth_date": "1990-01-01", "income": 0, "gets": False}]
)
RICH = Household({"tenure": "rent", "savings": 9_000_000}, [{}])


def by_hand(folder: Path) -> RuleSet:
    """Rent help whose first criterion a person must check; the limit on savings is still computed."""
    changed = FILES["home/rent_help.yaml"].replace(RENTS, "      by_hand: true\n")
    label = "    label: {ko: 저축, en: Savings}\n"
    asked = FILES["facts/all.yaml"].replace(
        label, label + "    question: {ko: 저축은?, en: How much is saved?}\n"
    )
    return load(folder, {**FILES, "home/rent_help.yaml": changed, "facts/all.yaml": asked}).at(DAY)


def test_it_stays_open_though_everything_is_known(tmp_path: Path) -> None:
    rules = by_hand(tmp_path)
    result = rules.assess(TENANT).result("rent_help")
    assert (result.answer, result.missing) == ("unknown", ())
    assert [reason.holds for reason in result.reasons] == [None, True]
    assert Oracle(rules, TENANT.encoded(rules.facts)).answer("rent_help") is None


def test_another_criterion_can_still_refuse(tmp_path: Path) -> None:
    result = by_hand(tmp_path).assess(RICH).result("rent_help")
    assert result.answer == "not_entitled"


def test_the_catalogue_tells_which_programmes_are_computed_and_which_are_not(tmp_path: Path) -> None:
    rules = by_hand(tmp_path)
    programme = rules.programmes["rent_help"]
    assert [criterion.by_hand for criterion in programme.criteria] == [True, False]
    assert not programme.computable
    assert rules.programmes["pension"].computable
    assert set(rules.computable) == {"pension"}


def test_a_programme_that_asks_for_one_checked_by_hand_is_not_computed_either(tmp_path: Path) -> None:
    changed = FILES["home/rent_help.yaml"].replace(RENTS, "      by_hand: true\n")
    asks = FILES["old/pension.yaml"].replace("age >= pension_age", "entitled(rent_help)")
    rules = load(tmp_path, {**FILES, "home/rent_help.yaml": changed, "old/pension.yaml": asks}).at(DAY)
    assert not rules.computable


def test_nobody_is_asked_and_the_interview_ends(tmp_path: Path) -> None:
    interview = Interview(by_hand(tmp_path), Household({}, [{"birth_date": "1990-01-01"}]))
    asked = []
    while question := interview.next():
        asked.append(question.fact.name)
        interview = interview.answer(question, 0)
    assert asked == ["savings"]
    assert [(open_.programme.id, open_.askable) for open_ in interview.unsettled] == [("rent_help", ())]


def test_the_export_to_sql_leaves_it_out(tmp_path: Path) -> None:
    rows = asked_in_sql(by_hand(tmp_path), [TENANT], duckdb.connect())
    assert {row[2] for row in rows} == {"pension"}


def test_nobody_can_tell_it_as_a_fact(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="by_hand: only a person can check it"):
        by_hand(tmp_path).assess(Household({"by_hand": True}, [{}]))


@pytest.mark.parametrize(
    ("criterion", "complaint"),
    [
        (RENTS + "      by_hand: true\n", "both when and by_hand"),
        ("      when: by_hand\n", "by_hand"),
        ("      by_hand: false\n", "when is missing"),
        ('      by_hand: "true"\n', "by_hand is 'true'"),
    ],
)
def test_half_a_criterion_is_refused(tmp_path: Path, criterion: str, complaint: str) -> None:
    changed = FILES["home/rent_help.yaml"].replace(RENTS, criterion)
    with pytest.raises(CatalogueError, match=complaint):
        load(tmp_path, {**FILES, "home/rent_help.yaml": changed})
