"""An erasure in a real browser: the officer reads the notes, ticks, decides and holds the proof; on a desk and on a phone."""

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from hub.access.roles import Role
from hub.people.actions import record_facts
from hub.people.models import Address, Note
from hub.people.sources import Source
from hub.privacy import actions
from hub.privacy.models import SubjectRequest
from hub.programmes import queries as programmes
from tests.hub.browser import complaints_of
from tests.hub.test_journey_inspection import looked_at, page, sign_in  # noqa: F401  (page is a fixture)

pytestmark = [pytest.mark.journey, pytest.mark.django_db(transaction=True)]

NOTES = (
    ("note", "가상하나 님은 무릎이 아파 2층까지 오르기 어렵다고 하셨습니다.\n다음에는 1층에서 뵙습니다."),
    ("warning", "마당에 큰 개가 있습니다. 가상두리 님이 계실 때 방문합니다."),
    ("promise", "가상하나 님의 연금 신청서를 준비해 두기로 했습니다."),
)


@pytest.fixture
def asked(household, coordinator, someone):
    """One of a couple, who receives a benefit, asks to be erased; three notes speak of the household; who decides."""
    actions.publish_texts()
    first = household.members.order_by("pk")[0]
    record_facts(
        first,
        {"receives_basic_pension": True, "earned_income": 310_000},
        programmes.catalogue(),
        by=coordinator,
        source=Source.REGISTER,
    )
    Address.objects.create(household=household, kind="registered", text="가상로 12", source="register")
    for kind, text in NOTES:
        due = timezone.localdate() if kind == "promise" else None
        Note.objects.create(household=household, kind=kind, text=text, written_by=coordinator, due_on=due)
    request = actions.receive_request(first, SubjectRequest.Kind.ERASURE, by=coordinator, identity="card")
    return request, someone(Role.PRIVACY_OFFICER)


def test_an_erasure_is_decided_note_by_note_and_proven(live_server, asked, page):  # noqa: F811
    request, officer = asked
    complaints = complaints_of(page)
    sign_in(page, live_server.url, officer, "/")
    address = f"{live_server.url}/privacy/requests/{request.pk}/"

    def look(language, name):
        page.context.add_cookies([{"name": "hub-language", "value": language, "url": live_server.url}])
        page.goto(address)
        looked_at(page, f"{name}-{language}")

    look("en", "erasure-to-decide")
    look("ko", "erasure-to-decide")
    about = page.get_by_label("이 사람에 관한 내용")
    expect(about).to_have_count(3)
    about.first.check()
    about.last.check()
    page.get_by_label("급여 결정의 근거이므로 남김").last.check()
    page.get_by_role("button", name="승인하고 바로 삭제").click()
    expect(page.locator(".errorlist")).to_be_visible()  # nothing was said to the person
    expect(about.last).to_be_checked()
    page.get_by_label("당사자에게 알릴 내용").fill("삭제하였습니다.")
    looked_at(page, "erasure-ticked-ko")
    page.get_by_role("button", name="승인하고 바로 삭제").click()
    expect(page.get_by_role("heading", name="파기 확인서")).to_be_visible()
    notes = page.get_by_role("row").filter(has_text="메모·약속·주의 (이 사람에 관한 내용)")
    expect(notes.get_by_role("cell")).to_contain_text(["2", "1", "1", "시행령 제19조"])
    look("ko", "erasure-proven")
    look("en", "erasure-proven")
    assert complaints == []
