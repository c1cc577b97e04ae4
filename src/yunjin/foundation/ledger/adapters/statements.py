"""camt.052, 053 and 054, versions 1 to 8: reports, statements and notifications of an account.

What is booked is the entry (Ntry). Its details (TxDtls) become lines of their own only where
several of them, all in the entry's currency, add up to it exactly; they are linked, and the first
has the entry's own key, so that an entry can never be posted both whole and in pieces. Charges
inside an entry are information: the entry's amount already is what moved. A reversal's indicator
says what it was before; the entry's own side already is the side it moves now.

Source: ISO 20022 message definition reports, Bank-to-Customer Cash Management.
"""

import datetime as dt
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Final

from yunjin.foundation.ledger.adapters.messages import (
    CHAIN_MAX,
    LINES_MAX,
    AccountName,
    Line,
    Message,
    Side,
    StatedBalance,
    Statement,
    Unreadable,
    Verdict,
    is_currency,
    read_amount,
    read_date,
)
from yunjin.foundation.ledger.adapters.naming import Tally, account_name, control
from yunjin.foundation.ledger.adapters.xml import Element, Reader
from yunjin.foundation.ledger.api.imports import (
    ControlSum,
    ImportCode,
    ImportWarning,
    LineOutcome,
    LineReason,
)

_SECTIONS: Final = {"camt.052": "Rpt", "camt.053": "Stmt", "camt.054": "Ntfctn"}
_SIDES: Final = {"CRDT": Side.CREDIT, "DBIT": Side.DEBIT}
_NOT_BOOKED: Final = {
    "PDNG": (LineReason.STATUS_PENDING, "not booked yet; it comes again as a booked entry"),
    "INFO": (LineReason.STATUS_INFORMATION, "for information; no money moved"),
    "FUTR": (LineReason.STATUS_FUTURE, "booked in the future; it comes again as a booked entry"),
}
_DATES: Final = ("ValDt/Dt", "ValDt/DtTm", "BookgDt/Dt", "BookgDt/DtTm")
_REFERENCES: Final = ("EndToEndId", "AcctSvcrRef", "InstrId", "TxId", "MndtId", "ClrSysRef")
_NO_REFERENCE: Final = {"NOTPROVIDED", "NOT PROVIDED", "NONREF"}


@dataclass(frozen=True, slots=True)
class _Detail:
    """A transaction inside an entry."""

    line: int
    amount: str
    currency: str
    side: Side | None
    reference: str
    uetr: str


