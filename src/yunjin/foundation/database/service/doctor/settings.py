"""The doctor's settings, and a doctor put together from them."""

from collections.abc import Sequence
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

from yunjin.chassis.persistence import RoomDatabase
from yunjin.foundation.database.api.doctor import Remedy
from yunjin.foundation.database.domain.doctor.history import Limits
from yunjin.foundation.database.domain.doctor.policy import Policy
from yunjin.foundation.database.service.doctor.doctor import Tell as DoctorTell
from yunjin.foundation.database.service.doctor.practice import Practice
from yunjin.foundation.database.service.doctor.treatment import Cells
from yunjin.foundation.database.service.fleet import Fleet


class DoctorSettings(BaseModel):
    """What the doctor of the sets may do, and how soon."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    is_on: bool = Field(
        default=False, description="serve runs a doctor too; else yunjin fleet doctor watch does"
    )
    interval_ms: int = Field(default=1_000, ge=200, le=60_000, description="between two looks")
    asks: tuple[Remedy, ...] = Field(
        default=(Remedy.SET_CLOCK,), description="remedies a person is asked about, always"
    )
    asks_when_dangerous: bool = Field(
        default=False, description="ask where a remedy may lose something if the finding is wrong"
    )
    times_max: int = Field(
        default=3, ge=1, le=100, description="of one remedy on one node in window_s, then ask"
    )
    window_s: int = Field(default=1_800, ge=60, le=86_400, description="what times_max counts in")
    hung_s: int = Field(default=8, ge=3, le=600, description="silence before a node is hung")
    blocked_s: int = Field(
        default=60, ge=5, le=86_400, description="wait for a lock before its holder is ended"
    )
    disk_free_stop_mb: int = Field(
        default=256, ge=16, le=1_000_000, description="free room below which a node is stopped"
    )
    compare_every_s: int = Field(
        default=86_400, ge=0, le=2_592_000, description="between comparisons of copies; 0: never"
    )


def practice_of(
    settings: DoctorSettings,
    fleet: Fleet,
    *,
    folder: Path,
    room: RoomDatabase | None,
    sets: Sequence[str] = (),
    cells: Cells | None = None,
    tell: DoctorTell = lambda name, found: None,
) -> Practice:
    """Return a doctor of a fleet's sets; nothing is looked at before it is started.

    Parameters
    ----------
    folder : where its own record is kept.
    room : the database room's tables; None: the record stays in the folder.
    sets : their names; none: all.
    cells : sees and moves the ledger's cells.
    tell : hears each round.

    Raises: TopologyRefused, AnotherDoctor.
    """
    return Practice(
        fleet,
        folder=folder,
        room=room,
        sets=sets,
        policy=Policy(
            asks=frozenset(settings.asks),
            asks_when_dangerous=settings.asks_when_dangerous,
            times_max=settings.times_max,
            window_s=settings.window_s,
        ),
        limits=Limits(
            interval_ms=settings.interval_ms,
            hung_s=settings.hung_s,
            blocked_s=settings.blocked_s,
            disk_free_stop=settings.disk_free_stop_mb << 20,
        ),
        cells=cells,
        tell=tell,
        compare_every_s=settings.compare_every_s,
    )


def doctor_folder(home: Path, tenant: str) -> Path:
    """Return where a tenant's doctor keeps its own record."""
    return home / tenant / "doctor"
