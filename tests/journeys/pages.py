"""The pages that are looked at from every side: on a phone, by a screen reader's rules, in both languages."""

from typing import Any

from tests.journeys.conftest import Hub, Office

FIRST_ANSWERS = 2


def addresses(hub: Hub, interview: str) -> list[tuple[str, str]]:
    """(user, address) of each kind of page; `interview` is the address of one that is under way."""
    return [
        ("", "/sign-in/"),
        ("", "/programmes/"),
        ("", "/programmes/?q=ㄱㅊㅇㄱ"),
        ("", "/programmes/seoul_stepping_stone/"),
        ("", "/programmes/changes/?earlier=2025-11-25&later=2026-11-25"),
        ("coordinator", "/"),
        ("coordinator", "/worklist/"),
        ("coordinator", f"/people/{hub.to_ask}/purpose/"),
        ("coordinator", f"/household/{hub.to_ask}/"),
        ("coordinator", f"/household/{hub.elsewhere}/"),
        ("coordinator", f"/people/{hub.to_ask}/facts/"),
        ("coordinator", f"/people/{hub.to_ask}/facts/monthly_rent/"),
        ("coordinator", f"/people/{hub.to_ask}/members/leave/"),
        ("coordinator", f"/people/{hub.to_ask}/relations/"),
        ("coordinator", f"/people/{hub.to_ask}/members/{hub.member}/same/"),
        ("coordinator", f"/people/{hub.to_ask}/members/{hub.member}/same/{hub.member}/"),
        ("coordinator", "/people/number/"),
        ("coordinator", "/lists/"),
        ("coordinator", "/privacy/requests/"),
        ("officer", f"/people/{hub.to_ask}/seal/"),
        ("admin", "/people/zones/"),
        ("admin", "/people/zones/new/"),
        ("coordinator", "/search/"),
        ("coordinator", "/screening/interviews/"),
        ("coordinator", "/screening/interviews/new/"),
        ("coordinator", interview),
        ("coordinator", "/programmes/"),
        ("coordinator", "/programmes/livelihood_benefit/"),
        ("officer", "/screening/run/"),
        ("officer", "/screening/run/1/"),
        ("officer", "/screening/run/programme/basic_pension/"),
        ("coordinator", "/account/"),
        ("coordinator", "/roles/"),
        ("officer", "/approvals/"),
        ("council", "/"),
        ("council", f"/household/{hub.to_ask}/"),
        ("council", "/no-such-page/"),
    ]


def state_purpose(page: Any) -> None:
    """Say for what a household is opened, if that is asked."""
    if page.url.endswith("/purpose/"):
        page.locator("#id_purpose_0").check()
        page.locator("main form button.primary").click()
        page.locator("#record").wait_for()


def walk_in(page: Any, *born: str) -> str:
    """Begin an interview with people born on these days; gives its address."""
    page.goto("/screening/interviews/new/")
    for place, day in enumerate(born):
        page.locator(f"#id_member-{place}-birth_date").fill(day)
        page.locator(f"#id_member-{place}-sex").select_option(index=1 + place % 2)
        page.locator(f"#id_member-{place}-relation").select_option(index=1 + place)
    page.locator("main form button.primary").click()
    page.locator("#conversation").wait_for()
    return str(page.url)


def question(page: Any) -> Any:
    """The question on the page, as its form."""
    return page.locator("#conversation form[hx-post]")


def answer(page: Any, said: str = "") -> str:
    """Answer the question that stands there with the smallest value or no, or with `said`; gives the fact's name."""
    form = question(page)
    fact = str(form.locator("input[name=fact]").input_value())
    if not said:
        for choice in form.locator("select").all():
            choice.select_option(index=1)
        for choices in form.locator("fieldset").all():
            choices.locator("input[type=radio]").last.check()
        for number in form.locator("input[type=number]").all():
            number.fill(number.get_attribute("min") or "0")
        for day in form.locator("input[type=date]").all():
            day.fill("2020-01-01")
    button = f"button[value={said}]" if said else "button.primary"
    with page.expect_response(lambda response: response.request.method == "POST"):
        form.locator(button).click()
    # The conversation is exchanged as a whole; the old question is gone when the new one has come.
    page.wait_for_load_state()
    page.locator("#conversation:not(.htmx-request):not(.htmx-swapping) #question").wait_for()
    return fact


def interview_under_way(office: Office, language: str = "ko") -> str:
    """An interview with two answers given; its address."""
    with office.window("coordinator", language) as page:
        address = walk_in(page, "1950-05-01", "1953-05-01")
        for _ in range(FIRST_ANSWERS):
            answer(page)
    return address
