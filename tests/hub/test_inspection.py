"""The monthly inspection: what is out of the ordinary is found, asked about, decided and signed; nothing ordinary is."""

import csv
from datetime import date, datetime, timedelta

import pytest
from django.core.exceptions import ValidationError
from django.test import override_settings
from django.utils import timezone

from hub.access.access import Refused
from hub.access.actions import record
from hub.access.models import AccessRecord
from hub.access.roles import Role
from hub.access.trail import coming_from
from hub.inspection import actions, queries, unusual
from hub.inspection.models import Finding, Report
from hub.people.models import Person
from tests.hub.conftest import CHUNGHYEON
from tests.hub.owner import owning

pytestmark = [pytest.mark.usefixtures("by_the_owner"), pytest.mark.django_db]

MONTH = date(2026, 9, 1)  # the first is a Tuesday
AFTER = datetime(2026, 10, 5, 10)
Kind, Decision = Finding.Kind, Finding.Decision


@pytest.fixture(autouse=True)
def outside(tmp_path):
    with override_settings(AUDIT_HEADS=tmp_path, AUDIT_HEADS_NAMED=True):
        yield


@pytest.fixture
def someone(someone):
    """Users whose posts hold in the months played here."""

    def make(*arguments):
        user = someone(*arguments)
        user.posts.update(since=date(2026, 1, 1))
        return user

    return make


@pytest.fixture
def officer(someone):
    """A privacy officer."""
    return someone(Role.PRIVACY_OFFICER)


@pytest.fixture
def at(monkeypatch):
    """Set every clock of the hub: at(2026, 9, 1, 10) or at(a datetime)."""

    def set_to(*when):
        moment = timezone.make_aware(when[0] if isinstance(when[0], datetime) else datetime(*when))
        monkeypatch.setattr("django.utils.timezone.now", lambda: moment)
        return moment

    return set_to


def opened(user, household, **more):
    return record(
        user, "people.opened", ("people.household", str(household)), "page", household=household, **more
    )


def kinds(report):
    return sorted(report.findings.values_list("kind", flat=True))


def examined(at, month=MONTH):
    at(AFTER)
    return actions.examine(month)


# -- the rules, each beside what it leaves alone ---------------------------------------------------------------


def test_an_ordinary_month_has_no_finding(at, coordinator, household):
    at(2026, 9, 1, 10)
    for number in range(1, 12):
        opened(coordinator, number)
    opened(coordinator, household.pk)
    record(coordinator, "people.recorded_facts", household)
    assert kinds(examined(at)) == []


def test_ones_own_name_is_found_and_another_is_not(at, coordinator, household, household_elsewhere):
    coordinator.name = "가상두리 (시연)"
    coordinator.save()
    at(2026, 9, 1, 10)
    opened(coordinator, household.pk)
    opened(coordinator, household_elsewhere.pk)
    (finding,) = examined(at).findings.all()
    assert (finding.kind, finding.user, finding.household) == (Kind.OWN_NAME, coordinator, household.pk)


def test_a_colleagues_name_is_found_only_where_it_is_rare(at, someone, coordinator, household):
    colleague = someone(Role.NURSE)
    colleague.name = "가상하나"
    colleague.save()
    at(2026, 9, 1, 10)
    opened(coordinator, household.pk)
    assert kinds(examined(at)) == [Kind.COLLEAGUE]
    Finding.objects.all().delete()
    for number in range(unusual.RARE_NAME):
        Person.objects.create(pk=9000 + number, household=household, name="가상하나")
    assert kinds(actions.examine(MONTH)) == []


