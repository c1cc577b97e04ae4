"""Price books: published, withdrawn, found for a day."""

import datetime as dt
from collections.abc import Callable
from typing import Any
from uuid import UUID

import msgspec

from yunjin.chassis.persistence import RoomDatabase, SqlUnitOfWork, instant_us
from yunjin.foundation.banking.api.agreements import AgreementsApi
from yunjin.platforms.capability.api.price_books import Book, BookState, NewBook
from yunjin.platforms.capability.domain.price_checks import check_book
from yunjin.platforms.capability.errors.pricing import PriceBookNotFound, PriceBookRefused
from yunjin.platforms.capability.events.pricing import BookPublished
from yunjin.platforms.capability.service.lending.overlaid import Overlaid
from yunjin.platforms.capability.store import pricing as store


class Books:
    """Price books over a room's tables.

    Parameters
    ----------
    agreements : the core's, None where there is no bank.
    overlaid : what overlays put at the centre's points; None: there are no overlays.
    """

    def __init__(
        self,
        room: RoomDatabase,
        *,
        today: Callable[[], dt.date],
        cursor_key: bytes,
        agreements: AgreementsApi | None = None,
        overlaid: Overlaid | None = None,
    ) -> None:
        self._room, self._today, self._key = room, today, cursor_key
        self._agreements, self._overlaid = agreements, overlaid or Overlaid(None, "pricing")

    def publish(self, command_id: UUID, book: NewBook) -> Book:
        """Publish a version of a price book. Raises: as PricingApi says."""
        check_book(book)

        def body(work: SqlUnitOfWork) -> dict[str, Any]:
            version = store.last_version(work.connection, book.code) + 1
            since = self._checked_day(work, book)
            at_us = instant_us(self._room.clock.now_ns())
            store.put_book(work.connection, book, version, since=since, at_us=at_us)
            told = BookPublished(
                code=book.code, version=version, since=since.isoformat(), is_withdrawn=False
            )
            work.outbox.add(told)
            return {"version": version}

        request = ["pricing.publish", msgspec.to_builtins(book)]
        answer = self._room.command(command_id, request, body)
        return self.book(book.code, answer["version"])

    def _checked_day(self, work: SqlUnitOfWork, book: NewBook) -> dt.date:
        today = self._today()
        since = book.since or today
        if since < today:
            why = f"prices of {since} are past: expected {today} or later"
            raise PriceBookRefused("A price book is published for days to come.", why=why)
        before = store.versions(work.connection, book.code, today=today)
        currency = next((one.currency for one in before), book.currency)
        if currency != book.currency:
            why = f"{book.code} is in {currency}, was {book.currency}: give it another code"
            raise PriceBookRefused("A book keeps its currency.", why=why)
        return since

    def withdraw(self, command_id: UUID, code: str, version: int) -> Book:
        """Take a version back before its day. Raises: as PricingApi says."""

        def body(work: SqlUnitOfWork) -> dict[str, Any]:
            every = store.versions(work.connection, code, today=self._today())
            one = version_of(every, code, version)
            if one.state is BookState.WITHDRAWN:
                return {"version": version}
            if one.since <= self._today():
                why = f"it is {one.state} since {one.since}: publish another version"
                raise PriceBookRefused("What was in force stays.", why=why)
            store.withdraw(work.connection, code, version)
            told = BookPublished(
                code=code, version=version, since=one.since.isoformat(), is_withdrawn=True
            )
            work.outbox.add(told)
            return {"version": version}

        self._room.command(command_id, ["pricing.withdraw", code, version], body)
        return self.book(code, version)

    def book(self, code: str, version: int = 0) -> Book:
        """Return a version, 0 for the one in force. Raises: PriceBookNotFound."""
        return version_of(self._versions(code, self._today()), code, version)

    def books(self) -> list[Book]:
        """Return each book once: the version in force, or else the first to come."""
        found = self._room.read(store.codes)
        return [_shown(self._versions(code, self._today())) for code in found]

    def versions(self, code: str) -> list[Book]:
        """Return a book's versions, newest first. Raises: PriceBookNotFound."""
        found = self._versions(code, self._today())
        if not found:
            raise no_book(code)
        return found

    def _versions(self, code: str, day: dt.date) -> list[Book]:
        return self._room.read(lambda connection: store.versions(connection, code, today=day))

    def _book_of(self, code: str, day: dt.date) -> Book:
        """Return the version in force on a business date. Raises: PriceBookNotFound."""
        return version_of(self._versions(code, day), code)


def no_book(code: str) -> PriceBookNotFound:
    """Return the refusal of a book that is not there."""
    return PriceBookNotFound("There is no such price book, or none in force.", book=code[:60])


def version_of(found: list[Book], code: str, version: int = 0) -> Book:
    """Return a version among a book's, 0 for the one in force. Raises: PriceBookNotFound."""
    for one in found:
        if one.version == version or (not version and one.state is BookState.IN_FORCE):
            return one
    raise no_book(code)


def _shown(found: list[Book]) -> Book:
    in_force = [one for one in found if one.state is BookState.IN_FORCE]
    coming = [one for one in found if one.state is BookState.COMING]
    return (in_force or sorted(coming, key=lambda one: one.since) or found)[0]
