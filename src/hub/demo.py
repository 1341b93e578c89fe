"""`hub demo`: an invented district on this machine, from nothing to the open page, as a list of named steps.

The pages are served first and the district is made behind them, so the address works within seconds and fills while
one looks. A step says by itself whether it is done, so an interrupted demonstration goes on where it stopped.
"""

import os
import secrets
import shutil
import sys
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any

from hub import places, walls
from hub.command import set_up
from hub.postgres import Embedded


@dataclass(frozen=True)
class Step:
    """One thing the demonstration needs: its name for the terminal, whether it is done, and how to do it."""

    name: str
    done: Callable[[], bool]
    do: Callable[["Demonstration"], None]
    needs: tuple[str, ...] = ()  # modules it calls; a step whose module is not part of this hub is left out


@dataclass
class Demonstration:
    """What the steps know of each other."""

    households: int | None = None  # None: as many as the district really has
    district: tuple[Any, Any] | None = None  # Arrow tables of households and members, once invented


def run(*, fresh: bool, port: int | None, households: int | None = None) -> int:
    """Make what is missing, serve, and stay until Ctrl-C; returns the exit status."""
    os.environ.setdefault("HUB_PLAIN_HTTP", "1")
    os.environ.setdefault("HUB_DEMO", "1")
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "hub.settings")
    from hub import serving

    if os.environ.get("DATABASE_URL"):
        print(
            "The demonstration brings its own database; unset DATABASE_URL, or use: hub serve",
            file=sys.stderr,
        )
        return 2
    host = "127.0.0.1"
    try:
        port = serving.free_port(host, port)
    except OSError:
        print(f"Port {port} is in use. Choose another one with --port.", file=sys.stderr)
        return 1
    started = time.monotonic()
    server = Embedded(places.home() / "postgres")
    if fresh:
        _say("Throwing the old demonstration away")
        server.remove()
        for folder in ("snapshots", "runs"):
            shutil.rmtree(places.HOME / folder, ignore_errors=True)
    _say("Starting PostgreSQL")
    with server.running(), walls.everywhere():
        set_up()
        serving.prepare()
        with serving.Children() as children:
            demonstration = Demonstration(households)
            _take(STEPS_BEFORE_OPENING, demonstration)
            _say("Opening the door")
            serving.start(children, host, port)
            _welcome(host, port, ready=all(step.done() for step in STEPS if _possible(step)))
            complete = _take(STEPS, demonstration)
            if not complete:
                return children.wait()
            print(f"\nReady after {time.monotonic() - started:.0f} s.  http://{host}:{port}/\n", flush=True)
            return children.wait()
    return 0


# -- the steps -------------------------------------------------------------------------------------------------


def _district_is_founded() -> bool:
    from hub.organisation.models import Centre

    return Centre.objects.exists()


def _found_district(demonstration: Demonstration) -> None:
    from hub.organisation.actions import found_district

    found_district()


def _accounts_exist() -> bool:
    from hub.access.models import User

    return User.objects.filter(username=ACCOUNTS[0][0]).exists()


def _make_accounts(demonstration: Demonstration) -> None:
    from django.db import transaction

    from hub.access.actions import create_user, give_post
    from hub.access.roles import Role
    from hub.organisation.models import Centre

    with transaction.atomic():
        for username, name, role, dongs in ACCOUNTS:
            user = create_user(username, name, passphrase())
            give_post(user, Role(role), Centre.objects.filter(code__in=dongs))


def _catalogue_is_published() -> bool:
    from hub.programmes import queries
    from hub.programmes.models import PublishedCatalogue

    current = PublishedCatalogue.objects.filter(in_force=True).first()
    return current is not None and current.version == queries.catalogue().version


def _publish_catalogue(demonstration: Demonstration) -> None:
    from hub.programmes.actions import publish

    publish()


def _district_is_taken_in() -> bool:
    from django.db import transaction

    from hub.people.models import Household

    with transaction.atomic():
        return Household.objects.exists()


def _invent_district(demonstration: Demonstration) -> None:
    import welfare
    from welfare.synthetic import invent_district

    catalogue = welfare.load(places.CATALOGUE)
    demonstration.district = invent_district(catalogue, households=demonstration.households, seed=1)


def _take_in_district(demonstration: Demonstration) -> None:

    import welfare
    from hub.people.register import take_in_district

    assert demonstration.district is not None, "the step before this one has the same sign of being done"
    catalogue = welfare.load(places.CATALOGUE)
    take_in_district(*demonstration.district, catalogue, as_owner=True, progress=_show_progress)


def _numbers_are_kept() -> bool:
    from django.db import transaction

    from hub.people.identity.models import IdentityNumber

    with transaction.atomic():
        return IdentityNumber.objects.exists()


def _keep_numbers(demonstration: Demonstration) -> None:
    from hub.people.identity import actions as numbers
    from hub.people.identity.models import LegalGround
    from hub.people.sources import Source

    _households, members = _invented(demonstration)
    numbers.take_in(members, ground=LegalGround.DISCOVERY, source=Source.INVENTED, progress=_show_progress)
    demonstration.district = None


def _invented(demonstration: Demonstration) -> tuple[Any, Any]:
    """The tables of the district; invented again for a step that was left over from an earlier start."""
    if demonstration.district is None:
        _invent_district(demonstration)
        assert demonstration.district is not None
    return demonstration.district


def _district_is_screened() -> bool:
    from hub.screening.queries import latest_run

    return latest_run() is not None


