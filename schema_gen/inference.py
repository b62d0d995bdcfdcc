"""What a method without a return hint answers, as far as its own code says so beyond doubt.

Most of the world's serializer methods have no hint. Where each `return` is of a form that has one
type whatever the values are (`str(...)`, an f-string, a comparison, `len(...)`, a field of the
row), that is its type. Anything else is unknown: nothing is guessed.
"""

from __future__ import annotations

import ast
import builtins
import inspect
import json
import textwrap
from collections import OrderedDict
from dataclasses import dataclass, field, replace
from types import FunctionType
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from django.urls import reverse
from rest_framework.reverse import reverse as drf_reverse
from rest_framework.serializers import Serializer

from .types import EnumType, ListType, ObjectType, ScalarType

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from .types import TypeDescription

__all__ = ["infer"]

JSON = ScalarType("JSON", nullable=True)
NULL = ScalarType("null", nullable=True)
"""What `return None` is: nullable, and of any type."""
NOTHING = replace(NULL, nullable=False).signature
EMPTY = ListType(JSON)
"""What `[]` is: a list, of any type."""
MAX_INT = 2**31 - 1
FLOAT = ScalarType("Float", nullable=True)
"""Nullable, as NaN is a float and no number."""

CALLS: dict[Any, TypeDescription] = {
    **dict.fromkeys((str, repr, format, reverse, drf_reverse), ScalarType("String")),
    **dict.fromkeys((bool, isinstance, hasattr, any, all, callable), ScalarType("Boolean")),
    len: ScalarType("Int"),
    float: FLOAT,
    **dict.fromkeys((list, sorted), ListType(JSON)),
    **dict.fromkeys((dict, OrderedDict, json.loads), JSON),
}
"""Functions and classes whose result has one type, whatever they are given."""

NARROWED: dict[Any, TypeDescription] = {
    bool: ScalarType("Boolean"),
    dict: JSON,
    list: ListType(JSON),
    str: ScalarType("String"),
}
"""What `isinstance()` with a class says."""

TEXTS = frozenset({"Date", "DateTime", "Decimal", "Duration", "String", "Time", "UUID"})
WHOLE = ScalarType("Int", nullable=True)
"""A sum of whole numbers: nullable, as it may be too large for an Int."""

METHODS = {
    **dict.fromkeys(("exists", "startswith", "endswith"), "Boolean"),
    "count": "Int",
    **dict.fromkeys(
        ("build_absolute_uri", "capitalize", "isoformat", "join", "lower", "lstrip", "rstrip"),
        "String",
    ),
    **dict.fromkeys(("strftime", "strip", "upper"), "String"),
}
"""Methods that are of one type on every class that has them in Django and Python."""

FORMS = frozenset({"format", "lower", "replace", "strip", "title", "upper"})
"""Methods of a text that is written out in the code."""

SHOWN = frozenset({"context", "instance", "many"})
"""What a serializer is made with without another say in its fields."""

CONSTANTS = {bool: "Boolean", str: "String", int: "Int"}
_trees: WeakKeyDictionary[FunctionType, ast.FunctionDef | None] = WeakKeyDictionary()

HARMLESS_DECORATORS = frozenset({"property", "cached_property", "display", "staticmethod"})


def infer(
    function: Any,
    row: int | None = None,
    follow: Callable[[Sequence[str], bool], TypeDescription | None] | None = None,
    inherited: TypeDescription | None = None,
    shown: Callable[[type[Serializer[Any]]], TypeDescription | None] | None = None,
    present: Callable[[Sequence[str]], bool] | None = None,
) -> TypeDescription | None:
    """The type of what a function answers; None where its code does not say.

    It is nullable unless the code can't answer None, nor anything that its scalar can't hold.

    `row` is the position of the parameter that is the model instance, `follow` says the type of a
    chain of names that starts there, and is told whether the last of them is called. `inherited`
    is the type of what the method of the same name answers that it overrides, `shown` says the type
    of what a serializer class shows of one row, `present` whether the end of a chain is never None.
    """
    tree = _tree(function)
    if tree is None:
        return None
    parameters = [argument.arg for argument in (*tree.args.posonlyargs, *tree.args.args)]
    name = parameters[row] if row is not None and row < len(parameters) else None
    body = _Body(function.__globals__, parameters, name, follow, _assignments(tree))
    body = replace(body, shown=shown, present=present)
    if inherited is not None:
        body = replace(body, inherited={tree.name: inherited})
    if name is not None and name in body.assigned:
        if body.assigned[name] is None or not _is_replaced(name, tree.body):
            return None
        body = replace(body, row=None)
    found = _merged(
        replace(body, narrowed=body.lasting(tests)).type_of(node.value)
        for node, tests in _returns(tree.body, ())
    )
    if found is None or found is NULL:
        return None
    return found.optional() if _falls_through(tree.body) else found


