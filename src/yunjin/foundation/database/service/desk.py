"""The fleet's desk: reads the file that describes it, and does what the door offers."""

from collections.abc import Callable, Mapping
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

from yunjin.chassis.persistence import RoomDatabase
from yunjin.foundation.database.adapters.runners import Runner, runner_of
from yunjin.foundation.database.api.fleet import (
    BackupRun,
    DrillReport,
    FullBackup,
    NodePlace,
    NodeStatus,
    SetPlan,
    SetStatus,
)
from yunjin.foundation.database.domain.preflight import StartLimits
from yunjin.foundation.database.domain.topology import (
    DatabaseSet,
    Host,
    Topology,
    read_topology,
    weaknesses,
    write_topology,
)
from yunjin.foundation.database.errors import NoFleet
from yunjin.foundation.database.service.backups import Backups
from yunjin.foundation.database.service.changes import Changes
from yunjin.foundation.database.service.copying import Copying, process_name
from yunjin.foundation.database.service.drills import Drills
from yunjin.foundation.database.service.fleet import Fleet, Tell
from yunjin.foundation.database.service.hosting import Hosting
from yunjin.kernel.clock import Clock


class FleetSettings(BaseModel):
    """What describes the sets of this installation, and how they are kept."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    file: str = Field(
        default="", max_length=500, description="what describes the sets; empty: HOME/fleet.toml"
    )
    backups: str = Field(
        default="", max_length=500, description="folder of their copies; empty: HOME/fleet/backups"
    )
    backups_keep: int = Field(default=7, ge=1, le=1_000, description="newest copies of a set kept")
    backs_up: bool = Field(
        default=True, description="serve makes the copies that the file plans, on this machine"
    )
    clock_off_ms_max: int = Field(
        default=5_000, ge=1, le=60_000, description="between clocks of two hosts of a set"
    )
    disk_free_mb_min: int = Field(
        default=1_024, ge=1, le=10_000_000, description="room a node needs to be started"
    )
    measure_s: int = Field(
        default=60, ge=5, le=86_400, description="pause between looks at the quotas of databases"
    )


class FleetDesk:
    """The near implementation of FleetApi; the file is read anew at each call.

    Parameters
    ----------
    file : what describes the fleet, `fleet.toml`.
    home : folder of the sets' passwords.
    backups : folder of the copies of sets, `journal` and all; copies of single databases beside.
    rows : the database room's tables, for the record of copies; None: it is not kept.
    runners : what runs programs on a host.
    tell : hears what is being done.
    """

    def __init__(
        self,
        *,
        file: Path,
        home: Path,
        backups: Path,
        keep: int,
        limits: StartLimits,
        clock: Clock,
        rows: RoomDatabase | None = None,
        runners: Callable[[Host], Runner] = runner_of,
        tell: Tell = lambda words: None,
    ) -> None:
        self.file, self._home, self._folder = file, home, backups
        self._limits, self._clock, self._runners, self._tell = limits, clock, runners, tell
        self.copying = Copying(
            lambda: self.fleet().topology,
            self.copies,
            rows=rows,
            clock=clock,
            keep=keep,
            process=process_name(),
        )

    def fleet(self) -> Fleet:
        """Return the fleet as its file has it now. Raises: NoFleet, TopologyRefused."""
        try:
            text = self.file.read_text(encoding="utf-8")
        except FileNotFoundError:
            raise NoFleet(
                f"No file {self.file} describes a fleet; docs/how-to/cluster.md shows one."
            ) from None
        return Fleet(
            read_topology(text),
            home=self._home,
            runners=self._runners,
            limits=self._limits,
            clock=self._clock,
            tell=self._tell,
        )

    def changes(self) -> Changes:
        """Return what changes running sets; it keeps the file in step."""
        return Changes(self.fleet(), save=self._save)

    def copies(self) -> Backups:
        """Return the copies of whole sets."""
        return Backups(self.fleet(), folder=self._folder / "sets")

    def hosting(self, rows: RoomDatabase) -> Hosting:
        """Return the databases of tenants' own applications."""
        return Hosting(self.fleet, rows=rows, folder=self._folder / "databases", clock=self._clock)

    def plans(self) -> list[SetPlan]:
        topology = self.fleet().topology
        return [_plan(topology, one) for one in topology.sets]

    def back_up_due(self) -> list[BackupRun]:
        return self.copying.take_due()

    def backup_runs(self, name: str, *, limit: int = 20) -> list[BackupRun]:
        return self.copying.runs(self.fleet().topology.set_of(name).name, limit=limit)

    def status(self, name: str, *, wait_s: int = 10) -> SetStatus:
        return self.fleet().status(name, wait_s=wait_s)

    def start(self, name: str) -> SetStatus:
        return self.fleet().start(name)

    def start_node(self, name: str, node: str) -> NodeStatus:
        return self.fleet().start_node(name, node)

    def stop_node(self, name: str, node: str) -> NodeStatus:
        fleet = self.fleet()
        fleet.stop_node(name, node)
        return fleet.node(name, node).status()

    def restart_node(self, name: str, node: str) -> NodeStatus:
        return self.fleet().restart_node(name, node)

    def replace_node(self, name: str, node: str) -> NodeStatus:
        return self.changes().replace_node(name, node)

    def configure(self, name: str, options: Mapping[str, str | int | bool]) -> list[str]:
        return self.changes().configure(name, options)

    def back_up(self, name: str, *, by: str = "") -> FullBackup:
        return self.copying.take(name, by=by)

    def backups(self, name: str) -> list[FullBackup]:
        return self.copies().shelf(self.fleet().topology.set_of(name).name).backups()

    def drill(self, name: str) -> DrillReport:
        fleet = self.fleet()
        copies = Backups(fleet, folder=self._folder / "sets")
        return Drills(fleet, copies, folder=self._folder / "sets").run(name)

    def _save(self, changed: Topology) -> None:
        """Write the file anew; what it was is kept beside it."""
        before = self.file.with_name(f"{self.file.name}.before")
        before.write_text(self.file.read_text(encoding="utf-8"), encoding="utf-8")
        part = self.file.with_name(f".{self.file.name}.part")
        part.write_text(write_topology(changed), encoding="utf-8")
        part.replace(self.file)


