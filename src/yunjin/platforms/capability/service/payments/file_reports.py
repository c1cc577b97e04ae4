"""What a payment file is answered with: pain.002 by line, camt.054 of what was booked."""

import datetime as dt

import numpy as np
import pyarrow as pa

from yunjin.platforms.capability.api.payment_files import PaymentFile
from yunjin.platforms.capability.domain.iso20022.account_tables import NOTIFICATIONS
from yunjin.platforms.capability.domain.iso20022.accounts import (
    AccountReport,
    AccountSection,
    batched,
    write_account_report,
)
from yunjin.platforms.capability.domain.iso20022.answers import answer_order
from yunjin.platforms.capability.domain.iso20022.orders import Order
from yunjin.platforms.capability.domain.iso20022.reasons import ReasonCode, Refused
from yunjin.platforms.capability.domain.iso20022.statuses import write_statuses
from yunjin.platforms.capability.domain.payment_files import BOOKED


def rejection(one: PaymentFile, *, at: dt.datetime) -> bytes:
    """Return the pain.002 to a file that was refused whole."""
    refused = Refused(
        code=ReasonCode(one.reason),
        detail=one.detail,
        name=one.name,
        message_id=one.message_id,
    )
    return write_statuses(answer_order(refused, message_id=one.file_id.hex, created_at=_plain(at)))


def answer(
    one: PaymentFile, order: Order, outcome: pa.RecordBatch, *, at: dt.datetime, agent: str
) -> bytes:
    """Return the pain.002 to a file, line by line."""
    return write_statuses(
        answer_order(
            order,
            message_id=one.file_id.hex,
            created_at=_plain(at),
            outcomes=outcome,
            debtor_agent_bic=agent or None,
        )
    )


def notification(
    one: PaymentFile, order: Order, outcome: pa.RecordBatch, *, at: dt.datetime
) -> bytes:
    """Return the camt.054 of what left the payers' accounts: an entry a group, its lines below."""
    is_booked = pa.compute.equal(outcome["status"], BOOKED)
    lines = order.lines.filter(is_booked)
    places, groups = np.unique(lines["group"].to_numpy(), return_inverse=True)
    chosen = [order.groups[place] for place in places.tolist()]
    count, day = len(chosen), at.date()
    facts = {
        "section": pa.array(range(count), pa.int32()),
        "status": pa.array(["BOOK"] * count),
        "domain": pa.array(["PMNT"] * count),
        "transaction_family": pa.array(["ICDT"] * count),
        "subfamily": pa.array(
            ["SALA" if each.category_purpose == "SALA" else "DMCT" for each in chosen]
        ),
        "booking_date": pa.array([day] * count, pa.date32()),
        "value_date": pa.array([day] * count, pa.date32()),
        "batch_message_id": pa.array([one.message_id] * count),
        "batch_payment_information_id": pa.array([each.payment_information_id for each in chosen]),
    }
    details = lines.append_column("is_credit", pa.array(np.zeros(lines.num_rows, bool)))
    order_of = np.argsort(groups, kind="stable")
    details = details.take(pa.array(order_of))
    entries, made = batched(details, groups[order_of], pa.record_batch(facts))
    sections = tuple(
        AccountSection(
            section_id=f"{one.file_id.hex[:28]}-{place}",
            created_at=_plain(at),
            account_iban=each.debtor_iban,
            account_other=each.debtor_other,
        )
        for place, each in zip(places.tolist(), chosen, strict=True)
    )
    report = AccountReport(
        family=NOTIFICATIONS,
        message_id=one.file_id.hex,
        created_at=_plain(at),
        sections=sections,
        entries=entries,
        details=made,
    )
    return write_account_report(report)


def _plain(at: dt.datetime) -> dt.datetime:
    return at.replace(microsecond=0)
