"""Access out of the ordinary, found in a month of the trail by rules anybody can read.

A finding is a question to a colleague and no reproach, so each rule is plain enough to be explained in one sentence, and
each is only as strong as what the hub knows: a namesake is no relative, public holidays are not known, and where a user
lives is not known either, so neighbours cannot be found and are not guessed.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.contrib.postgres.aggregates import ArrayAgg
from django.db.models import Count, Max, Min, Q, QuerySet
from django.db.models.functions import TruncHour

from hub.access.models import AccessRecord, User
from hub.inspection.models import Finding, Report
from hub.inspection.queries import ABOUT_RESIDENTS, EXPORTS, LISTS, LOOKS, NIGHT, bounds, records_of
from hub.people.models import Person

HOUR_AT_MOST = 60  # households in an hour that are too many for anybody
HOUR_AT_LEAST = 20  # and so few that they are ordinary whatever colleagues do
HOURS_KNOWN = 100  # hours of a post in the month before its percentile says anything
AGAIN_AND_AGAIN = 3  # openings of one household
REFUSALS = 3
RARE_NAME = 5  # residents who bear a name at most, for it to say anything about a colleague
EXPORT_AT_MOST = 1_000  # residents or households in one export
REASON_AT_LEAST = 5  # letters of a reason
PLACES_REMEMBERED = timedelta(days=180)
REVIEW_WITHIN = timedelta(hours=24)
RECORDS_KEPT = 500  # numbers of records kept with a finding

OPENED = "people.opened"
BROKE_GLASS, REVIEWED = "people.broke_glass", "people.reviewed_emergency"

Kind = Finding.Kind


@dataclass(frozen=True)
class Found:
    """What a rule found, before it becomes a Finding."""

    kind: Finding.Kind
    user: int
    household: int | None
    number: int
    first_at: datetime
    last_at: datetime
    records: list[int]
    most: int = 0
    usual: int = 0


def found_in(report: Report) -> Iterator[Found]:
    """Everything out of the ordinary in this month."""
    for rule in (
        _namesakes, _at_night, _many_in_an_hour, _without_work, _new_places, _refused, _emergencies, _exports,
    ):  # fmt: skip
        yield from rule(report)


def _grouped(records: QuerySet[AccessRecord], *by: str, **more: Any) -> list[dict[str, Any]]:
    """Records put together by some of their fields: how many, from when to when, and which."""
    how = {
        "number": Count("pk"),
        "first_at": Min("at"),
        "last_at": Max("at"),
        "records": ArrayAgg("pk", order_by="at"),
    }
    rows: list[dict[str, Any]] = list(records.order_by().values(*by).annotate(**how, **more))
    return rows


def _found(kind: Finding.Kind, row: dict[str, Any], **more: Any) -> Found:
    return Found(
        kind,
        row["actor"],
        row.get("household"),
        row["number"],
        row["first_at"],
        row["last_at"],
        row["records"][:RECORDS_KEPT],
        **more,
    )


def _namesakes(report: Report) -> Iterator[Found]:
    """Openings of a household in which somebody bears the user's own name, or a rare name that another user bears."""
    users = {user.pk: bare_name(user.name) for user in User.objects.all()}
    bearers = Person.objects.filter(name__in=set(users.values())).values_list("household", "name")
    living: dict[int | None, set[str]] = {}
    for household, name in bearers:
        living.setdefault(household, set()).add(name)
    borne = Counter(name for _household, name in bearers)
    rare = Counter(name for name in users.values() if borne[name] <= RARE_NAME)
    opened = records_of(report).filter(verb=OPENED, household__in=living, actor__isnull=False)
    for row in _grouped(opened, "actor", "household"):
        names, own = living[row["household"]], users[row["actor"]]
        if own in names:
            yield _found(Kind.OWN_NAME, row)
        elif any(rare[name] for name in names):
            yield _found(Kind.COLLEAGUE, row)


def bare_name(name: str) -> str:
    """A user's name without what stands in brackets behind it."""
    return name.partition("(")[0].strip()


def _at_night(report: Report) -> Iterator[Found]:
    """Anything about residents between 22 and 6 o'clock or on a weekend; one finding a user."""
    rows = records_of(report).filter(ABOUT_RESIDENTS, NIGHT, actor__isnull=False)
    for row in _grouped(rows, "actor"):
        yield _found(Kind.NIGHT, row)


