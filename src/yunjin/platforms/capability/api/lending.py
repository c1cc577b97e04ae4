"""Lending 信贷: an application, its decision, the contract, the money out, the money back.

Each deed is a command of its own, so that a business's flow can call them in its own order; `run`
lets the preset flow do it.
"""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final, Protocol
from uuid import UUID

from yunjin.kernel.page import Page
from yunjin.platforms.capability.api.bank_cards import CardVerdict
from yunjin.platforms.capability.api.centres import Centre, Point, Slo, command, query
from yunjin.platforms.capability.api.decisions import Outcome, Reason, RuleSet
from yunjin.platforms.capability.api.identity import Verdict
from yunjin.platforms.capability.events.lending import (
    LoanAsked,
    LoanDecided,
    LoanMoved,
    LoanPaidOut,
    LoanRepaid,
)

PRESET: Final = "lending.application"  # the flow of `run`: from the application to the money
DISBURSAL: Final = "lending.disbursal"  # the flow of `disburse`; its argument: the application's id
QUEUE: Final = "lending"  # of tasks
VALUES_MAX: Final = 100  # fields of a form
OFFER_DAYS: Final = 14  # an offer holds so long


class ApplicationState(StrEnum):
    """Where an application stands. The last five are ends, but an undone one may be paid anew."""

    APPLIED = "applied"  # 已申请
    REFERRED = "referred"  # 转人工: a person decides
    APPROVED = "approved"  # 已批准: the offer waits for the customer
    ACCEPTED = "accepted"  # 已签约
    PAYING = "paying"  # 放款中
    ACTIVE = "active"  # 已放款: it is owed
    SETTLED = "settled"  # 已结清
    DECLINED = "declined"  # 已拒绝
    WITHDRAWN = "withdrawn"  # 已撤回
    EXPIRED = "expired"  # 已过期: nobody answered the offer in time
    UNDONE = "undone"  # 放款未成: what had been done is taken back


ENDS: Final = (
    ApplicationState.SETTLED,
    ApplicationState.DECLINED,
    ApplicationState.WITHDRAWN,
    ApplicationState.EXPIRED,
    ApplicationState.UNDONE,
)


class RepayKind(StrEnum):
    """What a repayment is for, beyond what is due already, which it always pays first."""

    DUE = "due"  # 按期: the rest waits for the next due date
    SHORTEN = "shorten"  # 提前还款缩期: the rest pays principal, the term becomes shorter
    LOWER = "lower"  # 提前还款减额: the rest pays principal, the instalments become smaller
    SETTLE = "settle"  # 提前结清: all that is owed today, whatever the amount says


@dataclass(frozen=True, slots=True, kw_only=True)
class Payout:
    """Where the money goes: an agreement of this bank, or an account at another."""

    agreement_id: int = 0
    name: str = field(default="", repr=False)
    account: str = field(default="", repr=False)
    agent: str = ""  # the other bank: a BIC, or its number in the clearing system
    channel: str = ""  # "": the first clearing channel that there is


@dataclass(frozen=True, slots=True, kw_only=True)
class NewApplication:
    """What is asked for.

    Parameters
    ----------
    term : number of instalments, or of months, as the product counts.
    purpose : what for, in words.
    values : what else the form has: text, integers, yes and no, by name.
    business, scenario : which business it is of; rules, fields and steps follow them.
    terms : further terms of the product, by its parameters' names.
    template : the product's, that terms not given are of.
    repay_agreement_id : what falls due is taken from it each day 代扣; 0: the borrower pays.
    limit_id : the limit that the loan is held and used of, and given back to; None: of none.
    """

    party_id: str
    product: str
    amount_minor: int
    currency: str = "CNY"
    term: int = 12
    purpose: str = ""
    values: Mapping[str, Any] = field(default_factory=dict)
    business: str = ""
    scenario: str = ""
    terms: Mapping[str, int] = field(default_factory=dict)
    template: str = ""
    payout: Payout = field(default_factory=Payout)
    repay_agreement_id: int = 0
    limit_id: UUID | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """What was approved. rate_ppm: a year; 0: the product's own.  until: the last day to accept."""

    amount_minor: int
    rate_ppm: int
    term: int
    until: dt.date


