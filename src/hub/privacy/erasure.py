"""What erasing one person would remove, what must stay, why and until when. Nothing here changes anything.

PIPA art. 36 gives the right and its limit: what another law names as to be collected stays. Here that is what a benefit
was decided on, while it is received (Social Security Benefits Act decree art. 19), and the proofs that the law was kept.
What is about the whole household stays with it, unless this person is all that is left of it. Notes are free text about
a household: which of them speak of this person no machine can tell, so the privacy officer does.
"""

from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import Q, QuerySet
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from hub.access.models import AccessRecord
from hub.people import queries as people
from hub.people.models import Address, FactRecord, LifeEvent, Note, Person
from hub.people.sources import Source
from hub.privacy import retention
from hub.privacy.retention import Kind, Rows, kind_of, last_day
from hub.programmes import queries as programmes
from hub.screening import queries as screening
from hub.screening.models import Interview

# The papers and registers a benefit was decided on; what was only said or seen proves no payment.
DECIDED_ON = (Source.REGISTER, Source.INVENTED, Source.DOCUMENT)

RECIPIENT = _("Record of a benefit that is being received (Social Security Benefits Act decree art. 19)")
AFTER_BENEFIT = _("5 years after the benefit ends")
WITH_NEXT_RUN = _("the next district run, which is started at once")
OF_OTHERS_TOO = _("Others of the household are on the register, and it is their address too")
NOT_ABOUT = _("Not about this person, as the privacy officer decided")
TO_BE_DECIDED = _("Those about this person are erased; the privacy officer decides which they are")
OWN_PERIOD = _("the end of their own period")
NOTES_CHANGED = _("The notes are no longer as you saw them. Please look at them again.")

# Kinds of which some rows are about a household as one: they go with the person who is all that is left of it.
SHARED = ("people.factrecord", "people.lifeevent", "screening.missed")


@dataclass(frozen=True)
class Told:
    """What the privacy officer decided about the notes in reach, by their numbers: all that were seen, those about the
    person, and those of them that a benefit being received was decided on.
    """

    in_reach: frozenset[int]
    about: frozenset[int]
    decided_on: frozenset[int] = frozenset()


NO_NOTES = Told(frozenset(), frozenset())


@dataclass(frozen=True)
class Line:
    """One kind of data of one person: how much there is, how much of it must stay, why and until when.

    `which` tells lines of one kind apart.
    """

    kind: Kind
    rows: int
    kept: int = 0
    reason: str | Promise = ""
    until: date | str | Promise | None = None
    which: str | Promise = ""

    @property
    def label(self) -> str:
        """The kind as people read it."""
        return f"{self.kind.label} ({self.which})" if self.which else str(self.kind.label)

    @property
    def until_shown(self) -> str:
        """The day or the event, as people read it."""
        return self.until.isoformat() if isinstance(self.until, date) else str(self.until or "")

    @property
    def erased(self) -> int:
        """How much an erasure removes."""
        return self.rows - self.kept


def homes(person: Person) -> set[int]:
    """The household a resident lives in, and those that merged entries of the resident came from."""
    return came_from(people.entries([person.stands_id]))


def came_from(persons: QuerySet[Person]) -> set[int]:
    """The households in which these entries stood by themselves: what a merged one left behind is there."""
    return {former or now for former, now in persons.values_list("merged_from", "household")}


def alone(person: Person) -> set[int]:
    """Those of them in which nobody else still has a name, so that what is known of the household is about this person."""
    own = homes(person)
    others = retention.named_persons().exclude(pk__in=people.entries([person.stands_id]))
    return own - came_from(others.filter(Q(household__in=own) | Q(merged_from__in=own)))


def receives(person: Person) -> bool:
    """Whether what stands now says that this person, or the household as one, receives a benefit."""
    # Not by the members of the household: who has left is none any more, but may still be paid for.
    # Two questions, each with an index of its own; asked as one, the whole table would be read.
    records = FactRecord.objects.select_related("recorded_by")
    own = records.filter(person__in=people.entries([person.stands_id]))
    shared = records.filter(household=person.household_id)
    standing = people.standings([*shared, *own], programmes.catalogue())
    return any(standing[name].now.value is True for name in retention.receipts() if name in standing)


def rows_of(kind: Kind, person: Person, whole: set[int]) -> Rows:
    """The rows of a kind about a resident, with those about households as one that are this resident's alone (`whole`)."""
    about = Q(**{f"{kind.person}__in": people.entries([person.stands_id])})
    if kind.model in SHARED:
        about |= Q(household__in=whole, person=None)
    return kind.rows.filter(about)


def notes_in_reach(person: Person) -> QuerySet[Note]:
    """The notes that may speak of this resident: of the household lived in now or last, and of those lived in before."""
    before = LifeEvent.objects.filter(person__in=people.entries([person.stands_id])).values("household")
    found = Note.objects.filter(Q(household__in=homes(person)) | Q(household__in=before))
    return found.select_related("household")


