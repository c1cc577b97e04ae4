"""Arrow Flight: batches in columns, many in flight on one stream, answers in order.

`do_exchange`  transfers | transfers+balances | accounts | lookup_accounts
`do_get`       accounts by id
`do_action`    state | trial_balance | ledgers | declare_ledgers | allot_account_ids | transfers

A batch that is refused is answered by no rows and a problem document in `app_metadata`; the
stream goes on. What breaks a stream ends it with a FlightServerError whose `extra_info` is one.
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

from yunjin.chassis.transport import concealed
from yunjin.foundation.ledger.api import ACCOUNTS, RESULTS, RESULTS_WITH_BALANCES, LedgerApi
from yunjin.foundation.ledger.errors import BatchRefused
from yunjin.foundation.ledger.routes.actions import ACTIONS, ids_of, run
from yunjin.foundation.ledger.routes.values import BATCH_MAX
from yunjin.kernel import tenant as tenants
from yunjin.kernel.errors import Bug, Malformed, Outage, Problem

AHEAD_MAX: Final = 8
_log: Final = structlog.get_logger()
_LOOKUP: Final = pa.schema([("id", pa.int64())])
Pending = Future[pa.RecordBatch]


class Operation(NamedTuple):
    """What a stream does with each of its batches."""

    answers: pa.Schema
    submit: Callable[[pa.RecordBatch], Pending]


class FlightDoor:
    """The Flight server of a ledger, on loopback until people can sign in.

    Parameters
    ----------
    ahead_max : batches that a stream may have waiting for the ledger.

    Raises: Outage where the port is taken.
    """

    def __init__(
        self, ledger: LedgerApi, *, tenant: str, port: int, ahead_max: int = AHEAD_MAX
    ) -> None:
        address = f"grpc://127.0.0.1:{port}"
        try:
            self._server = _Server(address, ledger, tenants.checked(tenant), ahead_max)
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


class _Server(flight.FlightServerBase):  # type: ignore[misc]
    def __init__(self, address: str, ledger: LedgerApi, tenant: str, ahead_max: int) -> None:
        super().__init__(address)
        self._ledger, self._tenant, self._ahead_max = ledger, tenant, ahead_max

    def do_exchange(self, context: Any, descriptor: Any, reader: Any, writer: Any) -> None:
        with self._told("exchange"), ThreadPoolExecutor(1, "flight") as worker:
            operation = self._operation(bytes(descriptor.command or b""), worker)
            writer.begin(operation.answers)
            stream = _Answers(writer, operation.answers, self._ahead_max)
            try:
                for batch in _batches(reader):
                    stream.put(_submitted(operation, batch))
            finally:
                stream.close()

    def do_get(self, context: Any, ticket: Any) -> Any:
        with self._told("get"):
            found = self._ledger.accounts(ids_of(ticket.ticket))
            return flight.RecordBatchStream(pa.Table.from_batches([found]))

    def do_action(self, context: Any, action: Any) -> Iterator[Any]:
        with self._told("action"):
            body = action.body.to_pybytes() if action.body is not None else b""
            return iter([flight.Result(pa.py_buffer(run(self._ledger, action.type, body)))])

    def list_actions(self, context: Any) -> list[tuple[str, str]]:
        return list(ACTIONS.items())

    def _operation(self, command: bytes, worker: ThreadPoolExecutor) -> Operation:
        ledger, name = self._ledger, command.decode("utf-8", "replace")
        if name in ("transfers", "transfers+balances"):
            balances = name != "transfers"
            answers = RESULTS_WITH_BALANCES if balances else RESULTS
            submit = getattr(ledger, "submit_transfers", None)  # BatchPort: of the near twin only
            if submit is not None:
                return Operation(answers, lambda batch: submit(batch, balances))
            return Operation(
                answers,
                lambda batch: worker.submit(self._as_tenant, _posting(ledger, balances), batch),
            )
        if name == "accounts":
            return Operation(
                RESULTS, lambda batch: worker.submit(self._as_tenant, ledger.open_accounts, batch)
            )
        if name == "lookup_accounts":
            return Operation(
                ACCOUNTS, lambda batch: worker.submit(self._as_tenant, _looking(ledger), batch)
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


class _Answers:
    """Writes the answers of a stream in order, from a thread of its own.

    The reading thread never waits for an answer, only for room among those under way.
    """

    def __init__(self, writer: Any, schema: pa.Schema, ahead_max: int) -> None:
        self._writer = writer
        self._nothing = pa.RecordBatch.from_pylist([], schema=schema)
        self._pending: queue.Queue[Pending | Problem | None] = queue.Queue(ahead_max)
        self._failure: BaseException | None = None
        self._thread = threading.Thread(target=self._run, name="flight-answers", daemon=True)
        self._thread.start()

    def put(self, pending: Pending | Problem) -> None:
        """Queue an answer. Raises: what broke the writing."""
        if self._failure is not None:
            raise self._failure
        self._pending.put(pending)

    def close(self) -> None:
        """Write what is still under way, then end. Raises: what broke the writing."""
        self._pending.put(None)
        self._thread.join()
        if self._failure is not None:
            raise self._failure

    def _run(self) -> None:
        while (pending := self._pending.get()) is not None:
            try:
                self._write(pending)
            except BaseException as error:  # the peer is gone: let the reader find out
                self._failure = self._failure or error

    def _write(self, pending: Pending | Problem) -> None:
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
            self._writer.write_with_metadata(self._nothing, pa.py_buffer(_document(answer)))
        else:
            self._writer.write_batch(answer)


def _batches(reader: Any) -> Iterator[pa.RecordBatch | None]:
    """Yield the batches of a stream, None for a message without one."""
    while True:
        try:
            chunk = reader.read_chunk()
        except StopIteration:
            return
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
        if batch.schema != _LOOKUP or batch.column(0).null_count:
            raise BatchRefused("expected one column id: int64 without nulls, was another")
        return ledger.accounts(batch.column(0).to_numpy().tolist())

    return look


def _document(problem: Problem) -> bytes:
    return json.dumps(concealed(problem).document(), default=str).encode()


def _error(problem: Problem) -> Exception:
    error: Exception = flight.FlightServerError(
        concealed(problem).detail, extra_info=_document(problem)
    )
    return error
