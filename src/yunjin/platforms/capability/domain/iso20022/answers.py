"""The answers to what came in: a pain.002 to a pain.001, a pacs.002 to a pacs.008.

What reading refused is rejected with its reason; of the other lines the caller says what became
of them. The status of a group, and of the message, follows from its lines: all alike have that
status; rejected or pending ones beside accepted ones make it PART; else the least far counts.
"""

import datetime as dt
from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from yunjin.platforms.capability.domain.iso20022 import checks
from yunjin.platforms.capability.domain.iso20022.forms import fitting
from yunjin.platforms.capability.domain.iso20022.orders import Order
from yunjin.platforms.capability.domain.iso20022.reasons import Refused, sentence
from yunjin.platforms.capability.domain.iso20022.statuses import (
    ORDER_STATUSES,
    TRANSFER_STATUSES,
    StatusCount,
    Statuses,
    StatusGroup,
    StatusHeader,
)
from yunjin.platforms.capability.domain.iso20022.tables import Family, Field
from yunjin.platforms.capability.domain.iso20022.transfers import Transfers

REJECTED: Final = "RJCT"
PARTLY: Final = "PART"
ACCEPTED: Final = "ACCP"  # technically and as to the customer; nothing has moved yet
_ADVANCE: Final = ("RCVD", "ACTC", "ACCP", "ACWC", "ACSP", "ACSC", "ACCC")
_NOT_PROVIDED: Final = "NOTPROVIDED"


def answer_order(
    order: Order | Refused,
    *,
    message_id: str,
    created_at: dt.datetime,
    outcomes: pa.RecordBatch | None = None,
    version: int = ORDER_STATUSES.newest,
    debtor_agent_bic: str | None = None,
) -> Statuses:
    """Return the pain.002 to a customer's orders.

    Parameters
    ----------
    outcomes : a row for each line: status (ACSC, RJCT, …), and status_reason and status_detail
        of those that are rejected after all; without it every line that stands is ACCP.
    """
    if isinstance(order, Refused):
        return _rejection(order, ORDER_STATUSES, version, message_id, created_at)
    lines = _told(order.lines, outcomes, ORDER_STATUSES, "group")
    parents, statuses = lines.column("group").to_numpy(), _objects(lines.column("status"))
    groups = []
    sums = checks.sums_of(order.lines, "group", len(order.groups))
    edges = np.searchsorted(parents, np.arange(len(order.groups) + 1))
    for place, (group, (count, _)) in enumerate(zip(order.groups, sums, strict=True)):
        status = status_of(statuses[edges[place] : edges[place + 1]])
        groups.append(
            StatusGroup(
                original_payment_information_id=_fits(
                    ORDER_STATUSES,
                    "original_payment_information_id",
                    group.payment_information_id,
                )
                or _NOT_PROVIDED,
                original_line_count=count,
                original_control_sum=_fits(
                    ORDER_STATUSES, "original_control_sum", group.control_sum
                ),
                status=status,
            )
        )
    header = StatusHeader(
        message_id=message_id,
        created_at=created_at,
        original_message_id=order.header.message_id,
        original_name=order.name,
        original_created_at=order.header.created_at,
        original_line_count=order.lines.num_rows,
        original_control_sum=order.header.control_sum,
        status=status_of(statuses),
        debtor_agent_bic=debtor_agent_bic,
    )
    return Statuses(
        family=ORDER_STATUSES,
        header=header,
        counts=_counts(order.lines, statuses),
        groups=tuple(groups),
        lines=lines,
        version=version,
    )


def answer_transfers(
    transfers: Transfers | Refused,
    *,
    message_id: str,
    created_at: dt.datetime,
    outcomes: pa.RecordBatch | None = None,
) -> Statuses:
    """Return the pacs.002 to another bank's transfers; `outcomes` as in `answer_order`."""
    family = TRANSFER_STATUSES
    if isinstance(transfers, Refused):
        return _rejection(transfers, family, family.newest, message_id, created_at)
    lines, head = _told(transfers.lines, outcomes, family, None), transfers.header
    statuses = _objects(lines.column("status"))
    header = StatusHeader(
        message_id=message_id,
        created_at=created_at,
        instructing_agent_bic=head.instructed_agent_bic,
        instructing_agent_clearing=head.instructed_agent_clearing,
        instructing_agent_member=head.instructed_agent_member,
        instructed_agent_bic=head.instructing_agent_bic,
        instructed_agent_clearing=head.instructing_agent_clearing,
        instructed_agent_member=head.instructing_agent_member,
        original_message_id=head.message_id,
        original_name=transfers.name,
        original_created_at=head.created_at,
        original_line_count=transfers.lines.num_rows,
        original_control_sum=head.control_sum,
        status=status_of(statuses),
    )
    return Statuses(
        family=family,
        header=header,
        counts=_counts(transfers.lines, statuses),
        groups=(),
        lines=lines,
        version=family.newest,
    )


