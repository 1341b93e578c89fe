"""A district run on a small invented district: its files, its rows, its pages; interrupted, cancelled, repeated."""

import re
import shutil

import pytest
from django.urls import reverse

from hub.access.roles import Role
from hub.people.models import Household
from hub.people.register import take_in_district
from hub.programmes import queries as programmes
from hub.screening import actions, queries
from hub.screening.models import Missed, Run
from tests.hub.conftest import CHUNGHYEON
from welfare.screening import Cancelled
from welfare.screening import Run as Results
from welfare.synthetic import invent_district


@pytest.fixture
def district(db, settings, tmp_path):
    """About 300 invented households in the 14 dongs, and a place of their own for the run's files."""
    settings.SNAPSHOTS, settings.RUNS = tmp_path / "snapshots", tmp_path / "runs"
    catalogue = programmes.catalogue()
    households, members = invent_district(catalogue, households=300, seed=5)
    take_in_district(households, members, catalogue)


@pytest.fixture
def run(district) -> Run:
    """That district, screened."""
    return actions.run_district_now()


def test_a_run_decides_every_household_and_names_what_it_was_made_from(run):
    assert run.state == Run.State.DONE
    assert run.households == run.households_done == Household.objects.count()
    assert run.catalogue_version == programmes.catalogue().version
    assert run.snapshot
    assert run.library_version


def test_the_rows_to_act_on_are_the_missed_pairs_of_the_files(run):
    pairs = [
        pair for pair in Results(run.folder).pairs(missed=True).to_pylist() if pair["set_aside_for"] is None
    ]
    kept = set(Missed.objects.values_list("household_id", "person_id", "programme"))
    assert kept == {(pair["household_id"], pair["person_id"], pair["programme"]) for pair in pairs}
    assert kept


def test_the_work_list_is_in_the_order_of_what_each_household_misses_in_all(run):
    in_all: dict[int, list[int]] = {}
    for household, won in Missed.objects.values_list("household_id", "won_a_year"):
        in_all.setdefault(household, []).append(won)
    ordered = sorted(in_all, key=lambda one: (-sum(in_all[one]), -len(in_all[one]), one))
    listed = queries.worklist(run, None, number=len(in_all) + 1)
    assert [item.household for item in listed] == ordered
    assert [item.won_a_year for item in listed] == [sum(in_all[one]) for one in ordered]


def test_the_work_list_of_one_programme_has_all_who_miss_it_and_nobody_else(run):
    name = Missed.objects.values_list("programme", flat=True).order_by("programme")[0]
    listed = queries.worklist(run, None, programme=name, number=10_000)
    wanted = set(Missed.objects.filter(programme=name).values_list("household_id", flat=True))
    assert {item.household for item in listed} == wanted


def test_the_files_hold_the_same_answers_as_asking_each_household_now(run):
    rules = programmes.rules(run.as_of)
    from hub.people.queries import known

    results = Results(run.folder)
    for household in Household.objects.order_by("pk")[:15]:
        described = known(household, programmes.catalogue()).described()
        now = {(r.programme.id, r.member): r.answer for r in rules.assess(described).results}
        stored = {(s.programme, s.member): s.answer for s in results.household(household.pk)}
        assert stored == now


def test_a_second_run_waits_for_nobody_but_two_at_once_are_refused(district, someone):
    officer = someone(Role.DISTRICT_OFFICER)
    actions.prepare_run(by=officer)
    with pytest.raises(actions.Refused):
        actions.prepare_run(by=officer)


def test_an_interrupted_run_goes_on_with_the_snapshot_it_began_with(district, monkeypatch):
    run = actions.prepare_run(by=None)

    def pulled_plug(*_args, **_more):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(actions, "screen", pulled_plug)
        with pytest.raises(KeyboardInterrupt):
            actions.carry_out(run.pk)
    run.refresh_from_db()
    assert run.unfinished
    frozen = run.snapshot
    assert actions.run_district_now().pk == run.pk
    run.refresh_from_db()
    assert (run.state, run.snapshot) == (Run.State.DONE, frozen)


def test_a_cancelled_run_leaves_no_results(district, someone, monkeypatch):
    officer = someone(Role.DISTRICT_OFFICER)
    run = actions.prepare_run(by=officer)

    def asked_to_stop(*_args, **_more):
        raise Cancelled

    monkeypatch.setattr(actions, "screen", asked_to_stop)
    actions.carry_out(run.pk)
    run.refresh_from_db()
    assert run.state == Run.State.CANCELLED
    assert not run.folder.exists()
    assert queries.latest_run() is None


def test_a_waiting_run_is_cancelled_at_once_and_never_begins(district, someone):
    officer = someone(Role.DISTRICT_OFFICER)
    run = actions.prepare_run(by=officer)
    actions.cancel_run(run, by=officer)
    assert actions.carry_out(run.pk).state == Run.State.CANCELLED


