"""The database backend named in the settings.

Row-level security lets a transaction see the rows it says it may see. So that no view and no task can forget to say it, the
backend says it at the beginning of each transaction, from what `hub.walls` holds at that moment; a statement outside any
transaction gets one of its own. What was said ends with the transaction.

A process that steps back for others, as the worker does for pages (`hub.priority`), takes its share of the embedded server along.
"""

from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.backends.postgresql import base

from hub import priority, walls

type Execute = Callable[..., Any]


class DatabaseWrapper(base.DatabaseWrapper):
    """A connection whose transactions begin inside the walls."""

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self.execute_wrappers.append(self._in_sight)

    def get_new_connection(self, conn_params: dict[str, Any]) -> Any:
        """As Django does; the server's process behind it gets the last place too if this one has it."""
        connection = super().get_new_connection(conn_params)
        if settings.EMBEDDED_DATABASE and priority.stepped_back():
            priority.take_along(connection.info.backend_pid)
        return connection

    def set_autocommit(
        self, autocommit: bool, force_begin_transaction_with_broken_autocommit: bool = False
    ) -> None:
        """Django leaves autocommit exactly when a transaction begins."""
        super().set_autocommit(autocommit, force_begin_transaction_with_broken_autocommit)
        if not autocommit:
            walls.tell(self)

    def _in_sight(
        self, execute: Execute, statement: Any, given: Any, many: bool, context: dict[str, Any]
    ) -> Any:
        """A statement on its own, while somebody sees something, becomes a transaction on its own."""
        if self.in_atomic_block or not self.autocommit or walls.sees_nothing():
            return execute(statement, given, many, context)
        with transaction.atomic(using=self.alias):
            return execute(statement, given, many, context)
