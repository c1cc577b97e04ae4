"""Quotes: priced by the book in force, with their free uses kept until they end."""

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any, Final
from uuid import UUID

import msgspec
import pyarrow as pa

from yunjin.chassis.persistence import SqlUnitOfWork, instant_us
from yunjin.kernel.clock import instant
from yunjin.kernel.columns import refusal_of
from yunjin.kernel.errors import Malformed
from yunjin.platforms.capability.api.price_books import Book, NewBook, Price
from yunjin.platforms.capability.api.pricing import (
    BATCH_OPTIONAL,
    BATCH_REQUIRED,
    BOOK,
    FEES_MAX,
    ROWS_MAX,
    TIMES_MAX,
    Basis,
    Priced,
    Quote,
    QuoteLine,
    Rate,
    Simulation,
    Tried,
)
from yunjin.platforms.capability.domain.payments import leg
from yunjin.platforms.capability.domain.price_checks import check_book
from yunjin.platforms.capability.domain.price_columns import priced
from yunjin.platforms.capability.domain.price_volumes import compared
from yunjin.platforms.capability.domain.pricing import (
    Whom,
    began,
    chosen,
    line_of,
    rate_of,
    whom,
)
from yunjin.platforms.capability.errors.pricing import PriceNotFound, QuoteEnded, QuoteNotFound
from yunjin.platforms.capability.service.pricing.books import Books, version_of
from yunjin.platforms.capability.service.values import check_amount, check_code
from yunjin.platforms.capability.store import pricing as store
from yunjin.platforms.capability.store.limits import days_of

VALID_S_MAX: Final = 86_400
_DAYS_MAX: Final = 36_600
_AGREEMENT: Final = "agreement:"


