"""A real set of three nodes for the doctor to look after, and a watch over what it does."""

import os
import shutil
import subprocess
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.ports import free_ports
from yunjin.foundation.database.adapters.galera import NodeServer
from yunjin.foundation.database.adapters.runners import LocalRunner, Ran, Runner, runner_of
from yunjin.foundation.database.api.doctor import Action, ActionState, Finding
from yunjin.foundation.database.domain.doctor.history import Limits
from yunjin.foundation.database.domain.doctor.policy import Policy
from yunjin.foundation.database.domain.preflight import StartLimits
from yunjin.foundation.database.domain.topology import Host, read_topology
from yunjin.foundation.database.errors import HostUnreachable, NodeFailed, SetRefused
from yunjin.foundation.database.service.doctor.practice import Practice
from yunjin.foundation.database.service.fleet import Fleet
from yunjin.kernel.clock import SystemClock

# the usual ones, but for disks as small as a test's
EASY = Limits(disk_free_stop=1 << 20, disk_free_stop_ppm=0, disk_free_back=0)
SMALL_MB = 700  # the disk of the third node
_FAIL = "/sys/fs/ext4/{device}/trigger_fs_error"  # has ext4 turn read-only, as a broken disk does
NODES = ("n1", "n2", "n3")
SHOP = """
CREATE DATABASE IF NOT EXISTS shop;
CREATE TABLE IF NOT EXISTS shop.goods (
  id BIGINT PRIMARY KEY, name VARCHAR(40), price BIGINT, note LONGTEXT
) ENGINE = InnoDB;
"""


@dataclass
class FaultyRunner(LocalRunner):
    """A host that may be out of reach, or whose clock is off."""

    host: Host
    faults: "Faults"

    def __post_init__(self) -> None:
        super().__init__()

    def run(self, words: Sequence[str], *, stdin: bytes = b"", wait_s: int = 60) -> Ran:
        if self.host.name in self.faults.out_of_reach:
            raise HostUnreachable(f"{self.host.name} is not reached.", host=self.host.name)
        return super().run(words, stdin=stdin, wait_s=wait_s)

    def words(self, words: Sequence[str]) -> list[str]:
        made = super().words(words)
        ahead = self.faults.clocks.get(self.host.name)
        return (
            made
            if ahead is None
            else [f"PATH={ahead}:{one[5:]}" if one.startswith("PATH=") else one for one in made]
        )


@dataclass
class Faults:
    """What is wrong with hosts, as the fleet's commands meet it."""

    out_of_reach: set[str] = field(default_factory=set)
    clocks: dict[str, Path] = field(default_factory=dict)  # host → folder with another `date`


def fleet_text(folder: Path, options: str) -> str:
    """Return a fleet of one set: three hosts with a node each, and a fourth that only watches."""
    ports = free_ports(12)
    hosts = "\n".join(
        f'[hosts.{host}]\ndata_centre = "a"\naddress = "127.0.0.1"\nfolder = "{folder / host}"'
        for host in ("h1", "h2", "h3", "w")
    )
    nodes = ",\n".join(
        f'{{ name = "n{at + 1}", host = "h{at + 1}", port = {ports[4 * at]}, '
        f"galera_port = {ports[4 * at + 1]}, ist_port = {ports[4 * at + 2]}, "
        f"sst_port = {ports[4 * at + 3]} }}"
        for at in range(3)
    )
    return f"""
[data_centres.a]
city = "shanghai"
{hosts}
[sets.s1]
options = {{ {options} }}
witness = {{ host = "w", kind = "watcher" }}
nodes = [
{nodes}
]
"""


OPTIONS = (
    'innodb_buffer_pool_size = "64M", innodb_log_file_size = "64M", gcache_size = "8M", '
    "innodb_flush_log_at_trx_commit = 2"
)


class SmallDisk:
    """A small disk of its own (in memory) behind a folder, where this machine lets us have one.

    Parameters
    ----------
    device : the loop device of an ext4 that can be made to fail; empty: it is a tmpfs.
    """

    def __init__(self, folder: Path) -> None:
        self.folder, self._image, self.device = folder, folder.with_suffix(".ext4"), ""
        folder.mkdir(parents=True)
        with self._image.open("wb") as file:
            file.truncate(SMALL_MB << 20)
        self.is_there = _ran("mkfs.ext4", "-q", "-m", "0", self._image) and self._mount()
        if self.is_there:
            self.device = self._loop()
        else:
            tmpfs = ("mount", "-t", "tmpfs", "-o", f"size={SMALL_MB}m", "tmpfs", folder)
            self.is_there = _ran(*tmpfs)

    @property
    def can_fail(self) -> bool:
        """Whether `fail` can be done here."""
        return bool(self.device) and os.access(_FAIL.format(device=self.device), os.W_OK)

    def fail(self) -> None:
        """Have it turn read-only under whoever has files open on it; what it has it keeps."""
        assert _ran("sync", "-f", self.folder)
        Path(_FAIL.format(device=self.device)).write_text("test")

    def mend(self) -> None:
        """Check it and bring it back, once nobody has files open on it."""
        assert _ran("umount", self.folder)
        subprocess.run(["fsck.ext4", "-fy", self._image], capture_output=True, check=False)
        assert self._mount()
        self.device = self._loop()

    def close(self) -> None:
        if self.is_there:
            subprocess.run(["umount", "-l", str(self.folder)], check=True)

    def _mount(self) -> bool:
        return _ran("mount", "-o", "loop,errors=remount-ro", self._image, self.folder)

    def _loop(self) -> str:
        rows = [line.split() for line in Path("/proc/mounts").read_text().splitlines()]
        return next(Path(row[0]).name for row in rows if row[1] == str(self.folder))


