"""The first command: the bootstrap script, and the demonstration from start to Ctrl-C."""

import ast
import importlib.machinery
import importlib.util
import os
import re
import signal
import socket
import stat
import subprocess
import sys
import time
import urllib.request

import pytest

from hub import places

SCRIPT = places.PROJECT / "hub"


@pytest.fixture
def bootstrap():
    loader = importlib.machinery.SourceFileLoader("bootstrap", str(SCRIPT))
    spec = importlib.util.spec_from_loader("bootstrap", loader)
    module = importlib.util.module_from_spec(spec)
    sys.dont_write_bytecode, before = True, sys.dont_write_bytecode
    try:
        loader.exec_module(module)
    finally:
        sys.dont_write_bytecode = before
    return module


def test_the_script_can_be_read_by_python_3_8_and_needs_only_the_standard_library():
    tree = ast.parse(SCRIPT.read_text(encoding="utf-8"), feature_version=(3, 8))
    imported = {name.name for node in ast.walk(tree) if isinstance(node, ast.Import) for name in node.names}
    assert imported <= set(sys.stdlib_module_names)
    assert not any(isinstance(node, ast.ImportFrom) for node in ast.walk(tree))
    assert SCRIPT.stat().st_mode & stat.S_IXUSR


def test_a_candidate_is_run_and_not_only_found(bootstrap, tmp_path):
    hollow = tmp_path / "python3.13"
    hollow.write_text("#!/bin/sh\necho 'pyenv: version not selected' >&2\nexit 127\n")
    hollow.chmod(0o755)
    assert bootstrap.version_of(str(hollow)) is None
    assert bootstrap.version_of(str(tmp_path / "missing")) is None
    assert bootstrap.version_of(sys.executable) == sys.version_info[:2]


def test_without_a_new_python_it_says_what_to_install(bootstrap, monkeypatch):
    monkeypatch.setattr(bootstrap, "candidates", lambda: iter(()))
    monkeypatch.setattr(bootstrap, "python_through_uv", lambda: None)
    with pytest.raises(SystemExit, match=r"needs Python 3\.12 or newer"):
        bootstrap.new_enough_python()


def test_the_locks_are_hashed_and_name_no_host():
    for lock in ("hub", "dev"):
        text = (places.PROJECT / "requirements" / f"{lock}.txt").read_text()
        assert "://" not in text
        entries = re.findall(r"^[\w.-]+(?:\[[\w,]+\])?==", text, re.MULTILINE)
        assert len(entries) > 20
        assert text.count("==") <= len(entries) + text.count(" ; ") * 3
        assert len(re.findall(r"--hash=sha256:[0-9a-f]{64}", text)) >= len(entries)


def test_the_locks_agree_with_each_other():
    def pins(name):
        text = (places.PROJECT / "requirements" / f"{name}.txt").read_text()
        return set(re.findall(r"^([\w.-]+==[^\s;\\]+)", text, re.MULTILINE))

    assert pins("hub") <= pins("dev")


def hub(*arguments, home, **more):
    environment = {**os.environ, "HUB_HOME": str(home), "HUB_CATALOGUE": str(home / "no-catalogue")}
    environment.pop("DATABASE_URL", None)
    environment.pop("DJANGO_SETTINGS_MODULE", None)
    return subprocess.Popen(
        [sys.executable, "-m", "hub.command", *arguments],
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        cwd=places.PROJECT,
        **more,
    )


def children_of(home):
    """Processes that belong to this home, by their command line or working folder."""
    found = []
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            try:
                with open(f"/proc/{entry}/environ", "rb") as file:
                    if str(home).encode() in file.read():
                        found.append(int(entry))
                        continue
                if os.readlink(f"/proc/{entry}/cwd").startswith(str(home)):
                    found.append(int(entry))
            except OSError:
                continue
    return found


def test_the_demonstration_opens_the_door_and_takes_everything_down_with_it(hub_home):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    started = time.monotonic()
    demo = hub("demo", "--port", str(port), home=hub_home)
    lines = []
    try:
        for line in demo.stdout:
            lines.append(line)
            if "Ctrl-C ends it" in line:
                break
        opened = time.monotonic() - started
        text = "".join(lines)
        assert f"http://127.0.0.1:{port}/" in text, text
        for word in ("coordinator", "officer", "council", "passphrase"):
            assert word in text
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/sign-in/", timeout=10) as page:
            assert "시연용" in page.read().decode()
        assert opened < 60
        assert len(children_of(hub_home)) >= 3  # the parent, web server, worker
    finally:
        demo.send_signal(signal.SIGINT)
        rest, _ = demo.communicate(timeout=60)
    assert demo.returncode == 0, "".join(lines) + rest
    assert children_of(hub_home) == []
    with socket.socket() as again:
        again.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        again.bind(("127.0.0.1", port))


def test_a_port_in_use_is_said_so(hub_home):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        demo = hub("demo", "--port", str(taken.getsockname()[1]), home=hub_home)
        text, _ = demo.communicate(timeout=60)
    assert demo.returncode == 1
    assert "is in use" in text


def test_ctrl_c_during_a_step_ends_everything_and_is_no_failure_of_the_step():
    from hub import demo
    from hub.serving import Stopped

    def interrupted(demonstration):
        raise Stopped

    step = demo.Step("A long step", lambda: False, interrupted)
    with pytest.raises(Stopped):
        demo._take((step,), demo.Demonstration())


def test_a_failing_step_leaves_the_door_open_and_the_later_steps_undone(capsys):
    from hub import demo

    def fails(demonstration):
        raise RuntimeError("out of paper")

    taken = []
    steps = (
        demo.Step("The first", lambda: False, fails),
        demo.Step("The second", lambda: False, taken.append),
    )
    assert demo._take(steps, demo.Demonstration()) is False
    assert taken == []
    assert "failed" in capsys.readouterr().out


def test_each_way_of_working_has_one_account_of_its_own():
    from hub.access.roles import Role
    from hub.demo import ACCOUNTS

    usernames = [username for username, _name, _role, _dongs in ACCOUNTS]
    assert len(set(usernames)) == len(usernames)
    shown = {role for _username, _name, role, _dongs in ACCOUNTS}
    assert shown == {role.value for role in Role} - {"resident", "supporter", "volunteer"}


SHORT_COMMAND = """
from hub.command import database, set_up
with database():
    set_up()
    from django.db import connection
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
print("done", flush=True)
"""


def test_a_command_that_used_the_database_ends_when_its_work_is_done(hub_home):
    """A pool whose threads outlive the interpreter holds it up five seconds for each of them, and says so."""
    command = subprocess.Popen(
        [sys.executable, "-c", SHORT_COMMAND],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "HUB_HOME": str(hub_home)},
    )
    assert command.stdout is not None
    assert command.stdout.readline() == "done\n"
    done = time.monotonic()
    _out, said = command.communicate(timeout=60)
    assert "couldn't stop thread" not in said
    assert command.returncode == 0
    assert time.monotonic() - done < 5
