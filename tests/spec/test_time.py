"""Time

`as_of` is the day of the decision, 1 March 2026 unless an example says otherwise. `years_between(…, as_of)`
and `months_between(…, as_of)` count completed years and months, as ages are counted.
"""

from datetime import date

from tests.spec.little import UNKNOWN, check


def test_an_age_changes_on_the_birthday() -> None:
    check("years_between(birth_date, as_of)", 65, members=[{"birth_date": "1961-03-01"}], member=0)
    check("years_between(birth_date, as_of)", 64, members=[{"birth_date": "1961-03-02"}], member=0)


def test_months_are_completed_on_the_same_day_of_the_month() -> None:
    check("months_between(birth_date, as_of)", 2, members=[{"birth_date": "2026-01-01"}], member=0)
    check("months_between(birth_date, as_of)", 1, members=[{"birth_date": "2026-01-02"}], member=0)


def test_who_is_born_on_29_february_turns_a_year_older_on_the_last_of_february() -> None:
    born = [{"birth_date": "2008-02-29"}]
    check("years_between(birth_date, as_of)", 17, members=born, member=0, day=date(2026, 2, 27))
    check("years_between(birth_date, as_of)", 18, members=born, member=0, day=date(2026, 2, 28))
    check("years_between(birth_date, as_of)", 16, members=born, member=0, day=date(2024, 2, 29))
    check("years_between(birth_date, as_of)", 15, members=born, member=0, day=date(2024, 2, 28))


def test_a_month_that_is_too_short_ends_with_its_last_day() -> None:
    check("months_between(moved_in, as_of)", 1, household={"moved_in": "2026-03-31"}, day=date(2026, 4, 30))
    check("months_between(moved_in, as_of)", 0, household={"moved_in": "2026-03-31"}, day=date(2026, 4, 29))


def test_a_day_that_is_still_to_come_counts_below_zero() -> None:
    check("months_between(moved_in, as_of)", -1, household={"moved_in": "2026-03-02"})
    check("months_between(moved_in, as_of)", -1, household={"moved_in": "2026-04-01"})
    check("years_between(moved_in, as_of)", -1, household={"moved_in": "2027-03-01"})


def test_an_unknown_date_leaves_a_range_of_ages() -> None:
    check("years_between(moved_in, as_of)", (-5, 26))
    check("years_between(moved_in, as_of) >= 30", False)
    check("years_between(moved_in, as_of) >= 20", UNKNOWN)
