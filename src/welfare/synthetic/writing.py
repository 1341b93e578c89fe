"""Writes an invented district of any size as two Parquet files, shard by shard, with a note that says it is
invented.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pyarrow.parquet as pq

from welfare.rules import Catalogue
from welfare.synthetic.district import SHARD, invent_district, invent_shards

NOTE = """이 폴더의 모든 가구와 사람은 지어낸 것입니다. 이름과 주소, 주민등록번호는 있을 수 없는 것입니다.
Every household and person in this folder is invented. Names, addresses and resident numbers cannot exist.
"""


def write_district(
    catalogue: Catalogue,
    folder: str | Path,
    households: int | None = None,
    seed: int = 1,
    as_of: date | None = None,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> tuple[int, int]:
    """Writes households.parquet and members.parquet into `folder`; returns how many households and people
    there are.

    Memory stays the same however many are asked for. Raises ValueError for a number below one.
    """
    from welfare.synthetic.district import AS_OF

    day = as_of or AS_OF
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    if households is None or households <= SHARD:
        shards = iter([invent_district(catalogue, households, seed, day)])
    else:
        shards = invent_shards(catalogue, households, seed, day)
    total = households or 1
    writers: list[pq.ParquetWriter] = []
    counts = [0, 0]
    try:
        for pair in shards:
            if not writers:
                names = ("households.parquet", "members.parquet")
                writers = [
                    pq.ParquetWriter(folder / name, table.schema)
                    for name, table in zip(names, pair, strict=True)
                ]
            for i, (writer, table) in enumerate(zip(writers, pair, strict=True)):
                writer.write_table(table)
                counts[i] += table.num_rows
            progress(counts[0], total)
    finally:
        for writer in writers:
            writer.close()
    (folder / "README.txt").write_text(NOTE, encoding="utf-8")
    about = {
        "invented": True,
        "seed": seed,
        "as_of": day.isoformat(),
        "households": counts[0],
        "people": counts[1],
        "catalogue": catalogue.version,
    }
    (folder / "invented.json").write_text(json.dumps(about, indent=1), encoding="utf-8")
    return counts[0], counts[1]
