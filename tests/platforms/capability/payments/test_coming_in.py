"""Goal: what other banks send is credited once and answered line by line. Method: stories."""

import datetime as dt

import pyarrow as pa

from tests.platforms.capability.payments.conftest import Payer
from yunjin.platforms.capability.api.payments import PaymentState
from yunjin.platforms.capability.domain.iso20022.reasons import Refused
from yunjin.platforms.capability.domain.iso20022.statuses import read_statuses
from yunjin.platforms.capability.domain.iso20022.transfers import (
    TransferHeader,
    Transfers,
    write_transfers,
)

S = PaymentState


def from_another_bank(*lines: tuple[str, int]) -> bytes:
    """Return a pacs.008 with a line for each (account, minor units)."""
    count = len(lines)
    columns = {
        "end_to_end_id": [f"in-{at}" for at in range(count)],
        "transaction_id": [f"tx-{at}" for at in range(count)],
        "currency": ["CNY"] * count,
        "charge_bearer": ["SLEV"] * count,
        "debtor_name": ["赵六"] * count,
        "debtor_other": ["990001"] * count,
        "debtor_agent_member": ["102100099996"] * count,
        "creditor_agent_member": ["305100000013"] * count,
        "creditor_name": ["李四"] * count,
        "creditor_other": [account for account, _ in lines],
        "remittance": ["工资"] * count,
    }
    batch = {name: pa.array(values, pa.string()) for name, values in columns.items()}
    batch["amount_minor"] = pa.array([amount for _, amount in lines], pa.int64())
    header = TransferHeader(
        message_id="their-1",
        created_at=dt.datetime(2026, 1, 5, 9, tzinfo=dt.UTC),
        settlement_method="CLRG",
        settlement_date=dt.date(2026, 1, 5),
    )
    return write_transfers(Transfers(header=header, lines=pa.record_batch(batch)))


def test_what_comes_in_is_credited_once_and_answered_line_by_line(bank: Payer) -> None:
    bank.channel.repeats = 2
    bank.channel.tell(
        from_another_bank((str(bank.payee), 12_300), ("999", 5), (str(bank.payer), 700))
    )
    bank.rest()
    assert bank.balances() == (1_000_700, 0, 12_300)
    found = bank.payments.payments().items
    assert sorted(one.state for one in found) == [S.REFUSED, S.SETTLED, S.SETTLED]
    assert all(one.is_incoming and one.remittance == "工资" for one in found)
    [content] = bank.channel.sent.values()
    answer = read_statuses(content)
    assert not isinstance(answer, Refused)
    assert answer.header.original_message_id == "their-1"
    rows = answer.lines.to_pylist()
    told = {row["original_transaction_id"]: (row["status"], row["status_reason"]) for row in rows}
    assert told == {"tx-0": ("ACSC", None), "tx-1": ("RJCT", "AC01"), "tx-2": ("ACSC", None)}


def test_a_message_nobody_can_read_does_not_stop_the_next(bank: Payer) -> None:
    bank.channel.tell(b"<Document xmlns='urn:iso:std:iso:20022:tech:xsd:pacs.008.001.08'/>")
    bank.channel.tell(b"\x00\x01")
    bank.channel.tell(from_another_bank((str(bank.payee), 100)))
    bank.rest()
    assert bank.balances()[2] == 100
