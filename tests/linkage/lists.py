"""Lists for tests of linkage: a few records written out, the rest unknown."""

from __future__ import annotations

from typing import Any

import pyarrow as pa

from welfare.linkage import link

COLUMNS = ("id", "name", "birth_date", "sex", "phone", "address", "dong", "number")

# Invented people round the ones a test looks at, so that a list is a population and not three records.
CROWD = tuple(
    {
        "id": f"crowd-{place}",
        "name": "봄빛별달샘숲"[place % 6]
        + "가나다라마바사아자차카타파하"[place % 14]
        + "람미빈설솜슬울음진찬티해환결"[place * 5 % 14],
        "birth_date": f"{1930 + place * 7 % 90}-{place % 12 + 1:02}-{place * 11 % 28 + 1:02}",
        "sex": ("female", "male")[place % 2],
        "phone": f"010-0{place * 7919 % 1000:03}-{place * 104729 % 10000:04}",
        "address": f"서대문구 연희동 가상로{place % 50 + 1}길 {place % 170 + 1}, {place % 15 + 1}0{place % 8 + 1}호",
    }
    for place in range(300)
)


def a_list(*records: dict[str, Any], crowd: bool = True) -> pa.Table:
    rows = [*records, *(CROWD if crowd else ())]
    columns = {name: pa.array([row.get(name) for row in rows], pa.string()) for name in COLUMNS}
    return pa.table(columns)


def proposed(left: dict[str, Any], *right: dict[str, Any]) -> dict[str, Any]:
    """What is proposed for one record among the records of another list and 300 people who are in both; {} for nothing."""
    one = {"id": "one", **left}
    others = [{"id": f"other-{place}", **record} for place, record in enumerate(right)]
    for pair in link(a_list(one), a_list(*others)).to_pylist():
        if pair["left"] == "one":
            return dict(pair)
    return {}
