"""What nobody does alone: one asks, another decides, the first does it once."""

import threading
from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.utils import timezone

from hub.access import actions, approvals, signing_in
from hub.access.access import Refused
from hub.access.models import AccessRecord, Approval, Deed, User
from hub.access.roles import Role
from hub.programmes.actions import publish, subject
from hub.programmes.models import PublishedCatalogue
from tests.hub.conftest import CHUNGHYEON, PASSPHRASE, SINCHON
from tests.hub.door import give_password

pytestmark = pytest.mark.django_db

LIST = ("test.list", "7")


@pytest.fixture
def officer(someone):
    return someone(Role.DISTRICT_OFFICER)


@pytest.fixture
def second(someone):
    return someone(Role.PRIVACY_OFFICER)


def ask(by, subject=LIST, deed=Deed.EXPORT, **more):
    return approvals.ask(deed, subject, by, "the council asked for it", **more)


def test_asked_allowed_done_once(officer, second):
    approval = ask(officer, facts="12 households of Chunghyeon-dong")
    approvals.decide(approval, second, granted=True)
    assert approvals.use(Deed.EXPORT, LIST, officer).pk == approval.pk
    with pytest.raises(Refused, match="승인"):
        approvals.use(Deed.EXPORT, LIST, officer)
    marks = AccessRecord.objects.filter(object_kind="access.approval", object_id=str(approval.pk)).order_by(
        "pk"
    )
    assert [(mark.verb, mark.actor) for mark in marks] == [
        ("access.asked_approval", officer),
        ("access.granted_approval", second),
        ("access.used_approval", officer),
    ]


def test_nobody_approves_their_own_request(officer):
    approval = ask(officer)
    with pytest.raises(Refused, match="스스로 승인"):
        approvals.decide(approval, officer, granted=True)
    assert Approval.objects.get().granted is None


def test_the_database_itself_knows_two_persons(officer):
    approval = ask(officer)
    for columns, constraint in (
        ({"granted": True, "decided_by": officer, "decided_at": timezone.now()}, "two_persons"),
        ({"granted": True}, "decided_by_somebody"),
        ({"used_at": timezone.now()}, "used_only_when_granted"),
    ):
        with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
            Approval.objects.filter(pk=approval.pk).update(**columns)


def test_nothing_is_done_that_nobody_allowed(officer, second):
    with pytest.raises(Refused):
        approvals.use(Deed.EXPORT, LIST, officer)
    approval = ask(officer)
    with pytest.raises(Refused):
        approvals.use(Deed.EXPORT, LIST, officer)
    approvals.decide(approval, second, granted=False, answer="no ground")
    with pytest.raises(Refused):
        approvals.use(Deed.EXPORT, LIST, officer)


@pytest.mark.parametrize(
    ("deed", "about"),
    [(Deed.UNSEAL, LIST), (Deed.EXPORT, ("test.list", "8")), (Deed.EXPORT, ("test.other", "7"))],
)
def test_an_approval_holds_for_its_deed_and_its_subject(officer, second, deed, about):
    approvals.decide(ask(officer), second, granted=True)
    with pytest.raises(Refused):
        approvals.use(deed, about, officer)


def test_an_approval_holds_for_who_asked(officer, second, someone):
    approvals.decide(ask(officer), second, granted=True)
    for other in (second, someone(Role.DISTRICT_OFFICER)):
        with pytest.raises(Refused):
            approvals.use(Deed.EXPORT, LIST, other)


def test_a_day_to_decide_and_a_day_to_do_it(officer, second, monkeypatch):
    approval = ask(officer)
    began = timezone.now()
    monkeypatch.setattr(approvals.timezone, "now", lambda: began + timedelta(hours=23))
    approvals.decide(approval, second, granted=True)
    monkeypatch.setattr(approvals.timezone, "now", lambda: began + timedelta(hours=48))
    with pytest.raises(Refused):
        approvals.use(Deed.EXPORT, LIST, officer)
    late = ask(officer, subject=("test.list", "9"))
    monkeypatch.setattr(approvals.timezone, "now", lambda: began + timedelta(hours=73))
    with pytest.raises(Refused, match="기한"):
        approvals.decide(late, second, granted=True)


def test_what_is_decided_stays_decided(officer, second):
    approval = approvals.decide(ask(officer), second, granted=True)
    with pytest.raises(Refused, match="이미 처리"):
        approvals.decide(approval, second, granted=False, answer="changed my mind")


@pytest.mark.parametrize("missing", ["reason", "answer"])
def test_a_request_has_a_reason_and_a_refusal_an_answer(officer, second, missing):
    if missing == "reason":
        with pytest.raises(Refused, match="사유"):
            approvals.ask(Deed.EXPORT, LIST, officer, "  ")
    else:
        approval = ask(officer)
        with pytest.raises(Refused, match="반려 사유"):
            approvals.decide(approval, second, granted=False)


def test_asking_twice_is_one_request(officer):
    assert ask(officer).pk == ask(officer).pk


