"""The door in a real browser: with the keyboard alone, on a phone, in both languages, accessible."""

import os

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from tests.hub.browser import chromium, complaints_of
from tests.hub.conftest import PASSPHRASE

pytestmark = [pytest.mark.journey, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def page(monkeypatch):
    # The browser is driven from an event loop; the test itself talks to the database in the ordinary way.
    monkeypatch.setitem(os.environ, "DJANGO_ALLOW_ASYNC_UNSAFE", "true")
    with chromium() as browser:
        context = browser.new_context(viewport={"width": 1280, "height": 800})
        yield context.new_page()
        context.close()


def violations(page):
    return [
        (violation["id"], violation["impact"], [node["html"] for node in violation["nodes"]])
        for violation in Axe().run(page).response["violations"]
    ]


def test_a_coordinator_signs_in_with_the_keyboard_reads_english_and_leaves(live_server, coordinator, page):
    complaints = complaints_of(page)
    page.goto(live_server.url)
    expect(page.get_by_role("heading", name="로그인")).to_be_visible()
    assert violations(page) == []

    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="본문 바로가기")).to_be_focused()
    page.get_by_label("사용자 이름").focus()
    page.keyboard.type(coordinator.username)
    page.keyboard.press("Tab")
    page.keyboard.type(PASSPHRASE)
    page.keyboard.press("Enter")
    expect(page.get_by_text("복지코디네이터").first).to_be_visible()

    page.get_by_role("button", name="English").click()
    expect(page.get_by_text("Welfare coordinator").first).to_be_visible()
    assert violations(page) == []

    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    assert complaints == []


def test_the_door_fits_a_small_phone_and_refuses_in_words(live_server, page):
    page.set_viewport_size({"width": 360, "height": 640})
    page.goto(live_server.url + "/sign-in/")
    page.get_by_label("사용자 이름").fill("nobody")
    page.get_by_label("비밀번호").fill("wrong")
    page.get_by_role("button", name="로그인", exact=True).click()
    expect(page.get_by_role("alert")).to_contain_text("맞지 않습니다")
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    assert violations(page) == []
    size = page.evaluate("parseFloat(getComputedStyle(document.body).fontSize)")
    assert size >= 17
