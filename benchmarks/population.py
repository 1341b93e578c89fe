"""One million households against 300 programmes: the hub, and OpenFisca on the same rules. Prints one table.

    python -m benchmarks.population --openfisca /path/to/venv/bin/python

CPU seconds are the measure, because other work may share the machine. The hub answers with bounds (unknown stays unknown) and gives
pairs with amounts, counts by area and every criterion's planes; OpenFisca answers yes or no. Without gaps in the data both must
find the same households and the same won; that is checked on a smaller list.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from itertools import pairwise
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

import welfare
from benchmarks import generated as country
from benchmarks import measure
from welfare.screening import Snapshot, screen, write_snapshot
from welfare.screening.outcome import prepared


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--households", type=int, default=1_000_000)
    parser.add_argument(
        "--openfisca", type=Path, help="a Python with openfisca-core; left out when not given"
    )
    parser.add_argument(
        "--repeat", type=int, default=3, help="runs of the hub; the least counts, for OpenFisca too"
    )
    parser.add_argument("--step", choices=("write", "screen"), help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--planes", action="store_true", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.step == "write":
        print(json.dumps(write(given.folder, given.households)))
    elif given.step == "screen":
        print(json.dumps(screened(given.folder, given.planes)))
    else:
        compare(given.households, given.openfisca, given.repeat)


def write(folder: Path, households: int) -> dict[str, float]:
    catalogue = welfare.load(country.write_catalogue(folder / "catalogue"))
    write_snapshot(catalogue, country.population(households), folder=folder / "snapshot", as_of=country.AS_OF)
    return {}


def screened(folder: Path, planes: bool) -> dict[str, float]:
    """CPU seconds of each stage."""
    marks = [measure.used()]
    rules = welfare.load(folder / "catalogue").at(country.AS_OF)
    marks.append(measure.used())
    snapshot = Snapshot(folder / "snapshot")
    prepared(rules, snapshot.gaps)
    marks.append(measure.used())
    with tempfile.TemporaryDirectory() as out:
        run = screen(rules, snapshot, out, workers=1, planes=planes)
        marks.append(measure.used())
        summary = run.summary()
    stages = dict(zip(("load", "prepare", "screen"), (b - a for a, b in pairwise(marks)), strict=True))
    return stages | {
        name: pc.sum(summary[name]).as_py() / snapshot.households for name in ("entitled", "unknown")
    }


def compare(households: int, openfisca: Path | None, repeat: int) -> None:
    rows: list[tuple[object, ...]] = []
    with tempfile.TemporaryDirectory() as scratch:
        say(f"writing {households:,} households")
        written = measure.run(
            "benchmarks.population", "--step", "write", "--folder", scratch, "--households", households
        )
        for name, planes in (
            ("hub: bounds, pairs, amounts, counts by area", []),
            ("hub: the same and all reasons kept", ["--planes"]),
        ):
            say(name)
            costs = [
                measure.run("benchmarks.population", "--step", "screen", "--folder", scratch, *planes)
                for _ in range(repeat)
            ]
            best = min(costs, key=lambda cost: cost.said["screen"])
            rows.append((name, best.said["screen"], best.wall, best.rss))
        said = best.said
    if openfisca is not None:
        say("OpenFisca")
        costs = [
            measure.run("benchmarks.openfisca_peer", "--households", households, python=str(openfisca))
            for _ in range(max(1, repeat - 1))
        ]
        cost = min(costs, key=lambda cost: cost.said["cpu"])
        rows.append(
            ("OpenFisca-core 46: yes or no, amounts", cost.said["cpu"], cost.said["wall"], cost.said["rss"])
        )
        rows = [
            (*row, f"{cost.said['cpu'] / row[1]:.1f}×", f"{cost.said['rss'] / row[3]:.1f}×") for row in rows
        ]  # type: ignore[operator]
        print(
            measure.table(
                (
                    f"{households:,} households, 300 programmes",
                    "CPU s",
                    "wall s",
                    "peak MB",
                    "less CPU",
                    "less memory",
                ),
                rows,
            )
        )
        check_agreement(openfisca)
    else:
        print(
            measure.table((f"{households:,} households, 300 programmes", "CPU s", "wall s", "peak MB"), rows)
        )
    print(f"a household: {said['entitled']:.2f} entitled, {said['unknown']:.2f} cannot be told; ", end="")
    print(
        f"before: load {said['load']:.2f}, prepare {said['prepare']:.2f} CPU s; the list written once: {written.cpu:.1f} CPU s"
    )


def check_agreement(openfisca: Path, households: int = 50_000) -> None:
    """Without gaps both engines find the same number of households and the same sum for every programme."""
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        measure.run(
            "benchmarks.openfisca_peer",
            "--households",
            households,
            "--results",
            folder / "peer.json",
            python=str(openfisca),
        )
        peer = json.loads((folder / "peer.json").read_text())
        catalogue = welfare.load(country.write_catalogue(folder / "catalogue"))
        tables = [filled(table) for table in next(iter(country.population(households, households)))]
        snapshot = write_snapshot(catalogue, *tables, folder=folder / "snapshot", as_of=country.AS_OF)
        summary = {
            row["programme"]: row
            for row in screen(catalogue.at(country.AS_OF), snapshot, folder / "run").summary().to_pylist()
        }
    wrong = [
        programme.id
        for programme, entitled, won in zip(country.programmes(), peer["entitled"], peer["won"], strict=True)
        if (summary[programme.id]["entitled"], summary[programme.id]["won_low"]) != (entitled, won)
    ]
    print(
        f"agreement without gaps, {households:,} households: {300 - len(wrong)} of 300 programmes, {sum(peer['entitled']):,} pairs"
    )
    if wrong:
        sys.exit(f"differ: {', '.join(wrong[:10])}")


def filled(table: pa.Table) -> pa.Table:
    """Unknown as OpenFisca takes it: 0, no, or the first code."""
    columns = {}
    for name in table.schema.names:
        column = table[name].combine_chunks()
        if isinstance(column, pa.DictionaryArray):
            column = pa.DictionaryArray.from_arrays(column.indices.fill_null(0), column.dictionary)
        elif column.null_count:
            column = column.fill_null(False if pa.types.is_boolean(column.type) else 0)
        columns[name] = column
    return pa.table(columns)


def say(text: str) -> None:
    started = time.strftime("%H:%M:%S")
    print(f"{started} {text} …", file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