def status_of(statuses: Sequence[str] | Any) -> str:
    """Return the status of many lines together."""
    found = set(statuses)
    if len(found) < 2:
        return str(found.pop()) if found else ACCEPTED
    if found <= set(_ADVANCE):
        return str(min(found, key=_ADVANCE.index))
    return PARTLY


def _told(
    lines: pa.RecordBatch, outcomes: pa.RecordBatch | None, family: Family, parent: str | None
) -> pa.RecordBatch:
    """Return each line's references, status and reason.

    A reference may be what a line is refused for; one that no answer can carry is left out, and a
    line without any is named by its number.
    """
    refused = lines.column("reason").is_valid()
    nothing = pa.nulls(lines.num_rows, pa.string())
    told = dict.fromkeys(("status", "status_reason", "status_detail"), nothing)
    if outcomes is None:
        told["status"] = pa.array([ACCEPTED] * lines.num_rows, pa.string())
    else:
        told |= {name: outcomes.column(name) for name in told if name in outcomes.schema.names}
    given = {"status": REJECTED, "status_reason": lines["reason"], "status_detail": lines["detail"]}
    columns = {parent: lines.column(parent)} if parent else {}
    unnamed = np.ones(lines.num_rows, bool)
    for field in _line_fields(family):
        name = field.name.removeprefix("original_")
        if name != field.name and name in lines.schema.names:
            columns[field.name] = fitting(field, lines.column(name))
            unnamed &= columns[field.name].is_null().to_numpy(zero_copy_only=False)
    numbers = [f"LINE-{row + 1}" if unnamed[row] else None for row in range(lines.num_rows)]
    columns["status_id"] = pa.array(numbers, pa.string())
    columns |= {name: pc.if_else(refused, given[name], told[name]) for name in told}
    return pa.record_batch(columns)


def _line_fields(family: Family) -> tuple[Field, ...]:
    part = family.root
    while part.name != "lines":
        part = part.parts[-1]
    return part.fields


def _fits(family: Family, name: str, text: str | None) -> str | None:
    """Return a text of the message or a group where its element can carry it."""
    fields = {
        field.name: field for part in (family.root, *family.root.parts) for field in part.fields
    }
    fitted: str | None = fitting(fields[name], pa.array([text], pa.string()))[0].as_py()
    return fitted


def _objects(column: pa.Array) -> Any:
    return np.array(column.to_pylist(), object)


def _counts(lines: pa.RecordBatch, statuses: Any) -> tuple[StatusCount, ...]:
    """Return how many lines have each status, the sums of those that can be read."""
    names, places = np.unique(statuses.astype(str), return_inverse=True)
    numbered = pa.record_batch(
        {
            "status": pa.array(places),
            "amount_minor": lines.column("amount_minor"),
            "currency": lines.column("currency"),
        }
    )
    sums = checks.sums_of(numbered, "status", len(names))
    return tuple(
        StatusCount(status=str(name), line_count=count, control_sum=total)
        for name, (count, total) in zip(names, sums, strict=True)
    )


def _rejection(
    refused: Refused, family: Family, version: int, message_id: str, created_at: dt.datetime
) -> Statuses:
    """Return the answer to a file that is refused whole; it may not even have told its id."""
    header = StatusHeader(
        message_id=message_id,
        created_at=created_at,
        original_message_id=_fits(family, "original_message_id", refused.message_id or None)
        or _NOT_PROVIDED,
        original_name=refused.name or _NOT_PROVIDED,
        original_created_at=refused.created_at,
        status=REJECTED,
        status_reason=refused.code,
        status_detail=sentence(refused.detail),
    )
    no_lines = pa.record_batch(
        {"group": pa.array([], pa.int32()), "status": pa.array([], pa.string())}
    )
    return Statuses(
        family=family, header=header, counts=(), groups=(), lines=no_lines, version=version
    )
