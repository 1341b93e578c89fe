"""The paper that tells a resident everything held about them, and nothing of anybody else."""

import io
from datetime import date

import pytest
from django.urls import reverse
from django.utils import timezone, translation
from pypdf import PdfReader

from hub.access.access import Refused
from hub.access.models import AccessRecord
from hub.access.roles import Role
from hub.lists.models import AgencyList, Import, ImportRow
from hub.people import actions as people
from hub.people.actions import record_facts
from hub.people.identity.models import IdentityNumber
from hub.people.models import Address, Household, LifeEvent, Note, Person, Relation
from hub.people.sources import Source
from hub.privacy import actions, queries, retention, right_of_access
from hub.privacy.models import ConsentPurpose, Manner, SubjectRequest
from hub.programmes import queries as programmes
from hub.screening import actions as screening
from tests.hub.conftest import CHUNGHYEON, SINCHON

pytestmark = pytest.mark.django_db

TODAY = timezone.localdate()
OWN, SHARED = 31_415_920, 1_234_560
OTHERS = 27_182_810  # a canary: what the partner pays for treatment


@pytest.fixture(autouse=True)
def published(db):
    actions.publish_texts()


@pytest.fixture
def tell(coordinator):
    def make(about, source=Source.DOCUMENT, on=date(2026, 3, 4), **values):
        catalogue = programmes.catalogue()
        return record_facts(about, values, catalogue, by=coordinator, source=source, collected_on=on)

    return make


@pytest.fixture
def couple(household, tell, coordinator):
    """A couple with facts of all kinds, a consent, and an interview about both."""
    first, second = household.members.order_by("pk")
    tell(first, earned_income=OWN, disability="mild", birth_date=date(1950, 2, 3))
    tell(second, treatment_cost=OTHERS, disability="severe", birth_date=date(1952, 11, 28))
    tell(household, monthly_rent=SHARED, crisis_violence=True)
    text = queries.text_in_force(ConsentPurpose.HOME_VISIT, "ko", TODAY)
    items = {"visit": True, "health": False, "photo": True}
    actions.give_consent(
        first, text, items, by=coordinator, manner=Manner.PAPER, paper_reference="스캔 2026-0007"
    )
    held = screening.open_interview_with(household.pk, by=coordinator, policy="any_time")
    held.answers = [
        {"fact": "chronic_illness", "members": [0, 1], "value": [True, False]},
        {"fact": "treatment_cost", "members": [1], "value": [OTHERS]},
        {"fact": "family_crisis", "members": [], "value": True},
    ]
    held.save()
    people.open_household(household.pk, programmes.catalogue(), by=coordinator, purpose="case")
    return first, second


@pytest.fixture
def paper(coordinator):
    """The PDF about a person, and its text without line breaks."""

    def make(person, language="ko", kind=SubjectRequest.Kind.ACCESS):
        request = actions.receive_request(person, kind, by=coordinator, identity="card")
        with translation.override(language):
            made = actions.make_record(request, by=coordinator)
        return made, "".join(
            "".join(page.extract_text() for page in PdfReader(io.BytesIO(made)).pages).split()
        )

    return make


def joined(text):
    return "".join(str(text).split())


@pytest.mark.parametrize("language", ["ko", "en"])
def test_it_tells_everything_about_the_person(paper, couple, household, coordinator, language):
    first, _ = couple
    _, text = paper(first, language)
    facts = programmes.catalogue().facts
    with translation.override(language):
        expected = [
            first.name,
            first.resident_number,
            str(first.pk),
            household.centre,
            f"{OWN:,}",
            f"{SHARED:,}",
            facts["disability"].label[language],
            facts["disability"].code_labels[1][language],
            facts["chronic_illness"].label[language],
            Source.DOCUMENT.label,
            "2026-03-04",
            "1950-02-03",
            Role.COORDINATOR.label,
            "스캔 2026-0007",
            ConsentPurpose.HOME_VISIT.label,
            right_of_access.DEEDS["people.opened"],
            right_of_access.PURPOSES["case"],
            "사회보장급여법 제34조",
        ]
        missing = [word for word in expected if joined(word) not in text]
    assert missing == []


# What the paper tells of each model that leads to a resident: words that only a row of it brings there.
TOLD = {
    "people.person": "가상나래",
    "people.household": "31337",
    "people.identitynumber": "771231-8******",
    "people.address": "파랑나비로 1",
    "people.lifeevent": "초록거북로 2",
    "people.relation": "가상고래",
    "people.note": "하양토끼",
    "people.factrecord": f"{OWN:,}",
    "lists.importrow": "16,180,330",
    "privacy.consent": "보관함 7-31",
    "privacy.subjectrequest": "2019-08-07",
    "screening.interview": f"{OTHERS:,}",
}
NOT_TOLD = {
    "people.opening": "who opened the household for what stands in the trail, which is told",
    "people.seal": "whom a household is hidden from must not learn of it from a member's paper (PIPA art. 35 (4))",
    "lists.link": "a decision whom a row speaks of is told with the row it led to",
    "screening.missed": "computed again for the paper: a line may depend on what others told in confidence",
    "screening.listed": "the sum of such lines, by which the work list is ordered",
    "privacy.erasurerecord": "counts, of somebody who is no longer there to be told",
}


