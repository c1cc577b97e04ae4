"""Goal: `yunjin flows` draws, checks, brings and starts, and refuses in words.

Method: the program's own main, in this process, over a room that is opened once a test.
"""

import json
from collections.abc import Iterator
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.app.commanding import Run, giver
from tests.data import ROOT
from tests.platforms.capability.drawings.conftest import opened
from yunjin.app.commands import flows
from yunjin.kernel import tenant

LOAN = ROOT / "tests" / "golden" / "bpmn" / "cash_loan.bpmn"


@dataclass
class FakeBank:
    """A bank, as far as the doors of its centres go."""

    doors: dict[type, Any]

    def door(self, api: type) -> Any:
        return self.doors[api]


@pytest.fixture
def run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[Run]:
    with tenant.entered("demo"):
        studio = opened("", tmp_path)
        bank = FakeBank(studio.made.doors)
        monkeypatch.setattr(flows, "bank_of", lambda _: nullcontext(bank))
        yield giver(monkeypatch, capsys)
        studio.engine.close()
        studio.room.close()


def test_a_flow_in_code_is_drawn_and_a_drawing_is_brought_and_started(
    run: Run, tmp_path: Path
) -> None:
    assert json.loads(run("flows", "list", "--json").out) == {
        "flows": ["capability.task_due"],
        "drawings": [],
    }
    said = run("flows", "draw", "capability.task_due")
    assert said.out.startswith("<?xml")
    assert "bpmndi:BPMNShape" in said.out
    target = tmp_path / "due.svg"
    assert run("flows", "draw", "capability.task_due", "--svg", "--out", str(target)).code == 0
    assert target.read_text(encoding="utf-8").startswith("<svg")
    said = run("flows", "check", str(LOAN))
    assert said.out == (
        "cash_loan can be run; it is started with amount_minor, application, limit_id.\n"
    )
    said = run("flows", "bring", str(LOAN), "--by", "安娜")
    assert said.out.startswith("cash_loan 1: started with amount_minor")
    said = run("flows", "draw", "cash_loan")
    assert said.out == LOAN.read_text(encoding="utf-8") + "\n"
    assert run("flows", "list").out.splitlines()[-1].split() == ["cash_loan", "1", "现金贷"]
    inputs = ("--input", "amount_minor=5", "--input", "application=A", "--input", "limit_id=x")
    said = run("flows", "start", "cash_loan", *inputs)
    assert len(said.out.strip()) == 36, said.err


def test_what_cannot_be_done_is_told_in_words(run: Run, tmp_path: Path) -> None:
    wrong = tmp_path / "wrong.bpmn"
    wrong.write_text(
        LOAN.read_text(encoding="utf-8").replace("limit.reserve", "limit.delete"), encoding="utf-8"
    )
    said = run("flows", "check", str(wrong))
    assert said.code == 1
    assert "Activity_reserve: expected an operation such as limit.reserve" in said.out
    said = run("flows", "bring", str(wrong), "--by", "安娜")
    assert said.code == 1
    assert "  Activity_reserve: expected an operation" in said.err
    for words, told in (
        (("flows", "draw", "nothing"), "There is no such drawing"),
        (("flows", "check", str(tmp_path / "none")), "expected a file that is there"),
        (("flows", "start", "nothing"), "There is no such drawing"),
        (("flows", "start", "nothing", "--input", "x"), "expected an input such as"),
    ):
        said = run(*words)
        assert (said.code, told in said.err) == (1, True), said
