"""Passkeys: signing in with a key that never leaves a device, unlocked there by finger, face or PIN (WebAuthn).

The hub asks for user verification always, so one passkey is two factors: having the device and being able to unlock
it. A question is asked once: its challenge waits in the session, for a few minutes, and is gone with the answer.
"""

import ipaddress
import json
import time
from typing import Any

from django.db import transaction
from django.http import HttpRequest
from django.http.request import split_domain_port
from django.utils import timezone
from django.utils.translation import gettext as _
from fido2.server import Fido2Server
from fido2.webauthn import (
    AttestedCredentialData,
    AuthenticationResponse,
    PublicKeyCredentialDescriptor,
    PublicKeyCredentialRpEntity,
    PublicKeyCredentialType,
    PublicKeyCredentialUserEntity,
    RegistrationResponse,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from hub.access import secrets
from hub.access.access import Refused
from hub.access.actions import record
from hub.access.models import Passkey, User
from hub.access.signing_in import origin_of

_WAITING = "passkey"  # what the session calls the question that waits
_WAIT = 5 * 60  # seconds
MOST = 10  # passkeys of one user


def host_of(request: HttpRequest) -> str:
    """The name by which this browser reaches the hub, without port; passkeys belong to it."""
    return split_domain_port(request.get_host())[0]


def possible(request: HttpRequest) -> bool:
    """Whether a browser would make a passkey here: it wants a name, not a bare network address."""
    try:
        ipaddress.ip_address(host_of(request).strip("[]"))
    except ValueError:
        return True
    return False


def _server(request: HttpRequest) -> Fido2Server:
    ours = f"{request.scheme}://{request.get_host()}"
    party = PublicKeyCredentialRpEntity(name="Welfare Hub", id=host_of(request))
    return Fido2Server(party, verify_origin=lambda origin: origin == ours)


def _known(request: HttpRequest, user: User) -> list[PublicKeyCredentialDescriptor]:
    return [
        PublicKeyCredentialDescriptor(type=PublicKeyCredentialType.PUBLIC_KEY, id=bytes(passkey.credential))
        for passkey in user.passkeys.filter(host=host_of(request))
    ]


def ask_to_make(request: HttpRequest, user: User) -> dict[str, Any]:
    """The question to the browser to make a passkey for this user, as its script reads it."""
    # The id the device keeps says nothing about the person to who reads the device.
    entity = PublicKeyCredentialUserEntity(
        id=secrets.fingerprint(str(user.pk), "passkey-user"), name=user.username, display_name=user.name
    )
    options, state = _server(request).register_begin(
        entity,
        _known(request, user),
        resident_key_requirement=ResidentKeyRequirement.REQUIRED,
        user_verification=UserVerificationRequirement.REQUIRED,
    )
    request.session[_WAITING] = {"state": state, "since": int(time.time()), "user": user.pk, "what": "make"}
    return dict(options)


@transaction.atomic
def keep(request: HttpRequest, user: User, answer: str, name: str) -> Passkey:
    """Keep the passkey the browser made. Raises Refused when the answer does not fit the question."""
    state = _waiting(request, "make", user)
    if user.passkeys.count() >= MOST:
        raise Refused(_("There are many passkeys already; please remove one you no longer use."))
    try:
        made = _server(request).register_complete(state, RegistrationResponse.from_dict(json.loads(answer)))
        data = made.credential_data
        if data is None:
            raise ValueError("no credential")
    except Exception:  # noqa: BLE001  (whatever is wrong with what a browser sent, it is not kept)
        raise Refused(_("The passkey could not be made. Please try again.")) from None
    if Passkey.objects.filter(credential=data.credential_id).exists():
        raise Refused(_("This passkey is known already."))
    passkey = Passkey.objects.create(
        user=user,
        credential=data.credential_id,
        public=bytes(data),
        counter=made.counter,
        host=host_of(request),
        name=name.strip()[:60] or _("Passkey"),
    )
    record(user, "access.made_passkey", user)
    return passkey


def ask_for(request: HttpRequest, user: User | None) -> dict[str, Any]:
    """The question for a passkey: one of this user's, or of whoever it belongs to."""
    options, state = _server(request).authenticate_begin(
        _known(request, user) if user is not None else None,
        user_verification=UserVerificationRequirement.REQUIRED,
    )
    request.session[_WAITING] = {
        "state": state,
        "since": int(time.time()),
        "user": user.pk if user is not None else None,
        "what": "show",
    }
    return dict(options)


def recognise(request: HttpRequest, answer: str, user: User | None) -> User:
    """Whose passkey answered; `user` says whose it must be, None leaves it open. Raises Refused.

    Not a transaction of its own: the refusal is to stay in the trail when the page that catches it goes on.
    A signature counter that did not grow tells of a copied key (WebAuthn 7.2, step 22): it is refused.
    """
    refused = Refused(_("The passkey was not accepted. Please try again, or sign in with your passphrase."))
    state = _waiting(request, "show", user)
    try:
        given = AuthenticationResponse.from_dict(json.loads(answer))
        passkey = (
            Passkey.objects.select_for_update()
            .select_related("user")
            .get(credential=given.raw_id, host=host_of(request))
        )
        _server(request).authenticate_complete(state, [AttestedCredentialData(bytes(passkey.public))], given)
        counter = given.response.authenticator_data.counter
    except Exception:  # noqa: BLE001  (whatever is wrong with what a browser sent, it opens nothing)
        record(None, "access.passkey_refused", origin=origin_of(request))
        raise refused from None
    owner = passkey.user
    copied = counter <= passkey.counter if counter or passkey.counter else False
    if copied or not owner.is_active or (user is not None and owner.pk != user.pk):
        record(None, "access.passkey_refused", owner, origin=origin_of(request))
        raise refused
    passkey.counter = counter
    passkey.last_used_at = timezone.now()
    passkey.save(update_fields=["counter", "last_used_at"])
    return owner


def _waiting(request: HttpRequest, what: str, user: User | None) -> dict[str, Any]:
    """The question that waits for this answer, taken out of the session."""
    waiting = request.session.pop(_WAITING, None) or {}
    fits = waiting.get("what") == what and waiting.get("user") == (user.pk if user is not None else None)
    if not fits or not 0 <= time.time() - waiting["since"] <= _WAIT:
        raise Refused(_("That took too long. Please try again."))
    state: dict[str, Any] = waiting["state"]
    return state
