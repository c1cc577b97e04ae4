"""What a flow asks for at a yield, as a shape: read from the call that makes the intent."""

import ast
from collections.abc import Callable
from typing import Any, Final, TypeAlias

from yunjin.chassis.flow.drawing.charts import Mapped, Shape, ShapeKind
from yunjin.chassis.flow.drawing.code_values import MISSING, Names, expression, short, worded

# (what owns the method, the method) → the operation's name, and its parameters' names.
OperationOf: TypeAlias = Callable[[Any, str], tuple[str, list[str]] | None]
SILENT: Final = frozenset(["own_id", "started_version"])
_SECONDS: Final = "timeout_s", "seconds"
_MANY: Final = "each:"
_OURS: Final = "yunjin.chassis.flow"  # whose functions may have another name where they are used


class Asking:
    """Makes shapes of intents."""

    def __init__(self, names: Names, operation_of: OperationOf) -> None:
        self._names, self._operation_of = names, operation_of

    def called(self, node: ast.AST | None) -> str:
        """Return the name of what is called, without what it belongs to, whatever it is here."""
        function = node.func if isinstance(node, ast.Call) else None
        if function is None:
            return ""
        found = self._names.find(function)
        if getattr(found, "__module__", "").startswith(_OURS):
            return str(found.__name__)
        return function.attr if isinstance(function, ast.Attribute) else short(function, 40)

    def shape(self, shape_id: str, node: ast.AST, target: str) -> Shape:
        """Return the shape of what is asked for. target: the variable that takes the answer."""
        if not isinstance(node, ast.Call):
            return Shape(id=shape_id, kind=ShapeKind.TASK, name=short(node))
        match self.called(node):
            case "call" | "step" as how:
                return self._act(shape_id, node, target, is_call=how == "call")
            case "child":
                return self._child(shape_id, node)
            case "fan_out":
                return self._fan_out(shape_id, node)
            case "gather":
                return self._gathered(shape_id, node)
            case "signal" | "first_signal" as how:
                said = self._text(node.args[0]) if node.args else ""
                step = f"signal:{said}" if how == "signal" else ""
                kind = ShapeKind.CATCH
                return Shape(
                    id=shape_id, kind=kind, name=said, event="message", said=said, step=step
                )
            case "sleep" | "sleep_until":
                said = timer(node)
                kind = ShapeKind.CATCH
                return Shape(
                    id=shape_id, kind=kind, event="timer", said=said, name=said, step="sleep"
                )
            case "ask_person":
                return self._person(shape_id, node, target)
            case name:
                return Shape(id=shape_id, kind=ShapeKind.TASK, name=worded(name) or short(node))

    def _act(self, shape_id: str, node: ast.Call, target: str, *, is_call: bool) -> Shape:
        act = node.args[0] if node.args else node
        named = self._keyword(node, "name")
        plain = act.attr if isinstance(act, ast.Attribute) else short(act, 40)
        step = self._text(named) if named is not None else plain
        undo = self._keyword(node, "undo")
        shape = Shape(
            id=shape_id,
            kind=ShapeKind.SERVICE if is_call else ShapeKind.TASK,
            name=worded(step),
            step=step,
            undone_by="" if undo is None else short(undo, 40),
        )
        found = self._operation(act) if is_call else None
        if found is not None:
            operation, parameters = found
            given = dict(zip(parameters, node.args[1:], strict=False))
            inputs = [(name, _given(one)) for name, one in given.items()]
            outputs = [(target, "=answer")] if target else []
            shape.mapped = Mapped(operation=operation, inputs=inputs, outputs=outputs)
        return shape

    def _operation(self, act: ast.AST) -> tuple[str, list[str]] | None:
        if not isinstance(act, ast.Attribute):
            return None
        owner = self._names.find(act.value)
        return None if owner is MISSING else self._operation_of(owner, act.attr)

    def _child(self, shape_id: str, node: ast.Call) -> Shape:
        flow = self._text(node.args[0]) if node.args else ""
        name = worded(flow.rpartition(".")[2])
        kind = ShapeKind.CHILD
        return Shape(id=shape_id, kind=kind, name=name, said=flow, step=f"child:{flow}")

    def _fan_out(self, shape_id: str, node: ast.Call) -> Shape:
        each = node.args[1] if len(node.args) > 1 else node
        shape = self.shape(shape_id, each, "")
        shape.is_many, shape.mapped = True, None
        shape.step = f"{_MANY}{shape.step}"
        return shape

    def _gathered(self, shape_id: str, node: ast.Call) -> Shape:
        """Return the shape of a gather whose parts are made in a loop."""
        inner = [one for one in ast.walk(node) if self.called(one) in ("call", "step", "child")]
        shape = self.shape(shape_id, inner[0], "") if inner else None
        if shape is None:
            shape = Shape(id=shape_id, kind=ShapeKind.TASK, name="Gather")
        shape.is_many, shape.mapped = True, None
        return shape

    def _person(self, shape_id: str, node: ast.Call, target: str) -> Shape:
        task = node.args[1] if len(node.args) > 1 else node
        shape = Shape(id=shape_id, kind=ShapeKind.USER, name="Ask a person", step="ask_person")
        title, queue, form = (self._of_task(task, name) for name in ("title", "queue", "form"))
        if isinstance(title, str):
            shape.name = title
        outputs = [(target, "=answer")] if target else []
        fields = list(form) if isinstance(form, tuple | list) else []
        shape.mapped = Mapped(queue=str(queue or "general"), fields=fields, outputs=outputs)
        return shape

    def _of_task(self, task: ast.AST, name: str) -> Any:
        """Return a part of a task that is made here, or before."""
        if isinstance(task, ast.Call):
            given = self._keyword(task, name)
            found = MISSING if given is None else self._names.find(given)
        else:
            made = self._names.find(task)
            found = MISSING if made is MISSING else getattr(made, name, MISSING)
        return None if found is MISSING else found

    def _keyword(self, node: ast.Call, name: str) -> ast.expr | None:
        return next((one.value for one in node.keywords if one.arg == name), None)

    def _text(self, node: ast.AST) -> str:
        """Return the text that a node stands for, or the node as it is written."""
        if isinstance(node, ast.JoinedStr):
            parts = (
                str(one.value) if isinstance(one, ast.Constant) else "…" for one in node.values
            )
            return "".join(parts)
        found = self._names.find(node)
        found = getattr(found, "name", found)  # a Definition
        return found if isinstance(found, str) else short(node, 40)


