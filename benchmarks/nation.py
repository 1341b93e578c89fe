"""A nation: 25 million households, 300 programmes, two workers; wall time, memory of all processes, and a reform of one figure.

    python -m benchmarks.nation --scratch /somewhere/with/15/GB

The invented nation is written part by part first, which takes minutes and is not what is measured. The scratch folder is removed.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
import tempfile
import time
from pathlib import Path

import welfare
from benchmarks import generated as country
from benchmarks import measure
from benchmarks.reform import changed_catalogue
from welfare.reform import quick
from welfare.screening import Run, Snapshot, screen, write_snapshot

PROGRAMME = "programme_0"


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--households", type=int, default=25_000_000)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--scratch", type=Path, default=Path(tempfile.gettempdir()))
    parser.add_argument(
        "--keep", action="store_true", help="leave the nation there and use it again next time"
    )
    parser.add_argument("--step", choices=("write", "screen", "reform"), help=argparse.SUPPRESS)
    parser.add_argument("--planes", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--warm", action="store_true", help=argparse.SUPPRESS)
    given = parser.parse_args()
    folder = given.scratch / f"nation-{given.households}"
    if given.step:
        print(json.dumps(STEPS[given.step](folder, given)))
        return
    try:
        nation(folder, given)
    finally:
        if not given.keep:
            shutil.rmtree(folder, ignore_errors=True)


def nation(folder: Path, given: argparse.Namespace) -> None:
    size = ("--households", given.households, "--scratch", given.scratch)
    if not (folder / "snapshot" / "manifest.json").exists():
        cost = measure.run("benchmarks.nation", "--step", "write", *size)
        print(f"written in {cost.wall:,.0f} s, {cost.cpu:,.0f} CPU s, {cost.rss:,.0f} MB", file=sys.stderr)
    rows: list[tuple[object, ...]] = []
    for workers, planes in ((given.workers, []), (given.workers, ["--planes"])):
        cost = measure.run("benchmarks.nation", "--step", "screen", *size, "--workers", workers, *planes)
        what = f"{workers} workers, {'all reasons kept' if planes else 'pairs, amounts, counts by area'}"
        rows.append((what, cost.said["wall"], cost.said["cpu"], cost.rss))
    print(
        measure.table(
            (f"{given.households:,} households, 300 programmes", "wall s", "CPU s", "peak MB of all"), rows
        )
    )
    said = measure.run("benchmarks.nation", "--step", "reform", *size).said
    print(
        f"one changed figure: {said['cpu']:.3f} CPU s with winners, losers and won ({said['plan']:.3f} to plan the new rules): {said['effect']}"
    )


def write(folder: Path, given: argparse.Namespace) -> dict[str, float]:
    folder.mkdir(parents=True, exist_ok=True)
    catalogue = welfare.load(country.write_catalogue(folder / "catalogue"))
    started = time.perf_counter()

    def progress(done: int) -> None:
        print(
            f"\r{done:,} households, {time.perf_counter() - started:,.0f} s",
            end="",
            file=sys.stderr,
            flush=True,
        )

    parts = country.population(given.households, 1_000_000)
    write_snapshot(catalogue, parts, folder=folder / "snapshot", as_of=country.AS_OF, progress=progress)
    print(file=sys.stderr)
    return {}


def screened(folder: Path, given: argparse.Namespace) -> dict[str, float]:
    """From rules in memory to a finished run."""
    rules = welfare.load(folder / "catalogue").at(country.AS_OF)
    snapshot, out = Snapshot(folder / "snapshot"), folder / "run"
    shutil.rmtree(out, ignore_errors=True)
    before, start = measure.used(), time.perf_counter()
    screen(rules, snapshot, out, workers=given.workers, planes=given.planes)
    return {"wall": time.perf_counter() - start, "cpu": measure.used() - before}


def reform(folder: Path, given: argparse.Namespace) -> dict[str, object]:
    run = Run(folder / "run")
    rules = welfare.load(changed_catalogue(folder / "catalogue", folder / "changed", PROGRAMME)).at(
        country.AS_OF
    )
    before = measure.used()
    rules.plan_for(run.snapshot.gaps)
    planned = measure.used()
    effect = quick(run, rules).to_pylist()
    return {"plan": planned - before, "cpu": measure.used() - planned, "effect": effect}


STEPS = {"write": write, "screen": screened, "reform": reform}

if __name__ == "__main__":
    main()
