"""pain.001 (a customer's orders) and pacs.008 (what banks pass on to each other).

An order debits the debtor's account; the creditor's is credited where this ledger knows it, else
the nostro. Of a payment between banks either account may be ours. Control sums add the amounts
as written, whatever their currency, as the standard says.

Source: ISO 20022 message definition reports, Payments Initiation and Payments Clearing.
"""

import datetime as dt
from dataclasses import replace
from decimal import Decimal

from yunjin.foundation.ledger.adapters.messages import (
    LINES_MAX,
    AccountName,
    Line,
    Message,
    Side,
    Unreadable,
    Verdict,
    read_amount,
    read_date,
)
from yunjin.foundation.ledger.adapters.naming import Tally, account_name, control
from yunjin.foundation.ledger.adapters.xml import Element, Reader
from yunjin.foundation.ledger.api.imports import ControlSum, ImportCode, LineReason, Outcome

_NO_REFERENCE = {"NOTPROVIDED", "NOT PROVIDED"}
_METHODS = {"TRF", "TRA", "CHK"}


class Builder:
    """Builds a Message from elements as they end."""

    def __init__(self, reader: Reader, kind: str, version: int, root: str) -> None:
        self._reader, self._kind, self._version, self._root = reader, kind, version, root
        names = ["GrpHdr", "CdtTrfTxInf", *(["PmtInf"] if self._is_order else [])]
        self.tags = frozenset(map(reader.tag, names))
        self._message_id = ""
        self._header: Element | None = None
        self._header_count = 0
        self._stated: dict[str, str] = {}
        self._header_line: Element | None = None
        self._day: dt.date | None = None
        self._group_count = 0
        self._transaction_count = 0
        self._all, self._tally = Tally(), Tally()
        self._drafts: list[Line] = []
        self._lines: list[Line] = []
        self._controls: list[ControlSum] = []

    @property
    def _is_order(self) -> bool:
        return self._kind == "pain.001"

    def take(self, element: Element) -> None:
        """Read a header, a transaction or the rest of a group of orders."""
        if element.tag == self._reader.tag("GrpHdr"):
            self._take_header(element)
        elif element.tag == self._reader.tag("CdtTrfTxInf"):
            self._take_transaction(element)
        else:
            self._take_group(element)

    def finish(self, line: int) -> Message:
        """Return the message. `line`: of the message element. Raises: ImportRefused."""
        findings, where = self._reader.findings, f"/{self._root}"
        if self._header_count != 1:
            findings.add(line, where, f"expected 1 GrpHdr, was {self._header_count}")
        if self._is_order and not self._group_count:
            findings.add(line, where, "expected at least one PmtInf, was none")
        if not self._is_order:
            self._lines, self._drafts = self._drafts, []
        if not self._lines and self._group_count == int(self._is_order):
            findings.add(line, where, "expected at least one CdtTrfTxInf, was none")
        findings.settle()
        return Message(
            kind=self._kind,
            version=self._version,
            message_id=self._message_id,
            code=ImportCode[self._kind.replace(".", "_").upper()],
            lines=tuple(self._lines),
            controls=(*self._held(self._header_line, f"{where}/GrpHdr"), *self._controls),
        )

    def _held(self, line: int, where: str) -> list[ControlSum]:
        found = {
            "NbOfTxs": Decimal(self._all.count[""]),
            "CtrlSum": self._all.sum(),
            "TtlIntrBkSttlmAmt": self._all.sum(),
        }
        return [
            control(line, where, name, stated, found[name])
            for name, stated in self._stated.items()
            if stated
        ]