@pytest.mark.parametrize(
    ("when", "found"),
    [
        ((2026, 9, 1, 21, 59), False),
        ((2026, 9, 1, 22, 0), True),
        ((2026, 9, 2, 5, 59), True),
        ((2026, 9, 2, 6, 0), False),
        ((2026, 9, 4, 12), False),  # a Friday
        ((2026, 9, 5, 12), True),
        ((2026, 9, 6, 12), True),
        ((2026, 9, 7, 12), False),
    ],
)
def test_night_and_weekend_are_those_of_the_clock_on_the_wall(at, coordinator, when, found):
    at(*when)
    opened(coordinator, 1)
    assert (kinds(examined(at)) == [Kind.NIGHT]) is found


def test_signing_in_at_night_alone_is_no_access_to_anybody(at, coordinator):
    at(2026, 9, 1, 23)
    record(coordinator, "access.signed_in", coordinator)
    assert kinds(examined(at)) == []


def test_more_than_sixty_households_in_an_hour_are_many(at, coordinator, someone):
    at(2026, 9, 1, 10, 5)
    for number in range(unusual.HOUR_AT_MOST):
        opened(coordinator, number)
        opened(coordinator, number)  # the same again counts once
    nurse = someone(Role.NURSE)
    for number in range(unusual.HOUR_AT_MOST + 1):
        opened(nurse, number)
    (finding,) = examined(at).findings.all()
    assert (finding.kind, finding.user, finding.most, finding.usual) == (Kind.BULK, nurse, 61, 60)


def test_where_colleagues_open_few_an_hour_fewer_are_many():
    assert unusual._usual([3] * 99) == 60  # too little is known
    assert unusual._usual([3] * 200) == 20
    assert unusual._usual([3] * 150 + [30] * 50) == 30
    assert unusual._usual([200] * 200) == 60


def test_opening_again_and_again_without_work_is_found_and_with_work_is_not(at, coordinator, someone):
    at(2026, 9, 1, 10)
    other = someone(Role.COORDINATOR)
    for _ in range(3):
        opened(coordinator, 1)  # nothing follows
        opened(coordinator, 2)  # work follows
        opened(coordinator, 3)  # was on the work list
        opened(other, 4)
    opened(coordinator, 5)
    record(coordinator, "people.recorded_facts", household=2)
    record(coordinator, "screening.listed_missed", listed=[3, 30])
    record(coordinator, "people.recorded_facts", household=4)  # another's work is no excuse
    found = examined(at).findings.order_by("household")
    assert [(one.kind, one.user, one.household) for one in found] == [
        (Kind.WITHOUT_WORK, coordinator, 1),
        (Kind.WITHOUT_WORK, other, 4),
    ]


def test_a_new_place_is_found_but_not_the_first_and_not_one_known(at, coordinator):
    def sign_in(*when, origin):
        at(*when)
        with coming_from(origin):
            record(coordinator, "access.signed_in", coordinator)

    sign_in(2026, 8, 3, 9, origin="10.0.0.1")
    sign_in(2026, 9, 1, 9, origin="10.0.0.1")
    assert kinds(examined(at)) == []
    sign_in(2026, 9, 2, 9, origin="203.0.113.9")
    report = examined(at)
    assert kinds(report) == [Kind.NEW_ORIGIN]
    (number,) = report.findings.get().records
    assert AccessRecord.objects.get(pk=number).origin == "203.0.113.9"


def test_refusals_are_found_from_the_third_on(at, client, coordinator, household_elsewhere):
    at(2026, 9, 1, 10)
    client.force_login(coordinator)
    for tried in range(1, 4):
        assert client.get(f"/household/{household_elsewhere.pk}/").status_code == 404
        assert kinds(examined(at)) == ([Kind.REFUSED] if tried == 3 else [])
        at(2026, 9, 1, 10)
    refused = AccessRecord.objects.filter(verb="access.refused")
    assert set(refused.values_list("object_kind", "object_id", "household")) == {
        ("people.household", str(household_elsewhere.pk), household_elsewhere.pk)
    }


