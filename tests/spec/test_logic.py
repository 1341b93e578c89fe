"""Conditions

`and`, `or` and `not` combine yes/no values; numbers and dates are compared with `==`, `!=`, `<`, `<=`, `>`,
`>=`.
"""

from tests.spec.little import UNKNOWN, check


def test_and_needs_all_parts() -> None:
    check("owns_car and rooms >= 2", True, household={"owns_car": True, "rooms": 2})
    check("owns_car and rooms >= 2", False, household={"owns_car": True, "rooms": 1})


def test_or_needs_one_part() -> None:
    check("owns_car or rooms >= 2", True, household={"owns_car": False, "rooms": 2})
    check("owns_car or rooms >= 2", False, household={"owns_car": False, "rooms": 1})


def test_not_turns_an_answer_round() -> None:
    check("not owns_car", False, household={"owns_car": True})


def test_limits_are_met_exactly() -> None:
    """*At most* includes the limit, *less than* does not."""
    check("income <= limit", True, household={"income": 300})
    check("income < limit", False, household={"income": 300})
    check("income >= limit", True, household={"income": 300})
    check("income > limit", False, household={"income": 300})
    check("income == limit", True, household={"income": 300})
    check("income != limit", False, household={"income": 300})


def test_two_limits_can_be_written_around_a_number() -> None:
    check("1 <= rooms <= 3", True, household={"rooms": 3})
    check("1 <= rooms <= 3", False, household={"rooms": 4})


def test_dates_are_compared_by_the_day() -> None:
    check("moved_in < pension_law", True, household={"moved_in": "2014-06-30"})
    check("moved_in < pension_law", False, household={"moved_in": "2014-07-01"})
    check("moved_in <= as_of", UNKNOWN)


def test_a_condition_chooses_between_two_values() -> None:
    check("limit if owns_car else income", 300, household={"owns_car": True})
    check("limit if owns_car else income", 20, household={"owns_car": False, "income": 20})


def test_while_the_condition_is_unknown_the_result_is_whatever_either_could_give() -> None:
    check("limit if owns_car else income", (20, 300), household={"income": 20})
    check("rooms >= 1 if owns_car else rooms >= 2", True, household={"rooms": 5})
    check("rooms >= 1 if owns_car else rooms >= 2", UNKNOWN, household={"rooms": 1})


def test_true_and_false_may_stand_by_themselves() -> None:
    check("True", True)
    check("owns_car if rooms >= 2 else False", False, household={"rooms": 1})
