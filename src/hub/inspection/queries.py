"""What a month of the trail shows: totals, the state of the chain, months overdue, and whom an access concerned."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Count, Max, Min, Q, QuerySet, Sum
from django.db.models.functions import ExtractHour, ExtractIsoWeekDay
from django.utils import timezone

from hub import walls
from hub.access import chain, heads
from hub.access.models import AccessRecord
from hub.access.roles import Role
from hub.inspection.models import Finding, Report
from hub.people.models import Household, Person

# Verbs of the trail that only look; every other verb about a household is work on it.
LOOKS = Q(verb__regex=r"\.(opened|searched|listed|read|exported|broke_glass|refused)(_|$)") & ~Q(
    verb="screening.opened_interview"
)
EXPORTS = Q(verb__regex=r"\.exported(_|$)")
LISTS = Q(verb__regex=r"\.listed(_|$)")
ABOUT_RESIDENTS = Q(household__isnull=False) | Q(person__isnull=False) | Q(listed__isnull=False)
# Between 22 and 6 o'clock, or on a Saturday or Sunday. Public holidays are not known to the hub.
NIGHT = Q(hour__gte=22) | Q(hour__lt=6) | Q(weekday__gte=6)


# -- months ----------------------------------------------------------------------------------------------------


def month_of(day: date) -> date:
    """The first day of its month."""
    return day.replace(day=1)


def month_before(month: date) -> date:
    """The first day of the month before."""
    return month_of(month_of(month) - timedelta(days=1))


def bounds(report: Report) -> tuple[datetime, datetime]:
    """The month as two moments: from, and up to but without."""
    begins, ends = (datetime(day.year, day.month, day.day) for day in (report.month, report.after))
    return timezone.make_aware(begins), timezone.make_aware(ends)


def records_of(report: Report) -> QuerySet[AccessRecord]:
    """The trail of the month, with `hour` (0–23) and `weekday` (1 Monday – 7) on the clocks of the district."""
    begins, ends = bounds(report)
    return AccessRecord.objects.filter(at__gte=begins, at__lt=ends).annotate(
        hour=ExtractHour("at"), weekday=ExtractIsoWeekDay("at")
    )


def overdue(today: date | None = None) -> list[date]:
    """Months whose report should have been signed by the tenth of the next and is not, oldest first."""
    today = today or timezone.localdate()
    first = AccessRecord.objects.aggregate(first=Min("at"))["first"]
    if first is None:
        return []
    signed = set(Report.objects.filter(signed_at__isnull=False).values_list("month", flat=True))
    month, late = month_of(timezone.localtime(first).date()), []
    while month < month_of(today):
        report = Report(month=month)
        if month not in signed and today > report.due:
            late.append(month)
        month = report.after
    return late


def questions_to(user: Any) -> int:
    """How many questions wait for this user's answer."""
    waiting = Finding.objects.filter(user=user, asked_at__isnull=False, answered_at__isnull=True, decision="")
    return waiting.count()


# -- the report ------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Totals:
    """What one user did in one post in a month."""

    user: str
    user_id: int | None
    roles: str
    openings: int
    households: int
    searches: int
    lists: int
    exports: int
    writes: int
    refused: int
    at_night: int

    @property
    def posts(self) -> list[str]:
        """The posts in the page's language."""
        return [str(Role(role).label) for role in self.roles.split(",") if role in Role.values]


def totals(report: Report) -> list[Totals]:
    """One line for each user and post held, most openings first. Deeds of nobody are those of the hub itself."""
    opened = Q(verb="people.opened")
    rows = (
        records_of(report)
        .order_by()
        .values("actor", "actor__name", "roles")
        .annotate(
            openings=Count("pk", filter=opened),
            households=Count("household", filter=opened, distinct=True),
            searches=Count("pk", filter=Q(verb="people.searched")),
            lists=Count("pk", filter=LISTS),
            exports=Count("pk", filter=EXPORTS),
            writes=Count("pk", filter=ABOUT_RESIDENTS & ~LOOKS),
            refused=Count("pk", filter=Q(verb="access.refused")),
            at_night=Count("pk", filter=ABOUT_RESIDENTS & NIGHT),
        )
        .order_by("-openings", "actor")
    )
    lines: list[dict[str, Any]] = [dict(row) for row in rows]
    return [Totals(user=line.pop("actor__name") or "", user_id=line.pop("actor"), **line) for line in lines]


def exports(report: Report) -> QuerySet[AccessRecord]:
    """Everything that was taken out, with its reason."""
    return records_of(report).filter(EXPORTS).select_related("actor").order_by("at")


def summary(report: Report) -> dict[str, int]:
    """Records, users and residents or households shown in the month."""
    found = records_of(report).aggregate(
        records=Count("pk"), users=Count("actor", distinct=True), subjects=Sum("subjects")
    )
    return {name: value or 0 for name, value in found.items()}


