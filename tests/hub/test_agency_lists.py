"""A list of an agency from upload to undoing: nothing is written unseen, twice, or for good."""

import hashlib
from datetime import date, timedelta

import pytest
from django.db import connection
from django.urls import reverse
from django.utils import timezone
from psycopg import sql

from hub.access.access import Refused
from hub.access.models import AccessRecord
from hub.access.roles import Role
from hub.lists import actions, guard, queries
from hub.lists.models import AgencyList, Import, ImportFile, ImportRow, Link
from hub.organisation.models import Centre
from hub.people import actions as people
from hub.people.models import Address, FactRecord, Household, Person
from hub.people.queries import known
from hub.people.sources import Source
from hub.programmes import queries as programmes
from tests.hub.conftest import CHUNGHYEON, SINCHON
from welfare.intake import IntakeError

DAY = date(2026, 10, 31)
HEADS = "연번,성명,생년월일,행정동,월세,기초연금 수급 여부"
ONE = f"{HEADS}\n1,가상하나,1950-03-01,충현동,30만원,O\n2,가상두리,1952.4.15,충현동,300000,X\n"
MEANINGS = {
    "전화번호": "phone",
    "주소": "address",
    "성명": "name",
    "생년월일": "birth_date",
    "행정동": "area",
    "월세": "monthly_rent",
    "기초연금 수급 여부": "receives_basic_pension",
}


@pytest.fixture(autouse=True)
def _small_blocks(monkeypatch):
    monkeypatch.setattr(actions, "BLOCK", 2)


@pytest.fixture
def couple(household, someone) -> Household:
    """The invented couple, whose dates of birth the register knows."""
    officer = someone(Role.DISTRICT_OFFICER)
    for person, born in zip(household.members.order_by("pk"), ("1950-03-01", "1952-04-15"), strict=True):
        _know(person, officer, birth_date=born)
    return household


def _know(about, by, source=Source.INVENTED, day=date(2026, 1, 1), **facts) -> FactRecord:
    return people.record_facts(about, facts, programmes.catalogue(), by=by, source=source, collected_on=day)


@pytest.fixture
def pensions(coordinator) -> AgencyList:
    return actions.make_list(name="기초연금 명부", agency="가상공단", states="", by=coordinator)


@pytest.fixture
def centre(db) -> Centre:
    return Centre.objects.get(code=CHUNGHYEON)


@pytest.fixture
def take(pensions, coordinator, centre, django_capture_on_commit_callbacks):
    """Take a file in, say what its columns mean, and have it read: take("...csv...")."""

    def make(text: str, day=DAY, by=coordinator, where=centre, of=None, **more: str) -> Import:
        made = actions.take_file(of or pensions, "list.csv", text.encode(), data_day=day, centre=where, by=by)
        said = MEANINGS | more
        columns = {c["place"]: said[c["head"]] for c in made.guess if c["head"] in said}
        with django_capture_on_commit_callbacks(execute=True):
            actions.decide_columns(made, columns, by=by)
        made.refresh_from_db()
        return made

    return make


@pytest.fixture
def do(django_capture_on_commit_callbacks):
    """Have something done together with the work it puts into the queue."""

    def perform(action, found, **more) -> Import:
        with django_capture_on_commit_callbacks(execute=True):
            action(found, **more)
        return Import.objects.get(pk=found.pk)

    return perform


def outcomes(found: Import) -> dict[int, str]:
    return dict(found.lines.values_list("number", "outcome"))


def checksum(*, without: tuple[str, ...] = ()) -> str:
    """A checksum of every row of every table, but those named."""
    total = hashlib.sha256()
    with connection.cursor() as cursor:
        tables = sorted(connection.introspection.table_names(cursor))
        for table in tables:
            if table not in without:
                cursor.execute(
                    sql.SQL("SELECT t::text FROM {} AS t ORDER BY 1").format(sql.Identifier(table))
                )
                total.update(repr((table, cursor.fetchall())).encode())
    return total.hexdigest()


REGISTER = (
    "access_accessrecord",
    "django_session",
    "lists_import",
    "lists_importrow",
    "lists_importfile",
    "lists_agencylist",
    "lists_link",
)


# -- on the way in ---------------------------------------------------------------------------------------------------


