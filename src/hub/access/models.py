"""Users, the posts they hold, and the trail of what was done."""

from uuid import uuid4

from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from hub.access.roles import Role
from hub.organisation.models import Centre


class User(AbstractBaseUser):
    """A person who signs in. What the person may do comes from posts alone; nobody is allowed everything."""

    username = models.CharField(max_length=40, unique=True)
    name = models.CharField(max_length=80)
    language = models.CharField(max_length=2, choices=settings.LANGUAGES, default="ko")
    is_active = models.BooleanField(default=True)
    created_at = models.DateTimeField(auto_now_add=True)

    USERNAME_FIELD = "username"
    REQUIRED_FIELDS = ["name"]

    objects: BaseUserManager = BaseUserManager()

    def __str__(self) -> str:
        return self.name


class Post(models.Model):
    """A role held by a user from one day to another, in some dongs or, by the role, in the whole district."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="posts")
    role = models.CharField(max_length=20, choices=Role)
    centres = models.ManyToManyField(Centre, blank=True, related_name="posts")
    since = models.DateField()
    until = models.DateField(null=True, blank=True, help_text="last day of the post")

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(until__isnull=True) | Q(until__gte=F("since")), name="post_ends_after_it_begins"
            )
        ]

    def __str__(self) -> str:
        return str(Role(self.role).label)


class AccessRecord(models.Model):
    """One thing somebody did: when, who, in which post, from where, what, to whom, for what purpose.

    Records are only ever added, through `hub.access.trail.record`; triggers in the database refuse everything else but
    the one-time filling of `position` and `link` by the sealer. Households and persons are numbers and no foreign keys:
    the trail outlives the erasure of a resident. See docs/decisions/0007-audit-chain.md.
    """

    mark = models.UUIDField(default=uuid4, unique=True, help_text="makes every record unlike any other")
    at = models.DateTimeField(default=timezone.now)
    actor = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    roles = models.CharField(
        max_length=200, blank=True, help_text="posts the actor held then, separated by commas"
    )
    session = models.CharField(max_length=16, blank=True, help_text="keyed hash of the session")
    origin = models.CharField(max_length=45, blank=True, help_text="network address, or worker, or command")
    verb = models.CharField(max_length=60, help_text="app.verb, such as people.opened")
    object_kind = models.CharField(max_length=60, blank=True)
    object_id = models.CharField(max_length=80, blank=True)
    household = models.BigIntegerField(null=True, help_text="number of the household it was about")
    person = models.BigIntegerField(null=True, help_text="number of the person it was about")
    listed = ArrayField(
        models.BigIntegerField(), null=True, help_text="numbers of the households shown in a list"
    )
    subjects = models.PositiveIntegerField(default=0, help_text="how many residents or households were shown")
    purpose = models.CharField(max_length=200, blank=True)

    mac = models.BinaryField(help_text="keyed hash of all of the above, made when the record was")
    position = models.BigIntegerField(null=True, help_text="place in the chain, once sealed")
    link = models.BinaryField(null=True, help_text="keyed hash of the link before and this record's mac")

    class Meta:
        indexes = [
            models.Index(fields=["object_kind", "object_id", "at"], name="trail_of_an_object"),
            models.Index(fields=["actor", "at"], name="trail_of_an_actor"),
            models.Index(fields=["at"], name="trail_of_a_time"),
            models.Index(
                fields=["household", "at"],
                condition=Q(household__isnull=False),
                name="trail_of_a_household",
            ),
            models.Index(
                fields=["person", "at"], condition=Q(person__isnull=False), name="trail_of_a_person"
            ),
            GinIndex(fields=["listed"], name="trail_of_the_listed"),
            models.Index(fields=["id"], condition=Q(position__isnull=True), name="trail_not_sealed_yet"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["position"], condition=Q(position__isnull=False), name="one_record_at_a_position"
            ),
            models.CheckConstraint(
                condition=Q(position__isnull=True, link__isnull=True)
                | Q(position__isnull=False, link__isnull=False),
                name="sealed_whole_or_not_at_all",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.verb} {self.object_kind} {self.object_id}"


class Head(models.Model):
    """The end of the chain at one moment; a copy of each leaves the machine (`hub.access.heads`)."""

    position = models.BigIntegerField(primary_key=True)
    link = models.BinaryField()
    at = models.DateTimeField()
    signature = models.BinaryField(help_text="keyed hash of the three")

    def __str__(self) -> str:
        return str(self.position)


class Checkpoint(models.Model):
    """Up to here the trail was forgotten when its time was over; the chain is verified from here on."""

    position = models.BigIntegerField(primary_key=True)
    link = models.BinaryField()
    at = models.DateTimeField()
    before = models.DateField(help_text="records before this day were forgotten")
    signature = models.BinaryField(help_text="keyed hash of the four")

    def __str__(self) -> str:
        return str(self.position)
