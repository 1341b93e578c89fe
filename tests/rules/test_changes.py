"""What changed between two days: figures with those they touch, programmes that begin and end, rules rewritten."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

import welfare
from tests.rules.tiny import FILES, changed, load
from welfare.rules.changes import changes

BEFORE, AFTER = date(2025, 6, 1), date(2026, 6, 1)
KR = Path(__file__).parents[2] / "programmes" / "kr"


def test_a_figure_is_told_with_the_programmes_that_rest_on_it(tmp_path: Path) -> None:
    found = changes(load(tmp_path), BEFORE, AFTER)
    assert [one.parameter.name for one in found.figures] == ["limit"]
    change = found.figures[0]
    assert change.before is not None
    assert change.after is not None
    assert (change.before.value[0], change.after.value[0]) == (1_000_000, 1_100_000)
    assert {programme.id for programme in change.programmes} == {"pension", "rent_help"}


def test_between_two_days_of_the_same_rules_nothing_changed(tmp_path: Path) -> None:
    found = changes(load(tmp_path), date(2026, 2, 1), AFTER)
    assert not found


def test_programmes_that_begin_and_end_are_told(tmp_path: Path) -> None:
    files = {
        **FILES,
        "old/pension.yaml": FILES["old/pension.yaml"].replace('{from: "2020-01-01"}', '{from: "2026-01-01"}'),
        "home/rent_help.yaml": FILES["home/rent_help.yaml"].replace(
            '{from: "2020-01-01"}', '{from: "2020-01-01", until: "2025-12-31"}'
        ),
    }
    found = changes(load(tmp_path, files), BEFORE, AFTER)
    assert [one.id for one in found.begun] == ["pension"]
    assert [one.id for one in found.ended] == ["rent_help"]


def test_a_later_day_before_the_earlier_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="2025-06-01 is before 2026-06-01"):
        changes(load(tmp_path), AFTER, BEFORE)


def test_two_catalogues_tell_which_rules_are_written_otherwise(tmp_path: Path) -> None:
    old = load(tmp_path / "old")
    stricter = changed("old/pension.yaml", "total_income <= limit", "total_income < limit")
    found = changes(old, AFTER, AFTER, load(tmp_path / "new", stricter))
    assert [(one.after.id, [c.id for c in one.added], one.amount) for one in found.rules] == [
        ("pension", ["means"], False)
    ]
    richer = changed("old/pension.yaml", "round: up 10", "round: up 100")
    assert changes(old, AFTER, AFTER, load(tmp_path / "richer", richer)).rules[0].amount


def test_the_real_catalogue_tells_what_2026_brought() -> None:
    found = changes(welfare.load(KR), date(2025, 11, 25), date(2026, 11, 25))
    names = {one.parameter.name for one in found.figures}
    assert {"standard_median_income", "war_allowance_amount", "advance_means_tested"} <= names
    assert {"integrated_care", "family_carer_national"} <= {one.id for one in found.begun}
    median = next(one for one in found.figures if one.parameter.name == "standard_median_income")
    assert "livelihood_benefit" in {one.id for one in median.programmes}


def test_next_year_is_known_as_far_as_it_is_decided() -> None:
    found = changes(welfare.load(KR), date(2026, 11, 25), date(2027, 1, 1))
    assert "standard_median_income" in {one.parameter.name for one in found.figures}