def test_an_emergency_opening_is_found_unless_another_reviewed_it_in_time(at, coordinator, officer):
    for household, reviewer, hours in ((1, None, 0), (2, officer, 23), (3, officer, 25), (4, coordinator, 1)):
        began = at(2026, 9, 1, 10)
        record(coordinator, unusual.BROKE_GLASS, household=household, purpose="danger to life")
        if reviewer:
            at((began + timedelta(hours=hours)).replace(tzinfo=None))
            record(reviewer, unusual.REVIEWED, household=household)
    found = examined(at).findings.order_by("household")
    assert [(one.kind, one.household) for one in found] == [(Kind.EMERGENCY, number) for number in (1, 3, 4)]


@pytest.mark.parametrize(
    ("shown", "purpose", "found"),
    [
        (10, "통계 작성 요청", False),
        (1000, "통계 작성 요청", False),
        (1001, "통계 작성 요청", True),
        (10, "x", True),
        (10, "", True),
    ],
)
def test_an_export_is_found_when_it_is_large_or_has_no_reason(at, coordinator, shown, purpose, found):
    at(2026, 9, 1, 10)
    record(coordinator, "people.exported_list", purpose=purpose, subjects=shown)
    assert (kinds(examined(at)) == [Kind.EXPORT]) is found


def test_only_the_month_itself_counts_by_the_clock_of_the_district(at, coordinator):
    for when in ((2026, 8, 31, 23, 59), (2026, 10, 1, 0, 1)):
        at(*when)
        opened(coordinator, 1)
    assert queries.summary(examined(at))["records"] == 0
    at(2026, 9, 1, 0, 1)
    opened(coordinator, 1)
    assert queries.summary(examined(at))["records"] == 1


def test_totals_tell_for_each_user_and_post_how_much(at, coordinator, household):
    at(2026, 9, 1, 10)
    opened(coordinator, 1)
    opened(coordinator, 1)
    record(coordinator, "people.searched", listed=[1, 2])
    record(coordinator, "screening.listed_missed", listed=[1])
    record(coordinator, "people.recorded_facts", household)
    record(coordinator, "access.refused", household=3)
    (line,) = queries.totals(examined(at))
    assert (line.user_id, line.roles) == (coordinator.pk, "coordinator")
    assert (line.openings, line.households, line.searches, line.lists, line.writes, line.refused) == (
        2,
        1,
        1,
        1,
        1,
        1,
    )


# -- asking, answering, deciding, signing ----------------------------------------------------------------------


@pytest.fixture
def finding(at, coordinator):
    """A coordinator was at work on a Saturday; it is October now."""
    at(2026, 9, 5, 12)
    opened(coordinator, 1)
    return examined(at).findings.get()


def test_a_question_is_asked_answered_and_decided_on_the_pages(client, officer, coordinator, finding):
    client.force_login(officer)
    assert "2026-09" in client.get("/inspection/").content.decode()
    page = client.get("/inspection/month/2026/9/").content.decode()
    assert coordinator.name in page
    client.post(f"/inspection/finding/{finding.pk}/ask/", {"question": "토요일에 접속한 사유는?"})

    client.force_login(coordinator)
    assert "소명" in client.get("/").content.decode()
    assert "토요일에 접속한 사유는?" in client.get(f"/inspection/questions/{finding.pk}/").content.decode()
    assert client.post(f"/inspection/questions/{finding.pk}/", {"answer": "주말 당직"}).status_code == 302
    assert "소명을 요청" not in client.get("/").content.decode()

    client.force_login(officer)
    assert "주말 당직" in client.get(f"/inspection/finding/{finding.pk}/").content.decode()
    decided = {"decision": Decision.IN_ORDER, "reason": "당직 명령부 확인"}
    client.post(f"/inspection/finding/{finding.pk}/decide/", decided)
    finding.refresh_from_db()
    assert (finding.decision, finding.decided_by) == (Decision.IN_ORDER, officer)
    verbs = list(AccessRecord.objects.order_by("pk").values_list("verb", flat=True))
    for verb in ("inspection.asked", "inspection.answered", "inspection.decided", "inspection.read_finding"):
        assert verb in verbs


