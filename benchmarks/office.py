"""An office day: many staff at work on the invented district, on this machine, and how long each page takes.

    python -m benchmarks.office [--staff 100] [--minutes 10] [--households N] [--home FOLDER]

A closed model: each member of staff signs in for real, does one thing, reads and thinks for 8 to 12 s, and does the next:
search, household page, work list, and a note written (the write). The purpose of a household is stated the first time; that a
household asks for it is no page shown and not among the reads. Half of the time, by turns, the district is quiet; then runs
of the district are asked for, and the same is measured while they go on. The staff live in threads of this process, beside
server and database on the same cores, so they are part of the load. It ends by itself, prints a table, and its status says
whether the promise was kept: p95 of reads up to 150 ms, of writes up to 300 ms, at most 30 % more during a run, no errors.
"""

from __future__ import annotations

import argparse
import http.client
import os
import random
import re
import secrets
import shutil
import socket
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlencode

from benchmarks.measure import table

READS, WRITES = ("search", "household", "work list"), ("note", "purpose")
DAY = (
    "search",
    "household",
    "household",
    "work list",
    "note",
)  # what is done, each as often as it stands here
THINK = (8.0, 12.0)  # seconds
CHOOSE = (2.0, 4.0)  # seconds to choose what a household is opened for
P95_READS, P95_WRITES, GROWTH = 0.150, 0.300, 1.30
QUIET, RUNNING = "quiet", "during a run"
TURNS = 2


@dataclass
class Times:
    """Seconds by what was going on in the district and kind of request, and what went wrong."""

    seconds: dict[tuple[str, str], list[float]] = field(default_factory=dict)
    errors: list[str] = field(default_factory=list)
    phase: str | None = None  # None: nothing is kept, as while everybody comes in
    lock: threading.Lock = field(default_factory=threading.Lock)

    def add(self, kind: str, taken: float, status: int) -> None:
        with self.lock:
            if self.phase is not None:
                self.seconds.setdefault((self.phase, kind), []).append(taken)
            if status >= 400:
                self.errors.append(f"{kind}: status {status}")


class Browser:
    """One browser of one member of staff: a kept connection, cookies, the token of forms."""

    def __init__(self, port: int, times: Times) -> None:
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        self.times = times
        self.cookies: dict[str, str] = {}
        self.token = ""

    def ask(
        self, kind: str, path: str, form: dict[str, str] | None = None, sent_on: str = ""
    ) -> tuple[str, str]:
        """One request, timed to the last byte; the page, and where it sends us. A redirect is not followed.

        What sends us on counts as `sent_on` if that is named: it shows no page.
        """
        headers = {"Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items())}
        body = None
        if form is not None:
            body = urlencode({**form, "csrfmiddlewaretoken": self.token})
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        started = time.perf_counter()
        try:
            self.connection.request("GET" if form is None else "POST", path, body, headers)
            answer = self.connection.getresponse()
            page = answer.read().decode(errors="replace")
        except (OSError, http.client.HTTPException) as problem:
            self.connection.close()
            with self.times.lock:
                self.times.errors.append(f"{kind}: {type(problem).__name__}")
            return "", ""
        taken, sent = time.perf_counter() - started, answer.headers.get("Location") or ""
        self.times.add(sent_on if sent and sent_on else kind, taken, answer.status)
        for line in answer.headers.get_all("Set-Cookie") or []:
            name, _, value = line.partition(";")[0].partition("=")
            self.cookies[name] = value
        if found := re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page):
            self.token = found[1]
        return page, sent

    def sign_in(self, username: str, passphrase: str) -> None:
        self.ask("first page", "/sign-in/")
        _, sent = self.ask("sign in", "/sign-in/", {"username": username, "password": passphrase})
        if not sent:
            raise RuntimeError(f"{username} could not sign in")
        self.ask("home", sent)

    def open(self, household: str, choosing: Callable[[], object]) -> None:
        """The page of a household; the first time, for what it is opened, which takes a moment to choose."""
        _, sent = self.ask("household", f"/household/{household}/", sent_on="purpose asked for")
        if sent:
            self.ask("purpose page", sent)
            choosing()
            _, sent = self.ask("purpose", sent, {"purpose": "case", "reason": ""})
            self.ask("household", sent)

    def listed(self, path: str) -> list[str]:
        """The numbers of the households on a page of the work list."""
        page, _ = self.ask("work list", path)
        return re.findall(r"/household/(\d+)/", page)


