"""What is recorded and noted about residents, and the opening of a household; the register itself changes in `register.py`.

Opening stands here and not among the queries because it is a deed: it passes the gate and leaves its mark in the audit
trail, or it does not happen.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import date, timedelta

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from hub import walls
from hub.access import approvals
from hub.access.access import Refused, require
from hub.access.actions import record
from hub.access.models import Deed, User
from hub.access.purposes import Purpose
from hub.access.roles import Right
from hub.people import queries
from hub.people.access import forget_clearances, require_about, require_record, require_see_household
from hub.people.models import FactRecord, Household, Note, Opening, Person, Seal
from hub.people.sources import Source
from welfare import Catalogue, Fact

PURPOSE_HOLDS = timedelta(
    days=30
)  # then it is asked again; a case, once there are cases, for as long as it is open
EMERGENCY_HOLDS = timedelta(hours=24)
REVIEW_WITHIN = timedelta(hours=24)
GAPS = ("unknown", "refused", "none")


@transaction.atomic
def record_facts(
    about: Household | Person,
    values: Mapping[str, object],
    catalogue: Catalogue,
    *,
    by: User,
    source: Source,
    collected_on: date | None = None,
    expires_on: date | None = None,
    gaps: Mapping[str, str] | None = None,
    purpose: str = "",
) -> FactRecord:
    """Write down what a source said about a household or a person on a day, beside what was known before.

    `values` are plain values by fact name: bool, int, code or date (also as "YYYY-MM-DD"); `gaps` say why there is none:
    "unknown", "refused" or "none". Raises Refused outside the area of duty, ValidationError with a sentence for each
    value that does not fit the catalogue.
    """
    household = about if isinstance(about, Household) else about.household
    require_record(by, household)
    collected_on = collected_on or timezone.localdate()
    of = "household" if isinstance(about, Household) else "person"
    kept, missing = _checked(values, gaps or {}, of, catalogue, collected_on, expires_on)
    made = FactRecord.objects.create(
        household=about if isinstance(about, Household) else None,
        person=about if isinstance(about, Person) else None,
        source=source,
        collected_on=collected_on,
        expires_on=expires_on,
        recorded_by=by,
        values=kept,
        gaps=missing or None,
    )
    record(
        by,
        "people.recorded_facts",
        household,
        purpose,
        person=about.pk if isinstance(about, Person) else None,
    )
    return made


@transaction.atomic
def record_facts_of_many(
    told: Iterable[tuple[Household | Person, Mapping[str, object]]],
    catalogue: Catalogue,
    *,
    by: User,
    source: Source,
    collected_on: date | None = None,
    purpose: str = "",
) -> list[FactRecord]:
    """`record_facts` for everybody a source speaks of at once: each with a gate and an entry in the trail of its own.

    All are written or, when one is refused or does not fit, none. Raises as `record_facts` does.
    """
    collected_on = collected_on or timezone.localdate()
    made = []
    for about, values in told:
        household = about if isinstance(about, Household) else about.household
        require_record(by, household)
        of = "household" if about is household else "person"
        kept, _missing = _checked(values, {}, of, catalogue, collected_on, None)
        made.append(
            FactRecord(
                household=about if isinstance(about, Household) else None,
                person=about if isinstance(about, Person) else None,
                source=source,
                collected_on=collected_on,
                recorded_by=by,
                values=kept,
            )
        )
        person = about.pk if isinstance(about, Person) else None
        record(by, "people.recorded_facts", household, purpose, person=person)
    return FactRecord.objects.bulk_create(made)


@transaction.atomic
def take_back_facts(records: Iterable[FactRecord], *, by: User, purpose: str) -> None:
    """Remove records that should never have been made, such as those of a list that was imported by mistake.

    What other sources said before or since stays. Raises Refused outside the area of duty.
    """
    numbers = []
    for made in records:
        household = made.household or (made.person.household if made.person else None)
        assert household is not None  # a record is about one or the other; the database sees to it
        require_record(by, household)
        record(by, "people.took_back_facts", household, purpose)
        numbers.append(made.pk)
    FactRecord.objects.filter(pk__in=numbers).delete()


def _checked(
    values: Mapping[str, object],
    gaps: Mapping[str, str],
    of: str,
    catalogue: Catalogue,
    collected_on: date,
    expires_on: date | None,
) -> tuple[dict[str, object], dict[str, str]]:
    wrong: list[str] = []
    kept: dict[str, object] = {}
    if collected_on > timezone.localdate():
        wrong.append(_("The day of collection lies in the future."))
    if expires_on is not None and expires_on < collected_on:
        wrong.append(_("It expires before it was collected."))
    if not values and not gaps:
        wrong.append(_("Nothing was stated."))

    def declared(name: str) -> Fact | None:
        fact = catalogue.facts.get(name)
        if fact is None or fact.of != of:
            wrong.append(_("%(fact)s is not a fact of the catalogue here.") % {"fact": name})
            return None
        return fact

    for name, value in values.items():
        fact = declared(name)
        if fact is None:
            continue
        try:
            fact.encode(value)
        except ValueError:
            wrong.append(_("%(fact)s: this value does not fit.") % {"fact": fact.label["ko"]})
            continue
        kept[name] = value.isoformat() if isinstance(value, date) else value
    for name, said in gaps.items():
        fact = declared(name)
        if said not in GAPS or name in values:
            wrong.append(_("%(fact)s: either a value or the reason why there is none.") % {"fact": name})
        elif fact is not None and said == "none":
            # Of an amount or a count there is none: that is nothing, and known. Of anything else there is no value.
            kept[name] = 0 if fact.type in ("won", "int") and (fact.low or 0) <= 0 else None
    if wrong:
        raise ValidationError(wrong)
    return kept, dict(gaps)


# -- opening ---------------------------------------------------------------------------------------------------


class PurposeNeeded(Exception):
    """The household with this number may be opened as soon as it is said what for."""

    def __init__(self, household: int) -> None:
        super().__init__(household)
        self.household = household


@transaction.atomic
def open_household(
    household_id: int, catalogue: Catalogue, *, by: User, purpose: Purpose | None = None, reason: str = ""
) -> queries.KnownHousehold:
    """A household with its members and what is known about them; leaves its mark in the trail.

    The purpose is stated once and holds for a while: without one, the one stated before is meant. Raises PurposeNeeded where
    there is none, Household.DoesNotExist for a number that is not there or lies beyond what this user may see.
    """
    household = find_household(household_id, by=by)
    opening = queries.current_opening(household, by)
    if purpose is not None and (opening is None or opening.purpose != purpose):
        opening = Opening.objects.create(
            household=household,
            user=by,
            purpose=purpose,
            reason=reason.strip()[:300],
            until=timezone.now() + PURPOSE_HOLDS,
        )
        record(by, "people.stated_purpose", household, opening.purpose)
    if opening is None:
        raise PurposeNeeded(household.pk)
    record(by, "people.opened", household, opening.purpose)
    return replace(queries.known(household, catalogue), opening=opening)


@transaction.atomic
def reach_household(household_id: int, *, by: User) -> Household:
    """A household one does something about, for the purpose stated before; leaves its mark.

    Raises PurposeNeeded, Refused or Household.DoesNotExist.
    """
    household = find_household(household_id, by=by)
    opening = queries.current_opening(household, by)
    if opening is None:
        raise PurposeNeeded(household.pk)
    record(by, "people.reached", household, opening.purpose)
    return household


def find_household(household_id: int, *, by: User) -> Household:
    """A household this user may open. Raises Refused or Household.DoesNotExist."""
    require(by, Right.SEE_HOUSEHOLDS)
    household = Household.objects.select_related("centre", "zone").get(pk=household_id)
    require_see_household(by, household)
    return household


@transaction.atomic
def open_in_emergency(household_id: int, *, by: User, reason: str) -> None:
    """Let `by` see a household beyond area of duty and seal for a day, because life or safety is at stake (break-glass).

    It is told to those who inspect, who review it within a day. Raises Refused without any right to see households, ValidationError
    without a reason, Household.DoesNotExist for a number that is not there.
    """
    require(by, Right.SEE_HOUSEHOLDS)
    if len(reason.strip()) < 10:
        raise ValidationError(_("Say in a sentence what is at stake; the inspection reads it."))
    with walls.everywhere():
        household = Household.objects.get(pk=household_id)
        Opening.objects.create(
            household=household,
            user=by,
            purpose=Purpose.EMERGENCY,
            reason=reason.strip()[:300],
            until=timezone.now() + EMERGENCY_HOLDS,
            emergency=True,
        )
    forget_clearances(by)
    walls.also_cleared(household.pk)
    record(by, "people.broke_glass", household, Purpose.EMERGENCY)


@transaction.atomic
def review_emergency(opening_id: int, *, by: User, verdict: Opening.Verdict, text: str) -> Opening:
    """Judge an emergency opening. One that is not justified ends at once.

    Raises Refused without the right or for one's own, ValidationError without words, Opening.DoesNotExist.
    """
    require(by, Right.INSPECT)
    if not text.strip():
        raise ValidationError(_("Write down why."))
    with walls.everywhere():
        opening = Opening.objects.select_for_update().get(pk=opening_id, emergency=True, reviewed_at=None)
        if opening.user_id == by.pk:
            raise Refused(_("Somebody else reviews what you opened."))
        opening.reviewed_by, opening.reviewed_at = by, timezone.now()
        opening.verdict, opening.review = verdict, text.strip()[:300]
        opening.save(update_fields=["reviewed_by", "reviewed_at", "verdict", "review"])
    record(by, "people.reviewed_emergency", opening, verdict)
    return opening


@transaction.atomic
def search(text: str, *, by: User) -> list[queries.Found]:
    """Find residents by name, date of birth, phone, address or number, within the searcher's area of duty; leaves its mark.

    What was searched for is not written down: it may be a name.
    """
    require(by, Right.SEE_HOUSEHOLDS)
    found = queries.search(text, by)
    record(by, "people.searched", listed=[one.household_id for one in found], subjects=len(found))
    return found


@transaction.atomic
def take_out(household: Household, *, by: User, form: str, reason: str) -> None:
    """Write down that a household's record leaves the hub as a file. Raises PurposeNeeded, Refused, or ValidationError without reason."""
    require_record(by, household)
    opening = queries.current_opening(household, by)
    if opening is None:
        raise PurposeNeeded(household.pk)
    if len(reason.strip()) < 5:
        raise ValidationError(_("Say what the file is for."))
    record(by, "people.exported_household", household, f"{opening.purpose}, {form}: {reason.strip()[:150]}")


