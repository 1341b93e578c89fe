"""Screens a snapshot under the rules of one day and keeps everything somebody may ask about it later.

A run is (snapshot, rules, day, library) → results and can be repeated: two equal runs have equal hashes. It is done in parts,
ranges of a shard's blocks; each part is finished or not there at all, so a run that was killed goes on where it stopped. The
cut into parts depends on the snapshot alone, never on how many processors there are.
"""

from __future__ import annotations

import hashlib
import json
import multiprocessing
import os
import time
from collections.abc import Callable
from concurrent.futures import FIRST_EXCEPTION, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import numpy as np
import pyarrow as pa
from pyarrow import ipc

from welfare.screening.arrange import arrow
from welfare.screening.kept import ALL, NONE
from welfare.screening.memory import memory_kept
from welfare.screening.outcome import COUNTS, Outcome, Screening, prepared
from welfare.screening.results import Run, RunError
from welfare.screening.snapshot import Snapshot

if TYPE_CHECKING:
    from welfare.rules.ruleset import RuleSet

FORMAT = 1
PARTS = 8  # at least, where there is enough to do
PART_HOUSEHOLDS = 65_536  # not worth cutting further
IN_PROCESS = 1_500_000  # households below which starting other processes costs more than it saves
POLL = 0.05  # seconds between two looks at what the workers have done


class Cancelled(Exception):
    """The run was stopped on request; what is finished is kept, and screening again goes on from there."""


@dataclass(frozen=True)
class Part:
    """Blocks `first` to `last` (excluded) of a shard."""

    number: int
    shard: int
    first: int
    last: int
    households: int

    def file(self, kind: str) -> str:
        return f"{kind}-{self.number:05d}"


def screen(
    rules: RuleSet,
    snapshot: Snapshot,
    folder: str | Path,
    *,
    workers: int = 2,
    progress: Callable[[int, int], None] | None = None,
    cancelled: Callable[[], bool] | None = None,
    planes: bool = True,
) -> Run:
    """Decides every programme for every household of `snapshot` and keeps the outcome in `folder`.

    `progress(done, total)` hears households. `cancelled()` is asked often; when it says True, `Cancelled` is raised. With
    `planes` the truth of every criterion is kept, 2 bits each, so that any reason can be shown later; without, only the entitled
    pairs and the counts. A folder with an unfinished run of the same snapshot, rules and day is finished.

    Raises SnapshotError when the snapshot was written for other facts, RunError when `folder` holds another run.
    """
    snapshot.check_facts(rules.facts)
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    screening = prepared(rules, snapshot.gaps)
    parts = cut(snapshot)
    manifest = _manifest(rules, snapshot, screening, parts, planes)
    if _begin(folder, manifest):
        return Run(folder)
    job = _Job(screening, snapshot, folder, planes)
    left = [part for part in parts if not (folder / (part.file("part") + ".json")).exists()]
    done = snapshot.households - sum(part.households for part in left)
    watch = _Watch(done, snapshot.households, progress, cancelled)
    if workers > 1 and len(left) > 1 and watch.total - done > IN_PROCESS:
        _in_processes(job, left, workers, watch)
    else:
        for part in left:
            job.do(part, watch)
    _finish(folder, manifest, parts)
    return Run(folder)


