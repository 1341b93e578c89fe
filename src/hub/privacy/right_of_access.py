"""Everything the hub holds about one person, told to that person (PIPA arts. 35, 37-2).

What it must not tell is somebody else's. Of other members there is only their number; sensitive facts of a household of
several are left out; and what the hub computes is computed once more without the sensitive facts of the others, so that
no answer on this paper can depend on them. Officials appear by role and centre, not by name.
"""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import get_language, gettext, ngettext
from django.utils.translation import gettext_lazy as _

from hub.access.models import AccessRecord, Post, User
from hub.access.purposes import Purpose
from hub.lists import queries as lists
from hub.lists.models import ImportRow
from hub.people import queries as people
from hub.people.identity import queries as identity
from hub.people.models import Address, FactRecord, LifeEvent, Person, Relation
from hub.people.queries import KnownHousehold, Statement
from hub.people.sources import Source
from hub.privacy import erasure, queries, retention
from hub.privacy.models import Consent, ConsentPurpose, SubjectRequest
from hub.privacy.paper import Document, Section
from hub.programmes import queries as programmes
from hub.screening.models import Interview, Run
from hub.templatetags.words import spoken, stated, won
from welfare import Fact
from welfare import Household as Described
from welfare.rules import Result
from welfare.rules.assessment import ENTITLED, NOT_ENTITLED

SENSITIVE = "sensitive"

# Kinds of data about a household or in the trail, whose period this paper tells beside those about a person.
OF_HOUSEHOLDS = ("people.address", "people.note", "screening.interview", "access.accessrecord")

ANSWERS = {ENTITLED: _("Entitled"), NOT_ENTITLED: _("Not entitled")}
# What the trail calls deeds, for people. Others are told as work with the record.
DEEDS = {
    "people.opened": _("Opened the household page"),
    "people.recorded_facts": _("Recorded facts"),
    "screening.opened_interview": _("Began an interview"),
    "screening.answered": _("Wrote down an answer"),
    "screening.read_interview": _("Read an interview"),
    "screening.closed_interview": _("Ended an interview"),
    "privacy.gave_consent": _("Recorded a consent"),
    "privacy.withdrew_consent": _("Recorded a withdrawal"),
    "privacy.received_request": _("Received a request"),
    "privacy.gave_record": _("Made this document"),
    "privacy.read_notes": _("Read the notes of the household to decide an erasure"),
    "privacy.erased_notes": _("Erased notes about a person of the household"),
}
PURPOSES = {
    **dict(Purpose.choices),
    **dict(ConsentPurpose.choices),
    **dict(SubjectRequest.Kind.choices),
}


def document(person: Person, day: date, *, request: SubjectRequest) -> Document:
    """What is held about a person on a day, as it answers a request, in the language that is spoken now."""
    person = person.stands
    household = person.household
    catalogue = programmes.catalogue()
    known = people.known(household, catalogue)
    shared = len(known.members) > 1
    centre = str(household.centre)
    foot = gettext("%(centre)s · request %(number)d · %(at)s") % {
        "centre": centre,
        "number": request.pk,
        "at": _moment(timezone.now()),
    }
    return Document(
        title=gettext("What the Welfare Hub holds about you"),
        issuer=gettext("Welfare Hub (demonstration)"),
        language=get_language() or "ko",
        lead=gettext(
            "As of %(day)s, at the request of %(received)s (Personal Information Protection Act arts. 35 and 37-2). "
            "You may ask for correction, erasure or suspension, and for an explanation of what was computed."
        )
        % {"day": day, "received": request.received_on},
        foot=foot,
        sections=[
            _who(person, centre, len(known.members)),
            _life(person),
            _facts(
                gettext("Facts about you"),
                FactRecord.objects.filter(person__in=_entries(person)),
                catalogue.facts,
                withhold=False,
            ),
            _facts(
                gettext("Facts about your household"),
                FactRecord.objects.filter(household__in=_homes(person)),
                catalogue.facts,
                withhold=shared,
            ),
            _notes(person, withhold=shared),
            _lists(person, catalogue.facts, withhold=shared),
            _consents(person),
            _interviews(person, withhold=shared),
            _computed(person, known, day),
            _runs(),
            _requests(person),
            _trail(person),
            _kept(person, day),
        ],
    )


