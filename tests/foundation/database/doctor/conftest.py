"""Records and databases for the doctor, and a real set that lives as long as a file's tests."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.foundation.database.doctor.hospital import Hospital
from tests.foundation.database.doctor.surgery import room_of
from tests.galera import Sets, sets
from tests.mariadb import database_url, mariadb
from yunjin.chassis.persistence import RoomDatabase
from yunjin.foundation.database.adapters.doctor.journal import Journal

__all__ = ["database_url", "hospital", "mariadb", "sets", "ward_of_three"]


@pytest.fixture(scope="module")
def ward_of_three(sets: Sets) -> Iterator[Hospital]:
    """A set of three nodes, or skipped tests that say why."""
    made = Hospital(sets.folder)
    yield made
    made.close()


@pytest.fixture
def hospital(ward_of_three: Hospital) -> Hospital:
    """The set, whole."""
    ward_of_three.heal()
    return ward_of_three


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    made = Journal(tmp_path / "doctor", owns=True)
    yield made
    made.close()


@pytest.fixture
def room(database_url: str) -> RoomDatabase:
    return room_of(database_url)


@pytest.fixture
def down(tmp_path: Path) -> Iterator[RoomDatabase]:
    """A database that was there once and does not answer any more."""
    file = tmp_path / "rooms.db"
    room = room_of(f"sqlite:///{file}")
    room.database.close()
    file.unlink()
    for each in tmp_path.glob("rooms.db*"):
        each.unlink()
    file.mkdir()
    yield room
    room.database.close()
