"""Finding the accounts that a file names; opening those it may open."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeVar

import numpy as np
import pyarrow as pa

from yunjin.foundation.ledger.adapters.messages import AccountName
from yunjin.foundation.ledger.api import AccountFlag, AccountStatus, Alias, Ledger, LedgerApi
from yunjin.foundation.ledger.api.imports import OpenedAccount
from yunjin.foundation.ledger.domain import aliases as rules
from yunjin.foundation.ledger.errors import AccountRefused
from yunjin.foundation.ledger.service import identity
from yunjin.kernel.errors import Malformed

T = TypeVar("T")
BATCH_ROWS: Final = 8_190
NOSTRO_KIND: Final = "nostro"


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """An account of the ledger. In a dry run, one to be opened has a negative id."""

    account_id: int
    ledger: int
    is_untouched: bool  # nothing was ever posted to it


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """An account to open, because a line needs it."""

    name: AccountName
    currency: str
    code: int


def chunks(items: list[T], size: int = BATCH_ROWS) -> Iterator[list[T]]:
    """Cut a list into pieces of at most `size`."""
    for start in range(0, len(items), size):
        yield items[start : start + size]


def nostro_name(nostros: Mapping[str, str], currency: str) -> AccountName:
    """Return the alias of the nostro that lines of a currency are posted against."""
    alias = nostros.get(currency) or nostros.get("") or f"nostro-{currency.lower()}"
    return AccountName(kind=NOSTRO_KIND, value=alias)


def shown(name: AccountName | None) -> str:
    """Return a name for reports; of a card only its last digits are anybody's business."""
    if name is None:
        return ""
    return rules.masked(name.value) if name.kind == rules.CARD else name.value


class Places:
    """What names and currencies stand for in this ledger."""

    def __init__(self, ledger: LedgerApi, *, is_dry_run: bool) -> None:
        self._ledger, self._is_dry_run = ledger, is_dry_run
        self._places: dict[AccountName, Place] = {}
        self._malformed: dict[AccountName, str] = {}
        self._numbers: dict[str, int] = {}
        for declared in reversed(ledger.ledgers()):  # of several in a currency, the first
            self._numbers[declared.currency] = declared.ledger
        self.opened: list[OpenedAccount] = []

    def number(self, currency: str) -> int | None:
        """Return the ledger kept in a currency."""
        return self._numbers.get(currency)

    def place(self, name: AccountName | None) -> Place | None:
        """Return the account a name stands for, None if nobody knows it."""
        return self._places.get(name) if name is not None else None

    def can_open(self, name: AccountName) -> bool:
        """Say whether an account may be known by a name."""
        if name in self._malformed:
            return False
        try:
            rules.checked(name.kind, name.value)
        except Malformed as malformed:
            self._malformed[name] = malformed.detail
            return False
        return True

    def complaint(self, name: AccountName) -> str:
        """Return why no account could be opened by a name; empty if none was tried."""
        return self._malformed.get(name, "")

    def find(self, names: Iterable[AccountName]) -> None:
        """Look names up. A name is found under any kind; its own kind comes first."""
        wanted = [name for name in dict.fromkeys(names) if name not in self._places]
        for some in chunks(wanted):
            found = self._ledger.resolve_aliases([name.value for name in some])
            by_form = {(alias.kind, alias.value): alias.account_id for alias in found}
            kinds = sorted({alias.kind for alias in found})
            ids: dict[AccountName, int] = {}
            for name in some:
                for kind in (name.kind, *kinds):
                    at = by_form.get((kind, rules.canonical(kind, name.value)))
                    if at is not None:
                        ids[name] = at
                        break
            self._look_at(ids)

    def open(self, wishes: list[Wish]) -> None:
        """Open accounts with history and alias. What is known by now is left alone.

        Raises: AccountRefused, and what the ledger's door raises.
        """
        self.find(wish.name for wish in wishes)
        new = {
            wish.name: wish
            for wish in reversed(wishes)
            if wish.name not in self._places and self.can_open(wish.name)
        }
        for some in chunks(list(reversed(new.values()))):
            self._open(some)

    def _look_at(self, ids: Mapping[AccountName, int]) -> None:
        batch = self._ledger.accounts(sorted(set(ids.values())))
        rows = {row["id"]: row for row in batch.to_pylist()}
        totals = ("debits_pending", "debits_posted", "credits_pending", "credits_posted")
        for name, account_id in ids.items():
            row: dict[str, Any] = rows[account_id]
            self._places[name] = Place(
                account_id=account_id,
                ledger=row["ledger"],
                is_untouched=not any(row[total] for total in totals),
            )

    def _declare(self, currencies: set[str]) -> None:
        """Give each new currency the next free ledger number."""
        highest = max((each.ledger for each in self._ledger.ledgers()), default=0)
        new = sorted(currencies - self._numbers.keys())
        fresh = [
            Ledger(ledger=highest + place, currency=currency)
            for place, currency in enumerate(new, 1)
        ]
        if fresh and not self._is_dry_run:
            self._ledger.declare_ledgers(fresh)
        self._numbers |= {each.currency: each.ledger for each in fresh}

    def _open(self, wishes: list[Wish]) -> None:
        self._declare({wish.currency for wish in wishes})
        if self._is_dry_run:
            mine = list(enumerate(wishes, -1 - len(self.opened) - len(wishes)))
        else:
            first = self._ledger.allot_account_ids(len(wishes))
            self._create(wishes, first)
            mine = self._bind(wishes, first)
        for account_id, wish in mine:
            number = self._numbers[wish.currency]
            self._places[wish.name] = Place(account_id=account_id, ledger=number, is_untouched=True)
            self.opened.append(
                OpenedAccount(
                    kind=wish.name.kind,
                    alias=shown(wish.name),
                    currency=wish.currency,
                    account_id=None if self._is_dry_run else account_id,
                )
            )

    def _create(self, wishes: list[Wish], first: int) -> None:
        count = len(wishes)
        batch = pa.RecordBatch.from_pydict(
            {
                "id": first + np.arange(count, dtype=np.int64),
                "ledger": np.array([self._numbers[wish.currency] for wish in wishes], np.uint32),
                "code": np.array([wish.code for wish in wishes], np.uint16),
                "flags": np.full(count, AccountFlag.HISTORY, np.uint16),
            }
        )
        statuses = self._ledger.open_accounts(batch)["status"].to_pylist()
        for wish, status in zip(wishes, statuses, strict=True):
            if status not in (AccountStatus.CREATED, AccountStatus.EXISTS):
                raise AccountRefused(
                    f"The account for {wish.name.kind} {rules.masked(wish.name.value)} was not "
                    f"opened: {AccountStatus(status).name}."
                )

    def _bind(self, wishes: list[Wish], first: int) -> list[tuple[int, Wish]]:
        """Bind the accounts' aliases; where somebody was faster, take that account.

        Returns the accounts that got their alias, with the wish each fulfils.
        """
        asked = [
            Alias(kind=wish.name.kind, value=wish.name.value, account_id=account_id)
            for account_id, wish in enumerate(wishes, first)
        ]
        names = [(alias.kind, alias.value) for alias in asked]
        held = self._ledger.bind_aliases(identity.command_id(names, first), asked)
        mine, others = [], []
        for wish, wanted, got in zip(wishes, asked, held, strict=True):
            if got.account_id == wanted.account_id:
                mine.append((wanted.account_id, wish))
            else:
                others.append(wish.name)
        self.find(others)
        return mine
