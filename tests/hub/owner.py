"""Being the owner of the tables for a while: who can go around triggers and constraints, and who alone may forget."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection
from django.db.backends.utils import CursorWrapper


@contextmanager
def owning(*, triggers: bool = True) -> Iterator[CursorWrapper]:
    """A cursor of the owner of the trail's tables; without `triggers`, none of them stands in the way any more."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT tableowner, current_user FROM pg_tables WHERE tablename = 'access_accessrecord'"
        )
        owner, user = cursor.fetchone()
        if owner != user:
            cursor.execute(f"SET ROLE {owner}")
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        if not triggers:
            cursor.execute("ALTER TABLE access_accessrecord DISABLE TRIGGER USER")
            cursor.execute("ALTER TABLE access_head DISABLE TRIGGER USER")
            cursor.execute("ALTER TABLE access_subtree DISABLE TRIGGER USER")
        try:
            yield cursor
        finally:
            if owner != user:
                cursor.execute("RESET ROLE")
