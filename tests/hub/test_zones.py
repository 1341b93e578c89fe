"""Zones: a household lies in one by its address, and a post may end at its zones, at the gates and in the database."""

from datetime import date, timedelta

import pyarrow as pa
import pytest
from django.core.exceptions import ValidationError
from django.db import DatabaseError, connection, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from hub import walls
from hub.access.access import Refused, area_of_duty, may
from hub.access.actions import change_zones, give_post
from hub.access.models import AccessRecord, Post, RightsRecord, User
from hub.access.queries import users_who_may
from hub.access.roles import Right, Role
from hub.organisation.models import Centre, Zone
from hub.organisation.queries import named
from hub.people import queries, register
from hub.people.access import may_about
from hub.people.models import Address, Household, Person
from hub.people.search import terms
from hub.people.zones import actions, ground
from hub.screening import queries as screening
from hub.screening.actions import list_anew
from hub.screening.models import Missed, Run
from tests.hub.conftest import CHUNGHYEON, SINCHON

pytestmark = pytest.mark.django_db

FIRST, SECOND, NOWHERE, SINCHON_HOME = 501, 502, 503, 601
HOMES = {
    FIRST: (CHUNGHYEON, "서대문구 충현동 가상하로 12, 301호", "봄가람"),
    SECOND: (CHUNGHYEON, "서대문구 충현동 가상두로 3", "봄나래"),
    NOWHERE: (CHUNGHYEON, "서대문구 충현동 가상세로 3", "봄다온"),
    SINCHON_HOME: (SINCHON, "서대문구 신촌동 가상하로 12", "봄라온"),
}


@pytest.fixture
def admin(someone):
    return someone(Role.ADMINISTRATOR)


@pytest.fixture
def homes(zones, catalogue):
    """Four households taken in as a district is, once there are two zones."""
    households = pa.table(
        {
            "household_id": list(HOMES),
            "area": [dong for dong, _address, _name in HOMES.values()],
            "address": [address for _dong, address, _name in HOMES.values()],
        }
    )
    members = pa.table(
        {
            "household_id": list(HOMES),
            "person_id": [number * 10 for number in HOMES],
            "name": [name for _dong, _address, name in HOMES.values()],
            "resident_number": ["500101-9******"] * len(HOMES),
            "couple": pa.array([None] * len(HOMES), pa.int64()),
        }
    )
    register.take_in_district(households, members, catalogue)


@pytest.fixture
def run(homes, monkeypatch):
    """A run that found something for each household."""
    monkeypatch.setattr("hub.screening.queries._summary", lambda *arguments: [])
    made = Run.objects.create(as_of=timezone.localdate(), state=Run.State.DONE, finished_at=timezone.now())
    for won, (number, (dong, _address, _name)) in enumerate(HOMES.items(), start=1):
        Missed.objects.create(
            run=made, household_id=number, centre_id=dong, programme="livelihood_benefit", won_a_year=won
        )
    list_anew(run=made)
    monkeypatch.setattr("hub.screening.queries.latest_run", lambda: made)
    return made


def zone_of(number):
    return Household.objects.get(pk=number).zone_id


def seen_by(user):
    """Households and persons the database shows a request of this user."""
    fresh = User.objects.get(pk=user.pk)
    with walls.within(walls.of_duty(area_of_duty(fresh, Right.SEE_HOUSEHOLDS))):
        homes = set(Household.objects.values_list("pk", flat=True))
        assert set(Person.objects.values_list("household", flat=True)) == homes
        assert set(Address.objects.values_list("household", flat=True)) == homes
    return homes


def browser(user):
    client = Client()
    client.force_login(user)
    return client


# -- what lies in a zone ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("가재울로", ("가재울로", None, None)),
        ("  홍제원길   1~99 ", ("홍제원길", 1, 99)),
        ("홍제원길 1 - 99", ("홍제원길", 1, 99)),
        ("홍제원길 7", ("홍제원길", 7, 7)),
        ("가재울로 12길", ("가재울로12길", None, None)),
        ("가재울로 12길 3~5", ("가재울로12길", 3, 5)),
        ("3통", ("3통", None, None)),
        ("DMC래미안", ("dmc래미안", None, None)),
    ],
)
def test_a_line_is_one_word_of_addresses_and_house_numbers_if_need_be(text, line):
    (found,) = ground.read(text)
    assert (found.word, found.first, found.last) == line


