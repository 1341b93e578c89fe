"""One changed figure, asked of a run that is there: CPU, winners, losers, won; checked against screening everything again.

python -m benchmarks.reform --households 1000000
"""

from __future__ import annotations

import argparse
import json
import shutil
import tempfile
from pathlib import Path

import welfare
from benchmarks import generated as country
from benchmarks import measure
from welfare.reform import quick
from welfare.screening import screen, write_snapshot


def changed_catalogue(catalogue: Path, folder: Path, programme: str, limit: str = "55 %") -> Path:
    """A copy of the catalogue in which the income limit of one programme is another."""
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(catalogue, folder)
    file = folder / "parameters.yaml"
    parameters = json.loads(file.read_text(encoding="utf-8").removeprefix("parameters: "))
    parameters["limit_" + programme.removeprefix("programme_")]["values"][0]["value"] = limit
    file.write_text("parameters: " + json.dumps(parameters) + "\n", encoding="utf-8")
    return folder


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--households", type=int, default=1_000_000)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        catalogue = welfare.load(country.write_catalogue(folder / "catalogue"))
        rules = catalogue.at(country.AS_OF)
        snapshot = write_snapshot(
            catalogue, country.population(given.households), folder=folder / "snapshot", as_of=country.AS_OF
        )
        run = screen(rules, snapshot, folder / "run")
        rows: list[tuple[object, ...]] = []
        for programme in ("programme_0", "programme_3", "programme_1"):
            after = welfare.load(changed_catalogue(folder / "catalogue", folder / "changed", programme)).at(
                country.AS_OF
            )
            after.plan_for(snapshot.gaps)
            before = measure.used()
            effect = quick(run, after).to_pylist()
            taken = measure.used() - before
            again = screen(after, snapshot, folder / "again")
            screening = measure.used() - before - taken
            whole = [
                row
                for row in run.compare(again).to_pylist()
                if any(row[name] for name in row if name != "programme")
            ]
            agrees = whole == [row for row in effect if any(row[name] for name in row if name != "programme")]
            found = next(row for row in effect if row["programme"] == programme)
            rows.append(
                (
                    programme,
                    taken,
                    screening,
                    found["gained"],
                    found["lost"],
                    found["won_low_difference"],
                    "yes" if agrees else "NO",
                )
            )
            shutil.rmtree(folder / "again")
        print(
            measure.table(
                (
                    f"{given.households:,} households",
                    "quick CPU s",
                    "whole CPU s",
                    "gained",
                    "lost",
                    "won",
                    "agrees",
                ),
                rows,
            )
        )


if __name__ == "__main__":
    main()