@dataclass(frozen=True, slots=True, kw_only=True)
class Contract:
    """What the customer agreed to. text_hash: SHA-256 in hex; ref: where the paper is kept."""

    text_hash: str
    ref: str
    by: str
    at: dt.datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Application:
    """An application as it stands now.

    Parameters
    ----------
    checks : verdicts by check, "identity" and "card", as far as they were asked for.
    reasons : why it was decided so, by whom it says `decided_by`.
    agreement_id : the loan, 0 before it is opened.
    hold_id, payment_id : what it holds of its limit; the payment that brings the money elsewhere.
    flow_id : the preset flow that takes it on; None: whoever applied does.
    detail : why the last thing did not go through.
    """

    application_id: UUID
    asked: NewApplication
    state: ApplicationState
    checks: Mapping[str, str]
    offer: Offer | None
    reasons: tuple[Reason, ...]
    decided_by: str
    contract: Contract | None
    agreement_id: int
    hold_id: UUID | None
    payment_id: UUID | None
    flow_id: UUID | None
    detail: str
    day: dt.date  # the business date it was asked on
    at: dt.datetime
    changed: dt.datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Repayment:
    """What came of a repayment.

    owed_minor : what settles the loan now.  due_minor : what of it is due and not paid.
    restored_minor : what its limit has back since it was used, all in all.
    """

    application_id: UUID
    agreement_id: int
    amount_minor: int
    kind: RepayKind
    owed_minor: int
    due_minor: int
    is_settled: bool
    restored_minor: int


@dataclass(frozen=True, slots=True, kw_only=True)
class LendingEntry:
    """Something that was done to an application, or said of it. by: "" is a program."""

    at: dt.datetime
    what: str
    by: str
    text: str


