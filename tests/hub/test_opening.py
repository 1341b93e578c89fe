"""A household opens for a purpose; a closed one only in an emergency, which somebody else reviews; a sealed one to those named."""

import re
from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from hub import walls
from hub.access import approvals
from hub.access.access import Refused
from hub.access.actions import end_post
from hub.access.models import AccessRecord, Approval, User
from hub.access.purposes import Purpose
from hub.access.roles import Role
from hub.people import actions, queries
from hub.people.access import cleared_for, may_record, may_see_household
from hub.people.models import Household, Opening, Seal
from tests.hub.conftest import SINCHON

pytestmark = pytest.mark.django_db
REASON = "이웃이 비명을 들었다고 신고함"


def verbs(count):
    return [mark.verb for mark in AccessRecord.objects.order_by("-pk")[:count]][::-1]


@pytest.fixture
def desk(coordinator):
    client = Client()
    client.force_login(coordinator)
    return client


def test_the_purpose_is_asked_before_anything_is_shown_and_then_remembered(desk, household):
    page = desk.get(reverse("household", args=[household.pk]))
    assert page.status_code == 302
    asked = desk.get(page.headers["Location"])
    assert "가상하나" not in asked.content.decode()
    desk.post(reverse("state_purpose", args=[household.pk]), {"purpose": "visit"})
    assert "가상하나" in desk.get(reverse("household", args=[household.pk])).content.decode()
    assert "가상하나" in desk.get(reverse("household", args=[household.pk])).content.decode()
    assert Opening.objects.count() == 1
    opened = AccessRecord.objects.filter(verb="people.opened")
    assert {mark.purpose for mark in opened} == {"visit"}


def test_without_a_purpose_or_with_one_that_is_none_the_household_stays_closed(desk, household):
    for given in ({}, {"purpose": "curiosity"}, {"purpose": "emergency"}):
        page = desk.post(reverse("state_purpose", args=[household.pk]), given)
        assert page.status_code == 200
    assert not Opening.objects.exists()


def test_a_purpose_runs_out_and_is_asked_again(coordinator, household, catalogue):
    actions.open_household(household.pk, catalogue, by=coordinator, purpose=Purpose.VISIT)
    Opening.objects.update(until=timezone.now())
    with pytest.raises(actions.PurposeNeeded):
        actions.open_household(household.pk, catalogue, by=coordinator)


def test_a_purpose_is_each_persons_own(coordinator, someone, household, catalogue):
    actions.open_household(household.pk, catalogue, by=coordinator, purpose=Purpose.VISIT)
    with pytest.raises(actions.PurposeNeeded):
        actions.open_household(household.pk, catalogue, by=someone(Role.NURSE))


def test_elsewhere_sealed_and_not_there_look_the_same(desk, household, household_elsewhere):
    Household.objects.filter(pk=household.pk).update(sealed=True)
    pages = set()
    for number in (household.pk, household_elsewhere.pk, 9999):
        page = desk.get(reverse("household", args=[number]))
        assert page.status_code == 404
        pages.add(_CHANGING.sub("", page.content.decode()).replace(str(number), "N"))
    assert len(pages) == 1


# What differs between any two answers: the number asked for aside, what makes scripts and forms safe.
_CHANGING = re.compile(r'nonce="[^"]*"|value="[\w]{64}"|"X-CSRFToken": "[^"]*"')


def test_in_an_emergency_a_closed_household_opens_for_a_day(desk, coordinator, household_elsewhere):
    address = reverse("household", args=[household_elsewhere.pk])
    assert desk.get(address).status_code == 404
    answer = desk.post(reverse("open_in_emergency", args=[household_elsewhere.pk]), {"reason": REASON})
    assert answer.status_code == 302
    assert verbs(1) == ["people.broke_glass"]
    page = desk.get(address)
    assert page.status_code == 200
    assert "가상서이" in page.content.decode()
    opening = Opening.objects.get(emergency=True)
    assert opening.until - opening.opened_at <= timedelta(hours=24)
    Opening.objects.update(until=timezone.now())
    assert desk.get(address).status_code == 404