def _entries(person: Person) -> QuerySet[Person]:
    return people.entries([person.stands_id])


def _homes(person: Person) -> set[int]:
    """The household and those that are this person's alone: what is known of a former one shared with others is theirs."""
    return {person.household_id, *erasure.alone(person)}


def _who(person: Person, centre: str, members: int) -> Section:
    others = ngettext(
        "%(number)d other member; what is known about others is not on this paper.",
        "%(number)d other members; what is known about others is not on this paper.",
        members - 1,
    ) % {"number": members - 1}
    rows = [
        [gettext("Name"), person.name],
        [gettext("Resident number (masked)"), queries.masked(person.resident_number)],
        [gettext("Telephone"), person.phone],
        [gettext("Identity numbers (masked)"), ", ".join(_numbers(person))],
        [gettext("Number in the hub"), str(person.pk)],
        *(
            [
                gettext("Also on the register as"),
                ", ".join(
                    text
                    for text in (
                        str(entry.pk),
                        entry.name,
                        queries.masked(entry.resident_number),
                        entry.phone,
                    )
                    if text
                ),
            ]
            for entry in person.merged.order_by("pk")
        ),
        [
            gettext("Household"),
            f"{person.household_id} · {others}" if members > 1 else str(person.household_id),
        ],
        [gettext("Centre"), centre],
    ]
    return Section(gettext("Who you are here"), [], [gettext("Item"), gettext("Entry")], [1, 3], rows)


def _numbers(person: Person) -> list[str]:
    return [
        f"{number.get_kind_display()} {number.masked}" for number in identity.of_persons([person])[person.pk]
    ]


def _facts(heading: str, records: Any, facts: Mapping[str, Fact], *, withhold: bool) -> Section:
    rows = []
    for record in records.select_related("recorded_by").order_by("-collected_on", "-pk"):
        for name in dict.fromkeys((*record.values, *(record.gaps or {}))):
            fact = facts.get(name)
            if fact is None or (withhold and fact.sensitivity == SENSITIVE):
                continue
            rows.append(
                [
                    spoken(fact.label),
                    _value(fact, record),
                    str(Source(record.source).label),
                    str(record.collected_on),
                    _role(record.recorded_by, record.recorded_at),
                ]
            )
    notes = [] if rows else [gettext("Nothing is recorded.")]
    if withhold:
        # Said whether there are any or not, so that this line tells nothing either.
        notes.append(gettext("Sensitive facts that may concern another member are not told here."))
    head = [
        gettext("Fact"),
        gettext("Value"),
        gettext("Source"),
        gettext("Collected on"),
        gettext("Recorded by"),
    ]
    return Section(heading, notes, head, [6, 4, 4, 3, 4], rows)


def _value(fact: Fact, record: FactRecord) -> str:
    stored = record.values.get(fact.name)
    value = date.fromisoformat(str(stored)) if fact.type == "date" and stored is not None else stored
    said = (record.gaps or {}).get(fact.name, "")
    return stated(Statement(fact, value, Source(record.source), record.collected_on, record.pk, said))


def _life(person: Person) -> Section:
    """Addresses of the household, what befell this person, and relatives elsewhere whom this person named."""
    rows = [
        [
            str(address.get_kind_display()),
            address.text,
            str(address.since or ""),
            str(address.until or ""),
        ]
        for address in Address.objects.filter(household__in=_homes(person)).order_by("kind", "-pk")
    ]
    rows += [
        [str(event.get_kind_display()), event.before, str(event.happened_on), ""]
        for event in LifeEvent.objects.filter(person__in=_entries(person)).order_by("-happened_on", "-pk")
    ]
    rows += [
        [
            str(relation.get_kind_display()),
            relation.name,
            str(relation.stated_on),
            str(relation.ended_on or ""),
        ]
        for relation in Relation.objects.filter(person__in=_entries(person)).order_by("-stated_on", "-pk")
    ]
    notes = [] if rows else [gettext("Nothing is recorded.")]
    head = [gettext("Kind"), gettext("Entry"), gettext("Since"), gettext("Until")]
    return Section(gettext("Addresses, events and relatives"), notes, head, [3, 6, 2, 2], rows)


