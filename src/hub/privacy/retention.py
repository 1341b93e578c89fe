"""How long each kind of data is kept: one table, with its clock, its law and what happens then.

Every model that leads to a resident or a user has its row here; a test walks them all. Social security data are
destroyed five years after the work they were collected for (Social Security Benefits Act art. 34) except what decree
art. 19 lists; everything else follows PIPA art. 21. Days are arguments: nothing here reads the clock.

A period of n years that begins on a day ends n years later at the end of that day; what it covers is due the day after.
Models are named, not imported, so that an app further down can have its row here too.
"""

import re
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import date, datetime, time
from functools import lru_cache
from typing import Any

from django.apps import apps
from django.db import models
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.db.models.functions import Cast, Coalesce, Least
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from hub.access.models import Post, User
from hub.people import queries as people
from hub.people.models import Address, FactRecord, Person
from hub.privacy.models import Consent, ExpiringFiles, SubjectRequest
from hub.programmes import queries as programmes
from hub.screening.models import Interview, Run

type Rows = QuerySet[Any]


class Fate(models.TextChoices):
    """What happens when the period ends."""

    ERASE = "erase", _("Erased")
    EMPTY = "empty", _("Emptied; a number stays")
    FOLLOW = "follow", _("Goes with what it belongs to")
    KEEP = "keep", _("Kept: says nothing about a person by itself")
    APART = "apart", _("Closed by a command of its own")


@dataclass(frozen=True)
class Kind:
    """One kind of data: the model that holds it, from when its period counts, how long, by which law, and then what.

    `over` gives the rows whose period has ended on a day, `held` those of them that an exception keeps, `holding` the
    rows that still hold data (all, unless they can be emptied). `person` is the way from a row to the person it is
    about; `on_request` says why it stays when that person asks for erasure.
    """

    model: str
    label: str | Promise
    clock: str | Promise
    law: str
    fate: Fate
    years: int | None = None
    over: Callable[[date], Rows] | None = None
    held: Callable[[date], Rows] | None = None
    holding: Callable[[], Rows] | None = None
    person: str = ""
    on_request: str | Promise = ""

    @property
    def rows(self) -> Rows:
        """The rows that hold data of this kind."""
        if self.holding is not None:
            return self.holding()
        return apps.get_model(self.model)._default_manager.all()

    def of(self, person: Person) -> Rows:
        """The rows about one resident, whichever entry of the register they belong to."""
        return self.rows.filter(**{f"{self.person}__in": people.entries([person.stands_id])})


# -- days ------------------------------------------------------------------------------------------------------


def years_before(day: date, years: int) -> date:
    """The day whose successors are younger than `years` on `day`; 29 February becomes the 28th."""
    try:
        return day.replace(year=day.year - years)
    except ValueError:
        return day.replace(year=day.year - years, day=28)


def last_day(start: date, years: int) -> date:
    """The last day of a period of `years` that counts from `start`."""
    try:
        return start.replace(year=start.year + years)
    except ValueError:
        return start.replace(year=start.year + years, day=28)


def _midnight(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, time.min))


# -- what keeps a record longer: decree art. 19 ------------------------------------------------------------------

REGISTERED = {
    "disability": "none"
}  # facts that say somebody is registered by law, and the value that says not


@lru_cache(maxsize=4)
def _receipt_pattern(version: str) -> str:
    """A pattern for the text of a record that says somebody receives a benefit or is registered."""
    names = sorted(receipts())
    registered = [f'"{name}": ?"(?!{none}")' for name, none in REGISTERED.items()]
    return "|".join([rf'"({"|".join(map(re.escape, names))})": ?true', *registered])


def receipts() -> set[str]:
    """The facts of the catalogue that say a benefit is received."""
    return {found.received for found in programmes.catalogue().programmes.values() if found.received}


def _recipients(household: str, since: date) -> Q:
    """Whether a record since then says that somebody of this household receives a benefit or is registered."""
    said = FactRecord.objects.annotate(text=Cast("values", models.TextField())).filter(
        collected_on__gte=since, text__regex=_receipt_pattern(programmes.catalogue().version)
    )
    return Q(Exists(said.filter(household=OuterRef(household)))) | Q(
        Exists(said.filter(person__household=OuterRef(household)))
    )


def _ended() -> Rows:
    return Interview.objects.annotate(ended=Coalesce("closed_at", "opened_at"))


def _worked_with(household: str, since: date) -> Q:
    """Whether an interview was held with this household since then."""
    return Q(Exists(_ended().filter(household=OuterRef(household), ended__gte=_midnight(since))))


# -- whose period has ended --------------------------------------------------------------------------------------


