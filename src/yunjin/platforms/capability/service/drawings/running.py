"""A flow of a drawing: the engine says what is next, the flow does it and keeps what it was told.

The journal holds what was answered; where the tokens stand is computed from it again.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, Final
from uuid import UUID

from yunjin.chassis.flow import Flow, call, child, first_signal, own_id, sleep_until, step
from yunjin.kernel.clock import Clock
from yunjin.kernel.errors import Refusal
from yunjin.platforms.capability.adapters.spiff import Plan, Run, Want
from yunjin.platforms.capability.api.drawings import FLOW
from yunjin.platforms.capability.api.tasks import NewTask, TasksApi, TaskState
from yunjin.platforms.capability.domain.bpmn.expressions import Unanswerable
from yunjin.platforms.capability.domain.bpmn.model import Event, Kind, Node
from yunjin.platforms.capability.domain.bpmn.timers import end_ns
from yunjin.platforms.capability.errors.drawings import DrawingStopped, DrawingStuck
from yunjin.platforms.capability.service.drawings.calling import Calling

MESSAGE: Final = "message:"  # before a message's name: the word that the flow hears
WITHDRAWN: Final = "flow/task-withdrawn"  # the error of a task that a person withdrew
COMPENSATED: Final = "compensated"
_STEP_LENGTH: Final = 60
_TITLE_MAX: Final = 200
_NOTE_MAX: Final = 1_000


@dataclass(slots=True)
class Ground:
    """What flows of drawings act by.

    parameters : of a flow that is written in code, in their order; None: it is a drawing.
    """

    calling: Calling
    tasks: TasksApi
    clock: Clock
    parameters: Callable[[str], list[str] | None]


@dataclass(slots=True)
class _Pending:
    """What a flow waits for: people's tasks by their want, and until when its timers run."""

    tasks: dict[str, str] = field(default_factory=dict)
    ends_ns: dict[str, int] = field(default_factory=dict)


def running(ground: Ground, plan: Plan, inputs: dict[str, Any]) -> Flow:
    """Run a drawing. Returns `{"end": …, "variables": {…}}`.

    Raises: DrawingStopped (an error end that nothing catches, an end by compensation), what its
    tasks refuse and nothing catches, DrawingStuck.
    """
    flow_id = UUID((yield own_id()))
    run, pending = plan.begin(inputs), _Pending()
    while not run.is_ended:
        wants = run.wants()
        yield from _leave(ground, pending, {one.key for one in wants})
        if (yield from _prepare(ground, run, pending, wants, flow_id)):
            continue  # what was wanted has changed
        acting = next((one for one in wants if _acts(one.node)), None)
        if acting is not None:
            yield from _act(ground, run, acting)
        elif wants:
            yield from _listen(run, pending, wants)
        elif not run.is_ended:
            raise DrawingStuck("the drawing: nothing is left to do, and no end was reached")
    yield from _leave(ground, pending, set())
    return {"end": run.ended_at, "variables": run.variables}


def _acts(node: Node) -> bool:
    return node.kind in (Kind.CALL, Kind.CHILD, Kind.END)


def _named(node: Node) -> str:
    return (node.name or node.id)[:_STEP_LENGTH]


def _leave(ground: Ground, pending: _Pending, wanted: set[str]) -> Flow:
    """Forget what is not waited for any more; people's tasks are withdrawn."""
    pending.ends_ns = {key: end for key, end in pending.ends_ns.items() if key in wanted}
    for key in [key for key in pending.tasks if key not in wanted]:
        yield call(_withdrawing(ground), pending.tasks.pop(key), name="give_up")


def _prepare(ground: Ground, run: Run, pending: _Pending, wants: list[Want], flow_id: UUID) -> Flow:
    """Open people's tasks and set timers when they are first wanted.

    Returns whether one was refused and the flow goes another way.
    """
    for one in wants:
        if one.node.kind is Kind.PERSON and one.key not in pending.tasks:
            try:
                pending.tasks[one.key] = yield _opening(ground, run, one.node, flow_id)
            except Refusal as refusal:
                if not run.refuse(one, refusal.code, refusal.detail):
                    raise
                return True
        elif one.node.event is Event.TIMER and one.key not in pending.ends_ns:
            began_ns = yield step(_begin(ground.clock), name="begin_timer")
            try:
                end = end_ns(run.value(one.node.id, one.node.said), began_ns)
            except Unanswerable as error:
                raise DrawingStuck(f"{one.node.id}: {error}", element=one.node.id) from None
            pending.ends_ns[one.key] = end
    return False


def _opening(ground: Ground, run: Run, node: Node, flow_id: UUID) -> Any:
    """Return the call that opens a person's task; undone, it is withdrawn."""
    task = _new_task(run, node)

    def open_task(command_id: UUID) -> str:
        ground.tasks.open(command_id, task, flow_id=flow_id)
        return str(command_id)

    return call(open_task, undo=_withdrawing(ground), name=_named(node))


def _begin(clock: Clock) -> Callable[[Any], int]:
    def begin_timer(work: Any) -> int:
        return clock.now_ns()

    return begin_timer


