"""Users, the posts they hold, and the trail of what was done."""

from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.db import models
from django.db.models import F, Q

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
    """One thing somebody did: when, who, from where, what, to whom, for what purpose.

    Records are only ever added; triggers in the database refuse everything else.
    """

    at = models.DateTimeField(auto_now_add=True)
    actor = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    origin = models.GenericIPAddressField(null=True, help_text="network address the request came from")
    verb = models.CharField(max_length=60, help_text="app.verb, such as people.opened")
    object_kind = models.CharField(max_length=60, blank=True)
    object_id = models.CharField(max_length=80, blank=True)
    purpose = models.CharField(max_length=200, blank=True)

    class Meta:
        indexes = [
            models.Index(fields=["object_kind", "object_id", "at"], name="trail_of_an_object"),
            models.Index(fields=["actor", "at"], name="trail_of_an_actor"),
        ]

    def __str__(self) -> str:
        return f"{self.verb} {self.object_kind} {self.object_id}"
