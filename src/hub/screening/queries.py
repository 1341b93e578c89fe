"""Runs and interviews as screens need them."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Any

from django.db import transaction
from django.db.models import Count, Exists, OuterRef, Q, QuerySet, Sum

from hub import walls
from hub.organisation.models import Centre
from hub.organisation.queries import dong_of
from hub.people.access import in_area
from hub.people.models import Household, Person
from hub.programmes import queries as programmes
from hub.screening.models import Interview, Listed, Missed, Run
from welfare import Household as WelfareHousehold
from welfare.facts import Fact
from welfare.rules import Programme
from welfare.rules.interview import REFUSED, UNKNOWN, Question
from welfare.rules.interview import Interview as Conversation
from welfare.screening import Run as Results

COUNTS = ("entitled", "receiving", "missed", "receipt_unknown", "unknown", "not_entitled")


# District runs ------------------------------------------------------------------------------------------------------------------


def latest_run() -> Run | None:
    """The newest run that was carried out to the end and whose files are here.

    Files are derived and in no backup: after a restore there is no run to show until the next one.
    """
    done = Run.objects.filter(state=Run.State.DONE)
    return next(
        (run for run in done.iterator(chunk_size=10) if (run.folder / "manifest.json").exists()), None
    )


def unfinished_run() -> Run | None:
    """The run that waits or is under way."""
    return Run.objects.filter(state__in=[Run.State.WAITING, Run.State.RUNNING]).first()


@lru_cache(maxsize=4)
def _summary(folder: str, finished: object) -> list[dict[str, Any]]:
    """By programme and dong; a finished run's files never change, so this is read once."""
    return Results(folder).summary(by="area").to_pylist()


@dataclass
class ProgrammeCounts:
    """One programme over the dongs asked for: persons for a person's programme, households otherwise."""

    programme: Programme
    entitled: int = 0
    receiving: int = 0
    missed: int = 0
    receipt_unknown: int = 0
    unknown: int = 0
    not_entitled: int = 0
    won: int = 0

    @property
    def missed_share(self) -> int:
        """Percent of the entitled who surely do not receive."""
        return round(100 * self.missed / self.entitled) if self.entitled else 0


def by_programme(run: Run, dongs: Iterable[str] | None = None) -> list[ProgrammeCounts]:
    """Counts of each programme, those with most missed first; `dongs` narrows them."""
    wanted = None if dongs is None else set(dongs)
    catalogue = programmes.catalogue().programmes
    found: dict[str, ProgrammeCounts] = {}
    for row in _summary(str(run.folder), run.finished_at):
        if row["programme"] in catalogue and (wanted is None or row["area"] in wanted):
            counts = found.setdefault(row["programme"], ProgrammeCounts(catalogue[row["programme"]]))
            for name in COUNTS:
                setattr(counts, name, getattr(counts, name) + row[name])
            counts.won += row["won_low"] or 0
    return sorted(found.values(), key=lambda counts: (-counts.missed, -counts.entitled))


@dataclass
class DongCounts:
    """One dong: how many households miss something, how many entitlements, and won a year."""

    centre: Centre
    households: int = 0
    entitlements: int = 0
    won_a_year: int = 0
    share: float = 0.0  # percent of the dong's households on the register


def by_dong(run: Run, programme: str | None = None) -> list[DongCounts]:
    """What is missed in each dong, over all programmes or in one. Counts, whoever asks: sealed households are in them."""
    with walls.everywhere(), transaction.atomic():
        return _by_dong(run, programme)


def _by_dong(run: Run, programme: str | None) -> list[DongCounts]:
    if programme is None:
        listed = Listed.objects.filter(run=run).order_by().values("centre")
        sums = list(
            listed.annotate(households=Count("pk"), entitlements=Sum("entitlements"), won=Sum("won_a_year"))
        )
    else:
        missed = Missed.objects.filter(run=run, programme=programme).order_by().values("centre")
        sums = list(
            missed.annotate(
                households=Count("household", distinct=True), entitlements=Count("pk"), won=Sum("won_a_year")
            )
        )
    counted: dict[str, dict[str, Any]] = {row["centre"]: dict(row) for row in sums}
    registered = dict(Household.objects.order_by().values_list("centre").annotate(number=Count("pk")))
    rows = []
    for centre in Centre.objects.all():
        row: dict[str, Any] = counted.get(centre.code, {})
        households = row.get("households", 0)
        share = 100 * households / registered[centre.code] if centre.code in registered else 0.0
        rows.append(
            DongCounts(centre, households, row.get("entitlements", 0), row.get("won") or 0, round(share, 1))
        )
    return rows


def _listed(run: Run, area: Collection[str] | None) -> QuerySet[Listed]:
    """The run's work list within an area of duty (codes of dongs and zones; None: everywhere)."""
    listed = Listed.objects.filter(run=run)
    if area is None:
        return listed
    dongs = {dong_of(place) for place in area}
    # A single dong as an equality, so that its index gives the rows in their order.
    listed = listed.filter(centre=next(iter(dongs))) if len(dongs) == 1 else listed.filter(centre__in=dongs)
    # Where no zone is named, the line's own dong says it all.
    return listed if dongs == set(area) else listed.filter(in_area(area, "household__"))


