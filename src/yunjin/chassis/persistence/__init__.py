"""Persistence: engines, transactions that retry, units of work with outbox, inbox and answers.

A room keeps its tables in `store`, its changes in `migrations`, and works through the RoomDatabase
that the database room opens for it.
"""

from yunjin.chassis.persistence.answers import request_hash
from yunjin.chassis.persistence.columns import (
    Ascii,
    Blob,
    Digest,
    Int64,
    Json,
    Micros,
    Small,
    Uuid,
    Words,
    dump_json,
    instant_us,
)
from yunjin.chassis.persistence.copies import at_one_instant, copy_to
from yunjin.chassis.persistence.database import Database, RetryLimits
from yunjin.chassis.persistence.engines import EngineLimits, open_engine
from yunjin.chassis.persistence.leases import Lease
from yunjin.chassis.persistence.migrations import Migration, Migrator, migrations_of
from yunjin.chassis.persistence.private import private_file, private_folder
from yunjin.chassis.persistence.problems import (
    Conflict,
    Damaged,
    DatabaseNewer,
    LostAnswer,
    Misused,
    OlderProgramLives,
    RolledBack,
    Stopped,
    Unreachable,
)
from yunjin.chassis.persistence.programs import Program, Programs
from yunjin.chassis.persistence.relay import (
    Outcomes,
    Parked,
    Relay,
    RelayLimits,
    Subscribers,
    Teller,
    Trouble,
)
from yunjin.chassis.persistence.tables import (
    REASON_LENGTH,
    SUBJECT_LENGTH,
    StandardTables,
    Told,
    column,
    complaints,
    create_standard_1,
    key,
    metadata,
    standard,
    table,
)
from yunjin.chassis.persistence.verdicts import Flavour, Verdict
from yunjin.chassis.persistence.work import RoomDatabase, SqlUnitOfWork

__all__ = [
    "REASON_LENGTH",
    "SUBJECT_LENGTH",
    "Ascii",
    "Blob",
    "Conflict",
    "Damaged",
    "Database",
    "DatabaseNewer",
    "Digest",
    "EngineLimits",
    "Flavour",
    "Int64",
    "Json",
    "Lease",
    "LostAnswer",
    "Micros",
    "Migration",
    "Migrator",
    "Misused",
    "OlderProgramLives",
    "Outcomes",
    "Parked",
    "Program",
    "Programs",
    "Relay",
    "RelayLimits",
    "RetryLimits",
    "RolledBack",
    "RoomDatabase",
    "Small",
    "SqlUnitOfWork",
    "StandardTables",
    "Stopped",
    "Subscribers",
    "Teller",
    "Told",
    "Trouble",
    "Unreachable",
    "Uuid",
    "Verdict",
    "Words",
    "at_one_instant",
    "column",
    "complaints",
    "copy_to",
    "create_standard_1",
    "dump_json",
    "instant_us",
    "key",
    "metadata",
    "migrations_of",
    "open_engine",
    "private_file",
    "private_folder",
    "request_hash",
    "standard",
    "table",
]
