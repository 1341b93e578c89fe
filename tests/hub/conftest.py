"""The people and households that the hub's tests play with.

Chunghyeon is the dong of the coordinator; Sinchon is somebody else's.
"""

from dataclasses import dataclass

import pytest
from django.db import transaction

from hub.access.actions import create_user, give_post
from hub.access.models import User
from hub.access.roles import SCOPES, Role
from hub.organisation.models import Centre, Zone
from hub.people.models import Household, Person
from hub.people.search import terms
from welfare import Fact

CHUNGHYEON, SINCHON = "1141056500", "1141058500"
PASSPHRASE = "an invented passphrase for tests"


@dataclass(frozen=True)
class SmallCatalogue:
    """Just enough of a catalogue to record facts with: the facts."""

    facts: dict[str, Fact]


def _fact(name: str, of: str, type: str, **more: object) -> Fact:
    return Fact(name, of, type, {"ko": name, "en": name}, **more)  # type: ignore[arg-type]


@pytest.fixture(scope="session")
def catalogue() -> SmallCatalogue:
    """Five facts, one of each type."""
    facts = (
        _fact("tenure", "household", "code", codes=("owner", "rent")),
        _fact("rent", "household", "won", low=0, high=10_000_000),
        _fact("birth_date", "person", "date", low=19000101, high=21001231),
        _fact("earnings", "person", "won", low=0, high=100_000_000),
        _fact("registered_disabled", "person", "bool"),
    )
    return SmallCatalogue({fact.name: fact for fact in facts})


@pytest.fixture
def someone(db):
    """Make a user holding one post: someone(Role.COORDINATOR), someone(Role.NURSE, SINCHON)."""

    def make(role: Role | None = None, *dongs: str) -> User:
        name = role.value if role else "nobody"
        username = f"{name}{User.objects.count()}"
        user = create_user(username, f"{name} (invented)", PASSPHRASE)
        if role is not None:
            wanted = () if SCOPES[role].whole_district else dongs or (CHUNGHYEON,)
            give_post(user, role, Centre.objects.filter(code__in=wanted))
        return user

    return make


@pytest.fixture
def zones(db) -> tuple[Zone, Zone]:
    """Two zones of Chunghyeon-dong, the households of 가상하로 and those of 가상두로."""
    return tuple(
        Zone.objects.create(
            code=f"{CHUNGHYEON}-{number:03}", centre_id=CHUNGHYEON, name=f"{number}구역", ground=road
        )
        for number, road in enumerate(("가상하로", "가상두로"), start=1)
    )


@pytest.fixture
def limited(someone):
    """Make a user whose post is limited to zones: limited(Role.PLANNER, zone)."""

    def make(role: Role, *zones: Zone) -> User:
        user = someone()
        centres = Centre.objects.filter(zones__in=zones).distinct()
        give_post(user, role, centres, zones=zones, only_zones=True)
        return user

    return make


@pytest.fixture
def coordinator(someone) -> User:
    """A welfare coordinator of Chunghyeon-dong."""
    return someone(Role.COORDINATOR)


@pytest.fixture
def household(db) -> Household:
    """An invented couple in Chunghyeon-dong about whom nothing is recorded."""
    return _household(1001, CHUNGHYEON, "가상하나", "가상두리")


@pytest.fixture
def household_elsewhere(db) -> Household:
    """An invented person in Sinchon-dong."""
    return _household(2001, SINCHON, "가상서이")


@transaction.atomic
def _household(number: int, dong: str, *names: str) -> Household:
    household = Household.objects.create(pk=number, centre_id=dong)
    for position, name in enumerate(names, start=1):
        Person.objects.create(
            pk=number * 10 + position,
            household=household,
            name=name,
            resident_number="500101-9******",
            terms=terms(name),
            couple=1 if len(names) == 2 else None,
        )
    return household
