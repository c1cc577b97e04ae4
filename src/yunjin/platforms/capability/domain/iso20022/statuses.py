"""pain.002 and pacs.002: what became of a customer's orders or of another bank's transfers.

Element order checked against samples of pacs.002.001.10 and the message definitions of
pain.002.001.03 and .10: OrgnlGrpInfAndSts (OrgnlMsgId, OrgnlMsgNmId, OrgnlCreDtTm, OrgnlNbOfTxs,
OrgnlCtrlSum, GrpSts, StsRsnInf, NbOfTxsPerSts); OrgnlPmtInfAndSts (OrgnlPmtInfId, OrgnlNbOfTxs,
OrgnlCtrlSum, PmtInfSts, StsRsnInf, TxInfAndSts); TxInfAndSts (StsId, OrgnlInstrId, OrgnlEndToEndId,
OrgnlTxId in pacs only, OrgnlUETR from version 9 on, TxSts, StsRsnInf, AccptncDtTm, AcctSvcrRef,
ClrSysRef, InstgAgt, InstdAgt in pacs only, OrgnlTxRef). Additional information is Max105Text.
"""

import datetime as dt
from dataclasses import dataclass
from typing import Final

import pyarrow as pa

from yunjin.platforms.capability.domain.iso20022 import checks
from yunjin.platforms.capability.domain.iso20022.checks import Rules
from yunjin.platforms.capability.domain.iso20022.columns import batch_of, members, row_batch
from yunjin.platforms.capability.domain.iso20022.reading import read
from yunjin.platforms.capability.domain.iso20022.reasons import DETAIL_LENGTH_MAX, Refused
from yunjin.platforms.capability.domain.iso20022.tables import (
    PAYMENT_WORDS,
    Family,
    Field,
    Kind,
    Part,
    agent,
)
from yunjin.platforms.capability.domain.iso20022.writing import write


def _reason(above: str, name: str) -> tuple[Field, ...]:
    """Return the fields of StsRsnInf; several reasons that come in are joined by line ends."""
    inside = f"{above}StsRsnInf"
    return (
        Field(name=f"{name}_reason", path=f"{inside}/Rsn/Cd", length_max=4, many="StsRsnInf"),
        Field(
            name=f"{name}_reason_other",
            path=f"{inside}/Rsn/Prtry",
            many="StsRsnInf",
            unless=f"{name}_reason",
        ),
        Field(
            name=f"{name}_detail",
            path=f"{inside}/AddtlInf",
            length_max=DETAIL_LENGTH_MAX,
            many="AddtlInf",
        ),
    )


def _lines(*, is_order: bool) -> Part:
    own = () if is_order else (Field(name="original_transaction_id", path="OrgnlTxId"),)
    agents = (
        ()
        if is_order
        else (*agent("instructing_agent", "InstgAgt"), *agent("instructed_agent", "InstdAgt"))
    )
    amount = "OrgnlTxRef/Amt/InstdAmt" if is_order else "OrgnlTxRef/IntrBkSttlmAmt"
    return Part(
        "lines",
        "TxInfAndSts",
        (
            Field(name="status_id", path="StsId"),
            Field(name="original_instruction_id", path="OrgnlInstrId"),
            Field(name="original_end_to_end_id", path="OrgnlEndToEndId"),
            *own,
            Field(name="original_uetr", path="OrgnlUETR", kind=Kind.UETR, since=9),
            Field(name="status", path="TxSts", length_max=4),
            *_reason("", "status"),
            Field(name="accepted_at", path="AccptncDtTm", kind=Kind.DATETIME),
            Field(name="servicer_reference", path="AcctSvcrRef"),
            Field(name="clearing_reference", path="ClrSysRef"),
            *agents,
            Field(name="amount", path=amount, kind=Kind.AMOUNT),
        ),
    )


_GROUPS: Final = Part(
    "groups",
    "OrgnlPmtInfAndSts",
    (
        Field(name="original_payment_information_id", path="OrgnlPmtInfId", must=True),
        Field(name="original_line_count", path="OrgnlNbOfTxs", kind=Kind.COUNT),
        Field(name="original_control_sum", path="OrgnlCtrlSum", kind=Kind.SUM),
        Field(name="status", path="PmtInfSts", length_max=4),
        *_reason("", "status"),
        _lines(is_order=True),
    ),
)
_COUNTS: Final = Part(
    "counts",
    "OrgnlGrpInfAndSts/NbOfTxsPerSts",
    (
        Field(name="line_count", path="DtldNbOfTxs", kind=Kind.COUNT, must=True),
        Field(name="status", path="DtldSts", length_max=4, must=True),
        Field(name="control_sum", path="DtldCtrlSum", kind=Kind.SUM),
    ),
)


