"""Several cells of one bank in one process, each with its journal and tables, and their clearing.

What lies between them is faulty on demand: every call that writes is a *step*, and a plan says at
which step the process dies (before or after it was done), the answer is lost, or nobody answers.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID

import numpy as np
import pyarrow as pa

from yunjin import client
from yunjin.foundation.database import wiring as database
from yunjin.foundation.database.api import DatabaseApi
from yunjin.foundation.ledger import migrations, wiring
from yunjin.foundation.ledger.api import AccountFlag, Ledger, LedgerApi, TransferFlag
from yunjin.foundation.ledger.domain.clearing import Sides, clearing_account
from yunjin.foundation.ledger.service.clearing.metering import Meter
from yunjin.foundation.ledger.service.clearing.peers import Peer
from yunjin.foundation.ledger.service.clearing.service import ClearingService
from yunjin.foundation.ledger.service.clearing.settings import ClearingSettings
from yunjin.foundation.ledger.service.clearing.shelf import Shelf
from yunjin.kernel import tenant
from yunjin.kernel.clock import FixedClock
from yunjin.kernel.errors import Outage, Unknown
from yunjin.kernel.ids import account_id

START_NS = 1_790_000_000_000_000_000
UNIT, OTHER_UNIT, CODE = 156, 840, 7
FUNDS = 1_000
LIMITED = AccountFlag.DEBITS_MUST_NOT_EXCEED_CREDITS
TO_THE_BRIM = AccountFlag.CREDITS_MUST_NOT_EXCEED_DEBITS
SMALL = {"bloom_words": 64, "checkpoint_transfers": 2_000}


class Death(BaseException):
    """The process ends here; nothing after it runs."""


@dataclass
class Faults:
    """What happens at which step; the steps that passed are counted."""

    plan: dict[int, str] = field(default_factory=dict)
    step: int = 0
    fired: list[str] = field(default_factory=list)

    def call(self, act: Callable[..., Any], *given: Any) -> Any:
        """Do a step, or what the plan says instead."""
        self.step += 1
        fault = self.plan.pop(self.step, "")
        if fault:
            self.fired.append(fault)
        if fault == "dies before":
            raise Death
        if fault == "outage":
            raise Outage("expected an answer, was none")
        answer = act(*given)
        if fault == "dies after":
            raise Death
        if fault == "lost":
            raise Unknown("the answer was lost")
        return answer


class Watched:
    """Something whose writing calls are steps."""

    def __init__(self, inner: Any, faults: Faults, names: tuple[str, ...]) -> None:
        self._inner, self._faults, self._names = inner, faults, names

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._inner, name)
        if name not in self._names:
            return found
        return lambda *given: self._faults.call(found, *given)


class Link:
    """The way to another cell; it remembers what it carried, to bring it again late."""

    def __init__(self, world: "World", cell: int) -> None:
        self._world, self._cell = world, cell
        self.carried: list[pa.RecordBatch] = []
        self.is_cut = False

    def _there(self) -> LedgerApi:
        if self.is_cut:
            raise Outage(f"expected cell {self._cell} to answer, was none")
        return self._world.ledgers[self._cell]

    def ledgers(self) -> list[Ledger]:
        return self._there().ledgers()

    def open_accounts(self, accounts: pa.RecordBatch) -> pa.RecordBatch:
        return self._there().open_accounts(accounts)

    def accounts(self, account_ids: list[int]) -> pa.RecordBatch:
        return self._there().accounts(account_ids)

    def post_transfers(self, transfers: pa.RecordBatch) -> pa.RecordBatch:
        there = self._there()
        self.carried.append(transfers)
        return self._world.faults.call(there.post_transfers, transfers)


class World:
    """The cells, their accounts and links."""

    def __init__(self, home: Path, cells: tuple[int, ...]) -> None:
        self.clock, self.faults, self.cells = FixedClock(START_NS), Faults(), cells
        self.ledgers: dict[int, LedgerApi] = {}
        self.shelves: dict[int, Shelf] = {}
        self.links: dict[tuple[int, int], Link] = {}
        self.clearing: dict[int, ClearingService] = {}
        self._closing: list[Callable[[], None]] = []
        self._numbers = 0
        for cell in cells:
            self._open(home / str(cell), cell)
        for cell in cells:
            self.revive(cell)

    def _open(self, home: Path, cell: int) -> None:
        rooms = database.build(database.Settings(), tenant="demo", clock=self.clock, home=home)
        api: DatabaseApi[Any] = rooms.doors[DatabaseApi]
        tables = api.open("ledger", source="/foundation/ledger", migrations=migrations)
        settings = wiring.Settings(cell=cell, **SMALL)
        room = wiring.build(settings, tenant="demo", clock=self.clock, home=home)
        ledger = self.ledgers[cell] = room.doors[LedgerApi]
        self.shelves[cell] = Shelf(tables, cell)
        units = [Ledger(ledger=UNIT, currency="CNY"), Ledger(ledger=OTHER_UNIT, currency="USD")]
        ledger.declare_ledgers(units)
        for one in (rooms, room):
            if one.close is not None:
                self._closing.append(one.close)

    def revive(self, cell: int, settings: ClearingSettings | None = None) -> ClearingService:
        """Begin a new life of a cell's clearing, as after a crash."""
        peers = {}
        for other in self.cells:
            if other != cell:
                link = self.links.setdefault((cell, other), Link(self, other))
                peers[other] = Peer(Sides(cell, other, other, cell), f"link://{other}", link)
        here: Any = Watched(self.ledgers[cell], self.faults, ("post_transfers",))
        shelf: Any = Watched(self.shelves[cell], self.faults, ("keep", "tell", "put_off", "end"))
        self.clearing[cell] = ClearingService(
            here,
            shelf,
            peers,
            cell=cell,
            clock=self.clock,
            settings=settings or ClearingSettings(),
            meter=Meter(self.clock),
        )
        return self.clearing[cell]

    def account(self, cell: int, *, flags: int = LIMITED, unit: int = UNIT, funds: int = 0) -> int:
        """Open an account; return its id."""
        [made] = self.accounts(cell, (flags, unit))
        if funds:
            [bank] = self.accounts(cell, (0, unit))
            assert self.post(cell, debit=bank, credit=made, amount=funds, unit=unit) == 0
        return made

    def accounts(self, cell: int, *kinds: tuple[int, int]) -> list[int]:
        """Open accounts of (flags, unit); return their ids."""
        ledger, count = self.ledgers[cell], len(kinds)
        first = ledger.allot_account_ids(count)
        batch = client.Accounts(
            id=first + np.arange(count),
            ledger=[unit for _, unit in kinds],
            code=CODE,
            flags=[int(flags) for flags, _ in kinds],
        )
        assert set(ledger.open_accounts(batch)["status"].to_pylist()) == {0}
        return list(range(first, first + count))

    def post(
        self, cell: int, *, debit: int, credit: int, amount: int, unit: int = UNIT, **more: int
    ) -> int:
        """Post one transfer inside a cell; return its status."""
        self._numbers += 1
        batch = client.Transfers(
            id_hi=cell,
            id_lo=1_000_000 + self._numbers,
            debit_account_id=debit,
            credit_account_id=credit,
            amount_minor=amount,
            ledger=unit,
            code=CODE,
            **more,
        )
        [status] = self.ledgers[cell].post_transfers(batch)["status"].to_pylist()
        return int(status)

    def close_account(self, account: int) -> Callable[[], None]:
        """Close an account; returns what opens it again."""
        cell = account >> 48
        bank = self.account(cell, flags=0)
        flags = int(TransferFlag.PENDING | TransferFlag.CLOSING_DEBIT)
        is_closed = self.post(cell, debit=account, credit=bank, amount=0, flags=flags) == 0
        hold = 1_000_000 + self._numbers

        def reopen() -> None:
            if not is_closed:
                return  # it was before
            void = {"flags": int(TransferFlag.VOID_PENDING), "pending_id_lo": hold}
            void |= {"pending_id_hi": cell}
            assert self.post(cell, debit=0, credit=0, amount=0, unit=0, **void) in (0, 49)

        return reopen

    def balance(self, account: int) -> int:
        """Return what an account has: credits less debits, posted."""
        [row] = self.ledgers[account >> 48].accounts([account]).to_pylist()
        return int(row["credits_posted"] - row["debits_posted"])

    def held(self, account: int) -> int:
        """Return what is held from an account."""
        [row] = self.ledgers[account >> 48].accounts([account]).to_pylist()
        return int(row["debits_pending"])

    def net(self, one: int, other: int, unit: int = UNIT) -> int:
        """Return what the two clearing accounts of two cells come to together."""
        accounts = [clearing_account(one, other, unit), clearing_account(other, one, unit)]
        found = [self.ledgers[account >> 48].accounts([account]) for account in accounts]
        return sum(
            row["credits_posted"] - row["debits_posted"] for x in found for row in x.to_pylist()
        )

    def settle(self) -> None:
        """Heal everything and let time pass until nothing is in doubt."""
        self.faults.plan.clear()
        for link in self.links.values():
            link.is_cut = False
        for _ in range(50):
            self.clock.advance(120)
            for service in self.clearing.values():
                service.turn()
            if not any(service.in_doubt() for service in self.clearing.values()):
                return
        left = [x for service in self.clearing.values() for x in service.in_doubt()]
        raise AssertionError(f"still in doubt: {left}")

    def close(self) -> None:
        """Close every room."""
        for close in reversed(self._closing):
            close()


