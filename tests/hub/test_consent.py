"""Consent for each consent purpose: given item by item, ended, expired, never overwritten; and the gate that asks for it."""

from datetime import date, timedelta

import pytest
from django.core.exceptions import ValidationError
from django.db import ProgrammingError, transaction
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone, translation

from hub.access.access import Refused
from hub.access.models import AccessRecord
from hub.access.roles import Role
from hub.people.actions import record_facts
from hub.people.sources import Source
from hub.privacy import actions, queries, texts
from hub.privacy.access import require_consent
from hub.privacy.models import Consent, ConsentPurpose, ConsentText, Manner
from hub.privacy.queries import State
from hub.programmes import queries as programmes
from tests.hub.conftest import SINCHON

pytestmark = pytest.mark.django_db

TODAY = timezone.localdate()


@pytest.fixture(autouse=True)
def published(db):
    """Every text of the app, published."""
    actions.publish_texts()


@pytest.fixture
def person(household):
    """An invented resident of Chunghyeon-dong."""
    return household.members.order_by("pk")[0]


def text(consent_purpose=ConsentPurpose.HOME_VISIT, language="ko"):
    return queries.text_in_force(consent_purpose, language, TODAY)


def all_items(text, *, but=()):
    return {item["id"]: item["id"] not in but for item in text.body["items"]}


@pytest.fixture
def give(person, coordinator):
    def make(consent_purpose=ConsentPurpose.HOME_VISIT, *, but=(), **more):
        chosen = text(consent_purpose)
        given = {"by": coordinator, "manner": Manner.SCREEN, **more}
        return actions.give_consent(person, chosen, all_items(chosen, but=but), **given)

    return make


# -- texts -----------------------------------------------------------------------------------------------------


def test_there_is_a_text_for_every_consent_purpose_in_both_languages():
    found = {(text.consent_purpose, text.language) for text in texts.written()}
    assert found == {
        (consent_purpose, language) for consent_purpose in ConsentPurpose for language in ("ko", "en")
    }


@pytest.mark.parametrize("written", texts.written(), ids=lambda one: f"{one.consent_purpose}-{one.language}")
def test_every_item_says_what_the_law_asks_for(written):
    items = written.body["items"]
    for item in items:
        assert all(item[word].strip() for word in texts.WORDS), item["id"]
        assert item["law"]
        # Unique identifiers and sensitive data are agreed to apart from everything else (PIPA arts. 23, 24).
        words = item["what"]
        if any(sign in words for sign in ("주민등록번호", "Resident")):
            assert item["about"] == "unique_id", item["id"]
        if any(sign in words for sign in ("질병", "장애의", "llness")):
            assert item["about"] == "sensitive", item["id"]
    assert any(not item["optional"] for item in items)


def test_publishing_twice_changes_nothing():
    assert actions.publish_texts() == 0
    assert ConsentText.objects.count() == 2 * len(ConsentPurpose)


def test_a_changed_text_under_the_same_version_is_refused_and_a_new_version_is_not(tmp_path):
    source = (texts.FOLDER / "home_visit.yaml").read_text(encoding="utf-8")
    changed = tmp_path / "home_visit.yaml"
    changed.write_text(source.replace("미리 알려 드린 날에", "아무 날에나"), encoding="utf-8")
    with pytest.raises(texts.TextProblem, match="new version"):
        actions.publish_texts(texts.written(tmp_path))
    newer = changed.read_text(encoding="utf-8").replace("version: 1", "version: 2")
    changed.write_text(newer, encoding="utf-8")
    assert actions.publish_texts(texts.written(tmp_path)) == 2
    assert text().version == 2


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        ("consent_purpose: home_visit", "consent_purpose: anything", "consent_purpose must be one of"),
        ("optional: false", "optional: true", "at least one item must be required"),
        ("id: photo", "id: visit", "id of its own"),
        ("about: sensitive", "about: third_party", "recipient"),
        (
            "refusal: {ko: 동의를 거부해도 방문 상담은 받으실 수 있습니다., en:",
            "refusal: {en:",
            "ko and en",
        ),
        ("You may refuse and still be visited.}", "You may refuse, and still be visited.}", "quote commas"),
    ],
)
def test_a_text_file_with_a_fault_is_refused_with_its_name(tmp_path, old, new, complaint):
    source = (texts.FOLDER / "home_visit.yaml").read_text(encoding="utf-8")
    assert old in source
    (tmp_path / "home_visit.yaml").write_text(source.replace(old, new), encoding="utf-8")
    with pytest.raises(texts.TextProblem, match=f"home_visit.yaml: .*{complaint}"):
        texts.written(tmp_path)


