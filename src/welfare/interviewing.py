"""The interview in a terminal: asks the best next question, shows what each answer changed, and stops when
one has enough.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import date
from typing import TextIO

from welfare.facts import Fact, Household
from welfare.facts.fact import COUPLE, HOUSEHOLD_SIZE_MAX
from welfare.intake.cells import NotReadable, plain, read_cell
from welfare.rules import REFUSED, UNKNOWN, Interview, Priors, Question, RuleSet
from welfare.wording import Wording

DONT_KNOW = frozenset(("모름", "몰라", "모르겠음", "모르겠어요", "dontknow", "don'tknow", "dk", "unknown"))
RATHER_NOT = frozenset(("-", "말하고싶지않음", "거부", "rathernotsay"))
STOP = frozenset(("그만", "끝", "stop", "quit", "exit", "q"))
BACK = frozenset(("뒤로", "이전", "back"))
HELP = frozenset(("?", "？", "도움", "help"))
CHANGES_SHOWN = 6


class _Stop(Exception):
    """Enough, or nobody is there any more."""


class _Back(Exception):
    """One question back."""


def converse(
    rules: RuleSet,
    start: Household | None,
    policy: str,
    words: Wording,
    out: TextIO,
    priors: Callable[[], Priors] | None = None,
) -> Household | None:
    """Holds the interview and prints the answers; returns what is known in the end, None when it stopped
    before it began.

    `priors` makes the expectations that order the questions, when the first one is due.
    """
    return _Conversation(rules, policy, words, out, priors).hold(start)


class _Conversation:
    def __init__(
        self,
        rules: RuleSet,
        policy: str,
        words: Wording,
        out: TextIO,
        priors: Callable[[], Priors] | None,
    ) -> None:
        self.rules, self.policy, self.words, self.out, self.priors = rules, policy, words, out, priors
        self.say = words.say

    def print(self, text: str = "") -> None:
        print(text, file=self.out)

    def read(self, prompt: str) -> str:
        """A line from the person. Raises _Stop at the end of input."""
        print(prompt, end="", file=self.out, flush=True)
        try:
            line = input()
        except EOFError:
            self.print()
            raise _Stop from None
        return line.strip()

    def hold(self, start: Household | None) -> Household | None:
        self.print(
            self.say(
                "답: 값 · ? 도움말 · 모름 · - (말하고 싶지 않음) · 뒤로 · 그만",
                "Answer with a value · ? for help · dont know · - (rather not say) · back · stop",
            )
        )
        try:
            household = start or self.begin()
        except _Stop:
            return None
        interview = Interview(self.rules, household, self.policy, self.priors() if self.priors else None)
        history: list[Interview] = []
        asked = 0
        while (question := interview.next()) is not None:
            asked += 1
            try:
                after = self.ask(interview, question, asked)
            except _Stop:
                break
            except _Back:
                if history:
                    interview = history.pop()
                    asked = max(0, asked - 2)
                else:
                    asked -= 1
                    self.print(self.say("  첫 질문입니다.", "  This is the first question."))
                continue
            self.show_changes(interview, after)
            history.append(interview)
            interview = after
        self.finish(interview)
        return interview.household

    def begin(self) -> Household:
        """How many people, and who is a couple: the shape of the household comes before all facts."""
        while True:
            text = self.read(
                self.say(
                    "\n함께 사는 가구원은 본인을 포함하여 몇 명입니까? ",
                    "\nHow many people live in the household, yourself included? ",
                )
            )
            digits = plain(text).removesuffix("명")
            if plain(text) in STOP:
                raise _Stop
            if digits.isdigit() and 1 <= int(digits) <= HOUSEHOLD_SIZE_MAX:
                break
            self.print(
                self.say(
                    f"  1에서 {HOUSEHOLD_SIZE_MAX} 사이의 수로 답해 주십시오.",
                    f"  Please give a number from 1 to {HOUSEHOLD_SIZE_MAX}.",
                )
            )
        size = int(digits)
        members: list[dict[str, object]] = [{} for _ in range(size)]
        while size > 1:
            text = self.read(
                self.say(
                    "부부가 있으면 번호로 적어 주십시오(본인은 1번, 보기: 1-2, 없으면 그냥 엔터): ",
                    "Couples by number (you are 1; e.g. 1-2; just Enter when there is none): ",
                )
            )
            if plain(text) in STOP:
                raise _Stop
            if self.pair(text, members):
                break
            self.print(self.say("  1-2 또는 1-2, 3-4처럼 적어 주십시오.", "  Write it as 1-2, or 1-2, 3-4."))
        return Household({}, members)

    @staticmethod
    def pair(text: str, members: list[dict[str, object]]) -> bool:
        """Notes the couples; False when the text names none that can be."""
        if plain(text) in ("", "없음", "none", "no", "0"):
            return True
        pairs: list[tuple[int, int]] = []
        for part in plain(text).split(","):
            ends = part.split("-")
            if len(ends) != 2 or not all(end.isdigit() and 1 <= int(end) <= len(members) for end in ends):
                return False
            pairs.append((int(ends[0]) - 1, int(ends[1]) - 1))
        places = [place for couple in pairs for place in couple]
        if len(set(places)) != len(places):
            return False
        for number, couple in enumerate(pairs, 1):
            for place in couple:
                members[place][COUPLE] = number
        return True

    # One question -------------------------------------------------------------------------------------------

    def ask(self, interview: Interview, question: Question, number: int) -> Interview:
        """The interview after an answer; asks again until the answer can be read. Raises _Stop or _Back."""
        fact = question.fact
        left = len(interview.unsettled)
        still = self.say(f"[아직 {left}개]", f"[{left} open]")
        self.print(f"\n{number}. {question.text(self.words.language)} {still}")
        for line in self.choices(fact):
            self.print(line)
        if not question.members:
            return interview.answer(question, self.one(interview, question, ""))
        answers = {}
        for place in question.members:
            several = len(interview.household.members) > 1
            who = self.words.member(interview.assessment, place) if several else ""
            answers[place] = self.one(interview, question, who)
        return interview.answer(question, answers)

    def choices(self, fact: Fact) -> Iterator[str]:
        if fact.type == "code":
            for number, label in enumerate(fact.code_labels, 1):
                yield f"     {number}) {label[self.words.language]}"

    def one(self, interview: Interview, question: Question, who: str) -> object:
        fact = question.fact
        prompt = f"   {who}: " if who else "   : "
        while True:
            text = self.read(prompt)
            word = plain(text)
            if word in HELP:
                self.help(question)
            elif word in STOP:
                raise _Stop
            elif word in BACK:
                raise _Back
            elif word in DONT_KNOW:
                return UNKNOWN
            elif word in RATHER_NOT:
                return REFUSED
            elif word:
                try:
                    return self.value(fact, text)
                except NotReadable as error:
                    language = self.words.language
                    self.print(f"     {error.what[language]} → {error.mend[language]}")
            else:
                self.print(
                    self.say(
                        "     모르시면 '모름'이라고 답해 주십시오.",
                        "     If you do not know, answer: dont know",
                    )
                )

    def value(self, fact: Fact, text: str) -> object:
        """What an answer states; codes also by their number in the list. Raises NotReadable."""
        word = plain(text)
        if (
            fact.type == "code"
            and word.rstrip(").").isdigit()
            and 1 <= int(word.rstrip(").")) <= len(fact.codes)
        ):
            return fact.codes[int(word.rstrip(").")) - 1]
        value = read_cell(fact, text, self.rules.day)
        if value is None:
            raise NotReadable(
                "답을 알아듣지 못했습니다",
                "was not understood",
                "모르시면 '모름'",
                "if you do not know: dont know",
            )
        return value

    def help(self, question: Question) -> None:
        fact, language = question.fact, self.words.language
        if fact.help:
            self.print(f"     {fact.help[language]}")
        if fact.register:
            self.print(f"     {self.say('공적 자료', 'on record at')}: {fact.register[language]}")
        if fact.shown_by:
            self.print(f"     {self.say('확인 자료', 'can be shown with')}: {fact.shown_by[language]}")
        examples = {
            "bool": ("예 또는 아니오", "yes or no"),
            "won": ("3000000, 300만원", "3000000 or 300만원"),
            "int": ("숫자", "a number"),
            "date": ("1950-03-01", "1950-03-01"),
            "code": ("번호 또는 낱말", "a number of the list, or the words"),
        }
        self.print(f"     {self.say('답하는 법', 'How to answer')}: {self.say(*examples[fact.type])}")
        names = [self.rules.programmes[name].name[language] for name in question.programmes[:5]]
        if names:
            more = len(question.programmes) - len(names)
            tail = self.say(f" 외 {more}개", f" and {more} more") if more > 0 else ""
            self.print(f"     {self.say('왜 묻는가', 'Why it is asked')}: {', '.join(names)}{tail}")

    # What came of it ----------------------------------------------------------------------------------------

    def show_changes(self, before: Interview, after: Interview) -> None:
        changes = after.changed_since(before)
        good = [change for change in changes if change.after == "entitled"]
        refused = sum(change.after == "not_entitled" for change in changes)
        for change in good[:CHANGES_SHOWN]:
            result = after.assessment.result(change.programme.id, change.member)
            amount = self.words.amount(result.amount)
            name = self.words.name(after.assessment, result)
            self.print(f"     + {name}: {self.words.answer('entitled')}{' · ' + amount if amount else ''}")
        if len(good) > CHANGES_SHOWN:
            self.print(
                self.say(
                    f"     + 그 밖에 {len(good) - CHANGES_SHOWN}개",
                    f"     + {len(good) - CHANGES_SHOWN} more",
                )
            )
        if refused:
            self.print(
                self.say(
                    f"     ({refused}개는 해당 없음으로 정해짐)", f"     ({refused} settled as not entitled)"
                )
            )

    def finish(self, interview: Interview) -> None:
        open_ = len(interview.unsettled)
        self.print("\n" + "─" * 60)
        if interview.settled:
            self.print(self.say("모두 정해졌습니다.", "Everything is settled."))
        elif interview.next() is None:
            self.print(
                self.say(
                    f"더 물어서 정할 수 있는 것이 없습니다(남은 것 {open_}개).",
                    f"No question could settle more ({open_} stay open).",
                )
            )
        else:
            self.print(
                self.say(f"여기에서 멈춥니다(남은 것 {open_}개).", f"Stopped here ({open_} stay open).")
            )
        for line in self.words.household(interview.assessment):
            self.print(line)


def household_file(household: Household, day: date) -> str:
    """A household in the form `hub screen` and `hub explain` read; JSON is YAML, so a text editor is enough."""

    def told(facts: object) -> str:
        assert hasattr(facts, "items")
        plain_facts = {
            name: str(value) if isinstance(value, date) else value
            for name, value in facts.items()
            if value is not None
        }
        return json.dumps(plain_facts, ensure_ascii=False)

    lines = [f'"on": "{day}"', f"household: {told(household.facts)}", "members:"]
    return "\n".join([*lines, *(f"  - {told(member)}" for member in household.members)]) + "\n"
