"""Flows of clearing: a session's file goes out, a difference is settled by a person."""

from collections.abc import Mapping
from typing import Any, Final, Protocol
from uuid import UUID

from yunjin.chassis.flow import PATIENT, Definition, Flow, Retry, call, flow, own_id, signal, step
from yunjin.platforms.capability.api.clearing import SESSION
from yunjin.platforms.capability.api.payments import GIVE_BACK
from yunjin.platforms.capability.api.reconciliation import DIFFERENCE

WORDS: Final[dict[str, tuple[str, str]]] = {
    f"flow.name.{SESSION}": ("清算场次文件", "File of a clearing session"),
    f"flow.name.{DIFFERENCE}": ("对账差异", "Difference of a reconciliation"),
    f"flow.name.{GIVE_BACK}": ("来账退汇", "Payment given back"),
    "flow.step.open_task": ("建待办", "ask a person"),
    "flow.step.settle": ("了结差异", "settle the difference"),
}


class Files(Protocol):
    """What sends a session's file; each part may come twice."""

    def compose(self, work: Any, wave: str) -> list[str]:
        """Make the channel's message; return the channel."""

    def send(self, command_id: UUID, wave: str, channel: str) -> None:
        """Hand the message over."""


class Asking(Protocol):
    """What asks a person about a difference; each part may come twice."""

    def open_task(self, command_id: UUID, difference: str, flow_id: str, why: str) -> str:
        """Open a task; return its id, "" where the difference is none any more."""

    def settle(self, command_id: UUID, difference: str, answer: Mapping[str, Any]) -> str:
        """Do what was answered; return why it cannot be done, or ""."""


class GivingBack(Protocol):
    """What gives money back that came in; each part may come twice."""

    def debit(self, command_id: UUID, payment: str, reason: str, detail: str) -> str:
        """Take it from the payee, make the message; return its id, "" where it is refused."""

    def send(self, command_id: UUID, payment: str, message_id: str) -> None:
        """Hand the message over."""


def going_back(giving: GivingBack, retry: Retry = PATIENT) -> Definition:
    """Return the flow of a payment that came in and goes back."""

    @flow(GIVE_BACK, version=1)
    def back(payment_id: str, reason: str, detail: str) -> Flow:
        message_id = yield call(giving.debit, payment_id, reason, detail, retry=retry)
        if message_id:
            yield call(giving.send, payment_id, message_id, retry=retry)

    return back


def session_file(files: Files, retry: Retry = PATIENT) -> Definition:
    """Return the flow of a file that a session of a batch channel sends."""

    @flow(SESSION, version=1)
    def session(wave_id: str) -> Flow:
        for channel in (yield step(files.compose, wave_id)):
            yield call(files.send, wave_id, channel, retry=retry)

    return session


def difference(asking: Asking, retry: Retry = PATIENT) -> Definition:
    """Return the flow that asks a person until a difference is settled, or is none any more."""

    @flow(DIFFERENCE, version=1)
    def one(difference_id: str) -> Flow:
        flow_id, why = (yield own_id()), ""
        while True:
            task_id = yield call(asking.open_task, difference_id, flow_id, why, retry=retry)
            if not task_id:
                return
            answer = yield signal(f"task:{task_id}")
            if answer["state"] != "completed":
                return
            why = yield call(asking.settle, difference_id, answer, retry=retry)
            if not why:
                return

    return one
