"""`hub audit`: look after the chain of the audit trail from the terminal, and from monitoring by its exit status.

0: as it should be; 1: something is wrong, and the first wrong place is told; 2: it could not be done.
"""

import argparse
import os
import sys
import time

from django.db import DatabaseError, transaction
from django.utils import translation
from django.utils.translation import gettext as _

from hub.access import chain, content, heads, tree
from hub.access.actions import record

FINE, WRONG, NOT_DONE = 0, 1, 2


def run(options: argparse.Namespace) -> int:
    """One of verify, heads, seal, forget, prove, check; in the terminal's language."""
    spoken = os.environ.get("LC_ALL") or os.environ.get("LC_MESSAGES") or os.environ.get("LANG") or ""
    with translation.override("ko" if spoken.lower().startswith("ko") else "en"):
        try:
            return _DOES[options.deed](options)
        except (chain.WrongKey, tree.NotProved, ValueError) as problem:
            print(problem, file=sys.stderr)
        except OSError as problem:
            print(
                _("Heads could not be sent to %(folder)s: %(reason)s. They are sent with the next sealing.")
                % {"folder": heads.folder(), "reason": problem.strerror},
                file=sys.stderr,
            )
        return NOT_DONE


def _verify(options: argparse.Namespace) -> int:
    started = time.monotonic()
    verdict = chain.verify()
    print(
        _("%(sealed)d records sealed, %(unsealed)d waiting, %(unused)d numbers unused, %(seconds).1f s")
        % {
            "sealed": verdict.sealed,
            "unsealed": verdict.unsealed,
            "unused": verdict.unused,
            "seconds": time.monotonic() - started,
        }
    )
    if verdict.wrong is not None:
        where = _("position %(position)s, record %(record)s") % {
            "position": verdict.wrong.position or "–",
            "record": verdict.wrong.record or "–",
        }
        print(f"{where}: {verdict.wrong}", file=sys.stderr)
        return WRONG
    print(_("Whole. Position %(position)d, link %(link)s") % _end(verdict.position, verdict.link))
    return _heads_are_well(heads.standing())


def _heads(options: argparse.Namespace) -> int:
    standing = heads.standing()
    print(heads.folder())
    if standing.last is not None:
        last = _end(standing.last.position, standing.last.link)
        print(_("last head outside: position %(position)d, link %(link)s") % last)
    return _heads_are_well(standing)


def _heads_are_well(standing: heads.Standing) -> int:
    if not standing.reachable:
        print(_("The folder for heads cannot be written."), file=sys.stderr)
        return WRONG
    if standing.behind:
        print(_("%(number)d heads have not been sent.") % {"number": standing.behind}, file=sys.stderr)
        return WRONG
    if not standing.elsewhere:
        # True of every demonstration, so it is said and does not count as a fault.
        print(_("The heads have not left this machine: name a folder on another disk in HUB_AUDIT_HEADS."))
    return FINE


def _seal(options: argparse.Namespace) -> int:
    print(_("%(number)d records sealed") % {"number": chain.seal()})
    return FINE


def _forget(options: argparse.Namespace) -> int:
    try:
        with transaction.atomic():
            point = chain.forget_before(options.before)
            if point is not None:
                place = ("position", str(point.position))
                record(None, "access.forgot_trail", place, f"before {options.before}")
    except DatabaseError:
        print(_("Only the owner of the tables can forget; nothing was removed."), file=sys.stderr)
        return NOT_DONE
    if point is None:
        print(_("Nothing is that old."))
        return FINE
    print(_("Forgotten up to position %(position)d, link %(link)s") % _end(point.position, point.link))
    return FINE


def _prove(options: argparse.Namespace) -> int:
    if options.record is not None:
        with transaction.atomic():  # what it says leaves the hub, so that is written down too
            print(tree.written(tree.prove_inclusion(options.record, options.head)))
            record(None, "access.proved_record", ("access.accessrecord", str(options.record)))
    else:
        print(tree.written(tree.prove_consistency(options.since, options.head)))
    return FINE


def _check(options: argparse.Namespace) -> int:
    """Whether a proof holds, and leads to heads that lie in a folder. Asks no database and no key."""
    try:
        proof = tree.read(options.proof.read_text())
    except OSError as problem:
        raise ValueError(f"{options.proof}: {problem.strerror}") from problem
    if not proof.holds():
        print(_("The proof does not hold: it was altered, or made of something else."), file=sys.stderr)
        return WRONG
    held = {head.position: head for head in heads.outside(options.heads) if head.root}
    for position, root in proof.roots().items():
        if position not in held:
            print(
                _("No head of position %(position)d lies in %(folder)s.")
                % {"position": position, "folder": options.heads or heads.folder()},
                file=sys.stderr,
            )
            return WRONG
        if held[position].root != root:
            print(
                _("The proof does not lead to the head of position %(position)d but to another trail.")
                % {"position": position},
                file=sys.stderr,
            )
            return WRONG
    newest = held[max(proof.roots())]
    if isinstance(proof, tree.Inclusion):
        print(
            _("This record is number %(position)d of the trail of %(number)d records of %(day)s:")
            % {"position": proof.position, "number": proof.size, "day": newest.at.date()}
        )
        for name, value in zip(content.NAMES, proof.record, strict=True):
            shown = content.moment(value) if name == "at" else value
            print(f"  {name}: {'' if shown is None else shown}")
    else:
        print(
            _("The trail of %(number)d records of %(day)s begins with the same %(first)d records as then.")
            % {"number": proof.second, "day": newest.at.date(), "first": proof.first}
        )
    return FINE


def _end(position: int, link: bytes | memoryview) -> dict[str, object]:
    return {"position": position, "link": bytes(link).hex()}


_DOES = {
    "verify": _verify,
    "heads": _heads,
    "seal": _seal,
    "forget": _forget,
    "prove": _prove,
    "check": _check,
}