def desk_of(
    settings: FleetSettings,
    *,
    home: Path,
    clock: Clock,
    rows: RoomDatabase | None = None,
    tell: Callable[[str], None] = lambda words: None,
) -> FleetDesk:
    """Return the desk of the fleet; nothing is read before it is asked.

    Parameters
    ----------
    home : the data root.
    rows : the database room's tables, for the record of copies.
    tell : hears what is being done.
    """
    return FleetDesk(
        file=Path(settings.file) if settings.file else home / "fleet.toml",
        home=home / "fleet",
        backups=Path(settings.backups) if settings.backups else home / "fleet" / "backups",
        keep=settings.backups_keep,
        limits=StartLimits(
            clock_off_ms_max=settings.clock_off_ms_max, disk_free_mb_min=settings.disk_free_mb_min
        ),
        clock=clock,
        rows=rows,
        tell=tell,
    )


def _plan(topology: Topology, one: DatabaseSet) -> SetPlan:
    places = [(node, topology.host(node.host), topology.data_centre_of(node)) for node in one.nodes]
    return SetPlan(
        name=one.name,
        profile=one.profile.value,
        cells=one.cells,
        nodes=tuple(
            NodePlace(
                name=node.name,
                host=host.name,
                data_centre=centre.name,
                city=centre.city,
                address=host.address,
                port=node.port,
                keeps_journal=node.name == one.keeps_journal,
            )
            for node, host, centre in places
        ),
        witness=one.witness.host if one.witness else "",
        weaknesses=tuple(weaknesses(topology, one)),
        backup_every_h=one.backups.every_h if one.backups else 0,
        backups_keep=one.backups.keep if one.backups else 0,
        speaks_tls=topology.speaks_tls,
    )
