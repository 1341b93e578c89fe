"""More than a password: codes of an app, recovery codes, the first time, and the pages in between."""

import re
import threading
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone

from hub import places, urls
from hub.access import actions, queries, signing_in
from hub.access.models import AccessRecord, Authenticator, RecoveryCode, User
from hub.access.roles import Role
from hub.keys import columns, ring, rotation
from hub.organisation.models import Centre
from tests.hub.conftest import CHUNGHYEON, PASSPHRASE
from tests.hub.door import code_of, give_password, with_app, wrong_code
from tests.hub.test_pages import example, patterns

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def required(settings):
    settings.SECOND_FACTOR_REQUIRED = True


@pytest.fixture
def now(monkeypatch):
    """A clock the test turns: `now.at` is what the door takes for the time."""

    class Clock:
        at = timezone.now()

        def __add__(self, seconds):
            self.at += timedelta(seconds=seconds)
            return self.at

    clock = Clock()
    monkeypatch.setattr(signing_in.timezone, "now", lambda: clock.at)
    return clock


@pytest.fixture
def holder(coordinator, now):
    """A coordinator with a code app."""
    with_app(coordinator, now.at)
    return coordinator


def is_in(client):
    return client.get("/").status_code == 200


def test_the_code_of_the_app_lets_in_and_the_way_is_written_down(client, holder, now):
    response = give_password(client, holder)
    assert response.headers["Location"] == "/sign-in/code/"
    assert not is_in(client)
    response = client.post("/sign-in/code/", {"code": code_of(holder, now.at)})
    assert response.headers["Location"] == "/"
    assert is_in(client)
    last = AccessRecord.objects.latest("pk")
    assert (last.verb, last.actor, last.purpose) == ("access.signed_in", holder, "code")


def test_it_leads_on_to_where_one_wanted_to_go(client, holder, now):
    client.post("/sign-in/", {"username": holder.username, "password": PASSPHRASE, "next": "/worklist/"})
    response = client.post("/sign-in/code/", {"code": code_of(holder, now.at)})
    assert response.headers["Location"] == "/worklist/"


def test_a_wrong_code_is_refused(client, holder, now):
    give_password(client, holder)
    response = client.post("/sign-in/code/", {"code": wrong_code(holder, now.at)})
    assert response.status_code == 200
    assert not is_in(client)


@pytest.mark.parametrize(("seconds", "taken"), [(-30, True), (59, True), (-31, False), (60, False)])
def test_the_clock_of_a_phone_may_be_half_a_minute_wrong_but_not_more(client, holder, now, seconds, taken):
    now.at = now.at.replace(second=0, microsecond=0)  # codes change with the half-minute
    give_password(client, holder)
    client.post("/sign-in/code/", {"code": code_of(holder, now.at + timedelta(seconds=seconds))})
    assert is_in(client) is taken


def test_a_code_is_taken_once(client, holder, now):
    code = code_of(holder, now.at)
    give_password(client, holder)
    client.post("/sign-in/code/", {"code": code})
    assert is_in(client)
    another = Client()
    give_password(another, holder)
    another.post("/sign-in/code/", {"code": code})
    assert not is_in(another)
    now + 31
    another.post("/sign-in/code/", {"code": code_of(holder, now.at)})
    assert is_in(another)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("kind", ["code", "recovery code"])
