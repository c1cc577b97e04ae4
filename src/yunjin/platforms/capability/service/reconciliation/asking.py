"""What the flow of a difference asks for: a task for a person, and the cure that is answered."""

from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID

from yunjin.chassis.persistence import RoomDatabase
from yunjin.kernel.errors import Refusal
from yunjin.kernel.money import format_minor
from yunjin.platforms.capability.api.reconciliation import (
    QUEUE,
    Cure,
    Difference,
    DifferenceKind,
    ReconciliationApi,
)
from yunjin.platforms.capability.api.tasks import (
    Choice,
    FieldKind,
    FormField,
    Link,
    NewTask,
    Priority,
    Queue,
    TasksApi,
)
from yunjin.platforms.capability.domain.payments import leg
from yunjin.platforms.capability.errors import QueueNotFound
from yunjin.platforms.capability.store import reconciliation as store

K: Final = DifferenceKind
KINDS: Final[dict[DifferenceKind, str]] = {
    K.MISSING_OURS: "我方无此笔 Missing with us",
    K.MISSING_THEIRS: "通道无此笔 Missing at the channel",
    K.AMOUNT: "金额不符 Amounts differ",
    K.DUPLICATE: "通道重复 Twice at the channel",
    K.STATE: "状态不符 States differ",
    K.DATE: "日期不符 Another day",
    K.FEE: "净额扣费 A fee was kept back",
    K.RETURNED: "已退汇 Returned there",
    K.LEDGER: "账实不符 Ledger differs",
}
_CURES: Final[dict[Cure, tuple[str, str]]] = {
    Cure.NONE: ("无需处理", "nothing to do"),
    Cure.WAIT: ("待次日", "wait for another file"),
    Cure.RESEND: ("重发报文", "send the message again"),
    Cure.FOLLOW: ("从通道", "do as the channel says"),
    Cure.RETURN: ("退汇", "give it back to the payer"),
    Cure.BOOK: ("入账", "book it to an agreement"),
    Cure.SUSPEND: ("挂账", "book it to suspense"),
    Cure.FEE: ("列支手续费", "book it as a fee"),
    Cure.CLAIM: ("向通道追索", "claim it from the channel"),
}
_URGENT: Final = (K.MISSING_OURS, K.DUPLICATE, K.LEDGER, K.STATE)
_QUEUE: Final = Queue(code=QUEUE, zh="对账差异", en="Reconciliation", sla_s=86_400)


class Asking:
    """Opens tasks for differences, and does what is answered; each may come twice."""

    def __init__(self, room: RoomDatabase, tasks: TasksApi, centre: ReconciliationApi) -> None:
        self._room, self._tasks, self._centre = room, tasks, centre

    def open_task(self, command_id: UUID, difference: str, flow_id: str, why: str) -> str:
        """Ask a person; return the task's id, "" where the difference is none any more. A call."""
        difference_id = UUID(difference)
        one = self._centre.difference(difference_id)
        if one.state != store.OPEN:
            return ""
        task = _task(one, why)
        try:
            self._tasks.open(command_id, task, flow_id=UUID(flow_id))
        except QueueNotFound:
            self._tasks.put_queue(leg(command_id, "queue"), _QUEUE)
            self._tasks.open(command_id, task, flow_id=UUID(flow_id))
        self._room.run(lambda work: store.set_task(work.connection, difference_id, command_id))
        if self._centre.difference(difference_id).state != store.OPEN:  # settled just now
            try:
                self._tasks.withdraw(leg(command_id, "withdraw"), command_id, "It is settled.")
            except Refusal:
                return str(command_id)
        return str(command_id)

    def settle(self, command_id: UUID, difference: str, answer: Mapping[str, Any]) -> str:
        """Do what a person answered; return why it cannot be done, or "". A call."""
        values = answer["values"]
        try:
            self._centre.settle(
                command_id,
                UUID(difference),
                Cure(values["cure"]),
                reason=values["reason"],
                by=answer["by"],
                agreement_id=int(values.get("agreement") or 0),
            )
        except Refusal as refusal:
            if self._centre.difference(UUID(difference)).state != store.OPEN:
                return ""
            return str(refusal)[:200]
        return ""


def _task(one: Difference, why: str) -> NewTask:
    amounts = (
        f"{format_minor(one.theirs_minor, one.currency)} / "
        f"{format_minor(one.ours_minor, one.currency)} {one.currency}"
    )
    note = [f"{one.channel} {one.day}: 通道/我方 theirs/ours {amounts}", one.detail, why]
    links = [Link(kind="difference", id=str(one.difference_id))]
    if one.payment_id is not None:
        links.append(Link(kind="payment", id=str(one.payment_id)))
    choices = sorted(_CURES, key=lambda cure: cure is not one.cure)  # what is suggested first
    return NewTask(
        queue=QUEUE,
        title=f"{KINDS[one.kind]} {one.reference or one.payment_id or ''}"[:200].strip(),
        note="\n".join(text for text in note if text)[:1_000],
        form=(
            FormField(
                name="cure",
                kind=FieldKind.CHOICE,
                zh="处理",
                en="What to do",
                choices=tuple(
                    Choice(code=each.value, zh=_CURES[each][0], en=_CURES[each][1])
                    for each in choices
                ),
            ),
            FormField(name="reason", kind=FieldKind.TEXT, zh="原因", en="Reason"),
            FormField(
                name="agreement",
                kind=FieldKind.TEXT,
                zh="入账合约号",
                en="Agreement to book to",
                is_required=False,
            ),
        ),
        links=tuple(links),
        priority=Priority.HIGH if one.kind in _URGENT else Priority.NORMAL,
    )
