"""Goal: messages as banks and others publish them are read as the standard means them. Method: each
shared sample of a kind we know, with what must come of it; what has no decision fails.
"""

import re

import pytest

from tests.data import shared_data
from yunjin.platforms.capability.domain.iso20022.accounts import (
    AccountReport,
    gaps_minor,
    read_account_report,
)
from yunjin.platforms.capability.domain.iso20022.orders import Order, read_order
from yunjin.platforms.capability.domain.iso20022.reasons import ReasonCode, Refused
from yunjin.platforms.capability.domain.iso20022.statuses import Statuses, read_statuses
from yunjin.platforms.capability.domain.iso20022.transfers import Transfers, read_transfers

# Per sample: sections, entries, details, and what each statement's balances lack (None: not told).
ACCOUNTS = {
    "camt052.v2.other-account.xml": (1, 1, 1, [None]),
    "camt052.v2.with-account-name.xml": (1, 1, 1, [None]),
    "camt052.v2.xml": (1, 1, 1, [None]),
    "camt052.v4.xml": (1, 1, 1, [None]),
    "camt052.v6.Amt-zero.xml": (1, 1, 1, [None]),
    "camt052.v6.xml": (1, 1, 1, [None]),
    "camt052.v8.xml": (1, 1, 0, [None]),
    "camt053.v2.all-balance-types.xml": (1, 1, 1, [-582]),  # 1.01 + 8.85 is not 4.04
    "camt053.v2.five.decimals.xml": (1, 1, 1, [5]),  # 18.15 + 8.85 is not 27.05
    "camt053.v2.minimal.ultimate.xml": (1, 1, 1, [None]),  # closes in another currency
    "camt053.v2.minimal.xml": (1, 1, 1, [None]),
    "camt053.v2.multi.statement.xml": (2, 2, 2, [0, 0]),
    "camt053.v2.with-account-name.xml": (1, 1, 1, [None]),
    "camt053.v2.with-party-ids.xml": (1, 1, 1, [None]),
    "camt053.v3.xml": (1, 1, 1, [None]),
    "camt053.v4.xml": (1, 1, 1, [None]),
    "camt053.v8.xml": (1, 1, 1, [None]),
    "camt054.v2.with-account-name.xml": (1, 1, 1, [None]),
    "camt054.v2.xml": (1, 1, 3, [None]),
    "camt054.v4.xml": (1, 1, 3, [None]),
    "camt054.v8-with-UETR.xml": (1, 1, 1, [None]),
    "camt054.v8-with-financial-institution.xml": (1, 1, 1, [None]),
    "camt054.v8.xml": (1, 1, 3, [None]),
    "camt53.only-Dt-with-DtTm.xml": (1, 0, 0, [None]),
}
REFUSED_ACCOUNTS = {
    "camt052.v1.xml": (ReasonCode.FORMAT_INVALID, "was camt.052.001.01"),  # of 2006, out of use
    "camt053.v2.wrong.xml": (ReasonCode.ELEMENT_MISSING, "expected at least one Stmt, was none"),
}
# All of them say a number of transactions that they do not have: said and counted.
ORDERS = {
    "pain.001.001.03.xml": (2, 4),
    "pain.001.001.04.xml": (2, 1),
    "pain.001.001.05.xml": (3, 1),
    "pain.001.001.06.xml": (3, 1),
    "pain.001.001.07.xml": (3, 1),
    "pain.001.001.08.xml": (3, 1),
    "pain.001.001.09.xml": (2, 5),
    "tests.pain.001.001.03.xml": (2, 6),
}
# The same with the right number: how many lines are refused, for which reasons.
MENDED = {
    "pain.001.001.03.xml": (0, set()),
    "pain.001.001.04.xml": (0, set()),
    "pain.001.001.05.xml": (0, set()),
    "pain.001.001.06.xml": (0, set()),
    "pain.001.001.07.xml": (0, set()),
    "pain.001.001.08.xml": (0, set()),
    "pain.001.001.09.xml": (5, {"AC01"}),  # the debtor's IBAN has wrong check digits
    "tests.pain.001.001.03.xml": (6, {"AC01", "AM05"}),  # IBANs; every id is there twice
}