# -- sealing ---------------------------------------------------------------------------------------------------


@transaction.atomic
def seal_household(
    household: Household, *, by: User, kind: Seal.Kind, reason: str, allowed: Iterable[User]
) -> Seal:
    """Hide a household from everybody but `allowed`. Raises Refused, or ValidationError when nobody could open it any more."""
    require_about(by, Right.SEAL, household)
    allowed = list(allowed)
    if not allowed:
        raise ValidationError(_("Name at least one person who may open the household."))
    if household.sealed:
        raise ValidationError(_("This household is sealed already."))
    seal = Seal.objects.create(household=household, kind=kind, reason=reason.strip()[:300], sealed_by=by)
    seal.allowed.set(allowed)
    record(by, "people.sealed", household, kind)
    with walls.everywhere():  # the one who seals may not be among those who see it afterwards
        Household.objects.filter(pk=household.pk).update(sealed=True)
    household.sealed = True
    for user in (by, *allowed):
        forget_clearances(user)
    return seal


@transaction.atomic
def lift_seal(household: Household, *, by: User) -> None:
    """Let everybody on duty in the dong see the household again. Takes a second person's approval (`Deed.UNSEAL`).

    Raises Refused for whoever may not see it sealed, and without the approval.
    """
    require_about(by, Right.SEAL, household)
    approvals.use(Deed.UNSEAL, household, by)
    Seal.objects.filter(household=household, lifted_at=None).update(lifted_by=by, lifted_at=timezone.now())
    Household.objects.filter(pk=household.pk).update(sealed=False)
    household.sealed = False
    record(by, "people.unsealed", household)