@contextmanager
def world(home: Path, cells: tuple[int, ...] = (1, 2)) -> Iterator[World]:
    """Open a world for a block."""
    with tenant.entered("demo"):
        made = World(home, cells)
        try:
            yield made
        finally:
            made.close()


def crossing(*rows: tuple[int, int, int, int], unit: int = UNIT) -> pa.RecordBatch:
    """Return crossings of (number, payer, payee, amount); the number makes the id."""
    ids = [uuid_of(number).int for number, *_ in rows]
    return client.Transfers(
        id_hi=[one >> 64 for one in ids],
        id_lo=[one & (2**64 - 1) for one in ids],
        debit_account_id=[row[1] for row in rows],
        credit_account_id=[row[2] for row in rows],
        amount_minor=[row[3] for row in rows],
        ledger=unit,
        code=CODE,
    )


def uuid_of(number: int) -> UUID:
    """Return the caller's id of a number."""
    milliseconds = START_NS // 1_000_000
    return UUID(int=milliseconds << 80 | 0x7000 << 64 | 1 << 63 | number)


def nobody(cell: int) -> int:
    """Return an account that is not there."""
    return account_id(cell, 900_000)


def outcomes(answer: pa.RecordBatch) -> list[int]:
    """Return the outcomes of an answer."""
    return np.asarray(answer["outcome"]).tolist()
