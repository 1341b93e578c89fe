"""Dated parameters: the value of the day, exact rates, tables to their end, figures past their review."""

from __future__ import annotations

from datetime import date
from fractions import Fraction
from pathlib import Path

import pytest

from tests.rules.tiny import FILES, changed, load
from welfare.facts import Household
from welfare.rules.catalogue import CatalogueError, expand_sizes
from welfare.rules.language import ExpressionError, read_rate

PARAMETERS = "parameters/all.yaml"
POOR = Household({"tenure": "rent", "savings": 0}, [{"birth_date": "1950-01-01", "income": 0}])


def test_the_value_of_the_day_is_used(tmp_path: Path) -> None:
    catalogue = load(tmp_path)
    last_year = catalogue.at(date(2025, 12, 31)).assess(POOR).result("pension").amount
    this_year = catalogue.at(date(2026, 1, 1)).assess(POOR).result("pension").amount
    assert last_year is not None
    assert this_year is not None
    assert (last_year.low, this_year.low) == (320_000, 352_000)


def test_before_its_first_value_a_programme_is_unavailable_and_not_refused(tmp_path: Path) -> None:
    rules = load(tmp_path).at(date(2024, 12, 31))
    assert rules.unavailable == {"pension": "limit", "rent_help": "limit"}
    assert rules.programmes == {}
    assert rules.assess(POOR).results == []


def test_after_its_last_day_a_value_is_gone(tmp_path: Path) -> None:
    closed = changed(PARAMETERS, '- from: "2026-01-01"', '- until: "2026-12-31"\n        from: "2026-01-01"')
    catalogue = load(tmp_path, closed)
    assert "pension" in catalogue.at(date(2026, 12, 31)).programmes
    assert catalogue.at(date(2027, 1, 1)).unavailable == {"pension": "limit", "rent_help": "limit"}


def test_before_it_is_valid_a_programme_is_simply_not_there(tmp_path: Path) -> None:
    rules = load(tmp_path, changed("old/pension.yaml", '"2020-01-01"}', '"2026-03-02"}')).at(date(2026, 3, 1))
    assert list(rules.programmes) == ["rent_help"]
    assert rules.unavailable == {}


def test_who_asks_for_an_unavailable_programme_is_unavailable_too(tmp_path: Path) -> None:
    """Its answer is not no, it cannot be given; a certain answer built on it would be wrong."""
    files = changed("home/rent_help.yaml", 'tenure == "rent"', "not any_member(entitled(pension))")
    files["home/rent_help.yaml"] = files["home/rent_help.yaml"].replace(
        "savings <= limit[household_size]", "savings > 0"
    )
    share_later = files[PARAMETERS].replace(
        '{from: "2020-01-01", source: act, confidence: verified, value: "32 %"}',
        '{from: "2026-06-01", source: act, confidence: verified, value: "32 %"}',
    )
    catalogue = load(tmp_path, {**files, PARAMETERS: share_later})
    assert catalogue.at(date(2026, 3, 1)).unavailable == {"pension": "share", "rent_help": "share"}
    assert set(catalogue.at(date(2026, 6, 1)).programmes) == {"pension", "rent_help"}


def test_who_asks_for_a_programme_not_in_force_is_told_no(tmp_path: Path) -> None:
    """A programme that does not exist on the day entitles nobody, and its figures are not missed."""
    files = changed("home/rent_help.yaml", 'tenure == "rent"', "not any_member(entitled(pension))")
    files["old/pension.yaml"] = files["old/pension.yaml"].replace('"2020-01-01"}', '"2030-01-01"}')
    files[PARAMETERS] = files[PARAMETERS].replace(
        '"2020-01-01", source: act, confidence: verified, value: 65',
        '"2030-01-01", source: act, confidence: verified, value: 65',
    )
    rules = load(tmp_path, files).at(date(2026, 3, 1))
    assert rules.unavailable == {}
    assert rules.assess(POOR).result("rent_help").answer == "entitled"


def test_a_figure_past_its_review_is_named_from_that_day_on(tmp_path: Path) -> None:
    catalogue = load(tmp_path)
    assert catalogue.at(date(2026, 12, 31)).stale == ()
    assert catalogue.at(date(2027, 1, 1)).stale == ("limit",)


