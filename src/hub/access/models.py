"""Users, the posts they hold, and the trail of what was done."""

from uuid import uuid4

from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from hub.access.roles import Role
from hub.keys.columns import Encrypted
from hub.organisation.models import Centre, Zone


class User(AbstractBaseUser):
    """A person who signs in. What the person may do comes from posts alone; nobody is allowed everything."""

    username = models.CharField(max_length=40, unique=True)
    name = models.CharField(max_length=80)
    language = models.CharField(max_length=2, choices=settings.LANGUAGES, default="ko")
    is_active = models.BooleanField(default=True)
    initial_until = models.DateTimeField(
        null=True,
        blank=True,
        help_text="the passphrase was made by somebody else and opens the door until then",
    )
    created_at = models.DateTimeField(auto_now_add=True)

    USERNAME_FIELD = "username"
    REQUIRED_FIELDS = ["name"]

    objects: BaseUserManager = BaseUserManager()

    def __str__(self) -> str:
        return self.name


class Post(models.Model):
    """A role held by a user from one day to another: in some dongs, only in zones of theirs, or, by the role, in the whole
    district.
    """

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="posts")
    role = models.CharField(max_length=30, choices=Role)
    centres = models.ManyToManyField(Centre, blank=True, related_name="posts")
    # Zones say whose calls come first. Whether rights end at them as well is said for each post, as centres differ: where
    # neighbours stand in for each other they follow the dongs.
    zones = models.ManyToManyField(Zone, blank=True, related_name="posts")
    only_zones = models.BooleanField(
        default=False, db_default=False, help_text="rights hold in the zones only, not in all of the dongs"
    )
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


class RightsRecord(models.Model):
    """One change of what somebody may do, kept three years whatever becomes of the post itself.

    Records are only ever added; triggers refuse changes, and removal before three years are over (personal-information
    safety standard, records of access rights).
    """

    class Change(models.TextChoices):
        """What changed."""

        CREATED = "created", _("Account made")
        GAVE_POST = "gave_post", _("Post given")
        ENDED_POST = "ended_post", _("Post ended")
        CHANGED_ZONES = "changed_zones", _("Zones of a post changed")
        CLOSED = "closed", _("Account closed")
        REOPENED = "reopened", _("Account opened again")
        RESET = "reset", _("Sign-in begun anew")

    at = models.DateTimeField(auto_now_add=True)
    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="rights_records")
    by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    change = models.CharField(max_length=20, choices=Change)
    role = models.CharField(max_length=30, choices=Role, blank=True)
    places = models.TextField(
        blank=True, help_text="codes of dongs and zones, by commas; zones alone where rights end at them"
    )
    since = models.DateField(null=True)
    until = models.DateField(null=True)

    class Meta:
        indexes = [models.Index(fields=["user", "-at"], name="rights_of_a_user")]

    def __str__(self) -> str:
        return f"{self.change} {self.role}"


# -- how one proves who one is ---------------------------------------------------------------------------------


class Authenticator(models.Model):
    """The app that shows a user's six-digit codes (TOTP, RFC 6238); unconfirmed until a first code was right."""

    # The key of the record too: what is encrypted is bound to it, so no secret can be put in another user's place.
    user = models.OneToOneField(
        User, primary_key=True, on_delete=models.CASCADE, related_name="authenticator"
    )
    secret = Encrypted(purpose="access.authenticator")
    confirmed_at = models.DateTimeField(null=True)
    last_step = models.BigIntegerField(
        default=0, help_text="half-minute of the last code taken; older ones are spent"
    )

    def __str__(self) -> str:
        return f"authenticator of user {self.user_id}"


class Passkey(models.Model):
    """A key pair on a device or stick of the user; the hub keeps the public half."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="passkeys")
    credential = models.BinaryField(unique=True, help_text="id the device gave it")
    public = models.BinaryField(help_text="attested credential data: public key, algorithm, kind of device")
    counter = models.PositiveBigIntegerField(default=0, help_text="signatures the device says it made")
    host = models.CharField(max_length=253, help_text="name of the hub it was made for; it works there only")
    name = models.CharField(max_length=60)
    created_at = models.DateTimeField(auto_now_add=True)
    last_used_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return self.name


class RecoveryCode(models.Model):
    """A code on paper that stands once for the second factor; kept as a keyed hash."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="recovery_codes")
    hashed = models.CharField(max_length=64)
    used_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "hashed"], name="recovery_code_once")]

    def __str__(self) -> str:
        return f"recovery code of user {self.user_id}"


