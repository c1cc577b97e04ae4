"""Batches over Arrow Flight: posted one by one or many in flight, every wait with a deadline."""

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, islice
from typing import Any, Final
from uuid import UUID

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.flight as flight

from yunjin.client.codes import CROSSING_OUTCOMES, ENTRY_RESULTS, TRANSFER_RESULTS
from yunjin.client.connection import Connection
from yunjin.client.waiting import Watch, closing, told
from yunjin.kernel.errors import Malformed, Outage, of_document

CREATED: Final = 0
BOOKED: Final = ENTRY_RESULTS.index("booked")
_ANSWER: Final = "the answer to a batch"


@dataclass(frozen=True, slots=True)
class Results:
    """The answers to a batch, in order.

    status : uint8[n], result codes.  timestamp : int64[n], nanoseconds, 0 where refused.
    balances : int64[n, 8] or None: debits_pending, debits_posted, credits_pending, credits_posted
        of the debit account, then of the credit account, in minor units.
    """

    status: npt.NDArray[np.uint8]
    timestamp: npt.NDArray[np.int64]
    balances: npt.NDArray[np.int64] | None
    names_of: tuple[str, ...] = TRANSFER_RESULTS

    @property
    def created_count(self) -> int:
        """How many were created now."""
        return int(np.count_nonzero(self.status == CREATED))

    def names(self) -> list[str]:
        """Return the results in words."""
        return [self.names_of[code] for code in self.status.tolist()]


@dataclass(frozen=True, slots=True)
class EntryResults:
    """The answers to a batch of entries, in order.

    status : uint8[n], result codes.  reasons : why each was refused, "" where it was not.
    timestamp : int64[n], nanoseconds, 0 where nothing was booked.
    balance_minor, available_minor : int64[n], of the agreement's main account after the batch.
    """

    status: npt.NDArray[np.uint8]
    reasons: list[str]
    timestamp: npt.NDArray[np.int64]
    balance_minor: npt.NDArray[np.int64]
    available_minor: npt.NDArray[np.int64]

    @property
    def booked_count(self) -> int:
        """How many were booked now."""
        return int(np.count_nonzero(self.status == BOOKED))

    def names(self) -> list[str]:
        """Return the results in words."""
        return [ENTRY_RESULTS[code] for code in self.status.tolist()]


@dataclass(frozen=True, slots=True)
class CrossingResults:
    """What became of transfers to other cells, in order.

    outcome : uint8[n], of CROSSING_OUTCOMES.  status : uint8[n], of TRANSFER_RESULTS: why it was
    refused or is stuck.  timestamp : int64[n], nanoseconds, 0 while it is in doubt.
    """

    outcome: npt.NDArray[np.uint8]
    status: npt.NDArray[np.uint8]
    timestamp: npt.NDArray[np.int64]

    @property
    def posted_count(self) -> int:
        """How many reached their payees."""
        return int(np.count_nonzero(self.outcome == CREATED))

    def names(self) -> list[str]:
        """Return the outcomes in words."""
        return [CROSSING_OUTCOMES[code] for code in self.outcome.tolist()]


def connect(address: str = "grpc://127.0.0.1:8421", *, deadline_s: int = 5) -> "Client":
    """Connect to a bank's Flight server.

    Parameters
    ----------
    deadline_s : how long to wait for the server here, and for each answer later; it is never
        retried in silence.

    Raises: Malformed for what is no address; Outage when nobody answered in time.
    """
    try:
        made = flight.FlightClient(address)
    except (pa.ArrowException, TypeError) as error:
        what = f"expected an address such as grpc://127.0.0.1:8421, was {str(address)[:80]!r}"
        raise Malformed(what) from error
    try:
        made.wait_for_available(timeout=deadline_s)
    except (pa.ArrowException, OSError) as error:
        made.close()
        raise Outage(f"expected a bank at {address} within {deadline_s} s, was none") from error
    return Client(made, deadline_s)


