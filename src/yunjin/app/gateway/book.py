"""The gateway's address book: which process writes which cell, asked of any process."""

import asyncio
import json
import time
from collections.abc import Sequence
from typing import Any, Final

import httpx
import structlog

_FRESH_S: Final = 0.05  # so long a list is believed after somebody found it wrong
_ASK_S: Final = 1.0
_log: Final = structlog.get_logger()


class Book:
    """Knows where each cell is written.

    seeds : http://HOST:PORT of processes of any cells; others are learnt from them.
    """

    def __init__(self, web: httpx.AsyncClient, seeds: Sequence[str]) -> None:
        self._web, self._known = web, list(dict.fromkeys(seeds))
        self._writers: dict[int, str] = {}
        self._read_at = 0.0
        self._reading = asyncio.Lock()
        self.trouble = "nobody was asked yet"

    def cells(self) -> list[int]:
        """Return the cells that somebody writes."""
        return sorted(self._writers)

    async def writer(self, cell: int | None) -> str | None:
        """Return where a cell is written; of no cell in particular, where the first is."""
        if not self._writers:
            await self.read()
        if cell is None:
            return self._writers[min(self._writers)] if self._writers else None
        return self._writers.get(cell)

    async def read(self) -> None:
        """Ask again, unless somebody has just done so."""
        async with self._reading:
            if time.monotonic() - self._read_at < _FRESH_S:
                return
            for address in list(self._known):
                try:
                    answer = await self._web.get(f"{address}/v1/members", timeout=_ASK_S)
                    members: list[dict[str, Any]] = json.loads(answer.content)["items"]
                except (httpx.HTTPError, ValueError, KeyError) as error:
                    self.trouble = f"{address} does not answer: {type(error).__name__}"
                    continue
                self._learn(members)
                self._read_at = time.monotonic()
                return
            self._read_at = time.monotonic()
            _log.warning("gateway.no_members", trouble=self.trouble)

    def _learn(self, members: list[dict[str, Any]]) -> None:
        found = [one for one in members if one["http"]]
        # whoever was heard of last is asked first: a dead one is found out only by asking
        found.sort(key=lambda one: -int(one["seen_at_ns"]))
        seen = [str(one["http"]) for one in found]
        self._known = list(dict.fromkeys([*seen, *self._known]))
        self._writers = {int(one["cell"]): str(one["http"]) for one in found if one["writes"]}
        self.trouble = "" if self._writers else "no process writes a cell just now"
