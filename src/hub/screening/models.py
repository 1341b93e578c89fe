"""District runs, what they found that somebody must act on, and desk interviews.

The full matrix, every household by every programme with every reason, stays in the run's files; the database keeps what
people work with.
"""

from pathlib import Path
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from hub.access.models import User
from hub.organisation.models import Centre
from hub.people.models import Household, Person


class Run(models.Model):
    """One screening of the whole district: bound to a snapshot, a catalogue version and a day, so it can be repeated."""

    class State(models.TextChoices):
        WAITING = "waiting", _("Waiting")
        RUNNING = "running", _("Running")
        DONE = "done", _("Done")
        CANCELLED = "cancelled", _("Cancelled")
        FAILED = "failed", _("Failed")

    as_of = models.DateField()
    state = models.CharField(max_length=10, choices=State, default=State.WAITING)
    asked_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    asked_at = models.DateTimeField(auto_now_add=True)
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    cancel_asked = models.BooleanField(default=False)
    households = models.PositiveIntegerField(default=0)
    households_done = models.PositiveIntegerField(default=0)
    catalogue_version = models.CharField(max_length=16, blank=True)
    snapshot = models.CharField(max_length=64, blank=True, help_text="hash of the snapshot's contents")
    library_version = models.CharField(max_length=20, blank=True)
    failure = models.CharField(max_length=300, blank=True)

    class Meta:
        ordering = ["-pk"]
        constraints: ClassVar = [
            # Two runs at once would only slow each other down.
            models.UniqueConstraint(
                models.Value(1), condition=Q(state__in=["waiting", "running"]), name="one_run_at_a_time"
            )
        ]

    def __str__(self) -> str:
        return f"{self.pk} ({self.as_of})"

    @property
    def unfinished(self) -> bool:
        return self.state in (self.State.WAITING, self.State.RUNNING)

    @property
    def percent(self) -> int:
        return 100 * self.households_done // self.households if self.households else 0

    @property
    def folder(self) -> Path:
        """The run's files."""
        return Path(settings.RUNS) / str(self.pk)

    @property
    def snapshot_folder(self) -> Path:
        """What was screened."""
        return Path(settings.SNAPSHOTS) / str(self.pk)


class Missed(models.Model):
    """An entitlement a run found that is surely not received."""

    # The two that every row shares have no index and no check of their own: half a million rows are filed with each run.
    run = models.ForeignKey(
        Run, on_delete=models.CASCADE, related_name="missed", db_index=False, db_constraint=False
    )
    household = models.ForeignKey(Household, on_delete=models.CASCADE, related_name="missed", db_index=False)
    person = models.ForeignKey(Person, null=True, on_delete=models.CASCADE, related_name="missed")
    centre = models.ForeignKey(
        Centre, on_delete=models.PROTECT, related_name="+", db_index=False, db_constraint=False
    )
    programme = models.CharField(max_length=80)
    won = models.BigIntegerField(null=True, help_text="sure amount for each period of the programme")
    won_a_year = models.BigIntegerField(default=0, help_text="for ordering; help in kind counts as nothing")

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["run", "programme", "household"], name="who_misses_it"),
            models.Index(fields=["household", "run"], name="what_a_household_misses"),
        ]

    def __str__(self) -> str:
        return f"{self.household_id} {self.programme}"


class Listed(models.Model):
    """A household on a run's work list: what it misses altogether, which is what the list is ordered by."""

    run = models.ForeignKey(
        Run, on_delete=models.CASCADE, related_name="listed", db_index=False, db_constraint=False
    )
    household = models.ForeignKey(Household, on_delete=models.CASCADE, related_name="listed", db_index=False)
    centre = models.ForeignKey(
        Centre, on_delete=models.PROTECT, related_name="+", db_index=False, db_constraint=False
    )
    entitlements = models.PositiveSmallIntegerField()
    won_a_year = models.BigIntegerField()

    class Meta:
        indexes: ClassVar = [
            models.Index(
                fields=["run", "centre", "-won_a_year", "-entitlements", "household"], name="list_of_a_dong"
            ),
            models.Index(
                fields=["run", "-won_a_year", "-entitlements", "household"], name="list_of_the_district"
            ),
        ]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["household", "run"], name="one_line_for_a_household")
        ]

    def __str__(self) -> str:
        return f"{self.household_id} {self.won_a_year}"


class Interview(models.Model):
    """A conversation at the desk: what was known at the start and each answer, bound to a catalogue version and a day.

    The state of the conversation is computed from these, never stored, so it cannot disagree with them.
    """

    class Policy(models.TextChoices):
        SETTLE = "settle", _("Settle everything")
        ANY_TIME = "any_time", _("The resident may stop at any time")

    centre = models.ForeignKey(Centre, on_delete=models.PROTECT, related_name="+")
    household = models.ForeignKey(Household, null=True, on_delete=models.PROTECT, related_name="interviews")
    held_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    opened_at = models.DateTimeField(auto_now_add=True)
    closed_at = models.DateTimeField(null=True)
    as_of = models.DateField()
    catalogue_version = models.CharField(max_length=16)
    policy = models.CharField(max_length=10, choices=Policy, default=Policy.ANY_TIME)
    known = models.JSONField(help_text="{household: {fact: value}, members: [{fact: value}]} at the start")
    answers = models.JSONField(
        default=list, help_text="[{fact, members, value | said: unknown | refused}] in order"
    )

    class Meta:
        ordering = ["-pk"]

    def __str__(self) -> str:
        return str(self.pk)

    @property
    def dong(self) -> str:
        """Ten-digit code of the dong whose centre holds the interview."""
        return self.centre_id

    @property
    def zone(self) -> str | None:
        """Code of the zone its household lies in, if it is with one of the register."""
        return self.household.zone_id if self.household else None
