"""Arrow Flight: batches in columns, many in flight on one stream, answers in order.

`do_exchange`  transfers | transfers+balances | accounts | lookup_accounts
`do_get`       accounts by id | every transfer, by timestamp
`do_action`    state | trial_balance | ledgers | declare_ledgers | allot_account_ids | transfers

A batch that is refused is answered by no rows and a problem document in `app_metadata`; the
stream goes on. What breaks a stream ends it with a FlightServerError whose `extra_info` is one:
among others a schema that the stream does not take, so that no batch of it is ever read, and a
message that is too long.
"""

import json
import queue
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any, Final, NamedTuple

import pyarrow as pa
import pyarrow.flight as flight
import structlog

from yunjin.chassis.transport import BodyTooLarge, concealed
from yunjin.foundation.ledger.api import (
    ACCOUNTS,
    ACCOUNTS_OPTIONAL,
    ACCOUNTS_REQUIRED,
    RESULTS,
    RESULTS_WITH_BALANCES,
    TRANSFERS,
    TRANSFERS_OPTIONAL,
    TRANSFERS_REQUIRED,
    LedgerApi,
    refusal_of,
)
from yunjin.foundation.ledger.errors import BatchRefused
from yunjin.foundation.ledger.routes.actions import ACTIONS, asks_for_transfers, ids_of, run
from yunjin.foundation.ledger.routes.flight_meter import FlightMeter
from yunjin.foundation.ledger.routes.values import BATCH_MAX
from yunjin.kernel import tenant as tenants
from yunjin.kernel.clock import Clock
from yunjin.kernel.errors import Bug, Malformed, Outage, Problem

AHEAD_MAX: Final = 8
MESSAGE_BYTES_MAX: Final = 4 << 20
_log: Final = structlog.get_logger()
_LOOKUP: Final = {"id": pa.int64()}
_TRANSFERS: Final = (TRANSFERS_REQUIRED, TRANSFERS_OPTIONAL)
_ACCOUNTS: Final = (ACCOUNTS_REQUIRED, ACCOUNTS_OPTIONAL)
Pending = Future[pa.RecordBatch]


class Operation(NamedTuple):
    """What a stream does with each of its batches."""

    name: str
    takes: tuple[dict[str, pa.DataType], ...]  # required columns, optional ones
    answers: pa.Schema
    submit: Callable[[pa.RecordBatch], Pending]


class FlightDoor:
    """The Flight server of a ledger, on loopback until people can sign in.

    Parameters
    ----------
    ahead_max : batches that a stream may have waiting for the ledger.
    message_bytes_max : most bytes of a batch, unpacked, of a ticket and of an action's body. gRPC
        has read a longer one by then: it is dropped, and its stream ends.

    Raises: Outage where the port is taken.
    """

    def __init__(
        self,
        ledger: LedgerApi,
        *,
        tenant: str,
        port: int,
        clock: Clock,
        ahead_max: int = AHEAD_MAX,
        message_bytes_max: int = MESSAGE_BYTES_MAX,
    ) -> None:
        address = f"grpc://127.0.0.1:{port}"
        meter = FlightMeter(clock)
        self.metrics = meter.families
        limits = _Limits(ahead_max, message_bytes_max)
        try:
            self._server = _Server(address, ledger, tenants.checked(tenant), meter, limits)
        except (pa.ArrowException, OSError) as error:
            raise Outage(f"expected port {port} to be free, was taken", port=port) from error

    @property
    def port(self) -> int:
        """The port, once it was chosen."""
        return int(self._server.port)

    def close(self, timeout_s: int = 5) -> None:
        """Take no more calls and wait a while for those under way."""
        closing = threading.Thread(target=self._server.shutdown, daemon=True)
        closing.start()
        closing.join(timeout_s)  # an idle client's open stream would hold it for ever


class _Limits(NamedTuple):
    ahead_max: int
    message_bytes_max: int


