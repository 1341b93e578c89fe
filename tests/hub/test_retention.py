"""How long each kind is kept: the table is complete, periods end on the right day, what is over is destroyed with a proof."""

from datetime import date, datetime, timedelta

import pytest
from django.apps import apps
from django.core.exceptions import ValidationError
from django.db import ProgrammingError, connection, transaction
from django.urls import reverse
from django.utils import timezone

from hub.access.access import Refused
from hub.access.actions import record
from hub.access.models import AccessRecord, Post, User
from hub.access.roles import Role
from hub.people.models import FactRecord, Household, Person
from hub.people.sources import Source
from hub.privacy import actions, queries, retention, texts
from hub.privacy.models import Consent, ConsentPurpose, ErasureRecord, Manner, RetentionRun, SubjectRequest
from hub.privacy.retention import Fate, kind_of, last_day, years_before
from hub.screening import actions as screening
from hub.screening.models import Interview, Missed, Run
from hub.screening.queries import latest_run
from tests.hub.conftest import CHUNGHYEON

pytestmark = pytest.mark.django_db

TODAY = timezone.localdate()
OLD = date(2019, 3, 1)  # five years end on 1 March 2024
LAST, DUE = date(2024, 3, 1), date(2024, 3, 2)


@pytest.fixture
def officer(someone) -> User:
    """A privacy officer of the district."""
    return someone(Role.PRIVACY_OFFICER)


@pytest.fixture(autouse=True)
def files(settings, tmp_path):
    """A place of their own for the files of runs."""
    settings.SNAPSHOTS, settings.RUNS = tmp_path / "snapshots", tmp_path / "runs"


def fact(about, values, on=OLD, source=Source.REGISTER):
    owner = {"household": about} if isinstance(about, Household) else {"person": about}
    return FactRecord.objects.create(**owner, values=values, collected_on=on, source=source)


def at(day):
    return timezone.make_aware(datetime(day.year, day.month, day.day, 12))


def interview(household, by, ended, **more):
    held = Interview.objects.create(
        centre_id=CHUNGHYEON,
        household=household,
        held_by=by,
        as_of=ended,
        catalogue_version="x",
        known={"household": {}, "members": [{}, {}]},
        closed_at=at(ended),
        **more,
    )
    Interview.objects.filter(pk=held.pk).update(opened_at=at(ended))
    return held


def due(model, day):
    return kind_of(model).over(day).count()


def destroy(officer, day=None):
    run = actions.prepare_retention(by=officer, as_of=day)
    return actions.carry_out_retention(run.pk)


# -- the table -------------------------------------------------------------------------------------------------


def test_every_model_that_leads_to_a_resident_or_a_user_has_its_row():
    missing = retention.holders() - {kind.model for kind in retention.KINDS}
    assert not missing, f"give these a row in hub/privacy/retention.py: {sorted(missing)}"


def test_every_row_says_from_when_by_which_law_and_what_happens():
    models = [kind.model for kind in retention.KINDS]
    assert len(models) == len(set(models))
    for kind in retention.KINDS:
        assert str(kind.label)
        assert str(kind.clock)
        assert kind.law
        assert (kind.over is not None) is (kind.fate in (Fate.ERASE, Fate.EMPTY)), kind.model
        assert kind.years is not None or kind.fate in (Fate.KEEP, Fate.FOLLOW), kind.model


def test_every_model_about_a_person_is_reached_by_an_erasure():
    about_a_person = {
        model._meta.label_lower
        for model in apps.get_models()
        if any(field.related_model is Person and not field.auto_created for field in model._meta.get_fields())
    }
    reached = {kind.model for kind in retention.kinds() if kind.person}
    assert about_a_person <= reached


@pytest.mark.parametrize(
    ("start", "years", "last"),
    [
        (date(2021, 3, 1), 5, date(2026, 3, 1)),
        (date(2020, 2, 29), 5, date(2025, 2, 28)),
        (date(2020, 2, 29), 4, date(2024, 2, 29)),
    ],
)
def test_a_period_covers_its_last_day_and_is_over_the_day_after(start, years, last):
    assert last_day(start, years) == last
    assert not start < years_before(last, years)
    assert start < years_before(last + timedelta(days=1), years)


# -- what is over, and when --------------------------------------------------------------------------------------


def test_a_fact_is_due_the_day_after_its_five_years(household):
    fact(household, {"tenure": "rent"})
    assert (due("people.factrecord", LAST), due("people.factrecord", DUE)) == (0, 1)


def test_work_with_the_household_keeps_its_facts(household, household_elsewhere, coordinator):
    fact(household.members.first(), {"sex": "female"})
    fact(household_elsewhere.members.first(), {"sex": "female"})
    interview(household, coordinator, date(2022, 5, 1))
    assert due("people.factrecord", DUE) == 1  # the other household's
    assert due("people.factrecord", date(2027, 5, 1)) == 1
    assert due("people.factrecord", date(2027, 5, 2)) == 2