def test_nobody_else_can_read_or_answer_a_question(client, officer, someone, finding):
    actions.ask(finding, "?", by=officer)
    other = someone(Role.COORDINATOR)
    client.force_login(other)
    assert client.get(f"/inspection/questions/{finding.pk}/").status_code == 404
    with pytest.raises(Refused):
        actions.answer(finding, "not me", by=other)


def test_an_answer_is_given_once(officer, coordinator, finding):
    actions.ask(finding, "?", by=officer)
    actions.answer(finding, "duty", by=coordinator)
    with pytest.raises(ValidationError):
        actions.answer(finding, "another", by=coordinator)
    with pytest.raises(ValidationError):
        actions.ask(finding, "another", by=officer)


def test_nobody_inspects_their_own_access(at, officer, someone):
    at(2026, 9, 5, 12)
    record(officer, "inspection.listed_affected", listed=[1])
    finding = examined(at).findings.get()
    with pytest.raises(Refused, match="본인"):
        actions.decide(finding, Decision.IN_ORDER, "all fine", by=officer)
    actions.decide(finding, Decision.IN_ORDER, "seen", by=someone(Role.PRIVACY_OFFICER))


def test_without_authority_is_decided_only_after_asking(officer, finding):
    with pytest.raises(ValidationError):
        actions.decide(finding, Decision.UNAUTHORISED, "surely", by=officer)
    actions.ask(finding, "?", by=officer)
    actions.decide(finding, Decision.UNAUTHORISED, "no answer within the time set", by=officer)


@pytest.mark.parametrize("role", [Role.COORDINATOR, Role.DISTRICT_OFFICER, Role.ADMINISTRATOR])
def test_only_the_privacy_officer_inspects(client, someone, finding, role):
    user = someone(role)
    client.force_login(user)
    for page in ("", "month/2026/9/", f"finding/{finding.pk}/", "affected/?household=1"):
        assert client.get(f"/inspection/{page}").status_code == 403
    with pytest.raises(Refused):
        actions.decide(finding, Decision.IN_ORDER, "x", by=user)
    with pytest.raises(Refused):
        actions.sign(finding.report, "", by=user)


def test_several_findings_are_decided_at_once(client, at, officer, coordinator, someone):
    at(2026, 9, 5, 12)
    opened(coordinator, 1)
    opened(someone(Role.NURSE), 1)
    report = examined(at)
    client.force_login(officer)
    page = "/inspection/month/2026/9/"
    nothing = client.post(page + "decide/", {"decision": Decision.IN_ORDER, "reason": "당직"})
    assert nothing.status_code == 422
    chosen = list(report.findings.values_list("pk", flat=True))
    client.post(page + "decide/", {"findings": chosen, "decision": Decision.IN_ORDER, "reason": "당직"})
    assert not report.findings.filter(decision="").exists()


def test_a_signed_report_is_frozen_and_its_hash_is_in_the_trail(client, at, officer, coordinator, finding):
    with pytest.raises(ValidationError, match="1건"):
        actions.sign(finding.report, "", by=officer)
    actions.decide(finding, Decision.IN_ORDER, "duty", by=officer)
    client.force_login(officer)
    assert client.post("/inspection/month/2026/9/sign/", {"remark": "이상 없음"}).status_code == 302
    report = Report.objects.get()
    assert report.content["findings"][0]["reason"] == "duty"
    assert AccessRecord.objects.get(verb="inspection.signed").purpose == f"sha256 {report.hash}"
    at(2026, 9, 6, 12)
    opened(coordinator, 2)  # comes to light later
    before = report.content
    assert actions.examine(MONTH).content == before
    with pytest.raises(ValidationError):
        actions.decide(finding, Decision.REMINDED, "second thoughts", by=officer)
    with pytest.raises(ValidationError):
        actions.sign(report, "", by=officer)
    assert "확정 당시와 같습니다" in client.get("/inspection/month/2026/9/").content.decode()
    Report.objects.update(content=before | {"remark": "another"})
    assert "확정 후 변경되었습니다" in client.get("/inspection/month/2026/9/").content.decode()


