"""What was acknowledged must survive a power cut, so a database that forgets is refused at start-up.

Each of these settings buys a little speed with the last seconds of work, or with the whole data folder, and nobody
notices before the power fails. Measured with the tests of `tests/hub/test_crash.py`, there is nothing to gain.
"""

from django.conf import settings
from django.db import connection

from hub.postgres import PostgresProblem

# What a forgetting setting does; synchronous_commit has weaker values that still keep what was acknowledged.
_FORGETS = {
    "fsync": "a power cut can destroy the whole database",
    "synchronous_commit": "a power cut loses work that people were told is saved",
    "full_page_writes": "a power cut can leave half-written pages behind",
}


def require_durable_database() -> None:
    """Raise PostgresProblem when this hub's own connection would lose acknowledged work in a crash.

    Asked as the application's role in its database, because each of both can have a setting of its own.
    """
    if not settings.DURABLE:
        return
    with connection.cursor() as cursor:
        for name, consequence in _FORGETS.items():
            cursor.execute("SELECT current_setting(%s)", [name])
            (value,) = cursor.fetchone()
            if value == "off":
                raise PostgresProblem(
                    f"The database has {name} = off: {consequence}. The hub does not start on it. "
                    f"Set {name} = on in postgresql.conf (or: ALTER SYSTEM SET {name} = on; "
                    f"SELECT pg_reload_conf();), and see that neither ALTER ROLE nor ALTER DATABASE sets it off."
                )
