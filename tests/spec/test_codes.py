"""Codes

A code is one of a few declared words, such as the tenure of a home: owner, jeonse or rent.
"""

from tests.spec.little import UNKNOWN, check


def test_a_code_is_compared_with_a_word() -> None:
    check('tenure == "rent"', True, household={"tenure": "rent"})
    check('tenure != "rent"', False, household={"tenure": "rent"})


def test_a_code_is_one_of_several_words() -> None:
    check('tenure in ("jeonse", "rent")', True, household={"tenure": "jeonse"})
    check('tenure not in ("jeonse", "rent")', True, household={"tenure": "owner"})


def test_an_unknown_code_stays_unknown_whatever_the_list() -> None:
    check('tenure == "rent"', UNKNOWN)
    check('tenure in ("owner", "jeonse", "rent")', UNKNOWN)
