"""A run can be stopped, killed, taken up again, repeated and compared, and says so when a folder is not what it should be."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.rules.random_catalogue import random_rules
from tests.screening.lists import frozen, random_households, tables
from welfare.facts import Household
from welfare.rules.ruleset import RuleSet
from welfare.screening import (
    Cancelled,
    Run,
    RunError,
    Snapshot,
    arrange,
    outcome,
    screen,
    snapshot,
    write_snapshot,
)
from welfare.screening import run as running

SEED = 7
HOUSEHOLDS = 500


@pytest.fixture(autouse=True)
def _many_small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(arrange, "OWN_CLASS", 4)
    monkeypatch.setattr(arrange, "BLOCK_VALUES", 64)
    monkeypatch.setattr(running, "PART_HOUSEHOLDS", 64)


@pytest.fixture
def rules() -> RuleSet:
    return random_rules(SEED)


@pytest.fixture
def households(rules: RuleSet) -> list[Household]:
    return random_households(SEED, rules, HOUSEHOLDS)


@pytest.fixture
def held(rules: RuleSet, households: list[Household], tmp_path: Path) -> Snapshot:
    return frozen(rules, households, tmp_path)


def test_two_equal_runs_have_equal_hashes(rules: RuleSet, held: Snapshot, tmp_path: Path) -> None:
    one, two = screen(rules, held, tmp_path / "one"), screen(rules, held, tmp_path / "two")
    assert one.hash == two.hash
    assert one.pairs().equals(two.pairs())


def test_other_answers_give_another_hash(
    rules: RuleSet, households: list[Household], held: Snapshot, tmp_path: Path
) -> None:
    (tmp_path / "other").mkdir()
    fewer = frozen(rules, households[:-1], tmp_path / "other")
    assert fewer.hash != held.hash
    assert screen(rules, fewer, tmp_path / "one").hash != screen(rules, held, tmp_path / "two").hash


def test_a_snapshot_has_the_same_hash_wherever_it_is_written(
    rules: RuleSet, households: list[Household], tmp_path: Path
) -> None:
    for name in ("here", "there"):
        (tmp_path / name).mkdir()
    assert (
        frozen(rules, households, tmp_path / "here").hash
        == frozen(rules, households, tmp_path / "there").hash
    )


def test_the_number_of_workers_does_not_change_the_outcome(
    rules: RuleSet, held: Snapshot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    alone = screen(rules, held, tmp_path / "alone", workers=1)
    monkeypatch.setattr(running, "IN_PROCESS", 0)
    told: list[int] = []
    together = screen(
        rules, held, tmp_path / "together", workers=2, progress=lambda done, total: told.append(done)
    )
    assert together.hash == alone.hash
    assert told == sorted(told)
    assert told[-1] == HOUSEHOLDS


def test_a_run_stopped_on_request_goes_on_where_it_stopped(
    rules: RuleSet, held: Snapshot, tmp_path: Path
) -> None:
    whole = screen(rules, held, tmp_path / "whole")
    asked = 0

    def enough() -> bool:
        nonlocal asked
        asked += 1
        return asked == 4

    with pytest.raises(Cancelled):
        screen(rules, held, tmp_path / "run", cancelled=enough)
    with pytest.raises(RunError, match="not finished"):
        Run(tmp_path / "run")
    told: list[int] = []
    again = screen(rules, held, tmp_path / "run", progress=lambda done, total: told.append(done))
    assert told[0] > 64, "what was finished is not done again"
    assert again.hash == whole.hash


def test_a_killed_run_leaves_no_half_part_and_goes_on(
    rules: RuleSet, held: Snapshot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = screen(rules, held, tmp_path / "whole")
    counts = outcome.Outcome.counts
    calls = 0

    def dies(self: outcome.Outcome) -> Iterator[object]:
        nonlocal calls
        calls += 1
        if calls == 5:
            raise KeyboardInterrupt
        return counts(self)

    monkeypatch.setattr(outcome.Outcome, "counts", dies)
    with pytest.raises(KeyboardInterrupt):
        screen(rules, held, tmp_path / "run")
    monkeypatch.undo()
    monkeypatch.setattr(running, "PART_HOUSEHOLDS", 64)
    assert not list((tmp_path / "run").glob("*.partial"))
    (tmp_path / "run" / "pairs-00099.123.partial").write_bytes(b"left by a process that was killed outright")
    assert screen(rules, held, tmp_path / "run").hash == whole.hash
    assert not list((tmp_path / "run").glob("*.partial"))


def test_a_finished_run_is_not_done_again(rules: RuleSet, held: Snapshot, tmp_path: Path) -> None:
    first = screen(rules, held, tmp_path / "run")
    told: list[int] = []
    assert (
        screen(rules, held, tmp_path / "run", progress=lambda done, total: told.append(done)).hash
        == first.hash
    )
    assert told == []


def test_a_folder_with_another_run_is_refused(
    rules: RuleSet, households: list[Household], held: Snapshot, tmp_path: Path
) -> None:
    screen(rules, held, tmp_path / "run")
    (tmp_path / "other").mkdir()
    with pytest.raises(RunError, match="another snapshot"):
        screen(rules, frozen(rules, households[:50], tmp_path / "other"), tmp_path / "run")


def test_a_snapshot_written_for_other_facts_is_refused(
    rules: RuleSet, held: Snapshot, tmp_path: Path
) -> None:
    with pytest.raises(snapshot.SnapshotError, match="Write the snapshot again"):
        screen(random_rules(SEED + 1), held, tmp_path / "run")


def test_without_planes_pairs_are_there_and_reasons_are_refused(
    rules: RuleSet, held: Snapshot, tmp_path: Path
) -> None:
    bare, full = screen(rules, held, tmp_path / "bare", planes=False), screen(rules, held, tmp_path / "full")
    assert bare.pairs().equals(full.pairs())
    with pytest.raises(RunError, match="planes=True"):
        bare.household("h0")
    assert full.household("h0")


def test_a_household_that_is_not_in_the_list_is_named(rules: RuleSet, held: Snapshot, tmp_path: Path) -> None:
    run = screen(rules, held, tmp_path / "run")
    for absent in ("nobody", 3):
        with pytest.raises(KeyError):
            run.household(absent)


def test_pages_of_pairs_make_up_all_pairs(rules: RuleSet, held: Snapshot, tmp_path: Path) -> None:
    run = screen(rules, held, tmp_path / "run")
    everything = run.pairs().to_pylist()
    pages = [
        row
        for start in range(0, len(everything) + 1, 37)
        for row in run.pairs(limit=37, offset=start).to_pylist()
    ]
    assert pages == everything
    for name in run.programmes:
        assert run.pairs(programme=name).to_pylist() == [
            row for row in everything if row["programme"] == name
        ]
    assert run.pairs(area="B").to_pylist() == [row for row in everything if row["area"] == "B"]
    assert run.pairs(missed=True).to_pylist() == [row for row in everything if row["receives"] is False]
    with pytest.raises(KeyError):
        run.pairs(programme="no_such_programme")


def test_who_misses_most_comes_first(rules: RuleSet, held: Snapshot, tmp_path: Path) -> None:
    run = screen(rules, held, tmp_path / "run")
    per = {row["programme"]: {"month": 12}.get(row["per"], 1) for row in run.summary().to_pylist()}
    worth: dict[str, int] = {}
    for row in run.pairs(missed=True).to_pylist():
        if row["set_aside_for"] is None:
            worth[row["household_id"]] = (
                worth.get(row["household_id"], 0) + (row["amount_low"] or 0) * per[row["programme"]]
            )
    listed = run.missed_by_household(limit=None).to_pylist()
    assert {row["household_id"]: row["won_a_year"] for row in listed} == worth
    assert [row["won_a_year"] for row in listed] == sorted(worth.values(), reverse=True)
    assert run.missed_by_household(limit=5, offset=3).to_pylist() == listed[3:8]


def test_the_difference_of_two_runs_is_that_of_their_pairs(tmp_path: Path) -> None:
    """The same catalogue on two days; programmes that end or begin lose or gain everybody."""
    rules = random_rules(3)
    other = rules.catalogue.at(rules.day.replace(year=rules.day.year - 1, day=1))
    held = frozen(rules, random_households(3, rules, 200), tmp_path)
    before, after = screen(other, held, tmp_path / "before"), screen(rules, held, tmp_path / "after")
    pairs = [
        {(row["household_id"], row["member"], row["programme"]): row for row in run.pairs().to_pylist()}
        for run in (before, after)
    ]
    for row in before.compare(after).to_pylist():
        old, new = ({k: v for k, v in some.items() if k[2] == row["programme"]} for some in pairs)
        both = [((old[k]["amount_low"] or 0), (new[k]["amount_low"] or 0)) for k in old.keys() & new.keys()]
        assert row["gained"] == len(new.keys() - old.keys())
        assert row["lost"] == len(old.keys() - new.keys())
        assert row["more"] == sum(b > a for a, b in both)
        assert row["less"] == sum(b < a for a, b in both)
        for end in ("low", "high"):
            sums = [sum(pair[f"amount_{end}"] or 0 for pair in some.values()) for some in (old, new)]
            assert row[f"won_{end}_difference"] == sums[1] - sums[0]


def test_a_list_in_parts_is_screened_like_the_whole_list(
    rules: RuleSet, households: list[Household], tmp_path: Path
) -> None:
    own, each = tables(rules, households)
    whole = write_snapshot(rules.catalogue, own, each, tmp_path / "whole", as_of=rules.day)
    cut = write_snapshot(rules.catalogue, own, each, tmp_path / "cut", as_of=rules.day, shard_households=70)
    assert len(cut.shards) > 5
    runs = [screen(rules, one, tmp_path / name) for one, name in ((whole, "run-whole"), (cut, "run-cut"))]
    assert runs[0].summary(by="area").equals(runs[1].summary(by="area"))
    order = [("household_id", "ascending"), ("programme", "ascending"), ("member", "ascending")]
    assert runs[0].pairs().sort_by(order).equals(runs[1].pairs().sort_by(order))
    assert runs[0].household("h123") == runs[1].household("h123")
