"""A wave: payments that were ordered together are moved together, in columns.

Reserve of limits, post to the core, make the channels' messages, send them: each part may be done
again after a crash and then does nothing more, since every id is a function of the payment's.
"""

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final
from uuid import UUID

from yunjin.chassis.persistence import RoomDatabase, SqlUnitOfWork, instant_us
from yunjin.foundation.banking.api.agreements import AgreementsApi, EntryStatus
from yunjin.kernel.clock import instant
from yunjin.kernel.errors import Bug
from yunjin.platforms.capability.api.channels import ChannelPort
from yunjin.platforms.capability.api.limits import LimitStatus, Reservation
from yunjin.platforms.capability.api.payments import Payment, PaymentState
from yunjin.platforms.capability.domain.iso20022.transfers import TRANSFERS
from yunjin.platforms.capability.domain.payments import (
    BOOKED,
    LIMIT_EXCEEDED,
    LIMIT_NOT_OPEN,
    REASONS,
)
from yunjin.platforms.capability.service.holds import Holds
from yunjin.platforms.capability.service.payments import entries
from yunjin.platforms.capability.service.payments.clearing import ClearingService
from yunjin.platforms.capability.service.payments.messages import transfers_of
from yunjin.platforms.capability.service.payments.telling import tell_ended
from yunjin.platforms.capability.service.payments.ways import Way, other_way
from yunjin.platforms.capability.store import clearing as clearing_store
from yunjin.platforms.capability.store import payments as store
from yunjin.platforms.capability.store.limits import days_of

S: Final = PaymentState
_LIMIT_WORDS: Final = {
    LimitStatus.LIMIT_NOT_FOUND: (LIMIT_NOT_OPEN, "there is no such limit"),
    LimitStatus.LIMIT_NOT_OPEN: (LIMIT_NOT_OPEN, "the limit is not open"),
    LimitStatus.EXCEEDED: (LIMIT_EXCEEDED, "less is left of the limit"),
    LimitStatus.EXISTS_OTHERWISE: (LIMIT_NOT_OPEN, "the limit's hold was used otherwise"),
}
_DETAIL_MAX: Final = 200
Change = tuple[Payment, PaymentState, str, str]  # payment, what it becomes, reason, detail


