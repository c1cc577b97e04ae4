"""The room's durable flows: waves of payments, messages of clearing channels, due tasks."""

from collections.abc import Sequence
from typing import Any, Final, Protocol
from uuid import UUID

from yunjin.chassis.flow import PATIENT, Definition, Flow, Retry, call, flow, signal, step
from yunjin.kernel.errors import Refusal
from yunjin.platforms.capability.api.payment_files import FILE
from yunjin.platforms.capability.api.payments import ANSWER, WAVE
from yunjin.platforms.capability.api.tasks import TasksApi
from yunjin.platforms.capability.flows import clearing, contracts, documents, lending, messages

TASK_DUE: Final = "capability.task_due"
WORDS: Final[dict[str, tuple[str, str]]] = {
    f"flow.name.{TASK_DUE}": ("待办时限", "A task's deadline"),
    "flow.step.ended": ("任务结束", "the task has ended"),
    "flow.step.escalate": ("升级", "escalate"),
    f"flow.name.{WAVE}": ("支付批次", "Wave of payments"),
    f"flow.name.{FILE}": ("批量支付文件", "Payment file"),
    f"flow.name.{ANSWER}": ("清算回执", "Clearing channel's message"),
    "flow.step.reserve": ("占用额度", "reserve limits"),
    "flow.step.move": ("冻结与记账", "hold and book"),
    "flow.step.compose": ("生成报文", "make messages"),
    "flow.step.send": ("发送", "send"),
    "flow.step.debit": ("扣付款方", "debit the payers"),
    "flow.step.credit": ("逐行入账", "credit the payees"),
    "flow.step.end": ("退回未付与结束", "give back what was not paid, end"),
    "flow.step.act": ("按回执处理", "act on what is said"),
    **clearing.WORDS,
    **contracts.WORDS,
    **documents.WORDS,
    **lending.WORDS,
    **messages.WORDS,
}


class Waves(Protocol):
    """What moves payments that were ordered together; each part may come twice."""

    def reserve(self, work: Any, wave: str) -> int:
        """Reserve what payments want of limits."""

    def move(self, command_id: UUID, wave: str) -> int:
        """Post the entries and keep what came of each."""

    def compose(self, work: Any, wave: str) -> list[str]:
        """Make the channels' messages; return the channels."""

    def send(self, command_id: UUID, wave: str, channel: str) -> None:
        """Hand a message over."""


class Answers(Protocol):
    """What acts on a channel's message; each part may come twice."""

    def act(self, command_id: UUID, channel: str, message_id: str) -> str:
        """Act on a message; return the id of an answer to be sent, or ""."""

    def send(self, command_id: UUID, channel: str, answer_id: str) -> None:
        """Hand an answer over."""


class Files(Protocol):
    """What works a file of payments; each part may come twice."""

    def debit(self, command_id: UUID, file: str, parts: int) -> list[str]:
        """Take the groups' sums from their payers; return why not, by group."""

    def credit(self, command_id: UUID, file: str, part: int, refused: Sequence[str]) -> None:
        """Credit the payees of a part."""

    def end(self, command_id: UUID, file: str, parts: int, refused: Sequence[str]) -> None:
        """Give back what was not paid, and tell."""


def payment_wave(waves: Waves, retry: Retry = PATIENT) -> Definition:
    """Return the flow of payments that were ordered together."""

    @flow(WAVE, version=1)
    def wave(wave_id: str) -> Flow:
        yield step(waves.reserve, wave_id)
        yield call(waves.move, wave_id, retry=retry)
        for channel in (yield step(waves.compose, wave_id)):
            yield call(waves.send, wave_id, channel, retry=retry)

    return wave


def channel_message(answers: Answers, retry: Retry = PATIENT) -> Definition:
    """Return the flow of a message that a channel has sent."""

    @flow(ANSWER, version=1)
    def message(channel: str, message_id: str) -> Flow:
        answer_id = yield call(answers.act, channel, message_id, retry=retry)
        if answer_id:
            yield call(answers.send, channel, answer_id, retry=retry)

    return message


def task_due(tasks: TasksApi) -> Definition:
    """Return the flow that passes a task on, once it is due and nobody has done it."""

    def escalate(command_id: UUID, task_id: str) -> bool:
        try:
            tasks.escalate(command_id, UUID(task_id), "overdue")
        except Refusal:  # it has ended
            return False
        return True

    @flow(TASK_DUE, version=1)
    def due(task_id: str, due_ns: int) -> Flow:
        if (yield signal("ended", until_ns=due_ns)) is None:
            yield call(escalate, task_id)

    return due


def payment_file(files: Files, retry: Retry = PATIENT) -> Definition:
    """Return the flow of a file of payments."""

    @flow(FILE, version=1)
    def file(file_id: str, parts: int) -> Flow:
        refused = yield call(files.debit, file_id, parts, retry=retry)
        for part in range(parts):
            yield call(files.credit, file_id, part, refused, retry=retry)
        yield call(files.end, file_id, parts, refused, retry=retry)

    return file
