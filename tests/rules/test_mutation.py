"""Mistakes made on purpose: each kind is noticed by a case that stands at the right place, and named where none does."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.rules.tiny import FILES, load
from welfare.rules import CatalogueError
from welfare.rules.mutation import Mutant, Verdict, mutants_of, mutate

HEAD = "cases:\n"
ENTITLED = """\
  - name: exactly at both limits
    on: "2026-03-01"
    household: {tenure: rent, savings: 1100000}
    members: [{age: 65, income: 1100000}]
    expect: {answer: entitled, amount: 0}
"""
YOUNG = """\
  - name: a year too young
    on: "2026-03-01"
    members: [{age: 64, income: 0}]
    expect: {answer: not_entitled, failed: [age]}
"""
RICH = """\
  - name: one won too much
    on: "2026-03-01"
    members: [{age: 66, income: 1100001}]
    expect: {answer: not_entitled, failed: [means]}
"""
POOR = """\
  - name: no income at all
    on: "2026-03-01"
    members: [{age: 66, income: 0}]
    expect: {answer: entitled, amount: 352000}
"""
LIVED_WITH = """\
  - name: two persons
    on: "2026-03-01"
    members: [{age: 66, income: 1000000}, {age: 30, income: 700000}]
    expect: {answer: entitled, amount: 0}
