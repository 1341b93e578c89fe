"""What is known about district and centres."""

import json
from collections.abc import Collection
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from hub.organisation.models import Centre, Zone

_DRAWING = Path(__file__).parent / "data" / "seodaemun_map.json"


@dataclass(frozen=True)
class Shape:
    """One dong on the map: its code, both names, an SVG path, and where its label stands."""

    code: str
    name_ko: str
    name_en: str
    path: str
    x: int
    y: int


@dataclass(frozen=True)
class Map:
    """The district as SVG paths inside `view_box`, by code of dong, and the note that must stand under it."""

    view_box: str
    shapes: tuple[Shape, ...]

    @property
    def note(self) -> str:
        """How true the map is, in the page's language."""
        return _(
            "Approximate map: neighbours and sizes of the dongs are right, their borders are not. Outline of the "
            "district: National Geographic Information Institute, 2023."
        )


def centres() -> QuerySet[Centre]:
    """All centres by code."""
    return Centre.objects.select_related("district")


def zones(area: Collection[str] | None = None) -> QuerySet[Zone]:
    """The zones there are now within an area of duty (codes of dongs and zones; None: everywhere), by code."""
    found = Zone.objects.filter(closed_on=None).select_related("centre")
    return found if area is None else found.filter(Q(centre__in=area) | Q(pk__in=area))


def zone_called(code: str, area: Collection[str] | None = None) -> Zone | None:
    """The one with this code among `zones`. Compared here: an address can hold what no database takes."""
    return next((zone for zone in zones(area) if zone.pk == code), None)


def dong_of(place: str) -> str:
    """The ten-digit code of the dong a place of an area of duty is, or lies in."""
    return place[:10]


def named(area: Collection[str]) -> list[str]:
    """How an area of duty is called on a page: its dongs, then its zones with their dongs."""
    parts = zones(area).exclude(centre__in=area)
    return [
        *(str(centre) for centre in Centre.objects.filter(code__in=area)),
        *(f"{zone.centre} {zone}" for zone in parts),
    ]


def map_shapes() -> Map:
    """The dongs of the district for drawing; see partials/map.html. A dong without a drawing is left out."""
    drawing = _drawing()
    drawn = drawing["shapes"]
    return Map(
        drawing["view_box"],
        tuple(
            Shape(
                centre.code,
                centre.name_ko,
                centre.name_en,
                drawn[centre.code]["path"],
                *drawn[centre.code]["label"],
            )
            for centre in Centre.objects.filter(code__in=drawn)
        ),
    )


@cache
def _drawing() -> dict[str, Any]:
    drawing: dict[str, Any] = json.loads(_DRAWING.read_text(encoding="utf-8"))
    return drawing
