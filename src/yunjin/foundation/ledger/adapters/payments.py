"""pain.001 (a customer's orders) and pacs.008 (what banks pass on to each other).

An order debits the debtor's account; the creditor's is credited where this ledger knows it, else
the nostro. Of a payment between banks either account may be ours. Control sums add the amounts
as written, whatever their currency, as the standard says.

Source: ISO 20022 message definition reports, Payments Initiation and Payments Clearing.
"""

import datetime as dt
from dataclasses import replace
from decimal import Decimal
from typing import Final

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
from yunjin.foundation.ledger.api.imports import ControlSum, ImportCode, LineOutcome, LineReason

_NO_REFERENCE: Final = {"NOTPROVIDED", "NOT PROVIDED"}
_REFERENCES: Final = ("PmtId/EndToEndId", "PmtId/InstrId", "PmtId/TxId")
_CHEQUE: Final = Verdict(
    outcome=LineOutcome.SKIPPED,
    reason=LineReason.METHOD_MOVES_NO_MONEY,
    detail="a cheque is to be written; it moves money when it is cashed",
)


class Builder:
    """Builds a Message from elements as they end."""

    def __init__(self, reader: Reader, kind: str, version: int, root: str) -> None:
        self._reader, self._kind, self._version, self._root = reader, kind, version, root
        self._is_order = kind == "pain.001"
        names = ("GrpHdr", "CdtTrfTxInf", "PmtInf") if self._is_order else ("GrpHdr", "CdtTrfTxInf")
        self.tags = frozenset(map(reader.tag, names))
        self._message_id = ""
        self._header_count = 0
        self._stated: list[tuple[int, str, str]] = []  # line, name, value of the header's controls
        self._day: dt.date | None = None
        self._group_count = 0
        self._of_message, self._of_group = Tally(), Tally()
        self._drafts: list[Line] = []  # of the group that is being read
        self._lines: list[Line] = []
        self._controls: list[ControlSum] = []

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
        elif not self._of_message.count[""]:
            findings.add(line, where, "expected at least one CdtTrfTxInf, was none")
        findings.settle()
        found = {"NbOfTxs": Decimal(self._of_message.count[""])}
        controls = [
            control(at, f"{where}/GrpHdr", name, stated, found.get(name, self._of_message.sum()))
            for at, name, stated in self._stated
        ]
        return Message(
            kind=self._kind,
            version=self._version,
            message_id=self._message_id,
            code=ImportCode[self._kind.replace(".", "_").upper()],
            lines=tuple(self._lines if self._is_order else self._drafts),
            controls=(*controls, *self._controls),
        )

    def _take_header(self, header: Element) -> None:
        reader, where = self._reader, f"/{self._root}/GrpHdr"
        self._header_count += 1
        self._message_id = reader.need(header, where, "MsgId")
        reader.need(header, where, "NbOfTxs")
        created = reader.need(header, where, "CreDtTm")
        try:
            if created:
                read_date(created)
            if settled := reader.text(header, "IntrBkSttlmDt"):
                self._day = read_date(settled)
        except Unreadable as unreadable:
            reader.findings.add(header.sourceline, where, unreadable.verdict.detail)
        for name in ("NbOfTxs", "CtrlSum", "TtlIntrBkSttlmAmt"):
            if stated := reader.text(header, name):
                self._stated.append((header.sourceline, name, stated))

    def _take_transaction(self, element: Element) -> None:
        reader, number = self._reader, self._of_group.count[""] + 1
        group = f"/PmtInf[{self._group_count + 1}]" if self._is_order else ""
        path = f"/{self._root}{group}/CdtTrfTxInf[{number}]"
        reader.need(element, path, "PmtId/EndToEndId", "PmtId/TxId")
        paths = ("Amt/InstdAmt", "Amt/EqvtAmt/Amt") if self._is_order else ("IntrBkSttlmAmt",)
        amount = reader.need(element, path, *paths)
        currency = self._currency_of(element, paths)
        if amount and not currency:
            reader.findings.add(element.sourceline, path, "expected Ccy of the amount, was missing")
        self._of_message.add("", amount)
        self._of_group.add("", amount)
        creditor = account_name(reader, reader.find(element, "CdtrAcct"))
        draft = Line(
            line=element.sourceline,
            path=path,
            key=str(number),
            statement=None,
            account=creditor,
            currency=currency,
            reference=self._reference(element),
            uetr=reader.text(element, "PmtId/UETR"),
        )
        if not self._is_order:
            debtor = account_name(reader, reader.find(element, "DbtrAcct"))
            sender = reader.text(
                element,
                "InstgAgt/FinInstnId/BICFI",
                "InstgAgt/FinInstnId/BIC",
                "InstgAgt/FinInstnId/ClrSysMmbId/MmbId",
            )
            draft = replace(draft, key=f"{sender}|{number}", other=debtor, other_is_enough=True)
        self._drafts.append(self._valued(element, draft, amount))
        if len(self._lines) + len(self._drafts) > LINES_MAX:
            reader.findings.add(element.sourceline, path, f"expected at most {LINES_MAX} lines")
            reader.findings.settle()

    def _currency_of(self, element: Element, paths: tuple[str, ...]) -> str:
        for path in paths:
            amount = self._reader.find(element, path)
            if amount is not None:
                return (amount.get("Ccy") or "").strip()
        return ""

    def _reference(self, element: Element) -> str:
        found = (self._reader.text(element, path) for path in _REFERENCES)
        return next((text for text in found if text and text not in _NO_REFERENCE), "")

    def _valued(self, element: Element, draft: Line, amount: str) -> Line:
        try:
            minor = read_amount(amount, draft.currency)
            settled = self._reader.text(element, "IntrBkSttlmDt")
            day = read_date(settled) if settled else self._day
        except Unreadable as unreadable:
            return replace(draft, verdict=unreadable.verdict)
        return replace(draft, amount_minor=minor, value_date=day)

    def _take_group(self, group: Element) -> None:
        """Turn the drafts, which know the creditor, into orders of this group's debtor."""
        reader, self._group_count = self._reader, self._group_count + 1
        where = f"/{self._root}/PmtInf[{self._group_count}]"
        name = reader.need(group, where, "PmtInfId")
        method = reader.need(group, where, "PmtMtd")
        written = reader.need(group, where, "ReqdExctnDt/Dt", "ReqdExctnDt/DtTm", "ReqdExctnDt")
        debtor = account_name(reader, reader.find(group, "DbtrAcct"))
        if debtor is None:
            what = "expected IBAN or another identification, was missing"
            reader.findings.add(group.sourceline, f"{where}/DbtrAcct/Id", what)
        if method and method not in ("TRF", "TRA", "CHK"):
            what = f"expected TRF, TRA or CHK, was {method[:20]!r}"
            reader.findings.add(group.sourceline, f"{where}/PmtMtd", what)
        day, verdict = self._day_of_execution(written, _CHEQUE if method == "CHK" else None)
        for name_of_control in ("NbOfTxs", "CtrlSum"):
            if stated := reader.text(group, name_of_control):
                tally = self._of_group
                found = tally.sum() if name_of_control == "CtrlSum" else Decimal(tally.count[""])
                line = group.sourceline
                self._controls.append(control(line, where, name_of_control, stated, found))
        self._lines += [
            self._ordered(draft, debtor, f"{name}|{self._group_count}", day, verdict)
            for draft in self._drafts
        ]
        self._drafts, self._of_group = [], Tally()

    @staticmethod
    def _day_of_execution(
        written: str, verdict: Verdict | None
    ) -> tuple[dt.date | None, Verdict | None]:
        try:
            return (read_date(written) if written else None), verdict
        except Unreadable as unreadable:
            return None, verdict or unreadable.verdict

    @staticmethod
    def _ordered(
        draft: Line,
        debtor: AccountName | None,
        group: str,
        day: dt.date | None,
        verdict: Verdict | None,
    ) -> Line:
        return replace(
            draft,
            account=debtor,
            other=draft.account,
            side=Side.DEBIT,
            key=f"{debtor.value if debtor else ''}|{group}|{draft.key}",
            value_date=day,
            is_order=True,
            verdict=draft.verdict or verdict,
        )
