"""The trail tells more (post, session, household, person, purpose of lists) and is chained.

Three steps Django would do wrongly are plain SQL: a mark of its own for each record already there, network addresses
as text, and the triggers, which from now on let the sealer fill in `position` and `link` once.
"""

import uuid

import django.contrib.postgres.fields
import django.contrib.postgres.indexes
import django.utils.timezone
from django.db import migrations, models

ONLY_SEALED = """
CREATE OR REPLACE FUNCTION access_trail_only_grows() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    unsealed access_accessrecord;
BEGIN
    IF TG_OP = 'UPDATE' AND TG_LEVEL = 'ROW' THEN
        unsealed := NEW;
        unsealed.position := NULL;
        unsealed.link := NULL;
        IF OLD.position IS NULL AND NEW.position IS NOT NULL AND unsealed IS NOT DISTINCT FROM OLD THEN
            RETURN NEW;
        END IF;
    END IF;
    RAISE EXCEPTION 'the audit trail only grows: % refused', TG_OP USING ERRCODE = 'insufficient_privilege';
END
$$;
"""
NOTHING = """
CREATE OR REPLACE FUNCTION access_trail_only_grows() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the audit trail only grows: % refused', TG_OP USING ERRCODE = 'insufficient_privilege';
END
$$;
"""

HEADS_STAY = """
CREATE FUNCTION access_heads_stay() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'heads of the audit trail stay: % refused', TG_OP USING ERRCODE = 'insufficient_privilege';
END
$$;
CREATE TRIGGER heads_stay_rows BEFORE UPDATE OR DELETE ON access_head
    FOR EACH ROW EXECUTE FUNCTION access_heads_stay();
CREATE TRIGGER heads_stay_whole BEFORE TRUNCATE ON access_head
    FOR EACH STATEMENT EXECUTE FUNCTION access_heads_stay();
CREATE TRIGGER checkpoints_stay_rows BEFORE UPDATE OR DELETE ON access_checkpoint
    FOR EACH ROW EXECUTE FUNCTION access_heads_stay();
CREATE TRIGGER checkpoints_stay_whole BEFORE TRUNCATE ON access_checkpoint
    FOR EACH STATEMENT EXECUTE FUNCTION access_heads_stay();
"""
HEADS_GO = """
DROP TRIGGER checkpoints_stay_whole ON access_checkpoint;
DROP TRIGGER checkpoints_stay_rows ON access_checkpoint;
DROP TRIGGER heads_stay_whole ON access_head;
DROP TRIGGER heads_stay_rows ON access_head;
DROP FUNCTION access_heads_stay();
"""


