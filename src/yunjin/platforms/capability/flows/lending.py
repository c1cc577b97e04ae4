"""The flows of lending: an application from its checks to the money, and the money's own."""

from collections.abc import Callable, Sequence
from typing import Any, Final, Protocol
from uuid import UUID

from yunjin.chassis.flow import (
    PATIENT,
    Definition,
    Flow,
    Retry,
    TaskWithdrawn,
    ask_person,
    call,
    child,
    fan_out,
    flow,
    signal,
    step,
)
from yunjin.kernel.errors import Outage, Refusal
from yunjin.platforms.capability.api.collection import DAY
from yunjin.platforms.capability.api.decisions import Outcome
from yunjin.platforms.capability.api.lending import (
    DISBURSAL,
    PRESET,
    QUEUE,
    ApplicationState,
    LendingApi,
)
from yunjin.platforms.capability.api.tasks import (
    Choice,
    FieldKind,
    FormField,
    Link,
    NewTask,
    TasksApi,
)

ASKING: Final = Retry(attempts=5, first_s=2, max_s=30)  # then a person decides
Extra = Callable[[str, str], Flow]  # point, application's id → what overlays put there
WORDS: Final[dict[str, tuple[str, str]]] = {
    f"flow.name.{PRESET}": ("贷款申请", "Loan application"),
    f"flow.name.{DISBURSAL}": ("放款", "Disbursal"),
    f"flow.name.{DAY}": ("信贷日初", "Lending: a day begins"),
    "flow.step.look_at_loan": ("逐笔贷款", "each loan"),
    "flow.step.look_at_offer": ("逐个待签", "each offer"),
    "flow.step.look_at_case": ("逐个案件", "each case"),
    "flow.step.facts": ("读取申请", "read the application"),
    "flow.step.identify": ("身份核验", "check the identity"),
    "flow.step.check_card": ("银行卡核验", "check the card"),
    "flow.step.decide": ("审批决策", "decide"),
    "flow.step.refer": ("转人工", "leave it to a person"),
    "flow.step.judge": ("人工审批", "a person decides"),
    "flow.step.stands": ("查看状态", "look where it stands"),
    "flow.step.begin": ("开始放款", "begin to pay out"),
    "flow.step.undone": ("放款已撤回", "nothing is left of it"),
    "flow.step.failed": ("记录原因", "keep why"),
    "flow.step.hold_limit": ("占用额度", "hold the limit"),
    "flow.step.use_limit": ("使用额度", "use the limit"),
    "flow.step.free_limit": ("恢复额度", "give the limit back"),
    "flow.step.open_loan": ("开立贷款", "open the loan"),
    "flow.step.close_loan": ("撤销贷款", "take the loan back"),
    "flow.step.pay_out": ("放款入账", "move the money"),
    "flow.step.take_back": ("收回款项", "take the money back"),
    "flow.step.recall": ("等待支付落空", "wait for the payment to come to nothing"),
    "flow.step.arrived": ("等待到账", "wait for the money to arrive"),
    "flow.step.finish": ("放款完成", "it is paid out"),
}


class Disbursing(Protocol):
    """What pays a loan out; each part may come twice, and is taken back by its undoing."""

    def begin(self, work: Any, application_id: str) -> str:
        """Let nobody withdraw it any more."""

    def undone(self, work: Any, answer: str, application_id: str) -> None:
        """Keep that nothing is left of it."""

    def failed(self, work: Any, application_id: str, why: str) -> None:
        """Keep why it is taken back."""

    def hold_limit(self, command_id: UUID, application_id: str) -> str:
        """Hold its part of the limit."""

    def free_limit(self, command_id: UUID, hold: str, application_id: str) -> None:
        """Give it back, held or used."""

    def use_limit(self, command_id: UUID, hold: str) -> None:
        """Use what is held."""

    def open_loan(self, command_id: UUID, application_id: str) -> str:
        """Open the agreement."""

    def close_loan(self, command_id: UUID, loan: str, application_id: str) -> None:
        """Pay it back with its own money and close it."""

    def pay_out(self, command_id: UUID, application_id: str, loan: str) -> str:
        """Move the money to an agreement of this bank."""

    def take_back(self, command_id: UUID, to: str, application_id: str, loan: str) -> None:
        """Take the money back from there."""

    def send(self, command_id: UUID, application_id: str, own: str) -> str:
        """Order the payment to another bank."""

    def recall(self, command_id: UUID, payment: str, application_id: str, own: str) -> None:
        """Wait until a payment has come to nothing."""

    def arrived(self, command_id: UUID, payment: str) -> None:
        """Wait until a payment has ended."""

    def finish(self, work: Any, application_id: str) -> str:
        """Keep that the loan is paid out."""


