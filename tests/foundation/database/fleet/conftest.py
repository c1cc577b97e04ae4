"""The sets these tests run on."""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.galera import sets
from tests.mariadb import database_url, mariadb

__all__ = ["database_url", "mariadb", "sets"]


@pytest.fixture
def short_folder() -> Iterator[Path]:
    """A folder whose path is short: the path of a socket has 107 bytes at most."""
    folder = Path(tempfile.mkdtemp(prefix="yj-"))
    yield folder
    shutil.rmtree(folder, ignore_errors=True)
