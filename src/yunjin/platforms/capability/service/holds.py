"""Holds of limits: reserved, used, given back; never more than is left, whoever asks beside."""

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final
from uuid import UUID

from yunjin.chassis.persistence import RoomDatabase, SqlUnitOfWork
from yunjin.kernel.clock import instant
from yunjin.kernel.errors import IdempotencyConflict, Malformed
from yunjin.kernel.page import LIMIT_MAX, Page
from yunjin.platforms.capability.api.limits import (
    HOLDS_MAX,
    Hold,
    HoldState,
    LimitStatus,
    Reservation,
    Reserved,
)
from yunjin.platforms.capability.domain.limits import Node, move, reserve
from yunjin.platforms.capability.errors import (
    HoldEnded,
    HoldNotFound,
    LimitExceeded,
    LimitNotFound,
    LimitNotOpen,
)
from yunjin.platforms.capability.events import LimitReserved, LimitUsed
from yunjin.platforms.capability.service.paging import page_of, position
from yunjin.platforms.capability.service.values import check_amount
from yunjin.platforms.capability.store import limits as store

_TOLD_MAX: Final = 1_000
_SUBJECT_MAX: Final = 80


class Holds:
    """The holds of a room's limits: a part of `LimitService`."""

    def __init__(
        self, room: RoomDatabase, *, today: Callable[[], dt.date], cursor_key: bytes
    ) -> None:
        self._room, self._today, self._key = room, today, cursor_key

    def reserve(
        self, command_id: UUID, limit_id: UUID, amount_minor: int, subject: str = ""
    ) -> Hold:
        """Reserve a part of a limit under the command's id. Raises: as LimitsApi says."""
        wanted = Reservation(
            hold_id=command_id, limit_id=limit_id, amount_minor=amount_minor, subject=subject
        )
        [answer] = self.reserve_all(command_id, [wanted])
        match answer.status:
            case LimitStatus.LIMIT_NOT_FOUND:
                raise no_limit(limit_id)
            case LimitStatus.LIMIT_NOT_OPEN:
                raise LimitNotOpen("The limit is not open.", limit_id=str(answer.limit_id))
            case LimitStatus.EXCEEDED:
                raise LimitExceeded(
                    "Less is left of the limit.",
                    limit_id=str(answer.limit_id),
                    left_minor=answer.left_minor,
                )
            case LimitStatus.EXISTS_OTHERWISE:
                raise IdempotencyConflict("This id was used for another hold.", id=str(command_id))
        return self.hold(command_id)

    def reserve_all(self, command_id: UUID, wanted: Sequence[Reservation]) -> list[Reserved]:
        """Reserve many, each under its own id, which is all that has to be remembered.

        Raises: Malformed.
        """
        if not 0 < len(wanted) <= HOLDS_MAX:
            raise Malformed(f"expected 1 to {HOLDS_MAX} reservations, was {len(wanted)}")
        for one in wanted:
            check_amount(one.amount_minor, least=1)
            if not one.subject.isascii() or len(one.subject) > _SUBJECT_MAX:
                raise Malformed(f"expected a subject of at most {_SUBJECT_MAX} ASCII characters")
        if len({one.hold_id for one in wanted}) < len(wanted):
            raise Malformed("expected each hold's id once, was one twice")
        return self._room.run(lambda work: self._reserved(work, wanted))

    def _reserved(self, work: SqlUnitOfWork, wanted: Sequence[Reservation]) -> list[Reserved]:
        nodes = store.locked(work.connection, (one.limit_id for one in wanted))
        # After the locks: who asked for the same at the same time has committed by now.
        known = store.holds_by_id(work.connection, (one.hold_id for one in wanted))
        fresh = [one for one in wanted if one.hold_id not in known]
        answers = {one.hold_id: one for one in reserve(nodes, fresh, self._today())}
        at = instant(self._room.clock.now_ns())
        made = [one for one in fresh if answers[one.hold_id].status is LimitStatus.RESERVED]
        rows = [(_held(one, at), _periods(nodes, nodes[one.limit_id])) for one in made]
        store.put_holds(work.connection, rows)
        touched = {limit_id for one in made for limit_id in nodes[one.limit_id].path}
        store.keep(work.connection, (nodes[limit_id] for limit_id in sorted(touched)))
        if made:
            limit_ids = dict.fromkeys(str(one.limit_id) for one in made)
            work.outbox.add(
                LimitReserved(
                    limit_ids=tuple(limit_ids)[:_TOLD_MAX],
                    holds=len(made),
                    amount_minor=sum(one.amount_minor for one in made),
                    refused=len(fresh) - len(made),
                )
            )
        return [answers.get(one.hold_id) or _again(one, known[one.hold_id]) for one in wanted]

    def confirm(self, command_id: UUID, hold_id: UUID, amount_minor: int | None = None) -> Hold:
        """Use a hold, or a part of it. Raises: as LimitsApi says."""
        if amount_minor is not None:
            check_amount(amount_minor, least=1)

        def act(hold: Hold) -> Hold:
            if hold.state is not HoldState.HELD:
                raise _ended(hold)
            part = hold.amount_minor if amount_minor is None else amount_minor
            if part > hold.amount_minor:
                raise Malformed(f"expected at most the {hold.amount_minor} held, was {part}")
            return replace(hold, state=HoldState.CONFIRMED, used_minor=part)

        return self._move(command_id, hold_id, "confirmed", act, amount_minor)

    def cancel(self, command_id: UUID, hold_id: UUID) -> Hold:
        """Give a hold back unused. Raises: as LimitsApi says."""

        def act(hold: Hold) -> Hold:
            if hold.state is HoldState.CONFIRMED:
                raise _ended(hold)
            return replace(hold, state=HoldState.CANCELLED)

        return self._move(command_id, hold_id, "cancelled", act, None)

    def restore(self, command_id: UUID, hold_id: UUID, amount_minor: int) -> Hold:
        """Give back a part of what a hold was used for. Raises: as LimitsApi says."""
        check_amount(amount_minor, least=1)

        def act(hold: Hold) -> Hold:
            restored = hold.restored_minor + amount_minor
            if hold.state is not HoldState.CONFIRMED or restored > hold.used_minor:
                raise _ended(hold)
            return replace(hold, restored_minor=restored)

        return self._move(command_id, hold_id, "restored", act, amount_minor)

    def _move(
        self,
        command_id: UUID,
        hold_id: UUID,
        word: str,
        act: Callable[[Hold], Hold],
        amount_minor: int | None,
    ) -> Hold:
        def body(work: SqlUnitOfWork) -> dict[str, Any]:
            first = store.holds_by_id(work.connection, [hold_id]).get(hold_id)
            if first is None:
                raise HoldNotFound("There is no such hold.", hold_id=str(hold_id))
            # Limits before holds, as reserving does, so that no two wait for each other.
            nodes = store.locked(work.connection, [first.limit_id])
            [(hold, since)] = store.locked_holds(work.connection, [hold_id])
            self._keep(work, nodes, [(hold, since, act(hold))], word)
            return {"hold_id": hold_id}

        self._room.command(command_id, [f"limit.{word}", str(hold_id), amount_minor], body)
        return self.hold(hold_id)

    def _keep(
        self,
        work: SqlUnitOfWork,
        nodes: Mapping[UUID, Node],
        turns: Sequence[tuple[Hold, Sequence[dt.date | None], Hold]],
        word: str,
    ) -> None:
        """Save what becomes of holds (before, its periods, after), and of their limits."""
        turns = [one for one in turns if one[0] != one[2]]
        if not turns:
            return
        amount_minor = 0
        touched: set[UUID] = set()
        for hold, since, after in turns:
            path = [nodes[limit_id] for limit_id in nodes[hold.limit_id].path]
            held, used = _counted(after)
            held_before, used_before = _counted(hold)
            held, used = held - held_before, used - used_before
            move(path, held_minor=held, used_minor=used, since=since, today=self._today())
            amount_minor += abs(used) or abs(held)
            touched.update(nodes[hold.limit_id].path)
        store.keep(work.connection, (nodes[limit_id] for limit_id in sorted(touched)))
        store.keep_holds(work.connection, [after for _, _, after in turns])
        work.outbox.add(
            LimitUsed(
                limit_ids=tuple(dict.fromkeys(str(one.limit_id) for one, _, _ in turns))[
                    :_TOLD_MAX
                ],
                hold_ids=tuple(str(one.hold_id) for one, _, _ in turns)[:_TOLD_MAX],
                what=word,
                amount_minor=amount_minor,
            )
        )

    def reserve_in(self, work: SqlUnitOfWork, wanted: Sequence[Reservation]) -> list[Reserved]:
        """Reserve many in the transaction of another centre of the room."""
        return self._reserved(work, wanted) if wanted else []

    def turn_in(self, work: SqlUnitOfWork, becomes: Mapping[UUID, str]) -> None:
        """Confirm, cancel or restore holds whole in the transaction of another centre.

        becomes : "confirmed", "cancelled" or "restored" by hold; what is so already stays, and so
            does what cannot become it.
        """
        first = store.holds_by_id(work.connection, becomes)
        nodes = store.locked(work.connection, (one.limit_id for one in first.values()))
        found = store.locked_holds(work.connection, first)
        for word in sorted(set(becomes.values())):
            turns = [
                (hold, since, _turned(hold, word))
                for hold, since in found
                if becomes[hold.hold_id] == word
            ]
            self._keep(work, nodes, turns, word)

    def hold(self, hold_id: UUID) -> Hold:
        """Return a hold. Raises: HoldNotFound."""
        found = self._room.read(lambda connection: store.holds_by_id(connection, [hold_id]))
        if hold_id not in found:
            raise HoldNotFound("There is no such hold.", hold_id=str(hold_id))
        return found[hold_id]

    def holds(self, limit_id: UUID, *, limit: int = 50, cursor: str | None = None) -> Page[Hold]:
        """Return a limit's own holds, newest first. Raises: Malformed (cursor)."""
        before, limit = position(cursor, self._key), min(limit, LIMIT_MAX)
        found = self._room.read(
            lambda connection: store.holds_of(connection, limit_id, before, limit + 1)
        )
        return page_of(found, limit, self._key, lambda one: one.hold_id)


