"""All cells of a bank behind one door: each transfer goes to the cell of its payer.

An account's id carries its home, of which a split gives parts to other cells; which process writes
a cell, on whichever set, and what the cell has, is asked of any process, and the newest lease wins.
Money to another cell goes as a crossing.
"""

import threading
import time
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from yunjin.client.cell import MOVED, CellClient
from yunjin.client.codes import ACCOUNT_RESULTS, CROSSING_OUTCOMES, TRANSFER_RESULTS
from yunjin.client.columns import TRANSFERS
from yunjin.client.connection import Connection
from yunjin.client.flight import connect
from yunjin.client.parts import Part, parts_of, ways_of
from yunjin.client.shares import Shares
from yunjin.kernel.errors import Malformed, Outage, Problem

_POSTED: Final = CROSSING_OUTCOMES.index("posted")
_REFUSED: Final = CROSSING_OUTCOMES.index("refused_here")
_DONE: Final = [TRANSFER_RESULTS.index(name) for name in ("created", "exists")]
_PAYER_MOVED: Final = [
    TRANSFER_RESULTS.index(name) for name in ("debit_account_moved", "pending_transfer_moved")
]
_PAYEE_MOVED: Final = TRANSFER_RESULTS.index("credit_account_moved")
_CELL_DIFFERENT: Final = ACCOUNT_RESULTS.index("cell_different")
_CROSSING: Final = [*list(TRANSFERS)[:7], "user_data_32"]  # the columns that a crossing has
_ASK_S: Final = 1
_PAUSE_S: Final = 0.05


@dataclass(frozen=True, slots=True)
class CellsResults:
    """The answers to a batch that several cells had a part in, in order.

    status : uint8[n], of TRANSFER_RESULTS.  timestamp : int64[n], nanoseconds, 0 where refused.
    outcome : uint8[n], of CROSSING_OUTCOMES: of a transfer inside a cell, posted or refused_here;
        one to another cell may be in_doubt: it goes on by itself, and is asked for by sending it
        again.
    """

    status: npt.NDArray[np.uint8]
    timestamp: npt.NDArray[np.int64]
    outcome: npt.NDArray[np.uint8]

    @property
    def posted_count(self) -> int:
        """How many reached their payees, now or before."""
        return int(np.count_nonzero(self.outcome == _POSTED))

    def names(self) -> list[str]:
        """Return the results in words."""
        return [TRANSFER_RESULTS[code] for code in self.status.tolist()]