def _screen_district(demonstration: Demonstration) -> None:
    from hub.screening.actions import run_district_now

    run_district_now(_show_progress)


def _past_is_taken_in() -> bool:
    from hub import past

    return past.is_taken_in()


def _take_in_past(demonstration: Demonstration) -> None:
    from hub.past import take_in_past

    take_in_past(*_invented(demonstration), also=_looked_at_first(), progress=_show_progress)


def _looked_at_first() -> set[int]:
    """The households that stand on the first pages of the work lists: whoever looks around opens these."""
    from django.db import transaction

    from hub.organisation.models import Centre
    from hub.screening import queries as screening

    run = screening.latest_run()
    if run is None:
        return set()
    pages: list[list[str] | None] = [None, *([code] for code in Centre.objects.values_list("pk", flat=True))]
    with transaction.atomic():
        return {item.household for dongs in pages for item in screening.worklist(run, dongs, number=50)}


STEPS_BEFORE_OPENING = (
    Step("Founding the district and its 14 centres", _district_is_founded, _found_district),
    Step("Making the demo accounts", _accounts_exist, _make_accounts),
)
STEPS = (
    Step("Inventing the district", _district_is_taken_in, _invent_district, needs=("welfare.synthetic",)),
    Step("Taking it into PostgreSQL", _district_is_taken_in, _take_in_district, needs=("welfare.synthetic",)),
    Step(
        "Screening the district against the whole catalogue",
        _district_is_screened,
        _screen_district,
        needs=("hub.screening.actions", "hub.screening.queries"),
    ),
    Step(
        "Giving a share of the households a past",
        _past_is_taken_in,
        _take_in_past,
        needs=("welfare.synthetic", "hub.screening.queries"),
    ),
    Step("Keeping their numbers encrypted", _numbers_are_kept, _keep_numbers),
)

# Invented people, one for each way of working: user name, name, role, dongs of duty.
ACCOUNTS = (
    ("coordinator", "김시연 (가상)", "coordinator", ("1141056500",)),
    ("planner", "이시연 (가상)", "planner", ("1141056500", "1141055500")),
    ("nurse", "박시연 (가상)", "nurse", ("1141056500",)),
    ("neighbour", "윤시연 (가상)", "neighbourhood_officer", ("1141056500",)),
    ("head", "최시연 (가상)", "head_of_dong", ("1141056500",)),
    ("officer", "정시연 (가상)", "district_officer", ()),
    ("manager", "장시연 (가상)", "case_manager", ()),
    ("privacy", "임시연 (가상)", "privacy_officer", ()),
    ("city", "한시연 (가상)", "city_analyst", ()),
    ("council", "강시연 (가상)", "council_member", ()),
    ("admin", "조시연 (가상)", "administrator", ()),
)


def passphrase() -> str:
    """The demo accounts' common passphrase: made once per installation, kept in the hub's home."""
    path = places.home() / "demo-passphrase"
    try:
        with open(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "w") as file:
            file.write("-".join(secrets.choice(_SYLLABLES) + secrets.choice(_SYLLABLES) for _ in range(4)))
    except FileExistsError:
        pass
    return path.read_text()


_SYLLABLES = tuple(first + vowel for first in "bdghjkmnprst" for vowel in ("a", "eo", "o", "u", "i"))


# -- what the terminal shows -----------------------------------------------------------------------------------


def _possible(step: Step) -> bool:
    return all(_is_there(module) for module in step.needs)


def _is_there(module: str) -> bool:
    try:
        return find_spec(module) is not None
    except ModuleNotFoundError:
        return False


def _take(steps: tuple[Step, ...], demonstration: Demonstration) -> bool:
    """Do what is not done yet, in order; False when a step failed and the later ones were left."""
    for step in steps:
        if not _possible(step):
            _say(f"{step.name}: not part of this hub yet")
            continue
        if step.done():
            continue
        _say(f"{step.name} ...")
        started = time.monotonic()
        try:
            step.do(demonstration)
        except Exception:  # noqa: BLE001  (whatever it was, it is shown in full)
            # The pages stay open with what there is: a person can look, and the next start goes on from here.
            traceback.print_exc()
            _say(f"{step.name}: failed (see above). The pages stay open; the next start tries again.")
            return False
        _say(f"{step.name}: {time.monotonic() - started:.1f} s")
    return True


def _show_progress(done: int, total: int) -> None:
    """One line that counts up, on a terminal; a log gets none of it."""
    if sys.stdout.isatty() and total:
        print(f"\r    {100 * done // total:3d} %", end="\n" if done >= total else "", flush=True)


def _say(text: str) -> None:
    print(f"  {text}", flush=True)


def _in(language: str, text: object) -> str:
    """A translatable text in one language, whatever this machine speaks."""
    from django.utils import translation

    with translation.override(language):
        return str(text)


def _welcome(host: str, port: int, *, ready: bool) -> None:
    from hub.access.roles import Role

    print(f"\nThe Welfare Hub (demonstration) is open:  http://{host}:{port}/\n")
    print("  user name     role")
    for username, _name, role, _dongs in ACCOUNTS:
        print(f"  {username:<13} {_in('en', Role(role).label)} / {_in('ko', Role(role).label)}")
    print(f"\n  passphrase for all of them:  {passphrase()}\n")
    if not ready:
        print("The district is still being made; its pages fill in a moment.")
    print("Ctrl-C ends it.\n", flush=True)