class Quotes(Books):
    """Quotes over a room's tables."""

    def price(self, basis: Basis) -> Priced:
        """Work a price out now, and keep nothing. Raises: as PricingApi says."""
        basis = self._known(basis)
        book = self._book_of(basis.book, basis.date or self._today())
        now_us = instant_us(self._room.clock.now_ns())
        return self._room.read(
            lambda connection: self._priced(connection, basis, book, now_us=now_us)[0]
        )

    def quote(self, command_id: UUID, basis: Basis, *, valid_s: int = 900) -> Quote:
        """Quote a price; its id is the command's. Raises: as PricingApi says."""
        if not 1 <= valid_s <= VALID_S_MAX:
            raise Malformed(f"expected a quote valid for 1 to {VALID_S_MAX} s, was {valid_s}")
        asked = ["pricing.quote", msgspec.to_builtins(basis), valid_s]
        basis = self._known(basis)

        def body(work: SqlUnitOfWork) -> dict[str, Any]:
            now_ns = self._room.clock.now_ns()
            until_ns = now_ns + valid_s * 1_000_000_000
            found = self._taken(work, basis, command_id, until_us=instant_us(until_ns))
            made = Quote(
                quote_id=command_id,
                basis=basis,
                priced=found,
                valid_until=instant(until_ns),
                charge_id=None,
                is_cancelled=False,
                at=instant(now_ns),
            )
            store.put_quote(work.connection, made)
            return {"total_minor": found.total_minor}

        self._room.command(command_id, asked, body)
        return self.quoted(command_id)

    def cancel(self, command_id: UUID, quote_id: UUID) -> Quote:
        """End a quote that was not charged. Raises: as PricingApi says."""

        def body(work: SqlUnitOfWork) -> dict[str, Any]:
            one = store.quote(work.connection, quote_id, locked=True)
            if one is None:
                raise no_quote(quote_id)
            if one.charge_id is not None:
                raise QuoteEnded("The quote was charged.", charge_id=str(one.charge_id))
            store.drop_free(work.connection, quote_id)
            store.turn_quote(work.connection, quote_id, charge_id=None, is_cancelled=True)
            return {"quote_id": quote_id}

        self._room.command(command_id, ["pricing.cancel", str(quote_id)], body)
        return self.quoted(quote_id)

    def quoted(self, quote_id: UUID) -> Quote:
        """Return a quote. Raises: QuoteNotFound."""
        found = self._room.read(lambda connection: store.quote(connection, quote_id))
        if found is None:
            raise no_quote(quote_id)
        return found

    def quote_all(
        self, fee: str, columns: pa.RecordBatch, *, book: str = BOOK, date: dt.date | None = None
    ) -> pa.RecordBatch:
        """Price many of one fee. Raises: as PricingApi says."""
        _check_columns(columns)
        day = date or self._today()
        found = self._book_of(book, day)
        return priced(_prices(found, fee), found.discounts, day, columns)

    def simulate(self, book: NewBook, fee: str, volumes: pa.RecordBatch) -> Simulation:
        """Work out what another version would have made. Raises: as PricingApi says."""
        check_book(book)
        _check_columns(volumes)
        today = self._today()
        now = self._book_of(book.code, today)
        if now.currency != book.currency:
            raise Malformed(f"expected a book in {now.currency}, was {book.currency}")
        before = priced(_prices(now, fee), now.discounts, today, volumes)
        after = priced(_prices(book, fee), book.discounts, book.since or today, volumes)
        return compared(fee, now.version, now.currency, volumes, before, after)

    def rate(
        self,
        code: str,
        *,
        amount_minor: int = 0,
        term_days: int = 0,
        party_id: str = "",
        segment: str = "",
        scenario: str = "",
        business: str = "",
        book: str = BOOK,
        date: dt.date | None = None,
    ) -> Rate:
        """Return a yearly rate and its parts. Raises: as PricingApi says."""
        check_amount(amount_minor, least=0)
        found = self._book_of(book, date or self._today())
        rule = next((one for one in found.rates if one.code == code), None)
        if rule is None:
            raise PriceNotFound("The book has no such rate.", rate=code[:60], book=book)
        one = Whom(party_id=party_id, segment=segment, scenario=scenario, business=business)
        ppm, parts = rate_of(rule, amount_minor=amount_minor, term_days=term_days, one=one)
        return Rate(code=code, book=book, version=found.version, ppm=ppm, parts=parts)

    def _known(self, basis: Basis) -> Basis:
        """Return a basis that was checked, with its book, and the party of its agreement.

        What it names itself stays.
        """
        _check_basis(basis)
        if not basis.book:
            at = self._overlaid.parameter("book", basis.business, basis.scenario)
            basis = replace(basis, book=at or BOOK)
        if basis.agreement_id and not basis.party_id and self._agreements is not None:
            party_id = self._agreements.agreement(basis.agreement_id).party_id
            return replace(basis, party_id=party_id)
        return basis

    def _taken(self, work: SqlUnitOfWork, basis: Basis, owner_id: UUID, *, until_us: int) -> Priced:
        """Price a basis, and take its free uses for an owner until an instant."""
        day = basis.date or self._today()
        if day > self._today():
            raise Malformed(f"expected a day up to {self._today()} to hold to, was {day}")
        every = store.versions(work.connection, basis.book, today=day)
        book = version_of(every, basis.book)
        self._lock_free(work, basis, _with_free(book, basis))
        now_us = instant_us(self._room.clock.now_ns())
        found, free = self._priced(work.connection, basis, book, now_us=now_us)
        store.put_free(
            work.connection,
            [
                {
                    "use_id": leg(owner_id, f"free {fee}"),
                    "holder": _holder(basis),
                    "fee": f"{book.code}/{fee}",
                    "began": days_of(day),
                    "owner_id": owner_id,
                    "until_us": until_us,
                }
                for fee, day in free
            ],
        )
        return found

    def _lock_free(self, work: SqlUnitOfWork, basis: Basis, fees: Iterable[str]) -> None:
        now_us = instant_us(self._room.clock.now_ns())
        for fee in sorted(fees):
            store.lock_free(work.connection, _holder(basis), f"{basis.book}/{fee}", now_us)

    def _priced(
        self, connection: Any, basis: Basis, book: Book, *, now_us: int
    ) -> tuple[Priced, list[tuple[str, dt.date]]]:
        """Return what a basis costs, and the free uses in it: (fee, first day of the period)."""
        date = basis.date or self._today()
        lines: list[QuoteLine] = []
        free: list[tuple[str, dt.date]] = []
        for fee in basis.fees:
            price, tried = chosen(_prices(book, fee), whom(basis))
            if price is None:
                raise PriceNotFound(
                    "No price of the book fits.",
                    fee=fee[:60],
                    book=book.code,
                    tried={one.code: one.why for one in tried},
                )
            is_free = _free(connection, price, basis, book.code, date, now_us)
            lines.append(line_of(price, tried, book.discounts, basis, date=date, free=is_free))
            if is_free is not None and is_free.won and price.free is not None:
                free.append((fee, began(price.free.every, date)))
        made = Priced(
            book=book.code,
            version=book.version,
            currency=book.currency,
            date=date,
            lines=tuple(lines),
            total_minor=sum(one.total_minor for one in lines),
            tax_minor=sum(one.tax_minor for one in lines),
        )
        check_amount(made.total_minor, least=0)
        return made, free


