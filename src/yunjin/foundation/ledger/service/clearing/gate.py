"""What a split waits for: crossings of payers that go; nobody else could bring them to an end."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from typing import Any, Final
from uuid import UUID

from yunjin.foundation.ledger.domain.clearing import Crossings
from yunjin.foundation.ledger.errors import SplitWaits
from yunjin.foundation.ledger.service.clearing.shelf import Shelf
from yunjin.kernel.errors import Outage
from yunjin.kernel.shares import Share

_NAMED: Final = 10


class Gate:
    """Through which crossings are taken. Safe for threads."""

    def __init__(self, shelf: Shelf) -> None:
        self._shelf, self._lock = shelf, threading.Lock()
        self._held_back: Share | None = None  # whose payers' crossings are not taken
        self._open: dict[int, Crossings] = {}  # what callers have not been told the end of

    def take(self, columns: Crossings, future: "Future[Any]") -> None:
        """Take note of what is under way until its future is done.

        Raises: Outage where a split is near.
        """
        with self._lock:
            held = self._held_back
            if held is not None and held.holds(columns.debit_account_id).any():
                raise Outage("The cell is being split: ask again in a moment.")
            self._open[id(future)] = columns
        future.add_done_callback(lambda _: self._open.pop(id(future), None))

    @contextmanager
    def holding_back(self, goes: Share) -> Iterator[Callable[[], None]]:
        """Take no crossings of some payers for a block.

        Yields what raises SplitWaits, naming the first, while any of theirs has not come to its
        end.
        """
        with self._lock:
            self._held_back = goes
        try:
            yield lambda: self._check_clear(goes)
        finally:
            with self._lock:
                self._held_back = None

    def _check_clear(self, goes: Share) -> None:
        with self._lock:
            under_way = list(self._open.values())
        under_way += [batch.columns for batch in self._shelf.all()]
        ids = {
            UUID(int=hi << 64 | lo)
            for columns in under_way
            for hi, lo in zip(*columns.ids_of(goes), strict=True)
        }
        if ids:
            raise SplitWaits(
                f"{len(ids)} transfers to other cells have not come to their end.",
                crossings=len(ids),
                first=[str(one) for one in sorted(ids)[:_NAMED]],
            )
