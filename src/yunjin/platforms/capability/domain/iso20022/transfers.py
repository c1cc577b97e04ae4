"""pacs.008: customers' credit transfers as banks pass them on.

Element order by the message definition of pacs.008.001.08 (CreditTransferTransaction39): PmtId
(InstrId, EndToEndId, TxId, UETR, ClrSysRef), PmtTpInf, IntrBkSttlmAmt, IntrBkSttlmDt, InstdAmt,
ChrgBr, InstgAgt, InstdAgt, UltmtDbtr, Dbtr, DbtrAcct, DbtrAgt, CdtrAgt, Cdtr, CdtrAcct, UltmtCdtr,
Purp, RmtInf. ChrgBr, Dbtr, DbtrAgt, CdtrAgt and Cdtr must come. The settlement day stands in the
header or in every line, never in both; a total in the header asks for one currency.
"""

import datetime as dt
from dataclasses import dataclass, replace
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

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

SETTLEMENT_METHODS: Final = "INDA|INGA|COVE|CLRG"
_LINES: Final = Part(
    "lines",
    "CdtTrfTxInf",
    (
        Field(name="instruction_id", path="PmtId/InstrId"),
        Field(name="end_to_end_id", path="PmtId/EndToEndId", must=True),
        Field(name="transaction_id", path="PmtId/TxId"),
        Field(name="uetr", path="PmtId/UETR", kind=Kind.UETR),
        Field(name="clearing_reference", path="PmtId/ClrSysRef"),
        Field(name="service_level", path="PmtTpInf/SvcLvl/Cd", length_max=4),
        Field(name="category_purpose", path="PmtTpInf/CtgyPurp/Cd", length_max=4),
        Field(name="amount", path="IntrBkSttlmAmt", kind=Kind.AMOUNT, must=True),
        Field(name="settlement_date", path="IntrBkSttlmDt", kind=Kind.DATE),
        Field(
            name="instructed",
            path="InstdAmt",
            kind=Kind.AMOUNT,
            currency="instructed_currency",
        ),
        Field(name="charge_bearer", path="ChrgBr", pattern=CHARGE_BEARERS, must=True),
        *agent("instructing_agent", "InstgAgt"),
        *agent("instructed_agent", "InstdAgt"),
        Field(name="ultimate_debtor_name", path="UltmtDbtr/Nm", length_max=140),
        *party("debtor", "Dbtr", lei_since=8),
        *account("debtor", "DbtrAcct"),
        *agent("debtor_agent", "DbtrAgt"),
        *agent("creditor_agent", "CdtrAgt"),
        *party("creditor", "Cdtr", lei_since=8),
        *account("creditor", "CdtrAcct"),
        Field(name="ultimate_creditor_name", path="UltmtCdtr/Nm", length_max=140),
        Field(name="purpose", path="Purp/Cd", length_max=4),
        *REMITTANCE,
    ),
    must=True,
    needs=("Dbtr", "DbtrAgt", "CdtrAgt", "Cdtr"),
)
TRANSFERS: Final = Family(
    "pacs.008",
    versions=(8,),
    newest=8,
    words=PAYMENT_WORDS,
    root=Part(
        "message",
        "FIToFICstmrCdtTrf",
        (
            Field(name="message_id", path="GrpHdr/MsgId", must=True),
            Field(name="created_at", path="GrpHdr/CreDtTm", kind=Kind.DATETIME, must=True),
            Field(name="is_batch_booked", path="GrpHdr/BtchBookg", kind=Kind.FLAG),
            Field(name="line_count", path="GrpHdr/NbOfTxs", kind=Kind.COUNT, must=True),
            Field(name="control_sum", path="GrpHdr/CtrlSum", kind=Kind.SUM),
            Field(
                name="total",
                path="GrpHdr/TtlIntrBkSttlmAmt",
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
            _LINES,
        ),
    ),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class TransferHeader:
    """GrpHdr: what holds for all lines, and what they are said to add up to. Unit: minor."""

    message_id: str
    created_at: dt.datetime
    settlement_method: str  # INDA, INGA, COVE, CLRG
    is_batch_booked: bool | None = None
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Transfers:
    """A pacs.008; `lines` as the table above has them, with `reason` and `detail`."""

    header: TransferHeader
    lines: pa.RecordBatch
    version: int = TRANSFERS.newest

    @property
    def name(self) -> str:
        """Return the message's name: pacs.008.001.08."""
        return TRANSFERS.name(self.version)


def read_transfers(content: bytes, rules: Rules | None = None) -> Transfers | Refused:
    """Read a pacs.008: refused whole, or with every line that is refused marked in `lines`."""
    rules = rules or Rules()
    message = read(content, [TRANSFERS], rules.limits)
    if isinstance(message, Refused):
        return message
    lines = message.tables["lines"]
    wrong = (
        checks.seen_before(message, rules)
        or checks.totals(message, lines, message.header, "GrpHdr")
        or checks.total_amount(message, lines, "GrpHdr/TtlIntrBkSttlmAmt")
    )
    if wrong:
        return wrong
    checks.duplicates(lines, ["instruction_id", "transaction_id", "uetr"])
    checks.zero_amounts(lines)
    _check_days(message)
    return Transfers(
        header=TransferHeader(**members(message.header, TransferHeader)),
        lines=lines.batch(),
        version=message.version,
    )


def _check_days(message: Read) -> None:
    lines, day = message.tables["lines"], message.header["settlement_date"]
    told = pc.is_valid(lines.columns["settlement_date"]).to_numpy(zero_copy_only=False)
    if day is None:
        missing = "expected IntrBkSttlmDt in GrpHdr or in the line, was neither"
        lines.verdicts.refuse(~told, ReasonCode.DATE_INVALID, missing)
    else:
        twice = f"expected IntrBkSttlmDt only in GrpHdr ({day}), was in the line too"
        lines.verdicts.refuse(told, ReasonCode.DATE_INVALID, twice)


def write_transfers(transfers: Transfers, *, version: int = TRANSFERS.newest) -> bytes:
    """Write a pacs.008; counts and sums are made here. Raises: Malformed."""
    lines = transfers.lines
    [(count, total)] = checks.sums_of(lines, None, 1)
    header = replace(
        transfers.header,
        line_count=count,
        control_sum=total,
        **checks.one_currency_total(lines, is_told=transfers.header.settlement_date is not None),
    )
    batches = {"message": row_batch([header], TRANSFERS.root), "lines": batch_of(lines)}
    return write(TRANSFERS, version, batches)
