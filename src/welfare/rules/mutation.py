"""Do the worked cases protect the rules? A small mistake is made in one rule at a time; some case must notice.

A criterion that is left out, a `<=` that became `<`, a limit one per cent off: each is a mutant of the catalogue. A mutant
no case notices shows where a real mistake could stand unseen, and which case is missing. Answers come from the slow
interpreter (`oracle`), which keeps for each case what a mutant does not touch.

Mutants of a programme are looked for by its own cases; mutants of a derived value by the cases of every programme that
rests on it. A programme only a person can decide has no mutants in the criterion a person checks. A case notices by its
answer, its amount, and the criteria that fail or stay open; which facts it names as missing is not looked at.
"""

from __future__ import annotations

import multiprocessing
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cached_property
from pathlib import Path
from typing import Any

from welfare.facts.fact import Text
from welfare.facts.household import EncodedHousehold
from welfare.rules import nodes
from welfare.rules.assessment import ENTITLED, NOT_ENTITLED, UNKNOWN
from welfare.rules.cases import Case, Expectation, read_cases
from welfare.rules.catalogue import Catalogue, Number, Programme
from welfare.rules.nodes import Node
from welfare.rules.oracle import Oracle, Range, Truth, all_of
from welfare.rules.order import mentioned, programme_nodes
from welfare.rules.reading import Path_, line_of
from welfare.rules.ruleset import RuleSet


@dataclass(frozen=True)
class Mutant:
    """One small mistake. `of` is a programme or a derived value, `place` a criterion, "amount", or "value"."""

    of: str
    place: str
    what: Text
    node: Node | None = None  # in place of the expression at `place`; None leaves a criterion out
    figure: str | None = None  # instead: this parameter is off
    more: bool = True


@dataclass(frozen=True)
class Verdict:
    """How the mutants of one programme or derived value fared."""

    of: str
    mutants: int
    survivors: tuple[Mutant, ...]
    file: str
    lines: tuple[int | None, ...]  # of the survivors

    @property
    def caught(self) -> int:
        return self.mutants - len(self.survivors)


def mutate(
    catalogue: Catalogue, only: Sequence[str] | None = None, workers: int = 2
) -> Iterator[tuple[int, int, Verdict]]:
    """Verdicts on programmes, then on derived values: (done, total, verdict), in the catalogue's order.

    With `only`, of these programmes alone and of no derived value. Raises CatalogueError when a case file cannot be read.
    """
    names = list(only) if only else [*catalogue.programmes, *catalogue.derived]
    if workers < 2 or len(names) < 8:
        bench = _Bench(catalogue)
        for done, name in enumerate(names, 1):
            yield done, len(names), bench.verdict(name)
        return
    spawn = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(workers, spawn, _start, (catalogue,)) as pool:
        for done, verdict in enumerate(pool.map(_verdict, names), 1):
            yield done, len(names), verdict


_bench: _Bench


def _start(catalogue: Catalogue) -> None:
    global _bench
    _bench = _Bench(catalogue)


def _verdict(name: str) -> Verdict:
    return _bench.verdict(name)


# The mistakes -----------------------------------------------------------------------------------------------------------------------


def mutants_of(catalogue: Catalogue, name: str) -> list[Mutant]:
    """Every mutant of a programme or a derived value, each different from the rule as it stands."""
    found: list[Mutant] = []
    if name in catalogue.derived:
        return _wrong(catalogue, name, "value", catalogue.derived[name].value)
    programme = catalogue.programmes[name]
    for criterion in programme.criteria:
        if not criterion.by_hand:
            found.append(
                Mutant(name, criterion.id, {"ko": "기준을 빠뜨림", "en": "the criterion is left out"})
            )
            found += _wrong(catalogue, name, criterion.id, criterion.when)
    if programme.amount.won is not None:
        found += _wrong(catalogue, name, "amount", programme.amount.won)
    return found


def _wrong(catalogue: Catalogue, of: str, place: str, node: Node) -> list[Mutant]:
    """The mistakes in one expression: its comparisons, conditions and choices, and the figures it names.

    Two slips that leave the same expression are one, and one that leaves it as it was is none.
    """
    slips: dict[Node, Text] = {}
    for wrong, what in _slips(node):
        if wrong != node:
            slips.setdefault(wrong, what)
    found = [Mutant(of, place, what, wrong) for wrong, what in slips.items()]
    figures = dict.fromkeys(part.name for part in node.walk() if isinstance(part, nodes.Parameter))
    for figure in figures:
        if catalogue.parameters[figure].type != "date":
            for more, ko, en in ((True, "크게", "higher"), (False, "작게", "lower")):
                what = {"ko": f"{figure}을(를) 조금 {ko} 적음", "en": f"{figure} is a little {en}"}
                found.append(Mutant(of, place, what, node, figure, more))
    return found


