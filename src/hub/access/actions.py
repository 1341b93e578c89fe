"""What changes who may do what. Other apps take `record`, the one door to the audit trail, from here."""

from collections.abc import Iterable
from datetime import date, timedelta
from typing import Any

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from hub.access import queries, secrets
from hub.access.access import require, require_manage_account
from hub.access.models import Authenticator, Post, RightsRecord, User
from hub.access.roles import SCOPES, Right, Role
from hub.access.trail import record
from hub.organisation.models import Centre, Zone

__all__ = ["record"]

# -- accounts and posts ----------------------------------------------------------------------------------------

INITIAL_FOR = timedelta(days=7)  # how long an initial passphrase opens the door


@transaction.atomic
def create_user(
    username: str, name: str, password: str, *, language: str = "ko", by: User | None = None
) -> User:
    """A new account without any right. `by` is None only when the hub itself makes it, at installation.

    Raises ValidationError when the password is too weak or the name is taken, Refused when `by` may not.
    """
    if by is not None:
        require(by, Right.MANAGE_ACCOUNTS)
    user = User(username=username, name=name, language=language)
    validate_password(password, user)
    user.set_password(password)
    user.full_clean()
    user.save()
    _note(RightsRecord.Change.CREATED, user, by)
    record(by, "access.created_user", user)
    return user


@transaction.atomic
def open_account(username: str, name: str, *, by: User | None) -> tuple[User, str]:
    """A new account, and the initial passphrase its owner is told: it lets in once, to choose another.

    Raises ValidationError when the name is taken, Refused when `by` may not.
    """
    passphrase = secrets.readable(groups=4, length=4)
    user = create_user(username, name, passphrase, by=by)
    user.initial_until = timezone.now() + INITIAL_FOR
    user.save(update_fields=["initial_until"])
    return user, passphrase


@transaction.atomic
def first_administrator(username: str, name: str) -> str:
    """The account a new hub begins with; gives its initial passphrase. From then on administrators make the others.

    Raises ValidationError when somebody holds that post already or the name is taken.
    """
    if queries.administrators().exists():
        raise ValidationError(
            _("There is an administrator already; accounts are made on the page of accounts.")
        )
    user, passphrase = open_account(username, name, by=None)
    give_post(user, Role.ADMINISTRATOR)
    return passphrase


@transaction.atomic
def give_post(
    user: User,
    role: Role,
    centres: Iterable[Centre] = (),
    *,
    zones: Iterable[Zone] = (),
    only_zones: bool = False,
    since: date | None = None,
    until: date | None = None,
    by: User | None = None,
) -> Post:
    """Let `user` hold a post from a day on (today) to its last day. A role that works in dongs needs one at least.

    Zones say whose calls come first within these dongs; with `only_zones` the rights hold in them alone. Whoever now
    needs a second factor and has none signs in anew, to set one up. Raises ValueError for a post that makes no sense
    and Refused when `by` may not, or gives it to oneself.
    """
    require_manage_account(by, user)
    centres, zones = list(centres), list(zones)
    if not SCOPES[role].whole_district and not centres:
        raise ValueError(f"a post as {role.value} needs at least one centre")
    _check_zones(role, {centre.pk for centre in centres}, zones, only_zones)
    post = Post.objects.create(
        user=user, role=role, since=since or timezone.localdate(), until=until, only_zones=only_zones
    )
    post.centres.set(centres)
    post.zones.set(zones)
    if SCOPES[role].needs_second_factor and not queries.has_second_factor(user):
        user.sessions.all().delete()
    _note(RightsRecord.Change.GAVE_POST, user, by, post)
    record(by, "access.gave_post", post, purpose=role.value)
    return post


@transaction.atomic
def change_zones(post: Post, zones: Iterable[Zone], *, only_zones: bool, by: User | None = None) -> None:
    """Give a post other zones, from the next request on; such as a neighbour's, while the neighbour is on leave.

    Raises ValueError for zones that make no sense and Refused when `by` may not, or holds the post.
    """
    require_manage_account(by, post.user)
    zones = list(zones)
    _check_zones(Role(post.role), set(post.centres.values_list("pk", flat=True)), zones, only_zones)
    post.zones.set(zones)
    post.only_zones = only_zones
    post.save(update_fields=["only_zones"])
    _note(RightsRecord.Change.CHANGED_ZONES, post.user, by, post)
    record(by, "access.changed_zones", post, purpose=post.role)


