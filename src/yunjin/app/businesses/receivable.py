"""供应链应收账款 Receivable finance: a supplier is paid early against what a core buyer owes it.

The buyer confirms the invoice, its limit carries the exposure, a share of the invoice is lent to
the supplier until the due date, and the buyer's money pays the loan; the rest is the supplier's.
An invoice is financed once: its hold of the buyer's limit has an id that buyer and number make.
"""

import datetime as dt
import hashlib
from itertools import count
from typing import Any, Final
from uuid import NAMESPACE_OID, UUID, uuid5

from yunjin.chassis.flow import Flow, ask_person, call, child
from yunjin.foundation.banking.api.days import DaysApi
from yunjin.kernel.errors import Bug, Refusal
from yunjin.platforms.capability.api.businesses import (
    Business,
    Case,
    CaseFlow,
    Centres,
    Deed,
    Scenario,
)
from yunjin.platforms.capability.api.centres import Point
from yunjin.platforms.capability.api.lending import (
    DISBURSAL,
    LendingApi,
    NewApplication,
    Payout,
    RepayKind,
)
from yunjin.platforms.capability.api.limits import HoldState, LimitsApi
from yunjin.platforms.capability.api.parties import PartiesApi
from yunjin.platforms.capability.api.tasks import FieldKind, FormField, Link, NewTask, TasksApi
from yunjin.platforms.capability.errors import HoldNotFound
from yunjin.platforms.capability.errors.businesses import CaseRefused
from yunjin.platforms.capability.flows.businesses import do, look

CODE: Final = "receivable"
BULLET: Final = 4  # the product's way to pay back at the end, with the interest
WEEK: Final = 4
DAYS_MOST: Final = 365


def finance(centres: Centres, case: Case) -> CaseFlow:
    """Finance an invoice."""
    lending, given = centres[LendingApi], case.values
    days = yield from _days(centres, case)
    confirmed = yield from case.step("confirm", confirm(centres, case))
    exposure = yield from _reserved(centres[LimitsApi], case)
    amount = given["amount"] * case.number("advance-ppm") // 1_000_000
    account = int(given["account"])
    asked = NewApplication(
        party_id=case.party_id,
        product=case.parameter("loan"),
        amount_minor=amount,
        term=1,
        purpose=f"发票 {given['invoice']}",
        values={**given, "exposure": exposure, "confirmed_by": confirmed},
        business=CODE,
        scenario=case.scenario,
        terms={
            "rate": case.number("rate-ppm"),
            "method": BULLET,
            "first_due": days,
        },
        payout=Payout(agreement_id=account),
        repay_agreement_id=account,
    )
    made = yield do(
        lending.apply, asked, undo=lambda one: (lending.withdraw, UUID(one["application_id"]))
    )
    loan = UUID(made["application_id"])
    decided = yield from case.step("decide", _decide(centres, case, loan))
    digest = hashlib.sha256(f"{given['buyer']} {given['invoice']}".encode()).hexdigest()
    yield do(lending.accept, loan, digest, given["invoice"])
    limits = centres[LimitsApi]
    yield do(
        limits.confirm,
        UUID(exposure),
        undo=lambda hold: (limits.restore, (UUID(hold["hold_id"]), hold["used_minor"])),
        name="use_limit",
    )
    paid = yield child(DISBURSAL, str(loan))
    return {
        "application": str(loan),
        "exposure": exposure,
        "advance_minor": decided["offer"]["amount_minor"],
        "days": days,
        "paid": paid,
    }


def _days(centres: Centres, case: Case) -> CaseFlow:
    """Return how long the invoice has to run; refuse one that is due, or too far off."""
    today = yield look(centres[DaysApi].business_date)
    days = (dt.date.fromisoformat(case.values["due"]) - dt.date.fromisoformat(today)).days
    if not 1 <= days <= DAYS_MOST:
        why = f"due in 1 to {DAYS_MOST} days, was {days}"
        raise CaseRefused("The invoice's due date does not fit.", why=why)
    return days


def confirm(centres: Centres, case: Case) -> CaseFlow:
    """Have the buyer's confirmation 确权 kept by whoever has it; answer who that was."""
    yield look(centres[PartiesApi].party, case.values["buyer"])
    field = FormField(name="is_owed", kind=FieldKind.YES_NO, zh="买方确认", en="Buyer confirms")
    links = (Link(kind="party", id=case.values["buyer"]), Link(kind="party", id=case.party_id))
    title = f"应收账款确权 {case.values['invoice']}"
    task = NewTask(queue="operations", title=title, form=(field,), links=links)
    answer = yield from ask_person(centres[TasksApi], task)
    if not answer["values"]["is_owed"]:
        raise CaseRefused("The buyer does not owe this invoice.", why="not confirmed")
    return answer["by"]


