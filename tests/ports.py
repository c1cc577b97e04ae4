"""Free ports for programs that tests and benchmarks start, and start again.

They lie below the range from which outgoing connections get theirs: a port that a server left for a
moment, as when it is killed and started again, is not taken by a stranger's connection meanwhile.
"""

import random
import socket
from typing import Final

_FIRST, _LAST = 20_000, 32_000
_CHANCE: Final = random.SystemRandom()  # other processes look for ports at the same time


def free_ports(count: int) -> list[int]:
    """Return ports of the loopback that nobody listens on, no two alike."""
    probes: list[socket.socket] = []
    try:
        while len(probes) < count:
            probe = socket.socket()
            try:
                probe.bind(("127.0.0.1", _CHANCE.randrange(_FIRST, _LAST)))
            except OSError:
                probe.close()
            else:
                probes.append(probe)
        return [int(probe.getsockname()[1]) for probe in probes]
    finally:
        for probe in probes:
            probe.close()


def free_port() -> int:
    """Return one of them."""
    return free_ports(1)[0]
