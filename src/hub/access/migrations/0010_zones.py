"""A post can be limited to its zones; the history of rights tells when that changes."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('access', '0009_codes_under_the_keys'),
    ]

    operations = [
        migrations.AddField(
            model_name='post',
            name='only_zones',
            field=models.BooleanField(db_default=False, default=False, help_text='rights hold in the zones only, not in all of the dongs'),
        ),
        migrations.AlterField(
            model_name='rightsrecord',
            name='change',
            field=models.CharField(choices=[('created', 'Account made'), ('gave_post', 'Post given'), ('ended_post', 'Post ended'), ('changed_zones', 'Zones of a post changed'), ('closed', 'Account closed'), ('reopened', 'Account opened again'), ('reset', 'Sign-in begun anew')], max_length=20),
        ),
        migrations.AlterField(
            model_name='rightsrecord',
            name='places',
            field=models.TextField(blank=True, help_text='codes of dongs and zones, by commas; zones alone where rights end at them'),
        ),
    ]
