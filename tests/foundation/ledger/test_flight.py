"""Goal: batches over Flight are answered in order, and a bad one changes nothing but its answer.
Method: the real ledger behind a real Flight server; the typed client, and a rude one.
"""

import json
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from uuid import UUID

import numpy as np
import pyarrow as pa
import pyarrow.flight as flight
import pytest

from tests.foundation.ledger.serving import FIRST, Bank, open_bank
from yunjin import client
from yunjin.chassis.transport.flight import FlightDoor, _batches
from yunjin.foundation.ledger import api
from yunjin.foundation.ledger.routes.flight import endpoints
from yunjin.kernel.clock import SystemClock
from yunjin.kernel.errors import Malformed, Outage, Refusal, Unknown


@pytest.fixture
def bank(tmp_path: Path) -> Iterator[Bank]:
    """Yield a fresh served ledger."""
    with open_bank(tmp_path) as opened:
        yield opened


@pytest.fixture
def far(bank: Bank) -> Iterator[client.Client]:
    """Yield a client of it."""
    with client.connect(bank.flight) as connected:
        yield connected


def transfers(n: int, **fields: object) -> pa.RecordBatch:
    """Return n good transfers."""
    hi, lo = client.ids(n)
    usual = {
        "id_hi": hi,
        "id_lo": lo,
        "debit_account_id": FIRST,
        "credit_account_id": FIRST + 1,
        "amount_minor": np.arange(n),
        "ledger": 156,
        "code": 1,
    }
    return client.Transfers(**{**usual, **fields})


def test_a_batch_is_answered_row_by_row(bank: Bank, far: client.Client) -> None:
    batch = transfers(3, credit_account_id=[FIRST + 1, FIRST, FIRST + 1])
    results = far.post(batch)
    assert results.names() == ["created", "accounts_must_be_different", "created"]
    assert results.created_count == 2
    assert far.post(batch).names() == ["exists", "accounts_must_be_different", "exists"]
    assert far.trial_balance()[0]["debits_posted"] == 2


def test_balances_come_back_when_asked(far: client.Client) -> None:
    results = far.post(transfers(3, amount_minor=10), balances=True)
    assert results.balances is not None
    assert results.balances[:, 1].tolist() == [10, 20, 30]  # posted debits of the debit account
    assert results.balances[:, 7].tolist() == [10, 20, 30]


def test_a_retry_is_answered_with_the_balances_of_now(far: client.Client) -> None:
    batch = transfers(3, amount_minor=10)
    far.post(batch)
    again = far.post(batch, balances=True)
    assert again.names() == ["exists"] * 3
    assert again.balances is not None
    assert again.balances[:, 1].tolist() == [30, 30, 30]


@pytest.mark.parametrize("in_flight", [1, 4, 40])
def test_many_in_flight_are_answered_in_order(far: client.Client, in_flight: int) -> None:
    sizes = [1 + number % 7 for number in range(60)]
    answers = far.post_many((transfers(size) for size in sizes), in_flight=in_flight)
    assert [results.status.size for results in answers] == sizes
    assert far.state()["transfer_count"] == sum(sizes)


def rude_stream(bank: Bank, schema: pa.Schema, command: str = "transfers") -> tuple[object, ...]:
    """Open a stream without the client's manners."""
    connection = flight.FlightClient(bank.flight)
    writer, reader = connection.do_exchange(flight.FlightDescriptor.for_command(command))
    writer.begin(schema)
    return connection, writer, reader


def end_of_stream(
    bank: Bank,
    batch: pa.RecordBatch,
    command: str,
    options: flight.FlightCallOptions | None = None,
) -> dict[str, object]:
    """Send a batch; return the problem that the server ended the stream with."""
    connection = flight.FlightClient(bank.flight)
    descriptor = flight.FlightDescriptor.for_command(command)
    writer, reader = connection.do_exchange(descriptor, options)

    def converse() -> None:
        writer.begin(batch.schema)
        writer.write_batch(batch)
        reader.read_chunk()

    with pytest.raises(flight.FlightServerError) as caught:  # while sending or while reading
        converse()
    with suppress(flight.FlightServerError):
        writer.close()
    connection.close()
    problem: dict[str, object] = json.loads(caught.value.extra_info)
    return problem


