"""One resident, one record: two entries of the register are merged by two persons, read as one, and parted again."""

from datetime import date, timedelta

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hub import walls
from hub.access import approvals
from hub.access.access import Refused
from hub.access.models import AccessRecord, Approval, Deed
from hub.access.purposes import Purpose
from hub.access.roles import Role
from hub.inspection import queries as inspection
from hub.lists.differences import Standings
from hub.lists.matching import people_of_rows
from hub.lists.models import AgencyList
from hub.people import actions, numbers, register
from hub.people import queries as people
from hub.people.identity import actions as identity
from hub.people.identity import queries as identity_queries
from hub.people.identity.models import LegalGround
from hub.people.merging import queries
from hub.people.merging.actions import ask_to_merge, merge, part, subject
from hub.people.models import Household, LifeEvent, Note, Person, Relation
from hub.people.search import terms
from hub.people.sources import Source
from hub.privacy import actions as privacy
from hub.privacy import erasure, right_of_access
from hub.privacy import queries as privacy_queries
from hub.privacy.models import ConsentPurpose, Manner
from hub.privacy.retention import kind_of
from hub.programmes import queries as programmes
from hub.screening import actions as screening
from hub.screening import queries as screening_queries
from hub.screening.models import Interview, Missed, Run
from tests.hub.conftest import CHUNGHYEON, SINCHON
from tests.hub.test_opening import verbs

pytestmark = pytest.mark.django_db
REASON = "본인이 창구에서 두 주소를 확인함"
OLD, NEW = "2026-01-05", "2026-03-05"


def made(household, number, name, dong=CHUNGHYEON, **more):
    """A person of an invented household, which is made when it is not there yet."""
    with transaction.atomic():
        home, _new = Household.objects.get_or_create(pk=household, defaults={"centre_id": dong})
        return Person.objects.create(
            pk=number, household=home, name=name, terms=terms(name, phone=more.get("phone", "")), **more
        )


@pytest.fixture
def officer(someone):
    return someone(Role.DISTRICT_OFFICER)


@pytest.fixture
def second(someone):
    return someone(Role.PRIVACY_OFFICER)


@pytest.fixture
def pair(db):
    """Somebody who stands here twice: as a member of household 1001, and alone in 1003."""
    stands = made(1001, 10011, "가상하나", resident_number="502131-1******", phone="010-0000-1234")
    back = made(1003, 10031, "가상한아", resident_number="502131-1******", phone="010-0000-5678")
    return stands, back


@pytest.fixture
def agreed(officer, second, catalogue):
    """Merge two entries as two persons do it: agreed(stands, back)."""

    def do(stands, back, by=officer):
        approval = ask_to_merge(stands, back, catalogue, by=by, reason=REASON)
        approvals.decide(approval, second, granted=True)
        merge(stands, back, by=by)
        return again(stands, back)

    return do


def again(*persons):
    return [Person.objects.get(pk=person.pk) for person in persons]


def told(person, values, catalogue, officer, day=OLD, source=Source.DOCUMENT):
    return actions.record_facts(person, values, catalogue, by=officer, source=source, collected_on=_day(day))


def _day(text):
    return date.fromisoformat(text)


def facts_of(person, catalogue):
    known = people.known(Household.objects.get(pk=person.household_id), catalogue)
    [member] = [one for one in known.members if one.person.pk == person.pk]
    return {name: standing.value for name, standing in member.facts.items()}


def in_snapshot(catalogue):
    with walls.everywhere(), transaction.atomic():
        _households, members = people.tables_for_snapshot(catalogue)
    return {row["person_id"]: row for row in members.to_pylist()}


# -- two persons -----------------------------------------------------------------------------------------------------


def test_one_person_alone_cannot_merge(pair, officer, catalogue):
    with pytest.raises(Refused, match="두 번째|승인"):
        merge(*pair, by=officer)
    ask_to_merge(*pair, catalogue, by=officer, reason=REASON)
    with pytest.raises(Refused):
        merge(*pair, by=officer)
    with pytest.raises(Refused):
        approvals.decide(Approval.objects.get(), officer, granted=True)
    assert again(*pair)[1].same_as is None


def test_two_persons_merge_and_both_histories_and_the_trail_say_so(pair, agreed):
    stands, back = agreed(*pair)
    assert (back.same_as, back.household_id, back.merged_from_id) == (stands, 1001, 1003)
    assert back.left_by == Person.Left.MERGED
    assert {(event.household_id, event.person_id) for event in LifeEvent.objects.filter(kind="merged")} == {
        (1001, stands.pk),
        (1003, back.pk),
    }
    marks = AccessRecord.objects.filter(verb="people.merged_persons")
    assert {(mark.person, mark.household) for mark in marks} == {(stands.pk, 1001), (back.pk, 1003)}


