"""Cells on a set, for tests: rooms over one database, each in a folder of its own."""

import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.foundation.ledger.book import Served
from yunjin.foundation.ledger.api import LedgerApi
from yunjin.foundation.ledger.api.members import MembersApi
from yunjin.foundation.ledger.wiring import Settings, build
from yunjin.kernel.clock import Clock
from yunjin.kernel.errors import Outage
from yunjin.kernel.ids import account_id
from yunjin.kernel.room import Room

ONE, TWO = account_id(1, 1), account_id(1, 2)
ACCOUNTS = [{"id": x, "ledger": 1, "code": 7} for x in (ONE, TWO)]
SECOND = 1_000_000_000
LEASE_S = 10
WAIT_S = 20


def transfer(number: int) -> dict[str, int]:
    """Return a plain transfer of ten."""
    sides = {"debit_account_id": ONE, "credit_account_id": TWO}
    return {"id_hi": 0, "id_lo": number, **sides, "amount_minor": 10, "ledger": 1, "code": 7}


@dataclass
class Watch:
    """A clock whose wall and steady time the test moves apart."""

    wall_ns: int = 1_760_000_000 * SECOND
    steady_ns: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def now_ns(self) -> int:
        return self.wall_ns + self.steady_ns

    def monotonic_ns(self) -> int:
        return self.steady_ns

    def pass_by(self, seconds: float) -> None:
        """Let time go by, in the small steps that followers look at."""
        with self._lock:
            self.steady_ns += int(seconds * SECOND)


@dataclass(frozen=True)
class Cell:
    """An open ledger."""

    room: Room
    served: Served

    @property
    def ledger(self) -> LedgerApi:
        return self.served.ledger

    @property
    def writer(self) -> Any:
        return self.served.ledger._writer  # type: ignore[attr-defined]

    @property
    def members(self) -> MembersApi:
        found: MembersApi = self.room.doors[MembersApi]
        return found

    def post(self, number: int) -> str:
        """Post one transfer; return its status."""
        return self.served.post_transfers([transfer(number)])[0].status.name

    def close(self) -> None:
        assert self.room.close is not None
        self.room.close()


def opened(home: Path, url: str, clock: Clock, **settings: Any) -> Cell:
    """Open a cell whose journal is on the set at `url`."""
    plain = {"bloom_words": 64, "checkpoint_transfers": 5, "follow_ms": 10, "lease_s": LEASE_S}
    chosen = Settings(journal_url=url, **{**plain, **settings})
    room = build(chosen, tenant="demo", clock=clock, home=home)
    if room.start is not None:
        room.start()
    return Cell(room, Served(room.doors[LedgerApi]))


def posted_by(cells: list[Cell], number: int) -> str:
    """Pay at whichever takes it, as a client does that asks again; return the status."""
    until = time.monotonic() + WAIT_S
    while time.monotonic() < until:
        for cell in cells:
            with suppress(Outage):
                return cell.post(number)
        time.sleep(0.005)
    raise AssertionError("expected a writer within 20 s, was none")


def wait_until(is_so: Callable[[], bool], *, wait_s: float = WAIT_S) -> None:
    """Wait for something that another thread or process brings about."""
    until = time.monotonic() + wait_s
    while not is_so():
        assert time.monotonic() < until, f"expected it within {wait_s} s, was not so"
        time.sleep(0.005)
