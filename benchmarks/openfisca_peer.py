"""The invented country's rules as OpenFisca variables, in the form that suits OpenFisca best. Needs `openfisca-core`.

Every criterion is a variable of its own (so that it is computed once), income tests compare one percentage, whole won are kept in 64
bits (as shipped they overflow), ages come as months. OpenFisca knows no unknown value: unknown becomes 0 or False, as it does
for its users. Run by `population.py` in a process of its own; prints one line of JSON.
"""

from __future__ import annotations

import argparse
import ast
import json
import re
import resource
import time
from pathlib import Path

import numpy as np
from openfisca_core.entities import build_entity
from openfisca_core.parameters import ParameterNode
from openfisca_core.periods import DateUnit
from openfisca_core.simulations import SimulationBuilder
from openfisca_core.taxbenefitsystems import TaxBenefitSystem
from openfisca_core.variables import Variable, config

from benchmarks import generated as country

PERIOD = "2026-11"
INCOME_TEST = re.compile(r"^(recognised|assessed)_income <= median_income\[household_size\] \* (limit_\d+)$")
config.VALUE_TYPES[int]["dtype"] = np.int64


def system(programmes: list[country.Programme]) -> tuple[TaxBenefitSystem, dict[str, str]]:
    """The system, and the name of each criterion's variable."""
    person = build_entity("person", "persons", "", is_person=True)
    household = build_entity(
        "household", "households", "", roles=[{"key": "member", "plural": "members", "label": ""}]
    )
    system = TaxBenefitSystem([person, household])
    figures = country.SUMS | {name: won for programme in programmes for name, won in programme.sums.items()}
    figures |= {f"assets_{m}m": m * 1_000_000 for m in (100, 152, 188, 241, 310, 500)}
    figures |= {f"savings_{m}m": m * 1_000_000 for m in (6, 8, 10, 20)}
    rates = country.RATES | {name: rate for programme in programmes for name, rate in programme.rates.items()}
    limits = {name: int(rate.split()[0]) for name, rate in rates.items() if name.startswith("limit_")}
    parameters = {
        name: {"values": {"2020-01-01": {"value": value}}} for name, value in (figures | limits).items()
    }
    system.parameters = ParameterNode("", data={"description": ""} | parameters)
    types: dict[str, type] = {
        name: _type(column.type) for name, column in (country.HOUSEHOLD | country.PERSON).items()
    }
    writer = _Writer(figures, rates, types)

    def add(name: str, entity: object, kind: type, formula: str | None = None) -> None:
        attributes = {
            "value_type": kind,
            "entity": entity,
            "definition_period": DateUnit.MONTH,
            "label": name,
        }
        if formula is not None:
            names = {
                "np": np,
                "MEDIAN": np.array([0, *country.MEDIAN]),
                "BASIC": np.array([*country.BASIC_PROPERTY.values()]),
            }
            exec(f"def formula(household, period, parameters):\n  return {formula}", names)  # noqa: S102
            attributes["formula"] = names["formula"]
        system.add_variable(type(name, (Variable,), attributes))

    for name in country.HOUSEHOLD:
        add(name, household, types[name])
    for name in [*country.PERSON, "age_months"]:
        if name != "birth_date":
            add(name, person, types.get(name, int))
    add("household_size", household, int)
    add("median", household, int, f"np.take(MEDIAN, {writer.value('household_size')})")
    for name, text in (country.OF_MEMBERS | country.OF_HOUSEHOLD).items():
        types[name] = bool if country._type_of(name, text) == "bool" else int
        add(name, household, types[name], writer.write(text))
    for income in ("recognised", "assessed"):
        percent = f"({writer.value(income + '_income')} * 100 + household('median', period) - 1) // household('median', period)"
        add(f"percent_{income}", household, int, f"np.minimum(32000, {percent})")
    criteria = {
        text: f"criterion_{i}"
        for i, text in enumerate(dict.fromkeys(c for p in programmes for c in p.criteria))
    }
    for text, name in criteria.items():
        if found := INCOME_TEST.match(text):
            formula = f"household('percent_{found[1]}', period) <= parameters(period).{found[2]}"
        else:
            formula = writer.write(text)
        add(name, household, bool, formula)
    for programme in programmes:
        add(
            programme.id,
            household,
            bool,
            " & ".join(f"household('{criteria[text]}', period)" for text in programme.criteria),
        )
        add(
            "amount_" + programme.id,
            household,
            int,
            f"np.where(household('{programme.id}', period), {writer.write(programme.amount)}, 0)",
        )
    return system, criteria