def _free(
    connection: Any, price: Price, basis: Basis, book: str, date: dt.date, now_us: int
) -> Tried | None:
    """Say whether one of a price's free uses is left, and of how many; None: it has none."""
    if price.free is None:
        return None
    holder = _holder(basis)
    if not holder:
        return Tried(kind="free", code=price.code, won=False, why="nobody-to-count-for")
    first = began(price.free.every, date)
    used = store.free_used(connection, holder, f"{book}/{price.fee}", first, now_us=now_us)
    left = max(price.free.count - used, 0)
    return Tried(
        kind="free",
        code=price.code,
        won=left > 0,
        why="won" if left else "used-up",
        minor=left,
    )


def _holder(basis: Basis) -> str:
    if basis.party_id:
        return basis.party_id
    return f"{_AGREEMENT}{basis.agreement_id}" if basis.agreement_id else ""


def _with_free(book: Book, basis: Basis) -> list[str]:
    """Return the fees of which free uses may be taken."""
    some = {one.fee for one in book.prices if one.free is not None}
    return [fee for fee in basis.fees if fee in some] if _holder(basis) else []


def _prices(book: Book | NewBook, fee: str) -> Sequence[Price]:
    return [one for one in book.prices if one.fee == fee]


def no_quote(quote_id: UUID) -> QuoteNotFound:
    """Return the refusal of a quote that is not there."""
    return QuoteNotFound("There is no such quote.", quote_id=str(quote_id))


def _check_basis(basis: Basis) -> None:
    if not 1 <= len(basis.fees) <= FEES_MAX or len(set(basis.fees)) < len(basis.fees):
        raise Malformed(f"expected 1 to {FEES_MAX} fees, each once, was {len(basis.fees)}")
    check_amount(basis.amount_minor, least=0)
    check_code("book", basis.book, most=40)
    for name in ("party_id", "segment", "scenario", "business"):
        check_code(name, getattr(basis, name), most=64)
    if (basis.since is None) != (basis.until is None):
        raise Malformed("expected both ends of the days, or neither")
    if basis.since is not None and basis.until is not None:
        days = (basis.until - basis.since).days
        if not 1 <= days <= _DAYS_MAX:
            raise Malformed(f"expected 1 to {_DAYS_MAX} days, was {days}")


def _check_columns(columns: pa.RecordBatch) -> None:
    refusal = refusal_of(columns.schema, BATCH_REQUIRED, BATCH_OPTIONAL, Malformed)
    if refusal is not None:
        raise refusal
    if not 1 <= columns.num_rows <= ROWS_MAX:
        raise Malformed(f"expected 1 to {ROWS_MAX} rows, was {columns.num_rows}")
    if "times" in columns.schema.names:
        times = columns["times"].to_pylist()
        if any(one is None or not 0 <= one <= TIMES_MAX for one in times):
            raise Malformed(f"expected times of 0 to {TIMES_MAX}")
