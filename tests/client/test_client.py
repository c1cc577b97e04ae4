"""Goal: the client knows the rooms' words without importing them, and never waits for ever.
Method: its constants are held to the rooms' own; columns and ids by their properties; silence by
servers that never answer.
"""

import datetime as dt
import socket
import threading
from collections.abc import Iterator
from uuid import UUID

import numpy as np
import pyarrow as pa
import pyarrow.flight as flight
import pytest

from yunjin import client
from yunjin.client import columns
from yunjin.foundation.banking.api import agreements
from yunjin.foundation.ledger import api
from yunjin.kernel.clock import FixedClock
from yunjin.kernel.errors import Malformed, Outage, Unknown, of_document

ROW = {
    "id_hi": 1,
    "id_lo": 2**64 - 1,
    "debit_account_id": 1,
    "credit_account_id": 2,
    "amount_minor": 3,
    "ledger": 156,
    "code": 1,
}


def test_the_columns_are_the_ledgers() -> None:
    assert {**api.TRANSFERS_REQUIRED, **api.TRANSFERS_OPTIONAL} == columns.TRANSFERS
    assert {**api.ACCOUNTS_REQUIRED, **api.ACCOUNTS_OPTIONAL} == columns.ACCOUNTS


def test_the_columns_of_entries_are_bankings() -> None:
    assert {**agreements.ENTRIES_REQUIRED, **agreements.ENTRIES_OPTIONAL} == columns.ENTRIES
    answers = agreements.ANSWERS.names
    assert [name.replace("reasons", "reason") for name in client.EntryResults.__slots__] == answers


def test_the_result_names_are_the_rooms() -> None:
    for names, codes in (
        (client.TRANSFER_RESULTS, api.TransferStatus),
        (client.ACCOUNT_RESULTS, api.AccountStatus),
        (client.ENTRY_RESULTS, agreements.EntryStatus),
    ):
        known = {number: name for number, name in enumerate(names) if name}
        assert known == {int(code): code.name.lower() for code in codes}
    outcomes = [code.name.lower() for code in api.CrossingOutcome]
    assert list(client.CROSSING_OUTCOMES) == outcomes
    assert dict(client.Action.__members__) == dict(agreements.Action.__members__)


def test_an_entry_has_dates_as_dates() -> None:
    row = {"id_hi": 1, "id_lo": 2, "agreement_id": 3, "amount_minor": [4, -5]}
    days = np.array(["2026-01-05", "NaT"], "datetime64[D]")
    batch = client.Entries(**row, value_date=days, action=client.Action.BOOK)
    assert batch.schema.field("value_date").type == pa.date32()
    assert batch["value_date"].to_pylist() == [dt.date(2026, 1, 5), None]
    assert client.Entries(**row, value_date=dt.date(2026, 1, 5))["value_date"].null_count == 0
    for wrong in (20_000, "2026-01-05", [dt.date(2026, 1, 5), 7], 1.5):
        with pytest.raises(TypeError, match="expected dates in value_date"):
            client.Entries(**row, value_date=wrong)


def test_arrays_and_single_values_mix() -> None:
    batch = client.Transfers(**{**ROW, "amount_minor": np.arange(3), "code": [1, 2, 3]})
    assert batch.num_rows == 3
    assert batch["id_lo"].to_pylist() == [2**64 - 1] * 3
    assert batch["code"].to_pylist() == [1, 2, 3]
    assert batch.schema == pa.schema(api.TRANSFERS_REQUIRED.items())
    assert client.Transfers(**ROW).num_rows == 1
    assert client.Transfers(**{**ROW, "code": np.zeros(0, int)}).num_rows == 0


@pytest.mark.parametrize(
    ("fields", "error"),
    [
        ({"code": 2**16}, ValueError),
        ({"code": -1}, ValueError),
        ({"amount_minor": 2**63}, ValueError),
        ({"amount_minor": [1, 2], "code": [1, 2, 3]}, ValueError),
        ({"amount_minor": [[1]]}, ValueError),
        ({"amount_minor": 1.0}, TypeError),
        ({"amount_minor": "1"}, TypeError),
        ({"amount_minor": True}, TypeError),
        ({"amount": 1}, TypeError),
    ],
)
def test_what_does_not_fit_is_refused_before_sending(
    fields: dict[str, object], error: type[Exception]
) -> None:
    with pytest.raises(error):
        client.Transfers(**{**ROW, **fields})


def test_ids_are_uuids_of_version_7_with_one_time() -> None:
    hi, lo = client.ids(10_000, clock=FixedClock(1_795_520_000_123_456_789))
    made = client.uuids(hi, lo)
    assert len(set(made)) == 10_000
    assert {(one.version, one.variant) for one in made} == {(7, "specified in RFC 4122")}
    assert {one.int >> 80 for one in made} == {1_795_520_000_123}
    assert client.uuids(*client.ids(0)) == []
    assert isinstance(made[0], UUID)


def test_nobody_listening_is_an_outage_within_the_deadline() -> None:
    with pytest.raises(Outage, match="within 1 s"):
        client.connect("grpc://127.0.0.1:9", deadline_s=1)
    with pytest.raises(Outage), client.WebClient("http://127.0.0.1:9", deadline_s=1) as web:
        web.get(UUID(int=1))


@pytest.fixture
def silent() -> Iterator[str]:
    """Yield the address of a Flight server that takes batches and never answers."""
    gate = threading.Event()

    class Silent(flight.FlightServerBase):  # type: ignore[misc]
        def do_exchange(self, *_: object) -> None:
            gate.wait(20)

        def do_action(self, *_: object) -> list[object]:
            gate.wait(20)
            return []

    server = Silent("grpc://127.0.0.1:0")
    yield f"grpc://127.0.0.1:{server.port}"
    gate.set()
    server.shutdown()


def test_a_server_that_never_answers_is_unknown_in_the_end(silent: str) -> None:
    with client.connect(silent, deadline_s=1) as far:
        with pytest.raises(Unknown):
            far.post(client.Transfers(**ROW))
        with pytest.raises(Unknown):
            far.state()


def test_a_web_server_that_never_answers_is_unknown_in_the_end() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        address = f"http://127.0.0.1:{listener.getsockname()[1]}"
        with client.WebClient(address, deadline_s=1) as web, pytest.raises(Unknown):
            web.get(UUID(int=1))


@pytest.mark.parametrize("address", ["nonsense", "", "http://127.0.0.1:8420", None])
def test_what_is_no_address_is_told_with_an_example(address: str) -> None:
    with pytest.raises(Malformed, match=r"such as grpc://127\.0\.0\.1:8421, was"):
        client.connect(address)


def test_a_refusal_that_nobody_catches_shows_its_facts() -> None:
    document = {"status": 409, "code": "ledger/transfer-refused", "detail": "It was refused."}
    refusal = of_document({**document, "result": "exceeds_credits", "id": "7"})
    assert str(refusal) == "It was refused. (result exceeds_credits, id 7)"
    assert str(of_document(document)) == "It was refused."
