"""Reads one expression of a programme file into typed nodes, or says in plain words why it cannot.

The notation is Python's, read with the standard `ast` module and a positive list: what is not named here does not exist.
Nothing is ever evaluated by Python itself, so an expression cannot reach a file, a table, the clock or the network.
"""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction

from welfare.rules import nodes
from welfare.rules.nodes import HOUSEHOLD, NUMERIC, ORDERED, PERSON, Node

LENGTH_MAX = 1000  # characters of one expression; a criterion is one line
DEPTH_MAX = 30  # nested levels; deeper text is an attack or a mistake
INTEGER_MAX = 10**12  # largest literal; amounts of money are parameters anyway

WORD = re.compile(r"[a-z][a-z0-9_]*\Z")
AGGREGATES = {
    "any_member": "any",
    "all_members": "all",
    "count_members": "count",
    "sum_members": "sum",
    "max_member": "max",
    "min_member": "min",
}
SPOUSE = {"any_spouse": "any", "sum_spouse": "sum"}
ROUNDINGS = {"round_up": "up", "round_down": "down", "round_half_up": "half_up"}
ELAPSED = {"years_between": "years", "months_between": "months"}
FUNCTIONS = (*AGGREGATES, *SPOUSE, *ROUNDINGS, *ELAPSED, "min", "max", "entitled")


class ExpressionError(ValueError):
    """An expression that cannot be read: what is wrong and how to mend it."""

    def __init__(self, what: str, mend: str = "") -> None:
        super().__init__(what)
        self.what = what
        self.mend = mend


class UnknownNameError(ExpressionError):
    """Speaks of something the catalogue does not have; perhaps only because its file could not be read."""


@dataclass(frozen=True)
class Meaning:
    """What a name stands for: its type, whose it is, and the codes it may take."""

    type: str
    scope: str
    codes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Table:
    """What a parameter name stands for: its type and the facts it is keyed by."""

    type: str
    by: tuple[str, ...] = ()


@dataclass(frozen=True)
class Vocabulary:
    """Everything an expression may speak of."""

    names: Mapping[str, Meaning]
    parameters: Mapping[str, Table]
    programmes: Mapping[str, str]  # id -> subject


def read(text: object, vocabulary: Vocabulary, scope: str, wanted: tuple[str, ...]) -> Node:
    """The typed expression behind `text`.

    `scope` is whose value is wanted ("household" or "person"), `wanted` the types that may come out.
    Raises ExpressionError.
    """
    if not isinstance(text, str | int) or isinstance(text, bool):
        raise ExpressionError(f"{text!r} is not an expression", "write the rule as text on one line")
    source = str(text).strip()
    node = _Reader(vocabulary, scope).node(_parse(source))
    if node.scope == PERSON and scope == HOUSEHOLD:
        raise ExpressionError(
            f"{source}: speaks of a person, but the value belongs to the household",
            "lead from the members to the household with any_member(...), count_members(...) or sum_members(...)",
        )
    if node.type not in wanted and _is_zero(node) and set(wanted) & set(NUMERIC):
        return nodes.Constant(0, wanted[0])
    if node.type not in wanted:
        mend = "write a comparison, for instance age >= pension_age" if wanted == ("bool",) else ""
        if "won" in wanted and node.type == "int":
            mend = "an amount of money is a dated parameter with its law, not a number in the rule"
        raise ExpressionError(
            f"{source}: gives {_type(node.type)}, wanted is {' or '.join(map(_type, wanted))}", mend
        )
    return node


