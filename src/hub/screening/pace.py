"""How a run makes room for people at work: it rests three times as long as it worked, for nobody waits for a run.

Its processes have the last place in the queue already (`hub.priority`). That yields the processors, not what they share: caches, memory,
the disk with the log. At night and at weekends a run goes on without a rest.
"""

from collections.abc import Callable
from time import monotonic, sleep

from hub.access.queries import anybody_at_work

PIECE = 0.05  # seconds of work worth a rest
REST = 3.0  # seconds of rest for a second of work
LONGEST = 10.0  # seconds of one rest
LOOKED_EVERY = 5.0  # seconds for which the answer holds whether anybody is at work


class Pace:
    """The pace of one run; `rest` is called between two pieces of its work. `at_work` says whether there is reason to rest."""

    def __init__(self, at_work: Callable[[], bool] = anybody_at_work) -> None:
        self._at_work = at_work
        self._since = monotonic()
        self._looked, self._busy = -LOOKED_EVERY, False

    def look(self) -> bool:
        """Whether somebody is at work. It asks the database, so never while a COPY of the same connection is under way."""
        if monotonic() - self._looked >= LOOKED_EVERY:
            self._busy, self._looked = self._at_work(), monotonic()
        return self._busy

    def rest(self) -> None:
        """Rest if there was reason to when it looked last."""
        # What PostgreSQL did for it counts, and so does waiting for a processor: the busier people are, the longer the rest.
        worked = monotonic() - self._since
        if worked >= PIECE:
            if self._busy:
                sleep(min(REST * worked, LONGEST))
            self._since = monotonic()


UNPACED = Pace(lambda: False)