def test_a_fault_is_kept_by_its_kind_only_for_a_message_may_quote_a_value(district, monkeypatch):
    run = actions.prepare_run(by=None)

    def fault(*_args, **_more):
        raise ValueError("monthly_rent: 123456")

    monkeypatch.setattr(actions, "screen", fault)
    with pytest.raises(ValueError, match="123456"):
        actions.carry_out(run.pk)
    run.refresh_from_db()
    assert (run.state, run.failure) == (Run.State.FAILED, "ValueError")


def test_after_a_restore_there_is_no_run_to_show_until_the_next_one(client, run, coordinator):
    client.force_login(coordinator)
    shutil.rmtree(run.folder)  # files are derived and in no backup
    assert queries.latest_run() is None
    for name in ("home", "worklist", "run"):
        assert client.get(reverse(name)).status_code == 200
    again = actions.run_district_now()
    assert queries.latest_run() == again


def test_counts_by_programme_add_up_over_the_dongs(run):
    whole = {counts.programme.id: counts.entitled for counts in queries.by_programme(run)}
    dongs = [row.centre.code for row in queries.by_dong(run)]
    parts = [{c.programme.id: c.entitled for c in queries.by_programme(run, [dong])} for dong in dongs]
    assert whole == {name: sum(part.get(name, 0) for part in parts) for name in whole}


def test_a_coordinator_sees_the_run_by_programme_and_by_dong(client, run, coordinator):
    client.force_login(coordinator)
    page = client.get(reverse("run")).content.decode()
    assert "<svg" in page
    for counts in queries.by_programme(run):
        assert counts.programme.name["ko"] in page


def test_the_work_list_keeps_to_the_dongs_of_duty(client, run, coordinator):
    client.force_login(coordinator)
    for item in queries.worklist(run, [CHUNGHYEON], number=1000):
        assert Household.objects.get(pk=item.household).centre_id == CHUNGHYEON
    page = client.get(reverse("worklist")).content.decode()
    elsewhere = Missed.objects.exclude(centre=CHUNGHYEON).values_list("household_id", flat=True)
    assert not any(f"/household/{number}/" in page for number in elsewhere)


def test_a_household_page_shows_each_programme_with_reason_law_and_papers(client, run, coordinator):
    client.force_login(coordinator)
    item = queries.worklist(run, [CHUNGHYEON], number=1)[0]
    client.post(reverse("state_purpose", args=[item.household]), {"purpose": "interview"})
    page = client.get(reverse("household", args=[item.household]), {"part": "all"}).content.decode()
    for programme in programmes.catalogue().programmes.values():
        assert f'id="{programme.id}' in page
    missed = item.programmes[0]
    assert missed.criteria[0].law in page
    assert missed.documents[0]["ko"] in page


def test_what_is_folded_away_comes_when_it_is_unfolded(client, run, coordinator):
    client.force_login(coordinator)
    item = queries.worklist(run, [CHUNGHYEON], number=1)[0]
    client.post(reverse("state_purpose", args=[item.household]), {"purpose": "interview"})
    address = reverse("household", args=[item.household])
    page = client.get(address).content.decode()
    unfolded = re.findall(r'hx-get="([^"]+part=line[^"]+)"', page)
    assert len(unfolded) == len(set(unfolded)) > 1
    for part in unfolded[:5]:
        programme = programmes.catalogue().programmes[re.search(r"line=(\w+)", part)[1]]
        assert programme.summary["ko"] not in page
        body = client.get(
            address + part.replace("&amp;", "&"), headers={"HX-Request": "true"}
        ).content.decode()
        assert programme.summary["ko"] in body
        assert programme.criteria[0].law in body
        assert "<summary" not in body
        assert "<html" not in body
    others = client.get(address, {"part": "refused"}, headers={"HX-Request": "true"}).content.decode()
    assert "part=line" in others
    assert "<table" not in others
    for wrong in ("", "no_such_programme", "<b>"):
        asked = client.get(address, {"part": "line", "line": wrong}, headers={"HX-Request": "true"})
        assert asked.status_code == 404


def test_a_household_elsewhere_stays_closed_and_a_number_that_is_none_is_not_found(client, run, coordinator):
    client.force_login(coordinator)
    elsewhere = Household.objects.exclude(centre_id=CHUNGHYEON).first()
    assert client.get(reverse("household", args=[elsewhere.pk])).status_code == 404
    assert client.get(reverse("household", args=[10**12])).status_code == 404


def test_only_who_may_starts_a_run(client, coordinator):
    client.force_login(coordinator)
    assert client.post(reverse("start_run")).status_code == 403
    assert not Run.objects.exists()


def test_figures_are_closed_to_who_has_no_business_with_them(client, someone):
    client.force_login(someone(Role.NURSE))
    assert client.get(reverse("run")).status_code == 403


def test_a_council_member_sees_figures_and_no_household(client, run, someone):
    client.force_login(someone(Role.COUNCIL_MEMBER))
    assert client.get(reverse("run")).status_code == 200
    assert client.get(reverse("worklist")).status_code == 403
    household = Household.objects.first()
    assert client.get(reverse("household", args=[household.pk])).status_code == 403
