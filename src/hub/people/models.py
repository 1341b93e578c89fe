"""Residents: who they are, where and with whom they live, what befell them, and what is recorded about them."""

import json
from datetime import date
from typing import Any

from django.contrib.postgres.indexes import GinIndex, OpClass
from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import F, Q
from django.db.models.functions import Left
from django.db.models.lookups import Exact
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _

from hub.access.models import User
from hub.access.purposes import Purpose
from hub.organisation.models import Centre, Zone
from hub.people.identity.models import IdentityNumber  # noqa: F401  (Django looks for models here)
from hub.people.sources import Source


class Household(models.Model):
    """People who live and keep house together, as the register numbers them."""

    id = models.BigIntegerField(primary_key=True)
    centre = models.ForeignKey(Centre, on_delete=models.PROTECT, related_name="+")
    sealed = models.BooleanField(
        default=False, db_default=False, help_text="hidden from everybody not named in its seal"
    )
    dissolved_on = models.DateField(null=True, help_text="day its last member left")
    zone = models.ForeignKey(
        Zone,
        null=True,
        on_delete=models.PROTECT,
        related_name="+",
        help_text="where it lives, by people/zones/placing.py",
    )

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(zone__isnull=True) | Q(Exact(Left("zone_id", 10), F("centre_id"))),
                name="its_zone_lies_in_its_dong",
            )
        ]

    def __str__(self) -> str:
        return str(self.pk)

    @property
    def dong(self) -> str:
        """Ten-digit code of the dong the household lives in."""
        return self.centre_id

    @cached_property
    def emptied(self) -> list[int]:
        """Households in sight that nobody lives in since their members were merged with those of this one. Asked once."""
        found = Household.objects.filter(merged_away__household=self, dissolved_on__isnull=False)
        return list(found.exclude(pk=self.pk).values_list("pk", flat=True).distinct())


