"""The door: from a name typed to a session that stands for a person.

    password ──begin──▶ half signed in ──▶ second factor, or setting one up ──▶ signed in
    passkey  ────────────────────────────────────────────────────────────────▶ signed in (possession and PIN in one)

Half signed in means: the session remembers who the password was right for, and nobody is signed in. Every page but
those of the door then answers as it answers a stranger, so there is no list of pages a second factor must guard.

Guessing is braked in the trail, by what was guessed at and from where (docs/decisions/0011-signing-in.md says why).
"""

import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

import pyotp
from django.conf import settings
from django.contrib.auth import SESSION_KEY, authenticate, login, logout, update_session_auth_hash
from django.db import connection, transaction
from django.http import HttpRequest
from django.utils import timezone
from django.utils.crypto import constant_time_compare
from django.utils.translation import gettext as _

from hub.access import approvals, queries, secrets
from hub.access.access import Refused, require_manage_account
from hub.access.actions import begin_anew, choose_password, record
from hub.access.models import Authenticator, Deed, RecoveryCode, User
from hub.access.sessions import IDLE, LONGEST, hashed
from hub.keys import columns
from hub.keys.ring import KeyProblem

log = logging.getLogger(__name__)

HALF = "half"  # what the session calls who is half signed in
HALF_FOR = 10 * 60  # seconds from the password to the second factor
RECOVERY_CODES = 10
_STEP = 30  # seconds a code is shown


class LockedOut(Exception):
    """Too many refusals; the door opens again by itself after `minutes`."""

    def __init__(self, minutes: int) -> None:
        super().__init__(minutes)
        self.minutes = minutes


class CodesUnreadable(Refused):
    """The secret of a code app cannot be read or made: its key is missing or the value was altered."""


class InitialPassphraseOver(Exception):
    """The initial passphrase was right but its days are over."""


class Next(StrEnum):
    """What stands between the password and the session."""

    NOTHING = "nothing"
    CHOOSE_PASSWORD = "choose_password"  # noqa: S105  (the name of a step)
    SECOND_FACTOR = "second_factor"
    ENROL = "enrol"


# -- the brake on guessing -------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Brake:
    """How many refusals of one kind are too many, from one origin and from anywhere.

    The second number holds for origins the account is not known from, so that nobody elsewhere can keep its holder
    out of the usual office.
    """

    verb: str
    here: int
    here_for: timedelta
    anywhere: int
    anywhere_for: timedelta

    def check(self, of: tuple[str, str], origin: str | None, user: User | None) -> None:
        """Raise LockedOut after too many refusals. One attempt at a time: parallel guesses would count the same few."""
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [":".join(of)])
        now = timezone.now()
        if queries.refusals(self.verb, of, now - self.here_for).filter(origin=origin).count() >= self.here:
            raise LockedOut(_minutes(self.here_for))
        if queries.refusals(self.verb, of, now - self.anywhere_for).count() < self.anywhere:
            return
        if user is None or not queries.is_known_origin(user, origin):
            raise LockedOut(_minutes(self.anywhere_for))


LOCK_AFTER = 5
LOCK_FOR = timedelta(minutes=15)
PASSWORD = Brake("access.sign_in_refused", LOCK_AFTER, LOCK_FOR, anywhere=50, anywhere_for=LOCK_FOR)
# Who gets as far as the second factor knows the password: strangers have a day to wait.
FACTOR = Brake(
    "access.second_factor_refused", LOCK_AFTER, LOCK_FOR, anywhere=20, anywhere_for=timedelta(days=1)
)