def _notes(person: Person, *, withhold: bool) -> Section:
    """Notes, promises and warnings about the household; of one shared with others only when each was written and by whom."""
    rows = [
        [
            str(note.get_kind_display()),
            gettext("About the household as a whole; it is told at the desk.") if withhold else note.text,
            str(timezone.localdate(note.written_at)),
            _role(note.written_by, note.written_at),
        ]
        for note in people.notes(person.household).select_related("written_by")
    ]
    notes = [] if rows else [gettext("Nothing is recorded.")]
    head = [gettext("Kind"), gettext("Entry"), gettext("Written on"), gettext("Recorded by")]
    return Section(gettext("Notes about your household"), notes, head, [2, 6, 2, 4], rows)


def _lists(person: Person, facts: Mapping[str, Fact], *, withhold: bool) -> Section:
    """What rows of agency lists say, recorded or not, where it was settled that they speak of this person or household."""
    about = Q(person__in=_entries(person)) | Q(household__in=_homes(person), person=None)
    rows = []
    for row in (
        ImportRow.objects.filter(about).select_related("of__agency_list").order_by("-of__data_day", "pk")
    ):
        said = [
            f"{spoken(fact.label)}: {lists.value_words(fact, value)}"
            for name, value in row.says.items()
            if (fact := facts.get(name)) is not None
            and (fact.of == "household" or row.person_id is not None)
            and not (withhold and fact.of == "household" and fact.sensitivity == SENSITIVE)
        ]
        rows.append(
            [str(row.of.agency_list), str(row.of.data_day), str(row.get_outcome_display()), "; ".join(said)]
        )
    notes = [] if rows else [gettext("Nothing is recorded.")]
    head = [gettext("List"), gettext("Day of the data"), gettext("State"), gettext("What the list says")]
    return Section(gettext("Agency lists"), notes, head, [4, 2, 3, 6], rows)


def _role(user: User | None, at: datetime) -> str:
    """The role and centre somebody held at a time; nobody is the register itself."""
    if user is None:
        return gettext("The hub (no person)")
    day = timezone.localdate(at)
    held = Post.objects.filter(Q(until__isnull=True) | Q(until__gte=day), user=user, since__lte=day)
    named = [
        " ".join([str(post), *(str(centre) for centre in post.centres.all())])
        for post in held.prefetch_related("centres")
    ]
    return ", ".join(named) or gettext("A post that has ended")


def _consents(person: Person) -> Section:
    rows = []
    for consent in queries.history(person):
        ended = str(consent.withdrawn_on or consent.expires_on or "")
        if consent.withdrawn_on:
            ended = gettext("withdrawn on %(day)s") % {"day": consent.withdrawn_on}
        rows.append(
            [
                f"{consent.text.get_consent_purpose_display()}, {_version(consent)}",
                _items(consent),
                str(consent.given_on),
                ended or gettext("until withdrawn"),
                str(consent.get_manner_display())
                + (f" ({consent.paper_reference})" if consent.paper_reference else ""),
            ]
        )
    notes = [] if rows else [gettext("No consent is recorded.")]
    head = [
        gettext("Consent purpose"),
        gettext("Agreed to"),
        gettext("Given on"),
        gettext("Until"),
        gettext("How"),
    ]
    return Section(gettext("Your consents"), notes, head, [3, 5, 2, 2, 2], rows)


def _version(consent: Consent) -> str:
    return gettext("version %(version)s (%(language)s)") % {
        "version": consent.text.version,
        "language": consent.text.get_language_display(),
    }


def _items(consent: Consent) -> str:
    agreed = [item["purpose"] for item in consent.text.body["items"] if consent.items.get(item["id"])]
    refused = [item["purpose"] for item in consent.text.body["items"] if not consent.items.get(item["id"])]
    said = "; ".join(agreed)
    return f"{said} / {gettext('not agreed to')}: {'; '.join(refused)}" if refused else said


