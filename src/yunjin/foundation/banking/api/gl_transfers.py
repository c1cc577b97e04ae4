"""A transfer of the ledger behind a line of the general ledger."""

import datetime as dt
from dataclasses import dataclass
from uuid import UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class LineTransfer:
    """A transfer as a line counts it; on both sides where it stays within the line's slot.

    agreement_id : whose it is; 0 for what was booked in sum, or by hand.
    code : what it is for, as in the ledger: 1 entry, 2 product, 3 accrual, 4 provision, 5 manual.
    timestamp : of the ledger, ns.
    """

    transfer_id: UUID
    agreement_id: int
    debit_account_id: int
    credit_account_id: int
    debit_minor: int
    credit_minor: int
    code: int
    value_date: dt.date
    timestamp: int