def member_of_staff(
    number: int, port: int, passphrase: str, times: Times, stop: threading.Event, coming_in: float
) -> None:
    """One person's day, until `stop`. Everybody comes in within `coming_in` seconds."""
    chance = random.Random(number)
    stop.wait(chance.uniform(0, coming_in))
    browser = Browser(port, times)
    browser.sign_in(f"staff{number}", passphrase)
    households = browser.listed("/worklist/")

    def choosing() -> None:
        stop.wait(chance.uniform(*CHOOSE))

    while not stop.wait(chance.uniform(*THINK)):
        match chance.choice(DAY):
            case "search":
                browser.ask(
                    "search",
                    "/search/",
                    {"text": chance.choice("봄별숲샘달솔꽃빛늘들") + chance.choice("가나다라마바새아")},
                )
            case "household":
                browser.open(chance.choice(households), choosing)
            case "work list":
                households = browser.listed(f"/worklist/?page={chance.randint(1, 8)}") or households
            case "note":
                household = chance.choice(households)
                browser.open(household, choosing)
                if not stop.wait(chance.uniform(*THINK)):
                    words = {"kind": "note", "text": "지어낸 메모: 안부를 확인함", "due_on": ""}
                    browser.ask("note", f"/people/{household}/notes/", words)


def main(arguments: Sequence[str] | None = None) -> int:
    options = _options(arguments)
    made = options.home is None
    home = options.home or Path(tempfile.mkdtemp(prefix="hub-office-"))
    home.mkdir(parents=True, exist_ok=True)
    home.chmod(0o711)
    os.environ |= {
        "HUB_HOME": str(home.resolve()),
        "HUB_PLAIN_HTTP": "1",
        "HUB_DEMO": "1",
        "DJANGO_SETTINGS_MODULE": "hub.settings",
    }
    os.environ.pop("DATABASE_URL", None)
    from hub import demo, places, serving, walls
    from hub.command import set_up
    from hub.postgres import Embedded

    server = Embedded(places.home() / "postgres")
    try:
        with server.running(), walls.everywhere():
            set_up()
            serving.prepare()
            if not demo._take(
                (*demo.STEPS_BEFORE_OPENING, *demo.STEPS), demo.Demonstration(options.households)
            ):
                return 1
            _end_run()
            passphrase = secrets.token_urlsafe(16)
            _make_staff(options.staff, passphrase)
            with socket.socket() as free:
                free.bind(("127.0.0.1", 0))
                port = free.getsockname()[1]
            with serving.Children() as children:
                serving.start(children, "127.0.0.1", port)
                times = _day(options, port, passphrase)
    finally:
        if made:
            server.remove()
            shutil.rmtree(home, ignore_errors=True)
    return _report(times, options)


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="benchmarks.office", description=__doc__.split("\n", 1)[0])
    parser.add_argument("--staff", type=int, default=100)
    parser.add_argument(
        "--minutes", type=float, default=10, help="measured minutes, half quiet and half with runs"
    )
    parser.add_argument("--households", type=int, help="a smaller district")
    parser.add_argument("--home", type=Path, help="keep the district in this folder for the next time")
    return parser.parse_args(arguments)


def _make_staff(number: int, passphrase: str) -> None:
    """Accounts staff0, staff1 …, coordinators of one dong each, and an officer who asks for runs."""
    from django.db import transaction

    from hub.access.actions import create_user, give_post
    from hub.access.models import User
    from hub.access.roles import Role
    from hub.organisation.models import Centre
    from hub.people.models import Note, Opening

    centres = list(Centre.objects.order_by("code"))
    with transaction.atomic():
        # Of an earlier day: a household would have a longer past each time.
        Opening.objects.filter(user__username__startswith="staff").delete()
        Note.objects.filter(written_by__username__startswith="staff").delete()
        for place in range(number):
            name = f"staff{place}"
            known = User.objects.filter(username=name).first()
            if known is None:
                user = create_user(name, f"가상직원{place} (가상)", passphrase)
                give_post(user, Role.COORDINATOR, [centres[place % len(centres)]])
            else:
                known.set_password(passphrase)
                known.save(update_fields=["password"])


