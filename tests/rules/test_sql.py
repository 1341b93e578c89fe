"""The SQL export is a second reading of the rules: it may say less than the engine, never something else."""

from __future__ import annotations

import os
from datetime import date
from pathlib import Path
from random import Random

import duckdb
import pytest

import welfare
from tests.rules.random_catalogue import random_household, random_rules, write
from tests.rules.tables import asked_in_sql
from tests.rules.test_agreement import said, subjects
from tests.rules.tiny import FILES
from welfare.facts import Household
from welfare.rules.sql import to_duckdb

NIGHTLY = bool(os.environ.get("HUB_NIGHTLY"))
CATALOGUES = 1000 if NIGHTLY else 10
HOUSEHOLDS = 100 if NIGHTLY else 12


@pytest.mark.parametrize("batch", range(CATALOGUES // 5))
def test_the_export_agrees_with_the_function_wherever_everything_is_known(batch: int) -> None:
    connection = duckdb.connect()
    for seed in range(batch * 5, batch * 5 + 5):
        rules = random_rules(seed)
        random = Random(seed)
        households = [random_household(random, rules, unknown=0.0) for _ in range(HOUSEHOLDS)]
        expected = {}
        for i, household in enumerate(households):
            assessment = rules.assess(household)
            for name, member in subjects(rules, assessment):
                criteria, answer, amount = said(assessment, name, member)
                expected[i, member, name] = (answer, amount[0] if amount and answer else None, criteria)
        rows = asked_in_sql(rules, households, connection)
        found = {(i, member, name): tuple(rest) for i, member, name, *rest in rows}
        assert len(found) == len(rows)
        assert found == expected, seed


def test_a_household_with_a_gap_is_left_out_instead_of_guessed_at(tmp_path: Path) -> None:
    rules = welfare.load(write(FILES, tmp_path)).at(date(2026, 3, 1))
    complete = Household(
        {"tenure": "rent", "savings": 0}, [{"birth_date": "1950-01-01", "income": 0, "gets": False}]
    )
    unfinished = Household({"tenure": "rent", "savings": 0}, [{"birth_date": "1950-01-01", "gets": False}])
    rows = asked_in_sql(rules, [complete, unfinished], duckdb.connect())
    assert {row[0] for row in rows} == {0}
    assert rules.assess(unfinished).result("pension").answer == "unknown"


def test_words_of_sql_may_be_names_of_facts_and_programmes(tmp_path: Path) -> None:

    renamed = {
        place: other.replace("savings", "order").replace("tenure", "group") for place, other in FILES.items()
    }
    rules = welfare.load(write(renamed, tmp_path)).at(date(2026, 3, 1))
    household = Household(
        {"group": "rent", "order": 0}, [{"birth_date": "1950-01-01", "income": 0, "gets": False}]
    )
    rows = asked_in_sql(rules, [household], duckdb.connect())
    assert {row[2]: row[3] for row in rows} == {"pension": True, "rent_help": True}


def test_a_line_break_in_a_text_cannot_leave_its_comment(tmp_path: Path) -> None:
    law = '"Act\\n; DROP TABLE households; --"'
    programme = FILES["old/pension.yaml"].replace("law: Act 3", f"law: {law}")
    assert programme != FILES["old/pension.yaml"]
    rules = welfare.load(write({**FILES, "old/pension.yaml": programme}, tmp_path)).at(date(2026, 3, 1))
    assert all(
        line.lstrip().startswith("--") for line in to_duckdb(rules).splitlines() if "DROP TABLE" in line
    )