# -- giving ----------------------------------------------------------------------------------------------------


def test_without_a_consent_the_gate_is_closed_and_says_why(person):
    assert queries.consent_for(person, ConsentPurpose.HOME_VISIT, TODAY).state == State.NONE
    with pytest.raises(Refused, match="동의"):
        require_consent(person, ConsentPurpose.HOME_VISIT, TODAY)


def test_a_consent_opens_the_gate_for_its_consent_purpose_and_person_only(give, person, household):
    give()
    require_consent(person, ConsentPurpose.HOME_VISIT, TODAY)
    with pytest.raises(Refused):
        require_consent(person, ConsentPurpose.PARTNERS, TODAY)
    with pytest.raises(Refused):
        require_consent(household.members.order_by("pk")[1], ConsentPurpose.HOME_VISIT, TODAY)


def test_an_optional_item_is_agreed_to_by_itself(give, person):
    give(but=["photo"])
    require_consent(person, ConsentPurpose.HOME_VISIT, TODAY, "health")
    with pytest.raises(Refused):
        require_consent(person, ConsentPurpose.HOME_VISIT, TODAY, "photo")


@pytest.mark.parametrize(
    ("consent_purpose", "given", "complaint"),
    [
        (ConsentPurpose.HOME_VISIT, {"but": ["visit"]}, "필수"),
        (ConsentPurpose.HOME_VISIT, {"given_on": TODAY + timedelta(days=1)}, "미래"),
        (ConsentPurpose.HOME_VISIT, {"given_on": date(2020, 1, 1)}, "시행"),
        (ConsentPurpose.HOME_VISIT, {"expires_on": TODAY + timedelta(days=800)}, "기간"),
        (ConsentPurpose.HOME_VISIT, {"manner": Manner.PAPER}, "서면"),
        (ConsentPurpose.HOME_VISIT, {"manner": Manner.SPOKEN}, "서면"),
        (ConsentPurpose.PARTNERS, {}, "기관"),
    ],
)
def test_what_is_no_valid_consent_is_refused_and_nothing_is_kept(give, consent_purpose, given, complaint):
    with pytest.raises(ValidationError, match=complaint):
        give(consent_purpose, **given)
    assert not Consent.objects.exists()


def test_an_item_that_was_not_answered_is_not_taken_for_an_answer(person, coordinator):
    chosen = text()
    with pytest.raises(ValidationError):
        actions.give_consent(person, chosen, {"visit": True}, by=coordinator, manner=Manner.SCREEN)
    with pytest.raises(ValidationError):
        more = {**all_items(chosen), "anything": True}
        actions.give_consent(person, chosen, more, by=coordinator, manner=Manner.SCREEN)


def test_a_child_under_14_needs_a_legal_representative(give, person, coordinator):
    born = TODAY.replace(year=TODAY.year - 14, day=1) + timedelta(days=40)
    catalogue = programmes.catalogue()
    record_facts(person, {"birth_date": born}, catalogue, by=coordinator, source=Source.DOCUMENT)
    with pytest.raises(ValidationError, match="14세"):
        give()
    assert give(representative="가상모 (어머니)").given_by == "representative"