class Client(Connection):
    """A connection to a bank. Use it from one thread; open one for each.

    Any method may raise Outage (nothing done) and, where it writes, Unknown (ask by the ids).
    """

    def __init__(self, connection: flight.FlightClient, deadline_s: int) -> None:
        self._connection, self._deadline_s = connection, deadline_s
        self._options = flight.FlightCallOptions(timeout=deadline_s)

    def wait_at_most(self, deadline_s: int) -> None:
        """Wait so long for each answer from now on."""
        self._deadline_s = deadline_s
        self._options = flight.FlightCallOptions(timeout=deadline_s)

    def close(self) -> None:
        """Hang up."""
        self._connection.close()

    def post(self, transfers: pa.RecordBatch, *, balances: bool = False) -> Results:
        """Post a batch; it is durable when answered. Raises: Refusal (nothing was done)."""
        return next(self.post_many([transfers], balances=balances))

    def post_many(
        self, batches: Iterable[pa.RecordBatch], *, in_flight: int = 4, balances: bool = False
    ) -> Iterator[Results]:
        """Post batches on one stream, several on their way at once; yield answers in order.

        Raises (when the batch's turn comes): Refusal for a batch that was refused as a whole;
        those sent after it may have been done.
        """
        command = "transfers+balances" if balances else "transfers"
        for batch in self._exchange(command, batches, in_flight):
            status, timestamp, *totals = (column.to_numpy() for column in batch.columns)
            yield Results(status, timestamp, np.column_stack(totals) if totals else None)

    def post_entries(self, entries: pa.RecordBatch) -> EntryResults:
        """Post a batch of entries to agreements under their products' rules; durable when answered.

        Each is booked whole or not at all; sent again under its id, it acts once.
        Raises: Refusal (nothing was done).
        """
        return next(self.post_entries_many([entries]))

    def post_entries_many(
        self, batches: Iterable[pa.RecordBatch], *, in_flight: int = 4
    ) -> Iterator[EntryResults]:
        """Post batches of entries on one stream; as `post_many`."""
        for batch in self._exchange("entries", batches, in_flight):
            status, reasons, *numbers = batch.columns
            yield EntryResults(
                status.to_numpy(), reasons.to_pylist(), *(one.to_numpy() for one in numbers)
            )

    def cross(self, crossings: pa.RecordBatch) -> CrossingResults:
        """Move money to accounts of other cells; answered when it is known what became of it.

        `Transfers` without flags, timeouts and links; a column `peer` names another bank. Sent
        again under its id, each acts once. Raises: Refusal (nothing was done).
        """
        return next(self.cross_many([crossings]))

    def cross_many(
        self, batches: Iterable[pa.RecordBatch], *, in_flight: int = 4
    ) -> Iterator[CrossingResults]:
        """Send batches to other cells on one stream; as `post_many`."""
        for batch in self._exchange("crossings", batches, in_flight):
            yield CrossingResults(*(column.to_numpy() for column in batch.columns))

    def open_accounts(self, accounts: pa.RecordBatch) -> pa.RecordBatch:
        """Open a batch of accounts. Returns: status and timestamp, one row an account."""
        return next(self._exchange("accounts", [accounts], 1))

    def accounts(self, account_ids: Sequence[int] | npt.NDArray[np.int64]) -> pa.RecordBatch:
        """Look accounts up by id. Returns: the found ones, in the order asked."""
        asked = pa.record_batch([pa.array(account_ids, pa.int64())], names=["id"])
        return next(self._exchange("lookup_accounts", [asked], 1))

    def export_transfers(self) -> Iterator[pa.RecordBatch]:
        """Yield every transfer that is durable now, by timestamp, in batches of many thousands."""
        with told("the export"):
            stream = self._connection.do_get(flight.Ticket(b'{"transfers": "all"}'))
        with Watch(stream, self._deadline_s) as watch:
            while True:
                try:
                    chunk = stream.read_chunk()
                except StopIteration:
                    return
                except (pa.ArrowException, OSError):
                    with told("the export"):
                        raise
                watch.answered()
                yield chunk.data

    def transfers(self, transfer_ids: Sequence[UUID]) -> pa.RecordBatch:
        """Look transfers up by id: what to ask after Unknown. Returns: the found ones."""
        body = self._action("transfers", {"ids": [str(one) for one in transfer_ids]})
        with pa.ipc.open_stream(body) as stream:
            return stream.read_next_batch()

    def declare_ledgers(self, ledgers: dict[int, str]) -> None:
        """Name the units of the cell: number → ISO 4217 currency."""
        items = [{"ledger": number, "currency": currency} for number, currency in ledgers.items()]
        self._action("declare_ledgers", {"ledgers": items})

    def ledgers(self) -> dict[int, str]:
        """Return the units of the cell: number → currency."""
        items = json.loads(self._action("ledgers", {}))["items"]
        return {item["ledger"]: item["currency"] for item in items}

    def allot_account_ids(self, count: int) -> npt.NDArray[np.int64]:
        """Set account ids aside. Returns: int64[count], ascending."""
        answer = json.loads(self._action("allot_account_ids", {"count": count}))
        return int(answer["first"]) + np.arange(count, dtype=np.int64)

    def trial_balance(self) -> list[dict[str, Any]]:
        """Return every ledger's totals."""
        items: list[dict[str, Any]] = json.loads(self._action("trial_balance", {}))["items"]
        return items

    def state(self) -> dict[str, Any]:
        """Return how the cell is doing."""
        found: dict[str, Any] = json.loads(self._action("state", {}))
        return found

    def members(self) -> list[dict[str, Any]]:
        """Return the processes of every cell, those that write a cell first."""
        items: list[dict[str, Any]] = json.loads(self._action("members", {}))["items"]
        return items

    def _action(self, name: str, asked: dict[str, Any]) -> bytes:
        with told(f"the answer to {name}"):
            action = flight.Action(name, json.dumps(asked).encode())
            [result] = self._connection.do_action(action, self._options)
            body: bytes = result.body.to_pybytes()
            return body

    def _exchange(
        self, command: str, batches: Iterable[pa.RecordBatch], in_flight: int
    ) -> Iterator[pa.RecordBatch]:
        if in_flight < 1:
            raise ValueError(f"expected at least 1 batch in flight, was {in_flight}")
        waiting, sent = iter(batches), 0
        first = next(waiting, None)
        if first is None:
            return
        upcoming = chain([first], waiting)
        with told(_ANSWER):
            descriptor = flight.FlightDescriptor.for_command(command)
            writer, reader = self._connection.do_exchange(descriptor)
        with closing(writer), Watch(reader, self._deadline_s) as watch:
            with told(_ANSWER):
                writer.begin(first.schema)
            while True:
                for batch in islice(upcoming, in_flight - sent):
                    with told(_ANSWER):
                        writer.write_batch(batch)
                    sent += 1
                if not sent:
                    return
                with told(_ANSWER):
                    chunk = reader.read_chunk()
                watch.answered()
                sent -= 1
                if chunk.app_metadata is not None:
                    raise of_document(json.loads(chunk.app_metadata.to_pybytes()))
                yield chunk.data