class Migration(migrations.Migration):
    dependencies = [("access", "0002_trail_only_grows")]

    operations = [
        migrations.CreateModel(
            name="Head",
            fields=[
                ("position", models.BigIntegerField(primary_key=True, serialize=False)),
                ("link", models.BinaryField()),
                ("at", models.DateTimeField()),
                ("signature", models.BinaryField(help_text="keyed hash of the three")),
            ],
        ),
        migrations.CreateModel(
            name="Checkpoint",
            fields=[
                ("position", models.BigIntegerField(primary_key=True, serialize=False)),
                ("link", models.BinaryField()),
                ("at", models.DateTimeField()),
                ("before", models.DateField(help_text="records before this day were forgotten")),
                ("signature", models.BinaryField(help_text="keyed hash of the four")),
            ],
        ),
        migrations.SeparateDatabaseAndState(
            [
                migrations.RunSQL(
                    """
                    ALTER TABLE access_accessrecord ADD COLUMN mark uuid NOT NULL DEFAULT gen_random_uuid() UNIQUE;
                    ALTER TABLE access_accessrecord ALTER COLUMN mark DROP DEFAULT;
                    ALTER TABLE access_accessrecord
                        ALTER COLUMN origin TYPE varchar(45) USING coalesce(host(origin), ''),
                        ALTER COLUMN origin SET NOT NULL;
                    """,
                    """
                    ALTER TABLE access_accessrecord DROP COLUMN mark;
                    ALTER TABLE access_accessrecord
                        ALTER COLUMN origin DROP NOT NULL,
                        ALTER COLUMN origin TYPE inet
                            USING CASE WHEN origin ~ '[.:]' THEN origin::inet END;
                    """,
                )
            ],
            [
                migrations.AddField(
                    model_name="accessrecord",
                    name="mark",
                    field=models.UUIDField(
                        default=uuid.uuid4, help_text="makes every record unlike any other", unique=True
                    ),
                ),
                migrations.AlterField(
                    model_name="accessrecord",
                    name="origin",
                    field=models.CharField(
                        blank=True, help_text="network address, or worker, or command", max_length=45
                    ),
                ),
            ],
        ),
        migrations.AlterField(
            model_name="accessrecord",
            name="at",
            field=models.DateTimeField(default=django.utils.timezone.now),
        ),
        migrations.AddField(
            model_name="accessrecord",
            name="roles",
            field=models.CharField(
                blank=True,
                default="",
                help_text="posts the actor held then, separated by commas",
                max_length=200,
            ),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name="accessrecord",
            name="session",
            field=models.CharField(
                blank=True, default="", help_text="keyed hash of the session", max_length=16
            ),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name="accessrecord",
            name="household",
            field=models.BigIntegerField(help_text="number of the household it was about", null=True),
        ),
        migrations.AddField(
            model_name="accessrecord",
            name="person",
            field=models.BigIntegerField(help_text="number of the person it was about", null=True),
        ),
        migrations.AddField(
            model_name="accessrecord",
            name="listed",
            field=django.contrib.postgres.fields.ArrayField(
                base_field=models.BigIntegerField(),
                help_text="numbers of the households shown in a list",
                null=True,
            ),
        ),
        migrations.AddField(
            model_name="accessrecord",
            name="subjects",
            field=models.PositiveIntegerField(
                default=0, help_text="how many residents or households were shown"
            ),
        ),
        migrations.AddField(
            model_name="accessrecord",
            name="mac",
            field=models.BinaryField(
                default=b"", help_text="keyed hash of all of the above, made when the record was"
            ),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name="accessrecord",
            name="position",
            field=models.BigIntegerField(help_text="place in the chain, once sealed", null=True),
        ),
        migrations.AddField(
            model_name="accessrecord",
            name="link",
            field=models.BinaryField(
                help_text="keyed hash of the link before and this record's mac", null=True
            ),
        ),
        migrations.AddIndex(
            model_name="accessrecord", index=models.Index(fields=["at"], name="trail_of_a_time")
        ),
        migrations.AddIndex(
            model_name="accessrecord",
            index=models.Index(
                condition=models.Q(("household__isnull", False)),
                fields=["household", "at"],
                name="trail_of_a_household",
            ),
        ),
        migrations.AddIndex(
            model_name="accessrecord",
            index=models.Index(
                condition=models.Q(("person__isnull", False)),
                fields=["person", "at"],
                name="trail_of_a_person",
            ),
        ),
        migrations.AddIndex(
            model_name="accessrecord",
            index=django.contrib.postgres.indexes.GinIndex(fields=["listed"], name="trail_of_the_listed"),
        ),
        migrations.AddIndex(
            model_name="accessrecord",
            index=models.Index(
                condition=models.Q(("position__isnull", True)), fields=["id"], name="trail_not_sealed_yet"
            ),
        ),
        migrations.AddConstraint(
            model_name="accessrecord",
            constraint=models.UniqueConstraint(
                condition=models.Q(("position__isnull", False)),
                fields=("position",),
                name="one_record_at_a_position",
            ),
        ),
        migrations.AddConstraint(
            model_name="accessrecord",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("link__isnull", True), ("position__isnull", True)),
                    models.Q(("link__isnull", False), ("position__isnull", False)),
                    _connector="OR",
                ),
                name="sealed_whole_or_not_at_all",
            ),
        ),
        migrations.RunSQL(ONLY_SEALED, NOTHING),
        migrations.RunSQL(HEADS_STAY, HEADS_GO),
    ]
