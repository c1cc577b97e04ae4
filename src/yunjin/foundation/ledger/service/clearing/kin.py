"""The cells of one home, found by what members tell: their shares, and the ways to them."""

import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial
from typing import Any

import numpy as np

from yunjin.foundation.ledger.api import CellPort
from yunjin.foundation.ledger.api.members import Member
from yunjin.foundation.ledger.domain.clearing import Sides
from yunjin.kernel.errors import Outage, Problem
from yunjin.kernel.shares import Share

Members = Callable[[], list[Member]]
Connect = Callable[[str, int], CellPort]  # address, cell


class Kin:
    """The cells of the home that is cleared with. Safe for threads.

    Parameters
    ----------
    connect : makes a way to a cell; None: the home is never split.
    members : tells of the cells on our own set; None where there is none, or of another bank.
    but : our own cell.
    named : of another bank: the addresses that are asked, and no others.
    """

    def __init__(
        self,
        sides: Sides,
        connect: Connect | None = None,
        members: Members | None = None,
        *,
        but: int = -1,
        named: Sequence[str] = (),
    ) -> None:
        self._named = named
        self._home, self._connect, self._members, self._but = sides.peer_cell, connect, members, but
        self._routes: dict[int, tuple[Share, CellPort]] = {}  # of cells other than `port`'s
        self._first = Share(self._home)  # what the cell of the home's own number has
        self._learning = threading.Lock()

    def ports(self, first: CellPort | None) -> list[CellPort]:
        """Return the ways to all cells; `first` is that of the home's own number."""
        others = [port for _, port in self._routes.values()]
        return others if first is None or self._home in self._routes else [first, *others]

    def routed(self, accounts: Any, first: CellPort | None) -> list[tuple[CellPort, Any]]:
        """Return the way to each account's cell, and the places of its accounts (int64[k]).

        Raises: Outage where nobody knows the cell of one.
        """
        if not self._routes and first is not None:
            return [(first, np.arange(len(accounts)))]
        known = [(share, port) for share, port in self._routes.values()]
        if first is not None and self._home not in self._routes:
            known.append((self._first, first))
        known.sort(key=lambda one: one[0].depth)
        which = np.full(len(accounts), -1)
        for place, (share, _) in enumerate(known):
            which[share.holds(accounts)] = place
        if (which < 0).any():
            account = int(accounts[which < 0][0])
            raise Outage(f"Nobody told yet which cell of home {self._home} has {account}.")
        return [(known[at][1], np.flatnonzero(which == at)) for at in np.unique(which).tolist()]

    def learn(self, first: CellPort | None) -> None:
        """Ask our own set, and each cell that is known, which cells of the home there are."""
        if self._connect is None:
            return
        with self._learning:
            if self._named:
                self._ask_named(self._connect)
                return
            met: set[int | str] = set()
            waiting = [self._members, *(_members_of(port) for port in self.ports(first))]
            while waiting:
                for one in _told(waiting.pop(0)):
                    if one.serves.home != self._home or not one.flight:
                        continue
                    if self._takes(one, first) and one.cell not in met:
                        met.add(one.cell)
                        waiting.append(_members_of(self._routes[one.cell][1]))
                    elif one.is_signpost and not one.writes and one.flight not in met:
                        met.add(one.flight)
                        waiting.append(partial(_told_at, self._connect, one))

    def _ask_named(self, connect: Connect) -> None:
        """Ask each address what its cell has; of an unsplit home there is nothing to learn."""
        for address in self._named:
            port: Any = connect(address, 0)
            with suppress(Problem):
                cell, share = port.share()
                known = self._routes.get(cell)
                if share.depth and (known is None or known[0].depth < share.depth):
                    self._routes = {**self._routes, cell: (share, port)}
                    continue  # the way of before stays open: somebody may be on it
            port.close()

    def _takes(self, one: Member, first: CellPort | None) -> bool:
        """Take note of a cell; tell whether it is one that can be asked for more."""
        share = one.serves
        if not one.writes or one.cell == self._but:
            return False
        if one.cell == self._home and self._but < 0:
            self._first = share if share.depth > self._first.depth else self._first
            _also(first, one.flight)
            return False
        known = self._routes.get(one.cell)
        if known is None and self._connect is not None:
            way = share, self._connect(one.flight, one.cell)
            self._routes = {**self._routes, one.cell: way}
        elif known is not None:
            way = max(share, known[0], key=lambda x: x.depth), known[1]
            self._routes = {**self._routes, one.cell: way}
            _also(known[1], one.flight)
        return True


def _also(port: CellPort | None, address: str) -> None:
    """Tell a way to a cell of another of its processes."""
    also: Callable[[str], None] | None = getattr(port, "also", None)
    if also is not None:
        also(address)


def _told_at(connect: Connect, signpost: Member) -> list[Member]:
    """Ask where a signpost points to, for a cell that went to another set without the others."""
    port: Any = connect(signpost.flight, signpost.cell)
    try:
        found: list[Member] = port.members()
        return found
    finally:
        port.close()


def _told(members: Members | None) -> list[Member]:
    if members is not None:
        with suppress(Problem):  # another one may know
            return members()
    return []


def _members_of(port: CellPort) -> Members | None:
    found: Members | None = getattr(port, "members", None)
    return found
