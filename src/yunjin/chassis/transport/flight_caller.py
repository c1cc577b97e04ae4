"""Calls to another process over Arrow Flight: one batch and its answer, or a small question.

The peer of `flight`: what the other side tells as a problem document is raised as that problem.
"""

import json
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any, Final
from urllib.parse import urlsplit

import pyarrow as pa
import pyarrow.flight as flight

from yunjin.kernel.errors import Outage, Unknown, of_document

CONNECT_S: Final = 2


class FlightCaller:
    """Calls one address. Safe for threads: each has a connection of its own.

    A connection that lost an answer is given up, so that the next call finds out anew where the
    other side is.

    Parameters
    ----------
    answer_s : how long an answer may take.

    Raises (from both calls): the problem that the other side tells; Outage, nobody listens and
    nothing was done; Unknown, the answer was lost or late: it may have been done.
    """

    def __init__(self, address: str, *, answer_s: int) -> None:
        self._address = address
        self._options = flight.FlightCallOptions(timeout=answer_s)
        self._own = threading.local()
        self._made: list[Any] = []
        self._making = threading.Lock()

    def exchange(self, stream: str, batch: pa.RecordBatch) -> pa.RecordBatch:
        """Send one batch to a stream; return its answer."""
        with self._connected() as connection:
            descriptor = flight.FlightDescriptor.for_command(stream)
            writer, reader = connection.do_exchange(descriptor, self._options)
            try:
                writer.begin(batch.schema)
                writer.write_batch(batch)
                writer.done_writing()
                chunk = reader.read_chunk()
            finally:
                with suppress(pa.ArrowException, OSError):
                    writer.close()
        if chunk.app_metadata is not None:
            raise of_document(json.loads(chunk.app_metadata.to_pybytes()))
        return chunk.data

    def ask(self, action: str, asked: Any) -> bytes:
        """Ask a small question in JSON; return the answer's body."""
        with self._connected() as connection:
            question = flight.Action(action, json.dumps(asked).encode())
            [result] = connection.do_action(question, self._options)
            body: bytes = result.body.to_pybytes()
        return body

    def close(self) -> None:
        """Hang up."""
        with self._making:
            made, self._made = self._made, []
        for one in made:
            one.close()

    @contextmanager
    def _connected(self) -> Iterator[Any]:
        """Yield this thread's connection; tell what Flight raises as the problem it is."""
        connection = getattr(self._own, "connection", None)
        if connection is None:
            connection = self._own.connection = self._connect()
        try:
            yield connection
        except StopIteration:
            self._give_up(connection)
            raise Unknown(f"the answer from {self._address} was lost: the stream ended") from None
        except (pa.ArrowException, OSError) as error:
            info = getattr(error, "extra_info", b"")
            if info:
                raise of_document(json.loads(info)) from None
            self._give_up(connection)
            said = str(error)[:200]
            raise Unknown(f"the answer from {self._address} was lost: {said}") from error

    def _connect(self) -> Any:
        where = urlsplit(self._address)
        made = flight.FlightClient(self._address)
        try:  # a knock first: gRPC would try a dead address for all of the time
            socket.create_connection((where.hostname, where.port), CONNECT_S).close()
            made.wait_for_available(timeout=CONNECT_S)
        except (pa.ArrowException, OSError) as error:
            made.close()
            what = f"expected a bank at {self._address} within {CONNECT_S} s, was none"
            raise Outage(what) from error
        with self._making:
            self._made.append(made)
        return made

    def _give_up(self, connection: Any) -> None:
        self._own.connection = None
        with self._making:
            if connection in self._made:
                self._made.remove(connection)
        with suppress(pa.ArrowException, OSError):
            connection.close()
