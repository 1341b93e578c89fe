"""Numbers of residents: read strictly, kept encrypted, masked everywhere, whole only on a recorded legal ground."""

import io
import logging
import re
import uuid
from datetime import date, timedelta

import numpy as np
import pyarrow as pa
import pytest
from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import ValidationError
from django.db import connection
from django.test import Client
from django.urls import path
from django.utils import timezone

from hub import urls
from hub.access.access import Refused
from hub.access.models import AccessRecord
from hub.access.roles import Role
from hub.people import numbers
from hub.people.identity import actions, queries
from hub.people.identity.actions import Need, TooMany
from hub.people.identity.models import IdentityNumber, LegalGround
from hub.people.models import Person
from hub.people.numbers import Bank, Kind
from hub.people.sources import Source
from tests.hub.conftest import SINCHON
from welfare.synthetic.identity import check_digit, foreign_check_digit, invent_resident_numbers

TODAY = date(2026, 11, 26)

# Numbers of no living person: the person would have been born on 31 December 1811, or on no day at all.
OLD = "111231-9"
CANARY = "822931-7654321"  # month 29; the last seven digits occur nowhere else
CANARY_BYTES = (b"7654321", b"8229317654321")


def whole(front: str, foreign: bool = False) -> str:
    """A number with the right check digit for a front such as "111231-9"."""
    twelve = front.replace("-", "") + "00000"
    digits = np.array([[int(digit) for digit in twelve]])
    return twelve + str((foreign_check_digit if foreign else check_digit)(digits)[0])


def wrong(number: str) -> str:
    return number[:-1] + str((int(number[-1]) + 1) % 10)


# -- reading ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "habit",
    [
        "{front}-{back}",
        "{front}{back}",
        " {front} - {back} ",
        "{front}–{back}",
        "{front}−{back}",
        "{front}ー{back}",
        "{front}.{back}",
        "{front}\u200b{back}\n",
    ],
)
def test_a_number_is_read_in_every_habit_of_writing(habit):
    text = whole(OLD)
    typed = habit.format(front=text[:6], back=text[6:])
    assert numbers.read(Kind.RESIDENT, typed, on=TODAY).text == text


def test_full_width_digits_are_digits():
    text = whole(OLD)
    wide = text.translate({ord(digit): ord(digit) + 0xFEE0 for digit in "0123456789"})
    assert wide != text
    assert numbers.read(Kind.RESIDENT, wide, on=TODAY).text == text


@pytest.mark.parametrize(
    ("typed", "why"),
    [
        ("", "숫자만"),
        ("111231-9******", "숫자만"),
        ("١١١٢٣١٩١٢٣٤٥٦", "숫자만"),
        ("111231-912345", "13자리"),
        ("111231-91234567", "13자리"),
        ("111331-9123456", "날짜가 아닙니다"),
        ("110229-9123456", "날짜가 아닙니다"),  # 1811 was no leap year
        ("271231-3123456", "오늘 이후"),  # born in 2027
        (wrong(whole(OLD)), "마지막 숫자"),
        ("111231-5123456", "외국인등록번호를 선택"),
    ],
)
def test_what_cannot_be_a_resident_number_is_refused_with_the_reason(typed, why):
    with pytest.raises(ValidationError) as refusal:
        numbers.read(Kind.RESIDENT, typed, on=TODAY)
    assert why in str(refusal.value)
    assert not typed or typed not in str(refusal.value), "a refusal does not repeat the number"


def test_a_leap_day_is_a_date_in_its_own_century_only():
    assert numbers.read(Kind.RESIDENT, whole("120229-9"), on=TODAY).text.startswith("120229")
    with pytest.raises(ValidationError, match="날짜"):
        numbers.read(Kind.RESIDENT, whole("000229-9"), on=TODAY)  # 1800


def test_numbers_given_out_since_october_2020_have_no_check_digit():
    with pytest.raises(ValidationError, match="마지막 숫자"):
        numbers.read(Kind.RESIDENT, wrong(whole("201004-3")), on=TODAY)
    assert numbers.read(Kind.RESIDENT, wrong(whole("201005-3")), on=TODAY)
    # Born before, but the number was given out or changed since: whoever records it has to say so.
    assert numbers.read(Kind.RESIDENT, wrong(whole(OLD)), on=TODAY, recent=True)


