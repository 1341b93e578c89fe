"""Zones as their page shows them."""

from dataclasses import dataclass

from django.db import transaction
from django.db.models import Count, Prefetch

from hub import walls
from hub.access.models import Post
from hub.access.queries import not_over
from hub.organisation import queries as organisation
from hub.organisation.models import Centre, Zone
from hub.people.models import Household


@dataclass(frozen=True)
class Divided:
    """A dong and its zones, each with how many households lie in it and the posts that name it."""

    centre: Centre
    zones: list[tuple[Zone, int]]
    in_no_zone: int


def by_dong() -> list[Divided]:
    """All dongs, those that are divided first. Counts alone, sealed households included; no household is read."""
    held = Post.objects.filter(not_over(), user__is_active=True).select_related("user")
    with walls.everywhere(), transaction.atomic():
        lying = {
            (dong, zone): number
            for dong, zone, number in Household.objects.filter(dissolved_on=None)
            .order_by()
            .values_list("centre_id", "zone_id")
            .annotate(number=Count("pk"))
        }
    zones: dict[str, list[tuple[Zone, int]]] = {}
    for zone in organisation.zones().prefetch_related(Prefetch("posts", held, to_attr="held")):
        zones.setdefault(zone.centre_id, []).append((zone, lying.get((zone.centre_id, zone.pk), 0)))
    found = [
        Divided(centre, zones.get(centre.pk, []), lying.get((centre.pk, None), 0))
        for centre in organisation.centres()
    ]
    return sorted(found, key=lambda one: (not one.zones, one.centre.pk))
