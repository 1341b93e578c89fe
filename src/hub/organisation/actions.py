"""What changes the organisation."""

from datetime import date
from pathlib import Path

import yaml
from django.db import transaction

from hub.organisation.models import Centre, District

SEODAEMUN = Path(__file__).parent / "data" / "seodaemun.yaml"


@transaction.atomic
def found_district(plan: Path = SEODAEMUN) -> District:
    """Take a district and its centres in from a plan file; doing it again brings them up to date.

    The plan's form is that of data/seodaemun.yaml.
    """
    stated = yaml.safe_load(plan.read_text(encoding="utf-8"))
    district, _ = District.objects.update_or_create(
        code=stated["code"], defaults={"name_ko": stated["name"]["ko"], "name_en": stated["name"]["en"]}
    )
    for centre in stated["centres"]:
        published = {
            key: centre[key]
            for key in ("households", "population", "aged_65", "square_km", "latitude", "longitude")
        }
        Centre.objects.update_or_create(
            code=centre["code"],
            defaults={
                "district": district,
                "name_ko": centre["ko"],
                "name_en": centre["en"],
                "figures_on": date.fromisoformat(stated["figures_on"]),
                **published,
            },
        )
    return district
