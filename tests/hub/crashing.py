"""Programs for the tests of crashes to kill: they work on a hub of their own, in processes of their own.

    python -m tests.hub.crashing prepare N       a migrated hub with about N invented households
    python -m tests.hub.crashing write FILE      four people record facts until standard input ends; FILE gets one line
                                                 for each deed that was acknowledged
    python -m tests.hub.crashing interrupt JOB N a worker is killed at N points of a job and another takes it up; prints
                                                 what came of it as JSON

HUB_HOME says which hub. To have another job interrupted, describe it as a `Job` and put it into JOBS.
"""

import asyncio
import hashlib
import json
import os
import pickle
import signal
import sys
import threading
import time
import traceback
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, timedelta
from importlib import import_module
from itertools import count
from types import SimpleNamespace
from typing import Any

os.environ["DJANGO_SETTINGS_MODULE"] = "hub.settings"
os.environ["HUB_PLAIN_HTTP"] = "1"

from hub.walls import everywhere

REPEATED = 7  # every so many deeds one is done twice, as by somebody whose first reply was lost: 15 of 100
WRITERS = 4


def set_up():
    import django
    from django.conf import settings

    # Four threads making accounts: what is tested is not how slow a password is.
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    django.setup()


# A hub to crash -----------------------------------------------------------------------------------------------


def prepare(households: int) -> None:
    from hub import owning
    from hub.access.actions import create_user, give_post
    from hub.access.roles import Role
    from hub.organisation.actions import found_district
    from hub.organisation.models import Centre
    from hub.people.register import take_in_district
    from hub.programmes import queries as programmes
    from welfare.synthetic import invent_district

    owning.prepare_database()
    with everywhere():
        found_district()
        user = create_user("writer", "가상기록 (가상)", "an invented passphrase for tests")
        give_post(user, Role.PLANNER, Centre.objects.all())
        catalogue = programmes.catalogue()
        take_in_district(*invent_district(catalogue, households=households, seed=5), catalogue)


# People who write ---------------------------------------------------------------------------------------------


def write(path: str) -> None:
    from django.db import connection

    stop = threading.Event()
    file = os.open(path, os.O_CREAT | os.O_APPEND | os.O_WRONLY)
    threads = [threading.Thread(target=_writer, args=(number, file, stop)) for number in range(WRITERS)]
    for thread in threads:
        thread.start()
    sys.stdin.read()  # ends when the test lets go
    stop.set()
    for thread in threads:
        thread.join()
    connection.close_pool()


def _writer(number: int, file: int, stop: threading.Event) -> None:
    with everywhere():
        _write(number, file, stop)


def _write(number: int, file: int, stop: threading.Event) -> None:
    for deed in count(number * 1_000_000 + 1):
        if stop.is_set():
            return
        if deed % REPEATED:
            if _done(_record, deed):
                os.write(file, f"fact {deed}\n".encode())
            continue
        # Asked again and again until there is a reply, and then once more: the name is the key to it.
        while not stop.is_set() and not _done(_make_account, deed):
            continue
        if not stop.is_set():
            os.write(file, f"account {deed}\n".encode())
            _done(_make_account, deed)


def _done(do: Callable[[int], None], deed: int) -> bool:
    """Do it as a request would; whether it was acknowledged."""
    from django.db import Error, close_old_connections
    from psycopg_pool import PoolTimeout

    close_old_connections()
    try:
        with everywhere():
            do(deed)
    except (Error, PoolTimeout):
        time.sleep(0.02)
        return False
    finally:
        close_old_connections()
    return True


def _record(deed: int) -> None:
    from hub.access.models import User
    from hub.people.actions import record_facts
    from hub.people.models import Household
    from hub.people.sources import Source
    from welfare import Fact

    mark = Fact("mark", "household", "int", {"ko": "표시", "en": "mark"}, low=0, high=10**9)
    catalogue: Any = SimpleNamespace(facts={"mark": mark})
    user = User.objects.get(username="writer")
    household = Household.objects.order_by("pk")[deed % 50]
    record_facts(household, {"mark": deed}, catalogue, by=user, source=Source.INTERVIEW, purpose=f"{deed}")


def _make_account(deed: int) -> None:
    from django.core.exceptions import ValidationError

    from hub.access.actions import create_user

    try:
        create_user(f"twice{deed}", "가상이중 (가상)", "an invented passphrase for tests")
    except ValidationError as taken:
        if set(taken.error_dict) != {"username"}:
            raise


