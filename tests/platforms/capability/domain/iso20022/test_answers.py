"""Goal: every line that came in is answered, with the status that it has and the reason why.
Method: orders and transfers with lines that are refused in reading and in paying, read back.
"""

from dataclasses import replace
from typing import Any

import pyarrow as pa
import pytest

from tests.platforms.capability.domain.iso20022 import made
from yunjin.platforms.capability.domain.iso20022.answers import (
    answer_order,
    answer_transfers,
    status_of,
)
from yunjin.platforms.capability.domain.iso20022.orders import Order, read_order, write_order
from yunjin.platforms.capability.domain.iso20022.reasons import Refused
from yunjin.platforms.capability.domain.iso20022.returns import (
    Returns,
    read_returns,
    returns_of,
    write_returns,
)
from yunjin.platforms.capability.domain.iso20022.statuses import (
    Statuses,
    read_statuses,
    write_statuses,
)
from yunjin.platforms.capability.domain.iso20022.transfers import (
    Transfers,
    read_transfers,
    write_transfers,
)

ANSWER: dict[str, Any] = {"message_id": "A-1", "created_at": made.NOW}


def order(*refused: int, groups: tuple[int, ...] = (0, 0, 0)) -> Order:
    """Return an order of which some lines are refused in reading."""
    accounts = ["#" if n in refused else str(n) for n in range(len(groups))]
    lines = made.wages(len(groups), group=groups, creditor_other=["1"] * len(groups))
    heads = [replace(made.GROUP, payment_information_id=f"P-{n}") for n in range(max(groups) + 1)]
    head, *rest = write_order(made.order(lines, *heads)).split(b"<Othr><Id>1<")
    pieces = [
        b"<Othr><Id>" + text.encode() + b"<" + piece
        for text, piece in zip(accounts, rest, strict=True)
    ]
    found = read_order(head + b"".join(pieces))
    assert isinstance(found, Order)
    return found


def answered(statuses: Statuses) -> Statuses:
    """Return an answer as its receiver reads it."""
    found = read_statuses(write_statuses(statuses))
    assert isinstance(found, Statuses), found
    return found


def column(statuses: Statuses, name: str) -> list[str | None]:
    """Return a column of the lines."""
    found: list[str | None] = statuses.lines.column(name).to_pylist()
    return found


def test_an_order_without_fault_is_accepted() -> None:
    answer = answered(answer_order(order(), **ANSWER))
    assert answer.name == "pain.002.001.10"
    head = answer.header
    assert (head.status, head.original_message_id) == ("ACCP", "M-1")
    assert (head.original_name, head.original_line_count) == ("pain.001.001.09", 3)
    assert column(answer, "status") == ["ACCP"] * 3
    assert [group.status for group in answer.groups] == ["ACCP"]


def test_a_line_refused_in_reading_makes_it_part() -> None:
    answer = answered(answer_order(order(1, groups=(0, 0, 1)), **ANSWER))
    assert answer.header.status == "PART"
    assert [group.status for group in answer.groups] == ["PART", "ACCP"]
    assert column(answer, "status") == ["ACCP", "RJCT", "ACCP"]
    assert column(answer, "status_reason") == [None, "AC01", None]
    assert column(answer, "original_end_to_end_id") == ["E-0", "E-1", "E-2"]
    assert {count.status: count.line_count for count in answer.counts} == {"ACCP": 2, "RJCT": 1}


def test_what_reading_refused_no_outcome_can_pay() -> None:
    outcomes = pa.record_batch(
        {
            "status": ["ACSC", "ACSC", "RJCT"],
            "status_reason": [None, None, "AM04"],
            "status_detail": [None, None, "the limit of the day is used up"],
        }
    )
    answer = answered(answer_order(order(1), **ANSWER, outcomes=outcomes))
    assert column(answer, "status") == ["ACSC", "RJCT", "RJCT"]
    assert column(answer, "status_reason") == [None, "AC01", "AM04"]
    assert column(answer, "status_detail")[2] == "the limit of the day is used up"


def test_an_order_without_a_line_that_stands_is_rejected() -> None:
    answer = answered(answer_order(order(0, 1, 2), **ANSWER))
    assert answer.header.status == "RJCT"
    assert answer.groups[0].status == "RJCT"


@pytest.mark.parametrize(
    ("statuses", "together"),
    [
        (["ACSC"] * 3, "ACSC"),
        (["ACSC", "ACSP"], "ACSP"),
        (["ACSC", "ACTC", "ACCP"], "ACTC"),
        (["ACSC", "PDNG"], "PART"),
        (["RJCT", "ACSC"], "PART"),
        (["RJCT", "RJCT"], "RJCT"),
        (["PDNG"], "PDNG"),
    ],
)
def test_many_lines_have_one_status_together(statuses: list[str], together: str) -> None:
    assert status_of(statuses) == together


