"""Put lists behind the second wall: an import is seen where it was made for, and a row only with the household it speaks of."""

from django.db import migrations

from hub import walls

IMPORT = (
    "(SELECT hub_sees_everywhere()) OR (SELECT hub_sees_district())"
    " OR centre_id = ANY ((SELECT hub_dongs())::text[])"
)
OF_IMPORT = "EXISTS (SELECT 1 FROM lists_import AS upload WHERE upload.id = {table}.of_id)"
ROW = (
    "(SELECT hub_sees_everywhere()) OR ("
    + OF_IMPORT.format(table="lists_importrow")
    + " AND (lists_importrow.household_id IS NULL OR "
    "EXISTS (SELECT 1 FROM people_household AS whose WHERE whose.id = lists_importrow.household_id)))"
)


def fenced(table, condition):
    return migrations.RunSQL(walls.fence(table, condition), walls.unfence(table))


class Migration(migrations.Migration):
    dependencies = [("lists", "0001_initial")]

    operations = [
        fenced("lists_import", IMPORT),
        fenced(
            "lists_importfile",
            "(SELECT hub_sees_everywhere()) OR " + OF_IMPORT.format(table="lists_importfile"),
        ),
        fenced("lists_importrow", ROW),
        fenced("lists_link", walls.of_household("lists_link")),
    ]