def test_an_approval_for_two_entries_serves_no_others_nor_the_other_way_round(
    pair, officer, second, catalogue
):
    stands, back = pair
    third = made(1004, 10041, "가상하나")
    approvals.decide(ask_to_merge(stands, back, catalogue, by=officer, reason=REASON), second, granted=True)
    for one, other in ((stands, third), (third, back), (back, stands)):
        with pytest.raises(Refused):
            merge(one, other, by=officer)
    merge(stands, back, by=officer)


def test_an_approval_serves_once_so_merging_after_parting_takes_two_again(pair, agreed, officer):
    stands, back = agreed(*pair)
    part(back, by=officer)
    with pytest.raises(Refused):
        merge(*again(stands, back), by=officer)


def test_whoever_may_not_link_persons_about_both_households_can_neither_ask_nor_merge_nor_part(
    pair, agreed, someone, catalogue
):
    elsewhere = made(2001, 20011, "가상하나", SINCHON)
    here = someone(Role.COORDINATOR)
    for by, other in (
        (here, elsewhere),
        (someone(Role.PLANNER), pair[1]),
        (someone(Role.HEAD_OF_DONG), pair[1]),
    ):
        with pytest.raises(Refused):
            ask_to_merge(pair[0], other, catalogue, by=by, reason=REASON)
        with pytest.raises(Refused):
            merge(pair[0], other, by=by)
    _stands, back = agreed(pair[0], elsewhere)
    with pytest.raises(Refused):  # it would go back to a dong that is not theirs
        part(back, by=here)


def test_across_dongs_only_somebody_for_the_whole_district_approves(pair, officer, someone, catalogue):
    elsewhere = made(2001, 20011, "가상하나", SINCHON)
    head = someone(Role.HEAD_OF_DONG)
    with pytest.raises(Refused, match="구역|관할"):
        approvals.decide(
            ask_to_merge(pair[0], elsewhere, catalogue, by=officer, reason=REASON), head, granted=True
        )
    approvals.decide(ask_to_merge(*pair, catalogue, by=officer, reason=REASON), head, granted=True)


# -- what cannot be merged -------------------------------------------------------------------------------------------


def test_what_cannot_be_merged_is_refused_with_what_to_do(pair, agreed, officer, catalogue):
    stands, back = pair
    third, left = (
        made(1004, 10041, "가상하나"),
        made(1005, 10051, "가상하나", left_on=OLD, left_by="moved_out"),
    )

    def refused(one, other, words):
        with pytest.raises(ValidationError, match=words):
            ask_to_merge(one, other, catalogue, by=officer, reason=REASON)

    refused(stands, stands, "자기 자신")
    refused(left, stands, "살지 않습니다")
    stands, back = agreed(stands, back)
    refused(third, back, "이미 10011")
    refused(back, third, "이미 10011")
    refused(third, stands, "먼저 병합을 해제")
    agreed(stands, third)  # several may step back for one
    agreed(stands, left)
    assert Person.objects.filter(same_as=stands).count() == 3


def test_the_database_itself_knows_no_half_merging(pair):
    stands, back = pair
    for columns in (
        {"same_as": stands},
        {"same_as": back, "merged_from": 1003, "left_on": OLD, "left_by": "merged"},
        {"left_on": OLD, "left_by": "merged"},
    ):
        with pytest.raises(IntegrityError, match="stepped_back"), transaction.atomic():
            Person.objects.filter(pk=back.pk).update(**columns)


@pytest.mark.parametrize("sealed", [1001, 1003])
def test_a_seal_is_not_carried_past_by_merging_or_parting(pair, agreed, officer, catalogue, sealed):
    for kind in ("merge", "part"):
        with transaction.atomic():
            if kind == "part":
                _stands, back = agreed(*pair)
            actions.seal_household(
                Household.objects.get(pk=sealed),
                by=officer,
                kind="violence",
                reason="보호",
                allowed=[officer],
            )
            with pytest.raises(ValidationError, match="열람 제한"):
                if kind == "part":
                    part(back, by=officer)
                else:
                    ask_to_merge(*again(*pair), catalogue, by=officer, reason=REASON)
            transaction.set_rollback(True)
        officer.__dict__.pop("_cleared", None)


def test_sealing_the_household_of_the_one_that_stands_hides_the_other_entry_too(
    pair, agreed, someone, officer
):
    stands, back = agreed(*pair)
    actions.seal_household(
        Household.objects.get(pk=1001), by=officer, kind="violence", reason="보호", allowed=[officer]
    )
    with walls.within(walls.of_duty([CHUNGHYEON])), transaction.atomic():
        assert not Person.objects.filter(pk__in=[stands.pk, back.pk]).exists()


