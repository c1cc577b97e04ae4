"""The payment centre's door: orders are kept with the flow that works them, in one transaction."""

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from types import SimpleNamespace
from typing import Any, Final
from uuid import UUID

from yunjin.chassis.flow import Flows
from yunjin.chassis.persistence import RoomDatabase, SqlUnitOfWork, instant_us, request_hash
from yunjin.kernel.errors import IdempotencyConflict, Malformed
from yunjin.kernel.money import checked_currency
from yunjin.kernel.page import LIMIT_MAX, Page
from yunjin.platforms.capability.api.channels import ChannelPort
from yunjin.platforms.capability.api.clearing import Wish
from yunjin.platforms.capability.api.payments import (
    ANSWER,
    PAYMENTS_MAX,
    WAVE,
    WITHIN,
    NewPayment,
    Payment,
    PaymentState,
    PaymentSum,
    ReportKind,
)
from yunjin.platforms.capability.domain.payments import leg
from yunjin.platforms.capability.errors import PaymentNotFound, PaymentRefused, PaymentUnderWay
from yunjin.platforms.capability.events import PaymentsTaken
from yunjin.platforms.capability.service.paging import page_of, position
from yunjin.platforms.capability.service.payments.account_reports import AccountReports
from yunjin.platforms.capability.service.payments.clearing import ClearingService
from yunjin.platforms.capability.service.payments.gathering import Gathered, Single
from yunjin.platforms.capability.service.payments.giving_back import GivingBack
from yunjin.platforms.capability.service.payments.messages import kind_of
from yunjin.platforms.capability.service.payments.telling import tell_ended
from yunjin.platforms.capability.service.payments.ways import Way, Ways
from yunjin.platforms.capability.service.values import check_amount, check_code, check_text
from yunjin.platforms.capability.store import clearing as clearing_store
from yunjin.platforms.capability.store import payments as store
from yunjin.platforms.capability.store.limits import days_of

_TOLD_MAX: Final = 1_000
_TEXTS: Final = (("creditor name", "creditor_name", 140), ("remittance", "remittance", 140))
_CODES: Final = (
    ("creditor account", "creditor_account", 64),
    ("creditor agent", "creditor_agent", 35),
    ("purpose", "purpose", 4),
)


