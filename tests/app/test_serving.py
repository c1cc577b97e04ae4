"""Goal: the served bank tells the truth about itself, drains when told to stop, and says in words
why it cannot start.
Method: the real program on free ports of the loopback, asked over HTTP and Flight.
"""

import asyncio
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest

from tests.data import ROOT
from yunjin import client
from yunjin.app import asgi
from yunjin.app.bootstrap import Bank
from yunjin.app.observability import Meter, reasons
from yunjin.app.settings import Settings
from yunjin.kernel.clock import SystemClock
from yunjin.kernel.errors import Outage
from yunjin.kernel.room import Room

DAY = ROOT / "tests" / "golden" / "iso20022" / "camt.053.001.02.one_day.xml"


def free_ports(count: int) -> list[int]:
    """Return ports that nobody listens on."""
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports


def program(home: Path, http: int, flight: int) -> subprocess.Popen[str]:
    """Start `yunjin serve`."""
    environment = {
        **os.environ,
        "YUNJIN_HOME": str(home / "data"),
        "YUNJIN_HTTP__PORT": str(http),
        "YUNJIN_HTTP__FLIGHT_PORT": str(flight),
    }
    command = [Path(sys.executable).parent / "yunjin", "serve"]
    return subprocess.Popen(command, cwd=home, env=environment, text=True, stderr=subprocess.PIPE)