def test_what_the_columns_mean_is_guessed_and_remembered(take, pensions, coordinator, centre):
    first = actions.take_file(pensions, "a.csv", ONE.encode(), data_day=DAY, centre=centre, by=coordinator)
    guessed = {c["head"]: c["meaning"] for c in first.guess}
    assert guessed["성명"] == "name"
    assert guessed["생년월일"] == "birth_date"
    assert guessed["월세"] == "monthly_rent"
    assert guessed["연번"] == "-"
    actions.discard(first, by=coordinator)
    take(
        "이상한 머리,이름,생일\n4,가상하나,1950-03-01\n",
        **{"이상한 머리": "monthly_rent", "이름": "name", "생일": "birth_date"},
    )
    pensions.refresh_from_db()
    later = actions.take_file(
        pensions,
        "b.csv",
        "이상한 머리,이름,생일\n5,가상하나,1950-03-01\n".encode(),
        data_day=DAY,
        centre=centre,
        by=coordinator,
    )
    assert {c["head"]: (c["meaning"], c["by"]) for c in later.guess}["이상한 머리"] == (
        "monthly_rent",
        "remembered",
    )


def test_a_preview_tells_what_is_new_same_changed_doubtful_unplaced_and_wrong_and_writes_nothing(
    couple, take, someone
):
    officer = someone(Role.DISTRICT_OFFICER)
    one, two = couple.members.order_by("pk")
    _know(one, officer, receives_basic_pension=False)
    _know(two, officer, receives_basic_pension=True)
    before = checksum(without=REGISTER)
    found = take(
        "성명,생년월일,행정동,기초연금 수급 여부\n"
        "가상하나,1950-03-01,충현동,O\n가상두리,1952-04-15,충현동,O\n가상하나,1950-03-02,충현동,O\n"
        "가상셋,1960-01-01,충현동,O\n12345,1950-03-01,충현동,O\n가상하나,50301,충현동,O\n가상하나,1950-03-01,신촌동,O\n"
    )
    assert outcomes(found) == {
        2: "changed",
        3: "same",
        4: "doubtful",
        5: "unplaced",
        6: "wrong",
        7: "wrong",
        8: "unplaced",
    }
    assert checksum(without=REGISTER) == before
    changed = queries.lines(found, "changed", 1)[0]
    assert (changed.said[0].before, changed.said[0].says, changed.said[0].differs) == ("아니요", "예", True)


def test_a_row_of_which_nothing_could_be_read_is_wrong_and_not_already_known(couple, take):
    found = take("성명,생년월일,월세\n가상하나,1950-03-01,이백\n가상두리,1952-04-15,30만원\n")
    assert outcomes(found) == {2: "wrong", 3: "new"}


def test_the_register_beside_a_row_shows_no_whole_resident_number(client, couple, take, coordinator):
    one = couple.members.order_by("pk")[0]
    one.resident_number = "502301-1234567"
    one.save()
    found = take(NEAR)
    client.force_login(coordinator)
    page = client.get(reverse("import_row", args=[found.lines.get().pk])).content.decode()
    assert "502301-1******" in page
    assert "234567" not in page


def test_a_list_may_say_one_thing_of_everybody_on_it(couple, coordinator, take):
    of = actions.make_list(name="수급자", agency="가상공단", states="receives_basic_pension", by=coordinator)
    found = take("성명,생년월일\n가상하나,1950-03-01\n", of=of)
    assert found.lines.get().says == {"receives_basic_pension": True}


def test_the_file_is_gone_once_its_rows_are_here(couple, take):
    found = take(ONE)
    assert found.state == Import.State.READY
    assert not ImportFile.objects.filter(of=found).exists()
    assert found.guess == []


def test_a_file_that_cannot_be_read_is_refused_in_words_and_leaves_nothing(pensions, coordinator, centre):
    before = checksum()
    with pytest.raises(IntakeError, match="under the name of a CSV"):
        actions.take_file(pensions, "a.csv", b"PK\x03\x04" * 99, data_day=DAY, centre=centre, by=coordinator)
    assert checksum() == before


def test_no_whole_resident_number_is_kept_anywhere(couple, take, client, coordinator, pensions):
    found = take(
        "성명,주민등록번호,기초연금 수급 여부\n가상하나,500301-1234567,O\n가상두리,5.20415E+12,O\n",
        주민등록번호="resident_number",
    )
    assert found.lines.get(number=2).who["resident_number"] == "500301-1******"
    assert outcomes(found)[3] == "wrong"
    problem = found.lines.get(number=3).problems[0]
    assert (problem["address"], "digits are lost" in problem["what"]["en"]) == ("B3", True)
    everything = str(list(ImportRow.objects.values())) + str(list(Import.objects.values()))
    assert "1234567" not in everything


# -- writing ---------------------------------------------------------------------------------------------------------


