"""The desk interview: whole requests, from the first form to the printed page, with wrong input on the way."""

import re

import pytest
from django.urls import reverse
from django.utils import timezone

from hub.access.models import AccessRecord
from hub.access.roles import Role
from hub.people.models import FactRecord, Person
from hub.screening import queries, sheets
from hub.screening.models import Interview
from tests.hub.conftest import CHUNGHYEON, SINCHON

ALONE_AT_72 = {
    "rows": "1",
    "centre": CHUNGHYEON,
    "policy": "any_time",
    "member-0-birth_date": "1954-03-01",
    "member-0-relation": "head",
    "member-0-sex": "female",
}


@pytest.fixture
def desk(client, coordinator):
    """A browser in which the coordinator of Chunghyeon-dong is signed in, speaking English."""
    client.force_login(coordinator)
    client.cookies["hub-language"] = "en"
    return client


def begin(desk, **changes) -> Interview:
    response = desk.post(reverse("open_interview"), ALONE_AT_72 | changes)
    assert response.status_code == 302, response.content.decode()
    return Interview.objects.get(pk=re.search(r"/(\d+)/$", response.headers["Location"])[1])


def asked(desk, interview: Interview) -> tuple[str, str]:
    """The fact the page asks for, and the page."""
    page = desk.get(reverse("interview", args=[interview.pk])).content.decode()
    return re.search(r'name="fact" value="(\w+)"', page)[1], page


def test_somebody_walks_in_and_is_asked_a_first_question(desk):
    interview = begin(desk)
    fact, page = asked(desk, interview)
    assert queries.conversation(interview).rules.facts[fact].question["en"] in page.replace("&#x27;", "'")
    assert interview.catalogue_version
    assert interview.as_of


def test_a_question_says_which_record_or_paper_answers_it(desk):
    interview = begin(desk)
    name, page = asked(desk, interview)
    fact = queries.conversation(interview).rules.facts[name]
    assert fact.register or fact.shown_by
    assert (
        f"On record at: {fact.register['en']}"
        if fact.register
        else f"Can be shown with: {fact.shown_by['en']}"
    ) in page


def test_a_form_without_anybody_is_refused_and_says_what_to_do(desk):
    page = desk.post(
        reverse("open_interview"),
        ALONE_AT_72 | {"member-0-birth_date": "", "member-0-relation": "", "member-0-sex": ""},
    )
    assert page.status_code == 200
    assert "Write down at least one person." in page.content.decode()
    assert not Interview.objects.exists()


def test_a_birth_date_that_is_none_is_refused_and_what_was_typed_stays(desk):
    page = desk.post(reverse("open_interview"), ALONE_AT_72 | {"member-0-birth_date": "1954-13-01"})
    assert page.status_code == 200
    assert "1954-13-01" in page.content.decode()
    assert not Interview.objects.exists()


def test_an_answer_is_kept_and_the_next_question_is_another_one(desk):
    interview = begin(desk)
    first, _ = asked(desk, interview)
    desk.post(reverse("interview", args=[interview.pk]), {"fact": first, "members": ["0"], "said": "unknown"})
    second, page = asked(desk, interview)
    assert second != first
    assert "1 answer so far" in page


def test_rather_not_say_is_an_answer_of_its_own(desk):
    interview = begin(desk)
    first, _ = asked(desk, interview)
    of_person = queries.conversation(interview).rules.facts[first].of == "person"
    given = {"fact": first, "said": "refused"} | ({"members": ["0"]} if of_person else {})
    desk.post(reverse("interview", args=[interview.pk]), given)
    interview.refresh_from_db()
    assert interview.answers[0]["said"] == "refused"
    assert asked(desk, interview)[0] != first


def test_a_value_outside_its_domain_is_refused_and_nothing_is_lost(desk):
    interview = begin(desk)
    page = desk.post(reverse("interview", args=[interview.pk]), {"fact": "monthly_rent", "value": "-1"})
    assert page.status_code == 200
    assert 'value="-1"' in page.content.decode()
    interview.refresh_from_db()
    assert interview.answers == []


def test_an_answer_changes_what_the_household_is_entitled_to_at_once(desk):
    interview = begin(desk)
    before = queries.conversation(interview).assessment
    address = reverse("interview", args=[interview.pk])
    desk.post(address, {"fact": "ltc_grade", "members": ["0"], "value-0": "none"})
    interview.refresh_from_db()
    after = queries.conversation(interview).assessment
    assert before.answer("ltc_home_care", 0) == "unknown"
    assert after.answer("ltc_home_care", 0) == "not_entitled"


def test_the_last_answer_can_be_taken_back(desk):
    interview = begin(desk)
    first, _ = asked(desk, interview)
    desk.post(reverse("interview", args=[interview.pk]), {"fact": first, "members": ["0"], "said": "unknown"})
    desk.post(reverse("take_back", args=[interview.pk]))
    assert asked(desk, interview)[0] == first


