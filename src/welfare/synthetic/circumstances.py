"""How each fact of an invented person or household comes about: one readable table.

The figures are orders of magnitude of a Korean city district in the mid-2020s, rounded; they are not
statistics and must not be quoted as such. They only have to make the invention believable: who is poor, who
rents, who is ill, who receives what, and who could receive and does not. The tests that decide entitlement
are the catalogue's; the rough ones here decide only who *applied*.

What a centre meets in hardship and care stands in `hardship`, who receives what in `receipts`.
"""

from __future__ import annotations

import numpy as np

from welfare.synthetic.families import FEMALE, GRANDCHILD, RELATIONS
from welfare.synthetic.kinds import When, ages, always, chance, chances, choice, count, households, value, won
from welfare.synthetic.world import Codes, Rule, World

# Rough monthly median income by household size, only to tell who is poor enough to have applied for
# something.
MIDDLE = np.array([0, 2.56, 4.20, 5.36, 6.49, 7.56, 8.56, 9.52]) * 1e6


# Who works, lives where, owns what --------------------------------------------------------------------------


def work_status(world: World, rng: np.random.Generator) -> Codes:
    names = (
        "not_working", "job_seeking", "regular", "casual", "self_employed", "public_job", "self_reliance", "vocational_rehab",
    )  # fmt: skip
    # Shares by age: 19-29, 30-49, 50-64, 65-74, 75 and over; the last row is for people with a severe
    # disability.
    table = np.array(
        [
            [0.34, 0.09, 0.44, 0.10, 0.03, 0.00, 0.000, 0.000],
            [0.14, 0.02, 0.66, 0.05, 0.13, 0.00, 0.002, 0.000],
            [0.19, 0.02, 0.47, 0.11, 0.20, 0.01, 0.004, 0.000],
            [0.58, 0.01, 0.11, 0.11, 0.11, 0.08, 0.001, 0.000],
            [0.86, 0.00, 0.01, 0.03, 0.03, 0.07, 0.000, 0.000],
            [0.70, 0.02, 0.09, 0.08, 0.03, 0.04, 0.002, 0.030],
        ]
    )
    row = np.digitize(world.age, [30, 50, 65, 75])
    row[world.codes("disability").among("severe")] = 5
    edges = np.cumsum(table, axis=1)
    edges /= edges[:, -1:]
    drawn = (rng.random(world.people)[:, None] > edges[row]).sum(axis=1)
    # Somebody must earn: the head of a household of working age is seldom without work for long.
    earner = world.head & (world.age >= 24) & (world.age < 64)
    found = np.clip(0.93 + 0.12 * world.each(world["luck"]), 0.6, 0.99)
    finds = earner & (drawn <= 1) & (rng.random(world.people) < found)
    drawn[finds] = np.where(rng.random(int(finds.sum())) < 0.72, 2, 4)
    jobs = world.codes("school_stage").among("university") & (rng.random(world.people) < 0.35)
    drawn[jobs] = 3
    studies = world.codes("school_stage").among("university") & ~jobs
    idle = ~world.adult | studies | (world["unable_to_work"] & (rng.random(world.people) < 0.9))
    return Codes(names, np.where(idle, 0, drawn).astype(np.int8))


def school_stage(world: World, rng: np.random.Generator) -> Codes:
    names = ("none", "elementary", "middle", "high", "university")
    # The school year begins in March: a child enters elementary school in the year it turns seven.
    birth_year = world.birth_date.astype("datetime64[Y]").astype(np.int64) + 1970
    year = world.as_of.year - (world.as_of.month < 3) - birth_year
    attends = rng.random(world.people) < 0.985
    alone = world.each(world.composition.among("student_alone"))
    older = rng.random(world.people) < np.where(alone, 0.92, np.where(year <= 24, 0.58, 0.06))
    stages = [
        (year >= 7) & (year <= 12) & attends,
        (year >= 13) & (year <= 15) & attends,
        (year >= 16) & (year <= 18) & attends,
    ]
    stages.append((year >= 19) & (year <= 29) & older)
    return Codes(names, np.select(stages, [1, 2, 3, 4], 0).astype(np.int8))


