"""Goal: kill -9 in the middle of a catch-up: the bank's worker goes on with it at the next start.

Method: a child process closes days with the room as it is wired, its worker included; it is killed
after so many commits. A second child is told nothing but to open the bank. What it comes to equals
a twin that was left alone.
"""

import datetime as dt
import subprocess
import sys
from pathlib import Path

import pytest

from tests.foundation.banking.agreements.closing_killed import FIRST_DAY
from tests.foundation.banking.agreements.comparing import by_order, check, check_proven, in_tables
from tests.foundation.banking.bank import open_bank

ROOT = Path(__file__).parents[4]
LAST = FIRST_DAY + dt.timedelta(days=4)


def _child(home: Path, last: dt.date | None, commits: int) -> int:
    """Let a child work until so many commits, kill it (0: never); return its code."""
    words = [sys.executable, "-m", "tests.foundation.banking.agreements.closing_killed", str(home)]
    words += [] if last is None else [last.isoformat()]
    child = subprocess.Popen(words, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert child.stdout is not None
    said = 0
    for line in child.stdout:
        said += line.startswith("commit")
        if said == commits > 0:
            child.kill()
    child.stdout.close()
    return child.wait(timeout=120)


@pytest.mark.slow
@pytest.mark.parametrize("commits", [1, 4, 9, 12, 17, 23])
def test_a_killed_catch_up_is_gone_on_with(tmp_path: Path, commits: int) -> None:
    assert _child(tmp_path / "twin", LAST, 0) == 0
    assert _child(tmp_path / "killed", LAST, commits) == -9
    assert _child(tmp_path / "killed", None, 0) == 0
    found = []
    for name in ("twin", "killed"):
        with open_bank(tmp_path / name, general_ledger=in_tables) as bank:
            assert bank.days.business_date() == LAST + dt.timedelta(days=1)
            check(bank)
            check_proven(bank)
            found.append(by_order(bank))
    assert found[0] == found[1]
