"""What is known about who is asking."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.contrib.auth.models import AnonymousUser
from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import OuterRef, Prefetch, Q, QuerySet
from django.utils import timezone

from hub.access.models import AccessRecord, Approval, Authenticator, Post, RightsRecord, Session, User
from hub.access.roles import SCOPES, Right, Role
from hub.organisation.models import Zone

KNOWN_FOR = timedelta(days=90)  # how long a place one signed in from counts as one's own
AT_WORK = timedelta(minutes=3)
HISTORY_KEPT = timedelta(days=3 * 365 + 1)


@dataclass(frozen=True)
class Duty:
    """A post held today: its rights, the codes of the dongs and zones they hold in (None: the whole district), and the
    zones whose calls come first.
    """

    role: Role
    rights: frozenset[Right]
    area: frozenset[str] | None
    zones: frozenset[str] = frozenset()

    def covers(self, dong: str, zone: str | None = None) -> bool:
        """Whether this dong (ten-digit code), or this zone of it, is within the area of duty."""
        return self.area is None or dong in self.area or zone in self.area


def duties(user: User | AnonymousUser) -> tuple[Duty, ...]:
    """The posts this user holds today. Read once for each user object, that is, once a request."""
    if not isinstance(user, User) or not user.is_active or user.pk is None:
        return ()
    known: tuple[Duty, ...] | None = user.__dict__.get("_duties")
    if known is None:
        held = posts_not_over(user).filter(since__lte=timezone.localdate())
        # One question, for it is asked at every request.
        posts = held.annotate(
            in_dongs=ArraySubquery(Post.centres.through.objects.filter(_OF_POST).values("centre_id")),
            in_zones=ArraySubquery(Post.zones.through.objects.filter(_OF_POST).values("zone_id")),
        )
        columns = posts.order_by("pk").values_list("role", "only_zones", "in_dongs", "in_zones")
        known = tuple(_duty(*post) for post in columns)
        user.__dict__["_duties"] = known
    return known


def not_over() -> Q:
    """Condition for posts that are held or will be held."""
    return Q(until__isnull=True) | Q(until__gte=timezone.localdate())


def posts_not_over(user: User) -> QuerySet[Post]:
    """The posts this user holds or will hold."""
    return user.posts.filter(not_over())


def posts_naming(zone: Zone) -> QuerySet[Post]:
    """Posts that name this zone and are not over, by number."""
    return zone.posts.filter(not_over()).order_by("pk")


_OF_POST = Q(post=OuterRef("pk"))


def _duty(role: str, only_zones: bool, dongs: list[str], zones: list[str]) -> Duty:
    scope = SCOPES[Role(role)]
    if scope.whole_district:
        return Duty(Role(role), scope.rights, None, frozenset(zones))
    return Duty(Role(role), scope.rights, frozenset(zones if only_zones else dongs), frozenset(zones))


def own_zones(user: User | AnonymousUser) -> frozenset[str]:
    """Codes of the zones this user's posts name."""
    return frozenset().union(*(duty.zones for duty in duties(user)))


def users_who_may(right: Right, dong: str, zone: str | None = None) -> QuerySet[User]:
    """Users holding a post today that carries this right in this dong (ten-digit code) or zone of it, by name."""
    held = Post.objects.filter(not_over(), since__lte=timezone.localdate())
    everywhere = [role for role, scope in SCOPES.items() if right in scope.rights and scope.whole_district]
    in_dongs = [role for role, scope in SCOPES.items() if right in scope.rights and not scope.whole_district]
    in_zone = Q(only_zones=True, zones__in=[] if zone is None else [zone])
    here = Q(only_zones=False, centres=dong) | in_zone
    posts = held.filter(Q(role__in=everywhere) | Q(role__in=in_dongs) & here)
    return User.objects.filter(is_active=True, posts__in=posts).distinct().order_by("name", "pk")


# -- signing in ------------------------------------------------------------------------------------------------


def refusals(verb: str, of: tuple[str, str], since: datetime) -> QuerySet[AccessRecord]:
    """The refusals of this kind that stand in the trail since then."""
    kind, number = of
    return AccessRecord.objects.filter(object_kind=kind, object_id=number, verb=verb, at__gte=since)


def is_known_origin(user: User, origin: str | None) -> bool:
    """Whether this user came in from this network address within the last months."""
    return AccessRecord.objects.filter(
        actor=user, at__gte=timezone.now() - KNOWN_FOR, verb="access.signed_in", origin=origin
    ).exists()


def has_authenticator(user: User) -> bool:
    """Whether an app shows codes for this user."""
    return Authenticator.objects.filter(user=user, confirmed_at__isnull=False).exists()


def has_second_factor(user: User) -> bool:
    """Whether this user can prove more than a password."""
    return has_authenticator(user) or user.passkeys.exists()


def needs_second_factor(user: User) -> bool:
    """Whether a post this user holds, or will hold, asks for more than a password."""
    return any(SCOPES[Role(post.role)].needs_second_factor for post in posts_not_over(user))


def sessions_of(user: User) -> QuerySet[Session]:
    """The browsers this user is signed in with, last seen first."""
    from hub.access.sessions import alive

    return alive(timezone.now()).filter(user=user).order_by("-seen_at")


# -- accounts --------------------------------------------------------------------------------------------------


def accounts(text: str = "") -> QuerySet[User]:
    """All accounts by name, those in use first, with their posts that are not over."""
    today = timezone.localdate()
    current = Post.objects.filter(Q(until__isnull=True) | Q(until__gte=today)).prefetch_related("centres")
    found = User.objects.order_by("-is_active", "name", "username")
    if text:
        found = found.filter(Q(name__icontains=text) | Q(username__icontains=text))
    return found.prefetch_related(Prefetch("posts", current.order_by("pk"), to_attr="current_posts"))


def administrators() -> QuerySet[User]:
    """Who can sign in and manages accounts, or will."""
    holders = Post.objects.filter(Q(until__isnull=True) | Q(until__gte=timezone.localdate()))
    roles = [role for role, scope in SCOPES.items() if Right.MANAGE_ACCOUNTS in scope.rights]
    return User.objects.filter(is_active=True, pk__in=holders.filter(role__in=roles).values("user"))


def history(user: User) -> QuerySet[RightsRecord]:
    """What changed about this user's rights in the last three years, newest first."""
    since = timezone.now() - HISTORY_KEPT
    return user.rights_records.filter(at__gte=since).select_related("by").order_by("-at", "-pk")


# -- the two-person rule ---------------------------------------------------------------------------------------


def anybody_at_work() -> bool:
    """Whether a page was asked for in the last minutes. Sessions know that to the minute."""
    return Session.objects.filter(seen_at__gt=timezone.now() - AT_WORK).exists()


def may_approve(user: User, dong: str) -> bool:
    """Whether this user may decide a request that lies in this dong; in the whole district for an empty one."""
    return any(
        Right.APPROVE in duty.rights and (duty.area is None if not dong else duty.covers(dong))
        for duty in duties(user)
    )


def waiting_for(user: User) -> list[Approval]:
    """The requests of others this user may decide, oldest first."""
    waiting = Approval.objects.filter(granted=None, expires_at__gt=timezone.now()).exclude(asked_by=user)
    waiting = waiting.select_related("asked_by").order_by("asked_at")
    return [approval for approval in waiting if may_approve(user, approval.dong)]


def asked_by(user: User, number: int = 20) -> QuerySet[Approval]:
    """This user's own last requests, newest first."""
    return (
        Approval.objects.filter(asked_by=user)
        .select_related("decided_by")
        .order_by("-asked_at", "-pk")[:number]
    )
