"""Consents, the requests of those the data are about, and the proofs of what was erased.

A consent is never overwritten: a database trigger lets it gain a withdrawal once and nothing else. A proof of erasure
never changes at all. Both hold numbers and counts; no name stands in a proof.
"""

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from hub.access.models import User
from hub.people.models import Person
from hub.screening.models import Run


class ConsentPurpose(models.TextChoices):
    """What data are collected and used for with consent (수집·이용 목적); each has its own text (PIPA arts. 15, 17, 22)."""

    APPLICATION = "application", _("Application and use of data")
    FINANCIAL = "financial", _("Financial data")
    HOME_VISIT = "home_visit", _("Home visits and photographs")
    PARTNERS = "partners", _("Sharing with named private partners")
    CASE_SHARING = "case_sharing", _("Sharing for case management")
    SAFETY_CHECK = "safety_check", _("Safety check by devices")


class ConsentText(models.Model):
    """One published version of a consent text in one language. It stays as it was read and signed."""

    consent_purpose = models.CharField(max_length=20, choices=ConsentPurpose)
    version = models.PositiveSmallIntegerField()
    language = models.CharField(max_length=2, choices=[("ko", _("Korean")), ("en", _("English"))])
    valid_from = models.DateField()
    months = models.PositiveSmallIntegerField(null=True, help_text="longest term; none: until withdrawn")
    body = models.JSONField(help_text="{title, basis, explanation, items: [{id, optional, about, ...}]}")
    hash = models.CharField(max_length=64, help_text="SHA-256 of the body")
    published_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["consent_purpose", "-version", "language"]
        constraints = [
            models.UniqueConstraint(
                fields=["consent_purpose", "version", "language"], name="one_text_of_a_version"
            )
        ]

    def __str__(self) -> str:
        return f"{self.get_consent_purpose_display()} {self.version} ({self.language})"


class Manner(models.TextChoices):
    """How a resident made a will known."""

    PAPER = "paper", _("Signed on paper")
    SCREEN = "screen", _("Confirmed on the screen")
    SPOKEN = "spoken", _("Said at the desk or by telephone")


class GivenBy(models.TextChoices):
    """Who spoke."""

    SELF = "self", _("The person")
    REPRESENTATIVE = "representative", _("A legal representative")


class Consent(models.Model):
    """What one person agreed to on one day, item by item, under one text; and, once, how it ended."""

    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="consents")
    text = models.ForeignKey(ConsentText, on_delete=models.PROTECT, related_name="+")
    items = models.JSONField(help_text="{item: true | false}")
    given_on = models.DateField()
    expires_on = models.DateField(null=True, help_text="last day it holds")
    given_by = models.CharField(max_length=20, choices=GivenBy, default=GivenBy.SELF)
    representative = models.CharField(max_length=80, blank=True, help_text="name and relation")
    manner = models.CharField(max_length=10, choices=Manner)
    recipients = models.CharField(max_length=300, blank=True, help_text="to whom data may be given, by name")
    paper_reference = models.CharField(max_length=80, blank=True, help_text="number of the scan or the shelf")
    explained_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    recorded_at = models.DateTimeField(auto_now_add=True)
    withdrawn_on = models.DateField(null=True)
    withdrawn_how = models.CharField(max_length=10, choices=Manner, blank=True)
    withdrawal_reason = models.CharField(max_length=200, blank=True)
    withdrawal_recorded_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering = ["-given_on", "-pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(expires_on__isnull=True) | Q(expires_on__gte=F("given_on")),
                name="consent_ends_after_it_begins",
            ),
            models.CheckConstraint(
                condition=Q(withdrawn_on__isnull=True) | Q(withdrawn_on__gte=F("given_on")),
                name="consent_withdrawn_after_it_was_given",
            ),
            models.CheckConstraint(
                condition=~Q(given_by=GivenBy.REPRESENTATIVE) | ~Q(representative=""),
                name="representative_is_named",
            ),
        ]

    def __str__(self) -> str:
        return str(self.pk)

    @property
    def consent_purpose(self) -> str:
        """What it is for."""
        return self.text.consent_purpose