def _parse(source: str) -> ast.expr:
    if len(source) > LENGTH_MAX:
        raise ExpressionError(
            f"the expression has {len(source)} characters, more than {LENGTH_MAX}",
            "split it with derived values",
        )
    if not source:
        raise ExpressionError("the rule is empty", "write a condition or a number")
    if "__" in source:
        raise ExpressionError(
            f"{source[:60]}: names with two underscores are not in the rule language",
            "use the declared names",
        )
    if strange := next((sign for sign in source if not " " <= sign <= "~" or sign in "\\#"), None):
        raise ExpressionError(
            f"{source[:60]}: {strange!r} (character {source.index(strange) + 1}) is not in the rule language",
            "a rule is one line of small Latin letters, digits and the usual signs",
        )
    try:
        with warnings.catch_warnings():
            warnings.simplefilter(
                "error"
            )  # what Python only warns of, such as `1if`, is unclear to people too
            tree = ast.parse(source, mode="eval").body
    except SyntaxError as error:
        raise ExpressionError(
            f"{source[:200]}: cannot be read ({error.msg}, at character {error.offset})",
            "check brackets and signs",
        ) from None
    except (ValueError, RecursionError, MemoryError):
        raise ExpressionError(f"{source[:60]} …: cannot be read", "split it with derived values") from None
    if _depth(tree) > DEPTH_MAX:
        raise ExpressionError(
            f"{source[:60]} …: nested deeper than {DEPTH_MAX} levels", "split it with derived values"
        )
    return tree


def _depth(tree: ast.AST) -> int:
    """Levels of nesting, counted without recursion because the depth is what is in doubt."""
    deepest, level = 0, [tree]
    while level and deepest <= DEPTH_MAX:
        deepest += 1
        level = [
            child for node in level for child in ast.iter_child_nodes(node) if isinstance(child, ast.expr)
        ]
    return deepest


def _is_zero(node: Node) -> bool:
    return isinstance(node, nodes.Constant) and node.value == 0 and node.type == "int"


def _type(name: str) -> str:
    return {
        "bool": "yes/no",
        "int": "a count",
        "won": "won",
        "rate": "a rate",
        "code": "a code",
        "date": "a date",
    }[name]