def _new_task(run: Run, node: Node) -> NewTask:
    title = str(run.value(node.id, node.name or node.id))
    return NewTask(
        queue=str(run.value(node.id, node.queue)),
        title=title[:_TITLE_MAX],
        note=str(run.value(node.id, node.note))[:_NOTE_MAX],
        form=node.form,
        assignee=str(run.value(node.id, node.assignee) or ""),
    )


def _withdrawing(ground: Ground) -> Callable[[UUID, str], bool]:
    def withdraw(command_id: UUID, task_id: str) -> bool:
        try:
            ground.tasks.withdraw(command_id, UUID(task_id), "The flow does not wait for it.")
        except Refusal:  # it has ended: what was answered stays
            return False
        return True

    return withdraw


def _act(ground: Ground, run: Run, want: Want) -> Flow:
    """Ask a centre, run another flow, or end as an end event says."""
    node = want.node
    if node.kind is Kind.END:
        error = node.said if node.event is Event.ERROR else COMPENSATED
        said = f"It ended at {node.name or node.id}."
        if node.event is not Event.ERROR or not run.refuse(want, error, said):
            raise DrawingStopped(said, error=error, element=node.id)
        return
    inputs = {name: run.value(node.id, source) for name, source in node.inputs}
    try:
        if node.kind is Kind.CHILD:
            given = yield from _child(ground, run, node, inputs)
        else:
            given = {"answer": (yield _asked(ground, run, node, inputs))}
    except Refusal as refusal:
        if not run.refuse(want, refusal.code, refusal.detail):
            raise
    else:
        run.finish(want, given)


def _asked(ground: Ground, run: Run, node: Node, inputs: dict[str, Any]) -> Any:
    """Return the call of an operation, with what takes it back."""
    calling = ground.calling
    undo: Callable[..., Any] | None = None
    if node.undo == "none":
        undo = None
    elif node.undo:
        undo = _drawn_undo(calling, run, run.plan.model.nodes[node.undo])
    elif calling.can_undo(node.calls):
        undo = calling.undo
    return call(calling.act, node.calls, inputs, undo=undo, name=_named(node))


def _drawn_undo(calling: Calling, run: Run, undoing: Node) -> Callable[..., Any]:
    """Return what undoes a task as it is drawn, with the variables as they are now."""
    then = dict(run.variables)

    def undo(command_id: UUID, answer: Any, name: str, inputs: dict[str, Any]) -> Any:
        scope = {**then, "answer": answer}
        given = {n: run.value(undoing.id, source, scope) for n, source in undoing.inputs}
        return calling.act(command_id, undoing.calls, given)

    return undo


def _child(ground: Ground, run: Run, node: Node, inputs: dict[str, Any]) -> Flow:
    """Run another drawing with the inputs (none mapped: all variables), or a flow in code."""
    parameters = ground.parameters(node.calls)
    if parameters is not None:
        return {"answer": (yield child(node.calls, *(inputs.get(one) for one in parameters)))}
    answer = yield child(f"{FLOW}{node.calls}", inputs if node.inputs else dict(run.variables))
    return {"answer": answer["variables"], "end": answer["end"]}


def _listen(run: Run, pending: _Pending, wants: list[Want]) -> Flow:
    """Wait for the first of all that is waited for, and let it come."""
    words = dict(_words(pending, wants))
    ends = [(pending.ends_ns[one.key], at) for at, one in enumerate(wants) if _runs(pending, one)]
    first = min(ends, default=None)
    heard = None
    if words:
        heard = yield first_signal(list(words), until_ns=first[0] if first else None)
    elif first is not None:
        yield sleep_until(first[0])
    if heard is not None:
        _hear(run, pending, words[heard["word"]], heard["payload"])
    elif first is not None:
        want = wants[first[1]]
        del pending.ends_ns[want.key]
        run.finish(want, {})


def _runs(pending: _Pending, want: Want) -> bool:
    return want.key in pending.ends_ns


def _words(pending: _Pending, wants: list[Want]) -> Iterator[tuple[str, Want]]:
    """Yield each word that is waited for once, with the first that waits for it."""
    for one in reversed(wants):
        if one.key in pending.tasks:
            yield f"task:{pending.tasks[one.key]}", one
        elif one.node.event is Event.MESSAGE:
            yield f"{MESSAGE}{one.node.said}", one


def _hear(run: Run, pending: _Pending, want: Want, said: Any) -> None:
    if want.node.event is Event.MESSAGE:
        run.finish(want, {"answer": said})
        return
    del pending.tasks[want.key]
    if said["state"] == TaskState.COMPLETED.value:
        given = said["values"]
        answer = {"by": said["by"], "values": given}  # as `ask_person` has it
        run.finish(want, {**given, "answer": answer, "by": said["by"]})
    elif not run.refuse(want, WITHDRAWN, "The task was withdrawn."):
        raise DrawingStopped("The task was withdrawn.", error=WITHDRAWN, element=want.node.id)
