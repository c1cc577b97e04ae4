"""Goal: a caller cannot tell a near room from a far one, except by how it can fail.
Method: the same tests run on the service itself and on its twin through a real server; then the
ways of failing that only a network has, with servers that refuse, hang, lie and hang up.
"""

from collections.abc import Iterator
from uuid import UUID

import httpx
import pyarrow as pa
import pytest

from tests.chassis.transport.toy import (
    Colour,
    ShelfFull,
    Toy,
    ToyApi,
    ToyNotFound,
    Toys,
    answering,
    served,
)
from yunjin.chassis.transport import Guard, connect, expose, remote, trace
from yunjin.kernel import tenant
from yunjin.kernel.clock import SystemClock
from yunjin.kernel.errors import Bug, NotFound, Outage, Refusal, Unknown
from yunjin.kernel.page import Page

BEAR = Toy(id=UUID(int=1), number=2**63 - 1, colour=Colour.BLUE, tags=("a", "b"), blob=b"\xff\0")
NUMBERS = pa.RecordBatch.from_pydict({"x": pa.array([1, 2, 3], pa.int64())})


@pytest.fixture(params=["near", "far"])
def toys(request: pytest.FixtureRequest) -> Iterator[ToyApi]:
    """Yield the room, here or in a server."""
    if request.param == "near":
        with tenant.entered("demo"):
            trace.Trace.enter()
            yield Toys()
        return
    app = Guard(expose(ToyApi, Toys()), tenant="demo", clock=SystemClock())
    with served(app) as address, connect(address) as client, tenant.entered("demo"):
        trace.Trace.enter()
        yield remote(ToyApi, client, [ShelfFull, ToyNotFound])


def test_frozen_dataclasses_come_back_equal(toys: ToyApi) -> None:
    assert toys.put(BEAR) == BEAR
    assert toys.put(toy=BEAR, shelf=2) == BEAR
    assert toys.get(BEAR.id) == BEAR


def test_defaults_are_the_services(toys: ToyApi) -> None:
    plain = Toy(id=UUID(int=2), number=0)
    assert toys.put(plain).name == "bear"
    assert toys.page("be") == Page((plain,), None)


@pytest.mark.parametrize("number", [0, -1, 2**53, 2**53 + 1, -(2**63), 2**64 - 1, None])
def test_integers_of_64_bits_come_back_exact(toys: ToyApi, number: int | None) -> None:
    assert toys.echo(number) == number


def test_none_comes_back_as_none(toys: ToyApi) -> None:
    assert toys.forget() is None
    assert toys.echo() is None


def test_columns_come_back_as_columns(toys: ToyApi) -> None:
    assert toys.double(NUMBERS)["x"].to_pylist() == [2, 4, 6]
    assert toys.double(NUMBERS, times=2**33)["x"].to_pylist() == [2**33, 2**34, 3 * 2**33]


def test_columns_travel_inside_tuples(toys: ToyApi) -> None:
    first, rest = toys.split(NUMBERS)
    assert first["x"].to_pylist() == [1]
    assert rest == "rest"


def test_no_rows_are_columns_too(toys: ToyApi) -> None:
    first, rest = toys.split(NUMBERS.slice(0, 0))
    assert (first.num_rows, first.schema, rest) == (0, NUMBERS.schema, None)


def test_a_refusal_keeps_its_class_and_facts(toys: ToyApi) -> None:
    for number in (2, 3):
        toys.put(Toy(id=UUID(int=number), number=number))
    with pytest.raises(ShelfFull, match="The shelf is full") as caught:
        toys.put(BEAR)
    assert caught.value.facts == {"shelf": 1, "big": 2**60, "toy": "bear"}
    with pytest.raises(NotFound):
        toys.get(UUID(int=9))


def test_outages_unknowns_and_bugs_stay_what_they_are(toys: ToyApi) -> None:
    for how, kind in (("outage", Outage), ("unknown", Unknown), ("bug", Bug)):
        with pytest.raises(kind):
            toys.fail(how)


def test_tenant_and_trace_travel_along(toys: ToyApi) -> None:
    here = trace.current()
    assert here is not None
    assert toys.where() == ("demo", here.trace_id)


def test_wrong_arguments_are_a_type_error(toys: ToyApi) -> None:
    with pytest.raises(TypeError):
        toys.put()  # type: ignore[call-arg]
    with pytest.raises(TypeError):
        toys.put(BEAR, 1)  # type: ignore[misc]