def _interviews(person: Person, *, withhold: bool) -> Section:
    facts = programmes.catalogue().facts
    rows = []
    held = Interview.objects.filter(household__in=erasure.homes(person)).select_related("centre", "held_by")
    for interview in held:
        said = [
            f"{spoken(facts[given['fact']].label)}: {answer}"
            for place in erasure.places_of(person, interview) or (None,)
            for given in interview.answers
            if given["fact"] in facts
            and not (withhold and not given["members"] and facts[given["fact"]].sensitivity == SENSITIVE)
            and (answer := _answer(given, place, facts[given["fact"]])) is not None
        ]
        rows.append(
            [
                _moment(interview.opened_at),
                str(interview.centre),
                _role(interview.held_by, interview.opened_at),
                "; ".join(dict.fromkeys(said)) or gettext("nothing about you"),
            ]
        )
    notes = [] if rows else [gettext("No interview was held.")]
    head = [gettext("Begun"), gettext("Centre"), gettext("Held by"), gettext("What was answered about you")]
    return Section(gettext("Desk interviews"), notes, head, [2, 2, 3, 7], rows)


def _answer(given: Mapping[str, Any], place: int | None, fact: Fact) -> str | None:
    """What an answer says about one member, or about the household; None when it is about others."""
    if given["members"] and place not in given["members"]:
        return None
    if "said" in given:
        return gettext("not known") if given["said"] == "unknown" else gettext("rather not said")
    value = given["value"][given["members"].index(place)] if given["members"] else given["value"]
    if value is None:
        return gettext("not known")
    value = date.fromisoformat(value) if fact.type == "date" else value
    return stated(Statement(fact, value, Source.INTERVIEW, date.min, 0))


def without_others(known: KnownHousehold, person: Person, facts: Mapping[str, Fact]) -> Described:
    """The household as it may be told to one member: without sensitive facts of the others or of all together."""
    described = known.described()
    if len(known.members) == 1:
        return described

    def mild(values: Mapping[str, object]) -> dict[str, object]:
        return {
            name: value
            for name, value in values.items()
            if name not in facts or facts[name].sensitivity != SENSITIVE
        }

    members = [
        dict(values) if member.person.pk == person.pk else mild(values)
        for member, values in zip(known.members, described.members, strict=True)
    ]
    return Described(facts=mild(described.facts), members=members)


def _computed(person: Person, known: KnownHousehold, day: date) -> Section:
    rules = programmes.rules(day)
    place = next(at for at, member in enumerate(known.members) if member.person.pk == person.pk)
    assessment = rules.assess(without_others(known, person, rules.catalogue.facts))
    rows = []
    for result in assessment.results:
        if result.member not in (None, place):
            continue
        rows.append(
            [
                spoken(result.programme.name),
                gettext("household") if result.member is None else gettext("you"),
                str(ANSWERS.get(result.answer, gettext("Cannot tell yet"))) + _amount(result),
                _reasons(result),
                result.programme.law,
            ]
        )
    notes = [
        gettext(
            "Computed from the facts above under the rules of %(day)s, catalogue %(version)s, by fixed criteria of the "
            "law; no decision was made by this alone. You may refuse such computing or ask for an explanation."
        )
        % {"day": day, "version": rules.catalogue.version}
    ]
    if len(known.members) > 1:
        notes.append(
            gettext(
                "Sensitive facts of other members were left out of this computation, so the office may know more than "
                "“cannot tell yet” says here."
            )
        )
    head = [gettext("Programme"), gettext("For"), gettext("Answer"), gettext("What decided"), gettext("Law")]
    return Section(gettext("What the hub computed"), notes, head, [4, 2, 3, 6, 4], rows)


def _amount(result: Result) -> str:
    amount = result.amount
    if result.answer != ENTITLED or amount is None or amount.low is None or not amount.exact:
        return ""
    return f" · {won(amount.low)}"


def _reasons(result: Result) -> str:
    """All criteria where somebody is entitled; else those that stand in the way or are open."""
    if result.answer == ENTITLED:
        return "; ".join(spoken(reason.criterion.label) for reason in result.reasons)
    failing = [spoken(reason.criterion.label) for reason in result.reasons if reason.holds is False]
    if failing:
        return gettext("not met: %(criteria)s") % {"criteria": "; ".join(failing)}
    unsettled = [spoken(reason.criterion.label) for reason in result.reasons if reason.holds is None]
    return gettext("open: %(criteria)s") % {"criteria": "; ".join(unsettled)}


