"""Goal: a test cannot reach the network. Method: try the ways out and one way home."""

import socket

import pytest

from tests.conftest import NetworkUsed, is_loopback


def test_connecting_to_another_machine_throws() -> None:
    with socket.socket() as out, pytest.raises(NetworkUsed):
        out.connect(("192.0.2.1", 80))


def test_asking_for_a_name_throws() -> None:
    with pytest.raises(NetworkUsed):
        socket.getaddrinfo("example.invalid", 80)


def test_listening_on_every_interface_throws() -> None:
    with socket.socket() as door, pytest.raises(NetworkUsed):
        door.bind(("0.0.0.0", 0))


def test_the_loopback_stays_open() -> None:
    with socket.socket() as door, socket.socket() as caller:
        door.bind(("127.0.0.1", 0))
        door.listen()
        caller.connect(door.getsockname())
    assert is_loopback("::1")
    assert is_loopback(b"localhost")
    assert not is_loopback("")