def test_a_figure_that_is_not_certain_marks_its_programmes(tmp_path: Path) -> None:
    catalogue = load(tmp_path)
    assert catalogue.at(date(2025, 6, 1)).needs_check == {"pension": (), "rent_help": ()}
    assert catalogue.at(date(2026, 6, 1)).needs_check == {"pension": ("limit",), "rent_help": ("limit",)}


def test_the_decision_day_is_kept_beside_the_first_day(tmp_path: Path) -> None:
    value = load(tmp_path).parameters["limit"].on(date(2026, 3, 1))
    assert value is not None
    assert (value.decided, value.period.start) == (date(2025, 8, 1), date(2026, 1, 1))


# Tables and rates -------------------------------------------------------------------------------------------


def test_beyond_the_list_the_last_step_is_added() -> None:
    assert expand_sizes((100, 150, 190), "add_last_step")[2:6] == (190, 230, 270, 310)
    assert len(expand_sizes((100, 150, 190), "add_last_step")) == 20


def test_beyond_the_list_the_last_figure_is_repeated() -> None:
    assert expand_sizes((100, 150, 190), "repeat_last")[2:6] == (190, 190, 190, 190)


def test_the_largest_household_has_its_figure(tmp_path: Path) -> None:
    rules = load(tmp_path).at(date(2026, 3, 1))
    poor = {"birth_date": "1950-01-01", "income": 0}
    amount = rules.assess(Household({}, [poor] * 20)).result("pension").amount
    assert amount is not None
    assert amount.low == (1_100_000 + 19 * 600_000) * 32 // 100


@pytest.mark.parametrize(
    ("text", "rate"),
    [
        ("32/100", Fraction(8, 25)),
        ("32 %", Fraction(8, 25)),
        ("32%", Fraction(8, 25)),
        ("1.04 %", Fraction(13, 1250)),
        ("1/3", Fraction(1, 3)),
        ("4/1200", Fraction(1, 300)),
        ("0 %", Fraction(0)),
        ("-1.5 %", Fraction(-3, 200)),
        (2, Fraction(2)),
        ("100 %", Fraction(1)),
    ],
)
def test_a_rate_is_exact(text: object, rate: Fraction) -> None:
    assert read_rate(text) == rate


@pytest.mark.parametrize(
    "text", ["0.32", "1.0", "1/0", "1/-3", "32 % %", "a third", "", "1/3 %", True, None, "1e2", "½"]
)
def test_what_is_no_exact_rate_is_refused(text: object) -> None:
    with pytest.raises(ExpressionError) as refusal:
        read_rate(text)
    assert "%" in refusal.value.mend


def test_thirds_add_up_to_the_won(tmp_path: Path) -> None:
    """One third of 1,000,000 three times is 1,000,000: nothing is lost on the way to the one rounding."""
    files = changed(PARAMETERS, '"32 %"', '"1/3"')
    files["old/pension.yaml"] = (
        files["old/pension.yaml"]
        .replace('"limit[household_size] * share - total_income * share"', "sum_members(income * share) * 3")
        .replace("round: up 10", "round: down 1")
        .replace("total_income <= limit[household_size]", "household_size >= 1")
    )
    members = [{"birth_date": "1950-01-01", "income": income} for income in (100, 100, 101)]
    result = load(tmp_path, files).at(date(2026, 3, 1)).assess(Household({}, members)).result("pension", 0)
    assert result.amount is not None
    assert result.amount.low == 301


# Numbers that do not fit ------------------------------------------------------------------------------------


def test_a_value_that_could_leave_exact_arithmetic_is_named_with_its_programme(tmp_path: Path) -> None:
    files = changed("facts/all.yaml", "max: 1000000000\n", "max: 1000000000000000\n")
    wild = "savings * 1000000 <= limit[household_size]"
    files["home/rent_help.yaml"] = files["home/rent_help.yaml"].replace(
        "savings <= limit[household_size]", wild
    )
    rules = load(tmp_path, files).at(date(2026, 3, 1))
    with pytest.raises(CatalogueError) as refusal:
        rules.assess(POOR)
    assert "rent_help: a value could reach" in str(refusal.value)
    assert "too large to be exact" in str(refusal.value)
    assert "narrow the domains" in refusal.value.problems[0].mend


def test_the_version_follows_the_contents_and_nothing_else(tmp_path: Path) -> None:
    one, same, other = (tmp_path / name for name in ("one", "same", "other"))
    assert load(one).version == load(same).version
    assert load(other, changed(PARAMETERS, "1100000", "1100001")).version != load(one).version
    assert load(one, FILES) == load(same, FILES)
