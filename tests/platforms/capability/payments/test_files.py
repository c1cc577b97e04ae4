"""Goal: a file pays each of its lines once, and answers for each. Method: payrolls with faults.

Money is counted: what left the payer is with payees, what could not be paid came back.
"""

import datetime as dt
from typing import Any
from uuid import UUID

import pyarrow as pa
import pytest

from tests.platforms.capability.payments.conftest import Payer
from tests.platforms.capability.payments.test_faults import Failing
from yunjin.foundation.banking.api.agreements import AgreementsApi, Opening
from yunjin.kernel.errors import IdempotencyConflict
from yunjin.platforms.capability.api.payment_files import FileState, PaymentFilesApi
from yunjin.platforms.capability.domain.iso20022.accounts import read_account_report
from yunjin.platforms.capability.domain.iso20022.orders import (
    Order,
    OrderGroup,
    OrderHeader,
    write_order,
)
from yunjin.platforms.capability.domain.iso20022.reasons import Refused
from yunjin.platforms.capability.domain.iso20022.statuses import read_statuses
from yunjin.platforms.capability.domain.payments import leg, legs
from yunjin.platforms.capability.errors import PaymentFileNotFound


def payroll(
    payer: int, lines: list[tuple[int | str, int]], *, message_id: str = "wages-1", bank: str = ""
) -> bytes:
    """Return a pain.001 with a line for each (account, minor units), of one payer."""
    count = len(lines)
    texts: dict[str, list[str | None]] = {
        "end_to_end_id": [f"w{at}" for at in range(count)],
        "currency": ["CNY"] * count,
        "creditor_name": [f"员工{at}" for at in range(count)],
        "creditor_other": [str(account) for account, _ in lines],
        "creditor_agent_bic": [bank if isinstance(account, str) else None for account, _ in lines],
        "remittance": ["一月工资"] * count,
    }
    columns = {name: pa.array(values, pa.string()) for name, values in texts.items()}
    columns["amount_minor"] = pa.array([minor for _, minor in lines], pa.int64())
    columns["group"] = pa.array([0] * count, pa.int32())
    group = OrderGroup(
        payment_information_id="p1",
        method="TRF",
        execution_date=dt.date(2026, 1, 5),
        category_purpose="SALA",
        debtor_name="某某公司",
        debtor_other=str(payer),
        debtor_agent_bic="YUNJCNB1",
    )
    header = OrderHeader(
        message_id=message_id,
        created_at=dt.datetime(2026, 1, 5, 9, tzinfo=dt.UTC),
        initiating_name="某某公司",
    )
    return write_order(Order(header=header, groups=(group,), lines=pa.record_batch(columns)))


def staff(bank: Payer, count: int) -> list[int]:
    """Open an account for each of some people."""
    opening = [Opening(product="current-account", party_id=f"s{at}") for at in range(count)]
    found: list[int] = bank.doors[AgreementsApi].open(bank.id(), opening)
    return found


def balance(bank: Payer, agreement_id: int) -> int:
    found: int = bank.doors[AgreementsApi].agreement(agreement_id).balance_minor
    return found


def sent(bank: Payer, content: bytes, file_id: UUID | None = None) -> Any:
    """Submit a file and let it come to rest."""
    files = bank.doors[PaymentFilesApi]
    one = files.submit(file_id or bank.id(), content)
    bank.rest()
    return files.file(one.file_id)


def test_wages_reach_everybody_once_and_the_file_is_answered(bank: Payer) -> None:
    people = staff(bank, 3)
    content = payroll(bank.payer, [(one, 10_000 + at) for at, one in enumerate(people)])
    one = sent(bank, content)
    assert (one.state, one.lines, one.booked, one.refused, one.away) == (FileState.DONE, 3, 3, 0, 0)
    assert [balance(bank, each) for each in people] == [10_000, 10_001, 10_002]
    assert bank.balances()[0] == 1_000_000 - 30_003
    files = bank.doors[PaymentFilesApi]
    answer = read_statuses(files.answer(one.file_id))
    assert not isinstance(answer, Refused)
    assert (answer.header.original_message_id, answer.header.status) == ("wages-1", "ACSC")
    told = read_account_report(files.notification(one.file_id))
    assert not isinstance(told, Refused)
    [entry] = told.entries.to_pylist()
    assert (entry["amount_minor"], entry["is_credit"], entry["subfamily"]) == (
        30_003,
        False,
        "SALA",
    )
    assert told.details["end_to_end_id"].to_pylist() == ["w0", "w1", "w2"]


