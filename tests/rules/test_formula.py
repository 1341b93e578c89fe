"""A rule in words: every expression of the catalogue can be told, and what is told means the same."""

from __future__ import annotations

from pathlib import Path

import pytest

import welfare
from welfare.formula import in_words

KR = welfare.load(Path(__file__).parents[2] / "programmes" / "kr")


@pytest.mark.parametrize(
    ("text", "ko", "en"),
    [
        (
            "age >= basic_pension_age",
            "[만 나이] ≥ [기초연금 수급 연령]",
            "[Age] ≥ [Age from which the basic pension is paid]",
        ),
        (
            'tenure in ("jeonse", "monthly_rent")',
            "[주거 형태] = 전세·월세(보증부 월세 포함)",
            "[Tenure] = Jeonse (deposit lease) or Monthly rent, with or without deposit",
        ),
        ('region != "seoul"', "[사는 지역] 서울 아님", "[Region] is not Seoul"),
        (
            "min(treatment_cost, knee_surgery_cap)",
            "([이번 치료·수술·입원의 본인부담 의료비], [무릎인공관절 수술 한도(한쪽)]) 가운데 적은 것",
            "the lesser of ([Cost of this treatment to the patient], [Ceiling for one knee])",
        ),
        (
            "standard_median_income[household_size] * housing_ratio",
            "[기준 중위소득] × [주거급여 선정기준 비율]",
            "[Standard median income] × [Housing Benefit ratio]",
        ),
        (
            "war_allowance_amount if pregnant else 0",
            "[임신 중]이면 [참전명예수당(국가)], 아니면 0",
            "[War veterans' allowance of the state] if [Pregnant], otherwise 0",
        ),
        ("not pregnant", "[임신 중] 아님", "not [Pregnant]"),
        ("any_member(pregnant)", "가구원 가운데 누군가 [임신 중]", "some member: [Pregnant]"),
        (
            "(age + 1) * moving_cost",
            "([만 나이] + 1) × [중개보수와 이사비]",
            "([Age] + 1) × [Broker fee and moving cost]",
        ),
        (
            "round_down(moving_cost, 10)",
            "[중개보수와 이사비](10원 단위 버림)",
            "[Broker fee and moving cost] (rounded down to 10)",
        ),
        ("entitled(basic_pension)", "[기초연금] 대상", "entitled to [Basic Pension]"),
    ],
)
def test_an_expression_is_told_in_both_languages(text: str, ko: str, en: str) -> None:
    assert in_words(text, KR, "ko") == ko
    assert in_words(text, KR, "en") == en


@pytest.mark.parametrize("language", ["ko", "en"])
def test_every_rule_of_the_catalogue_can_be_told_without_a_name_left_over(language: str) -> None:
    texts = [derived.text for derived in KR.derived.values()]
    for programme in KR.programmes.values():
        texts += [criterion.text for criterion in programme.criteria if criterion.text]
        texts += [programme.amount.text] if programme.amount.text else []
    for text in texts:
        told = in_words(text, KR, language)
        assert not [name for name in (*KR.facts, *KR.parameters) if "_" in name and name in told], text


def test_what_is_no_expression_is_refused() -> None:
    with pytest.raises(SyntaxError):
        in_words("age >=", KR, "ko")