def test_the_second_person_reads_what_agrees_and_is_warned_of_another_birthday_sex_or_number(
    pair, officer, catalogue
):
    stands, back = pair
    approval = ask_to_merge(stands, back, catalogue, by=officer, reason=REASON)
    assert "주의" not in approval.facts
    assert "일치: 주민등록번호" in approval.facts
    assert "불일치: 이름, 전화번호" in approval.facts
    assert "가상" not in approval.facts
    assert "010" not in approval.facts
    assert "502131" not in approval.facts
    for number, words in (("502132-1******", "생년월일"), ("502131-2******", "성별")):
        other = made(1100, Person.objects.count() + 1, "가상하나", resident_number=number)
        facts = ask_to_merge(stands, other, catalogue, by=officer, reason=REASON).facts
        assert any(line.startswith("주의") and words in line for line in facts.splitlines())
    for person, birth_date in ((stands, "1950-01-01"), (back, "1950-02-01")):
        told(person, {"birth_date": birth_date}, catalogue, officer)
    assert "생년월일이 서로 다릅니다" in queries.compare(stands, back, catalogue).doubts[0]


def test_whole_numbers_are_compared_without_being_read(pair, officer, catalogue):
    stands, back = pair
    _number(stands, "5021311234567", officer)
    _number(back, "5021311234567", officer)
    assert queries.compare(stands, back, catalogue).doubts == ()
    other = made(1004, 10041, "가상하나")
    _number(other, "5021311234568", officer)
    [doubt] = queries.compare(stands, other, catalogue).doubts
    assert "번호" in doubt


def _number(person, text, by):
    number = numbers.read(numbers.Kind.RESIDENT, text, on=_day(NEW), invented=True)
    return identity.store(person, number, ground=LegalGround.APPLICATION, source=Source.DOCUMENT, by=by)


# -- read as one -----------------------------------------------------------------------------------------------------


def test_what_is_recorded_of_both_stands_together_on_the_page_and_in_a_run(pair, agreed, officer, catalogue):
    stands, back = pair
    told(stands, {"earnings": 100}, catalogue, officer, OLD)
    told(back, {"earnings": 200, "registered_disabled": True}, catalogue, officer, NEW)
    assert set(in_snapshot(catalogue)) == {stands.pk, back.pk}
    stands, back = agreed(stands, back)
    both = {"earnings": 200, "registered_disabled": True}
    assert facts_of(stands, catalogue) == both
    rows = in_snapshot(catalogue)
    assert set(rows) == {stands.pk}
    assert {name: rows[stands.pk][name] for name in both} == both
    told(stands, {"earnings": 300}, catalogue, officer, NEW)
    assert facts_of(stands, catalogue)["earnings"] == in_snapshot(catalogue)[stands.pk]["earnings"] == 300


def test_a_single_record_of_the_one_that_stepped_back_reaches_a_run(pair, agreed, officer, catalogue):
    told(pair[1], {"earnings": 200}, catalogue, officer)
    stands, _back = agreed(*pair)
    assert in_snapshot(catalogue)[stands.pk]["earnings"] == facts_of(stands, catalogue)["earnings"] == 200


@pytest.mark.parametrize("text", ["가상한아", "ㄱㅅㅎㅇ", "010-0000-5678", "5678", "500201", "10031", "1003"])
def test_a_search_by_what_the_other_entry_says_finds_the_one_that_stands(pair, agreed, officer, text):
    Person.objects.filter(pk=10031).update(terms=terms("가상한아", _day("1950-02-01"), "010-0000-5678"))
    agreed(*pair)
    [found] = people.search(text, officer)
    assert (found.person_id, found.household_id, found.name, found.also) == (
        10011,
        1001,
        "가상하나",
        "가상한아",
    )


def test_a_search_finds_nobody_twice_and_nobody_after_the_one_that_stands_has_left(pair, agreed, officer):
    stands, _back = agreed(*pair)
    assert [one.person_id for one in people.search("가상", officer)] == [stands.pk]
    register.register_leaving(stands, by=officer, how=Person.Left.DEATH, on=_day(NEW))
    assert people.search("가상", officer) == []


def test_a_search_reaches_no_further_than_the_household_of_the_one_that_stands(pair, agreed, someone):
    elsewhere = made(2001, 20011, "가상서이", SINCHON)
    agreed(pair[0], elsewhere)
    there = someone(Role.COORDINATOR, SINCHON)
    with walls.within(walls.of_duty([SINCHON])), transaction.atomic():
        assert people.search("가상서이", there) == []