def test_a_foreigners_number_has_its_own_check_digit():
    right = whole("111231-5", foreign=True)
    assert numbers.read(Kind.FOREIGNER, right, on=TODAY).masked == "111231-5******"
    with pytest.raises(ValidationError, match="마지막 숫자"):
        numbers.read(Kind.FOREIGNER, whole("111231-5"), on=TODAY)
    with pytest.raises(ValidationError, match="주민등록번호를 선택"):
        numbers.read(Kind.FOREIGNER, whole(OLD), on=TODAY)


def test_invented_numbers_are_taken_as_invented_and_never_as_real():
    rng = np.random.default_rng(1)
    born = np.arange("1930-01-01", "2026-01-01", np.timedelta64(97, "D"), dtype="datetime64[D]")
    foreign = rng.random(len(born)) < 0.2
    invented = invent_resident_numbers(born, rng.integers(0, 2, len(born)), foreign, rng).to_pylist()
    for text, of_foreigner in zip(invented, foreign, strict=True):
        kind = Kind.FOREIGNER if of_foreigner else Kind.RESIDENT
        assert numbers.read(kind, text, on=TODAY, invented=True).invented
        for recent in (False, True):
            with pytest.raises(ValidationError):
                numbers.read(kind, text, on=TODAY, recent=recent)
    with pytest.raises(ValidationError, match="있을 수 없는"):
        numbers.read(Kind.RESIDENT, whole(OLD), on=TODAY, invented=True)


def test_an_account_belongs_to_a_bank():
    read = numbers.read(Kind.ACCOUNT, "110-123-456789", bank=Bank.KOOKMIN, on=TODAY)
    assert (read.text, read.masked, read.whole) == ("004:110123456789", "004 *****6789", "004 110123456789")
    for account, bank, why in (
        ("110-123-456789", "", "은행을 선택"),
        ("110-123-456789", "998", "은행을 선택"),
        ("1101234", Bank.KOOKMIN, "8~16자리"),
        ("1" * 17, Bank.KOOKMIN, "8~16자리"),
        ("110-123-456789", Bank.INVENTED, "가상"),
    ):
        with pytest.raises(ValidationError, match=why):
            numbers.read(Kind.ACCOUNT, account, bank=bank, on=TODAY)
    assert numbers.read(Kind.ACCOUNT, "0000 7654321", bank=Bank.INVENTED, on=TODAY, invented=True).invented


def test_a_mask_tells_birth_and_the_seventh_digit_at_most():
    read = numbers.read(Kind.RESIDENT, CANARY[:7] + "3654321", on=TODAY, invented=True)
    assert read.masked == "822931-3******"
    assert "654321" not in repr(read) + str(read)


# -- storing and finding ---------------------------------------------------------------------------------------


def canary(kind: Kind = Kind.FOREIGNER, text: str = CANARY) -> numbers.Number:
    return numbers.read(kind, text, on=TODAY, invented=True)


def last() -> AccessRecord:
    return AccessRecord.objects.latest("pk")


@pytest.fixture
def person(household) -> Person:
    return household.members.first()


@pytest.fixture
def kept(coordinator, person) -> IdentityNumber:
    return actions.store(
        person, canary(), ground=LegalGround.APPLICATION, source=Source.INVENTED, by=coordinator
    )


def test_a_stored_number_is_readable_nowhere_in_the_database(kept):
    with connection.cursor() as cursor:
        cursor.execute("SELECT people_identitynumber::text FROM people_identitynumber")
        [(row,)] = cursor.fetchall()
    assert "822931-7******" in row
    stored = row + repr(bytes(kept.encrypted)) + repr(bytes(kept.blind_index))
    for trace in ("654321", CANARY.replace("-", "").encode().hex()):
        assert trace not in stored
    assert (kept.ground, kept.source, kept.invented) == ("application", "invented", True)


def test_storing_is_written_down_with_its_legal_ground(kept, coordinator):
    mark = last()
    assert (mark.actor, mark.verb, mark.object_id, mark.purpose) == (
        coordinator,
        "people.stored_number",
        str(kept.pk),
        "application",
    )


def test_storing_the_same_number_again_keeps_one(kept, coordinator, person):
    again = actions.store(person, canary(), ground=LegalGround.SURVEY, source=Source.INVENTED, by=coordinator)
    assert again.pk == kept.pk
    assert IdentityNumber.objects.count() == 1


