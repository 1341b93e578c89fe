"""A run makes room for people at work, and loses nothing by it."""

from datetime import timedelta

import pytest
from django.utils import timezone

from hub.access.models import Session
from hub.access.queries import anybody_at_work
from hub.people import exchange
from hub.people.register import take_in_district
from hub.programmes import queries as programmes
from hub.screening import actions, pace
from hub.screening.models import Missed, Run
from hub.screening.pace import Pace
from welfare.synthetic import invent_district


@pytest.fixture
def clock(monkeypatch):
    """A clock that moves when somebody sleeps or a test says so; remembers the rests."""

    class Clock:
        def __init__(self):
            self.now, self.rests = 100.0, []

        def sleep(self, seconds):
            self.rests.append(seconds)
            self.now += seconds

    clock = Clock()
    monkeypatch.setattr(pace, "monotonic", lambda: clock.now)
    monkeypatch.setattr(pace, "sleep", clock.sleep)
    return clock


def test_while_somebody_is_at_work_a_run_rests_three_times_as_long_as_it_worked(clock):
    ours = Pace(lambda: True)
    ours.look()
    for worked in (0.2, 0.5, 60.0):
        clock.now += worked
        ours.rest()
    assert clock.rests == pytest.approx([0.6, 1.5, pace.LONGEST])


def test_while_nobody_is_at_work_it_does_not_rest(clock):
    ours = Pace(lambda: False)
    clock.now += 10
    ours.rest()
    assert not clock.rests


def test_a_moment_of_work_is_not_worth_a_rest_but_counts_towards_the_next(clock):
    ours = Pace(lambda: True)
    ours.look()
    for _ in range(3):
        clock.now += pace.PIECE * 0.4
        ours.rest()
    assert clock.rests == pytest.approx([pace.PIECE * 1.2 * pace.REST])


def test_whether_somebody_is_at_work_is_asked_every_few_seconds_only(clock):
    asked = []
    ours = Pace(lambda: bool(asked.append(clock.now)))
    for _ in range(100):
        clock.now += 0.2
        ours.look()
        ours.rest()
    assert 3 <= len(asked) <= 5


@pytest.mark.parametrize(("ago", "at_work"), [(0, True), (2, True), (4, False), (60, False)])
def test_at_work_is_who_asked_for_a_page_in_the_last_minutes(client, coordinator, ago, at_work):
    assert not anybody_at_work()
    client.force_login(coordinator)
    Session.objects.update(seen_at=timezone.now() - timedelta(minutes=ago))
    assert anybody_at_work() is at_work


def test_a_run_beside_people_at_work_rests_and_finds_what_one_at_night_finds(
    client, coordinator, settings, tmp_path, monkeypatch
):
    settings.SNAPSHOTS, settings.RUNS = tmp_path / "snapshots", tmp_path / "runs"
    rests = []
    monkeypatch.setattr(pace, "sleep", rests.append)
    monkeypatch.setattr(pace, "PIECE", 0.0)
    monkeypatch.setattr(pace, "LOOKED_EVERY", 0.0)
    monkeypatch.setattr(exchange, "_LINES", 10)  # so that it rests while it reads
    catalogue = programmes.catalogue()
    take_in_district(*invent_district(catalogue, households=60, seed=3), catalogue)
    at_once = actions.run_district_now()
    assert not rests
    client.force_login(coordinator)
    paced = actions.carry_out(actions.prepare_run(by=None).pk, pace=Pace())
    assert len(rests) >= 3
    assert paced.state == Run.State.DONE
    found = [
        list(
            Missed.objects.filter(run=run)
            .values_list("household", "person", "programme", "won")
            .order_by("pk")
        )
        for run in (at_once, paced)
    ]
    assert found[0] == found[1] != []