def test_an_applied_list_stands_in_the_register_with_its_day_and_each_write_is_in_the_trail(
    couple, take, do, coordinator
):
    found = do(actions.apply, take(ONE), by=coordinator)
    assert found.state == Import.State.APPLIED
    stated = known(couple, programmes.catalogue())
    assert stated.facts["monthly_rent"].now.value == 300_000
    assert stated.facts["monthly_rent"].now.source is Source.REGISTER
    assert stated.members[0].facts["receives_basic_pension"].now.value is True
    assert stated.members[0].facts["receives_basic_pension"].now.collected_on == DAY
    assert queries.written(found) == 3, "two persons, one household: the second row's rent was known by then"
    record = FactRecord.objects.get(person=stated.members[0].person, source=Source.REGISTER)
    assert record.written_by_row.of == found
    trail = AccessRecord.objects.filter(
        verb="people.recorded_facts", purpose=f"list {found.agency_list_id}, import {found.pk}"
    )
    assert trail.count() == 3


def test_rows_that_match_nobody_or_several_are_never_written(couple, take, do, coordinator, centre):
    for number in (1, 2):
        other = Household.objects.create(pk=3000 + number, centre=centre)
        twin = Person.objects.create(pk=30000 + number, household=other, name="가상쌍둥")
        _know(twin, coordinator, birth_date="1940-01-01")
    found = take("성명,생년월일,기초연금 수급 여부\n가상쌍둥,1940-01-01,O\n가상없음,1940-01-01,O\n")
    before = checksum(without=REGISTER)
    do(actions.apply, found, by=coordinator)
    assert outcomes(found) == {2: "doubtful", 3: "unplaced"}
    assert checksum(without=REGISTER) == before


def test_applying_twice_changes_nothing_at_all(couple, take, do, coordinator):
    found = do(actions.apply, take(ONE), by=coordinator)
    before = checksum()
    actions.go_on(found.pk)
    assert checksum() == before
    with pytest.raises(Refused):
        actions.apply(found, by=coordinator)
    assert checksum() == before


def test_the_same_file_again_is_recognised_and_changes_nothing(
    couple, take, do, coordinator, pensions, centre
):
    found = do(actions.apply, take(ONE), by=coordinator)
    before = checksum()
    with pytest.raises(actions.Known) as met:
        actions.take_file(
            pensions, "other-name.csv", ONE.encode(), data_day=DAY, centre=centre, by=coordinator
        )
    assert met.value.earlier == found
    assert checksum() == before


def test_the_same_content_in_another_file_writes_nothing(couple, take, do, coordinator):
    do(actions.apply, take(ONE), by=coordinator)
    before = checksum(without=REGISTER)
    again = take(ONE.replace("\n", "\r\n"), day=DAY + timedelta(days=9))
    assert set(outcomes(again).values()) == {"same"}
    do(actions.apply, again, by=coordinator, looked_at_doubts=True)
    assert checksum(without=REGISTER) == before


def test_what_was_learnt_between_preview_and_application_counts(couple, take, do, coordinator):
    found = take(ONE)
    one = couple.members.order_by("pk")[0]
    _know(one, coordinator, source=Source.REGISTER, day=DAY, receives_basic_pension=True)
    found = do(actions.apply, found, by=coordinator)
    assert FactRecord.objects.filter(person=one, source=Source.REGISTER).count() == 1


def test_an_older_list_does_not_speak_over_a_newer_one(couple, take, do, coordinator):
    do(actions.apply, take(ONE), by=coordinator)
    older = take(ONE.replace("30만원,O", "30만원,X"), day=DAY - timedelta(days=31))
    assert outcomes(older)[2] == "older"
    assert "older" in {doubt["kind"] for doubt in older.warnings}


def test_rows_of_one_file_that_disagree_are_not_written(couple, take, do, coordinator):
    found = take(ONE.replace("300000", "310000"))
    assert set(outcomes(found).values()) == {"wrong"}
    before = checksum(without=REGISTER)
    do(actions.apply, found, by=coordinator)
    assert checksum(without=REGISTER) == before
    assert all(line[5] == "같은 대상자에 대한 행끼리 내용이 다름" for line in queries.report(found))


# -- interrupted -----------------------------------------------------------------------------------------------------

MANY = f"{HEADS}\n" + "".join(f"{n},가상이{n:02d},1950-03-{n:02d},충현동,,O\n" for n in range(1, 8))


@pytest.fixture
def seven(db, centre, someone):
    """Seven invented people with dates of birth."""
    officer = someone(Role.DISTRICT_OFFICER)
    for n in range(1, 8):
        household = Household.objects.create(pk=5000 + n, centre=centre)
        person = Person.objects.create(pk=50000 + n, household=household, name=f"가상이{n:02d}")
        _know(person, officer, birth_date=f"1950-03-{n:02d}")


