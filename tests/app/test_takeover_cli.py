"""Goal: `yunjin takeover` moves a book from the command line and says what it did, in words.

Method: the program's own main, in this process, over one small bank that stays open.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.app.commanding import Run, giver
from tests.platforms.capability.takeover.conftest import FIRST_DAY, NewHome, opened
from yunjin.app.commands import takeover


@pytest.fixture
def home(tmp_path: Path) -> Iterator[NewHome]:
    with opened(tmp_path, "") as found:
        yield found


@pytest.fixture
def run(home: NewHome, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    @contextmanager
    def door(*_: Any, **__: Any) -> Iterator[Any]:
        yield home.takeover

    monkeypatch.setattr(takeover, "_door", door)
    return giver(monkeypatch, capsys)


def test_a_cell_is_moved_proven_compared_and_given_back(run: Run, home: NewHome) -> None:
    home.delivered(60)
    said = run("takeover", "check", str(home.folder / "one"), "--by", "Lin", "--json")
    assert said.code == 0
    run_id = json.loads(said.out)["run_id"]
    assert f"run {run_id}" in said.err, "expected the id before it is sent"
    assert "frozen" in run("takeover", "freeze", run_id, "0101").out
    assert "loaded" in run("takeover", "load", run_id, "0101", "--by", "Lin").out
    proof = json.loads(run("takeover", "prove", run_id, "0101", "--json").out)
    assert proof["wrong"] == []
    assert "live" in run("takeover", "go-live", run_id, "0101").out
    cells = json.loads(run("takeover", "cells", run_id, "--json").out)["cells"]
    assert [one["state"] for one in cells] == ["live", "prepared", "prepared", "prepared"]
    target = home.folder / "delta"
    target.mkdir()
    home.close_day()
    assert run("takeover", "delta", run_id, "0101", str(target)).code == 0
    evening = ["takeover", "compare", run_id, str(target), "--date", str(FIRST_DAY)]
    assert "0 differ" in run(*evening).out
    back = run("takeover", "fall-back", run_id, "0101", "--to", str(target), "--why", "rehearsal")
    assert "fallen_back" in back.out
    assert (target / "balances.txt").read_text().startswith("ACCT_NO|BAL|")


def test_what_was_found_is_listed_and_a_refused_delivery_exits_1(run: Run, home: NewHome) -> None:
    book = home.delivered(600, errors=1)
    text = (book.folder / "mapping.toml").read_text()
    (book.folder / "mapping.toml").write_text(text.replace('"tell"', '"tell"\nterms = "whole"'))
    said = run("takeover", "check", str(home.folder / "one"))
    assert (said.code, "refused" in said.out) == (1, True)
    run_id = said.err.split()[1]
    listed = run("takeover", "findings", run_id, "--kind", "terms").out.splitlines()
    assert len(listed) == 2
    assert listed[1].startswith("terms,agreements.txt,")
    assert run("takeover", "cells", "no-id").code != 0
