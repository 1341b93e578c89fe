"""Members of the household

A rule about the household reaches its members only through these functions; inside, a name means each member
in turn, and what belongs to the household is shared by all. `adult` is a derived value: at least 19 years
old.
"""

from tests.spec.little import UNKNOWN, check

FAMILY = [
    {"birth_date": "1980-05-05", "earnings": 200, "disabled": False},
    {"birth_date": "1982-06-06", "earnings": 100, "disabled": True},
    {"birth_date": "2015-07-07", "earnings": 0, "disabled": False},
]
YOUNG_MOTHER = [{"birth_date": "2005-01-01", "earnings": 200}, {"birth_date": "2024-01-01"}]


def test_any_member() -> None:
    check("any_member(disabled)", True, members=FAMILY)
    check("any_member(disabled)", UNKNOWN, members=[{"disabled": False}, {}])
    check("any_member(disabled)", True, members=[{"disabled": True}, {}])


def test_all_members() -> None:
    check("all_members(adult)", False, members=FAMILY)
    check("all_members(disabled)", UNKNOWN, members=[{"disabled": True}, {}])
    check("all_members(disabled)", False, members=[{"disabled": False}, {}])


def test_count_members() -> None:
    check("count_members(adult)", 2, members=FAMILY)
    check("count_members(disabled)", (1, 2), members=[{"disabled": True}, {}, {"disabled": False}])


def test_sum_greatest_and_least_over_members() -> None:
    check("sum_members(earnings)", 300, members=FAMILY)
    check("max_member(earnings)", 200, members=FAMILY)
    check("min_member(earnings)", 0, members=FAMILY)


def test_one_unknown_member_leaves_a_range_and_never_a_gap() -> None:
    check("sum_members(earnings)", (200, 1200), members=YOUNG_MOTHER)
    check("max_member(earnings)", (200, 1000), members=YOUNG_MOTHER)
    check("min_member(earnings)", (0, 200), members=YOUNG_MOTHER)
    check("sum_members(earnings) >= limit", UNKNOWN, members=YOUNG_MOTHER)


def test_only_some_members_are_added_up_with_a_condition_inside() -> None:
    check("sum_members(earnings if adult else 0)", 200, members=YOUNG_MOTHER)


def test_inside_the_household_is_seen_by_every_member() -> None:
    check("count_members(earnings > income)", 1, household={"income": 150}, members=FAMILY)
    check("sum_members(limit)", 900, members=FAMILY)


def test_the_size_of_the_household_is_its_number_of_members() -> None:
    check("household_size", 3, members=FAMILY)


def test_a_rule_about_a_person_uses_plain_names() -> None:
    check("disabled and income <= limit", True, household={"income": 10}, members=FAMILY, member=1)
    check("disabled and income <= limit", False, household={"income": 10}, members=FAMILY, member=0)


def test_a_rule_about_a_person_reaches_the_others_through_the_same_functions() -> None:
    check("earnings == max_member(earnings)", True, members=FAMILY, member=0)
    check("earnings == max_member(earnings)", False, members=FAMILY, member=1)
