"""Goal: a pain.001 is refused whole or line by line, by the rule that is broken and by no other.
Method: a good file with one thing changed in its text, and the reason and words that follow.
"""

import datetime as dt
from dataclasses import replace
from typing import Any

import pytest

from tests.platforms.capability.domain.iso20022 import made
from yunjin.platforms.capability.domain.iso20022.answers import answer_order
from yunjin.platforms.capability.domain.iso20022.checks import Rules
from yunjin.platforms.capability.domain.iso20022.orders import Order, read_order, write_order
from yunjin.platforms.capability.domain.iso20022.reading import Limits
from yunjin.platforms.capability.domain.iso20022.reasons import Refused
from yunjin.platforms.capability.domain.iso20022.statuses import (
    Statuses,
    read_statuses,
    write_statuses,
)

AMOUNTS = {"amount_minor": [100, 200, 300]}


def good(**columns: Any) -> bytes:
    """Return an order of 1.00, 2.00 and 3.00."""
    return made.order_file(**{**AMOUNTS, **columns})


def accepted(content: bytes, rules: Rules | None = None) -> Order:
    """Return what was read, which must not be refused whole."""
    order = read_order(content, rules)
    assert isinstance(order, Order), order
    return order


def refused(content: bytes, rules: Rules | None = None) -> Refused:
    """Return the refusal of a whole file."""
    found = read_order(content, rules)
    assert isinstance(found, Refused)
    return found


def reasons(content: bytes, rules: Rules | None = None) -> list[str | None]:
    """Return the reason of each line."""
    found: list[str | None] = accepted(content, rules).lines.column("reason").to_pylist()
    return found


def test_an_order_is_read_as_it_was_written() -> None:
    order = accepted(good())
    assert order.name == "pain.001.001.09"
    assert order.header.message_id == "M-1"
    assert order.header.created_at == made.NOW
    assert (order.header.line_count, order.header.control_sum) == (3, "6.00")
    [group] = order.groups
    assert group.category_purpose == "SALA"
    assert group.execution_date == made.DAY
    assert (group.is_batch_booked, group.debtor_other) == (True, "6222021234567890")
    assert order.lines.column("amount_minor").to_pylist() == [100, 200, 300]
    assert order.lines.column("creditor_name")[2].as_py() == "Weaver 织工 2"
    assert reasons(good()) == [None] * 3


@pytest.mark.parametrize("version", [3, 8, 9])
def test_the_namespace_decides_the_version(version: int) -> None:
    content = made.order_file(version=version)
    order = accepted(content)
    assert order.version == version
    assert order.groups[0].debtor_agent_bic == "ICBKCNBJXXX"
    assert order.groups[0].execution_date == made.DAY


@pytest.mark.parametrize(
    ("old", "new", "code", "words"),
    [
        ("<NbOfTxs>3</NbOfTxs>", "<NbOfTxs>4</NbOfTxs>", "AM18", "GrpHdr/NbOfTxs: expected 3"),
        ("<CtrlSum>6.00<", "<CtrlSum>6.01<", "AM10", "GrpHdr/CtrlSum: expected 6.00"),
        ("<CtrlSum>6.00<", "<CtrlSum>six<", "AM10", "expected a decimal number"),
        ("<MsgId>M-1</MsgId>", "", "CH21", "expected GrpHdr/MsgId, was missing"),
        ("<MsgId>M-1<", f"<MsgId>{'M' * 36}<", "CH16", "at most 35 characters"),
        ("<MsgId>", "<MsgId>M-0</MsgId><MsgId>", "FF01", "expected GrpHdr/MsgId once"),
        ("2026-01-31T", "2026-02-31T", "DT01", "expected a date and time"),
        ("pain.001.001.09", "pain.001.001.12", "FF01", "pain.001.001.03-09, was pain.001.001.12"),
        ("pain.001.001.09", "pain.008.001.08", "FF01", "pain.001.001.03-09, was pain.008.001.08"),
        ("xsd:pain", "xsd:pa1n", "FF01", "expected one of pain.001.001.03-09, was Document in"),
        ("CstmrCdtTrfInitn", "CstmrDrctDbtInitn", "FF01", "expected CstmrCdtTrfInitn, was"),
    ],
)
def test_a_file_is_refused_whole(old: str, new: str, code: str, words: str) -> None:
    found = refused(good().replace(old.encode(), new.encode(), 99 if "C" in old[:1] else 1))
    assert found.code == code
    assert words in found.detail


def test_a_groups_own_totals_are_held_against_its_lines() -> None:
    group = good().partition(b"<PmtInf>")
    for old, new, code in (("6.00", "7.00", "AM10"), (">3</Nb", ">2</Nb", "AM18")):
        found = refused(group[0] + group[1] + group[2].replace(old.encode(), new.encode(), 1))
        assert found.code == code
        assert "PmtInf[1]/" in found.detail
        assert found.message_id == "M-1"
        assert found.created_at == made.NOW


def test_a_message_id_the_sender_used_before_is_refused() -> None:
    found = refused(good(), Rules(is_known={"M-1"}.__contains__))
    assert found.code == "AM05"
    assert accepted(good(), Rules(is_known={"M-2"}.__contains__))


def test_sums_are_exact_beyond_what_floats_hold() -> None:
    count, most = 5, 9_007_199_254_740_991
    content = made.order_file(count, amount_minor=[most] * count)
    assert accepted(content).header.control_sum == "450359962737049.55"
    off = content.replace(b"450359962737049.55", b"450359962737049.56")
    assert refused(off).code == "AM10"


