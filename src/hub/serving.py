"""Web server and worker as child processes that end together.

The parent starts them, watches them and ends them: with Ctrl-C, when it is told to terminate, or when the web server
dies. A worker that dies, or gives up because the database went away, is started again; the pages stay open meanwhile.
Should the parent itself be killed, the operating system ends the children.
"""

import asyncio
import contextlib
import ctypes
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Sequence
from dataclasses import dataclass
from types import FrameType, TracebackType
from typing import Self

from hub import messages, owning, places, priority

_DEATH_OF_PARENT = 1  # PR_SET_PDEATHSIG of Linux
SETTLED = 5  # seconds a child must have lived to be worth starting again


class Stopped(BaseException):
    """Somebody asked us to end. Not an Exception: no step may take it for its own failure."""


def prepare() -> None:
    """Bring translations, database tables and static files up to date; quick when they are.

    Raises PostgresProblem when the database could lose what it acknowledged.
    """
    from django.core.management import call_command

    from hub.durability import require_durable_database

    require_durable_database()
    from hub.keys import rotation
    from hub.privacy.actions import publish_texts

    messages.compile_all()
    places.private_folder(places.HOME / "snapshots")
    places.private_folder(places.HOME / "runs")
    owning.prepare_database()
    rotation.begin()
    publish_texts()
    call_command("collectstatic", verbosity=0, interactive=False, clear=False)


def start(children: "Children", host: str, port: int) -> None:
    """Start web server and worker, and wait until pages are answered. Raises ChildEnded or TimeoutError."""
    loop = [sys.executable, "-m", "granian", "--interface", "wsgi", "--host", host, "--port", str(port)]
    # Threads of a process share one core, so a page waits for others of its process though a core is idle: more processes than
    # cores, with few threads each (docs/decisions/0014). The web server would warn of it at each start.
    size = ["--workers", "4", "--blocking-threads", "2", "--no-ws", "--log-level", "error"]
    children.add("web server", [*loop, *size, "--respawn-failed-workers", "hub.wsgi:application"])
    children.add("worker", [sys.executable, "-m", "hub.command", "worker"], again=True)
    _wait_until_alive(children, host, port)


def work() -> None:
    """Be a worker until told to end. Jobs of workers that died are taken up again, at the start and every minute."""
    from procrastinate.contrib.django import app
    from procrastinate.contrib.django.django_connector import DjangoConnector

    from hub.durability import require_durable_database
    from hub.tasks import give_back_abandoned_work

    require_durable_database()
    # Somebody waits for a page, nobody for a run: on a busy machine pages come first.
    priority.step_back()

    async def run() -> None:
        # Django's own connection belongs to the thread that opened it; a worker needs one of its own kind.
        with app.replace_connector(DjangoConnector().get_worker_connector()):
            async with app.open_async():
                await give_back_abandoned_work()
                # Two at a time, so that a long run does not hold up small jobs.
                await app.run_worker_async(concurrency=2, delete_jobs="never")

    with contextlib.suppress(KeyboardInterrupt, asyncio.CancelledError):
        asyncio.run(run())


def free_port(host: str, wanted: int | None, first: int = 8000) -> int:
    """The wanted port if it is free, else, when none was asked for, the next free one from `first` on.

    Raises OSError when the wanted port is taken.
    """
    if wanted is not None:
        _listen_once(host, wanted)
        return wanted
    for port in range(first, first + 100):
        with contextlib.suppress(OSError):
            _listen_once(host, port)
            return port
    raise OSError("no free port")


def _listen_once(host: str, port: int) -> None:
    with socket.socket() as trial:
        trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        trial.bind((host, port))


def _wait_until_alive(children: "Children", host: str, port: int, patience: float = 60) -> None:
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    # Where HTTPS ends at a proxy, the server answers plain requests of this machine only when told they were safe.
    request = urllib.request.Request(f"http://{host}:{port}/alive/", headers={"X-Forwarded-Proto": "https"})
    deadline = time.monotonic() + patience
    while time.monotonic() < deadline:
        children.check()
        with contextlib.suppress(OSError):
            with direct.open(request, timeout=5):
                return
        time.sleep(0.1)
    raise TimeoutError("the web server did not answer within a minute")


class ChildEnded(Exception):
    """A child process ended although nobody asked it to."""


@dataclass
class _Child:
    """A process of ours, how to start it, and whether to start it again when it ends by itself."""

    name: str
    command: Sequence[str]
    again: bool
    process: subprocess.Popen[bytes]
    started: float


class Children:
    """The child processes of this one; leaving the block ends them, last started first."""

    def __init__(self) -> None:
        self._children: list[_Child] = []
        self.asked_to_end = False

    def __enter__(self) -> Self:
        signal.signal(signal.SIGTERM, self._stop)
        signal.signal(signal.SIGINT, self._stop)
        signal.signal(signal.SIGHUP, self._stop)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool:
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)
        processes = [child.process for child in reversed(self._children)]
        for process in processes:
            process.terminate()
        for process in processes:
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(timeout=5)  # a job it was at is taken up again at the next start
            _end_group(process)
        signal.signal(signal.SIGINT, signal.default_int_handler)
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        signal.signal(signal.SIGHUP, signal.SIG_DFL)
        return kind is Stopped

    def _stop(self, number: int, frame: FrameType | None) -> None:
        # Remembered as well: raised while a library calls back into Python, it may arrive as that library's own failure.
        self.asked_to_end = True
        raise Stopped

    def add(self, name: str, command: Sequence[str], *, again: bool = False) -> None:
        """Start one child; `again` says to start it anew whenever it ends by itself."""
        self._children.append(_Child(name, command, again, _start(command), time.monotonic()))

    def check(self) -> None:
        """Start again what may be; raise ChildEnded when another one is gone or one cannot even start."""
        for child in self._children:
            if child.process.poll() is None:
                continue
            ended = f"the {child.name} ended by itself (status {child.process.returncode})"
            if not child.again or time.monotonic() - child.started < SETTLED:
                raise ChildEnded(ended)
            print(f"{ended} and is started again", file=sys.stderr, flush=True)
            _end_group(child.process)
            child.process, child.started = _start(child.command), time.monotonic()

    def wait(self) -> int:
        """Wait until somebody asks us to end (status 0) or a child dies (status 1)."""
        try:
            while not self.asked_to_end:
                self.check()
                time.sleep(0.5)
            return 0
        except ChildEnded as ended:
            print(ended, file=sys.stderr)
            return 1
        except Stopped:
            return 0


def _start(command: Sequence[str]) -> subprocess.Popen[bytes]:
    """Start a child. It gets its own group, so that Ctrl-C reaches it through us and not before us."""
    return subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        process_group=0,
        preexec_fn=_end_with_parent,  # noqa: PLW1509  (one thread here, and it only asks the system for a signal)
    )


def _end_group(process: subprocess.Popen[bytes]) -> None:
    """End whatever is left of a child's group, such as server processes whose parent died before them."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def _end_with_parent() -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_DEATH_OF_PARENT, signal.SIGTERM)
        if os.getppid() == 1:  # it died before we could ask
            os._exit(1)
