"""A wire between a client and a MySQL server that can be cut around a COMMIT."""

import contextlib
import socket
import threading
from collections.abc import Iterator
from enum import Enum

_COMMIT = b"\x03COMMIT"  # COM_QUERY and its text


class Cut(Enum):
    """Where the next COMMIT's conversation ends."""

    BEFORE = "the server never hears COMMIT"
    AFTER = "the server has committed, the client never hears so"
    LATE = "the client hears nothing, the server hears COMMIT when `late` is set"


class Wire:
    """A loopback port that stands for the server's; once armed it cuts one COMMIT."""

    def __init__(self, server_port: int) -> None:
        self._server_port = server_port
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self.cuts_fired = 0
        self.late = threading.Event()
        self._armed: Cut | None = None
        threading.Thread(target=self._accept, daemon=True).start()

    def arm(self, cut: Cut) -> None:
        self._armed = cut

    def close(self) -> None:
        self._listener.close()
        self.late.set()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                server = socket.create_connection(("127.0.0.1", self._server_port))
                swallow = threading.Event()
                for job in (self._forth, self._back):
                    threading.Thread(
                        target=job, args=(client, server, swallow), daemon=True
                    ).start()

    def _forth(
        self, client: socket.socket, server: socket.socket, swallow: threading.Event
    ) -> None:
        for data in _received(client):
            cut = self._armed if data.endswith(_COMMIT) else None
            if cut is not None:
                self._armed, self.cuts_fired = None, self.cuts_fired + 1
                if cut is Cut.BEFORE:
                    break
                swallow.set()
                if cut is Cut.LATE:
                    _close(client)
                    self.late.wait(30)
            with contextlib.suppress(OSError):
                server.sendall(data)
            if cut is not None:
                return  # the answer's thread closes both, once the server has spoken
        _close(client, server)

    def _back(self, client: socket.socket, server: socket.socket, swallow: threading.Event) -> None:
        for data in _received(server):
            if swallow.is_set():
                break
            with contextlib.suppress(OSError):
                client.sendall(data)
        _close(client, server)


def _received(source: socket.socket) -> Iterator[bytes]:
    with contextlib.suppress(OSError):
        while data := source.recv(65_536):
            yield data


def _close(*sockets: socket.socket) -> None:
    for each in sockets:
        with contextlib.suppress(OSError):
            each.shutdown(socket.SHUT_RDWR)
        each.close()
