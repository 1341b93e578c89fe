"""Health, work, care and danger in the invented district: the facts a caseworker hears, rather than the registers.

Rough orders of magnitude as in `circumstances`; they must not be quoted as statistics.
"""

from __future__ import annotations

import numpy as np

from welfare.synthetic.circumstances import (
    disabled,
    leases,
    member_of_poor,
    pupil,
    rents,
    severe,
    wage_level,
    work,
)
from welfare.synthetic.kinds import ages, chance, chances, choice, count, value, won
from welfare.synthetic.world import Codes, Rule, World


def developmental(world: World) -> np.ndarray:
    return world.codes("disability_kind").among("intellectual", "autistic")


def lives_alone(world: World) -> np.ndarray:
    return world.families.size == 1


def at_work(world: World) -> np.ndarray:
    return work("regular", "casual", "self_employed")(world)


def young_children(world: World) -> np.ndarray:
    """Households with a child of at most twelve."""
    return world.any(world.age <= 12)


def health_coverage(world: World, rng: np.random.Generator) -> Codes:
    names = ("employee", "local", "dependant", "medical_aid", "none")
    insured = world.any(work("regular")(world))
    place = np.where(work("regular")(world), 0, np.where(world.each(insured), 2, 1))
    aided = world.each(world["receives_medical_benefit_1"] | world["receives_medical_benefit_2"])
    left_out = world.codes("residence_status").among("other_foreigner") & (rng.random(world.people) < 0.1)
    return Codes(names, np.where(left_out, 4, np.where(aided, 3, place)).astype(np.int8))


def pension_contributor(world: World, rng: np.random.Generator) -> Codes:
    names = ("none", "workplace", "local", "suspended")
    of_age = (world.age >= 18) & (world.age < 60)
    without_job = np.where(rng.random(world.people) < 0.35, 3, 0)
    place = np.where(
        work("regular")(world), 1, np.where(work("self_employed", "casual")(world), 2, without_job)
    )
    return Codes(names, np.where(of_age, place, 0).astype(np.int8))


def isolation_risk(world: World, rng: np.random.Generator) -> Codes:
    names = ("none", "low", "medium", "high")
    drawn = rng.random(world.households) - 0.06 * np.clip(-world["luck"], 0, 3)
    place = np.digitize(-drawn, [-0.2, -0.06, -0.01])
    return Codes(names, np.where(lives_alone(world) & (world.head_age >= 40), place, 0).astype(np.int8))


def care_history(world: World, rng: np.random.Generator) -> Codes:
    names = ("none", "institution", "foster", "left_care", "shelter", "left_shelter")
    drawn = rng.random(world.people)
    child = np.where(drawn < 0.001, 2, np.where(drawn < 0.0013, 1, 0))
    grown = np.where(drawn < 0.004, 3, np.where(drawn < 0.005, 5, np.where(drawn < 0.0053, 4, 0)))
    place = np.where(world.age < 18, child, np.where(world.age < 25, grown, 0))
    return Codes(names, place.astype(np.int8))


