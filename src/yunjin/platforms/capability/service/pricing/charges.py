"""Charges: a fee is decided in one commit, taken by the core, and its outcome kept in another.

Whoever comes again under the charge's id, or the job that looks after those that were left, asks
the core under the same id: the fee is taken once, or not at all.
"""

import datetime as dt
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Final
from uuid import UUID

import msgspec
import numpy as np
import pyarrow as pa

from yunjin.chassis.persistence import SqlUnitOfWork, instant_us
from yunjin.foundation.banking.api.agreements import Agreement, AgreementsApi, EntryStatus
from yunjin.foundation.banking.api.slots import Slot
from yunjin.kernel.clock import instant
from yunjin.kernel.errors import Malformed, Outage
from yunjin.kernel.page import LIMIT_MAX, Page
from yunjin.platforms.capability.api.pricing import Basis, Charge, ChargeState, Priced
from yunjin.platforms.capability.domain.payments import BOOKED, leg
from yunjin.platforms.capability.errors.pricing import (
    ChargeNotFound,
    ChargeRefused,
    QuoteEnded,
)
from yunjin.platforms.capability.events.pricing import FeesCharged, FeesRefunded
from yunjin.platforms.capability.service.paging import page_of, position
from yunjin.platforms.capability.service.pricing.quotes import Quotes, no_quote
from yunjin.platforms.capability.service.values import check_code, check_text
from yunjin.platforms.capability.store import pricing as store

S = ChargeState
_LOW: Final = 2**64 - 1
_REASON_MAX: Final = 200
_SOME: Final = 50
_LEFT_S: Final = 30  # a charge that has been asking for longer was left


