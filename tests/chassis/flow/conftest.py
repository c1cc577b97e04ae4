"""What the tests of flows share: each story runs on SQLite and on MariaDB."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.chassis.flow.shop import Shop, opened
from tests.mariadb import database_url, mariadb
from yunjin.chassis.flow import Definition

__all__ = ["database_url", "mariadb"]


@pytest.fixture
def shop(database_url: str) -> Iterator[Callable[..., Shop]]:
    """Opens the room with some flows, several times where a test asks for it."""
    found: list[Shop] = []

    def open_shop(*definitions: Definition, **how: Any) -> Shop:
        found.append(opened(database_url, *definitions, create=not found, **how))
        return found[-1]

    yield open_shop
    for each in found:
        each.close()