def test_every_model_that_leads_to_a_resident_is_told_or_says_why_not():
    leading = retention.holders(retention.RESIDENTS)
    unclear = leading - TOLD.keys() - NOT_TOLD.keys()
    assert not unclear, (
        f"tell these in hub/privacy/right_of_access.py, or say here why not: {sorted(unclear)}"
    )
    assert leading == TOLD.keys() | NOT_TOLD.keys()


@pytest.fixture
def told(coordinator, tell):
    """Somebody who lives alone, with a row of every model in TOLD."""
    household = Household.objects.create(pk=31337, centre_id=CHUNGHYEON)
    person = Person.objects.create(pk=777, household=household, name="가상나래")
    IdentityNumber.objects.create(
        person=person,
        kind="resident",
        encrypted=b"",
        blind_index=b"",
        masked="771231-8******",
        collected_on=TODAY,
    )
    Address.objects.create(household=household, kind="registered", text="파랑나비로 1", source="register")
    LifeEvent.objects.create(
        household=household,
        person=person,
        kind="address",
        happened_on=TODAY,
        before="초록거북로 2",
        source="register",
    )
    Relation.objects.create(person=person, name="가상고래", kind="child", source="visit", stated_on=TODAY)
    Note.objects.create(household=household, kind="note", text="하양토끼", written_by=coordinator)
    tell(person, earned_income=OWN)
    sent = Import.objects.create(
        agency_list=AgencyList.objects.create(name="가상", agency="가상", created_by=coordinator),
        data_day=TODAY,
        uploaded_by=coordinator,
    )
    ImportRow.objects.create(
        of=sent,
        number=2,
        household=household,
        person=person,
        says={"monthly_rent": 16_180_330},
        outcome="older",
    )
    text = queries.text_in_force(ConsentPurpose.HOME_VISIT, "ko", TODAY)
    items = {item["id"]: True for item in text.body["items"]}
    actions.give_consent(
        person, text, items, by=coordinator, manner=Manner.PAPER, paper_reference="보관함 7-31"
    )
    actions.receive_request(
        person, "correction", by=coordinator, identity="card", received_on=date(2019, 8, 7)
    )
    held = screening.open_interview_with(household.pk, by=coordinator, policy="any_time")
    held.answers = [{"fact": "treatment_cost", "members": [0], "value": [OTHERS]}]
    held.save()
    return person


@pytest.mark.parametrize("language", ["ko", "en"])
def test_what_stands_in_each_model_is_on_the_paper(told, paper, language):
    _, text = paper(told, language)
    assert [model for model, words in TOLD.items() if joined(words) not in text] == []


def test_of_a_row_of_a_list_sensitive_facts_of_a_shared_household_are_not_told(told, paper):
    row = ImportRow.objects.get()
    row.says = {"monthly_rent": 16_180_330, "crisis_violence": True}
    row.save()
    label = joined(programmes.catalogue().facts["crisis_violence"].label["ko"])
    _, text = paper(told)
    assert label in text
    Person.objects.create(pk=778, household=told.household, name="가상서이")
    _, text = paper(told)
    assert "16,180,330" in text
    assert label not in text


def test_it_tells_nothing_of_anybody_else(paper, couple, household_elsewhere, coordinator):
    first, second = couple
    elsewhere = household_elsewhere.members.get()
    for language in ("ko", "en"):
        _, text = paper(first, language)
        for canary in (
            second.name,
            elsewhere.name,
            coordinator.name,
            coordinator.username,
            f"{OTHERS:,}",
            str(OTHERS),
            "1952-11-28",
            *(
                programmes.catalogue().facts[name].label[language]
                for name in ("crisis_violence", "family_crisis")
            ),
        ):
            assert joined(canary) not in text, canary


@pytest.mark.parametrize("taken_in", ["500101-9******", "991331-9876543"])
def test_numbers_are_masked_whatever_the_register_took_in(paper, couple, client, coordinator, taken_in):
    first, _ = couple
    Person.objects.filter(pk=first.pk).update(resident_number=taken_in)
    first.refresh_from_db()
    _, text = paper(first)
    client.force_login(coordinator)
    page = client.get(reverse("person_privacy", args=[first.pk])).content.decode()
    for shown in (text, page):
        assert f"{taken_in[:8]}******" in shown
        assert "9876543" not in shown


@pytest.mark.parametrize("language", ["ko", "en"])
def test_what_others_told_in_confidence_cannot_show_through(couple, household, tell, language, coordinator):
    """The same paper whatever the sensitive facts of the others are: nothing on it can depend on them."""
    first, second = couple
    request = actions.receive_request(first, "access", by=coordinator, identity="card")

    def sections():
        with translation.override(language):
            made = right_of_access.document(first, TODAY, request=request)
        # Who opened the record grows with every deed of the test.
        trail = str(right_of_access._trail(first).heading) if language == "ko" else "Who opened your record"
        return [section for section in made.sections if section.heading != trail]

    before = sections()
    tell(
        second, Source.REGISTER, disability="none", severe_illness=True, treatment_cost=0, ltc_grade="grade1"
    )
    tell(second, Source.REGISTER, receives_disability_pension=True, homeless=True)
    tell(
        household,
        Source.REGISTER,
        crisis_violence=False,
        crisis_income_lost=True,
        chronic_medical_cost=9_000_000,
    )
    assert sections() == before


