"""The part of the `hub` command that needs the application, from `demo` and `serve` to `backup` and `audit`.

`welfare.command` hands over to `main` when Django is installed. Each command is one short function; the whole flow of
`hub demo` can be read on one screen in `demo.py`.
"""

import argparse
import atexit
import os
import sys
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from datetime import date
from pathlib import Path

from hub import places
from hub.backup import BackupProblem
from hub.keys.ring import KeyProblem
from hub.postgres import Embedded, PostgresProblem

COMMANDS = (
    "demo",
    "serve",
    "worker",
    "administrator",
    "keys",
    "backup",
    "restore",
    "drill",
    "test",
    "manage",
    "messages",
    "audit",
)


def main(argv: Sequence[str]) -> int:
    """Run one command; returns the exit status. `argv` begins with the command's name."""
    # These hand their arguments on to programs that have their own --help.
    raw: dict[str, Callable[[list[str]], int]] = {"keys": keys, "test": test, "manage": manage}
    if argv and argv[0] in raw:
        return _told(lambda: raw[argv[0]](list(argv[1:])))
    options = _parser().parse_args(argv)
    return _told(lambda: options.run(options))


def _told(run: Callable[[], int]) -> int:
    """Run, and turn what a person can mend into a sentence instead of a traceback."""
    try:
        return run()
    except (BackupProblem, PostgresProblem, KeyProblem) as problem:
        print(problem, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="hub", description="The Welfare Hub.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    demo_ = commands.add_parser(
        "demo",
        help="an invented district, screened, with demo accounts, in the browser",
        description="Build an invented district, screen it, and open the hub on this machine. "
        "The second start takes seconds. Ctrl-C ends it.",
    )
    demo_.add_argument("--fresh", action="store_true", help="throw the demonstration away and build it again")
    demo_.add_argument("--port", type=int, help="port of the address (default: 8000 or the next free one)")
    demo_.add_argument(
        "--households",
        type=int,
        metavar="N",
        help="a smaller district, of about N households (needs --fresh)",
    )
    demo_.set_defaults(run=demo)

    serve_ = commands.add_parser(
        "serve",
        help="web server and worker on this machine's database",
        description="Bring the database up to date, then serve pages and work in the background.",
    )
    serve_.add_argument(
        "--host", default="127.0.0.1", help="address to listen on (default: this machine only)"
    )
    serve_.add_argument("--port", type=int, default=8000)
    serve_.set_defaults(run=serve)

    worker_ = commands.add_parser("worker", help="one more worker for background work")
    worker_.set_defaults(run=worker)

    administrator_ = commands.add_parser(
        "administrator",
        help="the first account of a new hub",
        description="Make the account of the first administrator and print its first passphrase, once.",
    )
    administrator_.add_argument("username", help="small letters, digits, dots or hyphens")
    administrator_.add_argument("name", help="name of the person, as others read it")
    administrator_.set_defaults(run=administrator)
    backup_ = commands.add_parser(
        "backup",
        help="everything that cannot be made again, in one sealed file",
        description="Copy the database and the key files into one file that only the recovery key opens. "
        "The hub may go on working meanwhile.",
    )
    backup_.add_argument(
        "--to", type=Path, metavar="FOLDER", help="where to (default: HUB_BACKUPS, or backups in the home)"
    )
    backup_.add_argument(
        "--new-key", action="store_true", help="make a recovery key and show it, this once, before the backup"
    )
    backup_.add_argument(
        "--keep-days",
        type=int,
        metavar="N",
        help="afterwards delete backups in that folder older than N days",
    )
    backup_.set_defaults(run=backup)

    restore_ = commands.add_parser(
        "restore",
        help="a backup, into an empty hub",
        description="Read a backup to its end, then restore it into this home and its empty database, and compare.",
    )
    restore_.add_argument("file", type=Path, metavar="FILE")
    restore_.set_defaults(run=restore)

    drill_ = commands.add_parser(
        "drill",
        help="prove that a backup can be restored",
        description="Back up, restore into a scratch server beside this one, compare row by row, and write down how "
        "long it took. With FILE: drill with that backup.",
    )
    drill_.add_argument("file", type=Path, metavar="FILE", nargs="?")
    drill_.set_defaults(run=drill)
    for command in (restore_, drill_):
        command.add_argument(
            "--key-file",
            type=Path,
            metavar="KEY",
            help="the recovery key (default: asked for at the terminal)",
        )

    messages_ = commands.add_parser(
        "messages",
        help="bring the translations up to date with the pages",
        description="Put every text of pages and code that has no Korean yet into the .po files, for translating.",
    )
    messages_.set_defaults(run=messages)

    audit_ = commands.add_parser("audit", help="the audit trail: verify, heads, seal, forget, prove, check")
    deeds = audit_.add_subparsers(required=True, metavar="DEED", dest="deed")
    deeds.add_parser("verify", help="go through the whole trail; the exit status says whether it is whole")
    deeds.add_parser("heads", help="where its heads are, and whether all have left")
    deeds.add_parser("seal", help="chain what is not yet, send heads out; a worker does it every minute")
    forget = deeds.add_parser("forget", help="remove what is older than the law asks to keep (tables' owner)")
    forget.add_argument("before", type=date.fromisoformat, help="YYYY-MM-DD, at least two years ago")
    prove = deeds.add_parser(
        "prove",
        help="print a proof about the trail, for somebody who holds its heads",
        description="Print, as JSON, that a record is in the trail, or that the trail only grew since a head.",
    )
    what = prove.add_mutually_exclusive_group(required=True)
    what.add_argument("--record", type=int, metavar="NUMBER", help="of the record, as `Audit trail` shows it")
    what.add_argument("--since", type=int, metavar="POSITION", help="of the earlier head")
    prove.add_argument(
        "--head", type=int, metavar="POSITION", help="of the head proved for (default: the newest)"
    )
    check = deeds.add_parser(
        "check",
        help="whether such a proof holds; needs neither the database nor a key",
        description="Check a proof against heads held outside; the exit status says whether it holds.",
    )
    check.add_argument("proof", type=Path, help="file that `hub audit prove` printed")
    check.add_argument(
        "--heads", type=Path, metavar="FOLDER", help="where the heads lie (default: HUB_AUDIT_HEADS)"
    )
    audit_.set_defaults(run=audit)
    return parser


