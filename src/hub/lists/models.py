"""Lists of agencies, each import of one, its rows, and who decided that a row speaks of whom.

An import keeps what it needs to be understood, repeated after a crash and undone: the rows as they were read, the record
that each wrote, and how far the work has come. The file itself is gone as soon as its rows are here.
"""

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from hub.access.models import User
from hub.organisation.models import Centre
from hub.people.models import FactRecord, Household, Person


class AgencyList(models.Model):
    """A kind of list that an agency sends again and again, and what its columns were found to mean."""

    name = models.CharField(max_length=80)
    agency = models.CharField(max_length=80)
    columns = models.JSONField(default=dict, help_text="{head: meaning}, as last decided")
    states = models.CharField(
        max_length=80, blank=True, help_text="a yes/no fact true of everybody on the list"
    )
    created_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["agency", "name"]
        constraints = [models.UniqueConstraint(fields=["agency", "name"], name="one_list_of_a_name")]

    def __str__(self) -> str:
        return f"{self.agency} {self.name}"


class Import(models.Model):
    """One file of a list, from upload to undoing. `position` is the last row that the work under way has finished."""

    class State(models.TextChoices):
        COLUMNS = "columns", _("Columns to be decided")
        READING = "reading", _("Being read")
        READY = "ready", _("Preview ready")
        APPLYING = "applying", _("Being applied")
        APPLIED = "applied", _("Applied")
        UNDOING = "undoing", _("Being undone")
        UNDONE = "undone", _("Undone")
        DISCARDED = "discarded", _("Discarded")
        REFUSED = "refused", _("File refused")

    agency_list = models.ForeignKey(AgencyList, on_delete=models.PROTECT, related_name="imports")
    centre = models.ForeignKey(
        Centre, null=True, on_delete=models.PROTECT, related_name="+", help_text="none: the whole district"
    )
    state = models.CharField(max_length=10, choices=State, default=State.COLUMNS)
    file_name = models.CharField(max_length=120)
    file_hash = models.CharField(max_length=64, help_text="SHA-256")
    form = models.CharField(max_length=40, help_text="such as CSV, CP949")
    data_day = models.DateField(help_text="the day of which the list speaks")
    uploaded_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    uploaded_at = models.DateTimeField(auto_now_add=True)
    head_row = models.PositiveIntegerField(default=0, help_text="counted from 0")
    guess = models.JSONField(
        default=list, help_text="what each column probably means, with samples; until decided"
    )
    columns = models.JSONField(default=dict, help_text="{column, counted from 0: meaning}")
    notes = models.JSONField(default=list, help_text="what the reader said of the sheet, in both languages")
    warnings = models.JSONField(default=list, help_text="[{kind, numbers}] of the wrong-file guard")
    refusal = models.JSONField(default=dict, help_text="why the file was refused, in both languages")
    rows = models.PositiveIntegerField(default=0)
    position = models.PositiveIntegerField(default=0)
    failure = models.CharField(max_length=80, blank=True, help_text="kind of the fault that stopped the work")
    applied_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    applied_at = models.DateTimeField(null=True)
    undone_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    undone_at = models.DateTimeField(null=True)
    kept_later = models.PositiveIntegerField(
        default=0, help_text="records undone beside which somebody has recorded the same facts since"
    )
    left_over = models.PositiveIntegerField(
        default=0, help_text="records that could not be undone: the household has left the area"
    )

    class Meta:
        ordering = ["-pk"]
        constraints = [
            # The same file twice would be the same facts twice. One that was undone or thrown away may come again.
            models.UniqueConstraint(
                fields=["agency_list", "centre", "file_hash"],
                nulls_distinct=False,
                condition=~Q(state__in=["undone", "discarded", "refused"]),
                name="a_file_of_a_list_once",
            )
        ]

    def __str__(self) -> str:
        return str(self.pk)

    @property
    def under_way(self) -> bool:
        """Whether a worker is, or should be, busy with it."""
        return self.state in (self.State.READING, self.State.APPLYING, self.State.UNDOING)

    @property
    def percent(self) -> int:
        """How far the work under way has come."""
        return min(100, 100 * self.position // self.rows) if self.rows else 0


class ImportFile(models.Model):
    """The bytes of an uploaded file, until its rows have been read."""

    of = models.OneToOneField(Import, on_delete=models.CASCADE, primary_key=True, related_name="file")
    content = models.BinaryField()

    def __str__(self) -> str:
        return str(self.pk)


class ImportRow(models.Model):
    """One row of a list as it was read, whom it speaks of, and the records that it wrote.

    `who` says who it is by the words of the list, `says` what it states by fact name, `before` what stood when it was
    compared. `problems` and `remarks` name cells by their address in the file.
    """

    class Outcome(models.TextChoices):
        NEW = "new", _("New")
        CHANGED = "changed", _("Changed")
        SAME = "same", _("Already known")
        OLDER = "older", _("Older than what is known")
        DOUBTFUL = "doubtful", _("To be looked at")
        UNPLACED = "unplaced", _("Cannot be placed")
        WRONG = "wrong", _("Cannot be read")

    of = models.ForeignKey(Import, on_delete=models.CASCADE, related_name="lines")
    number = models.PositiveIntegerField(help_text="row of the file, counted from 1")
    who = models.JSONField(default=dict)
    says = models.JSONField(default=dict)
    before = models.JSONField(default=dict)
    problems = models.JSONField(default=list)
    remarks = models.JSONField(default=list)
    identity = models.CharField(
        max_length=64, help_text="keyed hash of `who`: the same person in the next file"
    )
    outcome = models.CharField(max_length=10, choices=Outcome)
    why = models.CharField(max_length=20, blank=True, help_text="by what it was or was not placed")
    candidates = models.JSONField(default=list, help_text="numbers of persons it may speak of")
    household = models.ForeignKey(Household, null=True, on_delete=models.CASCADE, related_name="+")
    person = models.ForeignKey(Person, null=True, on_delete=models.CASCADE, related_name="+")
    # Without constraints in the database: `people` empties its table of records by TRUNCATE when a district comes in,
    # which a constraint from here would forbid for good.
    household_record = models.OneToOneField(
        FactRecord,
        null=True,
        on_delete=models.SET_NULL,
        related_name="written_by_row_of_household",
        db_constraint=False,
    )
    person_record = models.OneToOneField(
        FactRecord, null=True, on_delete=models.SET_NULL, related_name="written_by_row", db_constraint=False
    )

    class Meta:
        ordering = ["number"]
        constraints = [
            models.UniqueConstraint(fields=["of", "number"], name="a_row_once"),
            models.CheckConstraint(
                condition=Q(person__isnull=True) | Q(household__isnull=False),
                name="a_person_with_its_household",
            ),
        ]
        indexes = [
            models.Index(fields=["of", "outcome", "number"], name="rows_by_outcome"),
            models.Index(fields=["identity"], name="rows_by_identity"),
        ]

    def __str__(self) -> str:
        return f"{self.of_id}: {self.number}"


class Link(models.Model):
    """Whether a row speaks of a resident, as a person decided or the linkage computed; taken back by a date, never erased."""

    class Answer(models.TextChoices):
        SAME = "same", _("Same person")
        ANOTHER = "another", _("Another person")
        LATER = "later", _("Decide later")

    row = models.ForeignKey(ImportRow, on_delete=models.CASCADE, related_name="links")
    household = models.ForeignKey(Household, on_delete=models.CASCADE, related_name="+")
    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="+")
    answer = models.CharField(max_length=10, choices=Answer)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        on_delete=models.PROTECT,
        related_name="+",
        help_text="none: computed",
    )
    probability = models.FloatField(null=True, help_text="how sure the computation was")
    decided_at = models.DateTimeField(auto_now_add=True)
    undone_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )
    undone_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["row"], condition=Q(answer="same", undone_at__isnull=True), name="a_row_is_one_person"
            ),
            models.CheckConstraint(
                condition=Q(undone_at__isnull=True) | Q(undone_at__gte=F("decided_at")),
                name="undone_after_decided",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.row_id} {self.answer} {self.person_id}"

    @property
    def percent(self) -> int:
        """How sure the computation was, rounded down so that it never claims certainty."""
        return int(100 * (self.probability or 0))