def test_a_whole_number_of_the_other_entry_finds_the_one_that_stands_and_is_no_finding_any_more(
    pair, agreed, officer
):
    mine, theirs = _number(pair[0], "5021311234567", officer), _number(pair[1], "5021311234567", officer)
    assert identity_queries.held_by_several(officer) == [[mine, theirs]]
    stands, _back = agreed(*pair)
    [found] = identity.find_by_number("502131-1234567", by=officer)
    assert (found.person_id, found.name) == (stands.pk, "가상하나")
    assert identity_queries.held_by_several(officer) == []
    assert identity_queries.others_with(mine, officer) == []
    [listed] = identity_queries.of_persons([stands])[stands.pk]
    assert listed.person_id in (10011, 10031)


def timeline(home, catalogue):
    """The kinds of what the household's page tells of its past."""
    return {one.kind for one in people.timeline(people.known(home, catalogue), people.notes(home))}


def test_relatives_promises_and_what_befell_the_other_entry_are_told_with_the_one_that_stands(
    pair, agreed, officer, catalogue
):
    stands, back = pair
    register.add_relation(
        back, "가상친척", Relation.Kind.CHILD, by=officer, source=Source.VISIT, on=_day(OLD)
    )
    with transaction.atomic():
        LifeEvent.objects.create(
            household=back.household, person=back, kind="moved_in", happened_on=OLD, source=Source.REGISTER
        )
    promise = actions.write_note(
        back.household, by=officer, kind=Note.Kind.PROMISE, text="쌀 전달", due_on=_day("2027-01-01")
    )
    stands, back = agreed(stands, back)
    home = Household.objects.get(pk=stands.household_id)
    [relation] = people.relations(home)
    assert (relation.name, relation.person.stands) == ("가상친척", stands)
    assert [one.pk for one in people.promises(people.notes(home))] == [promise.pk]
    assert {"moved_in", "promise", "merged"} <= timeline(home, catalogue)
    actions.settle_note(home, promise.pk, by=officer)
    part(back, by=officer)
    home = Household.objects.get(pk=home.pk)
    assert people.relations(home) == []
    assert "moved_in" not in timeline(home, catalogue)


def test_a_household_of_others_keeps_its_notes_when_one_of_them_steps_back(pair, agreed, officer):
    stands, back = pair
    made(1003, 10032, "가상두리")
    actions.write_note(back.household, by=officer, kind=Note.Kind.WARNING, text="개 조심")
    stands, _back = agreed(stands, back)
    assert people.warnings(people.notes(stands.household)) == []
    assert [one.text for one in people.warnings(people.notes(Household.objects.get(pk=1003)))] == ["개 조심"]


def test_the_household_that_is_left_without_members_is_dissolved_and_the_other_entry_moves_along(
    pair, agreed, officer
):
    stands, back = agreed(*pair)
    assert Household.objects.get(pk=1003).dissolved_on == back.left_on
    home = register.register_household(1009, Household.objects.get(pk=1001).centre, by=officer)
    register.move(stands, home, by=officer, on=_day(NEW))
    assert again(back)[0].household_id == 1009
    with pytest.raises(ValidationError, match="10011"):
        register.move(again(back)[0], Household.objects.get(pk=1001), by=officer, on=_day(NEW))
    part(back, by=officer)
    assert [one.household_id for one in again(stands, back)] == [1009, 1003]


# -- other stages ------------------------------------------------------------------------------------------------------


@pytest.fixture
def consented(officer):
    """Record somebody's consent to the checking of finances: consented(person)."""
    privacy.publish_texts()
    text = privacy_queries.text_in_force(ConsentPurpose.FINANCIAL, "ko", timezone.localdate())

    def give(person):
        items = {item["id"]: True for item in text.body["items"]}
        return privacy.give_consent(person, text, items, by=officer, manner=Manner.SCREEN)

    return give


def consent(person):
    standing = privacy_queries.consent_for(person, ConsentPurpose.FINANCIAL, timezone.localdate())
    told = privacy_queries.standings_in(person.household, timezone.localdate()).get(person.pk, [])
    on_page = [one for one in told if one.consent_purpose == ConsentPurpose.FINANCIAL]
    assert on_page == ([standing] if standing.consent else [])
    return standing.allows()


def test_a_consent_given_for_the_other_entry_holds_until_the_two_are_parted(pair, agreed, officer, consented):
    consented(pair[1])
    stands, back = agreed(*pair)
    assert consent(stands)
    part(back, by=officer)
    stands, back = again(stands, back)
    assert (consent(stands), consent(back)) == (False, True)