def test_who_turns_14_consents_alone(give, person, coordinator):
    born = TODAY.replace(year=TODAY.year - 14)
    catalogue = programmes.catalogue()
    record_facts(person, {"birth_date": born}, catalogue, by=coordinator, source=Source.DOCUMENT)
    assert give().given_by == "self"


def test_giving_leaves_a_mark_without_a_name(give, person, coordinator):
    give()
    mark = AccessRecord.objects.latest("pk")
    assert (mark.verb, mark.object_kind, mark.object_id, mark.actor) == (
        "privacy.gave_consent",
        "people.person",
        str(person.pk),
        coordinator,
    )
    assert person.name not in mark.purpose


def test_outside_the_dong_and_without_the_right_nobody_takes_consents(someone, person):
    for user in (
        someone(Role.COORDINATOR, SINCHON),
        someone(Role.HEAD_OF_DONG),
        someone(Role.PRIVACY_OFFICER),
    ):
        with pytest.raises(Refused):
            actions.give_consent(person, text(), all_items(text()), by=user, manner=Manner.SCREEN)


# -- the end of a consent ----------------------------------------------------------------------------------------


def test_a_consent_holds_to_the_last_day_of_its_term(give, person):
    consent = give()
    assert consent.expires_on is not None
    last = consent.expires_on
    assert queries.consent_for(person, ConsentPurpose.HOME_VISIT, last).state == State.IN_FORCE
    assert (
        queries.consent_for(person, ConsentPurpose.HOME_VISIT, last + timedelta(days=1)).state
        == State.EXPIRED
    )


@pytest.mark.parametrize(
    ("day", "months", "last"),
    [
        (date(2026, 3, 1), 12, date(2027, 2, 28)),
        (date(2026, 1, 31), 1, date(2026, 2, 28)),
        (date(2028, 1, 31), 1, date(2028, 2, 29)),
        (date(2024, 2, 29), 12, date(2025, 2, 28)),
        (date(2026, 12, 15), 24, date(2028, 12, 14)),
    ],
)
def test_a_term_of_months_ends_the_day_before_it_would_begin_again(day, months, last):
    assert actions._months_after(day, months) == last


def test_a_withdrawal_counts_from_its_day_and_the_past_stays(give, person, coordinator):
    consent = give(given_on=TODAY - timedelta(days=10))
    actions.withdraw_consent(consent, by=coordinator, how=Manner.SPOKEN)
    assert (
        queries.consent_for(person, ConsentPurpose.HOME_VISIT, TODAY - timedelta(days=1)).state
        == State.IN_FORCE
    )
    standing = queries.consent_for(person, ConsentPurpose.HOME_VISIT, TODAY)
    assert standing.state == State.WITHDRAWN
    assert str(TODAY) in standing.reason_for()
    with pytest.raises(Refused, match="철회"):
        require_consent(person, ConsentPurpose.HOME_VISIT, TODAY)


def test_a_withdrawal_is_not_undone_but_a_new_consent_can_be_given(give, person, coordinator):
    consent = give()
    actions.withdraw_consent(consent, by=coordinator, how=Manner.PAPER)
    with pytest.raises(ValidationError, match="이미"):
        actions.withdraw_consent(consent, by=coordinator, how=Manner.PAPER)
    give()
    assert queries.consent_for(person, ConsentPurpose.HOME_VISIT, TODAY).state == State.IN_FORCE
    assert queries.history(person).count() == 2


def test_withdrawing_one_purpose_leaves_the_others_in_force(give, person, coordinator):
    visit, _financial = give(), give(ConsentPurpose.FINANCIAL)
    actions.withdraw_consent(visit, by=coordinator, how=Manner.PAPER)
    standing = {one.consent_purpose: one.state for one in queries.standings(person, TODAY)}
    assert standing.pop(ConsentPurpose.HOME_VISIT) == State.WITHDRAWN
    assert standing.pop(ConsentPurpose.FINANCIAL) == State.IN_FORCE
    assert set(standing.values()) == {State.NONE}


