"""Households, persons, and recorded facts."""

import json
from typing import Any

from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import Q

from hub.access.models import User
from hub.organisation.models import Centre
from hub.people.identity.models import IdentityNumber  # noqa: F401  (Django looks for models here)
from hub.people.sources import Source


class Household(models.Model):
    """People who live and keep house together, as the register numbers them."""

    id = models.BigIntegerField(primary_key=True)
    centre = models.ForeignKey(Centre, on_delete=models.PROTECT, related_name="+")

    def __str__(self) -> str:
        return str(self.pk)

    @property
    def dong(self) -> str:
        """Ten-digit code of the dong the household lives in."""
        return self.centre_id


class Person(models.Model):
    """A resident. Everything that changes about a person is a recorded fact; here is only who it is.

    The resident number is kept masked: six digits of birth and the first of the rest. Demonstrations carry a number
    that cannot exist.
    """

    id = models.BigIntegerField(primary_key=True)
    household = models.ForeignKey(Household, on_delete=models.PROTECT, related_name="members")
    name = models.CharField(max_length=80)
    resident_number = models.CharField(max_length=20, blank=True, help_text="masked")
    couple = models.PositiveSmallIntegerField(
        null=True, help_text="members of a household with the same number are a couple"
    )

    class Meta:
        indexes = [
            models.Index(fields=["name"], opclasses=["varchar_pattern_ops"], name="person_name_begins")
        ]

    def __str__(self) -> str:
        return self.name


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
    known is not there; there are no stand-ins for unknown.
    """

    household = models.ForeignKey(Household, null=True, on_delete=models.CASCADE, related_name="records")
    person = models.ForeignKey(Person, null=True, on_delete=models.CASCADE, related_name="records")
    source = models.CharField(max_length=20, choices=Source)
    collected_on = models.DateField()
    recorded_at = models.DateTimeField(auto_now_add=True)
    recorded_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    values = FactValues()

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