class _Reader:
    """Walks one expression; remembers whose scope it is in."""

    def __init__(self, vocabulary: Vocabulary, scope: str) -> None:
        self.vocabulary = vocabulary
        self.scope = scope
        self.inside: str | None = None  # the aggregate being read

    def node(self, tree: ast.expr) -> Node:
        reader: Callable[[ast.expr], Node] | None = getattr(self, f"_{type(tree).__name__.lower()}", None)
        if reader is None:
            raise ExpressionError(
                f"{_source(tree)}: {_construct(tree)} is not in the rule language",
                "allowed are names, whole numbers, + - *, comparisons, and/or/not, `a if c else b`, parameter[key] and "
                + ", ".join(FUNCTIONS),
            )
        return reader(tree)

    # Leaves -------------------------------------------------------------------------------------------------------------------

    def _constant(self, tree: ast.Constant) -> Node:
        if isinstance(tree.value, bool):
            return nodes.Constant(tree.value, "bool")
        if isinstance(tree.value, int):
            if abs(tree.value) > INTEGER_MAX:
                raise ExpressionError(
                    f"{str(tree.value)[:40]} …: the number is too large",
                    f"at most {INTEGER_MAX:,}; amounts are parameters",
                )
            return nodes.Constant(tree.value, "int")
        if isinstance(tree.value, str):
            raise ExpressionError(
                f'"{tree.value[:40]}": a code can only be compared',
                'write for instance tenure == "monthly_rent"',
            )
        raise ExpressionError(
            f"{_source(tree)}: only whole numbers may stand in a rule",
            "put the share into a dated parameter of type rate, for instance value: 32/100",
        )

    def _name(self, tree: ast.Name) -> Node:
        name = tree.id
        if not WORD.match(name):
            raise ExpressionError(f"{name}: a name is written in small Latin letters, digits and _")
        meaning = self.vocabulary.names.get(name)
        if meaning is not None:
            if meaning.scope == PERSON and self.scope == HOUSEHOLD:
                raise ExpressionError(
                    f"{name}: is a fact of a person, and this rule speaks of the household",
                    f"say which members, for instance any_member({name} …) or sum_members({name})",
                )
            return nodes.Name(name, meaning.type, meaning.scope)
        table = self.vocabulary.parameters.get(name)
        if table is None:
            raise UnknownNameError(f"{name}: no such fact, derived value or parameter", self._nearest(name))
        if table.by:
            raise ExpressionError(f"{name}: is a table", f"say which entry: {name}[{', '.join(table.by)}]")
        return nodes.Parameter(name, table.type)

    def _nearest(self, name: str) -> str:
        import difflib

        known = [*self.vocabulary.names, *self.vocabulary.parameters]
        close = difflib.get_close_matches(name, known, n=1)
        return f"did you mean {close[0]}?" if close else "declare it in facts/, derived/ or parameters/"

    def _subscript(self, tree: ast.Subscript) -> Node:
        if not isinstance(tree.value, ast.Name) or tree.value.id not in self.vocabulary.parameters:
            known = isinstance(tree.value, ast.Name) and tree.value.id not in self.vocabulary.names
            raise (UnknownNameError if known else ExpressionError)(
                f"{_source(tree)}: only a parameter table can be looked up with [ ]",
                "declare the table in parameters/",
            )
        name = tree.value.id
        table = self.vocabulary.parameters[name]
        trees = tree.slice.elts if isinstance(tree.slice, ast.Tuple) else [tree.slice]
        if len(trees) != len(table.by):
            wanted = f"keyed by {', '.join(table.by)}" if table.by else "not a table"
            raise ExpressionError(f"{_source(tree)}: {name} is {wanted}")
        keys = tuple(self._key(key, by, name) for key, by in zip(trees, table.by, strict=True))
        return nodes.Parameter(name, table.type, keys)

    def _key(self, tree: ast.expr, by: str, table: str) -> Node:
        key = self.node(tree)
        meaning = self.vocabulary.names[by]
        if meaning.type == "code":
            if not isinstance(key, nodes.Name) or self.vocabulary.names[key.name].codes != meaning.codes:
                raise ExpressionError(
                    f"{table}[{_source(tree)}]: the table is keyed by {by}", f"write {table}[{by}]"
                )
        elif key.type != "int":
            raise ExpressionError(
                f"{table}[{_source(tree)}]: the key is {_type(key.type)}, wanted is a count"
            )
        return key

    # Logic --------------------------------------------------------------------------------------------------------------------

    def _bool(self, tree: ast.expr) -> Node:
        node = self.node(tree)
        if node.type != "bool":
            raise ExpressionError(
                f"{_source(tree)}: gives {_type(node.type)}, wanted is yes/no",
                "write a comparison or a yes/no fact",
            )
        return node

    def _boolop(self, tree: ast.BoolOp) -> Node:
        items = tuple(self._bool(value) for value in tree.values)
        return nodes.And(items) if isinstance(tree.op, ast.And) else nodes.Or(items)

    def _unaryop(self, tree: ast.UnaryOp) -> Node:
        if isinstance(tree.op, ast.Not):
            return nodes.Not(self._bool(tree.operand))
        if isinstance(tree.op, ast.USub):
            node = self._number(tree.operand)
            return nodes.Subtract(nodes.Constant(0, node.type), node, node.type)
        raise ExpressionError(f"{_source(tree)}: this sign is not in the rule language")

    def _compare(self, tree: ast.Compare) -> Node:
        left, pairs = tree.left, []
        for operator, right in zip(tree.ops, tree.comparators, strict=True):
            pairs.append(self._pair(left, operator, right))
            left = right
        return pairs[0] if len(pairs) == 1 else nodes.And(tuple(pairs))

    def _pair(self, left_tree: ast.expr, operator: ast.cmpop, right_tree: ast.expr) -> Node:
        text = f"{_source(left_tree)} … {_source(right_tree)}"
        if isinstance(operator, ast.In | ast.NotIn):
            node = self._one_of(left_tree, right_tree)
            return nodes.Not(node) if isinstance(operator, ast.NotIn) else node
        if isinstance(operator, ast.Is | ast.IsNot):
            raise ExpressionError(
                f"{text}: `is` is not in the rule language", "compare with ==; an unknown fact needs no test"
            )
        for this, other in ((left_tree, right_tree), (right_tree, left_tree)):
            if isinstance(other, ast.Constant) and isinstance(other.value, str):
                node = self._one_of(this, other)
                if isinstance(operator, ast.Eq | ast.NotEq):
                    return nodes.Not(node) if isinstance(operator, ast.NotEq) else node
                raise ExpressionError(f"{text}: a code has no order", "compare it with == or in (...)")
        left, right = self._alike(self.node(left_tree), self.node(right_tree), text)
        if left.type == "bool":
            raise ExpressionError(
                f"{text}: compares yes/no values", "use the yes/no fact by itself, or with `not`"
            )
        if left.type not in ORDERED:
            raise ExpressionError(f"{text}: compares {_type(left.type)}", 'compare a code with "…"')
        match operator:
            case ast.LtE():
                return nodes.AtMost(left, right)
            case ast.GtE():
                return nodes.AtMost(right, left)
            case ast.Lt():
                return nodes.Not(nodes.AtMost(right, left))
            case ast.Gt():
                return nodes.Not(nodes.AtMost(left, right))
            case ast.Eq():
                return nodes.And((nodes.AtMost(left, right), nodes.AtMost(right, left)))
            case _:
                return nodes.Not(nodes.And((nodes.AtMost(left, right), nodes.AtMost(right, left))))

    def _one_of(self, tree: ast.expr, list_tree: ast.expr) -> Node:
        item = self.node(tree)
        if not isinstance(item, nodes.Name) or item.type != "code":
            raise ExpressionError(f"{_source(tree)}: is not a code fact, only those are compared with words")
        trees = list_tree.elts if isinstance(list_tree, ast.Tuple | ast.List) else [list_tree]
        if not trees:
            raise ExpressionError(
                f"{_source(tree)}: is compared with an empty list", 'write for instance in ("a", "b")'
            )
        codes = self.vocabulary.names[item.name].codes
        indexes = set()
        for code in trees:
            value = code.value if isinstance(code, ast.Constant) else None
            if value not in codes:
                raise ExpressionError(
                    f"{_source(code)}: is not a value of {item.name}", f"its values are {', '.join(codes)}"
                )
            indexes.add(codes.index(str(value)))
        return nodes.OneOf(item, frozenset(indexes))

    # Numbers ------------------------------------------------------------------------------------------------------------------

    def _number(self, tree: ast.expr) -> Node:
        node = self.node(tree)
        if node.type not in NUMERIC:
            raise ExpressionError(f"{_source(tree)}: gives {_type(node.type)}, wanted is a number")
        return node

    def _alike(self, left: Node, right: Node, text: str) -> tuple[Node, Node]:
        """Both of one type; a zero fits any number."""
        if left.type == right.type:
            return left, right
        if _is_zero(left) and right.type in NUMERIC:
            return nodes.Constant(0, right.type), right
        if _is_zero(right) and left.type in NUMERIC:
            return left, nodes.Constant(0, left.type)
        mend = ""
        if "won" in (left.type, right.type) and "int" in (left.type, right.type):
            mend = "an amount of money is a dated parameter with its law, not a number in the rule"
        raise ExpressionError(f"{text}: mixes {_type(left.type)} with {_type(right.type)}", mend)

    def _binop(self, tree: ast.BinOp) -> Node:
        left, right, text = self._number(tree.left), self._number(tree.right), _source(tree)
        if isinstance(tree.op, ast.Add | ast.Sub):
            left, right = self._alike(left, right, text)
            made = nodes.Add if isinstance(tree.op, ast.Add) else nodes.Subtract
            return made(left, right, left.type)
        if isinstance(tree.op, ast.Mult):
            kinds = {left.type, right.type}
            if kinds == {"won"}:
                raise ExpressionError(
                    f"{text}: won times won has no meaning", "multiply won by a count or by a rate"
                )
            if kinds == {"int", "rate"}:
                return nodes.Multiply(left, right, "rate")
            return nodes.Multiply(
                left, right, "won" if "won" in kinds else "rate" if kinds == {"rate"} else "int"
            )
        if isinstance(tree.op, ast.Div | ast.FloorDiv):
            raise ExpressionError(
                f"{text}: division is not in the rule language", "multiply by a rate parameter such as 1/12"
            )
        raise ExpressionError(
            f"{text}: only + - * are in the rule language", "a share of something is a parameter of type rate"
        )

    def _ifexp(self, tree: ast.IfExp) -> Node:
        condition = self._bool(tree.test)
        yes, no = self._alike(self.node(tree.body), self.node(tree.orelse), _source(tree))
        if yes.type in ("code", "date"):
            raise ExpressionError(f"{_source(tree)}: `if` chooses between numbers or yes/no values")
        return nodes.Choose(condition, yes, no, yes.type)

    # Functions ----------------------------------------------------------------------------------------------------------------

    def _call(self, tree: ast.Call) -> Node:
        name = tree.func.id if isinstance(tree.func, ast.Name) else None
        if name not in FUNCTIONS:
            raise ExpressionError(
                f"{_source(tree.func)}(...): no such function in the rule language",
                f"there are {', '.join(FUNCTIONS)}",
            )
        if tree.keywords or any(isinstance(argument, ast.Starred) for argument in tree.args):
            raise ExpressionError(
                f"{_source(tree)}: arguments are given by position",
                "write each argument by itself, without names or stars",
            )
        if name in AGGREGATES:
            return self._aggregate(tree, AGGREGATES[name], HOUSEHOLD)
        if name in SPOUSE:
            if self.scope == HOUSEHOLD:
                raise ExpressionError(
                    f"{name}: only a person has a spouse, and this rule speaks of the household"
                )
            return self._aggregate(tree, SPOUSE[name], PERSON)
        if name in ("min", "max"):
            return self._extreme(tree, nodes.Least if name == "min" else nodes.Greatest)
        if name in ROUNDINGS:
            return self._round(tree, ROUNDINGS[name])
        if name in ELAPSED:
            return self._elapsed(tree, ELAPSED[name])
        return self._entitled(tree)

    def _arguments(self, tree: ast.Call, count: int) -> list[ast.expr]:
        if len(tree.args) != count:
            raise ExpressionError(
                f"{_source(tree)}: takes {count} argument{'s' * (count > 1)}, not {len(tree.args)}"
            )
        return tree.args

    def _aggregate(self, tree: ast.Call, kind: str, scope: str) -> Node:
        (body_tree,) = self._arguments(tree, 1)
        if self.inside:
            raise ExpressionError(
                f"{_source(tree)}: stands inside {self.inside}(...)",
                "declare the inner part as a derived value",
            )
        outer, self.scope = self.scope, PERSON
        self.inside = _source(tree.func)
        try:
            body = self._bool(body_tree) if kind in ("any", "all", "count") else self._number(body_tree)
        finally:
            self.scope, self.inside = outer, None
        if kind in ("sum", "max", "min") and body.type == "rate":
            raise ExpressionError(f"{_source(tree)}: rates are not added up over members")
        made = nodes.Members if scope == HOUSEHOLD else nodes.Spouse
        return made(kind, body, {"any": "bool", "all": "bool", "count": "int"}.get(kind, body.type))

    def _extreme(self, tree: ast.Call, made: type[nodes.Least]) -> Node:
        if len(tree.args) < 2:
            raise ExpressionError(f"{_source(tree)}: takes two or more numbers")
        items = [self._number(argument) for argument in tree.args]
        kind = next((item for item in items if not _is_zero(item)), items[0])
        return made(tuple(self._alike(item, kind, _source(tree))[0] for item in items), kind.type)

    def _round(self, tree: ast.Call, direction: str) -> Node:
        item_tree, unit_tree = self._arguments(tree, 2)
        unit = unit_tree.value if isinstance(unit_tree, ast.Constant) else None
        if not isinstance(unit, int) or isinstance(unit, bool) or not 1 <= unit <= 1_000_000:
            raise ExpressionError(f"{_source(tree)}: the unit is a whole number of won, for instance 10")
        item = self._number(item_tree)
        if item.type != "won":
            raise ExpressionError(f"{_source(tree)}: only won is rounded")
        return nodes.Round(direction, item, unit, "won")

    def _elapsed(self, tree: ast.Call, unit: str) -> Node:
        start_tree, end_tree = self._arguments(tree, 2)
        if not isinstance(end_tree, ast.Name) or end_tree.id != "as_of":
            raise ExpressionError(
                f"{_source(tree)}: time is counted up to as_of", "write the later day as as_of"
            )
        start = self.node(start_tree)
        if start.type != "date":
            raise ExpressionError(f"{_source(start_tree)}: gives {_type(start.type)}, wanted is a date")
        return nodes.Elapsed(unit, start)

    def _entitled(self, tree: ast.Call) -> Node:
        (programme_tree,) = self._arguments(tree, 1)
        programme = programme_tree.id if isinstance(programme_tree, ast.Name) else None
        subject = self.vocabulary.programmes.get(programme or "")
        if programme is None or subject is None:
            raise UnknownNameError(
                f"{_source(tree)}: no such programme", "write the id of a programme of this catalogue"
            )
        if subject == PERSON and self.scope == HOUSEHOLD:
            raise ExpressionError(
                f"{_source(tree)}: {programme} is a programme for persons",
                f"write any_member(entitled({programme}))",
            )
        return nodes.Entitled(programme, subject)