def _old_facts(day: date) -> Rows:
    since = years_before(day, 5)
    old = FactRecord.objects.filter(collected_on__lt=since).annotate(
        about=Coalesce("household_id", "person__household_id")
    )
    return old.filter(~_worked_with("about", since))


def _facts_over(day: date) -> Rows:
    return _old_facts(day).filter(~_recipients("about", years_before(day, 5)))


def _facts_held(day: date) -> Rows:
    return _old_facts(day).filter(_recipients("about", years_before(day, 5)))


def named_persons() -> Rows:
    """Persons whose name or number is still there."""
    return Person.objects.exclude(name="", resident_number="")


def _of_resident(rows: Rows) -> Q:
    """Whether any of these rows is about this person, or about another entry of the register for the same resident."""
    ways = [
        Q(Exists(rows.filter(**{of: OuterRef(own)})))
        for of in ("person", "person__same_as")
        for own in ("pk", "same_as")
    ]
    return ways[0] | ways[1] | ways[2] | ways[3]


def _persons_over(day: date) -> Rows:
    since = years_before(day, 5)
    of_household = FactRecord.objects.filter(household=OuterRef("household"))
    of_members = FactRecord.objects.filter(person__household=OuterRef("household"))
    began = (
        Exists(of_household) | Exists(of_members) | Exists(_ended().filter(household=OuterRef("household")))
    )
    running = Consent.objects.filter(
        Q(withdrawn_on__isnull=True) & (Q(expires_on__isnull=True) | Q(expires_on__gte=since))
    )
    return named_persons().filter(
        began,
        ~Exists(of_household.filter(collected_on__gte=since)),
        ~Exists(of_members.filter(collected_on__gte=since)),
        ~_worked_with("household", since),
        ~_of_resident(running),
        ~_of_resident(SubjectRequest.objects.filter(state=SubjectRequest.State.OPEN)),
    )


def _interviews_over(day: date) -> Rows:
    return _ended().filter(ended__lt=_midnight(years_before(day, 5)))


def runs_with_files() -> Rows:
    """District runs whose files were not removed yet."""
    return Run.objects.exclude(
        Exists(ExpiringFiles.objects.filter(run=OuterRef("pk"), removed_at__isnull=False))
    )


def _runs_over(day: date) -> Rows:
    newest = Run.objects.filter(state=Run.State.DONE).first()
    over = runs_with_files().filter(finished_at__lt=_midnight(years_before(day, 1)))
    return over if newest is None else over.exclude(pk=newest.pk)


def _consents_over(day: date) -> Rows:
    ended = Consent.objects.annotate(ended=Least("withdrawn_on", "expires_on"))
    return ended.filter(ended__lt=years_before(day, 5))


def worded_requests() -> Rows:
    """Requests whose words are still there."""
    return SubjectRequest.objects.exclude(details="", answer="")


def _requests_over(day: date) -> Rows:
    return worded_requests().filter(answered_on__lt=years_before(day, 5))


def named_users() -> Rows:
    """Accounts that still say who somebody is."""
    return User.objects.exclude(name="")


def _users_over(day: date) -> Rows:
    since = years_before(day, 3)
    recent = Post.objects.filter(user=OuterRef("pk")).filter(Q(until__isnull=True) | Q(until__gte=since))
    return named_users().filter(~Exists(recent), created_at__lt=_midnight(since))


def _posts_over(day: date) -> Rows:
    return Post.objects.filter(until__lt=years_before(day, 3))


def _older(model: str, field: str, years: int, *, moment: bool = False) -> Callable[[date], Rows]:
    """Rows of a model whose `field`, a day or a moment, lies more than so many years back; empty ones are not over."""

    def over(day: date) -> Rows:
        since = years_before(day, years)
        limit = _midnight(since) if moment else since
        return apps.get_model(model)._default_manager.filter(**{f"{field}__lt": limit})

    return over


def _addresses_over(day: date) -> Rows:
    """What ended long ago, and what is left of households in which nobody has a name any more."""
    nobody = ~Exists(named_persons().filter(household=OuterRef("household")))
    return Address.objects.filter(Q(until__lt=years_before(day, 5)) | nobody)


def _of_closed_accounts(model: str) -> Callable[[date], Rows]:
    def over(day: date) -> Rows:
        return apps.get_model(model)._default_manager.filter(user__is_active=False)

    return over


# -- the table ---------------------------------------------------------------------------------------------------

BENEFITS_ACT = "사회보장급여법 제34조, 시행령 제19조"
PIPA = "개인정보 보호법 제21조"