class Person(models.Model):
    """A resident. Everything that changes about a person is a recorded fact; here is only who it is.

    The resident number is kept masked: six digits of birth and the first of the rest. Demonstrations carry a number
    that cannot exist. `terms` are the words a person is found by (people/search.py).

    Where one resident stood here twice, one row stands and the others step back for it (people/merging): each keeps all that
    it is, points to the one that stands, and goes with it from household to household, so that whoever may see the one may
    see the others and nobody else.
    """

    class Left(models.TextChoices):
        DEATH = "death", _("Death")
        MOVED_OUT = "moved_out", _("Moved out of the district")
        MERGED = "merged", _("Stands on the register elsewhere")

    id = models.BigIntegerField(primary_key=True)
    household = models.ForeignKey(
        Household, on_delete=models.PROTECT, related_name="members", help_text="the one lived in now, or last"
    )
    name = models.CharField(max_length=80)
    resident_number = models.CharField(max_length=20, blank=True, help_text="masked")
    phone = models.CharField(max_length=20, blank=True, default="", db_default="")
    couple = models.PositiveSmallIntegerField(
        null=True, help_text="members of a household with the same number are a couple"
    )
    left_on = models.DateField(null=True)
    left_by = models.CharField(max_length=10, choices=Left, blank=True, default="", db_default="")
    terms = models.TextField(default="", db_default="", help_text="words to search by, between blanks")
    same_as = models.ForeignKey(
        "self",
        null=True,
        on_delete=models.PROTECT,
        related_name="merged",
        db_index=False,
        help_text="the row that stands for this one: one resident, recorded twice",
    )
    merged_from = models.ForeignKey(
        Household,
        null=True,
        on_delete=models.PROTECT,
        related_name="merged_away",
        db_index=False,
        help_text="the household it returns to when the two are parted",
    )
    couples_before = models.JSONField(
        null=True, help_text="{person: number of the couple} that the merging changed, to be put back"
    )

    class Meta:
        indexes = [
            GinIndex(OpClass(F("terms"), name="gin_trgm_ops"), name="person_terms"),
            # Few ever step back, and every page of a household asks for them.
            models.Index(fields=["same_as"], condition=Q(same_as__isnull=False), name="stepped_back_for"),
            models.Index(
                fields=["merged_from"], condition=Q(merged_from__isnull=False), name="stepped_back_from"
            ),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(same_as__isnull=True, merged_from__isnull=True) & ~Q(left_by="merged")
                | Q(same_as__isnull=False, merged_from__isnull=False, left_on__isnull=False)
                & ~Q(same_as=F("pk")),
                name="stepped_back_for_another",
            ),
            models.CheckConstraint(
                condition=Q(left_on__isnull=True, left_by="") | Q(left_on__isnull=False) & ~Q(left_by=""),
                name="left_on_a_day_for_a_reason",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def stands(self) -> "Person":
        """The row of this resident that stands: mostly itself."""
        return self.same_as or self

    @property
    def stands_id(self) -> int:
        """Its number."""
        return self.same_as_id or self.pk


class Address(models.Model):
    """Where a household is registered, or where it actually lives, from one day to another."""

    class Kind(models.TextChoices):
        REGISTERED = "registered", _("Registered address")
        ACTUAL = "actual", _("Actual address")

    household = models.ForeignKey(Household, on_delete=models.CASCADE, related_name="addresses")
    kind = models.CharField(max_length=10, choices=Kind)
    text = models.CharField(max_length=200)
    terms = models.CharField(max_length=400, help_text="its letters, to search by")
    since = models.DateField(null=True, help_text="empty: since before the hub knew")
    until = models.DateField(null=True, help_text="last day")
    source = models.CharField(max_length=20, choices=Source)
    recorded_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        indexes = [GinIndex(OpClass(F("terms"), name="gin_trgm_ops"), name="address_terms")]
        constraints = [
            models.UniqueConstraint(
                fields=["household", "kind"],
                condition=Q(until__isnull=True),
                name="one_address_of_a_kind_now",
            )
        ]

    def __str__(self) -> str:
        return self.text


class LifeEvent(models.Model):
    """Something that befell a household: one line of its history, never changed afterwards.

    A move between two households of the register is a line in each.
    """

    class Kind(models.TextChoices):
        BIRTH = "birth", _("Birth")
        DEATH = "death", _("Death")
        MOVED_IN = "moved_in", _("Moved in")
        MOVED_OUT = "moved_out", _("Moved out")
        SPLIT_OFF = "split_off", _("Left to form a household of their own")
        FORMED = "formed", _("Household formed by a split")
        ADDRESS = "address", _("Change of address")
        NAME = "name", _("Change of name")
        MERGED = "merged", _("Two entries of one resident merged")
        PARTED = "parted", _("Merged entries parted")

    household = models.ForeignKey(Household, on_delete=models.CASCADE, related_name="events")
    person = models.ForeignKey(Person, null=True, on_delete=models.CASCADE, related_name="events")
    kind = models.CharField(max_length=10, choices=Kind)
    happened_on = models.DateField()
    other = models.BigIntegerField(null=True, help_text="number of the household moved to or from")
    before = models.CharField(
        max_length=200, blank=True, help_text="what stood there before, such as an address"
    )
    source = models.CharField(max_length=20, choices=Source)
    recorded_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    recorded_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return f"{self.kind} {self.happened_on}"


class Relation(models.Model):
    """A relative or guardian who lives elsewhere, and whether the law obliges that person to support (부양의무자).

    Who lives in the same household is told by the facts `relation` and by `Person.couple`.
    """

    class Kind(models.TextChoices):
        PARENT = "parent", _("Parent")
        CHILD = "child", _("Child")
        CHILD_IN_LAW = "child_in_law", _("Spouse of a child")
        SPOUSE = "spouse", _("Spouse living apart")
        SIBLING = "sibling", _("Brother or sister")
        GUARDIAN = "guardian", _("Guardian")
        OTHER = "other", _("Other")

    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="relations")
    to = models.ForeignKey(Person, null=True, on_delete=models.SET_NULL, related_name="+")
    name = models.CharField(max_length=80, help_text="as stated, whether or not on the register")
    kind = models.CharField(max_length=12, choices=Kind)
    obligor = models.BooleanField(default=False, help_text="obliged by law to support")
    estranged = models.BooleanField(null=True, help_text="contact broken off; empty: not known")
    phone = models.CharField(max_length=20, blank=True)
    source = models.CharField(max_length=20, choices=Source)
    stated_on = models.DateField()
    recorded_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    ended_on = models.DateField(null=True)

    def __str__(self) -> str:
        return f"{self.kind} {self.name}"


