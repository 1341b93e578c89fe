"""Other programmes

`entitled(…)` is the answer of another programme: yes, no, or cannot tell yet. In the examples `housing_help`
is for households with an income of at most 300, `care_help` for disabled persons. Whether somebody *receives*
a benefit is a fact and not this.
"""

from tests.spec.little import UNKNOWN, check


def test_the_answer_of_another_programme_is_a_condition() -> None:
    check("entitled(housing_help) and not owns_car", True, household={"income": 300, "owns_car": False})
    check("entitled(housing_help)", False, household={"income": 301})
    check("entitled(housing_help)", UNKNOWN)


def test_a_programme_for_persons_is_asked_of_the_person_or_of_the_members() -> None:
    members = [{"disabled": False}, {"disabled": True}]
    check("entitled(care_help)", False, members=members, member=0)
    check("any_member(entitled(care_help))", True, members=members)
    check("count_members(entitled(care_help))", 1, members=members)