def _minutes(time: timedelta) -> int:
    return int(time.total_seconds() // 60)


# -- password --------------------------------------------------------------------------------------------------


@transaction.atomic
def begin(request: HttpRequest, username: str, password: str, wanted: str) -> Next | None:
    """Take a password; None when name and password do not fit. `wanted` is the page to lead to afterwards.

    Signs in when nothing else is needed, otherwise the session remembers the person as half signed in. Raises
    LockedOut and InitialPassphraseOver. What was typed as a name is kept as a keyed hash only: people type their
    password there.
    """
    typed = ("username", secrets.fingerprint(username.casefold(), "username").hex()[:32])
    origin = origin_of(request)
    PASSWORD.check(typed, origin, User.objects.filter(username=username).first())
    user = authenticate(request, username=username, password=password)
    if not isinstance(user, User):
        record(None, PASSWORD.verb, typed, origin=origin)
        return None
    if user.initial_until is not None and user.initial_until <= timezone.now():
        raise InitialPassphraseOver
    following = after_password(user)
    if following is Next.NOTHING:
        enter(request, user, "password")
    else:
        _remember_half(request, user, wanted)
    return following


def after_password(user: User) -> Next:
    """What this user must do next, when the password was right."""
    if queries.has_second_factor(user):
        return Next.SECOND_FACTOR
    if user.initial_until is not None:
        return Next.CHOOSE_PASSWORD
    if settings.SECOND_FACTOR_REQUIRED and queries.needs_second_factor(user):
        return Next.ENROL
    return Next.NOTHING


def _remember_half(request: HttpRequest, user: User, wanted: str) -> None:
    # Under a new key, so that one planted in this browser before is worth nothing.
    if SESSION_KEY in request.session:
        request.session.flush()
    else:
        request.session.cycle_key()
    request.session[HALF] = {
        "user": user.pk,
        "anchor": user.get_session_auth_hash(),
        "since": int(time.time()),
        "wanted": wanted,
    }


def half(request: HttpRequest) -> User | None:
    """Who is half signed in in this browser; None when nobody is, or for too long, or the account changed."""
    state = request.session.get(HALF)
    if not state or not 0 <= time.time() - state["since"] <= HALF_FOR:
        return None
    user = User.objects.filter(pk=state["user"], is_active=True).first()
    if user is None or not constant_time_compare(state["anchor"], user.get_session_auth_hash()):
        return None
    return user


def forget_half(request: HttpRequest) -> None:
    """Back to the beginning."""
    if HALF in request.session:
        del request.session[HALF]


def go_on(request: HttpRequest, user: User) -> Next:
    """After a step of somebody half signed in: sign in when nothing is left to do, else say what is."""
    wanted = wanted_page(request)
    following = after_password(user)
    if following is Next.NOTHING:
        enter(request, user, "password")
    else:
        _remember_half(request, user, wanted)
    return following


def wanted_page(request: HttpRequest) -> str:
    """Where the half-signed-in person wanted to go; empty when unknown."""
    return str((request.session.get(HALF) or {}).get("wanted", ""))


def change_password(request: HttpRequest, user: User, old: str, new: str) -> None:
    """A new passphrase for who is signed in here and knows the old one; all other sessions end.

    Raises Refused when the old one is wrong, also after too many tries, and ValidationError when the new one is weak.
    """
    who, origin = ("access.user", str(user.pk)), origin_of(request)
    try:
        FACTOR.check(who, origin, user)
    except LockedOut:
        raise Refused(_("Too many attempts. Please try again later.")) from None
    if not user.check_password(old):
        record(user, FACTOR.verb, who, origin=origin)
        raise Refused(_("This is not your passphrase."))
    with transaction.atomic():
        choose_password(user, new)
        update_session_auth_hash(request, user)


# -- in and out ------------------------------------------------------------------------------------------------


@transaction.atomic
def enter(request: HttpRequest, user: User, how: str) -> None:
    """Sign in, under a new session key. `how` says by what, for the trail."""
    request.session.pop(HALF, None)
    login(request, user, backend="django.contrib.auth.backends.ModelBackend")
    request.session["origin"] = origin_of(request)
    request.session["device"] = device_of(request)
    now = timezone.now()
    user.sessions.exclude(seen_at__gt=now - IDLE, started_at__gt=now - LONGEST).delete()
    record(user, "access.signed_in", user, purpose=how, origin=origin_of(request))


@transaction.atomic
def sign_out(request: HttpRequest) -> None:
    """End the session."""
    if isinstance(request.user, User):
        record(request.user, "access.signed_out", request.user)
    logout(request)


def origin_of(request: HttpRequest) -> str | None:
    """The network address a request came from. Behind a proxy it is the last one the proxy itself wrote down."""
    if settings.SECURE_PROXY_SSL_HEADER:
        forwarded = request.META.get("HTTP_X_FORWARDED_FOR", "").rpartition(",")[2].strip()
        if forwarded:
            return str(forwarded)
    return request.META.get("REMOTE_ADDR") or None


# The mark in what a browser tells of itself, and its name; the first that fits, for each also names its ancestors.
_BROWSERS = {
    "Edg/": "Edge",
    "Whale/": "Whale",
    "SamsungBrowser/": "Samsung Internet",
    "Firefox/": "Firefox",
    "Chrome/": "Chrome",
    "Safari/": "Safari",
}
_SYSTEMS = {
    "Windows": "Windows",
    "Android": "Android",
    "iPhone": "iPhone",
    "iPad": "iPad",
    "Mac OS X": "macOS",
    "Linux": "Linux",
}


def device_of(request: HttpRequest) -> str:
    """Browser and system in two words, for a person to recognise: "Chrome, Windows"; empty when not told."""
    told = request.META.get("HTTP_USER_AGENT", "")
    found = (
        next((name for mark, name in marks.items() if mark in told), "") for marks in (_BROWSERS, _SYSTEMS)
    )
    return ", ".join(filter(None, found))


# -- codes of an app, and on paper -----------------------------------------------------------------------------


@transaction.atomic
def begin_authenticator(user: User) -> tuple[str, str]:
    """The secret of a code app that is not confirmed yet, and its address for the QR code.

    The same until it is confirmed, so that a page loaded again still fits the app that has just read it.
    """
    fresh = Authenticator(user=user)
    with _keys_at_hand():
        columns.encrypt(fresh, "secret", pyotp.random_base32().encode())
    held, _made = Authenticator.objects.select_for_update().get_or_create(
        user=user, confirmed_at=None, defaults={"secret": fresh.secret}
    )
    shown = _totp(held)
    return shown.secret, shown.provisioning_uri(name=user.username, issuer_name="Welfare Hub")


@transaction.atomic
def confirm_authenticator(user: User, code: str) -> bool:
    """Keep the app from now on when its first code is right."""
    held = Authenticator.objects.select_for_update().filter(user=user, confirmed_at=None).first()
    if held is None or not _take_code(held, code):
        return False
    held.confirmed_at = timezone.now()
    held.save()
    record(user, "access.set_up_authenticator", user)
    return True


@transaction.atomic
def take_second_factor(request: HttpRequest, user: User, typed: str) -> bool:
    """Whether a code of the app, or a recovery code, is right; each is taken once. Raises LockedOut.

    The next page then signs in with `enter`.
    """
    who, origin = ("access.user", str(user.pk)), origin_of(request)
    FACTOR.check(who, origin, user)
    typed = "".join(typed.split()).lower()
    if typed.isdecimal():
        held = Authenticator.objects.select_for_update().filter(user=user, confirmed_at__isnull=False).first()
        right = held is not None and _take_code(held, typed)
    else:
        right = _take_recovery_code(user, typed)
    if not right:
        record(None, FACTOR.verb, who, origin=origin)
    return right


def _take_code(held: Authenticator, code: str) -> bool:
    """Whether this is the code of now, of the last or of the next half-minute, later than any taken before."""
    totp = _totp(held)
    now = int(timezone.now().timestamp()) // _STEP
    for step in (now, now - 1, now + 1):
        if step > held.last_step and constant_time_compare(totp.generate_otp(step), code):
            held.last_step = step
            held.save(update_fields=["last_step"])
            return True
    return False


def _totp(held: Authenticator) -> pyotp.TOTP:
    with _keys_at_hand():
        return pyotp.TOTP(columns.decrypt(held, "secret").decode())


@contextmanager
def _keys_at_hand() -> Iterator[None]:
    """Turn a fault of the keys into a sentence for who signs in; what it is goes to the log, ids and places only."""
    try:
        yield
    except KeyProblem as problem:
        log.error("keys: %s", problem)
        raise CodesUnreadable(
            _(
                "Codes of an app cannot be checked at the moment. A passkey or a recovery code still opens the door. "
                "Please tell your administrator."
            )
        ) from None


@transaction.atomic
def new_recovery_codes(user: User) -> list[str]:
    """Ten codes for the day the phone is lost, in place of any earlier ones. They are shown now and never again."""
    codes = [secrets.readable(groups=2, length=5) for _ in range(RECOVERY_CODES)]
    user.recovery_codes.all().delete()
    RecoveryCode.objects.bulk_create(RecoveryCode(user=user, hashed=_hash_code(user, code)) for code in codes)
    record(user, "access.made_recovery_codes", user)
    return codes


def _take_recovery_code(user: User, typed: str) -> bool:
    unused = RecoveryCode.objects.filter(user=user, hashed=_hash_code(user, typed), used_at=None)
    if not unused.update(used_at=timezone.now()):
        return False
    record(user, "access.used_recovery_code", user)
    return True


def _hash_code(user: User, code: str) -> str:
    return secrets.fingerprint(code.replace("-", "").lower(), f"recovery:{user.pk}").hex()


@transaction.atomic
def remove_authenticator(user: User) -> None:
    """Forget the code app, and the recovery codes with the last second factor."""
    Authenticator.objects.filter(user=user).delete()
    _clear_codes_without_factor(user)
    record(user, "access.removed_authenticator", user)


@transaction.atomic
def remove_passkey(user: User, number: int) -> None:
    """Forget one passkey, and the recovery codes with the last second factor."""
    if user.passkeys.filter(pk=number).delete()[0]:
        _clear_codes_without_factor(user)
        record(user, "access.removed_passkey", user)


def may_remove_a_factor(user: User) -> bool:
    """Whether this user would still be allowed in with one second factor less."""
    factors = user.passkeys.count() + queries.has_authenticator(user)
    return factors > 1 or not (settings.SECOND_FACTOR_REQUIRED and queries.needs_second_factor(user))


def _clear_codes_without_factor(user: User) -> None:
    if not queries.has_second_factor(user):
        user.recovery_codes.all().delete()


# -- beginning anew --------------------------------------------------------------------------------------------


@transaction.atomic
def reset(user: User, *, by: User) -> str:
    """A new initial passphrase for somebody who lost passphrase or second factor; gives it.

    Whoever does this could be that person, so a second person must have approved it, unless the account was never
    used. Raises Refused otherwise.
    """
    require_manage_account(by, user)
    if user.last_login is not None:
        approvals.use(Deed.RESET_SIGN_IN, user, by)
    return begin_anew(user, by=by)


def stored_key(request: HttpRequest) -> str | None:
    """How this browser's session is called in the table."""
    key = request.session.session_key
    return hashed(key) if key else None
