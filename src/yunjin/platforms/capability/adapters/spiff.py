"""SpiffWorkflow moves the tokens of a drawing; everything that is done or waited for is ours.

It is an optional library (LGPL): loaded when the first drawing is brought or run, unmodified, and
given plain BPMN that we wrote ourselves. Its Python scripts, its clock and its random ids decide
nothing here, so the same answers lead to the same way, which a flow's journal relies on.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Final

from yunjin.chassis.persistence import dump_json
from yunjin.kernel.errors import Malformed
from yunjin.platforms.capability.domain.bpmn.expressions import Unanswerable, expression, value
from yunjin.platforms.capability.domain.bpmn.model import Event, Kind, Model, Node
from yunjin.platforms.capability.domain.bpmn.plain import PROCESS, plain
from yunjin.platforms.capability.errors.drawings import (
    BpmnNotInstalled,
    DrawingRefused,
    DrawingStuck,
)

VISITS_MAX: Final = 5_000  # of nodes in one flow: the engine keeps a trace of each
ROUNDS_MAX: Final = 1_000  # of nodes that neither act nor wait, one after the other
VARIABLES_MAX: Final = 48_000  # bytes


def check_installed() -> None:
    """Raises: BpmnNotInstalled."""
    try:
        import SpiffWorkflow  # noqa: F401
    except ModuleNotFoundError:
        raise BpmnNotInstalled(
            "Drawings are run by SpiffWorkflow, which is not installed: pip install 'yunjin[bpmn]'."
        ) from None


@dataclass(frozen=True, slots=True)
class Want:
    """A node that is to act or that waits. key : tells its visits apart, the same on every run."""

    key: str
    node: Node
    task: Any = field(compare=False)


class Plan:
    """A drawing that is ready to be run. Safe for threads: what runs is a Run.

    Raises: BpmnNotInstalled, DrawingRefused.
    """

    def __init__(self, model: Model) -> None:
        check_installed()
        from SpiffWorkflow.bpmn.parser.BpmnParser import BpmnParser

        self.model, self._plain = model, plain(model)
        parser = BpmnParser()
        try:
            parser.add_bpmn_str(self._plain.text.encode())
            self._spec = parser.get_spec(PROCESS)
            self._inner = parser.get_subprocess_specs(PROCESS)
        except Exception as error:  # the library's own: a shape that our checks let through
            said = f"The engine cannot read it: {type(error).__name__}: {error}"[:300]
            told = [{"element": model.code, "reason": said}]
            raise DrawingRefused(said, findings=told) from error

    def begin(self, inputs: Mapping[str, Any]) -> "Run":
        """Return a new run of the drawing with these variables."""
        return Run(self, dict(inputs))

    def started(self, conditions: Any) -> Any:
        """Return the engine's state of a new run."""
        from SpiffWorkflow.bpmn.workflow import BpmnWorkflow

        return BpmnWorkflow(self._spec, self._inner, script_engine=conditions)

    def node(self, task: Any) -> Node | None:
        """Return the node that a task of the engine stands for; None for its own ones."""
        found = self._plain.node_of.get(task.task_spec.name)
        return None if found is None else self.model.nodes[found]

    @cached_property
    def conditions(self) -> dict[str, tuple[str, str]]:
        """The gateway and the condition of each arrow, by its number."""
        by_id = {one.id: (one.source, one.condition) for one in self.model.arrows}
        return {number: by_id[arrow_id] for number, arrow_id in self._plain.arrow_of.items()}

    @cached_property
    def numbers(self) -> dict[str, str]:
        """The engine's name of each node."""
        return {node_id: number for number, node_id in self._plain.node_of.items()}


class _Conditions:
    """What the engine asks whether a condition holds. It executes nothing."""

    def __init__(self, run: "Run") -> None:
        self._run = run

    def evaluate(self, task: Any, number: str, external_context: Any = None) -> bool:
        gateway, condition = self._run.plan.conditions[number]
        found = self._run.answer(gateway, condition)
        if not isinstance(found, bool):
            raise _stuck(gateway, f"{condition[:80]!r}: expected true or false, was {found!r}")
        return found

    def execute(self, task: Any, script: str, external_context: Any = None) -> bool:
        raise _stuck("", "expected no script")