def plan(person: Person, day: date, told: Told | None = None) -> list[Line]:
    """What an erasure of this person on a day would do, kind by kind; `told` once the notes are decided about."""
    whole, recipient = alone(person), receives(person)
    held: dict[str, Any] = {"reason": RECIPIENT, "until": AFTER_BENEFIT} if recipient else {}
    lines = []
    for kind in retention.kinds():
        if not kind.person:
            continue
        if kind.model == "people.factrecord":
            facts = rows_of(kind, person, whole)
            kept = facts.filter(source__in=DECIDED_ON).count() if recipient else 0
            lines.append(Line(kind, facts.count(), kept, **(held if kept else {})))
        elif kind.model in ("people.person", "people.identitynumber"):
            rows = kind.of(person).count()
            lines.append(Line(kind, rows, rows, **held) if recipient else Line(kind, rows))
        elif kind.on_request:
            rows = kind.of(person).count()
            until = last_day(day, kind.years) if kind.years else None
            lines.append(Line(kind, rows, rows, kind.on_request, until))
        else:
            lines.append(Line(kind, rows_of(kind, person, whole).count()))
    lines.append(_addresses(person, held, whole))
    lines += _notes(person, held, told)
    lines.append(Line(kind_of("screening.interview"), len(interviews_about(person))))
    files = retention.runs_with_files().count()
    lines.append(Line(kind_of("screening.run"), files, files, _("Removed and made again"), WITH_NEXT_RUN))
    trail = kind_of("access.accessrecord")
    numbers = people.entries([person.stands_id]).values_list("pk", flat=True)
    marks = AccessRecord.objects.filter(object_kind="people.person", object_id__in=map(str, numbers))
    newest = marks.order_by("-at").first()
    until = last_day(newest.at.date(), trail.years or 0) if newest is not None else None
    lines.append(Line(trail, marks.count(), marks.count(), trail.law, until))
    return lines


def _addresses(person: Person, held: dict[str, Any], whole: set[int]) -> Line:
    kind, found = kind_of("people.address"), Address.objects.filter(household__in=homes(person))
    rows, of_others = found.count(), found.exclude(household__in=whole).count()
    if of_others:
        return Line(kind, rows, rows if held else of_others, OF_OTHERS_TOO, OWN_PERIOD)
    return Line(kind, rows, rows, **held) if rows and held else Line(kind, rows)


def _notes(person: Person, held: dict[str, Any], told: Told | None) -> list[Line]:
    kind = kind_of("people.note")
    if told is None:
        rows = notes_in_reach(person).count()
        return [Line(kind, rows, rows, TO_BE_DECIDED, OWN_PERIOD)] if rows else []
    about = Note.objects.filter(pk__in=told.about).count()
    others = Note.objects.filter(pk__in=told.in_reach - told.about).count()
    kept = len(told.decided_on)
    return [
        Line(kind, about, kept, **(held if kept else {}), which=_("about this person")),
        Line(kind, others, others, NOT_ABOUT, OWN_PERIOD, which=_("about others or the household as one")),
    ]


# -- interviews ------------------------------------------------------------------------------------------------


def places_of(person: Person, interview: Interview) -> list[int]:
    """Which members of the conversation this person is: members stand in the register's order.

    Mostly one; two where the register held two entries of one resident then; none when the household has changed since, so
    that nobody can tell.
    """
    members = enumerate(screening.members_of(interview))
    return [place for place, member in members if member.stands_id == person.stands_id]


def interviews_about(person: Person) -> list[Interview]:
    """The interviews in which something is said about this person."""
    whole = alone(person)
    held = Interview.objects.filter(household__in=homes(person))
    return [
        one
        for one in held
        if without(one, places_of(person, one), whole_household=one.household_id in whole) is not None
    ]


def without(
    interview: Interview, places: list[int], *, whole_household: bool
) -> tuple[dict[str, Any], list[dict[str, Any]]] | None:
    """`known` and `answers` of an interview without one person; None when nothing is said about that person.

    Who is whose partner stays: it is a bare number, and the other partner's. A conversation in which the person cannot
    be told from the others is emptied as a whole.
    """
    known, answers = interview.known, interview.answers
    if not places or whole_household:
        emptied = [_bare(member) for member in known["members"]]
        told = bool(known["household"]) or bool(answers) or emptied != known["members"]
        return ({"household": {}, "members": emptied}, []) if told else None
    members = [_bare(member) if at in places else member for at, member in enumerate(known["members"])]
    left = [kept for given in answers if (kept := _answer_without(given, places)) is not None]
    if members == known["members"] and left == answers:
        return None
    return {**known, "members": members}, left


def _bare(member: dict[str, Any]) -> dict[str, Any]:
    return {"couple": member["couple"]} if member.get("couple") else {}


def _answer_without(given: dict[str, Any], places: list[int]) -> dict[str, Any] | None:
    kept = [position for position, member in enumerate(given["members"]) if member not in places]
    if len(kept) == len(given["members"]):
        return given
    if not kept:
        return None
    less = {**given, "members": [given["members"][position] for position in kept]}
    if "value" in given:
        less["value"] = [given["value"][position] for position in kept]
    return less
