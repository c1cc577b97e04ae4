"""An empty general ledger, on each database these tests run on."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.foundation.banking.general_ledger.books import Books, opened
from tests.mariadb import database_url, mariadb

__all__ = ["books", "database_url", "mariadb"]


@pytest.fixture
def books(database_url: str, tmp_path: Path) -> Iterator[Books]:
    """Yield an empty general ledger."""
    with opened(database_url, tmp_path) as found:
        yield found