# In the order in which they are erased.
KINDS = (
    Kind(
        "people.person",
        _("Name and masked number of a resident"),
        _("last record or interview of the household"),
        BENEFITS_ACT,
        Fate.EMPTY,
        years=5,
        over=_persons_over,
        holding=named_persons,
        person="pk",
    ),
    Kind(
        "people.identitynumber",
        _("Encrypted identity numbers"),
        _("as the name"),
        "개인정보 보호법 제24조의2",
        Fate.FOLLOW,
        person="person",
    ),
    Kind(
        "people.factrecord",
        _("Recorded facts"),
        _("day of collection, or the household's last interview if later"),
        BENEFITS_ACT,
        Fate.ERASE,
        years=5,
        over=_facts_over,
        held=_facts_held,
        person="person",
    ),
    Kind(
        "screening.interview",
        _("Desk interviews"),
        _("end of the interview"),
        BENEFITS_ACT,
        Fate.ERASE,
        years=5,
        over=_interviews_over,
    ),
    Kind(
        "screening.run",
        _("Files and work list of a district run"),
        _("end of the run; never the newest"),
        f"{PIPA} (내부 관리계획)",
        Fate.EMPTY,
        years=1,
        over=_runs_over,
        holding=runs_with_files,
    ),
    Kind(
        "screening.missed",
        _("Lines of the work list"),
        _("with the run"),
        PIPA,
        Fate.FOLLOW,
        person="person",
    ),
    Kind("screening.listed", _("Order of the work list"), _("with the run"), PIPA, Fate.FOLLOW),
    Kind("privacy.expiringfiles", _("Marks of files to be removed"), _("with the run"), PIPA, Fate.KEEP),
    Kind(
        "privacy.consent",
        _("Consents"),
        _("withdrawal or last day"),
        "개인정보 보호법 제22조 (증명)",
        Fate.ERASE,
        years=5,
        over=_consents_over,
        person="person",
        on_request=_("Proof that the data were used lawfully (PIPA art. 22)"),
    ),
    Kind(
        "privacy.subjectrequest",
        _("Words of residents' requests"),
        _("day of the answer"),
        "개인정보 보호법 제35조–제38조 (증명)",
        Fate.EMPTY,
        years=5,
        over=_requests_over,
        holding=worded_requests,
        person="person",
        on_request=_("Proof that the request was served (PIPA art. 38)"),
    ),
    Kind("privacy.retentionrun", _("Runs of destruction"), _("counts only"), PIPA, Fate.KEEP),
    Kind(
        "privacy.erasurerecord",
        _("Proofs of erasure"),
        _("counts only"),
        "개인정보 보호법 시행령 제16조",
        Fate.KEEP,
    ),
    Kind(
        "privacy.consenttext",
        _("Published consent texts"),
        _("no personal data"),
        "개인정보 보호법 제22조",
        Fate.KEEP,
    ),
    Kind("people.household", _("Number and dong of a household"), _("numbers only"), PIPA, Fate.KEEP),
    Kind(
        "access.user",
        _("Accounts of those who work here"),
        _("end of the last post"),
        "개인정보의 안전성 확보조치 기준",
        Fate.EMPTY,
        years=3,
        over=_users_over,
        holding=named_users,
    ),
    Kind(
        "access.post",
        _("Posts held"),
        _("end of the post"),
        "개인정보의 안전성 확보조치 기준",
        Fate.ERASE,
        years=3,
        over=_posts_over,
    ),
    Kind(
        "access.accessrecord",
        _("Audit trail (numbers only)"),
        _("day of the deed"),
        "개인정보의 안전성 확보조치 기준 제8조",
        Fate.APART,
        years=2,
    ),
    Kind(
        "programmes.publishedcatalogue",
        _("Who put a catalogue into force"),
        _("an act in office"),
        "공공기록물 관리에 관한 법률",
        Fate.KEEP,
    ),
    Kind(
        "people.address",
        _("Addresses"),
        _("end of the address, or with the last name in the household"),
        BENEFITS_ACT,
        Fate.ERASE,
        years=5,
        over=_addresses_over,
    ),
    Kind(
        "people.lifeevent",
        _("Moves, births and deaths"),
        _("day of the event"),
        BENEFITS_ACT,
        Fate.ERASE,
        years=5,
        over=_older("people.lifeevent", "happened_on", 5),
        person="person",
    ),
    Kind(
        "people.relation",
        _("Relatives elsewhere"),
        _("day of the statement"),
        BENEFITS_ACT,
        Fate.ERASE,
        years=5,
        over=_older("people.relation", "stated_on", 5),
        person="person",
    ),
    Kind(
        "people.note",
        _("Notes, promises and warnings"),
        _("day of writing"),
        BENEFITS_ACT,
        Fate.ERASE,
        years=5,
        over=_older("people.note", "written_at", 5, moment=True),
    ),
    Kind(
        "people.seal",
        _("Seals of households"),
        _("day the seal was lifted"),
        BENEFITS_ACT,
        Fate.ERASE,
        years=5,
        over=_older("people.seal", "lifted_at", 5, moment=True),
    ),
    Kind(
        "people.opening",
        _("Stated purposes and emergency openings"),
        _("end of the opening"),
        "개인정보의 안전성 확보조치 기준 제8조",
        Fate.ERASE,
        years=2,
        over=_older("people.opening", "until", 2, moment=True),
    ),
    Kind(
        "lists.importrow",
        _("Rows of agency lists"),
        _("day of the upload"),
        BENEFITS_ACT,
        Fate.ERASE,
        years=5,
        over=_older("lists.importrow", "of__uploaded_at", 5, moment=True),
        person="person",
    ),
    Kind(
        "lists.link",
        _("Decisions whom a row speaks of"),
        _("with the row"),
        BENEFITS_ACT,
        Fate.FOLLOW,
        person="person",
    ),
    Kind(
        "lists.importfile",
        _("Uploaded files"),
        _("as soon as their rows are read"),
        PIPA,
        Fate.ERASE,
        years=0,
        over=_older("lists.importfile", "of__uploaded_at", 0, moment=True),
    ),
    Kind("lists.import", _("Uploads of agency lists"), _("numbers only"), PIPA, Fate.KEEP),
    Kind("lists.agencylist", _("Kinds of agency lists"), _("no personal data"), PIPA, Fate.KEEP),
    Kind(
        "access.rightsrecord",
        _("History of rights"),
        _("day of the change"),
        "개인정보의 안전성 확보조치 기준 제5조",
        Fate.ERASE,
        years=3,
        over=_older("access.rightsrecord", "at", 3, moment=True),
    ),
    Kind(
        "access.approval",
        _("Approvals of two persons"),
        _("day of the request"),
        "개인정보의 안전성 확보조치 기준 제5조",
        Fate.ERASE,
        years=3,
        over=_older("access.approval", "asked_at", 3, moment=True),
    ),
    Kind(
        "access.session",
        _("Sign-ins"),
        _("last use, or closing of the account"),
        PIPA,
        Fate.ERASE,
        years=0,
        over=_older("access.session", "seen_at", 0, moment=True),
    ),
    *(
        Kind(
            f"access.{model}",
            label,
            _("closing of the account"),
            PIPA,
            Fate.ERASE,
            years=0,
            over=_of_closed_accounts(f"access.{model}"),
        )
        for model, label in (
            ("authenticator", _("Secrets of code apps")),
            ("passkey", _("Passkeys")),
            ("recoverycode", _("Recovery codes")),
        )
    ),
    Kind(
        "inspection.report",
        _("Reports of the inspection"),
        _("an act in office"),
        "공공기록물 관리에 관한 법률",
        Fate.KEEP,
    ),
    Kind(
        "inspection.finding",
        _("Findings of the inspection"),
        _("with the report"),
        "공공기록물 관리에 관한 법률",
        Fate.KEEP,
    ),
)


