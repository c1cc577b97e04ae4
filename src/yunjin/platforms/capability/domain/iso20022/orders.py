"""pain.001: a customer's orders to its bank, and how they are checked.

A message has groups (PmtInf), each of one debtor, account and day; a group has lines.

Element order checked against the XSDs of pain.001.001.03 and .09: PmtInfId, PmtMtd, BtchBookg,
NbOfTxs, CtrlSum, PmtTpInf, ReqdExctnDt (a choice of Dt and DtTm from version 8 on), Dbtr, DbtrAcct,
DbtrAgt, ChrgBr, CdtTrfTxInf; LEI and UETR came with version 9.
"""

import datetime as dt
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
import pyarrow as pa

from yunjin.platforms.capability.domain.iso20022 import checks
from yunjin.platforms.capability.domain.iso20022.checks import Rules
from yunjin.platforms.capability.domain.iso20022.columns import batch_of, members, row_batch
from yunjin.platforms.capability.domain.iso20022.reading import Read, read
from yunjin.platforms.capability.domain.iso20022.reasons import ReasonCode, Refused
from yunjin.platforms.capability.domain.iso20022.tables import (
    CHARGE_BEARERS,
    PAYMENT_WORDS,
    REMITTANCE,
    Family,
    Field,
    Kind,
    Part,
    account,
    agent,
    party,
)
from yunjin.platforms.capability.domain.iso20022.writing import write

_LINES: Final = Part(
    "lines",
    "CdtTrfTxInf",
    (
        Field(name="instruction_id", path="PmtId/InstrId"),
        Field(name="end_to_end_id", path="PmtId/EndToEndId", must=True),
        Field(name="uetr", path="PmtId/UETR", kind=Kind.UETR, since=9),
        Field(name="amount", path="Amt/InstdAmt", kind=Kind.AMOUNT, must=True),
        Field(name="charge_bearer", path="ChrgBr", pattern=CHARGE_BEARERS),
        Field(name="ultimate_debtor_name", path="UltmtDbtr/Nm", length_max=140),
        *agent("creditor_agent", "CdtrAgt"),
        *party("creditor", "Cdtr"),
        *account("creditor", "CdtrAcct"),
        Field(name="ultimate_creditor_name", path="UltmtCdtr/Nm", length_max=140),
        Field(name="purpose", path="Purp/Cd", length_max=4),
        *REMITTANCE,
    ),
    must=True,
)
_GROUPS: Final = Part(
    "groups",
    "PmtInf",
    (
        Field(name="payment_information_id", path="PmtInfId", must=True),
        Field(name="method", path="PmtMtd", pattern="TRF|TRA|CHK", must=True),
        Field(name="is_batch_booked", path="BtchBookg", kind=Kind.FLAG),
        Field(name="line_count", path="NbOfTxs", kind=Kind.COUNT),
        Field(name="control_sum", path="CtrlSum", kind=Kind.SUM),
        Field(name="priority", path="PmtTpInf/InstrPrty", pattern="HIGH|NORM"),
        Field(name="service_level", path="PmtTpInf/SvcLvl/Cd", length_max=4),
        Field(name="category_purpose", path="PmtTpInf/CtgyPurp/Cd", length_max=4),
        Field(name="execution_date", path="{DAY}", kind=Kind.DATE, must=True),
        *party("debtor", "Dbtr"),
        *account("debtor", "DbtrAcct"),
        *agent("debtor_agent", "DbtrAgt"),
        Field(name="debtor_agent_other", path="DbtrAgt/FinInstnId/Othr/Id"),
        Field(name="charge_bearer", path="ChrgBr", pattern=CHARGE_BEARERS),
        _LINES,
    ),
    must=True,
    needs=("Dbtr", "DbtrAcct/Id", "DbtrAgt"),
)
ORDERS: Final = Family(
    "pain.001",
    versions=(3, 4, 5, 6, 7, 8, 9),
    newest=9,
    words=PAYMENT_WORDS,
    root=Part(
        "message",
        "CstmrCdtTrfInitn",
        (
            Field(name="message_id", path="GrpHdr/MsgId", must=True),
            Field(name="created_at", path="GrpHdr/CreDtTm", kind=Kind.DATETIME, must=True),
            Field(name="line_count", path="GrpHdr/NbOfTxs", kind=Kind.COUNT, must=True),
            Field(name="control_sum", path="GrpHdr/CtrlSum", kind=Kind.SUM),
            *party("initiating", "GrpHdr/InitgPty"),
            _GROUPS,
        ),
        needs=("GrpHdr/InitgPty",),
    ),
)
_NOT_A_CHEQUE: Final = "expected CdtrAcct/Id/IBAN or Othr/Id, was neither"


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderGroup:
    """What holds for the lines of a PmtInf."""

    payment_information_id: str
    method: str  # TRF, TRA, CHK
    execution_date: dt.date
    is_batch_booked: bool | None = None
    line_count: int | None = None  # as stated; writing counts anew
    control_sum: str | None = None
    priority: str | None = None
    service_level: str | None = None
    category_purpose: str | None = None  # SALA: wages 代发工资
    debtor_name: str | None = None
    debtor_town: str | None = None
    debtor_country: str | None = None
    debtor_bic: str | None = None
    debtor_lei: str | None = None
    debtor_iban: str | None = None
    debtor_other: str | None = None
    debtor_currency: str | None = None
    debtor_agent_bic: str | None = None
    debtor_agent_clearing: str | None = None
    debtor_agent_member: str | None = None
    debtor_agent_other: str | None = None
    charge_bearer: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderHeader:
    """GrpHdr: who sends, and what it says it adds up to."""

    message_id: str
    created_at: dt.datetime
    line_count: int | None = None  # as stated; writing counts anew
    control_sum: str | None = None
    initiating_name: str | None = None
    initiating_town: str | None = None
    initiating_country: str | None = None
    initiating_bic: str | None = None
    initiating_lei: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """A pain.001.

    `lines` has `group` (int32, index into `groups`), amount_minor (int64), currency, the texts of
    the table above, and `reason` and `detail`: a line with a reason is refused, the others stand.
    """

    header: OrderHeader
    groups: tuple[OrderGroup, ...]
    lines: pa.RecordBatch
    version: int = ORDERS.newest

    @property
    def name(self) -> str:
        """Return the message's name: pain.001.001.09."""
        return ORDERS.name(self.version)