def test_who_may_decide_is_the_matter_of_right_and_place(someone, household, household_elsewhere):
    by = someone(Role.DISTRICT_OFFICER)
    head = someone(Role.HEAD_OF_DONG, CHUNGHYEON)
    approvals.decide(ask(by, household, Deed.UNSEAL), head, granted=True)
    elsewhere = ask(by, household_elsewhere, Deed.UNSEAL)
    assert elsewhere.dong == SINCHON
    with pytest.raises(Refused, match="관할 구역"):
        approvals.decide(elsewhere, head, granted=True)
    with pytest.raises(Refused, match="2인 승인"):
        approvals.decide(elsewhere, someone(Role.COORDINATOR, SINCHON), granted=True)
    with pytest.raises(Refused, match="관할 구역"):  # of the whole district
        approvals.decide(ask(by), head, granted=True)


def test_an_approval_by_somebody_who_has_left_since_is_void(officer, second):
    approvals.decide(ask(officer), second, granted=True)
    actions.close_account(second)
    with pytest.raises(Refused):
        approvals.use(Deed.EXPORT, LIST, officer)


def test_a_deed_that_fails_leaves_the_approval_unspent(officer, second):
    approvals.decide(ask(officer), second, granted=True)
    with pytest.raises(RuntimeError), transaction.atomic():
        approvals.use(Deed.EXPORT, LIST, officer)
        raise RuntimeError
    assert approvals.use(Deed.EXPORT, LIST, officer)


@pytest.mark.django_db(transaction=True)
def test_of_fifty_who_try_at_once_one_passes(officer, second):
    approvals.decide(ask(officer), second, granted=True)
    start = threading.Barrier(50)
    outcomes = []

    def try_it():
        start.wait()
        try:
            approvals.use(Deed.EXPORT, LIST, officer)
            outcomes.append("passed")
        except Refused:
            outcomes.append("refused")
        finally:
            connection.close()

    threads = [threading.Thread(target=try_it) for _ in range(50)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (outcomes.count("passed"), outcomes.count("refused")) == (1, 49)
    assert AccessRecord.objects.filter(verb="access.used_approval").count() == 1


# -- the page --------------------------------------------------------------------------------------------------


def test_the_second_person_reads_what_is_asked_and_decides(client, officer, second):
    approval = ask(officer, facts="12 households of Chunghyeon-dong")
    give_password(client, second)
    page = client.get("/approvals/").content.decode()
    assert "12 households of Chunghyeon-dong" in page
    assert "the council asked for it" in page
    client.post(f"/approvals/{approval.pk}/", {"decision": "grant"})
    assert Approval.objects.get().granted is True
    give_password(client, officer)
    assert f"{second} 승인" in client.get("/approvals/").content.decode()


def test_who_may_not_decide_sees_no_requests_of_others_and_is_refused(client, officer, coordinator):
    approval = ask(officer, facts="12 households of Chunghyeon-dong")
    give_password(client, coordinator)
    assert "12 households" not in client.get("/approvals/").content.decode()
    assert client.post(f"/approvals/{approval.pk}/", {"decision": "grant"}).status_code == 403
    assert Approval.objects.get().granted is None


def test_the_asker_sees_no_button_and_is_refused(client, officer):
    approval = ask(officer)
    give_password(client, officer)
    assert f"/approvals/{approval.pk}/" not in client.get("/approvals/").content.decode()
    assert client.post(f"/approvals/{approval.pk}/", {"decision": "grant"}).status_code == 403


# -- publishing ------------------------------------------------------------------------------------------------


def test_a_person_publishes_programmes_with_a_second_one(officer, second):
    version = publish().version
    with pytest.raises(Refused, match="승인"):
        publish(by=officer)
    approvals.decide(ask(officer, subject("another version"), Deed.PUBLISH_PROGRAMMES), second, granted=True)
    with pytest.raises(Refused):
        publish(by=officer)
    approvals.decide(ask(officer, subject(version), Deed.PUBLISH_PROGRAMMES), second, granted=True)
    assert publish(by=officer).version == version
    assert PublishedCatalogue.objects.get(in_force=True).version == version


def test_an_approval_does_not_stand_for_the_right(coordinator, second):
    version = publish().version
    approvals.decide(ask(coordinator, subject(version), Deed.PUBLISH_PROGRAMMES), second, granted=True)
    with pytest.raises(Refused, match="보직"):
        publish(by=coordinator)


# -- beginning sign-in anew ------------------------------------------------------------------------------------


def test_an_administrator_cannot_become_somebody_alone(client, someone, coordinator, second):
    admin = someone(Role.ADMINISTRATOR)
    give_password(Client(), coordinator)
    give_password(client, admin)
    address = f"/accounts/{coordinator.pk}/reset/"
    assert client.post(address).status_code == 403
    assert User.objects.get(pk=coordinator.pk).check_password(PASSPHRASE)
    client.post(address, {"reason": "lost the phone"})
    assert "승인을 기다리고" in client.get(f"/accounts/{coordinator.pk}/").content.decode()
    assert client.post(address).status_code == 403
    approvals.decide(Approval.objects.get(), second, granted=True)
    page = client.post(address).content.decode()
    assert "초기 비밀번호" in page
    assert not User.objects.get(pk=coordinator.pk).check_password(PASSPHRASE)
    assert not coordinator.sessions.exists()
    assert client.post(address).status_code == 403


def test_an_account_that_was_never_used_is_begun_anew_by_one(someone):
    admin = someone(Role.ADMINISTRATOR)
    user, first = actions.open_account("new-here", "남시연 (가상)", by=admin)
    assert signing_in.reset(user, by=admin) != first