class Note(models.Model):
    """Something written down about a household: a note, a promise with its day, or a warning to who goes there.

    What was written stays as it is; a promise is kept, a warning is lifted.
    """

    class Kind(models.TextChoices):
        NOTE = "note", _("Note")
        PROMISE = "promise", _("Promise")
        WARNING = "warning", _("Warning")

    household = models.ForeignKey(Household, on_delete=models.CASCADE, related_name="notes")
    kind = models.CharField(max_length=8, choices=Kind)
    text = models.CharField(max_length=1000)
    written_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    written_at = models.DateTimeField(auto_now_add=True)
    due_on = models.DateField(null=True, help_text="day something was promised for")
    settled_on = models.DateField(null=True, help_text="day it was kept or lifted")
    settled_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(kind="promise", due_on__isnull=False)
                | ~Q(kind="promise") & Q(due_on__isnull=True),
                name="a_promise_has_a_day",
            )
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.pk}"

    @property
    def overdue(self) -> bool:
        return self.due_on is not None and self.settled_on is None and self.due_on < date.today()


class Seal(models.Model):
    """A household hidden from everybody but those named: victims of violence, relatives of staff."""

    class Kind(models.TextChoices):
        VIOLENCE = "violence", _("Protection from violence")
        STAFF = "staff", _("Relatives of staff")
        OTHER = "other", _("Other need of protection")

    household = models.ForeignKey(Household, on_delete=models.CASCADE, related_name="seals")
    kind = models.CharField(max_length=8, choices=Kind)
    reason = models.CharField(max_length=300)
    allowed = models.ManyToManyField(User, related_name="+", help_text="who may open it all the same")
    sealed_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    sealed_at = models.DateTimeField(auto_now_add=True)
    lifted_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    lifted_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["household"], condition=Q(lifted_at__isnull=True), name="one_seal_at_a_time"
            )
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.household_id}"


class Opening(models.Model):
    """For what purpose somebody opened a household; holds until it runs out, so it is asked once and not on every page.

    An emergency opening (break-glass) reaches beyond area of duty and seal, for a day, and is reviewed afterwards.
    """

    class Verdict(models.TextChoices):
        JUSTIFIED = "justified", _("Justified")
        UNJUSTIFIED = "unjustified", _("Not justified")

    household = models.ForeignKey(Household, on_delete=models.CASCADE, related_name="openings")
    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    purpose = models.CharField(max_length=20, choices=Purpose)
    reason = models.CharField(max_length=300, blank=True)
    opened_at = models.DateTimeField(auto_now_add=True)
    until = models.DateTimeField()
    emergency = models.BooleanField(default=False)
    reviewed_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    reviewed_at = models.DateTimeField(null=True)
    verdict = models.CharField(max_length=12, choices=Verdict, blank=True)
    review = models.CharField(max_length=300, blank=True)

    class Meta:
        indexes = [models.Index(fields=["user", "until"], name="openings_of_a_user")]
        constraints = [
            models.CheckConstraint(
                condition=Q(emergency=False) | ~Q(reason=""), name="an_emergency_has_a_reason"
            ),
            models.CheckConstraint(
                condition=Q(reviewed_by__isnull=True) | ~Q(reviewed_by=F("user")), name="reviewed_by_another"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.purpose} {self.household_id}"


class FactValues(models.JSONField):
    """{fact: value} as PostgreSQL's plain `json`.

    A record is always written and read whole, never searched inside. Kept as text it goes in twice and comes out three
    times as fast as `jsonb`, which for a district is the difference between ten seconds and half a minute.
    """

    def db_type(self, connection: BaseDatabaseWrapper) -> str:
        """The column's type."""
        return "json"

    def from_db_value(self, value: Any, expression: Any, connection: BaseDatabaseWrapper) -> Any:
        """The driver has read plain `json` already."""
        return json.loads(value) if isinstance(value, str) else value


class FactRecord(models.Model):
    """What one source said about one household or person on one day: {fact: value}.

    Values are true/false, whole numbers (won included), texts of codes and dates as "YYYY-MM-DD". A fact that is not
    known is not there; there are no stand-ins for unknown. Why it is not known, `gaps` says: {fact: said}, where said is
    "unknown" (asked, nobody could tell), "refused" or "none" (there is no such thing; an amount or count is then 0 among
    the values, anything else null).
    """

    household = models.ForeignKey(Household, null=True, on_delete=models.CASCADE, related_name="records")
    person = models.ForeignKey(Person, null=True, on_delete=models.CASCADE, related_name="records")
    source = models.CharField(max_length=20, choices=Source)
    collected_on = models.DateField()
    expires_on = models.DateField(null=True, help_text="last day it holds")
    recorded_at = models.DateTimeField(auto_now_add=True)
    recorded_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    values = FactValues()
    gaps = models.JSONField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(household__isnull=False, person__isnull=True)
                | Q(household__isnull=True, person__isnull=False),
                name="about_a_household_or_a_person",
            )
        ]

    def __str__(self) -> str:
        return f"{self.source} {self.collected_on}"