@transaction.atomic
def take_zone_away(zone: Zone, *, by: User) -> None:
    """A zone is no more: posts lose it, and those limited to it what they could see there. Ended posts keep it, for their history.

    Raises Refused when `by` manages no accounts.
    """
    require(by, Right.MANAGE_ACCOUNTS)
    for post in queries.posts_naming(zone).select_related("user"):
        post.zones.remove(zone)
        _note(RightsRecord.Change.CHANGED_ZONES, post.user, by, post)
        record(by, "access.changed_zones", post, purpose=post.role)


def _check_zones(role: Role, dongs: set[str], zones: list[Zone], only_zones: bool) -> None:
    in_zones = {zone.centre_id for zone in zones}
    if not in_zones <= dongs:
        raise ValueError("a zone lies outside the dongs of the post")
    if only_zones and SCOPES[role].whole_district:
        raise ValueError(f"a post as {role.value} is not limited to zones")
    if only_zones and in_zones != dongs:
        raise ValueError("a post limited to zones needs one in each of its dongs")


@transaction.atomic
def end_post(post: Post, *, by: User | None = None) -> None:
    """End a post now; its rights are gone with the next request."""
    require_manage_account(by, post.user)
    _end(post, by)


def _end(post: Post, by: User | None) -> None:
    post.until = timezone.localdate() - timedelta(days=1)
    _note(RightsRecord.Change.ENDED_POST, post.user, by, post)
    record(by, "access.ended_post", post, purpose=post.role)
    if post.until < post.since:
        post.delete()  # it never held a whole day; the history of rights remembers it
    else:
        post.save(update_fields=["until"])


@transaction.atomic
def close_account(user: User, *, by: User | None = None) -> None:
    """Somebody has left: no session, no post, no sign-in any more, from the next request on."""
    require_manage_account(by, user)
    user.is_active = False
    user.save(update_fields=["is_active"])
    user.sessions.all().delete()
    for post in queries.posts_not_over(user):
        _end(post, by)
    _note(RightsRecord.Change.CLOSED, user, by)
    record(by, "access.closed_account", user)


@transaction.atomic
def reopen_account(user: User, *, by: User) -> str:
    """Let somebody come back, without any post; gives a new initial passphrase."""
    require_manage_account(by, user)
    user.is_active = True
    user.save(update_fields=["is_active"])
    _note(RightsRecord.Change.REOPENED, user, by)
    record(by, "access.reopened_account", user)
    return begin_anew(user, by=by)


@transaction.atomic
def begin_anew(user: User, *, by: User) -> str:
    """Give `user` a new initial passphrase in place of passphrase and second factors, and end every session.

    Whoever can do this can be that person: pages reach it through `signing_in.reset`, which asks for a second one.
    """
    require_manage_account(by, user)
    passphrase = secrets.readable(groups=4, length=4)
    user.set_password(passphrase)
    user.initial_until = timezone.now() + INITIAL_FOR
    user.save(update_fields=["password", "initial_until"])
    Authenticator.objects.filter(user=user).delete()
    user.passkeys.all().delete()
    user.recovery_codes.all().delete()
    user.sessions.all().delete()
    _note(RightsRecord.Change.RESET, user, by)
    record(by, "access.reset_sign_in", user)
    return passphrase


def _note(change: RightsRecord.Change, user: User, by: User | None, post: Post | None = None) -> None:
    what: dict[str, Any] = {}
    if post is not None:
        dongs = [] if post.only_zones else post.centres.values_list("pk", flat=True)
        places = [*dongs, *post.zones.values_list("pk", flat=True)]
        what = {"role": post.role, "places": ",".join(places), "since": post.since, "until": post.until}
    RightsRecord.objects.create(change=change, user=user, by=by, **what)


# -- one's own account -----------------------------------------------------------------------------------------


@transaction.atomic
def choose_language(user: User, language: str) -> None:
    """Remember the language a user chose, for the next sign-in on another machine."""
    user.language = language
    user.save(update_fields=["language"])


@transaction.atomic
def choose_password(user: User, password: str) -> None:
    """A new passphrase of one's own; every session but the one that goes on by itself is over.

    Raises ValidationError when it is too weak or the old one.
    """
    if user.check_password(password):
        raise ValidationError(_("This is the passphrase you have now. Please choose another one."))
    validate_password(password, user)
    user.set_password(password)
    user.initial_until = None
    user.save(update_fields=["password", "initial_until"])
    user.sessions.all().delete()
    record(user, "access.chose_password", user)


@transaction.atomic
def end_session(user: User, key: str) -> None:
    """End one of one's own sessions."""
    if user.sessions.filter(pk=key).delete()[0]:
        record(user, "access.ended_session", user)


@transaction.atomic
def end_other_sessions(user: User, kept: str | None) -> None:
    """End all of one's own sessions but one (its stored key)."""
    user.sessions.exclude(pk=kept or "").delete()
    record(user, "access.ended_other_sessions", user)
