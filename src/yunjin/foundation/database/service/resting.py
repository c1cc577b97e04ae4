"""The doctor is asked to keep off a set while somebody works on it."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from yunjin.foundation.database.adapters.galera import NodeServer
from yunjin.kernel.clock import Clock


def rest(nodes: Sequence[NodeServer], *, seconds: int, clock: Clock) -> None:
    """Have every doctor only look at nodes, for so long at most.

    Each host keeps the word itself, so that doctors of other machines find it too.

    Raises: HostUnreachable.
    """
    until_s = clock.now_ns() // 1_000_000_000 + seconds
    for node in nodes:
        node.machine.make_folder(node.places.folder)
        node.machine.write(f"{node.places.folder}/resting", str(until_s))


def wake(nodes: Sequence[NodeServer]) -> None:
    """Let the doctor act again. Raises: HostUnreachable."""
    for node in nodes:
        node.machine.remove(f"{node.places.folder}/resting")


@contextmanager
def resting(nodes: Sequence[NodeServer], *, seconds: int, clock: Clock) -> Iterator[None]:
    """Keep doctors off nodes for a block. Raises: HostUnreachable."""
    rest(nodes, seconds=seconds, clock=clock)
    try:
        yield
    finally:
        wake(nodes)