def test_a_month_is_signed_only_when_it_is_over_and_was_gone_through_since(at, officer):
    at(2026, 9, 30, 23)
    report = actions.examine(MONTH)
    with pytest.raises(ValidationError, match="끝나지 않은"):
        actions.sign(report, "", by=officer)
    at(2026, 10, 1, 0, 1)
    with pytest.raises(ValidationError, match="다시 실행"):
        actions.sign(report, "", by=officer)
    actions.sign(actions.examine(MONTH), "", by=officer)


# -- overdue ---------------------------------------------------------------------------------------------------


def test_a_report_not_signed_by_the_tenth_is_overdue_and_home_says_so(client, at, officer, coordinator):
    at(2026, 9, 21, 10)
    opened(coordinator, 1)
    for today, late in ((date(2026, 10, 10), []), (date(2026, 10, 11), [MONTH])):
        assert queries.overdue(today) == late
    at(2026, 10, 11, 9)
    client.force_login(officer)
    assert "2026-09 점검 보고서의 확정 기한이 지났습니다" in client.get("/").content.decode()
    actions.sign(actions.examine(MONTH), "", by=officer)
    assert queries.overdue() == []
    assert "기한이 지났습니다" not in client.get("/").content.decode()
    client.force_login(coordinator)
    assert "기한이 지났습니다" not in client.get("/").content.decode()


def test_every_month_since_the_trail_began_counts(at, coordinator):
    at(2026, 6, 30, 10)
    opened(coordinator, 1)
    assert queries.overdue(date(2026, 9, 15)) == [date(2026, 6, 1), date(2026, 7, 1), date(2026, 8, 1)]


def test_the_worker_goes_through_every_open_month(at, coordinator):
    from hub.inspection.tasks import examine_open_months

    at(2026, 7, 20, 10)
    opened(coordinator, 1)
    at(2026, 10, 5, 10)
    examine_open_months(date(2026, 10, 5))
    assert list(Report.objects.order_by("month").values_list("month", flat=True)) == [
        date(2026, month, 1) for month in (7, 8, 9, 10)
    ]


# -- the chain on the page -------------------------------------------------------------------------------------


def test_a_trail_that_was_tampered_with_is_told_on_the_report(client, officer, coordinator, at):
    at(2026, 9, 1, 10)
    opened(coordinator, 1)
    with owning(triggers=False) as cursor:
        cursor.execute("UPDATE access_accessrecord SET household = 2 WHERE household = 1")
    report = examined(at)
    assert report.chain["whole"] is False
    client.force_login(officer)
    for page in ("/", "/inspection/", "/inspection/month/2026/9/"):
        assert "접속기록이 온전하지 않습니다" in client.get(page).content.decode()


def test_heads_that_have_not_left_are_told_on_the_page(client, officer, at):
    from hub import places

    with override_settings(AUDIT_HEADS=places.home()):
        examined(at)
    client.force_login(officer)
    assert "이 장비 밖으로 나가지 않았습니다" in client.get("/inspection/").content.decode()


# -- the trail and persons concerned ---------------------------------------------------------------------------


def test_the_trail_is_searched_by_household_user_deed_and_day_and_reading_it_is_recorded(
    client, officer, coordinator, household
):
    opened(coordinator, household.pk)
    record(coordinator, "people.searched", listed=[household.pk, 5])
    opened(coordinator, 7)
    client.force_login(officer)
    assert client.get("/inspection/trail/").context.get("found") is None
    for asked, number in (
        ({"household": household.pk}, 2),
        ({"household": 5}, 1),
        ({"user": coordinator.pk, "verb": "people.opened"}, 2),
        ({"household": 999}, 0),
    ):
        page = client.get("/inspection/trail/", asked)
        assert page.context["found"].paginator.count == len(page.context["records"]) == number
        assert "inspection.read_trail" not in {line.record.verb for line in page.context["records"]}
    reading = AccessRecord.objects.filter(verb="inspection.read_trail").order_by("pk")
    assert [one.household for one in reading] == [household.pk, 5, None, 999]
    assert reading[2].object_id == str(coordinator.pk)