@pytest.mark.parametrize("asked_for", ["the one that stands", "the other"])
def test_erasing_either_entry_erases_the_resident_and_nobody_else(
    pair, agreed, officer, second, consented, asked_for
):
    known = programmes.catalogue()
    partner = made(1001, 10012, "가상두리")
    neighbour = made(1003, 10032, "가상이웃")
    stands, back = agreed(*pair)
    for person, won in ((stands, 111), (back, 222), (partner, 333), (neighbour, 444)):
        told(person, {"earned_income": won}, known, officer, source=Source.RESIDENT)
    _number(back, "5021311234567", officer)
    consented(back)
    of = stands if asked_for == "the one that stands" else back
    request = privacy.receive_request(of, "erasure", by=officer, identity="card")
    planned = {line.kind.model: line.rows for line in erasure.plan(of, timezone.localdate())}
    assert (planned["people.person"], planned["people.factrecord"]) == (2, 2)
    privacy.decide_erasure(request, by=second, granted=True, answer="삭제하였습니다.")
    assert [(one.name, one.phone, one.records.count()) for one in again(stands, back)] == [("", "", 0)] * 2
    assert not again(back)[0].identity_numbers.exists()
    assert not consent(again(stands)[0])
    assert [(one.name, one.records.count()) for one in again(partner, neighbour)] == [
        ("가상두리", 1),
        ("가상이웃", 1),
    ]
    part(back, by=officer)
    assert [one.name for one in again(stands, back)] == ["", ""]


def test_an_interview_with_both_entries_at_the_table_forgets_both_and_keeps_the_others(
    db, agreed, officer, second, catalogue
):
    stands, back, partner = (
        made(1001, 10011 + place, name) for place, name in enumerate(("가상하나", "가상한아", "가상두리"))
    )
    held = Interview.objects.create(
        centre_id=CHUNGHYEON,
        household_id=1001,
        held_by=officer,
        as_of=timezone.localdate(),
        catalogue_version="x",
        known={
            "household": {},
            "members": [{"earned_income": 1}, {"earned_income": 2}, {"earned_income": 3}],
        },
        answers=[{"fact": "disability", "members": [0, 1, 2], "value": ["mild", "mild", "severe"]}],
    )
    Interview.objects.filter(pk=held.pk).update(opened_at=timezone.now() - timedelta(days=9))
    stands, _back = agreed(stands, back)
    request = privacy.receive_request(stands, "erasure", by=officer, identity="card")
    privacy.decide_erasure(request, by=second, granted=True, answer="삭제하였습니다.")
    held.refresh_from_db()
    assert held.known["members"] == [{}, {}, {"earned_income": 3}]
    assert held.answers == [{"fact": "disability", "members": [2], "value": ["severe"]}]
    assert again(partner)[0].name == "가상두리"


@pytest.mark.parametrize("asked_for", [0, 1])
def test_the_paper_for_a_resident_tells_what_is_held_of_both_entries(
    pair, agreed, officer, consented, asked_for
):
    known = programmes.catalogue()
    told(pair[0], {"earned_income": 1_234_567}, known, officer)
    told(pair[1], {"earned_income": 7_654_321}, known, officer)
    consented(pair[1])
    actions.write_note(pair[1].household, by=officer, kind=Note.Kind.NOTE, text="지어낸 메모")
    both = agreed(*pair)
    request = privacy.receive_request(both[asked_for], "access", by=officer, identity="card")
    text = right_of_access.document(both[asked_for], timezone.localdate(), request=request).text
    for said in ("가상하나", "가상한아", "10031", "010-0000-5678", "1,234,567", "7,654,321", "지어낸 메모"):
        assert said in text
    assert "기록된 동의가 없습니다" not in text
    part(both[1], by=officer)
    text = right_of_access.document(again(pair[0])[0], timezone.localdate(), request=request).text
    assert "가상한아" not in text


def test_the_name_of_one_entry_is_kept_as_long_as_the_other_has_a_consent_or_waits_for_an_answer(
    pair, agreed, officer, consented
):
    catalogue = programmes.catalogue()
    for person in pair:
        told(person, {"earned_income": 1}, catalogue, officer, "2019-03-01")
    stands, back = agreed(*pair)
    over = kind_of("people.person").over

    def due():
        return set(over(date(2026, 6, 1)).values_list("pk", flat=True))

    assert due() == {stands.pk, back.pk}
    request = privacy.receive_request(back, "access", by=officer, identity="card")
    assert due() == set()
    privacy.answer_request(request, "안내함", by=officer)
    assert due() == {stands.pk, back.pk}
    consented(stands)
    assert due() == set()


