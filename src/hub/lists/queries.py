"""Lists, imports and rows as screens need them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Exists, Max, OuterRef, QuerySet
from django.utils.translation import get_language, gettext
from django.utils.translation import gettext_lazy as _

from hub.access.access import area_of_duty
from hub.access.models import User
from hub.access.roles import Right
from hub.lists.matching import Resident, compared, places, residents
from hub.lists.models import AgencyList, Import, ImportRow, Link
from hub.people.models import Address, Person
from hub.programmes import queries as programmes
from welfare.facts import Fact
from welfare.facts.fact import BUILT_IN
from welfare.intake.agency import IDENTITY, LEFT_OUT

PAGE = 50  # rows on one page of a preview

# Why a row was or was not brought together with somebody.
WHY = {
    "number": _("by the number on the register"),
    "exact": _("by name and date of birth"),
    "linked": _("computed from name, date of birth, phone and address"),
    "decided": _("as somebody decided"),
    "household": _("by the number of the household"),
    "contradiction": _("the number on the register belongs to somebody else"),
    "several": _("several people fit"),
    "similar": _("somebody is similar"),
    "nobody": _("nobody fits"),
    "elsewhere": _("lives in another area"),
    "disagree": _("rows of this file disagree about this resident"),
}


def lists() -> QuerySet[AgencyList]:
    """Every kind of list."""
    return AgencyList.objects.annotate(last=Max("imports__data_day"))


def imports_of(of: AgencyList, user: User) -> QuerySet[Import]:
    """The imports of a list within the area of duty, newest first."""
    found = of.imports.select_related("centre", "uploaded_by")
    dongs = area_of_duty(user, Right.IMPORT_LISTS)
    return found if dongs is None else found.filter(centre__in=dongs)


def waiting(user: User) -> QuerySet[Import]:
    """Imports within the area of duty that wait for somebody."""
    states = [
        Import.State.COLUMNS,
        Import.State.READY,
        Import.State.READING,
        Import.State.APPLYING,
        Import.State.UNDOING,
    ]
    found = Import.objects.filter(state__in=states).select_related("agency_list", "centre")
    dongs = area_of_duty(user, Right.IMPORT_LISTS)
    return found if dongs is None else found.filter(centre__in=dongs)


def spoken(text: Mapping[str, str]) -> str:
    """A bilingual text in the page's language."""
    return text[get_language() or "ko"]


def meanings() -> dict[str, str]:
    """What a column can mean, by the words a form offers: identity first, then the facts of the catalogue."""
    found = {gettext("(not used)"): LEFT_OUT} | {spoken(text): word for word, text in IDENTITY.items()}
    for fact in facts():
        label = spoken(fact.label)
        found[label if label not in found else f"{label} ({fact.name})"] = fact.name
    return found


def facts() -> list[Fact]:
    """The facts that a list can state; who somebody is is not among them."""
    return [
        fact
        for fact in programmes.catalogue().facts.values()
        if fact.name not in BUILT_IN and fact.name not in IDENTITY
    ]


def counts(found: Import) -> list[tuple[str, str, int]]:
    """(outcome, its words, rows) for every outcome, in the order in which a person wants to know."""
    counted = dict(found.lines.order_by().values_list("outcome").annotate(number=Count("pk")))
    return [
        (outcome.value, str(outcome.label), counted.get(outcome.value, 0)) for outcome in ImportRow.Outcome
    ]


def problems(found: Import) -> int:
    """How many rows have a cell that could not be read."""
    return found.lines.exclude(problems=[]).count()


def written(found: Import) -> int:
    """How many records the import has written and not taken back."""
    return (
        found.lines.filter(person_record__isnull=False).count()
        + found.lines.filter(household_record__isnull=False).count()
    )


@dataclass(frozen=True)
class Said:
    """One fact of a row: its label, what stood before and what the row says, as a person reads them."""

    label: str
    before: str
    says: str
    differs: bool


@dataclass(frozen=True)
class Line:
    """A row of the preview."""

    row: ImportRow
    who: str
    said: tuple[Said, ...]
    why: str
    wrong: tuple[str, ...]


def lines(found: Import, outcome: str, page: int) -> list[Line]:
    """One page of the rows with an outcome ("" for all); one row more than PAGE tells that there is another page."""
    rows = found.lines.select_related("person", "household")
    if outcome == "problems":
        rows = rows.exclude(problems=[])
    elif outcome:
        rows = rows.filter(outcome=outcome)
    return [line(row) for row in rows[(page - 1) * PAGE : page * PAGE + 1]]