@pytest.mark.parametrize("reason", ["", "급함", " " * 40])
def test_an_emergency_needs_a_sentence(desk, household_elsewhere, reason):
    answer = desk.post(reverse("open_in_emergency", args=[household_elsewhere.pk]), {"reason": reason})
    assert answer.status_code == 404
    assert not Opening.objects.exists()


def test_an_emergency_opens_nothing_to_whoever_may_see_no_household(client, someone, household):
    client.force_login(someone(Role.COUNCIL_MEMBER))
    answer = client.post(reverse("open_in_emergency", args=[household.pk]), {"reason": REASON})
    assert answer.status_code == 403
    assert not Opening.objects.exists()


def test_an_emergency_for_a_number_that_is_not_there_says_so_and_opens_nothing(desk):
    answer = desk.post(reverse("open_in_emergency", args=[9999]), {"reason": REASON})
    assert "이 번호의 가구가 없습니다" in answer.content.decode()


def test_somebody_else_reviews_an_emergency_and_an_unjustified_one_ends_at_once(
    client, desk, coordinator, someone, household_elsewhere
):
    actions.open_in_emergency(household_elsewhere.pk, by=coordinator, reason=REASON)
    opening = Opening.objects.get()
    inspector = someone(Role.PRIVACY_OFFICER)
    client.force_login(inspector)
    page = client.get(reverse("emergencies")).content.decode()
    assert REASON in page
    assert "가상서이" not in page
    with pytest.raises(ValidationError):
        actions.review_emergency(opening.pk, by=inspector, verdict=Opening.Verdict.JUSTIFIED, text=" ")
    client.post(
        reverse("review_emergency", args=[opening.pk]), {"verdict": "unjustified", "text": "단순 열람"}
    )
    assert verbs(1) == ["people.reviewed_emergency"]
    assert cleared_for(User.objects.get(pk=coordinator.pk)) == frozenset()
    assert desk.get(reverse("household", args=[household_elsewhere.pk])).status_code == 404
    assert "단순 열람" not in client.get(reverse("emergencies")).content.decode()


def test_nobody_reviews_what_they_opened_and_the_database_holds_to_it(coordinator, someone, household):
    actions.open_in_emergency(household.pk, by=coordinator, reason=REASON)
    opening = Opening.objects.get()
    with pytest.raises(Refused):
        actions.review_emergency(opening.pk, by=coordinator, verdict=Opening.Verdict.JUSTIFIED, text="ok")
    with pytest.raises(IntegrityError), transaction.atomic():
        Opening.objects.update(reviewed_by=coordinator)


def test_a_review_that_waits_more_than_a_day_is_shown_as_overdue(client, coordinator, someone, household):
    actions.open_in_emergency(household.pk, by=coordinator, reason=REASON)
    client.force_login(someone(Role.PRIVACY_OFFICER))
    assert "기한 지남" not in client.get(reverse("emergencies")).content.decode()
    Opening.objects.update(opened_at=timezone.now() - timedelta(hours=25))
    assert "기한 지남" in client.get(reverse("emergencies")).content.decode()


def test_a_clearance_is_gone_with_the_post(coordinator, household_elsewhere):
    actions.open_in_emergency(household_elsewhere.pk, by=coordinator, reason=REASON)
    end_post(coordinator.posts.get())
    assert cleared_for(User.objects.get(pk=coordinator.pk)) == frozenset()
    assert not may_see_household(User.objects.get(pk=coordinator.pk), household_elsewhere)


# -- sealing -----------------------------------------------------------------------------------------------------


