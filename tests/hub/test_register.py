"""What befalls a household leaves a line in its history, and nothing is written over."""

from datetime import date, timedelta

import pytest
from django.core.exceptions import ValidationError
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from hub import walls
from hub.access.access import Refused
from hub.access.purposes import Purpose
from hub.access.roles import Role
from hub.organisation.models import Centre
from hub.people import actions, queries, register
from hub.people.models import Address, FactRecord, Household, LifeEvent, Note, Opening, Person, Relation
from hub.people.sources import Source
from tests.hub.conftest import CHUNGHYEON, SINCHON

pytestmark = pytest.mark.django_db
DAY = date(2026, 3, 1)


def history(household):
    return [
        (event.kind, event.person and event.person.name, event.other)
        for event in household.events.order_by("pk")
    ]


def test_a_birth_adds_a_member_and_a_line(coordinator, household):
    person = register.register_person(
        household, "가상세찬", by=coordinator, event=LifeEvent.Kind.BIRTH, on=DAY, birth_date=DAY
    )
    assert household.members.count() == 3
    assert FactRecord.objects.get(person=person).values == {"birth_date": "2026-03-01"}
    assert history(household) == [("birth", "가상세찬", None)]
    assert [line.person_id for line in actions.search("가상세찬", by=coordinator)] == [person.pk]


def test_a_death_leaves_the_person_on_record_and_out_of_the_household(coordinator, household, catalogue):
    first = household.members.order_by("pk")[0]
    register.register_leaving(first, by=coordinator, how=Person.Left.DEATH, on=DAY)
    known = queries.known(household, catalogue)
    assert [member.person.name for member in known.members] == ["가상두리"]
    assert known.members[0].person.couple is None  # widowed
    assert history(household) == [("death", "가상하나", None)]
    _, members = queries.tables_for_snapshot(catalogue)
    assert members["name"].to_pylist() == ["가상두리"]
    with pytest.raises(ValidationError):
        register.register_leaving(first, by=coordinator, how=Person.Left.DEATH, on=DAY)


def test_with_its_last_member_a_household_is_dissolved_and_leaves_the_snapshot(
    coordinator, household, catalogue
):
    for person in household.members.all():
        register.register_leaving(person, by=coordinator, how=Person.Left.MOVED_OUT, on=DAY)
    household.refresh_from_db()
    assert household.dissolved_on == DAY
    assert queries.tables_for_snapshot(catalogue)[0].num_rows == 0


def test_a_split_moves_a_person_with_what_is_known_and_both_histories_say_so(
    coordinator, household, catalogue
):
    second = household.members.order_by("pk")[1]
    actions.record_facts(second, {"earnings": 5}, catalogue, by=coordinator, source=Source.VISIT)
    new = register.register_household(1002, Centre.objects.get(code=CHUNGHYEON), by=coordinator)
    register.move(second, new, by=coordinator, on=DAY, split=True)
    assert history(household) == [("split_off", "가상두리", 1002)]
    assert history(new) == [("formed", "가상두리", 1001)]
    assert queries.known(new, catalogue).members[0].facts["earnings"].value == 5
    assert Person.objects.get(pk=second.pk).couple is None


def test_a_move_between_dongs_is_kept_by_the_dong_of_arrival(someone, household, household_elsewhere):
    person = household.members.order_by("pk")[0]
    arriving = someone(Role.COORDINATOR, SINCHON)
    with walls.within(walls.of_duty([CHUNGHYEON, SINCHON])):
        register.move(person, household_elsewhere, by=arriving, on=DAY)
    with walls.within(walls.of_duty([SINCHON])):
        assert Person.objects.get(pk=person.pk).household == household_elsewhere


