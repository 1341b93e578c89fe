"""Work that nobody waits for steps back for pages that somebody waits for.

Linux has a class of its own for it: such a process runs when a processor would be idle, and gives it up at once when anybody else
wants it. The lowest of the usual priorities keeps a share and a slice of time. Elsewhere that has to do.
"""

import os
from contextlib import suppress

LOWEST = 19


def step_back() -> None:
    """Let everybody else go first, for the rest of this process's life: one that stepped back cannot step forward again."""
    _last(0)


def stepped_back() -> bool:
    """Whether this process did."""
    return os.getpriority(os.PRIO_PROCESS, 0) == LOWEST


def take_along(process: int) -> None:
    """Let another process step back too. The system may forbid it; that is no failure, for it is a courtesy and no promise."""
    with suppress(OSError):
        _last(process)


def _last(process: int) -> None:
    os.setpriority(os.PRIO_PROCESS, process, LOWEST)
    if hasattr(os, "SCHED_IDLE"):
        os.sched_setscheduler(process, os.SCHED_IDLE, os.sched_param(0))