def test_after_its_last_day_the_gate_is_closed_and_says_since_when(give, person):
    consent = give(expires_on=TODAY)
    require_consent(person, ConsentPurpose.HOME_VISIT, TODAY)
    with pytest.raises(Refused, match=str(consent.expires_on)):
        require_consent(person, ConsentPurpose.HOME_VISIT, TODAY + timedelta(days=1))


def test_the_latest_consent_decides_even_when_an_older_one_would_still_run(give, person, coordinator):
    give(given_on=TODAY - timedelta(days=20))
    newer = give(given_on=TODAY - timedelta(days=5))
    actions.withdraw_consent(newer, by=coordinator, how=Manner.SPOKEN)
    assert queries.consent_for(person, ConsentPurpose.HOME_VISIT, TODAY).state == State.WITHDRAWN


@pytest.mark.parametrize(
    "change",
    [
        {"items": {"visit": True, "health": True, "photo": True}},
        {"given_on": date(2026, 1, 2)},
        {"expires_on": None},
        {"withdrawn_on": None},
        {"paper_reference": "스캔 2026-9999"},
        {"text": None},
    ],
)
def test_the_database_refuses_to_overwrite_a_consent(give, change):
    consent = give(but=["photo"])
    if "text" in change:
        change = {"text": text(ConsentPurpose.FINANCIAL)}
    with pytest.raises(ProgrammingError, match="never overwritten"), transaction.atomic():
        Consent.objects.filter(pk=consent.pk).update(**change)


def test_the_database_refuses_to_change_a_published_text_or_take_it_away():
    with pytest.raises(ProgrammingError, match="stays as it was written"), transaction.atomic():
        ConsentText.objects.update(months=99)
    with pytest.raises(ProgrammingError, match="stays as it was written"), transaction.atomic():
        ConsentText.objects.all().delete()


# -- pages -----------------------------------------------------------------------------------------------------


@pytest.fixture
def desk(client, coordinator):
    client.force_login(coordinator)
    return client


@pytest.mark.parametrize("language", ["ko", "en"])
def test_the_page_of_a_person_shows_how_each_consent_purpose_stands(desk, give, person, language):
    desk.cookies["hub-language"] = language
    give()
    page = desk.get(reverse("person_privacy", args=[person.pk])).content.decode()
    assert person.name in page
    assert ("유효" if language == "ko" else "Valid") in page


def test_a_consent_is_given_and_withdrawn_on_the_pages(desk, person):
    address = reverse("give_consent", args=[person.pk, ConsentPurpose.HOME_VISIT])
    page = desk.get(address).content.decode()
    assert text().body["items"][0]["what"] in page
    answer = {
        "text": text().pk,
        "item-visit": "yes",
        "item-health": "no",
        "item-photo": "yes",
        "given_on": TODAY.isoformat(),
        "manner": "paper",
        "paper_reference": "스캔 2026-0001",
    }
    assert desk.post(address, answer).status_code == 302
    consent = Consent.objects.get()
    assert consent.items == {"visit": True, "health": False, "photo": True}
    assert "스캔 2026-0001" in desk.get(reverse("person_privacy", args=[person.pk])).content.decode()
    assert desk.post(reverse("withdraw_consent", args=[consent.pk]), {"how": "spoken"}).status_code == 302
    assert queries.consent_for(person, ConsentPurpose.HOME_VISIT, TODAY).state == State.WITHDRAWN


@pytest.fixture
def newer(tmp_path):
    """Publish version 2 of the text for home visits, in which other words stand."""

    def publish():
        source = (texts.FOLDER / "home_visit.yaml").read_text(encoding="utf-8")
        changed = source.replace("version: 1", "version: 2").replace("미리 알려 드린 날에", "약속한 날에")
        (tmp_path / "home_visit.yaml").write_text(changed, encoding="utf-8")
        actions.publish_texts(texts.written(tmp_path))

    return publish


