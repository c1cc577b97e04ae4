"""Points that go out: held and spent, given back, moved to another party, over."""

import datetime as dt
from collections.abc import Callable
from dataclasses import replace
from typing import Any, Final
from uuid import UUID

from yunjin.chassis.persistence import SqlUnitOfWork
from yunjin.kernel.clock import instant
from yunjin.kernel.errors import Malformed
from yunjin.kernel.ids import uuid7
from yunjin.platforms.capability.api.points import (
    Entry,
    EntryKind,
    PointsHold,
    PointsHoldState,
)
from yunjin.platforms.capability.domain.payments import leg
from yunjin.platforms.capability.domain.points import Account, Parts, some_of
from yunjin.platforms.capability.errors.points import (
    PointsHoldEnded,
    PointsHoldNotFound,
    PointsTooFew,
)
from yunjin.platforms.capability.events.points import PointsExpired
from yunjin.platforms.capability.service.points.earning import PointsEarning, check_points
from yunjin.platforms.capability.service.points.reading import found_programme
from yunjin.platforms.capability.service.values import check_code
from yunjin.platforms.capability.store import points as store

S = PointsHoldState
_SOME: Final = 200  # accounts of one transaction
Act = Callable[[PointsHold, Parts, Account], PointsHold]


class PointsService(PointsEarning):
    """The points centre (PointsApi) over a room's tables."""

    def hold(
        self, command_id: UUID, programme: str, party_id: str, points: int, subject: str = ""
    ) -> PointsHold:
        """Put points aside to be spent. Raises: as PointsApi says."""
        check_points(points)
        check_code("party", party_id, least=1, most=64)
        check_code("subject", subject, most=80)

        def body(work: SqlUnitOfWork) -> dict[str, Any]:
            found_programme(store.programme(work.connection, programme), programme)
            key = (programme, party_id)
            account = self._accounts(work, [key], command_id)[key]
            _check_enough(account, points)
            parts = account.hold(points)
            made = PointsHold(
                hold_id=command_id,
                programme=programme,
                party_id=party_id,
                points=points,
                returned=0,
                state=S.HELD,
                subject=subject,
                at=instant(self._room.clock.now_ns()),
            )
            store.put_hold(work.connection, made, parts)
            entry_id = leg(command_id, "held")
            self._enter(work, account, entry_id, EntryKind.HELD, -points, subject=subject)
            store.keep(work.connection, account)
            return {"hold_id": command_id}

        request = ["points.hold", programme, party_id, points, subject]
        self._room.command(command_id, request, body)
        return self.held(command_id)

    def confirm(self, command_id: UUID, hold_id: UUID) -> PointsHold:
        """Spend what is held. Raises: as PointsApi says."""

        def act(one: PointsHold, _: Parts, account: Account) -> PointsHold:
            if one.state is S.CANCELLED:
                raise _ended(one)
            if one.state is S.HELD:
                account.spend(one.points)
            return replace(one, state=S.SPENT)

        return self._move(command_id, hold_id, EntryKind.SPENT, act)

    def cancel(self, command_id: UUID, hold_id: UUID) -> PointsHold:
        """Put what is held back into its lots. Raises: as PointsApi says."""

        def act(one: PointsHold, parts: Parts, account: Account) -> PointsHold:
            if one.state is S.SPENT:
                raise _ended(one)
            if one.state is S.HELD:
                account.free(parts)
            return replace(one, state=S.CANCELLED)

        return self._move(command_id, hold_id, EntryKind.FREED, act)

    def give_back(self, command_id: UUID, hold_id: UUID, points: int) -> PointsHold:
        """Give back a part of what was spent. Raises: as PointsApi says."""
        check_points(points)

        def act(one: PointsHold, parts: Parts, account: Account) -> PointsHold:
            returned = one.returned + points
            if one.state is not S.SPENT or returned > one.points:
                raise _ended(one)
            account.bring_back(some_of(parts, one.returned, points))
            return replace(one, returned=returned)

        return self._move(command_id, hold_id, EntryKind.RETURNED, act, points)

    def _move(
        self, command_id: UUID, hold_id: UUID, kind: EntryKind, act: Act, points: int = 0
    ) -> PointsHold:
        def body(work: SqlUnitOfWork) -> dict[str, Any]:
            first = _hold(work, hold_id)[0]
            key = (first.programme, first.party_id)
            account = self._accounts(work, [key], command_id)[key]
            one, parts = _hold(work, hold_id)  # as it is under the lock
            before = account.balance, account.owed
            now = act(one, parts, account)
            if now != one:
                self._enter(
                    work,
                    account,
                    leg(command_id, kind.value),
                    kind,
                    account.balance - before[0],
                    owed=account.owed - before[1],
                    subject=one.subject,
                )
                store.turn_hold(work.connection, now)
            store.keep(work.connection, account)
            return {"hold_id": hold_id}

        self._room.command(command_id, [f"points.{kind.value}", str(hold_id), points], body)
        return self.held(hold_id)

    def transfer(
        self, command_id: UUID, programme: str, from_id: str, to_id: str, points: int
    ) -> Entry:
        """Move points to another party. Raises: as PointsApi says."""
        check_points(points)
        for party_id in (from_id, to_id):
            check_code("party", party_id, least=1, most=64)
        if from_id == to_id:
            raise Malformed("expected two different parties")

        def body(work: SqlUnitOfWork) -> dict[str, Any]:
            found_programme(store.programme(work.connection, programme), programme)
            keys = [(programme, from_id), (programme, to_id)]
            accounts = self._accounts(work, keys, command_id)
            sender, receiver = (accounts[key] for key in keys)
            _check_enough(sender, points)
            before = receiver.balance, receiver.owed
            for expires, part in sender.leave(points):
                receiver.come(part, expires)
            sent, received = leg(command_id, "sent"), leg(command_id, "received")
            self._enter(work, sender, sent, EntryKind.SENT, -points, subject=to_id)
            self._enter(
                work,
                receiver,
                received,
                EntryKind.RECEIVED,
                receiver.balance - before[0],
                owed=receiver.owed - before[1],
                subject=from_id,
            )
            for one in accounts.values():
                store.keep(work.connection, one)
            return {"entry_id": sent}

        request = ["points.transfer", programme, from_id, to_id, points]
        answer = self._room.command(command_id, request, body)
        return self.entry(UUID(answer["entry_id"]))

    def expire(self, command_id: UUID, day: dt.date) -> int:
        """End lots whose last day is before `day`. Raises: as PointsApi says."""
        if day > self._today():
            raise Malformed(f"expected a day up to {self._today()}, was {day}")

        def body(work: SqlUnitOfWork) -> dict[str, Any]:
            keys = store.ending(work.connection, day, _SOME)
            accounts = self._accounts(work, keys, command_id)
            for one in accounts.values():
                store.keep(work.connection, one)
            if keys:
                points = sum(one.over for one in accounts.values())
                told = PointsExpired(day=day.isoformat(), accounts=len(keys), points=points)
                work.outbox.add(told)
            return {"accounts": len(keys)}

        answer = self._room.command(command_id, ["points.expire", day.isoformat()], body)
        count: int = answer["accounts"]
        return count

    def expire_due(self) -> int:
        """End what is over by now, of some accounts; return how many. Raises: Outage."""
        today = self._today()
        if not self._room.read(lambda connection: store.ending(connection, today, 1)):
            return 0
        return self.expire(uuid7(self._room.clock), today)


def _hold(work: SqlUnitOfWork, hold_id: UUID) -> tuple[PointsHold, Parts]:
    found = store.hold(work.connection, hold_id)
    if found is None:
        raise PointsHoldNotFound("There is no such hold.", hold_id=str(hold_id))
    return found


def _check_enough(account: Account, points: int) -> None:
    if account.balance < points:
        raise PointsTooFew(
            f"expected at least {points} points, was {account.balance}", balance=account.balance
        )


def _ended(one: PointsHold) -> PointsHoldEnded:
    return PointsHoldEnded(
        f"expected a hold of which this is left, was one {one.state}",
        state=one.state.value,
        returned=one.returned,
    )
