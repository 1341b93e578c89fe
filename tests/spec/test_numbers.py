"""Numbers

Counts, won and rates are exact: nothing is rounded except where a rule says so. Won are added to won, a count
multiplies won, a rate takes a share of won. A rate is written in its parameter as a fraction (1/3) or in
percent (50 %); there are no decimals and there is no division.
"""

from fractions import Fraction

from tests.spec.little import check


def test_won_are_added_and_subtracted() -> None:
    check("income + limit - debt", 450, household={"income": 250, "debt": 100})
    check("-debt", 100, household={"debt": -100})


def test_a_count_multiplies() -> None:
    check("rooms * limit", 900, household={"rooms": 3})
    check("rooms * 2 + 1", 7, household={"rooms": 3})


def test_a_rate_takes_an_exact_share() -> None:
    check("income * third", Fraction(100, 3), household={"income": 100})
    check("income * third + income * third + income * third == income", True, household={"income": 100})
    check("third * half", Fraction(1, 6))
    check("third + half", Fraction(5, 6))


def test_the_least_and_the_greatest_of_several() -> None:
    check("min(income, limit)", 250, household={"income": 250})
    check("max(0, debt)", 0, household={"debt": -5})
    check("min(income, limit)", (0, 300))
    check("max(income, limit, debt)", (300, 1000))


def test_zero_fits_every_kind_of_number() -> None:
    check("debt > 0", False, household={"debt": 0})
    check("max(0, income - limit)", (0, 700))


def test_a_product_of_ranges_looks_at_all_corners() -> None:
    check("rooms * debt", (-4500, 4500))
    check("rooms * debt", (-1000, 1000), household={"rooms": 2})


def test_rounding_up_down_and_half_up() -> None:
    """`round_up` and `round_down` go towards plus and minus infinity, `round_half_up` to the nearest."""
    check("round_up(income, 10)", 250, household={"income": 241})
    check("round_down(income, 10)", 240, household={"income": 249})
    check("round_half_up(income, 10)", 250, household={"income": 245})
    check("round_half_up(income, 10)", 240, household={"income": 244})
    check("round_up(income, 10)", 250, household={"income": 250})


def test_a_share_is_rounded_where_the_rule_says_so() -> None:
    check("round_up(income * third, 1)", 34, household={"income": 100})
    check("round_down(income * third, 10)", 30, household={"income": 100})
    check("round_half_up(income * half, 1)", 51, household={"income": 101})


def test_below_zero_rounding_keeps_its_direction() -> None:
    check("round_up(debt, 10)", -40, household={"debt": -45})
    check("round_down(debt, 10)", -50, household={"debt": -45})
    check("round_half_up(debt, 10)", -40, household={"debt": -45})
    check("round_half_up(debt, 10)", -50, household={"debt": -46})


def test_rounding_a_range_rounds_its_ends() -> None:
    check("round_up(income * third, 10)", (0, 340))