@pytest.mark.parametrize(
    "text", ["홍제원길 99~1", "홍제원길 앞 골목", "홍제원길, 가재울로", "---", "가" * 61, "홍제원길 123456"]
)
def test_a_line_that_cannot_be_read_is_refused_by_its_number(text):
    with pytest.raises(ValidationError) as problem:
        ground.read(f"가재울로\n\n{text}")
    (sentence,) = problem.value.messages
    assert "3" in sentence
    assert text[:20] in sentence


WORDS = st.sampled_from(["가상하로", "가상두로", "1통"])
LINES = st.builds(
    lambda word, ends: ground.Line("", word, *(sorted(ends) if ends else (None, None))),
    WORDS,
    st.none() | st.tuples(st.integers(1, 9), st.integers(1, 9)),
)


def lies_on(line, word, number):
    return line.word == word and (line.first is None or line.first <= number <= line.last)


@given(LINES, LINES)
def test_two_lines_overlap_when_an_address_could_lie_on_both_and_never_otherwise(one, other):
    both = any(lies_on(one, one.word, number) and lies_on(other, one.word, number) for number in range(1, 10))
    assert one.overlaps(other) == other.overlaps(one) == both


@given(st.lists(st.tuples(WORDS, st.none() | st.tuples(st.integers(1, 99), st.integers(1, 99))), max_size=8))
def test_ground_that_is_kept_reads_the_same_again(lines):
    text = "\n".join(f"{word} {min(ends)}~{max(ends)}" if ends else word for word, ends in lines)
    found = ground.read(text)
    assert ground.read("\n".join(line.text for line in found)) == found


# -- keeping zones ---------------------------------------------------------------------------------------------


def test_a_household_lies_in_the_zone_that_has_its_address_from_the_day_the_district_is_taken_in(
    homes, zones
):
    assert [zone_of(number) for number in HOMES] == [zones[0].pk, zones[1].pk, None, None]


@pytest.mark.parametrize(
    ("address", "place"),
    [
        ("서대문구 충현동 가상길 5", "numbers"),
        ("서대문구 충현동 가상길 5-2, 301호", "numbers"),
        ("서대문구 충현동 가상길 5번지", "numbers"),
        ("서대문구 충현동 가상길 11", "road"),
        ("서대문구 충현동 가상길 지하 5", "road"),
        ("서대문구 충현동 가상길12길 5", None),
        ("서대문구 충현동 가상로 12길 5", "side"),
        ("서대문구 충현동 가상로12길 5 (가상아파트)", "estate"),
        ("서대문구 충현동", None),
    ],
)
def test_of_lines_that_fit_the_nearest_to_the_address_decides(household, admin, coordinator, address, place):
    dong = Centre.objects.get(pk=CHUNGHYEON)
    grounds = {"road": "가상길", "numbers": "가상길 1~10", "side": "가상로12길", "estate": "가상아파트"}
    # Made past the action, which lets no two zones have the same ground.
    made = {}
    for number, (name, text) in enumerate(grounds.items(), start=1):
        made[name] = Zone.objects.create(
            code=f"{CHUNGHYEON}-{number:03}", centre=dong, name=name, ground=text
        ).pk
    with walls.everywhere():
        register.change_address(
            household, Address.Kind.REGISTERED, address, by=coordinator, on=date(2026, 1, 1)
        )
    assert zone_of(household.pk) == made.get(place)


def test_where_somebody_lives_counts_before_where_they_are_registered(homes, zones, coordinator):
    home = Household.objects.get(pk=FIRST)
    register.change_address(home, Address.Kind.ACTUAL, "가상두로 9", by=coordinator, on=date(2026, 1, 1))
    assert zone_of(FIRST) == zones[1].pk