def _type(kind: str) -> type:
    return bool if kind == "bool" else int


class _Writer:
    """Our expressions as OpenFisca formulas."""

    def __init__(self, figures: dict[str, int], rates: dict[str, str], types: dict[str, type]) -> None:
        self.figures, self.rates, self.types = figures, rates, types
        self.codes = {
            name: column.codes
            for name, column in (country.HOUSEHOLD | country.PERSON).items()
            if column.type == "code"
        }
        self.of_member = False

    def value(self, name: str) -> str:
        return f"household.members('{name}', period)" if self.of_member else f"household('{name}', period)"

    def write(self, text: str) -> str:
        return self.node(ast.parse(text, mode="eval").body)

    def fraction(self, name: str) -> tuple[int, int]:
        rate = self.rates[name].replace(" %", "/100").split("/")
        return int(rate[0]), int(rate[1])

    def node(self, node: ast.expr) -> str:
        match node:
            case ast.Name(id=name):
                return f"parameters(period).{name}" if name in self.figures else self.value(name)
            case ast.Constant(value=value):
                return repr(value)
            case ast.BoolOp(op=op, values=values):
                return "(" + (" & " if isinstance(op, ast.And) else " | ").join(map(self.node, values)) + ")"
            case ast.UnaryOp(op=ast.Not(), operand=operand):
                return f"~({self.node(operand)})"
            case ast.Compare():
                return self.compare(node)
            case ast.BinOp(op=ast.Mult(), right=ast.Name(id=rate)) if rate in self.rates:
                above, below = self.fraction(rate)
                return f"({self.node(node.left)} * {above} // {below})"
            case ast.BinOp(left=left, op=op, right=right):
                sign = {ast.Add: "+", ast.Sub: "-", ast.Mult: "*"}[type(op)]
                return f"({self.node(left)} {sign} {self.node(right)})"
            case ast.IfExp(test=test, body=body, orelse=orelse):
                return f"np.where({self.node(test)}, {self.node(body)}, {self.node(orelse)})"
            case ast.Subscript(value=ast.Name(id=table)):
                return (
                    "household('median', period)"
                    if table == "median_income"
                    else f"np.take(BASIC, {self.value('settlement')})"
                )
            case ast.Call(func=ast.Name(id=function), args=args):
                return self.call(function, args)
        raise TypeError(ast.dump(node))

    def compare(self, node: ast.Compare) -> str:
        """Chains, codes as their places, and the two comparisons with a share of the median exactly, in whole numbers."""
        match node:
            case ast.Compare(left=ast.Name(id=name), ops=[op], comparators=[right]) if name in self.codes:
                words = [right] if isinstance(right, ast.Constant) else right.elts  # type: ignore[attr-defined]
                places = [self.codes[name].index(word.value) for word in words]
                found = " | ".join(f"({self.value(name)} == {place})" for place in places)
                return f"~({found})" if isinstance(op, ast.NotEq) else f"({found})"
            case ast.Compare(
                left=left,
                ops=[ast.LtE()],
                comparators=[ast.BinOp(left=whole, op=ast.Mult(), right=ast.Name(id=rate))],
            ) if rate in self.rates:
                above, below = self.fraction(rate)
                return f"({self.node(left)} * {below} <= {self.node(whole)} * {above})"
        signs = {ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">=", ast.Eq: "==", ast.NotEq: "!="}
        parts = [self.node(part) for part in (node.left, *node.comparators)]
        return (
            "("
            + " & ".join(
                f"({a} {signs[type(op)]} {b})" for a, op, b in zip(parts, node.ops, parts[1:], strict=False)
            )
            + ")"
        )

    def call(self, function: str, args: list[ast.expr]) -> str:
        if function in ("min", "max"):
            return f"np.{function}imum({self.node(args[0])}, {self.node(args[1])})"
        if function == "round_down":
            return self.node(args[0])
        self.of_member = True
        inside = self.node(args[0])
        self.of_member = False
        return f"household.{ {'any_member': 'any', 'count_members': 'sum', 'max_member': 'max'}[function] }({inside})"