class PricingService(Quotes):
    """The pricing centre (PricingApi) over a room's tables and the thin core."""

    def charge(
        self,
        command_id: UUID,
        agreement_id: int,
        *,
        quote_id: UUID | None = None,
        basis: Basis | None = None,
        subject: str = "",
    ) -> Charge:
        """Take a fee from an agreement. Raises: as PricingApi says."""
        if (quote_id is None) == (basis is None):
            raise Malformed("expected a quote or a basis, one of the two")
        check_code("subject", subject, most=80)
        known = None if basis is None else self._known(_of_agreement(basis, agreement_id))
        request = [
            "pricing.charge",
            agreement_id,
            None if quote_id is None else str(quote_id),
            msgspec.to_builtins(basis),
            subject,
        ]
        agreement = self._core().agreement(agreement_id)

        def body(work: SqlUnitOfWork) -> dict[str, Any]:
            if quote_id is not None:
                priced = self._by_quote(work, command_id, quote_id, agreement_id)
            elif known is not None:
                until_us = store.FOR_EVER_US
                priced = self._taken(work, known, command_id, until_us=until_us)
            made = self._made(command_id, agreement, priced, quote_id, subject)
            store.put_charge(work.connection, made)
            if made.state is S.CHARGED:
                work.outbox.add(_told(made))
            return {"charge_id": command_id}

        self._room.command(command_id, request, body)
        return self._answered(self.finish(command_id))

    def _made(
        self,
        charge_id: UUID,
        agreement: Agreement,
        priced: Priced,
        quote_id: UUID | None,
        subject: str,
    ) -> Charge:
        if priced.currency != agreement.currency:
            raise Malformed(f"expected a book in {agreement.currency}, was {priced.currency}")
        at = instant(self._room.clock.now_ns())
        return Charge(
            charge_id=charge_id,
            agreement_id=agreement.agreement_id,
            party_id=agreement.party_id,
            quote_id=quote_id,
            subject=subject,
            priced=priced,
            state=S.POSTING if priced.total_minor else S.CHARGED,  # nothing is nothing to post
            reason="",
            day=self._today(),
            at=at,
            changed=at,
        )

    def _by_quote(
        self, work: SqlUnitOfWork, charge_id: UUID, quote_id: UUID, agreement_id: int
    ) -> Priced:
        one = store.quote(work.connection, quote_id, locked=True)
        if one is None:
            raise no_quote(quote_id)
        if one.basis.agreement_id not in (0, agreement_id):
            raise Malformed("expected the agreement that was quoted for, was another")
        if one.charge_id is not None:
            raise QuoteEnded("The quote was charged.", charge_id=str(one.charge_id))
        self._lock_free(work, one.basis, (line.fee for line in one.priced.lines if line.is_free))
        # After the locks: whoever found the quote over, and took what it kept free, is done.
        if one.is_cancelled or one.valid_until <= instant(self._room.clock.now_ns()):
            until = one.valid_until.isoformat()
            raise QuoteEnded("The quote is no longer valid; quote anew.", valid_until=until)
        store.turn_quote(work.connection, quote_id, charge_id=charge_id)
        store.pass_free(work.connection, quote_id, charge_id)
        return one.priced

    def refund(self, command_id: UUID, charge_id: UUID, note: str = "") -> Charge:
        """Give a fee back whole, and its free uses too. Raises: as PricingApi says."""
        check_text("note", note, most=200)
        self._core()

        def body(work: SqlUnitOfWork) -> dict[str, Any]:
            one, _, _ = self._locked(work, charge_id)
            if one.state is not S.CHARGED:
                what = f"expected a fee that was taken, was one {one.state}"
                raise ChargeRefused(what, charge_id=str(charge_id), reason=one.state.value)
            more = {"refund_id": command_id, "note": note}
            store.turn_charge(work.connection, charge_id, S.REFUNDING, self._now_us(), **more)
            return {"charge_id": charge_id}

        self._room.command(command_id, ["pricing.refund", str(charge_id), note], body)
        done = self.finish(charge_id)
        if done.state is S.CHARGED:
            raise ChargeRefused("The fee was not given back.", reason=done.reason)
        return done

    def finish(self, charge_id: UUID) -> Charge:
        """Ask the core for what a charge waits for, and keep its word. May come twice.

        Raises: ChargeNotFound, Outage, Unknown.
        """
        found = self._room.read(lambda connection: store.charge(connection, charge_id))
        if found is None:
            raise ChargeNotFound("There is no such charge.", charge_id=str(charge_id))
        one, refund_id, _ = found
        if one.state not in store.MOVING:
            return self.charged(charge_id)
        is_refund = one.state is S.REFUNDING
        entry_id = leg(refund_id, "refund") if is_refund else leg(charge_id, "fee")
        amount = one.priced.total_minor
        if amount:
            status, reason = self._post(one, entry_id, amount if is_refund else -amount)
        else:
            status, reason = EntryStatus.BOOKED, ""
        self._room.run(lambda work: self._settled(work, one, status, reason))
        return self.charged(charge_id)

    def _post(self, one: Charge, entry_id: UUID, amount_minor: int) -> tuple[EntryStatus, str]:
        columns = {
            **_halves("id", entry_id),
            "agreement_id": pa.array([one.agreement_id], pa.int64()),
            "amount_minor": pa.array([amount_minor], pa.int64()),
            "against": pa.array(np.array([Slot.FEE_INCOME], np.uint16)),
            **_halves("reference", one.charge_id),
        }
        answer = self._core().post(pa.record_batch(columns))
        return EntryStatus(answer["status"][0].as_py()), answer["reason"][0].as_py()

    def _settled(
        self, work: SqlUnitOfWork, before: Charge, status: EntryStatus, reason: str
    ) -> None:
        one, _, note = self._locked(work, before.charge_id)
        if one.state is not before.state:
            return  # another has kept it by now
        is_done = status in BOOKED
        why = "" if is_done else (reason or status.name.lower().replace("_", " "))[:_REASON_MAX]
        if one.state is S.POSTING:
            state = S.CHARGED if is_done else S.REFUSED
        else:
            state = S.REFUNDED if is_done else S.CHARGED
        now = replace(one, state=state, reason=why.strip())
        store.turn_charge(work.connection, one.charge_id, state, self._now_us(), reason=now.reason)
        if state is S.REFUSED:
            self._free_again(work, one)
        elif state is S.REFUNDED:
            store.drop_free(work.connection, one.charge_id)
        if one.state is S.POSTING:
            work.outbox.add(_told(now))
        elif is_done:
            work.outbox.add(
                FeesRefunded(
                    charge_id=str(one.charge_id),
                    agreement_id=str(one.agreement_id),
                    currency=one.priced.currency,
                    total_minor=one.priced.total_minor,
                    note=note,
                )
            )

    def _free_again(self, work: SqlUnitOfWork, one: Charge) -> None:
        """Let a quote, and the free uses it kept, be as before a charge that was refused."""
        quote = None
        if one.quote_id is not None:
            quote = store.quote(work.connection, one.quote_id, locked=True)
        if quote is None:
            store.drop_free(work.connection, one.charge_id)
            return
        store.turn_quote(work.connection, quote.quote_id, charge_id=None)
        until_us = store.us_of(quote.valid_until)
        store.pass_free(work.connection, one.charge_id, quote.quote_id, until_us)

    def finish_left(self) -> int:
        """Finish charges that whoever asked for them has left; return how many.

        Raises: Outage, Unknown.
        """
        before_us = self._now_us() - _LEFT_S * 1_000_000
        left = self._room.read(lambda connection: store.moving(connection, before_us, _SOME))
        for charge_id in left:
            self.finish(charge_id)
        return len(left)

    def charged(self, charge_id: UUID) -> Charge:
        """Return a charge. Raises: ChargeNotFound."""
        found = self._room.read(lambda connection: store.charge(connection, charge_id))
        if found is None:
            raise ChargeNotFound("There is no such charge.", charge_id=str(charge_id))
        one: Charge = found[0]
        return one

    def charges(
        self,
        *,
        agreement_id: int = 0,
        day: dt.date | None = None,
        limit: int = 50,
        cursor: str | None = None,
    ) -> Page[Charge]:
        """Return charges, newest first. Raises: Malformed (cursor)."""
        before, limit = position(cursor, self._key), min(limit, LIMIT_MAX)
        found: Sequence[Charge] = self._room.read(
            lambda connection: store.some_charges(
                connection, agreement_id=agreement_id, day=day, before=before, limit=limit + 1
            )
        )
        return page_of(found, limit, self._key, lambda one: one.charge_id)

    def _locked(self, work: SqlUnitOfWork, charge_id: UUID) -> tuple[Charge, UUID | None, str]:
        found: tuple[Charge, UUID | None, str] | None = store.charge(
            work.connection, charge_id, locked=True
        )
        if found is None:
            raise ChargeNotFound("There is no such charge.", charge_id=str(charge_id))
        return found

    def _answered(self, one: Charge) -> Charge:
        if one.state is S.REFUSED:
            raise ChargeRefused(
                "The fee was not taken.", charge_id=str(one.charge_id), reason=one.reason
            )
        return one

    def _core(self) -> AgreementsApi:
        if self._agreements is None:
            raise Outage("There is no bank here to charge at.")
        return self._agreements

    def _now_us(self) -> int:
        return instant_us(self._room.clock.now_ns())


def _of_agreement(basis: Basis, agreement_id: int) -> Basis:
    if basis.agreement_id not in (0, agreement_id):
        raise Malformed("expected a basis of the agreement that is charged")
    return replace(basis, agreement_id=agreement_id)


def _told(one: Charge) -> FeesCharged:
    return FeesCharged(
        charge_id=str(one.charge_id),
        agreement_id=str(one.agreement_id),
        subject_id=one.subject,
        book=one.priced.book,
        version=one.priced.version,
        fees=tuple(line.fee for line in one.priced.lines),
        currency=one.priced.currency,
        total_minor=one.priced.total_minor,
        tax_minor=one.priced.tax_minor,
        reason=one.reason,
    )


def _halves(name: str, value: UUID) -> dict[str, Any]:
    return {
        f"{name}_hi": pa.array([value.int >> 64], pa.uint64()),
        f"{name}_lo": pa.array([value.int & _LOW], pa.uint64()),
    }
