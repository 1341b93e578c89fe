"""The rules of one day as one SQL script for DuckDB: the auditor's copy, and an independent check.

Where everything is known there is one right answer, and an auditor should be able to reach it without our
engine. The script is written from the meaning of the rules (`nodes.py`) and shares nothing with the plan
behind the function and the kernel: its dates are dates, its rates are fractions, its members are rows. So a
fault in one of them shows as a difference.

It reads two tables and answers only the households of which everything the rules speak of is known; the
others it leaves out, because SQL's own reading of NULL would turn a gap into a certain answer.

    households(household_id, one column a fact)
    members(household_id, member_id from 0, couple or 0, one column a fact)

A yes/no fact is BOOLEAN, a count or won BIGINT, a code VARCHAR, a date DATE. Out comes one row for each
programme and household (or member): household_id, member_id, programme, entitled, amount in whole won (NULL
when not entitled or help in kind), and the list of its criteria in the order of the programme file.

Numbers are exact: a value in won is a whole number over a denominator known here, so `x * 1.04 %` is written
as `x * 13` *in 1/1250*, and nothing is rounded but where the law says so. HUGEINT raises an error rather than
wrap around.
"""

# ruff: noqa: S608 - the script is made of declared names, numbers and checked code words, never of anybody's input

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction
from math import lcm
from typing import TYPE_CHECKING

from welfare.facts.fact import AS_OF, BUILT_IN, COUPLE, HOUSEHOLD_SIZE, HOUSEHOLD_SIZE_MAX, decode_date
from welfare.rules import nodes
from welfare.rules.catalogue import Derived, Programme
from welfare.rules.nodes import HOUSEHOLD, PERSON, Node
from welfare.rules.order import mentioned, order, programme_nodes

if TYPE_CHECKING:
    from welfare.rules.ruleset import RuleSet

MACROS = """\
-- Whole-number division that rounds towards minus infinity; SQL's own cuts towards zero.
CREATE OR REPLACE TEMPORARY MACRO floor_div(a, b) AS (a - ((a % b) + b) % b) // b;
-- Completed months, as ages are counted: a day that a shorter month does not have counts as its last day.
CREATE OR REPLACE TEMPORARY MACRO completed_months(since, today) AS CAST(
    (year(today) - year(since)) * 12 + month(today) - month(since)
    - CASE WHEN day(since) > day(today) AND today <> last_day(today) THEN 1 ELSE 0 END AS HUGEINT);
"""


def to_duckdb(rules: RuleSet) -> str:
    """A script for `duckdb.connect().execute(...)`; its last statement gives the rows described above."""
    return _Script(rules).text()


@dataclass(frozen=True)
class _Number:
    """A number as SQL: `text` is a HUGEINT that counts 1/`over`; a constant has its `value` and no text."""

    text: str
    over: int = 1
    value: Fraction | None = None

    def on(self, over: int) -> str:
        """As SQL over another denominator, a multiple of its own."""
        if self.value is not None:
            return str(int(self.value * over))
        return self.text if over == self.over else f"{self.text} * {over // self.over}"


def _constant(value: Fraction | int) -> _Number:
    return _Number("", Fraction(value).denominator, Fraction(value))


def _typed(number: _Number, over: int) -> str:
    """As SQL that surely is a HUGEINT: a bare literal would calculate in 32 bits."""
    return number.on(over) + "::HUGEINT" * (number.value is not None)


@dataclass
class _Stage:
    """What is worked out together, because it rests on earlier stages only."""

    columns: dict[str, list[str]] = field(default_factory=lambda: {HOUSEHOLD: [], PERSON: []})


