"""An expression of a programme file in words, for people who read the law and not programs.

Names become their labels, comparisons the signs of school, functions what they mean. Nothing is worked out: it is the rule
itself, told in Korean or English.
"""

from __future__ import annotations

import ast
from collections.abc import Callable

from welfare.facts import Text
from welfare.facts.fact import AS_OF_FACT, COUPLE_FACT, HOUSEHOLD_SIZE_FACT
from welfare.rules.catalogue import Catalogue

SIGNS: dict[type, str] = {
    ast.LtE: "≤", ast.GtE: "≥", ast.Lt: "<", ast.Gt: ">", ast.Eq: "=", ast.NotEq: "≠", ast.Add: "+", ast.Sub: "−", ast.Mult: "×",
}  # fmt: skip
ROUNDED = {"up": ("올림", "rounded up"), "down": ("버림", "rounded down"), "half_up": ("반올림", "rounded")}
OF_MEMBERS = {
    "any_member": ("가구원 가운데 누군가 {}", "some member: {}"),
    "all_members": ("모든 가구원이 {}", "every member: {}"),
    "count_members": ("가구원의 수({})", "number of members with {}"),
    "sum_members": ("가구원을 모두 더한 {}", "{} of all members"),
    "max_member": ("가구원 가운데 가장 큰 {}", "the greatest {} of the members"),
    "min_member": ("가구원 가운데 가장 작은 {}", "the least {} of the members"),
    "any_spouse": ("배우자가 {}", "the spouse: {}"),
    "sum_spouse": ("배우자의 {}", "{} of the spouse"),
    "years_between": ("{}부터 지난 햇수", "years since {}"),
    "months_between": ("{}부터 지난 달수", "months since {}"),
}


def in_words(text: str, catalogue: Catalogue, language: str) -> str:
    """The expression `text` of a file of `catalogue` in "ko" or "en".

    Raises SyntaxError when the text is no expression; what stands in a catalogue that could be read always is one.
    """
    return _Words(catalogue, language == "ko").of(ast.parse(text.strip(), mode="eval").body)


class _Words:
    def __init__(self, catalogue: Catalogue, korean: bool) -> None:
        self.catalogue, self.korean = catalogue, korean
        built_in = {fact.name: fact for fact in (AS_OF_FACT, COUPLE_FACT, HOUSEHOLD_SIZE_FACT)}
        self.facts = {**catalogue.facts, **built_in}
        named = (self.facts, catalogue.derived, catalogue.parameters)
        self.labels: dict[str, Text] = {name: one.label for kind in named for name, one in kind.items()}

    def say(self, ko: str, en: str) -> str:
        return ko if self.korean else en

    def of(self, node: ast.expr) -> str:
        match node:
            case ast.Name(id=name):
                return f"[{self._label(name)}]"
            case ast.Constant(value=value):
                return f"{value:,}" if isinstance(value, int) else str(value)
            case ast.Subscript(value=ast.Name(id=name), slice=key):
                return self._entry(name, key)
            case ast.BinOp(left=left, op=op, right=right):
                return f"{self._part(left, node)} {SIGNS[type(op)]} {self._part(right, node)}"
            case ast.UnaryOp(op=ast.Not(), operand=operand):
                return self.say(f"{self._part(operand, node)} 아님", f"not {self._part(operand, node)}")
            case ast.UnaryOp(operand=operand):
                return f"−{self._part(operand, node)}"
            case ast.BoolOp(op=op, values=values):
                joint = (
                    self.say(" 그리고 ", " and ") if isinstance(op, ast.And) else self.say(" 또는 ", " or ")
                )
                return joint.join(self._part(value, node) for value in values)
            case ast.Compare(left=left, ops=ops, comparators=others):
                return self._comparison(left, ops, others)
            case ast.IfExp(test=test, body=body, orelse=orelse):
                yes, no, condition = self._part(body, node), self.of(orelse), self.of(test)
                return self.say(
                    f"{condition}이면 {yes}, 아니면 {no}", f"{yes} if {condition}, otherwise {no}"
                )
            case ast.Call(func=ast.Name(id=name), args=arguments):
                return self._call(name, arguments)
        return ast.unparse(node)

    def _label(self, name: str) -> str:
        return self.labels[name]["ko" if self.korean else "en"] if name in self.labels else name

    def _part(self, node: ast.expr, within: ast.expr) -> str:
        """A part in brackets where it would be read otherwise without."""
        looser = isinstance(node, ast.BoolOp | ast.IfExp) or (
            isinstance(node, ast.BinOp)
            and isinstance(within, ast.BinOp)
            and isinstance(within.op, ast.Mult)
            and not isinstance(node.op, ast.Mult)
        )
        return f"({self.of(node)})" if looser else self.of(node)

    def _entry(self, name: str, key: ast.expr) -> str:
        """An entry of a table; by household size or a fact it goes without saying which."""
        keys = key.elts if isinstance(key, ast.Tuple) else [key]
        parameter = self.catalogue.parameters.get(name)
        plain = [
            isinstance(one, ast.Name) and parameter is not None and one.id in parameter.by for one in keys
        ]
        if all(plain):
            return f"[{self._label(name)}]"
        return f"[{self._label(name)}({', '.join(self.of(one) for one in keys)})]"

    def _comparison(self, left: ast.expr, ops: list[ast.cmpop], others: list[ast.expr]) -> str:
        if len(ops) == 1 and (isinstance(ops[0], ast.In | ast.NotIn) or isinstance(others[0], ast.Constant)):
            codes = others[0].elts if isinstance(others[0], ast.Tuple) else [others[0]]
            words = [self._code(left, code) for code in codes]
            if all(words):
                listed = self.say("·".join(words), " or ".join(words))
                refused = isinstance(ops[0], ast.NotIn | ast.NotEq)
                isnt = self.say(f"{self.of(left)} {listed} 아님", f"{self.of(left)} is not {listed}")
                return isnt if refused else f"{self.of(left)} = {listed}"
        parts = [self.of(left)]
        for op, other in zip(ops, others, strict=True):
            parts += [SIGNS[type(op)], self.of(other)]
        return " ".join(parts)

    def _code(self, left: ast.expr, code: ast.expr) -> str:
        fact = self.facts.get(left.id) if isinstance(left, ast.Name) else None
        if fact is None or not isinstance(code, ast.Constant) or code.value not in fact.codes:
            return ""
        return fact.code_labels[fact.codes.index(str(code.value))]["ko" if self.korean else "en"]

    def _call(self, name: str, arguments: list[ast.expr]) -> str:
        if name in ("min", "max"):
            listed = ", ".join(map(self.of, arguments))
            which = self.say("적은", "lesser") if name == "min" else self.say("많은", "greater")
            return self.say(f"({listed}) 가운데 {which} 것", f"the {which} of ({listed})")
        if name == "entitled" and isinstance(arguments[0], ast.Name):
            programme = self.catalogue.programmes.get(arguments[0].id)
            title = programme.name["ko" if self.korean else "en"] if programme else arguments[0].id
            return self.say(f"[{title}] 대상", f"entitled to [{title}]")
        if name.startswith("round_"):
            how, unit = ROUNDED[name.removeprefix("round_")], self.of(arguments[1])
            return self.say(
                f"{self.of(arguments[0])}({unit}원 단위 {how[0]})",
                f"{self.of(arguments[0])} ({how[1]} to {unit})",
            )
        said: Callable[[str], str] = self.say(*OF_MEMBERS.get(name, (name + " {}", name + " {}"))).format
        return said(self.of(arguments[0]))
