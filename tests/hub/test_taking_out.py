"""A household's record leaves the hub as a file for a reason; the file says whose it was and tells a spreadsheet nothing to do."""

import io

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from openpyxl import load_workbook
from pypdf import PdfReader

from hub.access import approvals
from hub.access.access import Refused
from hub.access.models import AccessRecord, Approval
from hub.access.roles import Role
from hub.people.models import Person
from hub.screening.actions import list_anew
from hub.screening.models import Missed, Run
from tests.hub.conftest import SINCHON

pytestmark = pytest.mark.django_db
REASON = "동 사례회의 자료"


@pytest.fixture
def desk(coordinator, household):
    client = Client()
    client.force_login(coordinator)
    client.post(reverse("state_purpose", args=[household.pk]), {"purpose": "case"})
    return client


def take(desk, household, form, reason=REASON):
    return desk.post(reverse("take_out", args=[household.pk]), {"form": form, "reason": reason})


def test_a_pdf_names_members_reason_and_who_took_it(desk, household, coordinator):
    answer = take(desk, household, "pdf")
    assert answer.headers["Content-Type"] == "application/pdf"
    assert answer.headers["Cache-Control"] == "no-store, private"
    words = "".join(page.extract_text() for page in PdfReader(io.BytesIO(answer.content)).pages)
    for word in ("가상하나", "500101-9******", REASON, coordinator.name):
        assert word in words


def test_an_xlsx_holds_the_same_and_no_formula(desk, household):
    Person.objects.filter(name="가상두리").update(name='=HYPERLINK("http://evil.example","x")')
    book = load_workbook(io.BytesIO(take(desk, household, "xlsx").content))
    cells = [cell for row in book.active.iter_rows() for cell in row if cell.value]
    assert {cell.data_type for cell in cells} <= {"s", "n", "inlineStr"}
    assert any(cell.value == "가상하나" for cell in cells)
    assert any(REASON in str(cell.value) for cell in cells)


def test_it_is_written_down_with_purpose_form_and_reason(desk, household, coordinator):
    take(desk, household, "xlsx")
    mark = AccessRecord.objects.filter(verb="people.exported_household").get()
    assert (mark.actor, mark.household) == (coordinator, household.pk)
    assert mark.purpose == f"case, xlsx: {REASON}"


@pytest.mark.parametrize(("form", "reason"), [("pdf", ""), ("pdf", "  "), ("exe", REASON), ("", REASON)])
def test_without_a_reason_or_a_known_form_nothing_leaves(desk, household, form, reason):
    answer = take(desk, household, form, reason)
    assert answer.headers["Content-Type"].startswith("text/html")
    assert not AccessRecord.objects.filter(verb="people.exported_household").exists()


def test_nothing_leaves_without_a_purpose_or_from_another_dong(client, someone, coordinator, household):
    client.force_login(coordinator)
    assert take(client, household, "pdf").headers["Location"] == reverse("state_purpose", args=[household.pk])
    client.force_login(someone(Role.COORDINATOR, SINCHON))
    assert take(client, household, "pdf").status_code == 404
    client.force_login(someone(Role.COUNCIL_MEMBER))
    assert take(client, household, "pdf").status_code == 403


# -- a whole list ----------------------------------------------------------------------------------------------------


@pytest.fixture
def run(household, settings, tmp_path):
    """A run that found the household to miss something."""
    settings.RUNS = tmp_path
    made = Run.objects.create(as_of="2026-11-01", state=Run.State.DONE, finished_at=timezone.now())
    made.folder.mkdir()
    (made.folder / "manifest.json").write_text("{}")
    Missed.objects.create(
        run=made,
        household=household,
        centre_id=household.centre_id,
        programme="livelihood_benefit",
        won_a_year=12,
    )
    list_anew(run=made)
    return made


def test_a_work_list_leaves_once_when_two_persons_agree(client, someone, run, household):
    officer, second = someone(Role.DISTRICT_OFFICER), someone(Role.PRIVACY_OFFICER)
    client.force_login(officer)
    address = reverse("export_worklist")
    assert "두 사람" in client.get(address).content.decode()
    client.post(address, {"reason": "현장 방문 계획"})
    asked = Approval.objects.get()
    assert client.post(address).headers["Content-Type"].startswith("text/html")  # still waiting
    with pytest.raises(Refused):
        approvals.decide(asked, officer, True)
    approvals.decide(asked, second, False, "대상을 줄여 주십시오.")
    assert "대상을 줄여 주십시오." in client.get(address).content.decode()
    client.post(address, {"reason": "12월 방문 대상"})
    asked = Approval.objects.get(granted=None)
    approvals.decide(asked, second, True)
    answer = client.post(address)
    book = load_workbook(io.BytesIO(answer.content))
    cells = [str(cell.value) for row in book.active.iter_rows() for cell in row if cell.value]
    assert str(household.pk) in cells
    assert any("12월 방문 대상" in cell for cell in cells)
    mark = AccessRecord.objects.filter(verb="screening.exported_missed").get()
    assert (mark.listed, mark.purpose) == ([household.pk], f"approval {asked.pk}")
    assert client.post(address).headers["Content-Type"].startswith("text/html")  # the leave is spent


def test_without_the_right_or_a_reason_no_list_leaves(client, coordinator, someone, run):
    client.force_login(coordinator)
    assert client.get(reverse("export_worklist")).status_code == 403
    client.force_login(someone(Role.DISTRICT_OFFICER))
    client.post(reverse("export_worklist"), {"reason": ""})
    assert not Approval.objects.exists()
