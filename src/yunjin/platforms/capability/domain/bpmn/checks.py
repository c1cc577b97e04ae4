"""Whether a drawing can be run: every way leads to an end, every task can be done and undone."""

from collections.abc import Callable, Iterable
from typing import Final

import msgspec

from yunjin.platforms.capability.domain.bpmn.expressions import (
    Expression,
    Unanswerable,
    Unreadable,
    expression,
    value,
)
from yunjin.platforms.capability.domain.bpmn.model import Arrow, Event, Kind, Model, Node
from yunjin.platforms.capability.domain.bpmn.operations import Operation, Operations
from yunjin.platforms.capability.domain.bpmn.timers import end_ns

_CHOOSING: Final = frozenset([Kind.EXCLUSIVE, Kind.INCLUSIVE])
_SPLITTING: Final = frozenset([*_CHOOSING, Kind.PARALLEL, Kind.FIRST])
_HOLDING: Final = {  # which boundary events may hang on what
    Kind.CALL: {Event.ERROR},
    Kind.CHILD: {Event.ERROR},
    Kind.PERSON: {Event.ERROR, Event.TIMER, Event.MESSAGE},
    Kind.GROUP: {Event.ERROR, Event.TIMER, Event.MESSAGE},
}
_SAID_MAX: Final = 5  # names in a sentence


def check(model: Model, operations: Operations, is_flow: Callable[[str], bool]) -> None:
    """Add what is wrong to the model's findings, and say what a flow has to be started with.

    Parameters
    ----------
    is_flow : whether there is a drawing or a flow of a name, for call activities.
    """
    if not model.nodes:
        if not model.findings:
            model.find(model.code, "there is nothing in it: draw a start, a task and an end")
        return
    if not _arrows_hold(model):
        return
    for within in ("", *(one.id for one in model.nodes.values() if one.kind is Kind.GROUP)):
        _check_ways(model, within)
    used, made = set[str](), set[str]()
    for node in model.nodes.values():
        _check_node(model, node)
        if node.kind is Kind.CALL:
            _check_call(model, node, operations)
        elif node.kind is Kind.CHILD and not is_flow(node.calls):
            model.find(node.id, f"there is no drawing and no flow called {node.calls[:80]!r}")
        names, sets = _names(model, node)
        used |= names
        made |= sets - names  # one that is counted up has to begin somewhere
    for arrow in model.arrows:
        used |= _arrow_names(model, arrow)
    model.inputs = tuple(sorted(used - made))


def _arrows_hold(model: Model) -> bool:
    """Check that every arrow joins two nodes of one level."""
    before = len(model.findings)
    lost = {one.element for one in model.findings} - set(model.nodes)
    if any(one.source in lost or one.target in lost for one in model.arrows):
        return False  # first of all what was not understood
    for arrow in model.arrows:
        source, target = model.nodes.get(arrow.source), model.nodes.get(arrow.target)
        if source is None or target is None:
            missing = arrow.source if source is None else arrow.target
            model.find(arrow.id, f"it leads from or to {missing[:80]!r}, which is not there")
        elif source.within != target.within:
            model.find(arrow.id, "it crosses the edge of a sub-process")
        elif source.is_undo or target.is_undo:
            model.find(arrow.id, "a task for compensation stands in no way")
        elif target.kind is Kind.BOUNDARY:
            model.find(arrow.id, "nothing can lead to an event on the edge of a task")
    for node in model.nodes.values():
        if node.kind is Kind.BOUNDARY and node.attached_to not in model.nodes:
            model.find(node.id, f"the task {node.attached_to[:80]!r} it hangs on is not there")
    return len(model.findings) == before


def _check_ways(model: Model, within: str) -> None:
    """Check that a level has a start, and that every way from there leads to an end."""
    nodes = list(model.inside(within))
    starts = [one for one in nodes if one.kind is Kind.START]
    ends = {one.id for one in nodes if one.kind is Kind.END}
    if len(starts) != 1 or not ends:
        model.find(within or model.code, "expected one start event, and at least one end event")
        return
    forward: dict[str, set[str]] = {one.id: set() for one in nodes}
    for arrow in model.arrows:
        if arrow.source in forward:
            forward[arrow.source].add(arrow.target)
    for one in nodes:
        if one.kind is Kind.BOUNDARY and one.attached_to in forward:
            forward[one.attached_to].add(one.id)
    back: dict[str, set[str]] = {one.id: set() for one in nodes}
    for source, targets in forward.items():
        for target in targets:
            back[target].add(source)
    reached, ending = _reached([starts[0].id], forward), _reached(ends, back)
    for one in nodes:
        if one.id not in reached:
            model.find(one.id, "nothing leads to it")
        elif one.id not in ending:
            model.find(one.id, "no way leads from it to an end")


def _reached(first: Iterable[str], ways: dict[str, set[str]]) -> set[str]:
    found, todo = set(first), list(first)
    while todo:
        for one in ways[todo.pop()]:
            if one not in found:
                found.add(one)
                todo.append(one)
    return found


