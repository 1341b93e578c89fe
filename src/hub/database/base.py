"""The database backend named in the settings.

Row-level security lets a transaction see the rows it says it may see. So that no view can forget to say it, the backend says
it at the beginning of each transaction, from what `hub.walls` holds at that moment. Outside a transaction nothing is said and
nothing about a resident is seen.
"""

from django.db.backends.postgresql import base

from hub import walls


class DatabaseWrapper(base.DatabaseWrapper):
    """A connection whose transactions begin inside the walls."""

    def set_autocommit(
        self, autocommit: bool, force_begin_transaction_with_broken_autocommit: bool = False
    ) -> None:
        """Django leaves autocommit exactly when a transaction begins."""
        super().set_autocommit(autocommit, force_begin_transaction_with_broken_autocommit)
        if not autocommit:
            walls.tell(self)
