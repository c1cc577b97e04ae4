"""Waiting with an end: a watch that hangs up on a silent server, and errors told as problems."""

import contextlib
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Any, Self

import pyarrow as pa

from yunjin.kernel.errors import Unknown, of_document


class Watch:
    """Hangs up a stream when one answer takes longer than the deadline (at most twice as long).

    gRPC's own deadline is for a whole call; a stream of batches may rightly last for hours.
    """

    def __init__(self, reader: Any, deadline_s: int) -> None:
        self._reader, self._deadline_s = reader, deadline_s
        self._is_done = threading.Event()
        self._answers = 0
        self._thread = threading.Thread(target=self._run, name="ledger-watch", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._is_done.set()

    def answered(self) -> None:
        """Note that an answer came."""
        self._answers += 1

    def _run(self) -> None:
        seen = -1
        while not self._is_done.wait(self._deadline_s):
            if self._answers == seen:
                self._reader.cancel()
                return
            seen = self._answers


@contextmanager
def told(what: str) -> Iterator[None]:
    """Raise what Flight raises as the Problem it is.

    A server that went away in the middle is Unknown too: what was sent may have been done.
    """
    try:
        yield
    except StopIteration:
        raise Unknown(f"{what} was lost: the stream ended") from None
    except (pa.ArrowException, OSError) as error:
        info = getattr(error, "extra_info", b"")
        if info:
            raise of_document(json.loads(info)) from None
        raise Unknown(f"{what} was lost: {str(error)[:200]}") from error


@contextmanager
def closing(writer: Any) -> Iterator[None]:
    """Close a stream at the end of a block; its answers have all come, or an error is told."""
    try:
        yield
    finally:
        with contextlib.suppress(pa.ArrowException, OSError):
            writer.close()