@pytest.fixture
def sealed(someone, coordinator, household):
    """A household sealed by the head of dong and open to the coordinator alone."""
    head = someone(Role.HEAD_OF_DONG)
    actions.seal_household(
        household, by=head, kind=Seal.Kind.VIOLENCE, reason="보호 필요", allowed=[coordinator]
    )
    return household


def test_a_sealed_household_is_open_to_those_named_and_to_nobody_else(sealed, coordinator, someone, desk):
    assert may_see_household(coordinator, sealed)
    assert may_record(coordinator, sealed)
    for role in (Role.PLANNER, Role.NURSE, Role.HEAD_OF_DONG, Role.DISTRICT_OFFICER):
        other = someone(role)
        assert not may_see_household(other, sealed)
        client = Client()
        client.force_login(other)
        assert client.get(reverse("household", args=[sealed.pk])).status_code == 404
        assert str(sealed.pk) not in client.post(reverse("search"), {"text": "가상"}).content.decode()
    assert desk.get(reverse("household", args=[sealed.pk])).status_code == 302
    assert "가상하나" in desk.post(reverse("search"), {"text": "가상하나"}).content.decode()


def test_who_seals_without_naming_themselves_does_not_see_it_afterwards(sealed):
    seal = Seal.objects.get()
    assert not may_see_household(User.objects.get(pk=seal.sealed_by_id), sealed)


def test_sealing_needs_the_right_a_name_and_a_household_that_is_not_sealed(coordinator, someone, household):
    with pytest.raises(Refused):
        actions.seal_household(
            household, by=coordinator, kind=Seal.Kind.STAFF, reason="x", allowed=[coordinator]
        )
    head = someone(Role.HEAD_OF_DONG)
    with pytest.raises(ValidationError):
        actions.seal_household(household, by=head, kind=Seal.Kind.STAFF, reason="x", allowed=[])
    actions.seal_household(household, by=head, kind=Seal.Kind.STAFF, reason="x", allowed=[head])
    with pytest.raises(ValidationError):
        actions.seal_household(household, by=head, kind=Seal.Kind.STAFF, reason="x", allowed=[head])
    with pytest.raises(Refused):
        actions.seal_household(
            household,
            by=someone(Role.HEAD_OF_DONG, SINCHON),
            kind=Seal.Kind.STAFF,
            reason="x",
            allowed=[head],
        )


def test_a_sealed_household_is_counted_but_on_no_work_list(sealed, someone):
    with walls.within(walls.of_duty(None)):
        assert not queries.in_duty(someone(Role.DISTRICT_OFFICER)).exists()


def test_sealing_and_lifting_are_written_down(client, someone, household):
    head = someone(Role.HEAD_OF_DONG)
    client.force_login(head)
    client.post(reverse("state_purpose", args=[household.pk]), {"purpose": "case"})
    client.post(
        reverse("seal", args=[household.pk]), {"kind": "violence", "reason": "보호", "allowed": [head.pk]}
    )
    assert Household.objects.get(pk=household.pk).sealed
    unseal = reverse("unseal", args=[household.pk])
    with pytest.raises(Refused):  # nobody lifts a seal alone
        actions.lift_seal(household, by=head)
    assert client.post(unseal, {"reason": ""}).status_code == 200
    assert not Approval.objects.exists()
    client.post(unseal, {"reason": "가해자 접근금지 종료"})
    client.post(unseal)  # still waiting
    assert Household.objects.get(pk=household.pk).sealed
    second = someone(Role.DISTRICT_OFFICER)
    approvals.decide(Approval.objects.get(), second, False, "근거 서류를 붙여 주십시오.")
    assert "근거 서류를 붙여 주십시오." in client.get(unseal).content.decode()
    client.post(unseal, {"reason": "접근금지 종료 결정문 첨부"})
    approvals.decide(Approval.objects.get(granted=None), second, True)
    assert client.post(unseal).status_code == 302
    assert not Household.objects.get(pk=household.pk).sealed
    assert {"people.sealed", "people.unsealed"} <= set(verbs(20))