def _end_run() -> None:
    """A run that an earlier day left unfinished would go on in the quiet half."""
    from django.utils import timezone

    from hub.screening import queries
    from hub.screening.models import Run

    if left := queries.unfinished_run():
        left.state, left.finished_at = Run.State.CANCELLED, timezone.now()
        left.save(update_fields=["state", "finished_at"])


def _day(options: argparse.Namespace, port: int, passphrase: str) -> Times:
    from django.utils import timezone

    from hub.screening import queries
    from hub.screening.actions import ask_for_run
    from hub.screening.models import Run

    times, stop = Times(), threading.Event()
    coming_in = max(20.0, options.staff * 0.4)
    staff = [
        threading.Thread(
            target=member_of_staff, args=(n, port, passphrase, times, stop, coming_in), daemon=True
        )
        for n in range(options.staff)
    ]
    threading.stack_size(256 * 1024)
    for thread in staff:
        thread.start()
    print(f"  {options.staff} staff come in within {coming_in:.0f} s", flush=True)
    times.phase = "coming in"
    time.sleep(coming_in + THINK[1])
    # By turns, so that a machine that is slow for a while is so in both.
    block, began, runs = options.minutes * 60 / (2 * TURNS), timezone.now(), 0
    for turn in range(TURNS):
        print(f"  {block:.0f} s on a quiet day, {turn + 1} of {TURNS}", flush=True)
        times.phase = QUIET
        time.sleep(block)
        print(f"  {block:.0f} s with the district being screened", flush=True)
        until = time.monotonic() + block
        while time.monotonic() < until:
            if queries.unfinished_run() is None:
                ask_for_run(by=None)
                runs += 1
            times.phase = RUNNING
            time.sleep(0.5)
        times.phase = None
        while queries.unfinished_run() is not None:  # to its end, unmeasured
            time.sleep(1)
    times.phase = None
    stop.set()
    for thread in staff:
        thread.join(timeout=30)
    finished = Run.objects.filter(state=Run.State.DONE, started_at__gte=began).exclude(finished_at=None)
    took = [round((run.finished_at - run.started_at).total_seconds()) for run in finished.order_by("pk")]
    print(f"  {runs} runs were begun; seconds of those that finished: {took}")
    return times


def _p(seconds: list[float], share: float) -> float:
    """A quantile in milliseconds."""
    return 1000 * sorted(seconds)[min(len(seconds) - 1, int(share * len(seconds)))]


def _report(times: Times, options: argparse.Namespace) -> int:
    rows: list[tuple[object, ...]] = []
    for (phase, kind), seconds in sorted(times.seconds.items()):
        p50 = 1000 * statistics.median(seconds)
        rows.append((f"{phase}: {kind}", len(seconds), p50, _p(seconds, 0.95), _p(seconds, 0.99)))
    p95: dict[tuple[str, str], float] = {}
    for phase in (QUIET, RUNNING):
        for name, kinds in (("all reads", READS), ("all writes", WRITES)):
            seconds = [s for kind in kinds for s in times.seconds.get((phase, kind), [])]
            if seconds:
                p95[phase, name] = _p(seconds, 0.95)
                p50 = 1000 * statistics.median(seconds)
                rows.append((f"{phase}: {name}", len(seconds), p50, p95[phase, name], _p(seconds, 0.99)))
    print("\n" + table(("ms", "requests", "p50", "p95", "p99"), rows))
    kept = not times.errors
    for name, limit in (("all reads", P95_READS), ("all writes", P95_WRITES)):
        quiet, running = p95.get((QUIET, name)), p95.get((RUNNING, name))
        if quiet is None or running is None:
            print(f"{name}: too little was measured; give it more minutes")
            return 1
        ratio = running / quiet
        kept = kept and quiet <= 1000 * limit and ratio <= GROWTH
        print(
            f"{name}: p95 {quiet:.0f} ms (promised {1000 * limit:.0f}), during a run {ratio:.2f} times (promised {GROWTH})"
        )
    print(f"errors: {len(times.errors)}  {'; '.join(sorted(set(times.errors))[:5])}")
    print(f"load of the machine at the end: {os.getloadavg()[0]:.1f} on {os.cpu_count()} processors")
    print("the promise is kept" if kept else "the promise is NOT kept")
    return 0 if kept else 1


if __name__ == "__main__":
    sys.exit(main())