def demo(options: argparse.Namespace) -> int:
    """`hub demo`."""
    from hub import demo as demonstration

    return demonstration.run(fresh=options.fresh, port=options.port, households=options.households)


def serve(options: argparse.Namespace) -> int:
    """`hub serve`."""
    from hub import serving

    with database():
        set_up()
        serving.prepare()
        with serving.Children() as children:
            serving.start(children, options.host, options.port)
            print(f"http://{options.host}:{options.port}/", flush=True)
            return children.wait()
    return 0


def worker(options: argparse.Namespace) -> int:
    """`hub worker`: one worker process, until it is ended."""
    from hub import serving

    with database():
        set_up()
        serving.work()
    return 0


def administrator(options: argparse.Namespace) -> int:
    """`hub administrator USERNAME NAME`."""
    with database():
        set_up()
        from django.core.exceptions import ValidationError

        from hub import owning
        from hub.access.actions import first_administrator

        owning.prepare_database()
        try:
            passphrase = first_administrator(options.username, options.name)
        except ValidationError as problem:
            print(" ".join(problem.messages), file=sys.stderr)
            return 1
    print(f"First passphrase of {options.username}, shown once: {passphrase}")
    return 0


def keys(arguments: list[str]) -> int:
    """`hub keys ...`"""
    from hub.keys import command

    return command.run(arguments)


def backup(options: argparse.Namespace) -> int:
    """`hub backup`."""
    from hub.backup import commands

    return commands.backup(to=options.to, new_key=options.new_key, keep_days=options.keep_days)


def restore(options: argparse.Namespace) -> int:
    """`hub restore FILE`."""
    from hub.backup import commands

    return commands.restore(file=options.file, key_file=options.key_file)


def drill(options: argparse.Namespace) -> int:
    """`hub drill [FILE]`."""
    from hub.backup import commands

    return commands.run_drill(file=options.file, key_file=options.key_file)


def test(arguments: list[str]) -> int:
    """`hub test [arguments for pytest]`."""
    from hub import checking

    return checking.run(arguments)


def manage(arguments: list[str]) -> int:
    """`hub manage ...`: Django's own commands, with the database running."""
    with database():
        set_up()
        from django.core.management import execute_from_command_line

        from hub import owning, walls

        migrates = arguments[:1] == ["migrate"] and not any(
            word.startswith("--database") for word in arguments
        )
        with walls.everywhere():
            execute_from_command_line(
                ["hub manage", *arguments, *([f"--database={owning.OWNER}"] if migrates else [])]
            )
        if migrates:  # tables belong to the owner; the application is given its rights in them
            owning.grant()
    return 0


def messages(options: argparse.Namespace) -> int:
    """`hub messages`."""
    set_up()
    from hub import messages as translations

    added = translations.collect()
    print(f"{added} new texts to translate in the .po files under {translations.FOLDER}")
    return 0


def audit(options: argparse.Namespace) -> int:
    """`hub audit verify|heads|seal|forget|prove|check`."""
    with nullcontext() if options.deed == "check" else database():
        set_up()
        from hub import auditing

        return auditing.run(options)
    return 0


def database() -> AbstractContextManager[object]:
    """The embedded server while the block runs; nothing when DATABASE_URL names another one."""
    if os.environ.get("DATABASE_URL"):
        return nullcontext()
    return Embedded(places.home() / "postgres").running()


def set_up() -> None:
    """Make Django ready in this process, and see to it that the process ends at once when its work is done."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "hub.settings")
    import django

    django.setup()
    atexit.register(_close_pools)


def _close_pools() -> None:
    """End the threads of the connection pools while they can still hear it.

    Later, when the interpreter is being taken down, a pool waits in vain for each of its four threads, five seconds each.
    """
    from django.db import connections

    for connection in connections.all(initialized_only=True):
        connection.close_pool()  # type: ignore[attr-defined]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