def run(count: int, seed: int, results: Path | None) -> dict[str, object]:
    programmes = country.programmes()
    rules, _ = system(programmes)
    own, each = next(iter(country.population(count, count, seed)))
    inputs = {name: _filled(own, name) for name in country.HOUSEHOLD}
    inputs |= {name: _filled(each, name) for name in country.PERSON if name != "birth_date"}
    born = each["birth_date"].combine_chunks().to_numpy(zero_copy_only=False).astype("datetime64[D]")
    inputs["age_months"] = (np.datetime64(country.AS_OF, "M") - born.astype("datetime64[M]")).astype(np.int64)
    owner = each["household_id"].to_numpy()
    inputs["household_size"] = np.bincount(owner, minlength=count)
    del own, each, born
    before = _used()
    start = time.perf_counter()
    builder = SimulationBuilder()
    builder.create_entities(rules)
    builder.declare_person_entity("person", np.arange(len(owner)))
    entity = builder.declare_entity("household", np.arange(count))
    builder.join_with_persons(entity, owner, np.zeros(len(owner), int))
    simulation = builder.build(rules)
    for name, values in inputs.items():
        simulation.set_input(name, PERIOD, values)
    entitled, won = [], []
    for programme in programmes:
        entitled.append(int(simulation.calculate(programme.id, PERIOD).sum()))
        won.append(int(simulation.calculate("amount_" + programme.id, PERIOD).sum()))
    wall, after = time.perf_counter() - start, _used()
    if results is not None:
        results.write_text(json.dumps({"entitled": entitled, "won": won}))
    return {"cpu": after[0] - before[0], "wall": wall, "rss": after[1]}


def single(repeats: int) -> dict[str, object]:
    """CPU seconds for one household, median, building the simulation included."""
    programmes = country.programmes()
    rules, _ = system(programmes)
    own, each = next(iter(country.population(1, 1)))
    taken = []
    for _ in range(repeats):
        start = time.process_time()
        builder = SimulationBuilder()
        builder.create_entities(rules)
        builder.declare_person_entity("person", np.arange(each.num_rows))
        entity = builder.declare_entity("household", np.arange(1))
        builder.join_with_persons(entity, np.zeros(each.num_rows, int), np.zeros(each.num_rows, int))
        simulation = builder.build(rules)
        for name in country.HOUSEHOLD:
            simulation.set_input(name, PERIOD, _filled(own, name))
        simulation.set_input("household_size", PERIOD, np.array([each.num_rows]))
        for programme in programmes:
            simulation.calculate("amount_" + programme.id, PERIOD)
        taken.append(time.process_time() - start)
    return {"cpu": sorted(taken)[repeats // 2]}


def _filled(table: object, name: str) -> np.ndarray:
    column = table[name].combine_chunks()  # type: ignore[index]
    if hasattr(column, "indices"):
        return column.indices.fill_null(0).to_numpy(zero_copy_only=False).astype(np.int64)
    values = column.fill_null(False if str(column.type) == "bool" else 0).to_numpy(zero_copy_only=False)
    return values if values.dtype == bool else values.astype(np.int64)


def _used() -> tuple[float, float]:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime, used.ru_maxrss / 1024


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--households", type=int, default=1_000_000)
    parser.add_argument("--seed", type=int, default=1000)
    parser.add_argument("--results", type=Path)
    parser.add_argument("--single", type=int, metavar="REPEATS")
    given = parser.parse_args()
    print(
        json.dumps(single(given.single) if given.single else run(given.households, given.seed, given.results))
    )
