"""The aliases of the ledger's accounts: the part of LedgerApi that lives in the room's tables."""

from collections.abc import Callable
from dataclasses import asdict, replace
from typing import Any, Final
from uuid import UUID

from yunjin.chassis.persistence import RoomDatabase, SqlUnitOfWork, instant_us
from yunjin.foundation.ledger.api import Alias
from yunjin.foundation.ledger.domain import aliases as rules
from yunjin.foundation.ledger.errors import AccountNotFound, AliasNotFound, AliasTaken
from yunjin.foundation.ledger.events import AliasBound, AliasReleased
from yunjin.foundation.ledger.store import aliases as store
from yunjin.kernel.errors import Malformed
from yunjin.kernel.page import LIMIT_MAX, Page, seal, unseal

ACCOUNT_ID_MAX: Final = 2**63 - 1
BATCH_MAX: Final = 8_190


class Aliases:
    """Binds, releases and finds aliases. Safe for threads.

    Parameters
    ----------
    room : the ledger's tables, opened by the database room.
    open_accounts : tells which of some accounts are open; none is ever deleted, so a yes stays
        true.
    page_key : signs the cursors of `find_aliases`.
    """

    def __init__(
        self,
        room: RoomDatabase,
        *,
        open_accounts: Callable[[list[int]], set[int]],
        page_key: bytes,
    ) -> None:
        self._room, self._open_accounts, self._page_key = room, open_accounts, page_key

    def bind_alias(self, command_id: UUID, alias: Alias) -> Alias:
        """Let an alias stand for an account; bound to it already is fine.

        Returns: the alias in its canonical form.
        Raises: AliasTaken, AccountNotFound, IdempotencyConflict, Malformed.
        """
        alias = _checked(alias)
        request = {"command": "bind_alias", **asdict(alias)}

        def bind(work: SqlUnitOfWork) -> dict[str, Any]:
            [held] = self._bind(work, [alias])
            if held.account_id != alias.account_id:
                raise AliasTaken(
                    f"The {alias.kind} {rules.masked(alias.value)} stands for another account.",
                    kind=alias.kind,
                    account_id=str(held.account_id),
                )
            return asdict(alias)

        return Alias(**self._room.command(command_id, request, bind))

    def bind_aliases(self, command_id: UUID, aliases: list[Alias]) -> list[Alias]:
        """Bind many aliases in one transaction; one that is taken stays as it is.

        Returns: what each stands for now, in order and canonical: another account than was asked
        for where it was taken, by an earlier binding or earlier in the list.
        Raises: AccountNotFound, IdempotencyConflict, Malformed; then none is bound.
        """
        if not 1 <= len(aliases) <= BATCH_MAX:
            raise Malformed(f"expected 1–{BATCH_MAX} aliases, was {len(aliases)}")
        aliases = [_checked(alias) for alias in aliases]
        asked = [[alias.kind, alias.value, alias.account_id] for alias in aliases]

        def bind(work: SqlUnitOfWork) -> dict[str, Any]:
            pairs = enumerate(zip(aliases, self._bind(work, aliases), strict=True))
            return {"taken": [[i, b.account_id] for i, (a, b) in pairs if a != b]}

        request = {"command": "bind_aliases", "aliases": asked}
        answer = self._room.command(command_id, request, bind)
        for place, account_id in answer["taken"]:  # the others are as they were asked for
            aliases[place] = replace(aliases[place], account_id=account_id)
        return aliases

    def release_alias(self, command_id: UUID, kind: str, value: str) -> Alias:
        """Take an alias away. Raises: AliasNotFound, IdempotencyConflict, Malformed."""
        value = rules.checked(kind, value)
        request = {"command": "release_alias", "kind": kind, "value": value}
        answer = self._room.command(
            command_id, request, lambda work: self._release(work, kind, value)
        )
        return Alias(**answer)

    def resolve_aliases(self, values: list[str]) -> list[Alias]:
        """Return the aliases known among `values`, of any kind and in any spelling.

        Each comes once, in canonical form; `domain.aliases.canonical` tells which value it is for.
        """
        forms = sorted({form for value in values for form in rules.spellings(value) if form})
        found = self._room.read(lambda connection: store.resolve(connection, forms))
        # What is a wallet's form of a value may be the name of somebody's card: look at the kind.
        wanted = {
            kind: {rules.canonical(kind, value) for value in values}
            for kind in {alias.kind for alias in found}
        }
        return [alias for alias in found if alias.value in wanted[alias.kind]]

    def aliases_of(self, account_ids: list[int]) -> list[Alias]:
        """Return what the accounts are known by, by account, kind and value."""
        wanted = sorted({each for each in account_ids if 0 < each <= ACCOUNT_ID_MAX})
        return self._room.read(lambda connection: store.aliases_of(connection, wanted))

    def find_aliases(
        self, prefix: str, *, limit: int = 20, cursor: str | None = None
    ) -> Page[Alias]:
        """Return aliases that begin with `prefix`, in any spelling. Raises: Malformed."""
        if not 1 <= limit <= LIMIT_MAX:
            raise Malformed(f"expected a limit of 1–{LIMIT_MAX}, was {limit}")
        prefixes = {kind: rules.canonical(kind, prefix) for kind in (rules.IBAN, rules.CARD)}
        otherwise = rules.canonical("", prefix)
        if not all(rules.can_begin(form) for form in (*prefixes.values(), otherwise)):
            return Page(items=())
        after = self._position(cursor)
        found = self._room.read(
            lambda connection: store.find(
                connection, prefixes, otherwise=otherwise, after=after, limit=limit + 1
            )
        )
        items, more = tuple(found[:limit]), len(found) > limit
        if not more:
            return Page(items=items)
        return Page(
            items=items, next_cursor=seal([items[-1].value, items[-1].kind], self._page_key)
        )

    def _bind(self, work: SqlUnitOfWork, aliases: list[Alias]) -> list[Alias]:
        """Bind those that are free; return what each stands for, in order."""
        found = store.resolve(work.connection, sorted({alias.value for alias in aliases}))
        held = {(alias.kind, alias.value): alias for alias in found}
        fresh = [
            alias for alias in aliases if held.setdefault((alias.kind, alias.value), alias) is alias
        ]
        wanted = sorted({alias.account_id for alias in fresh})
        unknown = set(wanted) - self._open_accounts(wanted)
        if unknown:
            raise AccountNotFound("There is no such account.", account_id=str(min(unknown)))
        store.bind(work.connection, fresh, instant_us(self._room.clock.now_ns()))
        for alias in fresh:
            work.outbox.add(AliasBound(account_id=str(alias.account_id), kind=alias.kind))
        return [held[alias.kind, alias.value] for alias in aliases]

    def _release(self, work: SqlUnitOfWork, kind: str, value: str) -> dict[str, Any]:
        alias = store.bound(work.connection, kind, value)
        if alias is None or not store.release(work.connection, kind, value):
            raise AliasNotFound(
                f"No account is known by the {kind} {rules.masked(value)}.", kind=kind
            )
        work.outbox.add(AliasReleased(account_id=str(alias.account_id), kind=kind))
        return asdict(alias)

    def _position(self, cursor: str | None) -> tuple[str, str] | None:
        if cursor is None:
            return None
        match unseal(cursor, self._page_key):
            case [str(value), str(kind)]:
                return value, kind
        raise Malformed("expected a cursor of this search, was another one's")


def _checked(alias: Alias) -> Alias:
    """Return an alias in canonical form. Raises: Malformed."""
    return replace(alias, value=rules.checked(alias.kind, alias.value))