def test_a_refused_batch_is_answered_and_the_stream_goes_on(bank: Bank) -> None:
    good = transfers(2)
    connection, writer, reader = rude_stream(bank, good.schema)
    before = bank.fingerprint()
    huge = pa.concat_batches([good] * 5_000)
    holes = pa.RecordBatch.from_arrays(
        [pa.array([1, None], kind) for kind in good.schema.types], schema=good.schema
    )
    for bad in (huge, holes):
        writer.write_batch(bad)
        chunk = reader.read_chunk()
        problem = json.loads(chunk.app_metadata.to_pybytes())
        assert problem["code"] == "ledger/batch-refused"
        assert chunk.data.num_rows == 0
    assert bank.fingerprint() == before
    writer.write_batch(good)
    assert reader.read_chunk().data["status"].to_pylist() == [0, 0]
    writer.close()
    connection.close()


BAD_SCHEMAS = {
    "no columns": pa.schema([]),
    "a column less": pa.schema(list(api.TRANSFERS_REQUIRED.items())[:-1]),
    "another type": pa.schema({**api.TRANSFERS_REQUIRED, "amount_minor": pa.float64()}.items()),
    "a column more": pa.schema({**api.TRANSFERS_REQUIRED, "extra": pa.int64()}.items()),
    "strings": pa.schema([(name, pa.string()) for name in api.TRANSFERS_REQUIRED]),
    "twice": pa.schema([*api.TRANSFERS_REQUIRED.items(), ("code", pa.uint16())]),
    "nested": pa.schema({**api.TRANSFERS_REQUIRED, "code": pa.list_(pa.uint16())}.items()),
    "a dictionary": pa.schema(
        {**api.TRANSFERS_REQUIRED, "code": pa.dictionary(pa.int8(), pa.string())}.items()
    ),
}


@pytest.mark.parametrize("command", ["transfers", "accounts", "lookup_accounts"])
@pytest.mark.parametrize("name", BAD_SCHEMAS)
def test_a_wrong_schema_is_refused_and_changes_nothing(bank: Bank, name: str, command: str) -> None:
    before = bank.fingerprint()
    schema = BAD_SCHEMAS[name]
    columns = [pa.nulls(1, kind) for kind in schema.types]
    batch = pa.RecordBatch.from_arrays(columns, schema=schema)
    assert end_of_stream(bank, batch, command)["code"] == "ledger/batch-refused"
    assert bank.fingerprint() == before


ZSTD = pa.ipc.IpcWriteOptions(compression="zstd")


@pytest.mark.parametrize("options", [None, flight.FlightCallOptions(write_options=ZSTD)])
def test_a_message_that_is_too_long_ends_its_stream_and_nothing_else(
    bank: Bank, far: client.Client, options: flight.FlightCallOptions | None
) -> None:
    good = transfers(1)
    zeros = [np.zeros(200_000, kind.to_pandas_dtype()) for kind in good.schema.types]
    long = pa.RecordBatch.from_arrays([pa.array(one) for one in zeros], schema=good.schema)
    before = bank.fingerprint()
    problem = end_of_stream(bank, long, "transfers", options)
    assert (problem["code"], problem["bytes_max"]) == ("kernel/body-too-large", 4 << 20)
    assert bank.fingerprint() == before
    assert far.post(good).created_count == 1


@pytest.mark.parametrize("error", [OSError("Corrupt ZSTD"), pa.ArrowMemoryError("malloc of 2^50")])
def test_what_arrow_cannot_read_is_malformed(error: Exception) -> None:
    class Broken:
        def read_chunk(self) -> None:
            raise error

    with pytest.raises(Malformed, match="expected Arrow batches, was"):
        next(_batches(Broken()))


def test_long_tickets_and_bodies_are_refused(bank: Bank) -> None:
    with flight.FlightClient(bank.flight) as connection:
        for call in (
            lambda: connection.do_get(flight.Ticket(b" " * (4 << 20) + b"{}")).read_all(),
            lambda: list(connection.do_action(flight.Action("state", b" " * (4 << 20) + b"{}"))),
        ):
            with pytest.raises(flight.FlightServerError) as caught:
                call()
            assert json.loads(caught.value.extra_info)["code"] == "kernel/body-too-large"


def test_what_flight_does_is_counted_by_the_batch(bank: Bank, far: client.Client) -> None:
    far.post(transfers(3))
    far.post(transfers(4))
    with pytest.raises(Refusal):
        far.post(transfers(1).drop_columns(["code"]))
    with pytest.raises(Refusal):
        far.post(transfers(8_191))
    counted = {
        (one.name, one.labels["stream"]): one.value
        for family in bank.flight_metrics()
        for one in family.samples
    }
    assert counted["flight_batches_total", "transfers"] == 2
    assert counted["flight_rows_total", "transfers"] == 7
    assert counted["flight_batches_refused_total", "transfers"] == 2
    assert counted["flight_batch_seconds_count", "transfers"] == 2
    assert counted["flight_batch_seconds_sum", "transfers"] > 0


