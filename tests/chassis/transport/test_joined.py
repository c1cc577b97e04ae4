"""Goal: an answer leaves in one system call, and nothing is lost or put out of order by it.

Method: a transport that records what reaches it; a real uvicorn with the protocol on top.
"""

import asyncio
import socket
import threading

import uvicorn

from yunjin.chassis.transport import JoinedProtocol
from yunjin.chassis.transport.joined import HELD_BYTES_MAX, JoinedWrites


class Recorder:
    """Takes the place of a transport."""

    def __init__(self) -> None:
        self.calls: list[bytes | str] = []

    def write(self, data: bytes) -> None:
        self.calls.append(data)

    def write_eof(self) -> None:
        self.calls.append("eof")

    def close(self) -> None:
        self.calls.append("close")

    def get_extra_info(self, name: str) -> str:
        return f"the {name}"


def recorded(*turns: list[tuple[str, bytes]]) -> list[bytes | str]:
    """Play calls, one list a turn of the loop; return what reached the transport."""
    recorder = Recorder()

    async def play() -> None:
        joined = JoinedWrites(recorder, asyncio.get_running_loop())  # type: ignore[arg-type]
        for turn in turns:
            for name, data in turn:
                getattr(joined, name)(*([data] if data else []))
            await asyncio.sleep(0)

    asyncio.run(play())
    return recorder.calls


def test_what_is_written_in_one_turn_leaves_at_once_and_in_order() -> None:
    assert recorded([("write", b"head"), ("write", b"body")]) == [b"headbody"]
    assert recorded([("write", b"a")], [("write", b"b"), ("write", b"c")]) == [b"a", b"bc"]


def test_nothing_held_is_lost_when_the_connection_ends() -> None:
    assert recorded([("write", b"last"), ("close", b"")]) == [b"last", "close"]
    assert recorded([("write", b"last"), ("write_eof", b"")]) == [b"last", "eof"]


def test_a_long_answer_does_not_pile_up_in_memory() -> None:
    piece = b"x" * HELD_BYTES_MAX
    assert recorded([("write", b"a"), ("write", piece), ("write", b"z")]) == [b"a" + piece, b"z"]


def test_everything_else_is_the_transports_own() -> None:
    async def asked() -> str:
        joined = JoinedWrites(Recorder(), asyncio.get_running_loop())  # type: ignore[arg-type]
        return str(joined.get_extra_info("peer"))

    assert asyncio.run(asked()) == "the peer"


def test_a_served_answer_arrives_whole_in_one_piece_of_the_wire() -> None:
    async def app(scope, receive, send):  # type: ignore[no-untyped-def]
        if scope["type"] != "http":
            return
        await send(
            {"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"4")]}
        )
        await send({"type": "http.response.body", "body": b"paid"})

    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        server = uvicorn.Server(
            uvicorn.Config(app, http=JoinedProtocol, lifespan="off", log_config=None)
        )
        thread = threading.Thread(target=lambda: server.run(sockets=[listener]))
        thread.start()
        with socket.create_connection(listener.getsockname()) as caller:
            for _ in range(3):
                caller.sendall(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n")
                answer = caller.recv(65_536)
                assert answer.startswith(b"HTTP/1.1 200 OK\r\n")
                assert answer.endswith(b"\r\n\r\npaid")
        server.should_exit = True
        thread.join()
