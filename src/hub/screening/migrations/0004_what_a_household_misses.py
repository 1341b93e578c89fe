"""What a household misses is asked of one run: without it in the index, those of all earlier runs are read too."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("screening", "0003_order_of_the_work_list")]

    operations = [
        migrations.AddIndex(
            "missed", models.Index(fields=["household", "run"], name="what_a_household_misses")
        ),
        migrations.AlterField(
            "missed",
            "household",
            models.ForeignKey(
                "people.household",
                db_index=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="missed",
            ),
        ),
    ]
