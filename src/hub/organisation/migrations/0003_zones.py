"""A zone knows what lies in it, and can be closed."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('organisation', '0002_zone'),
    ]

    operations = [
        migrations.AddField(
            model_name='zone',
            name='closed_on',
            field=models.DateField(help_text='day since which it is no more', null=True),
        ),
        migrations.AddField(
            model_name='zone',
            name='ground',
            field=models.TextField(db_default='', default='', help_text='what lies in it, a line each; see people/zones/ground.py'),
        ),
        migrations.AddConstraint(
            model_name='zone',
            constraint=models.UniqueConstraint(condition=models.Q(('closed_on__isnull', True)), fields=('centre', 'name'), name='one_zone_of_a_name_in_a_dong'),
        ),
    ]