def test_who_lives_alone_is_told_sensitive_facts_of_the_household(household_elsewhere, someone, paper):
    person = household_elsewhere.members.get()
    there = someone(Role.COORDINATOR, SINCHON)
    catalogue = programmes.catalogue()
    record_facts(household_elsewhere, {"family_crisis": True}, catalogue, by=there, source=Source.VISIT)
    request = actions.receive_request(person, "access", by=there, identity="card")
    with translation.override("ko"):
        text = right_of_access.document(person, TODAY, request=request).text
    assert catalogue.facts["family_crisis"].label["ko"] in text


def test_what_was_computed_is_told_with_its_reasons_and_law(couple, coordinator):
    first, _ = couple
    request = actions.receive_request(first, "explanation", by=coordinator, identity="card")
    with translation.override("ko"):
        made = right_of_access.document(first, TODAY, request=request)
    section = next(one for one in made.sections if one.heading == "복지허브가 계산한 결과")
    programmes_told = {row[0] for row in section.rows}
    rules = programmes.rules(TODAY)
    assert programmes_told == {programme.name["ko"] for programme in rules.programmes.values()}
    assert all(row[2] and row[3] and row[4] for row in section.rows)


def test_the_paper_is_accessible_and_reads_in_its_language(paper, couple):
    for language in ("ko", "en"):
        made, _ = paper(couple[0], language)
        reader = PdfReader(io.BytesIO(made))
        catalog = reader.trailer["/Root"]
        assert catalog["/Lang"].startswith(language)
        assert catalog["/MarkInfo"]["/Marked"]
        assert "/StructTreeRoot" in catalog
        assert b"pdfuaid" in catalog["/Metadata"].get_object().get_data()
        assert reader.metadata.title


def test_what_is_recorded_is_set_as_text_and_never_as_markup(couple, coordinator, paper):
    first, _ = couple
    Person.objects.filter(pk=first.pk).update(name='#read("/etc/passwd") *가상* $x$')
    first.refresh_from_db()
    _, text = paper(first)
    assert joined('#read("/etc/passwd")*가상*$x$') in text
    assert "root:" not in text


def test_making_it_leaves_a_mark(paper, couple, coordinator):
    paper(couple[0])
    mark = AccessRecord.objects.get(verb="privacy.gave_record")
    assert (mark.actor, mark.object_kind, mark.object_id, mark.purpose) == (
        coordinator,
        "people.person",
        str(couple[0].pk),
        "access",
    )


def test_it_is_made_for_a_request_that_asks_for_it_only(couple, coordinator):
    first, _ = couple
    correction = actions.receive_request(first, "correction", by=coordinator, identity="card")
    with pytest.raises(Refused):
        actions.make_record(correction, by=coordinator)
    access = actions.receive_request(first, "access", by=coordinator, identity="card")
    actions.answer_request(access, "신분을 확인할 수 없습니다.", by=coordinator, refused=True)
    access.refresh_from_db()
    with pytest.raises(Refused):
        actions.make_record(access, by=coordinator)


def test_on_the_page_it_is_handed_over_and_kept_by_nobody(client, couple, coordinator):
    request = actions.receive_request(couple[0], "access", by=coordinator, identity="card")
    client.force_login(coordinator)
    address = reverse("make_record", args=[request.pk])
    assert client.get(address).status_code == 405
    response = client.post(address)
    assert response.headers["Content-Type"] == "application/pdf"
    assert response.headers["Cache-Control"] == "no-store, private"
    assert response.content.startswith(b"%PDF")
    assert couple[0].name not in response.headers["Content-Disposition"]


@pytest.mark.parametrize(
    "role", [Role.PRIVACY_OFFICER, Role.HEAD_OF_DONG, Role.ADMINISTRATOR, Role.COUNCIL_MEMBER]
)
def test_without_the_right_nobody_makes_it(client, couple, coordinator, someone, role):
    request = actions.receive_request(couple[0], "access", by=coordinator, identity="card")
    client.force_login(someone(role))
    assert client.post(reverse("make_record", args=[request.pk])).status_code == 403


def test_in_another_dong_nobody_makes_it(client, couple, coordinator, someone):
    request = actions.receive_request(couple[0], "access", by=coordinator, identity="card")
    client.force_login(someone(Role.COORDINATOR, SINCHON))
    assert client.post(reverse("make_record", args=[request.pk])).status_code == 404


def test_about_somebody_with_nothing_on_record_it_says_so(paper, household):
    assert Household.objects.get(pk=household.pk).records.count() == 0
    _, text = paper(household.members.first())
    assert joined("기록된 내용이 없습니다.") in text
