"""The command line as a person has it, in this process: its answer, and never a traceback."""

import sys
from collections.abc import Callable
from typing import NamedTuple

import pytest

from yunjin.app import cli


class Said(NamedTuple):
    """What a command answered."""

    code: int
    out: str
    err: str


Run = Callable[..., Said]


def giver(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Return a way to give commands."""

    def give(*words: str) -> Said:
        monkeypatch.setattr(sys, "argv", ["yunjin", *words])
        with pytest.raises(SystemExit) as end:
            cli.main()
        code = end.value.code
        out, err = capsys.readouterr()
        assert "Traceback" not in out + err
        return Said(code if isinstance(code, int) else 1, out, err)

    return give
