"""The rules of 2013 laid over the people of today: what the reforms since then have changed.

Expected amounts are worked out from the figures of 2013 and the price change of 127 % that the overlay states:
for one person the minimum cost of living is 572,168 × 1.27 = 726,653 won, the cash standard 594,935.31 won.
"""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

import welfare
from welfare import Household
from welfare.reform import Effect, try_reform
from welfare.rules import Assessment, RuleSet
from welfare.screening import write_snapshot
from welfare.synthetic import invent_district

DAY = date(2026, 11, 25)
KR = Path(__file__).parents[2] / "programmes" / "kr"
NOTHING = {"bool": False, "won": 0, "int": 0}


@pytest.fixture(scope="module")
def today() -> RuleSet:
    return welfare.load(KR).at(DAY)


@pytest.fixture(scope="module")
def then() -> RuleSet:
    return welfare.load(KR, overlay=KR / "history" / "2013.yaml").at(DAY)


def one_person(rules: RuleSet, born: int = 1976, income: int = 0, **facts: object) -> Assessment:
    """Somebody who lives alone in Seoul with nothing but a pension, and facts of the household."""
    facts = {
        "region": "seoul",
        "district": "seodaemun",
        "tenure": "monthly_rent",
        "lease_contract": True,
        **facts,
    }
    known: dict[str, dict[str, object]] = {"household": {}, "person": {}}
    for fact in rules.catalogue.facts.values():
        if fact.type in NOTHING and fact.low <= 0:
            known[fact.of][fact.name] = NOTHING[fact.type]
        elif "none" in fact.codes:
            known[fact.of][fact.name] = "none"
    person = {
        "birth_date": date(born, 1, 1), "residence_status": "korean", "work_status": "not_working", "national_pension": income,
    }  # fmt: skip
    household = {**known["household"], "obligor_household_size": 1, **facts}
    return rules.assess(Household(household, [{**known["person"], **person}]))


def paid(assessment: Assessment, programme: str) -> int | None:
    amount = assessment.result(programme).amount
    return amount.low if amount else None


def test_one_limit_opened_every_benefit_or_none(then: RuleSet) -> None:
    for income, answer in ((726_653, "entitled"), (726_654, "not_entitled")):
        assessment = one_person(then, income=income)
        for programme in ("livelihood_benefit", "housing_benefit_rent", "medical_benefit_2"):
            assert assessment.answer(programme) == answer, (programme, income)


def test_today_each_benefit_has_a_limit_of_its_own(today: RuleSet) -> None:
    assessment = one_person(today, income=900_000)
    answers = [
        assessment.answer(name)
        for name in ("livelihood_benefit", "medical_benefit_2", "housing_benefit_rent")
    ]
    assert answers == ["not_entitled", "entitled", "entitled"]


def test_the_cash_benefit_was_split_into_living_and_housing(then: RuleSet) -> None:
    assessment = one_person(then, income=200_000)
    # 594,935.31 − 200,000 = 394,935.31; 22.032 % of it are housing; both raised to the next ten won
    assert paid(assessment, "livelihood_benefit") == 307_930
    assert paid(assessment, "housing_benefit_rent") == 87_020


@pytest.mark.parametrize("rent", [0, 150_000, 600_000])
def test_the_housing_benefit_did_not_ask_for_the_rent(then: RuleSet, today: RuleSet, rent: int) -> None:
    assert paid(one_person(then, income=200_000, monthly_rent=rent), "housing_benefit_rent") == 87_020
    assert paid(one_person(today, income=200_000, monthly_rent=rent), "housing_benefit_rent") == min(
        rent, 369_000
    )


def test_owners_got_part_of_the_same_share_as_repairs(then: RuleSet) -> None:
    assessment = one_person(then, income=200_000, tenure="owner")
    assert paid(assessment, "housing_benefit_own") == 60_910  # 70 % of 87,012.15
    assert assessment.answer("housing_benefit_rent") == "not_entitled"


def test_an_obligor_with_an_income_closed_what_is_open_today(then: RuleSet, today: RuleSet) -> None:
    # One person and an obligor household of two: (726,653 + 1,237,273) × 130 % = 2,553,103.8 won
    for income, holds in ((2_553_103, True), (2_553_104, False)):
        obligor = {"has_obligor": True, "obligor_household_size": 2, "obligor_deducted_income": income}
        reasons = one_person(then, **obligor).result("livelihood_benefit").reasons
        assert {reason.criterion.id: reason.holds for reason in reasons}["obligor"] is holds
    assert one_person(today, **obligor).answer("livelihood_benefit") == "entitled"


def test_older_people_living_alone_had_the_milder_obligor_test(then: RuleSet) -> None:
    obligor = {"has_obligor": True, "obligor_household_size": 2, "obligor_deducted_income": 3_000_000}
    for born, holds in ((1950, True), (1976, False)):
        reasons = one_person(then, born, **obligor).result("livelihood_benefit").reasons
        assert {reason.criterion.id: reason.holds for reason in reasons}["obligor"] is holds


def test_support_nobody_gave_was_counted_as_income(then: RuleSet, today: RuleSet) -> None:
    obligor = {"has_obligor": True, "obligor_household_size": 2, "obligor_deducted_income": 2_500_000}
    # (2,500,000 − 1,237,273 × 130 %) × 30 % = 267,463.53; (594,935.31 − 267,463.53) × 77.968 % = 255,322.7
    assert paid(one_person(then, **obligor), "livelihood_benefit") == 255_330
    assert paid(one_person(today, **obligor), "livelihood_benefit") == 820_560


def test_the_near_poor_ended_at_120_percent_of_the_minimum_cost_of_living(then: RuleSet) -> None:
    answers = [one_person(then, income=income).answer("near_poor_confirm") for income in (871_984, 871_985)]
    assert answers == ["entitled", "not_entitled"]


def test_an_unknown_obligor_leaves_2013_open_too(then: RuleSet) -> None:
    assessment = one_person(then, has_obligor=None, obligor_deducted_income=None)
    result = assessment.result("livelihood_benefit")
    assert result.answer == "unknown"
    assert "has_obligor" in result.missing


@pytest.fixture(scope="module")
def both_ways(
    today: RuleSet, then: RuleSet, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Effect, Effect]:
    folder = tmp_path_factory.mktemp("history")
    households, members = invent_district(today.catalogue, 1500, seed=13, as_of=DAY)
    snapshot = write_snapshot(today.catalogue, households, members, folder / "snapshot", DAY)
    return (
        try_reform(then, today, snapshot, folder / "forward", workers=1),
        try_reform(today, then, snapshot, folder / "back", workers=1),
    )


def test_the_way_from_2013_to_today_can_be_run_on_one_population(both_ways: tuple[Effect, Effect]) -> None:
    forward, back = both_ways
    assert forward.total["households"] == 1500
    assert forward.total["winners"] > 20 * max(1, forward.total["losers"])
    assert (forward.total["winners"], forward.total["losers"]) == (
        back.total["losers"],
        back.total["winners"],
    )
    assert forward.total["won_low_difference"] == -back.total["won_low_difference"] > 0
    gained = {row["programme"]: row["gained"] for row in forward.programmes().to_pylist()}
    assert gained["livelihood_benefit"] > 0
    assert gained["housing_benefit_rent"] > gained["livelihood_benefit"]
    assert gained["basic_pension"] == 0  # not part of this history