def sample(name: str) -> bytes:
    """Return a shared message."""
    return (shared_data("iso20022") / name).read_bytes()


def mended(content: bytes, counted: int) -> bytes:
    """Return orders with the right number and without the totals that may be left out."""
    head, tag, rest = content.partition(b"</NbOfTxs>")
    head = head[: head.rindex(b">") + 1] + str(counted).encode()
    optional = rb"<(NbOfTxs|CtrlSum)>[^<]*</\1>"
    return head + tag + re.sub(optional, b"", rest)


def reasons(order: Order) -> set[str]:
    """Return the reasons of the lines that are refused."""
    return {reason for reason in order.lines.column("reason").to_pylist() if reason}


@pytest.mark.parametrize("name", ACCOUNTS)
def test_a_sample_of_an_account_is_read_as_decided(name: str) -> None:
    report = read_account_report(sample(f"camt/{name}"))
    assert isinstance(report, AccountReport), report
    sizes = (len(report.sections), report.entries.num_rows, report.details.num_rows)
    assert (*sizes, gaps_minor(report)) == ACCOUNTS[name]
    for batch in (report.entries, report.details):
        assert batch.column("reason").null_count == batch.num_rows, batch.column("detail")


@pytest.mark.parametrize("name", REFUSED_ACCOUNTS)
def test_a_sample_that_is_refused_says_why(name: str) -> None:
    refused = read_account_report(sample(f"camt/{name}"))
    code, words = REFUSED_ACCOUNTS[name]
    assert isinstance(refused, Refused)
    assert refused.code == code
    assert words in refused.detail


@pytest.mark.parametrize("name", ORDERS)
def test_a_sample_of_orders_is_held_against_its_own_number(name: str) -> None:
    said, counted = ORDERS[name]
    content = sample(f"pain001/{name}")
    refused = read_order(content)
    assert isinstance(refused, Refused)
    assert refused.code == ReasonCode.COUNT_WRONG
    assert f"expected {counted} as counted, was {said}" in refused.detail
    assert refused.message_id == "1"
    order = read_order(mended(content, counted))
    assert isinstance(order, Order), order
    assert order.lines.num_rows == counted
    refused_count = counted - order.lines.column("reason").null_count
    assert (refused_count, reasons(order)) == MENDED[name], order.lines.column("detail")


def test_every_sample_of_a_kind_we_know_has_its_decision() -> None:
    root = shared_data("iso20022")
    for folder, known in (("camt", {*ACCOUNTS, *REFUSED_ACCOUNTS}), ("pain001", {*ORDERS})):
        assert {path.name for path in (root / folder).glob("*.xml")} <= known


def test_a_real_time_payment_is_read_out_of_its_envelope() -> None:
    transfers = read_transfers(sample("iso20022_rtp/pacs008.xml"))
    assert isinstance(transfers, Transfers)
    assert transfers.header.clearing_system == "TCH"
    [line] = transfers.lines.to_pylist()
    assert (line["amount_minor"], line["currency"]) == (4_615_449, "USD")
    assert line["instructing_agent_member"] == "234567891"
    assert line["creditor_other"] == "42341169728762787"
    assert line["reason"] is None


@pytest.mark.parametrize(("name", "status", "reason"), [("ACTC", "ACTC", None), ("RJCT",) * 3])
def test_a_real_time_answer_is_read(name: str, status: str, reason: str | None) -> None:
    statuses = read_statuses(sample(f"iso20022_rtp/pacs002.{name}.xml"))
    assert isinstance(statuses, Statuses)
    assert statuses.header.original_name == "pacs.008.001.08"
    [line] = statuses.lines.to_pylist()
    assert line["status"] == status
    assert line["status_reason"] == (reason and "AC03")


@pytest.mark.parametrize(
    "name", ["acmt022", "camt056.refund", "pacs009", "pain013", "head001.signature", "remt001"]
)
def test_messages_we_do_not_know_are_refused_with_those_we_do(name: str) -> None:
    refused = read_account_report(sample(f"iso20022_rtp/{name}.xml"))
    assert isinstance(refused, Refused)
    assert "expected one of camt.052.001.02-08, camt.053.001.02-08" in refused.detail
