"""People's ways through the hub, as they would tell them."""

import re
from datetime import timedelta
from threading import Event

from django.utils import timezone
from playwright.sync_api import Page, expect

from tests.journeys.conftest import Hub, Office, sign_in
from tests.journeys.pages import answer, question, state_purpose, walk_in


def test_a_coordinator_finds_a_household_asks_what_is_missing_and_hands_over_the_result(
    hub: Hub, office: Office
):
    """I sign in, look at the work list and open a household that misses something. I unfold a programme and read why,
    with the law. I start the interview from there: one answer, one more that I take back, one “don't know”, one
    “rather not say”. I finish and print one page. What was said is on the household's page from then on.
    """
    hub.ask(forget_purposes)
    with office.window() as page:
        sign_in(page, "coordinator")
        page.get_by_role("link", name="전체 업무 목록").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("업무 목록")
        page.locator(f'tbody a[href="/household/{hub.to_ask}/"]').click()
        expect(page.locator("main")).not_to_contain_text(hub.resident)  # first for what it is opened
        state_purpose(page)
        expect(page.locator("main")).to_contain_text(hub.resident)

        missed = page.locator("#missed + details")
        missed.locator("summary").click()
        reason = missed.locator("tbody tr").first
        expect(reason).to_contain_text("충족")
        expect(missed.locator("thead th").last).to_have_text("근거")
        expect(reason.locator("td").last).not_to_be_empty()

        page.get_by_role("button", name="이 가구와 창구 상담 시작").click()
        fact = answer(page)
        expect(page.locator("#conversation")).to_contain_text("답변 1건")
        again = question(page).locator("input[name=fact]").input_value()
        answer(page)
        page.get_by_role("button", name="마지막 답변 취소").click()
        expect(page.locator("#conversation")).to_contain_text("답변 1건")
        assert question(page).locator("input[name=fact]").input_value() == again
        answer(page, "unknown")
        answer(page, "refused")
        expect(page.locator("#conversation")).to_contain_text("답변 3건")

        page.get_by_role("button", name="상담 마치고 결과 보기").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("받으실 수 있는 지원 안내")
        page.evaluate("window.print = () => { window.printed = true }")
        page.get_by_role("button", name="인쇄").click()
        assert page.evaluate("window.printed")
        assert sheets_of_paper(page) == 1

        page.goto(f"/household/{hub.to_ask}/?part=all")
        said = (
            page.locator("#record ~ details tr")
            .filter(has_text=hub.ask(label, fact))
            .filter(has_text="창구 상담")
        )
        assert said.count() >= 1
        not_said = page.locator("#record ~ details tr").filter(has_text=hub.ask(label, again))
        assert not_said.filter(has_text="창구 상담").count() == 0


def label(fact: str) -> str:
    """What a fact is called in Korean."""
    from hub.programmes import queries as programmes

    return programmes.catalogue().facts[fact].label["ko"]


def sheets_of_paper(page: Page) -> int:
    """How many A4 pages come out of the printer."""
    printed = page.pdf(format="A4", prefer_css_page_size=True)
    return len(re.findall(rb"/Type\s*/Page\b", printed))


def test_somebody_walks_in_and_stops_when_they_have_enough(office: Office):
    """I speak English. The clerk mistypes my year of birth, is told what is wrong, mends it and nothing else is lost.
    We answer three questions, see what changes, and I go home with what is known so far.
    """
    with office.window("coordinator", "en") as page:
        page.goto("/screening/interviews/new/")
        page.locator("#id_member-0-birth_date").fill("1850-05-01")
        page.locator("#id_member-0-sex").select_option(index=2)
        page.get_by_role("button", name="Begin").click()
        expect(page.get_by_role("alert").or_(page.locator(".errorlist")).first).to_be_visible()
        expect(page.locator("#id_member-0-sex")).not_to_have_value("")
        page.locator("#id_member-0-birth_date").fill("1950-05-01")
        page.get_by_role("button", name="Begin").click()

        expect(page.locator("#question")).to_have_text(re.compile(r"^[A-Z][ -~’–]+\?"))
        expect(page.locator("#question")).to_be_focused()
        for _ in range(3):
            answer(page)
        expect(page.locator("#conversation")).to_contain_text("3 answers so far")
        expect(page.locator(".tally")).to_contain_text("not entitled")
        page.get_by_role("button", name="Enough: show the result").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("What you may be entitled to")
        expect(page.get_by_text("This is advice")).to_be_visible()
        assert sheets_of_paper(page) == 1


def test_an_answer_that_is_none_is_asked_for_again(office: Office):
    """I press “Answer” without having answered: the question stays, and the page says what it wants."""
    with office.window("coordinator") as page:
        walk_in(page, "1950-05-01", "1953-05-01")
        page.get_by_role("button", name="답변", exact=True).click()
        expect(page.locator(".errorlist")).to_contain_text("모름")
        expect(page.locator("#conversation")).to_contain_text("답변 0건")


