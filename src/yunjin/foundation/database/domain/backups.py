"""Backups of a set: what one is, how its log is read, which restore to a moment, which may go."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Annotated, Final

from pydantic import BaseModel, ConfigDict, Field

from yunjin.foundation.database.api.fleet import FullBackup, Place
from yunjin.foundation.database.errors import RestoreRefused
from yunjin.kernel.clock import instant

_BINLOG: Final = re.compile(r"MySQL binlog position: filename '([^']+)', position '(\d+)'")
_HOUR_US: Final = 3_600_000_000
_AGAIN_US: Final = _HOUR_US // 4  # after a try that failed
_JOURNAL: Final = re.compile(r"journal\.(\d{6,})")


class Copies(BaseModel):
    """How often a set is copied by itself, and how many copies are kept."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    every_h: Annotated[int, Field(ge=1, le=744)]
    keep: Annotated[int, Field(ge=1, le=1_000)] = 7
    journal_min: Annotated[int, Field(ge=0, le=1_440)] = 0  # so often its journal; 0: with a copy


@dataclass(frozen=True, slots=True, kw_only=True)
class JournalFile:
    """A closed file of a journal, kept."""

    chain: str
    number: int
    closed_us: int  # what was committed before is in it, or in one before it
    size_bytes: int
    sha256: str


def backup_place(said: str) -> Place:
    """Return where the journal was when a backup was taken, as mariadb-backup says.

    Raises: RestoreRefused where it does not say so: the node keeps no journal.
    """
    found = _BINLOG.search(said)
    number = _JOURNAL.fullmatch(found[1]) if found else None
    if found is None or number is None:
        raise RestoreRefused("mariadb-backup names no place in the journal; is log_bin on?")
    return Place(number=int(number[1]), byte=int(found[2]))


def journal_number(name: str) -> int:
    """Return a journal file's number, 0 for any other file."""
    found = _JOURNAL.fullmatch(name)
    return int(found[1]) if found else 0


def journal_name(number: int) -> str:
    """Return the name of a journal's file."""
    return f"journal.{number:06d}"


def status_place(row: Sequence[str]) -> Place:
    """Return a place in the journal from the row of `SHOW MASTER STATUS`.

    Raises: RestoreRefused where the node keeps no journal.
    """
    number = journal_number(row[0]) if len(row) > 1 else 0
    if not number:
        raise RestoreRefused("The node keeps no journal; is log_bin on?")
    return Place(number=number, byte=int(row[1]))


def latest(backups: Iterable[FullBackup], *, before_us: int | None = None) -> FullBackup:
    """Return the newest backup, or the newest that was complete before a moment.

    Raises: RestoreRefused where there is none.
    """
    fit = [one for one in backups if before_us is None or one.taken_us <= before_us]
    if not fit:
        raise RestoreRefused(
            "There is no backup" + (" from before that moment." if before_us else ".")
        )
    return max(fit, key=lambda one: one.taken_us)


def journal_for(backup: FullBackup, kept: Sequence[JournalFile]) -> list[JournalFile]:
    """Return the files of the journal that go on from a backup, in order.

    Raises: RestoreRefused where one is missing in between.
    """
    found = sorted(
        (file for file in kept if file.chain == backup.chain and file.number >= backup.at.number),
        key=lambda file: file.number,
    )
    for wanted, file in enumerate(found, backup.at.number):
        if file.number != wanted:
            raise RestoreRefused(
                f"The journal of set {backup.set} lacks {journal_name(wanted)}: nothing after it "
                "can be restored from this backup.",
                missing=journal_name(wanted),
            )
    return found


def refuse_uncovered(
    backup: FullBackup, kept: Sequence[JournalFile], *, until_us: int | None
) -> None:
    """See that the journal since a backup reaches as far as is asked.

    Parameters
    ----------
    until_us : the moment to restore; None: all that was kept of the set.

    Raises: RestoreRefused with the moment that can be had.
    """
    ends_us = max([f.closed_us for f in kept if f.chain == backup.chain], default=backup.taken_us)
    wanted_us = until_us
    if until_us is None:
        wanted_us = max([f.closed_us for f in kept if f.chain != backup.chain], default=0)
    if wanted_us is not None and wanted_us > ends_us:
        end = f"{instant(ends_us * 1_000):%Y-%m-%dT%H:%M:%SZ}"
        why = (
            f"the journal is kept up to {end} only"
            if until_us is not None
            else f"the journal after {end} begins anew, since its node was copied from another, "
            "and no backup is from after that"
        )
        raise RestoreRefused(
            f"Backup {backup.id} of set {backup.set} restores up to {end}: {why}. "
            f"Ask for that moment, --until {end}, to have it.",
            until=end,
        )


def is_due(*, every_h: int, began_us: int, failed_us: int, now_us: int) -> bool:
    """Tell whether a set is to be copied now.

    Parameters
    ----------
    began_us : when the last copy that came to its end began; 0: never.
    failed_us : when the last try since then failed; 0: none did.
    """
    return now_us - began_us >= every_h * _HOUR_US and now_us - failed_us >= _AGAIN_US


def hours_missed(*, every_h: int, began_us: int, since_us: int, now_us: int) -> int:
    """Return for how many hours no copy of a set has begun, 0 while that is as planned.

    Parameters
    ----------
    since_us : from when on copies are expected; what was before is not held against anybody.
    """
    hours = (now_us - max(began_us, since_us)) // _HOUR_US
    return hours if hours > every_h + max(1, every_h // 8) else 0


def may_go(
    backups: Sequence[FullBackup], kept: Sequence[JournalFile], *, keep: int
) -> tuple[list[FullBackup], list[JournalFile]]:
    """Return the backups beyond the newest `keep`, and the journal files that no backup needs."""
    by_age = sorted(backups, key=lambda one: one.taken_us, reverse=True)
    old, needed = by_age[keep:], by_age[:keep]
    first: dict[str, int] = {}
    for one in needed:
        first[one.chain] = min(first.get(one.chain, one.at.number), one.at.number)
    newest = by_age[0].chain if by_age else ""
    unneeded = [
        file
        for file in kept
        if file.number < first.get(file.chain, 0 if file.chain == newest else file.number + 1)
    ]
    return old, unneeded if by_age else []
