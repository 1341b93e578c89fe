"""What was agreed to, what was asked, and by when it must be answered."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from django.db import models
from django.db.models import QuerySet
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from hub.access.access import area_of_duty, may
from hub.access.models import User
from hub.access.roles import Right
from hub.people import queries as people
from hub.people.access import in_area
from hub.people.models import Household, Person
from hub.privacy.models import (
    Consent,
    ConsentPurpose,
    ConsentText,
    ErasureRecord,
    RetentionRun,
    SubjectRequest,
)


class State(models.TextChoices):
    """How consent to one purpose stands on a day."""

    IN_FORCE = "in_force", _("Valid")
    EXPIRED = "expired", _("Expired")
    WITHDRAWN = "withdrawn", _("Withdrawn")
    NONE = "none", _("None")


@dataclass(frozen=True)
class Standing:
    """How a person's consent to one purpose stands on a day; `consent` is the one that decides, if there is any."""

    consent_purpose: ConsentPurpose
    state: State
    consent: Consent | None = None

    def allows(self, item: str = "") -> bool:
        """Whether it is in force, and for this item too if one is named."""
        if self.state != State.IN_FORCE or self.consent is None:
            return False
        return not item or self.consent.items.get(item) is True

    def reason_for(self, item: str = "") -> str:
        """Why it allows or does not allow, as a sentence."""
        words = {"purpose": self.consent_purpose.label}
        match self.state:
            case State.NONE:
                return gettext("No consent was given: %(purpose)s.") % words
            case State.EXPIRED:
                assert self.consent is not None
                return gettext("The consent ended on %(day)s: %(purpose)s.") % {
                    **words,
                    "day": self.consent.expires_on,
                }
            case State.WITHDRAWN:
                assert self.consent is not None
                return gettext("The consent was withdrawn on %(day)s: %(purpose)s.") % {
                    **words,
                    "day": self.consent.withdrawn_on,
                }
        if not self.allows(item):
            return gettext("This optional item was not agreed to: %(purpose)s.") % words
        return gettext("The consent is in force: %(purpose)s.") % words


def _standing(consent_purpose: ConsentPurpose, latest: Consent | None, day: date) -> Standing:
    if latest is None:
        return Standing(consent_purpose, State.NONE)
    if latest.withdrawn_on is not None and latest.withdrawn_on <= day:
        return Standing(consent_purpose, State.WITHDRAWN, latest)
    if latest.expires_on is not None and latest.expires_on < day:
        return Standing(consent_purpose, State.EXPIRED, latest)
    return Standing(consent_purpose, State.IN_FORCE, latest)


def consent_for(person: Person, consent_purpose: ConsentPurpose, day: date) -> Standing:
    """How consent to a purpose stands on a day. The latest consent given by then decides alone."""
    given = history(person).filter(text__consent_purpose=consent_purpose, given_on__lte=day)
    return _standing(consent_purpose, given.first(), day)


def standings(person: Person, day: date) -> list[Standing]:
    """The same for every purpose."""
    return _standings(history(person), day).get(person.stands_id, _nothing())


def standings_in(household: Household, day: date) -> dict[int, list[Standing]]:
    """The same for those of a household who ever gave one: {person: one standing for each purpose}. One query."""
    return _standings(Consent.objects.filter(person__household=household), day)


def _nothing() -> list[Standing]:
    return [Standing(consent_purpose, State.NONE) for consent_purpose in ConsentPurpose]


def _standings(consents: QuerySet[Consent], day: date) -> dict[int, list[Standing]]:
    latest: dict[int, dict[str, Consent]] = {}
    for consent in consents.filter(given_on__lte=day).annotate(of=people.RESIDENT).select_related("text"):
        latest.setdefault(consent.of, {}).setdefault(consent.consent_purpose, consent)
    return {
        person: [
            _standing(consent_purpose, of.get(consent_purpose), day) for consent_purpose in ConsentPurpose
        ]
        for person, of in latest.items()
    }


def history(person: Person) -> QuerySet[Consent]:
    """Every consent of a resident, whichever entry of the register it was given for, the latest first."""
    return Consent.objects.filter(person__in=people.entries([person.stands_id])).select_related(
        "text", "explained_by", "withdrawal_recorded_by"
    )


def masked(number: str) -> str:
    """A resident number with six digits of birth and the first of the rest, whatever the register took in."""
    birth, dash, rest = number.partition("-")
    return f"{birth}{dash}{rest[:1]}{'*' * len(rest[1:])}"


def text_in_force(consent_purpose: ConsentPurpose, language: str, day: date) -> ConsentText | None:
    """The published text to be signed on a day, in this language."""
    return (
        ConsentText.objects.filter(consent_purpose=consent_purpose, language=language, valid_from__lte=day)
        .order_by("-version")
        .first()
    )


# -- requests of residents -------------------------------------------------------------------------------------


def requests_for(user: User) -> QuerySet[SubjectRequest]:
    """The requests this user may see: all for who decides erasures, those of one's area of duty for who serves them."""
    found = SubjectRequest.objects.select_related("person__household__centre")
    if may(user, Right.ERASE):
        return found
    return found.filter(in_area(area_of_duty(user, Right.MANAGE_CONSENT), "person__household__"))


def requests_of(person: Person) -> QuerySet[SubjectRequest]:
    """Everything a resident asked, whichever entry of the register it was written down for."""
    return SubjectRequest.objects.filter(person__in=people.entries([person.stands_id]))


@dataclass(frozen=True)
class Desk:
    """The requests of residents: overdue ones first, then by due date, then the latest answered."""

    overdue: list[SubjectRequest]
    open: list[SubjectRequest]
    answered: list[SubjectRequest]


def desk(user: User, day: date, answered: int = 20) -> Desk:
    """What waits for an answer on a day, and the latest that were answered."""
    mine = requests_for(user)
    waiting = list(mine.filter(state=SubjectRequest.State.OPEN))
    return Desk(
        [request for request in waiting if request.due_on < day],
        [request for request in waiting if request.due_on >= day],
        list(mine.exclude(state=SubjectRequest.State.OPEN).order_by("-answered_on", "-pk")[:answered]),
    )


def overdue(user: User, day: date) -> int:
    """How many requests this user sees should have been answered by now."""
    return requests_for(user).filter(state=SubjectRequest.State.OPEN, due_on__lt=day).count()


# -- retention -------------------------------------------------------------------------------------------------


def retention_run() -> RetentionRun | None:
    """The run that waits or is under way."""
    return RetentionRun.objects.filter(
        state__in=[RetentionRun.State.WAITING, RetentionRun.State.RUNNING]
    ).first()


def proofs(number: int = 20) -> Iterable[ErasureRecord]:
    """The latest proofs of erasure."""
    return ErasureRecord.objects.select_related("run", "request")[:number]
