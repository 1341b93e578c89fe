"""What each household misses altogether is filed with the run: summing it up at each look took a second on a district.

Runs that are there get their lines. Like everything about residents they lie behind the second wall; the condition is
written as one look at the household's row, since the list is read from the top and a look at all of them costs more.
"""

import django.db.models.deletion
from django.db import migrations, models

from hub import walls

IN_SIGHT = (
    "(SELECT hub_sees_everywhere())"
    " OR coalesce((SELECT true FROM people_household AS whose WHERE whose.id = screening_listed.household_id), false)"
)
FILL = """
INSERT INTO screening_listed (run_id, household_id, centre_id, entitlements, won_a_year)
SELECT run_id, household_id, centre_id, count(*), sum(won_a_year)
FROM screening_missed GROUP BY run_id, household_id, centre_id
"""


def unindexed(to, on_delete, related_name, db_constraint=False):
    """A key whose index would only cost: the table's own indexes begin with it, or nobody asks for it.

    Nor is one checked that a run gives to every row it files: that took as long as the rows themselves.
    """
    deletion = getattr(django.db.models.deletion, on_delete)
    return models.ForeignKey(
        to, db_index=False, db_constraint=db_constraint, on_delete=deletion, related_name=related_name
    )


class Migration(migrations.Migration):
    dependencies = [
        ("organisation", "0002_zone"),
        ("people", "0006_identity_numbers"),
        ("screening", "0002_walls"),
    ]

    operations = [
        migrations.RemoveIndex("missed", "screening_m_run_id_97302b_idx"),
        migrations.AlterField("missed", "centre", unindexed("organisation.centre", "PROTECT", "+")),
        migrations.AlterField("missed", "run", unindexed("screening.run", "CASCADE", "missed")),
        migrations.AddIndex(
            "missed", models.Index(fields=["run", "programme", "household"], name="who_misses_it")
        ),
        migrations.CreateModel(
            name="Listed",
            fields=[
                (
                    "id",
                    models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID"),
                ),
                ("entitlements", models.PositiveSmallIntegerField()),
                ("won_a_year", models.BigIntegerField()),
                ("centre", unindexed("organisation.centre", "PROTECT", "+")),
                ("household", unindexed("people.household", "CASCADE", "listed", db_constraint=True)),
                ("run", unindexed("screening.run", "CASCADE", "listed")),
            ],
        ),
        migrations.AddIndex(
            "listed",
            models.Index(
                fields=["run", "centre", "-won_a_year", "-entitlements", "household"], name="list_of_a_dong"
            ),
        ),
        migrations.AddIndex(
            "listed",
            models.Index(
                fields=["run", "-won_a_year", "-entitlements", "household"], name="list_of_the_district"
            ),
        ),
        migrations.AddConstraint(
            "listed",
            models.UniqueConstraint(fields=("household", "run"), name="one_line_for_a_household"),
        ),
        migrations.RunSQL(
            walls.fence("screening_listed", IN_SIGHT), walls.unfence("screening_listed")
        ),
        migrations.RunSQL(FILL, migrations.RunSQL.noop),
    ]
