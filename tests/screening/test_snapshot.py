"""What goes into a snapshot comes out unchanged, and what cannot be right is refused with column, row and mend."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pyarrow as pa
import pytest

from tests.rules.random_catalogue import random_rules, write
from tests.screening.lists import frozen, random_households
from welfare import Catalogue, load
from welfare.screening import SnapshotError, arrange, snapshot, write_snapshot

DAY = date(2026, 11, 22)
NAME = "{ko: 이름, en: Name}"
FILES = {
    "catalogue.yaml": f"name: {NAME}\njurisdiction: xx\nscopes: {{national: {NAME}}}\nfields: {{all: {NAME}}}\n",
    "sources.yaml": 'sources: {act: {title: Act, address: "", tier: none, read_on: "2026-01-01"}}\n',
    "facts.yaml": f"""facts:
  rent: {{of: household, type: won, label: {NAME}, min: 0, max: 1000000}}
  tenure: {{of: household, type: code, label: {NAME}, values: {{own: {NAME}, rented: {NAME}}}}}
  birth_date: {{of: person, type: date, label: {NAME}, min: "1900-01-01", max: "2026-12-31"}}
  employed: {{of: person, type: bool, label: {NAME}}}
""",
    "all/help.yaml": f"""help:
  name: {NAME}
  summary: {NAME}
  scope: national
  agency: {NAME}
  law: Act
  subject: household
  valid: {{from: "2020-01-01"}}
  criteria: [{{id: own, label: {NAME}, when: rent > 0, law: Act}}]
  amount: {{in_kind: {NAME}, per: once}}
  documents: [{NAME}]
  apply_at: [{NAME}]
  sources: [act]
  confidence: verified