def disbursal_flow(money: Disbursing, retry: Retry = PATIENT) -> Definition:
    """Return the flow that pays a loan out, or takes back whatever was done for it."""

    def paying(application_id: str) -> Flow:
        hold = yield call(money.hold_limit, application_id, undo=money.free_limit, retry=retry)
        loan = yield call(money.open_loan, application_id, undo=money.close_loan, retry=retry)
        yield call(money.use_limit, hold, retry=retry)
        to = yield call(money.pay_out, application_id, loan, undo=money.take_back, retry=retry)
        payment = yield call(money.send, application_id, to, undo=money.recall, retry=retry)
        yield call(money.arrived, payment, retry=retry)
        return (yield step(money.finish, application_id))

    @flow(DISBURSAL, version=1)
    def disbursal(application_id: str) -> Flow:
        yield step(money.begin, application_id, undo=money.undone)
        try:
            return (yield from paying(application_id))
        except Refusal as refusal:
            yield step(money.failed, application_id, f"{refusal.code}: {refusal.detail}")
            raise

    return disbursal


class Looking(Protocol):
    """What looks at loans when a business day begins; each part may come twice."""

    def loans(self, work: Any, after: Any, limit: int) -> Sequence[str]:
        """Return the next applications whose loan is owed."""

    def offers(self, work: Any, after: Any, limit: int) -> Sequence[str]:
        """Return the next applications whose offer waits."""

    def cases(self, work: Any, after: Any, limit: int) -> Sequence[str]:
        """Return the next open cases of loans that came of no application."""

    def look_at_loan(self, command_id: UUID, application_id: str) -> None:
        """Take what is due, let limit and case follow."""

    def look_at_offer(self, command_id: UUID, application_id: str) -> None:
        """Let an offer end whose last day is over."""

    def look_at_case(self, command_id: UUID, case_id: str) -> None:
        """Let a case follow its loan."""


def day_flow(looking: Looking, retry: Retry = PATIENT) -> Definition:
    """Return the flow of a business day that begins: each loan, offer and case is looked at."""

    @flow(DAY, version=1)
    def day(date: str) -> Flow:
        loans = yield fan_out(looking.loans, call(looking.look_at_loan, retry=retry))
        offers = yield fan_out(looking.offers, call(looking.look_at_offer, retry=retry))
        cases = yield fan_out(looking.cases, call(looking.look_at_case, retry=retry))
        return [date, loans["total"], offers["total"], cases["total"]]

    return day


def application_flow(
    lending: LendingApi, tasks: TasksApi, extra: Extra, asking: Retry = ASKING
) -> Definition:
    """Return the preset flow of an application: checks, decision, a person, the money.

    extra : yields the steps that overlays put at a point.
    """
    deeds = _Deeds(lending)

    def decided(application_id: str, facts: dict[str, Any]) -> Flow:
        """Ask registers and the decision port; where one does not answer, a person decides."""
        try:
            yield call(deeds.identify, application_id, retry=asking)
            if facts["card"]:
                yield call(deeds.check_card, application_id, retry=asking)
            yield from extra("before-decision", application_id)
            return (yield call(deeds.decide, application_id, retry=asking))
        except Outage as outage:
            return (yield call(deeds.refer, application_id, outage.detail))

    def judged(application_id: str, facts: dict[str, Any]) -> Flow:
        """Let a person decide; one who decides at the desk has done so."""
        state = ApplicationState.REFERRED.value
        while state == ApplicationState.REFERRED:
            try:
                answer = yield from ask_person(tasks, _task(application_id, facts))
                state = yield call(deeds.judge, application_id, answer)
            except TaskWithdrawn:
                state = yield call(deeds.stands, application_id)
        return state

    @flow(PRESET, version=1)
    def application(application_id: str) -> Flow:
        facts = yield call(deeds.facts, application_id)
        state = yield from decided(application_id, facts)
        if state == ApplicationState.REFERRED:
            state = yield from judged(application_id, facts)
        if state == ApplicationState.APPROVED:
            yield from extra("after-decision", application_id)
            if (yield signal("answer")) == "accepted":
                yield from extra("before-disbursal", application_id)
                yield child(DISBURSAL, application_id, keep=True)
                state = ApplicationState.ACTIVE.value
        return state

    return application


