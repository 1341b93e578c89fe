"""One person is erased on request: two people, what must stay and why, nothing of anybody else touched, proof by counts."""

from datetime import timedelta

import pyarrow as pa
import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, transaction
from django.urls import reverse
from django.utils import timezone

from hub import walls
from hub.access.access import Refused
from hub.access.models import AccessRecord
from hub.access.roles import Role
from hub.people import queries as people
from hub.people.actions import record_facts
from hub.people.models import FactRecord, Person
from hub.people.sources import Source
from hub.privacy import actions, erasure, queries
from hub.privacy.models import (
    Consent,
    ConsentPurpose,
    ErasureRecord,
    ExpiringFiles,
    Manner,
    SubjectRequest,
)
from hub.programmes import queries as programmes
from hub.screening import actions as screening
from hub.screening import queries as screening_queries
from hub.screening.models import Interview, Listed, Missed, Run
from tests.hub.conftest import CHUNGHYEON, SINCHON
from tests.hub.test_retention import everything

pytestmark = pytest.mark.django_db

TODAY = timezone.localdate()
OWN, OTHERS = 31_415_926, 27_182_818  # canaries: a won amount of the person, one of the partner
Kind, State = SubjectRequest.Kind, SubjectRequest.State


@pytest.fixture(autouse=True)
def surroundings(db, settings, tmp_path):
    """Published texts, and a place of their own for the files of runs."""
    settings.SNAPSHOTS, settings.RUNS = tmp_path / "snapshots", tmp_path / "runs"
    actions.publish_texts()


@pytest.fixture
def officer(someone):
    """A privacy officer of the district."""
    return someone(Role.PRIVACY_OFFICER)


@pytest.fixture
def tell(coordinator):
    """Record facts about somebody."""

    def make(about, source=Source.RESIDENT, **values):
        catalogue = programmes.catalogue()
        return record_facts(about, values, catalogue, by=coordinator, source=source)

    return make


@pytest.fixture
def couple(household, tell, coordinator):
    """A couple: each with facts, an interview, lines of a work list, and the first with a consent."""
    first, second = household.members.order_by("pk")
    tell(first, earned_income=OWN, sex="male")
    tell(second, earned_income=OTHERS, sex="female")
    tell(household, monthly_rent=1_234_567)
    held = screening.open_interview_with(household.pk, by=coordinator, policy="any_time")
    for given in (
        {"fact": "chronic_illness", "members": [0, 1], "value": [True, True]},
        {"fact": "disability", "members": [0], "value": ["none"]},
        {"fact": "monthly_rent", "members": [], "value": 7_654_321},
    ):
        held.answers = [*held.answers, given]
    held.save()
    run = Run.objects.create(as_of=TODAY, state=Run.State.DONE, finished_at=timezone.now())
    for person in (first, second, None):
        Missed.objects.create(
            run=run, household=household, person=person, centre_id=CHUNGHYEON, programme="x", won_a_year=12
        )
    screening.list_anew(run=run)
    text = queries.text_in_force(ConsentPurpose.FINANCIAL, "ko", TODAY)
    items = {item["id"]: True for item in text.body["items"]}
    actions.give_consent(first, text, items, by=coordinator, manner=Manner.SCREEN)
    return first, second


def ask(person, by, kind=Kind.ERASURE, **more):
    return actions.receive_request(person, kind, by=by, identity="card", **more)


def erase(person, coordinator, officer):
    request = ask(person, coordinator)
    actions.decide_erasure(request, by=officer, granted=True, answer="삭제하였습니다.")
    return request


def lines(request):
    return {line["kind"]: line for line in ErasureRecord.objects.get(request=request).lines}


# -- two people, ten days ----------------------------------------------------------------------------------------


def test_who_received_a_request_does_not_decide_it(couple, someone):
    both = someone(Role.COORDINATOR)
    from hub.access.actions import give_post

    give_post(both, Role.PRIVACY_OFFICER)
    request = ask(couple[0], both)
    with pytest.raises(Refused, match="다른 사람"):
        actions.decide_erasure(request, by=both, granted=True, answer="예")
    with pytest.raises(IntegrityError), transaction.atomic():
        SubjectRequest.objects.filter(pk=request.pk).update(decided_by=both)
    assert Person.objects.get(pk=couple[0].pk).name


@pytest.mark.parametrize("role", sorted(set(Role) - {Role.PRIVACY_OFFICER}))
def test_only_a_privacy_officer_decides(couple, coordinator, someone, role):
    request = ask(couple[0], coordinator)
    with pytest.raises(Refused):
        actions.decide_erasure(request, by=someone(role), granted=True, answer="예")


