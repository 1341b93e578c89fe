"""Who receives what in the invented district: most of those who seem entitled, and a few who do not.

The gap that is left is what discovery and screening have to find. Whether somebody really is entitled is the
catalogue's to say; the conditions here are rough and decide only who *applied*.
"""

from __future__ import annotations

import numpy as np

from welfare.synthetic.circumstances import (
    able_to_work,
    applies,
    basic,
    basic_or_near_poor,
    cared_for,
    disabled,
    infant,
    lone_parent_household,
    member_of_poor,
    owns,
    pupil,
    rents,
    seems_entitled_to_basic_pension,
    severe,
    work,
)
from welfare.synthetic.hardship import developmental
from welfare.synthetic.kinds import ages, chance, taken_up, value
from welfare.synthetic.world import Rule, World

RULES: dict[str, Rule] = {
    "receives_livelihood_benefit": taken_up(0.9, lambda w: (w["means"] <= 0.33) & applies(w), 0.001),
    "receives_medical_benefit_1": chance(0.97, lambda w: w["receives_livelihood_benefit"] & ~able_to_work(w)),
    "receives_medical_benefit_2": taken_up(
        0.8, lambda w: (w["means"] <= 0.4) & applies(w) & ~w["receives_medical_benefit_1"], 0.001
    ),
    "receives_housing_benefit_rent": taken_up(
        0.8, lambda w: (w["means"] <= 0.48) & rents(w) & applies(w), 0.001
    ),
    "receives_housing_benefit_own": taken_up(0.5, lambda w: (w["means"] <= 0.46) & owns(w), 0.001),
    "receives_housing_benefit_youth": chance(0.4, lambda w: w["lives_apart"] & w.each(basic(w))),
    "receives_education_benefit": taken_up(0.7, member_of_poor(0.48, pupil), 0.001),
    "near_poor_confirmed": taken_up(0.6, lambda w: (w["means"] <= 0.5) & ~basic(w), 0.004),
    "receives_near_poor_health_insurance": taken_up(
        0.5,
        lambda w: (
            w.each(w["near_poor_confirmed"]) & (w["severe_illness"] | w["chronic_illness"] | (w.age < 18))
        ),
        0.0,
    ),
    "receives_self_reliance_work": value(lambda w: w.codes("work_status").among("self_reliance")),
    "receives_emergency_livelihood": chance(0.35, lambda w: w["crisis_income_lost"] & (w["means"] < 0.75)),
    "receives_emergency_medical": chance(0.3, lambda w: w["urgent_illness"] & w.each(w["means"] < 0.75)),
    "receives_emergency_housing": chance(0.4, lambda w: w["crisis_home_lost"] & (w["means"] < 0.75)),
    "receives_emergency_education": chance(
        0.3, lambda w: pupil(w) & w.each(w["receives_emergency_livelihood"])
    ),
    "receives_seoul_emergency": chance(0.15, lambda w: w["crisis_income_lost"] & (w["means"] < 1)),
    "receives_seoul_basic_security": chance(
        0.3, lambda w: (w["means"] < 0.46) & ~w["receives_livelihood_benefit"]
    ),
    "receives_seodaemun_emergency": chance(0.1, lambda w: w["crisis_care_or_service"] & (w["means"] < 0.8)),
    "receives_basic_pension": taken_up(0.93, seems_entitled_to_basic_pension, 0.0),
    "receives_unemployment_benefit": chance(0.45, work("job_seeking")),
    "receives_employment_support": chance(0.12, lambda w: work("job_seeking")(w) & w.each(w["means"] < 0.8)),
    "receives_disability_pension": taken_up(
        0.88, lambda w: w["pension_severe_grade"] & w.adult & w.each(w["means"] < 0.9), 0.0
    ),
    "receives_disability_allowance": taken_up(
        0.85,
        lambda w: disabled(w) & ~w["pension_severe_grade"] & w.adult & w.each(basic_or_near_poor(w)),
        0.0,
    ),
    "receives_child_disability_allowance": taken_up(
        0.85, lambda w: disabled(w) & (w.age < 18) & w.each(basic_or_near_poor(w)), 0.0
    ),
    "receives_activity_support": chance(0.7, lambda w: w["activity_support_score"] >= 42),
    "receives_developmental_rehabilitation": chance(0.7, lambda w: w["developmental_referral"]),
    "receives_ltc_home_care": chance(0.72, lambda w: cared_for(w) & ~w["ltc_facility_approved"]),
    "receives_ltc_facility": chance(0.3, lambda w: w["ltc_facility_approved"]),
    "receives_ltc_copay_reduction": chance(0.75, lambda w: cared_for(w) & w.each(w["means"] < 0.7)),
    "receives_customised_senior_care": chance(
        0.55, lambda w: w.codes("senior_care_need").among("general", "intensive")
    ),
    "receives_senior_job": value(lambda w: work("public_job")(w) & (w.age >= 60)),
    "has_emergency_safety_device": chance(
        0.35, lambda w: (w.age >= 65) & w.each((w.families.size == 1) & (w["means"] < 0.7))
    ),
    "receives_dementia_medication": chance(0.5, lambda w: w["dementia_diagnosed"] & w.each(w["means"] < 1.2)),
    "receives_child_allowance": chance(0.975, ages(0, 8)),
    "receives_parental_benefit": chance(0.96, infant(24)),
    "receives_first_meeting_voucher": chance(0.95, infant(24)),
    "receives_home_care_allowance": chance(
        0.9, lambda w: (w.months >= 24) & (w.months < 86) & w.codes("childcare_use").among("home")
    ),
    "receives_single_parent_child_support": taken_up(
        0.75, lambda w: (w.age < 18) & w.each(lone_parent_household(w) & (w["means"] < 0.63)), 0.0
    ),
    "receives_teen_single_parent": chance(
        0.7, lambda w: (w.age < 18) & w.each(lone_parent_household(w) & (w.head_age <= 24))
    ),
    "receives_single_parent_school_supplies": chance(
        0.7,
        lambda w: w["receives_single_parent_child_support"] & w.codes("school_stage").among("middle", "high"),
    ),
    "single_parent_certified": chance(0.75, lambda w: lone_parent_household(w) & (w["means"] < 0.65)),
    "receives_diaper_formula": chance(0.7, lambda w: (w.months < 24) & w.each(basic_or_near_poor(w))),
    "receives_youth_sanitary": chance(
        0.75, lambda w: w.female & (w.age >= 9) & (w.age < 25) & w.each(basic_or_near_poor(w))
    ),
    "receives_energy_voucher": chance(
        0.72, lambda w: basic(w) & w.any((w.age >= 65) | (w.age < 8) | disabled(w))
    ),
    "receives_winter_fuel_aid": chance(0.01, basic),
    "receives_electricity_discount": chance(
        0.76, lambda w: basic_or_near_poor(w) | w.any(severe(w)) | (w.minors >= 3)
    ),
    "receives_gas_discount": chance(
        0.72, lambda w: basic_or_near_poor(w) | w.any(severe(w)) | (w.minors >= 3)
    ),
    "receives_telecom_discount": chance(
        0.68, lambda w: w.each(basic_or_near_poor(w)) | disabled(w) | w["receives_basic_pension"]
    ),
    "receives_tv_license_exempt": chance(0.5, basic),
    "receives_water_discount": chance(0.55, lambda w: basic(w)),
    "receives_culture_card": chance(0.78, lambda w: (w.age >= 6) & w.each(basic_or_near_poor(w))),
    "receives_rice_discount": chance(0.5, basic_or_near_poor),
    "receives_farm_food_voucher": chance(0.5, lambda w: basic(w) & (w.minors > 0)),
    "receives_earned_income_tax_credit": chance(
        0.45, lambda w: (w["means"] < 0.65) & w.any(w["earned_income"] + w["casual_income"] > 0)
    ),
    "receives_child_tax_credit": chance(0.6, lambda w: (w.minors > 0) & (w["means"] < 0.7)),
    "has_hope_savings_1": chance(0.1, lambda w: w["receives_livelihood_benefit"] & able_to_work(w)),
    "has_hope_savings_2": chance(0.1, lambda w: basic_or_near_poor(w) & able_to_work(w)),
    "has_youth_tomorrow_savings": chance(
        0.25, lambda w: (w.age >= 19) & (w.age < 35) & w.each(w["means"] < 0.8)
    ),
    "receives_youth_rent_national": chance(
        0.3, lambda w: w.head & (w.age >= 19) & (w.age < 35) & w.each(rents(w) & (w["means"] < 0.55))
    ),
    "receives_youth_rent_seoul": chance(
        0.12, lambda w: w.head & (w.age >= 19) & (w.age < 40) & w.each(rents(w) & (w["means"] < 1.2))
    ),
    "had_youth_rent_national": chance(
        0.05, lambda w: w.head & (w.age >= 20) & (w.age < 37) & w.each(rents(w))
    ),
    "had_youth_rent_seoul": chance(0.06, lambda w: w.head & (w.age >= 20) & (w.age < 42) & w.each(rents(w))),
    # Care, health and disability services
    "receives_disability_day_activity": chance(
        0.4, lambda w: developmental(w) & (w.age >= 18) & (w.age < 65)
    ),
    "receives_disability_afterschool": chance(0.4, lambda w: developmental(w) & pupil(w)),
    "receives_disability_parent_counseling": chance(
        0.1, lambda w: w.leads & w.each(w.any(developmental(w) & (w.age < 19)))
    ),
    "receives_child_disability_family_care": chance(0.3, lambda w: severe(w) & (w.age < 18)),
    "receives_disability_medical_aid": chance(
        0.8,
        lambda w: (
            disabled(w) & (w.each(w["receives_medical_benefit_2"]) | w["receives_near_poor_health_insurance"])
        ),
    ),
    "receives_disability_child_care_fee": chance(
        0.8, lambda w: disabled(w) & (w.age < 7) & ~w.codes("childcare_use").among("home")
    ),
    "receives_disability_home_care_allowance": chance(
        0.8, lambda w: disabled(w) & (w.months < 86) & w.codes("childcare_use").among("home")
    ),
    "receives_disability_job": chance(0.08, lambda w: disabled(w) & (w.age >= 18) & (w.age < 65)),
    "receives_severe_developmental_care": chance(0.4, lambda w: w["most_severe_developmental"]),
    "had_disability_car_permit": chance(0.7, lambda w: w["walking_disability"]),
    "had_women_disability_birth": chance(0.6, lambda w: disabled(w) & (w["recent_births"] > 0)),
    "receives_daily_care": chance(
        0.15, lambda w: w["daily_living_help_needed"] & (w.age >= 19) & (w.age < 65)
    ),
    "receives_home_help_voucher": chance(
        0.2, lambda w: (severe(w) | w["severe_illness"]) & (w.age < 65) & w.each(w["means"] < 0.7)
    ),
    "receives_seoul_dolbom_sos": chance(0.1, lambda w: w["carer_absent"]),
    "receives_integrated_care": chance(0.08, lambda w: w["daily_living_help_needed"] & (w.age >= 65)),
    "receives_visiting_health": chance(0.3, lambda w: (w.age >= 65) & w.each(w["means"] < 0.6)),
    "receives_rare_disease": chance(0.4, lambda w: w["rare_disease_registered"] & w.each(w["means"] < 1.2)),
    "receives_adult_cancer": chance(0.7, lambda w: w["has_cancer"] & w.adult & w.each(basic_or_near_poor(w))),
    "receives_child_cancer": chance(0.7, lambda w: w["has_cancer"] & ~w.adult & w.each(w["means"] < 1.2)),
    "receives_nhi_premium_relief_senior": chance(
        0.8, lambda w: w.any(w.age >= 65) & (w["means"] < 0.4) & ~basic(w)
    ),
    "receives_nhi_premium_relief_disability": chance(
        0.8, lambda w: w.any(disabled(w)) & (w["means"] < 0.4) & ~basic(w)
    ),
    "receives_seodaemun_health_premium": chance(0.3, lambda w: (w["means"] < 0.3) & ~basic(w)),
    "receives_smart_plug": chance(0.25, lambda w: w.codes("isolation_risk").among("medium", "high")),
    "receives_neighbourhood_care_group": chance(
        0.4, lambda w: w.codes("isolation_risk").among("medium", "high")
    ),
    "receives_integrated_case_management": chance(0.3, lambda w: w["multiple_needs"]),
    "receives_seodaemun_100": chance(0.2, lambda w: w["referred_by_centre"] & ~basic(w)),
    "receives_foodbank": chance(0.4, lambda w: w["referred_by_centre"]),
    "receives_energy_efficiency": chance(0.05, basic_or_near_poor),
    # Children, birth, school
    "receives_childcare_fee_0_2": chance(
        0.98, lambda w: (w.age <= 2) & w.codes("childcare_use").among("daycare")
    ),
    "receives_nuri_3_5": chance(
        0.98, lambda w: (w.age >= 3) & (w.age < 7) & w.codes("childcare_use").among("daycare", "kindergarten")
    ),
    "receives_child_minder": chance(0.15, lambda w: w["childcare_gap"]),
    "receives_young_parent_child_support": chance(
        0.6, lambda w: (w.age < 18) & w.each((w.head_age <= 24) & (w["means"] < 0.63))
    ),
    "receives_child_support_advance": chance(0.3, lambda w: w["child_support_enforcement"]),
    "receives_child_meal": chance(0.75, lambda w: (w.age < 18) & w.each(basic_or_near_poor(w))),
    "receives_child_asset_account": chance(0.4, lambda w: (w.age < 18) & w.each(basic(w))),
    "receives_foster_care": chance(0.95, lambda w: w.codes("care_history").among("foster")),
    "receives_nutrition_plus": chance(0.35, lambda w: w["nutrition_risk"] & w.each(w["means"] < 0.8)),
    "receives_dream_start": chance(0.3, lambda w: (w.age <= 12) & w.each(basic_or_near_poor(w))),
    "receives_community_child_center": chance(0.3, lambda w: pupil(w) & w.each(w["means"] < 0.6)),
    "receives_daycare_6_12": chance(0.06, ages(6, 12)),
    "receives_pregnancy_voucher": chance(0.97, lambda w: w["pregnant"]),
    "receives_employment_leave_benefit": chance(0.9, lambda w: w["parental_leave_month"] > 0),
    "receives_postnatal_helper": chance(0.6, lambda w: w.any(w.months < 2)),
    "had_postnatal_seoul": chance(0.9, lambda w: w["recent_births"] > 0),
    "receives_seoul_housework": chance(0.04, lambda w: (w.minors >= 2) & (w["means"] < 1.8)),
    "receives_education_it": chance(0.6, lambda w: w.any(pupil(w)) & basic_or_near_poor(w)),
    "receives_education_welfare_afterschool": chance(0.6, lambda w: pupil(w) & w.each(basic_or_near_poor(w))),
    "receives_national_scholarship": chance(
        0.8,
        lambda w: (
            w.codes("school_stage").among("university") & w["grades_sufficient"] & w.each(w["means"] < 2)
        ),
    ),
    "receives_multicultural_education": chance(0.6, lambda w: pupil(w) & w.each(w["multicultural_family"])),
    "receives_multicultural_visit_edu": chance(
        0.2, lambda w: w.codes("residence_status").among("marriage_migrant")
    ),
    "receives_sports_voucher": chance(
        0.4, lambda w: (w.age >= 5) & (w.age <= 18) & w.each(basic_or_near_poor(w))
    ),
    "receives_lifelong_education_voucher": chance(0.05, lambda w: w.adult & w.each(basic_or_near_poor(w))),
    # Young people, work, veterans, transport
    "receives_independence_allowance": chance(0.9, lambda w: w.codes("care_history").among("left_care")),
    "receives_independence_fund_shelter": chance(
        0.6, lambda w: w.codes("care_history").among("left_shelter")
    ),
    "receives_crisis_youth": chance(0.3, lambda w: w["youth_crisis"]),
    "receives_seoul_youth_allowance": chance(0.2, lambda w: job_seeking_youth(w) & w.each(w["means"] < 1.5)),
    "had_seodaemun_exam_fee": chance(0.1, lambda w: job_seeking_youth(w)),
    "receives_seoul_family_carer": chance(0.1, lambda w: w["family_carer"] & (w.age < 40)),
    "receives_seoul_hope_double": chance(0.05, lambda w: work("regular")(w) & (w.age < 35)),
    "receives_seoul_youth_deposit_interest": chance(0.3, lambda w: (w["housing_loan"] > 0) & (w.age < 40)),
    "had_seoul_moving_fee": chance(0.1, lambda w: (w["moving_cost"] > 0) & (w.age < 40)),
    "receives_duru_nuri": chance(0.7, lambda w: w["newly_insured"] & w["workplace_under_10"]),
    "receives_national_pension_low_income": chance(
        0.4, lambda w: w.codes("pension_contributor").among("local") & (w["pension_base_income"] < 800_000)
    ),
    "receives_unemployment_credit": chance(0.3, lambda w: w["receives_unemployment_benefit"]),
    "receives_veteran_living_aid": chance(0.6, lambda w: w["veteran_or_bereaved"] & w.each(w["means"] < 0.5)),
    "receives_veteran_adjustment": chance(0.6, lambda w: w["merit_recipient"] & w.each(w["means"] < 0.5)),
    "receives_veteran_home_care": chance(
        0.5, lambda w: w["veteran_or_bereaved"] & w["daily_living_help_needed"]
    ),
    "receives_kpass_low_income": chance(0.2, lambda w: w.adult & w.each(basic_or_near_poor(w))),
    "receives_climate_card_low_income": chance(0.05, lambda w: w.adult & w.each(basic_or_near_poor(w))),
}


def job_seeking_youth(world: World) -> np.ndarray:
    return work("job_seeking")(world) & (world.age >= 19) & (world.age < 40)
