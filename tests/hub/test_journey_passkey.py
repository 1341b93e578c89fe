"""Passkeys in a real browser, with an authenticator that Chromium plays itself (WebAuthn over the DevTools protocol)."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import connections
from django.utils import timezone
from playwright.sync_api import expect

from hub.access.models import AccessRecord, Passkey, Session, User
from hub.access.roles import Role
from tests.hub.browser import chromium, complaints_of
from tests.hub.conftest import PASSPHRASE
from tests.hub.door import code_of
from tests.hub.test_journey_sign_in import violations

pytestmark = [pytest.mark.journey, pytest.mark.django_db(transaction=True)]


def ask(function):
    """What the database says, asked in a thread of its own: the browser is driven from an event loop."""

    def perform():
        try:
            return function()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(1) as thread:
        return thread.submit(perform).result(timeout=60)


def is_out(user):
    return ask(lambda: not Session.objects.filter(user=user).exists())


@pytest.fixture
def page(settings):
    settings.SECOND_FACTOR_REQUIRED = True
    with chromium() as browser:
        context = browser.new_context(viewport={"width": 1280, "height": 800})
        yield context.new_page()
        context.close()


@pytest.fixture
def key(page):
    """A key of this browser: `key("isUserVerified", False)` makes it one whose owner cannot unlock it."""
    devtools = page.context.new_cdp_session(page)
    devtools.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": True,
        "automaticPresenceSimulation": True,
    }
    made = devtools.send("WebAuthn.addVirtualAuthenticator", {"options": options})

    def verified(yes):
        devtools.send("WebAuthn.setUserVerified", {**made, "isUserVerified": yes})

    def credentials():
        return devtools.send("WebAuthn.getCredentials", made)["credentials"]

    verified.credentials = credentials
    verified.add = lambda credential: devtools.send(
        "WebAuthn.addCredential", {**made, "credential": credential}
    )
    verified.clear = lambda: devtools.send("WebAuthn.clearCredentials", made)
    return verified


def first_step(page, server, user):
    page.goto(server.url + "/sign-in/")
    page.get_by_label("사용자 이름").fill(user.username)
    page.get_by_label("비밀번호").fill(PASSPHRASE)
    page.get_by_role("button", name="로그인", exact=True).click()


def set_up(page, server, user):
    """From the first password to being inside, with a passkey."""
    first_step(page, server, user)
    expect(page.get_by_role("heading", name="2단계 인증 등록")).to_be_visible()
    page.get_by_label("기기 이름").fill("내 노트북")
    page.get_by_role("button", name="패스키 만들기").click()
    expect(page.get_by_role("heading", name="복구 코드")).to_be_visible()
    page.get_by_role("link", name="보관했습니다. 계속").click()
    page.locator(".who").wait_for()


def leave(page):
    page.get_by_role("button", name="로그아웃").click()
    expect(page.get_by_role("heading", name="로그인")).to_be_visible()


def test_a_passkey_is_set_up_and_then_opens_the_door_alone(live_server, coordinator, page, key):
    complaints = complaints_of(page)
    set_up(page, live_server, coordinator)
    passkey = ask(lambda: Passkey.objects.select_related("user").get())
    assert (passkey.user, passkey.name, passkey.host) == (coordinator, "내 노트북", "localhost")
    assert key.credentials()[0]["userHandle"]
    leave(page)
    assert violations(page) == []
    page.get_by_role("button", name="패스키로 로그인").click()
    expect(page.locator(".who")).to_contain_text(coordinator.name)
    last = ask(
        lambda: AccessRecord.objects.select_related("actor").filter(verb="access.signed_in").latest("pk")
    )
    assert (last.actor, last.purpose) == (coordinator, "passkey")
    page.goto(live_server.url + "/account/")
    assert violations(page) == []
    assert complaints == []


def test_a_passkey_is_the_second_step_after_a_password(live_server, coordinator, page, key):
    set_up(page, live_server, coordinator)
    leave(page)
    first_step(page, live_server, coordinator)
    expect(page.get_by_role("heading", name="2단계 인증")).to_be_visible()
    assert violations(page) == []
    page.get_by_role("button", name="패스키로 확인").click()
    expect(page.locator(".who")).to_contain_text(coordinator.name)


def test_a_device_that_its_owner_cannot_unlock_does_not_open_the_door(live_server, coordinator, page, key):
    set_up(page, live_server, coordinator)
    leave(page)
    key(False)
    page.get_by_role("button", name="패스키로 로그인").click()
    expect(page.get_by_role("alert")).to_contain_text("패스키를 사용하지 못했습니다")
    assert is_out(coordinator)


def test_a_copied_key_betrays_itself_by_its_counter(live_server, coordinator, page, key):
    set_up(page, live_server, coordinator)
    leave(page)
    ask(lambda: Passkey.objects.update(counter=1_000_000))
    page.get_by_role("button", name="패스키로 로그인").click()
    expect(page.get_by_role("alert").first).to_contain_text("확인하지 못했습니다")
    assert is_out(coordinator)
    assert ask(AccessRecord.objects.filter(verb="access.passkey_refused").exists)


def _with_passkey_elsewhere(user):
    Passkey.objects.create(user=user, credential=b"elsewhere", public=b"", host="localhost", name="elsewhere")
    return user


def test_the_passkey_of_another_is_no_second_step(live_server, coordinator, someone, page, key):
    set_up(page, live_server, coordinator)
    leave(page)
    other = ask(lambda: _with_passkey_elsewhere(someone(Role.PLANNER)))
    first_step(page, live_server, other)
    page.get_by_role("button", name="패스키로 확인").click()
    expect(page.get_by_role("alert").first).to_be_visible()
    assert is_out(other)


def test_a_closed_account_is_not_opened_by_its_passkey(live_server, coordinator, page, key):
    set_up(page, live_server, coordinator)
    leave(page)
    ask(lambda: User.objects.filter(pk=coordinator.pk).update(is_active=False))
    page.get_by_role("button", name="패스키로 로그인").click()
    expect(page.get_by_role("alert").first).to_contain_text("확인하지 못했습니다")
    assert is_out(coordinator)


def test_a_far_reaching_deed_is_proved_with_a_passkey_and_what_was_typed_stays(
    live_server, someone, page, key
):
    set_up(page, live_server, ask(lambda: someone(Role.ADMINISTRATOR)))
    page.goto(live_server.url + "/accounts/new/")
    page.locator("#id_name").fill("남시연 (가상)")
    page.get_by_label("사용자 이름").fill("made-by-passkey")
    ask(lambda: Session.objects.update(started_at=timezone.now() - timedelta(minutes=6)))
    page.get_by_role("button", name="계정 만들기").click()
    expect(page.get_by_role("heading", name="본인 확인")).to_be_visible()
    assert violations(page) == []
    page.get_by_role("button", name="패스키로 확인").click()
    expect(page.get_by_role("heading", name="초기 비밀번호")).to_be_visible()
    expect(page.get_by_text("made-by-passkey")).to_be_visible()


def test_the_app_is_set_up_from_the_picture_and_asked_for(live_server, coordinator, page):
    first_step(page, live_server, coordinator)
    assert page.locator("svg.qr").bounding_box()["width"] > 150
    assert violations(page) == []
    page.get_by_label("인증번호").fill(ask(lambda: code_of(coordinator, timezone.now())))
    page.get_by_role("button", name="인증 앱 등록").click()
    codes = page.locator(".codes code").all_inner_texts()
    page.get_by_role("link", name="보관했습니다. 계속").click()
    leave(page)
    first_step(page, live_server, coordinator)
    page.get_by_label("인증번호").fill(codes[0])
    page.get_by_role("button", name="계속").click()
    expect(page.locator(".who")).to_contain_text(coordinator.name)


def test_a_network_address_makes_no_passkeys_and_says_why(live_server, coordinator, page):
    class ByNumber:
        url = live_server.url.replace("localhost", "127.0.0.1")

    first_step(page, ByNumber, coordinator)
    expect(page.get_by_text("패스키는 localhost처럼")).to_be_visible()
    expect(page.get_by_role("button", name="패스키 만들기")).to_have_count(0)
