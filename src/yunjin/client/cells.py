"""All cells of a bank behind one door: each transfer goes to the cell of its payer.

An account's id carries its cell; which process writes a cell, on whichever set, is asked of any
process, and the newest lease wins. Money to another cell goes as a crossing.
"""

import time
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from yunjin.client.cell import CellClient
from yunjin.client.codes import CROSSING_OUTCOMES, TRANSFER_RESULTS
from yunjin.client.columns import TRANSFERS
from yunjin.client.connection import Connection
from yunjin.client.flight import connect
from yunjin.client.parts import Part, parts_of
from yunjin.kernel.errors import Malformed, Outage, Problem
from yunjin.kernel.ids import SEQUENCE_BITS

_POSTED: Final = CROSSING_OUTCOMES.index("posted")
_REFUSED: Final = CROSSING_OUTCOMES.index("refused_here")
_DONE: Final = [TRANSFER_RESULTS.index(name) for name in ("created", "exists")]
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
        parts = parts_of(transfers)
        count = transfers.num_rows
        answers = CellsResults(
            np.zeros(count, np.uint8), np.zeros(count, np.int64), np.zeros(count, np.uint8)
        )
        lanes: dict[int, list[Part]] = {}
        for part in parts:
            lanes.setdefault(part.cell, []).append(part)
        clients = {cell: self._client_of(cell) for cell in lanes}

        def serve(cell: int) -> None:
            for part in lanes[cell]:
                _post(clients[cell], transfers.take(pa.array(part.rows)), part, answers)

        self._at_once(serve, list(lanes))
        return answers

    def open_accounts(self, accounts: pa.RecordBatch) -> pa.RecordBatch:
        """Open a batch of accounts. Returns: status and timestamp, one row an account."""
        rows_of = _by_cell(accounts["id"].to_numpy())
        found = self._asked(rows_of, lambda client, rows: client.open_accounts(accounts.take(rows)))
        order = np.argsort(np.concatenate([np.zeros(0, np.int64), *rows_of.values()]))
        return pa.concat_batches(found).take(pa.array(order))

    def accounts(self, account_ids: Sequence[int] | npt.NDArray[np.int64]) -> pa.RecordBatch:
        """Look accounts up by id. Returns: the found ones, in the order asked."""
        wanted = np.asarray(account_ids, np.int64)
        rows_of = _by_cell(wanted)
        found = self._asked(rows_of, lambda client, rows: client.accounts(wanted[np.asarray(rows)]))
        batch = pa.concat_batches(found)
        have = batch["id"].to_numpy()
        order = np.argsort(have, kind="stable")
        places = np.searchsorted(have[order], wanted)
        is_there = np.append(have[order], -1)[places] == wanted
        return batch.take(pa.array(order[places[is_there]]))

    # ours ---------------------------------------------------------------------------------------

    def _asked(self, rows_of: dict[int, Any], act: Any) -> list[pa.RecordBatch]:
        if not rows_of:  # whoever is asked says of what form nothing is
            rows_of = {self.cells()[0]: np.zeros(0, np.int64)}
        clients = {cell: self._client_of(cell) for cell in rows_of}
        found: dict[int, pa.RecordBatch] = {}

        def ask(cell: int) -> None:
            found[cell] = act(clients[cell], pa.array(rows_of[cell]))

        self._at_once(ask, list(rows_of))
        return [found[cell] for cell in rows_of]

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
        """Ask a process of each set who serves which cell. Raises: Outage where none answers."""
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
            if one["cell"] in self._clients:
                self._clients[one["cell"]].also(str(one["flight"]))
            elif one["writes"]:
                self._clients[one["cell"]] = CellClient(
                    [str(one["flight"])],
                    deadline_s=self._deadline_s,
                    patience_s=self._patience_s,
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


def _by_cell(accounts: npt.NDArray[np.int64]) -> dict[int, npt.NDArray[np.int64]]:
    """Return which rows are each cell's."""
    cells = accounts >> SEQUENCE_BITS
    return {int(cell): np.flatnonzero(cells == cell) for cell in np.unique(cells)}


def _is_signpost(member: dict[str, Any]) -> bool:
    """Tell whether a member only says where a cell has moved to."""
    return int(member["seen_at_ns"]) >= 2**62
