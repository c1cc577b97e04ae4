"""A doctor put together: eyes and hands for each set of a fleet, and one record."""

from collections.abc import Sequence
from functools import partial
from pathlib import Path

from yunjin.chassis.persistence import RoomDatabase
from yunjin.foundation.database.adapters.doctor.eyes import Eyes
from yunjin.foundation.database.adapters.doctor.journal import Journal
from yunjin.foundation.database.adapters.doctor.lateness import Lateness
from yunjin.foundation.database.api.doctor import Finding
from yunjin.foundation.database.domain.doctor.diagnosis import diagnose
from yunjin.foundation.database.domain.doctor.history import History, Limits, remember
from yunjin.foundation.database.domain.doctor.observation import Round
from yunjin.foundation.database.domain.doctor.policy import Policy
from yunjin.foundation.database.service.copying import CopyWatch, process_name
from yunjin.foundation.database.service.doctor.doctor import Doctor, Standing, Tell
from yunjin.foundation.database.service.doctor.record import Record
from yunjin.foundation.database.service.doctor.rounds import SetDoctor
from yunjin.foundation.database.service.doctor.slowly import Growth, Slowly
from yunjin.foundation.database.service.doctor.treatment import Cells, Hands, NoCells
from yunjin.foundation.database.service.fleet import Fleet


class Practice:
    """A doctor of some sets, and what it works with.

    Parameters
    ----------
    folder : where its own record is kept.
    room : the database room's tables, for the lease and the shared record; None: this is the only
        doctor, and its record stays on this disk.
    sets : names of the sets; none: all of the fleet.
    tell : hears each round: the set, and what is wrong with it.
    compare_every_s : between two comparisons of all tables; 0: never.

    Raises: TopologyRefused, AnotherDoctor.
    """

    def __init__(
        self,
        fleet: Fleet,
        *,
        folder: Path,
        room: RoomDatabase | None = None,
        sets: Sequence[str] = (),
        policy: Policy | None = None,
        limits: Limits | None = None,
        cells: Cells | None = None,
        tell: Tell = lambda name, found: None,
        compare_every_s: int = 0,
    ) -> None:
        limits, cells = limits or Limits(), cells or NoCells()
        clock, name = fleet.clock, process_name()
        self.journal = Journal(folder, owns=True)
        self.record = Record(self.journal, room)
        self._lateness = Lateness(clock)
        hands = Hands(fleet, cells=cells)
        names = sets or [one.name for one in fleet.topology.sets]
        self.eyes = {
            one: Eyes(
                fleet.nodes(one),
                machine=fleet.machine,
                password=fleet.secrets(one).doctor,
                clock=clock,
                lateness=self._lateness,
                cells=partial(cells.sights, one),
                tls_ca=fleet.ca_file,
            )
            for one in names
        }
        self.sets = {
            one: SetDoctor(
                fleet.topology.set_of(one),
                look=self.eyes[one].look,
                apply=hands.apply,
                record=self.record,
                policy=policy or Policy(),
                limits=limits,
                clock=clock,
                name=name,
            )
            for one in names
        }
        self._standing = Standing(room, self.record, holder=name)
        self.slowly = [
            self._slow(fleet, one, room, compare_every_s=compare_every_s) for one in names
        ]
        self.doctor = Doctor(
            tuple(self.sets.values()),
            self._standing,
            interval_ms=limits.interval_ms,
            clock=clock,
            tell=tell,
        )

    def start(self) -> None:
        """Begin; returns at once."""
        self.doctor.start()
        for each in self.slowly:
            each.start()

    def close(self) -> None:
        """End: rounds and what is under way are finished, connections closed."""
        for each in self.slowly:
            each.close()
        self.doctor.close()
        for eyes in self.eyes.values():
            eyes.close()
        self._lateness.close()
        self.journal.close()

    def _slow(
        self, fleet: Fleet, name: str, room: RoomDatabase | None, *, compare_every_s: int
    ) -> Slowly:
        one = self.sets[name]
        plan = fleet.topology.set_of(name)
        copies = CopyWatch(plan, room, fleet.clock) if room is not None else None
        return Slowly(
            fleet,
            name,
            growth=Growth(fleet, name, room, fleet.clock) if room is not None else None,
            newest=one.newest,
            compared=lambda report: one.differ(tuple(report.divergences)),
            foreseen=one.foresee,
            watch=lambda: one.miss(copies.late() if copies is not None else ()),
            is_ours=lambda: bool(self._standing.may),
            clock=fleet.clock,
            compare_every_s=compare_every_s,
        )


def look_once(
    fleet: Fleet, name: str, limits: Limits | None = None
) -> tuple[Round, tuple[Finding, ...]]:
    """Look at a set as often as a conclusion takes, and do nothing about it.

    Raises: TopologyRefused.
    """
    limits = limits or Limits()
    lateness, history = Lateness(fleet.clock), History()
    eyes = Eyes(
        fleet.nodes(name),
        machine=fleet.machine,
        password=fleet.secrets(name).doctor,
        clock=fleet.clock,
        lateness=lateness,
        tls_ca=fleet.ca_file,
    )
    try:
        for _ in range(limits.rounds_min):
            seen = eyes.look()
            history = remember(history, seen, limits)
    finally:
        eyes.close()
        lateness.close()
    return seen, diagnose(seen, history, fleet.topology.set_of(name), limits)