class _Script:
    def __init__(self, rules: RuleSet) -> None:
        self.rules = rules
        self.over: dict[str, int] = {}  # derived number -> the denominator its column counts in

    def text(self) -> str:
        rules = self.rules
        used, facts = self._used()
        stages: list[_Stage] = []
        level: dict[str, int] = {}
        for name in order(rules.derived, rules.catalogue.programmes):
            if name not in used:
                continue
            thing = used[name]
            names, programmes = mentioned(
                programme_nodes(thing) if isinstance(thing, Programme) else [thing.value]
            )
            first = max((level[other] + 1 for other in names | programmes if other in level), default=0)
            level[name] = first + isinstance(thing, Programme)
            while len(stages) <= level[name]:
                stages.append(_Stage())
            if isinstance(thing, Programme):
                stages[first].columns[thing.subject] += _Writer(self, first).criteria(thing)
                stages[first + 1].columns[thing.subject] += _Writer(self, first + 1).answer(thing)
            else:
                stages[first].columns[thing.of] += _Writer(self, first).derived(thing)
        steps = [
            *self._first(facts),
            *(step for i, stage in enumerate(stages) for step in self._next(i, stage)),
        ]
        head = _comment(
            rules.catalogue.name["en"], f"version {rules.catalogue.version}", f"as of {rules.day}"
        ).rstrip()
        return head + "\n" + MACROS + "WITH\n" + ",\n".join(steps) + "\n" + self._last(len(stages))

    def _used(self) -> tuple[dict[str, Programme | Derived], set[str]]:
        """The programmes in force with the derived values behind them, and the facts behind all."""
        used: dict[str, Programme | Derived] = dict(self.rules.computable)
        facts: set[str] = set()
        stack = [node for programme in self.rules.computable.values() for node in programme_nodes(programme)]
        while stack:
            names, _ = mentioned([stack.pop()])
            for name in names - used.keys():
                if name in self.rules.derived:
                    used[name] = self.rules.derived[name]
                    stack.append(self.rules.derived[name].value)
                elif name not in BUILT_IN:
                    facts.add(name)
        return used, facts

    # The steps of the script --------------------------------------------------------------------------------

    def _first(self, facts: set[str]) -> list[str]:
        """The households of which all is known, with their members; numbers are HUGEINT from here on."""
        own = sorted(name for name in facts if self.rules.facts[name].of == HOUSEHOLD)
        members = sorted(name for name in facts if self.rules.facts[name].of == PERSON)
        known = [f"h.{name} IS NOT NULL" for name in own]
        known.append("EXISTS (FROM members AS m WHERE m.household_id = h.household_id)")
        if members:
            gaps = " OR ".join(f"m.{name} IS NULL" for name in members)
            known.append(f"NOT EXISTS (FROM members AS m WHERE m.household_id = h.household_id AND ({gaps}))")
        size = "(SELECT count(*)::HUGEINT FROM members AS m WHERE m.household_id = h.household_id)"
        return [
            "-- Only households of which everything is known.\n"
            + _select(
                "households_0", ["h.household_id", f"{size} AS {HOUSEHOLD_SIZE}", *map(self._read("h"), own)]
            )
            + "  FROM households AS h\n  WHERE "
            + "\n    AND ".join(known)
            + ")",
            _select(
                "members_0",
                [
                    "m.household_id",
                    "m.member_id",
                    f"coalesce(m.{COUPLE}, 0)::HUGEINT AS {COUPLE}",
                    *map(self._read("m"), members),
                ],
            )
            + "  FROM members AS m SEMI JOIN households_0 AS h ON m.household_id = h.household_id)",
        ]

    def _read(self, row: str) -> Callable[[str], str]:
        def column(name: str) -> str:
            number = self.rules.facts[name].type in ("int", "won")
            return f"{row}.{name}::HUGEINT AS {name}" if number else f"{row}.{name}"

        return column

    def _next(self, i: int, stage: _Stage) -> list[str]:
        own, members = stage.columns[HOUSEHOLD], stage.columns[PERSON]
        return [
            _select(f"households_{i + 1}", ["h.*", *own]) + f"  FROM households_{i} AS h)",
            _select(f"members_{i + 1}", ["m.*", *members])
            + f"  FROM members_{i} AS m JOIN households_{i} AS h ON m.household_id = h.household_id)",
        ]

    def _last(self, stages: int) -> str:
        parts = []
        for scope, table, member in (
            (HOUSEHOLD, "households", "NULL::BIGINT"),
            (PERSON, "members", "t.member_id::BIGINT"),
        ):
            rows = [
                self._row(programme)
                for programme in self.rules.computable.values()
                if programme.subject == scope
            ]
            if rows:
                listed = ",\n      ".join(rows)
                parts.append(
                    "SELECT household_id, member_id, answer.programme AS programme,\n"
                    "  answer.entitled AS entitled, answer.amount AS amount, answer.criteria AS criteria\n"
                    f"FROM (SELECT t.household_id, {member} AS member_id,\n"
                    f"    unnest([\n      {listed}]) AS answer\n"
                    f"    FROM {table}_{stages} AS t)"
                )
        if not parts:
            return "SELECT NULL AS household_id WHERE false"
        return "\nUNION ALL\n".join(parts) + "\nORDER BY household_id, programme, member_id"

    def _row(self, programme: Programme) -> str:
        name = programme.id
        amount = f"t.{name}__amount" if programme.amount.won is not None else "NULL::HUGEINT"
        criteria = ", ".join(f"t.{name}__{i}" for i in range(len(programme.criteria)))
        return f"{{programme: '{name}', entitled: t.{name}, amount: {amount}, criteria: [{criteria}]}}"