def _many_in_an_hour(report: Report) -> Iterator[Found]:
    """More households opened within an hour of the clock than 60, or than 99 of 100 hours of the same post."""
    opened = records_of(report).filter(verb=OPENED, actor__isnull=False)
    hours = _grouped(
        opened.annotate(within=TruncHour("at")),
        "actor",
        "roles",
        "within",
        households=Count("household", distinct=True),
    )
    of_post: dict[str, list[int]] = {}
    for hour in hours:
        of_post.setdefault(hour["roles"], []).append(hour["households"])
    usual = {roles: _usual(counts) for roles, counts in of_post.items()}
    worst: dict[int, dict[str, Any]] = {}
    for hour in hours:
        limit = usual[hour["roles"]]
        if hour["households"] > limit:
            known = worst.setdefault(hour["actor"], hour | {"number": 0, "records": [], "households": 0})
            known["number"] += hour["number"]
            known["records"] += hour["records"]
            known["first_at"] = min(known["first_at"], hour["first_at"])
            known["last_at"] = max(known["last_at"], hour["last_at"])
            known["households"] = max(known["households"], hour["households"])
    for row in worst.values():
        yield _found(Kind.BULK, row, most=row["households"], usual=usual[row["roles"]])


def _usual(counts: list[int]) -> int:
    """Up to how many households in an hour are ordinary, for the hours of one post in the month."""
    if len(counts) < HOURS_KNOWN:
        return HOUR_AT_MOST
    percentile = sorted(counts)[-(-99 * len(counts) // 100) - 1]
    return min(HOUR_AT_MOST, max(HOUR_AT_LEAST, percentile))


def _without_work(report: Report) -> Iterator[Found]:
    """A household opened three times or more by a user who did nothing about it and had it on no work list."""
    month = records_of(report)
    for row in _grouped(month.filter(verb=OPENED, actor__isnull=False), "actor", "household"):
        if row["number"] < AGAIN_AND_AGAIN:
            continue
        of_user = month.filter(actor=row["actor"])
        worked = of_user.filter(household=row["household"]).exclude(LOOKS).exists()
        on_list = of_user.filter(LISTS, listed__contains=[row["household"]]).exists()
        if not worked and not on_list:
            yield _found(Kind.WITHOUT_WORK, row, most=row["number"], usual=AGAIN_AND_AGAIN - 1)


def _new_places(report: Report) -> Iterator[Found]:
    """Sign-ins from an address this user had not signed in from in half a year; not for a user's very first."""
    begins, ends = bounds(report)
    signed_in = AccessRecord.objects.filter(
        verb="access.signed_in", actor__isnull=False, at__gte=begins - PLACES_REMEMBERED, at__lt=ends
    )
    by_user: dict[int, list[dict[str, Any]]] = {}
    for row in _grouped(signed_in, "actor", "origin"):
        by_user.setdefault(row["actor"], []).append(row)
    for user, places in by_user.items():
        first = min(place["first_at"] for place in places)
        new = [place for place in places if place["first_at"] >= begins and place["first_at"] > first]
        if new:
            yield Found(
                Kind.NEW_ORIGIN,
                user,
                None,
                sum(place["number"] for place in new),
                min(place["first_at"] for place in new),
                max(place["last_at"] for place in new),
                sorted(number for place in new for number in place["records"])[:RECORDS_KEPT],
                most=len(new),
            )


def _refused(report: Report) -> Iterator[Found]:
    """Gates that stayed closed three times or more in the month."""
    for row in _grouped(records_of(report).filter(verb="access.refused", actor__isnull=False), "actor"):
        if row["number"] >= REFUSALS:
            yield _found(Kind.REFUSED, row, most=row["number"], usual=REFUSALS - 1)


def _emergencies(report: Report) -> Iterator[Found]:
    """Emergency openings of a closed household that nobody else reviewed within 24 hours."""
    rows = records_of(report).filter(verb=BROKE_GLASS, actor__isnull=False)
    late = [
        opening.pk
        for opening in rows
        if not AccessRecord.objects.filter(verb=REVIEWED, household=opening.household)
        .filter(at__gte=opening.at, at__lte=opening.at + REVIEW_WITHIN)
        .exclude(actor=opening.actor_id)
        .exists()
    ]
    for row in _grouped(rows.filter(pk__in=late), "actor", "household"):
        yield _found(Kind.EMERGENCY, row)


def _exports(report: Report) -> Iterator[Found]:
    """Exports of more than 1,000, or with a reason of less than five letters."""
    rows = records_of(report).filter(EXPORTS, actor__isnull=False)
    rows = rows.filter(Q(subjects__gt=EXPORT_AT_MOST) | ~Q(purpose__regex=rf".{{{REASON_AT_LEAST}}}"))
    for row in _grouped(rows, "actor", most_shown=Max("subjects")):
        yield _found(Kind.EXPORT, row, most=row["most_shown"], usual=EXPORT_AT_MOST)