def marital_status(world: World, rng: np.random.Generator) -> Codes:
    names = ("single", "married", "divorced", "widowed", "separated")
    drawn = rng.random(world.people)
    married = world.families.couple > 0
    parent = world.leads & world.each(world.minors > 0)
    grown_child = world.each(world.composition.among("parent_and_grown_child", "old_parent_and_grown_child"))
    was_married = (
        (world.age >= 65) | parent | (world.head & grown_child) | ((world.age >= 40) & (drawn < 0.45))
    )
    widowed_share = np.interp(world.age, [30, 60, 70, 85], [0.03, 0.15, 0.5, 0.9]) * np.where(
        world.female, 1, 0.55
    )
    fate = rng.random(world.people)
    after = np.where(fate < widowed_share, 3, np.where(fate < widowed_share + 0.05, 4, 2))
    return Codes(names, np.where(married, 1, np.where(was_married & world.adult, after, 0)).astype(np.int8))


def disability(world: World, rng: np.random.Generator) -> Codes:
    names = ("none", "mild", "severe")
    drawn = rng.random(world.people)
    any_share = np.interp(world.age, [0, 10, 30, 50, 65, 80, 90], [0.005, 0.013, 0.02, 0.04, 0.10, 0.17, 0.2])
    severe_part = np.interp(world.age, [0, 30, 60, 80], [0.9, 0.65, 0.38, 0.26])
    return Codes(
        names, np.where(drawn < any_share * severe_part, 2, np.where(drawn < any_share, 1, 0)).astype(np.int8)
    )


def disability_kind(world: World, rng: np.random.Generator) -> Codes:
    names = (
        "none", "physical", "brain_lesion", "visual", "hearing", "speech", "facial", "intellectual", "autistic", "mental",
        "internal",
    )  # fmt: skip
    young = np.array([0.07, 0.10, 0.03, 0.06, 0.03, 0.00, 0.48, 0.20, 0.01, 0.02])
    middle = np.array([0.40, 0.08, 0.10, 0.09, 0.01, 0.00, 0.14, 0.01, 0.08, 0.09])
    old = np.array([0.48, 0.10, 0.09, 0.22, 0.01, 0.00, 0.01, 0.00, 0.02, 0.07])
    edges = np.cumsum(np.stack([young, middle, old]), axis=1)
    edges /= edges[:, -1:]
    kinds = np.zeros(world.people, np.int8)
    rows = np.flatnonzero(world.codes("disability").place > 0)
    group = np.digitize(world.age[rows], [25, 65])
    kinds[rows] = 1 + (rng.random(len(rows))[:, None] > edges[group]).sum(axis=1)
    return Codes(names, kinds)


def residence_status(world: World, rng: np.random.Generator) -> Codes:
    names = ("korean", "defector", "marriage_migrant", "refugee", "permanent", "other_foreigner")
    drawn = rng.random(world.people)
    student = world.each(world.composition.among("student_alone", "friends"))
    foreign = drawn < np.where(student, 0.06, 0.008)
    kind = np.where(rng.random(world.people) < 0.4, 4, 5)
    spouse = world.leads & world.female & (world.families.couple == 1) & (world.age < 60) & ~world.head
    kind = np.where(spouse & (drawn < 0.03), 2, np.where(foreign, kind, 0))
    rare = rng.random(world.people)
    return Codes(names, np.where(rare < 0.0008, 1, np.where(rare > 0.9998, 3, kind)).astype(np.int8))


def luck(world: World, rng: np.random.Generator) -> np.ndarray:
    """How well a household fares, once for all its facts: standard normal, lower for the compositions poverty
    prefers.
    """
    fortune = rng.standard_normal(world.households)
    frail = {
        "old_alone": -0.5,
        "middle_aged_alone": -0.3,
        "lone_parent": -0.6,
        "grandparent_and_grandchild": -0.9,
        "grandparents_and_grandchild": -0.6,
        "old_couple": -0.3,
        "old_parent_and_grown_child": -0.3,
        "grown_child_and_old_parent": -0.2,
    }
    for name, shift in frail.items():
        fortune[world.composition.among(name)] += shift
    return fortune


