"""Spark finds the same entitlements as a run on one machine, because it is the same code.

Runs where `pysail` (Spark's protocol without Java) or `pyspark` with Java is installed: the extra `spark`.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from tests.rules.random_catalogue import random_rules
from tests.screening.lists import frozen, random_households, tables
from welfare.screening import screen
from welfare.screening.kernel import Kernel
from welfare.screening.outcome import Screening
from welfare.screening.spark import pairs_of, screen_on_spark

COLUMNS = (
    "household_id",
    "person_id",
    "member",
    "programme",
    "amount_low",
    "amount_high",
    "receives",
    "set_aside_for",
)


def nested(own: pa.Table, each: pa.Table) -> pa.Table:
    """The members of each household as an array of structs beside it."""
    members: dict[object, list[dict[str, object]]] = {name: [] for name in own["household_id"].to_pylist()}
    for member in each.to_pylist():
        members[member.pop("household_id")].append(member)
    struct = pa.struct([field for field in each.schema if field.name != "household_id"])
    return own.append_column("members", pa.array(list(members.values()), pa.list_(struct)))


def listed(table: pa.Table) -> list[tuple[object, ...]]:
    return sorted((tuple(row[name] for name in COLUMNS) for row in table.to_pylist()), key=str)


@pytest.mark.parametrize("seed", range(5))
def test_batches_of_nested_households_give_the_pairs_of_a_run(seed: int, tmp_path: Path) -> None:
    """The part that runs on Spark's workers, without Spark."""
    rules = random_rules(seed)
    households = random_households(seed, rules, 60)
    own, each = tables(rules, households, areas=())
    gaps = {name: True for name in (*own.schema.names, *each.schema.names) if name in rules.catalogue.facts}
    found = pairs_of(Screening(rules, Kernel(rules, gaps)), dict(rules.catalogue.facts), nested(own, each))
    run = screen(rules, frozen(rules, households, tmp_path), tmp_path / "run")
    assert listed(pa.Table.from_batches(found)) == listed(run.pairs())


@pytest.fixture(scope="module")
def spark() -> Iterator[Any]:
    """A session on pysail, or on local Java."""
    pytest.importorskip("pyspark", reason="the extra `spark` is not installed: no Spark to run on")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            session, close = _sail()
        except Exception:  # noqa: BLE001 - not installed, or not for this version of pyspark
            session, close = _java()
        yield session
        close()


def _sail() -> tuple[Any, Any]:
    from pysail.spark import SparkConnectServer
    from pyspark.sql import SparkSession

    server = SparkConnectServer("127.0.0.1", 0)
    server.start(background=True)
    _, port = server.listening_address
    session = SparkSession.builder.remote(f"sc://127.0.0.1:{port}").getOrCreate()
    session.range(1).count()

    def close() -> None:
        session.stop()
        server.stop()

    return session, close


def _java() -> tuple[Any, Any]:
    from pyspark.sql import SparkSession

    options = {
        "spark.ui.enabled": "false",
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.driver.host": "127.0.0.1",
    }
    try:
        session = SparkSession.builder.master("local[2]").config(map=options).getOrCreate()
    except Exception as error:  # noqa: BLE001 - no Java, or a pyspark without it: each version says so in its own way
        pytest.skip(f"Spark does not start here: {error}")
    return session, session.stop


@pytest.mark.filterwarnings("ignore")
def test_spark_finds_what_one_machine_finds(spark: Any, tmp_path: Path) -> None:
    rules = random_rules(11)
    households = random_households(11, rules, 200)
    rows = nested(*tables(rules, households, areas=()))
    frame = spark.createDataFrame(rows).repartition(3, "household_id")
    found = screen_on_spark(rules, frame).toArrow()
    run = screen(rules, frozen(rules, households, tmp_path), tmp_path / "run")
    assert run.pairs().num_rows > 50
    assert listed(found) == listed(run.pairs())
