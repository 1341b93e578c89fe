"""Sessions: they are listed, they can be ended, and they end by themselves; proving again before a far-reaching deed."""

import subprocess
import sys
import time
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone

from hub.access import actions, proof, sessions, signing_in
from hub.access.models import AccessRecord, Session, User
from hub.access.roles import Role
from tests.hub.conftest import PASSPHRASE
from tests.hub.door import give_password

pytestmark = pytest.mark.django_db

WINDOWS = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) Chrome/140.0 Safari/537.36"
NEW = "another invented passphrase"


def is_in(client):
    return client.get("/").status_code == 200


def age(client, **columns):
    """Make the session of this browser older: age(client, seen_at=31) by minutes."""
    key = sessions.hashed(client.cookies["hub-session"].value)
    for column, minutes in columns.items():
        Session.objects.filter(pk=key).update(**{column: timezone.now() - timedelta(minutes=minutes)})


@pytest.mark.parametrize(
    ("ages", "alive"),
    [
        ({"seen_at": 29}, True),
        ({"seen_at": 31}, False),
        ({"started_at": 9 * 60 - 1}, True),
        ({"started_at": 9 * 60 + 1}, False),
    ],
)
def test_a_session_ends_by_itself(client, coordinator, ages, alive):
    give_password(client, coordinator)
    age(client, **ages)
    assert is_in(client) is alive


def test_every_request_keeps_it_awake_but_never_longer_than_a_day_of_work(client, coordinator):
    give_password(client, coordinator)
    age(client, seen_at=20, started_at=9 * 60 - 1)
    assert is_in(client)
    row = coordinator.sessions.get()
    assert timezone.now() - row.seen_at < timedelta(minutes=1)
    assert timezone.now() - row.started_at > timedelta(hours=8)


def test_the_key_of_the_cookie_stands_nowhere_in_the_database(client, coordinator):
    give_password(client, coordinator)
    key = client.cookies["hub-session"].value
    row = coordinator.sessions.get()
    assert key not in (row.pk, row.data)
    thief = Client()
    thief.cookies["hub-session"] = row.pk
    assert not is_in(thief)


def test_the_cookie_is_closed_to_scripts_and_to_other_sites(client, coordinator):
    give_password(client, coordinator)
    cookie = client.cookies["hub-session"]
    assert (cookie["httponly"], cookie["samesite"], cookie["max-age"]) == (True, "Lax", "")


def test_signing_out_makes_the_key_worthless(client, coordinator):
    give_password(client, coordinator)
    key = client.cookies["hub-session"].value
    client.post("/sign-out/")
    thief = Client()
    thief.cookies["hub-session"] = key
    assert not is_in(thief)


def test_the_list_tells_device_place_and_time_and_which_one_this_is(client, coordinator):
    give_password(client, coordinator, headers={"user-agent": WINDOWS}, REMOTE_ADDR="192.0.2.10")
    give_password(Client(), coordinator, REMOTE_ADDR="192.0.2.11")
    page = client.get("/account/").content.decode()
    assert "Chrome, Windows" in page
    assert "192.0.2.10" in page
    assert "192.0.2.11" in page
    assert page.count("(현재 접속)") == 1


def test_one_ends_a_single_other_session(client, coordinator):
    give_password(client, coordinator)
    others = [Client(), Client()]
    for other in others:
        give_password(other, coordinator)
    client.post(
        "/account/sessions/end/", {"session": sessions.hashed(others[0].cookies["hub-session"].value)}
    )
    assert [is_in(browser) for browser in (client, *others)] == [True, False, True]


def test_one_ends_all_others(client, coordinator):
    give_password(client, coordinator)
    other = Client()
    give_password(other, coordinator)
    client.post("/account/sessions/end/")
    assert (is_in(client), is_in(other)) == (True, False)


def test_nobody_ends_the_session_of_another(client, coordinator, someone):
    other = Client()
    give_password(other, someone(Role.NURSE))
    give_password(client, coordinator)
    client.post("/account/sessions/end/", {"session": sessions.hashed(other.cookies["hub-session"].value)})
    assert is_in(other)


def test_a_session_ended_during_a_request_stays_ended(client, coordinator):
    give_password(client, coordinator)
    store = sessions.SessionStore(client.cookies["hub-session"].value)
    assert store["_auth_user_id"] == str(coordinator.pk)
    coordinator.sessions.all().delete()
    store["more"] = 1
    with pytest.raises(sessions.UpdateError):
        store.save()
    assert not Session.objects.filter(user=coordinator).exists()


def test_what_ended_by_itself_is_cleared_away(client, coordinator):
    give_password(client, coordinator)
    give_password(Client(), coordinator)
    age(client, seen_at=31)
    sessions.SessionStore.clear_expired()
    assert Session.objects.count() == 1


# -- the passphrase --------------------------------------------------------------------------------------------


def change(client, old=PASSPHRASE, new=NEW, again=None):
    return client.post(
        "/account/passphrase/", {"old": old, "password": new, "again": new if again is None else again}
    )


def test_a_new_passphrase_ends_all_other_sessions_and_keeps_this_one(client, coordinator):
    give_password(client, coordinator)
    other = Client()
    give_password(other, coordinator)
    before = client.cookies["hub-session"].value
    assert change(client).headers["Location"] == "/account/"
    assert (is_in(client), is_in(other)) == (True, False)
    assert client.cookies["hub-session"].value != before
    assert give_password(Client(), coordinator, NEW).status_code == 302
    assert give_password(Client(), coordinator).status_code == 200


