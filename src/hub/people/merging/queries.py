"""Two entries of the register side by side, what speaks against their being one resident, and what stands in the way.

Each side is told by what is recorded of itself alone, so a merged pair can be looked at as it was before.
"""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from hub.people import queries
from hub.people.identity.models import IdentityNumber
from hub.people.models import Household, LifeEvent, Person
from hub.people.numbers import Kind
from hub.templatetags.words import spoken, stated
from welfare import Catalogue
from welfare.hangul import letters

AGREES, DIFFERS, UNKNOWN = "agrees", "differs", "unknown"
_FRONT = re.compile(r"\d{6}-\d")  # what a masked number shows: day of birth, then century and sex
_NO_DIGIT = re.compile(r"\D+")
_WHO = ("birth_date", "sex")  # facts that say who somebody is


@dataclass(frozen=True)
class Line:
    """One word or fact of both sides as a person reads it; `verdict` is "agrees", "differs", or "unknown" when a side is silent."""

    label: str
    here: str
    there: str
    verdict: str


@dataclass(frozen=True)
class Comparison:
    """Two entries side by side: who they are, the facts that differ and all the others, and what speaks against one resident."""

    who: tuple[Line, ...]
    differing: tuple[Line, ...]
    others: tuple[Line, ...]
    doubts: tuple[str, ...]


@dataclass(frozen=True)
class _Side:
    """One entry by itself."""

    person: Person
    household: Household
    facts: dict[str, queries.Standing]
    addresses: list[str]
    fronts: set[str]
    masked: list[str]
    whole: set[bytes]  # blind indexes of registration numbers

    def said(self, fact: str) -> str:
        standing = self.facts.get(fact)
        return "" if standing is None or standing.why == "expired" else stated(standing.now)


def _side(person: Person, catalogue: Catalogue) -> _Side:
    household = person.merged_from or person.household
    numbers = list(
        IdentityNumber.objects.filter(person=person, kind__in=(Kind.RESIDENT, Kind.FOREIGNER))
        .defer("encrypted")
        .order_by("-collected_on", "-recorded_at")
    )
    masked = [text for text in (person.resident_number, *(number.masked for number in numbers)) if text]
    return _Side(
        person,
        household,
        queries.standings(person.records.select_related("recorded_by"), catalogue),
        [address.text for address in queries.addresses(household)],
        {found[0] for text in masked if (found := _FRONT.match(text))},
        list(dict.fromkeys(masked)),
        {bytes(number.blind_index) for number in numbers},
    )


def compare(stands: Person, back: Person, catalogue: Catalogue) -> Comparison:
    """Both entries, word by word and fact by fact."""
    here, there = _side(stands, catalogue), _side(back, catalogue)
    facts = [fact for fact in catalogue.facts.values() if fact.of == "person"]
    told = {
        fact.name: _line(spoken(fact.label), here.said(fact.name), there.said(fact.name), str)
        for fact in facts
        if fact.name in here.facts or fact.name in there.facts
    }
    recorded = _("recorded")
    who = [
        _line(_("Name"), stands.name, back.name, letters),
        *(told[name] for name in _WHO if name in told),
        Line(
            _("Resident number"),
            ", ".join(here.masked),
            ", ".join(there.masked),
            _overlap(here.fronts, there.fronts),
        ),
        Line(
            _("Whole registration number"),
            recorded if here.whole else "",
            recorded if there.whole else "",
            _overlap(here.whole, there.whole),
        ),
        _line(_("Phone"), stands.phone, back.phone, lambda text: _NO_DIGIT.sub("", text)),
        Line(
            _("Address"),
            ", ".join(here.addresses),
            ", ".join(there.addresses),
            _overlap(set(map(letters, here.addresses)), set(map(letters, there.addresses))),
        ),
        _line(_("Household"), _home(here), _home(there), str),
    ]
    recorded_facts = [line for name, line in told.items() if name not in _WHO]
    return Comparison(
        tuple(line for line in who if line.here or line.there),
        tuple(line for line in recorded_facts if line.verdict == DIFFERS),
        tuple(line for line in recorded_facts if line.verdict != DIFFERS),
        tuple(_doubts(here, there)),
    )


