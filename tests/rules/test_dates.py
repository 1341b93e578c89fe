"""Completed years and months, compared between plan, oracle and a count by hand on every awkward day."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING

import pytest

from tests.spec.little import check
from welfare.rules.plan import months_of

if TYPE_CHECKING:
    from collections.abc import Iterator

AWKWARD = [
    date.fromisoformat(day) for day in ("2024-02-29", "2025-02-28", "2026-02-28", "2026-04-30", "2026-12-31")
]


def birthdays(born: date) -> Iterator[date]:
    """The days on which somebody turns 1, 2, 3 … months old: the same day, or the last of a shorter month."""
    year, month = born.year, born.month
    while True:
        year, month = (year, month + 1) if month < 12 else (year + 1, 1)
        last = (date(year + month // 12, month % 12 + 1, 1) - timedelta(days=1)).day
        yield date(year, month, min(born.day, last))


@pytest.mark.parametrize("today", AWKWARD)
def test_months_and_years_are_counted_by_the_birthdays_that_have_come(today: date) -> None:
    for back in (*range(27, 33), *range(364, 368), *range(1459, 1463)):
        born = today - timedelta(days=back)
        months = next(i for i, day in enumerate(birthdays(born)) if day > today)
        household = {"moved_in": born}
        check("months_between(moved_in, as_of)", months, household=household, day=today)
        check("years_between(moved_in, as_of)", months // 12, household=household, day=today)


def test_the_last_day_of_a_month_counts_as_the_thirty_first() -> None:
    assert months_of(date(2026, 2, 28)) == (2026 * 12 + 2, 31)
    assert months_of(date(2024, 2, 28)) == (2024 * 12 + 2, 28)
    assert months_of(date(2024, 2, 29)) == (2024 * 12 + 2, 31)
    assert months_of(date(2026, 12, 31)) == (2026 * 12 + 12, 31)


@pytest.mark.parametrize("age", [0, 1, 18, 25])
@pytest.mark.parametrize("today", AWKWARD)
def test_an_age_limit_turns_on_the_very_day(age: int, today: date) -> None:
    """`>=` on years becomes a question about the birth date itself; it must turn on the same day."""
    for shift in (-2, -1, 0, 1, 2):
        born = date(today.year - age, today.month, min(today.day, 28)) + timedelta(days=shift)
        years = next(i for i, day in enumerate(birthdays(born)) if day > today) // 12 if born <= today else -1
        if born >= date(2000, 1, 1):
            check(
                f"years_between(moved_in, as_of) >= {age}",
                years >= age,
                household={"moved_in": born},
                day=today,
            )
            check(
                f"years_between(moved_in, as_of) == {age}",
                years == age,
                household={"moved_in": born},
                day=today,
            )
