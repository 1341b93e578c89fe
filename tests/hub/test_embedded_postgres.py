"""The embedded server keeps what it promised through kills, and several users share one."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from hub.postgres import Embedded, PostgresProblem


@pytest.fixture
def server(hub_home):
    server = Embedded(hub_home / "postgres", durable=False)
    yield server
    server.stop()


def test_what_was_committed_survives_kill_9_and_a_restart_at_once(hub_home):
    server = Embedded(hub_home / "postgres")
    with server.running():
        with server.owners_address().connect() as connection:
            connection.execute("CREATE TABLE kept (number int)")
            connection.execute("INSERT INTO kept VALUES (1)")
        killed = server.process_id()
        os.kill(killed, signal.SIGKILL)
        server.start()
        assert server.process_id() != killed
        with server.owners_address().connect() as connection:
            assert connection.execute("SELECT number FROM kept").fetchall() == [(1,)]
    assert not server.answers()


def test_the_application_is_no_superuser_and_needs_its_password(server):
    import psycopg

    with server.running():
        with server.address().connect() as connection:
            assert connection.execute("SELECT usesuper FROM pg_user WHERE usename = 'hub'").fetchone() == (
                False,
            )
            assert connection.execute("SHOW listen_addresses").fetchone() == ("",)
        address = server.address()
        with pytest.raises(psycopg.OperationalError, match="password"):
            psycopg.connect(host=address.host, user=address.user, password="guessed", dbname=address.database)


def test_whoever_leaves_last_stops_the_server(server):
    other = Embedded(server.keys, durable=False)
    with server.running():
        with other.running():
            assert other.answers()
        assert server.answers()
    assert not server.answers()


def test_a_user_that_is_killed_does_not_keep_the_server_running(server):
    program = (
        "import sys, time; from pathlib import Path; from hub.postgres import Embedded\n"
        "with Embedded(Path(sys.argv[1]), durable=False).running():\n"
        "    print('in', flush=True); time.sleep(60)"
    )
    other = subprocess.Popen([sys.executable, "-c", program, str(server.keys)], stdout=subprocess.PIPE)
    assert other.stdout is not None
    assert other.stdout.readline() == b"in\n"
    other.kill()
    other.wait()
    other.stdout.close()
    assert server.answers()
    with server.running():
        assert server.answers()
    assert not server.answers()


def test_a_long_path_gets_a_short_socket(tmp_path):
    server = Embedded(tmp_path / ("long" * 30) / "postgres")
    assert len(os.fsencode(server.socket / ".s.PGSQL.5432")) <= 107


def test_data_of_another_major_version_is_left_alone(server):
    with server.running():
        pass
    (server.data / "PG_VERSION").write_text("9\n")
    with pytest.raises(PostgresProblem, match="made by PostgreSQL 9"):
        server.start()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root has an account to borrow")
def test_a_home_that_is_closed_to_the_servers_account_is_gone_around(tmp_path):
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    server = Embedded(closed / "hub" / "postgres", durable=False)
    assert not str(server.home).startswith(str(closed))
    with server.running(), server.address().connect() as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)
    server.remove()
    assert not Path(server.home).exists()
    assert closed.stat().st_mode & 0o777 == 0o700
