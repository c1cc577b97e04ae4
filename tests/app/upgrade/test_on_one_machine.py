"""Goal: a bank of one machine gets its next release while customers pay, and no request fails.

Method: real processes over one folder of SQLite files. The next release starts while the one before
it serves, brings its forms of the tables, and waits for its turn; then the old one is told to stop.
"""

import signal
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from tests.app.upgrade.releases import earlier_in
from tests.app.upgrade.town import Process, gateway_before, go_on, is_up, paying, wait

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1_800)]


@contextmanager
def served(tmp_path: Path, release: str) -> Iterator[tuple[Process, Process]]:
    """Give a process that serves, and one that may take over from it, not started."""
    earlier = earlier_in(tmp_path / "earlier") if release == "earlier" else None
    home = tmp_path / "home"
    old = Process("old", home, {}, earlier)
    new = Process("new", home, {"LEDGER__TURN_WAIT_S": "600"}, ports=old.ports)
    old.start(release, "serve")
    try:
        wait(lambda: is_up(old), "the old release")
        yield old, new
    finally:
        old.end(signal.SIGKILL)
        new.end(signal.SIGKILL)


def waits_with_new_forms(new: Process) -> bool:
    """Tell whether the next release has brought its forms."""
    assert not new.has_ended(), new.said()
    with closing(sqlite3.connect(f"file:{new.home}/demo/rooms.db?mode=ro", uri=True)) as rooms:
        found = rooms.execute("SELECT name FROM banking_migrations").fetchall()
    return any(name.endswith("_next") for (name,) in found)


@pytest.mark.parametrize("release", ["now", "earlier"])
@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGKILL])
def test_the_next_release_takes_over_and_nobody_notices(
    tmp_path: Path, release: str, how: signal.Signals
) -> None:
    with served(tmp_path, release) as (old, new):
        with (
            gateway_before([old], tmp_path / "gateway") as gateway,
            paying(gateway, [old.flight]) as customers,
        ):
            go_on(customers)
            new.start("next", "serve")
            wait(lambda: waits_with_new_forms(new), "the new forms of the tables")
            go_on(customers)  # the old program works on them
            old.end(how)
            go_on(customers)
            assert not new.has_ended(), new.said()
        assert new.end() == 0


def test_what_the_old_release_needs_is_not_taken_away_under_it(tmp_path: Path) -> None:
    with served(tmp_path, "now") as (old, new):
        assert new.start("after", "serve").wait(60) == 1
        assert "_after of ledger takes away what" in new.said()
        assert is_up(old)
        old.end()
        new.start("after", "serve")
        wait(lambda: is_up(new) or new.has_ended(), "the newest release")
        assert is_up(new), new.said()


def test_the_old_release_starts_again_on_what_the_next_one_added(tmp_path: Path) -> None:
    """The way back, as long as nothing was taken away."""
    with served(tmp_path, "now") as (old, new):
        new.start("next", "serve")
        wait(lambda: waits_with_new_forms(new), "the new forms of the tables")
        new.end(signal.SIGKILL)
        old.end()
        old.start("now", "serve")
        wait(lambda: is_up(old) or old.has_ended(), "the old release")
        assert is_up(old), old.said()
