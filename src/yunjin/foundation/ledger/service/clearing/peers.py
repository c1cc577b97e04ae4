"""The other cells and banks: their numbers, and whether the clearing accounts are open."""

import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Final
from urllib.parse import parse_qs, urlsplit

import numpy as np
import pyarrow as pa

from yunjin.foundation.ledger.api import (
    CLEARING_CODE,
    AccountStatus,
    CellPort,
    LedgerApi,
)
from yunjin.foundation.ledger.domain.clearing import Sides, clearing_account
from yunjin.foundation.ledger.errors import BatchRefused
from yunjin.foundation.ledger.service.clearing.settings import ClearingSettings
from yunjin.kernel.errors import Problem

_OPEN: Final = (AccountStatus.CREATED, AccountStatus.EXISTS)
Connect = Callable[[str, int], CellPort]  # address, seconds to wait for an answer


class Peer:
    """One other side. Safe for threads.

    Parameters
    ----------
    sides : the numbers by which both know each other and their cells.
    """

    def __init__(self, sides: Sides, address: str, port: CellPort) -> None:
        self.sides, self.address, self.port = sides, address, port
        self.trouble = ""
        self._open: set[int] = set()  # ledgers whose two clearing accounts are there
        self._opening = threading.Lock()

    @property
    def is_own_cell(self) -> bool:
        """Whether it is a cell of ours, rather than another bank."""
        return self.sides.peer == self.sides.peer_cell and self.sides.known_as == self.sides.cell

    @property
    def name(self) -> str:
        """What people call it."""
        kind = "cell" if self.is_own_cell else "bank"
        return f"{kind}-{self.sides.peer}"

    @contextmanager
    def asked(self) -> Iterator[CellPort]:
        """Ask the other side for a block; note whether it answered."""
        try:
            yield self.port
        except Problem as problem:
            self.trouble = f"{problem.code}: {problem.detail}"
            raise
        self.trouble = ""

    def accounts_of(self, ledger: int) -> tuple[int, int]:
        """Return the two clearing accounts of a ledger: its here, ours there."""
        cell, peer, peer_cell, known_as = self.sides
        return clearing_account(cell, peer, ledger), clearing_account(peer_cell, known_as, ledger)

    def ready(self, here: LedgerApi, ledgers: Iterable[int]) -> None:
        """See that both sides keep these ledgers in one currency and have their clearing accounts.

        Raises: BatchRefused where they do not; Outage where the other side cannot be asked.
        """
        wanted = set(ledgers) - self._open
        if not wanted:
            return
        with self._opening:
            ours = {each.ledger: each.currency for each in here.ledgers()}
            with self.asked() as port:
                theirs = {each.ledger: each.currency for each in port.ledgers()}
            for ledger in sorted(wanted):
                if ledger not in ours or ours[ledger] != theirs.get(ledger):
                    raise BatchRefused(
                        f"expected ledger {ledger} to be declared in one currency here and in "
                        f"{self.name}, was {ours.get(ledger)} and {theirs.get(ledger)}",
                        ledger=ledger,
                        peer=self.sides.peer,
                    )
                its_here, ours_there = self.accounts_of(ledger)
                _open(here, its_here, ledger)
                with self.asked() as port:
                    _open(port, ours_there, ledger)
                self._open.add(ledger)


def _open(port: CellPort, account: int, ledger: int) -> None:
    columns = {
        "id": np.array([account], np.int64),
        "ledger": np.array([ledger], np.uint32),
        "code": np.array([CLEARING_CODE], np.uint16),
    }
    batch = pa.RecordBatch.from_arrays([pa.array(x) for x in columns.values()], list(columns))
    [status] = port.open_accounts(batch)["status"].to_pylist()
    if status not in _OPEN:
        said = AccountStatus(status).name.lower()
        raise BatchRefused(f"expected the clearing account {account} to be open, was {said}")


def peers_of(cell: int, settings: ClearingSettings, connect: Connect) -> dict[int, Peer]:
    """Return the peers that the settings name, by number."""
    found = {}
    for number, address in sorted(settings.peers.items()):
        parts = urlsplit(address)
        asked = {name: int(values[-1]) for name, values in parse_qs(parts.query).items()}
        sides = Sides(cell, number, asked.get("cell", number), asked.get("as", cell))
        bare = f"{parts.scheme}://{parts.netloc}{parts.path}"
        found[number] = Peer(sides, bare, connect(bare, settings.answer_s))
    return found
