"""Goal: a set that is wrongly set up is refused before anything is made, with the cure named.

Method: this machine as three hosts, one of which has another clock, or a full disk, or lacks a
program: its runner answers so.
"""

import re
import socket
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from tests.galera import described
from yunjin.foundation.database.adapters.runners import LocalRunner, Ran
from yunjin.foundation.database.domain.topology import Host, read_topology
from yunjin.foundation.database.errors import HostUnreachable, NodeRefused
from yunjin.foundation.database.service.fleet import Fleet

Answer = Callable[[Sequence[str]], bytes | None]


class Told(LocalRunner):
    """A host of which some programs say what the test wants."""

    def __init__(self, answer: Answer) -> None:
        super().__init__()
        self._answer = answer

    def run(self, words: Sequence[str], *, stdin: bytes = b"", wait_s: int = 60) -> Ran:
        told = self._answer(words)
        if told is None:
            return super().run(words, stdin=stdin, wait_s=wait_s)
        return Ran(code=0, out=told, err=b"")


def refusal_of(folder: Path, answer: Answer, text: str = "") -> str:
    """Return why a set is not made when host hb answers so."""
    fleet = Fleet(
        read_topology(text or described(folder, {"s1": ["n1", "n2", "n3"]})),
        home=folder / "secrets",
        runners=lambda host: Told(answer) if host.name == "hb" else LocalRunner(),
    )
    with pytest.raises(NodeRefused) as refused:
        fleet.create("s1")
    made = [path.name for path in folder.rglob("*") if path.is_file()]
    assert [name for name in made if name not in ("s1.json", "s1.lock")] == []
    return refused.value.detail


def test_a_clock_that_is_ten_seconds_off(short_folder: Path) -> None:
    def answer(words: Sequence[str]) -> bytes | None:
        if words[0] != "date":
            return None
        now = int(LocalRunner().run(words).text)
        return str(now + 10_000_000_000).encode()

    said = refusal_of(short_folder, answer)
    assert re.search(r"the clock of host hb is (9999|10\d{3}) ms", said)
    assert "chrony" in said


def test_a_disk_that_is_full(short_folder: Path) -> None:
    said = refusal_of(short_folder, lambda words: b"1000 10 4096" if words[0] == "stat" else None)
    assert "0 of 3 MB free, expected at least 1024: make room" in said


def test_a_host_without_the_programs(short_folder: Path) -> None:
    def answer(words: Sequence[str]) -> bytes | None:
        return b"socat\nmariadb-backup\n" if "command -v" in " ".join(words) else None

    assert "host hb lacks socat, mariadb-backup" in refusal_of(short_folder, answer)


def test_a_port_that_a_stranger_has(short_folder: Path) -> None:
    text = described(short_folder, {"s1": ["n1", "n2", "n3"]})
    port = read_topology(text).set_of("s1").node("n2").galera_port
    with socket.socket() as stranger:
        stranger.bind(("127.0.0.1", port))
        stranger.listen()
        said = refusal_of(short_folder, lambda words: None, text)
    assert f"port {port} of 127.0.0.1 is taken by" in said
    assert "give node n2 another port" in said


def test_a_host_that_does_not_answer(short_folder: Path) -> None:
    def unreachable(host: Host) -> LocalRunner:
        def answer(words: Sequence[str]) -> bytes | None:
            raise HostUnreachable("10.0.0.9 is not reached by ssh: timed out")

        return Told(answer) if host.name == "hc" else LocalRunner()

    text = described(short_folder, {"s1": ["n1", "n2", "n3"]})
    fleet = Fleet(read_topology(text), home=short_folder / "secrets", runners=unreachable)
    with pytest.raises(HostUnreachable):
        fleet.create("s1")
    assert "not reached by ssh" in fleet.status("s1").nodes[2].why