class _Server(flight.FlightServerBase):  # type: ignore[misc]
    def __init__(
        self, address: str, ledger: LedgerApi, tenant: str, meter: FlightMeter, limits: _Limits
    ) -> None:
        super().__init__(address)
        self._ledger, self._tenant, self._meter, self._limits = ledger, tenant, meter, limits

    def do_exchange(self, context: Any, descriptor: Any, reader: Any, writer: Any) -> None:
        with self._told("exchange"), ThreadPoolExecutor(1, "flight") as worker:
            operation = self._operation(bytes(descriptor.command or b""), worker)
            refusal = refusal_of(_schema(reader), *operation.takes)
            if refusal is not None:
                self._meter.refused(operation.name)
                raise refusal
            writer.begin(operation.answers)
            stream = _Answers(writer, operation, self._meter, self._limits.ahead_max)
            try:
                for batch in _batches(reader):
                    self._check_size(0 if batch is None else batch.nbytes, operation.name)
                    stream.put(batch)
            finally:
                stream.close()

    def do_get(self, context: Any, ticket: Any) -> Any:
        with self._told("get"):
            self._check_size(len(ticket.ticket), "get")
            if asks_for_transfers(ticket.ticket):
                return flight.GeneratorStream(TRANSFERS, self._exported())
            found = self._ledger.accounts(ids_of(ticket.ticket))
            return flight.RecordBatchStream(pa.Table.from_batches([found]))

    def do_action(self, context: Any, action: Any) -> Iterator[Any]:
        with self._told("action"):
            self._check_size(0 if action.body is None else action.body.size, "action")
            body = action.body.to_pybytes() if action.body is not None else b""
            return iter([flight.Result(pa.py_buffer(run(self._ledger, action.type, body)))])

    def list_actions(self, context: Any) -> list[tuple[str, str]]:
        return list(ACTIONS.items())

    def _exported(self) -> Iterator[pa.RecordBatch]:
        """Yield the batches of an export; what goes wrong half-way is told as a problem too."""
        export = getattr(self._ledger, "export_transfers", None)  # ExportPort: of the near twin
        if export is None:
            raise Malformed("expected accounts, was transfers: the ledger is in another process")
        batches = export()
        while True:
            with self._told("export"):  # step by step: gRPC may ask from a thread of its choice
                batch = next(batches, None)
            if batch is None:
                return
            yield batch
            self._meter.answered("export", batch.num_rows)

    def _check_size(self, size: int, stream: str) -> None:
        """Refuse what is too long. Raises: BodyTooLarge."""
        if size > self._limits.message_bytes_max:
            self._meter.refused(stream)
            maximum = self._limits.message_bytes_max
            raise BodyTooLarge(f"expected at most {maximum} bytes, was {size}", bytes_max=maximum)

    def _operation(self, command: bytes, worker: ThreadPoolExecutor) -> Operation:
        ledger, name = self._ledger, command.decode("utf-8", "replace")
        if name in ("transfers", "transfers+balances"):
            balances = name != "transfers"
            answers = RESULTS_WITH_BALANCES if balances else RESULTS
            submit = getattr(ledger, "submit_transfers", None)  # BatchPort: of the near twin only
            if submit is not None:
                return Operation(name, _TRANSFERS, answers, lambda batch: submit(batch, balances))
            return Operation(
                name,
                _TRANSFERS,
                answers,
                lambda batch: worker.submit(self._as_tenant, _posting(ledger, balances), batch),
            )
        if name == "accounts":
            return Operation(
                name,
                _ACCOUNTS,
                RESULTS,
                lambda batch: worker.submit(self._as_tenant, ledger.open_accounts, batch),
            )
        if name == "lookup_accounts":
            return Operation(
                name,
                (_LOOKUP,),
                ACCOUNTS,
                lambda batch: worker.submit(self._as_tenant, _looking(ledger), batch),
            )
        raise Malformed(f"expected a known stream, was {name[:40]!r}")

    def _as_tenant(self, call: Callable[[pa.RecordBatch], Any], batch: pa.RecordBatch) -> Any:
        with tenants.entered(self._tenant):
            return call(batch)

    @contextmanager
    def _told(self, what: str) -> Iterator[None]:
        """Run a call on behalf of the tenant; what goes wrong is told as a problem document."""
        with tenants.entered(self._tenant):
            try:
                yield
            except Problem as problem:
                raise _error(problem) from None
            except pa.ArrowException as error:
                raise _error(Malformed(f"expected Arrow, was {str(error)[:200]}")) from None
            except Exception as error:
                _log.error("flight.failed", call=what, exc_info=error)
                raise _error(Bug(f"expected no exception, was {type(error).__name__}")) from None