def _is_replaced(name: str, body: Sequence[ast.stmt]) -> bool:
    """Whether a parameter is assigned before anything is returned, whatever happens."""
    for node in body:
        if isinstance(node, ast.Assign):
            if any(isinstance(target, ast.Name) and target.id == name for target in node.targets):
                return True
        elif any(isinstance(item, ast.Return) for item in ast.walk(node)):
            return False
    return False


def _returns(
    body: Sequence[ast.stmt], tests: tuple[ast.expr, ...]
) -> Iterable[tuple[ast.Return, tuple[ast.expr, ...]]]:
    """Each `return` of a function, with what the `if`s around it have found to be true."""
    for node in body:
        if isinstance(node, ast.Return):
            yield node, tests
        elif isinstance(node, ast.If):
            yield from _returns(node.body, (*tests, node.test))
            yield from _returns(node.orelse, tests)
        elif not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            for name in ("body", "handlers", "orelse", "finalbody", "cases"):
                for item in getattr(node, name, ()):
                    inside = item.body if hasattr(item, "body") else None
                    alone = isinstance(item, ast.stmt)
                    yield from _returns([item] if alone else inside or [], tests)


def _falls_through(body: Sequence[ast.stmt]) -> bool:
    """Whether a function may come to its end without a `return`, as far as the form shows."""
    last = body[-1]
    if isinstance(last, ast.If):
        return not last.orelse or _falls_through(last.body) or _falls_through(last.orelse)
    if isinstance(last, ast.With):
        return _falls_through(last.body)
    return not isinstance(last, ast.Return | ast.Raise)


def _tree(function: Any) -> ast.FunctionDef | None:
    if not isinstance(function, FunctionType) or hasattr(function, "__wrapped__"):
        return None
    # A method of a base serializer is met again in each that derives from it.
    if function not in _trees:
        _trees[function] = _parsed(function)
    return _trees[function]


def _parsed(function: FunctionType) -> ast.FunctionDef | None:
    try:
        module = ast.parse(textwrap.dedent(inspect.getsource(function)))
    except (OSError, TypeError, SyntaxError):
        return None
    tree = module.body[0]
    # `super()` reads the class from around the method.
    free = set(function.__code__.co_freevars) - {"__class__"}
    if not isinstance(tree, ast.FunctionDef) or free:
        return None
    decorators = {_last_name(node) for node in tree.decorator_list}
    yields = any(isinstance(node, ast.Yield | ast.YieldFrom) for node in _inside(tree))
    return None if yields or not decorators <= HARMLESS_DECORATORS else tree


def _last_name(node: ast.expr) -> str | None:
    node = node.func if isinstance(node, ast.Call) else node
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else None


def _inside(tree: ast.FunctionDef) -> Iterable[ast.AST]:
    """The nodes of a function that are not those of a function or class inside it."""
    pending: list[ast.AST] = list(tree.body)
    while pending:
        node = pending.pop(0)
        yield node
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Lambda):
            pending.extend(ast.iter_child_nodes(node))


def _assignments(tree: ast.FunctionDef) -> dict[str, ast.expr | None]:
    """The names that the function assigns: the value of one that is assigned once, plainly."""
    found: dict[str, ast.expr | None] = {}
    plain: dict[ast.expr, ast.expr] = {}
    for node in _inside(tree):
        if isinstance(node, ast.Assign) and len(node.targets) == 1:
            plain[node.targets[0]] = node.value
        if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load):
            found[node.id] = None if node.id in found else plain.get(node)
        elif isinstance(node, ast.FunctionDef | ast.ClassDef):
            found[node.name] = None
        elif isinstance(node, ast.Import | ast.ImportFrom):
            found |= dict.fromkeys(item.asname or item.name for item in node.names)
    return found


def _merged(types: Iterable[TypeDescription | None]) -> TypeDescription | None:
    """The one type of several branches; None if one is unknown or they differ."""
    merged: TypeDescription = NULL
    nullable = False
    for item in types:
        if item is None:
            return None
        nullable = nullable or item.nullable
        if item is NULL or merged is NULL:
            merged = item if merged is NULL else merged
        elif merged is EMPTY and isinstance(item, ListType):
            merged = item
        elif item is EMPTY and isinstance(merged, ListType):
            continue
        elif _is_text(merged) and _is_text(item):
            merged = merged if merged.signature == item.signature else ScalarType("String")
        elif merged.optional().signature == item.optional().signature:
            continue
        elif isinstance(merged, ListType) and isinstance(item, ListType):
            merged = ListType(JSON)
        else:
            return None
    return merged.optional() if nullable and merged is not NULL else merged