def _given(node: ast.AST) -> str:
    """Return an argument as a drawing's value: what it cannot say stands as it is in the code."""
    said = expression(node)
    return f"={said}" if said else f"={short(node)}"


def timer(node: ast.Call) -> str:
    """Return how long a timer waits, as ISO 8601 where it is a number, or else the expression."""
    for word in node.keywords:
        if word.arg in _SECONDS:
            found = _number(word.value)
            return f"PT{found}S" if found is not None else f"={short(word.value, 40)}"
    given = node.args[0] if node.args else next((w.value for w in node.keywords), None)
    return f"={short(given, 40)}" if given is not None else "PT0S"


def has_timeout(node: ast.AST) -> bool:
    """Return whether a signal is not waited for without an end."""
    ending = ("timeout_s", "until_ns", "give_up_s")
    return isinstance(node, ast.Call) and any(
        word.arg in ending and not _is_none(word.value) for word in node.keywords
    )


def _is_none(node: ast.AST) -> bool:
    return isinstance(node, ast.Constant) and node.value is None


def _number(node: ast.AST) -> int | None:
    """Return a number that is written out, products too."""
    match node:
        case ast.Constant(value=int() as found):
            return found
        case ast.BinOp(left=left, op=ast.Mult(), right=right):
            one, other = _number(left), _number(right)
            return None if one is None or other is None else one * other
    return None
