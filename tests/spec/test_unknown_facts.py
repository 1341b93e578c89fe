"""Unknown facts

Nothing has a default. A fact nobody has told is unknown; it can be anything in its declared domain, and an
answer is given only when it is the same for all of it. A number is therefore a range, and an answer is yes,
no or *cannot tell yet*. The household's income lies between 0 and 1,000 won in all examples, its debt between
-500 and 500.
"""

from tests.spec.little import UNKNOWN, check


def test_a_known_fact_is_a_number() -> None:
    check("income", 250, household={"income": 250})


def test_an_unknown_number_can_be_anything_in_its_domain() -> None:
    check("income", (0, 1000))
    check("income + debt", (-300, 700), household={"debt": -300})


def test_a_comparison_is_decided_as_soon_as_no_value_could_change_it() -> None:
    check("income <= limit", UNKNOWN)
    check("income + debt <= limit", False, household={"debt": 400})
    check("debt <= limit + limit", True)


def test_an_unknown_yes_or_no_is_unknown() -> None:
    check("owns_car", UNKNOWN)
    check("not owns_car", UNKNOWN)


def test_a_part_that_decides_is_enough() -> None:
    """*No* and unknown is no; *yes* or unknown is yes. Anything else waits."""
    check("owns_car and income <= limit", False, household={"income": 301})
    check("owns_car or income <= limit", True, household={"income": 300})
    check("owns_car and income <= limit", UNKNOWN, household={"income": 300})


def test_the_same_unknown_twice_is_taken_for_two() -> None:
    """The range may be too wide, never too narrow: the engine may say *cannot tell*, it is never wrong."""
    check("income - income", (-1000, 1000))
    check("owns_car or not owns_car", UNKNOWN)


def test_learning_a_fact_only_narrows_the_range() -> None:
    check("max(income, debt)", (0, 1000))
    check("max(income, debt)", (400, 1000), household={"debt": 400})
    check("max(income, debt)", 700, household={"debt": 400, "income": 700})