def tenure(world: World, rng: np.random.Generator) -> Codes:
    names = ("owner", "jeonse", "monthly_rent", "free_use", "non_housing")
    fortune, age = world["luck"], world.head_age
    own = np.interp(age, [25, 35, 45, 60, 75], [0.03, 0.24, 0.45, 0.60, 0.66]) + 0.17 * fortune
    own = own + np.where(world.families.size == 1, -0.16, 0.05)
    own[world.composition.among("student_alone", "friends")] = 0.0
    rent = np.clip(0.48 - 0.16 * fortune + np.where(age < 35, 0.15, 0), 0.08, 0.93)
    drawn, second = rng.random(world.households), rng.random(world.households)
    destitute = (fortune < -1.7) & (world.families.size <= 2)
    other = np.where(second < rent, 2, np.where(second < rent + 0.04, 3, 1))
    other = np.where(destitute & (rng.random(world.households) < 0.4), 4, other)
    return Codes(names, np.where(drawn < np.clip(own, 0, 0.94), 0, other).astype(np.int8))


def wage_level(world: World) -> np.ndarray:
    by_age = np.interp(world.age, [19, 25, 35, 47, 58, 68], [2.1e6, 2.7e6, 3.6e6, 4.2e6, 3.5e6, 2.2e6])
    return by_age * np.where(world.female, 0.84, 1) * np.exp(0.26 * world.each(world["luck"]))


def wealth(world: World) -> np.ndarray:
    """A factor on assets: fortune and age."""
    return np.exp(0.85 * world["luck"]) * np.interp(
        world.head_age, [22, 35, 55, 70, 85], [0.5, 1.0, 1.6, 1.4, 1.0]
    )


def pension(world: World) -> np.ndarray:
    return np.where(world.female, 420_000, 690_000) * np.exp(0.3 * world.each(world["luck"]))


def has_left_work(world: World) -> np.ndarray:
    return world.age >= 62


def owns(world: World) -> np.ndarray:
    return world.codes("tenure").among("owner")


def rents(world: World) -> np.ndarray:
    return world.codes("tenure").among("monthly_rent", "non_housing")


def leases(world: World) -> np.ndarray:
    return world.codes("tenure").among("monthly_rent", "jeonse")


def lease_deposit(world: World, rng: np.random.Generator) -> np.ndarray:
    kind = world.codes("tenure")
    scale = np.exp(0.35 * rng.standard_normal(world.households) + 0.25 * world["luck"])
    jeonse = 0.5 * world.home_level * np.where(world.families.size == 1, 0.45, 0.8) * scale
    monthly = 11_000_000 * np.where(world.families.size == 1, 0.8, 1.6) * scale
    deposit = np.select([kind.among("jeonse"), kind.among("monthly_rent")], [jeonse, monthly], 0)
    return (deposit / 500_000).astype(np.int64) * 500_000


def monthly_rent(world: World) -> np.ndarray:
    room = np.where(world.families.size == 1, 0.85, 1.1 + 0.08 * world.families.size)
    room = np.where(world.codes("tenure").among("non_housing"), 0.5, room)
    return world.rent_level * room * np.exp(0.15 * world["luck"])


def studies_away(world: World) -> np.ndarray:
    return world.codes("school_stage").among("university") & world.each(
        world.composition.among("student_alone", "friends")
    )


def work(*statuses: str) -> When:
    return lambda world: world.codes("work_status").among(*statuses)


# Need -------------------------------------------------------------------------------------------------------


def means(world: World) -> np.ndarray:
    """Rough income with converted assets, as a share of the middle income for the household's size."""
    work_income = (
        world["earned_income"]
        + world["casual_income"]
        + world["public_job_income"]
        + world["business_income"]
    )
    income = (
        work_income * 0.72
        + world["national_pension"]
        + world["property_income"]
        + world["other_public_transfer"]
    )
    income = (
        income + np.maximum(world["private_transfer"] - 380_000, 0) + np.where(world.age >= 65, 300_000, 0)
    )
    # The basic deduction goes to property first; what is left of it, and the debts, to savings.
    net = (
        world["home_value"] + world["lease_deposit"] + world["general_property"] - world["debts"] - 99_000_000
    )
    savings = np.maximum(world["financial_assets"] - 5_000_000, 0) + np.minimum(net, 0)
    assets = np.maximum(net, 0) * 0.0105 + np.maximum(savings, 0) * 0.0626 + world["vehicle_value_full"]
    return (world.total(income) + assets) / MIDDLE[np.minimum(world.families.size, 7)]


