"""Fetch and authorise: the only ways views get at an identity number or at the person it is recorded for."""

import uuid

from django.http import Http404
from django.shortcuts import get_object_or_404

from hub.access.access import Asking, require
from hub.access.roles import Right
from hub.people.access import may_about, may_record, require_about
from hub.people.identity.models import IdentityNumber
from hub.people.models import Household, Person


def may_unmask(user: Asking, household: Household) -> bool:
    """Whether this user may see a whole number of a member of this household."""
    return may_about(user, Right.UNMASK_NUMBERS, household)


def require_unmask(user: Asking, household: Household) -> None:
    """Raise Refused unless `may_unmask`."""
    require_about(user, Right.UNMASK_NUMBERS, household)


def number_to_unmask(user: Asking, number: uuid.UUID) -> IdentityNumber:
    """A number within the user's area of duty. Raises Refused without the right, else Http404.

    A number elsewhere and one that does not exist look the same.
    """
    require(user, Right.UNMASK_NUMBERS)
    found = get_object_or_404(IdentityNumber.objects.select_related("person__household__centre"), pk=number)
    if not may_unmask(user, found.person.household):
        raise Http404
    return found


def person_to_record(user: Asking, person: int) -> Person:
    """A person about whom this user records facts; of a resident with two entries the one that stands.

    Raises Refused without the right, else Http404.
    """
    require(user, Right.RECORD_FACTS)
    row = get_object_or_404(
        Person.objects.select_related("same_as__household", "household__centre"), pk=person
    )
    found = row.stands
    if not may_record(user, found.household):
        raise Http404
    return found
