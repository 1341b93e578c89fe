"""The smallest catalogue that has one of everything; tests change one line of it and see what happens."""

from __future__ import annotations

from pathlib import Path

import welfare
from tests.rules.random_catalogue import write
from welfare.rules.catalogue import Catalogue

CATALOGUE = """\
name: {ko: 작은 목록, en: Tiny catalogue}
jurisdiction: xx
scopes:
  national: {ko: 전국, en: National}
fields:
  old: {ko: 노후, en: Old age}
  home: {ko: 주거, en: Housing}
"""

SOURCES = """\
sources:
  act: {title: Pension Act, address: "https://law.example/act", tier: official, read_on: "2026-01-01"}
"""

FACTS = """\
facts:
  birth_date:
    of: person
    type: date
    label: {ko: 생년월일, en: Date of birth}
    question: {ko: 생년월일은?, en: When were you born?}
    min: "1900-01-01"
    max: "2100-12-31"
  income:
    of: person
    type: won
    label: {ko: 소득, en: Income}
    min: 0
    max: 100000000
  gets:
    of: person
    type: bool
    label: {ko: 연금 수급, en: Receives the pension}
  savings:
    of: household
    type: won
    label: {ko: 저축, en: Savings}
    min: 0
    max: 1000000000
  tenure:
    of: household
    type: code
    label: {ko: 점유 형태, en: Tenure}
    values:
      owner: {ko: 자가, en: Owner}
      rent: {ko: 월세, en: Rent}
"""

PARAMETERS = """\
parameters:
  limit:
    type: won
    label: {ko: 기준, en: Limit}
    law: Act 1
    by: household_size
    beyond: add_last_step
    review_by: "2027-01-01"
    values:
      - from: "2025-01-01"
        source: act
        confidence: verified
        value: [1000000, 1500000]
      - from: "2026-01-01"
        decided: "2025-08-01"
        source: act
        confidence: secondary
        value: [1100000, 1700000]
  share:
    type: rate
    label: {ko: 비율, en: Share}
    law: Act 2
    review_by: "2030-01-01"
    values:
      - {from: "2020-01-01", source: act, confidence: verified, value: "32 %"}
  pension_age:
    type: int
    label: {ko: 연령, en: Age}
    law: Act 2
    review_by: "2030-01-01"
    values:
      - {from: "2020-01-01", source: act, confidence: verified, value: 65}
"""

DERIVED = """\
derived:
  age:
    of: person
    type: int
    label: {ko: 나이, en: Age}
    law: Act 4
    value: years_between(birth_date, as_of)
  total_income:
    of: household
    type: won
    label: {ko: 소득 합계, en: Total income}
    law: Act 4
    value: sum_members(income)
"""

PENSION = """\
pension:
  name: {ko: 연금, en: Pension}
  summary: {ko: 어르신 연금., en: A pension for older people.}
  scope: national
  agency: {ko: 부처, en: Ministry}
  law: Act 3
  subject: person
  valid: {from: "2020-01-01"}
  criteria:
    - id: age
      label: {ko: 나이, en: Old enough}
      when: age >= pension_age
      law: Act 3
    - id: means
      label: {ko: 소득, en: Income within the limit}
      when: total_income <= limit[household_size]
      law: Act 3
  amount: {won: "limit[household_size] * share - total_income * share", per: month, round: up 10}
  received: gets
  documents: [{ko: 신분증, en: Identity card}]
  apply_at: [{ko: 동 주민센터, en: Community service centre}]
  sources: [act]
  confidence: verified
"""

RENT_HELP = """\
rent_help:
  name: {ko: 월세 지원, en: Rent help}
  summary: {ko: 월세 지원., en: Help with the rent.}
  scope: national
  agency: {ko: 부처, en: Ministry}
  law: Act 5
  subject: household
  valid: {from: "2020-01-01"}
  criteria:
    - id: rents
      label: {ko: 월세, en: Rents}
      when: tenure == "rent"
      law: Act 5
    - id: savings
      label: {ko: 저축, en: Savings within the limit}
      when: savings <= limit[household_size]
      law: Act 5
  amount: {in_kind: {ko: 월세, en: The rent}}
  documents: []
  apply_at: []
  sources: [act]
  confidence: verified
"""

FILES = {
    "catalogue.yaml": CATALOGUE,
    "sources.yaml": SOURCES,
    "facts/all.yaml": FACTS,
    "parameters/all.yaml": PARAMETERS,
    "derived/all.yaml": DERIVED,
    "old/pension.yaml": PENSION,
    "home/rent_help.yaml": RENT_HELP,
}


def changed(place: str, old: str, new: str) -> dict[str, str]:
    """The files with one piece of one of them replaced."""
    assert FILES[place].count(old) >= 1, f"{old!r} is not in {place}"
    return {**FILES, place: FILES[place].replace(old, new, 1)}


def load(folder: Path, files: dict[str, str] | None = None) -> Catalogue:
    return welfare.load(write(FILES if files is None else files, folder))