def line(row: ImportRow) -> Line:
    """A row as a page shows it."""
    known = programmes.catalogue().facts
    told = []
    for name, value in row.says.items():
        if (fact := known.get(name)) is not None:
            before = row.before.get(name)
            told.append(
                Said(
                    spoken(fact.label),
                    value_words(fact, before),
                    value_words(fact, value),
                    before not in (None, value),
                )
            )
    who = " · ".join(
        row.who[word] for word in ("name", "birth_date", "person_id", "household_id") if word in row.who
    )
    wrong = tuple(
        f"{one['address']} {one['head']}: {spoken(one['what'])} → {spoken(one['mend'])}"
        for one in [*row.problems, *row.remarks]
    )
    return Line(row, who, tuple(told), str(WHY.get(row.why, "")), wrong)


def value_words(fact: Fact, value: Any) -> str:
    """A value as a person reads it; nothing for what is not known."""
    if value is None:
        return ""
    if fact.type == "bool":
        return gettext("Yes") if value else gettext("No")
    if fact.type == "code" and value in fact.codes:
        return spoken(fact.code_labels[fact.codes.index(value)])
    if fact.type == "won":
        return gettext("KRW %(amount)s") % {"amount": f"{value:,}"}
    return str(value)


def report(found: Import) -> Iterable[list[object]]:
    """Every row that did not simply go through, cell by cell: row, address, head, text, outcome, what, how to mend."""
    rows = found.lines.exclude(problems=[], remarks=[], outcome__in=["new", "changed", "same"])
    for row in rows.iterator(chunk_size=1000):
        outcome = str(ImportRow.Outcome(row.outcome).label)
        cells = [*row.problems, *row.remarks]
        for one in cells:
            yield [
                row.number,
                one["address"],
                one["head"],
                one["text"],
                outcome,
                spoken(one["what"]),
                spoken(one["mend"]),
            ]
        if not cells or row.why == "disagree" or row.outcome in ("doubtful", "unplaced"):
            yield [row.number, "", "", "", outcome, str(WHY.get(row.why, "")), ""]


# Reviewing --------------------------------------------------------------------------------------------------------


def to_look_at(found: Import) -> QuerySet[ImportRow]:
    """Rows that may speak of somebody, those put off last."""
    put_off = Link.objects.filter(row=OuterRef("pk"), answer=Link.Answer.LATER, undone_at__isnull=True)
    return (
        found.lines.filter(outcome="doubtful").annotate(put_off=Exists(put_off)).order_by("put_off", "number")
    )


@dataclass(frozen=True)
class Word:
    """One word by which a row and a resident are compared: agrees, differs or unknown."""

    label: str
    row: str
    register: str
    verdict: str


@dataclass(frozen=True)
class Candidate:
    """A resident beside a row."""

    resident: Resident
    words: tuple[Word, ...]


VERDICTS = {"agrees": _("agrees"), "differs": _("differs"), "unknown": _("not known")}


def candidates(row: ImportRow) -> list[Candidate]:
    """The residents that a row may speak of, word by word beside it; those most alike first.

    Phone and address are for the reader alone: many have changed, so no rule takes them as a sign against somebody.
    """
    persons = Person.objects.filter(pk__in=row.candidates).select_related(
        "household__centre", "same_as__household__centre"
    )
    if row.of.centre_id is not None:
        persons = persons.filter(household__centre=row.of.centre_id)
    known = places()
    sexes = programmes.catalogue().facts.get("sex")
    registered = Address.objects.filter(
        household__in=[person.household_id for person in persons], kind=Address.Kind.REGISTERED, until=None
    )
    address_of = dict(registered.values_list("household", "text"))
    phone_of = {str(person.pk): person.phone for person in persons}
    found = []
    for resident in residents(persons):
        reached = {
            "phone": phone_of[resident.who["person_id"]],
            "address": address_of.get(resident.person.household_id, ""),
        }
        resident = Resident(resident.person, resident.who | reached)
        verdicts = compared(row.who, resident, known)
        words = []
        for word, text in IDENTITY.items():
            ours, theirs = row.who.get(word, ""), resident.who.get(word, "")
            if not ours and not theirs:
                continue
            if word == "sex" and sexes is not None:
                ours, theirs = value_words(sexes, ours or None), value_words(sexes, theirs or None)
            if word == "area":
                theirs = str(resident.person.household.centre)
            words.append(Word(spoken(text), ours, theirs, verdicts.get(word, "unknown")))
        found.append(Candidate(resident, tuple(words)))
    found.sort(key=lambda candidate: [word.verdict for word in candidate.words].count("differs"))
    best: dict[int, Candidate] = {}
    for candidate in found:
        best.setdefault(candidate.resident.person.pk, candidate)
    return list(best.values())
