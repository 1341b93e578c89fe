"""The pages of accounts and of the second person in a real browser: by the rules of accessibility, and on a phone."""

import pytest
from playwright.sync_api import expect

from hub.access import approvals
from hub.access.models import Deed
from hub.access.roles import Role
from tests.hub.browser import chromium, complaints_of
from tests.hub.conftest import PASSPHRASE
from tests.hub.test_journey_sign_in import violations

pytestmark = [pytest.mark.journey, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def people(someone):
    """Who plays here, made before the browser runs: administrator, officer, privacy officer, coordinator; and a request."""
    roles = (Role.ADMINISTRATOR, Role.DISTRICT_OFFICER, Role.PRIVACY_OFFICER, Role.COORDINATOR)
    made = tuple(map(someone, roles))
    approvals.ask(Deed.EXPORT, ("test.list", "7"), made[0], "구의회 자료 요구", facts="충현동 12가구 명단")
    return made


@pytest.fixture
def page(people):
    with chromium() as browser:
        context = browser.new_context(viewport={"width": 1280, "height": 800})
        yield context.new_page()
        context.close()


@pytest.mark.parametrize("language", ["ko", "en"])
def test_every_page_of_accounts_is_accessible_and_fits_a_phone(live_server, people, page, language):
    page.context.add_cookies([{"name": "hub-language", "value": language, "url": live_server.url}])
    complaints = complaints_of(page)
    admin, officer, _second, coordinator = people
    found = []

    def look(*addresses):
        for address in addresses:
            page.goto(live_server.url + address)
            for details in page.locator("main details > summary").all():
                details.click()
            found.extend((address, violation) for violation in violations(page))
            page.set_viewport_size({"width": 390, "height": 844})
            width = page.evaluate("document.documentElement.scrollWidth")
            found.extend([(address, f"{width} px wide")] if width > 390 else [])
            page.set_viewport_size({"width": 1280, "height": 800})

    _sign_in(page, live_server, admin)
    look("/account/", "/account/passphrase/", "/account/factor/", "/roles/", "/accounts/", "/accounts/new/")
    look(f"/accounts/{coordinator.pk}/", "/approvals/")
    page.context.clear_cookies(name="hub-session")
    _sign_in(page, live_server, officer)
    look("/approvals/")
    assert found == []
    assert complaints == []


def _sign_in(page, server, user):
    page.goto(server.url + "/sign-in/")
    page.locator("#id_username").fill(user.username)
    page.locator("#id_password").fill(PASSPHRASE)
    page.locator("main button.primary").click()
    page.locator(".who").wait_for()


def test_two_persons_and_an_administrator_give_somebody_a_new_beginning(live_server, people, page):
    admin, _officer, second, coordinator = people
    _sign_in(page, live_server, coordinator)
    page.context.clear_cookies(name="hub-session")
    _sign_in(page, live_server, admin)
    page.goto(f"{live_server.url}/accounts/{coordinator.pk}/")
    page.get_by_text("비밀번호 또는 2단계 인증 수단 분실").click()
    page.get_by_label("사유").fill("휴대전화 분실")
    page.get_by_role("button", name="승인 요청").click()
    expect(page.get_by_role("status")).to_contain_text("승인을 요청했습니다")
    page.context.clear_cookies(name="hub-session")
    _sign_in(page, live_server, second)
    page.get_by_role("link", name="2인 승인").click()
    request = page.locator("section", has_text="휴대전화 분실")
    request.get_by_role("button", name="승인").click()
    expect(page.get_by_role("status")).to_contain_text("승인했습니다")
    page.context.clear_cookies(name="hub-session")
    _sign_in(page, live_server, admin)
    page.goto(f"{live_server.url}/accounts/{coordinator.pk}/")
    page.get_by_text("비밀번호 또는 2단계 인증 수단 분실").click()
    page.get_by_role("button", name="초기 비밀번호 재발급").click()
    first = page.locator("dd code").inner_text()
    page.context.clear_cookies(name="hub-session")
    page.goto(live_server.url + "/sign-in/")
    page.locator("#id_username").fill(coordinator.username)
    page.locator("#id_password").fill(first)
    page.locator("main button.primary").click()
    expect(page.get_by_role("heading", name="비밀번호 설정")).to_be_visible()
    assert violations(page) == []