class _Asked(NamedTuple):
    """A batch whose answer is to come."""

    pending: Pending | Problem
    rows: int
    started_ns: int


class _Answers:
    """Writes the answers of a stream in order, from a thread of its own.

    The reading thread never waits for an answer, only for room among those under way.
    """

    def __init__(
        self, writer: Any, operation: Operation, meter: FlightMeter, ahead_max: int
    ) -> None:
        self._writer, self._operation, self._meter = writer, operation, meter
        self._nothing = pa.RecordBatch.from_pylist([], schema=operation.answers)
        self._pending: queue.Queue[_Asked | None] = queue.Queue(ahead_max)
        self._failure: BaseException | None = None
        self._thread = threading.Thread(target=self._run, name="flight-answers", daemon=True)
        self._thread.start()

    def put(self, batch: pa.RecordBatch | None) -> None:
        """Submit a batch and queue its answer. Raises: what broke the writing."""
        if self._failure is not None:
            raise self._failure
        started_ns, rows = self._meter.now_ns(), 0 if batch is None else batch.num_rows
        self._pending.put(_Asked(_submitted(self._operation, batch), rows, started_ns))

    def close(self) -> None:
        """Write what is still under way, then end. Raises: what broke the writing."""
        self._pending.put(None)
        self._thread.join()
        if self._failure is not None:
            raise self._failure

    def _run(self) -> None:
        while (asked := self._pending.get()) is not None:
            try:
                self._write(asked)
            except BaseException as error:  # the peer is gone: let the reader find out
                self._failure = self._failure or error

    def _write(self, asked: _Asked) -> None:
        pending, name = asked.pending, self._operation.name
        try:
            answer = pending if isinstance(pending, Problem) else pending.result()
        except Problem as problem:
            answer = problem
        except Exception as error:
            _log.error("flight.failed", call="batch", exc_info=error)
            answer = Bug(f"expected no exception, was {type(error).__name__}")
        if self._failure is not None:
            return
        if isinstance(answer, Problem):
            self._meter.refused(name)
            self._writer.write_with_metadata(self._nothing, pa.py_buffer(_document(answer)))
        else:
            self._meter.answered(name, asked.rows, asked.started_ns)
            self._writer.write_batch(answer)


def _schema(reader: Any) -> pa.Schema:
    """Return what a stream's batches look like. Raises: Malformed where it ended before."""
    try:
        return reader.schema
    except (pa.ArrowException, OSError):
        raise Malformed("expected a stream of batches, was none") from None


def _batches(reader: Any) -> Iterator[pa.RecordBatch | None]:
    """Yield the batches of a stream, None for a message without one."""
    while True:
        try:
            chunk = reader.read_chunk()
        except StopIteration:
            return
        except (pa.ArrowException, OSError) as error:  # as of a buffer that lies about its size
            raise Malformed(f"expected Arrow batches, was {str(error)[:200]}") from None
        yield chunk.data


def _submitted(operation: Operation, batch: pa.RecordBatch | None) -> Pending | Problem:
    try:
        if batch is None:
            return BatchRefused("expected a record batch, was none")
        if batch.num_rows > BATCH_MAX:
            return BatchRefused(f"expected at most {BATCH_MAX} rows, was {batch.num_rows}")
        batch.validate(full=True)  # no buffer shorter than its rows ask
        return operation.submit(batch)
    except Problem as problem:
        return problem
    except (pa.ArrowException, ValueError) as error:
        return BatchRefused(f"expected a valid record batch, was {str(error)[:200]}")


def _posting(ledger: LedgerApi, balances: bool) -> Callable[[pa.RecordBatch], pa.RecordBatch]:
    return lambda batch: ledger.post_transfers(batch, balances=balances)


def _looking(ledger: LedgerApi) -> Callable[[pa.RecordBatch], pa.RecordBatch]:
    def look(batch: pa.RecordBatch) -> pa.RecordBatch:
        if batch.column(0).null_count:
            raise BatchRefused("expected ids without nulls, was one")
        return ledger.accounts(batch.column(0).to_numpy().tolist())

    return look


def _document(problem: Problem) -> bytes:
    return json.dumps(concealed(problem).document(), default=str).encode()


def _error(problem: Problem) -> Exception:
    error: Exception = flight.FlightServerError(
        concealed(problem).detail, extra_info=_document(problem)
    )
    return error
