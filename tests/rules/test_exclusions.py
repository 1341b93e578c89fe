"""Programmes that exclude each other: both may be entitled, the better is advised and named."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from tests.rules.tiny import FILES, PENSION, RENT_HELP, load
from welfare.facts import Household
from welfare.rules.assessment import Assessment

DAY = date(2026, 3, 1)
ALWAYS = "household_size >= 1"


def programme(
    id: str, won: int, per: str = "month", excludes: str = "", subject: str = "household"
) -> dict[str, str]:
    """A programme everybody is entitled to, worth `won` a period."""
    text = RENT_HELP.replace("rent_help:", f"{id}:", 1).replace("subject: household", f"subject: {subject}")
    text = text.replace('tenure == "rent"', ALWAYS).replace("savings <= limit[household_size]", ALWAYS)
    text = text.replace("{in_kind: {ko: 월세, en: The rent}}", f"{{won: worth_{id}, per: {per}}}")
    figure = (
        f"  worth_{id}: {{type: won, label: {{ko: 가, en: A}}, law: Act, review_by: '2030-01-01',"
        f" values: [{{from: '2020-01-01', source: act, confidence: verified, value: {won}}}]}}\n"
    )
    listed = f"  excludes: [{excludes}]\n" if excludes else ""
    return {f"home/{id}.yaml": text + listed, f"parameters/{id}.yaml": "parameters:\n" + figure}


def assess(folder: Path, *programmes: dict[str, str], members: int = 1) -> Assessment:
    files = dict(FILES)
    for texts in programmes:
        files |= texts
    return load(folder, files).at(DAY).assess(Household({}, [{}] * members))


def set_aside(assessment: Assessment) -> dict[tuple[str, int | None], str | None]:
    return {(r.programme.id, r.member): r.set_aside_for for r in assessment.results if r.answer == "entitled"}


def test_the_better_of_two_is_advised_whoever_names_the_other(tmp_path: Path) -> None:
    for place, (one, other) in enumerate((("b", ""), ("", "a"))):
        assessment = assess(
            tmp_path / str(place), programme("a", 100, excludes=one), programme("b", 200, excludes=other)
        )
        assert set_aside(assessment) == {("a", None): "b", ("b", None): None}
        assert [r.advised for r in assessment.results if r.programme.id in "ab"] == [False, True]


def test_periods_are_compared_by_the_year(tmp_path: Path) -> None:
    monthly, yearly = programme("a", 100, "month", excludes="b"), programme("b", 1100, "year")
    assert set_aside(assess(tmp_path, monthly, yearly)) == {("a", None): None, ("b", None): "a"}


def test_without_entitlement_nothing_is_set_aside(tmp_path: Path) -> None:
    refused = programme("b", 900)
    refused["home/b.yaml"] = refused["home/b.yaml"].replace(ALWAYS, "household_size > 20", 1)
    assert set_aside(assess(tmp_path, programme("a", 100, excludes="b"), refused)) == {("a", None): None}


def test_one_set_aside_sets_nothing_aside_itself(tmp_path: Path) -> None:
    """a excludes b, b excludes c: whoever takes the best, c, can still have a."""
    row = programme("a", 100, excludes="b"), programme("b", 200, excludes="c"), programme("c", 300)
    assert set_aside(assess(tmp_path, *row)) == {("a", None): None, ("b", None): "c", ("c", None): None}


def test_two_that_go_together_may_beat_the_single_best(tmp_path: Path) -> None:
    row = programme("a", 200, excludes="b"), programme("b", 300, excludes="c"), programme("c", 150)
    assert set_aside(assess(tmp_path, *row)) == {("a", None): None, ("b", None): "a", ("c", None): None}


def test_persons_exclude_only_themselves(tmp_path: Path) -> None:
    pair = programme("a", 100, excludes="b", subject="person"), programme("b", 200, subject="person")
    found = set_aside(assess(tmp_path, *pair, members=2))
    assert found == {("a", 0): "b", ("a", 1): "b", ("b", 0): None, ("b", 1): None}


def test_a_households_programme_is_weighed_against_all_its_members(tmp_path: Path) -> None:
    household, person = programme("a", 250, excludes="b"), programme("b", 100, subject="person")
    two, three = (assess(tmp_path / str(n), household, person, members=n) for n in (2, 3))
    assert set_aside(two) == {("a", None): None, ("b", 0): "a", ("b", 1): "a"}
    assert set_aside(three) == {("a", None): "b", ("b", 0): None, ("b", 1): None, ("b", 2): None}


def test_twenty_members_with_three_choices_each_are_weighed_in_time(tmp_path: Path) -> None:
    others = {"a": "b, c", "b": "a, c", "c": "a, b"}
    choices = [programme(id, 100 + i, excludes=others[id], subject="person") for i, id in enumerate(others)]
    found = set_aside(assess(tmp_path, programme("d", 1, excludes="a, b"), *choices, members=20))
    assert [member for (id, member), better in found.items() if better is None and id == "c"] == list(
        range(20)
    )


def test_help_in_kind_counts_as_nothing_but_is_advised_when_alone(tmp_path: Path) -> None:
    kind = {"old/pension.yaml": PENSION, "home/rent_help.yaml": RENT_HELP + "  excludes: [a]\n"}
    kind["home/rent_help.yaml"] = (
        kind["home/rent_help.yaml"]
        .replace('tenure == "rent"', ALWAYS)
        .replace("savings <= limit[household_size]", ALWAYS)
    )
    assert set_aside(assess(tmp_path, kind, programme("a", 1))) == {
        ("rent_help", None): "a",
        ("a", None): None,
    }
