"""Channels' messages: what is said of payments, and what payments become in a message."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

import pyarrow as pa

from yunjin.kernel.errors import Malformed
from yunjin.platforms.capability.api.payments import Payment
from yunjin.platforms.capability.domain.iso20022.opening import opened
from yunjin.platforms.capability.domain.iso20022.reasons import Refused
from yunjin.platforms.capability.domain.iso20022.returns import RETURNS, read_returns
from yunjin.platforms.capability.domain.iso20022.statuses import (
    TRANSFER_STATUSES,
    read_statuses,
)
from yunjin.platforms.capability.domain.iso20022.transfers import (
    TRANSFERS,
    TransferHeader,
    Transfers,
    read_transfers,
    write_transfers,
)

FAMILIES: Final = (TRANSFER_STATUSES, RETURNS, TRANSFERS)
SETTLED: Final = frozenset(("ACSC", "ACCC"))
REJECTED: Final = frozenset(("RJCT",))


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What a channel says of one payment, or of a whole message of ours (payment_id None).

    word : "settled", "rejected", "returned", "unread" where the line cannot be understood, or ""
        for what changes nothing.
    """

    payment_id: UUID | None
    message_id: str
    word: str
    reason: str = ""
    detail: str = ""
    amount_minor: int | None = None


def kind_of(content: bytes) -> str:
    """Return which message it is: "pacs.002". Raises: Malformed."""
    found = opened(content, FAMILIES)
    if isinstance(found, Refused):
        raise Malformed(found.detail, reason=str(found.code))
    return found.family.kind


def said_by(kind: str, content: bytes) -> list[Said]:
    """Return what an answer or a return says, line by line. Raises: Malformed."""
    return _statuses(content) if kind == TRANSFER_STATUSES.kind else _returns(content)


def _statuses(content: bytes) -> list[Said]:
    found = read_statuses(content)
    if isinstance(found, Refused):
        raise Malformed(found.detail, reason=str(found.code))
    head, lines = found.header, found.lines.to_pylist()
    if not lines:
        word = _word(head.status)
        return [
            Said(
                payment_id=None,
                message_id=head.original_message_id,
                word=word,
                reason=head.status_reason or "",
                detail=head.status_detail or "",
            )
        ]
    return [
        Said(
            payment_id=_id(line["original_transaction_id"]),
            message_id=head.original_message_id,
            word="unread" if line["reason"] else _word(line["status"] or head.status),
            reason=line["status_reason"] or head.status_reason or "",
            detail=line["status_detail"] or head.status_detail or "",
            amount_minor=line["amount_minor"],
        )
        for line in lines
    ]


def _returns(content: bytes) -> list[Said]:
    found = read_returns(content)
    if isinstance(found, Refused):
        raise Malformed(found.detail, reason=str(found.code))
    return [
        Said(
            payment_id=_id(line["original_transaction_id"]),
            message_id=line["original_message_id"] or "",
            word="unread" if line["reason"] else "returned",
            reason=line["return_reason"] or "",
            detail=line["return_detail"] or "",
            amount_minor=line["amount_minor"],
        )
        for line in found.lines.to_pylist()
    ]


def _word(status: str | None) -> str:
    if status in SETTLED:
        return "settled"
    return "rejected" if status in REJECTED else ""


def _id(text: str | None) -> UUID | None:
    try:
        return UUID(hex=text or "")
    except ValueError:
        return None


def incoming(content: bytes) -> Transfers:
    """Return payments that come in. Raises: Malformed."""
    found = read_transfers(content)
    if isinstance(found, Refused):
        raise Malformed(found.detail, reason=str(found.code))
    return found


def transfers_of(
    payments: Sequence[Payment], *, message_id: str, at: dt.datetime, institution: str, agent: str
) -> bytes:
    """Return the pacs.008 of payments; each line's transaction id is the payment's."""
    texts = {
        "end_to_end_id": [one.end_to_end_id for one in payments],
        "transaction_id": [one.payment_id.hex for one in payments],
        "currency": [one.currency for one in payments],
        "charge_bearer": ["SLEV" for _ in payments],
        "debtor_name": [institution for _ in payments],
        "debtor_other": [str(one.agreement_id) for one in payments],
        "debtor_agent_bic": [agent or None for _ in payments],
        "creditor_agent_member": [one.other_agent or "NOTPROVIDED" for one in payments],
        "creditor_name": [one.other_name for one in payments],
        "creditor_other": [one.other_account for one in payments],
        "purpose": [one.purpose or None for one in payments],
        "remittance": [one.remittance or None for one in payments],
    }
    columns = {name: pa.array(values, pa.string()) for name, values in texts.items()}
    columns["amount_minor"] = pa.array([one.amount_minor for one in payments], pa.int64())
    header = TransferHeader(
        message_id=message_id,
        created_at=at.replace(microsecond=0),
        settlement_method="CLRG",
        settlement_date=max(one.day for one in payments),
    )
    return write_transfers(Transfers(header=header, lines=pa.record_batch(columns)))