def test_a_new_address_ends_the_old_one_and_keeps_it(coordinator, household):
    kind = Address.Kind.REGISTERED
    register.change_address(household, kind, "가상로 1", by=coordinator, on=date(2025, 1, 1))
    register.change_address(household, kind, "가상로 2", by=coordinator, on=DAY)
    register.change_address(household, Address.Kind.ACTUAL, "가상로 3", by=coordinator, on=DAY)
    assert [(one.kind, one.text) for one in queries.addresses(household)] == [
        ("registered", "가상로 2"),
        ("actual", "가상로 3"),
    ]
    old = household.addresses.get(text="가상로 1")
    assert (old.since, old.until) == (date(2025, 1, 1), DAY - timedelta(days=1))
    assert [event.before for event in household.events.all()] == ["가상로 1"]


def test_a_change_of_dong_moves_the_household_out_of_sight_of_the_old_one(coordinator, household):
    with walls.within(walls.of_duty([CHUNGHYEON])):
        register.change_address(
            household,
            Address.Kind.REGISTERED,
            "가상로 9",
            by=coordinator,
            on=DAY,
            centre=Centre.objects.get(code=SINCHON),
        )
        assert not Household.objects.filter(pk=household.pk).exists()


@pytest.mark.parametrize("change", ["birth", "leave", "address", "household"])
def test_the_register_is_changed_by_nobody_without_the_right_in_the_dong(someone, household, change):
    for by in (someone(Role.NURSE), someone(Role.COORDINATOR, SINCHON), someone(Role.ADMINISTRATOR)):
        with pytest.raises(Refused):
            match change:
                case "birth":
                    register.register_person(household, "가상", by=by, event=LifeEvent.Kind.BIRTH, on=DAY)
                case "leave":
                    register.register_leaving(household.members.first(), by=by, how=Person.Left.DEATH, on=DAY)
                case "address":
                    register.change_address(household, Address.Kind.ACTUAL, "가상로 1", by=by, on=DAY)
                case "household":
                    register.register_household(77, household.centre, by=by)
    assert not LifeEvent.objects.exists()


def test_nothing_happens_tomorrow(coordinator, household):
    tomorrow = timezone.localdate() + timedelta(days=1)
    with pytest.raises(ValidationError):
        register.register_person(household, "가상", by=coordinator, event=LifeEvent.Kind.BIRTH, on=tomorrow)


def test_a_number_in_use_elsewhere_is_refused_without_showing_whose(coordinator, household_elsewhere):
    with walls.within(walls.of_duty([CHUNGHYEON])), pytest.raises(ValidationError):
        register.register_household(2001, Centre.objects.get(code=CHUNGHYEON), by=coordinator)


# -- unknown, refused, none ----------------------------------------------------------------------------------------


@pytest.fixture
def say(coordinator, household, catalogue):
    def record(values=(), gaps=(), source=Source.VISIT, on=DAY, **more):
        return actions.record_facts(
            household,
            dict(values),
            catalogue,
            by=coordinator,
            source=source,
            collected_on=on,
            gaps=dict(gaps),
            **more,
        )

    return record


def standing(household, catalogue, name, on=None):
    return queries.known(household, catalogue, on).facts[name]


def test_unknown_refused_and_none_are_three_things(say, household, catalogue):
    for said in ("unknown", "refused"):
        say(gaps={"rent": said})
        stands = standing(household, catalogue, "rent")
        assert (stands.value, stands.why, stands.now.said) == (None, "gap", said)
    say(gaps={"rent": "none", "tenure": "none"})
    rent, tenure = standing(household, catalogue, "rent"), standing(household, catalogue, "tenure")
    assert (rent.value, rent.now.said) == (0, "none")  # no rent is no rent
    assert (tenure.value, tenure.now.said) == (None, "none")
    assert queries.known(household, catalogue).described().facts == {"rent": 0}


def test_a_refusal_pushes_no_value_aside_and_is_kept_beside_it(say, household, catalogue):
    say({"rent": 300_000})
    say(gaps={"rent": "refused"}, on=DAY + timedelta(days=9))
    stands = standing(household, catalogue, "rent")
    assert (stands.value, [other.said for other in stands.others]) == (300_000, ["refused"])


