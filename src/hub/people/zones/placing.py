"""The one place that decides in which zone a household lies.

It lies where it lives: by its actual address or, where none is recorded, the registered one. Of lines that fit the same
address the nearest to it decides: house numbers before a whole road, a tong or estate before the road it lies on. The
database compares a whole dong at once, as a zone's ground changes for 20,000 households in one go.
"""

from collections.abc import Collection

from django.db import DEFAULT_DB_ALIAS, connections, transaction

from hub import walls
from hub.organisation.models import Zone
from hub.organisation.queries import dong_of
from hub.people.models import Household
from hub.people.zones import ground


def place(household: Household) -> None:
    """Decide anew for one household whose address or dong has changed, in the transaction of the change."""
    placed = _decide([household.centre_id], household.pk, DEFAULT_DB_ALIAS)
    if placed:
        household.zone_id = placed[0]


def place_all(dongs: Collection[str], *, using: str = DEFAULT_DB_ALIAS) -> int:
    """Decide anew for all households of these dongs; gives how many lie in another zone than before."""
    return len(_decide(dongs, None, using))


def _decide(dongs: Collection[str], household: int | None, using: str) -> list[str | None]:
    """The zones given to the households for which they changed."""
    with walls.everywhere(), transaction.atomic(using=using), connections[using].cursor() as cursor:
        for dong in sorted(dongs):
            # A zone that changes and a household that moves wait for each other, or one would not see the other.
            cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"zones {dong}"])
        lines = [
            (zone.pk, line)
            for zone in Zone.objects.using(using).filter(centre__in=dongs, closed_on=None)
            for line in ground.read(zone.ground)
        ]
        cursor.execute(
            _PLACE,
            {
                "dongs": list(dongs),
                "divided": sorted({dong_of(zone) for zone, _line in lines}),
                "household": household,
                "zones": [zone for zone, _line in lines],
                "words": [line.word for _zone, line in lines],
                "firsts": [line.first for _zone, line in lines],
                "lasts": [line.last for _zone, line in lines],
            },
        )
        return [zone for (zone,) in cursor.fetchall()]


# "actual" comes before "registered" by the alphabet as well.
_PLACE = r"""
    WITH line AS (
        SELECT * FROM unnest(%(zones)s::text[], %(words)s::text[], %(firsts)s::int[], %(lasts)s::int[])
            AS line (zone, word, first, last)
    ), lives AS (
        SELECT DISTINCT ON (household.id) household.id, household.centre_id, household.zone_id,
            regexp_split_to_array(
                regexp_replace(lower(address.text), '(로) (\d+[가-힣]?길)(?=[\s,(]|$)', '\1\2', 'g'), '[\s,()]+'
            ) AS words
        FROM people_household AS household
        LEFT JOIN people_address AS address ON address.household_id = household.id AND address.until IS NULL
        WHERE household.centre_id = ANY (%(dongs)s)
            AND (household.centre_id = ANY (%(divided)s) OR household.zone_id IS NOT NULL)
            AND (%(household)s::bigint IS NULL OR household.id = %(household)s)
        ORDER BY household.id, address.kind
    ), lies AS (
        SELECT DISTINCT ON (lives.id) lives.id, line.zone
        FROM lives
        CROSS JOIN LATERAL unnest(lives.words) WITH ORDINALITY AS word (text, place)
        JOIN line ON line.word = word.text AND left(line.zone, 10) = lives.centre_id
        WHERE line.first IS NULL
            OR substring(lives.words[word.place::int + 1] FROM '^(\d{1,5})(?:-\d+)?(?:번지?)?$')::int
                BETWEEN line.first AND line.last
        ORDER BY lives.id, line.first IS NULL, line.word ~ '[로길]$', length(line.word) DESC, line.zone
    )
    UPDATE people_household AS household SET zone_id = lies.zone
    FROM lives LEFT JOIN lies ON lies.id = lives.id
    WHERE household.id = lives.id AND lives.zone_id IS DISTINCT FROM lies.zone
    RETURNING household.zone_id
"""