def test_who_may_not_record_facts_there_stores_no_number(someone, person, household_elsewhere, coordinator):
    for user, about in (
        (someone(Role.HEAD_OF_DONG), person),
        (coordinator, household_elsewhere.members.first()),
    ):
        with pytest.raises(Refused):
            actions.store(about, canary(), ground=LegalGround.APPLICATION, source=Source.INVENTED, by=user)
    assert not IdentityNumber.objects.exists()


def test_the_same_number_of_two_people_is_a_finding(kept, coordinator, household, someone):
    other = household.members.last()
    twice = actions.store(
        other, canary(), ground=LegalGround.APPLICATION, source=Source.INVENTED, by=coordinator
    )
    assert queries.held_by_several(coordinator) == [[kept, twice]]
    assert queries.others_with(twice, coordinator) == [kept]
    assert queries.held_by_several(someone(Role.COORDINATOR, SINCHON)) == []
    assert {found.person_id for found in actions.find_by_number(CANARY, by=coordinator)} == {
        kept.person_id,
        other.pk,
    }


def test_a_person_is_found_by_number_and_the_search_is_written_down_without_it(kept, coordinator):
    [found] = actions.find_by_number("８２２９３１－７６５４３２１", by=coordinator)
    assert (found.person_id, found.resident_number) == (kept.person_id, "822931-7******")
    assert (last().verb, last().object_id, last().purpose) == (
        "people.looked_up_number",
        str(kept.person_id),
        "1 found",
    )


def test_a_number_elsewhere_and_one_that_is_not_there_look_the_same(kept, someone):
    elsewhere = someone(Role.COORDINATOR, SINCHON)
    assert actions.find_by_number(CANARY, by=elsewhere) == []
    there = last()
    assert actions.find_by_number("822931-7654322", by=elsewhere) == []
    assert (there.verb, there.object_id, there.purpose) == (last().verb, last().object_id, last().purpose)
    assert "7654321" not in there.purpose


def test_an_account_is_not_found_as_a_resident_number(coordinator, person):
    account = numbers.read(Kind.ACCOUNT, "8229317654321", bank=Bank.INVENTED, on=TODAY, invented=True)
    actions.store(person, account, ground=LegalGround.DECISION, source=Source.INVENTED, by=coordinator)
    assert actions.find_by_number("8229317654321", by=coordinator) == []


def test_numbers_cannot_be_tried_out(kept, coordinator, someone, monkeypatch):
    most, period = actions.LOOK_UPS
    for of in range(most):
        actions.find_by_number(f"{8229310000000 + of}", by=coordinator)
    with pytest.raises(TooMany):
        actions.find_by_number(CANARY, by=coordinator)
    assert actions.find_by_number(CANARY, by=someone(Role.NURSE)), "the limit is one person's own"
    later = timezone.now() + period + timedelta(seconds=1)
    monkeypatch.setattr(queries.timezone, "now", lambda: later)
    assert actions.find_by_number(CANARY, by=coordinator), "it opens again by itself"


@pytest.mark.parametrize("role", [Role.COUNCIL_MEMBER, Role.ADMINISTRATOR, None])
def test_who_may_not_see_households_finds_nobody_by_number(kept, someone, role):
    with pytest.raises(Refused):
        actions.find_by_number(CANARY, by=someone(role))


def test_a_list_of_numbers_is_taken_in_at_once_and_each_is_found(household, coordinator):
    persons = [person.pk for person in household.members.order_by("pk")]
    table = pa.table(
        {"person_id": [*persons, persons[0]], "resident_number": [CANARY, "822932-1000000", None]}
    )
    taken = actions.take_in(table, ground=LegalGround.DISCOVERY, source=Source.INVENTED, by=coordinator)
    assert taken == 2
    assert last().purpose == "discovery; 2 numbers"
    [found] = actions.find_by_number("822932-1000000", by=coordinator)
    assert found.person_id == persons[1]
    kept = IdentityNumber.objects.get(person=persons[0])
    assert (kept.kind, kept.invented, kept.masked) == ("foreigner", True, "822931-7******")
    assert actions.unmask(kept, by=coordinator, **WHY) == CANARY


