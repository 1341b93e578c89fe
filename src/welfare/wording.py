"""Answers in words, Korean and English: what a terminal, a file or a printed page says about a household.

Only how things are said. What is true is decided by the rules, and nothing here may add to it or soften it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import date

from welfare.facts import Fact, decode_date
from welfare.problems import in_korean
from welfare.rules import Amount, Assessment, NearMiss, Problem, Result, RuleSet
from welfare.rules.assessment import ENTITLED, NOT_ENTITLED, UNKNOWN

PERIODS = {
    "month": ("월 {}", "{} a month"),
    "year": ("연 {}", "{} a year"),
    "season": ("절기당 {}", "{} a season"),
    "once": ("1회 {}", "{} once"),
    "day": ("하루 {}", "{} a day"),
    "episode": ("건당 {}", "{} each time"),
}
ANSWERS = {
    "entitled": ("받을 수 있음", "entitled"),
    "not_entitled": ("해당 없음", "not entitled"),
    "unknown": ("아직 알 수 없음", "cannot tell yet"),
}


class Wording:
    """Says things in one language: "ko" or "en"."""

    def __init__(self, language: str) -> None:
        self.language = language
        self.ko = language == "ko"

    def say(self, ko: str, en: str) -> str:
        return ko if self.ko else en

    # Small things -------------------------------------------------------------------------------------------

    def won(self, won: int) -> str:
        return f"{won:,}원" if self.ko else f"{won:,} won"

    def period(self, per: str, text: str) -> str:
        return PERIODS[per][0 if self.ko else 1].format(text)

    def amount(self, amount: Amount | None) -> str:
        """The amount of help; a range where it is not certain, and what is given in kind."""
        if amount is None:
            return ""
        texts = []
        if amount.low is not None and amount.high is not None:
            if amount.exact:
                texts.append(self.period(amount.per, self.won(amount.low)))
            else:
                span = (
                    f"{amount.low:,}~{amount.high:,}원"
                    if self.ko
                    else f"{amount.low:,} to {amount.high:,} won"
                )
                texts.append(self.period(amount.per, span))
        if amount.in_kind:
            texts.append(amount.in_kind[self.language])
        return " · ".join(texts)

    def answer(self, answer: str) -> str:
        return ANSWERS[answer][0 if self.ko else 1]

    def value(self, fact: Fact, value: object) -> str:
        """A fact's value for people."""
        if value is None:
            return self.say("모름", "not known")
        match fact.type:
            case "bool":
                return self.say("예", "yes") if value else self.say("아니오", "no")
            case "won":
                return self.won(int(str(value)))
            case "code":
                return fact.code_labels[fact.codes.index(str(value))][self.language]
        return str(value)

    def facts(self, rules: RuleSet, names: Iterable[str]) -> str:
        return ", ".join(rules.facts[name].label[self.language] for name in names)

    def member(self, assessment: Assessment, member: int | None) -> str:
        """Which member is meant: place in the household, with age and relation where they are known."""
        if member is None:
            return ""
        facts = assessment.household.members[member]
        details = []
        if isinstance(born := facts.get("birth_date"), int) and not isinstance(born, bool):
            age = years(decode_date(born), assessment.rules.day)
            details.append(self.say(f"{age}세", f"{age}"))
        if "relation" in facts and "relation" in assessment.rules.facts:
            fact = assessment.rules.facts["relation"]
            details.append(self.value(fact, fact.decode(facts["relation"])))
        about = f" ({', '.join(details)})" if details else ""
        return self.say(f"{member + 1}번 구성원{about}", f"member {member + 1}{about}")

    def name(self, assessment: Assessment, result: Result) -> str:
        who = self.member(assessment, result.member)
        return f"{result.programme.name[self.language]}{' — ' + who if who else ''}"

    def receives(self, receives: bool | None) -> str:
        if receives is None:
            return self.say("받고 있는지 모름", "not known whether received")
        return self.say("받고 있음", "received") if receives else self.say("받지 않고 있음", "not received")

    def near_miss(self, miss: NearMiss) -> str:
        gap = self.won(miss.gap) if miss.unit == "won" else f"{miss.gap:,}"
        limit = self.won(miss.limit) if miss.unit == "won" else f"{miss.limit:,}"
        down = miss.direction == "down"
        return self.say(
            f"아깝게 벗어남: 기준 {limit}, {gap}{' 초과' if down else ' 부족'}",
            f"a near miss: the limit is {limit}, {gap} {'too much' if down else 'short'}",
        )

    def problem(self, problem: Problem) -> str:
        if self.language == "ko":
            problem = replace(problem, what=in_korean(problem.what), mend=in_korean(problem.mend))
        return str(problem)

    # One household ------------------------------------------------------------------------------------------

    def household(self, assessment: Assessment) -> list[str]:
        """The answers of a household: what it can get, what is open, and how many programmes are not for it."""
        results = assessment.results
        lines = self._head(assessment)
        groups = (
            (
                self.say("받을 수 있으나 받지 않고 있는 것", "Entitled and not received"),
                self._unreceived(results, False),
            ),
            (
                self.say("받을 수 있는 것(수급 여부 모름)", "Entitled, not known whether received"),
                self._unreceived(results, None),
            ),
            (
                self.say("받고 있는 것", "Entitled and received"),
                [r for r in results if r.answer == ENTITLED and r.receives],
            ),
        )
        for title, group in groups:
            if group:
                lines.append(f"\n{title}")
                for result in group:
                    lines += self._short(assessment, result)
        lines += self._doubtful(assessment, results)
        lines += self._open(assessment, results)
        refused = [r for r in results if r.answer == NOT_ENTITLED]
        near = [r for r in refused if r.near_miss]
        if near:
            lines.append(self.say("\n아깝게 벗어난 것", "\nNear misses"))
            lines += [
                f"  · {self.name(assessment, r)}: {self.near_miss(r.near_miss)}" for r in near if r.near_miss
            ]
        programmes = len(
            {r.programme.id for r in refused} - {r.programme.id for r in results if r.answer != NOT_ENTITLED}
        )
        lines.append(
            self.say(
                f"\n해당하지 않는 제도 {programmes}개",
                f"\n{programmes} programmes are not for this household",
            )
        )
        return lines

    def _head(self, assessment: Assessment) -> list[str]:
        rules, size = assessment.rules, len(assessment.household.members)
        stale = len(rules.stale)
        lines = [
            self.say(
                f"{rules.catalogue.name['ko']} · 기준일 {rules.day} · 가구원 {size}명",
                f"{rules.catalogue.name['en']} · on {rules.day} · household of {size}",
            )
        ]
        if stale:
            lines.append(
                self.say(
                    f"  ! 다시 확인할 날이 지난 수치가 {stale}개 있습니다(hub check 참고)",
                    f"  ! {stale} figures are past their review date (see hub check)",
                )
            )
        return lines

    @staticmethod
    def _unreceived(results: list[Result], receives: bool | None) -> list[Result]:
        return [r for r in results if r.answer == ENTITLED and r.receives is receives]

    def _short(self, assessment: Assessment, result: Result) -> list[str]:
        amount = self.amount(result.amount)
        lines = [f"  ● {self.name(assessment, result)}{': ' + amount if amount else ''}"]
        if result.set_aside_for:
            better = assessment.rules.programmes[result.set_aside_for].name[self.language]
            lines.append(
                self.say(
                    f"      함께 받을 수 없음 — {better}이(가) 더 유리",
                    f"      not together with {better}, which is better",
                )
            )
        elif not result.receives and result.programme.apply_at:
            where = ", ".join(text[self.language] for text in result.programme.apply_at)
            lines.append(self.say(f"      신청: {where}", f"      apply at: {where}"))
        return lines

    def _doubtful(self, assessment: Assessment, results: list[Result]) -> list[str]:
        wrong = [r for r in results if r.answer == NOT_ENTITLED and r.receives]
        if not wrong:
            return []
        title = self.say(
            "\n받고 있으나 기준에 맞지 않아 확인이 필요한 것", "\nReceived although the criteria fail: check"
        )
        return [title, *(f"  ? {self.name(assessment, r)}: {self._criteria(r, False)}" for r in wrong)]

    def _criteria(self, result: Result, holds: bool | None) -> str:
        """The criteria that hold, fail (False) or are open (None)."""
        return "; ".join(r.criterion.label[self.language] for r in result.reasons if r.holds is holds)

    def _open(self, assessment: Assessment, results: list[Result]) -> list[str]:
        """What is open: for want of facts, and where nothing is wanting but what a person checks."""
        together: dict[str, list[Result]] = {}
        for result in results:
            if result.answer == UNKNOWN:
                together.setdefault(result.programme.id, []).append(result)
        unknown, by_hand = [], []
        for group in together.values():
            missing = list(dict.fromkeys(name for result in group for name in result.missing))
            names = self._names(assessment, group)
            if missing:
                more = len(missing) - 4
                tail = self.say(f" 외 {more}", f" and {more} more") if more > 0 else ""
                shown = self.facts(assessment.rules, missing[:4]) + tail
                unknown.append(f"  ○ {names}: {self.say('모르는 것', 'not known')} — {shown}")
            else:
                by_hand.append(f"  ☞ {names}: {self._criteria(group[0], None)}")
        if unknown:
            unknown.insert(0, self.say("\n아직 알 수 없는 것", "\nCannot tell yet"))
        if by_hand:
            by_hand.insert(0, self.say("\n사람이 확인할 것", "\nTo be checked by a person"))
        return [*by_hand, *unknown]

    def _names(self, assessment: Assessment, group: list[Result]) -> str:
        """One programme's name, with the members it is open for."""
        if len(group) == 1:
            return self.name(assessment, group[0])
        places = ", ".join(str((result.member or 0) + 1) for result in group)
        return f"{group[0].programme.name[self.language]} — {self.say(f'{places}번 구성원', f'members {places}')}"

    # One programme ------------------------------------------------------------------------------------------

    def programme(self, assessment: Assessment, result: Result) -> list[str]:
        """Everything about one answer: each criterion with its law, the amount, the papers, where to go."""
        programme, rules = result.programme, assessment.rules
        marks = {True: "✓", False: "✗", None: "?"}
        lines = [
            f"■ {self.name(assessment, result)} — {self.answer(result.answer)}",
            f"    {programme.summary[self.language]}",
            f"    {programme.agency[self.language]} · {programme.law}",
        ]
        for reason in result.reasons:
            lines.append(
                f"    {marks[reason.holds]} {reason.criterion.label[self.language]} [{reason.criterion.law}]"
            )
            if reason.criterion.by_hand and reason.holds is None:
                lines.append(f"        {self.say('담당자가 직접 확인', 'a person checks it')}")
            if reason.missing:
                lines.append(
                    f"        {self.say('모르는 것', 'not known')}: {self.facts(rules, reason.missing)}"
                )
        if result.amount:
            lines.append(f"    {self.say('금액', 'Amount')}: {self.amount(result.amount)}")
        if programme.received:
            lines.append(f"    {self.say('수급', 'Receipt')}: {self.receives(result.receives)}")
        if result.near_miss:
            lines.append(f"    {self.near_miss(result.near_miss)}")
        if result.set_aside_for:
            better = rules.programmes[result.set_aside_for].name[self.language]
            lines.append(
                self.say(
                    f"    함께 받을 수 없음: {better}이(가) 더 유리",
                    f"    not together with {better}, which is better",
                )
            )
        if result.answer != NOT_ENTITLED:
            for title, texts in (
                (self.say("서류", "Documents"), programme.documents),
                (self.say("신청하는 곳", "Apply at"), programme.apply_at),
                (self.say("사람이 확인할 것", "To be checked by a person"), programme.hand_check),
            ):
                if texts:
                    lines.append(f"    {title}: {', '.join(text[self.language] for text in texts)}")
        uncertain = rules.needs_check.get(programme.id, ())
        if uncertain:
            labels = ", ".join(rules.catalogue.parameters[name].label[self.language] for name in uncertain)
            lines.append(
                self.say(f"    수치 확인 필요: {labels}", f"    figures that need a check: {labels}")
            )
        return lines


def years(born: date, day: date) -> int:
    """Completed years of age on a day."""
    return day.year - born.year - ((day.month, day.day) < (born.month, born.day))