def test_the_administrator_reads_the_trail_and_others_do_not(client, someone):
    client.force_login(someone(Role.ADMINISTRATOR))
    assert client.get("/inspection/trail/").status_code == 200
    client.force_login(someone(Role.COORDINATOR))
    assert client.get("/inspection/trail/").status_code == 403


def test_persons_concerned_are_listed_from_openings_and_lists_alike(
    client, officer, coordinator, household, household_elsewhere
):
    opened(coordinator, household.pk)
    record(coordinator, "people.searched", listed=[household.pk, household_elsewhere.pk, 4040])
    client.force_login(coordinator)
    client.get(f"/household/{household_elsewhere.pk}/")  # refused, so it showed nobody
    client.force_login(officer)
    page = client.get("/inspection/affected/", {"user": coordinator.pk})
    assert [(one.household, one.name, one.times) for one in page.context["people"]] == [
        (1001, "가상하나", 2),
        (1001, "가상두리", 2),
        (2001, "가상서이", 1),
        (4040, "", 1),  # no longer on the register
    ]
    mark = AccessRecord.objects.latest("pk")
    assert (mark.verb, mark.listed, mark.subjects) == ("inspection.listed_affected", [1001, 2001, 4040], 4)


def test_the_list_leaves_the_hub_only_with_a_reason(client, officer, coordinator, household):
    Person.objects.filter(pk=10011).update(name="=가상하나")
    opened(coordinator, household.pk)
    client.force_login(officer)
    page = f"/inspection/affected/?household={household.pk}"
    assert client.post(page, {"purpose": ""}).headers["Content-Type"].startswith("text/html")
    assert (
        client.post(page, {"purpose": "통지 500101-1234567"}).headers["Content-Type"].startswith("text/html")
    )
    assert not AccessRecord.objects.filter(verb="inspection.exported_affected").exists()
    response = client.post(page, {"purpose": "무단 열람 통지"})
    assert response.headers["Content-Type"].startswith("text/csv")
    rows = list(csv.reader(response.content.decode("utf-8-sig").splitlines()))
    assert [row[2] for row in rows[1:]] == ["'=가상하나", "가상두리"]
    mark = AccessRecord.objects.get(verb="inspection.exported_affected")
    assert (mark.purpose, mark.subjects, mark.listed) == ("무단 열람 통지", 2, [household.pk])


@pytest.mark.parametrize(
    "asked", [{"household": "x"}, {"first": "2026-09-02", "last": "2026-09-01"}, {"household": "9" * 30}]
)
def test_a_search_that_cannot_be_is_told(client, officer, asked):
    client.force_login(officer)
    page = client.get("/inspection/trail/", asked)
    assert page.status_code == 200
    assert page.context["form"].errors


@pytest.mark.parametrize("month", ["2026/13", "2026/0", "0/1", "9999/12"])
def test_a_month_that_is_none_is_not_there(client, officer, month):
    client.force_login(officer)
    assert client.get(f"/inspection/month/{month}/").status_code == 404
    assert client.post(f"/inspection/month/{month}/examine/").status_code == 404


def test_the_page_of_a_month_is_reachable_before_the_worker_was_there(client, officer):
    client.force_login(officer)
    assert CHUNGHYEON not in client.get("/inspection/").content.decode()
    today = timezone.localdate()
    response = client.post(f"/inspection/month/{today.year}/{today.month}/examine/", follow=True)
    assert response.status_code == 200
    assert Report.objects.get().examined_at is not None
