"""The gateway's address book: which process writes which cell, and what that has of its home."""

import asyncio
import json
import time
from collections.abc import Sequence
from typing import Any, Final

import httpx
import structlog

from yunjin.app.gateway.keys import Target
from yunjin.kernel.ids import SEQUENCE_BITS
from yunjin.kernel.shares import Share

_FRESH_S: Final = 0.05  # so long a list is believed after somebody found it wrong
_ASK_S: Final = 1.0
_SILENT_S: Final = 5.0  # so long is one that did not answer left out, where another did
_FOR_EVER_NS: Final = 2**62
_log: Final = structlog.get_logger()


class Book:
    """Knows where each cell is written.

    seeds : http://HOST:PORT of processes of any cells; others are learnt from them.
    """

    def __init__(self, web: httpx.AsyncClient, seeds: Sequence[str]) -> None:
        self._web, self._known = web, list(dict.fromkeys(seeds))
        self._writers: dict[int, str] = {}
        self._shares: dict[int, Share] = {}
        self._silent_at: dict[str, float] = {}
        self._read_at = 0.0
        self._reading = asyncio.Lock()
        self.trouble = "nobody was asked yet"

    def cells(self) -> list[int]:
        """Return the cells that somebody writes."""
        return sorted(self._writers)

    def addresses(self) -> list[str]:
        """Return where the cells are written, by their numbers."""
        return [self._writers[cell] for cell in self.cells()]

    def cell_of(self, target: Target) -> int | None:
        """Return the cell that a request is for, None where that is no matter."""
        if target.cell is not None or target.account is None:
            return target.cell
        having = [cell for cell, share in self._shares.items() if share.holds(target.account)]
        # of two that seem to have it, the one that was split more often has
        return max(
            having,
            key=lambda cell: self._shares[cell].depth,
            default=target.account >> SEQUENCE_BITS,
        )

    async def writer(self, target: Target) -> str | None:
        """Return where its cell is written; of no cell in particular, where the first is."""
        if not self._writers:
            await self.read()
        cell = self.cell_of(target)
        if cell is None:
            return self._writers[min(self._writers)] if self._writers else None
        return self._writers.get(cell)

    async def read(self) -> None:
        """Ask again, unless somebody has just done so."""
        async with self._reading:
            if time.monotonic() - self._read_at < _FRESH_S:
                return
            members: list[dict[str, Any]] = []
            for address in list(self._known):
                if members and (_is_covered(address, members) or self._was_silent(address)):
                    continue
                try:
                    answer = await self._web.get(f"{address}/v1/members", timeout=_ASK_S)
                    members += json.loads(answer.content)["items"]
                except (httpx.HTTPError, ValueError, KeyError, TypeError) as error:
                    self.trouble = f"{address} does not answer: {type(error).__name__}"
                    self._silent_at[address] = time.monotonic()
            self._read_at = time.monotonic()
            if members:
                self._learn(members)
            else:
                _log.warning("gateway.no_members", trouble=self.trouble)

    def _was_silent(self, address: str) -> bool:
        return time.monotonic() - self._silent_at.get(address, -_SILENT_S) < _SILENT_S

    def _learn(self, members: list[dict[str, Any]]) -> None:
        found = [one for one in members if one["http"]]
        # whoever was heard of last is asked first: a dead one is found out only by asking
        found.sort(key=lambda one: -int(one["seen_at_ns"]))
        seen = [str(one["http"]) for one in found]
        self._known = list(dict.fromkeys([*seen, *self._known]))
        # the newest lease comes last: a set that a cell has left still tells where it went
        found.sort(key=lambda one: int(one["epoch"]))
        writing = [one for one in found if one["writes"]]
        self._writers = {int(one["cell"]): str(one["http"]) for one in writing}
        for one in writing:
            cell = int(one["cell"])
            share = Share(one.get("home", cell), one.get("depth", 0), one.get("residue", 0))
            known = self._shares.get(cell, share)
            self._shares[cell] = share if share.depth > known.depth else known
        self.trouble = "" if self._writers else "no process writes a cell just now"


def _is_covered(address: str, members: list[dict[str, Any]]) -> bool:
    """Tell whether a process of the same set has answered."""
    return any(one["http"] == address and not _is_signpost(one) for one in members)


def _is_signpost(member: dict[str, Any]) -> bool:
    """Tell whether a member is of another set, where its cell has moved to."""
    return int(member["seen_at_ns"]) >= _FOR_EVER_NS
