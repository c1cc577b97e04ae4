"""Our side of a day: what the ledger booked of a channel's payments, in columns."""

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any, Final
from uuid import UUID

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from yunjin.chassis.persistence import RoomDatabase
from yunjin.platforms.capability.api.payments import Payment, PaymentState
from yunjin.platforms.capability.api.reconciliation import BookedPort
from yunjin.platforms.capability.domain.reconciliation.columns import OURS
from yunjin.platforms.capability.domain.reconciliation.facts import Known
from yunjin.platforms.capability.store import payments as payment_store
from yunjin.platforms.capability.store import reconciliation as store
from yunjin.platforms.capability.store.limits import days_of

LOOK_BACK_DAYS: Final = 31  # a payment is booked so long after its day at most
_SETTLED: Final = (PaymentState.SETTLED.value, PaymentState.RETURNED.value)


@dataclass(frozen=True, slots=True)
class Ours:
    """Reads our side.

    Parameters
    ----------
    booked : the ledger; without it a payment counts on its day, as far as its state says.
    """

    room: RoomDatabase
    booked: BookedPort | None

    def of(self, channel: str, day: dt.date) -> pa.RecordBatch:
        """Return what was booked of a channel's payments on a day (OURS). Raises: Outage."""
        until = days_of(day) or 0
        if self.booked is None:
            return self.room.read(
                lambda connection: _by_state(
                    [*chain.from_iterable(store.state_columns(connection, channel, until))]
                )
            )
        payments = self.room.read(
            lambda connection: _columns(
                store.payment_columns(connection, channel, until - LOOK_BACK_DAYS, until)
            )
        )
        return _by_ledger(payments, self.booked.booked(day, day))

    def references(self, channel: str, day: dt.date) -> pa.RecordBatch:
        """Return payment_hi, payment_lo, end_to_end_id of a channel's payments."""
        until = days_of(day) or 0
        rows = self.room.read(
            lambda connection: store.references(connection, channel, until - LOOK_BACK_DAYS, until)
        )
        high, low = _halves([row[0] for row in rows])
        texts = pa.array([row[1] for row in rows], pa.string())
        return pa.record_batch({"payment_hi": high, "payment_lo": low, "end_to_end_id": texts})

    def payments(self, ids: Iterable[UUID]) -> dict[UUID, Payment]:
        """Return those payments that there are."""
        wanted = list(ids)
        return self.room.read(lambda connection: payment_store.known(connection, wanted))


def known_of(one: Payment) -> Known:
    """Return a payment as the explanation needs it."""
    return Known(
        payment_id=one.payment_id,
        channel=one.channel,
        state=one.state,
        currency=one.currency,
        stated_minor=one.amount_minor if one.is_incoming else -one.amount_minor,
    )


def _columns(parts: Iterable[tuple[bool, str, bytes]]) -> dict[str, Any]:
    """Return groups of ids as columns: payment_hi, payment_lo, currency, sign of what it moves."""
    found = list(parts)
    counts = [len(ids) // 16 for _, _, ids in found]
    high, low = _halves([ids for _, _, ids in found])
    names = pa.array([currency for _, currency, _ in found], pa.string())
    return {
        "payment_hi": high,
        "payment_lo": low,
        "sign": np.repeat(np.array([1 if each[0] else -1 for each in found], np.int64), counts),
        "currency": names.take(pa.array(np.repeat(np.arange(len(found)), counts))),
    }


def _halves(ids: Iterable[bytes]) -> tuple[Any, Any]:
    words = np.frombuffer(b"".join(ids), ">u8").reshape(-1, 2).astype(np.uint64)
    return np.ascontiguousarray(words[:, 0]), np.ascontiguousarray(words[:, 1])


def _by_ledger(payments: dict[str, Any], booked: pa.RecordBatch) -> pa.RecordBatch:
    """Return the ledger's movements of these payments, by payment and side."""
    mine, theirs = (
        each[0] ^ (each[1] * np.uint64(0x9E3779B97F4A7C15))
        for each in (
            (payments["payment_lo"], payments["payment_hi"]),
            (booked["payment_lo"].to_numpy(), booked["payment_hi"].to_numpy()),
        )
    )
    found = pc.fill_null(pc.index_in(pa.array(theirs), value_set=pa.array(mine)), -1)
    places = found.to_numpy().astype(np.int64)
    at = np.maximum(places, 0)
    is_mine = places >= 0
    if is_mine.any():
        for name in ("payment_hi", "payment_lo"):
            is_mine &= payments[name][at] == booked[name].to_numpy()
    at = at[is_mine]
    amounts = booked["amount_minor"].to_numpy()[is_mine]
    is_return = np.sign(amounts) != payments["sign"][at]
    if len(at) and np.bincount(at * 2 + is_return).max() > 1:
        return _summed(payments, at, is_return, amounts)
    return _batch(payments, at, is_return, amounts)


def _summed(payments: dict[str, Any], at: Any, is_return: Any, amounts: Any) -> pa.RecordBatch:
    """Return movements with those of one payment and side as one."""
    keys, places = np.unique(at * 2 + is_return, return_inverse=True)
    sums = np.zeros(len(keys), np.int64)
    np.add.at(sums, places, amounts)
    return _batch(payments, keys // 2, keys % 2 == 1, sums)


def _batch(payments: dict[str, Any], at: Any, is_return: Any, amounts: Any) -> pa.RecordBatch:
    columns = {
        "payment_hi": pa.array(payments["payment_hi"][at]),
        "payment_lo": pa.array(payments["payment_lo"][at]),
        "is_return": pa.array(np.asarray(is_return, bool)),
        "currency": payments["currency"].take(pa.array(at)),
        "amount_minor": pa.array(amounts),
    }
    return pa.record_batch([columns[name] for name in OURS.names], schema=OURS)


def _by_state(rows: Sequence[tuple[bytes, int, str, int, str]]) -> pa.RecordBatch:
    """Return movements as the states of a day's payments say them, where no ledger is bound."""
    payments = _columns((bool(row[1]), row[2], row[0]) for row in rows)
    states = np.array([row[4] for row in rows], object)
    amounts = np.array([row[3] for row in rows], np.int64) * payments["sign"]
    settled, returned = (np.flatnonzero(np.isin(states, some)) for some in (_SETTLED, _SETTLED[1:]))
    at = np.concatenate([settled, returned])
    is_return = np.arange(len(at)) >= len(settled)
    return _batch(payments, at, is_return, amounts[at] * np.where(is_return, -1, 1))