class Run:
    """One flow of a drawing, in memory: it is made again from the journal after a crash."""

    def __init__(self, plan: Plan, variables: dict[str, Any]) -> None:
        self.plan, self.variables = plan, variables
        self.ended_at = ""
        self._keys: dict[Any, str] = {}
        self._visits: dict[str, int] = {}
        self._flow = plan.started(_Conditions(self))

    @property
    def is_ended(self) -> bool:
        """Whether the flow has come to its end."""
        return bool(self._flow.completed)

    def answer(self, element: str, source: str, scope: Mapping[str, Any] | None = None) -> Any:
        """Return what an expression comes to. Raises: DrawingStuck."""
        try:
            return expression(source).answer(self.variables if scope is None else scope)
        except Unanswerable as error:
            raise _stuck(element, f"{source[:80]!r}: {error}") from None

    def value(self, element: str, source: str, scope: Mapping[str, Any] | None = None) -> Any:
        """Return what a value comes to: a text, or an expression. Raises: DrawingStuck."""
        try:
            return value(source).answer(self.variables if scope is None else scope)
        except Unanswerable as error:
            raise _stuck(element, f"{source[:80]!r}: {error}") from None

    def wants(self) -> list[Want]:
        """Go on as far as nothing has to act or be waited for; return what is there, in order.

        Raises: DrawingStuck.
        """
        for _ in range(ROUNDS_MAX):
            acting = self._step()
            silent = [one for one in acting if one.node.kind is Kind.ASSIGN]
            if not silent:
                return acting + self._waiting()
            for one in silent:
                self.finish(one, {})
        raise _stuck("", f"expected something to do or to wait for within {ROUNDS_MAX} nodes")

    def _step(self) -> list[Want]:
        """Move the tokens; return the tasks that are to act."""
        from SpiffWorkflow.util.task import TaskState

        for _ in range(ROUNDS_MAX):
            ready = [one for one in self._tasks(TaskState.READY) if not one.task_spec.manual]
            if not ready:
                return [
                    self._want(one, node)
                    for one in self._tasks(TaskState.READY)
                    if (node := self.plan.node(one)) is not None
                ]
            for task in ready:
                if task.state == TaskState.READY:  # one before may have cancelled it
                    self._run(task)
            self._leave_groups()
        raise _stuck("", f"expected an end within {ROUNDS_MAX} nodes: the drawing goes in a circle")

    def _tasks(self, state: int) -> list[Any]:
        """Return the engine's tasks of a state: the deepest sub-processes' first, then by age."""
        inner = sorted(self._flow.get_active_subprocesses(), key=lambda one: -one.depth)
        return [
            task
            for one in (*inner, self._flow)
            for task in one.tasks.values()  # straight: walking the tree is half of a run
            if task.has_state(state)
        ]

    def _leave_groups(self) -> None:
        for one in sorted(self._flow.subprocesses.values(), key=lambda one: -one.depth):
            task = self._flow.get_task_from_id(one.parent_task_id)
            task.task_spec._update(task)

    def _run(self, task: Any) -> None:
        node = self.plan.node(task)
        if node is not None:
            self._visited(node)
            if node.kind is Kind.END:
                self.ended_at = node.id
        try:
            task.run()
        except DrawingStuck:
            raise
        except Exception as error:  # the library's own: no condition held, a join of no split
            place = node.id if node is not None else ""
            raise _stuck(place, f"{type(error).__name__}: {error}") from error

    def _visited(self, node: Node) -> int:
        self._visits[node.id] = self._visits.get(node.id, 0) + 1
        if sum(self._visits.values()) > VISITS_MAX:
            raise _stuck(node.id, f"expected at most {VISITS_MAX} nodes on the way of a flow")
        return self._visits[node.id]

    def _want(self, task: Any, node: Node) -> Want:
        place = (task.id, node.id)
        if place not in self._keys:
            self._keys[place] = f"{node.id}#{self._visited(node)}"
        return Want(self._keys[place], node, task)

    def _waiting(self) -> list[Want]:
        """Return the events that are waited for; errors wait for what they hang on."""
        from SpiffWorkflow.util.task import TaskState

        found = []
        for task in self._tasks(TaskState.WAITING):
            node = self.plan.node(task)
            if node is None or node.event is Event.ERROR:
                continue
            if node.kind is Kind.FIRST:
                targets = [one.target for one in self.plan.model.leaving(node.id)]
                found += [self._want(task, self.plan.model.nodes[one]) for one in targets]
            elif node.kind in (Kind.CATCH, Kind.BOUNDARY):
                found.append(self._want(task, node))
        return found

    def finish(self, want: Want, given: Mapping[str, Any]) -> None:
        """Let a task be done, or an event have come, with what it was answered.

        Raises: DrawingStuck.
        """
        self._set(want.node, given)
        if want.node.kind in (Kind.CATCH, Kind.BOUNDARY):
            self._fire(want.task, want.node)
        else:
            self._run(want.task)
        self._leave_groups()

    def _set(self, node: Node, given: Mapping[str, Any]) -> None:
        scope = {**self.variables, **given}
        made = {name: self.answer(node.id, said, scope) for name, said in node.outputs}
        if node.kind is Kind.PERSON and not node.outputs:
            made = {one.name: given.get(one.name) for one in node.form}
        if made:
            self.variables |= made
            size = len(dump_json(self.variables).encode())
            if size > VARIABLES_MAX:
                raise Malformed(f"expected at most {VARIABLES_MAX} bytes of variables, was {size}")

    def _fire(self, task: Any, node: Node) -> None:
        from SpiffWorkflow.bpmn.specs.event_definitions.message import MessageEventDefinition
        from SpiffWorkflow.bpmn.util.event import BpmnEvent

        event = BpmnEvent(MessageEventDefinition(f"m{self.plan.numbers[node.id]}"))
        task.task_spec.catch(task, event)
        task.task_spec._update(task)

    def refuse(self, want: Want, code: str, detail: str) -> bool:
        """Go the way that is drawn for an error; return whether there is one.

        The nearest event counts: at the task itself, then at the sub-processes around it; of
        those, one of this code before one without a code.
        """
        task = want.task
        while True:
            found = self._catching(task, code)
            if found is not None:
                self.variables["error"] = {"code": code, "detail": detail[:200]}
                self._fire(*found)
                self._leave_groups()
                return True
            if task.workflow.parent_task_id is None:
                return False
            task = self._flow.get_task_from_id(task.workflow.parent_task_id)

    def _catching(self, task: Any, code: str) -> tuple[Any, Node] | None:
        nodes = [(one, self.plan.node(one)) for one in task.parent.children]
        found = [
            (one, node)
            for one, node in nodes
            if node is not None
            and node.kind is Kind.BOUNDARY
            and node.event is Event.ERROR
            and node.said in ("", code)
        ]
        return max(found, key=lambda one: len(one[1].said), default=None)


def _stuck(element: str, reason: str) -> DrawingStuck:
    return DrawingStuck(f"{element or 'the drawing'}: {reason}"[:380], element=element)