def missed_totals(run: Run, area: Collection[str] | None = None) -> dict[str, int]:
    """Households, entitlements and won a year missed within an area of duty. Counts, sealed households included."""
    with walls.everywhere(), transaction.atomic():
        found = _listed(run, area).aggregate(
            households=Count("pk"), entitlements=Sum("entitlements"), won=Sum("won_a_year")
        )
    return {name: value or 0 for name, value in found.items()}


@dataclass
class WorkItem:
    """A household that misses something, for the work list."""

    household: int
    centre: Centre
    programmes: list[Programme]
    won_a_year: int

    @property
    def more(self) -> int:
        """How many programmes a short line leaves out."""
        return max(0, len(self.programmes) - 4)


def worklist(
    run: Run, area: Collection[str] | None, *, programme: str | None = None, first: int = 0, number: int = 25
) -> list[WorkItem]:
    """Households within an area of duty that miss most won a year; none that is empty since its members were merged with
    others'.
    """
    merged = Person.objects.filter(same_as__isnull=False)
    empty = Household.objects.filter(dissolved_on__isnull=False, pk__in=merged.values("merged_from"))
    listed = _listed(run, area).exclude(household__in=empty)
    if programme is not None:
        listed = listed.filter(
            Exists(Missed.objects.filter(run=run, programme=programme, household=OuterRef("household")))
        )
    rows = list(listed.order_by("-won_a_year", "-entitlements", "household")[first : first + number])
    named: dict[int, list[Programme]] = {row.household_id: [] for row in rows}
    catalogue = programmes.catalogue().programmes
    of_these = Missed.objects.filter(run=run, household__in=list(named)).order_by("-won_a_year", "programme")
    for household, name in of_these.values_list("household", "programme"):
        if name in catalogue and catalogue[name] not in named[household]:
            named[household].append(catalogue[name])
    centres = {centre.code: centre for centre in Centre.objects.all()}
    return [
        WorkItem(row.household_id, centres[row.centre_id], named[row.household_id], row.won_a_year)
        for row in rows
    ]


# Interviews -----------------------------------------------------------------------------------------------------------------------

SAID = {"unknown": UNKNOWN, "refused": REFUSED}


def storable(values: dict[str, Any]) -> dict[str, Any]:
    """The same with dates as text, as JSON keeps them."""

    def plain(value: Any) -> Any:
        if isinstance(value, date):
            return value.isoformat()
        if isinstance(value, Mapping):
            return {name: plain(part) for name, part in value.items()}
        return [plain(part) for part in value] if isinstance(value, list | tuple) else value

    return {name: plain(value) for name, value in values.items()}


def conversation(interview: Interview) -> Conversation:
    """The interview as the library holds it: the start, and every answer replayed.

    Raises ValueError, in words for people, when a stored or new value does not fit its fact.
    """
    return replayed(interview)[1]


def replayed(interview: Interview) -> tuple[Conversation, Conversation]:
    """The conversation before the last answer and after it; the same twice while nothing was answered.

    Raises ValueError as `conversation` does.
    """
    rules = programmes.rules(interview.as_of)
    household = WelfareHousehold(interview.known["household"], interview.known["members"])
    before = held = Conversation(rules, household, policy=interview.policy)
    for given in interview.answers:
        fact = rules.facts[given["fact"]]
        question = Question(fact, tuple(given["members"]))
        before = held
        held = held.answer(question, SAID[given["said"]] if "said" in given else _told(given["value"]))
    return before, held


def _told(value: Any) -> Any:
    """A member left out of an answer for several is one nobody could tell about."""
    return [UNKNOWN if one is None else one for one in value] if isinstance(value, list) else value


def answered_facts(interview: Interview) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """What was answered with a value: the household's facts, and those of each member in order."""
    facts = programmes.catalogue().facts
    household: dict[str, Any] = {}
    members: list[dict[str, Any]] = [{} for _ in interview.known["members"]]
    for given in interview.answers:
        if "said" in given:
            continue
        if facts[given["fact"]].of == "household":
            household[given["fact"]] = given["value"]
        else:
            for place, value in zip(given["members"], given["value"], strict=True):
                if value is not None:
                    members[place][given["fact"]] = value
    return household, members


def members_of(interview: Interview) -> list[Person]:
    """Whom a conversation with a household on the register is about, in its order; members stand in the register's order.

    Empty when the household has changed since, so that nobody can tell. An entry that was merged into another since is still
    here as itself.
    """
    day = interview.opened_at.date()
    here = Q(household=interview.household_id, same_as=None) | Q(merged_from=interview.household_id)
    for left_later in (Q(left_on__gt=day), Q(left_on__gte=day)):  # on that very day: before or after it
        members = list(Person.objects.filter(here, Q(left_on=None) | left_later).order_by("pk"))
        if len(members) == len(interview.known["members"]):
            return members
    return []


def askable_at_start() -> list[Fact]:
    """What the first form of an interview asks of each member, where the catalogue has it."""
    facts = programmes.catalogue().facts
    return [facts[name] for name in ("birth_date", "relation", "sex") if name in facts]


def facts_of_the_district() -> dict[str, str]:
    """What holds for everybody who walks into a centre of this district, where the catalogue has such facts."""
    facts = programmes.catalogue().facts
    here = {"region": "seoul", "district": "seodaemun"}
    return {name: code for name, code in here.items() if name in facts and code in facts[name].codes}
