"""The inspection in a real browser: found, asked, answered, decided, signed; on a desk and on a phone, accessible."""

import os
from datetime import timedelta
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.test import override_settings
from django.utils import timezone
from playwright.sync_api import expect

from hub.access.actions import record
from hub.access.roles import Role
from hub.inspection import actions, queries
from hub.inspection.models import Finding
from tests.hub.browser import chromium, complaints_of
from tests.hub.conftest import PASSPHRASE

pytestmark = [pytest.mark.journey, pytest.mark.django_db(transaction=True)]

SHOTS = os.environ.get("HUB_SHOTS")  # a folder to put pictures in, for looking at


@pytest.fixture
def page(monkeypatch):
    monkeypatch.setitem(os.environ, "DJANGO_ALLOW_ASYNC_UNSAFE", "true")
    with chromium() as browser:
        context = browser.new_context(viewport={"width": 1280, "height": 900})
        yield context.new_page()
        context.close()


def looked_at(page, name):
    """The page has no accessibility fault, fits a phone, and is kept as a picture when somebody wants to look."""
    faults = [
        (one["id"], [node["html"] for node in one["nodes"]]) for one in Axe().run(page).response["violations"]
    ]
    assert faults == [], name
    for width, height in ((390, 844), (1280, 900)):
        page.set_viewport_size({"width": width, "height": height})
        assert page.evaluate("document.documentElement.scrollWidth") <= width, name
        if SHOTS:
            page.screenshot(path=Path(SHOTS) / f"{name}-{width}.png", full_page=True)


def sign_in(page, url, user, path):
    page.context.clear_cookies()
    page.goto(f"{url}/sign-in/?next={path}")
    page.get_by_label("사용자 이름").fill(user.username)
    page.get_by_label("비밀번호").fill(PASSPHRASE)
    page.get_by_role("button", name="로그인", exact=True).click()


@pytest.fixture
def last_month(someone, coordinator, household, tmp_path, monkeypatch):
    """A month that is over, with one household opened on a Saturday night and one refusal too many."""
    begins = queries.month_before(timezone.localdate())
    saturday = begins + timedelta(days=(5 - begins.weekday()) % 7)
    coordinator.posts.update(since=begins - timedelta(days=40))
    officer = someone(Role.PRIVACY_OFFICER)
    with override_settings(AUDIT_HEADS=tmp_path, AUDIT_HEADS_NAMED=True):
        with monkeypatch.context() as patched:
            moment = timezone.make_aware(timezone.datetime(saturday.year, saturday.month, saturday.day, 23))
            patched.setattr("hub.access.trail.timezone.now", lambda: moment)
            record(coordinator, "people.opened", household, "household page", origin="10.20.30.40")
            for _ in range(4):
                record(
                    coordinator, "access.refused", ("page.household", "7"), household=7, origin="10.20.30.40"
                )
        actions.examine(begins)
        yield begins, officer


def test_a_month_is_gone_through_from_question_to_signature(live_server, page, coordinator, last_month):
    month, officer = last_month
    complaints = complaints_of(page)
    url = live_server.url
    sign_in(page, url, officer, "/inspection/")
    looked_at(page, "inspection")
    page.get_by_role("link", name=f"{month:%Y-%m}").click()
    expect(page.get_by_role("heading", name="특이 사항", exact=True)).to_be_visible()
    looked_at(page, "report")
    page.get_by_role("row").filter(has_text=coordinator.name).get_by_role("link").first.click()
    page.get_by_label("소명 요청 내용").fill("토요일 밤에 접속한 사유를 알려 주십시오.")
    page.get_by_role("button", name="요청", exact=True).click()
    expect(page.get_by_text("소명 요청 중")).to_be_visible()
    looked_at(page, "finding")

    sign_in(page, url, coordinator, "/")
    page.get_by_role("link", name="소명하기").click()
    looked_at(page, "questions")
    page.get_by_role("main").get_by_role("link").first.click()
    page.get_by_label("소명 내용").fill("주말 당직이었습니다.")
    looked_at(page, "question")
    page.get_by_role("button", name="소명 제출").click()
    expect(page.get_by_text("소명을 제출했습니다.")).to_be_visible()

    sign_in(page, url, officer, f"/inspection/month/{month.year}/{month.month}/")
    for box in page.get_by_role("checkbox").all():
        box.check()
    page.get_by_label("업무상 접속", exact=True).check()
    page.get_by_label("사유").fill("당직 명령부에서 확인함")
    page.get_by_role("button", name="결정", exact=True).click()
    page.get_by_label("의견").fill("이상 없음")
    page.get_by_role("button", name="보고서 확정").click()
    expect(page.get_by_text("확정 당시와 같습니다.")).to_be_visible()
    looked_at(page, "signed")
    page.get_by_role("button", name="English").click()
    expect(page.get_by_text("It is as it was signed.")).to_be_visible()
    looked_at(page, "signed-en")
    page.goto(f"{url}/inspection/trail/?household=1001")
    looked_at(page, "trail-en")
    page.goto(f"{url}/inspection/affected/?household=1001")
    expect(page.get_by_text("2 persons concerned")).to_be_visible()
    looked_at(page, "affected-en")
    if SHOTS:
        page.goto(f"{url}/inspection/month/{month.year}/{month.month}/")
        page.emulate_media(media="print")
        page.screenshot(path=Path(SHOTS) / "print.png", full_page=True)
    assert complaints == []
    assert Finding.objects.filter(decision="").count() == 0
