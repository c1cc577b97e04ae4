"""What a product file may say: a small part of Python, read before anything of it is run.

Allowed are one import of the vocabulary, classes that declare and define hooks, and expressions
over columns. Clock, I/O, chance, loops without end and ways around these rules have no words here.
"""

import ast
from dataclasses import dataclass
from typing import Final

VOCABULARY: Final = "yunjin.foundation.banking.domain.products.vocabulary"
SOURCE_MAX: Final = 100_000
_BUILTINS: Final = {"int", "bool", "len", "min", "max", "abs", "range", "enumerate", "zip"}
_WORDS: Final = """
    Module ClassDef FunctionDef arguments arg Return Expr Pass Assign AnnAssign AugAssign Name Load
    Store Attribute Constant Tuple List Dict Subscript Slice Starred Call keyword Yield YieldFrom
    For If IfExp BinOp UnaryOp Compare BoolOp operator unaryop cmpop boolop ImportFrom alias
    GeneratorExp ListComp comprehension
"""
_NODES: Final = tuple(getattr(ast, name) for name in _WORDS.split())


@dataclass(frozen=True, slots=True, order=True)
class Complaint:
    """Something in a product file that will not do."""

    line: int
    reason: str


def complaints(source: str, vocabulary: set[str]) -> list[Complaint]:
    """Return what is wrong with a product file, by line; empty where nothing is."""
    if len(source) > SOURCE_MAX:
        return [Complaint(1, f"expected at most {SOURCE_MAX} characters, was {len(source)}")]
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        return [Complaint(getattr(error, "lineno", None) or 1, f"expected Python: {error}")]
    reader = _Reader(vocabulary)
    reader.visit(tree)
    return sorted(set(reader.found))


class _Reader(ast.NodeVisitor):
    def __init__(self, vocabulary: set[str]) -> None:
        self._vocabulary = vocabulary
        self.found: list[Complaint] = []

    def _complain(self, node: ast.AST, reason: str) -> None:
        self.found.append(Complaint(getattr(node, "lineno", 1), reason))

    def generic_visit(self, node: ast.AST) -> None:
        if not isinstance(node, _NODES):
            self._complain(node, f"a product has no use for {type(node).__name__.lower()}")
            return
        super().generic_visit(node)

    def visit_Module(self, node: ast.Module) -> None:
        for statement in node.body:
            is_text = isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)
            fits = isinstance(statement, ast.ImportFrom | ast.ClassDef | ast.Assign | ast.AnnAssign)
            if not (is_text or fits):
                self._complain(statement, "expected an import, a constant or a class here")
        self.generic_visit(node)

    def visit_ImportFrom(self, node: ast.ImportFrom) -> None:
        if node.module != VOCABULARY or node.level:
            self._complain(node, f"expected no import but of {VOCABULARY}, was {node.module}")
            return
        for alias in node.names:
            if alias.name not in self._vocabulary or alias.asname:
                self._complain(node, f"the vocabulary has no word {alias.name!r}")

    def visit_Import(self, node: ast.Import) -> None:
        self._complain(node, f"expected no import but of {VOCABULARY}, was {node.names[0].name}")

    def visit_Name(self, node: ast.Name) -> None:
        if node.id.startswith("_"):
            self._complain(node, f"expected a name without a leading underscore, was {node.id!r}")

    def visit_Attribute(self, node: ast.Attribute) -> None:
        if node.attr.startswith("_"):
            self._complain(node, f"expected a name without a leading underscore, was {node.attr!r}")
        self.generic_visit(node)

    def visit_Call(self, node: ast.Call) -> None:
        called = node.func
        if isinstance(called, ast.Name):
            if called.id not in self._vocabulary | _BUILTINS:
                self._complain(node, f"expected a word of the vocabulary, was {called.id}()")
        elif isinstance(called, ast.Attribute):
            of_self = isinstance(called.value, ast.Name) and called.value.id in ("self", "super")
            if not of_self:
                self._complain(node, f"expected a word of the vocabulary, was .{called.attr}()")
        else:
            self._complain(node, "expected a plain call")
        self.generic_visit(node)

    def visit_FunctionDef(self, node: ast.FunctionDef) -> None:
        for decorator in node.decorator_list:
            if not (isinstance(decorator, ast.Name) and decorator.id == "event"):
                self._complain(decorator, "expected no decorator but @event")
        if node.name.startswith("_"):
            self._complain(node, f"expected a name without a leading underscore, was {node.name!r}")
        self.generic_visit(node)

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        if node.decorator_list or node.keywords:
            self._complain(node, "expected a plain class")
        self.generic_visit(node)

    def visit_BinOp(self, node: ast.BinOp) -> None:
        if isinstance(node.op, ast.Pow | ast.LShift | ast.MatMult):
            self._complain(node, "expected no power, shift or matrix product")
        if isinstance(node.op, ast.Div):
            self._complain(node, "expected whole numbers: use share() or //, was /")
        self.generic_visit(node)

    def visit_Constant(self, node: ast.Constant) -> None:
        if isinstance(node.value, float | complex):
            self._complain(node, f"expected whole numbers, was {node.value!r}")
        if isinstance(node.value, str | bytes) and len(node.value) > 10_000:
            self._complain(node, "expected a text of reasonable length")


def line_of(source: str, name: str) -> int:
    """Return the line on which a product's class says what a name is, or begins."""
    for node in ast.parse(source).body:
        if isinstance(node, ast.ClassDef):
            for statement in node.body:
                targets = getattr(statement, "targets", None) or [getattr(statement, "target", 0)]
                if any(isinstance(one, ast.Name) and one.id == name for one in targets):
                    return statement.lineno
            return node.lineno
    return 1


def rule_lines(source: str) -> int:
    """Count the lines that are rules: statements inside functions, without docstrings and `def`."""
    lines: set[int] = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef):
            for statement in node.body:
                text = isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)
                if not text:
                    lines |= set(range(statement.lineno, (statement.end_lineno or 0) + 1))
    return len(lines)
