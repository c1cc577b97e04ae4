"""Arrow Flight: batches in columns, many in flight on one stream, answers in order.

`do_exchange` serves the rooms' streams, `do_get` their exports, `do_action` their small questions.

A batch that is refused is answered by no rows and a problem document in `app_metadata`; the
stream goes on. What breaks a stream ends it with a FlightServerError whose `extra_info` is one:
among others a schema that the stream does not take, so that no batch of it is ever read, and a
message that is too long.
"""

import json
import queue
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any, Final, NamedTuple

import pyarrow as pa
import pyarrow.flight as flight
import structlog

from yunjin.chassis.transport.flight_meter import FlightMeter
from yunjin.chassis.transport.problems import BodyTooLarge, concealed
from yunjin.chassis.transport.streams import Endpoints, Pending, Stream
from yunjin.kernel import tenant as tenants
from yunjin.kernel.clock import Clock
from yunjin.kernel.errors import Bug, Malformed, Outage, Problem

AHEAD_MAX: Final = 8
MESSAGE_BYTES_MAX: Final = 4 << 20
_log: Final = structlog.get_logger()
Submit = Callable[[pa.RecordBatch], Pending]


class FlightDoor:
    """The Flight server of a process, on loopback until people can sign in.

    Parameters
    ----------
    ahead_max : batches that a stream may have waiting for their answers.
    message_bytes_max : most bytes of a batch, unpacked, of a ticket and of an action's body. gRPC
        has read a longer one by then: it is dropped, and its stream ends.

    Raises: Outage where the port is taken.
    """

    def __init__(
        self,
        endpoints: Endpoints,
        *,
        tenant: str,
        port: int,
        clock: Clock,
        host: str = "127.0.0.1",
        ahead_max: int = AHEAD_MAX,
        message_bytes_max: int = MESSAGE_BYTES_MAX,
    ) -> None:
        address = f"grpc://{host}:{port}"
        meter = FlightMeter(clock)
        self.metrics = meter.families
        limits = _Limits(ahead_max, message_bytes_max)
        try:
            self._server = _Server(address, endpoints, tenants.checked(tenant), meter, limits)
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
        self, address: str, endpoints: Endpoints, tenant: str, meter: FlightMeter, limits: _Limits
    ) -> None:
        super().__init__(address)
        self._endpoints, self._tenant, self._meter = endpoints, tenant, meter
        self._limits = limits

    def do_exchange(self, context: Any, descriptor: Any, reader: Any, writer: Any) -> None:
        with self._told("exchange"), ThreadPoolExecutor(1, "flight") as worker:
            name = bytes(descriptor.command or b"").decode("utf-8", "replace")
            stream = self._endpoints.streams.get(name)
            if stream is None:
                raise Malformed(f"expected a known stream, was {name[:40]!r}")
            refusal = stream.refusal_of(_schema(reader))
            if refusal is not None:
                self._meter.refused(name)
                raise refusal
            writer.begin(stream.answers)
            submit = stream.submit or self._submitting(stream, worker)
            answers = _Answers(writer, name, stream, self._meter, self._limits.ahead_max)
            try:
                for batch in _batches(reader):
                    self._check_size(0 if batch is None else batch.nbytes, name)
                    answers.put(batch, submit)
            finally:
                answers.close()

    def do_get(self, context: Any, ticket: Any) -> Any:
        with self._told("get"):
            self._check_size(len(ticket.ticket), "get")
            asked = _json(ticket.ticket)
            name = next(iter(asked), "") if isinstance(asked, dict) and len(asked) == 1 else ""
            export = self._endpoints.exports.get(name)
            if export is None:
                known = ", ".join(self._endpoints.exports)
                raise Malformed(f"expected a ticket in JSON with one of {known}, was another")
            return flight.GeneratorStream(
                export.schema, self._exported(export.batches(asked[name]))
            )

    def do_action(self, context: Any, action: Any) -> Iterator[Any]:
        with self._told("action"):
            self._check_size(0 if action.body is None else action.body.size, "action")
            body = action.body.to_pybytes() if action.body is not None else b""
            found = self._endpoints.actions.get(action.type)
            if found is None:
                known = ", ".join(self._endpoints.actions)
                raise Malformed(f"expected one of {known}, was {action.type[:40]!r}")
            return iter([flight.Result(pa.py_buffer(found.run(_json(body) if body else {})))])

    def list_actions(self, context: Any) -> list[tuple[str, str]]:
        return [(name, action.help) for name, action in self._endpoints.actions.items()]

    def _exported(self, batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        """Yield the batches of an export; what goes wrong half-way is told as a problem too."""
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

    def _submitting(self, stream: Stream, worker: ThreadPoolExecutor) -> Submit:
        """Return what has a stream's batches acted on by its worker, one after another."""

        def act(batch: pa.RecordBatch) -> pa.RecordBatch:
            with tenants.entered(self._tenant):
                return stream.act(batch)

        return lambda batch: worker.submit(act, batch)

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
        self, writer: Any, name: str, stream: Stream, meter: FlightMeter, ahead_max: int
    ) -> None:
        self._writer, self._name, self._stream, self._meter = writer, name, stream, meter
        self._nothing = pa.RecordBatch.from_pylist([], schema=stream.answers)
        self._pending: queue.Queue[_Asked | None] = queue.Queue(ahead_max)
        self._failure: BaseException | None = None
        self._thread = threading.Thread(target=self._run, name="flight-answers", daemon=True)
        self._thread.start()

    def put(self, batch: pa.RecordBatch | None, submit: Submit) -> None:
        """Submit a batch and queue its answer. Raises: what broke the writing."""
        if self._failure is not None:
            raise self._failure
        started_ns, rows = self._meter.now_ns(), 0 if batch is None else batch.num_rows
        self._pending.put(_Asked(_submitted(self._stream, batch, submit), rows, started_ns))

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
        pending = asked.pending
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
            self._meter.refused(self._name)
            self._writer.write_with_metadata(self._nothing, pa.py_buffer(_document(answer)))
        else:
            self._meter.answered(self._name, asked.rows, asked.started_ns)
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


def _submitted(stream: Stream, batch: pa.RecordBatch | None, submit: Submit) -> Pending | Problem:
    try:
        if batch is None:
            return stream.refuse("expected a record batch, was none")
        if batch.num_rows > stream.rows_max:
            return stream.refuse(f"expected at most {stream.rows_max} rows, was {batch.num_rows}")
        batch.validate(full=True)  # no buffer shorter than its rows ask
        return submit(batch)
    except Problem as problem:
        return problem
    except (pa.ArrowException, ValueError) as error:
        return stream.refuse(f"expected a valid record batch, was {str(error)[:200]}")


def _json(body: bytes) -> Any:
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        raise Malformed("expected JSON in UTF-8, was another form") from None


def _document(problem: Problem) -> bytes:
    return json.dumps(concealed(problem).document(), default=str).encode()


def _error(problem: Problem) -> Exception:
    error: Exception = flight.FlightServerError(
        concealed(problem).detail, extra_info=_document(problem)
    )
    return error
