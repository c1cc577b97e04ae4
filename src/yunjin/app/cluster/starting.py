"""The one way to start a process of a cell on a set: demo, struck towns and benchmarks take it."""

import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

COMMAND: Final = "from yunjin.app.cli import main; main()"
_OURS: Final = "YUNJIN_"
BRISK: Final[Mapping[str, object]] = {  # of the ledger: who is gone is replaced within seconds
    "stands_by": True,
    "lease_s": 1,
    "follow_ms": 50,
}


def start(
    words: Sequence[str],
    home: Path,
    *,
    url: str,
    port: int,
    flight_port: int,
    ledger: Mapping[str, object],
    more: Mapping[str, str] | None = None,
    inside: Sequence[str] = (),
    code: str = COMMAND,
    log: Path | None = None,
    is_apart: bool = False,
) -> "subprocess.Popen[Any]":
    """Start `yunjin WORDS` on a journal at `url`; nothing that is set for this process is for it.

    Parameters
    ----------
    ledger : settings of the ledger.
    more : further variables of its environment.
    inside : a command that runs it: in a network namespace, for one.
    code : what Python runs.
    log : where what it says is added; None: it is read from its `stderr`, as text.
    is_apart : a Ctrl+C here is not for it.
    """
    chosen = {
        "HOME": home,
        "HTTP__PORT": port,
        "HTTP__FLIGHT_PORT": flight_port,
        "LEDGER__JOURNAL_URL": url,
        "LEDGER__CODEC": "lz4",
        **{f"LEDGER__{name.upper()}": value for name, value in ledger.items()},
    }
    kept = {name: value for name, value in os.environ.items() if not name.startswith(_OURS)}
    ours = {f"{_OURS}{name}": str(value) for name, value in chosen.items()}
    command = [*inside, sys.executable, "-c", code, *words]
    environment = {**kept, **ours, **(more or {})}
    if log is None:
        return subprocess.Popen(
            command,
            stderr=subprocess.PIPE,
            text=True,
            env=environment,
            start_new_session=is_apart,
        )
    home.mkdir(parents=True, exist_ok=True)
    with log.open("ab") as said:
        return subprocess.Popen(
            command, stdout=said, stderr=said, env=environment, start_new_session=is_apart
        )