class SubjectRequest(models.Model):
    """Something a resident asks under PIPA arts. 35 to 37-2, with the day by which it must be answered.

    An erasure passes two people: who received the request cannot decide it. `details` and `answer` are words about the
    person; they are emptied when the request's own period ends.
    """

    class Kind(models.TextChoices):
        ACCESS = "access", _("Access (what is held about me)")
        CORRECTION = "correction", _("Correction")
        ERASURE = "erasure", _("Erasure")
        SUSPENSION = "suspension", _("Suspension of processing")
        EXPLANATION = "explanation", _("Explanation of an automated decision")

    class State(models.TextChoices):
        OPEN = "open", _("Being handled")
        DONE = "done", _("Told")
        REFUSED = "refused", _("Request refused")

    class Identity(models.TextChoices):
        CARD = "card", _("Identity card seen")
        REGISTER = "register", _("Compared with the register at the desk")
        SIGNATURE = "signature", _("Electronic signature")
        AUTHORITY = "authority", _("Letter of authority and both identity cards seen")

    kind = models.CharField(max_length=20, choices=Kind)
    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="requests")
    received_on = models.DateField()
    due_on = models.DateField()
    received_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    identity = models.CharField(max_length=20, choices=Identity)
    details = models.TextField(blank=True, max_length=1000)
    state = models.CharField(max_length=10, choices=State, default=State.OPEN)
    decided_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    decided_at = models.DateTimeField(null=True)
    answer = models.TextField(blank=True, max_length=2000)
    answered_on = models.DateField(null=True)
    answered_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering = ["due_on", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=~Q(kind="erasure", decided_by=F("received_by")), name="erasure_needs_two_people"
            ),
            models.UniqueConstraint(
                fields=["person"],
                condition=Q(kind="erasure", state="open"),
                name="one_erasure_of_a_person_at_a_time",
            ),
        ]

    def __str__(self) -> str:
        return str(self.pk)

    @property
    def unfinished(self) -> bool:
        return self.state == self.State.OPEN


class RetentionRun(models.Model):
    """One destruction of everything whose period had ended on a day; goes on where it was interrupted."""

    class State(models.TextChoices):
        WAITING = "waiting", _("Waiting")
        RUNNING = "running", _("Running")
        DONE = "done", _("Done")
        FAILED = "failed", _("Failed")

    as_of = models.DateField()
    state = models.CharField(max_length=10, choices=State, default=State.WAITING)
    asked_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    asked_at = models.DateTimeField(auto_now_add=True)
    finished_at = models.DateTimeField(null=True)
    due = models.JSONField(default=dict, help_text="{kind: rows due at the start}")
    before = models.JSONField(default=dict, help_text="{kind: rows at the start}")
    erased = models.JSONField(default=dict, help_text="{kind: rows erased so far}")
    failure = models.CharField(max_length=80, blank=True)

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(
                models.Value(1),
                condition=Q(state__in=["waiting", "running"]),
                name="one_retention_run_at_a_time",
            )
        ]

    def __str__(self) -> str:
        return f"{self.pk} ({self.as_of})"

    @property
    def unfinished(self) -> bool:
        return self.state in (self.State.WAITING, self.State.RUNNING)

    @property
    def percent(self) -> int:
        """How much of what was due is erased."""
        total = sum(self.due.values())
        return min(100, 100 * sum(self.erased.values()) // total) if total else 100


class ErasureRecord(models.Model):
    """The proof of one erasure: by which rule, how many of each kind before, erased and left. It never changes."""

    made_at = models.DateTimeField(auto_now_add=True)
    as_of = models.DateField()
    run = models.OneToOneField(RetentionRun, null=True, on_delete=models.PROTECT, related_name="proof")
    request = models.OneToOneField(SubjectRequest, null=True, on_delete=models.PROTECT, related_name="proof")
    lines = models.JSONField(help_text="[{kind, model, law, before, erased, kept, reason, until, after}]")
    hash = models.CharField(max_length=64, help_text="SHA-256 of occasion, day and lines")

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(run__isnull=False, request__isnull=True)
                | Q(run__isnull=True, request__isnull=False),
                name="a_proof_has_one_occasion",
            )
        ]

    def __str__(self) -> str:
        return str(self.pk)


class ExpiringFiles(models.Model):
    """Files of a district run that hold somebody who was erased: to be removed, and made again without that person."""

    run = models.OneToOneField(Run, on_delete=models.CASCADE, related_name="expiring")
    marked_at = models.DateTimeField(auto_now_add=True)
    removed_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return str(self.run_id)