# -- notes -----------------------------------------------------------------------------------------------------


@transaction.atomic
def write_note(
    household: Household, *, by: User, kind: Note.Kind, text: str, due_on: date | None = None
) -> Note:
    """Write a note, a promise with its day, or a warning. Raises Refused or ValidationError."""
    require_record(by, household)
    if not text.strip():
        raise ValidationError(_("Write something."))
    if kind == Note.Kind.PROMISE and due_on is None:
        raise ValidationError(_("A promise needs a day."))
    note = Note.objects.create(
        household=household,
        kind=kind,
        text=text.strip()[:1000],
        written_by=by,
        due_on=due_on if kind == Note.Kind.PROMISE else None,
    )
    record(by, "people.wrote_note", household, kind)
    return note


@transaction.atomic
def settle_note(household: Household, note_id: int, *, by: User) -> None:
    """A promise was kept or a warning no longer holds. Does nothing the second time. Raises Refused or Note.DoesNotExist."""
    require_record(by, household)
    note = queries.notes(household).select_for_update().exclude(kind=Note.Kind.NOTE).get(pk=note_id)
    if note.settled_on is None:
        note.settled_on, note.settled_by = timezone.localdate(), by
        note.save(update_fields=["settled_on", "settled_by"])
        record(by, "people.settled_note", household, note.kind)
