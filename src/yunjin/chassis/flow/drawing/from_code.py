"""From a flow's function to a chart: its statements become shapes, its branches lines."""

import ast
import copy
import inspect
import textwrap
from dataclasses import dataclass, field, replace
from typing import Any

from yunjin.chassis.flow.drawing.asked import SILENT, Asking, OperationOf, has_timeout, timer
from yunjin.chassis.flow.drawing.charts import Chart, Line, Shape, ShapeKind
from yunjin.chassis.flow.drawing.code_values import Names, expression, short, yields_in
from yunjin.chassis.flow.registry import Definition

_STOPPING = ast.Return | ast.Raise | ast.Break | ast.Continue


@dataclass(frozen=True, slots=True)
class Open:
    """A way that leads on from a shape. name, condition, is_default: of the line to come."""

    source: str
    name: str = ""
    condition: str = ""
    is_default: bool = False


Ways = list[Open]


@dataclass(slots=True)
class _Loop:
    """A loop that is being drawn: where it goes on, and the ways out of it."""

    head: str
    out: Ways = field(default_factory=list)


def chart_of(definition: Definition, operation_of: OperationOf = lambda *_: None) -> Chart:
    """Return a flow's chart, not laid yet; the same code is the same chart.

    Parameters
    ----------
    operation_of : the operation that a method of an object is, if it is one of a centre's.

    A function whose source is not there (a frozen program) is one shape.
    """
    if definition.drawn is not None:
        found: Chart = definition.drawn()
        return found
    function: Any = definition.function
    chart = Chart(code=definition.name, name=definition.name)
    try:
        tree = ast.parse(textwrap.dedent(inspect.getsource(function)))
    except (OSError, TypeError, SyntaxError):
        tree = ast.parse("def unknown():\n    yield code")
    body = next(one for one in ast.walk(tree) if isinstance(one, ast.FunctionDef))
    _Drawer(chart, Asking(Names(function), operation_of), Names(function)).draw(body)
    return chart


