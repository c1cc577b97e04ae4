"""What the tests of persistence share: each runs on SQLite and on MariaDB."""

import itertools
from collections.abc import Iterator

import pytest

from tests.chassis.persistence.rooms import Opened, opened
from tests.mariadb import database_url, mariadb

__all__ = ["database_url", "mariadb"]


@pytest.fixture
def room(database_url: str) -> Iterator[Opened]:
    """A room of the name `shop` with its standard tables and one of its own."""
    found = opened(database_url)
    yield found
    found.database.close()


@pytest.fixture
def numbers() -> Iterator[int]:
    return itertools.count(1)