def test_a_refused_erasure_changes_nothing_and_keeps_its_reason(couple, coordinator, officer):
    request = ask(couple[0], coordinator)
    actions.decide_erasure(request, by=officer, granted=False, answer="급여 결정에 필요합니다.")
    request.refresh_from_db()
    assert (request.state, request.decided_by) == (State.REFUSED, officer)
    assert Person.objects.get(pk=couple[0].pk).name
    assert not ErasureRecord.objects.exists()


def test_an_erasure_is_decided_once(couple, coordinator, officer):
    request = erase(couple[0], coordinator, officer)
    with pytest.raises(ValidationError):
        actions.decide_erasure(request, by=officer, granted=True, answer="다시")
    assert ErasureRecord.objects.count() == 1


def test_a_decision_without_words_for_the_person_is_no_decision(couple, coordinator, officer):
    request = ask(couple[0], coordinator)
    with pytest.raises(ValidationError), transaction.atomic():
        actions.decide_erasure(request, by=officer, granted=True, answer=" ")
    assert Person.objects.get(pk=couple[0].pk).name


def test_a_person_is_asked_to_be_erased_once_at_a_time(couple, coordinator):
    ask(couple[0], coordinator)
    with pytest.raises(ValidationError):
        ask(couple[0], coordinator)
    ask(couple[0], coordinator, Kind.ACCESS)


def test_an_erasure_is_not_answered_like_other_requests(couple, coordinator):
    with pytest.raises(Refused):
        actions.answer_request(ask(couple[0], coordinator), "예", by=coordinator)


def test_a_request_is_due_in_ten_days_and_overdue_after(couple, coordinator):
    ask(couple[0], coordinator, Kind.ACCESS, received_on=TODAY - timedelta(days=10))
    assert queries.overdue(coordinator, TODAY) == 0
    assert queries.overdue(coordinator, TODAY + timedelta(days=1)) == 1
    desk = queries.desk(coordinator, TODAY + timedelta(days=1))
    assert (len(desk.overdue), len(desk.open), len(desk.answered)) == (1, 0, 0)


def test_requests_of_other_dongs_are_not_on_ones_desk(couple, coordinator, someone, officer):
    ask(couple[0], coordinator, Kind.ACCESS)
    assert not queries.requests_for(someone(Role.COORDINATOR, SINCHON)).exists()
    assert queries.requests_for(officer).count() == 1


def test_a_request_needs_to_say_how_identity_was_made_sure(couple, coordinator):
    with pytest.raises(ValidationError):
        actions.receive_request(couple[0], Kind.ACCESS, by=coordinator, identity="")


# -- what goes and what stays ------------------------------------------------------------------------------------


def test_of_the_person_only_a_number_is_left(couple, coordinator, officer):
    first, _ = couple
    assert str(OWN) in everything()
    erase(first, coordinator, officer)
    left = everything()
    assert first.name not in left
    assert str(OWN) not in left
    first.refresh_from_db()
    assert (first.name, first.resident_number) == ("", "")
    assert not first.records.exists()
    assert not Missed.objects.filter(person=first).exists()
    line = Listed.objects.get(household=first.household_id)
    assert (line.entitlements, line.won_a_year) == (2, 24)


def test_nothing_of_anybody_else_changes(couple, household, household_elsewhere, coordinator, officer):
    first, _second = couple

    def others():
        return (
            list(FactRecord.objects.exclude(person=first).order_by("pk").values()),
            list(Person.objects.exclude(pk=first.pk).order_by("pk").values()),
            list(Missed.objects.exclude(person=first).order_by("pk").values()),
        )

    before = others()
    erase(first, coordinator, officer)
    assert others() == before


def test_an_interview_keeps_what_is_about_the_others_and_can_still_be_read(couple, coordinator, officer):
    erase(couple[0], coordinator, officer)
    held = Interview.objects.get()
    assert held.known["members"][0] == {"couple": 1}
    assert held.known["members"][1]["earned_income"] == OTHERS
    assert held.answers == [
        {"fact": "chronic_illness", "members": [1], "value": [True]},
        {"fact": "monthly_rent", "members": [], "value": 7_654_321},
    ]
    screening_queries.conversation(held)  # raises when it does not fit together