def content(report: Report) -> dict[str, Any]:
    """Everything the report says, as plain values: what is frozen and hashed when it is signed."""
    findings = report.findings.select_related("user", "asked_by", "decided_by")
    return {
        "month": f"{report.month:%Y-%m}",
        "examined_at": report.examined_at.isoformat() if report.examined_at else None,
        "summary": summary(report),
        "chain": report.chain,
        "totals": [asdict(line) for line in totals(report)],
        "exports": [
            {"at": one.at.isoformat(), "user": one.actor.name if one.actor else "", "verb": one.verb,
             "subjects": one.subjects, "purpose": one.purpose}
            for one in exports(report)
        ],
        "findings": [
            {
                "kind": finding.kind,
                "user": finding.user.name,
                "user_id": finding.user_id,
                "household": finding.household,
                "number": finding.number,
                "most": finding.most,
                "usual": finding.usual,
                "first_at": finding.first_at.isoformat(),
                "last_at": finding.last_at.isoformat(),
                "question": finding.question,
                "answer": finding.answer,
                "decision": finding.decision,
                "reason": finding.reason,
                "decided_by": finding.decided_by.name if finding.decided_by else "",
            }
            for finding in findings
        ],
        "remark": report.remark,
    }  # fmt: skip


def chain_now() -> dict[str, Any]:
    """The whole chain verified, and where its heads are, as plain values. Takes seconds for a million records."""
    verdict, standing = chain.verify(), heads.standing()
    return {
        "at": verdict.at.isoformat(),
        "whole": verdict.whole,
        "wrong": None if verdict.wrong is None else asdict(verdict.wrong),
        "sealed": verdict.sealed,
        "unsealed": verdict.unsealed,
        "unused": verdict.unused,
        "forgotten": verdict.forgotten,
        "position": verdict.position,
        "link": verdict.link.hex(),
        "heads_elsewhere": standing.elsewhere,
        "heads_behind": standing.behind,
        "heads_reachable": standing.reachable,
    }


def newest_chain() -> dict[str, Any]:
    """What the newest verification found; empty before the first."""
    newest = Report.objects.filter(examined_at__isnull=False).order_by("-examined_at").first()
    found: dict[str, Any] = newest.chain if newest else {}
    return found


def wrong_in_words(found: dict[str, Any]) -> str:
    """What a verification found wrong, in the page's language."""
    return str(chain.Wrong(**found["wrong"])) if found.get("wrong") else ""


# -- reading the trail -----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Wanted:
    """What somebody looks for in the trail; at least one of them."""

    household: int | None = None
    user: int | None = None
    verb: str = ""
    first: date | None = None
    last: date | None = None

    def __bool__(self) -> bool:
        return any((self.household, self.user, self.verb, self.first, self.last))


def trail(wanted: Wanted) -> QuerySet[AccessRecord]:
    """Records that fit, newest first. A household is found where it was opened, worked on, or shown in a list."""
    found = AccessRecord.objects.select_related("actor").order_by("-at", "-pk")
    if wanted.household is not None:
        found = found.filter(Q(household=wanted.household) | Q(listed__contains=[wanted.household]))
    if wanted.user is not None:
        found = found.filter(actor=wanted.user)
    if wanted.verb:
        found = found.filter(verb=wanted.verb)
    if wanted.first is not None:
        found = found.filter(at__gte=_midnight(wanted.first))
    if wanted.last is not None:
        found = found.filter(at__lt=_midnight(wanted.last + timedelta(days=1)))
    return found


def _midnight(day: date) -> datetime:
    return timezone.make_aware(datetime(day.year, day.month, day.day))


# -- whom it concerned -----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Affected:
    """A person an access concerned, as the register knows it today; name "" when it is not there any more."""

    household: int
    person: int | None
    name: str
    dong: str
    times: int
    first_at: datetime
    last_at: datetime


def affected(records: QuerySet[AccessRecord]) -> list[Affected]:
    """Everybody whose household these records opened or showed: to be told, as art. 30-2 of the decree asks.

    A household that has left the register keeps its line, with its number alone.
    """
    seen: dict[int, tuple[int, datetime, datetime]] = {}
    plain = records.order_by().select_related(None).filter(subjects__gt=0)  # a refusal showed nobody
    single = plain.filter(household__isnull=False).values("household")
    for row in single.annotate(times=Count("pk"), first=Min("at"), last=Max("at")):
        seen[row["household"] or 0] = (row["times"], row["first"], row["last"])
    for listed, at in plain.filter(listed__isnull=False).values_list("listed", "at").iterator():
        for number in listed or ():
            times, first, last = seen.get(number, (0, at, at))
            seen[number] = (times + 1, min(first, at), max(last, at))
    with walls.everywhere(), transaction.atomic():  # they are told wherever they live
        return list(_members(seen))


def _members(seen: dict[int, tuple[int, datetime, datetime]]) -> Iterable[Affected]:
    households = Household.objects.select_related("centre").in_bulk(list(seen))
    members: dict[int, dict[int, Person]] = {}
    concerned = Q(household__in=list(seen), same_as=None) | Q(merged_from__in=list(seen))
    for person in Person.objects.filter(concerned).select_related("same_as").order_by("pk"):
        here = members.setdefault(person.merged_from_id or person.household_id, {})
        here[person.stands_id] = person.stands
    for number in sorted(seen):
        dong = str(households[number].centre) if number in households else ""
        for person in members.get(number, {}).values():
            yield Affected(number, person.pk, person.name, dong, *seen[number])
        if number not in members:
            yield Affected(number, None, "", dong, *seen[number])