def read_order(content: bytes, rules: Rules | None = None) -> Order | Refused:
    """Read a pain.001: refused whole, or with every line that is refused marked in `lines`."""
    rules = rules or Rules()
    message = read(content, [ORDERS], rules.limits)
    return message if isinstance(message, Refused) else _ordered(message, rules)


def _ordered(message: Read, rules: Rules) -> Order | Refused:
    groups, lines = message.tables["groups"], message.tables["lines"]
    wrong = (
        checks.seen_before(message, rules)
        or checks.totals(message, lines, message.header, "GrpHdr")
        or _group_totals(message)
    )
    if wrong:
        return wrong
    checks.duplicates(lines, ["end_to_end_id", "instruction_id"])
    checks.passed_down(groups, lines)
    checks.zero_amounts(lines)
    if not rules.currencies_mixed:
        checks.mixed_currencies(lines, groups.columns["debtor_currency"])
    no_account = checks.without(groups, ["debtor_iban", "debtor_other"])
    account_missing = "expected DbtrAcct/Id/IBAN or Othr/Id, was neither"
    verdicts = lines.verdicts
    verdicts.refuse(no_account[lines.parents], ReasonCode.ACCOUNT_INCORRECT, account_missing)
    methods = np.array(groups.columns["method"].to_pylist(), object)
    unaddressed = checks.without(lines, ["creditor_iban", "creditor_other"])
    unaddressed &= (methods != "CHK")[lines.parents]
    verdicts.refuse(unaddressed, ReasonCode.ACCOUNT_INCORRECT, _NOT_A_CHEQUE)
    return Order(
        header=OrderHeader(**members(message.header, OrderHeader)),
        groups=tuple(OrderGroup(**members(row, OrderGroup)) for row in groups.rows()),
        lines=lines.batch("group"),
        version=message.version,
    )


def _group_totals(message: Read) -> Refused | None:
    groups, lines = message.tables["groups"], message.tables["lines"]
    sums = checks.Sums(lines, groups.count)
    for place, row in enumerate(groups.rows()):
        wrong = sums.refusal(message, place, row, f"PmtInf[{place + 1}]")
        if wrong:
            return wrong
    return None


def write_order(order: Order, *, version: int = ORDERS.newest) -> bytes:
    """Write a pain.001; counts and control sums are made here. Raises: Malformed."""
    sums = checks.sums_of(order.lines, "group", len(order.groups))
    groups = [
        replace(group, line_count=count, control_sum=total, **_agent_named(group))
        for group, (count, total) in zip(order.groups, sums, strict=True)
    ]
    [(count, total)] = checks.sums_of(order.lines, None, 1)
    header = replace(order.header, line_count=count, control_sum=total)
    batches = {
        "message": row_batch([header], ORDERS.root),
        "groups": row_batch(groups, _GROUPS, parents=[0] * len(groups)),
        "lines": batch_of(order.lines, parent="group"),
    }
    return write(ORDERS, version, batches)


def _agent_named(group: OrderGroup) -> dict[str, Any]:
    """DbtrAgt must come; a bank that is not told is written as the standard's NOTPROVIDED."""
    told = group.debtor_agent_bic or group.debtor_agent_member or group.debtor_agent_other
    return {} if told else {"debtor_agent_other": "NOTPROVIDED"}