def kinds() -> list[Kind]:
    """The rows of the table that this hub has data for, in the order of erasing."""
    installed = {model._meta.label_lower for model in apps.get_models()}
    return [kind for kind in KINDS if kind.model in installed]


def kind_of(model: str) -> Kind:
    """The row of one model, named as `app.model`."""
    return next(kind for kind in KINDS if kind.model == model)


@dataclass(frozen=True)
class Due:
    """One kind on a day: rows that hold data, rows due, and rows past their period that an exception keeps."""

    kind: Kind
    rows: int
    due: int
    held: int


def due(day: date) -> list[Due]:
    """What would be erased on a day, for every kind."""
    return [
        Due(
            kind,
            kind.rows.count(),
            kind.over(day).count() if kind.over else 0,
            kind.held(day).count() if kind.held else 0,
        )
        for kind in kinds()
    ]


def late(day: date) -> int:
    """How many rows are due on a day."""
    return sum(kind.over(day).count() for kind in kinds() if kind.over)


RESIDENTS = frozenset({"people.person", "people.household"})


def holders(of: Collection[str] = RESIDENTS | {"access.user"}) -> set[str]:
    """Every model that leads to residents or users by its foreign keys, at any distance, and those `of` themselves."""
    reached = set(of)
    while True:
        more = {
            model._meta.label_lower
            for model in apps.get_models()
            if model._meta.label_lower not in reached
            and not model._meta.auto_created
            and any(
                field.is_relation
                and not field.auto_created
                and field.related_model is not None
                and not isinstance(field.related_model, str)
                and field.related_model._meta.label_lower in reached
                for field in model._meta.get_fields()
            )
        }
        if not more:
            return reached
        reached |= more
