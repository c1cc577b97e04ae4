"""A file system that fails on purpose: for proving what a store survives, never for serving.

`shim` stands between SQLite and the disk: it counts calls, kills, refuses, and writes down every
change in a trace. `disk` replays a trace up to any point and says what the platters may hold if
the power had failed there.
"""

from yunjin.chassis.persistence.faulty_disk.disk import Disk, Manner, cut
from yunjin.chassis.persistence.faulty_disk.files import FaultyOs
from yunjin.chassis.persistence.faulty_disk.shim import FaultPlan, FaultyFileSystem
from yunjin.chassis.persistence.faulty_disk.trace import Record, Trace, read_trace

__all__ = [
    "Disk",
    "FaultPlan",
    "FaultyFileSystem",
    "FaultyOs",
    "Manner",
    "Record",
    "Trace",
    "cut",
    "read_trace",
]
