"""Merging two entries of one resident, and parting them.

Nothing is written over. The entry that steps back keeps its row with everything recorded about it; it goes into the household of
the one that stands, so that one wall guards both, and is read with it. Parting takes the pointer away and puts the row back:
what was recorded about the one that stands meanwhile stays there, what belongs to the other is its own again.
"""

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from hub import walls
from hub.access import approvals
from hub.access.actions import record
from hub.access.models import Approval, Deed, User
from hub.access.roles import Right
from hub.people.access import require_about
from hub.people.merging import queries
from hub.people.models import Household, LifeEvent, Person
from hub.people.register import add_event, dissolve_if_empty
from hub.people.sources import Source
from welfare import Catalogue


def subject(stands: Person, back: Person) -> tuple[str, str]:
    """What an approval is for: these two, in this order, and no others."""
    return "people.merging", f"{stands.pk}+{back.pk}"


@transaction.atomic
def ask_to_merge(stands: Person, back: Person, catalogue: Catalogue, *, by: User, reason: str) -> Approval:
    """Ask a second person that `back` steps back for `stands`. Raises Refused or, for what cannot be merged, ValidationError."""
    _pass(stands, back, by)
    one, other = stands.household.dong, back.household.dong
    return approvals.ask(
        Deed.MERGE_PERSONS,
        subject(stands, back),
        by,
        reason,
        facts=queries.in_words(stands, back, queries.compare(stands, back, catalogue)),
        dong=one if one == other else "",  # across dongs only whoever approves in the whole district
    )


def _pass(stands: Person, back: Person, by: User) -> None:
    for person in (stands, back):
        require_about(by, Right.LINK_PERSONS, person.household)
    if problem := queries.obstacle(stands, back):
        raise ValidationError(problem)


@transaction.atomic
def merge(stands: Person, back: Person, *, by: User) -> None:
    """Let `back` step back for `stands`. Takes a second person's approval for these two (`Deed.MERGE_PERSONS`).

    Raises Refused without the right about both households or without the approval, ValidationError for what cannot be merged.
    """
    stands, back = _held(stands, back)
    _pass(stands, back, by)
    approvals.use(Deed.MERGE_PERSONS, subject(stands, back), by)
    home, former, today = stands.household, back.household, timezone.localdate()
    # While the household changes the row belongs to neither dong alone.
    with walls.everywhere():
        back.couples_before = _give_couple(stands, back)
        back.refresh_from_db(fields=["couple"])
        back.same_as, back.merged_from, back.household = stands, former, home
        if back.left_on is None:
            back.left_on, back.left_by = today, Person.Left.MERGED
        back.save()
        _tell(LifeEvent.Kind.MERGED, stands, back, by)
        if former.dissolved_on is None:
            dissolve_if_empty(former, today)
    record(by, "people.merged_persons", stands, f"with person {back.pk}")
    record(by, "people.merged_persons", back, f"with person {stands.pk}", household=former.pk)


@transaction.atomic
def part(back: Person, *, by: User) -> None:
    """Undo a merging, however long ago: `back` is in its household again as it was, with all that is its own.

    A couple is put back when both still live there and neither was changed since. One person may do it: it hides nothing and can be
    done again. Raises Refused without the right about both households, ValidationError when they are not merged or a seal forbids it.
    """
    [back] = _held(back)
    if back.same_as is None:
        raise ValidationError(_("This entry is not merged with another."))
    stands = back.same_as
    with walls.everywhere():  # it may lie out of sight; the gate says so
        former = Household.objects.get(merged_away=back)
    for household in (stands.household, former):
        require_about(by, Right.LINK_PERSONS, household)
    if problem := queries.behind_a_seal(stands.household, former):
        raise ValidationError(problem)
    with walls.everywhere():
        couples, back.couples_before = back.couples_before or {}, None
        back.same_as, back.merged_from, back.household = None, None, former
        if back.left_by == Person.Left.MERGED:
            back.left_on, back.left_by = None, ""
            former.dissolved_on = None
            former.save(update_fields=["dissolved_on"])
        back.save()
        _put_couple_back(back, couples)
        _tell(LifeEvent.Kind.PARTED, stands, back, by)
    record(by, "people.parted_persons", stands, f"from person {back.pk}")
    record(by, "people.parted_persons", back, f"from person {stands.pk}")


def _held(*persons: Person) -> list[Person]:
    """The same persons, held until the end of the transaction: always in one order, so that two deeds cannot wait for each other."""
    held = Person.objects.select_for_update(of=("self",)).order_by("pk")
    held = held.select_related("household", "same_as__household")
    found = {person.pk: person for person in held.filter(pk__in=[person.pk for person in persons])}
    return [found[person.pk] for person in persons]


def _tell(kind: LifeEvent.Kind, stands: Person, back: Person, by: User) -> None:
    """A line in the history of each household; of one and the same only one."""
    former = back.merged_from or back.household
    today = timezone.localdate()
    add_event(stands.household, kind, today, by=by, person=stands, other=former.pk, source=Source.REGISTER)
    if former.pk != stands.household_id:
        add_event(former, kind, today, by=by, person=back, other=stands.household_id, source=Source.REGISTER)


def _give_couple(stands: Person, back: Person) -> dict[str, int | None] | None:
    """Let nobody be a couple with somebody who stepped back; gives the numbers of before.

    Within one household the place goes to the one that stands, if it is free; elsewhere the other half stays behind alone.
    """
    if back.couple is None or back.left_on is not None:
        return None
    both = list(back.household.members.filter(couple=back.couple, left_on=None))
    before: dict[str, int | None] = {str(one.pk): one.couple for one in both}
    Person.objects.filter(pk__in=[one.pk for one in both]).update(couple=None)
    others = [one.pk for one in both if one.pk != back.pk]
    if stands.household_id == back.household_id and stands.couple is None and others:
        Person.objects.filter(pk__in=[stands.pk, *others]).update(couple=back.couple)
        before[str(stands.pk)] = None
    return before


def _put_couple_back(back: Person, before: dict[str, int | None]) -> None:
    if not before:
        return
    given = None in before.values()  # to the one that stands, so the other half never stood alone
    number = before[str(back.pk)]
    live = {str(one.pk): one for one in back.household.members.filter(pk__in=before, left_on=None)}
    unchanged = all(
        key in live and live[key].couple == (number if given and key != str(back.pk) else None)
        for key in before
    )
    if unchanged:
        for key, couple in before.items():
            Person.objects.filter(pk=key).update(couple=couple)