def _ran(*words: str | Path) -> bool:
    found = shutil.which(str(words[0]), path="/usr/sbin:/usr/bin:/sbin:/bin")
    command = [found or "false", *map(str, words[1:])]
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


class Hospital:
    """The set, brought back to health before each test."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.faults = folder, Faults()
        self.text = fleet_text(folder, OPTIONS)
        self.disk = SmallDisk(folder / "h3")
        self.fleet = Fleet(
            read_topology(self.text),
            home=folder / "secrets",
            runners=self._runner,
            limits=StartLimits(disk_free_mb_min=10),
            clock=SystemClock(),
        )
        self.fleet.create("s1")
        self.node("n1").ask(SHOP)
        self._number = 0

    def _runner(self, host: Host) -> Runner:
        if host.reach.value != "local":
            return runner_of(host)
        return FaultyRunner(host, self.faults)

    def node(self, name: str) -> NodeServer:
        """Return a node."""
        return self.fleet.node("s1", name)

    def heal(self) -> None:
        """Make the set whole, whatever a test left of it."""
        self.faults.out_of_reach.clear()
        self.faults.clocks.clear()
        (self.disk.folder / "filler").unlink(missing_ok=True)
        for name in NODES:
            self.node(name).machine.run(["pkill", "-CONT", "-F", self.node(name).places.pid])
        with suppress(NodeFailed, SetRefused):
            self.fleet.start("s1")
        for name in NODES:
            if not self.node(name).status().is_synced:
                self.node(name).kill()
                self.fleet.start_node("s1", name)
        for name in NODES:
            self.node(name).ask("SET GLOBAL read_only = OFF; SET GLOBAL wsrep_desync = OFF")
        self.node("n1").ask("TRUNCATE TABLE shop.goods")

    def close(self) -> None:
        """End the servers, and give the disk back."""
        for name in NODES:
            session = self.node(name).machine.read(self.node(name).places.pid).strip()
            self.node(name).kill()
            self.node(name).machine.run(["pkill", "-KILL", "-s", session])
        self.disk.close()

    def watch(self, **facts: Any) -> "Watch":
        """Return a doctor at work on the set, with a record of its own."""
        self._number += 1
        return Watch(self, self.folder / f"record-{self._number}", **facts)


class Watch:
    """A doctor at work, and what it has found and done so far."""

    def __init__(
        self, hospital: Hospital, folder: Path, *, limits: Limits | None = None, **facts: Any
    ) -> None:
        self._news = threading.Condition()
        self.found: tuple[Finding, ...] = ()
        self.told: set[str] = set()  # codes of all findings so far
        self.rounds = 0
        self.practice = Practice(
            hospital.fleet,
            folder=folder,
            limits=limits or EASY,
            policy=facts.pop("policy", None) or Policy(),
            tell=self._hear,
            **facts,
        )

    def __enter__(self) -> "Watch":
        self.practice.start()
        self.until(lambda: self.rounds >= 3 and not self.found)
        return self

    def __exit__(self, *_: object) -> None:
        self.practice.close()

    def until(self, holds: Callable[[], bool], *, seconds: int = 120) -> None:
        """Wait until something holds after a round. Raises: AssertionError."""
        with self._news:
            assert self._news.wait_for(holds, seconds), (
                f"after {self.rounds} rounds found {[one.en for one in self.found]}, "
                f"did {[(one.finding.code, one.state, one.outcome) for one in self.actions()]}"
            )

    def until_done(self, *codes: str, seconds: int = 180) -> list[Action]:
        """Wait until findings were acted on, in this order, and nothing is wrong any more."""
        self.until(lambda: [*codes] == self.done() and not self.worries(), seconds=seconds)
        return self.actions()

    def more_rounds(self, count: int) -> None:
        """Wait for some more rounds."""
        until = self.rounds + count
        self.until(lambda: self.rounds >= until)

    def actions(self) -> list[Action]:
        """Return what was proposed or done, oldest first."""
        return self.practice.record.actions("s1")

    def done(self) -> list[str]:
        """Return the codes of the findings that were acted on with success."""
        return [one.finding.code for one in self.actions() if one.state is ActionState.DONE]

    def worries(self) -> list[str]:
        """Return the codes of what is wrong now, notes aside."""
        return [one.code for one in self.found if one.severity]

    def _hear(self, name: str, found: Sequence[Finding]) -> None:
        with self._news:
            self.found, self.rounds = tuple(found), self.rounds + 1
            self.told |= {one.code for one in found}
            self._news.notify_all()
