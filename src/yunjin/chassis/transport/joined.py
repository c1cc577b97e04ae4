"""One system call for an answer: what is written in one turn of the loop leaves together.

uvicorn writes an answer's head and its body one after the other, and uvloop hands each to the
kernel at once; over a small answer that costs as much as the request itself.
"""

import asyncio
from typing import Any, Final

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

HELD_BYTES_MAX: Final = 64 * 1024  # beyond it the socket must say when it is full


class JoinedWrites:
    """A transport that keeps what it is given until the loop has run what is ready."""

    def __init__(self, transport: asyncio.Transport, loop: asyncio.AbstractEventLoop) -> None:
        self._transport, self._loop = transport, loop
        self._held: list[bytes] = []
        self._held_bytes = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)

    def write(self, data: bytes) -> None:
        """Take bytes; they leave at the end of this turn, in order."""
        if not self._held:
            self._loop.call_soon(self.flush)
        self._held.append(data)
        self._held_bytes += len(data)
        if self._held_bytes > HELD_BYTES_MAX:
            self.flush()

    def writelines(self, pieces: Any) -> None:
        """Take many pieces of bytes, as one."""
        self.write(b"".join(pieces))

    def write_eof(self) -> None:
        """Send what is held, then say that nothing follows."""
        self.flush()
        self._transport.write_eof()

    def close(self) -> None:
        """Send what is held, then close."""
        self.flush()
        self._transport.close()

    def flush(self) -> None:
        """Send what is held now."""
        if self._held:
            held, self._held, self._held_bytes = self._held, [], 0
            self._transport.write(held[0] if len(held) == 1 else b"".join(held))


class JoinedProtocol(HttpToolsProtocol):
    """uvicorn's protocol on a transport that joins writes."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin to serve a connection."""
        super().connection_made(JoinedWrites(transport, self.loop))  # type: ignore[arg-type]
