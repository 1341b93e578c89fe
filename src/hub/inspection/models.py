"""The monthly report on the audit trail, and what in it had to be looked into."""

from datetime import date

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from hub.access.models import User


class Report(models.Model):
    """One month of the trail: made by the worker, gone through by the privacy officer, frozen when signed."""

    month = models.DateField(unique=True, help_text="its first day")
    examined_at = models.DateTimeField(null=True, help_text="when the trail was last gone through")
    chain = models.JSONField(default=dict, help_text="what the verification of the chain found then")
    content = models.JSONField(null=True, help_text="the report as it was signed")
    hash = models.CharField(max_length=64, blank=True, help_text="SHA-256 of the content, also in the trail")
    remark = models.TextField(blank=True)
    signed_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    signed_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-month"]
        constraints = [
            models.CheckConstraint(
                condition=Q(signed_at__isnull=True, signed_by__isnull=True, content__isnull=True, hash="")
                | Q(signed_at__isnull=False, signed_by__isnull=False, content__isnull=False, hash__gt=""),
                name="signed_whole_or_not_at_all",
            ),
            models.CheckConstraint(condition=Q(month__day=1), name="a_month_begins_on_the_first"),
        ]

    def __str__(self) -> str:
        return f"{self.month:%Y-%m}"

    @property
    def after(self) -> date:
        """The first day of the month after it."""
        return date(self.month.year + self.month.month // 12, self.month.month % 12 + 1, 1)

    @property
    def due(self) -> date:
        """The last day to sign it without being late."""
        return self.after.replace(day=DUE_DAY)


DUE_DAY = 10  # of the month after


class Finding(models.Model):
    """Access of one user in one month that is out of the ordinary. That is a question, and no reproach yet."""

    class Kind(models.TextChoices):
        OWN_NAME = "own_name", _("A member bears the user's own name")
        COLLEAGUE = "colleague", _("A member bears the name of another user")
        NIGHT = "night", _("At night or on a weekend")
        BULK = "bulk", _("Many households within one hour")
        WITHOUT_WORK = "without_work", _("Opened again and again without any work following")
        NEW_ORIGIN = "new_origin", _("Signed in from a place not seen before")
        REFUSED = "refused", _("Refused at a gate several times")
        EMERGENCY = "emergency", _("Emergency opening without review within 24 hours")
        EXPORT = "export", _("Large export, or one without a reason")

    class Decision(models.TextChoices):
        IN_ORDER = "in_order", _("In the line of duty")
        REMINDED = "reminded", _("In the line of duty, reminded of the rules")
        UNAUTHORISED = "unauthorised", _("Without or beyond authority")

    report = models.ForeignKey(Report, on_delete=models.PROTECT, related_name="findings")
    kind = models.CharField(max_length=20, choices=Kind)
    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    # A number and no foreign key, as in the trail: it stays when the household is erased.
    household = models.BigIntegerField(null=True)
    number = models.PositiveIntegerField(help_text="how many records")
    most = models.PositiveIntegerField(
        default=0, help_text="the figure that stood out, such as households in an hour"
    )
    usual = models.PositiveIntegerField(default=0, help_text="up to where it would have been ordinary")
    first_at = models.DateTimeField()
    last_at = models.DateTimeField()
    records = ArrayField(models.BigIntegerField(), help_text="numbers of records in the trail, the first 500")

    question = models.TextField(blank=True)
    asked_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    asked_at = models.DateTimeField(null=True)
    answer = models.TextField(blank=True)
    answered_at = models.DateTimeField(null=True)
    decision = models.CharField(max_length=20, choices=Decision, blank=True)
    reason = models.TextField(blank=True)
    decided_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    decided_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["kind", "user", "household"]
        constraints = [
            models.UniqueConstraint(
                fields=["report", "kind", "user", "household"],
                nulls_distinct=False,
                name="one_finding_of_a_kind_for_a_user",
            ),
            models.CheckConstraint(
                condition=Q(decision="") | Q(decided_by__isnull=False, decided_at__isnull=False),
                name="decided_by_somebody",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.pk}"

    @property
    def waits_for_answer(self) -> bool:
        """Whether the user was asked and has not answered yet."""
        return self.asked_at is not None and self.answered_at is None and not self.decision