@pytest.fixture
def app() -> Iterator[httpx.Client]:
    """Yield a plain HTTP client of the exposed room."""
    guarded = Guard(expose(ToyApi, Toys(), bytes_max=1000), tenant="demo", clock=SystemClock())
    with served(guarded) as address, connect(address) as client:
        yield client


@pytest.mark.parametrize(
    ("method", "body"),
    [
        ("echo", b'{"number": "5"}'),  # a string, though the number is a small one
        ("echo", b'{"number": 1.0}'),
        ("echo", b'{"number": true}'),
        ("echo", b'{"number": 18446744073709551616}'),
        ("echo", b'{"nmber": 1}'),
        ("echo", b"[]"),
        ("echo", b"\xff\xff"),
        ("echo", b"[" * 900),
        ("put", b'{"toy": {"id": "1", "number": 1}}'),
        ("put", b'{"toy": {"id": "00000000-0000-0000-0000-000000000001", "number": 1, "x": 1}}'),
        ("double", b'{"batch": 0}'),
        ("double", b'{"batch": -1}'),
    ],
)
def test_arguments_are_read_strictly(app: httpx.Client, method: str, body: bytes) -> None:
    answer = app.post(f"/{method}", content=body)
    assert answer.status_code == 422
    assert answer.json()["code"] == "kernel/malformed"


def test_broken_frames_are_malformed(app: httpx.Client) -> None:
    head = {"content-type": "application/vnd.yunjin.columns"}
    text = b'{"batch": 0}'
    whole = len(text).to_bytes(8, "little") + text
    for body in (b"", b"\1", b"\xff" * 16, whole, whole + (4).to_bytes(8, "little") + b"abcd"):
        assert app.post("/double", content=body, headers=head).status_code == 422


def test_the_insides_of_a_bug_stay_inside(app: httpx.Client) -> None:
    for how in ("bug", "other"):
        answer = app.post("/fail", json={"how": how})
        assert answer.status_code == 500
        assert "secret" not in answer.text
        assert "hunter2" not in answer.text
        assert answer.json()["trace_id"] == answer.headers["request-id"]


def test_a_body_beyond_the_limit_is_refused(app: httpx.Client) -> None:
    for body in (b" " * 2000, iter([b" " * 600, b" " * 600])):
        answer = app.post("/echo", content=body)
        assert answer.status_code == 413
        assert answer.json()["code"] == "kernel/body-too-large"


def test_another_tenant_is_refused(app: httpx.Client) -> None:
    answer = app.post("/echo", json={}, headers={"yunjin-tenant": "other"})
    assert answer.json()["code"] == "kernel/unknown-tenant"


def test_nobody_listening_is_an_outage() -> None:
    with connect("http://127.0.0.1:9") as client, pytest.raises(Outage):
        remote(ToyApi, client, []).echo(1)


@pytest.mark.parametrize(
    ("reply", "kind"),
    [
        (b"", Unknown),  # hung up
        (None, Unknown),  # never answers
        (b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{", Unknown),  # cut off
        (b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}", Unknown),  # not the result's form
        (b"HTTP/1.1 502 Bad Gateway\r\ncontent-length: 0\r\n\r\n", Unknown),
        (b"HTTP/1.1 503 Unavailable\r\ncontent-length: 0\r\n\r\n", Outage),
        (b"HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n", Bug),
        (b"nonsense", Unknown),
    ],
)
def test_lost_answers_are_unknown_and_only_sure_failures_are_outages(
    reply: bytes | None, kind: type[Exception]
) -> None:
    with answering(reply) as address:
        client = httpx.Client(base_url=address, timeout=0.3)
        with client, pytest.raises(kind):
            remote(ToyApi, client, []).echo(1)


def test_an_answer_beyond_the_limit_is_unknown() -> None:
    with served(expose(ToyApi, Toys())) as address, connect(address) as client:
        toys = remote(ToyApi, client, [], bytes_max=100)
        with pytest.raises(Unknown, match="at most 100 bytes"):
            toys.split(NUMBERS)


def test_a_problem_nobody_named_arrives_as_its_kind() -> None:
    with served(expose(ToyApi, Toys(shelf_max=0))) as address, connect(address) as client:
        toys = remote(ToyApi, client, [])
        with pytest.raises(Refusal) as caught:
            toys.put(BEAR)
    assert caught.value.code == "toy/shelf-full"
    assert caught.value.facts["shelf"] == 1