# Work that is interrupted -------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Job:
    """Work of the queue that must bear being killed anywhere. Each function is called in a process of its own."""

    start: Callable[[], object]  # puts it into the queue
    done: Callable[[], bool]
    checksum: Callable[
        [], str
    ]  # of all it leaves behind, without numbers that differ from one time to the next
    entries: Callable[[], int]  # in the audit trail saying that it is finished: exactly one
    at_once: bool = (
        True  # whether what it leaves is all there or not there at all; else it goes on block by block
    )


def _start_district_run() -> None:
    from hub.screening.actions import ask_for_run

    ask_for_run(by=None)


def _latest_run() -> Any:
    from hub.screening.models import Run

    return Run.objects.order_by("-pk").first()


def _district_run_is_done() -> bool:
    run = _latest_run()
    return run is not None and run.state == run.State.DONE


def _what_the_district_run_left() -> str:
    from hub.screening.models import Listed, Missed
    from welfare.screening import Run as Results

    run = _latest_run()
    columns = ("household", "person", "centre", "programme", "won", "won_a_year")
    rows = sorted(map(repr, Missed.objects.filter(run=run).values_list(*columns)))
    rows += sorted(
        map(repr, Listed.objects.filter(run=run).values_list("household", "entitlements", "won_a_year"))
    )
    pairs = Results(run.folder).pairs().to_pylist() if run is not None and run.state == run.State.DONE else []
    return hashlib.sha256("\n".join([*rows, *map(repr, pairs)]).encode()).hexdigest()


def _entries_of_the_district_run() -> int:
    from hub.access.models import AccessRecord

    return AccessRecord.objects.filter(verb="screening.finished_run", object_id=str(_latest_run().pk)).count()


DAY_OF_THE_LIST = date(2026, 1, 5)


def _lister() -> Any:
    from hub.access.actions import create_user, give_post
    from hub.access.models import User
    from hub.access.roles import Role

    known = User.objects.filter(username="lister").first()
    if known is None:
        known = create_user("lister", "가상명단 (가상)", "an invented passphrase for tests")
        give_post(known, Role.DISTRICT_OFFICER)
    return known


def _start_list_import() -> None:
    """A list of forty people with their rents, read already and now to be applied, in blocks of five."""
    from django.db import transaction

    from hub.lists import actions
    from hub.lists.models import AgencyList, Import, ImportRow
    from hub.people.models import FactRecord, Person

    actions.BLOCK = 5
    with transaction.atomic():
        user = _lister()
        of = AgencyList.objects.first() or actions.make_list(
            name="가상 명단", agency="가상 기관", states="", by=user
        )
        for row in ImportRow.objects.exclude(household_record=None):
            FactRecord.objects.filter(pk=row.household_record_id).delete()
        Import.objects.all().delete()
        listed = Person.objects.filter(couple=None).order_by("household", "pk").distinct("household")[:40]
        lines = [f"{person.pk},{person.name},{10_000 + number}" for number, person in enumerate(listed)]
        text = "번호,성명,월세\n" + "\n".join(lines) + "\n"
        made = actions.take_file(
            of, "list.csv", text.encode(), data_day=DAY_OF_THE_LIST, centre=None, by=user
        )
        meanings = {"번호": "person_id", "성명": "name", "월세": "monthly_rent"}
        columns = {column["place"]: meanings[column["head"]] for column in made.guess}
        actions.decide_columns(made, columns, by=user)
    actions.go_on(made.pk)
    made.refresh_from_db()
    actions.apply(made, by=user, looked_at_doubts=True)


def _list_import_is_done() -> bool:
    from hub.lists.models import Import

    made = Import.objects.order_by("-pk").first()
    return made is not None and made.state == Import.State.APPLIED


def _what_the_list_import_left() -> str:
    from hub.people.models import FactRecord

    told = FactRecord.objects.filter(source="register", collected_on=DAY_OF_THE_LIST)
    rows = sorted(map(repr, told.values_list("household", "person", "values")))
    return hashlib.sha256("\n".join(rows).encode()).hexdigest()


def _entries_of_the_list_import() -> int:
    from hub.access.models import AccessRecord
    from hub.lists.models import Import

    made = Import.objects.order_by("-pk").first()
    return AccessRecord.objects.filter(
        verb="lists.finished_applying", object_id=str(made.pk if made else 0)
    ).count()


JOBS = {
    "list import": Job(
        _start_list_import,
        _list_import_is_done,
        _what_the_list_import_left,
        _entries_of_the_list_import,
        at_once=False,
    ),
    "district run": Job(
        _start_district_run, _district_run_is_done, _what_the_district_run_left, _entries_of_the_district_run
    ),
}