class Cells(Connection):
    """Connections to whichever processes write a bank's cells. Use it from one thread.

    Parameters
    ----------
    addresses : grpc://HOST:PORT of processes of the cells, of one on each set; others are learnt.
    deadline_s : how long to wait for one answer.
    patience_s : how long to look for the writer of a cell before its absence is told.
    """

    def __init__(
        self, addresses: Iterable[str], *, deadline_s: int = 5, patience_s: float = 30.0
    ) -> None:
        self._known = list(dict.fromkeys(addresses))
        if not self._known:
            raise Malformed("expected the address of one process of a cell at least, was none")
        self._deadline_s, self._patience_s = deadline_s, patience_s
        self._clients: dict[int, CellClient] = {}
        self._shares = Shares()
        self._learning = threading.Lock()
        self._pool = ThreadPoolExecutor(thread_name_prefix="cells")

    def close(self) -> None:
        """Hang up."""
        self._pool.shutdown()
        for client in self._clients.values():
            client.close()

    def cells(self) -> list[int]:
        """Return the cells that are known to be written. Raises: Outage where nobody answers."""
        self._learn()
        return sorted(self._clients)

    def post(self, transfers: pa.RecordBatch) -> CellsResults:
        """Post a batch; each transfer is durable, or known to be on its way, when answered.

        Those of one payer's cell are done in order, those of different cells at the same time. A
        chain stays in one cell.

        Raises: Malformed, nothing was done; other Refusals, Outage, Unknown: parts of other cells
        may have been done. Sent again under its ids, each transfer acts once.
        """
        ways_of(transfers, self._shares)  # what no cell could do is refused before anything is sent
        count = transfers.num_rows
        answers = CellsResults(
            np.zeros(count, np.uint8), np.zeros(count, np.int64), np.zeros(count, np.uint8)
        )
        left, until = np.arange(count), time.monotonic() + self._patience_s
        while len(left := self._posted(transfers, left, answers)):
            if time.monotonic() > until:
                raise Outage(f"Nobody told where the accounts of row {left[0]} are.", row=left[0])
            time.sleep(_PAUSE_S)
        return answers

    def open_accounts(self, accounts: pa.RecordBatch) -> pa.RecordBatch:
        """Open a batch of accounts. Returns: status and timestamp, one row an account."""
        ids = accounts["id"].to_numpy()
        found = self._in_order(ids, lambda client, rows: client.open_accounts(accounts.take(rows)))
        until = time.monotonic() + self._patience_s
        while len(left := np.flatnonzero(found["status"].to_numpy() == _CELL_DIFFERENT)):
            if time.monotonic() > until:  # each cell says that another one has them
                break
            self._learn()
            second = self._in_order(
                ids[left],
                lambda client, rows: client.open_accounts(accounts.take(left).take(rows)),
            )
            places = np.arange(len(ids))
            places[left] = len(ids) + np.arange(len(left))
            found = pa.concat_batches([found, second]).take(pa.array(places))
        return found

    def accounts(self, account_ids: Sequence[int] | npt.NDArray[np.int64]) -> pa.RecordBatch:
        """Look accounts up by id. Returns: the found ones, in the order asked."""
        wanted = np.asarray(account_ids, np.int64)
        found = self._asked(wanted, lambda client, rows: client.accounts(wanted[np.asarray(rows)]))
        batch = pa.concat_batches([part for part, _ in found])
        have = batch["id"].to_numpy()
        order = np.argsort(have, kind="stable")
        places = np.searchsorted(have[order], wanted)
        is_there = np.append(have[order], -1)[places] == wanted
        return batch.take(pa.array(order[places[is_there]]))

    # posting ------------------------------------------------------------------------------------

    def _posted(
        self, transfers: pa.RecordBatch, rows: npt.NDArray[np.int64], answers: CellsResults
    ) -> npt.NDArray[np.int64]:
        """Post some rows; return those that a split gave to another cell than was known."""
        ways = ways_of(transfers, self._shares)
        lanes: dict[int, list[Part]] = {}
        for part in parts_of(transfers, self._shares, rows):
            lanes.setdefault(part.cell, []).append(part)
        clients = {cell: self._client_of(cell) for cell in lanes}
        unknown = np.zeros(transfers.num_rows, np.bool_)  # not asked: all of them are elsewhere

        def serve(cell: int) -> None:
            for place, part in enumerate(lanes[cell]):
                try:
                    _post(clients[cell], transfers.take(pa.array(part.rows)), part, answers)
                except Problem as problem:
                    if problem.code != MOVED:
                        raise
                    for one in lanes[cell][place:]:
                        unknown[one.rows] = True
                    return

        self._at_once(serve, list(lanes))
        payer = np.isin(answers.status, _PAYER_MOVED) & ~unknown
        payee = (answers.status == _PAYEE_MOVED) & ~ways.crosses & ~unknown
        told: npt.NDArray[np.int64] = rows[(unknown | payer | payee)[rows]]
        if not len(told):
            return told
        self._learn()
        now, credit = ways_of(transfers, self._shares), transfers["credit_account_id"].to_numpy()
        is_other = (now.cell != ways.cell) | (now.crosses != ways.crosses)
        # the map still says that it is where it was said not to be: somebody knows better
        is_stale = payer & (self._shares.cells_of(now.payer) == ways.cell)
        is_stale |= payee & (self._shares.cells_of(credit) == ways.cell)
        again = told[(unknown | is_other | is_stale)[told]]
        chosen: npt.NDArray[np.int64] = rows[np.isin(now.chain[rows], now.chain[again])]
        return chosen

    # ours ---------------------------------------------------------------------------------------

    def _in_order(self, accounts: npt.NDArray[np.int64], act: Any) -> pa.RecordBatch:
        """Ask each account's cell; return an answer an account, in order."""
        found = self._asked(accounts, act)
        order = np.argsort(np.concatenate([rows for _, rows in found]))
        return pa.concat_batches([part for part, _ in found]).take(pa.array(order))

    def _asked(
        self, accounts: npt.NDArray[np.int64], act: Any
    ) -> list[tuple[pa.RecordBatch, npt.NDArray[np.int64]]]:
        """Ask each account's cell; return the answers, and the accounts that each is of."""
        until = time.monotonic() + self._patience_s
        while True:
            rows_of = _by_cell(self._shares.cells_of(accounts))
            if not rows_of:  # whoever is asked says of what form nothing is
                rows_of = {self.cells()[0]: np.zeros(0, np.int64)}
            clients = {cell: self._client_of(cell) for cell in rows_of}
            found: dict[int, pa.RecordBatch] = {}

            def ask(cell: int) -> None:
                found[cell] = act(clients[cell], pa.array(rows_of[cell]))  # noqa: B023

            try:
                self._at_once(ask, list(rows_of))
            except Problem as problem:
                if problem.code != MOVED or time.monotonic() > until:
                    raise
                self._learn()
                time.sleep(_PAUSE_S)
            else:
                return [(found[cell], rows_of[cell]) for cell in rows_of]

    def _at_once(self, act: Any, cells: list[int]) -> None:
        """Do something for each cell at the same time; raise the first trouble once all ended."""
        if len(cells) == 1:
            act(cells[0])
            return
        pending = [self._pool.submit(act, cell) for cell in cells]
        troubles = [one.exception() for one in pending]
        for trouble in troubles:
            if trouble is not None:
                raise trouble

    def _client_of(self, cell: int) -> CellClient:
        until = time.monotonic() + self._patience_s
        while cell not in self._clients:
            self._learn()
            if cell not in self._clients and time.monotonic() > until:
                asked = ", ".join(self._known)
                raise Outage(f"Nobody writes cell {cell}, as far as {asked} know.", cell=cell)
            time.sleep(0 if cell in self._clients else _PAUSE_S)
        return self._clients[cell]

    def _learn(self) -> None:
        """Ask a process of each set who serves which cell. Raises: Outage where none answers.

        Safe from any thread: a cell whose known processes are all gone is sought by its own.
        """
        with self._learning:
            self._ask_members()

    def _ask_members(self) -> None:
        found: list[dict[str, Any]] = []
        trouble: Problem | None = None
        told: set[str] = set()
        for address in list(self._known):
            if address in told:  # somebody of its set has answered
                continue
            try:
                with connect(address, deadline_s=_ASK_S) as client:
                    members = client.members()
            except Problem as problem:
                trouble = problem
                continue
            found += members
            told |= {str(one["flight"]) for one in members if not _is_signpost(one)}
        if not found and trouble is not None:
            raise trouble
        reached = [one for one in found if one["flight"]]
        self._known = list(dict.fromkeys([*self._known, *(str(x["flight"]) for x in reached)]))
        for one in sorted(reached, key=lambda one: -int(one["epoch"])):  # the newest lease first
            if one["writes"]:
                self._shares.learn(one)
            if one["cell"] in self._clients:
                self._clients[one["cell"]].also(str(one["flight"]))
            elif one["writes"]:
                self._clients[one["cell"]] = CellClient(
                    [str(one["flight"])],
                    deadline_s=self._deadline_s,
                    patience_s=self._patience_s,
                    seek=self._learn,
                )


def _post(client: CellClient, batch: pa.RecordBatch, part: Part, answers: CellsResults) -> None:
    """Post one cell's rows of one kind, and put the answers into their places."""
    if part.crosses:
        kept = [name for name in batch.schema.names if name in _CROSSING]
        crossed = client.ask(lambda one: one.cross(batch.select(kept)))
        outcome, status, timestamp = crossed.outcome, crossed.status, crossed.timestamp
    else:
        found = client.post(batch)
        status, timestamp = found.status, found.timestamp
        outcome = np.where(np.isin(status, _DONE), _POSTED, _REFUSED)
    answers.outcome[part.rows] = outcome
    answers.status[part.rows] = status
    answers.timestamp[part.rows] = timestamp


def _by_cell(cells: npt.NDArray[np.int64]) -> dict[int, npt.NDArray[np.int64]]:
    """Return which rows are each cell's."""
    return {int(cell): np.flatnonzero(cells == cell) for cell in np.unique(cells)}


def _is_signpost(member: dict[str, Any]) -> bool:
    """Tell whether a member only says where a cell has moved to."""
    return int(member["seen_at_ns"]) >= 2**62