Slips = Iterator[tuple[Node, Text]]


def _slips(node: Node) -> Slips:
    """The expression with one slip in it, at every place where one can be."""
    yield from _slips_here(node)
    yield from _slips_below(node)


def _slips_below(node: Node) -> Slips:
    if equal := _equal(node):
        left, right = equal
        for wrong, what in _slips(left):
            yield _equality(wrong, right), what
        for wrong, what in _slips(right):
            yield _equality(left, wrong), what
        return
    match node:
        case nodes.Not(item=item):
            for wrong, what in _slips(item):
                yield _negated(wrong), what
        case nodes.Members() | nodes.Spouse():
            yield from _slips_of(node, "body")
        case nodes.OneOf() | nodes.Round():
            yield from _slips_of(node, "item")
        case nodes.Elapsed():
            yield from _slips_of(node, "start")
        case nodes.AtMost() | nodes.Add():
            yield from _slips_of(node, "left", "right")
        case nodes.Choose():
            yield from _slips_of(node, "condition", "yes", "no")
        case nodes.And(items=parts) | nodes.Or(items=parts) | nodes.Least(items=parts):
            for i, part in enumerate(parts):
                for wrong, what in _slips(part):
                    yield _with(node, "items", (*parts[:i], wrong, *parts[i + 1 :])), what
        case nodes.Parameter(keys=parts):
            for i, part in enumerate(parts):
                for wrong, what in _slips(part):
                    if wrong == nodes.Constant(0, "int"):
                        continue  # a table by a count answers none as it answers one
                    yield _with(node, "keys", (*parts[:i], wrong, *parts[i + 1 :])), what


def _slips_of(node: Node, *parts: str) -> Slips:
    for part in parts:
        for wrong, what in _slips(getattr(node, part)):
            yield _with(node, part, wrong), what


def _with(node: Any, part: str, changed: object) -> Node:
    """The node with something else in the place of one part."""
    rebuilt: Node = replace(node, **{part: changed})
    return rebuilt


def _slips_here(node: Node) -> Slips:
    """The slips at the top of an expression. `<` is written as not `>=`, so both are slips of an AtMost."""
    if equal := _equal(node):
        yield nodes.Not(node), _told("같음과 다름이 바뀜(=와 ≠)", "equal and not equal are exchanged", *equal)
        return
    match node:
        case nodes.AtMost(left=left, right=right):
            yield (
                nodes.Not(nodes.AtMost(right, left)),
                _told("같은 값에서 갈림(≤와 <)", "decides otherwise when equal (≤ and <)", node),
            )
            yield (
                nodes.AtMost(right, left),
                _told("비교를 뒤집음(≤와 ≥)", "the comparison is turned round (≤ and ≥)", node),
            )
        case nodes.And(items=items):
            yield nodes.Or(items), _told("and를 or로 적음", "and became or", node)
            yield from _left_out(node, items)
        case nodes.Or(items=items):
            yield nodes.And(items), _told("or를 and로 적음", "or became and", node)
            yield from _left_out(node, items)
        case nodes.Not(item=item) if not isinstance(item, nodes.AtMost):
            yield item, _told("not을 빠뜨림", "not is left out", node)
        case nodes.Name(type="bool") | nodes.OneOf() | nodes.Entitled():
            yield nodes.Not(node), _told("예와 아니요가 바뀜", "yes and no are exchanged", node)
        case nodes.Choose(condition=condition, yes=yes, no=no, type=kind):
            yield (
                nodes.Choose(condition, no, yes, kind),
                _told("두 경우가 바뀜", "the two cases are exchanged", condition),
            )
        case nodes.Members(kind="any", body=body):
            yield nodes.Members("all", body, node.type), _told("누군가를 모두로 적음", "any became all", body)
        case nodes.Members(kind="all", body=body):
            yield nodes.Members("any", body, node.type), _told("모두를 누군가로 적음", "all became any", body)
        case nodes.Constant(value=value, type="int"):
            for wrong in (int(value) + 1, int(value) - 1):
                yield nodes.Constant(wrong, "int"), _told(f"{value} 대신 {wrong}", f"{value} became {wrong}")