@pytest.mark.parametrize(
    "values",
    [{"receives_livelihood_benefit": True}, {"disability": "severe"}],
    ids=["recipient", "registered"],
)
def test_facts_of_recipients_and_registered_persons_are_held(household, household_elsewhere, values):
    """Decree art. 19, and with it the family in the same case."""
    first, second = household.members.order_by("pk")
    fact(first, {"earned_income": 0})
    fact(second, values, on=date(2023, 6, 1))
    fact(household_elsewhere, {"tenure": "rent"})
    kind = kind_of("people.factrecord")
    assert (kind.over(DUE).count(), kind.held(DUE).count()) == (1, 1)


@pytest.mark.parametrize(
    "values", [{"receives_livelihood_benefit": False}, {"disability": "none"}], ids=["no", "none"]
)
def test_who_does_not_receive_is_not_held(household, values):
    first, second = household.members.order_by("pk")
    fact(first, {"earned_income": 0})
    fact(second, values, on=date(2023, 6, 1))
    assert kind_of("people.factrecord").held(DUE).count() == 0


def test_a_receipt_that_is_itself_too_old_holds_nothing(household):
    fact(household.members.first(), {"receives_livelihood_benefit": True})
    assert due("people.factrecord", DUE) == 1


def test_a_name_goes_with_the_last_that_is_known_of_the_household(household):
    first, second = household.members.order_by("pk")
    fact(first, {"earned_income": 0})
    fact(second, {"earned_income": 0}, on=date(2022, 1, 1))
    assert due("people.person", DUE) == 0
    assert due("people.person", date(2027, 1, 2)) == 2


def test_a_name_without_any_record_has_no_clock_and_stays(household):
    assert due("people.person", date(2099, 1, 1)) == 0


def test_a_consent_in_force_or_an_open_request_keeps_the_name(household, coordinator):
    actions.publish_texts()
    first, second = household.members.order_by("pk")
    fact(household, {"tenure": "rent"})
    text = queries.text_in_force(ConsentPurpose.FINANCIAL, "ko", TODAY)
    items = {item["id"]: True for item in text.body["items"]}
    actions.give_consent(first, text, items, by=coordinator, manner=Manner.SCREEN)
    actions.receive_request(second, "access", by=coordinator, identity="card")
    assert due("people.person", DUE) == 0


def test_interviews_are_due_five_years_after_their_end(household, coordinator):
    interview(household, coordinator, OLD)
    assert (due("screening.interview", LAST), due("screening.interview", DUE)) == (0, 1)


def test_a_consent_is_kept_five_years_after_it_ended(household, coordinator):
    actions.publish_texts()
    text = queries.text_in_force(ConsentPurpose.FINANCIAL, "ko", TODAY)
    items = {item["id"]: True for item in text.body["items"]}
    consent = actions.give_consent(
        household.members.first(), text, items, by=coordinator, manner=Manner.SCREEN
    )
    assert due("privacy.consent", date(2099, 1, 1)) == 0  # it never ended
    actions.withdraw_consent(consent, by=coordinator, how=Manner.SPOKEN)
    assert due("privacy.consent", last_day(TODAY, 5)) == 0
    assert due("privacy.consent", last_day(TODAY, 5) + timedelta(days=1)) == 1


def test_an_account_keeps_its_name_three_years_after_the_last_post(someone):
    user = someone(Role.PLANNER)
    User.objects.filter(pk=user.pk).update(created_at=at(date(2018, 1, 1)))
    assert due("access.user", date(2099, 1, 1)) == 0  # the post goes on
    user.posts.update(since=date(2018, 1, 1), until=date(2020, 12, 31))
    others = User.objects.exclude(pk=user.pk).count()
    assert others == 0
    assert (due("access.user", date(2023, 12, 31)), due("access.user", date(2024, 1, 1))) == (0, 1)


def test_the_newest_district_run_is_never_due():
    for day in (OLD, date(2020, 1, 1)):
        Run.objects.create(as_of=day, state=Run.State.DONE, finished_at=at(day))
    assert due("screening.run", date(2099, 1, 1)) == 1


# -- destroying ------------------------------------------------------------------------------------------------


def test_what_is_only_due_later_cannot_be_destroyed(officer):
    with pytest.raises(ValidationError):
        actions.prepare_retention(by=officer, as_of=TODAY + timedelta(days=1))


def test_only_who_may_erase_destroys(someone):
    for role in set(Role) - {Role.PRIVACY_OFFICER}:
        with pytest.raises(Refused):
            actions.prepare_retention(by=someone(role))
    assert not RetentionRun.objects.exists()


