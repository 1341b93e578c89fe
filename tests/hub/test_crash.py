"""Nothing acknowledged is lost and nothing is done twice, whatever is killed and whenever.

Every test here has a durable server and processes of its own. HUB_NIGHTLY=1 kills more often.
"""

import json
import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections import Counter
from pathlib import Path

import pytest

from hub import places
from hub.postgres import Embedded
from hub.serving import SETTLED
from tests.hub import crashing

NIGHTLY = os.environ.get("HUB_NIGHTLY") == "1"
DATABASE_KILLS = 100 if NIGHTLY else 20
WORKER_KILLS = 50 if NIGHTLY else 6
PATIENCE = 30  # seconds until the hub must have recovered

pytestmark = pytest.mark.skipif(
    bool(os.environ.get("DATABASE_URL")), reason="kills the embedded server, nobody else's"
)


def program(*arguments, home, **more):
    environment = {**os.environ, "HUB_HOME": str(home), "PYTHONWARNINGS": "ignore", "HUB_PLAIN_HTTP": "1"}
    environment.pop("DJANGO_SETTINGS_MODULE", None)
    return subprocess.Popen(
        [sys.executable, "-m", *arguments], env=environment, cwd=places.PROJECT, text=True, **more
    )


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """The home of a small hub with a running, durable server; the tests here share it."""
    home = Path(tempfile.mkdtemp(prefix="hub-", dir=places.home()))
    home.chmod(0o711)
    server = Embedded(home / "postgres")
    try:
        with server.running():
            prepared = program("tests.hub.crashing", "prepare", "500", home=home)
            assert prepared.wait() == 0
            yield home
    finally:
        server.remove()
        shutil.rmtree(home, ignore_errors=True)


@pytest.fixture
def server(home):
    """Its server."""
    return Embedded(home / "postgres")


def kill_tree(server):
    """SIGKILL to PostgreSQL's main process and all its children at once."""
    main = server.process_id()
    family = [main, *map(int, Path(f"/proc/{main}/task/{main}/children").read_text().split())]
    for process in family:
        try:
            os.kill(process, signal.SIGKILL)
        except ProcessLookupError:
            continue


def wait_until(happened, what):
    deadline = time.monotonic() + PATIENCE
    while not happened():
        assert time.monotonic() < deadline, f"{what} within {PATIENCE} s"
        time.sleep(0.02)


def test_no_acknowledged_deed_is_lost_or_doubled_when_the_database_is_killed(home, server, tmp_path):
    acknowledged = tmp_path / "acknowledged"
    acknowledged.touch()
    restarts, gaps = [], []
    writers = program("tests.hub.crashing", "write", str(acknowledged), home=home, stdin=subprocess.PIPE)
    try:
        for _ in range(DATABASE_KILLS):
            before, started = acknowledged.stat().st_size, time.monotonic()
            # The writers' process is never restarted: its pool of connections must recover by itself.
            wait_until(lambda: acknowledged.stat().st_size > before, "no deed was acknowledged")  # noqa: B023
            gaps.append(time.monotonic() - started)
            time.sleep(random.uniform(0, 0.5))
            kill_tree(server)
            started = time.monotonic()
            server.start()
            restarts.append(time.monotonic() - started)
    finally:
        writers.stdin.close()
        assert writers.wait(timeout=PATIENCE) == 0

    lines = Counter(acknowledged.read_text().splitlines())
    facts = {int(line.split()[1]) for line in lines if line.startswith("fact")}
    accounts = {line.split()[1] for line in lines if line.startswith("account")}
    with server.superuser().connect() as reading:
        kept = dict(
            reading.execute(
                "SELECT (values->>'mark')::int, count(*) FROM people_factrecord WHERE values->>'mark' IS NOT NULL GROUP BY 1"
            ).fetchall()
        )
        told = dict(
            reading.execute(
                "SELECT purpose::int, count(*) FROM access_accessrecord WHERE verb = 'people.recorded_facts' GROUP BY 1"
            ).fetchall()
        )
        made = dict(
            reading.execute(
                "SELECT substr(username, 6), count(r.id) FROM access_user u LEFT JOIN access_accessrecord r "
                "ON r.verb = 'access.created_user' AND r.object_id = u.id::text "
                "WHERE username LIKE 'twice%' GROUP BY 1"
            ).fetchall()
        )
    assert facts <= kept.keys(), "an acknowledged fact was lost"
    assert accounts <= made.keys(), "an acknowledged account was lost"
    assert set(kept.values()) == set(made.values()) == {1}, "something was done twice"
    assert kept == told, "a deed without its entry in the trail, or an entry without its deed"
    print(
        f"\n{len(facts) + len(accounts):,} acknowledged, {len(kept) + len(made):,} kept, {DATABASE_KILLS} kills; "
        f"restart at most {max(restarts):.1f} s, first reply at most {max(gaps):.1f} s later"
    )


@pytest.mark.parametrize("job", crashing.JOBS)
def test_a_job_whose_worker_is_killed_is_finished_by_the_next_as_if_nothing_had_been(home, job):
    interrupted = program(
        "tests.hub.crashing", "interrupt", job, str(WORKER_KILLS), home=home, stdout=subprocess.PIPE
    )
    told, _ = interrupted.communicate(timeout=600)
    assert interrupted.returncode == 0
    outcome = json.loads(told.splitlines()[-1])
    assert outcome["changes"], "a job that leaves nothing proves nothing"
    assert outcome["points"] > WORKER_KILLS
    assert any(kill["killed"] for kill in outcome["kills"])
    for kill in outcome["kills"]:
        assert kill["done"], kill
        assert not kill["half"], kill
        assert kill["same"], kill
        assert kill["entries"] == 1, kill


def test_the_pages_stay_open_when_the_worker_is_killed_and_it_comes_back(home):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    served = program(
        "hub.command", "serve", "--port", str(port), home=home, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    try:
        assert str(port) in served.stdout.readline()
        killed = _worker_of(served)
        time.sleep(SETTLED)
        os.kill(killed, signal.SIGKILL)
        wait_until(lambda: _worker_of(served) not in (None, killed), "no worker came back")
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/alive/", timeout=10) as page:
            assert page.status == 200
    finally:
        served.send_signal(signal.SIGINT)
        _, told = served.communicate(timeout=60)
    assert served.returncode == 0
    assert "the worker ended by itself (status -9) and is started again" in told


def _worker_of(parent):
    for child in Path(f"/proc/{parent.pid}/task/{parent.pid}/children").read_text().split():
        try:
            if b"worker" in Path(f"/proc/{child}/cmdline").read_bytes().split(b"\0"):
                return int(child)
        except OSError:
            continue
    return None


@pytest.mark.parametrize("name", ["fsync", "full_page_writes", "synchronous_commit"])
def test_the_hub_does_not_start_on_a_database_that_forgets(home, server, name):
    with server.superuser().connect() as owner:
        # One of a role and the others of the server: wherever it is set, it is found.
        if name == "synchronous_commit":
            owner.execute("ALTER ROLE hub SET synchronous_commit = off")
        else:
            owner.execute(f"ALTER SYSTEM SET {name} = off")
            owner.execute("SELECT pg_reload_conf()")
        try:
            worker = program("hub.command", "worker", home=home, stderr=subprocess.PIPE)
            _, told = worker.communicate(timeout=60)
        finally:
            owner.execute("ALTER ROLE hub RESET synchronous_commit")
            owner.execute(f"ALTER SYSTEM RESET {name}")
            owner.execute("SELECT pg_reload_conf()")
    assert worker.returncode == 1
    assert f"{name} = off" in told
    assert f"Set {name} = on" in told