def _source(tree: ast.AST) -> str:
    try:
        text = ast.unparse(tree)
    except (RecursionError, ValueError):
        return "…"
    return text if len(text) <= 80 else text[:77] + "…"


def _construct(tree: ast.AST) -> str:
    return {
        "Lambda": "lambda",
        "JoinedStr": "an f-string",
        "Attribute": "a dot",
        "ListComp": "a comprehension",
        "GeneratorExp": "a comprehension",
        "SetComp": "a comprehension",
        "DictComp": "a comprehension",
        "Await": "await",
        "Yield": "yield",
        "YieldFrom": "yield",
        "Slice": "a slice",
        "Starred": "a star",
        "NamedExpr": ":=",
        "Dict": "a dictionary",
        "Set": "a set",
        "List": "a list",
        "Tuple": "a list of values",
    }.get(type(tree).__name__, type(tree).__name__)


def read_rate(text: object) -> Fraction:
    """An exact rate from `32/100`, `32 %`, `1.04 %` or a whole number.

    Raises ExpressionError.
    """
    source = str(text).strip()
    found = re.fullmatch(r"(-?\d{1,12})(?:/(\d{1,12})|(?:\.(\d{1,9}))?\s*(%)?)", source)
    if isinstance(text, bool) or not found or found[2] and int(found[2]) == 0:
        raise ExpressionError(f"{source[:40]!r} is not a rate", "write 32/100 or 32 %")
    if found[2]:
        return Fraction(int(found[1]), int(found[2]))
    if found[3] and not found[4]:
        raise ExpressionError(f"{source[:40]!r} is a decimal number", "write 104/100 or 104 %")
    value = Fraction(f"{found[1]}.{found[3] or 0}")
    return value / 100 if found[4] else value
