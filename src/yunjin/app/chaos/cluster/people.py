"""Customers of a struck town: they pay and read all balances, and write down what they saw."""

import random
import threading
import time
from typing import Any, Final
from uuid import UUID

import numpy as np

from yunjin.app.chaos.cluster.history import History, Kept, Post, Reading, Sent
from yunjin.client import TRANSFER_RESULTS, Accounts, CellClient, Transfers
from yunjin.kernel.clock import SystemClock
from yunjin.kernel.errors import Problem
from yunjin.kernel.ids import uuid7

ACCOUNTS: Final = 10  # the first is the bank, which may be overdrawn
PEOPLE: Final = 4
_LEDGER, _CODE, _LIMITED = 1, 7, 2
_BEGINNING_MINOR: Final = 1_000
_PATIENCE_S: Final = 4.0
_THERE: Final = tuple(TRANSFER_RESULTS.index(name) for name in ("created", "exists"))


class People:
    """Some customers with accounts of their own, and the history of what they do."""

    def __init__(self, addresses: list[str], seed: int) -> None:
        self._addresses, self._seed = addresses, seed
        self.history = History()
        self._lock, self._over = threading.Lock(), threading.Event()
        self._threads: list[threading.Thread] = []
        self._failed: list[BaseException] = []

    def open(self) -> None:
        """Open the accounts and give each some money."""
        with CellClient(self._addresses, deadline_s=10, patience_s=60) as cell:
            cell.ask(lambda one: one.declare_ledgers({_LEDGER: "CNY"}))
            self._ids = cell.ask(lambda one: one.allot_account_ids(ACCOUNTS))
            flags = np.array([0, *[_LIMITED] * (ACCOUNTS - 1)], np.uint16)
            cell.open_accounts(Accounts(id=self._ids, ledger=_LEDGER, code=_CODE, flags=flags))
            rows = [self._row(0, place, _BEGINNING_MINOR) for place in range(1, ACCOUNTS)]
            self._post(cell, rows)

    def begin(self) -> None:
        """Let everybody do business."""
        for number in range(PEOPLE):
            thread = threading.Thread(target=self._live, args=(number,), daemon=True)
            self._threads.append(thread)
            thread.start()

    def end(self) -> None:
        """Let everybody finish what they are at. Raises: what one of them failed of."""
        self._over.set()
        for thread in self._threads:
            thread.join()
        if self._failed:
            raise self._failed[0]

    def _live(self, number: int) -> None:
        chance = random.Random(self._seed * 1_000 + number)
        addresses = self._addresses[number % 3 :] + self._addresses[: number % 3]
        try:
            with CellClient(addresses, deadline_s=3, patience_s=_PATIENCE_S) as cell:
                while not self._over.is_set():
                    if chance.random() < 0.3:
                        self._read(cell)
                    else:
                        self._pay(cell, chance)
        except BaseException as error:
            self._failed.append(error)

    def _pay(self, cell: CellClient, chance: random.Random) -> None:
        rows = []
        for _ in range(chance.randint(1, 5)):
            debit, credit = chance.sample(range(ACCOUNTS), 2)
            rows.append(self._row(debit, credit, chance.randint(1, 400)))
        self._post(cell, rows)

    def _row(self, debit: int, credit: int, amount_minor: int) -> Sent:
        return Sent(uuid7(SystemClock()), debit, credit, amount_minor)

    def _post(self, cell: CellClient, rows: list[Sent]) -> None:
        post = Post(rows, time.monotonic())
        with self._lock:
            self.history.posts.append(post)
        batch = Transfers(
            id_hi=np.array([row.id.int >> 64 for row in rows], np.uint64),
            id_lo=np.array([row.id.int & (2**64 - 1) for row in rows], np.uint64),
            debit_account_id=self._ids[[row.debit for row in rows]],
            credit_account_id=self._ids[[row.credit for row in rows]],
            amount_minor=np.array([row.amount_minor for row in rows], np.int64),
            ledger=_LEDGER,
            code=_CODE,
        )
        try:
            results = cell.post(batch)
        except Problem:
            return  # nobody knows; the judge takes it either way
        post.created = [int(status) in _THERE for status in results.status]
        post.answered_at = time.monotonic()

    def _read(self, cell: CellClient) -> None:
        asked_at = time.monotonic()
        try:
            found = cell.accounts(self._ids)
        except Problem:
            return
        reading = Reading(_balances(found), asked_at, time.monotonic())
        with self._lock:
            self.history.readings.append(reading)

    def outcome(self) -> tuple[list[Kept], tuple[int, ...]]:
        """Return every transfer that is there, and the balances, once all is mended."""
        places = {int(one): place for place, one in enumerate(self._ids)}
        asked = [row.id for post in self.history.posts for row in post.rows]
        kept: list[Kept] = []
        with CellClient(self._addresses, deadline_s=10, patience_s=60) as cell:
            for start in range(0, len(asked), 1_000):
                found = cell.transfers(asked[start : start + 1_000])
                kept += [_kept(row, places) for row in found.to_pylist()]
            return kept, _balances(cell.accounts(self._ids))


def _balances(found: Any) -> tuple[int, ...]:
    columns = found.to_pydict()
    return tuple(
        credits - debits
        for credits, debits in zip(columns["credits_posted"], columns["debits_posted"], strict=True)
    )


def _kept(row: dict[str, Any], places: dict[int, int]) -> Kept:
    return Kept(
        UUID(int=(row["id_hi"] << 64) | row["id_lo"]),
        places[row["debit_account_id"]],
        places[row["credit_account_id"]],
        row["amount_minor"],
        row["timestamp"],
    )