def test_a_zone_that_is_made_takes_in_the_households_of_its_ground_and_the_trail_says_so(homes, admin):
    zone = actions.make(Centre.objects.get(pk=CHUNGHYEON), " 3구역 ", "가상세로\n", by=admin)
    assert (zone.pk, zone.name, zone.ground) == (f"{CHUNGHYEON}-003", "3구역", "가상세로")
    assert zone_of(NOWHERE) == zone.pk
    mark = AccessRecord.objects.get(verb="people.made_zone")
    assert (mark.actor, mark.purpose) == (admin, "1 households placed anew")


def test_moving_a_border_moves_the_households(homes, zones, admin):
    actions.change(zones[0], "1구역", "가상하로 13~99", by=admin)
    assert zone_of(FIRST) is None
    actions.change(zones[1], "2구역", "가상두로\n가상하로 1~12", by=admin)
    assert zone_of(FIRST) == zones[1].pk
    assert AccessRecord.objects.filter(verb="people.changed_zone").count() == 2


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("", "가상세로", "이름을 입력"),
        ("1구역", "가상세로", "같은 이름"),
        ("3구역", "가상하로 5", "이미 1구역 구역의 “가상하로”"),
        ("3구역", "가상세로 앞", "1번째 줄"),
    ],
)
def test_a_zone_that_makes_no_sense_is_refused_in_words_and_what_was_typed_stays(
    admin, homes, name, text, words
):
    given = {"centre": CHUNGHYEON, "name": name, "ground": text}
    page = browser(admin).post("/people/zones/new/", given, headers={"accept-language": "ko"})
    assert page.status_code == 200
    assert name == "" or words in page.content.decode()
    assert text in page.content.decode()
    assert Zone.objects.count() == 2


def test_the_same_road_in_another_dong_is_another_road(homes, admin):
    zone = actions.make(Centre.objects.get(pk=SINCHON), "1구역", "가상하로", by=admin)
    assert zone_of(SINCHON_HOME) == zone.pk


@pytest.mark.parametrize("role", [Role.COORDINATOR, Role.HEAD_OF_DONG, Role.DISTRICT_OFFICER])
def test_only_who_gives_rights_moves_borders(someone, zones, role):
    user = someone(role)
    for deed in (
        lambda: actions.make(Centre.objects.get(pk=CHUNGHYEON), "9구역", "", by=user),
        lambda: actions.change(zones[0], "9구역", "", by=user),
        lambda: actions.close(zones[0], by=user),
    ):
        with pytest.raises(Refused):
            deed()


def test_nobody_moves_the_border_of_their_own_zone(zones, admin, someone):
    both = someone(Role.ADMINISTRATOR)
    give_post(both, Role.PLANNER, Centre.objects.filter(pk=CHUNGHYEON), zones=[zones[0]], by=admin)
    with pytest.raises(Refused):
        actions.change(zones[0], "1구역", "가상하로\n가상세로", by=both)
    actions.change(zones[1], "2구역", "가상두로\n가상세로", by=both)


def test_the_database_keeps_a_household_out_of_a_zone_of_another_dong(homes, zones):
    with walls.everywhere(), pytest.raises(DatabaseError), transaction.atomic():
        Household.objects.filter(pk=SINCHON_HOME).update(zone=zones[0])


def test_the_page_of_zones_counts_households_and_names_none(homes, zones, admin, limited):
    limited(Role.PLANNER, zones[0])
    with walls.everywhere():
        Household.objects.filter(pk=FIRST).update(sealed=True)
    page = browser(admin).get("/people/zones/").content.decode()
    assert "1구역" in page
    assert str(FIRST) not in page
    assert "봄" not in page


# -- a post that ends at its zones -----------------------------------------------------------------------------


def test_a_post_limited_to_zones_sees_their_households_and_no_other(homes, zones, limited, someone):
    assert seen_by(limited(Role.PLANNER, zones[0])) == {FIRST}
    assert seen_by(limited(Role.PLANNER, *zones)) == {FIRST, SECOND}
    assert seen_by(someone(Role.PLANNER)) == {FIRST, SECOND, NOWHERE}


def test_zones_without_the_limit_narrow_nothing(homes, zones, someone):
    user = someone()
    give_post(user, Role.PLANNER, Centre.objects.filter(pk=CHUNGHYEON), zones=[zones[0]])
    assert seen_by(user) == {FIRST, SECOND, NOWHERE}