def test_two_destructions_at_once_are_refused(officer):
    actions.prepare_retention(by=officer)
    with pytest.raises(Refused):
        actions.prepare_retention(by=officer)


@pytest.fixture
def full(household, household_elsewhere, coordinator):
    """One household forgotten since 2019, one that is still worked with."""
    for person in household.members.all():
        fact(person, {"earned_income": 31_415_926})
    fact(household, {"monthly_rent": 27_182_818})
    interview(
        household, coordinator, OLD, answers=[{"fact": "monthly_rent", "members": [], "value": 27_182_818}]
    )
    run = Run.objects.create(as_of=OLD, state=Run.State.DONE, finished_at=at(OLD))
    Run.objects.create(as_of=TODAY, state=Run.State.DONE, finished_at=timezone.now())
    for folder in (run.folder, run.snapshot_folder):
        folder.mkdir(parents=True)
        (folder / "part.parquet").write_text("가상하나")
    Missed.objects.create(
        run=run, household=household, person=household.members.first(), centre_id=CHUNGHYEON, programme="x"
    )
    screening.list_anew(run=run)
    fact(household_elsewhere.members.first(), {"earned_income": 1}, on=TODAY)
    record(coordinator, "people.opened", household, "household page")
    return run


def everything():
    """Every text and JSON cell of the database, as one text."""
    found = []
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT table_name FROM information_schema.tables WHERE table_schema = 'public' AND table_type = 'BASE TABLE'"
        )
        for (table,) in cursor.fetchall():
            cursor.execute(f'SELECT row_to_json(t)::text FROM "{table}" AS t')  # noqa: S608
            found += [row for (row,) in cursor.fetchall()]
    return "\n".join(found)


def test_time_travel_what_is_over_is_in_no_table_and_no_file_and_the_rest_is_untouched(
    full, household, household_elsewhere, officer, tmp_path
):
    names = [person.name for person in household.members.all()]
    assert all(name in everything() for name in names)
    run = destroy(officer)
    assert run.state == RetentionRun.State.DONE
    left = everything()
    for canary in (*names, "31415926", "27182818"):
        assert canary not in left, canary
    assert not list(tmp_path.rglob("*.parquet"))
    # What stays: the numbers, and everybody else.
    assert household.members.count() == 2
    assert household_elsewhere.members.get().name == "가상서이"
    assert FactRecord.objects.count() == 1
    assert AccessRecord.objects.filter(verb="people.opened", object_id=str(household.pk)).exists()


def test_the_newest_run_is_made_again_without_what_was_destroyed(
    household, household_elsewhere, officer, django_capture_on_commit_callbacks
):
    fact(household.members.first(), {"earned_income": 31_415_926})
    fact(household_elsewhere.members.first(), {"earned_income": 27_182_818}, on=TODAY)
    before = screening.run_district_now()
    with django_capture_on_commit_callbacks(execute=True):
        destroy(officer)
    after = latest_run()
    assert after.pk != before.pk
    assert not before.folder.exists()
    assert not before.snapshot_folder.exists()


def test_files_still_being_written_at_an_erasure_go_when_they_are_finished(household, officer):
    fact(household.members.first(), {"earned_income": 31_415_926})
    writing = screening.prepare_run(by=None)
    destroy(officer)
    actions.renew_expired_files()
    assert not writing.expiring.removed_at
    screening.carry_out(writing.pk)
    actions.renew_expired_files()
    writing.expiring.refresh_from_db()
    assert writing.expiring.removed_at
    assert not writing.snapshot_folder.exists()
    assert latest_run().pk != writing.pk


def test_the_proof_says_how_many_of_each_kind_were_there_erased_and_left(full, officer):
    before = {one.kind.model: one for one in retention.due(TODAY)}
    proof = destroy(officer).proof
    lines = {line["kind"]: line for line in proof.lines}
    assert set(lines) == set(before)
    for model in ("people.person", "people.factrecord", "screening.interview", "screening.run"):
        line = lines[model]
        assert line["before"] == before[model].rows
        assert line["erased"] == before[model].due > 0
        assert line["after"] == line["before"] - line["erased"]
    assert proof.hash == texts.digest(
        {"occasion": ["run", proof.run_id], "day": proof.as_of.isoformat(), "lines": proof.lines}
    )
    assert retention.late(TODAY) == 0


def test_a_proof_never_changes(full, officer):
    proof = destroy(officer).proof
    with pytest.raises(ProgrammingError, match="stays as it was written"), transaction.atomic():
        ErasureRecord.objects.filter(pk=proof.pk).update(lines=[])
    with pytest.raises(ProgrammingError, match="stays as it was written"), transaction.atomic():
        ErasureRecord.objects.all().delete()