def _runs() -> Section:
    rows = [
        [str(run.pk), str(run.as_of), _moment(run.finished_at), run.catalogue_version]
        for run in Run.objects.filter(state=Run.State.DONE)
        if run.finished_at is not None
    ]
    notes = [
        gettext("Each of these screened every household on the register, yours too if it was there by then.")
    ]
    head = [gettext("Run"), gettext("As of"), gettext("Finished"), gettext("Catalogue")]
    return Section(
        gettext("District runs"), notes if rows else [gettext("None so far.")], head, [1, 2, 3, 3], rows
    )


def _requests(person: Person) -> Section:
    rows = [
        [
            str(asked.get_kind_display()),
            str(asked.received_on),
            str(asked.due_on),
            str(asked.get_state_display()),
        ]
        for asked in queries.requests_of(person)
    ]
    head = [gettext("Request"), gettext("Received on"), gettext("Due on"), gettext("State")]
    return Section(gettext("Your requests"), [], head, [3, 2, 2, 2], rows)


def _trail(person: Person) -> Section:
    households = erasure.homes(person)
    interviews = Interview.objects.filter(household__in=households).values_list("pk", flat=True)
    entries = _entries(person).values_list("pk", flat=True)
    about = (
        Q(object_kind="people.household", object_id__in=[str(pk) for pk in households])
        | Q(object_kind="people.person", object_id__in=[str(pk) for pk in entries])
        | Q(object_kind="screening.interview", object_id__in=[str(pk) for pk in interviews])
    )
    rows = [
        [
            _moment(mark.at),
            _role(mark.actor, mark.at),
            str(DEEDS.get(mark.verb, gettext("Worked with the record"))),
            str(PURPOSES.get(mark.purpose, mark.purpose)),
        ]
        for mark in AccessRecord.objects.filter(about).select_related("actor").order_by("at", "pk")
    ]
    notes = [
        gettext("Every opening leaves such a mark. Marks are kept for two years; no one can change them.")
        if rows
        else gettext("Nobody opened it so far.")
    ]
    head = [gettext("When"), gettext("Who (role and centre)"), gettext("What"), gettext("Purpose")]
    return Section(gettext("Who opened your record"), notes, head, [2, 4, 3, 3], rows)


def _kept(person: Person, day: date) -> Section:
    rows = []
    for kind in retention.kinds():
        if kind.years and (kind.person or kind.model in OF_HOUSEHOLDS):
            period = ngettext("%(years)d year", "%(years)d years", kind.years) % {"years": kind.years}
            rows.append([str(kind.label), f"{period}: {kind.clock}", _until(kind, person), kind.law])
    head = [gettext("Kind of data"), gettext("Kept for"), gettext("At least until"), gettext("Law")]
    return Section(gettext("How long it is kept"), [], head, [3, 4, 2, 4], rows)


def _until(kind: retention.Kind, person: Person) -> str:
    """The last day of the period that began latest, where it has begun."""
    starts: list[date | None] = []
    interviews = [
        timezone.localdate(one.closed_at or one.opened_at)
        for one in Interview.objects.filter(household__in=erasure.homes(person))
    ]
    records = list(
        FactRecord.objects.filter(
            Q(person__in=_entries(person)) | Q(household__in=_homes(person))
        ).values_list("collected_on", flat=True)
    )
    match kind.model:
        case "people.person" | "people.factrecord":
            starts = [*records, *interviews]
        case "screening.interview":
            starts = [*interviews]
        case "privacy.consent":
            starts = [one.withdrawn_on or one.expires_on for one in queries.history(person)]
        case "privacy.subjectrequest":
            starts = [one.answered_on for one in queries.requests_of(person)]
        case "access.accessrecord":
            starts = [timezone.localdate()]
    begun = [start for start in starts if start is not None]
    return (
        str(retention.last_day(max(begun), kind.years or 0)) if begun and len(begun) == len(starts) else "–"
    )


def _moment(at: datetime | None) -> str:
    return "" if at is None else timezone.localtime(at).strftime("%Y-%m-%d %H:%M")
