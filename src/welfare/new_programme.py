"""A skeleton for a new programme: two files in which only the blanks are to be filled, with a word at each about what belongs there.

An official should not have to remember the format. What is still blank, `hub check` names line by line.
"""

from __future__ import annotations

from datetime import date
from pathlib import Path

from welfare.rules.catalogue import Catalogue
from welfare.rules.language import WORD

CASES = (
    ("받을 수 있는 보통 가구", "an ordinary household that is entitled"),
    ("첫 기준의 바로 안쪽", "just inside the first limit"),
    ("첫 기준의 바로 바깥쪽", "just outside the first limit"),
    ("다음 기준의 바로 안쪽", "just inside the next limit"),
    ("다음 기준의 바로 바깥쪽", "just outside the next limit"),
    ("결정할 사실을 모름", "a fact that decides is unknown"),
    ("다른 급여 때문에 받을 수 없음", "refused because of another benefit"),
    ("식구가 여럿인 실제 같은 가족", "a realistic family with several members"),
)


class NotNew(ValueError):
    """The programme cannot be begun; `told` says why in {"ko": ..., "en": ...}, `mend` what to do."""

    def __init__(self, ko: str, en: str, mend_ko: str, mend_en: str) -> None:
        super().__init__(en)
        self.told = {"ko": ko, "en": en}
        self.mend = {"ko": mend_ko, "en": mend_en}


def begin_programme(
    catalogue: Catalogue,
    id: str,
    field: str,
    *,
    day: date,
    subject: str = "household",
    scope: str | None = None,
    name: tuple[str, str] = ("", ""),
) -> list[Path]:
    """Writes <field>/<id>.yaml and cases/<id>.yaml into the catalogue's folder; returns both.

    Nothing is ever overwritten. Raises NotNew when the id is taken or cannot be one, or the field or scope is not declared.
    """
    folder = Path(catalogue.folder)
    files = [folder / field / f"{id}.yaml", folder / "cases" / f"{id}.yaml"]
    _check(catalogue, id, field, scope, files)
    texts = (_programme(catalogue, id, day, subject, scope, name), _cases(id, day, name))
    for file, text in zip(files, texts, strict=True):
        file.parent.mkdir(parents=True, exist_ok=True)
        with file.open("x", encoding="utf-8") as new:
            new.write(text)
    return files


def _check(catalogue: Catalogue, id: str, field: str, scope: str | None, files: list[Path]) -> None:
    if not WORD.match(id):
        raise NotNew(
            f"{id}: 제도의 id로 쓸 수 없습니다",
            f"{id}: cannot be the id of a programme",
            "영문 소문자와 숫자, _ 로 쓰십시오(예: school_bus)",
            "use small Latin letters, digits and _ (such as school_bus)",
        )
    taken = (
        catalogue.programmes,
        catalogue.facts,
        catalogue.derived,
        catalogue.parameters,
        catalogue.sources,
    )
    if any(id in names for names in taken) or any(file.exists() for file in files):
        raise NotNew(
            f"{id}: 이미 있는 이름입니다",
            f"{id}: this name is taken",
            "다른 id를 고르거나 있는 파일을 고치십시오",
            "choose another id, or edit the file that is there",
        )
    if field not in catalogue.fields:
        raise NotNew(
            f"{field}: 그런 생활 영역이 없습니다",
            f"{field}: there is no such field of life",
            f"고를 수 있는 것: {', '.join(catalogue.fields)}",
            f"choose one of {', '.join(catalogue.fields)}",
        )
    if scope is not None and scope not in catalogue.scopes:
        raise NotNew(
            f"{scope}: 그런 시행 주체가 없습니다",
            f"{scope}: nobody of that name gives programmes here",
            f"고를 수 있는 것: {', '.join(catalogue.scopes)}",
            f"choose one of {', '.join(catalogue.scopes)}",
        )


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _programme(
    catalogue: Catalogue, id: str, day: date, subject: str, scope: str | None, name: tuple[str, str]
) -> str:
    ko, en = map(_quoted, name)
    return f"""\
# 빈칸("")을 채우고 `hub check --only {id}` 로 살핍니다. 안내: docs/how-to/add-a-programme.ko.md
# Fill in the blanks ("") and run `hub check --only {id}`. Guide: docs/how-to/add-a-programme.md
{id}:
  name: {{ko: {ko}, en: {en}}}
  # 주민이 읽을 한 문장 / one sentence for a resident
  summary: {{ko: "", en: ""}}
  scope: {scope or next(iter(catalogue.scopes))}
  # 맡은 기관 / who is in charge
  agency: {{ko: "", en: ""}}
  # 근거 법령과 조문 / the law and its articles
  law: ""
  # household(가구) 또는 person(사람) / household or person
  subject: {subject}
  # 시작한 날, 끝이 정해졌으면 until도 / the first day, and until where an end is known
  valid: {{from: "{day.isoformat()}"}}
  criteria:
    # 조건 하나에 한 칸. 금액·나이·비율은 parameters/에 두고 이름만 씁니다.
    # One entry for each condition. Amounts, ages and rates stand in parameters/; write their names.
    - id: first
      label: {{ko: "", en: ""}}
      # 보기 / such as:  real_income <= standard_median_income[household_size]
      # 사람만 확인할 수 있으면 when 대신 / where only a person can check, instead of when:  by_hand: true
      when: ""
      law: ""
  # 돈이면 won:에 식이나 기준값의 이름, 서비스면 in_kind. per는 month, year, season, once, day, episode
  # Money: a formula or the name of a figure in won. A service: in_kind. per: month, year, season, once, day or episode
  amount: {{in_kind: {{ko: "", en: ""}}, per: month}}
  documents:
    - {{ko: "", en: ""}}
  apply_at:
    - {{ko: "", en: ""}}
  # sources/ 에 있는 출처의 id / ids of sources/
  sources: []
  # verified(공식 문서를 읽음), derived, secondary, general, uncertain
  confidence: uncertain
"""


def _cases(id: str, day: date, name: tuple[str, str]) -> str:
    head = " / ".join(part for part in name if part) or id
    lines = [
        f"# {head}의 사례. 기댓값은 법의 식으로 따로 셈합니다. / Worked cases; the answers are worked out apart, from the law.",
        "cases:",
    ]
    for ko, en in CASES:
        lines += [
            f'  - name: "{ko} / {en}"',
            f'    on: "{day.isoformat()}"',
            "    otherwise: none          # 적지 않은 사실은 없음 / facts that are not named are nothing",
            "    household: {}",
            "    members: [{age: 40}]",
            "    # entitled, not_entitled, unknown; amount: 123000; failed: [first]; open: [first]",
            '    expect: {answer: ""}',
        ]
    return "\n".join(lines) + "\n"