def test_the_result_is_one_page_to_print_and_says_it_is_no_decision(desk):
    interview = begin(desk)
    response = desk.post(reverse("close_interview", args=[interview.pk]), follow=True)
    page = response.content.decode()
    assert "not a decision" in page
    assert 'id="print"' in page


def test_the_page_to_take_home_promises_no_amount_that_is_not_known(desk):
    interview = begin(desk)
    page = desk.post(reverse("close_interview", args=[interview.pk]), follow=True).content.decode()
    possible = page.split("Possible, when we know more")[1]
    assert "KRW" in possible
    assert "up to" not in possible.split("</ul>")[0]


def test_of_what_is_open_that_comes_first_of_which_most_is_met_already(desk):
    lines = sheets.sheet(queries.conversation(begin(desk)).assessment, ["she"]).unknown
    met = [sum(r.holds is True for r in line.result.reasons) / len(line.result.reasons) for line in lines]
    assert met == sorted(met, reverse=True)
    assert met[0] > met[-1]


def test_a_closed_interview_is_not_asked_any_further(desk):
    interview = begin(desk)
    desk.post(reverse("close_interview", args=[interview.pk]))
    response = desk.get(reverse("interview", args=[interview.pk]))
    assert response.headers["Location"] == reverse("interview_result", args=[interview.pk])


def test_what_a_household_on_the_register_says_becomes_a_recorded_fact(desk, household, coordinator):
    response = desk.post(reverse("open_interview_with", args=[household.pk]))
    interview = Interview.objects.get(household=household)
    address = reverse("interview", args=[interview.pk])
    assert response.headers["Location"] == address
    desk.post(address, {"fact": "monthly_rent", "value": "250000"})
    desk.post(address, {"fact": "earned_income", "members": ["0", "1"], "value-0": "100000", "value-1": ""})
    desk.post(reverse("close_interview", args=[interview.pk]))
    assert FactRecord.objects.get(household=household).values == {"monthly_rent": 250000}
    first, second = Person.objects.filter(household=household).order_by("pk")
    assert FactRecord.objects.get(person=first).values == {"earned_income": 100000}
    assert not FactRecord.objects.filter(person=second).exists()


@pytest.mark.parametrize("change", ["a birth", "a death"])
def test_a_household_that_changed_meanwhile_closes_its_interview_and_nothing_said_is_lost(
    desk, household, coordinator, change
):
    first, second = household.members.order_by("pk")
    desk.post(reverse("open_interview_with", args=[household.pk]))
    interview = Interview.objects.get(household=household)
    address = reverse("interview", args=[interview.pk])
    desk.post(address, {"fact": "monthly_rent", "value": "250000"})
    given = {"fact": "earned_income", "members": ["0", "1"], "value-0": "100000", "value-1": "200000"}
    desk.post(address, given)
    if change == "a birth":
        Person.objects.create(pk=1, household=household, name="가상새이")
    else:
        second.left_on, second.left_by = timezone.localdate(), Person.Left.DEATH
        second.save()
    page = desk.post(reverse("close_interview", args=[interview.pk]), follow=True).content.decode()
    unrecorded = 2 if change == "a birth" else 1  # who of three was meant, nobody can tell
    assert f"What was said of {unrecorded} member" in page
    interview.refresh_from_db()
    assert interview.closed_at is not None
    assert interview.answers[-1]["value"] == [100000, 200000]
    assert FactRecord.objects.get(household=household).values == {"monthly_rent": 250000}
    kept = {record.person_id for record in FactRecord.objects.exclude(person=None)}
    assert kept == (set() if change == "a birth" else {first.pk})


def test_a_household_of_another_dong_cannot_be_interviewed(desk, household_elsewhere):
    response = desk.post(reverse("open_interview_with", args=[household_elsewhere.pk]))
    assert response.status_code == 404  # as if it did not exist
    assert not Interview.objects.exists()


def test_an_interview_of_another_centre_stays_closed(desk, client, someone):
    interview = begin(desk)
    client.force_login(someone(Role.COORDINATOR, SINCHON))
    assert client.get(reverse("interview", args=[interview.pk])).status_code == 404


def test_a_council_member_holds_no_interviews(client, someone):
    client.force_login(someone(Role.COUNCIL_MEMBER))
    assert client.get(reverse("open_interview")).status_code == 403


def test_every_answer_leaves_its_mark_but_never_its_content(desk):
    interview = begin(desk)
    desk.post(reverse("interview", args=[interview.pk]), {"fact": "monthly_rent", "value": "123456"})
    marks = AccessRecord.objects.filter(object_kind="screening.interview", object_id=str(interview.pk))
    assert {"screening.opened_interview", "screening.answered"} <= set(marks.values_list("verb", flat=True))
    assert not any("123456" in str(vars(mark)) for mark in marks)
