"""Goal: `yunjin payments` pays by file and reconciles, and refuses in words.

Method: the program's own main, in this process, over a bank that is opened once a test.
"""

import json
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from tests.app.commanding import Run, giver
from tests.platforms.capability.payments.conftest import Payer
from tests.platforms.capability.payments.test_files import payroll, staff
from yunjin.app.commands import payments
from yunjin.foundation.banking.api.days import DaysApi
from yunjin.platforms.capability.api.payment_files import PaymentFile, PaymentFilesApi

pytestmark = pytest.mark.parametrize("database_url", [""])


@dataclass
class Bank:
    """A bank, as far as its doors go; it works its flows whenever a file is asked for."""

    payer: Payer

    def door(self, api: type) -> Any:
        return self if api is PaymentFilesApi else self.payer.doors[api]

    def submit(self, command_id: UUID, content: bytes) -> PaymentFile:
        made: PaymentFile = self.payer.doors[PaymentFilesApi].submit(command_id, content)
        return made

    def file(self, file_id: UUID) -> PaymentFile:
        self.payer.work()
        found: PaymentFile = self.payer.doors[PaymentFilesApi].file(file_id)
        return found

    def answer(self, file_id: UUID) -> bytes:
        found: bytes = self.payer.doors[PaymentFilesApi].answer(file_id)
        return found

    notification = answer


@pytest.fixture
def run(bank: Payer, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    monkeypatch.setattr(payments, "bank_of", lambda _: nullcontext(Bank(bank)))
    return giver(monkeypatch, capsys)


def test_a_file_is_paid_and_answered(run: Run, bank: Payer, tmp_path: Path) -> None:
    file, answer = tmp_path / "wages.xml", tmp_path / "pain.002.xml"
    [one] = staff(bank, 1)
    file.write_bytes(payroll(bank.payer, [(one, 500)]))
    said = run("payments", "submit", str(file), "--answer", str(answer))
    assert (said.code, said.out) == (
        0,
        "wages-1: 1 lines, 1 booked, 0 refused, 0 on their way to other banks\n",
    )
    assert b"ACSC" in answer.read_bytes()
    told = json.loads(run("payments", "submit", str(file), "--json").out)
    assert (told["state"], told["reason"]) == ("refused", "AM05")
    file.write_bytes(b"<none/>")
    assert run("payments", "submit", str(file)).out.startswith("refused whole: ")


def test_a_channel_s_file_is_reconciled(run: Run, bank: Payer, tmp_path: Path) -> None:
    [one] = bank.pay(bank.order(500, channel="cnaps"))
    file, mapping = tmp_path / "cnaps.csv", tmp_path / "mapping.toml"
    file.write_text(f"ref,sum\n{one.payment_id},-5.00\nX,1.00\n")
    mapping.write_text('reference = "ref"\nline_id = "ref"\namount = "sum"\nsettled = ["OK"]\n')
    day = bank.doors[DaysApi].business_date().isoformat()
    words = ("payments", "reconcile", str(file), "--channel", "cnaps", "--day", day)
    said = run(*words, "--mapping", str(mapping))
    assert said.code == 1
    assert "2 lines, 1 matched, 1 differences" in said.out
    assert "missing_ours" in said.out
    told = json.loads(run(*words, "--mapping", str(mapping), "--json").out)
    assert [each["theirs_minor"] for each in told["differences"]] == [100]


@pytest.mark.parametrize("text", ["reference = 5", 'strange = "x"', "= =", 'settled = "OK"'])
def test_a_mapping_that_is_none_is_refused_in_words(run: Run, tmp_path: Path, text: str) -> None:
    file, mapping = tmp_path / "cnaps.csv", tmp_path / "mapping.toml"
    file.write_text("ref,sum\n")
    mapping.write_text(text)
    said = run("payments", "reconcile", str(file), "--channel", "cnaps", "--mapping", str(mapping))
    assert said.code == 1
    assert "expected" in said.err
