"""A small invented district behind a real server, and real browsers looking at it.

The district is made once for all journeys. Every page that any journey opens is watched: a request to another host or a
message of the browser's console is a failure, wherever it happens.

Django's database calls and Playwright's loop do not live in one thread; what a journey asks the database for goes
through `hub.ask`, which asks in a thread of its own.
"""

import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.db import connections
from django.test import TransactionTestCase, override_settings

from hub import walls

CHROMIUM = "/usr/bin/chromium"
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
PASSPHRASE = "an invented passphrase for journeys"
CHUNGHYEON = "1141056500"
# The README's pictures want figures of a believable size; the stories do not.
SCREENSHOTS = os.environ.get("HUB_SCREENSHOTS") == "1"
HOUSEHOLDS = 12_000 if SCREENSHOTS else 400
DESKTOP, PHONE = {"width": 1280, "height": 900}, {"width": 390, "height": 844}


@dataclass
class Hub:
    """The running hub as a journey knows it."""

    address: str
    to_ask: int  # a household of Chunghyeon-dong that misses something and has questions open
    elsewhere: int  # a household of another dong
    resident: str  # name of somebody in `to_ask`
    member: int  # the same person's number
    threads: ThreadPoolExecutor = field(repr=False, default_factory=ThreadPoolExecutor)

    def start(self, function: Callable[..., Any], *given: Any) -> Any:
        """Begin something that uses the database, beside the browser; gives its future."""

        def perform() -> Any:
            try:
                with walls.everywhere():
                    return function(*given)
            finally:
                connections.close_all()

        return self.threads.submit(perform)

    def ask(self, function: Callable[..., Any], *given: Any) -> Any:
        """The same, and wait for the answer."""
        return self.start(function, *given).result(timeout=60)


@pytest.fixture(scope="package")
def hub(
    django_db_setup: None, django_db_blocker: Any, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Hub]:
    """The hub, serving an invented and screened district; thrown away after the last journey."""
    if not Path(CHROMIUM).exists():
        pytest.skip(f"There is no browser at {CHROMIUM}: install Chromium to take these journeys.")
    from pytest_django.live_server_helper import LiveServer

    files = tmp_path_factory.mktemp("journeys")
    elsewhere_in_the_queue = {
        "default": {"BACKEND": "django.tasks.backends.dummy.DummyBackend", "QUEUES": []}
    }
    places = override_settings(
        SNAPSHOTS=files / "snapshots", RUNS=files / "runs", TASKS=elsewhere_in_the_queue
    )
    with places, django_db_blocker.unblock():
        with walls.everywhere():
            found = _district()
        server = LiveServer("127.0.0.1:0")
        try:
            running = Hub(server.url, *found)
            yield running
            running.threads.shutdown()
        finally:
            server.stop()
            # Nothing of this is left to later tests: the database is renewed as after any test with real commits.
            TransactionTestCase._fixture_teardown(TransactionTestCase())  # type: ignore[attr-defined]


def _district() -> tuple[int, int, str, int]:
    """Take a district in, screen it, give posts to four people, and a past to those the journeys look at and some others."""
    from hub.access.actions import create_user, give_post
    from hub.access.roles import Role
    from hub.organisation.models import Centre
    from hub.past import take_in_past
    from hub.people.models import Household
    from hub.people.register import take_in_district
    from hub.programmes import queries as programmes
    from hub.screening import actions, queries
    from welfare.synthetic import invent_district

    catalogue = programmes.catalogue()
    district = invent_district(catalogue, households=HOUSEHOLDS, seed=5)
    take_in_district(*district, catalogue)
    run = actions.run_district_now()
    people = {"coordinator": (Role.COORDINATOR, [CHUNGHYEON]), "officer": (Role.DISTRICT_OFFICER, [])}
    people |= {"council": (Role.COUNCIL_MEMBER, []), "admin": (Role.ADMINISTRATOR, [])}
    for name, (role, dongs) in people.items():
        user = create_user(name, "김시연 (가상)", PASSPHRASE)
        give_post(user, role, Centre.objects.filter(code__in=dongs))
    household = next(
        item.household
        for item in queries.worklist(run, [CHUNGHYEON], number=25)
        if len(item.programmes) > 2 and _questions_open(item.household)
    )
    found = Household.objects.get(pk=household)
    other = Household.objects.exclude(centre_id=CHUNGHYEON).first()
    assert other is not None
    take_in_past(*district, also=(household, other.pk), seed=5)
    member = found.members.filter(left_on=None).order_by("pk")[0]
    return household, other.pk, member.name, member.pk


def _questions_open(household: int) -> bool:
    """Whether an interview with this household would have several questions to ask."""
    from hub.people.models import Household
    from hub.people.queries import known
    from hub.programmes import queries as programmes
    from hub.screening.sheets import sheet

    described = known(Household.objects.get(pk=household), programmes.catalogue()).described()
    names = [""] * len(described.members)
    return len(sheet(programmes.rules().assess(described), names).open_facts) > 4


@pytest.fixture(scope="package")
def chromium(hub: Hub) -> Iterator[Any]:
    """The browser, started once."""
    sync_api = pytest.importorskip("playwright.sync_api", reason="Journeys need the package playwright.")
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


@dataclass
class Office:
    """Where journeys begin: opens windows, signed in as somebody or nobody, and keeps watch over them."""

    hub: Hub
    chromium: Any
    seen: list[str] = field(default_factory=list)
    expected: tuple[str, ...] = ()
    signed_in: dict[str, Any] = field(default_factory=dict)

    @contextmanager
    def window(
        self, user: str = "", language: str = "ko", size: dict[str, int] | None = None
    ) -> Iterator[Any]:
        """A browser window with its own cookies; a user's session is made once and used again."""
        if user and user not in self.signed_in:
            with self.window() as page:
                sign_in(page, user)
                self.signed_in[user] = page.context.storage_state()
        context = self.chromium.new_context(
            base_url=self.hub.address, viewport=size or DESKTOP, storage_state=self.signed_in.get(user)
        )
        context.set_default_timeout(15_000)
        context.add_cookies([{"name": "hub-language", "value": language, "url": self.hub.address}])
        page = context.new_page()
        page.on("request", self._watch_request)
        page.on("console", lambda message: self._note(f"console on {page.url}: {message.text}"))
        page.on("pageerror", lambda error: self._note(f"error on {page.url}: {error}"))
        try:
            yield page
        finally:
            context.close()

    def _watch_request(self, request: Any) -> None:
        if urlsplit(request.url).netloc != urlsplit(self.hub.address).netloc:
            self._note(f"request to another host: {request.url}")

    def _note(self, text: str) -> None:
        if not any(words in text for words in self.expected):
            self.seen.append(text)


def sign_in(page: Any, user: str) -> None:
    """Through the door, as a person does."""
    page.goto("/")
    page.locator("#id_username").fill(user)
    page.locator("#id_password").fill(PASSPHRASE)
    page.locator("main button.primary").click()
    page.locator(".who").wait_for()


_sessions: dict[str, Any] = {}


@pytest.fixture
def office(hub: Hub, chromium: Any) -> Iterator[Office]:
    """An office whose pages ask no other host and whose consoles stay silent."""
    found = Office(hub, chromium, signed_in=_sessions)
    yield found
    assert found.seen == []


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Whatever stands in this folder is a journey."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker("journey")