def test_destroying_again_finds_nothing(full, officer):
    destroy(officer)
    assert sum(line["erased"] for line in destroy(officer).proof.lines) == 0


def test_an_interrupted_destruction_goes_on_and_its_proof_counts_every_row_once(full, officer, monkeypatch):
    person = Household.objects.get(pk=2001).members.get()
    for _ in range(7):
        fact(person, {"earned_income": 5})
    monkeypatch.setattr(actions, "BATCH", 2)
    run = actions.prepare_retention(by=officer)
    batch, calls = actions._erase_batch, []

    def pulled_plug(number, kind):
        calls.append(kind.model)
        if calls.count("people.factrecord") == 3:
            raise KeyboardInterrupt
        return batch(number, kind)

    with monkeypatch.context() as patch:
        patch.setattr(actions, "_erase_batch", pulled_plug)
        with pytest.raises(KeyboardInterrupt):
            actions.carry_out_retention(run.pk)
    run.refresh_from_db()
    assert run.unfinished
    assert 0 < run.percent < 100
    lines = {line["kind"]: line for line in actions.carry_out_retention(run.pk).proof.lines}
    assert (lines["people.factrecord"]["before"], lines["people.factrecord"]["erased"]) == (11, 10)
    assert lines["people.factrecord"]["after"] == 1


def test_a_fault_is_kept_by_its_kind_only(full, officer, monkeypatch):
    def fault(*_arguments):
        raise ValueError("가상하나")

    monkeypatch.setattr(actions, "_erase_batch", fault)
    with pytest.raises(ValueError, match="가상하나"):
        destroy(officer)
    run = RetentionRun.objects.get()
    assert (run.state, run.failure) == (RetentionRun.State.FAILED, "ValueError")
    assert not ErasureRecord.objects.exists()


def test_words_of_a_request_and_a_leaver_lose_who_they_are_about(household, coordinator, officer, someone):
    request = actions.receive_request(
        household.members.first(), "correction", by=coordinator, identity="card", details="비밀 말씀"
    )
    actions.answer_request(request, "고쳤습니다", by=coordinator)
    SubjectRequest.objects.update(answered_on=OLD)
    leaver = someone(Role.NURSE)
    User.objects.filter(pk=leaver.pk).update(created_at=at(OLD))
    leaver.posts.update(since=OLD, until=OLD)
    destroy(officer)
    request.refresh_from_db()
    leaver.refresh_from_db()
    assert (request.details, request.answer) == ("", "")
    assert (leaver.name, leaver.is_active, leaver.has_usable_password()) == ("", False, False)
    assert not Post.objects.filter(user=leaver).exists()
    assert User.objects.get(pk=officer.pk).name


def test_consents_that_are_over_are_destroyed_though_they_are_never_overwritten(
    household, coordinator, officer
):
    actions.publish_texts()
    text = queries.text_in_force(ConsentPurpose.HOME_VISIT, "ko", TODAY)
    Consent.objects.create(
        person=household.members.first(),
        text=text,
        items={},
        given_on=OLD,
        expires_on=OLD,
        manner=Manner.PAPER,
        explained_by=coordinator,
    )
    destroy(officer)
    assert not Consent.objects.exists()


# -- pages -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", ["ko", "en"])
def test_the_page_shows_every_kind_with_its_period_and_what_is_due(client, officer, full, language):
    client.force_login(officer)
    client.cookies["hub-language"] = language
    page = client.get(reverse("retention"))
    text = page.content.decode()
    for kind in retention.kinds():
        assert kind.law in text
    assert page.context["any_due"]
    assert "가상하나" not in text


def test_destruction_is_started_on_the_page_and_ends_with_a_proof(
    client, officer, full, django_capture_on_commit_callbacks
):
    client.force_login(officer)
    with django_capture_on_commit_callbacks(execute=True):
        response = client.post(reverse("start_retention"))
    run = RetentionRun.objects.get()
    assert response.headers["Location"] == reverse("retention_progress", args=[run.pk])
    assert reverse("proof", args=[run.proof.pk]) in client.get(response.headers["Location"]).content.decode()
    assert run.proof.hash in client.get(reverse("proof", args=[run.proof.pk])).content.decode()
    assert not client.get(reverse("retention")).context["any_due"]


def test_the_pages_are_closed_to_everybody_else(client, someone, full, officer):
    proof = destroy(officer).proof
    for role in set(Role) - {Role.PRIVACY_OFFICER}:
        client.force_login(someone(role))
        for address in (
            reverse("retention"),
            reverse("proof", args=[proof.pk]),
            reverse("retention_progress", args=[proof.run_id]),
        ):
            assert client.get(address).status_code == 403
        assert client.post(reverse("start_retention")).status_code == 403
