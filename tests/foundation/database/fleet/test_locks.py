"""Goal: two commands never change one set at once. Method: two holders of a folder, in threads."""

import threading
from pathlib import Path

import pytest

from yunjin.foundation.database.adapters.locks import SetLocks
from yunjin.foundation.database.errors import SetRefused


def test_a_second_command_waits_for_the_first(tmp_path: Path) -> None:
    said: list[str] = []
    waits, has_it = threading.Event(), threading.Event()

    def tell(words: str) -> None:
        said.append(words)
        waits.set()

    def second() -> None:
        with SetLocks(tmp_path, tell).holding("s1"):
            has_it.set()

    first = SetLocks(tmp_path, said.append)
    with first.holding("s1"), first.holding("s1"):  # what it calls itself does not wait for it
        waiting = threading.Thread(target=second)
        waiting.start()
        assert waits.wait(60)
        assert not has_it.is_set()
        with (
            pytest.raises(SetRefused, match="Another command is at work"),
            SetLocks(tmp_path, said.append).holding("s1", wait_s=0),
        ):
            raise AssertionError("expected not to get here")
    waiting.join(60)
    assert has_it.is_set()
    assert said == ["s1: another command is at work; waiting for it"]


def test_another_set_is_not_waited_for(tmp_path: Path) -> None:
    said: list[str] = []
    with (
        SetLocks(tmp_path, said.append).holding("s1"),
        SetLocks(tmp_path, said.append).holding("s2"),
    ):
        assert said == []
    assert (tmp_path / "s1.lock").stat().st_mode & 0o777 == 0o600