def test_an_interview_in_which_nobody_can_tell_the_members_apart_is_emptied(couple, coordinator, officer):
    Person.objects.create(pk=99, household=couple[0].household, name="가상서이")
    erase(couple[0], coordinator, officer)
    held = Interview.objects.get()
    assert (held.known["household"], held.answers) == ({}, [])
    screening_queries.conversation(held)


def test_the_household_can_still_be_read_and_counts_who_is_erased(
    client, couple, household, coordinator, officer
):
    erase(couple[0], coordinator, officer)
    client.force_login(coordinator)
    for address in (
        reverse("household", args=[household.pk]),
        reverse("interview_result", args=[Interview.objects.get().pk]),
        reverse("person_privacy", args=[couple[0].pk]),
    ):
        assert client.get(address).status_code == 200
    known = people.known(household, programmes.catalogue())
    assert len(known.members) == 2
    programmes.rules().assess(known.described())


def test_of_the_last_one_with_a_name_the_household_goes_too(couple, household, coordinator, officer):
    erase(couple[0], coordinator, officer)
    assert household.records.exists()
    erase(couple[1], coordinator, officer)
    assert not household.records.exists()
    assert Interview.objects.get().answers == []
    assert str(OTHERS) not in everything()


def test_what_a_benefit_was_decided_on_is_kept_with_the_name_and_says_why(couple, tell, coordinator, officer):
    first, _ = couple
    tell(first, Source.REGISTER, receives_basic_pension=True)
    request = erase(first, coordinator, officer)
    first.refresh_from_db()
    assert first.name  # the record of a benefit without a name would be none
    assert [record.source for record in first.records.all()] == [Source.REGISTER]
    proof = lines(request)
    assert proof["people.factrecord"]["erased"] == 1
    assert proof["people.factrecord"]["kept"] == proof["people.factrecord"]["after"] == 1
    for kind in ("people.person", "people.factrecord"):
        assert "제19조" in proof[kind]["reason"]
        assert proof[kind]["until"]


def test_a_benefit_of_the_household_holds_its_members_too(couple, household, tell):
    tell(household, Source.REGISTER, receives_livelihood_benefit=True)
    assert all(erasure.receives(person) for person in couple)


def test_what_the_other_receives_alone_does_not(couple, tell):
    tell(couple[1], Source.REGISTER, receives_basic_pension=True)
    assert [erasure.receives(person) for person in couple] == [False, True]


def test_consents_end_and_are_kept_as_proof_with_their_day(couple, coordinator, officer):
    request = erase(couple[0], coordinator, officer)
    assert Consent.objects.get().withdrawn_on == TODAY
    assert queries.consent_for(couple[0], ConsentPurpose.FINANCIAL, TODAY).state == queries.State.WITHDRAWN
    line = lines(request)["privacy.consent"]
    assert (line["kept"], line["after"]) == (1, 1)
    assert line["until"] == TODAY.replace(year=TODAY.year + 5).isoformat()


def test_the_trail_stays_and_grows(couple, coordinator, officer):
    before = AccessRecord.objects.count()
    erase(couple[0], coordinator, officer)
    assert AccessRecord.objects.count() > before
    mark = AccessRecord.objects.get(verb="privacy.erased_person")
    assert (mark.actor, mark.object_id) == (officer, str(couple[0].pk))


def test_the_proof_counts_before_and_after_and_names_nobody(couple, coordinator, officer):
    first, _ = couple
    name = first.name
    planned = {line.kind.model: line for line in erasure.plan(first, TODAY)}
    request = erase(first, coordinator, officer)
    proof = lines(request)
    for kind in ("people.person", "people.factrecord", "screening.missed", "screening.interview"):
        assert proof[kind]["before"] == planned[kind].rows > 0
        assert proof[kind]["erased"] == planned[kind].erased
        assert proof[kind]["after"] == 0
    assert name not in str(proof)


def test_everything_or_nothing(couple, coordinator, officer, monkeypatch):
    request = ask(couple[0], coordinator)

    def fault(*_arguments, **_more):
        raise RuntimeError

    monkeypatch.setattr(actions, "_prove", fault)
    with pytest.raises(RuntimeError), transaction.atomic():
        actions.decide_erasure(request, by=officer, granted=True, answer="예")
    assert str(OWN) in everything()
    assert Person.objects.get(pk=couple[0].pk).name
    request.refresh_from_db()
    assert request.unfinished


# -- files made from people ----------------------------------------------------------------------------------------


