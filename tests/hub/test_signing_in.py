"""Signing in and out, refusal, the lock after too many attempts, and the language at the door."""

from datetime import timedelta

import pytest
from django.utils import timezone

from hub.access import actions, signing_in
from hub.access.models import AccessRecord, User
from tests.hub.conftest import PASSPHRASE

pytestmark = pytest.mark.django_db


def sign_in(client, username, password=PASSPHRASE, **more):
    return client.post("/sign-in/", {"username": username, "password": password, **more})


def verbs():
    return list(AccessRecord.objects.order_by("pk").values_list("verb", flat=True))


def test_home_leads_a_stranger_to_the_door(client):
    response = client.get("/")
    assert response.status_code == 302
    assert response.headers["Location"] == "/sign-in/?next=/"


def test_who_has_name_and_password_comes_in_and_is_written_down(client, coordinator):
    response = sign_in(client, coordinator.username)
    assert response.status_code == 302
    assert response.headers["Location"] == "/"
    assert client.get("/").status_code == 200
    last = AccessRecord.objects.latest("pk")
    assert (last.verb, last.actor, last.origin) == ("access.signed_in", coordinator, "127.0.0.1")


@pytest.mark.parametrize("password", ["", "wrong", PASSPHRASE.upper()])
def test_a_wrong_password_is_refused(client, coordinator, password):
    response = sign_in(client, coordinator.username, password)
    assert response.status_code == 200
    assert client.get("/").status_code == 302


def test_an_unknown_name_gets_the_same_answer_as_a_wrong_password(client, coordinator):
    known = (
        sign_in(client, coordinator.username, "wrong").content.decode().replace(coordinator.username, "NAME")
    )
    unknown = sign_in(client, "nobody-here", "wrong").content.decode().replace("nobody-here", "NAME")
    tokens = [
        line for line in zip(known.splitlines(), unknown.splitlines(), strict=True) if line[0] != line[1]
    ]
    assert all("csrf" in left.lower() or "nonce" in left for left, _ in tokens), tokens


def test_a_closed_account_stays_outside(client, coordinator):
    User.objects.filter(pk=coordinator.pk).update(is_active=False)
    sign_in(client, coordinator.username)
    assert client.get("/").status_code == 302


def test_what_was_typed_as_a_name_is_not_kept(client):
    sign_in(client, "my-secret-typed-into-the-wrong-field", "x")
    record = AccessRecord.objects.get(verb="access.sign_in_refused")
    assert "secret" not in record.object_id
    assert record.actor is None


def test_five_refusals_lock_the_name_even_for_the_right_password(client, coordinator):
    for _ in range(signing_in.LOCK_AFTER):
        assert sign_in(client, coordinator.username, "wrong").status_code == 200
    assert sign_in(client, coordinator.username).status_code == 429
    assert client.get("/").status_code == 302


def test_the_lock_holds_whatever_the_case_of_the_name(client, coordinator):
    for _ in range(signing_in.LOCK_AFTER):
        sign_in(client, coordinator.username.upper(), "wrong")
    assert sign_in(client, coordinator.username).status_code == 429


def test_the_lock_of_one_name_leaves_others_alone(client, coordinator, someone):
    for _ in range(signing_in.LOCK_AFTER):
        sign_in(client, coordinator.username, "wrong")
    assert sign_in(client, someone().username).status_code == 302


def test_the_lock_opens_by_itself(client, coordinator, monkeypatch):
    for _ in range(signing_in.LOCK_AFTER):
        sign_in(client, coordinator.username, "wrong")
    later = timezone.now() + signing_in.LOCK_FOR + timedelta(seconds=1)
    monkeypatch.setattr(signing_in.timezone, "now", lambda: later)
    assert sign_in(client, coordinator.username).status_code == 302


def test_signing_out_needs_a_form_and_ends_the_session(client, coordinator):
    client.force_login(coordinator)
    assert client.get("/sign-out/").status_code == 405
    assert client.post("/sign-out/").status_code == 302
    assert client.get("/").status_code == 302
    assert verbs()[-1] == "access.signed_out"


@pytest.mark.parametrize("elsewhere", ["https://example.org/", "//example.org/", "javascript:alert(1)"])
def test_signing_in_never_leads_to_another_host(client, coordinator, elsewhere):
    response = sign_in(client, coordinator.username, next=elsewhere)
    assert response.headers["Location"] == "/"


def test_signing_in_leads_on_to_where_one_wanted_to_go(client, coordinator):
    assert sign_in(client, coordinator.username, next="/alive/").headers["Location"] == "/alive/"


def test_korean_is_spoken_until_english_is_chosen(client):
    assert "로그인" in client.get("/sign-in/", headers={"accept-language": "en"}).content.decode()
    client.post("/language/", {"language": "en", "next": "/sign-in/"})
    page = client.get("/sign-in/").content.decode()
    assert "Sign in" in page
    assert '<html lang="en">' in page


def test_a_language_we_do_not_speak_is_refused(client):
    assert client.post("/language/", {"language": "xx"}).status_code == 400


def test_the_chosen_language_follows_the_user(client, coordinator):
    client.force_login(coordinator)
    client.post("/language/", {"language": "en"})
    client.post("/sign-out/")
    del client.cookies["hub-language"]
    sign_in(client, coordinator.username)
    assert '<html lang="en">' in client.get("/").content.decode()


@pytest.mark.parametrize("weak", ["short", "123456789", "password123"])
def test_a_weak_password_is_refused(db, weak):
    from django.core.exceptions import ValidationError

    with pytest.raises(ValidationError):
        actions.create_user("weak", "weak (invented)", weak)


def test_passwords_are_kept_with_argon2():
    from hub import settings

    assert settings.PASSWORD_HASHERS == ["django.contrib.auth.hashers.Argon2PasswordHasher"]
