"""A load generator for HTTP/1.1 that costs little itself: prebuilt requests over plain sockets.

Closed: each connection sends its next request when the last is answered; that finds the saturating
load. Open: requests fall due at a steady rate, whoever is free takes them, and a latency counts
from the moment a request fell due, so a server that stalls cannot hide it.
"""

import selectors
import socket
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

RECEIVE_BYTES = 65_536
CREATED = b"HTTP/1.1 201"


@dataclass
class Answered:
    """What came of a stretch of load."""

    latencies_ms: list[float] = field(default_factory=list)
    created: int = 0
    refused: list[bytes] = field(default_factory=list)
    seconds: float = 0.0

    @property
    def per_second(self) -> float:
        """How many were created a second."""
        return self.created / self.seconds


class _Connection:
    """A socket and what it is waiting for."""

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.due = 0.0
        self._heard = b""

    def send(self, request: bytes, due: float) -> None:
        self.due = due
        self.socket.sendall(request)

    def receive(self) -> bytes | None:
        """Return a whole answer, None while it is not whole."""
        self._heard += self.socket.recv(RECEIVE_BYTES)
        head, mark, body = self._heard.partition(b"\r\n\r\n")
        if not mark:
            return None
        lower = head.lower()
        at = lower.index(b"content-length:") + 15
        if len(body) < int(lower[at : lower.find(b"\r", at) if b"\r" in lower[at:] else None]):
            return None
        whole, self._heard = self._heard, b""
        return whole


@contextmanager
def _connected(
    port: int, count: int
) -> Iterator[tuple[selectors.BaseSelector, deque[_Connection]]]:
    made = deque(_Connection(port) for _ in range(count))
    selector = selectors.DefaultSelector()
    for one in made:
        selector.register(one.socket, selectors.EVENT_READ, one)
    try:
        yield selector, made.copy()
    finally:
        selector.close()
        for one in made:
            one.socket.close()


def closed(port: int, requests: Iterator[bytes], *, connections: int, seconds: float) -> Answered:
    """Keep every connection busy for a while."""
    answered = Answered()
    with _connected(port, connections) as (selector, idle):
        start = time.perf_counter()
        for one in idle:
            one.send(next(requests), time.perf_counter())
        busy = len(idle)
        while busy:
            for one in _answers(selector, answered, timeout_s=5):
                busy -= 1
                if time.perf_counter() - start < seconds and (more := next(requests, None)):
                    one.send(more, time.perf_counter())
                    busy += 1
        answered.seconds = time.perf_counter() - start
    return answered


def opened(
    port: int, requests: Iterator[bytes], *, connections: int, seconds: float, per_second: float
) -> Answered:
    """Let requests fall due at a steady rate for a while."""
    answered = Answered()
    with _connected(port, connections) as (selector, idle):
        start = time.perf_counter()
        total, sent, busy = int(seconds * per_second), 0, 0
        while sent < total or busy:
            now = time.perf_counter()
            while sent < total and idle and start + sent / per_second <= now:
                idle.popleft().send(next(requests), start + sent / per_second)
                sent, busy = sent + 1, busy + 1
            wait = max(0.0, start + sent / per_second - now) if sent < total and idle else 5
            for one in _answers(selector, answered, timeout_s=wait):
                idle.append(one)
                busy -= 1
        answered.seconds = time.perf_counter() - start
    return answered


def _answers(
    selector: selectors.BaseSelector, answered: Answered, *, timeout_s: float
) -> Iterator[_Connection]:
    events = selector.select(timeout_s)
    if not events and timeout_s >= 5:
        raise RuntimeError("expected an answer within 5 s, was none")
    for key, _ in events:
        one: _Connection = key.data
        whole = one.receive()
        if whole is None:
            continue
        answered.latencies_ms.append((time.perf_counter() - one.due) * 1e3)
        if whole.startswith(CREATED):
            answered.created += 1
        else:
            answered.refused.append(whole[:300])
        yield one