@pytest.mark.parametrize("after", [0, 1, 2, 3])
@pytest.mark.parametrize("step", ["_read_block", "_apply_block", "_undo_block"])
def test_work_that_was_killed_goes_on_after_the_last_whole_block(
    seven, take, do, coordinator, pensions, centre, monkeypatch, step, after
):
    real, calls = getattr(actions, step), 0

    def pulled_plug(*given):
        nonlocal calls
        calls += 1
        if calls > after:
            raise KeyboardInterrupt
        return real(*given)

    def through(action, *given, **more):
        """Do it; where the plug was pulled, go on afterwards as the next worker would."""
        try:
            return action(*given, **more)
        except KeyboardInterrupt:
            monkeypatch.setattr(actions, step, real)
            return actions.go_on(Import.objects.get().pk)

    monkeypatch.setattr(actions, step, pulled_plug)
    before = checksum(without=REGISTER)
    through(take, MANY)
    found = Import.objects.get()
    assert found.state == Import.State.READY
    assert outcomes(found) == dict.fromkeys(range(2, 9), "new")
    through(do, actions.apply, found, by=coordinator)
    found.refresh_from_db()
    assert (found.state, queries.written(found)) == (Import.State.APPLIED, 7)
    assert FactRecord.objects.filter(source=Source.REGISTER).count() == 7
    through(do, actions.undo, found, by=coordinator)
    found.refresh_from_db()
    assert found.state == Import.State.UNDONE
    assert checksum(without=REGISTER) == before
    assert calls > after


def test_a_fault_keeps_what_was_done_tells_its_kind_only_and_can_go_on(
    seven, take, do, coordinator, monkeypatch
):
    found = take(MANY)
    real, calls = actions._write, 0

    def fails_once(*given, **more):
        nonlocal calls
        calls += 1
        if calls == 2:
            raise ValueError("가상이04")
        return real(*given, **more)

    monkeypatch.setattr(actions, "_write", fails_once)
    found = do(actions.apply, found, by=coordinator)
    assert (found.state, found.failure, queries.written(found)) == (Import.State.APPLYING, "ValueError", 2)
    found = do(actions.try_again, found, by=coordinator)
    assert (found.state, found.failure, queries.written(found)) == (Import.State.APPLIED, "", 7)


# -- undone ----------------------------------------------------------------------------------------------------------


def test_undoing_removes_exactly_what_was_written_keeps_later_edits_and_says_so(
    couple, take, do, coordinator
):
    before = set(FactRecord.objects.values_list("pk", flat=True))
    found = do(actions.apply, take(ONE), by=coordinator)
    one = couple.members.order_by("pk")[0]
    visit = _know(one, coordinator, source=Source.VISIT, day=DAY, receives_basic_pension=False)
    found = do(actions.undo, found, by=coordinator)
    assert set(FactRecord.objects.values_list("pk", flat=True)) == before | {visit.pk}
    assert (found.state, found.kept_later, queries.written(found)) == (Import.State.UNDONE, 1, 0)


def test_what_a_later_list_says_too_stays_known_when_the_first_is_undone(couple, take, do, coordinator):
    first = do(actions.apply, take(ONE), by=coordinator)
    second = do(
        actions.apply,
        take(ONE.replace("\n", "\r\n"), day=DAY + timedelta(days=9)),
        by=coordinator,
        looked_at_doubts=True,
    )
    do(actions.undo, first, by=coordinator)
    standing = known(couple, programmes.catalogue()).members[0].facts["receives_basic_pension"]
    assert (standing.now.value, standing.now.collected_on) == (True, DAY + timedelta(days=9))
    do(actions.undo, second, by=coordinator)
    assert "receives_basic_pension" not in known(couple, programmes.catalogue()).members[0].facts


def test_a_file_that_was_undone_or_thrown_away_may_come_again(couple, take, do, coordinator):
    first = do(actions.undo, do(actions.apply, take(ONE), by=coordinator), by=coordinator)
    second = take(ONE)
    assert second.pk != first.pk
    actions.discard(second, by=coordinator)
    assert not second.lines.exists()
    assert take(ONE).state == Import.State.READY


# -- the wrong file --------------------------------------------------------------------------------------------------


def kinds(found: Import) -> set[str]:
    return {doubt["kind"] for doubt in found.warnings}


def test_last_months_file_is_doubted(seven, take, do, coordinator):
    do(actions.apply, take(MANY), by=coordinator)
    assert kinds(take(MANY + "\n", day=DAY + timedelta(days=9))) == {"nothing_new"}


def test_another_dongs_file_is_doubted(seven, take):
    elsewhere = MANY.replace("충현동", "신촌동").replace("가상이", "가상저")
    assert kinds(take(elsewhere)) == {"few_placed", "elsewhere"}