@pytest.mark.parametrize("version", [3, 10])
def test_a_file_refused_whole_is_answered_whole(version: int) -> None:
    content = made.order_file().replace(b"<NbOfTxs>3", b"<NbOfTxs>4")
    refused = read_order(content)
    assert isinstance(refused, Refused)
    answer = answered(answer_order(refused, **ANSWER, version=version))
    assert answer.version == version
    head = answer.header
    assert (head.status, head.status_reason) == ("RJCT", "AM18")
    assert (head.original_message_id, head.original_name) == ("M-1", "pain.001.001.09")
    assert head.original_created_at == made.NOW
    assert answer.lines.num_rows == 0


def test_a_file_nobody_can_read_is_answered_too() -> None:
    refused = read_order(b"PK\x03\x04")
    assert isinstance(refused, Refused)
    head = answered(answer_order(refused, **ANSWER)).header
    assert (head.original_message_id, head.status_reason) == ("NOTPROVIDED", "FF01")
    assert head.status_detail is not None
    assert "expected well-formed XML" in head.status_detail


def transfers() -> Transfers:
    """Return transfers as read, of which the second is refused."""
    content = write_transfers(made.transfers(3)).replace(b">T-1<", b">T-0<")
    found = read_transfers(content)
    assert isinstance(found, Transfers)
    return found


def test_another_bank_is_answered_line_by_line() -> None:
    answer = answered(answer_transfers(transfers(), **ANSWER))
    assert answer.name == "pacs.002.001.10"
    assert column(answer, "status") == ["ACCP", "RJCT", "ACCP"]
    assert column(answer, "status_reason") == [None, "AM05", None]
    assert column(answer, "original_uetr")[2] == made.UETR.format(2)
    assert answer.header.instructed_agent_bic == "ICBKCNBJXXX"  # the one that had sent


def test_another_banks_file_refused_whole_is_answered_whole() -> None:
    refused = read_transfers(write_transfers(made.transfers()).replace(b"200.01", b"200.02"))
    assert isinstance(refused, Refused)
    answer = answered(answer_transfers(refused, **ANSWER))
    assert (answer.header.status, answer.header.status_reason) == ("RJCT", "AM10")
    assert answer.header.original_name == "pacs.008.001.08"


def test_several_reasons_of_a_line_come_in_and_go_out() -> None:
    lines = pa.record_batch(
        {
            "group": pa.array([0], pa.int32()),
            "original_end_to_end_id": ["E-0"],
            "status": ["RJCT"],
            "status_reason": ["AC01\nAM04"],
        }
    )
    answer = answer_order(order(), **ANSWER)
    told = answered(replace(answer, lines=lines))
    assert column(told, "status_reason") == ["AC01\nAM04"]


def test_money_comes_back_with_what_it_was_sent_as() -> None:
    sent = transfers()
    back = returns_of(
        sent,
        message_id="R-1",
        created_at=made.NOW,
        settlement_date=made.DAY,
        rows=pa.array([0, 2]),
        return_ids=pa.array(["R-1-0", "R-1-2"]),
        reasons=pa.array(["AC04", "MS03"]),
    )
    found = read_returns(write_returns(back))
    assert isinstance(found, Returns), found
    assert found.header.original_message_id == "F-1"
    assert (found.header.line_count, found.header.control_sum) == (2, "200.02")
    assert found.header.instructed_agent_bic == sent.header.instructing_agent_bic
    rows = found.lines.to_pylist()
    assert [row["original_transaction_id"] for row in rows] == ["T-0", "T-2"]
    assert [row["amount_minor"] for row in rows] == [10_000, 10_002]
    assert [row["return_reason"] for row in rows] == ["AC04", "MS03"]
    assert [row["reason"] for row in rows] == [None, None]


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        (b">R-1-2<", b">R-1-0<", "AM05"),
        (b"<RtrdIntrBkSttlmAmt Ccy=\"CNY\">100.02<", b"<RtrdIntrBkSttlmAmt><", "CH21"),
    ],
)  # fmt: skip
def test_a_return_is_refused_line_by_line(old: bytes, new: bytes, code: str) -> None:
    back = returns_of(
        transfers(),
        message_id="R-1",
        created_at=made.NOW,
        settlement_date=made.DAY,
        rows=pa.array([0, 2]),
        return_ids=pa.array(["R-1-0", "R-1-2"]),
        reasons=pa.array(["AC04", "MS03"]),
    )
    content = write_returns(back).replace(old, new)
    found = read_returns(content.replace(b"CtrlSum>", b"Ignored>"))
    assert isinstance(found, Returns), found
    assert found.lines.column("reason").to_pylist() == [None, code]