def test_a_row_of_a_list_that_names_either_entry_speaks_of_the_one_that_stands(pair, agreed, officer):
    catalogue = programmes.catalogue()
    for person in pair:
        told(person, {"birth_date": "1950-02-01"}, catalogue, officer)
    Person.objects.filter(pk=10031).update(name="가상하나")
    of = AgencyList.objects.create(name="가상 명단", agency="가상 기관", created_by=officer)
    rows = [{"name": "가상하나", "birth_date": "1950-02-01"}, {"person_id": "10031"}]
    assert people_of_rows(rows[:1], [CHUNGHYEON], of)[0].why == "several"
    stands, _back = agreed(*again(*pair))
    found = people_of_rows(rows, [CHUNGHYEON], of)
    assert [(one.why, one.person, one.household.pk) for one in found] == [
        ("exact", stands, 1001),
        ("number", stands, 1001),
    ]


def test_a_row_that_says_what_the_other_entry_says_adds_nothing(pair, agreed, officer, catalogue):
    told(pair[1], {"earnings": 200}, catalogue, officer, source=Source.REGISTER)
    stands, back = agreed(*pair)
    standings = Standings([stands], [stands.household], catalogue)
    for person in (stands, back):
        found = standings.difference({"earnings": 200}, person, stands.household, _day(NEW))
        assert (found.outcome, found.of_person) == ("same", {})


def test_the_work_list_names_the_resident_once_as_soon_as_the_two_are_merged(pair, agreed, officer):
    run = Run.objects.create(as_of=timezone.localdate(), state=Run.State.DONE, finished_at=timezone.now())
    for person in pair:
        Missed.objects.create(
            run=run,
            household=person.household,
            person=person,
            centre_id=CHUNGHYEON,
            programme="x",
            won_a_year=10,
        )
    Missed.objects.create(run=run, household_id=1003, centre_id=CHUNGHYEON, programme="x", won_a_year=10)
    screening.list_anew(run=run)

    def listed():
        return {item.household: item.won_a_year for item in screening_queries.worklist(run, None)}

    assert listed() == {1001: 10, 1003: 20}
    _stands, back = agreed(*pair)
    assert listed() == {1001: 10}
    part(back, by=officer)
    assert listed() == {1001: 10, 1003: 20}


def test_whoever_looked_at_the_other_entry_looked_at_this_resident(pair, agreed, officer, catalogue):
    for household in (1001, 1003):
        actions.open_household(household, catalogue, by=officer, purpose=Purpose.UPKEEP)
    agreed(*pair)
    opened = AccessRecord.objects.filter(verb="people.opened")
    assert [(one.household, one.person) for one in inspection.affected(opened)] == [
        (1001, 10011),
        (1003, 10011),
    ]


# -- parted ----------------------------------------------------------------------------------------------------------


def everything(*persons):
    """What the register and its records hold about persons and the households they came from."""
    rows = Person.objects.filter(pk__in=[person.pk for person in persons]).order_by("pk")
    homes = Household.objects.order_by("pk")
    return (
        list(rows.values()),
        list(homes.values()),
        {person.pk: list(person.records.order_by("pk").values()) for person in persons},
        {person.pk: list(person.relations.order_by("pk").values()) for person in persons},
        {person.pk: set(person.identity_numbers.values_list("pk", flat=True)) for person in persons},
    )


def test_parted_both_are_exactly_as_they_were(pair, agreed, officer, catalogue):
    stands, back = pair
    told(stands, {"earnings": 100}, catalogue, officer)
    told(back, {"earnings": 200}, catalogue, officer)
    _number(back, "5021311234567", officer)
    before, in_run = everything(*pair), in_snapshot(catalogue)
    stands, back = agreed(stands, back)
    assert everything(*pair) != before
    part(back, by=officer)
    assert everything(*pair) == before
    assert in_snapshot(catalogue) == in_run
    assert verbs(2) == ["people.parted_persons", "people.parted_persons"]
    assert {event.household_id for event in LifeEvent.objects.filter(kind="parted")} == {1001, 1003}
    with pytest.raises(ValidationError, match="병합되어 있지"):
        part(again(back)[0], by=officer)


def test_parted_after_later_edits_each_has_its_own_and_what_was_recorded_meanwhile_stays_with_the_one_that_stood(
    pair, agreed, officer, catalogue
):
    stands, back = pair
    told(stands, {"earnings": 100}, catalogue, officer, OLD)
    told(back, {"earnings": 200}, catalogue, officer, NEW)
    stands, back = agreed(stands, back)
    told(stands, {"earnings": 300, "registered_disabled": False}, catalogue, officer, "2026-04-05")
    _number(stands, "5021311234567", officer)
    part(back, by=officer)
    stands, back = again(stands, back)
    assert facts_of(stands, catalogue) == {"earnings": 300, "registered_disabled": False}
    assert facts_of(back, catalogue) == {"earnings": 200}
    assert stands.identity_numbers.count() == 1
    assert not back.identity_numbers.exists()
    assert [one.person_id for one in people.search("가상한아", officer)] == [back.pk]