class Waves:
    """What the flow of a wave asks for.

    Parameters
    ----------
    institution, agent : the bank's name and BIC, as its messages give them.
    """

    def __init__(
        self,
        room: RoomDatabase,
        agreements: AgreementsApi,
        limits: Holds,
        channels: Mapping[str, ChannelPort],
        *,
        clearing: ClearingService,
        today: Callable[[], dt.date],
        institution: str,
        agent: str,
    ) -> None:
        self._today, self._clearing = today, clearing
        self._room, self._agreements, self._limits = room, agreements, limits
        self._channels, self._institution, self._agent = dict(channels), institution, agent

    def reserve(self, work: SqlUnitOfWork, wave: str) -> int:
        """Reserve what payments want of limits; refuse those that get nothing. A step."""
        wave_id = UUID(wave)
        wanted = [
            (one, one.limit_id)
            for one in store.of_wave(work.connection, wave_id, S.TAKEN)
            if one.limit_id is not None
        ]
        reservations = [
            Reservation(
                hold_id=entries.limit_hold(one.payment_id),
                limit_id=limit_id,
                amount_minor=one.amount_minor,
                subject=str(one.payment_id),
            )
            for one, limit_id in wanted
        ]
        answers = self._limits.reserve_in(work, reservations)
        refused: list[Change] = []
        for (one, _), answer in zip(wanted, answers, strict=True):
            if answer.status in _LIMIT_WORDS:
                reason, detail = _LIMIT_WORDS[answer.status]
                refused.append((one, S.REFUSED, reason, detail))
        self.become(work, refused)
        return len(refused)

    def move(self, _: UUID, wave: str) -> int:
        """Post the wave's entries and keep what came of each. A call: it may come twice."""
        wave_id = UUID(wave)
        found = self._room.run(lambda work: store.of_wave(work.connection, wave_id, S.TAKEN))
        acts = [
            entries.book(one) if one.counter_agreement_id else entries.hold(one) for one in found
        ]
        answers = entries.post(self._agreements, acts)
        changes = [_moved(one, *answer) for one, answer in zip(found, answers, strict=True)]
        self._room.run(lambda work: self.become(work, changes))
        self._fail_over(wave_id)
        return len(found)

    def _fail_over(self, wave_id: UUID) -> None:
        """Let what is held take another channel where its own is down: nothing was sent yet."""
        held = self._room.run(lambda work: store.of_wave(work.connection, wave_id, S.HELD))
        if not held:
            return
        ways = self._clearing.ways()
        down = {one.channel for one in held if not ways.is_up(one.channel)}
        stays = [one.payment_id for one in held if one.channel in down]
        if not stays:
            return
        free = self._room.read(lambda connection: clearing_store.free_of(connection, stays))
        for one in held:
            if one.channel not in down or one.payment_id not in free:
                continue
            way = other_way(ways, one)
            if way is not None:
                self._move(one.payment_id, way)

    def _move(self, payment_id: UUID, way: Way) -> None:
        self._room.run(
            lambda work: clearing_store.move(
                work.connection, [payment_id], way.channel, way.after_us
            )
        )

    def compose(self, work: SqlUnitOfWork, wave: str) -> list[str]:
        """Make a message for each channel of what is held; return the channels. A step."""
        wave_id = UUID(wave)
        held = store.of_wave(work.connection, wave_id, S.HELD)
        held = self._without_sessions(work, held)
        now_ns = self._room.clock.now_ns()
        for channel in sorted({one.channel for one in held}):
            content = transfers_of(
                [one for one in held if one.channel == channel],
                message_id=wave_id.hex,
                at=instant(now_ns),
                institution=self._institution,
                agent=self._agent,
            )
            store.put_message(
                work.connection,
                channel=channel,
                message_id=wave_id.hex,
                is_incoming=False,
                kind=TRANSFERS.kind,
                content=content,
                at_us=instant_us(now_ns),
            )
        return sorted({one.channel for one in held})

    def _without_sessions(self, work: SqlUnitOfWork, held: list[Payment]) -> list[Payment]:
        """Return what goes at once: what is held for a session waits for its cut-off."""
        batches = self._clearing.batches_in(work)
        some = [one.payment_id for one in held if one.channel in batches]
        waiting = clearing_store.in_session(work.connection, some) if some else set()
        return [one for one in held if one.payment_id not in waiting]

    def send(self, _: UUID, wave: str, channel: str) -> None:
        """Hand a wave's message to its channel, and note that it has it. A call."""
        wave_id = UUID(wave)
        self.send_message(channel, wave_id)

        def body(work: SqlUnitOfWork) -> None:
            held = store.of_wave(work.connection, wave_id, S.HELD)
            held = self._without_sessions(work, held)
            mine = [one for one in held if one.channel == channel]
            self.become(work, [(one, S.SENT, "", "") for one in mine])

        self._room.run(body)

    def send_message(self, channel: str, message_id: UUID) -> None:
        """Hand a message that was kept to its channel. Raises: Outage, Unknown."""
        kept = self._room.read(
            lambda connection: store.message(connection, channel, message_id.hex)
        )
        if kept is None:
            raise Bug("expected a message to send, was none", channel=channel)
        self._channels[channel].send(message_id, kept[1])

    def become(self, work: SqlUnitOfWork, changes: Sequence[Change]) -> None:
        """Keep what became of payments, of what they hold of limits, and tell of it.

        A payment that is no longer what it was when that was decided needs a person.
        """
        now = store.locked(work.connection, (one.payment_id for one, *_ in changes))
        real: list[Change] = []
        for one, state, reason, detail in changes:
            is_now = now[one.payment_id].state
            if is_now is one.state:
                real.append((one, state, reason, detail))
            elif is_now not in (state, S.STUCK):
                real.append((one, S.STUCK, "NARR", f"to be {state}, but was {is_now} by then"))
        rows = [
            (one.payment_id, state, reason, detail[:_DETAIL_MAX])
            for one, state, reason, detail in real
        ]
        store.set_states(work.connection, rows, instant_us(self._room.clock.now_ns()))
        turns = {
            entries.limit_hold(one.payment_id): _TURNS[state]
            for one, state, _, _ in real
            if one.limit_id is not None and state in _TURNS
        }
        if turns:
            self._limits.turn_in(work, turns)
        for state in sorted({state for _, state, _, _ in real} & _TOLD):
            tell_ended(work, [one for one, to, _, _ in real if to is state], state)

    def today_days(self) -> int:
        """Return the business date, days since 1970."""
        return days_of(self._today()) or 0


_TURNS: Final[dict[PaymentState, str]] = {
    S.SETTLED: "confirmed",
    S.REFUSED: "cancelled",
    S.REJECTED: "cancelled",
    S.RETURNED: "restored",
}
_TOLD: Final[set[Any]] = {S.SETTLED, S.REFUSED, S.REJECTED, S.RETURNED, S.STUCK}


def _moved(one: Payment, status: EntryStatus, reason: str) -> Change:
    if status in BOOKED:
        return one, S.SETTLED if one.counter_agreement_id else S.HELD, "", ""
    detail = reason or status.name.lower().replace("_", " ")
    return one, S.REFUSED, REASONS.get(status, "NARR"), detail
