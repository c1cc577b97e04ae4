"""Three data centres as network namespaces of this machine, and the cables between them.

Needs root, `ip` and `iptables`. A cut drops packets, as a broken cable does; nobody is told.
"""

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from yunjin.app.chaos.cluster.errors import NoNamespaces

CENTRES: Final = ("a", "b", "c")
_PROGRAMS: Final = ("ip", "iptables")
_PATH: Final = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


def why_not() -> str:
    """Return why no networks can be made here, empty where they can."""
    if os.geteuid() != 0:
        return "networks of namespaces need root"
    missing = [name for name in _PROGRAMS if shutil.which(name, path=_PATH) is None]
    return f"needs {', '.join(missing)}: apt-get install iproute2 iptables" if missing else ""


class Net:
    """A bridge with a namespace a data centre.

    Parameters
    ----------
    name : up to 6 letters, so that several can be on one machine.
    number : 0 to 255, the second octet of its addresses.
    """

    def __init__(self, name: str, number: int) -> None:
        self._name, self._number = name, number
        self._bridge = f"{name}br"

    @contextmanager
    def up(self) -> Iterator["Net"]:
        """Have the networks for a block. Raises: NoNamespaces."""
        if why := why_not():
            raise NoNamespaces(f"Cluster chaos cannot be made: {why}.")
        try:
            self._make()
            yield self
        finally:
            self._unmake()

    def namespace(self, centre: str) -> str:
        """Return the namespace of a data centre."""
        return f"{self._name}-{centre}"

    def address(self, centre: str) -> str:
        """Return where a data centre's machine is reached."""
        return f"10.{self._number}.7.{CENTRES.index(centre) + 1}"

    def cut(self, one: str, other: str, *, both_ways: bool = True) -> None:
        """Drop what `one` sends to `other`, and back where both ways are cut."""
        self._drop(other, self.address(one))
        if both_ways:
            self._drop(one, self.address(other))

    def isolate(self, centre: str) -> None:
        """Cut a data centre off from the others; its customers still reach it."""
        for other in CENTRES:
            if other != centre:
                self.cut(centre, other)

    def lose(self, centre: str, percent: int) -> None:
        """Lose a part of the packets that come into a data centre."""
        chance = f"{percent / 100:.2f}"
        rule = ["-m", "statistic", "--mode", "random", "--probability", chance, "-j", "DROP"]
        self._inside(centre, "iptables", "-A", "INPUT", "-i", "eth0", *rule)

    def heal(self) -> None:
        """Mend every cable."""
        for centre in CENTRES:
            self._inside(centre, "iptables", "-F", "INPUT")

    def _drop(self, centre: str, source: str) -> None:
        self._inside(centre, "iptables", "-A", "INPUT", "-s", source, "-j", "DROP")

    def _make(self) -> None:
        self._unmake()
        _run("ip", "link", "add", self._bridge, "type", "bridge")
        _run("ip", "addr", "add", f"10.{self._number}.7.254/24", "dev", self._bridge)
        _run("ip", "link", "set", self._bridge, "up")
        for centre in CENTRES:
            space, cable = self.namespace(centre), f"{self._name}{centre}"
            _run("ip", "netns", "add", space)
            _run("ip", "link", "add", cable, "type", "veth", "peer", "name", "eth0", "netns", space)
            _run("ip", "link", "set", cable, "master", self._bridge, "up")
            self._inside(centre, "ip", "link", "set", "lo", "up")
            self._inside(centre, "ip", "addr", "add", f"{self.address(centre)}/24", "dev", "eth0")
            self._inside(centre, "ip", "link", "set", "eth0", "up")

    def _unmake(self) -> None:
        for centre in CENTRES:
            _run("ip", "link", "del", f"{self._name}{centre}", may_fail=True)  # of a run that died
            _run("ip", "netns", "del", self.namespace(centre), may_fail=True)
        _run("ip", "link", "del", self._bridge, may_fail=True)

    def _inside(self, centre: str, *words: str) -> None:
        _run("ip", "netns", "exec", self.namespace(centre), *words)


def _run(*words: str, may_fail: bool = False) -> None:
    done = subprocess.run(
        words, capture_output=True, text=True, check=False, env={**os.environ, "PATH": _PATH}
    )
    if done.returncode and not may_fail:
        raise NoNamespaces(f"{' '.join(words)}: {done.stderr.strip()[:200]}")
