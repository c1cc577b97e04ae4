"""pacs.004: money that comes back, line by line of what was sent.

Element order by the message definition of pacs.004.001.09 (PaymentTransaction112): RtrId,
OrgnlGrpInf, OrgnlInstrId, OrgnlEndToEndId, OrgnlTxId, OrgnlUETR, OrgnlIntrBkSttlmAmt,
OrgnlIntrBkSttlmDt, RtrdIntrBkSttlmAmt, IntrBkSttlmDt, RtrdInstdAmt, ChrgBr, InstgAgt, InstdAgt,
RtrRsnInf, OrgnlTxRef. OrgnlGrpInf stands once above all lines or in each. Reasons are of
ExternalReturnReason1Code.
"""

import datetime as dt
from dataclasses import dataclass, replace
from typing import Final

import pyarrow as pa

from yunjin.platforms.capability.domain.iso20022 import checks
from yunjin.platforms.capability.domain.iso20022.checks import Rules
from yunjin.platforms.capability.domain.iso20022.columns import batch_of, members, row_batch
from yunjin.platforms.capability.domain.iso20022.reading import read
from yunjin.platforms.capability.domain.iso20022.reasons import ReasonCode, Refused
from yunjin.platforms.capability.domain.iso20022.tables import (
    CHARGE_BEARERS,
    PAYMENT_WORDS,
    Family,
    Field,
    Kind,
    Part,
    account,
    agent,
)
from yunjin.platforms.capability.domain.iso20022.transfers import SETTLEMENT_METHODS, Transfers
from yunjin.platforms.capability.domain.iso20022.writing import write

