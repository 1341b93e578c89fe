"""Put residents behind the second wall, and let a function look for them where no index can be used through it.

Row-level security hides an index from LIKE, because LIKE might tell what it saw. So the search is a function of a role of its
own, which may read everything but cannot sign in, and applies the same condition as the wall itself.
"""

from django.db import migrations

from hub import walls

OF_HOUSEHOLD = (
    "people_address", "people_lifeevent", "people_note", "people_seal", "people_opening",
)  # fmt: skip
# As it was before there were zones (0007).
SEEN_THEN = """
    (SELECT hub_sees_everywhere())
    OR {household}.id = ANY ((SELECT hub_cleared())::bigint[])
    OR (NOT {household}.sealed
        AND ((SELECT hub_sees_district()) OR {household}.centre_id = ANY ((SELECT hub_dongs())::text[])))
"""
SEEN = SEEN_THEN.format(household="household")

FINDER = f"""
DO $$ BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '{walls.FINDER}') THEN
        CREATE ROLE {walls.FINDER} NOLOGIN;
    END IF;
EXCEPTION WHEN insufficient_privilege THEN
    RAISE EXCEPTION 'the role {walls.FINDER} is missing'
        USING HINT = format(
            'As a superuser: CREATE ROLE {walls.FINDER} NOLOGIN; GRANT {walls.FINDER} TO %I WITH INHERIT FALSE, SET TRUE;',
            current_user);
END $$;
GRANT USAGE, CREATE ON SCHEMA public TO {walls.FINDER};
GRANT SELECT ON people_household, people_person, people_address TO {walls.FINDER};
CREATE POLICY search ON people_household FOR SELECT TO {walls.FINDER} USING (true);
CREATE POLICY search ON people_person FOR SELECT TO {walls.FINDER} USING (true);
CREATE POLICY search ON people_address FOR SELECT TO {walls.FINDER} USING (true);
CREATE FUNCTION people_find(first text, second text, third text, in_address text, most integer)
RETURNS SETOF bigint LANGUAGE plpgsql STABLE SECURITY DEFINER
SET search_path = pg_catalog, public SET plan_cache_mode = force_custom_plan AS $$
BEGIN
    RETURN QUERY
        SELECT person.id
        FROM people_person AS person JOIN people_household AS household ON household.id = person.household_id
        WHERE person.terms LIKE first AND person.terms LIKE second AND person.terms LIKE third
            AND person.left_on IS NULL AND ({SEEN})
        ORDER BY person.name, person.id LIMIT most;
    IF in_address <> '' THEN
        RETURN QUERY
            SELECT person.id
            FROM people_address AS address
            JOIN people_household AS household ON household.id = address.household_id
            JOIN people_person AS person ON person.household_id = household.id
            WHERE address.terms LIKE in_address AND address.until IS NULL
                AND person.left_on IS NULL AND ({SEEN})
            ORDER BY person.name, person.id LIMIT most;
    END IF;
END $$;
ALTER FUNCTION people_find(text, text, text, text, integer) OWNER TO {walls.FINDER};
REVOKE CREATE ON SCHEMA public FROM {walls.FINDER};
"""
NO_FINDER = f"""
DROP FUNCTION people_find(text, text, text, text, integer);
DROP POLICY search ON people_address; DROP POLICY search ON people_person; DROP POLICY search ON people_household;
REVOKE SELECT ON people_household, people_person, people_address FROM {walls.FINDER};
"""


def fenced(table, condition):
    return migrations.RunSQL(walls.fence(table, condition), walls.unfence(table))


class Migration(migrations.Migration):
    dependencies = [("people", "0004_words")]

    operations = [
        migrations.RunSQL(walls.QUESTIONS, walls.DROP_QUESTIONS),
        fenced("people_household", SEEN_THEN.format(household="people_household")),
        fenced("people_person", walls.of_household("people_person")),
        *(fenced(table, walls.of_household(table)) for table in OF_HOUSEHOLD),
        fenced("people_relation", walls.of_person("people_relation")),
        fenced(
            "people_seal_allowed",
            "(SELECT hub_sees_everywhere()) OR "
            "EXISTS (SELECT 1 FROM people_seal AS whose WHERE whose.id = people_seal_allowed.seal_id)",
        ),
        fenced(
            "people_factrecord",
            "(SELECT hub_sees_everywhere())"
            " OR EXISTS (SELECT 1 FROM people_household AS whose WHERE whose.id = people_factrecord.household_id)"
            " OR EXISTS (SELECT 1 FROM people_person AS whose WHERE whose.id = people_factrecord.person_id)",
        ),
        migrations.RunSQL(FINDER, NO_FINDER),
    ]
