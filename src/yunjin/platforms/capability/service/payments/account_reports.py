"""What happened on an agreement as ISO 20022 tells it: camt.053 of a day, camt.052, camt.054."""

import datetime as dt
from typing import Any
from uuid import UUID

import pyarrow as pa

from yunjin.chassis.persistence import RoomDatabase
from yunjin.foundation.banking.api.statements import Statement, StatementQuery, StatementsApi
from yunjin.kernel.clock import instant
from yunjin.kernel.errors import Malformed
from yunjin.platforms.capability.api.payments import Payment, ReportKind
from yunjin.platforms.capability.domain.iso20022.account_tables import REPORTS, STATEMENTS
from yunjin.platforms.capability.domain.iso20022.accounts import (
    AccountSection,
    notification,
    statement,
    write_account_report,
)
from yunjin.platforms.capability.store import payments as store


class AccountReports:
    """Writes reports of agreements over the core's statements and our payments."""

    def __init__(
        self, room: RoomDatabase, statements: StatementsApi | None, *, agent: str, institution: str
    ) -> None:
        self._room, self._statements = room, statements
        self._agent, self._institution = agent, institution

    def report(self, agreement_id: int, kind: ReportKind, day: dt.date) -> bytes:
        """Return what happened on a day. Raises: AgreementNotFound, StatementTooLong, Malformed."""
        if self._statements is None:
            raise Malformed("expected a bank that has statements, was one without")
        found = self._statements.statement(
            StatementQuery(agreement_id=agreement_id, start=day, end=day)
        )
        lines = self._lines(found)
        at = instant(self._room.clock.now_ns()).replace(microsecond=0)
        section = AccountSection(
            section_id=f"{agreement_id}-{day:%Y%m%d}",
            created_at=at,
            account_other=str(agreement_id),
            account_currency=found.currency,
            servicer_bic=self._agent or None,
        )
        message_id = f"{kind.value[-3:]}-{agreement_id}-{day:%y%m%d}-{found.line_count}"[:35]
        if kind is ReportKind.NOTIFICATION:
            made = notification(lines, [section], message_id=message_id, created_at=at)
        else:
            made = statement(
                lines,
                [section],
                message_id=message_id,
                created_at=at,
                openings_minor=[_in_credit(found)],
                day=day,
                family=STATEMENTS if kind is ReportKind.STATEMENT else REPORTS,
            )
        return write_account_report(made)

    def _lines(self, found: Statement) -> pa.RecordBatch:
        """Return a statement's lines with what is known of the payments behind them."""
        rows = found.lines.to_pylist()
        ids = [UUID(row["reference"]) for row in rows if row["reference"]]
        payments = self._room.read(lambda connection: store.known(connection, ids))
        told = [self._told(payments.get(_id(row["reference"]))) for row in rows]
        texts = {
            name: pa.array([one.get(name) for one in told], pa.string())
            for name in (
                "end_to_end_id",
                "transaction_id",
                "debtor_name",
                "debtor_other",
                "creditor_name",
                "creditor_other",
                "purpose",
                "remittance",
                "subfamily",
            )
        }
        count = len(rows)
        return pa.record_batch(
            texts
            | {
                "section": pa.array([0] * count, pa.int32()),
                "entry_reference": pa.array(
                    [f"{row['transfer_hi']:016x}{row['transfer_lo']:016x}" for row in rows],
                    pa.string(),
                ),
                "amount_minor": pa.array(
                    [row["debit_minor"] or row["credit_minor"] for row in rows], pa.int64()
                ),
                "currency": pa.array([found.currency] * count, pa.string()),
                "is_credit": pa.array([bool(row["credit_minor"]) for row in rows], pa.bool_()),
                "status": pa.array(["BOOK"] * count, pa.string()),
                "domain": pa.array(["PMNT"] * count, pa.string()),
                "transaction_family": pa.array(
                    ["RCDT" if row["credit_minor"] else "ICDT" for row in rows], pa.string()
                ),
                "booking_date": pa.array([row["business_date"] for row in rows], pa.date32()),
                "value_date": pa.array([row["value_date"] for row in rows], pa.date32()),
                "additional_information": pa.array([row["text"] for row in rows], pa.string()),
            }
        )

    def _told(self, one: Payment | None) -> dict[str, Any]:
        """Return what a line says of the payment behind it."""
        if one is None:
            return {"subfamily": "OTHR"}
        ours, other = ("creditor", "debtor") if one.is_incoming else ("debtor", "creditor")
        return {
            "subfamily": "BOOK" if one.counter_agreement_id else "DMCT",
            "end_to_end_id": one.end_to_end_id,
            "transaction_id": one.payment_id.hex,
            f"{ours}_other": str(one.agreement_id),
            f"{other}_name": one.other_name or None,
            f"{other}_other": one.other_account or str(one.counter_agreement_id or "") or None,
            "purpose": one.purpose or None,
            "remittance": one.remittance or None,
        }


def _id(text: str) -> UUID:
    return UUID(text) if text else UUID(int=0)


def _in_credit(found: Statement) -> int:
    """Return the opening balance, positive in credit, whichever side the account grows on."""
    grows_by_debit = found.closing_minor - found.opening_minor == (
        found.debit_minor - found.credit_minor
    )
    is_even = found.debit_minor == found.credit_minor
    return -found.opening_minor if grows_by_debit and not is_even else found.opening_minor