def test_there_is_no_such_thing_pushes_an_older_value_aside(say, household, catalogue):
    say({"tenure": "rent"})
    say(gaps={"tenure": "none"}, on=DAY + timedelta(days=1))
    assert standing(household, catalogue, "tenure").value is None
    row = queries.tables_for_snapshot(catalogue)[0].to_pylist()[0]
    assert row["tenure"] is None


def test_what_expired_is_past_and_the_one_before_stands_again(say, household, catalogue):
    say({"rent": 1}, on=date(2026, 1, 1))
    say({"rent": 2}, on=date(2026, 2, 1), expires_on=date(2026, 2, 28))
    assert standing(household, catalogue, "rent", date(2026, 2, 28)).value == 2
    assert standing(household, catalogue, "rent", date(2026, 3, 1)).value == 1
    for day, rent in ((date(2026, 2, 28), 2), (date(2026, 3, 1), 1)):
        assert queries.tables_for_snapshot(catalogue, on=day)[0]["rent"].to_pylist() == [rent]


def test_what_expired_and_has_nothing_before_it_is_unknown(say, household, catalogue):
    say({"rent": 2}, expires_on=DAY)
    stands = standing(household, catalogue, "rent", DAY + timedelta(days=1))
    assert (stands.value, stands.why) == (None, "expired")
    later = queries.tables_for_snapshot(catalogue, on=DAY + timedelta(days=1))[0]
    assert later["rent"].to_pylist() == [None]


@pytest.mark.parametrize(
    ("values", "gaps", "more"),
    [
        ({"rent": 1}, {"rent": "refused"}, {}),
        ({}, {"rent": "forgotten"}, {}),
        ({}, {"no_fact": "unknown"}, {}),
        ({"rent": 1}, {}, {"expires_on": DAY - timedelta(days=1)}),
    ],
)
def test_what_contradicts_itself_is_refused(say, values, gaps, more):
    with pytest.raises(ValidationError):
        say(values, gaps, **more)


# -- on the household's page ---------------------------------------------------------------------------------------


@pytest.fixture
def desk(coordinator, household):
    Opening.objects.create(
        household=household,
        user=coordinator,
        purpose=Purpose.VISIT,
        until=timezone.now() + timedelta(days=1),
    )
    client = Client()
    client.force_login(coordinator)
    return client


def post(desk, page, *arguments, **given):
    return desk.post(reverse(page, args=arguments), given)


def test_notes_promises_and_warnings_are_written_shown_and_settled(desk, household):
    post(desk, "write_note", household.pk, kind="note", text="문 앞에 우유가 쌓여 있음")
    post(desk, "write_note", household.pk, kind="promise", text="신청서를 가져가기로 함", due_on="2026-01-05")
    post(desk, "write_note", household.pk, kind="warning", text="큰 개가 있음")
    page = desk.get(reverse("household", args=[household.pk])).content.decode()
    for words in ("우유가 쌓여", "신청서를 가져가기로", "2026-01-05", "기한 지남", "큰 개가"):
        assert words in page
    promise, warning = Note.objects.get(kind="promise"), Note.objects.get(kind="warning")
    for note in (promise, warning):
        post(desk, "settle_note", household.pk, note.pk)
    written = queries.notes(household)
    assert queries.promises(written) == queries.warnings(written) == []
    assert (
        "큰 개가" in desk.get(reverse("household", args=[household.pk])).content.decode()
    )  # in the timeline


def test_a_promise_without_a_day_comes_back_with_what_was_written(desk, household):
    page = post(desk, "write_note", household.pk, kind="promise", text="쌀을 보내기로 함")
    assert page.status_code == 200
    assert "쌀을 보내기로 함" in page.content.decode()
    assert not Note.objects.exists()


def test_a_note_of_another_household_cannot_be_settled_here(
    desk, coordinator, household, household_elsewhere, someone
):
    note = actions.write_note(
        household_elsewhere, by=someone(Role.NURSE, SINCHON), kind=Note.Kind.WARNING, text="주의"
    )
    assert post(desk, "settle_note", household.pk, note.pk).status_code == 404
    assert post(desk, "settle_note", household_elsewhere.pk, note.pk).status_code == 404