@pytest.mark.parametrize(
    "given",
    [
        {"old": "wrong"},
        {"new": "short"},
        {"again": "something else here"},
        {"new": PASSPHRASE},
    ],
)
def test_a_passphrase_is_not_changed_without_the_old_one_or_for_a_weak_one(client, coordinator, given):
    give_password(client, coordinator)
    assert change(client, **given).status_code == 200
    assert User.objects.get(pk=coordinator.pk).check_password(PASSPHRASE)


def test_the_old_passphrase_cannot_be_guessed_at_an_unlocked_desk(client, coordinator):
    give_password(client, coordinator)
    for _ in range(signing_in.LOCK_AFTER):
        change(client, old="wrong")
    assert change(client).status_code == 200
    assert User.objects.get(pk=coordinator.pk).check_password(PASSPHRASE)


# -- proving again ---------------------------------------------------------------------------------------------


@pytest.fixture
def late(client, someone):
    """An administrator who signed in six minutes ago."""
    user = someone(Role.ADMINISTRATOR)
    give_password(client, user)
    age(client, started_at=6)
    return user


MAKE = {"name": "남시연 (가상)", "username": "made-later"}


def test_a_far_reaching_deed_asks_again_and_then_does_what_was_typed(client, late):
    page = client.post("/accounts/new/", MAKE).content.decode()
    assert not User.objects.filter(username="made-later").exists()
    for name, value in MAKE.items():
        assert f'<input type="hidden" name="{name}" value="{value}">' in page
    proven = {**MAKE, "proof-method": "POST", "proof-password": PASSPHRASE}
    assert client.post("/accounts/new/", proven).status_code == 200
    assert User.objects.filter(username="made-later").exists()
    assert AccessRecord.objects.filter(actor=late, verb="access.proved").count() == 1
    # and is not asked again right after
    client.post("/accounts/new/", {**MAKE, "username": "made-too"})
    assert User.objects.filter(username="made-too").exists()


def test_a_wrong_proof_does_nothing_and_keeps_what_was_typed(client, late):
    page = client.post(
        "/accounts/new/", {**MAKE, "proof-method": "POST", "proof-password": "wrong"}
    ).content.decode()
    assert "비밀번호가 맞지 않습니다" in page
    assert 'value="made-later"' in page
    assert "wrong" not in page
    assert not User.objects.filter(username="made-later").exists()


def test_after_five_wrong_proofs_the_session_is_over(client, late):
    for _ in range(signing_in.LOCK_AFTER):
        client.post("/accounts/new/", {"proof-method": "POST", "proof-password": "wrong"})
    client.post("/accounts/new/", {**MAKE, "proof-method": "POST", "proof-password": PASSPHRASE})
    assert not User.objects.filter(username="made-later").exists()
    assert not is_in(client)


def test_a_page_that_was_only_to_be_looked_at_is_shown_after_the_proof(client, late):
    assert "proof-password" in client.get("/accounts/new/").content.decode()
    response = client.post("/accounts/new/", {"proof-method": "GET", "proof-password": PASSPHRASE})
    assert response.headers["Location"] == "/accounts/new/"
    assert "proof-password" not in client.get("/accounts/new/").content.decode()


def test_a_proof_lasts_five_minutes(client, late, monkeypatch):
    client.post("/accounts/new/", {"proof-method": "GET", "proof-password": PASSPHRASE})
    real = proof.time.time
    monkeypatch.setattr(proof.time, "time", lambda: real() + 5 * 60 + 2)
    assert "proof-password" in client.get("/accounts/new/").content.decode()


def test_a_fresh_sign_in_is_proof_enough(client, someone):
    give_password(client, someone(Role.ADMINISTRATOR))
    assert "proof-password" not in client.get("/accounts/new/").content.decode()


# -- leaving ---------------------------------------------------------------------------------------------------

CLOSE = """
import django
django.setup()
from django.db import transaction
from hub.access.actions import {deed}
from hub.access.models import Post, User
with transaction.atomic():
    {deed}({of})
"""


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    ("deed", "of", "answer"),
    [
        ("close_account", "User.objects.get(username='{username}')", 302),
        ("end_post", "Post.objects.get(user__username='{username}')", 403),
    ],
)
def test_rights_are_gone_with_the_next_request_when_another_process_takes_them(
    client, coordinator, household, deed, of, answer, monkeypatch
):
    give_password(client, coordinator)
    assert client.get("/worklist/").status_code == 200
    where = connection.get_connection_params()
    monkeypatch.setenv(
        "DATABASE_URL",
        " ".join(
            f"{key}='{where[key]}'"
            for key in ("dbname", "host", "port", "user", "password")
            if where.get(key)
        ),
    )
    monkeypatch.setenv("DJANGO_SETTINGS_MODULE", "tests.settings")
    script = CLOSE.format(deed=deed, of=of.format(username=coordinator.username))
    subprocess.run([sys.executable, "-c", script], check=True, timeout=60)
    began = time.monotonic()
    assert client.get("/worklist/").status_code == answer
    assert client.get(f"/household/{household.pk}/").status_code in (302, 403)
    assert time.monotonic() - began < 1


def test_a_leaver_has_no_session_no_post_and_no_way_in(client, coordinator, someone):
    give_password(client, coordinator)
    actions.close_account(coordinator, by=someone(Role.ADMINISTRATOR))
    assert not is_in(client)
    assert not coordinator.sessions.exists()
    assert give_password(client, coordinator).status_code == 200
    assert not is_in(client)
    assert not [post for post in coordinator.posts.all() if post.until is None]


def test_a_post_that_ran_out_by_date_gives_nothing_the_day_after(client, coordinator):
    give_password(client, coordinator)
    coordinator.posts.update(since="2020-01-01", until=timezone.localdate() - timedelta(days=1))
    assert client.get("/worklist/").status_code == 403