RULES: dict[str, Rule] = {
    # Health and care
    "health_coverage": health_coverage,
    "health_premium": won(
        lambda w: 150_000 * np.clip(w["means"], 0.1, 3), 0.3, lambda w: w["means"] > 0.1, 0.98, step=10
    ),
    "cancer_kind": choice({"other": 0.96, "leukaemia": 0.04}, lambda w: w["has_cancer"]),
    "has_cancer": chances(lambda w: np.interp(w.age, [0, 40, 65, 85], [0.0005, 0.004, 0.02, 0.03])),
    "rare_disease_registered": chance(0.006, ages(0)),
    "mental_treatment_kind": choice(
        {
            "none": 0.9,
            "first_episode": 0.06,
            "emergency_admission": 0.01,
            "administrative_admission": 0.01,
            "outpatient_order": 0.02,
        },
        lambda w: w.codes("disability_kind").among("mental"),
    ),
    "counselling_referral": chance(0.006, ages(13)),
    "knee_replacement_needed": chance(0.03, ages(60)),
    "hospital_days": count(8, 120, lambda w: w["urgent_illness"]),
    "hospital_discharge": chance(0.2, lambda w: w["urgent_illness"]),
    "daily_living_help_needed": chances(
        lambda w: (
            np.interp(w.age, [0, 40, 65, 75, 85, 95], [0.002, 0.004, 0.03, 0.09, 0.28, 0.5])
            + 0.25 * severe(w)
        )
    ),
    "carer_absent": chance(0.3, lambda w: w["daily_living_help_needed"] & w.each(w.families.size <= 2)),
    "uses_day_care": chance(0.25, developmental),
    "disability_diagnosis": chance(0.004, lambda w: ~disabled(w)),
    "walking_disability": chance(0.55, severe),
    "most_severe_developmental": chance(0.04, lambda w: developmental(w) & severe(w)),
    "device_price": won(900_000, 0.6, disabled, 0.06),
    "pregnancy_high_risk": chance(0.07, lambda w: w["pregnant"]),
    "fetuses": value(lambda w: (w["pregnant"] * (1 + (w.families.home % 53 == 0))).astype(np.int64)),
    "infertility": chance(0.02, lambda w: (w.families.couple > 0) & (w.age >= 25) & (w.age < 45)),
    "newborn_condition": choice(
        {
            "none": 0.9,
            "under_2500": 0.05,
            "under_2000": 0.015,
            "under_1500": 0.005,
            "under_1000": 0.002,
            "congenital": 0.03,
        },
        lambda w: w.months < 24,
    ),
    "hearing_loss_diagnosed": chance(0.003, ages(0, 5)),
    "nutrition_risk": chance(0.12, lambda w: (w.age <= 6) | w["pregnant"] | (w["recent_births"] > 0)),
    # Work, study, credit
    "employment_insured": chance(0.93, lambda w: work("regular", "casual", "job_seeking")(w)),
    "insured_days": count(300, 548, lambda w: w["employment_insured"]),
    "job_loss_involuntary": chance(0.55, work("job_seeking")),
    "wage_before_stop": won(
        wage_level, 0.3, lambda w: work("job_seeking")(w) | (w["parental_leave_month"] > 0)
    ),
    "parental_leave_month": count(5, 18, lambda w: w.leads & w.each(w.any(w.months < 18)) & w["on_leave"]),
    "on_leave": chance(0.2, lambda w: w.female),
    "unpaid_wages": won(4_500_000, 0.7, lambda w: w["wages_withheld"]),
    "unpaid_severance": won(5_000_000, 0.9, lambda w: w["wages_withheld"], 0.5),
    "wages_withheld": chance(0.006, lambda w: at_work(w) | work("job_seeking")(w)),
    "workplace_under_10": chance(0.3, work("regular", "casual")),
    "newly_insured": chance(0.08, work("regular", "casual")),
    "pension_contributor": pension_contributor,
    "pension_base_income": won(
        lambda w: np.maximum(w["business_income"], 700_000),
        0.2,
        lambda w: w.codes("pension_contributor").among("local"),
    ),
    "worked_days_3_months": value(lambda w: np.where(at_work(w), 40 + w.families.home % 30, 0)),
    "income_before_birth": chance(0.6, lambda w: w["recent_births"] > 0),
    "student_aid_bracket": value(
        lambda w: (
            np.clip(w.each(w["means"] * 5).astype(np.int64), 0, 10)
            * w.codes("school_stage").among("university")
        )
    ),
    "grades_sufficient": chance(0.8, lambda w: w.codes("school_stage").among("university")),
    "left_school_early": chance(0.015, lambda w: (w.age >= 9) & (w.age <= 24) & ~pupil(w)),
    "exam_fee": won(70_000, 0.5, lambda w: work("job_seeking")(w) & (w.age < 40), 0.4, step=1000),
    "monthly_saving": won(100_000, 0.5, lambda w: (w.age < 35) & w.each(w["means"] < 1), 0.3),
    "loan_arrears_months": count(4, 120, lambda w: w["heavy_debt"]),
    "unsecured_debts": value(lambda w: w["debts"] * (10 - w.families.size.clip(0, 8)) // 20),
    "low_credit": chances(lambda w: np.where(w.adult, np.where(w.each(w["means"] < 0.5), 0.3, 0.06), 0)),
    "housing_loan": won(90_000_000, 0.4, lambda w: w.head & w.each(leases(w)), 0.25, step=1_000_000),
    "moving_cost": won(600_000, 0.5, lambda w: w.head & w.each(rents(w)), 0.15),
    "transit_trips": count(28, 120, ages(7)),
    "transit_fare": value(lambda w: w["transit_trips"] * 1500),
    # Children and young people
    "care_history": care_history,
    "months_since_care": count(25, 100, lambda w: w.codes("care_history").among("left_care", "left_shelter")),
    "cared_two_years": chance(0.85, lambda w: w.codes("care_history").among("left_care")),
    "family_carer": chances(
        lambda w: np.where(
            w.each(w.any(w["daily_living_help_needed"])) & (w.age >= 9) & (w.age < 65), 0.12, 0.001
        )
    ),
    "youth_crisis": chances(
        lambda w: np.where((w.age >= 9) & (w.age <= 24), np.where(w.each(w["luck"] < -1.2), 0.03, 0.004), 0)
    ),
    "youth_crisis_need": choice(
        {
            "living": 0.4,
            "health": 0.1,
            "study": 0.2,
            "independence": 0.05,
            "counselling": 0.15,
            "legal": 0.02,
            "activity": 0.08,
        },
        lambda w: w["youth_crisis"],
        "living",
    ),
    "withdrawn": chances(lambda w: np.where((w.age >= 15) & (w.age < 65), 0.012, 0)),
    "childcare_gap": chance(0.5, young_children),
    "minder_hours": count(40, 160, lambda w: w["childcare_gap"]),
    "private_preschool": chance(0.6, ages(3, 6)),
    "meals_at_risk": chance(0.35, member_of_poor(0.45, ages(0, 17))),
    "child_support_order": won(400_000, 0.4, lambda w: (w.age < 19) & w.each(w.any(w["single_parent"])), 0.5),
    "child_support_paid": value(lambda w: w["child_support_order"] * (w.families.home % 3 == 0)),
    "child_support_enforcement": chance(0.3, lambda w: w["child_support_order"] > w["child_support_paid"]),
    "multicultural_family": value(lambda w: w.any(w.codes("residence_status").among("marriage_migrant"))),
    "years_in_korea": count(7, 40, lambda w: w.codes("residence_status").place > 0),
    # Veterans, danger, poor housing, referral
    "veteran_kind": choice(
        {
            "war": 0.35,
            "agent_orange": 0.1,
            "may18": 0.02,
            "special_duty": 0.01,
            "compensation": 0.12,
            "bereaved": 0.3,
            "war_spouse": 0.1,
        },
        lambda w: w["veteran_or_bereaved"],
    ),
    "veteran_or_bereaved": chances(lambda w: np.interp(w.age, [40, 60, 75, 95], [0.0, 0.004, 0.03, 0.08])),
    "isolation_risk": isolation_risk,
    "referred_by_centre": chances(lambda w: np.where(w["means"] < 0.6, 0.05, 0.002)),
    "multiple_needs": chances(lambda w: np.where(w["luck"] < -1.3, 0.09, 0.006)),
    "family_crisis": chances(lambda w: np.where(w["luck"] < -1, 0.04, 0.01)),
    "needs_shelter": chances(lambda w: np.where(w["crisis_violence"] | w["crisis_home_lost"], 0.3, 0.0003)),
    "homeless": chance(0.0004, lambda w: w.adult & w.each(lives_alone(w))),
    "months_in_non_housing": count(30, 240, lambda w: w.codes("tenure").among("non_housing")),
    "below_housing_standard": chances(lambda w: np.where(w["luck"] < -0.8, 0.12, 0.015)),
    "jeonse_fraud_victim": chance(0.006, leases),
    "harmed_by_crime": chance(0.001, ages(0)),
    "unclaimed_death": chance(0.05, lambda w: (w["recent_deaths"] > 0) & lives_alone(w)),
    "basic_pension_refused": chance(0.3, lambda w: (w.age >= 65) & w.each(w["means"] > 2.2)),
}
