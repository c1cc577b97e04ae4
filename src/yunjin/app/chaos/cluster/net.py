"""Data centres as network namespaces of this machine, and the cables between them.

Needs root, `ip` and `iptables`. A cut drops packets, as a broken cable does; nobody is told. Lines
are long by the kernel's netem, or where it has none by cables that are processes.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Final

from yunjin.app.chaos.cluster.cable import Line
from yunjin.app.chaos.cluster.errors import NoNamespaces

CENTRES: Final = ("a", "b", "c")
_PROGRAMS: Final = ("ip", "iptables")
_MTU: Final = 9_000  # fewer frames for a cable that is a process
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
    centres : the data centres, a letter each.
    line : how each one's line to the others and to customers is while nothing is wrong; None: as
        fast as this machine, and it stays so.
    """

    def __init__(
        self,
        name: str,
        number: int,
        *,
        centres: Sequence[str] = CENTRES,
        line: Line | None = None,
    ) -> None:
        self._name, self._number = name, number
        self._bridge, self.centres, self._line = f"{name}br", tuple(centres), line
        self._cables: dict[str, subprocess.Popen[str]] = {}

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
        return f"10.{self._number}.7.{self.centres.index(centre) + 1}"

    def cut(self, one: str, other: str, *, both_ways: bool = True) -> None:
        """Drop what `one` sends to `other`, and back where both ways are cut."""
        self._drop(other, self.address(one))
        if both_ways:
            self._drop(one, self.address(other))

    def isolate(self, centre: str) -> None:
        """Cut a data centre off from the others; its customers still reach it."""
        for other in self.centres:
            if other != centre:
                self.cut(centre, other)

    def lose(self, centre: str, percent: int) -> None:
        """Lose a part of the packets that come into a data centre."""
        chance = f"{percent / 100:.2f}"
        rule = ["-m", "statistic", "--mode", "random", "--probability", chance, "-j", "DROP"]
        self._inside(centre, "iptables", "-A", "INPUT", "-i", "eth0", *rule)

    def slow(self, centre: str, line: Line) -> None:
        """Have a data centre's line be like that, each way. Raises: NoNamespaces."""
        if self._line is None:
            raise NoNamespaces("Lines of these networks are fast for ever: give them a line.")
        cable = self._cables.get(centre)
        if cable is not None and cable.stdin is not None:
            print(line.words(), file=cable.stdin, flush=True)
            return
        words = ["delay", f"{line.delay_ms}ms", f"{line.jitter_ms}ms"]
        words += ["rate", f"{line.rate_mbit}mbit"] if line.rate_mbit else []
        rule = ["qdisc", "replace", "dev"]
        self._inside(centre, "tc", *rule, "eth0", "root", "netem", *words)
        _run("tc", *rule, f"{self._name}{centre}", "root", "netem", *words)

    def heal(self) -> None:
        """Mend every cable, and let lines be as they were."""
        for centre in self.centres:
            self._inside(centre, "iptables", "-F", "INPUT")
            if self._line is not None:
                self.slow(centre, self._line)

    def _drop(self, centre: str, source: str) -> None:
        self._inside(centre, "iptables", "-A", "INPUT", "-s", source, "-j", "DROP")

    def _make(self) -> None:
        self._unmake()
        _run("ip", "link", "add", self._bridge, "type", "bridge")
        _run("ip", "addr", "add", f"10.{self._number}.7.254/24", "dev", self._bridge)
        _run("ip", "link", "set", self._bridge, "up")
        for centre in self.centres:
            space, cable = self.namespace(centre), f"{self._name}{centre}"
            _run("ip", "netns", "add", space)
            if self._line is not None and not self._knows_netem(centre):
                self._lay_cable(centre, cable)
            else:
                inner = ["peer", "name", "eth0", "netns", space]
                _run("ip", "link", "add", cable, "type", "veth", *inner)
            _run("ip", "link", "set", cable, "master", self._bridge, "up")
            self._inside(centre, "ip", "link", "set", "lo", "up")
            self._inside(centre, "ip", "addr", "add", f"{self.address(centre)}/24", "dev", "eth0")
            self._inside(centre, "ip", "link", "set", "eth0", "up")
        self.heal()

    def _knows_netem(self, centre: str) -> bool:
        """Tell whether this kernel can make lines long by itself, tried on a loopback."""
        trial = ["ip", "netns", "exec", self.namespace(centre), "tc", "qdisc", "add", "dev", "lo"]
        words = [*trial, "root", "netem", "delay", "0ms"]
        return subprocess.run(words, capture_output=True, check=False).returncode == 0

    def _lay_cable(self, centre: str, outer: str) -> None:
        """Join a namespace to the bridge by a process that holds frames back."""
        inner = f"{outer}i"
        words = [sys.executable, "-m", "yunjin.app.chaos.cluster.cable", inner, outer]
        self._cables[centre] = cable = subprocess.Popen(
            words,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,  # Ctrl+C is for whoever made the networks
        )
        if cable.stdout is None or not cable.stdout.readline():
            raise NoNamespaces("A cable could not be laid: this kernel has no TUN devices.")
        for device in (inner, outer):
            _run("ip", "link", "set", device, "mtu", str(_MTU))
        _run("ip", "link", "set", inner, "netns", self.namespace(centre), "name", "eth0")

    def _unmake(self) -> None:
        for cable in self._cables.values():
            with suppress(OSError):
                cable.communicate("")
        self._cables.clear()
        for centre in self.centres:
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
