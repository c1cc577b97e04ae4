"""Releases to upgrade from and to, each a program of its own.

"now" is this program. "next" adds to the tables that it finds, and "after" takes that away again:
this program with more migrations, which tells a higher release. "earlier" is what stood in the
repository's history, where there is one.
"""

import io
import os
import subprocess
import sys
import tarfile
from pathlib import Path
from typing import Any, Final

from tests.data import ROOT, skip_without

EARLIER: Final = "2aa8774"  # the last release that told nothing of itself
VERSIONS: Final = {"now": "", "next": "998.0", "after": "999.0"}
_ADDS: Final = {
    "ledger": [
        "CREATE TABLE ledger_next (id INT PRIMARY KEY)",
        "ALTER TABLE ledger_crossing ADD COLUMN next INT",
        "CREATE INDEX ledger_crossing_next ON ledger_crossing (peer, at_us)",
    ],
    "banking": [
        "ALTER TABLE banking_agreement ADD COLUMN next INT",
        "ALTER TABLE banking_wave ADD COLUMN next INT",
    ],
    "database": ["ALTER TABLE database_heartbeat ADD COLUMN next INT"],
}
_TAKES: Final = {"ledger": ["DROP TABLE ledger_next"]}


def words_of(release: str, earlier: Path | None = None) -> tuple[list[str], dict[str, str]]:
    """Return the command of a release's program, and its environment."""
    if release == "earlier":
        command = [sys.executable, "-c", "from yunjin.app.cli import main; main()"]
        return command, {"PYTHONPATH": f"{earlier}/src"}
    paths = os.pathsep.join([str(ROOT / "src"), str(ROOT)])
    return [sys.executable, "-m", "tests.app.upgrade.releases", release], {"PYTHONPATH": paths}


def earlier_in(folder: Path) -> Path:
    """Return the program as it was, from the history; without one the test is skipped."""
    asked = ["git", "-C", str(ROOT), "archive", EARLIER, "src"]
    try:
        packed = subprocess.run(asked, capture_output=True, check=True).stdout
    except (OSError, subprocess.CalledProcessError):
        skip_without("the repository's history", f"there is no commit {EARLIER} here")
    with tarfile.open(fileobj=io.BytesIO(packed)) as archive:
        archive.extractall(folder, filter="data")
    return folder


def become(name: str) -> None:
    """Make this process another release, before anything of the program is loaded."""
    if name == "now":
        return
    from yunjin.kernel import release

    release.RELEASE = VERSIONS[name]  # type: ignore[misc]
    import sqlalchemy as sa

    from yunjin.chassis.persistence import Migration
    from yunjin.foundation.database.service import database

    shipped = database.migrations_of

    def step(number: int, label: str, statements: list[str], needs: int) -> Migration:
        def upgrade(connection: sa.Connection) -> None:
            for statement in statements:
                connection.execute(sa.text(statement))

        return Migration(number, f"v{number:04d}_{label}", upgrade, needs)

    def migrations_of(package: Any) -> list[Migration]:
        found, room = shipped(package), package.__name__.split(".")[-2]
        if room in _ADDS:
            found.append(step(len(found) + 1, "next", _ADDS[room], 0))
        if room in _TAKES and name == "after":
            found.append(step(len(found) + 1, "after", _TAKES[room], len(found)))
        return found

    database.migrations_of = migrations_of


def main() -> None:
    """Be the release that the first word names, with the rest as its words."""
    name, *words = sys.argv[1:]
    become(name)
    sys.argv = ["yunjin", *words]
    from yunjin.app.cli import main as run

    run()


if __name__ == "__main__":
    main()
