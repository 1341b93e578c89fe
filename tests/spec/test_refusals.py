"""What is not a rule

The language is closed: what this page does not show does not exist. A file with anything else is refused when
it is read, with the line, the reason and a way to mend it.
"""

from tests.spec.little import check_refused


def test_kinds_of_values_are_not_mixed() -> None:
    check_refused("income + rooms", "mixes won with a count")
    check_refused("income * income", "won times won has no meaning")
    check_refused("owns_car + 1", "wanted is a number")
    check_refused("owns_car and rooms", "wanted is yes/no")


def test_an_amount_of_money_is_a_parameter_with_its_law() -> None:
    check_refused("income <= 300", "an amount of money is a dated parameter")


def test_a_yes_no_fact_is_used_by_itself() -> None:
    check_refused("owns_car == True", "use the yes/no fact by itself")


def test_a_code_is_compared_only_with_its_words() -> None:
    check_refused('tenure == "tent"', "its values are owner, jeonse, rent")
    check_refused('tenure < "rent"', "a code has no order")
    check_refused("tenure in ()", "an empty list")


def test_a_person_is_reached_only_through_the_members() -> None:
    check_refused("earnings <= limit", "any_member(earnings")
    check_refused("any_spouse(disabled)", "only a person has a spouse")
    check_refused("entitled(care_help)", "any_member(entitled(care_help))")
    check_refused("sum_members(max_member(earnings))", "declare the inner part as a derived value")


def test_there_is_no_division_and_no_decimal() -> None:
    check_refused("income / 2", "multiply by a rate parameter")
    check_refused("income * 0.5", "a dated parameter of type rate")


def test_only_won_are_rounded_and_only_to_whole_won() -> None:
    check_refused("round_up(rooms, 10)", "only won is rounded")
    check_refused("round_up(income, rooms)", "the unit is a whole number of won")


def test_time_is_counted_up_to_the_day_of_the_decision() -> None:
    check_refused("years_between(moved_in, moved_in)", "write the later day as as_of")


def test_a_table_needs_its_keys() -> None:
    check_refused("rent_cap", "say which entry: rent_cap[tenure]")
    check_refused("rent_cap[rooms]", "write rent_cap[tenure]")
    check_refused("grant[tenure]", "keyed by tenure, household_size")


def test_a_name_must_be_declared() -> None:
    check_refused("incom <= limit", "did you mean income?")


def test_nothing_else_of_python_is_there() -> None:
    check_refused("income.real", "a dot is not in the rule language")
    check_refused("lambda: income", "lambda is not in the rule language")
    check_refused("print(income)", "no such function")
    check_refused("income ** 2", "only + - * are in the rule language")
    check_refused("income.__class__", "two underscores")
