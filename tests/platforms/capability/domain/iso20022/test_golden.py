"""Goal: what we write stays what a reviewer found right by the standard's rules. Method: one file a
message beside this, compared byte by byte, and read again to what it was written from.

What was checked in each by eye, element by element, where no XSD is at hand: order and number of
elements as the docstring of the module that writes it lists them; of a choice one only (IBAN or
Othr, Cd or Prtry, Dt or DtTm); what must come (GrpHdr's MsgId, CreDtTm and NbOfTxs, SttlmInf with
SttlmMtd, ChrgBr, Dbtr, DbtrAgt, CdtrAgt and Cdtr of a pacs.008, RtrdIntrBkSttlmAmt of a pacs.004,
OrgnlMsgId and OrgnlMsgNmId of the answers, BkTxCd of an entry, three of Bal's four parts); the
currency as attribute; decimals as the currency has them; a reason only where something is RJCT.

`YUNJIN_WRITE_GOLDEN=1 pytest …` writes the files anew; read them before you keep them.
"""

import os
from collections.abc import Callable
from typing import Any

import pyarrow as pa
import pytest

from tests.data import ROOT
from tests.platforms.capability.domain.iso20022 import made
from yunjin.platforms.capability.domain.iso20022.account_tables import (
    NOTIFICATIONS,
    REPORTS,
    STATEMENTS,
)
from yunjin.platforms.capability.domain.iso20022.accounts import (
    read_account_report,
    write_account_report,
)
from yunjin.platforms.capability.domain.iso20022.answers import answer_order, answer_transfers
from yunjin.platforms.capability.domain.iso20022.orders import Order, read_order, write_order
from yunjin.platforms.capability.domain.iso20022.reasons import ReasonCode, Refused
from yunjin.platforms.capability.domain.iso20022.returns import (
    read_returns,
    returns_of,
    write_returns,
)
from yunjin.platforms.capability.domain.iso20022.statuses import read_statuses, write_statuses
from yunjin.platforms.capability.domain.iso20022.transfers import (
    Transfers,
    read_transfers,
    write_transfers,
)

GOLDEN = ROOT / "tests" / "golden" / "iso20022" / "written"


def order() -> Order:
    """Return an order of which one line is refused."""
    content = made.order_file(amount_minor=[100, 200, 300], creditor_other=["1", "2", "3"])
    read = read_order(content.replace(b"<Id>2</Id>", b"<Id>#</Id>"))
    assert isinstance(read, Order)
    return read


def transfers() -> Transfers:
    """Return transfers as another bank would read them."""
    read = read_transfers(write_transfers(made.transfers()))
    assert isinstance(read, Transfers)
    return read


def answers(version: int) -> bytes:
    """Write the answer to an order: paid, refused in reading, refused in paying."""
    outcomes = pa.record_batch(
        {
            "status": ["ACSC", "ACSC", "RJCT"],
            "status_reason": [None, None, "AC04"],
            "status_detail": [None, None, "the account is closed\n账户已销户"],
        }
    )
    said = answer_order(order(), message_id="A-1", created_at=made.NOW, outcomes=outcomes)
    return write_statuses(said, version=version)


def rejection() -> bytes:
    """Write the answer to a file that could not be read."""
    refused = Refused(code=ReasonCode.FORMAT_INVALID, detail="expected UTF-8, was broken")
    return write_statuses(answer_order(refused, message_id="A-2", created_at=made.NOW))


def interbank() -> bytes:
    """Write the answer to transfers."""
    return write_statuses(answer_transfers(transfers(), message_id="A-3", created_at=made.NOW))


def returned() -> bytes:
    """Write the return of one transfer."""
    found = returns_of(
        transfers(),
        message_id="R-1",
        created_at=made.NOW,
        settlement_date=made.DAY,
        rows=pa.array([1]),
        return_ids=pa.array(["R-1-1"]),
        reasons=pa.array(["AC04"]),
        details=pa.array(["the account is closed"]),
    )
    return write_returns(found)


FILES: dict[str, tuple[Callable[[], bytes], Callable[..., Any]]] = {
    "pain.001.001.03": (lambda: made.order_file(version=3), read_order),
    "pain.001.001.09": (lambda: made.order_file(), read_order),
    "pain.002.001.03": (lambda: answers(3), read_statuses),
    "pain.002.001.10": (lambda: answers(10), read_statuses),
    "pain.002.001.10.unreadable": (rejection, read_statuses),
    "pacs.008.001.08": (lambda: write_transfers(made.transfers()), read_transfers),
    "pacs.002.001.10": (interbank, read_statuses),
    "pacs.004.001.09": (returned, read_returns),
}
for family in (REPORTS, STATEMENTS, NOTIFICATIONS):
    for number in (2, 8):
        FILES[family.name(number)] = (
            lambda family=family, number=number: write_account_report(  # type: ignore[misc]
                made.report(family, is_batch=number == 8), version=number
            ),
            read_account_report,
        )


@pytest.mark.parametrize("name", FILES)
def test_a_message_is_written_as_reviewed(name: str) -> None:
    write, read = FILES[name]
    content, path = write(), GOLDEN / f"{name}.xml"
    if "YUNJIN_WRITE_GOLDEN" in os.environ:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    assert content == path.read_bytes()
    again = read(content)
    assert not isinstance(again, Refused), again
    assert name.startswith(again.name)


def test_no_golden_file_is_left_over() -> None:
    assert {path.stem for path in GOLDEN.glob("*.xml")} == set(FILES)


def test_what_is_read_is_written_the_same_again() -> None:
    content = (GOLDEN / "pain.001.001.09.xml").read_bytes()
    read = read_order(content)
    assert isinstance(read, Order)
    assert write_order(read) == content
