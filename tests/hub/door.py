"""What a person does at the door, for tests: the code an app would show, setting one up, coming in with it."""

import pyotp
from django.db import transaction

from hub.access import signing_in
from hub.access.models import Authenticator
from hub.keys import columns
from tests.hub.conftest import PASSPHRASE


def code_of(user, now):
    """The six digits the user's app shows at this time (an aware datetime)."""
    with transaction.atomic():
        secret = columns.decrypt(Authenticator.objects.get(user=user), "secret").decode()
    return pyotp.TOTP(secret).at(now)


def wrong_code(user, now):
    """Six digits that are not the code of any half-minute around now."""
    right = {code_of(user, now.timestamp() + shift) for shift in (-30, 0, 30)}
    return next(code for code in ("000000", "111111", "222222", "333333") if code not in right)


def with_app(user, now):
    """Give the user a code app whose first code was taken a minute ago; returns the recovery codes."""
    from datetime import timedelta

    signing_in.begin_authenticator(user)
    Authenticator.objects.filter(user=user).update(confirmed_at=now - timedelta(minutes=1))
    return signing_in.new_recovery_codes(user)


def give_password(client, user, password=PASSPHRASE, **more):
    """The first step."""
    return client.post("/sign-in/", {"username": user.username, "password": password}, **more)
