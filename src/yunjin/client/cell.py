"""A cell that several processes serve: the one that writes is found, and found again.

Ids make every command safe to send twice, so a batch whose answer was lost is sent again, to
whoever writes the cell then: what was done already is answered `exists`.
"""

import contextlib
import math
import socket
import time
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Final, TypeVar
from urllib.parse import urlsplit
from uuid import UUID

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from yunjin.client.connection import Connection
from yunjin.client.flight import Client, Results, connect
from yunjin.kernel.errors import Malformed, Outage, Problem, Unknown

T = TypeVar("T")
_PAUSE_S: Final = 0.05
_CONNECT_S: Final = 1
_LEARN_S: Final = 10.0  # so long is believed what a process said of the others
_SEEK_S: Final = 1.0  # at least, between two times that others are asked
_FOLLOWS: Final = "ledger/not-leading"  # it is alive, and may write in a moment
MOVED: Final = "ledger/account-moved"  # it is alive; a split gave the accounts to another cell


class CellClient(Connection):
    """A connection to whichever process writes a cell. Use it from one thread.

    Parameters
    ----------
    addresses : grpc://HOST:PORT of the cell's processes, of one at least; others are learnt.
    deadline_s : how long to wait for one answer.
    patience_s : how long to look for the writer before its absence is told.
    seek : has who knows other cells ask them for more processes of this one; and is told what
        moved to another cell, where this turns to that cell else.
    """

    def __init__(
        self,
        addresses: Iterable[str],
        *,
        deadline_s: int = 5,
        patience_s: float = 30.0,
        seek: Callable[[], object] | None = None,
    ) -> None:
        self._addresses = list(dict.fromkeys(addresses))
        self._given = frozenset(self._addresses)
        if not self._addresses:
            raise Malformed("expected the address of one process of the cell at least, was none")
        self._deadline_s, self._patience_s = deadline_s, patience_s
        self._seek, self._sought_at = seek, -math.inf
        self._client: Client | None = None
        self._silent: set[str] = set()  # did not answer, or in trouble, since the last answer
        self._asked_at: dict[str, float] = {}  # when each was asked who serves the cell
        self._turns = 0  # since the last pause
        self.moves = 0  # how often another process was turned to

    @property
    def address(self) -> str:
        """The process that is asked next."""
        return self._addresses[0]

    def also(self, address: str) -> None:
        """Learn of another process of the cell; safe from any thread."""
        if address not in self._addresses:
            self._addresses = [*self._addresses, address]

    def close(self) -> None:
        """Hang up."""
        if self._client is not None:
            self._client.close()
            self._client = None

    def post(self, transfers: pa.RecordBatch, *, balances: bool = False) -> Results:
        """Post a batch; it is durable when answered. Raises: Refusal, Outage, Unknown."""
        return self.ask(lambda client: client.post(transfers, balances=balances))

    def open_accounts(self, accounts: pa.RecordBatch) -> pa.RecordBatch:
        """Open a batch of accounts. Returns: status and timestamp, one row an account."""
        return self.ask(lambda client: client.open_accounts(accounts))

    def accounts(self, account_ids: Sequence[int] | npt.NDArray[np.int64]) -> pa.RecordBatch:
        """Look accounts up by id. Returns: the found ones, in the order asked."""
        return self.ask(lambda client: client.accounts(account_ids))

    def transfers(self, transfer_ids: Sequence[UUID]) -> pa.RecordBatch:
        """Look transfers up by id. Returns: the found ones."""
        return self.ask(lambda client: client.transfers(transfer_ids))

    def state(self) -> dict[str, Any]:
        """Return how the cell is doing, as the process says that is asked next."""
        return self.ask(lambda client: client.state())

    def ask(self, act: Callable[[Client], T]) -> T:
        """Do something that may be done twice, with the process that writes the cell.

        Raises: Refusal; once patience is over, the last Unknown, or Outage where there was none:
            what was sent and not answered may have been done, whatever was said later.
        """
        until = time.monotonic() + self._patience_s
        lost: Unknown | None = None
        while True:
            try:
                answer = act(self._connected())
                self._learn(0.0 if self._silent else _LEARN_S)
                self._silent.clear()
                self._turns = 0
                return answer
            except (Outage, Unknown) as problem:
                if problem.code == MOVED and self._seek is not None:
                    raise
                lost = problem if isinstance(problem, Unknown) else lost
                if time.monotonic() > until:
                    raise lost or problem from problem
                self._turn(problem)
            if self._turns >= len(self._addresses):  # all were asked, and most know of the writer
                self._turns = 0
                time.sleep(_PAUSE_S)

    def _connected(self) -> Client:
        if self._client is None:
            _knock(self._addresses[0])
            self._client = connect(self._addresses[0], deadline_s=_CONNECT_S)
            self._client.wait_at_most(self._deadline_s)
        return self._client

    def _learn(self, after_s: float = 0.0) -> None:
        """Learn of the cell's other processes, from each that answers: before it dies.

        after_s: one that was asked within that is not asked again.
        """
        client, address = self._client, self._addresses[0]
        now = time.monotonic()
        if client is None or now - self._asked_at.get(address, -math.inf) < after_s:
            return
        self._asked_at[address] = now
        client.wait_at_most(_CONNECT_S)
        with contextlib.suppress(Problem):
            members = client.members()
            mine = {one["cell"] for one in members if one["flight"] == address}
            alive = [str(one["flight"]) for one in members if one["cell"] in mine]
            for one in filter(None, alive):
                self.also(one)
            gone = self._silent - self._given - {address, *alive}
            self._addresses = [one for one in self._addresses if one not in gone]
        client.wait_at_most(self._deadline_s)

    def _writer_of(self, cell: Any) -> str:
        """Return where a cell is written, as who was asked knows; "" where that does not."""
        client = self._client
        if client is None:
            return ""
        with contextlib.suppress(Problem):
            found = (one for one in client.members() if one["cell"] == cell and one["writes"])
            return str(next(found, {"flight": ""})["flight"])
        return ""

    def _turn(self, problem: Problem) -> None:
        """Turn to who is said to write, unless that one was silent just now, or to the next."""
        told = str(problem.facts.get("flight") or "")
        if problem.code == MOVED:
            told = self._writer_of(problem.facts.get("cell"))
        if told in self._silent:  # then others may know of who writes by now
            self._learn()
        self.close()
        self.moves += 1
        self._turns += 1
        if not told and problem.code not in (_FOLLOWS, MOVED):
            self._silent.add(self._addresses[0])
        is_new = told.startswith("grpc") and told != self._addresses[0]
        if is_new and told not in self._silent:
            self._addresses = [told, *(one for one in self._addresses if one != told)]
        else:
            self._addresses.append(self._addresses.pop(0))
        is_due = time.monotonic() - self._sought_at > _SEEK_S
        if self._seek is not None and is_due and self._silent >= set(self._addresses):
            self._sought_at = time.monotonic()
            with contextlib.suppress(Problem):
                self._seek()


def _knock(address: str) -> None:
    """See that somebody listens: gRPC would try a dead address for a second. Raises: Outage."""
    where = urlsplit(address)
    if where.hostname is None or where.port is None:
        return  # connecting says what is wrong with it
    try:
        socket.create_connection((where.hostname, where.port), timeout=_CONNECT_S).close()
    except OSError as error:
        raise Outage(f"expected a cell at {address}, was none: {error}") from error