def _reserved(limits: LimitsApi, case: Case) -> CaseFlow:
    """Reserve the invoice from the buyer's limit, once; answer the hold's id."""
    buyer, invoice = case.values["buyer"], case.values["invoice"]
    found = yield look(limits.limits, party_id=buyer, limit=200)
    fitting = [one for one in found["items"] if one["kind"] == case.parameter("limit-kind")]
    if not fitting:
        raise CaseRefused("The buyer has no limit for receivables.", why="no limit")
    limit_id, amount = UUID(fitting[-1]["limit_id"]), case.values["amount"]
    subject = str(case.case_id)

    def reserve(command_id: UUID) -> str:
        for tried in count():
            hold_id = invoice_id(buyer, invoice, tried)
            try:
                known = limits.hold(hold_id)
            except HoldNotFound:
                known = limits.reserve(hold_id, limit_id, amount, subject)
            if known.state is HoldState.CANCELLED:
                continue  # an earlier case that came to nothing
            if known.subject != subject:
                raise CaseRefused("The invoice is financed already.", why="twice")
            return str(hold_id)
        raise Bug("expected an end")

    def cancel(command_id: UUID, hold_id: str) -> bool:
        try:
            limits.cancel(command_id, UUID(hold_id))
        except Refusal:  # it was used, and has been restored
            return False
        return True

    return (yield call(reserve, undo=cancel, name="reserve_buyer"))


def invoice_id(buyer: str, invoice: str, tried: int = 0) -> UUID:
    """Return the id of an invoice's hold: the same whoever brings it, and whenever."""
    return uuid5(NAMESPACE_OID, f"receivable {buyer} {invoice} {tried}")


def _decide(centres: Centres, case: Case, loan: UUID) -> CaseFlow:
    facts = {"buyer": case.values["buyer"], "invoice_minor": case.values["amount"]}
    decided = yield do(centres[LendingApi].decide, loan, facts=facts)
    if decided["state"] != "approved":
        codes = ", ".join(one["code"] for one in decided["reasons"])
        raise CaseRefused("The advance is declined.", why=codes or decided["state"])
    return decided


def collect(centres: Centres, case: Case) -> Flow:
    """Take what is owed from what the buyer has paid in; give the buyer's limit back."""
    lending, limits = centres[LendingApi], centres[LimitsApi]
    of = yield look(lending.of_agreement, int(case.values["loan"]))
    if of["asked"]["party_id"] != case.party_id or of["asked"]["business"] != CODE:
        raise CaseRefused("The loan is not of this supplier's receivables.", why="another's loan")
    paid = yield do(
        lending.repay,
        UUID(of["application_id"]),
        kind=RepayKind.SETTLE,
        from_agreement_id=of["asked"]["repay_agreement_id"],
    )
    exposure = UUID(of["asked"]["values"]["exposure"])
    hold = yield look(limits.hold, exposure)
    left = hold["used_minor"] - hold["restored_minor"]
    if left:
        yield do(limits.restore, exposure, left, name="give_limit_back")
    return {"amount_minor": paid["amount_minor"], "restored_minor": left}


def _text(name: str, zh: str, en: str) -> FormField:
    return FormField(name=name, kind=FieldKind.TEXT, zh=zh, en=en)


def _parameter(name: str, words: tuple[str, str], default: str, **bounds: Any) -> Point:
    return Point(name=name, kind="parameter", words=words, default=default, **bounds)


RECEIVABLE: Final = Business(
    code=CODE,
    words=("应收账款融资", "Receivable finance"),
    purpose=("供应商凭核心企业的应付提前收款", "Suppliers are paid early against a buyer's debt"),
    uses=("party", "limit", "lending", "task"),
    scenarios=(
        Scenario(code="portal", words=("供应商门户", "Suppliers' portal")),
        Scenario(code="branch", words=("网点", "Branch")),
    ),
    deeds=(
        Deed(
            code="finance",
            words=("应收账款融资", "Finance an invoice"),
            act=finance,
            form=(
                _text("buyer", "买方客户号", "Buyer's party id"),
                _text("invoice", "发票号", "Invoice number"),
                FormField(
                    name="amount", kind=FieldKind.AMOUNT, zh="金额", en="Amount", currency="CNY"
                ),
                FormField(name="due", kind=FieldKind.DATE, zh="到期日", en="Due date"),
                FormField(name="account", kind=FieldKind.NUMBER, zh="收款账号", en="Account"),
            ),
        ),
        Deed(
            code="collect",
            words=("回款结清", "Collect from the buyer's payment"),
            act=collect,
            form=(FormField(name="loan", kind=FieldKind.NUMBER, zh="贷款账号", en="Loan"),),
        ),
    ),
    own_points=(
        Point(name="loan", kind="product", words=("产品", "Product"), default="instalment-loan"),
        _parameter(
            "advance-ppm", ("融资比例", "Share advanced"), "800000", least=1, most=1_000_000
        ),
        _parameter("rate-ppm", ("年利率", "Rate a year, ppm"), "60000", least=0, most=240_000),
        _parameter("limit-kind", ("买方额度种类", "Kind of the buyer's limit"), "receivable"),
        Point(name="confirm", kind="step", words=("买方确权", "The buyer's confirmation")),
        Point(name="decide", kind="step", words=("审批", "Decision")),
    ),
)
