"""Real data and programs that a test may need and a machine may lack.

What is missing is never passed over in silence: the test is skipped with a reason of the form
"needs X: why", and the last lines of the run add the reasons up.
"""

import os
import shutil
from pathlib import Path
from typing import Final, NoReturn

import pytest

ROOT: Final = Path(__file__).resolve().parent.parent
CHROMIUM: Final = ("chromium", "chromium-browser", "google-chrome")
MARIADB: Final = ("mariadbd", "mysqld", "/usr/sbin/mariadbd", "/usr/sbin/mysqld")


def skip_without(what: str, why: str) -> NoReturn:
    """Skip the running test because this machine lacks something optional."""
    pytest.skip(f"needs {what}: {why}", allow_module_level=True)


def shared_data(name: str) -> Path:
    """Return a file or folder of the shared data sets; skip the test where there is none.

    They stand beside the repository, or where YUNJIN_SHARED_DATA says.
    """
    beside = ROOT.parent / "shared" / "data"
    path = Path(os.environ.get("YUNJIN_SHARED_DATA", beside)) / name
    if not path.exists():
        skip_without("shared data", f"no {name} beside the repository or in YUNJIN_SHARED_DATA")
    return path


def chromium() -> Path:
    """Return the installed Chromium; skip the test where there is none."""
    return _program("Chromium", CHROMIUM)


def mariadb() -> Path:
    """Return the installed MariaDB server program; skip the test where there is none."""
    return _program("MariaDB", MARIADB)


def _program(what: str, names: tuple[str, ...]) -> Path:
    for name in names:
        found = shutil.which(name)
        if found:
            return Path(found)
    skip_without(what, f"none of {', '.join(names)} is installed")
