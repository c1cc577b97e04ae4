"""Goal: entries over Flight act as over any other way in, and a bad batch changes nothing.

Method: all rooms behind one Flight server; the typed client, and a rude one.
"""

import datetime as dt
import json
from collections.abc import Iterator
from contextlib import suppress
from typing import Any
from uuid import UUID

import numpy as np
import pyarrow as pa
import pyarrow.flight as flight
import pytest

from tests.foundation.banking.routes.serving import FIRST_DAY, Bank, open_served
from yunjin import client
from yunjin.foundation.banking.api.agreements import ANSWERS, ENTRIES_REQUIRED
from yunjin.kernel.errors import Refusal


@pytest.fixture(scope="module")
def bank(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bank]:
    """Yield a served bank for all tests."""
    with open_served(tmp_path_factory.mktemp("bank")) as opened:
        yield opened


@pytest.fixture
def far(bank: Bank) -> Iterator[client.Client]:
    """Yield a client of it."""
    with client.connect(bank.flight) as connected:
        yield connected


def entries(agreement: str | int, amounts: list[int], **fields: Any) -> pa.RecordBatch:
    """Return entries of an agreement under new ids."""
    id_hi, id_lo = client.ids(len(amounts))
    given = {"id_hi": id_hi, "id_lo": id_lo, "agreement_id": int(agreement), **fields}
    return client.Entries(**given, amount_minor=amounts)


def transfers(bank: Bank) -> int:
    """Return how many transfers the ledger has."""
    with client.connect(bank.flight) as connected:
        return int(connected.state()["transfer_count"])


def test_entries_are_booked_with_what_the_product_says(bank: Bank, far: client.Client) -> None:
    account = bank.opened()
    results = far.post_entries(entries(account, [10_000, -2_500, -9_000]))
    assert results.names() == ["booked", "booked", "refused"]
    assert results.reasons == ["", "", "insufficient funds"]
    assert results.balance_minor.tolist() == [7_500] * 3
    assert results.booked_count == 2
    assert (results.timestamp > 0).tolist() == [True, True, False]


def test_the_same_batch_acts_once(bank: Bank, far: client.Client) -> None:
    batch = entries(bank.opened(), [100, 200])
    first, before = far.post_entries(batch), transfers(bank)
    again = far.post_entries(batch)
    assert (first.names(), again.names()) == (["booked"] * 2, ["exists"] * 2)
    assert again.balance_minor.tolist() == first.balance_minor.tolist() == [300, 300]
    assert transfers(bank) == before


def test_an_id_is_the_same_over_flight_and_over_http(bank: Bank, far: client.Client) -> None:
    account, batch = bank.opened(), entries(bank.opened(), [100])
    far.post_entries(batch)
    [own] = client.uuids(batch["id_hi"].to_numpy(), batch["id_lo"].to_numpy())
    known = str(batch["agreement_id"][0])
    again = bank.entered(known, 100, id=str(own))
    assert (again.status_code, again.json()["result"]) == (200, "exists")
    assert bank.entered(account, 100, id=str(own)).json()["result"] == "exists_otherwise"


def test_holds_and_value_dates_come_in_columns(bank: Bank, far: client.Client) -> None:
    account = bank.opened()
    day = dt.date.fromisoformat(FIRST_DAY)
    paid = entries(account, [1_000], value_date=day, reference_lo=7)
    held = entries(account, [600], action=client.Action.HOLD)
    assert far.post_entries(paid).names() == ["booked"]
    assert far.post_entries(held).available_minor.tolist() == [400]
    hold = {"hold_id_hi": held["id_hi"].to_numpy(), "hold_id_lo": held["id_lo"].to_numpy()}
    taken = entries(account, [250], action=client.Action.CAPTURE, **hold)
    results = far.post_entries(taken)
    assert (results.balance_minor[0], results.available_minor[0]) == (750, 750)


@pytest.mark.parametrize("in_flight", [1, 4, 40])
def test_many_on_their_way_are_answered_in_order(
    bank: Bank, far: client.Client, in_flight: int
) -> None:
    account, sizes = bank.opened(), [1, 3, 2, 5, 1, 1, 4, 2]
    batches = (entries(account, [10] * size) for size in sizes)
    results = list(far.post_entries_many(batches, in_flight=in_flight))
    assert [one.status.size for one in results] == sizes
    assert {name for one in results for name in one.names()} == {"booked"}
    assert results[-1].balance_minor[-1] == 10 * sum(sizes)


def rude(bank: Bank, batch: pa.RecordBatch) -> dict[str, Any]:
    """Send a batch without the client's manners; return the problem that ended the stream."""
    connection = flight.FlightClient(bank.flight)
    writer, reader = connection.do_exchange(flight.FlightDescriptor.for_command("entries"))

    def converse() -> None:
        writer.begin(batch.schema)
        writer.write_batch(batch)
        reader.read_chunk()

    with pytest.raises(flight.FlightServerError) as caught:  # while sending or while reading
        converse()
    with suppress(flight.FlightServerError):
        writer.close()
    connection.close()
    problem: dict[str, Any] = json.loads(caught.value.extra_info)
    return problem