def test_swapped_columns_are_doubted(seven, take):
    swapped = take(MANY, 성명="birth_date", 생년월일="name")
    assert {"column", "few_placed"} <= kinds(swapped)


def test_half_a_file_is_doubted(seven, take, do, coordinator):
    do(actions.apply, take(MANY), by=coordinator)
    half = "\n".join(MANY.splitlines()[:4]).replace(",O", ",X") + "\n"
    assert kinds(take(half, day=DAY + timedelta(days=9))) == {"rows_off"}


def test_another_list_is_doubted_when_heads_are_gone(seven, take, do, coordinator):
    do(actions.apply, take(MANY), by=coordinator)
    other = MANY.replace("월세", "관리비").replace(",O", ",X")
    assert "heads_gone" in kinds(take(other, day=DAY + timedelta(days=9)))


def test_doubts_must_be_answered_before_anything_is_written(seven, take, do, coordinator):
    do(actions.apply, take(MANY), by=coordinator)
    doubted = take(MANY + "\n", day=DAY + timedelta(days=9))
    with pytest.raises(Refused, match="의문"):
        actions.apply(doubted, by=coordinator)
    assert do(actions.apply, doubted, by=coordinator, looked_at_doubts=True).state == Import.State.APPLIED


@pytest.mark.parametrize("language", ["ko", "en"])
def test_every_doubt_has_its_sentence(language):
    from django.utils import translation

    numbers = {
        "day": "2026-01-01",
        "rows": 3,
        "last": 9,
        "placed": 1,
        "dong": "신촌동",
        "head": "성명",
        "wrong": 4,
        "heads": "월세",
    }
    with translation.override(language):
        for kind in (
            "older",
            "rows_off",
            "nothing_new",
            "few_placed",
            "elsewhere",
            "column",
            "contradictions",
            "heads_gone",
        ):
            assert "%" not in guard.sentence(numbers | {"kind": kind})


# -- whom a row speaks of --------------------------------------------------------------------------------------------

NEAR = "성명,생년월일,기초연금 수급 여부\n가상하나,1950-03-02,O\n"


def test_a_decision_places_the_row_and_taking_it_back_removes_what_it_wrote(couple, take, do, coordinator):
    before = checksum(without=REGISTER)
    found = do(actions.apply, take(NEAR), by=coordinator)
    row, person = found.lines.get(), couple.members.order_by("pk")[0]
    assert row.candidates == [person.pk]
    link = actions.decide(row, person, Link.Answer.SAME, by=coordinator)
    row.refresh_from_db()
    assert (row.person, row.outcome) == (person, "new")
    assert row.person_record.values == {"receives_basic_pension": True}
    actions.undo_decision(link, by=coordinator)
    row.refresh_from_db()
    link.refresh_from_db()
    assert (row.person, row.outcome, row.candidates) == (None, "doubtful", [person.pk])
    assert link.undone_by == coordinator
    assert checksum(without=REGISTER) == before


def test_before_the_list_is_applied_a_decision_writes_nothing_by_itself(couple, take, do, coordinator):
    found = take(NEAR)
    before = checksum(without=REGISTER)
    actions.decide(found.lines.get(), couple.members.order_by("pk")[0], Link.Answer.SAME, by=coordinator)
    assert checksum(without=REGISTER) == before
    do(actions.apply, found, by=coordinator)
    assert queries.written(found) == 1


def test_another_person_is_not_offered_again_and_later_comes_last(couple, take, coordinator):
    found = take(NEAR + "가상두리,1952-04-16,O\n")
    first, second = found.lines.order_by("number")
    one, two = couple.members.order_by("pk")
    actions.decide(first, one, Link.Answer.LATER, by=coordinator)
    assert [row.number for row in queries.to_look_at(found)] == [3, 2]
    actions.decide(second, two, Link.Answer.ANOTHER, by=coordinator)
    second.refresh_from_db()
    assert (second.outcome, second.candidates) == ("unplaced", [])


def test_a_decision_holds_for_the_same_words_in_the_next_file(couple, take, do, coordinator):
    found = do(actions.apply, take(NEAR), by=coordinator)
    person = couple.members.order_by("pk")[0]
    link = actions.decide(found.lines.get(), person, Link.Answer.SAME, by=coordinator)
    later = take(NEAR.replace(",O", ",X"), day=DAY + timedelta(days=9))
    row = later.lines.get()
    assert (row.person, row.why, row.outcome) == (person, "decided", "changed")
    actions.undo_decision(link, by=coordinator)
    again = take(NEAR.replace(",O", ",X") + "\n", day=DAY + timedelta(days=10))
    assert again.lines.get().outcome == "doubtful"


