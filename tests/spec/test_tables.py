"""Tables of figures

A parameter may be a table, looked up by the size of the household, by codes, or by both. In the examples
`limit_by_size` is 100, 150, 190 and then 40 more for each further person; `rent_cap` is 0 for owners, 120 for
jeonse, 90 for rent; `grant` is keyed by tenure and size.
"""

from tests.spec.little import check


def test_a_table_by_size_is_looked_up_by_the_number_of_members() -> None:
    check("limit_by_size[household_size]", 150, members=[{}, {}])


def test_beyond_its_last_entry_the_table_goes_on_as_declared() -> None:
    check("limit_by_size[household_size]", 270, members=[{}] * 5)


def test_a_limit_may_be_a_share_of_a_table() -> None:
    check("income <= limit_by_size[household_size] * third", True, household={"income": 33})
    check("income <= limit_by_size[household_size] * third", False, household={"income": 34})
    check("limit_by_size[household_size] * third > income", True, household={"income": 33})
    check("limit_by_size[household_size] * third > income", False, household={"income": 34})


def test_any_count_can_be_the_key() -> None:
    """Below one counts as one; beyond twenty, the largest household, as twenty."""
    check("limit_by_size[household_size + 1]", 190, members=[{}, {}])
    check("limit_by_size[rooms]", 100, household={"rooms": 0})
    check("limit_by_size[rooms * 9]", 870, household={"rooms": 9})
    check("limit_by_size[rooms]", (100, 430))


def test_a_table_by_code() -> None:
    check("rent_cap[tenure]", 90, household={"tenure": "rent"})


def test_an_unknown_key_leaves_the_least_and_the_greatest_entry() -> None:
    check("rent_cap[tenure]", (0, 120))
    check("grant[tenure, household_size]", (2, 200), members=[{}, {}])


def test_a_table_by_two_keys() -> None:
    check("grant[tenure, household_size]", 20, household={"tenure": "jeonse"}, members=[{}, {}])
    check("grant[tenure, household_size]", 300, household={"tenure": "rent"}, members=[{}] * 3)
