"""Put what was found about residents behind the second wall as well.

An interview with somebody who is not on the register belongs to the centre that held it.
"""

from django.db import migrations

from hub import walls

INTERVIEW = (
    "(SELECT hub_sees_everywhere())"
    " OR (household_id IS NULL AND ((SELECT hub_sees_district()) OR centre_id = ANY ((SELECT hub_dongs())::text[])))"
    " OR EXISTS (SELECT 1 FROM people_household AS whose WHERE whose.id = screening_interview.household_id)"
)


def fenced(table, condition):
    return migrations.RunSQL(walls.fence(table, condition), walls.unfence(table))


class Migration(migrations.Migration):
    dependencies = [("people", "0005_walls"), ("screening", "0001_initial")]

    operations = [
        fenced("screening_missed", walls.of_household("screening_missed")),
        fenced("screening_interview", INTERVIEW),
    ]
