"""The limit centre: load, decide, save and tell."""

import datetime as dt
from collections.abc import Callable
from typing import Any
from uuid import UUID

from yunjin.chassis.persistence import SqlUnitOfWork
from yunjin.kernel.errors import Malformed
from yunjin.kernel.money import checked_currency
from yunjin.kernel.page import LIMIT_MAX, Page
from yunjin.platforms.capability.api.limits import DEPTH_MAX, Limit, LimitState, NewLimit
from yunjin.platforms.capability.domain.limits import Node, period_of
from yunjin.platforms.capability.errors import LimitInUse, LimitNotFound, LimitRefused
from yunjin.platforms.capability.events import LimitChanged, LimitOpened
from yunjin.platforms.capability.service.holds import Holds, no_limit
from yunjin.platforms.capability.service.paging import page_of, position
from yunjin.platforms.capability.service.values import check_amount, check_code, check_text, plain
from yunjin.platforms.capability.store import limits as store


class LimitService(Holds):
    """Limits over a room's tables; periods turn with the business date (`today`)."""

    def open(self, command_id: UUID, limit: NewLimit) -> Limit:
        """Open a limit; its id is the command's. Raises: as LimitsApi says."""
        _check_new(limit)

        def body(work: SqlUnitOfWork) -> dict[str, Any]:
            made = self._made(work, command_id, limit)
            work.outbox.add(
                LimitOpened(
                    limit_id=str(made.limit_id),
                    party_id=made.party_id,
                    kind=made.kind,
                    currency=made.currency,
                    ceiling_minor=made.ceiling_minor,
                )
            )
            return {"limit_id": made.limit_id}

        self._room.command(command_id, ["limit.open", plain(limit)], body)
        return self.limit(command_id)

    def _made(self, work: SqlUnitOfWork, limit_id: UUID, limit: NewLimit) -> Limit:
        path: tuple[UUID, ...] = (limit_id,)
        if limit.parent_id is not None:
            parent = store.one(work.connection, limit.parent_id, today=self._today())
            if parent is None:
                raise LimitNotFound("There is no limit to be below.", limit_id=limit.parent_id)
            if len(parent.path) >= DEPTH_MAX:
                raise LimitRefused(f"expected at most {DEPTH_MAX} limits from root to leaf")
            if parent.currency != limit.currency:
                what = f"expected {parent.currency} as the limit above, was {limit.currency}"
                raise LimitRefused(what, currency=parent.currency)
            node = store.locked(work.connection, [parent.limit_id])[parent.limit_id]
            if node.state is LimitState.CLOSED:
                raise LimitRefused("The limit above is closed.", limit_id=str(parent.limit_id))
            path = (*parent.path, limit_id)
        made = Limit(
            limit_id=limit_id,
            path=path,
            name=limit.name,
            kind=limit.kind,
            currency=limit.currency,
            party_id=limit.party_id,
            period=limit.period,
            since=limit.since,
            until=limit.until,
            state=LimitState.OPEN,
            ceiling_minor=limit.ceiling_minor,
            held_minor=0,
            used_minor=0,
        )
        node = Node(
            limit_id=limit_id,
            path=path,
            ceiling_minor=limit.ceiling_minor,
            held_minor=0,
            used_minor=0,
            state=LimitState.OPEN,
            period=limit.period,
            began=period_of(limit.period, self._today()),
            since=limit.since,
            until=limit.until,
        )
        store.put(work.connection, made, node)
        return made

    def change(
        self,
        command_id: UUID,
        limit_id: UUID,
        *,
        ceiling_minor: int | None = None,
        until: dt.date | None = None,
        note: str = "",
    ) -> Limit:
        """Set another ceiling or end. Raises: as LimitsApi says."""
        if ceiling_minor is not None:
            check_amount(ceiling_minor, least=0)
        wanted = {"ceiling_minor": ceiling_minor, "until": until}
        given = {name: value for name, value in wanted.items() if value is not None}
        if not given:
            raise Malformed("expected a ceiling or an end, was neither")

        def act(node: Node) -> list[str]:
            for name, value in given.items():
                setattr(node, name, value)
            return [name.removesuffix("_minor") for name in given]

        return self._change(command_id, limit_id, act, {**given, "note": note}, note=note)

    def freeze(self, command_id: UUID, limit_id: UUID, note: str = "") -> Limit:
        """Let nothing new be reserved here or below. Raises: as LimitsApi says."""
        return self._turn(command_id, limit_id, LimitState.OPEN, LimitState.FROZEN, "frozen", note)

    def thaw(self, command_id: UUID, limit_id: UUID, note: str = "") -> Limit:
        """Open a frozen limit again. Raises: as LimitsApi says."""
        return self._turn(command_id, limit_id, LimitState.FROZEN, LimitState.OPEN, "thawed", note)

    def close(self, command_id: UUID, limit_id: UUID) -> Limit:
        """Close a limit that nothing is reserved or used of. Raises: as LimitsApi says."""

        def act(node: Node) -> list[str]:
            node.turn(self._today())
            if node.held_minor or node.used_minor:
                raise LimitInUse(
                    "Something is reserved or used of it.",
                    held_minor=node.held_minor,
                    used_minor=node.used_minor,
                )
            node.state = LimitState.CLOSED
            return ["closed"]

        def before(work: SqlUnitOfWork) -> None:
            if store.has_children(work.connection, limit_id):
                raise LimitInUse("There are open limits below it.")

        return self._change(command_id, limit_id, act, {"state": "closed"}, before=before)

    def _turn(
        self,
        command_id: UUID,
        limit_id: UUID,
        was: LimitState,
        becomes: LimitState,
        word: str,
        note: str,
    ) -> Limit:
        def act(node: Node) -> list[str]:
            if node.state not in (was, becomes):
                raise LimitRefused(f"expected a limit that is {was}, was {node.state}")
            node.state = becomes
            return [word]

        return self._change(command_id, limit_id, act, {"state": word, "note": note}, note=note)

    def _change(
        self,
        command_id: UUID,
        limit_id: UUID,
        act: Callable[[Node], list[str]],
        request: dict[str, Any],
        *,
        note: str = "",
        before: Callable[[SqlUnitOfWork], None] = lambda _: None,
    ) -> Limit:
        def body(work: SqlUnitOfWork) -> dict[str, Any]:
            node = store.locked(work.connection, [limit_id]).get(limit_id)
            if node is None:
                raise no_limit(limit_id)
            if node.state is LimitState.CLOSED:
                raise LimitRefused("The limit is closed.", limit_id=str(limit_id))
            before(work)
            what = act(node)
            store.keep(work.connection, [node])
            work.outbox.add(
                LimitChanged(
                    limit_id=str(limit_id),
                    what=tuple(what),
                    ceiling_minor=node.ceiling_minor,
                    note=note,
                )
            )
            return {"what": what}

        self._room.command(command_id, ["limit.change", str(limit_id), request], body)
        return self.limit(limit_id)

    def limit(self, limit_id: UUID) -> Limit:
        """Return a limit. Raises: LimitNotFound."""
        found = self._room.read(
            lambda connection: store.one(connection, limit_id, today=self._today())
        )
        if found is None:
            raise no_limit(limit_id)
        return found

    def below(self, limit_id: UUID) -> list[Limit]:
        """Return a limit and all below it. Raises: LimitNotFound."""
        of = self.limit(limit_id)
        return self._room.read(lambda connection: store.below(connection, of, today=self._today()))

    def limits(
        self, *, party_id: str = "", roots: bool = False, limit: int = 50, cursor: str | None = None
    ) -> Page[Limit]:
        """Return limits, newest first. Raises: Malformed (cursor)."""
        before, limit = position(cursor, self._key), min(limit, LIMIT_MAX)
        found = self._room.read(
            lambda connection: store.some(
                connection,
                party_id=party_id,
                roots=roots,
                before=before,
                limit=limit + 1,
                today=self._today(),
            )
        )
        return page_of(found, limit, self._key, lambda one: one.limit_id)


def _check_new(limit: NewLimit) -> None:
    checked_currency(limit.currency)
    check_amount(limit.ceiling_minor, least=0)
    check_text("name", limit.name, least=1, most=100)
    check_code("kind", limit.kind, least=1, most=40)
    check_code("party", limit.party_id, most=64)
    if limit.since and limit.until and limit.until <= limit.since:
        raise Malformed("expected an end after the first day")