def test_nothing_is_written_before_a_purpose_was_stated(desk, household):
    Opening.objects.all().delete()
    for page in ("write_note", "choose_fact", "new_person", "leaving", "new_address", "new_relation"):
        answer = (
            post(desk, page, household.pk)
            if page == "write_note"
            else desk.get(reverse(page, args=[household.pk]))
        )
        asked = reverse("state_purpose", args=[household.pk])
        assert answer.headers["Location"].partition("?")[0] == asked, page


def test_a_fact_is_recorded_from_the_page_with_source_day_and_expiry(desk, household):
    address = reverse("record_fact", args=[household.pk, "monthly_rent"])
    given = {
        "said": "value",
        "value": "250000",
        "source": "document",
        "collected_on": "2026-03-01",
        "expires_on": "",
    }
    assert desk.post(address, given).status_code == 302
    made = FactRecord.objects.get(household=household)
    assert (made.values, made.source) == ({"monthly_rent": 250000}, "document")
    assert desk.post(address, given | {"said": "refused", "value": ""}).status_code == 302
    whole = {"part": "all"}
    page = desk.get(reverse("household", args=[household.pk]), whole).content.decode()
    part = desk.get(
        reverse("household", args=[household.pk]), {"part": "record"}, headers={"HX-Request": "true"}
    ).content.decode()
    assert "<html" not in part
    assert "250,000" in part
    assert "250,000" in page
    assert "밝히지 않음" in page


@pytest.mark.parametrize(
    "wrong",
    [{"value": ""}, {"value": "-1"}, {"value": "x"}, {"source": "register"}, {"collected_on": "2999-01-01"}],
)
def test_a_fact_that_does_not_fit_comes_back_with_what_is_wrong(desk, household, wrong):
    address = reverse("record_fact", args=[household.pk, "monthly_rent"])
    given = {"said": "value", "value": "1", "source": "visit", "collected_on": "2026-03-01"} | wrong
    page = desk.post(address, given)
    assert page.status_code == 200
    assert "errorlist" in page.content.decode()
    assert not FactRecord.objects.exists()


def test_a_members_fact_needs_a_member_of_this_household(desk, household, household_elsewhere):
    stranger = household_elsewhere.members.first()
    address = reverse("record_fact", args=[household.pk, "earned_income"])
    for member in ("", "x", str(stranger.pk)):
        assert desk.get(address, {"member": member}).status_code == 404


def test_the_register_is_kept_from_the_page(desk, household):
    today = str(timezone.localdate())
    post(desk, "new_person", household.pk, event="birth", name="가상세찬", birth_date=today, on=today)
    post(desk, "new_address", household.pk, kind="registered", text="가상로 77", on=today)
    first = household.members.order_by("pk")[0]
    post(desk, "leaving", household.pk, person=first.pk, how="moved_out", on=today)
    other = household.members.get(name="가상두리")
    post(
        desk,
        "new_relation",
        household.pk,
        person=other.pk,
        name="가상먼이",
        kind="child",
        obligor="on",
        source="resident",
    )
    page = desk.get(reverse("household", args=[household.pk])).content.decode()
    for words in ("가상세찬", "가상로 77", "가상먼이", "관외 전출"):
        assert words in page
    relation = Relation.objects.get()
    post(desk, "end_relation", household.pk, relation.pk)
    assert queries.relations(household) == []


def test_a_split_from_the_page_forms_a_household(desk, household):
    second = household.members.order_by("pk")[1]
    today = str(timezone.localdate())
    page = post(desk, "leaving", household.pk, person=second.pk, how="split", on=today)
    assert page.status_code == 200  # which household?
    assert (
        post(desk, "leaving", household.pk, person=second.pk, how="split", to=1002, on=today).status_code
        == 302
    )
    assert Person.objects.get(pk=second.pk).household_id == 1002
    page = post(
        desk, "leaving", household.pk, person=household.members.first().pk, how="moved", to=2001, on=today
    )
    assert "이 번호의 가구가 관할 구역에 없습니다" in page.content.decode()
