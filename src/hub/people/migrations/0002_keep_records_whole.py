"""Let a record of facts of up to 8 kB lie in its table as it is.

PostgreSQL compresses rows from 2 kB on, which for a district costs more time than the space is worth.
"""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("people", "0001_initial")]

    operations = [
        migrations.RunSQL(
            "ALTER TABLE people_factrecord SET (toast_tuple_target = 8160)",
            "ALTER TABLE people_factrecord RESET (toast_tuple_target)",
        )
    ]
