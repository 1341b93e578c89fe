"""One household's record to take along, as PDF or XLSX: who lives there, what they get and miss, and what is on record.

It says on every sheet who took it out, when and what for. Resident numbers stay masked, and a cell of the XLSX never begins a
formula (`welfare.outgoing`).
"""

from collections.abc import Iterable

from django.utils.translation import get_language
from django.utils.translation import gettext as _

from hub.desk.queries import Member
from hub.people.queries import KnownHousehold, Standing
from hub.privacy.paper import Document, Section, pdf
from hub.screening.sheets import Line, Sheet
from hub.templatetags.words import spoken, stated, won
from welfare.outgoing import as_xlsx

FORMS = {
    "pdf": "application/pdf",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


def written(
    form: str, known: KnownHousehold, members: list[Member], sheet: Sheet, *, addresses: list[str], taken: str
) -> bytes:
    """The record in this form ("pdf" or "xlsx"). `taken` is the line that says who took it out, when and why."""
    sections = _sections(known, members, sheet, addresses)
    title = _("Household %(number)s") % {"number": known.household.pk}
    if form == "xlsx":
        rows = [
            [section.heading, *row, *[""] * (len(_HEADS) - 1 - len(row))]
            for section in sections
            for row in [*([note] for note in section.notes), *section.rows]
        ]
        return as_xlsx(title, [_("Part"), *[""] * (len(_HEADS) - 1)], [[taken], *rows])
    return pdf(
        Document(
            title=title,
            issuer=str(known.household.centre),
            language=get_language() or "ko",
            lead=taken,
            foot=taken,
            sections=sections,
        )
    )


_HEADS = range(6)  # a part and at most five cells


def _sections(
    known: KnownHousehold, members: list[Member], sheet: Sheet, addresses: list[str]
) -> list[Section]:
    lives = [[one.person.name, one.label, one.person.resident_number, one.person.phone] for one in members]
    parts = [
        Section(
            _("Who lives here"),
            addresses,
            [_("Name"), _("Who"), _("Resident number"), _("Phone")],
            [2, 3, 3, 3],
            lives,
        )
    ]
    for heading, lines in (
        (_("Entitled but not receiving"), sheet.missed),
        (_("Entitled"), sheet.entitled),
        (_("Received"), sheet.received),
        (_("Cannot tell yet"), sheet.unknown),
    ):
        if lines:
            parts.append(
                Section(
                    heading,
                    [],
                    [_("Programme"), _("For whom"), _("Amount"), _("Law")],
                    [4, 2, 2, 4],
                    [_entitlement(line) for line in lines],
                )
            )
    parts.append(_facts(_("On record: the household"), known.facts.values()))
    parts += [
        _facts(_("On record: %(name)s") % {"name": one.person.name}, one.facts.values()) for one in members
    ]
    return [part for part in parts if part.rows]


def _entitlement(line: Line) -> list[str]:
    amount = line.result.amount
    exact = amount is not None and amount.low == amount.high and amount.low is not None
    programme = line.result.programme
    return [
        spoken(programme.name),
        line.who,
        won(amount.low) if amount is not None and exact else "",
        programme.law,
    ]


def _facts(heading: str, standings: Iterable[Standing]) -> Section:
    rows = [
        [
            spoken(standing.now.fact.label),
            stated(standing.now) if standing.why != "expired" else "",
            str(standing.now.source.label),
            standing.now.collected_on.isoformat(),
        ]
        for standing in standings
    ]
    return Section(
        heading, [], [_("Fact"), _("In force"), _("Source"), _("Collected on")], [4, 3, 3, 2], rows
    )