def _is_text(found: TypeDescription) -> bool:
    """Whether JSON has a text for it."""
    return isinstance(found, ScalarType) and found.name in TEXTS


@dataclass
class _Body:
    names: Mapping[str, Any]
    parameters: Sequence[str]
    row: str | None
    follow: Callable[[Sequence[str], bool], TypeDescription | None] | None
    assigned: Mapping[str, ast.expr | None] = field(default_factory=dict)
    inherited: Mapping[str, TypeDescription] = field(default_factory=dict)
    narrowed: Mapping[str, TypeDescription] = field(default_factory=dict)
    shown: Callable[[type[Serializer[Any]]], TypeDescription | None] | None = None
    present: Callable[[Sequence[str]], bool] | None = None

    def lasting(self, tests: Iterable[ast.expr]) -> dict[str, TypeDescription]:
        """The types of expressions that are known by `isinstance()`, and stay what they are."""
        found: dict[str, TypeDescription] = {}
        for test in tests:
            if not isinstance(test, ast.Call) or self._called(test) is not isinstance:
                continue
            item, classes = test.args
            cls = self._value(_chain(classes) or [""])
            type_ = NARROWED.get(cls) if isinstance(cls, type) else None
            chain = _chain(item)
            if type_ is not None and chain and chain[0] not in self.assigned:
                found[ast.dump(item)] = type_
        return found

    def type_of(self, node: ast.expr | None) -> TypeDescription | None:
        """The type of an expression, None where it has none for certain."""
        if node is None:
            return NULL
        if ast.dump(node) in self.narrowed:
            return self.narrowed[ast.dump(node)]
        read = getattr(self, f"_{type(node).__name__.lower()}", None)
        found: TypeDescription | None = read(node) if read is not None else None
        return found

    def _constant(self, node: ast.Constant) -> TypeDescription | None:
        return NULL if node.value is None else _of_value(node.value)

    def _joinedstr(self, node: ast.JoinedStr) -> TypeDescription:
        return ScalarType("String")

    def _compare(self, node: ast.Compare) -> TypeDescription | None:
        # `==` and `<` may be anything's own; `is` and `in` are always a truth value.
        fixed = all(isinstance(op, ast.Is | ast.IsNot | ast.In | ast.NotIn) for op in node.ops)
        sides = [self.type_of(side) for side in (node.left, *node.comparators)]
        known = any(isinstance(side, ScalarType | EnumType) for side in sides)
        return ScalarType("Boolean") if fixed or known else None

    def _unaryop(self, node: ast.UnaryOp) -> TypeDescription | None:
        return ScalarType("Boolean") if isinstance(node.op, ast.Not) else self.type_of(node.operand)

    def _boolop(self, node: ast.BoolOp) -> TypeDescription | None:
        values = [self.type_of(value) for value in node.values]
        if isinstance(node.op, ast.Or):
            # What stands before an `or` is answered where it is true: never None.
            first = [item and replace(item, nullable=False) for item in values[:-1]]
            values = [item for item in first if item is None or item.signature != NOTHING]
            values.append(self.type_of(node.values[-1]))
        return _merged(values)

    def _ifexp(self, node: ast.IfExp) -> TypeDescription | None:
        return _merged(self.type_of(branch) for branch in (node.body, node.orelse))

    def _binop(self, node: ast.BinOp) -> TypeDescription | None:
        left = self.type_of(node.left)
        sides = [item and item.optional() for item in (left, self.type_of(node.right))]
        if sides == [WHOLE, WHOLE] and isinstance(node.op, ast.Add | ast.Sub | ast.Mult):
            return WHOLE
        text = isinstance(left, ScalarType) and left.name == "String"
        return ScalarType("String") if text and isinstance(node.op, ast.Add | ast.Mod) else None

    def _dict(self, node: ast.Dict) -> TypeDescription:
        return JSON

    def _dictcomp(self, node: ast.DictComp) -> TypeDescription:
        return JSON

    def _list(self, node: ast.List) -> TypeDescription:
        return ListType(JSON) if node.elts else EMPTY

    def _listcomp(self, node: ast.ListComp) -> TypeDescription:
        text = isinstance(node.elt, ast.JoinedStr) or (
            isinstance(node.elt, ast.Call) and self._called(node.elt) is str
        )
        return ListType(ScalarType("String") if text else JSON)

    def _name(self, node: ast.Name) -> TypeDescription | None:
        value = self.assigned.get(node.id)
        if value is None:
            return self._global([node.id])
        # A variable that is made of itself would go round for ever.
        rest = {name: value for name, value in self.assigned.items() if name != node.id}
        hidden = [*self.parameters, node.id]
        found = replace(self, parameters=hidden, assigned=rest).type_of(value)
        # One that has a name may be filled before it is returned, a row with other keys as well.
        if isinstance(found.of if isinstance(found, ListType) else found, ObjectType):
            return None
        return ListType(JSON) if found is EMPTY else found

    def _attribute(self, node: ast.Attribute) -> TypeDescription | None:
        if node.attr == "data" and isinstance(node.value, ast.Call):
            return self._serialised(node.value)
        chain = _chain(node)
        if chain and chain[0] == self.row and self.follow is not None:
            return self.follow(chain[1:], False)
        return self._global(chain) if chain else None

    def _call(self, node: ast.Call) -> TypeDescription | None:
        called = self._called(node)
        if isinstance(node.func, ast.Attribute) and _is_super(node.func.value):
            return self.inherited.get(node.func.attr)
        try:
            if called in CALLS:
                return CALLS[called]
        except TypeError:
            return None
        one = len(node.args) == 1 and isinstance(node.args[0], ast.Constant)
        chain = _chain(node.func)
        if chain and chain[0] == self.row and self.follow and not (node.args or node.keywords):
            found = self.follow(chain[1:], True)
            if found is not None:
                return found
        if isinstance(node.func, ast.Attribute) and node.func.attr == "group" and one:
            # That of a match: None where the group has no part in it.
            return ScalarType("String", nullable=True)
        if isinstance(node.func, ast.Attribute) and node.func.attr in METHODS:
            return ScalarType(METHODS[node.func.attr])
        if isinstance(node.func, ast.Attribute) and node.func.attr in FORMS:
            written = node.func.value
            text = isinstance(written, ast.Constant) and isinstance(written.value, str)
            return ScalarType("String") if text else None
        return None

    def _serialised(self, node: ast.Call) -> TypeDescription | None:
        """What `SomeSerializer(row).data` is, or with `many=True`."""
        cls = self._called(node)
        given = {keyword.arg: keyword.value for keyword in node.keywords}
        many = given.get("many", ast.Constant(False))
        if not isinstance(cls, type) or not issubclass(cls, Serializer) or self.shown is None:
            return None
        if len(node.args) + ("instance" in given) != 1 or not given.keys() <= SHOWN:
            return None
        if not isinstance(many, ast.Constant) or not isinstance(many.value, bool):
            return None
        chain = _chain([*node.args, given.get("instance", many)][0])
        here = bool(chain) and chain[0] == self.row and self.present is not None
        if not many.value and not (here and self.present(chain[1:])):  # type: ignore[misc]
            # Without a row it shows the initial values of a form, which are no row.
            return None
        found = self.shown(cls)
        if found is None:
            return None
        row = replace(found, nullable=False)
        return (ListType(row) if many.value else row).optional()

    def _called(self, node: ast.Call) -> Any:
        chain = _chain(node.func)
        return self._value(chain) if chain else None

    def _global(self, chain: Sequence[str]) -> TypeDescription | None:
        return _of_value(self._value(chain))

    def _value(self, chain: Sequence[str]) -> Any:
        """What a dotted name stands for outside of the function, None for one of its own."""
        first, *rest = chain
        if first in self.parameters or first in self.assigned:
            return None
        value = self.names.get(first, getattr(builtins, first, None))
        for name in rest:
            value = inspect.getattr_static(value, name, None)
        return value


def _is_super(node: ast.expr) -> bool:
    """Whether it is `super()`, in its form without arguments."""
    named = isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
    return named and node.func.id == "super" and not node.args  # type: ignore[attr-defined]


def _of_value(value: Any) -> TypeDescription | None:
    if isinstance(value, int) and abs(value) > MAX_INT:
        return ScalarType("BigInt")
    if isinstance(value, float):
        return FLOAT
    scalar = CONSTANTS.get(type(value))
    return ScalarType(scalar) if scalar else None


def _chain(node: ast.expr) -> list[str]:
    """`obj.author.name` → its names; nothing for what is no such chain."""
    names: list[str] = []
    while isinstance(node, ast.Attribute):
        names.insert(0, node.attr)
        node = node.value
    return [node.id, *names] if isinstance(node, ast.Name) else []