@pytest.mark.parametrize("language", ["ko", "en"])
def test_each_consent_shows_the_version_it_was_given_under_whatever_was_published_since(
    desk, give, newer, person, language
):
    desk.cookies["hub-language"] = language
    old = give(given_on=TODAY - timedelta(days=1))
    newer()
    new = give()
    assert (old.text.version, new.text.version) == (1, 2)
    page = desk.get(reverse("person_privacy", args=[person.pk])).content.decode()
    for consent in (old, new):
        version = consent.text.version
        assert (f"제{version}판" if language == "ko" else f"version {version} (") in page
        assert consent.text.hash[:12] in page
    signed = Consent.objects.get(pk=old.pk).text.body
    assert "미리 알려 드린 날에" in str(signed)


def test_a_text_that_was_replaced_while_it_was_read_out_is_read_again(desk, newer, person):
    read = text().pk
    newer()
    items = {f"item-{name}": "yes" for name in ("visit", "health", "photo")}
    page = desk.post(
        reverse("give_consent", args=[person.pk, ConsentPurpose.HOME_VISIT]),
        {"text": read, "given_on": TODAY.isoformat(), "manner": "screen", **items},
    )
    assert "새 동의서" in page.content.decode()
    assert not Consent.objects.exists()


@pytest.mark.parametrize("language", ["ko", "en"])
def test_the_page_tells_expired_and_withdrawn_apart(desk, give, person, coordinator, language):
    desk.cookies["hub-language"] = language
    give(given_on=TODAY - timedelta(days=9), expires_on=TODAY - timedelta(days=1))
    actions.withdraw_consent(give(ConsentPurpose.FINANCIAL), by=coordinator, how=Manner.PAPER)
    page = desk.get(reverse("person_privacy", args=[person.pk])).content.decode()
    for word in ("만료", "철회") if language == "ko" else ("Expired", "Withdrawn"):
        assert f">{word}</span>" in page


def test_what_does_not_fit_comes_back_with_what_was_typed(desk, person):
    address = reverse("give_consent", args=[person.pk, ConsentPurpose.HOME_VISIT])
    answer = {
        "text": text().pk,
        "item-visit": "no",
        "item-health": "no",
        "item-photo": "no",
        "given_on": TODAY.isoformat(),
        "manner": "paper",
        "paper_reference": "스캔 2026-0002",
    }
    page = desk.post(address, answer)
    assert page.status_code == 200
    assert "스캔 2026-0002" in page.content.decode()
    assert "필수 항목" in page.content.decode()


def test_the_form_to_sign_prints_in_the_language_of_the_resident(desk, person):
    address = reverse("consent_form", args=[person.pk, ConsentPurpose.HOME_VISIT])
    korean, english = desk.get(address), desk.get(address + "?language=en")
    assert text().body["title"] in korean.content.decode()
    assert text(language="en").body["title"] in english.content.decode()
    assert "필수" not in english.content.decode()


def test_the_line_on_a_household_page_tells_each_member_apart(give, person, household):
    give()
    standings = queries.standings_in(household, TODAY)
    other = household.members.exclude(pk=person.pk).get()
    with translation.override("ko"):
        own = render_to_string("privacy/_person.html", {"person": person, "standings": standings[person.pk]})
        theirs = render_to_string(
            "privacy/_person.html", {"person": other, "standings": standings.get(other.pk)}
        )
    assert "유효" in own
    assert reverse("person_privacy", args=[person.pk]) in own
    assert "유효" not in theirs


def test_the_pages_are_closed_outside_the_area_of_duty(client, someone, person):
    client.force_login(someone(Role.COORDINATOR, SINCHON))
    for address in (
        reverse("person_privacy", args=[person.pk]),
        reverse("give_consent", args=[person.pk, ConsentPurpose.HOME_VISIT]),
        reverse("consent_form", args=[person.pk, ConsentPurpose.HOME_VISIT]),
    ):
        response = client.get(address)
        assert response.status_code == 404
        assert person.name not in response.content.decode()
