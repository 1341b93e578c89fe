"""Fetch and authorise: the only ways views and actions get at consents, requests and proofs; and the gate of consent."""

from collections.abc import Callable
from datetime import date
from functools import wraps
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404

from hub import walls
from hub.access.access import Asking, Refused, may, require, require_user
from hub.access.models import User
from hub.access.roles import Right
from hub.people.access import may_about, require_about
from hub.people.models import Person
from hub.privacy import queries
from hub.privacy.models import Consent, ConsentPurpose, SubjectRequest


def person_to_serve(user: Asking, person: int) -> Person:
    """A person whose consents and requests this user looks after; of a resident with two entries the one that stands.

    Raises Refused or Http404.
    """
    require(user, Right.MANAGE_CONSENT)
    persons = Person.objects.select_related("same_as__household__centre", "household__centre")
    found = get_object_or_404(persons, pk=person).stands
    require_about(user, Right.MANAGE_CONSENT, found.household)
    return found


def consent_to_withdraw(user: Asking, consent: int) -> Consent:
    """A consent of a person this user looks after. Raises Refused or Http404."""
    require(user, Right.MANAGE_CONSENT)
    found = get_object_or_404(Consent.objects.select_related("person__household", "text"), pk=consent)
    require_about(user, Right.MANAGE_CONSENT, found.person.household)
    return found


def request_to_see(user: Asking, request: int) -> SubjectRequest:
    """A request of a resident: for those who serve its dong, and for those who decide erasures."""
    if not may(user, Right.ERASE):
        require(user, Right.MANAGE_CONSENT)
    found = get_object_or_404(SubjectRequest.objects.select_related("person__household__centre"), pk=request)
    if not may(user, Right.ERASE):
        require_about(user, Right.MANAGE_CONSENT, found.person.household)
    return found


def may_serve(user: Asking, person: Person) -> bool:
    """Whether this user looks after this person's consents and requests."""
    return may_about(user, Right.MANAGE_CONSENT, person.household)


def require_serve(user: Asking, person: Person) -> None:
    """Raise Refused unless `may_serve`."""
    require_about(user, Right.MANAGE_CONSENT, person.household)


def require_erase(user: Asking) -> User:
    """The user, if erasing is theirs to decide. Raises Refused."""
    require(user, Right.ERASE)
    return require_user(user)


def require_consent(person: Person, consent_purpose: ConsentPurpose, day: date, item: str = "") -> None:
    """Raise Refused, with the reason, unless this person's consent for this purpose is in force on a day.

    `item` names an optional item that must have been agreed to as well.
    """
    standing = queries.consent_for(person, consent_purpose, day)
    if not standing.allows(item):
        raise Refused(standing.reason_for(item))


def across_dongs(page: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Let a page show those who decide erasures what the decision is about, wherever it lies and sealed or not."""

    @wraps(page)
    def widened(request: HttpRequest, *given: Any, **named: Any) -> HttpResponse:
        if not may(request.user, Right.ERASE):
            return page(request, *given, **named)
        with walls.everywhere():
            return page(request, *given, **named)

    return widened