def interrupt(job: Job, points: int) -> dict[str, Any]:
    """Kill a worker at so many points of a job, spread evenly, and let the next worker finish each time.

    A job that the queue refuses, because one that was killed blocks the way, ends all this with an error.
    """
    from hub import order
    from hub.programmes import queries as programmes

    # Read once here and not in each process.
    programmes.rules()
    for module in ("procrastinate.contrib.django", *(f"hub.{app}.tasks" for app in order.APPS)):
        with suppress(ModuleNotFoundError):
            import_module(module)
    nothing = in_child(job.checksum)
    in_asking = in_child(lambda: _start(job, None))
    passed = in_child(lambda: _worker(None))
    whole = in_child(job.checksum)
    outcome: dict[str, Any] = {"points": passed, "whole": whole, "changes": whole != nothing, "kills": []}
    for number in range(points):
        # Whoever asks may be killed, too: the job is in the queue then or it is not, and never in between.
        in_child(lambda at=in_asking - number % in_asking: _start(job, at))
        in_child(lambda: _worker(None))
        at = 1 + number * (passed - 1) // max(points - 1, 1)
        in_child(job.start)
        survived = in_child(lambda at=at: _worker(at))
        between = in_child(lambda: (job.checksum(), _let_heartbeats_grow_old())[0])
        in_child(lambda: _worker(None))
        done, left, entries = in_child(lambda: (job.done(), job.checksum(), job.entries()))
        outcome["kills"].append(
            {
                "at": at,
                "killed": survived is None,
                "half": job.at_once and between not in (nothing, whole),
                "done": done,
                "same": left == whole,
                "entries": entries,
            }
        )
    return outcome


def in_child(work: Callable[[], Any]) -> Any:
    """Do it in a process of its own; None when that was killed. This process never opens a connection."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        status = 1
        try:
            with everywhere():
                os.write(writing, pickle.dumps(work()))
            status = 0
        except Exception:  # noqa: BLE001  (the child must never come back as a second parent)
            traceback.print_exc()
        finally:
            os._exit(status)
    os.close(writing)
    with open(reading, "rb") as pipe:
        given = pipe.read()
    _, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL:
        return None
    if status:
        raise RuntimeError(f"a process of the test ended with status {status}")
    return pickle.loads(given)


def _start(job: Job, killed_at: int | None) -> int:
    """Put a job into the queue; returns how many points were passed. Killed at one of them if asked."""
    passed = _count_points(killed_at)
    job.start()
    return passed()


def _worker(killed_at: int | None) -> int:
    """Work until the queue is empty; returns how many points were passed. Killed at one of them if asked."""
    from procrastinate.contrib.django import app

    from hub.tasks import give_back_abandoned_work

    passed = _count_points(killed_at)

    async def run() -> None:
        with app.replace_connector(app.connector.get_worker_connector()):
            async with app.open_async():
                await give_back_abandoned_work()
                await app.run_worker_async(wait=False, install_signal_handlers=False, listen_notify=False)

    asyncio.run(run())
    return passed()


def _count_points(killed_at: int | None) -> Callable[[], int]:
    """From now on count the points this process passes, and kill it at one of them if asked.

    A point is a statement to the database or a change of the file system, whichever thread makes it.
    """
    import psycopg

    passed = count(1)
    last = 0

    def pass_point() -> None:
        nonlocal last
        last = next(passed)
        if last == killed_at:
            os.kill(os.getpid(), signal.SIGKILL)

    def watched(function: Any) -> Any:
        def instead(*args: Any, **more: Any) -> Any:
            pass_point()
            return function(*args, **more)

        return instead

    def changes_files(event: str, args: Any) -> None:
        writes = event == "open" and isinstance(args[2], int) and args[2] & (os.O_WRONLY | os.O_RDWR)
        if writes or event in ("os.rename", "os.mkdir", "os.remove", "os.rmdir"):
            pass_point()

    for kind in (psycopg.Cursor, psycopg.AsyncCursor):
        for name in ("execute", "executemany", "copy"):
            setattr(kind, name, watched(getattr(kind, name)))
    psycopg.Connection.commit = watched(psycopg.Connection.commit)
    sys.addaudithook(changes_files)
    return lambda: last


def _let_heartbeats_grow_old() -> None:
    """What half a minute of waiting would do."""
    from django.db import connection

    from hub.tasks import SILENCE

    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE procrastinate_workers SET last_heartbeat = now() - %s", [timedelta(seconds=SILENCE + 1)]
        )


def main(arguments: list[str]) -> None:
    set_up()
    match arguments:
        case ["prepare", households]:
            prepare(int(households))
        case ["write", path]:
            write(path)
        case ["interrupt", job, points]:
            print(json.dumps(interrupt(JOBS[job], int(points))))
        case _:
            raise SystemExit(__doc__)


if __name__ == "__main__":
    main(sys.argv[1:])