def test_everything_is_streamed_in_order(bank: Bank, far: client.Client) -> None:
    for size in (3, 8_190, 1):
        far.post(transfers(size))
    batches = list(far.export_transfers())
    assert {batch.schema for batch in batches} == {api.TRANSFERS}
    stamps = np.concatenate([batch["timestamp"].to_numpy() for batch in batches])
    assert len(stamps) == 8_194
    assert (np.diff(stamps) > 0).all()


def test_an_unknown_stream_or_action_is_a_problem(bank: Bank) -> None:
    assert end_of_stream(bank, transfers(1), "nonsense")["code"] == "kernel/malformed"
    connection = flight.FlightClient(bank.flight)
    for action, body in (
        ("nonsense", b""),
        ("transfers", b"[" * 10_000),
        ("transfers", b'{"ids": ["x"]}'),
        ("transfers", b'{"ids": [7]}'),
        ("transfers", b"\xff"),
        ("allot_account_ids", b'{"count": -1}'),
        ("allot_account_ids", b'{"count": true}'),
        ("declare_ledgers", b'{"ledgers": [{"ledger": 0}]}'),
        ("declare_ledgers", b"7"),
    ):
        with pytest.raises(flight.FlightServerError) as caught:
            list(connection.do_action(flight.Action(action, body)))
        assert json.loads(caught.value.extra_info)["status"] == 422, action
    for ticket in (b"", b"[]", b'{"accounts": [-1]}', b'{"accounts": ["9999999999999999999"]}'):
        with pytest.raises(flight.FlightServerError) as caught:
            connection.do_get(flight.Ticket(ticket)).read_all()
        assert json.loads(caught.value.extra_info)["status"] == 422
    connection.close()


def test_a_client_that_hangs_up_leaves_the_server_well(bank: Bank, far: client.Client) -> None:
    for _ in range(3):
        connection, writer, _ = rude_stream(bank, transfers(1).schema)
        writer.write_batch(transfers(100))
        connection.close()
    for hold in ("begin", "nothing"):
        connection = flight.FlightClient(bank.flight)
        writer, _ = connection.do_exchange(flight.FlightDescriptor.for_command("transfers"))
        if hold == "begin":
            writer.begin(transfers(1).schema)
        with suppress(flight.FlightServerError):
            writer.close()
        connection.close()
    assert far.post(transfers(1)).created_count == 1


def test_accounts_are_opened_and_looked_up(bank: Bank, far: client.Client) -> None:
    far.declare_ledgers({840: "USD"})
    made = far.allot_account_ids(3)
    opened = far.open_accounts(client.Accounts(id=made, ledger=840, code=[1, 2, 3]))
    assert opened["status"].to_pylist() == [0, 0, 0]
    found = far.accounts([int(made[2]), 12345, FIRST])
    assert found.schema == api.ACCOUNTS
    assert found["id"].to_pylist() == [int(made[2]), FIRST]
    connection = flight.FlightClient(bank.flight)
    ticket = json.dumps({"accounts": [str(made[0]), FIRST]}).encode()
    table = connection.do_get(flight.Ticket(ticket)).read_all()
    assert table["id"].to_pylist() == [int(made[0]), FIRST]
    connection.close()


def test_transfers_are_looked_up_by_id(far: client.Client) -> None:
    hi, lo = client.ids(3)
    far.post(transfers(3, id_hi=hi, id_lo=lo))
    found = far.transfers([*client.uuids(hi, lo)[::-1], UUID(int=5)])
    assert found["id_lo"].to_pylist() == lo.tolist()[::-1]


def test_a_refusal_reaches_the_client_as_one(bank: Bank, far: client.Client) -> None:
    with pytest.raises(Refusal) as caught:
        far.post(transfers(2).drop_columns(["code"]))
    assert caught.value.code == "ledger/batch-refused"
    assert caught.value.facts["missing"] == ["code"]
    assert far.post(transfers(1)).created_count == 1


def test_a_server_that_goes_away_is_unknown(tmp_path: Path) -> None:
    with open_bank(tmp_path) as bank:
        far = client.connect(bank.flight, deadline_s=1)
        far.post(transfers(1))
    with pytest.raises(Unknown):
        far.post(transfers(1))


def test_a_taken_port_is_an_outage(bank: Bank) -> None:
    port = int(bank.flight.rpartition(":")[2])
    with pytest.raises(Outage, match="taken"):
        FlightDoor(endpoints(bank.ledger), tenant="demo", port=port, clock=SystemClock())
