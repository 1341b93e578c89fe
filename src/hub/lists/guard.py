"""The wrong-file guard: what about an import looks as if somebody had taken the wrong file.

Nothing is forbidden here. Each doubt is counted, told in a sentence, and must be answered before the list is applied.
"""

from collections import Counter
from collections.abc import Iterable
from typing import Any

from django.db.models import Count
from django.utils.translation import gettext as _

from hub.lists.matching import dong_named, places
from hub.lists.models import Import, ImportRow
from welfare.intake.columns import normal

MANY = 5  # fewer rows than this prove nothing
ROWS_OFF = 0.3  # share by which the number of rows may differ from the last file's
PLACED_LEAST = 0.5
COLUMN_WRONG = 0.5
ELSEWHERE = 0.2


def doubts(found: Import, heads: Iterable[str]) -> list[dict[str, Any]]:
    """What looks wrong about an import whose rows have been read: [{kind, and the numbers of its sentence}]."""
    rows = ImportRow.objects.filter(of=found)
    total = rows.count()
    outcomes = dict(rows.order_by().values_list("outcome").annotate(number=Count("pk")))
    told: list[dict[str, Any]] = []
    last = previous(found)
    if last is not None:
        if last.data_day > found.data_day:
            told.append({"kind": "older", "day": last.data_day.isoformat()})
        if last.rows >= MANY and abs(total - last.rows) > ROWS_OFF * last.rows:
            told.append({"kind": "rows_off", "rows": total, "last": last.rows})
    if total < MANY:
        return told
    placed = sum(outcomes.get(o, 0) for o in ("new", "changed", "same", "older"))
    if last is not None and placed and outcomes.get("same", 0) + outcomes.get("older", 0) == placed:
        told.append({"kind": "nothing_new", "rows": placed})
    if placed < PLACED_LEAST * total:
        told.append({"kind": "few_placed", "placed": placed, "rows": total})
    told += _elsewhere(found, rows, total)
    told += _columns(found, rows, total, heads)
    return told


def previous(found: Import) -> Import | None:
    """The last import of the same list and area that was applied."""
    return (
        Import.objects.filter(
            agency_list=found.agency_list_id, centre=found.centre_id, state=Import.State.APPLIED
        )
        .exclude(pk=found.pk)
        .order_by("-data_day", "-pk")
        .first()
    )


def _elsewhere(found: Import, rows: Any, total: int) -> list[dict[str, Any]]:
    """Rows that name a dong outside the area of the import."""
    known = places()
    areas = Counter(dong_named(str(area or ""), known) for area in rows.values_list("who__area", flat=True))
    outside = {dong: n for dong, n in areas.items() if dong and found.centre_id and dong != found.centre_id}
    number = sum(outside.values())
    if number <= ELSEWHERE * total:
        return []
    names = {code: name for name, code in known.items() if name != code}
    most = max(outside, key=lambda dong: outside[dong])
    return [{"kind": "elsewhere", "rows": number, "dong": names.get(most, most)}]


def _columns(found: Import, rows: Any, total: int, heads: Iterable[str]) -> list[dict[str, Any]]:
    """Columns most of whose cells cannot be read as what they should mean, contradictions, and heads that are gone."""
    wrong: Counter[str] = Counter()
    for problems in rows.exclude(problems=[]).values_list("problems", flat=True):
        wrong.update({problem["head"] for problem in problems})
    told: list[dict[str, Any]] = [
        {"kind": "column", "head": head, "wrong": number}
        for head, number in wrong.items()
        if number > COLUMN_WRONG * total
    ]
    against = rows.filter(why="contradiction").count()
    if against > ELSEWHERE * total:
        told.append({"kind": "contradictions", "rows": against})
    here = {normal(head) for head in heads}
    gone = [
        head
        for head, meaning in found.agency_list.columns.items()
        if meaning != "-" and normal(head) not in here
    ]
    if gone:
        told.append({"kind": "heads_gone", "heads": ", ".join(gone[:6])})
    return told


def sentence(doubt: dict[str, Any]) -> str:
    """A doubt in words, in the page's language."""
    match doubt["kind"]:
        case "older":
            text = _("A newer list, of %(day)s, was applied already. Is this an older file?")
        case "rows_off":
            text = _("This file has %(rows)d rows, the last one had %(last)d. Is it complete?")
        case "nothing_new":
            text = _("All %(rows)d rows that were placed are known already. Is this last month’s file?")
        case "few_placed":
            text = _(
                "Only %(placed)d of %(rows)d rows speak of residents of this area. Is it another dong’s file?"
            )
        case "elsewhere":
            text = _("%(rows)d rows name another dong, most often %(dong)s. Is it another dong’s file?")
        case "column":
            text = _(
                "In the column “%(head)s” %(wrong)d cells cannot be read as what it should mean. Were columns swapped?"
            )
        case "contradictions":
            text = _(
                "In %(rows)d rows the number on the register belongs to somebody else. Were columns swapped?"
            )
        case _:
            text = _("Columns of the last file are missing here: %(heads)s. Is it the right list?")
    return text % doubt