_LINES: Final = Part(
    "lines",
    "TxInf",
    (
        Field(name="return_id", path="RtrId"),
        Field(name="original_message_id", path="OrgnlGrpInf/OrgnlMsgId"),
        Field(name="original_name", path="OrgnlGrpInf/OrgnlMsgNmId"),
        Field(name="original_instruction_id", path="OrgnlInstrId"),
        Field(name="original_end_to_end_id", path="OrgnlEndToEndId"),
        Field(name="original_transaction_id", path="OrgnlTxId"),
        Field(name="original_uetr", path="OrgnlUETR", kind=Kind.UETR),
        Field(
            name="original",
            path="OrgnlIntrBkSttlmAmt",
            kind=Kind.AMOUNT,
            currency="original_currency",
        ),
        Field(name="original_settlement_date", path="OrgnlIntrBkSttlmDt", kind=Kind.DATE),
        Field(name="amount", path="RtrdIntrBkSttlmAmt", kind=Kind.AMOUNT, must=True),
        Field(name="settlement_date", path="IntrBkSttlmDt", kind=Kind.DATE),
        Field(name="charge_bearer", path="ChrgBr", pattern=CHARGE_BEARERS),
        *agent("instructing_agent", "InstgAgt"),
        *agent("instructed_agent", "InstdAgt"),
        Field(name="return_reason", path="RtrRsnInf/Rsn/Cd", length_max=4),
        Field(name="return_detail", path="RtrRsnInf/AddtlInf", length_max=105, many="AddtlInf"),
        *account("debtor", "OrgnlTxRef/DbtrAcct"),
        *account("creditor", "OrgnlTxRef/CdtrAcct"),
    ),
    must=True,
)
RETURNS: Final = Family(
    "pacs.004",
    versions=(9,),
    newest=9,
    words=PAYMENT_WORDS,
    root=Part(
        "message",
        "PmtRtr",
        (
            Field(name="message_id", path="GrpHdr/MsgId", must=True),
            Field(name="created_at", path="GrpHdr/CreDtTm", kind=Kind.DATETIME, must=True),
            Field(name="line_count", path="GrpHdr/NbOfTxs", kind=Kind.COUNT, must=True),
            Field(name="control_sum", path="GrpHdr/CtrlSum", kind=Kind.SUM),
            Field(
                name="total",
                path="GrpHdr/TtlRtrdIntrBkSttlmAmt",
                kind=Kind.AMOUNT,
                currency="total_currency",
            ),
            Field(name="settlement_date", path="GrpHdr/IntrBkSttlmDt", kind=Kind.DATE),
            Field(
                name="settlement_method",
                path="GrpHdr/SttlmInf/SttlmMtd",
                pattern=SETTLEMENT_METHODS,
                must=True,
            ),
            Field(name="clearing_system", path="GrpHdr/SttlmInf/ClrSys/Cd", length_max=3),
            Field(
                name="clearing_system_other",
                path="GrpHdr/SttlmInf/ClrSys/Prtry",
                unless="clearing_system",
            ),
            *agent("instructing_agent", "GrpHdr/InstgAgt"),
            *agent("instructed_agent", "GrpHdr/InstdAgt"),
            Field(name="original_message_id", path="OrgnlGrpInf/OrgnlMsgId"),
            Field(name="original_name", path="OrgnlGrpInf/OrgnlMsgNmId"),
            Field(
                name="original_created_at",
                path="OrgnlGrpInf/OrgnlCreDtTm",
                kind=Kind.DATETIME,
            ),
            _LINES,
        ),
    ),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReturnHeader:
    """GrpHdr and OrgnlGrpInf. Unit: minor."""

    message_id: str
    created_at: dt.datetime
    settlement_method: str
    line_count: int | None = None  # as stated; writing counts anew
    control_sum: str | None = None
    total_minor: int | None = None
    total_currency: str | None = None
    settlement_date: dt.date | None = None
    clearing_system: str | None = None
    clearing_system_other: str | None = None
    instructing_agent_bic: str | None = None
    instructing_agent_clearing: str | None = None
    instructing_agent_member: str | None = None
    instructed_agent_bic: str | None = None
    instructed_agent_clearing: str | None = None
    instructed_agent_member: str | None = None
    original_message_id: str | None = None
    original_name: str | None = None
    original_created_at: dt.datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Returns:
    """A pacs.004; `lines` as the table above has them, with `reason` and `detail`."""

    header: ReturnHeader
    lines: pa.RecordBatch
    version: int = RETURNS.newest

    @property
    def name(self) -> str:
        """Return the message's name: pacs.004.001.09."""
        return RETURNS.name(self.version)


def read_returns(content: bytes, rules: Rules | None = None) -> Returns | Refused:
    """Read a pacs.004: refused whole, or with every line that is refused marked in `lines`."""
    rules = rules or Rules()
    message = read(content, [RETURNS], rules.limits)
    if isinstance(message, Refused):
        return message
    lines = message.tables["lines"]
    wrong = (
        checks.seen_before(message, rules)
        or checks.totals(message, lines, message.header, "GrpHdr")
        or checks.total_amount(message, lines, "GrpHdr/TtlRtrdIntrBkSttlmAmt")
    )
    if wrong:
        return wrong
    checks.duplicates(lines, ["return_id", "original_transaction_id", "original_uetr"])
    checks.zero_amounts(lines)
    names = ["original_transaction_id", "original_uetr", "original_instruction_id"]
    unnamed = checks.without(lines, [*names, "original_end_to_end_id"])
    missing = "expected a reference of the original transaction, was none"
    lines.verdicts.refuse(unnamed, ReasonCode.ELEMENT_MISSING, missing)
    if message.header["original_message_id"] is None:
        missing = "expected OrgnlGrpInf above the lines or in the line, was neither"
        ungrouped = checks.without(lines, ["original_message_id"])
        lines.verdicts.refuse(ungrouped, ReasonCode.ELEMENT_MISSING, missing)
    return Returns(
        header=ReturnHeader(**members(message.header, ReturnHeader)),
        lines=lines.batch(),
        version=message.version,
    )


def returns_of(
    transfers: Transfers,
    *,
    message_id: str,
    created_at: dt.datetime,
    settlement_date: dt.date,
    rows: pa.Array,
    return_ids: pa.Array,
    reasons: pa.Array,
    details: pa.Array | None = None,
) -> Returns:
    """Return money of some lines of a pacs.008 to the bank that sent it, whole.

    Parameters
    ----------
    rows : int[returns], lines of `transfers`.
    return_ids, reasons, details : string[returns]; reasons of ExternalReturnReason1Code.
    """
    sent, head = transfers.lines.take(rows), transfers.header
    day = head.settlement_date
    days = sent.column("settlement_date") if day is None else pa.array([day] * len(rows))
    columns = {
        "return_id": return_ids,
        "original_instruction_id": sent.column("instruction_id"),
        "original_end_to_end_id": sent.column("end_to_end_id"),
        "original_transaction_id": sent.column("transaction_id"),
        "original_uetr": sent.column("uetr"),
        "original_minor": sent.column("amount_minor"),
        "original_currency": sent.column("currency"),
        "original_settlement_date": days,
        "amount_minor": sent.column("amount_minor"),
        "currency": sent.column("currency"),
        "return_reason": reasons,
        "return_detail": details if details is not None else pa.nulls(len(rows), pa.string()),
    }
    for side in ("debtor", "creditor"):
        for name in (f"{side}_iban", f"{side}_other", f"{side}_currency"):
            columns[name] = sent.column(name)
    header = ReturnHeader(
        message_id=message_id,
        created_at=created_at,
        settlement_method=head.settlement_method,
        settlement_date=settlement_date,
        clearing_system=head.clearing_system,
        clearing_system_other=head.clearing_system_other,
        instructing_agent_bic=head.instructed_agent_bic,
        instructing_agent_clearing=head.instructed_agent_clearing,
        instructing_agent_member=head.instructed_agent_member,
        instructed_agent_bic=head.instructing_agent_bic,
        instructed_agent_clearing=head.instructing_agent_clearing,
        instructed_agent_member=head.instructing_agent_member,
        original_message_id=head.message_id,
        original_name=transfers.name,
        original_created_at=head.created_at,
    )
    return Returns(header=header, lines=pa.record_batch(columns))


def write_returns(returns: Returns, *, version: int = RETURNS.newest) -> bytes:
    """Write a pacs.004; counts and sums are made here. Raises: Malformed."""
    lines = returns.lines
    [(count, total)] = checks.sums_of(lines, None, 1)
    header = replace(
        returns.header,
        line_count=count,
        control_sum=total,
        **checks.one_currency_total(lines, is_told=returns.header.settlement_date is not None),
    )
    batches = {"message": row_batch([header], RETURNS.root), "lines": batch_of(lines)}
    return write(RETURNS, version, batches)
