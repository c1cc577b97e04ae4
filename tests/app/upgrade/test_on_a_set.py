"""Goal: a cell of three processes on a real set gets its next release process by process while
customers pay, old and new beside each other, and no request fails.

Method: three Galera nodes, a process before each; the next release brings its forms of the tables
while the one before it writes; the cell is handed over; the last old one is replaced.
"""

import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.app.upgrade.releases import earlier_in, words_of
from tests.app.upgrade.town import Process, gateway_before, go_on, paying, wait
from tests.galera import Sets, ask, connect, described, sets
from yunjin.foundation.database.service.fleet import Fleet

__all__ = ["sets"]
pytestmark = [pytest.mark.galera, pytest.mark.slow, pytest.mark.timeout(1_800)]
NODES = 3


@pytest.fixture(scope="module")
def fleet(sets: Sets) -> Fleet:
    """Two sets of three nodes, made when they are wanted."""
    names = {"s1": ("a1", "a2", "a3"), "s2": ("b1", "b2", "b3")}
    return sets.fleet(described(sets.folder, names))


class Cell:
    """The processes of one cell, of whichever releases."""

    def __init__(self, url: str, home: Path, role: str, earlier: Path | None) -> None:
        login, _, rest = url.partition("@")
        hosts, _, database = rest.rpartition("/")
        each, self.role, self.url = hosts.split(","), role, url
        self.processes = []
        for number in range(NODES):
            own = ",".join([*each[number:], *each[:number]])
            place = f"{login}@{own}/{database}".removeprefix("mysql://")
            first = place.partition(",")[0] + f"/{database}"
            settings = {
                "LEDGER__JOURNAL_URL": f"mysql://{place}",
                "DATABASE__URL": f"mysql+pymysql://{first}",
                "LEDGER__STANDS_BY": "true",
                "LEDGER__LEASE_S": "2",
                "LEDGER__FOLLOW_MS": "20",
            }
            name = f"p{number}"
            self.processes.append(Process(name, home / name, settings, earlier))

    def start(self, process: Process, release: str) -> None:
        """Start a process as a release, and wait until it is known as a member."""
        before = {one["holder"] for one in self.members()}
        process.start(release, self.role)
        wait(
            lambda: (
                process.has_ended()
                or any(
                    one["http"] == process.http and one["holder"] not in before
                    for one in self.members()
                )
            ),
            f"{process.name} to be known: {process.said()[-500:]}",
        )
        assert not process.has_ended(), process.said()

    def members(self) -> list[dict[str, Any]]:
        """Return the members that live, as any process tells them."""
        found = next((seen for seen in (one.members() for one in self.processes) if seen), [])
        newest = max((int(one["seen_at_ns"]) for one in found), default=0)
        return [one for one in found if int(one["seen_at_ns"]) > newest - 5_000_000_000]

    def writer(self) -> Process:
        """Return the process that writes, once one does and says so."""
        wait(lambda: any(one.writes() for one in self.processes), "a writer")
        return next(one for one in self.processes if one.writes())


@pytest.fixture(params=[("now", "serve", "s1"), ("earlier", "cell", "s2")])
def cell(
    request: pytest.FixtureRequest, fleet: Fleet, tmp_path: Path
) -> Iterator[tuple[str, Cell]]:
    """A cell of three processes of an old release, and that release's name."""
    release, role, name = request.param
    earlier = earlier_in(tmp_path / "earlier") if release == "earlier" else None
    fleet.create(name)
    made = Cell(fleet.url(name), tmp_path, role, earlier)
    try:
        for process in made.processes:
            made.start(process, release)
        yield release, made
    finally:
        for process in made.processes:
            process.end(signal.SIGKILL)
        for node in fleet.nodes(name):
            node.kill()


def hand_over(writer: Process, *to: str) -> None:
    """Have an operator hand the cell over, with this program's command."""
    command, paths = words_of("now")
    done = subprocess.run(
        [*command, "ledger", "hand-over", writer.http, *to],
        env={"PATH": "/usr/bin:/bin", **paths},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def test_a_cell_gets_its_next_release_while_customers_pay(
    cell: tuple[str, Cell], tmp_path: Path
) -> None:
    release, made = cell
    (tmp_path / "gateway").mkdir()
    with (
        gateway_before(made.processes, tmp_path / "gateway") as gateway,
        paying(gateway, [one.flight for one in made.processes]) as customers,
    ):
        go_on(customers)
        old = made.writer()
        others = [one for one in made.processes if one is not old]
        others[0].end()
        made.start(others[0], "next")  # it brings its forms; the old one writes
        go_on(customers)
        assert tells(made) == sorted(["998.0", *[told_by(release)] * 2])
        check_the_newest_is_refused(made, others[1], release)
        made.start(others[1], "next")
        go_on(customers)
        # an earlier release does not know of releases: it is told to whom
        hand_over(old, *(["--to", others[1].http] if release == "earlier" else []))
        wait(lambda: any(one.writes() for one in others), "a writer of the next release")
        go_on(customers)
        old.end()
        made.start(old, "next")
        go_on(customers)
        assert tells(made) == ["998.0"] * NODES
        made.writer().end(signal.SIGKILL)  # those that were replaced stand in for each other
        go_on(customers)
    with connect(made.url) as connection:
        assert ask(connection, "SELECT COUNT(*) FROM ledger_next") == [(0,)]


def told_by(release: str) -> str:
    return "" if release == "earlier" else "0.1.0"


def tells(cell: Cell) -> list[str]:
    """Return the releases that the living members tell, as a process tells that knows of them."""
    wait(lambda: len(cell.members()) == NODES, "three members")
    found = next(
        (seen for seen in (one.members() for one in cell.processes) if seen and "form" in seen[0]),
        [],
    )
    if not found:  # whoever serves is of a release that knows nothing of it
        with connect(cell.url) as connection:
            rows = ask(
                connection,
                "SELECT coalesce(p.version, '') FROM ledger_member m LEFT JOIN ledger_program p"
                " ON p.cell = m.cell AND p.holder = m.holder",
            )
        return sorted(str(version) for (version,) in rows)
    holders = {one["holder"] for one in cell.members()}
    return sorted(one["version"] for one in found if one["holder"] in holders)


def check_the_newest_is_refused(cell: Cell, process: Process, release: str) -> None:
    """A release that takes away does not start while one runs that needs what it takes."""
    process.end()
    if release == "earlier":  # which tells nothing: its operator has to know
        return
    assert process.start("after", cell.role).wait(60) == 1
    assert "takes away what" in process.said()
    assert httpx.get(f"{cell.writer().http}/health/live", trust_env=False).status_code == 200