def test_somebody_whom_the_rule_did_not_find_is_found_by_hand_within_the_area(
    client, couple, household_elsewhere, take, coordinator
):
    found = take("성명,생년월일,기초연금 수급 여부\n가상한아,1950-03-01,O\n")
    row = found.lines.get()
    assert row.outcome == "unplaced"
    client.force_login(coordinator)
    client.post(reverse("look_for", args=[row.pk]), {"text": "가상서이"})
    row.refresh_from_db()
    assert row.candidates == [], "she lives in another dong"
    client.post(reverse("look_for", args=[row.pk]), {"text": "가상하나"})
    row.refresh_from_db()
    person = couple.members.order_by("pk")[0]
    assert (row.outcome, row.candidates) == ("doubtful", [person.pk])
    client.post(reverse("decide_row", args=[row.pk]), {"person": person.pk, "answer": "same"})
    row.refresh_from_db()
    assert row.person == person


def test_a_row_is_one_person_only(couple, take, coordinator):
    found = take(NEAR)
    one, two = couple.members.order_by("pk")
    actions.decide(found.lines.get(), one, Link.Answer.SAME, by=coordinator)
    with pytest.raises(Refused):
        actions.decide(found.lines.get(), two, Link.Answer.SAME, by=coordinator)


def test_a_number_on_the_register_places_a_row_unless_the_name_belongs_to_somebody_else(couple, take):
    one, two = couple.members.order_by("pk")
    found = take(
        f"개인번호,성명,기초연금 수급 여부\n{one.pk},가상하나,O\n{two.pk},가상하나,O\n999,가상없음,O\n",
        개인번호="person_id",
    )
    rows = {row.number: row for row in found.lines.all()}
    assert (rows[2].person, rows[2].why) == (one, "number")
    assert (rows[3].outcome, rows[3].why, rows[3].candidates) == ("doubtful", "contradiction", [two.pk])
    assert rows[4].outcome == "unplaced"


# -- who may ---------------------------------------------------------------------------------------------------------


def test_residents_of_other_dongs_are_not_found_by_a_dongs_list(household_elsewhere, take, someone):
    person = household_elsewhere.members.get()
    _know(person, someone(Role.DISTRICT_OFFICER), birth_date="1970-01-01")
    text = "성명,생년월일,기초연금 수급 여부\n가상서이,1970-01-01,O\n"
    assert outcomes(take(text)) == {2: "unplaced"}
    officer = someone(Role.DISTRICT_OFFICER)
    assert outcomes(take(text, by=officer, where=None)) == {2: "new"}


def test_a_coordinator_imports_for_the_own_dong_only(pensions, coordinator):
    for centre in (None, Centre.objects.get(code=SINCHON)):
        with pytest.raises(Refused):
            actions.take_file(pensions, "a.csv", ONE.encode(), data_day=DAY, centre=centre, by=coordinator)


PAGES = ("import", "import_columns", "import_rows", "import_report", "review")
DEEDS = ("apply_import", "undo_import", "discard_import", "try_import_again")


@pytest.mark.parametrize(
    "role", [Role.NURSE, Role.PLANNER, Role.HEAD_OF_DONG, Role.COUNCIL_MEMBER, Role.ADMINISTRATOR]
)
def test_nobody_else_sees_or_does_anything_with_lists(client, couple, take, someone, role):
    found = take(NEAR)
    client.force_login(someone(role))
    row = found.lines.get()
    for name in PAGES:
        assert client.get(reverse(name, args=[found.pk])).status_code == 403, name
    for name in DEEDS:
        assert client.post(reverse(name, args=[found.pk])).status_code == 403, name
    assert client.get(reverse("agency_lists")).status_code == 403
    assert client.get(reverse("import_row", args=[row.pk])).status_code == 403
    assert client.post(reverse("decide_row", args=[row.pk])).status_code == 403
    assert Import.objects.get(pk=found.pk).state == Import.State.READY


def test_a_coordinator_of_another_dong_is_refused_and_the_district_office_is_not(
    client, couple, take, someone
):
    found = take(NEAR)
    client.force_login(someone(Role.COORDINATOR, SINCHON))
    for name in PAGES:
        assert client.get(reverse(name, args=[found.pk])).status_code == 404, name
    assert client.get(reverse("import_row", args=[found.lines.get().pk])).status_code == 404
    assert f"/imports/{found.pk}/" not in client.get(reverse("agency_lists")).content.decode()
    client.force_login(someone(Role.DISTRICT_OFFICER))
    assert client.get(reverse("import", args=[found.pk])).status_code == 200


# -- the pages -------------------------------------------------------------------------------------------------------