"""


def verdicts(folder: Path, *cases: str, files: dict[str, str] = FILES) -> dict[str, Verdict]:
    catalogue = load(folder, {**files, "cases/pension.yaml": HEAD + "".join(cases)})
    return {verdict.of: verdict for _, _, verdict in mutate(catalogue, workers=1)}


def kind(mutant: Mutant) -> str:
    """What was done, without the names it was done to."""
    return mutant.what["en"].split(":")[0]


def survived(verdict: Verdict) -> set[tuple[str, str]]:
    return {(mutant.place, kind(mutant)) for mutant in verdict.survivors}


def mutants(folder: Path, rule: str) -> list[Mutant]:
    """The mutants of the criterion `rule`."""
    files = {**FILES, "old/pension.yaml": FILES["old/pension.yaml"].replace("age >= pension_age", rule)}
    return [mutant for mutant in mutants_of(load(folder, files), "pension") if mutant.place == "age"]


def test_cases_on_both_sides_of_every_limit_leave_no_mistake_unseen(tmp_path: Path) -> None:
    found = verdicts(tmp_path, ENTITLED, YOUNG, RICH, POOR, LIVED_WITH)
    assert survived(found["pension"]) == set()
    assert found["pension"].mutants == found["pension"].caught >= 12
    assert survived(found["total_income"]) == set()


def test_without_a_case_nothing_is_noticed(tmp_path: Path) -> None:
    found = verdicts(tmp_path, ENTITLED, YOUNG, RICH, POOR)
    assert found["rent_help"].caught == 0
    assert found["rent_help"].mutants > 0


@pytest.mark.parametrize(
    ("kept", "place", "unseen"),
    [
        ((ENTITLED, RICH, POOR), "age", "the criterion is left out"),
        ((ENTITLED, YOUNG, POOR), "means", "the criterion is left out"),
        ((YOUNG, RICH, POOR), "age", "decides otherwise when equal (≤ and <)"),
        ((YOUNG, RICH, POOR), "means", "limit is a little lower"),
        ((ENTITLED, YOUNG, RICH), "amount", "share is a little higher"),
    ],
)
def test_the_missing_case_is_told_by_the_mistake_that_survives(
    tmp_path: Path, kept: tuple[str, ...], place: str, unseen: str
) -> None:
    # An age of 66 in the others leaves 65 untested, an income of nothing leaves the limit untested.
    assert (place, unseen) in survived(verdicts(tmp_path, *kept)["pension"])
    assert (place, unseen) not in survived(verdicts(tmp_path, ENTITLED, YOUNG, RICH, POOR)["pension"])


def test_a_survivor_is_found_at_its_file_and_line(tmp_path: Path) -> None:
    verdict = verdicts(tmp_path, YOUNG)["pension"]
    lines = FILES["old/pension.yaml"].splitlines()
    assert verdict.file == "old/pension.yaml"
    at = {
        mutant.place: lines[line - 1]
        for mutant, line in zip(verdict.survivors, verdict.lines, strict=True)
        if line
    }
    assert "total_income" in at["means"]
    assert "won" in at["amount"]


def test_every_kind_of_slip_is_made(tmp_path: Path) -> None:
    rule = 'income <= limit[1] and (gets or tenure == "rent") and not any_member(gets) if age == pension_age else all_members(gets)'
    assert {kind(mutant) for mutant in mutants(tmp_path, rule)} == {
        "the criterion is left out",
        "decides otherwise when equal (≤ and <)",
        "the comparison is turned round (≤ and ≥)",
        "equal and not equal are exchanged",
        "and became or",
        "or became and",
        "a part of the condition is left out",
        "not is left out",
        "yes and no are exchanged",
        "the two cases are exchanged",
        "any became all",
        "all became any",
        "1 became 2",
        "limit is a little higher",
        "limit is a little lower",
        "pension_age is a little higher",
        "pension_age is a little lower",
    }


def test_a_mistake_says_which_of_several_comparisons_it_is_in(tmp_path: Path) -> None:
    told = {mutant.what["en"] for mutant in mutants(tmp_path, "age >= pension_age and income <= limit[1]")}
    assert "decides otherwise when equal (≤ and <): pension_age, age" in told
    assert "decides otherwise when equal (≤ and <): income, limit" in told


@pytest.mark.parametrize(
    ("rule", "slips"),
    [
        ("not gets", 2),  # the criterion, and its `not`; that gets itself is turned round says the same
        ("age < 65", 5),  # the criterion, <=, >, 64, 66
        ("age == 65", 4),  # the criterion, !=, 64, 66; never one half of the equality alone
        ("gets and gets", 5),  # the criterion, or, one side (either: the same), each side turned round
        ("income <= limit[1]", 6),  # the criterion, <, >=, limit[2], two of the figure; limit[0] is limit[1]
        ("not (income == income)", 2),  # the criterion, ==; turning round what is equal changes nothing
    ],
)
def test_the_same_mistake_is_made_once_and_none_that_changes_nothing(
    tmp_path: Path, rule: str, slips: int
) -> None:
    made = mutants(tmp_path, rule)
    assert len({(mutant.node, mutant.figure, mutant.more) for mutant in made}) == len(made)
    assert len(made) == slips, [mutant.what["en"] for mutant in made]


def test_what_a_person_checks_is_not_mutated(tmp_path: Path) -> None:
    changed = FILES["old/pension.yaml"].replace("when: age >= pension_age", "by_hand: true")
    made = mutants_of(load(tmp_path, {**FILES, "old/pension.yaml": changed}), "pension")
    assert {mutant.place for mutant in made} == {"means", "amount"}


def test_a_mistake_in_a_derived_value_is_looked_for_by_those_that_rest_on_it(tmp_path: Path) -> None:
    alone = verdicts(tmp_path / "a", ENTITLED, YOUNG, RICH, POOR)["total_income"]
    assert alone.mutants == 0  # a plain sum has nothing to slip in
    files = {
        **FILES,
        "derived/all.yaml": FILES["derived/all.yaml"].replace(
            "sum_members(income)", "sum_members(income if age >= pension_age else 0)"
        ),
    }
    case = LIVED_WITH.replace("expect: {answer: entitled, amount: 0}", "expect: {answer: entitled}")
    assert survived(verdicts(tmp_path / "b", ENTITLED, RICH, case, files=files)["total_income"]) != set()
    noticing = case.replace("income: 700000", "income: 900000")
    found = verdicts(tmp_path / "c", ENTITLED, RICH, noticing, files=files)["total_income"]
    assert ("value", "the two cases are exchanged") not in survived(found)


def test_a_case_file_that_cannot_be_read_is_a_problem_and_not_a_survivor(tmp_path: Path) -> None:
    with pytest.raises(CatalogueError, match="it can be entitled"):
        verdicts(tmp_path, ENTITLED.replace("answer: entitled", "answer: perhaps"))


def test_two_processes_say_the_same_as_one(tmp_path: Path) -> None:
    catalogue = load(tmp_path, {**FILES, "cases/pension.yaml": HEAD + ENTITLED})
    names = ["pension", "rent_help"] * 5
    one = [verdict for _, _, verdict in mutate(catalogue, names, workers=1)]
    assert [verdict for _, _, verdict in mutate(catalogue, names, workers=2)] == one
