"""Deciding what each line of a message would post, and why some must not be."""

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass, replace
from uuid import UUID

from yunjin.foundation.ledger.adapters.messages import (
    AccountName,
    Line,
    Message,
    Side,
    Statement,
    Verdict,
    is_currency,
)
from yunjin.foundation.ledger.api.imports import ImportCode, ImportFile, LineOutcome, LineReason
from yunjin.foundation.ledger.service import identity
from yunjin.foundation.ledger.service.placing import Places, Wish, nostro_name, shown

_ANYWHERE_AHEAD = dt.timedelta(hours=14)  # where on Earth the day begins first: UTC+14


@dataclass(frozen=True, slots=True)
class Draft:
    """A line, and the transfer it stands for; without accounts where it is not to be posted."""

    line: Line
    transfer_id: UUID
    code: int
    verdict: Verdict | None
    debit_account_id: int = 0
    credit_account_id: int = 0
    ledger: int = 0
    sides_before: tuple[int, int] | None = None  # had the other account been unknown


def today_anywhere(now: dt.datetime) -> dt.date:
    """Return the latest calendar day that has begun somewhere."""
    return (now + _ANYWHERE_AHEAD).date()


def due(message: Message, today: dt.date) -> Message:
    """Return the message with the orders for days to come refused."""

    def judged(line: Line) -> Line:
        day = line.value_date
        if not line.is_order or day is None or day <= today or line.verdict is not None:
            return line
        detail = f"expected a day up to {today}, was {day}: import the file again then"
        verdict = Verdict(outcome=LineOutcome.REFUSED, reason=LineReason.NOT_DUE, detail=detail)
        return replace(line, verdict=verdict)

    return replace(message, lines=tuple(map(judged, message.lines)))


def wishes(message: Message, command: ImportFile, places: Places) -> list[Wish]:
    """Return the accounts that would have to be opened, in order of appearance.

    A line that would be refused all the same (by the file, or since its accounts are in different
    currencies or have names that none can be opened by) opens nothing.
    """
    found = _Wishes(command, places)
    for line in message.lines:
        if line.verdict is None:
            currency = line.currency
            if line.statement is not None:
                currency = message.statements[line.statement].currency or currency
            found.add_line(line, currency)
    for statement in message.statements:
        if statement.opening is not None:
            found.add_opening(statement)
    return found.all()


class _Wishes:
    """What is to be opened, gathered line by line: first customers, then the nostros."""

    def __init__(self, command: ImportFile, places: Places) -> None:
        self._command, self._places = command, places
        self._customers: dict[AccountName, Wish] = {}
        self._nostros: dict[AccountName, Wish] = {}

    def all(self) -> list[Wish]:
        return [*self._customers.values(), *self._nostros.values()]

    def add_line(self, line: Line, currency: str) -> None:
        """Wish for what a line lacks; `currency` is that of the account it is about."""
        places, customer = self._places, line.account or line.other
        if customer is None or (line.account is None and not line.other_is_enough):
            return
        if places.place(line.account) is None and line.other_is_enough and places.place(line.other):
            customer, currency = line.other or customer, line.currency
        has_counter = (
            line.other is not None and line.other != customer and self._is_held(line.other)
        )
        names = [customer, line.other] if has_counter and line.other else [customer]
        if currency == line.currency and all(self._fits(name, currency) for name in names):
            self._add(customer, currency, needs_nostro=not has_counter)

    def add_opening(self, statement: Statement) -> None:
        """Wish for the account whose opening balance is to be brought in, and for its nostro."""
        place, currency = self._places.place(statement.account), statement.currency
        is_open_already = place is not None and not place.is_untouched
        if (
            is_currency(currency)
            and not is_open_already
            and self._fits(statement.account, currency)
        ):
            self._add(statement.account, currency, needs_nostro=True)

    def _add(self, customer: AccountName, currency: str, *, needs_nostro: bool) -> None:
        nostro = nostro_name(self._command.nostros, currency)
        has_nostro = self._fits(nostro, currency)
        if needs_nostro and not has_nostro:
            return
        if self._places.place(customer) is None:
            wish = Wish(name=customer, currency=currency, code=self._command.account_code)
            self._customers.setdefault(customer, wish)
        if has_nostro and self._places.place(nostro) is None:
            wish = Wish(name=nostro, currency=currency, code=self._command.nostro_code)
            self._nostros.setdefault(nostro, wish)

    def _is_held(self, name: AccountName) -> bool:
        return self._places.place(name) is not None or name in self._customers

    def _fits(self, name: AccountName, currency: str) -> bool:
        """Say whether a name stands for an account in a currency, or for one still to be opened."""
        place = self._places.place(name)
        if place is not None:
            return place.ledger == self._places.number(currency)
        wish = self._customers.get(name) or self._nostros.get(name)
        if wish is not None:
            return wish.currency == currency
        return self._places.can_open(name)


