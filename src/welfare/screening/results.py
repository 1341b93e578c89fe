"""Reads a run: summaries, worklists, and every reason of every household, all from what was stored and nothing computed again."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from pyarrow import ipc

from welfare.rules.assessment import ENTITLED, NOT_ENTITLED, PER_YEAR, UNKNOWN
from welfare.rules.nodes import PERSON
from welfare.screening.encode import Array
from welfare.screening.kept import Kept
from welfare.screening.outcome import COUNTS, NOBODY
from welfare.screening.snapshot import AREA, HOUSEHOLD_ID, PERSON_ID, Block, Snapshot

SUMMARY = ("entitled", "receiving", "missed", "receipt_unknown", "unknown", "not_entitled")
WON = ("won_low", "won_high", "missed_won_low", "missed_won_high")
PAIR_COLUMNS = {
    HOUSEHOLD_ID: None,  # text or whole number, as in the list
    PERSON_ID: None,
    "member": pa.int8(),
    AREA: pa.string(),
    "programme": pa.string(),
    "amount_low": pa.int64(),
    "amount_high": pa.int64(),
    "receives": pa.bool_(),
    "set_aside_for": pa.string(),
}


class RunError(Exception):
    """A run that is not there, not finished or cannot be used that way; says what to do."""

    def __init__(self, what: str, mend: str) -> None:
        super().__init__(f"{what}. {mend}")
        self.what, self.mend = what, mend


@dataclass(frozen=True)
class StoredAnswer:
    """What a run keeps of one programme for a household or one of its members (`member` is the place in the list).

    `criteria` maps each criterion to True, False or None (cannot be told). Amounts are won per the programme's period and there
    for the entitled only.
    """

    programme: str
    member: int | None
    answer: str
    criteria: dict[str, bool | None]
    receives: bool | None
    amount_low: int | None = None
    amount_high: int | None = None
    set_aside_for: str | None = None


class Run:
    """A finished run in `folder`; `snapshot` only if it has moved since. Raises RunError."""

    def __init__(self, folder: str | Path, snapshot: Snapshot | None = None) -> None:
        self.folder = Path(folder)
        try:
            self.manifest: dict[str, Any] = json.loads(
                (self.folder / "manifest.json").read_text(encoding="utf-8")
            )
        except FileNotFoundError:
            raise RunError(f"{self.folder} holds no run", "Screen a snapshot into it") from None
        if not self.manifest["complete"]:
            raise RunError(
                f"the run in {self.folder} is not finished",
                "Screen again into it: it goes on where it stopped",
            )
        self._snapshot = snapshot

    def __repr__(self) -> str:
        return (
            f"Run({str(self.folder)!r}: {self.manifest['households']:,} households, {self.manifest['as_of']})"
        )

    @property
    def hash(self) -> str:
        """A hash of the outcome: equal for equal runs."""
        return str(self.manifest["outcome"])

    @cached_property
    def programmes(self) -> list[str]:
        return [programme["id"] for programme in self.manifest["programmes"]]

    @cached_property
    def snapshot(self) -> Snapshot:
        """The snapshot that was screened. Raises RunError when it is gone or another."""
        snapshot = self._snapshot or Snapshot(self.manifest["snapshot_folder"])
        if snapshot.hash != self.manifest["snapshot"]:
            raise RunError(
                f"{snapshot.folder} is not the snapshot of this run", "Give the one that was screened"
            )
        return snapshot

    # Counts -----------------------------------------------------------------------------------------------------------------------------

    def summary(self, by: str | None = None) -> pa.Table:
        """For each programme (and area, `by="area"`): how many are entitled, receive it, miss it, cannot be told, are refused.

        `missed` are the entitled who surely do not receive it; won are sums over the entitled, per the programme's period.
        """
        if by not in (None, "area"):
            raise ValueError(f"by={by!r}: a summary is by None or 'area'")
        areas = self.manifest["areas"] or [""]
        cells = np.zeros((len(areas) if by else 1, len(self.programmes), len(COUNTS)), np.int64)
        for number in range(len(self.manifest["parts"])):
            table = _read(self._file("counts", number)).read_all()
            place = table["area"].to_numpy() if by else np.zeros(table.num_rows, np.int64)
            values = np.stack([table[name].to_numpy() for name in COUNTS], axis=1)
            np.add.at(cells, (place, table["programme"].to_numpy()), values)
        counts = {name: cells[:, :, i].ravel() for i, name in enumerate(COUNTS)}
        counts["receipt_unknown"] = counts["entitled"] - counts["receiving"] - counts["missed"]
        counts["unknown"] = counts["subjects"] - counts["entitled"] - counts["not_entitled"]
        columns = {"programme": self.programmes * len(cells)}
        if by:
            columns["area"] = [area for area in areas for _ in self.programmes]
        columns["subject"] = [programme["subject"] for programme in self.manifest["programmes"]] * len(cells)
        columns["per"] = [programme["per"] for programme in self.manifest["programmes"]] * len(cells)
        table = pa.table(columns | {name: counts[name] for name in (*SUMMARY, *WON)})
        return table.sort_by([("programme", "ascending"), ("area", "ascending")]) if by else table

    # Pairs ------------------------------------------------------------------------------------------------------------------------------

    def pairs(
        self,
        programme: str | None = None,
        missed: bool = False,
        area: str | None = None,
        limit: int | None = None,
        offset: int = 0,
    ) -> pa.Table:
        """The entitled, one row each, perhaps only those of a programme or area, or who surely do not receive it.

        `receives` is empty where it is not known; amounts are empty for help in kind; `set_aside_for` names the better of two
        exclusive programmes. Raises KeyError for a programme or area that is not in the run.
        """
        wanted = None if programme is None else self._place(self.programmes, programme)
        place = None if area is None else self._place(self.manifest["areas"], area)
        found: list[pa.Table] = []
        skip, left = offset, limit
        for block, batch in self.pair_blocks():
            columns = {name: batch.column(name).to_numpy() for name in batch.schema.names}
            chosen = np.ones(batch.num_rows, bool) if wanted is None else columns["programme"] == wanted
            if missed:
                chosen &= columns["receives"] == 0
            if place is not None:
                chosen &= _required(block.areas)[columns["row"]] == place
            rows = np.flatnonzero(chosen)
            rows, skip = rows[skip:], max(0, skip - len(rows))
            rows = rows if left is None else rows[:left]
            if len(rows):
                found.append(self._named(block, {name: column[rows] for name, column in columns.items()}))
                if left is not None:
                    left -= len(rows)
            if left == 0:
                break
        return pa.concat_tables(found) if found else self._empty()

    def _named(self, block: Block, columns: dict[str, Array]) -> pa.Table:
        """Rows of pairs with names and identifiers in place of numbers."""
        names = pa.array(self.programmes)
        row, slot = columns["row"], columns["slot"]
        person = slot != NOBODY
        members = pa.nulls(len(row), self._type(PERSON_ID))
        if PERSON_ID in block:
            flat = slot.astype(np.int64) * block.shape.width + row
            members = block.column(PERSON_ID).take(pa.array(flat, mask=~person))
        areas = pa.nulls(len(row), pa.string())
        if block.areas is not None:
            areas = pa.array(self.manifest["areas"]).take(pa.array(block.areas[row]))
        aside = columns["set_aside_for"]
        return pa.table(
            {
                HOUSEHOLD_ID: block.column(HOUSEHOLD_ID).take(pa.array(row)),
                PERSON_ID: members,
                "member": pa.array(slot, mask=~person),
                AREA: areas,
                "programme": names.take(pa.array(columns["programme"])),
                "amount_low": pa.array(columns["low"], mask=columns["low"] == NOBODY),
                "amount_high": pa.array(columns["high"], mask=columns["high"] == NOBODY),
                "receives": pa.array(columns["receives"] == 1, mask=columns["receives"] == NOBODY),
                "set_aside_for": names.take(pa.array(aside, mask=aside == NOBODY)),
            }
        )

    def _empty(self) -> pa.Table:
        return pa.schema(
            [(name, kind or self._type(name)) for name, kind in PAIR_COLUMNS.items()]
        ).empty_table()

    def _type(self, name: str) -> pa.DataType:
        """Identifiers are text or whole numbers, as they were in the list."""
        with self.snapshot.open(self.snapshot.shards[0]) as files:
            block = files.block(0)
            return block.column(name).type if name in block else pa.string()

    def missed_by_household(
        self, area: str | None = None, limit: int | None = 100, offset: int = 0
    ) -> pa.Table:
        """Households by the won a year they are surely entitled to and surely do not receive, most first.

        Columns: household_id, area, won_a_year (what is certain), programmes (names of what they miss, in kind included). Of two
        exclusive programmes only the better counts; what is paid once counts once.
        """
        place = None if area is None else self._place(self.manifest["areas"], area)
        years = np.array([PER_YEAR[programme["per"]] for programme in self.manifest["programmes"]])
        best: list[tuple[int, int, int, str, str | None, list[str]]] = []
        wanted = None if limit is None else limit + offset
        for number, (block, batch) in enumerate(self.pair_blocks()):
            columns = {name: batch.column(name).to_numpy() for name in batch.schema.names}
            missed = (columns["receives"] == 0) & (columns["set_aside_for"] == NOBODY)
            if place is not None:
                missed &= _required(block.areas)[columns["row"]] == place
            chosen = np.flatnonzero(missed)
            row, programme = columns["row"][chosen], columns["programme"][chosen]
            worth = np.zeros(block.shape.rows, np.int64)
            np.add.at(worth, row, columns["low"][chosen].clip(0) * years[programme])
            rows = np.unique(row)
            rows = rows[np.argsort(-worth[rows], kind="stable")][:wanted]
            order = np.argsort(row, kind="stable")
            first, last = np.searchsorted(row[order], rows), np.searchsorted(row[order], rows, side="right")
            ids = block.column(HOUSEHOLD_ID).take(pa.array(rows)).to_pylist()
            areas = block.areas
            for i, one in enumerate(rows):
                names = list(dict.fromkeys(self.programmes[p] for p in programme[order[first[i] : last[i]]]))
                where = None if areas is None else self.manifest["areas"][areas[one]]
                best.append((-int(worth[one]), number, i, ids[i], where, names))
            best = sorted(best)[:wanted]
        best = best[offset:]
        return pa.table(
            {
                HOUSEHOLD_ID: pa.array([item[3] for item in best], self._type(HOUSEHOLD_ID)),
                AREA: pa.array([item[4] for item in best], pa.string()),
                "won_a_year": pa.array([-item[0] for item in best], pa.int64()),
                "programmes": pa.array([item[5] for item in best], pa.list_(pa.string())),
            }
        )

    # One household ------------------------------------------------------------------------------------------------------------------

    def household(self, household_id: object) -> list[StoredAnswer]:
        """Every answer of a household with the truth of every criterion, in the order of the rules.

        Raises KeyError when the household is not in the run, RunError when the run was made without planes.
        """
        found = self.snapshot.find(household_id)
        if found is None:
            raise KeyError(household_id)
        shard, number, row = found
        part = next(i for i, (s, a, b) in enumerate(self.manifest["parts"]) if s == shard and a <= number < b)
        within = number - self.manifest["parts"][part][1]
        with self.snapshot.open(self.snapshot.shards[shard]) as files:
            size = int(files.block(number).sizes[row])
        kept = self.kept(part)

        def holds(operand: list[Any], member: int | None) -> bool:
            return kept.holds(within, operand, row, member)

        batch = _read(self._file("pairs", part)).get_batch(within)
        chosen = np.flatnonzero(batch.column("row").to_numpy() == row)
        entitled = {
            (pair["programme"], pair["slot"]): pair for pair in batch.take(pa.array(chosen)).to_pylist()
        }
        answers = []
        for place, programme in enumerate(self.manifest["programmes"]):
            for member in range(size) if programme["subject"] == PERSON else [None]:
                pair = entitled.get((place, NOBODY if member is None else member))
                answers.append(self._answer(programme, member, pair, holds))
        return answers

    def _answer(
        self,
        programme: dict[str, Any],
        member: int | None,
        pair: dict[str, int] | None,
        holds: Callable[[list[Any], int | None], bool],
    ) -> StoredAnswer:
        def truth(stored: list[list[Any]]) -> bool | None:
            if holds(stored[0], member):
                return True
            return False if holds(stored[1], member) else None

        answer = truth(programme["answer"])
        receives = None if programme["receives"] is None else truth(programme["receives"])
        criteria = {id: truth(stored) for id, stored in programme["criteria"]}
        named = UNKNOWN if answer is None else ENTITLED if answer else NOT_ENTITLED
        if pair is None:
            return StoredAnswer(programme["id"], member, named, criteria, receives)
        low, high = (None if pair[end] == NOBODY else pair[end] for end in ("low", "high"))
        aside = pair["set_aside_for"]
        better = None if aside == NOBODY else self.programmes[aside]
        return StoredAnswer(programme["id"], member, named, criteria, receives, low, high, better)

    # Two runs -------------------------------------------------------------------------------------------------------------------------

    def compare(self, other: Run) -> pa.Table:
        """What changes from this run to another one of the same snapshot, by programme.

        Columns: programme, gained and lost (now, no longer surely entitled), more and less (entitled in both, for another sum),
        won_low_difference and won_high_difference per the programme's period. Raises RunError for different snapshots.
        """
        if self.manifest["snapshot"] != other.manifest["snapshot"]:
            raise RunError("the two runs are of different snapshots", "Screen the same snapshot twice")
        names = list(dict.fromkeys([*self.programmes, *other.programmes]))
        places = [np.array([names.index(id) for id in run.programmes]) for run in (self, other)]
        counts = np.zeros((6, len(names)), np.int64)
        for (block, before), (_, after) in zip(self.pair_blocks(), other.pair_blocks(), strict=True):
            old, new = (
                _keyed(batch, place, block.shape.width)
                for batch, place in zip((before, after), places, strict=True)
            )
            _, i, j = np.intersect1d(old["key"], new["key"], assume_unique=True, return_indices=True)
            gained, lost = np.ones(len(new["key"]), bool), np.ones(len(old["key"]), bool)
            gained[j] = lost[i] = False
            change = new["low"][j] - old["low"][i]
            for line, chosen in enumerate(
                (
                    new["programme"][gained],
                    old["programme"][lost],
                    new["programme"][j][change > 0],
                    new["programme"][j][change < 0],
                )
            ):
                counts[line] += np.bincount(chosen, minlength=len(names))
            for line, end in ((4, "low"), (5, "high")):
                np.add.at(counts[line], new["programme"], new[end])
                np.subtract.at(counts[line], old["programme"], old[end])
        columns = ("gained", "lost", "more", "less", "won_low_difference", "won_high_difference")
        return pa.table({"programme": names} | dict(zip(columns, counts, strict=True)))

    # Files ----------------------------------------------------------------------------------------------------------------------------

    def _file(self, kind: str, part: int) -> Path:
        return self.folder / f"{kind}-{part:05d}"

    def kept(self, part: int) -> Kept:
        """The planes and numbers of a part. Raises RunError when the run kept none."""
        if not self.manifest["planes"]:
            raise RunError("this run kept no planes", "Screen again with planes=True")
        shard, first, last = self.manifest["parts"][part]
        shapes = self.snapshot.shards[shard].blocks[first:last]
        types = [number["type"] for number in self.manifest["numbers"]]
        return Kept(self.folder, part, shapes, self.manifest["plane_scopes"], types)

    def pair_batch(self, part: int, block: int) -> pa.RecordBatch:
        """The pairs of a part's block, as numbers."""
        return _read(self._file("pairs", part)).get_batch(block)

    def pair_blocks(self) -> Iterator[tuple[Block, pa.RecordBatch]]:
        """Each block with its pairs."""
        for number, (shard, first, last) in enumerate(self.manifest["parts"]):
            reader = _read(self._file("pairs", number))
            with self.snapshot.open(self.snapshot.shards[shard]) as files:
                for i in range(first, last):
                    yield files.block(i), reader.get_batch(i - first)

    @staticmethod
    def _place(names: list[str], name: str) -> int:
        try:
            return names.index(name)
        except ValueError:
            raise KeyError(f"{name} is not in this run") from None


def _read(path: Path) -> ipc.RecordBatchFileReader:
    return ipc.open_file(pa.memory_map(str(path)))


def _required(areas: Array | None) -> Array:
    if areas is None:
        raise KeyError("the list had no areas")
    return areas


def _keyed(batch: pa.RecordBatch, places: Array, width: int) -> dict[str, Array]:
    """The pairs of a block with a key that is the same in every run: programme, slot and row."""
    programme = places[batch.column("programme").to_numpy()]
    slot = batch.column("slot").to_numpy().astype(np.int64) + 1
    key = (programme * 32 + slot) * width + batch.column("row").to_numpy()
    ends = {end: batch.column(end).to_numpy().clip(0) for end in ("low", "high")}
    return {"key": key, "programme": programme, **ends}