def poor(share: float) -> When:
    return lambda world: world["means"] <= share


def member_of_poor(share: float, who: When | None = None) -> When:
    def where(world: World) -> np.ndarray:
        here = world.each(world["means"] <= share)
        return here & who(world) if who else here

    return where


def applies(world: World) -> np.ndarray:
    """Students away from home hardly ever apply: their parents would have to be counted in."""
    return ~world.composition.among("student_alone", "friends")


def basic(world: World) -> np.ndarray:
    """Households that receive one of the four basic benefits."""
    return (
        world["receives_livelihood_benefit"]
        | world["receives_medical_benefit_1"]
        | world["receives_medical_benefit_2"]
        | world["receives_housing_benefit_rent"]
        | world["receives_housing_benefit_own"]
    )


def basic_or_near_poor(world: World) -> np.ndarray:
    return basic(world) | world["near_poor_confirmed"]


def able_to_work(world: World) -> np.ndarray:
    return world.any((world.age >= 19) & (world.age < 65) & ~world["unable_to_work"] & ~severe(world))


def severe(world: World) -> np.ndarray:
    return world.codes("disability").among("severe")


def disabled(world: World) -> np.ndarray:
    return world.codes("disability").place > 0


def pupil(world: World) -> np.ndarray:
    return world.codes("school_stage").among("elementary", "middle", "high")


def cared_for(world: World) -> np.ndarray:
    return ~world.codes("ltc_grade").among("none")


def infant(months: int) -> When:
    return lambda world: world.months < months


def lone_parent_household(world: World) -> np.ndarray:
    return world.composition.among("lone_parent")


def crisis_of(rate: float) -> Rule:
    """A crisis strikes anywhere, and three times as often where there is little to fall back on."""
    return chances(lambda world: rate * np.where(world["means"] < 0.5, 3.0, 0.8))


