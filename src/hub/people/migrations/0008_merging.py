"""One row of a resident stands and the others step back for it; whoever is found by the words of one of those is the one that stands.

The search function belongs to a role of its own (0005), which alone may put another in its place.
"""

import django.db.models.deletion
from django.db import migrations, models

from hub import walls

FIND = """
GRANT CREATE ON SCHEMA public TO {finder};
SET LOCAL ROLE {finder};
CREATE OR REPLACE FUNCTION people_find(first text, second text, third text, in_address text, most integer)
RETURNS SETOF bigint LANGUAGE plpgsql STABLE SECURITY DEFINER
SET search_path = pg_catalog, public SET plan_cache_mode = force_custom_plan AS $$
BEGIN
    RETURN QUERY
        SELECT {number}
        FROM people_person AS person JOIN people_household AS household ON household.id = person.household_id
        WHERE person.terms LIKE first AND person.terms LIKE second AND person.terms LIKE third
            AND ({lives}) AND ({seen})
        ORDER BY person.name, person.id LIMIT most;
    IF in_address <> '' THEN
        RETURN QUERY
            SELECT person.id
            FROM people_address AS address
            JOIN people_household AS household ON household.id = address.household_id
            JOIN people_person AS person ON person.household_id = household.id
            WHERE address.terms LIKE in_address AND address.until IS NULL
                AND person.left_on IS NULL AND ({seen})
            ORDER BY person.name, person.id LIMIT most;
    END IF;
END $$;
RESET ROLE;
REVOKE CREATE ON SCHEMA public FROM {finder};
"""


def find(number, lives):
    seen = walls.SEEN.format(household="household")
    return FIND.format(finder=walls.FINDER, number=number, lives=lives, seen=seen)


class Migration(migrations.Migration):
    dependencies = [("people", "0007_zones")]

    operations = [
        migrations.AddField(
            model_name="person",
            name="same_as",
            field=models.ForeignKey(db_index=False, help_text="the row that stands for this one: one resident, recorded twice", null=True, on_delete=django.db.models.deletion.PROTECT, related_name="merged", to="people.person"),
        ),
        migrations.AddField(
            model_name="person",
            name="merged_from",
            field=models.ForeignKey(db_index=False, help_text="the household it returns to when the two are parted", null=True, on_delete=django.db.models.deletion.PROTECT, related_name="merged_away", to="people.household"),
        ),
        migrations.AddField(
            model_name="person",
            name="couples_before",
            field=models.JSONField(help_text="{person: number of the couple} that the merging changed, to be put back", null=True),
        ),
        migrations.AlterField(
            model_name="person",
            name="left_by",
            field=models.CharField(blank=True, choices=[("death", "Death"), ("moved_out", "Moved out of the district"), ("merged", "Stands on the register elsewhere")], db_default="", default="", max_length=10),
        ),
        migrations.AlterField(
            model_name="lifeevent",
            name="kind",
            field=models.CharField(choices=[("birth", "Birth"), ("death", "Death"), ("moved_in", "Moved in"), ("moved_out", "Moved out"), ("split_off", "Left to form a household of their own"), ("formed", "Household formed by a split"), ("address", "Change of address"), ("name", "Change of name"), ("merged", "Two entries of one resident merged"), ("parted", "Merged entries parted")], max_length=10),
        ),
        migrations.AddIndex(
            model_name="person",
            index=models.Index(condition=models.Q(("same_as__isnull", False)), fields=["same_as"], name="stepped_back_for"),
        ),
        migrations.AddIndex(
            model_name="person",
            index=models.Index(condition=models.Q(("merged_from__isnull", False)), fields=["merged_from"], name="stepped_back_from"),
        ),
        migrations.AddConstraint(
            model_name="person",
            constraint=models.CheckConstraint(condition=models.Q(models.Q(("merged_from__isnull", True), ("same_as__isnull", True), models.Q(("left_by", "merged"), _negated=True)), models.Q(("left_on__isnull", False), ("merged_from__isnull", False), ("same_as__isnull", False), models.Q(("same_as", models.F("pk")), _negated=True)), _connector="OR"), name="stepped_back_for_another"),
        ),
        migrations.RunSQL(
            find("coalesce(person.same_as_id, person.id)", "person.left_on IS NULL OR person.same_as_id IS NOT NULL"),
            find("person.id", "person.left_on IS NULL"),
        ),
    ]
