"""Sessions that can be listed and ended, and that end by themselves.

Django keeps sessions by the key that stands in the cookie; who can read that table can be anybody. Here the table holds
a hash of the key, and for each session whose it is, since when, from where, and when it was last seen. A session ends
after IDLE without a request, after LONGEST whatever happens, and at once when its row is removed: from the owner's
list, by a new password, or because the owner has left.

Named in the settings as SESSION_ENGINE.
"""

import hashlib
from datetime import datetime, timedelta
from typing import Any

from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.backends.base import CreateError, SessionBase, UpdateError
from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.utils import timezone

from hub.access.models import Session

IDLE = timedelta(minutes=30)
LONGEST = timedelta(hours=9)  # a working day
_SEEN_EVERY = timedelta(minutes=1)  # how exactly the last request is known


def hashed(key: str) -> str:
    """How a session is found in the table: SHA-256 is enough, for a key holds more than 160 random bits."""
    return hashlib.sha256(key.encode()).hexdigest()


def alive(now: datetime) -> QuerySet[Session]:
    """The sessions that have not ended by themselves."""
    return Session.objects.filter(seen_at__gt=now - IDLE, started_at__gt=now - LONGEST)


class SessionStore(SessionBase):
    """One session, as Django's middleware uses it; `started_at` is known once it has been read or made."""

    started_at: datetime | None = None

    def load(self) -> dict[str, Any]:
        """What the session remembers; empty, under a new key, when there is none or it has ended."""
        now = timezone.now()
        row = alive(now).filter(key=hashed(self.session_key or "")).first()
        if row is None:
            self._session_key = None
            return {}
        if now - row.seen_at > _SEEN_EVERY:
            Session.objects.filter(key=row.key).update(seen_at=now)
        self.started_at = row.started_at
        return self.decode(row.data)

    def exists(self, session_key: str) -> bool:
        """Whether a session has this key, ended or not."""
        return Session.objects.filter(key=hashed(session_key)).exists()

    def create(self) -> None:
        """A new, empty session."""
        while True:
            self._session_key = self._get_new_session_key()  # type: ignore[attr-defined]
            try:
                self.save(must_create=True)
            except CreateError:
                continue
            self.modified = True
            return

    def save(self, must_create: bool = False) -> None:
        """Keep what is remembered. Raises UpdateError when the session was ended meanwhile: it stays ended."""
        if self.session_key is None:
            return self.create()
        remembered = self._get_session(no_load=must_create)  # type: ignore[attr-defined]
        now = timezone.now()
        kept = {
            "data": self.encode(remembered),
            "user_id": remembered.get(SESSION_KEY),
            "origin": remembered.get("origin"),
            "device": remembered.get("device", ""),
        }
        if must_create:
            try:
                with transaction.atomic():
                    Session.objects.create(key=hashed(self.session_key), started_at=now, seen_at=now, **kept)
            except IntegrityError:
                raise CreateError from None
            self.started_at = now
        elif not Session.objects.filter(key=hashed(self.session_key)).update(**kept):
            raise UpdateError
        return None

    def delete(self, session_key: str | None = None) -> None:
        """End this session, or that of the key."""
        key = self.session_key if session_key is None else session_key
        if key is not None:
            Session.objects.filter(key=hashed(key)).delete()

    @classmethod
    def clear_expired(cls) -> None:
        """Remove the rows of sessions that ended by themselves."""
        now = timezone.now()
        Session.objects.exclude(pk__in=alive(now).values("pk")).delete()