class Session(models.Model):
    """A browser that is being talked to, signed in or on its way; see sessions.py."""

    key = models.CharField(
        max_length=64, primary_key=True, help_text="hash of the key in the browser's cookie"
    )
    data = models.TextField()
    user = models.ForeignKey(User, null=True, on_delete=models.CASCADE, related_name="sessions")
    started_at = models.DateTimeField()
    seen_at = models.DateTimeField()
    origin = models.GenericIPAddressField(null=True)
    device = models.CharField(max_length=80, blank=True)

    class Meta:
        indexes = [models.Index(fields=["seen_at"], name="session_by_last_seen")]

    def __str__(self) -> str:
        return f"session of user {self.user_id}"


# -- the two-person rule ---------------------------------------------------------------------------------------


class Deed(models.TextChoices):
    """What nobody may do alone."""

    EXPORT = "export", _("Take a list out of the hub")
    UNSEAL = "unseal", _("Unseal a household")
    PUBLISH_PROGRAMMES = "publish_programmes", _("Put a version of the programmes in force")
    MERGE_PERSONS = "merge_persons", _("Merge two persons")
    ERASE = "erase", _("Erase personal data")
    RESET_SIGN_IN = "reset_sign_in", _("Let somebody begin their sign-in anew")


class Approval(models.Model):
    """One person asks to do a deed, another allows or refuses it, the first does it once; see approvals.py."""

    deed = models.CharField(max_length=30, choices=Deed)
    subject_kind = models.CharField(max_length=60)
    subject_id = models.CharField(max_length=80)
    dong = models.CharField(max_length=10, blank=True, help_text="where it lies; empty: the whole district")
    facts = models.TextField(help_text="what exactly is asked for, as the second person reads it")
    reason = models.CharField(max_length=400)
    asked_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    asked_at = models.DateTimeField()
    expires_at = models.DateTimeField(help_text="a day after asking; once granted, a day after that")
    granted = models.BooleanField(null=True)
    decided_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    decided_at = models.DateTimeField(null=True)
    answer = models.CharField(max_length=400, blank=True, help_text="what the second person wrote")
    used_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index(fields=["deed", "subject_kind", "subject_id"], name="approval_of_a_subject"),
            models.Index(fields=["expires_at"], condition=Q(granted__isnull=True), name="approval_waiting"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(decided_by__isnull=True) | ~Q(decided_by=F("asked_by")), name="two_persons"
            ),
            models.CheckConstraint(
                condition=Q(granted__isnull=True, decided_by__isnull=True, decided_at__isnull=True)
                | Q(granted__isnull=False, decided_by__isnull=False, decided_at__isnull=False),
                name="approval_decided_by_somebody",
            ),
            models.CheckConstraint(
                condition=Q(used_at__isnull=True) | Q(granted__isnull=False, granted=True),
                name="used_only_when_granted",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.deed} {self.subject_kind} {self.subject_id}"


# -- the audit trail -------------------------------------------------------------------------------------------


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
    root = models.BinaryField(
        default=b"", help_text="of the tree over all records so far; empty before there was one"
    )
    at = models.DateTimeField()
    signature = models.BinaryField(help_text="keyed hash of all of the above")

    def __str__(self) -> str:
        return str(self.position)


class Checkpoint(models.Model):
    """Up to here the trail was forgotten when its time was over; the chain is verified from here on."""

    position = models.BigIntegerField(primary_key=True)
    link = models.BinaryField()
    root = models.BinaryField(help_text="of the tree over what was forgotten")
    at = models.DateTimeField()
    before = models.DateField(help_text="records before this day were forgotten")
    signature = models.BinaryField(help_text="keyed hash of all of the above")

    def __str__(self) -> str:
        return str(self.position)


class Subtree(models.Model):
    """A complete part of the tree over the sealed records (`hub.access.tree`): its hash spares reading its leaves."""

    pk = models.CompositePrimaryKey("level", "index")
    level = models.PositiveSmallIntegerField(help_text="it stands above 2 ** level records")
    index = models.BigIntegerField(help_text="it begins after index * 2 ** level records")
    hash = models.BinaryField()

    def __str__(self) -> str:
        return f"{self.level}/{self.index}"