def test_a_district_officer_watches_one_run_and_cancels_another(hub: Hub, office: Office):
    """I start a run. The page counts by itself while the worker works, and leads to the result. I start another one by
    mistake, and stop it half-way.
    """
    with office.window("officer") as page:
        page.goto("/screening/run/")
        page.get_by_role("button", name="지금 전체 판정 시작").click()
        expect(page.locator("#progress")).to_contain_text("대기 중")
        worker = Worker(hub)
        expect(page.locator("#progress")).to_contain_text("진행 중")
        expect(page.locator("#progress progress")).not_to_have_attribute("value", "0")
        worker.go_on()
        expect(page.locator("#progress")).to_contain_text("완료")
        page.get_by_role("link", name="결과 보기").click()
        expect(page.locator("svg.map")).to_be_visible()

        page.get_by_role("button", name="지금 전체 판정 시작").click()
        worker = Worker(hub)
        expect(page.locator("#progress")).to_contain_text("진행 중")
        page.get_by_role("button", name="전체 판정 취소").click()
        worker.go_on()
        expect(page.locator("#progress")).to_contain_text("취소됨")


class Worker:
    """Carries the waiting run out in the background, and pauses after its first step until it is told to go on."""

    def __init__(self, hub: Hub) -> None:
        self._pause = Event()
        self._work = hub.start(self._carry_out)

    def _carry_out(self) -> None:
        from hub.screening import actions, queries

        run = queries.unfinished_run()
        assert run is not None
        assert timezone.now() - run.asked_at < timedelta(minutes=1)
        actions.carry_out(run.pk, lambda done, total: self._pause.wait(30) and None)

    def go_on(self) -> None:
        self._pause.set()
        self._work.result(timeout=60)


def test_a_council_member_sees_figures_and_no_household(hub: Hub, office: Office):
    """I see how the district stands, on the map and by programme, and am told politely that households are not for me."""
    office.expected = ("status of 403",)
    with office.window("council") as page:
        page.goto("/")
        page.get_by_role("navigation").get_by_role("link", name="구 전체 판정").click()
        expect(page.locator("svg.map")).to_be_visible()
        assert page.locator("main table").last.locator("tbody tr").count() > 30
        assert page.get_by_role("button", name="지금 전체 판정 시작").count() == 0
        expect(page.get_by_role("navigation").get_by_role("link", name="가구 찾기")).to_have_count(0)
        for address in (f"/household/{hub.to_ask}/", f"/household/{hub.elsewhere}/", "/worklist/"):
            refused = page.goto(address)
            assert refused is not None
            assert refused.status == 403
            expect(page.get_by_role("heading", level=1)).to_have_text("열람 권한이 없습니다")
            assert hub.resident not in page.content()


def test_the_keyboard_is_enough(hub: Hub, office: Office):
    """I use no mouse: sign in, find a resident by name, open the household and unfold a reason."""
    with office.window() as page:
        page.goto("/")
        tab_to(page, "#id_username")
        page.keyboard.type("coordinator")
        tab_to(page, "#id_password")
        page.keyboard.type("an invented passphrase for journeys")
        page.keyboard.press("Enter")
        page.locator(".who").wait_for()
        tab_to(page, 'nav a[href="/search/"]')
        page.keyboard.press("Enter")
        expect(page.locator("#text")).to_be_focused()
        page.keyboard.type(hub.resident)
        page.keyboard.press("Enter")  # and what was found while typing comes once more, while I tab on
        tab_to(page, f'main a[href="/household/{hub.to_ask}/"]')
        page.keyboard.press("Enter")
        expect(page.get_by_role("heading", level=1)).to_contain_text(str(hub.to_ask))
        if page.url.endswith("/purpose/"):
            tab_to(page, "#id_purpose_0")
            page.keyboard.press("Space")
            page.keyboard.press("Enter")
        tab_to(page, "#missed + details summary")
        page.keyboard.press("Enter")
        expect(page.locator("#missed + details table")).to_be_visible()


def forget_purposes() -> None:
    """As if nobody had opened any household yet."""
    from hub.people.models import Opening

    Opening.objects.all().delete()


def tab_to(page: Page, selector: str) -> None:
    """Press Tab until the place has the focus, and see that the focus shows."""
    place = page.locator(selector).first
    place.wait_for()
    for _ in range(90):
        page.keyboard.press("Tab")
        if place.evaluate("element => element === document.activeElement"):
            assert place.evaluate("element => getComputedStyle(element).outlineStyle") != "none"
            return
    raise AssertionError(f"Tab does not lead to {selector}")