def _select(name: str, columns: Iterable[str]) -> str:
    return f"{name} AS MATERIALIZED (\n  SELECT " + ",\n    ".join(columns) + "\n"


class _Writer:
    """Writes expressions for one stage. `row` is whose alias: m a person, n in an aggregate, s a spouse."""

    def __init__(self, script: _Script, level: int) -> None:
        self.script = script
        self.rules = script.rules
        self.level = level
        self.row = "m"

    def criteria(self, programme: Programme) -> list[str]:
        """A column for each criterion."""
        return [
            f"{_comment(criterion.law, criterion.text)}{self.truth(criterion.when)} AS {programme.id}__{i}"
            for i, criterion in enumerate(programme.criteria)
        ]

    def answer(self, programme: Programme) -> list[str]:
        """In the next stage: whether all criteria hold, and what an entitled household gets."""
        name, row = programme.id, "h" if programme.subject == HOUSEHOLD else self.row
        entitled = " AND ".join(f"{row}.{name}__{i}" for i in range(len(programme.criteria)))
        columns = [f"({entitled}) AS {name}"]
        if programme.amount.won is not None:
            amount = self.number(programme.amount.won)  # whole won: the amount is rounded by its programme
            says = _comment(programme.law, f"amount {programme.amount.text}")
            columns.append(f"{says}CASE WHEN {entitled} THEN {_typed(amount, 1)} END AS {name}__amount")
        return columns

    def derived(self, derived: Derived) -> list[str]:
        if derived.type == "bool":
            return [f"{_comment(derived.law, derived.text)}{self.truth(derived.value)} AS {derived.name}"]
        number = self.number(derived.value)
        self.script.over[derived.name] = number.over
        says = _comment(derived.law, derived.text, f"in 1/{number.over}" if number.over > 1 else "")
        return [f"{says}{_typed(number, number.over)} AS {derived.name}"]

    def place(self, name: str, scope: str) -> str:
        return f"h.{name}" if scope == HOUSEHOLD else f"{self.row}.{name}"

    def truth(self, node: Node) -> str:
        match node:
            case nodes.Constant(value=value):
                return "true" if value else "false"
            case nodes.Name(name=name):
                return self.place(name, self._scope(name))
            case nodes.Entitled(programme=programme):
                if programme not in self.rules.computable:
                    return "false"  # not in force on the day
                return self.place(programme, self.rules.computable[programme].subject)
            case nodes.Not(item=item):
                return f"(NOT {self.truth(item)})"
            case nodes.And(items=items):
                return f"({' AND '.join(map(self.truth, items))})"
            case nodes.Or(items=items):
                return f"({' OR '.join(map(self.truth, items))})"
            case nodes.AtMost(left=left, right=right) if left.type == "date":
                return f"({self.day(left)} <= {self.day(right)})"
            case nodes.AtMost(left=left, right=right):
                a, b = self.number(left), self.number(right)
                over = lcm(a.over, b.over)
                return f"({a.on(over)} <= {b.on(over)})"
            case nodes.OneOf(item=nodes.Name(name=name, scope=scope), indexes=indexes):
                codes = ", ".join(f"'{self.rules.facts[name].codes[i]}'" for i in sorted(indexes))
                return f"({self.place(name, scope)} IN ({codes}))"
            case nodes.Choose(condition=condition, yes=yes, no=no):
                return f"(CASE WHEN {self.truth(condition)} THEN {self.truth(yes)} ELSE {self.truth(no)} END)"
            case nodes.Members(kind=kind, body=body):
                return self.over_members("bool_or(v)" if kind == "any" else "bool_and(v)", body)
            case nodes.Spouse(body=body):
                return self.over_spouse("coalesce(bool_or(v), false)", body)[0]
        raise TypeError(f"{type(node).__name__} is no truth")

    def number(self, node: Node) -> _Number:
        match node:
            case nodes.Constant(value=value):
                return _constant(value)
            case nodes.Name(name=name):
                return _Number(self.place(name, self._scope(name)), self.script.over.get(name, 1))
            case nodes.Parameter(name=name, keys=keys):
                return self._parameter(name, keys)
            case nodes.Multiply(left=left, right=right):
                a, b = self.number(left), self.number(right)
                if a.value is not None and b.value is not None:
                    return _constant(a.value * b.value)
                return _Number(f"({a.on(a.over)} * {b.on(b.over)})", a.over * b.over)
            case nodes.Subtract(left=left, right=right):
                return self._sum(self.number(left), self.number(right), "-")
            case nodes.Add(left=left, right=right):
                return self._sum(self.number(left), self.number(right), "+")
            case nodes.Greatest(items=items):
                return self._extreme("greatest", [self.number(item) for item in items])
            case nodes.Least(items=items):
                return self._extreme("least", [self.number(item) for item in items])
            case nodes.Choose(condition=condition, yes=yes, no=no):
                a, b = self.number(yes), self.number(no)
                over = lcm(a.over, b.over)
                when = f"CASE WHEN {self.truth(condition)} THEN {_typed(a, over)} ELSE {_typed(b, over)} END"
                return _Number(f"({when})", over)
            case nodes.Round(direction=direction, item=item, unit=unit):
                return self._rounded(direction, self.number(item), unit)
            case nodes.Elapsed(unit=unit, start=start):
                months = f"completed_months({self.day(start)}, {_day(self.rules.day)})"
                return _Number(f"floor_div({months}, 12)" if unit == "years" else months)
            case nodes.Members(kind="count", body=body):
                return _Number(self.over_members("count(*) FILTER (v)::HUGEINT", body))
            case nodes.Members(kind=kind, body=body):
                return _Number(self.over_members(f"{kind}(v)", body), self._denominator(body))
            case nodes.Spouse(body=body):
                return _Number(*self.over_spouse("coalesce(sum(v), 0)", body))
        raise TypeError(f"{type(node).__name__} is no number")

    def day(self, node: Node) -> str:
        match node:
            case nodes.Name(name=name):
                return _day(self.rules.day) if name == AS_OF else self.place(name, self._scope(name))
            case nodes.Parameter(name=name, keys=keys):
                days = [_day(decode_date(int(value))) for value in self.rules.parameters[name].value]
                return self._table(days, keys, self.rules.parameters[name].shape) if keys else days[0]
        raise TypeError(f"{type(node).__name__} is no day")

    def _scope(self, name: str) -> str:
        return self.rules.derived[name].of if name in self.rules.derived else self.rules.facts[name].of

    # Members and spouses: rows of the stage before ----------------------------------------------------------

    def over_members(self, total: str, body: Node) -> str:
        outer, self.row = self.row, "n"
        text, _ = self._body(body)
        self.row = outer
        rows = f"SELECT {text} AS v FROM members_{self.level} AS n WHERE n.household_id = h.household_id"
        return f"(SELECT {total} FROM ({rows}))"

    def over_spouse(self, total: str, body: Node) -> tuple[str, int]:
        outer, self.row = self.row, "s"
        text, over = self._body(body)
        self.row = outer
        rows = (
            f"SELECT {text} AS v FROM members_{self.level} AS s WHERE s.household_id = {outer}.household_id"
            f" AND s.{COUPLE} = {outer}.{COUPLE} AND {outer}.{COUPLE} > 0"
            f" AND s.member_id <> {outer}.member_id"
        )
        return f"(SELECT {total} FROM ({rows}))", over

    def _body(self, body: Node) -> tuple[str, int]:
        if body.type == "bool":
            return self.truth(body), 1
        number = self.number(body)
        return _typed(number, number.over), number.over

    def _denominator(self, body: Node) -> int:
        return self.number(body).over

    # Arithmetic ---------------------------------------------------------------------------------------------

    def _sum(self, a: _Number, b: _Number, sign: str) -> _Number:
        if a.value is not None and b.value is not None:
            return _constant(a.value + b.value if sign == "+" else a.value - b.value)
        over = lcm(a.over, b.over)
        return _Number(f"({a.on(over)} {sign} {b.on(over)})", over)

    def _extreme(self, name: str, items: Sequence[_Number]) -> _Number:
        over = lcm(*(item.over for item in items))
        return _Number(f"{name}({', '.join(_typed(item, over) for item in items)})", over)

    def _rounded(self, direction: str, item: _Number, unit: int) -> _Number:
        text, parts = _typed(item, item.over), item.over * unit
        match direction:
            case "up":
                return _Number(f"(-floor_div(-({text}), {parts}) * {unit})")
            case "down":
                return _Number(f"(floor_div({text}, {parts}) * {unit})")
            case _:
                return _Number(f"(floor_div(2 * ({text}) + {parts}, {2 * parts}) * {unit})")

    def _parameter(self, name: str, keys: tuple[Node, ...]) -> _Number:
        figures = self.rules.parameters[name]
        if not keys:
            return _constant(figures.value[0])
        over = lcm(*(Fraction(value).denominator for value in figures.value))
        entries = [str(int(value * over)) for value in figures.value]
        return _Number(f"{self._table(entries, keys, figures.shape)}::HUGEINT", over)

    def _table(self, entries: Sequence[str], keys: tuple[Node, ...], shape: tuple[int, ...]) -> str:
        """A list looked up by a count, or a CASE over codes; the first key is the outermost."""
        if not keys:
            return entries[0]
        key, extent = keys[0], len(entries) // shape[0]
        parts = [
            self._table(entries[i * extent : (i + 1) * extent], keys[1:], shape[1:]) for i in range(shape[0])
        ]
        if key.type == "code":
            assert isinstance(key, nodes.Name)
            codes = self.rules.facts[key.name].codes
            cases = " ".join(f"WHEN '{code}' THEN {part}" for code, part in zip(codes, parts, strict=True))
            return f"(CASE {self.place(key.name, key.scope)} {cases} END)"
        place = self.number(key)
        return f"([{', '.join(parts)}])[least(greatest({_typed(place, 1)}, 1), {HOUSEHOLD_SIZE_MAX})::BIGINT]"


def _comment(*texts: str) -> str:
    """A line of comment; a line break in a text of the catalogue must not end it."""
    return "-- " + " · ".join(" ".join(text.split()) for text in texts if text) + "\n    "


def _day(day: date) -> str:
    return f"DATE '{day.isoformat()}'"
