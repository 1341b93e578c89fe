"""The answers of a run as files for an office: a CSV and, where it fits, an XLSX, safe to open in a spreadsheet.

A cell that begins like a formula could run a command on the official's machine, so texts that came from a list are neutralised.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from welfare.intake import Report
from welfare.rules import RuleSet
from welfare.screening import Run
from welfare.wording import Wording

XLSX_ROWS = 50_000  # answers in a workbook; more are slow to open, and the CSV has them all
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "|", "%", "＝", "＋", "－", "＠")


def harmless(value: object) -> object:
    """A cell no spreadsheet takes for a formula: a leading apostrophe marks it as text. Numbers stay numbers."""
    if isinstance(value, str) and value.startswith(FORMULA):
        return "'" + value
    return value


def write_answers(run: Run, rules: RuleSet, folder: Path, words: Wording, report: Report) -> list[str]:
    """Writes answers.csv, and answers.xlsx up to `XLSX_ROWS` answers; returns the names of the files."""
    heads = _heads(words)
    rows = 0
    first: list[list[object]] = []
    with (folder / "answers.csv").open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(heads)
        for row in _rows(run, rules, words):
            writer.writerow(row)
            rows += 1
            if rows <= XLSX_ROWS:
                first.append(row)
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


def _rows(run: Run, rules: RuleSet, words: Wording) -> Iterator[list[object]]:
    """One row for each programme a household or member is surely entitled to, those not received first by programme."""
    language = words.language
    for programme in run.programmes:
        about = rules.programmes[programme]
        apply_at = ", ".join(text[language] for text in about.apply_at)
        in_kind = about.amount.in_kind[language] if about.amount.in_kind else ""
        per = words.period(about.amount.per, "").strip()
        for pair in run.pairs(programme).to_pylist():
            better = pair["set_aside_for"]
            yield [
                harmless(pair["household_id"]),
                None if pair["member"] is None else pair["member"] + 1,
                harmless(pair["area"]),
                programme,
                about.name[language],
                pair["amount_low"],
                pair["amount_high"],
                per,
                in_kind,
                words.receives(pair["receives"]),
                rules.programmes[better].name[language] if better else "",
                apply_at,
            ]


def _write_workbook(
    file: Path, heads: list[str], rows: list[list[object]], report: Report, words: Wording
) -> None:
    from openpyxl import Workbook

    book = Workbook(write_only=True)
    say, language = words.say, words.language
    _add(book, say("받을 수 있는 것", "Entitled"), heads, rows)
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


def _add(book: Any, title: str, heads: Sequence[str], rows: list[list[object]]) -> None:
    sheet = book.create_sheet(title)
    sheet.freeze_panes = "A2"
    sheet.append(list(heads))
    for row in rows:
        sheet.append([harmless(value) for value in row])