class PaymentService:
    """Payments over a room's tables and its flows.

    Parameters
    ----------
    flows : the room's, with those that `flows.py` makes of `Waves` and `Answers`.
    clearing : which channel takes an order that names none, and when it goes.
    today : the business date.
    """

    def __init__(
        self,
        room: RoomDatabase,
        flows: Flows,
        channels: Mapping[str, ChannelPort],
        *,
        clearing: ClearingService,
        giving_back: GivingBack,
        reports: AccountReports,
        today: Callable[[], dt.date],
        cursor_key: bytes,
    ) -> None:
        self._giving_back, self._reports = giving_back, reports
        self._room, self._flows, self._channels = room, flows, dict(channels)
        self._clearing, self._today, self._key = clearing, today, cursor_key
        self._gathered = Gathered(self._take_singles, most=PAYMENTS_MAX)

    def pay(self, command_id: UUID, order: NewPayment) -> Payment:
        """Take one order; its id is the payment's. Raises: as PaymentsApi says.

        Orders that come at the same time are taken in one transaction and make one wave.
        """
        way = self._way(order, self._clearing.ways)
        return self._gathered.take(Single(command_id, order, way))

    def pay_all(self, command_id: UUID, orders: Sequence[NewPayment]) -> list[Payment]:
        """Take many, in one transaction. Raises: as PaymentsApi says."""
        if not 0 < len(orders) <= PAYMENTS_MAX:
            raise Malformed(f"expected 1 to {PAYMENTS_MAX} payments, was {len(orders)}")
        if len({one.payment_id for one in orders}) < len(orders):
            raise Malformed("expected each payment's id once, was one twice")
        stand = cache(self._clearing.ways)  # looked up once, and where it matters
        ways = [self._way(one, stand) for one in orders]
        rows = [self._row(one, way) for one, way in zip(orders, ways, strict=True)]
        return self._room.run(lambda work: self._taken(work, command_id, orders, rows, ways))

    def _take_singles(self, singles: Sequence[Single]) -> list[Payment]:
        """Take orders that came at the same time; a single one's wave has its command's id."""
        orders, ways = [one.order for one in singles], [one.way for one in singles]
        rows = [self._row(one, way) for one, way in zip(orders, ways, strict=True)]
        wave_id = singles[0].command_id
        return self._room.run(lambda work: self._taken(work, wave_id, orders, rows, ways))

    def _taken(
        self,
        work: SqlUnitOfWork,
        wave_id: UUID,
        orders: Sequence[NewPayment],
        rows: Sequence[dict[str, Any]],
        ways: Sequence[Way],
    ) -> list[Payment]:
        ids = [one.payment_id for one in orders]
        known = store.known(work.connection, ids)
        for order, row in zip(orders, rows, strict=True):
            found = known.get(order.payment_id)
            if found is not None and not _is_same(found, row, order.channel):
                what = "This id was used for another payment."
                raise IdempotencyConflict(what, id=str(order.payment_id))
        at_us = instant_us(self._room.clock.now_ns())
        fresh = [
            {**row, "wave_id": wave_id, "at_us": at_us, "changed_us": at_us}
            for row in rows
            if row["payment_id"] not in known
        ]
        if fresh:
            store.put(work.connection, fresh)
            clearing_store.put_routes(
                work.connection,
                [
                    {
                        "payment_id": row["payment_id"],
                        "after_us": way.after_us,
                        "is_free": int(way.is_free),
                    }
                    for row, way in zip(rows, ways, strict=True)
                    if row["payment_id"] not in known and (way.after_us or way.is_free)
                ],
            )
            if any(row["state"] == PaymentState.TAKEN for row in fresh):
                self._flows.start(wave_id, WAVE, str(wave_id), work=work)
            work.outbox.add(
                PaymentsTaken(
                    wave_id=str(wave_id),
                    payment_ids=tuple(str(row["payment_id"]) for row in fresh[:_TOLD_MAX]),
                    count=len(fresh),
                    amount_minor=sum(row["amount_minor"] for row in fresh),
                )
            )
        known |= {row["payment_id"]: store.read(SimpleNamespace(**row)) for row in fresh}
        return [known[payment_id] for payment_id in ids]

    def _row(self, one: NewPayment, way: Way) -> dict[str, Any]:
        goes = way.day <= self._today() and (way.is_held or not way.after_us)
        return {
            "payment_id": one.payment_id,
            "is_incoming": 0,
            "state": (PaymentState.TAKEN if goes else PaymentState.WAITING).value,
            "agreement_id": one.agreement_id,
            "counter_agreement_id": one.counter_agreement_id,
            "amount_minor": one.amount_minor,
            "currency": one.currency,
            "other_name": one.creditor_name,
            "other_account": one.creditor_account,
            "other_agent": one.creditor_agent,
            "end_to_end_id": one.end_to_end_id or "NOTPROVIDED",
            "purpose": one.purpose,
            "remittance": one.remittance,
            "limit_id": one.limit_id,
            "channel": way.channel,
            "day": days_of(way.day),
            "reason": "",
            "detail": "",
        }

    def _way(self, one: NewPayment, ways: Callable[[], Ways]) -> Way:
        """Return how an order goes. Raises: Malformed, PaymentRefused, NoRoute."""
        check_amount(one.amount_minor)
        checked_currency(one.currency)
        for what, name, most in _TEXTS:
            check_text(what, getattr(one, name), most=most)
        for what, name, most in _CODES:
            check_code(what, getattr(one, name), most=most)
        check_text("end-to-end id", one.end_to_end_id, most=35)
        if one.counter_agreement_id:
            if one.channel not in ("", WITHIN):
                raise PaymentRefused("expected no channel for a payee of this bank, was one")
            if one.counter_agreement_id == one.agreement_id:
                raise PaymentRefused("expected another agreement than the payer's")
            today = self._today()
            return Way(WITHIN, max(one.day or today, today))
        if not (one.creditor_account and one.creditor_name):
            raise PaymentRefused("expected the payee's agreement, or a name and an account")
        channel = one.channel or next(iter(self._channels), "")
        if channel not in self._channels:
            raise PaymentRefused(
                f"There is no clearing channel {channel[:40]!r}.", channels=self.channels()
            )
        wish = Wish(
            amount_minor=one.amount_minor,
            currency=one.currency,
            creditor_agent=one.creditor_agent,
            day=one.day,
        )
        return ways().way(wish, one.channel)

    def start_due(self, wave_id: UUID) -> int:
        """Start a wave of payments whose day has come; return how many they are."""
        today, batches = days_of(self._today()), sorted(self._clearing.ways().batches())

        def body(work: SqlUnitOfWork) -> int:
            at_us = instant_us(self._room.clock.now_ns())
            count = store.take_due(
                work.connection, wave_id, today or 0, PAYMENTS_MAX, at_us, batches
            )
            if count:
                self._flows.start(wave_id, WAVE, str(wave_id), work=work)
            return count

        return self._room.run(body)

    def cancel(self, command_id: UUID, payment_id: UUID, note: str = "") -> Payment:
        """Stop a payment that waits for its day. Raises: as PaymentsApi says."""
        check_text("note", note, most=200)

        def body(work: SqlUnitOfWork) -> dict[str, Any]:
            found = store.locked(work.connection, [payment_id]).get(payment_id)
            if found is None:
                raise _nothing(payment_id)
            if found.state is PaymentState.CANCELLED:
                return {"payment_id": payment_id}
            if found.state is not PaymentState.WAITING:
                raise PaymentUnderWay(
                    f"expected a payment that waits for its day, was one {found.state}",
                    state=found.state.value,
                )
            at_us = instant_us(self._room.clock.now_ns())
            change = (payment_id, PaymentState.CANCELLED, "CUST", note)
            store.set_states(work.connection, [change], at_us)
            tell_ended(work, [found], PaymentState.CANCELLED)
            return {"payment_id": payment_id}

        self._room.command(command_id, ["payment.cancel", str(payment_id), note], body)
        return self.payment(payment_id)

    def give_back(
        self, command_id: UUID, payment_id: UUID, reason: str, detail: str = ""
    ) -> Payment:
        """Give a payment that came in back to its bank. Raises: as PaymentsApi says."""
        self._giving_back.give_back(command_id, payment_id, reason, detail)
        return self.payment(payment_id)

    def account_report(self, agreement_id: int, kind: ReportKind, day: dt.date) -> bytes:
        """Return an agreement's entries of a day. Raises: as PaymentsApi says."""
        return self._reports.report(agreement_id, kind, day)

    def take(self, command_id: UUID, channel: str, message_id: str, content: bytes) -> str:
        """Take a channel's message; a flow acts on it. Raises: as PaymentsApi says."""
        if channel not in self._channels:
            what = f"There is no clearing channel {channel[:40]!r}."
            raise PaymentRefused(what, channels=self.channels())
        check_code("message id", message_id, least=1, most=40)
        kind = kind_of(content)

        def body(work: SqlUnitOfWork) -> dict[str, Any]:
            is_new = store.put_message(
                work.connection,
                channel=channel,
                message_id=message_id,
                is_incoming=True,
                kind=kind,
                content=content,
                at_us=instant_us(self._room.clock.now_ns()),
            )
            if is_new:
                flow_id = leg(command_id, "answer")
                self._flows.start(flow_id, ANSWER, channel, message_id, work=work)
            return {"kind": kind}

        request = ["payment.take", channel, message_id, request_hash([content.hex()]).hex()]
        return str(self._room.command(command_id, request, body)["kind"])

    def last_message(self, channel: str) -> str:
        """Return the id of the newest message that a channel has sent, "" before the first."""
        return self._room.read(lambda connection: store.last_incoming(connection, channel))

    def keep_unread(self, channel: str, message_id: str, content: bytes) -> None:
        """Keep a message that cannot be read, so that it is not asked for again."""
        at_us = instant_us(self._room.clock.now_ns())
        self._room.run(
            lambda work: store.put_message(
                work.connection,
                channel=channel,
                message_id=message_id,
                is_incoming=True,
                kind="unread",
                content=content,
                at_us=at_us,
            )
        )

    def payment(self, payment_id: UUID) -> Payment:
        """Return a payment. Raises: PaymentNotFound."""
        found = self._room.read(lambda connection: store.known(connection, [payment_id]))
        if payment_id not in found:
            raise _nothing(payment_id)
        return found[payment_id]

    def payments(
        self,
        *,
        agreement_id: int = 0,
        state: PaymentState | None = None,
        channel: str = "",
        limit: int = 50,
        cursor: str | None = None,
    ) -> Page[Payment]:
        """Return payments, newest first. Raises: Malformed (cursor)."""
        before, limit = position(cursor, self._key), min(limit, LIMIT_MAX)
        found = self._room.read(
            lambda connection: store.some(
                connection,
                agreement_id=agreement_id,
                state=state,
                channel=channel,
                before=before,
                limit=limit + 1,
            )
        )
        return page_of(found, limit, self._key, lambda one: one.payment_id)

    def counts(self) -> dict[str, int]:
        """Return how many payments are in each state that is not an end."""
        return self._room.read(store.counts)

    def sums(self, day: dt.date) -> list[PaymentSum]:
        """Return the sums of a business day's payments."""
        channels = [WITHIN, *self._channels]
        return self._room.read(lambda connection: store.sums(connection, day, channels))

    def channels(self) -> list[str]:
        """Return the clearing channels' names."""
        return list(self._channels)


def _is_same(found: Payment, row: Mapping[str, Any], channel: str) -> bool:
    """Tell whether a payment is what an order asks for; its day may have come since.

    channel : as the order named it; where it named none, another may be the best by now.
    """
    names = set(row) - {"state", "is_incoming", "reason", "detail", "day"}
    names -= set() if channel else {"channel"}
    return all(getattr(found, name) == row[name] for name in names)


def _nothing(payment_id: UUID) -> PaymentNotFound:
    return PaymentNotFound("There is no such payment.", payment_id=str(payment_id))
