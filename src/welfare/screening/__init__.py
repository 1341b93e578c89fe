"""The same rules over a whole population: a frozen list goes in, who is entitled to what comes out, with every reason kept."""

from welfare.screening.encode import SnapshotError
from welfare.screening.results import Run, RunError, StoredAnswer
from welfare.screening.run import Cancelled, screen
from welfare.screening.snapshot import Snapshot
from welfare.screening.write import write_snapshot

__all__ = [
    "Cancelled",
    "Run",
    "RunError",
    "Snapshot",
    "SnapshotError",
    "StoredAnswer",
    "screen",
    "write_snapshot",
]
