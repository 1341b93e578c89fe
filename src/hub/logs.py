"""A log that helps to find a fault and tells nothing about a resident.

Messages of exceptions carry values: a database error names the key that was there twice, a conversion error repeats
what was typed. So the log keeps the kind of an exception and where it happened, and leaves its message out.
"""

import logging
import traceback
from types import TracebackType

type Raised = tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None]


class Discreet(logging.Formatter):
    """One line per event; exceptions as kind and place, causes included, without their messages."""

    def __init__(self) -> None:
        super().__init__("{asctime} {levelname} {name}: {message}", style="{")

    def formatException(self, ei: Raised) -> str:
        """The places an exception came through, outermost first."""
        lines: list[str] = []
        exception = ei[1]
        while exception is not None:
            lines += traceback.format_tb(exception.__traceback__)
            lines.append(f"{type(exception).__module__}.{type(exception).__qualname__} (message left out)\n")
            hidden = exception.__suppress_context__
            exception = exception.__cause__ or (None if hidden else exception.__context__)
            if exception is not None:
                lines.append("which came from:\n")
        return "".join(lines).rstrip()