BAD_SCHEMAS = {
    "no columns": pa.schema([]),
    "a column less": pa.schema(list(ENTRIES_REQUIRED.items())[:-1]),
    "amounts as floats": pa.schema({**ENTRIES_REQUIRED, "amount_minor": pa.float64()}.items()),
    "a column more": pa.schema({**ENTRIES_REQUIRED, "extra": pa.int64()}.items()),
    "a date with time": pa.schema({**ENTRIES_REQUIRED, "value_date": pa.date64()}.items()),
    "strings": pa.schema([(name, pa.string()) for name in ENTRIES_REQUIRED]),
    "twice": pa.schema([*ENTRIES_REQUIRED.items(), ("id_hi", pa.uint64())]),
    "nested": pa.schema({**ENTRIES_REQUIRED, "action": pa.list_(pa.uint8())}.items()),
    "the answers": ANSWERS,
}


@pytest.mark.parametrize("name", BAD_SCHEMAS)
def test_a_wrong_schema_is_refused_and_changes_nothing(bank: Bank, name: str) -> None:
    before, schema = transfers(bank), BAD_SCHEMAS[name]
    columns = [pa.nulls(1, kind) for kind in schema.types]
    problem = rude(bank, pa.RecordBatch.from_arrays(columns, schema=schema))
    assert (problem["code"], problem["status"]) == ("kernel/malformed", 422)
    assert problem["detail"].startswith("expected ")
    assert transfers(bank) == before


def test_a_bad_batch_is_answered_and_its_stream_goes_on(bank: Bank) -> None:
    good = entries(bank.opened(), [10, 20])
    connection = flight.FlightClient(bank.flight)
    writer, reader = connection.do_exchange(flight.FlightDescriptor.for_command("entries"))
    writer.begin(good.schema)
    before = transfers(bank)
    holes = pa.RecordBatch.from_arrays(
        [pa.array([1, None], kind) for kind in good.schema.types], schema=good.schema
    )
    for bad in (pa.concat_batches([good] * 5_000), holes):
        writer.write_batch(bad)
        chunk = reader.read_chunk()
        assert json.loads(chunk.app_metadata.to_pybytes())["code"] == "kernel/malformed"
        assert chunk.data.num_rows == 0
    assert transfers(bank) == before
    writer.write_batch(good)
    assert reader.read_chunk().data["status"].to_pylist() == [1, 1]
    writer.close()
    connection.close()


HOSTILE = {
    "the least number": {"amount_minor": -(2**63)},
    "beyond what JSON keeps": {"amount_minor": 2**53},
    "no id": {"id_hi": 0, "id_lo": 0},
    "an action that is none": {"action": 255},
    "a slot that is none": {"against": 65_535},
    "itself": {"counter_agreement_id": "own"},
    "tomorrow": {"value_date": dt.date(2026, 1, 6)},
    "the end of time": {"value_date": dt.date(9999, 12, 31)},
    "a hold of nothing": {"action": 2},
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_entry_is_answered_as_malformed(
    bank: Bank, far: client.Client, name: str
) -> None:
    account = int(bank.opened())
    given = {key: account if one == "own" else one for key, one in HOSTILE[name].items()}
    id_hi, id_lo = client.ids(1)
    usual = {"id_hi": id_hi, "id_lo": id_lo, "agreement_id": account, "amount_minor": 5}
    before = transfers(bank)
    results = far.post_entries(client.Entries(**{**usual, **given}))
    assert results.names() == ["malformed"]
    assert results.reasons[0].startswith("expected ")
    assert transfers(bank) == before


def test_agreements_that_are_none_are_told_row_by_row(bank: Bank, far: client.Client) -> None:
    account = int(bank.opened())
    strange = [-1, 0, 2**63 - 1, account]
    results = far.post_entries(entries(0, [5] * 4, agreement_id=np.array(strange)))
    assert results.names() == ["agreement_not_found"] * 3 + ["booked"]


def test_an_id_twice_in_a_batch_acts_once(bank: Bank, far: client.Client) -> None:
    own = UUID(int=77)
    batch = entries(bank.opened(), [5, 5], id_hi=0, id_lo=own.int)
    results = far.post_entries(batch)
    assert results.names() == ["booked", "malformed"]
    assert results.balance_minor.tolist() == [5, 5]


def test_a_refusal_reaches_the_client_as_one(bank: Bank, far: client.Client) -> None:
    batch = entries(bank.opened(), [5])
    with pytest.raises(Refusal) as caught:
        far.post_entries(batch.drop_columns(["amount_minor"]))
    assert caught.value.code == "kernel/malformed"
    assert caught.value.facts["missing"] == ["amount_minor"]
    assert far.post_entries(batch).booked_count == 1