def test_somebody_who_had_left_before_is_parted_as_somebody_who_had_left(agreed, pair, officer):
    left = made(1005, 10051, "가상하나", left_on=OLD, left_by="moved_out")
    Household.objects.filter(pk=1005).update(dissolved_on=OLD)
    before = everything(pair[0], left)
    _stands, back = agreed(pair[0], left)
    assert back.left_by == Person.Left.MOVED_OUT
    part(back, by=officer)
    assert everything(pair[0], left) == before


COUPLES = {
    "of another household": ((1001, None), (1003, 1), (1003, 1)),
    "of the same household": ((1001, None), (1001, 1), (1001, 1)),
    "both with somebody else": ((1001, 2), (1001, 1), (1001, 1)),
}


@pytest.mark.parametrize("case", COUPLES)
def test_nobody_is_half_a_couple_and_a_couple_comes_back(db, agreed, officer, catalogue, case):
    stands, back, partner = (
        made(household, 10011 + place, f"가상{place}", couple=couple)
        for place, (household, couple) in enumerate(COUPLES[case])
    )
    if case == "both with somebody else":
        made(1001, 10019, "가상구", couple=2)
    before = everything(stands, back, partner)
    stands, back = agreed(stands, back)
    for household in Household.objects.filter(dissolved_on=None):
        people.known(household, catalogue).described()  # refuses a number that one member has alone
    assert again(partner)[0].couple == (1 if case == "of the same household" else None)
    assert stands.couple == {"of the same household": 1, "both with somebody else": 2}.get(case)
    part(back, by=officer)
    assert everything(stands, back, partner) == before


def test_a_couple_whose_other_half_has_left_meanwhile_is_not_put_back(db, agreed, officer, catalogue):
    stands, back = made(1001, 10011, "가상하나"), made(1003, 10031, "가상하나", couple=1)
    partner = made(1003, 10032, "가상두리", couple=1)
    stands, back = agreed(stands, back)
    register.register_leaving(again(partner)[0], by=officer, how=Person.Left.DEATH, on=_day(NEW))
    assert Household.objects.get(pk=1003).dissolved_on is not None
    part(back, by=officer)
    assert again(back)[0].couple is None
    assert Household.objects.get(pk=1003).dissolved_on is None
    people.known(Household.objects.get(pk=1003), catalogue).described()


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["merge", "part", "tell", "move"]),
        st.integers(0, 3),
        st.integers(0, 3),
        st.integers(0, 9),
    ),
    max_size=12,
)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=STEPS)
def test_whatever_was_done_in_between_parting_all_gives_everybody_their_own_back(
    officer, second, catalogue, steps
):
    """Four entries, any deeds in any order: page and run always agree, and in the end each has what was recorded of itself."""
    with transaction.atomic():
        entries = [made(3001 + place, 30010 + place, f"가상{place}") for place in range(4)]
        own = {entry.pk: {} for entry in entries}
        homes = {entry.pk: entry.household_id for entry in entries}
        for number, (deed, one, other, amount) in enumerate(steps):
            first, other_one = again(entries[one], entries[other])
            try:
                if deed == "merge":
                    approval = ask_to_merge(first, other_one, catalogue, by=officer, reason=REASON)
                    approvals.decide(approval, second, granted=True)
                    merge(first, other_one, by=officer)
                elif deed == "part":
                    part(first, by=officer)
                elif deed == "tell":
                    told(first.stands, {"earnings": amount}, catalogue, officer, f"2026-01-{number + 1:02}")
                    own[first.stands.pk]["earnings"] = amount
                else:
                    register.move(first, other_one.household, by=officer, on=_day(NEW))
                    homes[first.pk] = other_one.household_id
            except ValidationError:
                continue
            rows = in_snapshot(catalogue)
            for entry in again(*entries):
                assert entry.same_as is None or entry.household_id == entry.same_as.household_id
                if entry.same_as is None:
                    said = facts_of(entry, catalogue)
                    assert rows[entry.pk]["earnings"] == said.get("earnings")
        for entry in again(*entries):
            if entry.same_as is not None:
                part(entry, by=officer)
        for entry in again(*entries):
            assert facts_of(entry, catalogue) == own[entry.pk]
            assert (entry.household_id, entry.left_on, entry.left_by) == (homes[entry.pk], None, "")
            assert entry.household.dissolved_on is None
        transaction.set_rollback(True)


# -- the pages -------------------------------------------------------------------------------------------------------


@pytest.fixture
def client(officer):
    client = Client()
    client.force_login(officer)
    return client


def shown(answer):
    return answer.content.decode()


