"""Heads carry the root of a Merkle tree over the records, and the complete parts of that tree are kept.

Heads that are there already keep an empty root; the tree itself is made whole with the next sealing. No trail is old
enough yet to have a checkpoint.
"""

from django.db import migrations, models

STAYS = """
CREATE TRIGGER subtrees_stay_rows BEFORE UPDATE OR DELETE ON access_subtree
    FOR EACH ROW EXECUTE FUNCTION access_heads_stay();
CREATE TRIGGER subtrees_stay_whole BEFORE TRUNCATE ON access_subtree
    FOR EACH STATEMENT EXECUTE FUNCTION access_heads_stay();
"""
GOES = """
DROP TRIGGER subtrees_stay_whole ON access_subtree;
DROP TRIGGER subtrees_stay_rows ON access_subtree;
"""


class Migration(migrations.Migration):
    dependencies = [("access", "0007_rights_history")]

    operations = [
        migrations.CreateModel(
            name="Subtree",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "level", "index", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("level", models.PositiveSmallIntegerField(help_text="it stands above 2 ** level records")),
                ("index", models.BigIntegerField(help_text="it begins after index * 2 ** level records")),
                ("hash", models.BinaryField()),
            ],
        ),
        migrations.AddField(
            "checkpoint",
            "root",
            models.BinaryField(default=b"", help_text="of the tree over what was forgotten"),
            preserve_default=False,
        ),
        migrations.AlterField(
            "checkpoint", "signature", models.BinaryField(help_text="keyed hash of all of the above")
        ),
        migrations.AddField(
            "head",
            "root",
            models.BinaryField(
                default=b"", help_text="of the tree over all records so far; empty before there was one"
            ),
        ),
        migrations.AlterField(
            "head", "signature", models.BinaryField(help_text="keyed hash of all of the above")
        ),
        migrations.RunSQL(STAYS, GOES),
    ]