def cut(snapshot: Snapshot) -> list[Part]:
    """The parts of a run: whole shards of a nation, a few blocks of a district."""
    wanted = max(PART_HOUSEHOLDS, snapshot.households // PARTS)
    parts: list[Part] = []
    for shard in snapshot.shards:
        first = rows = 0
        for number, block in enumerate(shard.blocks):
            rows += block.rows
            if rows >= wanted or number == len(shard.blocks) - 1:
                parts.append(Part(len(parts), shard.number, first, number + 1, rows))
                first, rows = number + 1, 0
    return parts


class _Watch:
    """Counts households, tells who wants to know, and stops when asked to."""

    def __init__(
        self,
        done: int,
        total: int,
        progress: Callable[[int, int], None] | None,
        cancelled: Callable[[], bool] | None,
    ) -> None:
        self.done, self.total, self.progress, self.cancelled = done, total, progress, cancelled

    def advance(self, households: int) -> None:
        self.done += households
        if self.progress is not None:
            self.progress(self.done, self.total)
        if self.cancelled is not None and self.cancelled():
            raise Cancelled(f"stopped after {self.done:,} of {self.total:,} households")


@dataclass
class _Job:
    """What a worker needs to do any part."""

    screening: Screening
    snapshot: Snapshot
    folder: Path
    planes: bool

    def do(self, part: Part, watch: _Watch) -> None:
        """Screens a part into files that appear only when they are complete."""
        shard = self.snapshot.shards[part.shard]
        out = _Files(self.folder, part, self.screening, self.planes)
        with memory_kept(), self.snapshot.open(shard) as files, out:
            for number in range(part.first, part.last):
                outcome = self.screening(files.block(number))
                out.write(outcome)
                rows = outcome.rows
                del outcome
                files.forget()
                watch.advance(rows)
            out.complete()


class _Files:
    """The files of one part while they are written."""

    def __init__(self, folder: Path, part: Part, screening: Screening, planes: bool) -> None:
        self.folder, self.part, self.screening = folder, part, screening
        self.names = ["pairs", "counts", *(["planes", "places", "numbers"] if planes else [])]
        self.pairs: ipc.RecordBatchFileWriter | None = None
        self.planes = self._partial("planes").open("wb", buffering=0) if planes else None
        self.numbers = self._partial("numbers").open("wb", buffering=0) if planes else None
        self.places: list[np.ndarray] = []
        self.counts: dict[int, np.ndarray] = {}
        self.hash = hashlib.sha256()
        self.position = 0

    def _partial(self, name: str) -> Path:
        return self.folder / f"{self.part.file(name)}.{os.getpid()}.partial"

    def __enter__(self) -> Self:
        return self

    def write(self, outcome: Outcome) -> None:
        batch = outcome.pairs()
        if self.pairs is None:
            self.pairs = ipc.new_file(str(self._partial("pairs")), batch.schema)
        self.pairs.write_batch(batch)
        for column in batch.columns:
            self.hash.update(column.buffers()[1])
        for area, counts in outcome.counts():
            self.counts[area] = self.counts.get(area, 0) + counts
        if self.planes is not None:
            self._write_planes(outcome)

    def _write_planes(self, outcome: Outcome) -> None:
        """Planes that are all false or all true are only noted, the others written as they are."""
        assert self.planes is not None
        assert self.numbers is not None
        stack, none, all_true = outcome.planes()
        kept = ~(none | all_true)
        rows = stack[kept]
        places = np.where(none, NONE, ALL).astype(np.int64)
        places[kept] = self.position + np.arange(len(rows)) * stack.shape[1]
        self.planes.write(rows.data)
        self.places.append(places)
        self.position += rows.nbytes
        for column in outcome.values.numbers:
            self.numbers.write(np.ascontiguousarray(column).data)
        if not outcome.shape.size:
            self.numbers.write(np.ascontiguousarray(outcome.block.sizes).data)

    def complete(self) -> None:
        """Closes the files and puts them in place; the small note comes last and makes the part count."""
        assert self.pairs is not None
        self.pairs.close()
        counts = _count_table(self.counts, len(self.screening.programmes))
        with ipc.new_file(str(self._partial("counts")), counts.schema) as writer:
            writer.write_table(counts)
        for column in counts.columns:
            for chunk in column.chunks:
                self.hash.update(chunk.buffers()[1])
        if self.planes is not None and self.numbers is not None:
            self.planes.close()
            self.numbers.close()
            with self._partial("places").open("wb") as file:
                np.save(file, np.concatenate(self.places))
        for name in self.names:
            os.replace(self._partial(name), self.folder / self.part.file(name))
        _write_json(self.folder / (self.part.file("part") + ".json"), {"hash": self.hash.hexdigest()})

    def __exit__(self, kind: object, *_: object) -> None:
        if kind is not None:
            for file in (self.pairs, self.planes, self.numbers):
                if file is not None:
                    file.close()
            for name in self.names:
                self._partial(name).unlink(missing_ok=True)


def _count_table(counts: dict[int, np.ndarray], programmes: int) -> pa.Table:
    areas = sorted(counts)
    columns = {
        "area": np.repeat(np.array(areas, np.int32), programmes),
        "programme": np.tile(np.arange(programmes, dtype=np.int32), len(areas)),
        **{name: np.concatenate([counts[area][i] for area in areas]) for i, name in enumerate(COUNTS)},
    }
    return pa.table({name: arrow(values) for name, values in columns.items()})


# Several processes ----------------------------------------------------------------------------------------------------------------

_worker: dict[str, Any] = {}


def _start_worker(job: _Job, counter: Any, stop: Any) -> None:
    job.screening.kernel.compile()
    _worker.update(job=job, counter=counter, stop=stop)


def _work(part: Part) -> None:
    counter, stop = _worker["counter"], _worker["stop"]

    def count(done: int, _total: int) -> None:
        with counter.get_lock():
            counter.value += done - seen[0]
        seen[0] = done

    seen = [0]
    _worker["job"].do(part, _Watch(0, part.households, count, stop.is_set))


def _in_processes(job: _Job, parts: list[Part], workers: int, watch: _Watch) -> None:
    context = multiprocessing.get_context("spawn")
    counter, stop = context.Value("q", 0), context.Event()
    # Large parts first, so that the last ones to finish are small.
    parts = sorted(parts, key=lambda part: -part.households)
    pool = ProcessPoolExecutor(min(workers, len(parts)), context, _start_worker, (job, counter, stop))
    try:
        waiting: set[Future[None]] = {pool.submit(_work, part) for part in parts}
        told = 0
        while waiting:
            finished, waiting = wait(waiting, POLL, FIRST_EXCEPTION)
            for future in finished:
                future.result()
            watch.advance(counter.value - told)
            told += counter.value - told
    except BrokenProcessPool:
        raise RunError(
            "a worker was killed", "Screen again into the same folder: it goes on where it stopped"
        ) from None
    finally:
        stop.set()
        pool.shutdown(cancel_futures=True)


# The manifest ---------------------------------------------------------------------------------------------------------------------


def _manifest(
    rules: RuleSet, snapshot: Snapshot, screening: Screening, parts: list[Part], planes: bool
) -> dict[str, Any]:
    from welfare import __version__

    return {
        "format": FORMAT,
        "snapshot": snapshot.hash,
        "snapshot_folder": str(snapshot.folder.resolve()),
        "snapshot_as_of": snapshot.as_of.isoformat(),
        "catalogue": rules.catalogue.version,
        "as_of": rules.day.isoformat(),
        "library": __version__,
        "planes": planes,
        "households": snapshot.households,
        "members": snapshot.members,
        "areas": snapshot.areas,
        "parts": [[part.shard, part.first, part.last] for part in parts],
        **screening.description(),
        "complete": False,
    }


SAME = ("format", "snapshot", "catalogue", "as_of", "library", "planes", "parts", "programmes")


def _begin(folder: Path, manifest: dict[str, Any]) -> bool:
    """Claims the folder for this run; True when the run is there already, complete."""
    file = folder / "manifest.json"
    if not file.exists():
        _write_json(file, manifest)
        return False
    old = json.loads(file.read_text(encoding="utf-8"))
    for key in SAME:
        if old.get(key) != json.loads(json.dumps(manifest[key])):
            raise RunError(f"{folder} holds a run with another {key}", "Choose an empty folder")
    for leftover in folder.glob("*.partial"):
        leftover.unlink()
    return bool(old["complete"])


def _finish(folder: Path, manifest: dict[str, Any], parts: list[Part]) -> None:
    hashes = [json.loads((folder / (part.file("part") + ".json")).read_text())["hash"] for part in parts]
    key = {name: manifest[name] for name in ("snapshot", "catalogue", "as_of")}
    outcome = hashlib.sha256(json.dumps([key, hashes]).encode()).hexdigest()[:16]
    _write_json(
        folder / "manifest.json",
        manifest | {"complete": True, "outcome": outcome, "finished": time.strftime("%Y-%m-%dT%H:%M:%S%z")},
    )


def _write_json(file: Path, value: object) -> None:
    partial = file.with_name(file.name + ".partial")
    partial.write_text(json.dumps(value, ensure_ascii=False), encoding="utf-8")
    os.replace(partial, file)