def test_the_pages_lead_from_a_member_to_the_merging_and_back(client, pair, officer, second, catalogue):
    stands, back = pair
    told(back, {"earnings": 200}, catalogue, officer)
    actions.open_household(1001, catalogue, by=officer, purpose=Purpose.UPKEEP)
    home = reverse("household", args=[1001])
    look = reverse("find_same", args=[1001, stands.pk])
    both = reverse("merge", args=[1001, stands.pk, back.pk])
    assert look in shown(client.get(home))
    assert both in shown(client.post(look, {"text": "5678"}))
    asked = client.get(both)  # the other household has to be opened for a purpose, too
    assert asked.status_code == 302
    assert reverse("state_purpose", args=[1003]) in asked.headers["Location"]
    assert "가상한아" not in shown(client.get(asked.headers["Location"]))
    stated = client.post(asked.headers["Location"], {"purpose": "upkeep"})
    assert stated.headers["Location"] == both
    page = shown(client.get(both))
    assert "가상하나" in page
    assert "가상한아" in page
    assert "502131-1******" in page
    assert "010-0000-5678" in page
    assert page.count("불일치") >= 3
    assert client.post(both, {"reason": ""}).status_code == 200
    assert not Approval.objects.exists()
    client.post(both, {"reason": REASON})
    client.post(both)  # still waiting
    assert again(back)[0].same_as is None
    approvals.decide(Approval.objects.get(), second, granted=False, answer="신분증 사본 필요")
    assert "신분증 사본 필요" in shown(client.get(both))
    client.post(both, {"reason": f"{REASON} (신분증 확인)"})
    approvals.decide(Approval.objects.get(deed=Deed.MERGE_PERSONS, granted=None), second, granted=True)
    assert client.post(both).headers["Location"] == home
    page = shown(client.get(home))
    assert "가상한아 (10031)" in page
    assert both in page
    assert "병합 해제" in shown(client.get(both))
    assert client.post(reverse("part", args=[1001, stands.pk, back.pk])).headers["Location"] == home
    assert "가상한아" not in shown(client.get(home)).split('id="timeline"')[0]
    assert again(back)[0].household_id == 1003


def test_the_page_of_a_household_asks_the_database_one_thing_more_however_many_entries_are_merged(
    client, pair, agreed, catalogue, officer
):
    actions.open_household(1001, catalogue, by=officer, purpose=Purpose.UPKEEP)
    page = reverse("household", args=[1001])
    client.get(page)
    with CaptureQueriesContext(
        connection,
    ) as before:
        client.get(page)
    agreed(*pair)
    with CaptureQueriesContext(connection) as merged:
        assert "가상한아 (10031)" in shown(client.get(page))
    assert len(merged) == len(before) + 1  # for the household that nobody lives in any more


def test_what_cannot_be_seen_cannot_be_compared_and_looks_like_what_is_not_there(pair, someone, catalogue):
    made(1002, 10021, "가상비밀")
    Household.objects.filter(pk=1002).update(sealed=True)
    made(2001, 20011, "가상하나", SINCHON)
    coordinator = someone(Role.COORDINATOR)
    actions.open_household(1001, catalogue, by=coordinator, purpose=Purpose.UPKEEP)
    client = Client()
    client.force_login(coordinator)
    for other in (10021, 20011, 999):
        assert client.get(reverse("merge", args=[1001, 10011, other])).status_code == 404
        assert client.post(reverse("merge", args=[1001, 10011, other]), {"reason": REASON}).status_code == 404
    assert "가상비밀" not in shown(client.post(reverse("find_same", args=[1001, 10011]), {"text": "가상"}))


def test_who_sees_only_where_the_resident_lives_sees_the_merging_and_cannot_undo_it(
    pair, agreed, someone, catalogue
):
    elsewhere = made(2001, 20011, "가상서이", SINCHON)
    agreed(pair[0], elsewhere)
    coordinator = someone(Role.COORDINATOR)
    actions.open_household(1001, catalogue, by=coordinator, purpose=Purpose.UPKEEP)
    client = Client()
    client.force_login(coordinator)
    assert "가상서이 (20011)" in shown(client.get(reverse("household", args=[1001])))
    page = shown(client.get(reverse("merge", args=[1001, 10011, 20011])))
    assert "구청에 요청" in page
    assert "2001 ·" not in page
    assert client.post(reverse("part", args=[1001, 10011, 20011])).status_code == 404
    assert again(elsewhere)[0].same_as_id == 10011


def test_after_the_purpose_nobody_is_led_out_of_the_hub(client, pair):
    ask = reverse("state_purpose", args=[1001])
    answer = client.post(f"{ask}?then=https://example.org/", {"purpose": "upkeep"})
    assert answer.headers["Location"] == reverse("household", args=[1001])


def test_what_an_approval_is_for_names_both_in_their_order(pair):
    stands, back = pair
    assert subject(stands, back) != subject(back, stands)