def upload(client, pensions, content: bytes, name="list.csv", day="2026-10-31"):
    from django.core.files.uploadedfile import SimpleUploadedFile

    sent = {"file": SimpleUploadedFile(name, content), "data_day": day, "centre": CHUNGHYEON}
    return client.post(reverse("agency_list", args=[pensions.pk]), sent)


@pytest.mark.parametrize("language", ["ko", "en"])
def test_a_list_goes_all_the_way_by_its_pages(
    client, couple, pensions, coordinator, django_capture_on_commit_callbacks, language
):
    client.cookies["hub-language"] = language
    client.force_login(coordinator)
    home = client.get(reverse("agency_lists")).content.decode()
    assert pensions.name in home
    answer = upload(client, pensions, (ONE + "3,가상하나,1950-03-02,충현동,=1+1,O\n").encode("cp949"))
    found = Import.objects.get()
    assert answer.headers["Location"] == reverse("import_columns", args=[found.pk])
    page = client.get(answer.headers["Location"]).content.decode()
    assert "CP949" in page
    assert "1952.4.15" in page
    fields = {f"column-{c['place']}": "" for c in found.guess}
    labels = {meaning: label for label, meaning in _labels(language).items()}
    for column in found.guess:
        if column["head"] in MEANINGS:
            fields[f"column-{column['place']}"] = labels[MEANINGS[column["head"]]]
    with django_capture_on_commit_callbacks(execute=True):
        assert client.post(reverse("import_columns", args=[found.pk]), fields).status_code == 302
    page = client.get(reverse("import", args=[found.pk])).content.decode()
    assert "hx-get" not in page, "nothing is under way any more"
    rows = client.get(reverse("import_rows", args=[found.pk])).content.decode()
    assert "가상두리" in rows
    assert "E4" in rows, "the address of the cell that could not be read"
    assert client.get(reverse("review", args=[found.pk])).status_code == 302
    row = found.lines.get(number=4)
    page = client.get(reverse("import_row", args=[row.pk])).content.decode()
    assert "1950-03-01" in page
    person = couple.members.order_by("pk")[0]
    client.post(reverse("decide_row", args=[row.pk]), {"person": person.pk, "answer": "another"})
    with django_capture_on_commit_callbacks(execute=True):
        client.post(reverse("apply_import", args=[found.pk]))
    assert queries.written(found) == 3
    report = client.get(reverse("import_report", args=[found.pk]))
    text = report.content.decode("utf-8-sig")
    assert "E4" in text
    assert "'=1+1" in text, "a formula in a cell is harmless in the report"
    with django_capture_on_commit_callbacks(execute=True):
        client.post(reverse("undo_import", args=[found.pk]))
    assert queries.written(found) == 0
    assert client.get(reverse("import", args=[found.pk])).status_code == 200
    assert AccessRecord.objects.filter(verb="lists.compared", object_id=str(couple.pk)).exists()


def _labels(language):
    from django.utils import translation

    with translation.override(language):
        return queries.meanings()


def test_a_hostile_file_is_refused_on_the_page(client, pensions, coordinator):
    client.force_login(coordinator)
    page = upload(client, pensions, b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "list.xlsx")
    assert page.status_code == 200
    assert "암호가 걸렸거나" in page.content.decode()
    assert not Import.objects.exists()


def test_the_same_file_again_leads_to_its_import(client, couple, take, pensions, coordinator):
    found = take(ONE)
    client.force_login(coordinator)
    assert upload(client, pensions, ONE.encode()).headers["Location"] == reverse("import", args=[found.pk])


def test_columns_without_anybody_in_them_are_asked_again(client, pensions, coordinator):
    client.force_login(coordinator)
    upload(client, pensions, ONE.encode())
    found = Import.objects.get()
    page = client.post(reverse("import_columns", args=[found.pk]), {"column-4": "월세"})
    assert "열을 정하십시오" in page.content.decode()
    page = client.post(reverse("import_columns", args=[found.pk]), {"column-1": "아무 말"})
    assert "제시된 뜻 가운데" in page.content.decode()
    assert Import.objects.get().state == Import.State.COLUMNS


def test_a_day_in_the_future_is_no_day_of_data(client, pensions, coordinator):
    client.force_login(coordinator)
    day = (timezone.localdate() + timedelta(days=1)).isoformat()
    assert upload(client, pensions, ONE.encode(), day=day).status_code == 200
    assert not Import.objects.exists()


