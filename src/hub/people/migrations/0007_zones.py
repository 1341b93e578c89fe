"""A household lies in a zone of its dong or in none, and both walls know those whose post is limited to zones.

The condition of the wall changes in place; the search, which applies the same one, is made anew by its owner.
"""

import django.db.models.deletion
import django.db.models.functions.text
import django.db.models.lookups
from django.db import migrations, models

from hub import walls

SEEN = walls.SEEN.format(household="household")
FINDER = f"""
GRANT CREATE ON SCHEMA public TO {walls.FINDER};
SET LOCAL ROLE {walls.FINDER};
CREATE OR REPLACE FUNCTION people_find(first text, second text, third text, in_address text, most integer)
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
RESET ROLE;
REVOKE CREATE ON SCHEMA public FROM {walls.FINDER};
"""


class Migration(migrations.Migration):

    dependencies = [
        ('organisation', '0003_zones'),
        ('people', '0006_identity_numbers'),
    ]

    operations = [
        migrations.AddField(
            model_name='household',
            name='zone',
            field=models.ForeignKey(help_text='where it lives, by people/zones/placing.py', null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='organisation.zone'),
        ),
        migrations.AddConstraint(
            model_name='household',
            constraint=models.CheckConstraint(condition=models.Q(('zone__isnull', True), django.db.models.lookups.Exact(django.db.models.functions.text.Left('zone_id', 10), models.F('centre_id')), _connector='OR'), name='its_zone_lies_in_its_dong'),
        ),
        migrations.RunSQL(walls.AREA),
        migrations.RunSQL(
            f"ALTER POLICY in_sight ON people_household USING ({walls.SEEN.format(household='people_household')})"
        ),
        migrations.RunSQL(FINDER),
    ]