def _turned(hold: Hold, word: str) -> Hold:
    """Return a hold once all of it is confirmed, cancelled or restored, where it can be."""
    if word == "restored":
        is_used = hold.state is HoldState.CONFIRMED
        return replace(hold, restored_minor=hold.used_minor) if is_used else hold
    if hold.state is not HoldState.HELD:
        return hold
    state = HoldState(word)
    used_minor = hold.amount_minor if state is HoldState.CONFIRMED else 0
    return replace(hold, state=state, used_minor=used_minor)


def _counted(hold: Hold) -> tuple[int, int]:
    """Return what a hold counts as held and as used."""
    if hold.state is HoldState.HELD:
        return hold.amount_minor, 0
    return 0, hold.used_minor - hold.restored_minor


def _held(one: Reservation, at: dt.datetime) -> Hold:
    return Hold(
        hold_id=one.hold_id,
        limit_id=one.limit_id,
        amount_minor=one.amount_minor,
        used_minor=0,
        restored_minor=0,
        state=HoldState.HELD,
        subject=one.subject,
        at=at,
    )


def _periods(nodes: Mapping[UUID, Node], leaf: Node) -> list[dt.date | None]:
    return [nodes[limit_id].began for limit_id in leaf.path]


def _again(one: Reservation, known: Hold) -> Reserved:
    same = (known.limit_id, known.amount_minor, known.subject)
    is_same = same == (one.limit_id, one.amount_minor, one.subject)
    status = LimitStatus.EXISTS if is_same else LimitStatus.EXISTS_OTHERWISE
    return Reserved(hold_id=one.hold_id, status=status, limit_id=known.limit_id)


def _ended(hold: Hold) -> HoldEnded:
    return HoldEnded(
        f"expected a hold of which this is left, was one {hold.state}",
        state=hold.state.value,
        used_minor=hold.used_minor,
        restored_minor=hold.restored_minor,
    )


def no_limit(limit_id: UUID) -> LimitNotFound:
    """Return the refusal of a limit that is not there."""
    return LimitNotFound("There is no such limit.", limit_id=str(limit_id))