def test_what_cannot_be_paid_goes_back_with_its_reason(bank: Payer) -> None:
    people = staff(bank, 2)
    bank.doors[AgreementsApi].close(bank.id(), people[1])
    lines: list[tuple[int | str, int]] = [(people[0], 500), (people[1], 700), (123, 900)]
    one = sent(bank, payroll(bank.payer, lines))
    assert (one.booked, one.refused) == (1, 2)
    assert bank.balances()[0] == 1_000_000 - 500
    found = bank.doors[PaymentFilesApi].lines(one.file_id).to_pylist()
    assert [row["status_reason"] for row in found] == [None, "AC04", "AC01"]


def test_a_payer_without_the_money_pays_nobody(bank: Payer) -> None:
    people = staff(bank, 2)
    one = sent(bank, payroll(bank.payer, [(people[0], 600_000), (people[1], 600_000)]))
    assert (one.booked, one.refused) == (0, 2)
    assert bank.balances()[0] == 1_000_000
    found = bank.doors[PaymentFilesApi].lines(one.file_id).to_pylist()
    assert {row["status_reason"] for row in found} == {"AM04"}
    with pytest.raises(PaymentFileNotFound):
        bank.doors[PaymentFilesApi].notification(one.file_id)


def test_lines_to_other_banks_become_payments_of_their_own(bank: Payer) -> None:
    [person] = staff(bank, 1)
    lines: list[tuple[int | str, int]] = [(person, 500), ("6200001", 700)]
    one = sent(bank, payroll(bank.payer, lines, bank="ABOCCNBJ"))
    assert (one.booked, one.away) == (1, 1)
    bank.rest()
    answer = read_statuses(bank.doors[PaymentFilesApi].answer(one.file_id))
    assert not isinstance(answer, Refused)
    assert answer.lines["status"].to_pylist() == ["ACSC", "ACSC"]
    assert bank.balances()[:2] == (1_000_000 - 1_200, 0)


def test_a_file_that_is_sent_again_is_refused_whole_and_says_why(bank: Payer) -> None:
    [person] = staff(bank, 1)
    content, file_id = payroll(bank.payer, [(person, 500)]), bank.id()
    first = sent(bank, content, file_id)
    assert sent(bank, content, file_id) == first
    again = sent(bank, content)
    assert (again.state, again.reason) == (FileState.REFUSED, "AM05")
    assert balance(bank, person) == 500
    answer = read_statuses(bank.doors[PaymentFilesApi].answer(again.file_id))
    assert not isinstance(answer, Refused)
    assert (answer.header.status, answer.header.status_reason) == ("RJCT", "AM05")
    with pytest.raises(IdempotencyConflict):
        sent(bank, payroll(bank.payer, [(person, 501)], message_id="other"), file_id)


def test_wrong_totals_and_bombs_are_refused_whole(bank: Payer) -> None:
    [person] = staff(bank, 1)
    good = payroll(bank.payer, [(person, 500)])
    bomb = b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b "b">]>' + good.split(b"?>", 1)[1]
    for content in (good.replace(b"5.00", b"6.00", 1), bomb, good[:-20], b"\xff\xfe\x00"):
        one = sent(bank, content)
        assert one.state is FileState.REFUSED
        assert one.reason
    assert balance(bank, person) == 0
    assert bank.balances()[0] == 1_000_000


@pytest.mark.parametrize("fault", ["core before", "core after"])
def test_a_core_that_fails_anywhere_pays_each_line_once(bank: Payer, fault: str) -> None:
    people = staff(bank, 3)
    plan = [fault] * 3
    lines: list[tuple[int | str, int]] = [(one, 1_000) for one in people]
    with bank.failing(lambda door: Failing(door, plan)):
        one = sent(bank, payroll(bank.payer, [*lines, (5, 70)]))
        bank.settle()
    one = bank.doors[PaymentFilesApi].file(one.file_id)
    assert plan == []
    assert (one.state, one.booked, one.refused) == (FileState.DONE, 3, 1)
    assert [balance(bank, each) for each in people] == [1_000] * 3
    assert bank.balances()[0] == 1_000_000 - 3_000


def test_ids_of_lines_are_the_same_one_by_one_and_in_columns() -> None:
    of = UUID("019ab0c2-7d1e-7c55-8a3f-3f1c5d0c9b11")
    words = [f"line {at}" for at in range(300)]
    high, low = legs(of, words)
    pairs = zip(high.tolist(), low.tolist(), strict=True)
    assert [hi << 64 | lo for hi, lo in pairs] == [leg(of, word).int for word in words]