def _left_out(node: nodes.And | nodes.Or, items: tuple[Node, ...]) -> Slips:
    for i, item in enumerate(items):
        rest = items[:i] + items[i + 1 :]
        yield (
            rest[0] if len(rest) == 1 else replace(node, items=rest),
            _told("조건의 한 부분을 빠뜨림", "a part of the condition is left out", item),
        )


def _told(ko: str, en: str, *about: Node) -> Text:
    """What went wrong, and at which names of the rule: one rule may have several comparisons."""
    names: dict[str, None] = {}
    for part in (part for one in about for part in one.walk()):
        if isinstance(part, nodes.Name | nodes.Parameter):
            names[part.name] = None
        elif isinstance(part, nodes.Entitled):
            names[part.programme] = None
    where = f": {', '.join(names)}" if names else ""
    return {"ko": ko + where, "en": en + where}


def _equality(left: Node, right: Node) -> Node:
    return nodes.And((nodes.AtMost(left, right), nodes.AtMost(right, left)))


def _equal(node: Node) -> tuple[Node, Node] | None:
    """The two sides of `==`, which is written as two AtMost: one slip must change both."""
    if isinstance(node, nodes.And) and isinstance(node.items[0], nodes.AtMost):
        left, right = node.items[0].left, node.items[0].right
        if node == _equality(left, right):
            return left, right
    return None


def _negated(node: Node) -> Node:
    return node.item if isinstance(node, nodes.Not) else nodes.Not(node)


# Whether a case notices -------------------------------------------------------------------------------------------------------------


class _Altered:
    """A rule set with one thing in it changed, as far as the oracle looks at one."""

    def __init__(self, rules: RuleSet, mutant: Mutant) -> None:
        self.day, self.facts, self.programmes = rules.day, rules.facts, rules.programmes
        self.derived, self.parameters = rules.derived, rules.parameters
        if mutant.figure is not None:
            figures = rules.parameters[mutant.figure]
            kind = rules.catalogue.parameters[mutant.figure].type
            off = tuple(_off(value, kind, mutant.more) for value in figures.value)
            self.parameters = {**rules.parameters, mutant.figure: replace(figures, value=off)}
        elif mutant.of in rules.derived:
            assert mutant.node is not None
            changed = replace(rules.derived[mutant.of], value=mutant.node)
            self.derived = {**rules.derived, mutant.of: changed}