def frozen(run):
    """Every number in the files of a run's snapshot."""
    found = set()
    for path in run.snapshot_folder.rglob("*.arrow"):
        for column in pa.ipc.open_file(path).read_all().columns:
            if pa.types.is_integer(column.type):
                found.update(column.to_pylist())
    return found


def test_files_that_hold_the_person_are_removed_and_made_again_without(
    couple, coordinator, officer, django_capture_on_commit_callbacks
):
    Run.objects.all().delete()
    first, _ = couple
    older, newest = screening.run_district_now(), screening.run_district_now()
    assert {OWN, OTHERS} <= frozen(newest)
    with django_capture_on_commit_callbacks(execute=True):
        erase(first, coordinator, officer)
    for run in (older, newest):
        assert not run.folder.exists()
        assert not run.snapshot_folder.exists()
    assert not ExpiringFiles.objects.filter(removed_at__isnull=True).exists()
    made = screening_queries.latest_run()
    assert made.pk not in (older.pk, newest.pk)
    assert screening_queries.by_programme(made)
    assert OWN not in frozen(made)
    assert OTHERS in frozen(made)


def test_results_that_pages_show_stay_until_newer_ones_stand_in_their_place(couple, coordinator, officer):
    Run.objects.all().delete()
    newest = screening.run_district_now()
    erase(couple[0], coordinator, officer)
    actions.remove_expired_files()
    assert not newest.snapshot_folder.exists()  # nobody reads it any more
    assert screening_queries.by_programme(screening_queries.latest_run())
    actions.renew_expired_files()
    assert not newest.folder.exists()


# -- pages -----------------------------------------------------------------------------------------------------


def test_from_the_request_to_the_proof_on_the_pages(client, couple, coordinator, officer):
    first, _ = couple
    client.force_login(coordinator)
    response = client.post(
        reverse("receive_request", args=[first.pk]),
        {"kind": "erasure", "identity": "card", "received_on": TODAY.isoformat(), "details": "지워 주세요"},
    )
    request = SubjectRequest.objects.get()
    address = reverse("subject_request", args=[request.pk])
    assert response.headers["Location"] == address
    page = client.get(address)
    assert page.context["plan"]
    assert not page.context["may_decide"]
    decide = reverse("decide_erasure", args=[request.pk])
    assert client.post(decide, {"answer": "예"}).status_code == 403
    client.force_login(officer)
    page = client.get(address)
    assert page.context["may_decide"]
    assert first.name not in page.content.decode()  # who decides needs no name
    assert client.post(decide, {"answer": ""}).status_code == 200
    assert client.post(decide, {"answer": "삭제하였습니다."}).status_code == 302
    assert ErasureRecord.objects.get().hash in client.get(address).content.decode()


@pytest.mark.parametrize("language", ["ko", "en"])
def test_the_desk_shows_what_is_overdue_first(client, couple, coordinator, language):
    ask(couple[0], coordinator, Kind.ACCESS, received_on=TODAY - timedelta(days=30))
    client.force_login(coordinator)
    client.cookies["hub-language"] = language
    page = client.get(reverse("subject_requests")).content.decode()
    assert ("기한이 지난 요구" if language == "ko" else "overdue") in page
    assert couple[0].name not in page


def test_other_requests_are_answered_or_refused_with_words(client, couple, coordinator):
    client.force_login(coordinator)
    for button, state in (({}, State.DONE), ({"refuse": "1"}, State.REFUSED)):
        request = ask(couple[0], coordinator, Kind.CORRECTION)
        address = reverse("answer_request", args=[request.pk])
        assert client.post(address, {"answer": "", **button}).status_code == 200
        assert client.post(address, {"answer": "알려 드립니다.", **button}).status_code == 302
        request.refresh_from_db()
        assert (request.state, request.answered_on) == (state, TODAY)


@pytest.mark.django_db(transaction=True)
def test_of_two_decisions_at_once_one_erases(couple, coordinator, someone):
    from concurrent.futures import ThreadPoolExecutor

    request = ask(couple[0], coordinator)
    officers = [someone(Role.PRIVACY_OFFICER) for _ in range(6)]

    def decide(user):
        try:
            with walls.everywhere():
                actions.decide_erasure(request, by=user, granted=True, answer="예")
            return "erased"
        except ValidationError:
            return "too late"
        finally:
            connection.close()

    with ThreadPoolExecutor(6) as threads:
        outcomes = list(threads.map(decide, officers))
    assert sorted(outcomes) == ["erased"] + ["too late"] * 5
    assert ErasureRecord.objects.count() == 1
