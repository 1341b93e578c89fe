"""Work that nobody waits for steps back, and the database server with it."""

import os
import subprocess
import sys

import pytest
from django.db import connection

from hub import priority

HOW_IT_STANDS = (
    "import os; print(os.getpriority(os.PRIO_PROCESS, 0), os.sched_getscheduler(0) == os.SCHED_IDLE)"
)
linux = pytest.mark.skipif(not hasattr(os, "SCHED_IDLE"), reason="only Linux has such a class")


@pytest.fixture
def opened(db, settings, monkeypatch):
    """Opens a connection to the server as this process would, and tells who was taken along."""

    def open_one(*, stepped_back, embedded):
        taken = []
        settings.EMBEDDED_DATABASE = embedded
        monkeypatch.setattr(priority, "stepped_back", lambda: stepped_back)
        monkeypatch.setattr(priority, "take_along", taken.append)
        with connection.get_new_connection(connection.get_connection_params()) as new:
            return taken, new.info.backend_pid

    return open_one


@linux
def test_a_process_that_stepped_back_and_its_children_run_only_when_a_processor_is_idle():
    script = f"""
import subprocess, sys
from hub import priority
priority.step_back()
assert priority.stepped_back()
subprocess.run([sys.executable, "-c", {HOW_IT_STANDS!r}], check=True)
"""
    told = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert told.stdout.split() == ["19", "True"]
    assert not priority.stepped_back()


def test_the_server_steps_back_with_the_process_it_works_for(opened):
    taken, server = opened(stepped_back=True, embedded=True)
    assert taken == [server]


def test_a_process_that_stands_where_all_do_takes_nobody_along(opened):
    assert opened(stepped_back=False, embedded=True)[0] == []


def test_a_server_of_ones_own_keeps_its_priorities(opened):
    assert opened(stepped_back=True, embedded=False)[0] == []


def test_where_the_system_forbids_it_nothing_fails(monkeypatch):
    def forbidden(*arguments):
        raise PermissionError

    monkeypatch.setattr(os, "setpriority", forbidden)
    priority.take_along(os.getpid())
    assert not priority.stepped_back()
