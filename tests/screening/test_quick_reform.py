"""The quick answer to a reform is the answer of screening everybody again."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pyarrow as pa
import pytest

from tests.rules.random_catalogue import random_rules
from tests.screening.lists import frozen, random_households
from welfare.reform import quick
from welfare.screening import RunError, arrange, screen

DAYS = (-400, -30, 0, 40)  # later figures, other ages, programmes that begin and end


@pytest.mark.parametrize("seed", range(12))
def test_the_quick_answer_is_that_of_screening_again(
    seed: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(arrange, "OWN_CLASS", 8)
    rules = random_rules(seed)
    held = frozen(rules, random_households(seed, rules, 150), tmp_path)
    run = screen(rules, held, tmp_path / "run")
    for days in DAYS:
        after = rules.catalogue.at(rules.day + timedelta(days=days))
        again = screen(after, held, tmp_path / f"again{days}")
        assert changes(quick(run, after)) == changes(run.compare(again)), (seed, days)


def changes(table: pa.Table) -> dict[str, dict[str, int]]:
    return {
        row["programme"]: row
        for row in table.to_pylist()
        if any(value for name, value in row.items() if name != "programme")
    }


def test_the_same_rules_change_nothing_and_look_at_nothing(tmp_path: Path) -> None:
    rules = random_rules(1)
    run = screen(rules, frozen(rules, random_households(1, rules, 30), tmp_path), tmp_path / "run")
    assert quick(run, rules).num_rows == 0


def test_without_planes_there_is_no_quick_answer(tmp_path: Path) -> None:
    rules = random_rules(1)
    run = screen(
        rules, frozen(rules, random_households(1, rules, 30), tmp_path), tmp_path / "run", planes=False
    )
    with pytest.raises(RunError, match="planes=True"):
        quick(run, rules)