def _line(label: str, here: str, there: str, plain: Callable[[str], str]) -> Line:
    return Line(label, here, there, _overlap({plain(here)} - {""}, {plain(there)} - {""}))


def _overlap(here: set[str] | set[bytes], there: set[str] | set[bytes]) -> str:
    return UNKNOWN if not here or not there else AGREES if here & there else DIFFERS


def _home(side: _Side) -> str:
    return f"{side.household.pk} · {side.household.centre}"


def _doubts(here: _Side, there: _Side) -> Iterable[str]:
    """What makes it unlikely that the two are one resident; the second person reads it before anything else."""

    def differ(fact: str, part: Callable[[str], object]) -> bool:
        stated_differs = _overlap({here.said(fact)} - {""}, {there.said(fact)} - {""}) == DIFFERS
        fronts = {part(front) for front in here.fronts}, {part(front) for front in there.fronts}
        return stated_differs or bool(fronts[0] and fronts[1] and not fronts[0] & fronts[1])

    if differ("birth_date", lambda front: front[:6]):
        yield _("The dates of birth differ.")
    if differ("sex", lambda front: int(front[7]) % 2):  # odd for men, in every century and for foreigners
        yield _("The sex differs.")
    if _overlap(here.whole, there.whole) == DIFFERS:
        yield _("The whole registration numbers on record differ.")


def in_words(stands: Person, back: Person, compared: Comparison) -> str:
    """What the second person judges by: which entry steps back for which, what agrees and what does not. No value is told, as
    whoever approves need not be among those who may see the two.
    """
    homes = {"stands": stands.pk, "home": stands.household_id, "back": back.pk, "old": back.household_id}
    lines = [
        _(
            "Person %(back)d of household %(old)d is the same resident as person %(stands)d of household %(home)d."
        )
        % homes,
        *(_("Warning: %(doubt)s") % {"doubt": doubt} for doubt in compared.doubts),
    ]
    for verdict, words in ((AGREES, _("Agrees: %(labels)s")), (DIFFERS, _("Differs: %(labels)s"))):
        if labels := ", ".join(line.label for line in compared.who if line.verdict == verdict):
            lines.append(words % {"labels": labels})
    if differ := len(compared.differing):
        lines.append(ngettext("%d fact differs.", "%d facts differ.", differ) % differ)
    return "\n".join(lines)


def obstacle(stands: Person, back: Person) -> str:
    """Why the two cannot be merged in this way, in a sentence that says what to do; empty when they can."""
    if stands.pk == back.pk:
        return _("A person cannot be merged with itself.")
    for one in (back, stands):
        if one.same_as_id is not None:
            return _(
                "Person %(number)d is merged with person %(other)d already. Merge with that one, or part those two first."
            ) % {"number": one.pk, "other": one.same_as_id}
    if back.merged.exists():
        return _(
            "Other entries are merged with person %(number)d. Let that one stand and the other step back, or part them first."
        ) % {"number": back.pk}
    if stands.left_on is not None:
        return _("Person %(number)d does not live here any more. Let the other entry stand.") % {
            "number": stands.pk
        }
    return behind_a_seal(stands.household, back.household)


def behind_a_seal(one: Household, other: Household) -> str:
    """A row that goes from one household to another would carry what a seal hides with it; empty when none does."""
    if one.pk != other.pk and (one.sealed or other.sealed):
        return _("One of the two households is sealed. Its seal has to be lifted first.")
    return ""


def merging_of(stands: Person, back: Person) -> LifeEvent | None:
    """The line of history that tells when the two were merged and by whom, where it lies in sight."""
    told = stands.events.filter(kind=LifeEvent.Kind.MERGED, other=back.merged_from_id)
    return told.select_related("recorded_by").order_by("-pk").first()