def test_the_progress_asks_again_by_itself_while_work_is_under_way(
    client, couple, pensions, coordinator, centre
):
    made = actions.take_file(pensions, "a.csv", ONE.encode(), data_day=DAY, centre=centre, by=coordinator)
    actions.decide_columns(made, {1: "name", 2: "birth_date"}, by=coordinator)
    client.force_login(coordinator)
    address = reverse("import", args=[made.pk])
    assert f'hx-get="{address}"' in client.get(address).content.decode()
    part = client.get(address, headers={"HX-Request": "true"}).content.decode()
    assert "<html" not in part
    assert 'id="standing"' in part
    actions.go_on(made.pk)
    assert "hx-get" not in client.get(address, headers={"HX-Request": "true"}).content.decode()


# -- whom no rule placed ---------------------------------------------------------------------------------------------


@pytest.fixture
def at_home(couple):
    """The couple with an address and telephones, as the register has them."""
    first, second = couple.members.order_by("pk")
    Person.objects.filter(pk=first.pk).update(phone="010-0123-4567")
    Person.objects.filter(pk=second.pk).update(phone="010-0555-0001")
    Address.objects.create(
        household=couple,
        kind="registered",
        text="서대문구 충현동 가상로12길 7, 301호",
        terms="",
        source="register",
    )
    return first, second


HEADS = "성명,생년월일,전화번호,주소,기초연금 수급 여부\n"


def test_a_slip_of_the_keyboard_is_linked_by_everything_else_and_the_link_can_be_taken_back(
    at_home, take, do, coordinator
):
    found = take(HEADS + '가상하니,1950-03-01,010-0123-4567,"서대문구 가상로12길 7, 301호",O\n')
    row = found.lines.get()
    link = row.links.get()
    assert (row.person, row.why, row.outcome) == (at_home[0], "linked", "new")
    assert link.decided_by is None
    assert link.probability > 0.97
    do(actions.apply, found, by=coordinator)
    assert queries.written(found) == 1
    actions.undo_decision(link, by=coordinator)
    row.refresh_from_db()
    assert (row.person, row.outcome, queries.written(found)) == (None, "doubtful", 0)
    assert at_home[0].pk in row.candidates


def test_a_romanised_name_finds_its_person(at_home, take):
    found = take(HEADS + 'GASANG HANA,1950-03-01,010-0123-4567,"서대문구 가상로12길 7, 301호",O\n')
    row = found.lines.get()
    assert row.person in (None, at_home[0])
    assert at_home[0].pk in row.candidates


def test_a_name_alone_with_another_birthday_waits_for_a_person(at_home, take):
    row = take(HEADS + "가상하나,1950-03-02,,,O\n").lines.get()
    assert (row.person, row.outcome) == (None, "doubtful")
    assert not row.links.exists()


def test_a_reviewer_sees_phone_and_address_of_list_and_register_side_by_side(
    at_home, take, coordinator, client
):
    """They are shown and never decide: whoever moved or has another phone is still found by name and birthday."""
    found = take(
        HEADS
        + '가상하나,1950-03-02,01099999999,"서울특별시 서대문구 충현동 가상로12길 7, 301호",O\n'
        + "가상두리,1952-04-15,010-9999-9999,어딘가 다른 길 1,O\n"
    )
    first, second = found.lines.order_by("number")
    assert (first.outcome, second.person) == ("doubtful", at_home[1])
    [candidate] = queries.candidates(first)
    verdicts = {word.label: (word.row, word.register, word.verdict) for word in candidate.words}
    assert verdicts["전화번호"] == ("010-9999-9999", "010-0123-4567", "differs")
    assert verdicts["주소"][1:] == ("서대문구 충현동 가상로12길 7, 301호", "agrees")
    client.force_login(coordinator)
    page = client.get(reverse("import_row", args=[first.pk])).content.decode()
    assert "010-0123-4567" in page
    assert "서대문구 충현동 가상로12길 7, 301호" in page


def test_nobody_is_linked_to_two_rows_and_nobody_under_another_name(at_home, take):
    line = '010-0123-4567,"서대문구 가상로12길 7, 301호",O\n'
    found = take(
        HEADS + f"다른사람,1950-03-01,{line}" + f"가상하니,1950-03-01,{line}" + f"가상하느,1950-03-01,{line}"
    )
    linked = [row.person_id for row in found.lines.all() if row.person_id]
    assert len(linked) == len(set(linked))
    assert found.lines.get(number=2).person is None


def test_a_link_that_was_computed_is_not_taken_for_a_decision_in_the_next_file(at_home, take, coordinator):
    words = '가상하니,1950-03-01,010-0123-4567,"서대문구 가상로12길 7, 301호"'
    take(HEADS + words + ",O\n")
    later = take(HEADS + words + ",X\n", day=DAY + timedelta(days=9)).lines.get()
    assert later.why == "linked"