def test_a_wrong_number_in_a_list_names_the_person_and_stores_nobodys(household, coordinator):
    persons = [person.pk for person in household.members.order_by("pk")]
    table = pa.table({"person_id": persons, "resident_number": [whole(OLD), wrong(whole(OLD))]})
    with pytest.raises(ValidationError) as refusal:
        actions.take_in(table, ground=LegalGround.DISCOVERY, source=Source.REGISTER, by=coordinator)
    assert str(persons[1]) in str(refusal.value)
    assert OLD.replace("-", "") not in str(refusal.value)
    assert not IdentityNumber.objects.exists()


# -- unmasking -------------------------------------------------------------------------------------------------

WHY = {"ground": LegalGround.APPLICATION, "need": Need.STATE_SYSTEM, "reason": "기초연금 신청 접수"}


def test_a_whole_number_is_seen_on_a_ground_that_is_written_down(kept, coordinator):
    assert actions.unmask(kept, by=coordinator, **WHY) == CANARY
    mark = last()
    assert (mark.actor, mark.verb, mark.object_kind, mark.object_id, mark.purpose) == (
        coordinator,
        "people.unmasked_number",
        "people.identitynumber",
        str(kept.pk),
        "application; state_system; 기초연금 신청 접수",
    )


UNMASKING = {Role.COORDINATOR, Role.DISTRICT_OFFICER}


@pytest.mark.parametrize("role", [*Role, None])
def test_only_roles_with_the_right_see_a_whole_number_and_a_refusal_leaves_nothing(kept, someone, role):
    user = someone(role)
    if role in UNMASKING:
        assert actions.unmask(kept, by=user, **WHY) == CANARY
        return
    before = AccessRecord.objects.count()
    with pytest.raises(Refused):
        actions.unmask(kept, by=user, **WHY)
    assert AccessRecord.objects.count() == before


def test_the_right_ends_at_the_border_of_the_dong(kept, someone):
    with pytest.raises(Refused, match="관할 구역"):
        actions.unmask(kept, by=someone(Role.COORDINATOR, SINCHON), **WHY)
    with pytest.raises(Refused):
        actions.unmask(kept, by=AnonymousUser(), **WHY)


@pytest.mark.parametrize(
    "reason",
    ["", "    ", "네", "x" * 121, "822931-7654321 확인", "번호 8 2 2 9 3 1 확인", "전화 010-1234-5678 확인"],
)
def test_a_reason_says_something_and_holds_no_number(kept, coordinator, reason):
    before = AccessRecord.objects.count()
    with pytest.raises(ValidationError):
        actions.unmask(kept, by=coordinator, **{**WHY, "reason": reason})
    assert AccessRecord.objects.count() == before


def test_a_ground_outside_the_law_is_no_ground(kept, coordinator):
    with pytest.raises(ValueError, match="curiosity"):
        actions.unmask(kept, by=coordinator, **{**WHY, "ground": "curiosity"})


def test_numbers_are_not_copied_one_after_the_other(kept, coordinator):
    for _ in range(actions.UNMASKINGS[0]):
        actions.unmask(kept, by=coordinator, **WHY)
    with pytest.raises(TooMany):
        actions.unmask(kept, by=coordinator, **WHY)


def test_when_the_mark_cannot_be_left_the_number_is_not_shown(kept, coordinator, monkeypatch):
    def fail(*_args, **_more):
        raise RuntimeError

    monkeypatch.setattr(actions, "record", fail)
    with pytest.raises(RuntimeError):
        actions.unmask(kept, by=coordinator, **WHY)


# -- pages -----------------------------------------------------------------------------------------------------

STATED = {"ground": "application", "need": "state_system", "reason": "기초연금 신청 접수"}


@pytest.fixture
def desk(client, coordinator) -> Client:
    client.force_login(coordinator)
    return client


def once(page) -> str:
    return re.search(r'name="once" value="([^"]+)"', page.content.decode())[1]


def test_the_page_asks_for_ground_need_and_reason_and_shows_the_number_once(desk, kept):
    address = f"/people/number/{kept.pk}/"
    asking = desk.get(address)
    assert CANARY not in asking.content.decode()
    stated = {**STATED, "once": once(asking)}
    shown = desk.post(address, stated)
    assert CANARY in shown.content.decode()
    assert shown.headers["Cache-Control"] == "no-store, private"
    assert shown.headers["Refresh"] == f"60; url={address}"
    again = desk.post(address, stated)  # loading it again, or going back
    assert CANARY not in again.content.decode()
    assert "한 번만" in again.content.decode()
    assert AccessRecord.objects.filter(verb="people.unmasked_number").count() == 1


