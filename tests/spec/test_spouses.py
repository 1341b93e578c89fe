"""Spouses

Two members with the same couple number are a couple. `any_spouse(…)` and `sum_spouse(…)` look at the spouse
of the person the rule speaks of; who has none in the household gets *no* and 0.
"""

from tests.spec.little import UNKNOWN, check

COUPLE = [
    {"couple": 1, "earnings": 100, "disabled": False},
    {"couple": 1, "earnings": 40, "disabled": True},
    {"earnings": 7, "disabled": True},
]


def test_the_spouse_is_the_other_member_of_the_couple() -> None:
    check("any_spouse(disabled)", True, members=COUPLE, member=0)
    check("any_spouse(disabled)", False, members=COUPLE, member=1)
    check("sum_spouse(earnings)", 40, members=COUPLE, member=0)


def test_who_has_no_spouse_gets_no_and_nothing() -> None:
    check("any_spouse(disabled)", False, members=COUPLE, member=2)
    check("any_spouse(True)", False, members=COUPLE, member=2)
    check("sum_spouse(earnings)", 0, members=COUPLE, member=2)


def test_an_unknown_spouse_is_no_missing_spouse() -> None:
    check("any_spouse(disabled)", UNKNOWN, members=[{"couple": 1}, {"couple": 1}], member=0)
    check(
        "earnings + sum_spouse(earnings)",
        (5, 1005),
        members=[{"couple": 1, "earnings": 5}, {"couple": 1}],
        member=0,
    )


def test_whether_there_is_a_spouse() -> None:
    check("any_spouse(True)", True, members=COUPLE, member=0)
    check("couple > 0", True, members=COUPLE, member=0)
