"""Records from before the chain get the keyed hash that newer ones are born with; from now on they count as they stand."""

from django.db import migrations


def take_in(apps, editor):
    if not apps.get_model("access", "AccessRecord").objects.using(editor.connection.alias).exists():
        return
    from hub.access import chain, content

    with editor.connection.cursor() as cursor:
        cursor.execute("ALTER TABLE access_accessrecord DISABLE TRIGGER trail_only_grows_rows")
        cursor.execute(f"SELECT id, {content.COLUMNS} FROM access_accessrecord WHERE mac = ''")
        key = chain.key()
        macs = [(chain.mac(key, values), number) for number, *values in cursor.fetchall()]
        cursor.executemany("UPDATE access_accessrecord SET mac = %s WHERE id = %s", macs)
        cursor.execute("ALTER TABLE access_accessrecord ENABLE TRIGGER trail_only_grows_rows")


class Migration(migrations.Migration):
    dependencies = [("access", "0003_chain_of_the_trail")]

    operations = [migrations.RunPython(take_in, migrations.RunPython.noop)]