def test_of_ten_who_type_the_same_code_at_once_one_comes_in(coordinator, rf, now, kind):
    codes = with_app(coordinator, now.at)
    typed = code_of(coordinator, now.at) if kind == "code" else codes[0]
    start, outcomes = threading.Barrier(10), []

    def type_it(number):
        start.wait()
        try:
            request = rf.post("/sign-in/code/", REMOTE_ADDR=f"203.0.113.{number}")
            outcomes.append(signing_in.take_second_factor(request, coordinator, typed))
        finally:
            connection.close()

    threads = [threading.Thread(target=type_it, args=[number]) for number in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (outcomes.count(True), outcomes.count(False)) == (1, 9)


def test_a_code_earlier_than_the_last_one_is_spent_too(client, holder, now):
    earlier = code_of(holder, now.at)
    now + 30
    give_password(client, holder)
    client.post("/sign-in/code/", {"code": code_of(holder, now.at)})
    another = Client()
    give_password(another, holder)
    another.post("/sign-in/code/", {"code": earlier})
    assert not is_in(another)


def test_five_wrong_codes_lock_the_second_step_even_for_the_right_one(client, holder, now):
    give_password(client, holder)
    for _ in range(signing_in.LOCK_AFTER):
        assert client.post("/sign-in/code/", {"code": wrong_code(holder, now.at)}).status_code == 200
    assert client.post("/sign-in/code/", {"code": code_of(holder, now.at)}).status_code == 429
    assert not is_in(client)


def test_a_new_password_step_does_not_open_the_lock_of_the_second(client, holder, now):
    give_password(client, holder)
    for _ in range(signing_in.LOCK_AFTER):
        client.post("/sign-in/code/", {"code": wrong_code(holder, now.at)})
    fresh = Client()
    give_password(fresh, holder)
    assert fresh.post("/sign-in/code/", {"code": code_of(holder, now.at)}).status_code == 429


def test_recovery_codes_also_count_towards_the_lock(client, holder, now):
    give_password(client, holder)
    for _ in range(signing_in.LOCK_AFTER):
        client.post("/sign-in/code/", {"code": "abcde-fghjk"})
    assert client.post("/sign-in/code/", {"code": code_of(holder, now.at)}).status_code == 429


def test_a_recovery_code_lets_in_once_however_it_is_typed(client, coordinator, now):
    codes = with_app(coordinator, now.at)
    assert len(set(codes)) == 10
    give_password(client, coordinator)
    client.post("/sign-in/code/", {"code": f" {codes[3].upper()} "})
    assert is_in(client)
    another = Client()
    give_password(another, coordinator)
    another.post("/sign-in/code/", {"code": codes[3]})
    assert not is_in(another)
    another.post("/sign-in/code/", {"code": codes[4].replace("-", "")})
    assert is_in(another)


def test_a_recovery_code_of_another_user_opens_nothing(client, holder, someone, now):
    codes = with_app(someone(Role.PLANNER), now.at)
    give_password(client, holder)
    client.post("/sign-in/code/", {"code": codes[0]})
    assert not is_in(client)


def test_new_recovery_codes_make_the_old_ones_worthless(client, coordinator, now):
    old = with_app(coordinator, now.at)
    signing_in.new_recovery_codes(coordinator)
    give_password(client, coordinator)
    client.post("/sign-in/code/", {"code": old[0]})
    assert not is_in(client)


def test_neither_secrets_nor_recovery_codes_can_be_read_in_the_database(coordinator, now):
    codes = with_app(coordinator, now.at)
    held = Authenticator.objects.get(user=coordinator)
    assert columns.decrypt(held, "secret") not in bytes(held.secret)
    kept = " ".join(RecoveryCode.objects.values_list("hashed", flat=True))
    assert not [code for code in codes if code in kept or code.replace("-", "") in kept]


# -- keys that change, and keys that are lost ---------------------------------------------------------------------


@pytest.fixture
def own_keys(monkeypatch, tmp_path):
    """A key file of this test's own."""
    monkeypatch.setattr(places, "KEYS", tmp_path / "keys.json")
    monkeypatch.setattr(ring, "_held", None)
    ring.begin()
    return tmp_path / "keys.json"


def test_after_the_keys_were_changed_the_app_on_the_phone_still_opens_the_door(client, own_keys, holder, now):
    old = ring.ring().active(ring.Use.ENCRYPT)
    code = code_of(holder, now.at)
    rotation.rotate(ring.Use.ENCRYPT)
    with pytest.raises(ring.KeyProblem, match="still needed: 1 in access.authenticator.secret"):
        rotation.retire(old.name)
    assert rotation.move_on() == 1
    rotation.retire(old.name)
    give_password(client, holder)
    client.post("/sign-in/code/", {"code": code})
    assert is_in(client)


@pytest.mark.django_db(transaction=True)
def test_people_sign_in_while_the_keys_are_changed(own_keys, someone, rf, now):
    codes = {}
    for user in [someone(Role.COORDINATOR) for _ in range(3)]:
        with_app(user, now.at)
        codes[user] = code_of(user, now.at)
    start, outcomes = threading.Barrier(4), []

    def sign_in_again_and_again(user):
        try:
            start.wait()
            for _ in range(20):
                # The clock stands: the code is taken as if it were new each time.
                Authenticator.objects.filter(user=user).update(last_step=0)
                outcomes.append(signing_in.take_second_factor(rf.post("/sign-in/code/"), user, codes[user]))
        finally:
            connection.close()

    threads = [threading.Thread(target=sign_in_again_and_again, args=[user]) for user in codes]
    for thread in threads:
        thread.start()
    start.wait()
    for _ in range(3):
        old = ring.ring().active(ring.Use.ENCRYPT)
        rotation.rotate(ring.Use.ENCRYPT)
        rotation.move_on()
        rotation.retire(old.name)
    for thread in threads:
        thread.join()
    assert outcomes == [True] * 60


@pytest.mark.parametrize("language", ["ko", "en"])
def test_when_the_key_is_lost_the_door_says_so_and_a_recovery_code_still_opens_it(
    client, own_keys, coordinator, now, language, caplog
):
    client.cookies["hub-language"] = language
    codes, code = with_app(coordinator, now.at), code_of(coordinator, now.at)
    own_keys.unlink()
    ring.begin()  # another hub's file in its place
    with pytest.raises(ring.KeyProblem, match="lacks keys that this database needs"):
        rotation.begin()
    give_password(client, coordinator)
    response = client.post("/sign-in/code/", {"code": code})
    assert response.status_code == 503
    assert ("복구 코드" if language == "ko" else "recovery code still opens") in response.content.decode()
    assert "Put the key file that belongs to this database back" in caplog.text
    assert not is_in(client)
    client.post("/sign-in/code/", {"code": codes[0]})
    assert is_in(client)


def test_a_secret_put_in_another_users_place_opens_nothing(client, own_keys, holder, someone, now):
    other = someone(Role.COORDINATOR)
    with_app(other, now.at)
    code = code_of(other, now.at)
    theirs = Authenticator.objects.get(user=other)
    Authenticator.objects.filter(user=holder).update(secret=theirs.secret)
    give_password(client, holder)
    assert client.post("/sign-in/code/", {"code": code}).status_code == 503
    assert not is_in(client)


# -- half signed in --------------------------------------------------------------------------------------------

# What a half-signed-in browser may reach: the door itself, and what anybody may read.
OF_THE_DOOR = {"sign_in", "passkey_sign_in", "passkey_options", "second_factor", "choose_password", "enrol"}
NOTHING_OF_ANYBODY = {"language", "alive", "programmes", "programme", "changes"}


def test_the_list_of_pages_before_the_second_step_is_short_and_known():
    assert urls.PUBLIC == OF_THE_DOOR | NOTHING_OF_ANYBODY


@pytest.mark.parametrize("method", ["get", "post"])
def test_a_half_signed_in_browser_is_a_stranger_on_every_page(client, holder, method):
    give_password(client, holder)
    refused = 0
    for route, pattern in patterns():
        if pattern.name in urls.PUBLIC:
            continue
        response = getattr(client, method)(example(route))
        if response.status_code == 404:  # the example does not fit a stricter converter
            continue
        assert response.status_code == 302, route
        assert response.headers["Location"].startswith("/sign-in/?next="), route
        refused += 1
    assert refused > 20


@pytest.mark.parametrize("address", ["/sign-in/set-up/", "/sign-in/passphrase/"])
def test_who_has_a_second_factor_cannot_go_round_it_by_setting_up_another(client, holder, address):
    give_password(client, holder)
    for answer in (client.get(address), client.post(address, {"code": "123456", "password": "x" * 20})):
        assert answer.headers["Location"] == "/sign-in/code/"
    assert client.post("/sign-in/passkey/question/", {"to": "make"}).status_code == 403


def test_the_pages_in_between_lead_a_stranger_to_the_beginning(client, holder):
    for address in ("/sign-in/code/", "/sign-in/set-up/", "/sign-in/passphrase/"):
        assert client.get(address).headers["Location"] == "/sign-in/"
        assert client.post(address, {"code": "123456"}).headers["Location"] == "/sign-in/"


def test_the_first_step_is_forgotten_after_ten_minutes(client, holder, now, monkeypatch):
    give_password(client, holder)
    real = signing_in.time.time
    monkeypatch.setattr(signing_in.time, "time", lambda: real() + signing_in.HALF_FOR + 1)
    assert client.post("/sign-in/code/", {"code": code_of(holder, now.at)}).headers["Location"] == "/sign-in/"
    assert not is_in(client)


@pytest.mark.parametrize("change", ["closed", "new passphrase"])
def test_the_first_step_is_worth_nothing_once_the_account_changed(client, holder, now, change):
    give_password(client, holder)
    if change == "closed":
        User.objects.filter(pk=holder.pk).update(is_active=False)
    else:
        actions.choose_password(holder, "another invented passphrase")
    client.post("/sign-in/code/", {"code": code_of(holder, now.at)})
    assert not is_in(client)


def test_both_steps_change_the_key_of_the_session(client, holder, now):
    client.get("/sign-in/")
    session = client.session
    session["planted"] = "by somebody else"
    session.save()
    client.cookies["hub-session"] = planted = session.session_key
    give_password(client, holder)
    half = client.cookies["hub-session"].value
    client.post("/sign-in/code/", {"code": code_of(holder, now.at)})
    whole = client.cookies["hub-session"].value
    assert len({planted, half, whole}) == 3
    for old in (planted, half):
        thief = Client()
        thief.cookies["hub-session"] = old
        assert not is_in(thief)
        assert thief.get("/sign-in/code/").headers["Location"] == "/sign-in/"


def test_the_first_step_of_one_ends_the_session_of_another_at_the_same_desk(client, holder, someone):
    client.force_login(someone(Role.PLANNER))
    give_password(client, holder)
    assert not is_in(client)


# -- the first time --------------------------------------------------------------------------------------------


def _secret_of(user):
    return columns.decrypt(Authenticator.objects.get(user=user), "secret").decode()


def test_a_post_with_households_leads_to_setting_up_before_anything_else(client, coordinator, now):
    response = give_password(client, coordinator)
    assert response.headers["Location"] == "/sign-in/set-up/"
    assert not is_in(client)
    page = client.get("/sign-in/set-up/").content.decode()
    assert "<svg" in page
    shown = re.search(r"<code>([A-Z2-7 ]+)</code>", page).group(1).replace(" ", "")
    assert shown == _secret_of(coordinator)
    response = client.post("/sign-in/set-up/", {"code": wrong_code(coordinator, now.at)})
    assert "인증번호가 맞지 않습니다" in response.content.decode()
    assert not is_in(client)
    response = client.post("/sign-in/set-up/", {"code": code_of(coordinator, now.at)})
    assert response.status_code == 200
    codes = re.findall(r"<li><code>([a-z2-9-]+)</code></li>", response.content.decode())
    assert len(codes) == 10
    assert is_in(client)
    another = Client()
    assert give_password(another, coordinator).headers["Location"] == "/sign-in/code/"
    another.post("/sign-in/code/", {"code": codes[0]})
    assert is_in(another)


def test_a_page_of_setting_up_opened_twice_shows_the_same_secret(client, coordinator):
    give_password(client, coordinator)
    client.get("/sign-in/set-up/")
    before = _secret_of(coordinator)
    client.get("/sign-in/set-up/")
    assert _secret_of(coordinator) == before


def test_a_half_made_app_is_no_second_factor(client, coordinator, now):
    give_password(client, coordinator)
    client.get("/sign-in/set-up/")
    assert not queries.has_second_factor(coordinator)
    assert give_password(Client(), coordinator).headers["Location"] == "/sign-in/set-up/"


@pytest.mark.parametrize("role", [None, Role.COUNCIL_MEMBER, Role.VOLUNTEER])
def test_who_sees_no_household_comes_in_with_a_password(client, someone, role):
    assert give_password(client, someone(role)).headers["Location"] == "/"
    assert is_in(client)


def test_who_chose_a_second_factor_is_asked_for_it_whatever_the_post(client, someone, now, settings):
    settings.SECOND_FACTOR_REQUIRED = False
    member = someone(Role.COUNCIL_MEMBER)
    with_app(member, now.at)
    assert give_password(client, member).headers["Location"] == "/sign-in/code/"


def test_a_demonstration_lets_in_with_the_password_and_says_so(client, coordinator, settings):
    settings.SECOND_FACTOR_REQUIRED = False
    assert give_password(client, coordinator).headers["Location"] == "/"
    assert "시연용에서는 비밀번호만으로" in client.get("/account/").content.decode()


def test_only_the_demonstration_can_be_set_up_without(monkeypatch):
    import importlib
    import os

    from hub import settings as ours

    for value, required in (("1", False), ("0", True), (None, True)):
        if value is None:
            monkeypatch.delitem(os.environ, "HUB_DEMO", raising=False)
        else:
            monkeypatch.setitem(os.environ, "HUB_DEMO", value)
        assert importlib.reload(ours).SECOND_FACTOR_REQUIRED is required


def test_a_post_given_while_signed_in_ends_the_session_of_who_has_no_second_factor(client, someone):
    user = someone()
    give_password(client, user)
    assert is_in(client)
    actions.give_post(user, Role.COORDINATOR, Centre.objects.filter(code=CHUNGHYEON))
    assert not is_in(client)
    assert give_password(client, user).headers["Location"] == "/sign-in/set-up/"


def test_a_post_that_begins_tomorrow_asks_for_it_today(client, someone):
    user = someone()
    tomorrow = timezone.localdate() + timedelta(days=1)
    actions.give_post(user, Role.COORDINATOR, Centre.objects.filter(code=CHUNGHYEON), since=tomorrow)
    assert give_password(client, user).headers["Location"] == "/sign-in/set-up/"


# -- guessing from elsewhere -----------------------------------------------------------------------------------


def test_guesses_from_elsewhere_lock_elsewhere_and_not_the_office(client, someone):
    user = someone()
    for _ in range(signing_in.LOCK_AFTER):
        give_password(client, user, "wrong", REMOTE_ADDR="203.0.113.9")
    assert give_password(client, user, REMOTE_ADDR="203.0.113.9").status_code == 429
    assert give_password(client, user, REMOTE_ADDR="192.0.2.10").status_code == 302


def _guess_from_everywhere(client, user):
    for number in range(signing_in.PASSWORD.anywhere):
        give_password(client, user, "wrong", REMOTE_ADDR=f"203.0.113.{number}")


def test_guesses_from_everywhere_lock_every_place_but_the_ones_known(client, someone):
    user = someone()
    assert give_password(client, user, REMOTE_ADDR="192.0.2.10").status_code == 302
    _guess_from_everywhere(Client(), user)
    assert give_password(Client(), user, REMOTE_ADDR="198.51.100.7").status_code == 429
    assert give_password(Client(), user, REMOTE_ADDR="192.0.2.10").status_code == 302


def test_a_name_that_nobody_has_is_locked_like_any_other(client, someone):
    class Nobody:
        username = "nobody-here"

    _guess_from_everywhere(client, Nobody)
    assert give_password(client, Nobody, REMOTE_ADDR="198.51.100.7").status_code == 429


def test_behind_a_proxy_the_address_the_proxy_saw_counts(rf, settings):
    request = rf.get("/", REMOTE_ADDR="10.0.0.1", HTTP_X_FORWARDED_FOR="1.1.1.1, 203.0.113.9")
    assert signing_in.origin_of(request) == "10.0.0.1"
    settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    assert signing_in.origin_of(request) == "203.0.113.9"
