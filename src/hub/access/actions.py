"""What changes who may do what. Other apps take `record`, the one door to the audit trail, from here."""

from collections.abc import Iterable
from datetime import date, timedelta

from django.contrib.auth import authenticate, login, logout
from django.contrib.auth.password_validation import validate_password
from django.db import connection, transaction
from django.http import HttpRequest
from django.utils import timezone
from django.utils.crypto import salted_hmac

from hub.access import queries
from hub.access.models import Post, User
from hub.access.roles import SCOPES, Role
from hub.access.trail import record
from hub.organisation.models import Centre

__all__ = ["choose_language", "create_user", "end_post", "give_post", "record", "sign_in", "sign_out"]

LOCK_AFTER = 5  # refused sign-ins under one name
LOCK_FOR = timedelta(minutes=15)


# -- accounts and posts ----------------------------------------------------------------------------------------


@transaction.atomic
def create_user(
    username: str, name: str, password: str, *, language: str = "ko", by: User | None = None
) -> User:
    """A new account without any right. `by` is None only when the hub itself makes it, at installation.

    Raises ValidationError when the password is too weak or the name is taken.
    """
    user = User(username=username, name=name, language=language)
    validate_password(password, user)
    user.set_password(password)
    user.full_clean()
    user.save()
    record(by, "access.created_user", user)
    return user


@transaction.atomic
def give_post(
    user: User,
    role: Role,
    centres: Iterable[Centre] = (),
    *,
    since: date | None = None,
    by: User | None = None,
) -> Post:
    """Let `user` hold a post from a day on (today). A role that works in dongs needs at least one of them."""
    centres = list(centres)
    if not SCOPES[role].whole_district and not centres:
        raise ValueError(f"a post as {role.value} needs at least one centre")
    post = Post.objects.create(user=user, role=role, since=since or timezone.localdate())
    post.centres.set(centres)
    record(by, "access.gave_post", post, purpose=role.value)
    return post


@transaction.atomic
def end_post(post: Post, *, by: User | None = None) -> None:
    """End a post today; its rights are gone with the next request."""
    post.until = timezone.localdate() - timedelta(days=1)
    if post.until < post.since:
        record(by, "access.ended_post", post, purpose=post.role)
        post.delete()
        return
    post.save(update_fields=["until"])
    record(by, "access.ended_post", post, purpose=post.role)


# -- signing in and out ----------------------------------------------------------------------------------------


class LockedOut(Exception):
    """Too many refused sign-ins under this name; it opens again by itself after LOCK_FOR."""


@transaction.atomic
def sign_in(request: HttpRequest, username: str, password: str) -> User | None:
    """Sign a user in; None when name and password do not fit. Raises LockedOut after too many refusals.

    What was typed as a name is kept as a keyed hash only: people type their password there.
    """
    hashed = salted_hmac("hub.access.username", username.casefold(), algorithm="sha256").hexdigest()[:32]
    typed = ("username", hashed)
    # One attempt at a time under one name, or parallel guesses would all count the same few refusals.
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [hashed])
    if queries.refusals_since(timezone.now() - LOCK_FOR, hashed) >= LOCK_AFTER:
        raise LockedOut
    user = authenticate(request, username=username, password=password)
    if not isinstance(user, User):
        record(None, "access.sign_in_refused", typed)
        return None
    login(request, user)
    record(user, "access.signed_in", user)
    return user


@transaction.atomic
def sign_out(request: HttpRequest) -> None:
    """End the session."""
    if isinstance(request.user, User):
        record(request.user, "access.signed_out", request.user)
    logout(request)


@transaction.atomic
def choose_language(user: User, language: str) -> None:
    """Remember the language a user chose, for the next sign-in on another machine."""
    user.language = language
    user.save(update_fields=["language"])
