"""The published figures an invented district must reach: the fourteen dongs of Seodaemun-gu.

Households, population and people aged 65 and over: Seoul Open Data, resident register, second quarter of
2021. Codes: open boundary data of administrative dongs, April 2021. The three right-hand columns are *not*
published; they only colour the invention: how strongly students mark the dong, what a small flat rents for,
and what a home is worth.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

DISTRICT = {"ko": "서대문구", "en": "Seodaemun-gu"}


@dataclass(frozen=True)
class Dong:
    """One administrative dong. `rent` is won a month, `home` won; both are invented orders of magnitude."""

    code: str
    ko: str
    en: str
    households: int
    population: int
    aged_65: int
    students: float
    rent: int
    home: int


DONGS = (
    Dong("1141052000", "천연동", "Cheonyeon-dong", 7768, 17487, 3174, 0.5, 580_000, 620_000_000),
    Dong("1141055500", "북아현동", "Bukahyeon-dong", 7276, 16505, 2231, 1.2, 620_000, 820_000_000),
    Dong("1141056500", "충현동", "Chunghyeon-dong", 10320, 20999, 3364, 1.0, 640_000, 700_000_000),
    Dong("1141058500", "신촌동", "Sinchon-dong", 13626, 23288, 2113, 5.5, 650_000, 680_000_000),
    Dong("1141061500", "연희동", "Yeonhui-dong", 18619, 38054, 6104, 1.4, 600_000, 760_000_000),
    Dong("1141062000", "홍제1동", "Hongje 1-dong", 10380, 24153, 4535, 0.3, 520_000, 560_000_000),
    Dong("1141064000", "홍제3동", "Hongje 3-dong", 7047, 15626, 3621, 0.2, 450_000, 420_000_000),
    Dong("1141065500", "홍제2동", "Hongje 2-dong", 5802, 13984, 2705, 0.2, 480_000, 520_000_000),
    Dong("1141066000", "홍은1동", "Hongeun 1-dong", 9627, 23010, 4495, 0.3, 440_000, 400_000_000),
    Dong("1141068500", "홍은2동", "Hongeun 2-dong", 12258, 27360, 5137, 0.4, 460_000, 430_000_000),
    Dong("1141069000", "남가좌1동", "Namgajwa 1-dong", 5720, 15828, 2115, 0.3, 560_000, 720_000_000),
    Dong("1141070000", "남가좌2동", "Namgajwa 2-dong", 13238, 30779, 4811, 1.0, 550_000, 640_000_000),
    Dong("1141071000", "북가좌1동", "Bukgajwa 1-dong", 6907, 18328, 2932, 0.3, 530_000, 600_000_000),
    Dong("1141072000", "북가좌2동", "Bukgajwa 2-dong", 14638, 32298, 6290, 0.4, 500_000, 540_000_000),
)


@dataclass(frozen=True)
class Target:
    """What one dong of an invented district must have, exactly."""

    dong: Dong
    households: int
    population: int
    aged_65: int


def targets(households: int | None = None) -> tuple[Target, ...]:
    """The figures to reach, dong by dong: the published ones, or the same proportions for another number of
    households.

    Raises ValueError when the number is below one.
    """
    if households is None:
        return tuple(Target(dong, dong.households, dong.population, dong.aged_65) for dong in DONGS)
    if households < 1:
        raise ValueError(f"a district needs at least one household, not {households}")
    counts = apportion(households, np.array([dong.households for dong in DONGS], float))
    found = []
    for dong, count in zip(DONGS, counts.tolist(), strict=True):
        population = round(dong.population * count / dong.households)
        found.append(
            Target(dong, count, max(population, count), round(dong.aged_65 * count / dong.households))
        )
    return tuple(found)


def apportion(total: int, weights: np.ndarray) -> np.ndarray:
    """Whole numbers in proportion to `weights` that add up to `total`: largest remainders, the earlier of
    equals first.
    """
    shares = weights / weights.sum() * total
    whole = np.floor(shares).astype(np.int64)
    order = np.argsort(-(shares - whole), kind="stable")
    whole[order[: total - int(whole.sum())]] += 1
    return whole