class _Drawer:
    """Draws one function."""

    def __init__(self, chart: Chart, asking: Asking, names: Names) -> None:
        self._chart, self._asking, self._names = chart, asking, names
        self._counts: dict[str, int] = {}
        self._loops: list[_Loop] = []
        self._watched: list[list[str]] = []  # by try: the shapes whose refusal it catches

    def draw(self, function: ast.FunctionDef) -> None:
        start = self._add(ShapeKind.START)
        ways = self._block(function.body, [Open(start.id)])
        if ways:
            self._join(ways, self._add(ShapeKind.END))

    def _id(self, kind: ShapeKind) -> str:
        word = "gateway" if kind.is_gateway else ("event" if kind.is_event else "task")
        word = {"startEvent": "start", "endEvent": "end"}.get(kind.value, word)
        self._counts[word] = self._counts.get(word, 0) + 1
        return f"{word}_{self._counts[word]}"

    def _add(self, kind: ShapeKind, **more: Any) -> Shape:
        shape = Shape(id=self._id(kind), kind=kind, **more)
        self._chart.shapes.append(shape)
        return shape

    def _join(self, ways: Ways, shape: Shape) -> Ways:
        """Lead the open ways to a shape; return the way that leads on from it."""
        for way in ways:
            number = len(self._chart.lines) + 1
            self._chart.lines.append(
                Line(
                    id=f"line_{number}",
                    source=way.source,
                    target=shape.id,
                    name=way.name,
                    condition=way.condition,
                    is_default=way.is_default,
                )
            )
        return [Open(shape.id)]

    def _block(self, body: list[ast.stmt], ways: Ways) -> Ways:
        for one in body:
            if not ways:
                break
            ways = self._statement(one, ways)
        return ways

    def _statement(self, one: ast.stmt, ways: Ways) -> Ways:
        match one:
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
                return ways
            case ast.If():
                return self._if(one, ways) if _matters(one) else ways
            case ast.For() | ast.While():
                return self._loop(one, ways) if _matters(one) else ways
            case ast.Try():
                return self._try(one, ways) if _matters(one) else ways
            case ast.With():
                return self._block(one.body, ways)
            case ast.Match():
                return self._match(one, ways) if _matters(one) else ways
            case ast.Return():
                ways = self._yields(one, ways, "")
                self._join(ways, self._add(ShapeKind.END))
                return []
            case ast.Raise():
                return self._raise(one, ways)
            case ast.Break():
                self._loops[-1].out += ways
                return []
            case ast.Continue():
                self._join(ways, self._chart.shape(self._loops[-1].head))
                return []
        return self._yields(one, ways, _target(one))

    def _yields(self, one: ast.AST, ways: Ways, target: str) -> Ways:
        """Draw what a statement asks for. target: takes the answer of the last."""
        found = yields_in(one)
        for at, each in enumerate(found):
            ways = self._asked(each, ways, target if at == len(found) - 1 else "")
        return ways

    def _asked(self, one: ast.Yield | ast.YieldFrom, ways: Ways, target: str) -> Ways:
        asked = one.value
        if asked is None or self._asking.called(asked) in SILENT:
            return ways
        if self._asking.called(asked) == "gather" and isinstance(asked, ast.Call):
            parts = [each for each in asked.args if not isinstance(each, ast.Starred)]
            if len(parts) == len(asked.args) > 1:
                return self._gather(parts, ways)
        if (
            self._asking.called(asked) == "signal"
            and isinstance(asked, ast.Call)
            and has_timeout(asked)
        ):
            return self._signal_or_time(asked, ways)
        shape = self._asking.shape("", asked, target)
        return self._placed(shape, ways)

    def _placed(self, shape: Shape, ways: Ways) -> Ways:
        shape.id = self._id(shape.kind)
        self._chart.shapes.append(shape)
        if not shape.kind.is_event:
            for watched in self._watched[-1:]:
                watched.append(shape.id)
        return self._join(ways, shape)

    def _gather(self, parts: list[ast.expr], ways: Ways) -> Ways:
        split = self._add(ShapeKind.PARALLEL)
        self._join(ways, split)
        ends: Ways = []
        for part in parts:
            ends += self._placed(self._asking.shape("", part, ""), [Open(split.id)])
        return self._join(ends, self._add(ShapeKind.PARALLEL))

    def _signal_or_time(self, asked: ast.Call, ways: Ways) -> Ways:
        """Draw a word that is waited for until a time: whichever comes first."""
        gateway = self._add(ShapeKind.FIRST)
        self._join(ways, gateway)
        heard = self._placed(self._asking.shape("", asked, ""), [Open(gateway.id)])
        said = timer(asked)
        late = Shape(id="", kind=ShapeKind.CATCH, event="timer", said=said, name=said)
        return heard + self._placed(late, [Open(gateway.id)])

    def _if(self, one: ast.If, ways: Ways) -> Ways:
        ways = self._yields(one.test, ways, "")
        said = expression(one.test) if not yields_in(one.test) else ""
        gateway = self._add(ShapeKind.CHOICE, name=self._question(one.test))
        self._join(ways, gateway)
        condition = f"={said}" if said else f"={short(one.test)}"
        yes = self._block(one.body, [Open(gateway.id, "yes", condition)])
        return yes + self._block(one.orelse, [Open(gateway.id, "no", is_default=True)])

    def _match(self, one: ast.Match, ways: Ways) -> Ways:
        ways = self._yields(one.subject, ways, "")
        gateway = self._add(ShapeKind.CHOICE, name=short(one.subject, 40))
        self._join(ways, gateway)
        ends: Ways = []
        for case in one.cases:
            said = short(case.pattern, 40)
            is_rest = said == "_"
            condition = "" if is_rest else f"={short(one.subject)} = {said}"
            way = Open(gateway.id, "" if is_rest else said, condition, is_default=is_rest)
            ends += self._block(case.body, [way])
        has_rest = any(short(case.pattern) == "_" for case in one.cases)
        return ends if has_rest else [*ends, Open(gateway.id, is_default=True)]

    def _loop(self, one: ast.For | ast.While, ways: Ways) -> Ways:
        if isinstance(one, ast.For):
            ways = self._yields(one.iter, ways, "")
            name = f"{short(one.target, 20)} in {self._named(one.iter)}"
            condition = f"={name}"
        else:
            name = self._question(one.test)
            condition = f"={expression(one.test) or short(one.test)}"
        is_endless = isinstance(one, ast.While) and isinstance(one.test, ast.Constant)
        head = self._add(ShapeKind.CHOICE, name="" if is_endless else name)
        self._join(ways, head)
        loop = _Loop(head.id)
        self._loops.append(loop)
        first = Open(head.id) if is_endless else Open(head.id, "next", condition)
        before = [first]
        if isinstance(one, ast.While) and not is_endless:
            before = [replace(first, name="yes")]
            before = self._yields(one.test, before, "")
        self._join(self._block(one.body, before), head)
        self._loops.pop()
        if is_endless:
            return loop.out
        done = Open(head.id, "done", is_default=True)
        return loop.out + self._block(one.orelse, [done])

    def _try(self, one: ast.Try, ways: Ways) -> Ways:
        watched: list[str] = []
        self._watched.append(watched)
        ways = self._block(one.body, ways)
        self._watched.pop()
        ways = self._block(one.orelse, ways)
        for handler in one.handlers:
            name = short(handler.type, 40) if handler.type is not None else "any problem"
            code = self._names.code_of(handler.type) if handler.type is not None else ""
            code = "" if code.startswith("kernel/") else code  # of a kind: any of it
            caught = [
                self._add(ShapeKind.EDGE, name=name, event="error", said=code, host=host)
                for host in watched
            ]
            if caught:
                ways += self._block(handler.body, [Open(each.id) for each in caught])
        return self._block(one.finalbody, ways)

    def _raise(self, one: ast.Raise, ways: Ways) -> Ways:
        made = one.exc.func if isinstance(one.exc, ast.Call) else one.exc
        code = self._names.code_of(made) if made is not None else ""
        name = short(made, 40) if made is not None else "as it was"
        self._join(ways, self._add(ShapeKind.END, name=name, event="error", said=code))
        return []

    def _question(self, test: ast.AST) -> str:
        """Return a test as a gateway's question."""
        return f"{self._named(test)}?"

    def _named(self, node: ast.AST) -> str:
        """Return an expression in which what it asks for is named only."""
        called = self._asking.called

        class Naming(ast.NodeTransformer):
            def visit_Yield(self, inner: ast.Yield) -> ast.AST:
                return ast.Name(called(inner.value) or "answer")

            def visit_YieldFrom(self, inner: ast.YieldFrom) -> ast.AST:
                return ast.Name(called(inner.value) or "answer")

        return short(Naming().visit(copy.deepcopy(node)), 40)


def _matters(one: ast.stmt) -> bool:
    """Return whether a statement asks for something, or ends the flow or a loop."""
    if yields_in(one):
        return True
    return any(isinstance(each, _STOPPING) for each in ast.walk(one) if each is not one)


def _target(one: ast.stmt) -> str:
    """Return the variable that takes a statement's answer; "" where it is none or several."""
    targets = one.targets if isinstance(one, ast.Assign) else []
    if isinstance(one, ast.AnnAssign):
        targets = [one.target]
    is_whole = isinstance(one, ast.Assign | ast.AnnAssign) and isinstance(
        one.value, ast.Yield | ast.YieldFrom
    )
    is_one = is_whole and len(targets) == 1 and isinstance(targets[0], ast.Name)
    return targets[0].id if is_one and isinstance(targets[0], ast.Name) else ""