def test_sums_go_over_currencies_as_they_are_written() -> None:
    content = made.order_file(amount_minor=[150, 150, 150], currency=["CNY", "JPY", "KWD"])
    order = accepted(content, Rules(currencies_mixed=True))
    assert order.header.control_sum == "151.650"  # 1.50 + 150 + 0.150
    assert order.lines.column("reason").null_count == 3


@pytest.mark.parametrize(
    ("old", "new", "code", "words"),
    [
        (">2.00<", ">2.001<", "CH20", "expected no more decimals than it has, was 2.001 CNY"),
        (">2.00<", ">-2.00<", "AM12", "expected a decimal amount without sign"),
        (">2.00<", ">2,00<", "AM12", "expected a decimal amount"),
        (">2.00<", ">0.00<", "AM01", "expected an amount above zero"),
        ('"CNY">2.00<', '"CNX">2.00<', "AM11", "expected an ISO 4217 currency"),
        ('"CNY">2.00<', '"EUR">2.00<', "AM03", "expected CNY as all of its group, was EUR"),
        (">E-1<", "><", "CH21", "expected PmtId/EndToEndId, was missing"),
        (">E-1<", ">E-0<", "AM05", "expected a new end_to_end_id, was E-0"),
        (">I-1<", ">I-0<", "AM05", "expected a new instruction_id, was I-0"),
        (">E-1<", f">{'E' * 36}<", "CH16", "at most 35 characters"),
        (">6217000000000000001<", ">6217_0001<", "AC01", "expected an account number of digits"),
        (">6217000000000000001<", "><", "AC01", "CdtrAcct/Id/IBAN or Othr/Id, was neither"),
        ("<Othr><Id>6217000000000000001</Id></Othr>", "<IBAN>DE00370400440532013000</IBAN>",
         "AC01", "expected check digits that fit"),
        (">Weaver 织工 1<", f">{'长' * 141}<", "CH16", "at most 140 characters"),
    ],
)  # fmt: skip
def test_one_line_is_refused_and_the_others_stand(
    old: str, new: str, code: str, words: str
) -> None:
    content = good().replace(old.encode(), new.encode())
    for total in (b"<CtrlSum>6.00</CtrlSum>",):
        content = content.replace(total, b"")
    order = accepted(content)
    assert order.lines.column("reason").to_pylist() == [None, code, None]
    answer = answer_order(order, message_id="A-1", created_at=made.NOW)
    read = read_statuses(write_statuses(answer))
    assert isinstance(read, Statuses)
    assert read.lines.column("status_reason").to_pylist() == [None, code, None]
    assert words in order.lines.column("detail")[1].as_py()


def test_the_first_of_two_with_one_reference_stands() -> None:
    assert reasons(good(end_to_end_id=["A", "A", "A"])) == [None, "AM05", "AM05"]
    assert reasons(good(end_to_end_id=["NOTPROVIDED"] * 3)) == [None] * 3


def test_an_amount_that_is_refused_still_counts_in_the_control_sum() -> None:
    odd = good().replace(b">2.00<", b">2.005<")
    assert refused(odd).code == "AM10"
    assert reasons(odd.replace(b"6.00", b"6.005")) == [None, "CH20", None]


def test_an_element_that_comes_twice_is_never_read_as_the_first() -> None:
    twice = good().replace(b"<InstdAmt", b'<InstdAmt Ccy="CNY">9.00</InstdAmt><InstdAmt', 1)
    found = accepted(twice.replace(b"<CtrlSum>6.00</CtrlSum>", b""))
    assert found.lines.column("reason").to_pylist() == ["FF01", None, None]
    assert "expected Amt/InstdAmt once" in found.lines.column("detail")[0].as_py()


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        ("<Dt>2026-02-01</Dt>", "<Dt>2026-02-30</Dt>", "DT01"),
        ("<Id>6222021234567890</Id>", "<Id></Id>", "AC01"),
        ("<BICFI>ICBKCNBJXXX<", "<BICFI>ICBK1<", "RC01"),
        ("5493001KJTIIGC8Y1R12", "5493001KJTIIGC8Y1R13", "CH16"),
        ("<PmtMtd>TRF<", "<PmtMtd>DD<", "CH16"),
        ("<PmtInfId>P-1</PmtInfId>", "", "CH21"),
    ],
)
def test_what_is_wrong_with_a_group_refuses_its_lines(old: str, new: str, code: str) -> None:
    lines = made.wages(4, group=[0, 0, 1, 1], amount_minor=[1, 2, 3, 4])
    groups = (made.GROUP, replace(made.GROUP, payment_information_id="P-2"))
    content = write_order(made.order(lines, *groups))
    assert reasons(content.replace(old.encode(), new.encode(), 1)) == [code, code, None, None]


def test_a_date_and_time_of_execution_is_its_day() -> None:
    timed = good().replace(b"<Dt>2026-02-01</Dt>", b"<DtTm>2026-02-01T23:30:00+08:00</DtTm>")
    assert accepted(timed).groups[0].execution_date == dt.date(2026, 2, 1)


def test_more_bytes_or_lines_than_allowed_are_refused() -> None:
    assert "at most 1000 bytes" in refused(good(), Rules(limits=Limits(bytes_max=1000))).detail
    found = refused(good(), Rules(limits=Limits(lines_max=2)))
    assert "expected at most 2 CdtTrfTxInf, was more" in found.detail