def basic_pension_amount(world: World, rng: np.random.Generator) -> np.ndarray:
    full = np.where(world.families.couple > 0, 279_760, 349_700)
    reduced = rng.random(world.people) < 0.25
    return np.where(world["receives_basic_pension"], np.where(reduced, full * 7 // 10, full) // 10 * 10, 0)


def seems_entitled_to_basic_pension(world: World) -> np.ndarray:
    limit = np.where(world.families.couple > 0, 2.8, 3.2)
    return (world.age >= 65) & (world.each(world["means"]) < limit)


def birth_order(world: World) -> np.ndarray:
    """The eldest minor child of a household is taken as the first-born."""
    child = world.age < 19
    running = np.cumsum(child)
    before = running[world.families.first] - child[world.families.first]
    return np.where(child, running - world.each(before), 1)


def childcare_use(world: World, rng: np.random.Generator) -> Codes:
    names = ("home", "daycare", "kindergarten", "full_day_minder")
    drawn = rng.random(world.people)
    small = np.where(drawn < 0.45, 1, np.where(drawn < 0.47, 3, 0))
    middle = np.where(drawn < 0.9, 1, 0)
    older = np.where(drawn < 0.45, 1, np.where(drawn < 0.96, 2, 0))
    stages = [world.months < 10, world.months < 24, world.months < 40, world.age < 7]
    return Codes(names, np.select(stages, [0, small, middle, older], 0).astype(np.int8))


# The table --------------------------------------------------------------------------------------------------

RULES: dict[str, Rule] = {
    # Who they are
    "birth_date": value(lambda w: w.birth_date),
    "sex": value(lambda w: Codes(("female", "male"), np.where(w.families.sex == FEMALE, 0, 1))),
    "relation": value(lambda w: Codes(RELATIONS, w.families.relation)),
    "marital_status": marital_status,
    "residence_status": residence_status,
    "days_abroad": count(60, 800, lambda w: w.adult & (w.age < 60) & (w.families.home % 61 == 0)),
    "birth_order": value(birth_order),
    "school_stage": school_stage,
    "childcare_use": childcare_use,
    "lives_apart": chance(
        0.012, lambda w: (w.age >= 19) & (w.age < 30) & (w.families.relation == RELATIONS.index("child"))
    ),
    "apart_region": choice(
        {"seoul": 0.1, "incheon": 0.1, "gyeonggi": 0.4, "metropolitan": 0.2, "other": 0.2},
        lambda w: w["lives_apart"],
        "seoul",
    ),
    "apart_lease": chance(0.7, lambda w: w["lives_apart"]),
    "apart_monthly_rent": won(420_000, 0.3, lambda w: w["lives_apart"]),
    "apart_deposit": won(5_000_000, 0.5, lambda w: w["lives_apart"], step=500_000),
    "single_parent": value(lambda w: w.head & w.each(lone_parent_household(w))),
    "grandparent_carer": value(
        lambda w: (
            w.leads
            & w.each(
                w.any(w.families.relation == GRANDCHILD) & ~w.composition.among("family_of_a_grown_child")
            )
        )
    ),
    "merit_recipient": chance(0.012, ages(55)),
    # Health
    "disability": disability,
    "disability_kind": disability_kind,
    "pregnant": chance(0.028, lambda w: w.female & (w.age >= 22) & (w.age <= 44)),
    "recent_births": value(
        lambda w: (w.leads & w.female & w.each(w.any(w.months < 12)) & (w.age < 50)).astype(np.int64)
    ),
    "unable_to_work": chances(
        lambda w: np.where((w.age >= 19) & (w.age < 65), np.where(severe(w), 0.35, 0.011), 0)
    ),
    "severe_illness": chances(lambda w: np.interp(w.age, [0, 40, 65, 85], [0.004, 0.012, 0.05, 0.08])),
    "chronic_illness": chances(lambda w: np.interp(w.age, [0, 30, 50, 65, 85], [0.02, 0.05, 0.2, 0.5, 0.7])),
    "urgent_illness": chances(lambda w: np.interp(w.age, [0, 40, 65, 85], [0.002, 0.003, 0.009, 0.016])),
    "treatment_cost": won(2_600_000, 0.8, lambda w: w["urgent_illness"]),
    "chronic_medical_cost": won(120_000, 0.7, lambda w: w.any(w["chronic_illness"]), 0.5),
    "year_medical_cost": won(2_500_000, 0.9, lambda w: w.any(w["severe_illness"])),
    "medical_insurance_paid": won(900_000, 0.8, lambda w: w["year_medical_cost"] > 0, 0.45),
    "geriatric_illness": chances(lambda w: np.interp(w.age, [45, 60, 75, 90], [0.002, 0.02, 0.1, 0.28])),
    "dementia_diagnosed": chances(
        lambda w: np.interp(w.age, [60, 65, 75, 85, 95], [0.0, 0.01, 0.07, 0.22, 0.38])
    ),
    "dementia_medicine_cost": won(42_000, 0.4, lambda w: w["dementia_diagnosed"], 0.85, step=1000),
    "needs_denture_or_implant": chance(0.2, ages(65)),
    "eye_surgery_needed": chance(0.06, ages(60)),
    "flu_vaccinated": chance(0.78, ages(65)),
    "in_care_facility": chance(0.0008, ages(19)),
    "pension_severe_grade": chance(0.82, severe),
    "activity_support_score": count(140, 465, lambda w: severe(w) & (w.age >= 6) & (w.age < 65)),
    "activity_support_transition": chance(0.02, lambda w: severe(w) & (w.age >= 65)),
    "developmental_referral": chance(0.55, lambda w: disabled(w) & (w.age < 18)),
    "ltc_grade": choice(
        {
            "none": 0,
            "grade1": 0.05,
            "grade2": 0.09,
            "grade3": 0.27,
            "grade4": 0.44,
            "grade5": 0.12,
            "cognitive": 0.03,
        },
        lambda w: w["needs_long_term_care"],
    ),
    "needs_long_term_care": chances(
        lambda w: np.interp(w.age, [60, 65, 75, 85, 95], [0.0, 0.02, 0.07, 0.27, 0.5])
    ),
    "ltc_facility_approved": chance(0.2, cared_for),
    "senior_care_need": choice(
        {"none": 0.55, "general": 0.38, "intensive": 0.07},
        lambda w: (w.age >= 65) & w.each(w["means"] < 0.6) & ~cared_for(w),
    ),
    "formula_needed": chance(0.05, infant(24)),
    # Work and income, won a month
    "work_status": work_status,
    "earned_income": won(wage_level, 0.34, work("regular", "vocational_rehab")),
    "casual_income": won(lambda w: 0.62 * wage_level(w), 0.4, work("casual")),
    "public_job_income": won(
        lambda w: np.where(w.codes("work_status").among("self_reliance"), 1_350_000, 300_000),
        0.1,
        work("public_job", "self_reliance"),
    ),
    "business_income": won(lambda w: 0.8 * wage_level(w), 0.6, work("self_employed")),
    "property_income": won(120_000, 1.2, lambda w: w.leads & w.each(w["luck"] > 0.4), 0.3),
    "national_pension": won(pension, 0.42, has_left_work, 0.8, step=1000),
    "national_pension_redistribution": value(lambda w: w["national_pension"] * 55 // 1000 * 10),
    "occupational_pension": chances(
        lambda w: np.where(w.age >= 60, np.where(w.each(w["luck"]) > 0.7, 0.16, 0.02), 0)
    ),
    "other_public_transfer": won(500_000, 0.5, ages(40), 0.015),
    "helped_by_family": chances(
        lambda w: np.where(studies_away(w), 0.88, np.where(w.age >= 65, 0.5, 0)) * w.head
    ),
    "private_transfer": won(
        lambda w: np.where(w.age < 30, 1_300_000, 300_000), 0.4, lambda w: w["helped_by_family"]
    ),
    "war_veteran_allowance": won(450_000, 0.02, lambda w: ~w.female & (w.age >= 76), 0.1),
    "basic_pension_amount": basic_pension_amount,
    "worked_800_hours_in_2_years": chances(
        lambda w: np.where(w.adult, np.where(work("regular", "casual", "self_employed")(w), 0.9, 0.2), 0)
    ),
    "couple_gross_pay_last_year": value(
        lambda w: w.total((w["earned_income"] + w["casual_income"]) * w.leads) * 12
    ),
    "couple_total_income_last_year": value(
        lambda w: (
            w.total(
                (w["earned_income"] + w["casual_income"] + w["business_income"] + w["property_income"])
                * w.leads
            )
            * 12
        )
    ),
    "tax_household_type": value(
        lambda w: Codes(
            ("single", "one_earner", "two_earner"),
            np.where(
                w.total(w.leads & ((w["earned_income"] + w["business_income"]) > 250_000)) > 1,
                2,
                (
                    (w.minors > 0)
                    | w.any((w.age >= 70) & ~w.head)
                    | (w.families.couple[w.families.first] > 0)
                ).astype(np.int64),
            ),
        )
    ),
    # Home and assets, won
    "luck": luck,
    "means": value(means),
    "region": always("seoul"),
    "district": always("seodaemun"),
    "county_area": value(lambda w: np.zeros(w.households, bool)),
    "area_class": always("capital"),
    "tenure": tenure,
    "lease_contract": chance(0.96, leases),
    "landlord_close_family": chance(0.02, leases),
    "monthly_rent": won(monthly_rent, 0.28, rents),
    "lease_deposit": lease_deposit,
    "lives_in_public_rental": chances(lambda w: np.where(leases(w), np.where(w["luck"] < -1, 0.2, 0.03), 0)),
    "repair_grade": choice({"none": 0.6, "light": 0.25, "medium": 0.1, "heavy": 0.05}, owns),
    "home_value": won(lambda w: 0.62 * w.home_level * np.exp(0.3 * w["luck"]), 0.4, owns, step=1_000_000),
    "owns_any_home": chances(lambda w: np.where(owns(w), 1.0, 0.05)),
    "general_property": won(lambda w: 60_000_000 * wealth(w), 1.2, households, 0.16, step=1_000_000),
    "financial_assets": won(lambda w: 17_000_000 * wealth(w), 1.15, households, 0.93, step=100_000),
    "debts": won(
        lambda w: 38_000_000 * np.exp(0.2 * w["luck"]), 1.1, lambda w: w.head_age < 80, 0.44, step=500_000
    ),
    "vehicle_value_full": won(9_000_000, 0.8, lambda w: w["luck"] > 0.2, 0.34, step=100_000),
    "vehicle_value_general": won(4_000_000, 0.6, lambda w: w["luck"] > -0.6, 0.07, step=100_000),
    "luxury_car_value": won(55_000_000, 0.3, lambda w: w.head & w.each(w["luck"] > 1.4), 0.1, step=1_000_000),
    "own_property": value(
        lambda w: w.head * w.each(w["home_value"] + w["lease_deposit"] + w["general_property"])
    ),
    "own_financial_assets": value(lambda w: w.head * w.each(w["financial_assets"])),
    "own_debts": value(lambda w: w.head * w.each(w["debts"])),
    "child_home_value": won(
        450_000_000, 0.4, lambda w: w.codes("tenure").among("free_use") & (w.head_age >= 65), 0.5
    ),
    "property_tax_base": value(
        lambda w: (w["home_value"] * 6 // 10 + w["general_property"] * 7 // 10) // 1000 * 1000
    ),
    "health_premium_rank": value(
        lambda w: 1 + np.argsort(np.argsort(w["means"], kind="stable")) * 100 // w.households
    ),
    # Family obliged to support
    "has_obligor": chances(lambda w: np.where(w.head_age >= 60, 0.72, np.where(w.head_age < 30, 0.85, 0.55))),
    "obligor_unavailable": chances(
        lambda w: np.where(w["has_obligor"], np.where(w["luck"] < -1, 0.3, 0.07), 0)
    ),
    "obligor_annual_income": won(42_000_000, 0.7, lambda w: w["has_obligor"], 0.93),
    "obligor_general_property": won(210_000_000, 1.0, lambda w: w["has_obligor"], 0.8, step=1_000_000),
    "obligor_household_size": value(lambda w: 1 + (w["has_obligor"] * (1 + np.arange(w.households) % 3))),
    "obligor_deducted_income": value(lambda w: w["obligor_annual_income"] // 12 // 1000 * 900),
    "obligor_asset_conversion": value(
        lambda w: np.maximum(w["obligor_general_property"] - 228_000_000, 0) * 2 // 10_000 // 10 * 10
    ),
    "origin_household_size": value(
        lambda w: np.where((w.age >= 19) & (w.age < 35), 3 + w.families.home % 2, 1)
    ),
    "origin_household_income": won(5_200_000, 0.5, ages(19, 34)),
    "origin_household_assets": won(280_000_000, 0.8, ages(19, 34), step=1_000_000),
    # Bills
    "electricity_bill": won(lambda w: 22_000 + 14_000 * w.families.size, 0.4, households, step=10),
    "electricity_use_kwh": value(lambda w: w["electricity_bill"] // 180),
    "city_gas_use": choice({"none": 0.06, "cooking": 0.1, "cooking_and_heating": 0.84}),
    "mobile_bill": won(46_000, 0.35, ages(10), 0.97, step=10),
    "has_television": chances(lambda w: np.where(w.head_age < 35, 0.55, 0.94)),
    # Crises and arrears
    "crisis_income_lost": crisis_of(0.012),
    "crisis_violence": crisis_of(0.003),
    "crisis_disaster": crisis_of(0.0004),
    "crisis_home_lost": crisis_of(0.003),
    "crisis_other_recognised": crisis_of(0.002),
    "crisis_care_or_service": crisis_of(0.008),
    "crisis_locally_recognised": crisis_of(0.001),
    "heavy_debt": chances(
        lambda w: np.where(w["debts"] > 100_000_000, 0.2, np.where(w["means"] < 0.5, 0.09, 0.015))
    ),
    "basic_security_pending": chances(lambda w: np.where(w["means"] < 0.6, 0.03, 0.002)),
    "electricity_cut": crisis_of(0.0012),
    "water_or_gas_cut": crisis_of(0.001),
    "health_premium_arrears_months": count(
        5, 60, lambda w: (w["means"] < 0.7) & (w["luck"] * 7919 % 1 < 0.07)
    ),
    "rent_arrears_months": count(
        2.5, 36, lambda w: rents(w) & (w["means"] < 0.7) & (w["luck"] * 6131 % 1 < 0.09)
    ),
    "same_crisis_aided": chance(0.02, poor(0.75)),
    "recent_deaths": count(0.1, 3, lambda w: w["luck"] * 3571 % 1 < np.where(w.head_age > 65, 0.02, 0.004)),
}
