"""What a consent is for is called its consent purpose; a purpose is the task a household is opened for.

The database takes the new name into the constraint by itself, so only Django's picture of it is changed.
"""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("privacy", "0002_never_overwritten")]

    operations = [
        migrations.RenameField("consenttext", "purpose", "consent_purpose"),
        migrations.AlterModelOptions("consenttext", {"ordering": ["consent_purpose", "-version", "language"]}),
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.RemoveConstraint("consenttext", "one_text_of_a_version"),
                migrations.AddConstraint(
                    "consenttext",
                    models.UniqueConstraint(
                        fields=["consent_purpose", "version", "language"], name="one_text_of_a_version"
                    ),
                ),
            ]
        ),
    ]
