"""Another country lives beside Korea as a folder of files: everything works on it, and no code knows it."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path

import pytest

import welfare
from welfare import Household, Interview
from welfare.command import main
from welfare.reform import try_reform
from welfare.rules.mutation import mutate
from welfare.screening import screen, write_snapshot
from welfare.synthetic import invent_district

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "programmes" / "example"
DAY = date(2026, 3, 2)
FAMILY = Household(
    {"tenure": "tenant", "rent": 500, "savings": 100},
    [
        {"birth_date": "1990-05-01", "monthly_income": 900, "looks_for_work": False, "pupil": False},
        {"birth_date": "2018-02-03", "monthly_income": 0, "looks_for_work": False, "pupil": True},
    ],
)


@pytest.fixture(scope="module")
def aldermark() -> welfare.Catalogue:
    return welfare.load(EXAMPLE)


def test_it_is_sound_and_its_cases_notice_every_mistake(aldermark: welfare.Catalogue) -> None:
    assert main(["check", str(EXAMPLE), "--language", "en"]) == 0
    verdicts = [verdict for _, _, verdict in mutate(aldermark, workers=1)]
    assert [verdict.of for verdict in verdicts if verdict.survivors] == []


def test_one_household_is_decided_to_the_last_crown(aldermark: welfare.Catalogue) -> None:
    assessment = aldermark.at(DAY).assess(FAMILY)
    amount = assessment.result("rent_help").amount
    assert amount is not None
    assert amount.low == 280  # 500 − a quarter of 900, raised to the next ten
    assert assessment.result("school_meal", 1).answer == "entitled"
    assert assessment.result("job_start", 0).answer == "not_entitled"


def test_the_better_of_two_pensions_is_advised(aldermark: welfare.Catalogue) -> None:
    household = Household({}, [{"birth_date": "1955-01-01", "looks_for_work": True}])
    assessment = aldermark.at(DAY).assess(household)
    assert assessment.result("old_age_pension").advised
    assert assessment.result("bridge_pension").set_aside_for == "old_age_pension"


def test_the_interview_asks_in_its_own_facts(aldermark: welfare.Catalogue) -> None:
    interview = Interview(aldermark.at(DAY), Household({}, [{}]))
    asked = []
    while question := interview.next():
        asked.append(question.fact.name)
        answer = {"date": "1955-01-01", "code": "owner", "bool": False}.get(question.fact.type, 0)
        interview = interview.answer(question, answer)
    assert set(asked) <= set(aldermark.facts)
    assert "birth_date" in asked


def test_people_are_invented_screened_and_reformed(aldermark: welfare.Catalogue, tmp_path: Path) -> None:
    households, members = invent_district(aldermark, 400, seed=2, as_of=DAY)
    snapshot = write_snapshot(aldermark, households, members, tmp_path / "snapshot", DAY)
    run = screen(aldermark.at(DAY), snapshot, tmp_path / "run", workers=1)
    counts = {row["programme"]: row["entitled"] for row in run.summary().to_pylist()}
    assert counts["child_grant"] > 0
    assert counts["job_start"] == 0  # only the job council can say yes
    higher = welfare.load(EXAMPLE, overlay=EXAMPLE / "overlays" / "higher_child_grant.yaml")
    effect = try_reform(aldermark.at(DAY), higher.at(DAY), snapshot, tmp_path / "reform", workers=1)
    assert effect.total["winners"] > 0
    assert effect.total["losers"] == 0


def test_no_code_of_the_library_names_it_or_its_facts(aldermark: welfare.Catalogue) -> None:
    own = {*aldermark.programmes, *aldermark.scopes, "aldermark"} - {"national"}
    for path in (ROOT / "src").rglob("*.py"):
        words = set(re.findall(r"[a-z_]+", path.read_text(encoding="utf-8").lower()))
        assert not words & own, path