def _off(value: Number, kind: str, more: bool) -> Number:
    """A figure that is wrong by a little: a count or an age by one, won and rates by one per cent."""
    if kind == "int":
        step: Number = 1
    elif kind == "won":
        step = max(1, int(abs(Fraction(value))) // 100)
    else:
        step = abs(Fraction(value)) / 100 or Fraction(1, 100)
    return value + step if more else value - step


@dataclass
class _Trial:
    """One expectation of one case, with everything known about it before a mutant comes."""

    rules: RuleSet
    household: EncodedHousehold
    expected: Expectation

    @property
    def programme(self) -> Programme:
        return self.rules.programmes[self.expected.programme]

    @cached_property
    def oracle(self) -> Oracle:
        return Oracle(self.rules, self.household)

    @cached_property
    def truths(self) -> dict[str, Truth]:
        return {c.id: self.oracle.truth(c.when, self.expected.member) for c in self.programme.criteria}

    @cached_property
    def amount(self) -> Range | None:
        return self.oracle.amount(self.programme.id, self.expected.member)

    def notices(self, mutant: Mutant) -> bool:
        """Whether the case no longer comes out as expected."""
        ours = mutant.of == self.programme.id
        if mutant.figure is None and ours:
            return self._notices(self.oracle, mutant.place, mutant.node)
        if mutant.figure is not None and mutant.figure not in self.rules.parameters:
            return False
        oracle = Oracle(_Altered(self.rules, mutant), self.household)  # type: ignore[arg-type]
        if ours:  # the slip is in this programme: derived values stand as they are
            oracle.named = _Untouched(self.oracle)
            return self._notices(oracle, mutant.place, mutant.node)
        amount = oracle.amount(self.programme.id, self.expected.member)
        return not self._as_expected(self._truths(oracle), amount)

    def _truths(self, oracle: Oracle) -> dict[str, Truth]:
        return {c.id: oracle.truth(c.when, self.expected.member) for c in self.programme.criteria}

    def _notices(self, oracle: Oracle, place: str, node: Node | None) -> bool:
        member = self.expected.member
        if place == "amount":
            assert node is not None
            return not self._as_expected(self.truths, oracle.range(node, member))
        truth = True if node is None else oracle.truth(node, member)
        if truth == self.truths[place]:
            return False
        return not self._as_expected({**self.truths, place: truth}, self.amount)

    def _as_expected(self, truths: Mapping[str, Truth], amount: Range | None) -> bool:
        holds = all_of(list(truths.values()))
        answer = UNKNOWN if holds is None else ENTITLED if holds else NOT_ENTITLED
        expected = self.expected
        if answer != expected.answer:
            return False
        failed = {id for id, truth in truths.items() if truth is False}
        opened = {id for id, truth in truths.items() if truth is None}
        if (
            expected.failed
            and failed != set(expected.failed)
            or expected.open
            and opened != set(expected.open)
        ):
            return False
        if expected.amount is None:
            return True
        return answer != NOT_ENTITLED and amount is not None and tuple(map(int, amount)) == expected.amount


class _Untouched(dict[tuple[str, int | None], Truth | Range]):
    """Derived values as another oracle works them out."""

    def __init__(self, oracle: Oracle) -> None:
        super().__init__()
        self.oracle = oracle

    def __contains__(self, place: object) -> bool:
        return True

    def __missing__(self, place: tuple[str, int | None]) -> Truth | Range:
        name, member = place
        derived = self.oracle.rules.derived[name]
        node = nodes.Name(name, derived.type, derived.of)
        return self.oracle.truth(node, member) if derived.type == "bool" else self.oracle.range(node, member)


class _Bench:
    """All cases of a catalogue, laid out to look for mutants. Trials are kept: most mutants meet the same ones."""

    def __init__(self, catalogue: Catalogue) -> None:
        self.catalogue = catalogue
        self.trials: dict[str, list[_Trial]] = {}

    def verdict(self, name: str) -> Verdict:
        mutants = mutants_of(self.catalogue, name)
        looking = [name] if name in self.catalogue.programmes else self.resting_on[name]
        survivors = tuple(mutant for mutant in mutants if not self._noticed(mutant, looking))
        file, lines = self._home(name, survivors)
        return Verdict(name, len(mutants), survivors, file, lines)

    def _noticed(self, mutant: Mutant, programmes: Sequence[str]) -> bool:
        return any(trial.notices(mutant) for name in programmes for trial in self.of(name))

    def of(self, programme: str) -> list[_Trial]:
        """The trials of a programme: what its cases expect of it on days it can be decided."""
        if programme not in self.trials:
            self.trials[programme] = [
                trial for case in read_cases(self.catalogue, programme) for trial in self._of_case(case)
            ]
        return self.trials[programme]

    def _of_case(self, case: Case) -> Iterator[_Trial]:
        rules = self.catalogue.at(case.day)
        encoded = case.household.encoded(rules.facts)
        for expected in case.expected:
            if expected.programme in rules.programmes and (expected.member or 0) < len(encoded.members):
                yield _Trial(rules, encoded, expected)

    @cached_property
    def resting_on(self) -> dict[str, list[str]]:
        """Derived value → the programmes that rest on it, those that name it first."""
        found: dict[str, list[tuple[int, str]]] = {name: [] for name in self.catalogue.derived}
        for name, programme in self.catalogue.programmes.items():
            steps: dict[str, int] = {}
            level, front = 0, mentioned(programme_nodes(programme))[0]
            while front:
                below: set[str] = set()
                for one in front & found.keys() - steps.keys():
                    steps[one] = level
                    below |= mentioned([self.catalogue.derived[one].value])[0]
                front, level = below, level + 1
            for one, step in steps.items():
                found[one].append((step, name))
        return {name: [programme for _, programme in sorted(resting)] for name, resting in found.items()}

    def _home(self, name: str, survivors: Sequence[Mutant]) -> tuple[str, tuple[int | None, ...]]:
        """The file a rule stands in, and the line of each survivor's place; lines are only looked up where one survived."""
        folder = Path(self.catalogue.folder)
        if name in self.catalogue.programmes:
            programme = self.catalogue.programmes[name]
            file = folder / programme.field / f"{name}.yaml"
            ids = [criterion.id for criterion in programme.criteria]
            paths: list[Path_] = [
                (name, "amount")
                if one.place == "amount"
                else (name, "criteria", ids.index(one.place), "when")
                for one in survivors
            ]
        else:
            files = [*folder.glob("derived.yaml"), *folder.glob("derived/*.yaml")] if survivors else []
            wanted = f"\n  {name}:"
            file = next(
                (one for one in files if wanted in one.read_text(encoding="utf-8")), folder / "derived"
            )
            paths = [("derived", name, "value") for _ in survivors]
        lines = tuple(line_of(file, path) if file.is_file() else None for path in paths)
        return file.relative_to(folder).as_posix(), lines