def _root(tag: str, agents: tuple[Field, ...], lines: Part) -> Part:
    original = "OrgnlGrpInfAndSts"
    return Part(
        "message",
        tag,
        (
            Field(name="message_id", path="GrpHdr/MsgId", must=True),
            Field(name="created_at", path="GrpHdr/CreDtTm", kind=Kind.DATETIME, must=True),
            *agents,
            Field(name="original_message_id", path=f"{original}/OrgnlMsgId", must=True),
            Field(name="original_name", path=f"{original}/OrgnlMsgNmId", must=True),
            Field(
                name="original_created_at",
                path=f"{original}/OrgnlCreDtTm",
                kind=Kind.DATETIME,
            ),
            Field(name="original_line_count", path=f"{original}/OrgnlNbOfTxs", kind=Kind.COUNT),
            Field(name="original_control_sum", path=f"{original}/OrgnlCtrlSum", kind=Kind.SUM),
            Field(name="status", path=f"{original}/GrpSts", length_max=4),
            *_reason(f"{original}/", "status"),
            _COUNTS,
            lines,
        ),
    )


ORDER_STATUSES: Final = Family(
    "pain.002",
    versions=(3, 10),
    newest=10,
    words=PAYMENT_WORDS,
    root=_root("CstmrPmtStsRpt", agent("debtor_agent", "GrpHdr/DbtrAgt"), _GROUPS),
)
TRANSFER_STATUSES: Final = Family(
    "pacs.002",
    versions=(10,),
    newest=10,
    words=PAYMENT_WORDS,
    root=_root(
        "FIToFIPmtStsRpt",
        (
            *agent("instructing_agent", "GrpHdr/InstgAgt"),
            *agent("instructed_agent", "GrpHdr/InstdAgt"),
        ),
        _lines(is_order=False),
    ),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusHeader:
    """GrpHdr and OrgnlGrpInfAndSts."""

    message_id: str
    created_at: dt.datetime
    original_message_id: str
    original_name: str
    original_created_at: dt.datetime | None = None
    original_line_count: int | None = None
    original_control_sum: str | None = None
    status: str | None = None  # ACCP, PART, RJCT, …
    status_reason: str | None = None  # ExternalStatusReason1Code
    status_reason_other: str | None = None
    status_detail: str | None = None
    debtor_agent_bic: str | None = None  # pain.002
    debtor_agent_clearing: str | None = None
    debtor_agent_member: str | None = None
    instructing_agent_bic: str | None = None  # pacs.002
    instructing_agent_clearing: str | None = None
    instructing_agent_member: str | None = None
    instructed_agent_bic: str | None = None
    instructed_agent_clearing: str | None = None
    instructed_agent_member: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusGroup:
    """OrgnlPmtInfAndSts."""

    original_payment_information_id: str
    original_line_count: int | None = None
    original_control_sum: str | None = None
    status: str | None = None
    status_reason: str | None = None  # ExternalStatusReason1Code
    status_reason_other: str | None = None
    status_detail: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusCount:
    """NbOfTxsPerSts: how many lines have a status, and their sum over currencies."""

    status: str
    line_count: int
    control_sum: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Statuses:
    """A pain.002 or pacs.002; `lines` has `group` in a pain.002, an index into `groups`."""

    family: Family
    header: StatusHeader
    counts: tuple[StatusCount, ...]
    groups: tuple[StatusGroup, ...]  # empty in a pacs.002
    lines: pa.RecordBatch
    version: int

    @property
    def name(self) -> str:
        """Return the message's name: pain.002.001.10."""
        return self.family.name(self.version)


def read_statuses(content: bytes, rules: Rules | None = None) -> Statuses | Refused:
    """Read a pain.002 or pacs.002; its namespace says which."""
    rules = rules or Rules()
    message = read(content, [ORDER_STATUSES, TRANSFER_STATUSES], rules.limits)
    if isinstance(message, Refused):
        return message
    wrong = checks.seen_before(message, rules)
    if wrong:
        return wrong
    lines, groups = message.tables["lines"], message.tables.get("groups")
    if groups is not None:
        checks.passed_down(groups, lines)
    return Statuses(
        family=message.family,
        header=StatusHeader(**members(message.header, StatusHeader)),
        counts=tuple(StatusCount(**row) for row in message.tables["counts"].rows()),
        groups=tuple(StatusGroup(**row) for row in groups.rows()) if groups else (),
        lines=lines.batch("group" if groups is not None else None),
        version=message.version,
    )


def write_statuses(statuses: Statuses, *, version: int | None = None) -> bytes:
    """Write a pain.002 or pacs.002. Raises: Malformed."""
    family, lines = statuses.family, statuses.lines
    batches = {
        "message": row_batch([statuses.header], family.root),
        "counts": row_batch(statuses.counts, _COUNTS, parents=[0] * len(statuses.counts)),
    }
    if family is ORDER_STATUSES:
        count = len(statuses.groups)
        batches["groups"] = row_batch(statuses.groups, _GROUPS, parents=[0] * count)
        batches["lines"] = batch_of(lines, parent="group")
    else:
        batches["lines"] = batch_of(lines)
    return write(family, statuses.version if version is None else version, batches)