""",
}


@pytest.fixture
def catalogue(tmp_path: Path) -> Catalogue:
    return load(write(FILES, tmp_path / "catalogue"))


def lists(**columns: object) -> tuple[pa.Table, pa.Table]:
    """Two households, a couple and a person alone; `columns` replace or add."""
    own: dict[str, object] = {
        "household_id": ["a", "b"],
        "rent": pa.array([300_000, None], pa.int64()),
        "tenure": ["rented", None],
    }
    each: dict[str, object] = {
        "household_id": ["a", "b", "a"],
        "couple": [1, 0, 1],
        "birth_date": pa.array([date(1950, 2, 28), None, date(1952, 2, 29)], pa.date32()),
        "employed": [True, None, False],
    }
    for name, values in columns.items():
        (each if name in ("birth_date", "employed", "couple") else own)[name] = values
        if name == "owner":
            del own[name]
            each["household_id"] = values
    return pa.table(own), pa.table(each)


def test_every_household_comes_out_as_it_went_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(arrange, "OWN_CLASS", 4)
    for seed in range(3):
        rules = random_rules(seed)
        households = random_households(seed, rules, 60)
        held = frozen(rules, households, tmp_path)
        for number, household in enumerate(households):
            found = held.household(f"h{number}", rules.facts)
            assert found is not None
            assert found.encoded(rules.facts) == household.encoded(rules.facts)


def test_columns_that_are_no_facts_are_left_out_and_named(catalogue: Catalogue, tmp_path: Path) -> None:
    held = write_snapshot(catalogue, *lists(telephone=["02-000-0000", "-"]), tmp_path / "snapshot", as_of=DAY)
    assert held.manifest["left_out"] == ["telephone"]
    assert "telephone" not in held.gaps
    assert held.gaps == {"rent": True, "tenure": True, "birth_date": True, "employed": True}


REFUSED = {
    "text where won belong": ({"rent": ["300000", "0"]}, "rent", None, "integer column"),
    "decimals where won belong": ({"rent": [1.5, 2.0]}, "rent", None, "integer column"),
    "more than the domain allows": ({"rent": [0, 2_000_000]}, "rent", 2, "2,000,000 is outside 0 … 1000000"),
    "less than the domain allows": ({"rent": [-1, 0]}, "rent", 1, "widen the fact's domain"),
    "a code nobody knows": ({"tenure": ["own", "borrowed"]}, "tenure", 2, "own, rented"),
    "a code as a number": ({"tenure": [0, 1]}, "tenure", None, "own, rented"),
    "a date as text": ({"birth_date": ["1950-01-01", None, None]}, "birth_date", None, "date column"),
    "a date outside the domain": (
        {"birth_date": pa.array([date(1950, 1, 1), date(1899, 12, 31), None], pa.date32())}, "birth_date", 2, "1899-12-31 is outside",
    ),
    "yes and no as text": ({"employed": ["Y", "N", None]}, "employed", None, "boolean column"),
    "a household twice": ({"household_id": ["a", "a"]}, "household_id", 2, "one row for each household"),
    "a household without a name": ({"household_id": ["a", None]}, "household_id", 2, "identifier"),
    "a member of nobody": ({"owner": ["a", "b", "c"]}, "household_id", 3, "'c', named by a member"),
    "identifiers of two kinds": ({"owner": [1, 2, 1]}, "household_id", None, "same type"),
    "a household of nobody": ({"owner": ["a", "a", "a"]}, "household_id", 2, "1 to 20"),
    "a couple of one": ({"couple": [1, 0, 0]}, "couple", 1, "same number"),
}  # fmt: skip


@pytest.mark.parametrize("what", REFUSED)
def test_a_wrong_list_is_refused_with_place_and_mend(what: str, catalogue: Catalogue, tmp_path: Path) -> None:
    columns, column, row, mend = REFUSED[what]
    with pytest.raises(SnapshotError) as refused:
        write_snapshot(catalogue, *lists(**columns), tmp_path / "snapshot", as_of=DAY)
    assert (refused.value.column, refused.value.row) == (column, row)
    assert mend in str(refused.value)
    assert list(tmp_path.glob("snapshot*")) == [], "nothing is left behind"


def test_a_fact_in_the_wrong_table_is_refused(catalogue: Catalogue, tmp_path: Path) -> None:
    own, each = lists()
    with pytest.raises(SnapshotError, match="Move it to the table of persons"):
        write_snapshot(
            catalogue,
            own.append_column("employed", pa.array([True, False])),
            each,
            tmp_path / "snapshot",
            as_of=DAY,
        )


def test_a_household_of_twenty_one_is_refused_and_one_of_twenty_is_not(
    catalogue: Catalogue, tmp_path: Path
) -> None:
    for members in (20, 21):
        own, each = pa.table({"household_id": ["a"]}), pa.table({"household_id": ["a"] * members})
        if members == 20:
            assert write_snapshot(catalogue, own, each, tmp_path / "twenty", as_of=DAY).members == 20
        else:
            with pytest.raises(SnapshotError, match="has 21 members"):
                write_snapshot(catalogue, own, each, tmp_path / "more", as_of=DAY)


def test_a_household_in_two_parts_of_a_list_is_refused(catalogue: Catalogue, tmp_path: Path) -> None:
    part = lists()
    later = tuple(
        table.set_column(0, "household_id", pa.array(names))
        for table, names in zip(lists(), (["b", "c"], ["b", "c", "b"]), strict=True)
    )
    with pytest.raises(SnapshotError, match="'b' stands in the list twice"):
        write_snapshot(catalogue, [part, later], folder=tmp_path / "snapshot", as_of=DAY)  # type: ignore[list-item]


def test_a_refused_list_leaves_the_old_snapshot_alone(catalogue: Catalogue, tmp_path: Path) -> None:
    old = write_snapshot(catalogue, *lists(), tmp_path / "snapshot", as_of=DAY)
    with pytest.raises(SnapshotError):
        write_snapshot(catalogue, *lists(rent=[-1, 0]), tmp_path / "snapshot", as_of=DAY)
    assert snapshot.Snapshot(tmp_path / "snapshot").hash == old.hash
