"""The other cells and banks: their numbers, and whether the clearing accounts are open."""

import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any, Final
from urllib.parse import parse_qs, urlsplit

import numpy as np
import pyarrow as pa

from yunjin.foundation.ledger.api import (
    CLEARING_CODE,
    AccountStatus,
    CellPort,
)
from yunjin.foundation.ledger.domain.clearing import Sides, clearing_account
from yunjin.foundation.ledger.errors import BatchRefused
from yunjin.foundation.ledger.service.clearing.kin import Kin, Members
from yunjin.foundation.ledger.service.clearing.settings import ClearingSettings
from yunjin.kernel.errors import Outage, Problem

_OPEN: Final = (AccountStatus.CREATED, AccountStatus.EXISTS)
# addresses, seconds to wait for an answer, the cell whose processes may be followed or 0
Connect = Callable[[list[str], int, int], CellPort]


class Peer:
    """One other side: the cells of a home, one of them until it was split. Safe for threads.

    The two sides know each other by their homes, so that what was sent before a split and is sent
    again after it is the same to both. The halves of a split cell clear with each other in the same
    way: there both sides are one home.

    Parameters
    ----------
    sides : the numbers by which both know each other and their homes.
    port : to the cell of that home's own number; None: it has to be learnt who there is.
    kin : finds the cells of the home.
    """

    def __init__(
        self, sides: Sides, address: str, port: CellPort | None, kin: Kin | None = None
    ) -> None:
        self.sides, self.address, self.port = sides, address, port
        self._kin = kin or Kin(sides)
        self.trouble = ""
        self._open: set[tuple[int, int]] = set()  # (port, ledger) whose clearing account is there
        self._opening = threading.Lock()

    @property
    def is_own_cell(self) -> bool:
        """Whether it is a cell of ours, rather than another bank."""
        return self.sides.peer == self.sides.peer_cell and self.sides.known_as == self.sides.cell

    @property
    def is_own_home(self) -> bool:
        """Whether it is the other cells of our own home."""
        return self.is_own_cell and self.sides.peer == self.sides.cell

    @property
    def name(self) -> str:
        """What people call it."""
        kind = "home" if self.is_own_home else "cell" if self.is_own_cell else "bank"
        return f"{kind}-{self.sides.peer}"

    @contextmanager
    def asked(self) -> Iterator[None]:
        """Ask the other side for a block; note whether it answered."""
        try:
            yield
        except Problem as problem:
            self.trouble = f"{problem.code}: {problem.detail}"
            raise
        self.trouble = ""

    def learn(self) -> None:
        """Ask anew which cells the other side has."""
        self._kin.learn(self.port)

    def ports(self) -> list[CellPort]:
        """Return the ways to all cells of the other side, as far as they are known."""
        return self._kin.ports(self.port)

    def routed(self, accounts: Any) -> list[tuple[CellPort, Any]]:
        """Return the way to each account's cell, and the places of its accounts (int64[k]).

        Raises: Outage where nobody knows the cell of one.
        """
        try:
            return self._kin.routed(accounts, self.port)
        except Outage:
            self.learn()
        return self._kin.routed(accounts, self.port)

    def accounts_of(self, ledger: int) -> tuple[int, int]:
        """Return the two clearing accounts of a ledger: its here, ours there."""
        cell, peer, peer_cell, known_as = self.sides
        return clearing_account(cell, peer, ledger), clearing_account(peer_cell, known_as, ledger)

    def ready(self, here: CellPort, ledgers: Iterable[int]) -> None:
        """See that both sides keep these ledgers in one currency and have their clearing accounts.

        Raises: BatchRefused where they do not; Outage where the other side cannot be asked.
        """
        if not self.ports():
            self.learn()
        for port in self.ports()[:1]:
            self.ready_at(here, port, ledgers)

    def ready_at(self, here: CellPort, port: CellPort, ledgers: Iterable[int]) -> None:
        """See to the same with one cell of the other side. Raises: as `ready`."""
        wanted = {ledger for ledger in ledgers if (id(port), ledger) not in self._open}
        if not wanted:
            return
        with self._opening:
            ours = {each.ledger: each.currency for each in here.ledgers()}
            with self.asked():
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
                with self.asked():
                    _open(port, ours_there, ledger)
                self._open.add((id(port), ledger))


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


def peers_of(
    home: int, settings: ClearingSettings, connect: Connect, members: Members | None = None
) -> dict[int, Peer]:
    """Return the peers that the settings name, by number.

    members: tells of the processes of all cells that this one's set knows.
    """
    found = {}
    for number, address in sorted(settings.peers.items()):
        parts = urlsplit(address)
        asked = {name: int(values[-1]) for name, values in parse_qs(parts.query).items()}
        sides = Sides(home, number, asked.get("cell", number), asked.get("as", home))
        addresses = [f"{parts.scheme}://{place}" for place in parts.netloc.split(",")]
        followed = 0 if asked else number  # the processes of another bank are its own affair
        port = connect(addresses, settings.answer_s, followed)
        kin = Kin(
            sides, partial(_connected, connect, settings.answer_s), None if asked else members
        )
        found[number] = Peer(sides, f"{parts.scheme}://{parts.netloc}", port, kin)
    return found


def own_home(
    home: int, cell: int, settings: ClearingSettings, connect: Connect, members: Members | None
) -> Peer:
    """Return the other cells of our own home, for a cell that was split."""
    sides = Sides(home, home, home, home)
    kin = Kin(sides, partial(_connected, connect, settings.answer_s), members, but=cell)
    return Peer(sides, "", None, kin)


def _connected(connect: Connect, answer_s: int, address: str, cell: int) -> CellPort:
    return connect([address], answer_s, cell)
