"""The demo's processes: started, started again when they die, ended in order, strays found."""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from yunjin.app.cluster.processes import Place, Processes
from yunjin.foundation.database.api.topology import Role


class Process:
    """A process that only is said to run."""

    made: list["Process"]
    again = threading.Event()

    def __init__(self, words: list[str], **options: Any) -> None:
        self.words, self.options, self.signals = words, options, list[int]()
        self.pid, self.code = 4_000_000 + len(self.made), None
        self.is_stubborn = False
        self.made.append(self)
        if len(self.made) > 3:
            self.again.set()

    code: int | None

    def poll(self) -> int | None:
        return self.code

    def send_signal(self, how: int) -> None:
        self.signals.append(how)

    def wait(self, timeout: float | None = None) -> int:
        if self.is_stubborn and timeout is not None:
            raise subprocess.TimeoutExpired(self.words, timeout)
        self.code = 0
        return 0

    def kill(self) -> None:
        self.signals.append(signal.SIGKILL)


def places(folder: Path) -> list[Place]:
    """Return three places."""
    return [
        Place(
            name=f"cell-{centre}",
            data_centre=centre,
            folder=folder / centre,
            port=1,  # nobody listens there
            flight_port=2,
            url="mysql://nobody@127.0.0.1/none",
        )
        for centre in "abc"
    ]


@pytest.fixture
def popen(monkeypatch: pytest.MonkeyPatch) -> type[Process]:
    """Let no real process be started."""
    Process.made = []
    Process.again.clear()
    monkeypatch.setattr(subprocess, "Popen", Process)
    return Process


def test_each_process_has_its_own_folder_and_none_of_our_settings(
    popen: type[Process], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("YUNJIN_LEDGER__CELL", "77")
    some = Processes(places(tmp_path))
    some.start()
    some.close()
    assert [one.options["env"]["YUNJIN_HOME"] for one in popen.made] == [
        str(tmp_path / centre) for centre in "abc"
    ]
    assert {one.options["env"]["YUNJIN_LEDGER__CELL"] for one in popen.made} == {"1"}
    assert all(one.options["start_new_session"] for one in popen.made)  # Ctrl+C is not for them


def test_a_process_that_died_is_started_again(popen: type[Process], tmp_path: Path) -> None:
    some = Processes(places(tmp_path), again_s=0)
    some.start()
    popen.made[1].code = -signal.SIGKILL
    assert popen.again.wait(20)
    some.close()
    assert popen.made[3].options["env"]["YUNJIN_HOME"] == str(tmp_path / "b")


def test_all_are_asked_to_stop_and_who_does_not_is_killed(
    popen: type[Process], tmp_path: Path
) -> None:
    some = Processes(places(tmp_path))
    some.start()
    popen.made[2].is_stubborn = True
    some.close()
    in_order = [signal.SIGCONT, signal.SIGTERM]  # one that sleeps does not hear
    assert [one.signals for one in popen.made] == [
        in_order,
        in_order,
        [*in_order, signal.SIGKILL],
    ]
    assert not list(tmp_path.glob("*/pid"))


def test_what_is_seen_of_processes_that_start_and_that_are_gone(
    popen: type[Process], tmp_path: Path
) -> None:
    some = Processes(places(tmp_path))
    some.start()
    popen.made[0].code = 1
    roles = [one.role for one in some.seen()]
    assert roles == [Role.DOWN, Role.STARTS, Role.STARTS]
    some.places[1].has_answered = True
    assert some.seen()[1].role is Role.SILENT
    assert some.writer() is None
    some.close()


@pytest.fixture
def stray(tmp_path: Path) -> Iterator["subprocess.Popen[bytes]"]:
    """A process that a killed demo left in place b."""
    folder = tmp_path / "b"
    folder.mkdir()
    left = subprocess.Popen(
        [sys.executable, "-c", "input()"],
        stdin=subprocess.PIPE,
        env={**os.environ, "YUNJIN_HOME": str(folder)},
    )
    (folder / "pid").write_text(str(left.pid))
    yield left
    left.communicate()


def test_strays_of_a_killed_demo_are_ended_and_nobody_else(
    stray: "subprocess.Popen[bytes]", tmp_path: Path
) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "pid").write_text(str(os.getpid()))  # a number that was given anew
    (tmp_path / "c").mkdir()
    (tmp_path / "c" / "pid").write_text("nonsense")
    some = Processes(places(tmp_path))
    assert some.end_strays() == ["cell-b"]
    assert stray.wait(20) == -signal.SIGKILL
    assert some.end_strays() == []