class LendingApi(Protocol):
    """Loans from the application on. Each command may raise ApplicationNotFound, Malformed,
    IdempotencyConflict, Outage and, where the core is asked, Unknown: send it again.
    """

    @command(undone_by="withdraw")
    def apply(
        self, command_id: UUID, asked: NewApplication, *, by: str = "", run: bool = False
    ) -> Application:
        """Keep an application 进件; its id is the command's. Nothing is decided yet.

        run : the preset flow takes it on at once; see `run`.

        Raises: ApplicationRefused (no such product or party, a party that is blocked).
        """

    @command(undone_by="withdraw")
    def run(self, command_id: UUID, application_id: UUID) -> Application:
        """Let the preset flow take an application on: checks, decision, person, money.

        It waits for `accept`. Raises: ApplicationRefused (it has gone on, or runs already).
        """

    @command(lasts="what a register said was said; ask again under another id")
    def identify(self, command_id: UUID, application_id: UUID) -> Verdict:
        """Hold the borrower against the identity port 身份核验: name, id card, phone if any.

        Raises: ApplicationRefused (no id card on record).
        """

    @command(lasts="what the card's bank said was said; ask again under another id")
    def check_card(
        self, command_id: UUID, application_id: UUID, card_number: str = ""
    ) -> CardVerdict:
        """Hold a card against the bank-card port 四要素; "": the payout's account.

        Raises: ApplicationRefused (no id card or phone on record, no card).
        """

    @command(undone_by="withdraw")
    def decide(
        self, command_id: UUID, application_id: UUID, *, facts: Mapping[str, Any] | None = None
    ) -> Application:
        """Ask the decision port; the state is APPROVED, REFERRED or DECLINED afterwards.

        Parameters
        ----------
        facts : what the caller knows beside the form, by name; they come before the form's.

        Raises: ApplicationRefused (it was decided, or has ended).
        """

    @command(undone_by="withdraw")
    def refer(self, command_id: UUID, application_id: UUID, why: str) -> Application:
        """Leave an application to a person 转人工. Raises: ApplicationRefused."""

    @command(undone_by="withdraw")
    def judge(
        self,
        command_id: UUID,
        application_id: UUID,
        outcome: Outcome,
        *,
        by: str,
        amount_minor: int = 0,
        rate_ppm: int = 0,
        note: str = "",
    ) -> Application:
        """Decide a referred application as a person 人工审批; amount 0: as asked for.

        Raises: ApplicationRefused (it is not referred, more than was asked for).
        """

    @command(undone_by="withdraw")
    def accept(
        self, command_id: UUID, application_id: UUID, text_hash: str, ref: str = "", *, by: str = ""
    ) -> Application:
        """Keep that the customer agreed to the offer and the contract's text 签约.

        Parameters
        ----------
        text_hash : SHA-256 of the text, 64 hex digits.  ref: where the paper is kept.

        Raises: ApplicationRefused (there is no offer, or it has ended).
        """

    @command(lasts="apply anew")
    def withdraw(
        self, command_id: UUID, application_id: UUID, note: str = "", *, by: str = ""
    ) -> Application:
        """End an application before its money goes out 撤回. Raises: ApplicationRefused."""

    @command(lasts="apply anew")
    def lapse(self, command_id: UUID, application_id: UUID) -> Application:
        """End an offer whose last day is over; the day's look does it too.

        Raises: ApplicationRefused (it holds still, or was answered).
        """

    @command(undone_by="repay")
    def disburse(self, command_id: UUID, application_id: UUID) -> Application:
        """Begin to pay out what was accepted 放款; a durable flow goes on with it.

        It ends ACTIVE, or UNDONE with nothing left of it. A flow of this room that wants to wait
        for the end yields `child(DISBURSAL, str(application_id))` in place of this command.

        Raises: ApplicationRefused (it is not accepted).
        """

    @command(lasts="money that paid a debt is paid; what was paid in vain is paid back anew")
    def repay(
        self,
        command_id: UUID,
        application_id: UUID,
        amount_minor: int = 0,
        *,
        kind: RepayKind = RepayKind.DUE,
        from_agreement_id: int = 0,
        by: str = "",
    ) -> Repayment:
        """Take money for a loan 还款: what is due first, then as `kind` says.

        Parameters
        ----------
        amount_minor : of SETTLE the most that may be taken; 0: all that is owed.
        from_agreement_id : whose money; 0: it has come in through clearing.

        Raises: ApplicationRefused (there is no loan), RepaymentRefused (the core's words).
        """

    @command(undone_by="put_rules")
    def put_rules(self, command_id: UUID, rules: RuleSet) -> RuleSet:
        """Keep a rule set as the next version of its code; it decides from now on."""

    @query
    def rules(self, code: str = "") -> list[RuleSet]:
        """Return rule sets, the newest version first: of a code, or the newest of each."""

    @query
    def application(self, application_id: UUID) -> Application:
        """Return an application. Raises: ApplicationNotFound."""

    @query
    def applications(
        self,
        *,
        state: ApplicationState | None = None,
        party_id: str = "",
        product: str = "",
        business: str = "",
        limit: int = 50,
        cursor: str | None = None,
    ) -> Page[Application]:
        """Return applications, newest first. Raises: Malformed (cursor)."""

    @query
    def of_agreement(self, agreement_id: int) -> Application:
        """Return the application that a loan came of. Raises: ApplicationNotFound."""

    @query
    def timeline(self, application_id: UUID) -> list[LendingEntry]:
        """Return what was done to an application, in its order. Raises: ApplicationNotFound."""

    @query
    def counts(self) -> dict[str, int]:
        """Return how many applications are in each state that is not an end."""


LENDING: Final = Centre(
    code="lending",
    words=("信贷中心", "Lending"),
    purpose=(
        "进件、审批、签约、放款、还款；每一步可单独调用，放款或全成或全退。",
        "Applications, decisions, contracts, money out and back; each deed by itself, a disbursal "
        "whole or undone.",
    ),
    bian=("Consumer Loan", "Corporate Loan", "Underwriting"),
    door=LendingApi,
    events=(LoanAsked, LoanDecided, LoanMoved, LoanPaidOut, LoanRepaid),
    slo=Slo(p99_ms=200),
    points=(
        Point(name="product", kind="product", words=("贷款产品", "Which product")),
        Point(name="application", kind="field", words=("申请表字段", "Fields of the form")),
        Point(name="rule-set", kind="parameter", words=("规则集", "Which rule set")),
        Point(name="before-decision", kind="step", words=("审批之前", "Before deciding")),
        Point(name="after-decision", kind="step", words=("审批之后", "After deciding")),
        Point(name="before-disbursal", kind="step", words=("放款之前", "Before paying")),
    ),
)
