"""The answers of a run as files for an office: a CSV and, where it fits, an XLSX, safe to open in a
spreadsheet.

A cell that begins like a formula could run a command on the official's machine, so texts that came from a
list are neutralised.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv as pacsv

from welfare.intake import Report
from welfare.outgoing import FORMULA, harmless, text_cell
from welfare.rules import RuleSet
from welfare.screening import Run
from welfare.wording import Wording

XLSX_ROWS = 50_000  # answers in a workbook; more are slow to open, and the CSV has them all


def write_answers(run: Run, rules: RuleSet, folder: Path, words: Wording, report: Report) -> list[str]:
    """Writes answers.csv, and answers.xlsx up to `XLSX_ROWS` answers; returns the names of the files.

    One row for each programme a household or member is surely entitled to, programme by programme.
    """
    heads = _heads(words)
    rows = 0
    first: list[pa.Table] = []
    with (folder / "answers.csv").open("wb") as file:
        file.write(b"\xef\xbb\xbf")
        pacsv.write_csv(pa.table({head: pa.array([], pa.string()) for head in heads}), file)
        for programme in run.programmes:
            table = _table(run, rules, words, programme)
            pacsv.write_csv(table, file, pacsv.WriteOptions(include_header=False, quoting_style="needed"))
            rows += table.num_rows
            if rows <= XLSX_ROWS:
                first.append(table)
    if rows > XLSX_ROWS:
        return ["summary.txt", "answers.csv"]
    _write_workbook(folder / "answers.xlsx", heads, first, report, words)
    return ["summary.txt", "answers.csv", "answers.xlsx"]


def _heads(words: Wording) -> list[str]:
    say = words.say
    return [
        say("세대번호", "household"),
        say("구성원", "member"),
        say("지역", "area"),
        say("제도", "programme"),
        say("제도 이름", "programme name"),
        say("금액(최소)", "won, at least"),
        say("금액(최대)", "won, at most"),
        say("주기", "per"),
        say("현물", "in kind"),
        say("수급", "receipt"),
        say("함께 받을 수 없는 더 나은 제도", "better, excluding programme"),
        say("신청하는 곳", "apply at"),
    ]


def _table(run: Run, rules: RuleSet, words: Wording, programme: str) -> pa.Table:
    """The answers of one programme, in the columns of `_heads`."""
    language = words.language
    about = rules.programmes[programme]
    pairs = run.pairs(programme)
    count = pairs.num_rows

    def same(text: str) -> pa.Array:
        return pa.repeat(pa.scalar(str(harmless(text))), count)

    receipt = pc.if_else(pairs["receives"], words.receives(True), words.receives(False))
    names = {id: other.name[language] for id, other in rules.programmes.items()}
    columns = [
        _harmless_column(pairs["household_id"]),
        pc.add(pairs["member"].cast(pa.int64()), 1),
        _harmless_column(pairs["area"]),
        same(programme),
        same(names[programme]),
        pairs["amount_low"],
        pairs["amount_high"],
        same(words.period(about.amount.per, "").strip()),
        same(about.amount.in_kind[language] if about.amount.in_kind else ""),
        pc.fill_null(receipt, words.receives(None)),
        pa.array([names.get(id) for id in pairs["set_aside_for"].to_pylist()], pa.string()),
        same(", ".join(text[language] for text in about.apply_at)),
    ]
    return pa.table(columns, names=_heads(words))


def _harmless_column(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """`harmless` for a whole column of text; numbers pass."""
    if not pa.types.is_string(column.type):
        return column
    dangerous = pc.match_substring_regex(column, "^[" + "".join(re.escape(mark) for mark in FORMULA) + "]")
    return pc.if_else(dangerous, pc.binary_join_element_wise("'", column, ""), column)


def _write_workbook(
    file: Path, heads: list[str], tables: list[pa.Table], report: Report, words: Wording
) -> None:
    from openpyxl import Workbook

    book = Workbook(write_only=True)
    say, language = words.say, words.language
    _add(
        book,
        say("받을 수 있는 것", "Entitled"),
        heads,
        (row for table in tables for row in zip(*table.to_pydict().values(), strict=True)),
    )
    not_understood: list[list[object]] = [
        [one.address, one.head, one.text, one.what[language], one.mend[language]]
        for one in report.not_understood
    ]
    _add(
        book,
        say("알아보지 못한 칸", "Not understood"),
        [
            say("칸", "cell"),
            say("머리글", "head"),
            say("내용", "text"),
            say("까닭", "reason"),
            say("고치는 법", "mend"),
        ],
        not_understood,
    )
    columns: list[list[object]] = [
        [c.address, c.head, c.meaning, c.note[language] if c.note else ""] for c in report.columns
    ]
    _add(
        book,
        say("열", "Columns"),
        [say("열", "column"), say("머리글", "head"), say("뜻", "meaning"), say("참고", "note")],
        columns,
    )
    book.save(file)


def _add(book: Any, title: str, heads: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    sheet = book.create_sheet(title)
    sheet.freeze_panes = "A2"
    sheet.append(list(heads))
    for row in rows:
        sheet.append([text_cell(sheet, value) for value in row])
