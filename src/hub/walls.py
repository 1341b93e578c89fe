"""The second wall: PostgreSQL itself shows a transaction only the residents it may see.

The first wall are the gates of `hub.access`. Should one of them be forgotten, the database still shows nothing from another
dong and no sealed household. What a transaction may see is two settings that end with it, so a pooled connection carries
nothing over to the next request:

    hub.area      nothing (the default), 'everywhere', 'district', or codes of dongs and zones separated by commas
    hub.cleared   numbers of households opened for this user in spite of area or seal, separated by commas

`within` sets them; `hub.database` says them at the start of each transaction. `fence` makes the policies, in migrations.
"""

from collections.abc import Collection, Iterator
from contextlib import AbstractContextManager, contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper
from psycopg.pq import TransactionStatus

FINDER = "hub_finder"  # the role that owns the search function; see people/migrations


@dataclass(frozen=True)
class Sight:
    """What may be seen: an area as the setting `hub.area` has it, and households opened beyond it."""

    area: str = ""
    cleared: frozenset[int] = frozenset()


NOTHING, EVERYWHERE = Sight(), Sight("everywhere")
_sight: ContextVar[Sight] = ContextVar("hub_sight", default=NOTHING)


def of_duty(area: Collection[str] | None, cleared: Collection[int] = ()) -> Sight:
    """The sight of somebody on duty in these dongs and zones, by code; None means the whole district. Sealed households stay
    hidden.
    """
    return Sight("district" if area is None else ",".join(sorted(area)), frozenset(cleared))


@contextmanager
def within(sight: Sight) -> Iterator[None]:
    """See this and no more inside the block, in transactions already begun as well."""
    before = _sight.get()
    _look(sight)
    try:
        yield
    finally:
        _look(before)


def everywhere() -> AbstractContextManager[None]:
    """See everybody inside the block: for work nobody in particular does, and for counts. Never for a page of households."""
    return within(EVERYWHERE)


def also_cleared(household: int) -> None:
    """See one more household until the block one is in ends: it was opened just now."""
    sight = _sight.get()
    _look(Sight(sight.area, sight.cleared | {household}))


def sees_nothing() -> bool:
    """Whether no resident may be seen at this moment."""
    return _sight.get() == NOTHING


def _look(sight: Sight) -> None:
    _sight.set(sight)
    for wrapper in connections.all(initialized_only=True):
        if wrapper.connection is not None and not wrapper.autocommit:
            tell(wrapper)


def tell(wrapper: BaseDatabaseWrapper) -> None:
    """Say to a connection in a transaction what it may see. One that has failed is about to end and is left alone."""
    raw = wrapper.connection
    if raw is None or raw.info.transaction_status is TransactionStatus.INERROR:
        return
    sight = _sight.get()
    cleared = ",".join(map(str, sorted(sight.cleared)))
    with wrapper.wrap_database_errors:
        raw.execute(
            "SELECT set_config('hub.area', %s, true), set_config('hub.cleared', %s, true)",
            [sight.area, cleared],
        )


# -- for migrations --------------------------------------------------------------------------------------------

# Each is asked once per statement when written as (SELECT ...). The functions are small enough to be taken in line. hub_dongs()
# is hub_area() by its older name, for policies of what lies in a dong as a whole.
QUESTIONS = """
CREATE FUNCTION hub_sees_everywhere() RETURNS boolean LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT coalesce(current_setting('hub.area', true), '') = 'everywhere' $$;
CREATE FUNCTION hub_sees_district() RETURNS boolean LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT coalesce(current_setting('hub.area', true), '') = 'district' $$;
CREATE FUNCTION hub_dongs() RETURNS text[] LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT string_to_array(coalesce(current_setting('hub.area', true), ''), ',') $$;
CREATE FUNCTION hub_cleared() RETURNS bigint[] LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT string_to_array(coalesce(current_setting('hub.cleared', true), ''), ',')::bigint[] $$;
"""
DROP_QUESTIONS = """
DROP FUNCTION hub_cleared(); DROP FUNCTION hub_dongs(); DROP FUNCTION hub_sees_district(); DROP FUNCTION hub_sees_everywhere();
"""
AREA = """
CREATE FUNCTION hub_area() RETURNS text[] LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT string_to_array(coalesce(current_setting('hub.area', true), ''), ',') $$;
"""

# What may be seen of people_household, under the name {household}.
SEEN = """
    (SELECT hub_sees_everywhere())
    OR {household}.id = ANY ((SELECT hub_cleared())::bigint[])
    OR (NOT {household}.sealed
        AND ((SELECT hub_sees_district())
            OR {household}.centre_id = ANY ((SELECT hub_area())::text[])
            OR {household}.zone_id = ANY ((SELECT hub_area())::text[])))
"""


def fence(table: str, condition: str) -> str:
    """SQL: nobody, the owner included, sees or writes rows of `table` for which `condition` does not hold."""
    return f"""
        ALTER TABLE {table} ENABLE ROW LEVEL SECURITY;
        ALTER TABLE {table} FORCE ROW LEVEL SECURITY;
        CREATE POLICY in_sight ON {table} USING ({condition});
    """


def unfence(table: str) -> str:
    """SQL: the opposite of `fence`."""
    return f"""
        DROP POLICY in_sight ON {table};
        ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY;
        ALTER TABLE {table} DISABLE ROW LEVEL SECURITY;
    """


def of_household(table: str, column: str = "household_id", *, or_nobody: bool = False) -> str:
    """Condition for rows about a household: the household is in sight; `or_nobody`: rows about none are seen by all."""
    seen = f"EXISTS (SELECT 1 FROM people_household AS whose WHERE whose.id = {table}.{column})"
    nobody = f"{table}.{column} IS NULL OR " if or_nobody else ""
    return f"(SELECT hub_sees_everywhere()) OR {nobody}{seen}"


def of_person(table: str, column: str = "person_id") -> str:
    """Condition for rows about a person: the person, that is, the person's household, is in sight."""
    return (
        "(SELECT hub_sees_everywhere()) OR "
        f"EXISTS (SELECT 1 FROM people_person AS whose WHERE whose.id = {table}.{column})"
    )
