"""What a reform does to a population: the same households under two rule sets, compared household by
household.

A reform is a catalogue with differences laid over it (`welfare.load(folder, overlay=…)`), never a copy. Both
rule sets are screened on one snapshot, so every difference is the reform's. Counted is what is certain: a
household gains when the won a year it is surely entitled to (of exclusive programmes the better one) become
more.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from welfare.rules.assessment import PER_YEAR
from welfare.screening import Run, Snapshot, screen
from welfare.screening.outcome import NOBODY
from welfare.screening.snapshot import Block

if TYPE_CHECKING:
    from welfare.rules import RuleSet

GROUPS = ("area", "size", "age")
AGES = (0, 30, 50, 65, 75)  # bands of the first member's age begin here
LARGEST = 5  # households of five and more are one group
COUNTS = ("households", "winners", "losers", "otherwise_changed", "won_low_difference", "won_high_difference")
MIX = np.uint64(0x9E3779B97F4A7C15)


@dataclass(frozen=True)
class Effect:
    """The two runs of a reform, and what lies between them."""

    before: Run
    after: Run

    def programmes(self) -> pa.Table:
        """By programme: gained, lost, more, less, and the difference in won per the programme's period; see
        `Run.compare`.
        """
        return self.before.compare(self.after)

    @cached_property
    def total(self) -> dict[str, int]:
        """Over all households: winners, losers, otherwise changed (other help, same won), and won a year, low
        and high.
        """
        return {
            name: int(value)
            for name, value in zip(COUNTS, np.sum(list(self._groups["size"].values()), axis=0), strict=True)
        }

    def by(self, group: str) -> pa.Table:
        """The same by "area", "size" of the household, or "age" of its first member ("" where it is not
        known).

        Raises ValueError for another grouping.
        """
        if group not in GROUPS:
            raise ValueError(f"by={group!r}: a reform is shown by {', '.join(GROUPS)}")
        counted = self._groups[group]
        names = sorted(counted, key=lambda name: (name == "", name))
        columns = {name: [int(counted[key][i]) for key in names] for i, name in enumerate(COUNTS)}
        return pa.table({group: pa.array(names, pa.string())} | columns)

    @cached_property
    def _groups(self) -> dict[str, dict[str, np.ndarray]]:
        found: dict[str, dict[str, np.ndarray]] = {group: {} for group in GROUPS}
        for block, counts in self._blocks():
            for group in GROUPS:
                labels, places = _labels(self.before, block, group)
                sums = np.zeros((len(labels), len(COUNTS)), np.int64)
                np.add.at(sums, places, counts)
                for label, row in zip(labels, sums, strict=True):
                    if row[0]:
                        found[group][label] = found[group].get(label, np.zeros(len(COUNTS), np.int64)) + row
        return found

    def _blocks(self) -> Iterator[tuple[Block, np.ndarray]]:
        """Each block with the `COUNTS` of each of its households, one row a household; nothing larger is
        held.
        """
        pairs = zip(self.before.pair_blocks(), self.after.pair_blocks(), strict=True)
        for (block, old), (_, new) in pairs:
            before, after = _worth(self.before, block, old), _worth(self.after, block, new)
            difference = after[0] - before[0]
            changed = (difference == 0) & (before[2] != after[2])
            yield (
                block,
                np.stack(
                    [
                        np.ones(block.shape.rows, np.int64),
                        difference > 0,
                        difference < 0,
                        changed,
                        difference,
                        after[1] - before[1],
                    ],
                    axis=1,
                ),
            )


def try_reform(
    before: RuleSet,
    after: RuleSet,
    snapshot: Snapshot,
    folder: str | Path,
    *,
    workers: int = 2,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> Effect:
    """Screens `snapshot` under both rule sets, into `folder`/before and `folder`/after, and compares.

    `progress(done, total)` hears households of both runs. Raises SnapshotError and RunError as `screen` does.
    """
    total = 2 * snapshot.households
    folder = Path(folder)
    runs = [
        screen(
            rules,
            snapshot,
            folder / name,
            workers=workers,
            planes=False,
            progress=lambda done, _, part=part: progress(part * snapshot.households + done, total),  # type: ignore[misc]
        )
        for part, (rules, name) in enumerate(((before, "before"), (after, "after")))
    ]
    return Effect(*runs)


def _worth(run: Run, block: Block, batch: pa.RecordBatch) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """For each household: won a year at least and at most, and a mark that changes when its programmes
    change.
    """
    columns = {name: batch.column(name).to_numpy() for name in batch.schema.names}
    years = np.array([PER_YEAR[programme["per"]] for programme in run.manifest["programmes"]], np.int64)
    low, high = np.zeros(block.shape.rows, np.int64), np.zeros(block.shape.rows, np.int64)
    mark = np.zeros(block.shape.rows, np.uint64)
    advised = columns["set_aside_for"] == NOBODY
    row, programme = columns["row"][advised], columns["programme"][advised]
    np.add.at(low, row, columns["low"][advised].clip(0) * years[programme])
    np.add.at(high, row, columns["high"][advised].clip(0) * years[programme])
    # A programme's place may differ between the two runs; its name does not.
    names = np.array([_mixed(name) for name in run.programmes], np.uint64)
    with np.errstate(over="ignore"):
        np.add.at(
            mark,
            row,
            names[programme]
            * (columns["slot"][advised].astype(np.uint64) * np.uint64(2) + np.uint64(5))
            * MIX,
        )
    return low, high, mark


def _mixed(name: str) -> int:
    return int.from_bytes(name.encode()[:64].rjust(8, b"\0"), "big") * 0x2545F4914F6CDD1D % 2**64 | 1


def _labels(run: Run, block: Block, group: str) -> tuple[list[str], np.ndarray]:
    """The names of a grouping's groups, and the group of each household of a block."""
    rows = block.shape.rows
    if group == "area":
        areas = block.areas
        return (run.manifest["areas"], areas) if areas is not None else ([""], np.zeros(rows, np.int64))
    if group == "size":
        names = [str(size) for size in range(1, LARGEST)] + [f"{LARGEST}+"]
        return names, np.minimum(block.sizes[:rows], LARGEST).astype(np.int64) - 1
    ends = [*(str(age - 1) for age in AGES[1:]), ""]
    names = [f"{age:02d}–{end}" if end else f"{age}+" for age, end in zip(AGES, ends, strict=True)] + [""]
    if "birth_date" not in block:
        return names, np.full(rows, len(AGES), np.int64)
    born = block.numbers("birth_date")[0][:rows].astype(np.int64)
    day = int(run.manifest["as_of"].replace("-", ""))
    places = np.searchsorted(np.array(AGES), (day - born) // 10_000, side="right") - 1
    known = block.known("birth_date")
    if known is not None:
        places[~np.unpackbits(known[0], bitorder="little", count=rows).astype(bool)] = len(AGES)
    return names, places
