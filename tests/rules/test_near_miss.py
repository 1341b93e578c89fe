"""For a "no": the one number that would have to change, which way, and only when it is within reach."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from tests.rules.tiny import changed, load
from welfare.facts import Household
from welfare.rules.near_miss import NearMiss

DAY = date(2026, 3, 1)  # limit 1,100,000 for one person, 1,700,000 for two; pension age 65


def missed(
    folder: Path, household: Household, when: str | None = None, programme: str = "pension"
) -> NearMiss | None:
    place = {"pension": "old/pension.yaml", "rent_help": "home/rent_help.yaml"}[programme]
    old = {
        "pension": "total_income <= limit[household_size]",
        "rent_help": "savings <= limit[household_size]",
    }[programme]
    rules = load(folder, changed(place, old, when or old)).at(DAY)
    result = rules.assess(household).result(programme)
    assert result.answer == "not_entitled"
    return result.near_miss


def one(income: int | None, born: str | None = "1950-01-01") -> Household:
    return Household({}, [{"birth_date": born, "income": income}])


def test_an_income_a_little_over_the_limit_must_come_down(tmp_path: Path) -> None:
    miss = missed(tmp_path, one(1_120_000))
    assert miss is not None
    assert (miss.criterion.id, miss.value, miss.limit, miss.gap) == ("means", 1_120_000, 1_100_000, 20_000)
    assert (miss.direction, miss.unit) == ("down", "won")


def test_an_income_far_over_the_limit_is_a_plain_no(tmp_path: Path) -> None:
    assert missed(tmp_path, one(1_210_000)) is not None
    assert missed(tmp_path, one(1_210_001)) is None


def test_an_age_a_year_short_must_go_up(tmp_path: Path) -> None:
    miss = missed(tmp_path, one(0, "1961-03-02"))
    assert miss is not None
    assert (miss.criterion.id, miss.value, miss.limit, miss.gap) == ("age", 64, 65, 1)
    assert (miss.direction, miss.unit) == ("up", "count")


def test_two_things_wrong_are_no_near_miss(tmp_path: Path) -> None:
    assert missed(tmp_path, one(1_120_000, "1961-03-02")) is None


def test_one_thing_wrong_and_one_unknown_is_no_near_miss(tmp_path: Path) -> None:
    assert missed(tmp_path, one(1_120_000, None)) is None


def test_less_than_asks_for_one_won_more(tmp_path: Path) -> None:
    miss = missed(tmp_path, one(1_100_000), "total_income < limit[household_size]")
    assert miss is not None
    assert (miss.value, miss.limit, miss.gap, miss.direction) == (1_100_000, 1_100_000, 1, "down")


@pytest.mark.parametrize(
    ("when", "income", "gap", "direction"),
    [
        ("limit[household_size] >= total_income", 1_150_000, 50_000, "down"),
        ("not total_income > limit[household_size]", 1_150_000, 50_000, "down"),
        ("total_income >= limit[household_size]", 1_050_000, 50_000, "up"),
        ("total_income > limit[household_size]", 1_100_000, 1, "up"),
        ("limit[household_size] < total_income", 1_100_000, 1, "up"),
    ],
)
def test_whichever_way_it_is_written_the_household_moves_and_not_the_law(
    when: str, income: int, gap: int, direction: str, tmp_path: Path
) -> None:
    miss = missed(tmp_path, one(income), when)
    assert miss is not None
    assert (miss.value, miss.limit, miss.gap, miss.direction) == (income, 1_100_000, gap, direction)


def test_a_limit_that_is_a_derived_value_is_still_the_laws(tmp_path: Path) -> None:
    derived = "  own_limit: {of: household, type: won, label: {ko: 가, en: A}, law: Act, value: LIMIT}\n"
    for when in ("own_limit >= total_income", "total_income <= own_limit"):
        files = changed("old/pension.yaml", "total_income <= limit[household_size]", when)
        files["derived/all.yaml"] += derived.replace(
            "LIMIT", '"limit[household_size] if household_size >= 1 else limit[1]"'
        )
        miss = load(tmp_path, files).at(DAY).assess(one(1_150_000)).result("pension").near_miss
        assert miss is not None
        assert (miss.value, miss.limit, miss.direction) == (1_150_000, 1_100_000, "down")


def test_a_limit_with_a_fraction_of_a_won_asks_for_the_least_whole_number(tmp_path: Path) -> None:
    """32 % of 1,100,000 less a third of a won: the gap closes at the next whole won, not two later."""
    share = '{from: "2020-01-01", source: act, confidence: verified, value: "100001/300000"}'
    old = '{from: "2020-01-01", source: act, confidence: verified, value: "32 %"}'
    files = changed("parameters/all.yaml", old, share)  # the limit is 366,670 and a third
    gaps = {}
    for sign, income in (("<=", 366_671), ("<", 366_671), (">", 366_670), (">=", 366_670)):
        programme = files["old/pension.yaml"].replace(
            "total_income <= limit[household_size]", f"total_income {sign} limit[household_size] * share"
        )
        rules = load(tmp_path, {**files, "old/pension.yaml": programme}).at(DAY)
        miss = rules.assess(one(income)).result("pension").near_miss
        assert miss is not None
        gaps[sign] = miss.gap
    assert gaps == {"<=": 1, "<": 1, ">": 1, ">=": 1}


def test_the_gap_really_closes_the_distance(tmp_path: Path) -> None:
    rules = load(tmp_path).at(DAY)
    miss = rules.assess(one(1_111_111)).result("pension").near_miss
    assert miss is not None
    assert rules.assess(one(miss.value - miss.gap)).result("pension").answer == "entitled"
    assert rules.assess(one(miss.value - miss.gap + 1)).result("pension").answer == "not_entitled"


@pytest.mark.parametrize(("gets", "near"), [(0, False), (1, True)])
def test_who_has_none_of_what_is_counted_is_not_near_to_it(tmp_path: Path, gets: int, near: bool) -> None:
    members = [{"birth_date": "1950-01-01", "income": 0, "gets": place < gets} for place in range(2)]
    miss = missed(tmp_path, Household({}, members), f"count_members(gets) >= {gets + 1}")
    assert (miss is not None) is near