@pytest.mark.parametrize("missing", STATED)
def test_the_page_shows_nothing_while_something_is_not_stated(desk, kept, missing):
    address = f"/people/number/{kept.pk}/"
    stated = {**STATED, "once": once(desk.get(address)), missing: ""}
    answer = desk.post(address, stated)
    assert CANARY not in answer.content.decode()
    assert 'class="field wrong"' in answer.content.decode()
    assert not AccessRecord.objects.filter(verb="people.unmasked_number").exists()


def test_a_number_is_never_shown_for_an_address_alone(desk, kept):
    for address in (f"/people/number/{kept.pk}/?ground=application", f"/people/number/?number={CANARY}"):
        assert CANARY not in desk.get(address, STATED).content.decode().replace(address, "")


def test_a_number_of_another_dong_and_one_that_is_not_there_are_both_not_found(client, kept, someone):
    client.force_login(someone(Role.COORDINATOR, SINCHON))
    for address in (f"/people/number/{kept.pk}/", f"/people/number/{uuid.uuid4()}/"):
        assert client.get(address).status_code == 404
        assert client.post(address, STATED).status_code == 404


def test_the_page_of_a_number_stays_closed_to_roles_without_the_right(client, kept, someone):
    client.force_login(someone(Role.PLANNER))
    assert client.get(f"/people/number/{kept.pk}/").status_code == 403


def test_storing_through_the_page_tells_what_is_wrong_and_then_keeps_it(desk, person):
    address = f"/people/person/{person.pk}/number/"
    assert desk.get(address).status_code == 200
    given = {"kind": "foreigner", "number": CANARY, "ground": "application", "source": "document"}
    refused = desk.post(address, given)
    assert "날짜가 아닙니다" in refused.content.decode()
    assert not IdentityNumber.objects.exists()
    stored = desk.post(address, {**given, "source": "invented"})
    assert stored.status_code == 302
    assert stored.headers["Location"] == f"/household/{person.household_id}/"
    assert IdentityNumber.objects.get().masked == "822931-7******"


def test_a_number_held_by_two_is_told_when_it_is_stored(desk, kept, household):
    address = f"/people/person/{household.members.last().pk}/number/"
    given = {"kind": "foreigner", "number": CANARY, "ground": "application", "source": "invented"}
    desk.post(address, given)
    told = [str(message) for message in desk.get("/").context["messages"]]
    assert any("같은 번호" in text for text in told)


def test_a_person_elsewhere_gets_no_number_through_the_page(desk, household_elsewhere):
    person = household_elsewhere.members.first()
    assert desk.get(f"/people/person/{person.pk}/number/").status_code == 404
    assert desk.get("/people/person/999999/number/").status_code == 404


def test_finding_by_number_is_posted_and_does_not_leave_it_on_the_screen(desk, kept):
    page = desk.post("/people/number/", {"number": CANARY}).content.decode()
    assert "가상하나" in page
    assert "654321" not in page
    assert "13자리" in desk.post("/people/number/", {"number": "8229"}).content.decode()


def test_too_many_searches_are_answered_in_words(desk, kept, monkeypatch):
    monkeypatch.setattr(actions, "LOOK_UPS", (0, timedelta(minutes=10)))
    answer = desk.post("/people/number/", {"number": CANARY})
    assert answer.status_code == 429
    assert "최근 10분" in answer.content.decode()


def test_a_hub_without_its_keys_says_so_and_loses_nothing(desk, kept, person, tmp_path, monkeypatch, caplog):
    from hub import places

    address = f"/people/number/{kept.pk}/"
    stated = {**STATED, "once": once(desk.get(address))}
    monkeypatch.setattr(places, "KEYS", tmp_path / "elsewhere.json")
    given = {"kind": "foreigner", "number": CANARY, "ground": "application", "source": "invented"}
    for where, form in (
        (address, stated),
        ("/people/number/", {"number": CANARY}),
        (f"/people/person/{person.pk}/number/", given),
    ):
        answer = desk.post(where, form)
        assert answer.status_code == 503, where
        assert "관리자에게" in answer.content.decode()
    assert "elsewhere.json is missing" in caplog.text
    assert "7654321" not in caplog.text
    monkeypatch.undo()
    assert CANARY in desk.post(address, {**STATED, "once": once(desk.get(address))}).content.decode()


