"""A flow that asks a person: a task in a task centre, and a signal with what was answered."""

from typing import Any, Final, Protocol, TypeVar
from uuid import UUID

from yunjin.chassis.flow.intents import Flow, call, own_id, signal
from yunjin.kernel.errors import Refusal

_COMPLETED: Final = "completed"
T = TypeVar("T", contravariant=True)


class TaskDesk(Protocol[T]):
    """What a flow needs of a task centre: `TasksApi` of the capability room is one."""

    def open(self, command_id: UUID, task: T, *, flow_room: str, flow_id: UUID | None) -> Any:
        """Open a task under the command's id.

        When the task ends, the flow hears the word `task:<id>` with
        `{"state": "completed" | "withdrawn", "by": …, "values": {…}}`.
        """

    def withdraw(self, command_id: UUID, task_id: UUID, why: str) -> Any:
        """End a task that nobody needs any more; refused where it has ended."""


class TaskWithdrawn(Refusal):
    """The task that a flow waits for was withdrawn by a person."""

    code, status, title = "flow/task-withdrawn", 409, "Task withdrawn"


def ask_person(desk: TaskDesk[T], task: T, *, room: str = "", give_up_s: int | None = None) -> Flow:
    """Ask a person and wait: `answer = yield from ask_person(tasks, NewTask(…))`.

    Returns `{"by": …, "values": {…}}`, or None where nobody answered in time. The task's deadline
    and its escalation are the task centre's. Where the flow is cancelled or fails, a task that is
    still open is withdrawn.

    Parameters
    ----------
    room : whose flow this is; "" is the task centre's own room.
    give_up_s : after so long the task is withdrawn; None waits for ever.

    Raises: TaskWithdrawn, and what `desk.open` refuses.
    """
    flow_id = UUID((yield own_id()))

    def open_task(command_id: UUID) -> str:
        desk.open(command_id, task, flow_room=room, flow_id=flow_id)
        return str(command_id)

    def withdraw(command_id: UUID, task_id: str) -> bool:
        try:
            desk.withdraw(command_id, UUID(task_id), "The flow does not wait for it any more.")
        except Refusal:  # it has ended: what was answered stays
            return False
        return True

    task_id = yield call(open_task, undo=withdraw, name="ask_person")
    word = f"task:{task_id}"
    answer = yield signal(word, timeout_s=give_up_s)
    if answer is None:
        if (yield call(withdraw, task_id, name="give_up")):
            return None
        answer = yield signal(word)  # answered just before
    if answer["state"] != _COMPLETED:
        raise TaskWithdrawn("The task was withdrawn.", task_id=task_id, by=answer["by"])
    return {"by": answer["by"], "values": answer["values"]}
