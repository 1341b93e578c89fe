"""What is known about who is asking."""

from dataclasses import dataclass
from datetime import datetime

from django.contrib.auth.models import AnonymousUser
from django.db.models import Q, QuerySet
from django.utils import timezone

from hub.access.models import AccessRecord, Post, User
from hub.access.roles import SCOPES, Right, Role


@dataclass(frozen=True)
class Duty:
    """A post held today: its rights, and the dong codes they hold in (None: the whole district)."""

    role: Role
    rights: frozenset[Right]
    dongs: frozenset[str] | None

    def covers(self, dong: str) -> bool:
        """Whether this dong (ten-digit code) is within the area of duty."""
        return self.dongs is None or dong in self.dongs


def duties(user: User | AnonymousUser) -> tuple[Duty, ...]:
    """The posts this user holds today. Read once for each user object, that is, once a request."""
    if not isinstance(user, User) or not user.is_active or user.pk is None:
        return ()
    known: tuple[Duty, ...] | None = user.__dict__.get("_duties")
    if known is None:
        today = timezone.localdate()
        held = user.posts.filter(Q(until__isnull=True) | Q(until__gte=today), since__lte=today)
        known = tuple(_duty(post) for post in held.prefetch_related("centres").order_by("pk"))
        user.__dict__["_duties"] = known
    return known


def _duty(post) -> Duty:  # type: ignore[no-untyped-def]
    role = Role(post.role)
    scope = SCOPES[role]
    dongs = None if scope.whole_district else frozenset(centre.code for centre in post.centres.all())
    return Duty(role, scope.rights, dongs)


def users_who_may(right: Right, dong: str) -> QuerySet[User]:
    """Users holding a post today that carries this right in this dong (ten-digit code), by name."""
    today = timezone.localdate()
    held = Post.objects.filter(Q(until__isnull=True) | Q(until__gte=today), since__lte=today)
    everywhere = [role for role, scope in SCOPES.items() if right in scope.rights and scope.whole_district]
    in_dongs = [role for role, scope in SCOPES.items() if right in scope.rights and not scope.whole_district]
    posts = held.filter(Q(role__in=everywhere) | Q(role__in=in_dongs, centres=dong))
    return User.objects.filter(is_active=True, posts__in=posts).distinct().order_by("name", "pk")


def refusals_since(since: datetime, object_id: str) -> int:
    """How many sign-ins were refused for this (hashed) name since then."""
    return AccessRecord.objects.filter(
        object_kind="username", object_id=object_id, verb="access.sign_in_refused", at__gte=since
    ).count()