def test_a_limited_post_beside_one_that_is_not_takes_nothing_from_it(homes, zones, limited):
    user = limited(Role.PLANNER, zones[0])
    give_post(user, Role.NURSE, Centre.objects.filter(pk=SINCHON))
    assert seen_by(user) == {FIRST, SINCHON_HOME}
    give_post(user, Role.COORDINATOR, Centre.objects.filter(pk=CHUNGHYEON))
    assert seen_by(user) == set(HOMES)
    assert area_of_duty(User.objects.get(pk=user.pk), Right.SEE_HOUSEHOLDS) == {CHUNGHYEON, SINCHON}


def test_the_gate_and_the_database_say_the_same_of_every_household(homes, zones, limited):
    user = limited(Role.PLANNER, zones[0])
    every = Household.objects.select_related("zone")
    assert {home.pk for home in every if may_about(user, Right.SEE_HOUSEHOLDS, home)} == seen_by(user)
    assert {home.pk for home in queries.in_duty(user)} == seen_by(user)
    assert not may(user, Right.SEE_HOUSEHOLDS, CHUNGHYEON)


def test_a_sealed_household_of_the_zone_stays_hidden(homes, zones, limited):
    Household.objects.filter(pk=FIRST).update(sealed=True)
    assert seen_by(limited(Role.PLANNER, zones[0])) == set()


