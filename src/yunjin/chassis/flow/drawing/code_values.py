"""Names and expressions in a flow's code: what a name stands for, what an expression says."""

import ast
import inspect
from collections.abc import Mapping
from types import FunctionType
from typing import Any, Final

from yunjin.kernel.errors import Problem

MISSING: Final = object()
_SIGNS: Final[dict[type[ast.AST], str]] = {
    ast.Eq: "=",
    ast.NotEq: "!=",
    ast.Lt: "<",
    ast.LtE: "<=",
    ast.Gt: ">",
    ast.GtE: ">=",
    ast.Is: "=",
    ast.IsNot: "!=",
    ast.Add: "+",
    ast.Sub: "-",
    ast.Mult: "*",
}
_WORDS: Final = {None: "null", True: "true", False: "false"}


class Names:
    """What the names of a function stand for when it is called."""

    def __init__(self, function: FunctionType) -> None:
        self._known: Mapping[str, Any] = inspect.getclosurevars(function).nonlocals
        self._globals: Mapping[str, Any] = function.__globals__

    def find(self, node: ast.AST) -> Any:
        """Return what `name` or `name.attribute` stands for; MISSING where that is not known."""
        if isinstance(node, ast.Constant):
            return node.value
        if isinstance(node, ast.Name):
            found = self._known.get(node.id, MISSING)
            return self._globals.get(node.id, MISSING) if found is MISSING else found
        if isinstance(node, ast.Attribute):
            owner = self.find(node.value)
            return MISSING if owner is MISSING else getattr(owner, node.attr, MISSING)
        return MISSING

    def code_of(self, node: ast.AST) -> str:
        """Return the code of the problem's class that a node names; "" where it is none."""
        found = self.find(node)
        is_problem = isinstance(found, type) and issubclass(found, Problem)
        return str(found.code) if is_problem else ""


def expression(node: ast.AST) -> str:
    """Return an expression as drawings write it; "" where they have no words for it."""
    try:
        return _written(node)
    except ValueError:
        return ""


def _written(node: ast.AST) -> str:
    match node:
        case ast.Constant(value=bool() | None as plain):
            return _WORDS[plain]
        case ast.Constant(value=int() as number):
            return str(number)
        case ast.Constant(value=str() as text) if '"' not in text:
            return f'"{text}"'
        case ast.Name(id=name):
            return name
        case ast.Attribute(value=owner, attr=name):
            return f"{_written(owner)}.{name}"
        case ast.Subscript(value=owner, slice=ast.Constant(value=str() as name)):
            if name.isidentifier():
                return f"{_written(owner)}.{name}"
        case ast.Compare(left=left, ops=[sign], comparators=[right]) if type(sign) in _SIGNS:
            return f"{_inner(left)} {_SIGNS[type(sign)]} {_inner(right)}"
        case ast.BinOp(left=left, op=sign, right=right) if type(sign) in _SIGNS:
            return f"{_inner(left)} {_SIGNS[type(sign)]} {_inner(right)}"
        case ast.UnaryOp(op=ast.Not(), operand=inner):
            return f"not {_inner(inner)}"
        case ast.UnaryOp(op=ast.USub(), operand=inner):
            return f"-{_inner(inner)}"
        case ast.BoolOp(op=sign, values=parts):
            word = " and " if isinstance(sign, ast.And) else " or "
            return word.join(_inner(one) for one in parts)
    raise ValueError(type(node).__name__)


def _inner(node: ast.AST) -> str:
    is_plain = isinstance(node, ast.Constant | ast.Name | ast.Attribute | ast.Subscript)
    return _written(node) if is_plain else f"({_written(node)})"


def yields_in(node: ast.AST) -> list[ast.Yield | ast.YieldFrom]:
    """Return the yields of a statement or expression, in the order they are come to."""
    found: list[ast.Yield | ast.YieldFrom] = []
    for one in ast.iter_child_nodes(node):
        if not isinstance(one, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda | ast.ClassDef):
            found += yields_in(one)
    if isinstance(node, ast.Yield | ast.YieldFrom):
        found.append(node)
    return found


def worded(name: str) -> str:
    """Return a name in code as words: `reserve_all` is Reserve all."""
    words = name.replace("_", " ").strip()
    return words[:1].upper() + words[1:]


def short(node: ast.AST, length: int = 60) -> str:
    """Return an expression as it stands in the code, cut to a length."""
    text = ast.unparse(node)
    return text if len(text) <= length else f"{text[: length - 1]}…"