def _check_node(model: Model, node: Node) -> None:
    leaving, reaching = model.leaving(node.id), model.reaching(node.id)
    if node.kind is Kind.START and reaching:
        model.find(node.id, "an arrow leads back to the start: lead it to a gateway")
    if node.kind is Kind.END and leaving:
        model.find(node.id, "an arrow leaves the end")
    if len(leaving) > 1 and node.kind not in _SPLITTING:
        model.find(node.id, "several arrows leave it: put a gateway behind it")
    if node.default and node.default not in {one.id for one in leaving}:
        model.find(node.id, f"its default {node.default[:80]!r} is no arrow that leaves it")
    if node.kind in _CHOOSING and len(leaving) > 1:
        for arrow in leaving:
            if not arrow.condition and arrow.id != node.default:
                model.find(arrow.id, "expected a condition, or that it is the gateway's default")
    if node.kind is Kind.FIRST:
        _check_first(model, node, leaving)
    if node.kind is Kind.BOUNDARY:
        holder = model.nodes[node.attached_to]
        if node.event not in _HOLDING.get(holder.kind, set()):
            model.find(node.id, f"{node.event.value} events do not hang on {holder.kind.value}s")
        if node.event is Event.ERROR and not node.is_interrupting:
            model.find(node.id, "an error ends what it hangs on: draw it with a whole line")
    if node.kind is Kind.ASSIGN and not node.outputs:
        model.find(node.id, "expected an expression and the variable that takes its result")
    if node.event is Event.TIMER:
        _check_timer(model, node)


def _check_first(model: Model, node: Node, leaving: list[Arrow]) -> None:
    for arrow in leaving:
        target = model.nodes[arrow.target]
        if target.kind is not Kind.CATCH or len(model.reaching(target.id)) > 1:
            model.find(node.id, "expected events behind it that only it leads to")
            return


def _check_timer(model: Model, node: Node) -> None:
    found = _read(model, node.id, node.said, value)
    if found is None or found.names:
        return
    try:
        end_ns(found.answer({}), 0)
    except Unanswerable as error:
        model.find(node.id, f"its timer: {error}")


def _check_call(model: Model, node: Node, operations: Operations) -> None:
    operation = operations.get(node.calls)
    if operation is None:
        known = node.calls.partition(".")[0] + "."
        near = [one for one in operations.names() if one.startswith(known)][:_SAID_MAX]
        hint = f": there are {', '.join(near)}" if near else ": see the catalogue of centres"
        said = f"there is no operation {node.calls[:80]!r}" if node.calls else "it names none"
        model.find(node.id, f"expected an operation such as limit.reserve, {said}{hint}")
        return
    given = {name.partition(".")[0] for name, _ in node.inputs}
    for name in sorted(given - set(operation.types)):
        takes = ", ".join(operation.types)
        model.find(node.id, f"{operation.name} takes no {name[:40]!r}, but {takes}")
    for name in sorted(operation.required - given):
        model.find(node.id, f"{operation.name} needs {name}: map an input to it")
    for name, source in node.inputs:
        _check_literal(model, node, operation, name, source)
    _check_undo(model, node, operation)


def _check_literal(model: Model, node: Node, operation: Operation, name: str, source: str) -> None:
    """Check that a value which is the same in every flow is one that the operation takes."""
    kind = operation.types.get(name)
    try:
        found = value(source)
        if kind is not None and not found.names:
            msgspec.convert(found.answer({}), kind, strict=False)
    except Unreadable:
        return  # told where names are read
    except (msgspec.ValidationError, Unanswerable, TypeError) as error:
        model.find(node.id, f"the input {name[:40]} of {operation.name}: {error}")


def _check_undo(model: Model, node: Node, operation: Operation) -> None:
    if node.undo not in ("", "none") or node.is_undo:
        return
    if operation.undone_by and not operation.undo and not node.undo:
        model.find(
            node.id,
            f"{operation.name} is undone by {operation.undone_by}, which needs more than is known: "
            'draw a task for compensation, or say undo="none"',
        )


def _names(model: Model, node: Node) -> tuple[set[str], set[str]]:
    """Return the variables that a node uses, and those it sets."""
    own = {"answer", "by"} | {one.name for one in node.form}
    found: list[tuple[Expression | None, bool]] = [
        (_read(model, node.id, source, value), False) for _, source in node.inputs
    ]
    is_own = node.kind is not Kind.ASSIGN
    found += [(_read(model, node.id, source, expression), is_own) for _, source in node.outputs]
    said = [node.name, node.note, node.assignee] if node.kind is Kind.PERSON else []
    said += [node.said] if node.event is Event.TIMER else []
    found += [(_read(model, node.id, source, value), False) for source in said]
    used = {
        n for one, mine in found if one is not None for n in one.names - (own if mine else set())
    }
    sets = {name for name, _ in node.outputs}
    if node.kind is Kind.PERSON and not node.outputs:
        sets |= {one.name for one in node.form}
    if node.kind is Kind.BOUNDARY and node.event is Event.ERROR:
        sets.add("error")
    if node.is_undo:  # it is told what the task it undoes was answered
        used -= {"answer"}
    return used, sets


def _arrow_names(model: Model, arrow: Arrow) -> set[str]:
    if not arrow.condition:
        return set()
    if model.nodes[arrow.source].kind not in _CHOOSING:
        model.find(arrow.id, "a condition stands behind a gateway only")
    found = _read(model, arrow.id, arrow.condition, expression)
    return set(found.names) if found is not None else set()


def _read(
    model: Model, element: str, source: str, reader: Callable[[str], Expression]
) -> Expression | None:
    try:
        return reader(source)
    except Unreadable as error:
        model.find(element, f"cannot read {source[:60]!r}: {error}")
        return None