class Builder:
    """Builds a Message from elements as they end."""

    def __init__(self, reader: Reader, kind: str, version: int, root: str) -> None:
        self._reader, self._kind, self._version, self._root = reader, kind, version, root
        self._section = _SECTIONS[kind]
        self.tags = frozenset(map(reader.tag, ("GrpHdr", "Ntry", self._section)))
        self._message_id = ""
        self._header_count = 0
        self._page = ""
        self._day: dt.date | None = None
        self._drafts: list[Line] = []  # of the section that is being read
        self._tally = Tally()
        self._section_count = self._entry_count = 0
        self._lines: list[Line] = []
        self._statements: list[Statement] = []
        self._controls: list[ControlSum] = []
        self._warnings: list[ImportWarning] = []

    def take(self, element: Element) -> None:
        """Read a header, an entry or the rest of a section."""
        if element.tag == self._reader.tag("GrpHdr"):
            self._take_header(element)
        elif element.tag == self._reader.tag("Ntry"):
            self._take_entry(element)
        else:
            self._take_section(element)

    def finish(self, line: int) -> Message:
        """Return the message. `line`: of the message element. Raises: ImportRefused."""
        findings = self._reader.findings
        if self._header_count != 1:
            findings.add(line, f"/{self._root}", f"expected 1 GrpHdr, was {self._header_count}")
        if not self._section_count:
            what = f"expected at least one {self._section}, was none"
            findings.add(line, f"/{self._root}", what)
        findings.settle()
        return Message(
            kind=self._kind,
            version=self._version,
            message_id=self._message_id,
            code=ImportCode[self._kind.replace(".", "_").upper()],
            lines=tuple(self._lines),
            statements=tuple(self._statements),
            controls=tuple(self._controls),
            warnings=tuple(self._warnings),
        )

    def _take_header(self, header: Element) -> None:
        where = f"/{self._root}/GrpHdr"
        self._header_count += 1
        self._message_id = self._reader.need(header, where, "MsgId")
        self._page = self._reader.text(header, "MsgPgntn/PgNb")
        created = self._reader.need(header, where, "CreDtTm")
        if created:
            try:
                self._day = read_date(created)
            except Unreadable as unreadable:
                self._reader.findings.add(
                    header.sourceline, f"{where}/CreDtTm", unreadable.verdict.detail
                )

    def _where(self) -> str:
        return f"/{self._root}/{self._section}[{self._section_count + 1}]"

    def _take_entry(self, entry: Element) -> None:
        reader, self._entry_count = self._reader, self._entry_count + 1
        path = f"{self._where()}/Ntry[{self._entry_count}]"
        amount = reader.need(entry, path, "Amt")
        indicator = reader.need(entry, path, "CdtDbtInd")
        status = reader.need(entry, path, "Sts/Cd", "Sts/Prtry", "Sts")
        side = _SIDES.get(indicator)
        if indicator and side is None:
            what = f"expected CRDT or DBIT, was {indicator[:20]!r}"
            reader.findings.add(entry.sourceline, f"{path}/CdtDbtInd", what)
        currency = self._currency_of(entry, "Amt")
        if amount and not currency:
            reader.findings.add(entry.sourceline, f"{path}/Amt", "expected Ccy, was missing")
        self._tally.add(indicator, amount)
        minor, day, verdict = self._values(entry, amount, currency, status)
        whole = Line(
            line=entry.sourceline,
            path=path,
            key=str(self._entry_count),
            statement=len(self._statements),
            account=None,
            side=side or Side.CREDIT,
            amount_minor=minor,
            currency=currency,
            value_date=day,
            reference=reader.text(entry, "AcctSvcrRef", "NtryRef"),
            verdict=verdict,
        )
        self._drafts += self._details_or_whole(entry, whole)
        if len(self._lines) + len(self._drafts) > LINES_MAX:
            reader.findings.add(entry.sourceline, path, f"expected at most {LINES_MAX} lines")
            reader.findings.settle()

    def _values(
        self, entry: Element, amount: str, currency: str, status: str
    ) -> tuple[int | None, dt.date | None, Verdict | None]:
        """Return amount, date and verdict."""
        verdict: Verdict | None = None
        minor: int | None = None
        day = self._day
        try:
            minor = read_amount(amount, currency)
            written = self._reader.text(entry, *_DATES)
            day = read_date(written) if written else day
        except Unreadable as unreadable:
            verdict = unreadable.verdict
        if status in _NOT_BOOKED:
            reason, detail = _NOT_BOOKED[status]
            verdict = Verdict(outcome=LineOutcome.SKIPPED, reason=reason, detail=detail)
        elif status != "BOOK":
            detail = f"expected BOOK, PDNG, INFO or FUTR, was {status[:40]!r}"
            verdict = Verdict(
                outcome=LineOutcome.REFUSED, reason=LineReason.STATUS_UNKNOWN, detail=detail
            )
        return minor, day, verdict

    def _details_or_whole(self, entry: Element, whole: Line) -> list[Line]:
        """Return one line a detail where they are the entry exactly; else the entry."""
        details = [self._detail(element) for element in self._detail_elements(entry)]
        if len(details) == 1:
            [only] = details
            return [replace(whole, reference=only.reference or whole.reference, uetr=only.uetr)]
        if not details or whole.verdict is not None:
            return [whole]
        lines = self._split(whole, details)
        if lines is None:
            what = f"{len(details)} details are not the entry exactly: posted as one line"
            self._warn(whole.line, f"{whole.path}/NtryDtls", what)
            return [whole]
        return lines

    def _split(self, whole: Line, details: list[_Detail]) -> list[Line] | None:
        lines: list[Line] = []
        if len(details) > CHAIN_MAX:
            return None
        try:
            for number, detail in enumerate(details, 1):
                if detail.currency != whole.currency:
                    return None
                line = replace(
                    whole,
                    line=detail.line,
                    path=f"{whole.path}/TxDtls[{number}]",
                    key=whole.key if number == 1 else f"{whole.key}/{number}",
                    is_linked=number < len(details),
                    side=detail.side or whole.side,
                    amount_minor=read_amount(detail.amount, detail.currency),
                    reference=detail.reference or whole.reference,
                    uetr=detail.uetr,
                )
                lines.append(line)
        except Unreadable:
            return None
        adds_up = sum(line.signed_minor or 0 for line in lines) == whole.signed_minor
        return lines if adds_up else None

    def _detail_elements(self, entry: Element) -> list[Element]:
        inside = self._reader.find_all(entry, "NtryDtls/TxDtls")
        return inside or self._reader.find_all(entry, "TxDtls")  # version 1

    def _detail(self, element: Element) -> _Detail:
        reader = self._reader
        path = "Amt" if reader.text(element, "Amt") else "AmtDtls/TxAmt/Amt"
        found = (reader.text(element, f"Refs/{name}") for name in _REFERENCES)
        return _Detail(
            line=element.sourceline,
            amount=reader.text(element, path),
            currency=self._currency_of(element, path),
            side=_SIDES.get(reader.text(element, "CdtDbtInd")),
            reference=next((text for text in found if text and text not in _NO_REFERENCE), ""),
            uetr=reader.text(element, "Refs/UETR"),
        )

    def _currency_of(self, element: Element, path: str) -> str:
        amount = self._reader.find(element, path)
        return "" if amount is None else (amount.get("Ccy") or "").strip()

    def _take_section(self, section: Element) -> None:
        reader, where = self._reader, self._where()
        name = reader.need(section, where, "Id")
        account = account_name(reader, reader.find(section, "Acct"))
        if account is None:
            what = "expected IBAN or another identification, was missing"
            reader.findings.add(section.sourceline, f"{where}/Acct/Id", what)
        else:
            currency = reader.text(section, "Acct/Ccy")
            if currency and not is_currency(currency):
                what = f"expected an ISO 4217 code, was {currency[:20]!r}"
                reader.findings.add(section.sourceline, f"{where}/Acct/Ccy", what)
            self._statements.append(self._statement(section, where, name, account, currency))
            page = reader.text(section, "StmtPgntn/PgNb", "RptPgntn/PgNb", "NtfctnPgntn/PgNb")
            key = f"{account.value}|{name}|{self._page}|{page}|"
            self._lines += [
                replace(draft, account=account, key=f"{key}{draft.key}") for draft in self._drafts
            ]
            self._check_totals(section, where)
        self._drafts, self._tally, self._entry_count = [], Tally(), 0
        self._section_count += 1

    def _statement(
        self, section: Element, where: str, name: str, account: AccountName, currency: str
    ) -> Statement:
        balances = self._balances(section, where)
        opening = balances.get("OPBD") or balances.get("PRCD")
        closing = balances.get("CLBD")
        if not currency:
            booked = [each.currency for each in (opening, closing) if each]
            moved = [draft.currency for draft in self._drafts if draft.currency]
            stated = [each.currency for each in balances.values()]
            currency = next(iter([*booked, *moved, *stated]), "")
        return Statement(
            name=name,
            line=section.sourceline,
            path=where,
            account=account,
            currency=currency,
            opening=self._in_currency(opening, currency),
            closing=self._in_currency(closing, currency),
        )

    def _balances(self, section: Element, where: str) -> dict[str, StatedBalance]:
        """Return the section's balances by type; of several alike, the first."""
        found: dict[str, StatedBalance] = {}
        for number, element in enumerate(self._reader.find_all(section, "Bal"), 1):
            path = f"{where}/Bal[{number}]"
            kind = self._reader.need(
                element, path, "Tp/CdOrPrtry/Cd", "Tp/CdOrPrtry/Prtry", "Tp/Cd", "Tp/Prtry"
            )
            amount = self._reader.need(element, path, "Amt")
            indicator = self._reader.need(element, path, "CdtDbtInd")
            currency = self._currency_of(element, "Amt")
            try:
                day = read_date(self._reader.need(element, path, "Dt/Dt", "Dt/DtTm"))
                minor = read_amount(amount, currency)
            except Unreadable as unreadable:
                self._warn(element.sourceline, path, f"balance left out: {unreadable}")
                continue
            balance = StatedBalance(
                minor=-minor if indicator == "DBIT" else minor,
                currency=currency,
                date=day,
                line=element.sourceline,
                path=path,
            )
            found.setdefault(kind, balance)
        return found

    def _in_currency(self, balance: StatedBalance | None, currency: str) -> StatedBalance | None:
        if balance is None or balance.currency == currency:
            return balance
        what = f"balance left out: it is in {balance.currency}, the account in {currency}"
        self._warn(balance.line, balance.path, what)
        return None

    def _check_totals(self, section: Element, where: str) -> None:
        summary = self._reader.find(section, "TxsSummry")
        if summary is None:
            return
        sides = (("TtlNtries", ""), ("TtlCdtNtries", "CRDT"), ("TtlDbtNtries", "DBIT"))
        for group, side in sides:
            count, total = Decimal(self._tally.count[side]), self._tally.sum(side)
            found = {"NbOfNtries": count, "Sum": total}
            for name, value in found.items():
                if stated := self._reader.text(summary, f"{group}/{name}"):
                    path = f"{where}/TxsSummry/{group}"
                    self._controls.append(control(summary.sourceline, path, name, stated, value))

    def _warn(self, line: int, path: str, what: str) -> None:
        self._warnings.append(ImportWarning(line=line, path=path, what=what))
