"""Every kind of page, on a phone and by the rules for people who see, hear or move differently."""

import pytest
from playwright.sync_api import Page

from tests.journeys.conftest import PHONE, Hub, Office
from tests.journeys.pages import addresses, interview_under_way, state_purpose

REFUSALS = ("status of 403", "status of 404")  # two of the pages are refusals; the browser remarks on them


@pytest.fixture
def interview(office: Office) -> str:
    """The address of an interview that is under way."""
    office.expected = REFUSALS
    return interview_under_way(office)


@pytest.mark.parametrize("language", ["ko", "en"])
def test_no_page_scrolls_sideways_on_a_phone(hub: Hub, office: Office, interview: str, language: str):
    too_wide = []
    for user, pages in _by_user(addresses(hub, interview)):
        with office.window(user, language, PHONE) as page:
            for address in pages:
                page.goto(address)
                if not address.endswith("/purpose/"):
                    state_purpose(page)
                assert page.locator("html").get_attribute("lang") == language
                width = page.evaluate("document.documentElement.scrollWidth")
                if width > PHONE["width"]:
                    too_wide.append(f"{address}: {width}")
    assert too_wide == []


def test_no_page_breaks_the_rules_of_accessibility(hub: Hub, office: Office, interview: str):
    """WCAG 2.2 A and AA, as far as axe-core can see; a line of the household page is unfolded for it."""
    found = []
    for user, pages in _by_user([*addresses(hub, interview), ("coordinator", f"{interview}result/")]):
        with office.window(user) as page:
            for address in pages:
                page.goto(address)
                if not address.endswith("/purpose/"):
                    state_purpose(page)
                _unfold(page)
                found += [f"{address}: {complaint}" for complaint in complaints(page)]
    assert found == [], "\n".join(found)


def test_the_rules_do_find_what_is_wrong(office: Office):
    with office.window() as page:
        page.goto("/sign-in/")
        assert complaints(page) == []
        page.evaluate("document.querySelector('label[for=id_username]').remove()")
        page.evaluate("document.documentElement.removeAttribute('lang')")
        assert [complaint.partition(":")[0] for complaint in complaints(page)] == ["html-has-lang", "label"]


def _by_user(pages: list[tuple[str, str]]) -> list[tuple[str, list[str]]]:
    users = dict.fromkeys(user for user, _ in pages)
    return [(user, [address for who, address in pages if who == user]) for user in users]


def _unfold(page: Page) -> None:
    summary = page.locator("main details > summary").first
    if summary.count():
        summary.click()


def complaints(page: Page) -> list[str]:
    """What axe-core finds wrong with a page: rule, help and the first elements."""
    axe = pytest.importorskip(
        "axe_playwright_python.sync_playwright", reason="Install axe-playwright-python."
    ).Axe()
    levels = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
    result = axe.run(page, options={"runOnly": levels, "resultTypes": ["violations"]}).response
    return [
        f"{rule['id']}: {rule['help']} ({'; '.join(node['html'][:160] for node in rule['nodes'][:3])})"
        for rule in result["violations"]
    ]