def test_the_household_page_can_show_masked_numbers_with_the_way_to_the_whole(kept, person):
    from django.template.loader import render_to_string

    listed = queries.of_persons([person])[person.pk]
    context = {"numbers": listed, "person": person, "may_unmask": True, "may_record": True}
    page = render_to_string("people/_identity_numbers.html", context)
    assert "822931-7******" in page
    assert f"/people/number/{kept.pk}/" in page
    closed = render_to_string("people/_identity_numbers.html", {**context, "may_unmask": False})
    assert str(kept.pk) not in closed


# -- canaries: bytes that must be nowhere ----------------------------------------------------------------------


def every_address(person: Person, kept: IdentityNumber) -> list[str]:
    """All pages there are, filled in with the person that carries the canary."""
    from tests.hub.test_pages import patterns

    values = {
        "household": person.household_id,
        "person": person.pk,
        "number": kept.pk,
    }
    addresses = []
    for route, _pattern in patterns():
        filled = re.sub(r"<(?:\w+:)?(\w+)>", lambda name: str(values.get(name[1], 1)), route)
        addresses.append("/" + filled.lstrip("^").rstrip("$"))
    return addresses


@pytest.mark.parametrize("role", [*Role, None])
def test_no_byte_of_any_page_holds_the_number(kept, person, someone, role):
    client = Client(raise_request_exception=False)
    client.force_login(someone(role))
    answers = 0
    for address in every_address(person, kept):
        for answer in (client.get(address), client.post(address, STATED)):
            content = b"".join(answer) if answer.streaming else answer.content
            for trace in CANARY_BYTES:
                assert trace not in content + repr(answer.headers).encode(), address
            answers += 1
        if address == "/sign-out/":
            client.force_login(someone(role))
    for search in ("822931-7654321", "8229317654321"):
        for address in ("/search/", "/people/number/"):
            answer = client.post(address, {"text": "가상하", "number": search}).content
            assert not any(trace in answer for trace in CANARY_BYTES), address
    assert answers > 20


def fall(request):
    """A page that breaks with a whole number in its hands."""
    number = IdentityNumber.objects.get()
    told = actions.unmask(number, by=request.user, **WHY)
    raise RuntimeError(f"{told} {request.POST}")


def test_a_page_that_breaks_tells_neither_the_reader_nor_the_log(kept, coordinator, monkeypatch, settings):
    settings.DEBUG = False
    settings.DEBUG_PROPAGATE_EXCEPTIONS = False
    monkeypatch.setattr(urls, "urlpatterns", [*urls.urlpatterns, path("fall/", fall)])
    from django.urls import clear_url_caches

    from hub.logs import Discreet

    clear_url_caches()
    written = io.StringIO()
    handler = logging.StreamHandler(written)
    handler.setFormatter(Discreet())
    loggers = [logging.getLogger(name) for name in ("", "django", "django.request")]
    for logger in loggers:
        logger.addHandler(handler)
    try:
        client = Client(raise_request_exception=False)
        client.force_login(coordinator)
        answer = client.post("/fall/", {"number": CANARY})
    finally:
        for logger in loggers:
            logger.removeHandler(handler)
        clear_url_caches()
    assert answer.status_code == 500
    assert "RuntimeError (message left out)" in written.getvalue()
    for trace in CANARY_BYTES:
        assert trace not in answer.content
        assert trace.decode() not in written.getvalue()


def test_nothing_the_hub_has_written_holds_the_number(desk, kept, person):
    """Every table of the database, after a working day with the number: trail, sessions, queue of tasks and all."""
    address = f"/people/number/{kept.pk}/"
    desk.post(address, {**STATED, "once": once(desk.get(address))})
    desk.post("/people/number/", {"number": CANARY})
    desk.post("/search/", {"text": CANARY})
    given = {"kind": "foreigner", "number": CANARY, "ground": "application", "source": "invented"}
    desk.post(f"/people/person/{person.pk}/number/", given)
    with connection.cursor() as cursor:
        tables = connection.introspection.table_names(cursor)
        assert {"access_accessrecord", "django_session", "procrastinate_jobs"} <= set(tables)
        for table in tables:
            cursor.execute(f"SELECT coalesce(string_agg(t::text, chr(10)), '') FROM \"{table}\" AS t")  # noqa: S608
            [(text,)] = cursor.fetchall()
            assert "7654321" not in text, table
            assert CANARY_BYTES[1].hex() not in text, table
