"""One household against 300 programmes at the desk: milliseconds, with all reasons; and how long the rules take to load.

python -m benchmarks.one_household --openfisca /path/to/venv/bin/python
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa

import welfare
from benchmarks import generated as country
from benchmarks import measure
from welfare.facts import Household
from welfare.rules.ruleset import RuleSet
from welfare.screening import write_snapshot

HOUSEHOLDS = 200


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--openfisca", type=Path, help="a Python with openfisca-core; left out when not given"
    )
    parser.add_argument("--repeat", type=int, default=20)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        country.write_catalogue(folder / "catalogue")
        welfare.load(folder / "catalogue")  # the first reading also pays for imports
        start = time.process_time()
        catalogue = welfare.load(folder / "catalogue")
        rules = catalogue.at(country.AS_OF)
        loaded = time.process_time()
        rules.function  # noqa: B018 - generated on first use
        ready = time.process_time()
        households = some(rules, folder)
    encoded = [household.encoded(rules.facts) for household in households]
    told = milliseconds(lambda i: rules.assess(encoded[i]).truths, given.repeat)
    rows: list[tuple[object, ...]] = [
        ("all answers, amounts and criteria (true, false, open)", told),
        (
            "from plain values to all results with missing facts and near misses",
            milliseconds(lambda i: rules.assess(households[i]).results, 2),
        ),
    ]
    if given.openfisca is not None:
        peer = (
            measure.run("benchmarks.openfisca_peer", "--single", 12, python=str(given.openfisca)).said["cpu"]
            * 1000
        )
        rows.append(("OpenFisca-core 46, yes or no, amounts", peer))
        rows = [(*row, f"{peer / row[1]:,.0f}×") for row in rows]  # type: ignore[operator]
    print(
        measure.table(
            ("one household, 300 programmes", "CPU ms", *(["faster"] if given.openfisca else [])), rows
        )
    )
    print(f"load the catalogue {loaded - start:.2f} CPU s, make the function {ready - loaded:.2f} CPU s")


def some(rules: RuleSet, folder: Path, count: int = HOUSEHOLDS) -> list[Household]:
    """Households of the invented country, gaps included."""
    tables: tuple[pa.Table, pa.Table] = next(iter(country.population(count, count)))
    snapshot = write_snapshot(rules.catalogue, *tables, folder=folder / "snapshot", as_of=country.AS_OF)
    found = [snapshot.household(i, rules.facts) for i in range(count)]
    return [household for household in found if household is not None]


def milliseconds(ask: Callable[[int], object], repeat: int) -> float:
    """Median over repeats of the mean CPU time of one household."""
    taken = []
    for _ in range(repeat):
        start = time.process_time()
        for i in range(HOUSEHOLDS):
            ask(i)
        taken.append((time.process_time() - start) / HOUSEHOLDS * 1000)
    return statistics.median(taken)


if __name__ == "__main__":
    main()