def test_the_search_finds_nobody_beyond_the_zones(homes, zones, limited):
    user = limited(Role.PLANNER, zones[0])
    with walls.within(walls.of_duty(area_of_duty(user, Right.SEE_HOUSEHOLDS))):
        assert {
            found.household for found in queries.search("봄", user)
        } == set()  # one syllable is too little
        assert {found.household_id for found in queries.search("가람", user)} == {FIRST}
        assert queries.search("나래", user) == []
        assert {found.household_id for found in queries.search("가상하로 12", user)} == {FIRST}
    # The function of another role looks past the fence of the tables; it must keep to the same by itself.
    for area, wanted in (([zones[0].pk], {FIRST}), ([CHUNGHYEON], {FIRST, SECOND, NOWHERE}), ([], set())):
        with walls.within(walls.of_duty(area)), connection.cursor() as cursor:
            cursor.execute("SELECT people_find('%', '%', '%', '%', 9)")
            assert {person // 10 for (person,) in cursor.fetchall()} == wanted


def test_nobody_is_written_about_beyond_the_zones(homes, zones):
    with walls.within(walls.of_duty([zones[0].pk])):
        assert Person.objects.filter(household=SECOND).update(name="다른이") == 0
        with pytest.raises(DatabaseError, match="row-level security"), transaction.atomic():
            Person.objects.create(pk=9, household_id=SECOND, name="가상", terms=terms("가상"))
        # Nor is a household put out of one's own sight by anything but a register entry.
        with pytest.raises(DatabaseError, match="row-level security"), transaction.atomic():
            Household.objects.filter(pk=FIRST).update(zone=zones[1])


def test_what_a_request_may_see_is_gone_with_it(homes, zones, limited):
    """Requests of two posts in turn on one connection: each has nothing of the one before."""
    desks = [browser(limited(Role.PLANNER, zone)) for zone in zones]
    for desk, own, other in ((desks[0], FIRST, SECOND), (desks[1], SECOND, FIRST), (desks[0], FIRST, SECOND)):
        page = desk.post("/search/", {"text": "충현동"}).content.decode()
        assert f"/household/{own}/" in page
        assert f"/household/{other}/" not in page


def test_who_is_named_in_a_seal_can_be_whoever_may_open_the_household(homes, zones, limited, someone):
    own, other, whole = (
        limited(Role.PLANNER, zones[0]),
        limited(Role.PLANNER, zones[1]),
        someone(Role.PLANNER),
    )
    assert set(users_who_may(Right.SEE_HOUSEHOLDS, CHUNGHYEON, zones[0].pk)) == {own, whole}
    assert set(users_who_may(Right.SEE_HOUSEHOLDS, CHUNGHYEON)) == {whole}
    assert other.posts.exists()


def test_a_new_address_takes_a_household_out_of_sight_with_the_next_request(homes, zones, limited):
    user = limited(Role.COORDINATOR, zones[0])
    desk = browser(user)
    desk.post(reverse("state_purpose", args=[FIRST]), {"purpose": "case"})
    assert desk.get(f"/household/{FIRST}/").status_code == 200
    moved = {"kind": "registered", "text": "서대문구 충현동 가상두로 5", "on": "2026-01-01"}
    answer = desk.post(reverse("new_address", args=[FIRST]), moved)
    assert answer.status_code == 302
    assert zone_of(FIRST) == zones[1].pk
    gone, never = desk.get(f"/household/{FIRST}/"), desk.get("/household/999999/")
    assert gone.status_code == never.status_code == 404
    assert "봄가람" not in gone.content.decode()
    assert browser(limited(Role.COORDINATOR, zones[1])).get(f"/people/{FIRST}/purpose/").status_code == 200


def test_somebody_who_walked_in_lies_in_no_zone_so_the_interview_takes_a_dong(zones, limited, someone):
    desk = browser(limited(Role.COORDINATOR, zones[0]))
    assert desk.get("/screening/interviews/new/").status_code == 403
    assert "/screening/interviews/new/" not in desk.get("/screening/interviews/").content.decode()
    assert browser(someone(Role.COORDINATOR)).get("/screening/interviews/new/").status_code == 200


def test_a_household_that_is_formed_has_no_address_yet_so_it_takes_a_dong_as_well(
    homes, zones, limited, someone
):
    split = {"person": FIRST * 10, "how": "split", "on": "2026-01-01", "to": 777}
    for user, answer in ((limited(Role.COORDINATOR, zones[0]), 403), (someone(Role.COORDINATOR), 302)):
        desk = browser(user)
        desk.post(reverse("state_purpose", args=[FIRST]), {"purpose": "case"})
        assert desk.post(reverse("leaving", args=[FIRST]), split).status_code == answer
        assert Household.objects.filter(pk=777).exists() == (answer == 302)


def test_an_area_of_duty_is_called_by_its_dongs_and_zones(zones):
    assert named({SINCHON, zones[0].pk}) == ["신촌동", "충현동 1구역"]


# -- giving, changing and losing zones -------------------------------------------------------------------------


def test_an_administrator_limits_a_post_on_its_page_and_the_history_tells(homes, zones, admin, someone):
    user = someone(Role.PLANNER)
    post = user.posts.get()
    assert seen_by(user) == {FIRST, SECOND, NOWHERE}
    address = reverse("post_zones", args=[user.pk, post.pk])
    answer = browser(admin).post(address, {"zones": [zones[1].pk], "only_zones": "on"})
    assert answer.status_code == 302
    assert seen_by(user) == {SECOND}
    told = RightsRecord.objects.filter(user=user).latest("pk")
    assert (told.change, told.places, told.by) == ("changed_zones", zones[1].pk, admin)
    assert AccessRecord.objects.filter(verb="access.changed_zones", actor=admin).exists()
    browser(admin).post(address, {"zones": [zones[1].pk]})
    assert seen_by(user) == {FIRST, SECOND, NOWHERE}
    assert RightsRecord.objects.filter(user=user).latest("pk").places == f"{CHUNGHYEON},{zones[1].pk}"


def test_nobody_changes_the_zones_of_their_own_post(zones, someone):
    user = someone(Role.ADMINISTRATOR)
    give_post(user, Role.PLANNER, Centre.objects.filter(pk=CHUNGHYEON))
    with pytest.raises(Refused):
        change_zones(user.posts.get(role="planner"), zones, only_zones=False, by=user)


@pytest.mark.parametrize(
    ("role", "dongs", "chosen"),
    [
        (Role.PLANNER, [CHUNGHYEON], False),  # limited to nothing
        (Role.PLANNER, [CHUNGHYEON, SINCHON], True),  # a dong without a zone of the post
        (Role.PLANNER, [SINCHON], True),  # a zone of another dong
        (Role.DISTRICT_OFFICER, [], False),  # works in the whole district
    ],
)
def test_a_limit_that_makes_no_sense_is_refused_by_the_page_and_by_the_deed(
    zones, admin, someone, role, dongs, chosen
):
    user = someone()
    codes = [zones[0].pk] if chosen else []
    post = {"role": role.value, "centres": dongs, "zones": codes, "only_zones": "on"}
    assert browser(admin).post(f"/accounts/{user.pk}/posts/", post).status_code == 200
    with pytest.raises(ValueError, match="zone"):
        give_post(
            user,
            role,
            Centre.objects.filter(pk__in=dongs),
            zones=Zone.objects.filter(pk__in=codes),
            only_zones=True,
            by=admin,
        )
    assert not Post.objects.filter(user=user).exists()


def test_a_closed_zone_takes_its_rights_with_the_next_request_and_the_histories_tell(
    homes, zones, admin, limited
):
    user, former = limited(Role.PLANNER, zones[0]), limited(Role.PLANNER, zones[0])
    Post.objects.filter(user=former).update(
        since="2026-01-01", until=timezone.localdate() - timedelta(days=1)
    )
    assert seen_by(user) == {FIRST}
    assert browser(admin).post(reverse("close_zone", args=[zones[0].pk])).status_code == 302
    assert seen_by(user) == set()
    assert zone_of(FIRST) is None
    told = RightsRecord.objects.filter(user=user).latest("pk")
    assert (told.change, told.places, told.by) == ("changed_zones", "", admin)
    assert "구역 미지정" in browser(admin).get(f"/accounts/{user.pk}/").content.decode()
    assert AccessRecord.objects.filter(verb="people.closed_zone", actor=admin).exists()
    # Who held it once is still told, and the code is not given again.
    assert list(former.posts.get().zones.all()) == [zones[0]]
    assert actions.make(zones[0].centre, "1구역", "가상하로", by=admin).pk == f"{CHUNGHYEON}-003"
    assert seen_by(user) == set()


def test_a_closed_zone_is_closed_for_good(zones, admin):
    actions.close(zones[0], by=admin)
    with pytest.raises(ValidationError):
        actions.change(zones[0], "1구역", "가상하로", by=admin)
    for code in (zones[0].pk, "x", "\0"):
        assert browser(admin).get(reverse("zone", args=[code])).status_code == 404


# -- the work list ---------------------------------------------------------------------------------------------


def listed(client, address="/worklist/"):
    page = client.get(address).content.decode()
    return {number for number in HOMES if f"/household/{number}/" in page}


def test_the_work_list_of_a_limited_post_holds_its_zones_alone(run, zones, limited):
    desk = browser(limited(Role.PLANNER, zones[0]))
    assert listed(desk) == listed(desk, "/") == {FIRST}
    assert desk.get(f"/worklist/?zone={zones[1].pk}").status_code == 404


def test_the_work_list_keeps_to_a_zone_when_asked_and_ones_own_come_first(run, zones, someone):
    user = someone()
    give_post(user, Role.PLANNER, Centre.objects.filter(pk=CHUNGHYEON), zones=[zones[1]])
    desk = browser(user)
    assert listed(desk) == {FIRST, SECOND, NOWHERE}
    assert listed(desk, f"/worklist/?zone={zones[0].pk}") == {FIRST}
    assert listed(desk, f"/worklist/?zone={zones[1].pk}&programme=livelihood_benefit") == {SECOND}
    page = desk.get("/worklist/").content.decode()
    assert page.index(f'value="{zones[1].pk}"') < page.index(f'value="{zones[0].pk}"')
    assert f"?zone={zones[1].pk}" in desk.get("/").content.decode()


@pytest.mark.parametrize("zone", ["x", SINCHON + "-001", "' OR 1=1", CHUNGHYEON, "\0"])
def test_a_zone_that_is_not_ones_own_is_not_there(run, someone, zone):
    Zone.objects.create(code=SINCHON + "-001", centre_id=SINCHON, name="1구역")
    assert browser(someone(Role.PLANNER)).get("/worklist/", {"zone": zone}).status_code == 404


def test_counts_of_a_zone_are_those_of_its_households(run, zones):
    assert screening.missed_totals(run, {zones[0].pk})["households"] == 1
    assert screening.missed_totals(run, {zones[0].pk, SINCHON})["households"] == 2
    assert screening.missed_totals(run, {CHUNGHYEON})["households"] == 3
