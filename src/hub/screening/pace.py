"""How a run makes room for people at work: it rests as long as it worked, for nobody waits for a run.

Its processes have the lowest priority already (`hub.serving`, `hub.database`). That yields the processors, not what they share: caches,
memory, the disk with the log. At night and at weekends a run goes on without a rest.
"""

from collections.abc import Callable
from time import monotonic, process_time, sleep

from hub.access.queries import anybody_at_work

PIECE = 0.05  # seconds of work worth a rest
LONGEST = 2.0  # seconds of one rest
LOOKED_EVERY = 5.0  # seconds for which the answer holds whether anybody is at work


class Pace:
    """The pace of one run; `rest` is called between two pieces of its work. `at_work` says whether there is reason to rest."""

    def __init__(self, at_work: Callable[[], bool] = anybody_at_work) -> None:
        self._at_work = at_work
        self._since = process_time()
        self._looked, self._busy = -LOOKED_EVERY, False

    def look(self) -> bool:
        """Whether somebody is at work. It asks the database, so never while a COPY of the same connection is under way."""
        if monotonic() - self._looked >= LOOKED_EVERY:
            self._busy, self._looked = self._at_work(), monotonic()
        return self._busy

    def rest(self) -> None:
        """Rest if there was reason to when it looked last."""
        worked = process_time() - self._since  # not what it waited for the processor
        if worked >= PIECE:
            if self._busy:
                sleep(min(worked, LONGEST))
            self._since = process_time()


UNPACED = Pace(lambda: False)
