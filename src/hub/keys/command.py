"""`hub keys`: what keys there are, a new one, moving stored values to it, and the end of an old one."""

import argparse
import sys
from collections.abc import Sequence

from hub.command import database, set_up
from hub.keys import ring
from hub.keys.ring import Use


def run(arguments: Sequence[str]) -> int:
    """Run one act; returns the exit status."""
    options = _parser().parse_args(arguments)
    with database():
        set_up()
        return int(options.run(options))
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="hub keys",
        description="The keys that numbers are encrypted with. They live in one file of this machine, never in the "
        "database. A rotation is three commands, while people work: hub keys rotate, hub keys reencrypt, "
        "hub keys retire ID. The whole procedure: docs/how-to/rotate-keys.md",
    )
    acts = parser.add_subparsers(required=True, metavar="ACT")
    acts.add_parser("list", help="every key, and how many values need it").set_defaults(run=_list)
    rotate = acts.add_parser("rotate", help="a new key for what is new")
    rotate.add_argument("--index", action="store_true", help="of the blind index, instead of the encryption")
    rotate.set_defaults(run=_rotate)
    move = acts.add_parser(
        "reencrypt", help="bring every stored value under the active keys; may be repeated"
    )
    move.set_defaults(run=_reencrypt)
    retire = acts.add_parser("retire", help="destroy an old key that nothing needs any more")
    retire.add_argument("id", help="as shown by hub keys list")
    retire.set_defaults(run=_retire)
    return parser


def _list(options: argparse.Namespace) -> int:
    from hub.keys import rotation

    standings = rotation.standings()
    print(f"{ring.ring().path}\n")
    print("  id        use      state    made        values that need it")
    for standing in standings:
        key = standing.key
        if key.retired:
            needed = f"destroyed on {key.retired:%Y-%m-%d}"
        else:
            needed = ", ".join(f"{count:,} {name}" for name, count in standing.values.items()) or "none"
        print(f"  {key.name}  {key.use:<7}  {key.state:<7}  {key.created:%Y-%m-%d}  {needed}")
    lacking = rotation.missing()
    for name in lacking:
        print(f"  {name}  is not in this file, and values need it: put back the file that has it")
    return 1 if lacking else 0


def _rotate(options: argparse.Namespace) -> int:
    from hub.keys import rotation

    key = rotation.rotate(Use.INDEX if options.index else Use.ENCRYPT)
    print(f"Key {key.name} ({key.use}) is active. Back up {ring.ring().path} now, apart from the database.")
    print("Then bring what is stored under it: hub keys reencrypt")
    return 0


def _reencrypt(options: argparse.Namespace) -> int:
    from hub.keys import rotation

    moved = rotation.move_on(_show)
    print(f"{moved:,} records moved; everything stands under the active keys.")
    old = [one.key.name for one in rotation.standings() if one.key.state is ring.State.OLD and not one.values]
    for name in old:
        print(f"Nothing needs key {name} any more: hub keys retire {name}")
    return 0


def _retire(options: argparse.Namespace) -> int:
    from hub.keys import rotation

    key = rotation.retire(options.id)
    print(f"Key {key.name} is destroyed. Copies of it in backups of the key file are yours to destroy.")
    return 0


def _show(done: int, total: int) -> None:
    if sys.stdout.isatty():
        print(f"\r  {done:,} of {total:,}", end="\n" if done >= total else "", flush=True)