class Drafter:
    """Turns lines into drafts of transfers."""

    def __init__(self, message: Message, command: ImportFile, places: Places) -> None:
        self._message, self._command, self._places = message, command, places
        self._brought_in: set[AccountName] = set()

    def drafts(self) -> Iterator[Draft]:
        """Yield drafts in the file's order, an opening balance before its statement's lines."""
        begun = 0
        for line in self._message.lines:
            last = -1 if line.statement is None else line.statement
            while begun <= last:
                yield from self._opening(self._message.statements[begun])
                begun += 1
            yield self._draft(line)
        for statement in self._message.statements[begun:]:
            yield from self._opening(statement)

    def _opening(self, statement: Statement) -> Iterator[Draft]:
        """Bring the opening balance in, where the account is to be opened and still untouched."""
        place, opening = self._places.place(statement.account), statement.opening
        is_first = statement.account not in self._brought_in
        self._brought_in.add(statement.account)
        if (
            not self._command.opens_accounts
            or not is_first
            or place is None
            or not place.is_untouched
            or opening is None
            or not opening.minor
        ):
            return
        line = Line(
            line=opening.line,
            path=opening.path,
            key="",
            statement=None,
            account=statement.account,
            side=Side.CREDIT if opening.minor > 0 else Side.DEBIT,
            amount_minor=abs(opening.minor),
            currency=opening.currency,
            value_date=opening.date,
            reference="opening balance",
        )
        draft = Draft(line, identity.opening_id(place.account_id), ImportCode.OPENING_BALANCE, None)
        yield self._placed(draft)

    def _draft(self, line: Line) -> Draft:
        message = self._message
        transfer_id = identity.transfer_id(message.kind, message.message_id, line.key)
        draft = Draft(line, transfer_id, message.code, line.verdict)
        if line.verdict is not None:
            return draft
        return self._placed(draft)

    def _placed(self, draft: Draft) -> Draft:
        """Find the three: account, counter-account (the other's or the nostro) and ledger."""
        line, places = draft.line, self._places
        account, other = places.place(line.account), places.place(line.other)
        if account is None and not (line.other_is_enough and other is not None):
            return self._unknown(draft)
        number = places.number(line.currency)
        if number is None:
            detail = f"expected a currency that a ledger is kept in, was {line.currency}"
            return _refused(draft, LineReason.CURRENCY_NOT_KEPT, detail)
        alias = nostro_name(self._command.nostros, line.currency)
        nostro = places.place(alias)
        own, counter = account or nostro, other or nostro
        if own is None or counter is None:
            detail = f"expected a nostro {alias.value} in {line.currency}, was none"
            return _refused(draft, LineReason.NOSTRO_UNKNOWN, detail)
        if own.ledger != number or counter.ledger != number:
            detail = f"expected the currency of both accounts, was {line.currency}"
            return _refused(draft, LineReason.CURRENCY_DIFFERENT, detail)
        debit, credit = _sides(line, own.account_id, counter.account_id)
        before = None
        if account is not None and other is not None and nostro is not None:
            before = _sides(line, own.account_id, nostro.account_id)
        return replace(
            draft,
            debit_account_id=debit,
            credit_account_id=credit,
            ledger=number,
            sides_before=before,
        )

    def _unknown(self, draft: Draft) -> Draft:
        name = draft.line.account or draft.line.other
        if name is None:
            return _refused(draft, LineReason.ACCOUNT_NOT_NAMED, "expected an account, was none")
        if complaint := self._places.complaint(name):
            return _refused(draft, LineReason.ACCOUNT_MALFORMED, f"not opened: {complaint}")
        detail = f"expected a known account, was {name.kind} {shown(name)}"
        return _refused(draft, LineReason.ACCOUNT_UNKNOWN, detail)


def _sides(line: Line, own: int, counter: int) -> tuple[int, int]:
    """Return debit and credit account."""
    return (own, counter) if line.side is Side.DEBIT else (counter, own)


def _refused(draft: Draft, reason: LineReason, detail: str) -> Draft:
    verdict = Verdict(outcome=LineOutcome.REFUSED, reason=reason, detail=detail)
    return replace(draft, verdict=verdict)