def command(home: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Run a command beside the bank of a folder; it must end by itself."""
    environment = {**os.environ, "YUNJIN_HOME": str(home / "data")}
    line = [Path(sys.executable).parent / "yunjin", *words]
    return subprocess.run(
        line, cwd=home, env=environment, text=True, capture_output=True, timeout=60, check=False
    )


@contextmanager
def served(home: Path, http: int, flight: int) -> Iterator[httpx.Client]:
    """Yield a client of a serving bank; it is told to stop in the end and must stop well."""
    process = program(home, http, flight)
    with httpx.Client(base_url=f"http://127.0.0.1:{http}", timeout=10) as web:
        for _ in range(600):
            try:
                web.get("/health/live")
                break
            except httpx.ConnectError:
                assert process.poll() is None, process.stderr and process.stderr.read()
                threading.Event().wait(0.05)
        yield web
    process.send_signal(signal.SIGTERM)
    _, said = process.communicate(timeout=20)
    assert process.returncode == 0
    assert "Loopback only" in said
    assert "Traceback" not in said


def test_a_bank_serves_drains_and_opens_again(tmp_path: Path) -> None:
    http, flight = free_ports(2)
    hi, lo = client.ids(10)
    with served(tmp_path, http, flight) as web:
        assert web.get("/health/ready").json()["status"] == "ready"
        assert web.get("/").headers["location"] in ("/console/", "/docs")
        assert web.get("/docs").status_code == 200
        lost = web.get("/v1/accounts/7").json()
        page = web.get(lost["type"], headers={"accept": "text/html"})
        assert (page.status_code, "该怎么办" in page.text) == (200, True)
        refused = web.put("/v1/ledgers", json={"ledgers": [{"ledger": 7, "currency": "ZZZ"}]})
        assert (refused.status_code, "ISO 4217" in refused.json()["detail"]) == (422, True)
        with client.connect(f"grpc://127.0.0.1:{flight}") as far:
            far.declare_ledgers({156: "CNY"})
            made = far.allot_account_ids(2)
            far.open_accounts(client.Accounts(id=made, ledger=156, code=1))
            batch = client.Transfers(
                id_hi=hi,
                id_lo=lo,
                debit_account_id=made[0],
                credit_account_id=made[1],
                amount_minor=np.arange(1, 11),
                ledger=156,
                code=1,
            )
            assert far.post(batch).created_count == 10
        assert web.get(f"/v1/accounts/{made[0]}").json()["debits_posted"] == 55
        metrics = web.get("/metrics").text
        assert 'ledger_transfers_total{outcome="created"} 10.0' in metrics
        assert 'flight_rows_total{stream="transfers"} 10.0' in metrics
        assert 'yunjin_ready{probe="ledger"} 1.0' in metrics
        assert 'route="/v1/accounts/{account_id}",status="200"} 1.0' in metrics
        assert str(made[0]) not in metrics

        second = program(tmp_path, *free_ports(2))
        _, said = second.communicate(timeout=30)
        assert second.returncode == 1
        assert "Another process writes this cell" in said
        taken = command(tmp_path, "import", str(DAY), "--open-accounts")
        assert taken.returncode == 1
        assert "Another process writes this cell" in taken.stderr
        assert f":{web.get('/v1/cell').json()['holder'].split(':')[1]}:" in taken.stderr
        assert "Stop that process, or send to it over HTTP or Flight." in taken.stderr
        other = tmp_path / "other"
        other.mkdir()
        for ports in ((http, free_ports(1)[0]), (free_ports(1)[0], flight)):
            second = program(other, *ports)
            _, said = second.communicate(timeout=30)
            assert second.returncode == 1
            assert "is taken: another bank may run" in said
            assert "Traceback" not in said
    with served(tmp_path, http, flight) as web:
        transfer = client.uuids(hi, lo)[9]
        assert web.get(f"/v1/transfers/{transfer}").json()["amount_minor"] == 10


def room(probes: dict[str, Any]) -> Room:
    """Return a room that only has probes."""
    return Room(name="toy", doors={}, probes=probes)


def broken() -> str:
    """Break, as a probe."""
    raise RuntimeError("secret")


@pytest.mark.parametrize(
    ("probe", "why"),
    [
        (lambda: "", ""),
        (lambda: "the disk is full", "the disk is full"),
        (broken, "the probe failed: RuntimeError"),
    ],
)
def test_readiness_tells_why_not(probe: Any, why: str) -> None:
    assert reasons([room({"toy": probe})]) == {"toy": why}
    bank = Bank(settings=Settings(), clock=SystemClock(), rooms=(room({"toy": probe}),))
    transport = httpx.ASGITransport(asgi.build(bank))

    async def ask(path: str) -> httpx.Response:
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as web:
            return await web.get(path)

    answer = asyncio.run(ask("/health/ready"))
    assert answer.status_code == (503 if why else 200)
    assert answer.json()["probes"] == {"toy": why}
    assert asyncio.run(ask("/health/live")).status_code == 200
    assert f'yunjin_ready{{probe="toy"}} {0 if why else 1}.0' in asyncio.run(ask("/metrics")).text


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost:8420", "[::1]", "[::1]:8420"])
def test_the_loopbacks_names_are_served(host: str) -> None:
    assert asked_as(host).status_code == 200


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example:8420", "", "localhost."])
def test_a_name_that_somebody_pointed_here_is_refused(host: str) -> None:
    assert asked_as(host).json()["code"] == "kernel/wrong-host"


def asked_as(host: str) -> httpx.Response:
    """Ask a bank whether it lives, under a name."""
    bank = Bank(settings=Settings(), clock=SystemClock(), rooms=())
    transport = httpx.ASGITransport(asgi.build(bank))

    async def ask() -> httpx.Response:
        async with httpx.AsyncClient(transport=transport, base_url="http://bank") as web:
            return await web.get("/health/live", headers={"host": host})

    return asyncio.run(ask())


def test_requests_are_counted_under_their_route() -> None:
    meter = Meter([])
    scope: dict[str, Any] = {"method": "GET", "path": "/v1/nothing/7"}
    for _ in range(2):
        meter.observe(scope, 404, 2_000_000)
    meter.observe({"method": "BREW", "path": "/v1/nothing/7"}, 404, 1)
    values = {
        (one.name, *one.labels.values()): one.value
        for family in meter.registry.collect()
        for one in family.samples
    }
    assert values["http_requests_total", "GET", "other", "404"] == 2
    assert values["http_requests_total", "other", "other", "404"] == 1
    assert values["http_request_seconds_sum", "GET", "other"] == pytest.approx(0.004)


def test_a_taken_port_is_an_outage_in_words() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with (
            pytest.raises(Outage, match=f"Port {port} is taken"),
            asgi._listening("127.0.0.1", port),
        ):
            pass
