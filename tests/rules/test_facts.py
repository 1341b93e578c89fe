"""Facts: a value that fits becomes a number; one that does not is refused in a sentence for people."""

from __future__ import annotations

from datetime import date, datetime

import pytest

from welfare.facts import Fact, Household, decode_date, encode_date

LABEL = {"ko": "이름", "en": "Name"}
INCOME = Fact("income", "household", "won", LABEL, low=0, high=1000)
BORN = Fact("born", "person", "date", LABEL, low=19000101, high=20301231)
TENURE = Fact("tenure", "household", "code", LABEL, codes=("owner", "rent"), high=1)
GETS = Fact("gets", "person", "bool", LABEL)
FACTS = {fact.name: fact for fact in (INCOME, BORN, TENURE, GETS)}


@pytest.mark.parametrize(
    ("fact", "value", "number"),
    [
        (INCOME, 0, 0),
        (INCOME, 1000, 1000),
        (BORN, date(2024, 2, 29), 20240229),
        (BORN, "2024-02-29", 20240229),
        (BORN, datetime(2024, 2, 29, 12), 20240229),
        (TENURE, "rent", 1),
        (GETS, False, False),
    ],
)
def test_a_value_of_the_domain_becomes_a_number(fact: Fact, value: object, number: int) -> None:
    assert fact.encode(value) == number
    assert fact.encode(fact.decode(number)) == number


@pytest.mark.parametrize(
    ("fact", "value", "sentence"),
    [
        (INCOME, 1001, "income: 1001 is outside 0 … 1000"),
        (INCOME, -1, "income: -1 is outside 0 … 1000"),
        (INCOME, 1.5, "income: 1.5 is not a whole number"),
        (INCOME, "10", "income: '10' is not a whole number"),
        (INCOME, True, "income: True is not a whole number"),
        (BORN, "1899-12-31", "born: 1899-12-31 is outside 1900-01-01 … 2030-12-31"),
        (BORN, "2023-02-29", "born: '2023-02-29' is not a date written as 2026-03-01"),
        (BORN, 20240229, "born: 20240229 is not a date"),
        (TENURE, "tent", "tenure: 'tent' is not one of owner, rent"),
        (TENURE, 1, "tenure: 1 is not one of owner, rent"),
        (GETS, 1, "gets: 1 is not true or false"),
        (GETS, "yes", "gets: 'yes' is not true or false"),
    ],
)
def test_any_other_value_is_refused_by_name(fact: Fact, value: object, sentence: str) -> None:
    with pytest.raises(ValueError) as refusal:  # noqa: PT011 - the sentence is compared whole
        fact.encode(value)
    assert str(refusal.value) == sentence


def test_the_order_of_encoded_days_is_the_order_of_days() -> None:
    days = [date(1999, 12, 31), date(2000, 1, 1), date(2000, 2, 29), date(2000, 3, 1)]
    assert sorted(map(encode_date, days)) == [encode_date(day) for day in days]
    assert [decode_date(encode_date(day)) for day in days] == days


def test_a_missing_or_empty_fact_is_unknown_and_not_zero() -> None:
    encoded = Household({"income": None}, [{"gets": None}]).encoded(FACTS)
    assert encoded.household == {}
    assert encoded.members == [{"couple": 0}]


@pytest.mark.parametrize(
    ("household", "sentence"),
    [
        (Household({}, []), "a household has 1 to 20 members, not 0"),
        (Household({}, [{}] * 21), "a household has 1 to 20 members, not 21"),
        (Household({"incom": 1}, [{}]), "incom: no such fact in the catalogue"),
        (Household({"gets": True}, [{}]), "gets: is a fact of the person, not of the household"),
        (Household({}, [{"income": 1}]), "income: is a fact of the household, not of the person"),
        (Household({}, [{"couple": 1}, {}]), "couple: number 1 is given to 1 members, not 2"),
        (Household({}, [{"couple": 1}] * 3), "couple: number 1 is given to 3 members, not 2"),
        (Household({}, [{"couple": True}] * 2), "couple: True is not a number from 0 to 9"),
        (
            Household({"household_size": 3}, [{}]),
            "household_size: follows from the members and the day, it is not given",
        ),
        (
            Household({"as_of": "2026-01-01"}, [{}]),
            "as_of: follows from the members and the day, it is not given",
        ),
        (Household({"couple": 1}, [{}]), "couple: follows from the members and the day, it is not given"),
    ],
)
def test_a_household_that_does_not_fit_the_facts_is_refused(household: Household, sentence: str) -> None:
    with pytest.raises(ValueError) as refusal:  # noqa: PT011 - the sentence is compared whole
        household.encoded(FACTS)
    assert str(refusal.value) == sentence


def test_a_couple_of_two_is_accepted() -> None:
    assert [
        m["couple"] for m in Household({}, [{"couple": 2}, {}, {"couple": 2}]).encoded(FACTS).members
    ] == [2, 0, 2]
