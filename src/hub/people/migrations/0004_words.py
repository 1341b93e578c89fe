"""Give residents taken in earlier the words they are found by, and keep no more of a resident number than is shown."""

from datetime import date

from django.db import migrations
from django.db.models import Value
from django.db.models.functions import Concat, Left

from hub.people.search import terms


def fill(apps, schema_editor):
    alias = schema_editor.connection.alias
    person, record = apps.get_model("people", "Person"), apps.get_model("people", "FactRecord")
    born = {
        number: date.fromisoformat(values["birth_date"])
        for number, values in record.objects.using(alias)
        .filter(person__isnull=False)
        .values_list("person_id", "values")
        .iterator(10_000)
        if values.get("birth_date")
    }
    found = person.objects.using(alias).only("name", "phone").order_by("pk").iterator(5_000)
    batch = []
    for one in found:
        one.terms = terms(one.name, born.get(one.pk), one.phone)
        batch.append(one)
        if len(batch) == 5_000:
            person.objects.using(alias).bulk_update(batch, ["terms"], 5_000)
            batch.clear()
    person.objects.using(alias).bulk_update(batch, ["terms"], 5_000)
    whole = person.objects.using(alias).filter(resident_number__regex=r"^\d{6}-\d{7}$")
    whole.update(resident_number=Concat(Left("resident_number", 8), Value("******")))


class Migration(migrations.Migration):
    dependencies = [("people", "0003_residents")]

    operations = [migrations.RunPython(fill, migrations.RunPython.noop)]