class _Deeds:
    """The door's commands as calls of a flow: JSON in and out."""

    def __init__(self, lending: LendingApi) -> None:
        self._lending = lending

    def facts(self, _: UUID, application_id: str) -> dict[str, Any]:
        """Return what the flow has to know of an application."""
        asked = self._lending.application(UUID(application_id)).asked
        return {
            "party_id": asked.party_id,
            "product": asked.product,
            "amount_minor": asked.amount_minor,
            "currency": asked.currency,
            "purpose": asked.purpose,
            "card": bool(asked.payout.account),
        }

    def identify(self, command_id: UUID, application_id: str) -> str:
        """Ask the register; "" where there is nothing to ask with: rules see it missing."""
        try:
            return self._lending.identify(command_id, UUID(application_id)).value
        except Refusal:
            return ""

    def check_card(self, command_id: UUID, application_id: str) -> str:
        """Ask the card network; as `identify`."""
        try:
            return self._lending.check_card(command_id, UUID(application_id)).value
        except Refusal:
            return ""

    def decide(self, command_id: UUID, application_id: str) -> str:
        """Decide; who decided before has."""
        try:
            return self._lending.decide(command_id, UUID(application_id)).state.value
        except Refusal:
            return self.stands(command_id, application_id)

    def refer(self, command_id: UUID, application_id: str, why: str) -> str:
        """Leave it to a person."""
        try:
            return self._lending.refer(command_id, UUID(application_id), why[:200]).state.value
        except Refusal:
            return self.stands(command_id, application_id)

    def judge(self, command_id: UUID, application_id: str, answer: dict[str, Any]) -> str:
        """Keep what a person has decided in the task's form."""
        values = answer["values"]
        try:
            made = self._lending.judge(
                command_id,
                UUID(application_id),
                Outcome(values["verdict"]),
                by=answer["by"],
                amount_minor=int(values.get("amount") or 0),
                note=str(values.get("note") or ""),
            )
        except Refusal:
            return self.stands(command_id, application_id)
        return made.state.value

    def stands(self, _: UUID, application_id: str) -> str:
        """Return the state of an application."""
        return self._lending.application(UUID(application_id)).state.value


def _task(application_id: str, facts: dict[str, Any]) -> NewTask:
    verdicts = (
        Choice(code="approve", zh="同意", en="Approve"),
        Choice(code="decline", zh="拒绝", en="Decline"),
    )
    form = (
        FormField(name="verdict", kind=FieldKind.CHOICE, zh="结论", en="Verdict", choices=verdicts),
        FormField(
            name="amount",
            kind=FieldKind.AMOUNT,
            zh="批准金额（空：按申请）",
            en="Amount (empty: as asked for)",
            is_required=False,
            currency=facts["currency"],
            most_minor=facts["amount_minor"],
        ),
        FormField(name="note", kind=FieldKind.TEXT, zh="意见", en="Note", is_required=False),
    )
    links = (Link(kind="application", id=application_id), Link(kind="party", id=facts["party_id"]))
    title = f"贷款审批 Loan decision: {facts['product']}"
    return NewTask(queue=QUEUE, title=title, note=facts["purpose"], form=form, links=links)
