"""A small room to move about: its door, its one error, its service; and a server to put it on."""

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Protocol
from uuid import UUID

import pyarrow as pa
import uvicorn
from starlette.types import ASGIApp

from yunjin.chassis.transport import trace
from yunjin.kernel import tenant
from yunjin.kernel.errors import Bug, NotFound, Outage, Refusal, Unknown
from yunjin.kernel.page import Page


class ShelfFull(Refusal):
    code, status, title = "toy/shelf-full", 409, "Shelf full"


class ToyNotFound(NotFound):
    code, title = "toy/not-found", "No such toy"


class Colour(IntEnum):
    RED = 1
    BLUE = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Toy:
    id: UUID
    number: int
    name: str = "bear"
    colour: Colour = Colour.RED
    tags: tuple[str, ...] = ()
    blob: bytes = b""


class ToyApi(Protocol):
    def put(self, toy: Toy, *, shelf: int = 1) -> Toy: ...
    def get(self, toy_id: UUID) -> Toy: ...
    def page(self, prefix: str, *, limit: int = 20) -> Page[Toy]: ...
    def echo(self, number: int | None = None) -> int | None: ...
    def forget(self) -> None: ...
    def double(self, batch: pa.RecordBatch, *, times: int = 2) -> pa.RecordBatch: ...
    def split(self, batch: pa.RecordBatch) -> tuple[pa.RecordBatch, str | None]: ...
    def where(self) -> tuple[str, str]: ...
    def fail(self, how: str) -> None: ...


@dataclass
class Toys:
    shelf_max: int = 2
    toys: dict[UUID, Toy] = field(default_factory=dict)

    def put(self, toy: Toy, *, shelf: int = 1) -> Toy:
        if toy.id not in self.toys and len(self.toys) >= self.shelf_max:
            raise ShelfFull("The shelf is full.", shelf=shelf, big=2**60, toy=toy.name)
        return self.toys.setdefault(toy.id, toy)

    def get(self, toy_id: UUID) -> Toy:
        if toy_id not in self.toys:
            raise ToyNotFound("There is no such toy.")
        return self.toys[toy_id]

    def page(self, prefix: str, *, limit: int = 20) -> Page[Toy]:
        found = tuple(toy for toy in self.toys.values() if toy.name.startswith(prefix))
        return Page(found[:limit], "more" if len(found) > limit else None)

    def echo(self, number: int | None = None) -> int | None:
        return number

    def forget(self) -> None:
        self.toys.clear()

    def double(self, batch: pa.RecordBatch, *, times: int = 2) -> pa.RecordBatch:
        return pa.RecordBatch.from_pydict({"x": [x * times for x in batch["x"].to_pylist()]})

    def split(self, batch: pa.RecordBatch) -> tuple[pa.RecordBatch, str | None]:
        return batch.slice(0, 1), "rest" if batch.num_rows > 1 else None

    def where(self) -> tuple[str, str]:
        here = trace.current()
        return tenant.current(), here.trace_id if here else ""

    def fail(self, how: str) -> None:
        if how == "outage":
            raise Outage("The toy box is shut.")
        if how == "unknown":
            raise Unknown("The toy may be there.")
        if how == "bug":
            raise Bug("expected a toy, was a password", secret="hunter2")
        raise KeyError("secret")


@contextmanager
def served(app: ASGIApp) -> Iterator[str]:
    """Serve an application on the loopback, in a thread; yield its address."""
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(app, log_level="critical", lifespan="on"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    until = time.monotonic() + 10
    while not server.started and time.monotonic() < until:
        threading.Event().wait(0.005)
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(10)


@contextmanager
def answering(reply: bytes | None) -> Iterator[str]:
    """Listen, read each request's beginning and answer with raw bytes (None: never)."""
    listener = socket.create_server(("127.0.0.1", 0))
    done = threading.Event()

    def run() -> None:
        while not done.is_set():
            try:
                peer, _ = listener.accept()
            except OSError:
                return
            with peer:
                peer.recv(65_536)
                if reply is None:
                    done.wait(10)
                else:
                    peer.sendall(reply)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        done.set()
        listener.close()
