"""Goal: prices, points and reports over HTTP: exact, strict, once under a key. Method: routes.

A small bank on SQLite; money is charged through the thin core.
"""

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import msgspec
import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from tests.platforms.capability.payments.conftest import Payer
from tests.platforms.capability.points.test_points import CARD
from tests.platforms.capability.pricing.conftest import STANDARD
from yunjin.chassis.transport import install_problems
from yunjin.platforms.capability.api.points import PointsApi
from yunjin.platforms.capability.api.pricing import PricingApi
from yunjin.platforms.capability.api.reports import ReportsApi
from yunjin.platforms.capability.routes import points, pricing, reports

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.fixture
def client(bank: Payer) -> Iterator[TestClient]:
    api = FastAPI()
    install_problems(api)
    for made in (
        pricing.router(bank.doors[PricingApi]),
        points.router(bank.doors[PointsApi]),
        reports.router(bank.doors[ReportsApi]),
    ):
        api.include_router(made, prefix="/v1")
    with TestClient(api, raise_server_exceptions=False) as one:
        yield one


@pytest.fixture
def send(client: TestClient, bank: Payer) -> Callable[..., Any]:
    def sent(path: str, status: int = 201, **document: Any) -> Any:
        answer = client.post(f"/v1{path}", json={"id": str(bank.id()), **document})
        assert answer.status_code == status, answer.text
        return answer.json()

    return sent


def test_a_fee_goes_from_book_to_refund(
    client: TestClient, bank: Payer, send: Callable[..., Any]
) -> None:
    book = msgspec.to_builtins(replace(STANDARD, discounts=()))
    made = send("/price_books", book=book)
    assert (made["version"], made["state"]) == (1, "in_force")
    assert [one["code"] for one in client.get("/v1/price_books").json()] == ["standard"]
    basis = {"fees": ["loan.service"], "amount_minor": 1_000_000}
    assert client.post("/v1/prices", json=basis).json()["total_minor"] == 5_300
    payer = str(bank.payer)
    quote = send("/price_quotes", basis={**basis, "agreement_id": payer}, valid_s=60)
    charge = send("/fee_charges", agreement_id=payer, quote_id=quote["quote_id"])
    assert (charge["state"], charge["agreement_id"]) == ("charged", payer)
    assert charge["priced"] == quote["priced"]
    listed = client.get("/v1/fee_charges", params={"agreement_id": payer}).json()
    assert [one["charge_id"] for one in listed["items"]] == [charge["charge_id"]]
    given = send(f"/fee_charges/{charge['charge_id']}/refund", 200, note="误收")
    assert given["state"] == "refunded"
    assert client.get(f"/v1/fee_charges/{charge['charge_id']}").json() == given
    tried = {"book": book, "fee": "loan.service", "volumes": [{"amount_minor": 10_000}]}
    found = client.post("/v1/prices/simulate", json=tried).json()
    assert (found["change_minor"], found["times"]) == (0, 1)
    problem = client.get("/v1/rates/none").json()
    assert problem["code"] == "capability/price-not-found"


def test_what_is_malformed_is_refused_and_names_the_field(
    client: TestClient, send: Callable[..., Any]
) -> None:
    book = msgspec.to_builtins(STANDARD)
    book["prices"][0]["bands"][0]["upto"] = 5
    assert "upto" in str(send("/price_books", 422, book=book))
    for wrong in (
        {"fees": []},
        {"fees": ["a b"]},
        {"fees": ["a"], "amount_minor": -1},
        {"fees": ["a"], "amount": 1},
        {"fees": ["a", "a"]},
        {"fees": ["a"], "since": "2026-01-01"},
        {"fees": ["a"], "agreement_id": "x"},
    ):
        assert client.post("/v1/prices", json=wrong).status_code == 422, wrong
    assert send("/fee_charges", 422, agreement_id="1")["code"] == "kernel/malformed"


def test_points_are_earned_and_spent(client: TestClient, send: Callable[..., Any]) -> None:
    terms = msgspec.to_builtins(CARD)
    assert send("/point_programmes", programme=terms)["code"] == "card"
    earning = {"programme": "card", "party_id": "p1", "event_id": "e1", "amount_minor": 10_000}
    [entry] = send("/points/earnings", earnings=[earning])
    assert (entry["points"], entry["rules"]) == (100, ["any"])
    assert send("/points/earnings", earnings=[earning]) == [entry]
    hold = send("/points/holds", programme="card", party_id="p1", points=60)
    at = f"/points/holds/{hold['hold_id']}"
    assert send(f"{at}/confirm", 200)["state"] == "spent"
    assert send(f"{at}/give_back", 200, points=10)["returned"] == 10
    assert send(f"{at}/cancel", 409)["code"] == "capability/points-hold-ended"
    sent = send("/points/transfers", programme="card", from_id="p1", to_id="p2", points=5)
    assert sent["balance"] == 45
    back = send(f"/points/entries/{entry['entry_id']}/reverse", 200, note="退货")
    assert (back["points"], back["owed"]) == (-45, 55)
    account = client.get("/v1/point_programmes/card/accounts/p1").json()
    assert (account["balance"], account["owed"]) == (0, 55)
    assert client.get("/v1/points/liability").json()[0]["points"] == 5
    assert client.get("/v1/point_programmes/card/accounts/p2/lots").json()[0]["left"] == 5
    listed = client.get("/v1/point_programmes/card/accounts/p1/entries").json()["items"]
    assert listed[0]["kind"] == "reversed"
    assert send("/points/holds", 422, programme="card", party_id="p1", points=0)


def test_a_report_is_defined_run_and_taken_away(
    client: TestClient, bank: Payer, send: Callable[..., Any]
) -> None:
    bank.pay(bank.order(10_000, counter_agreement_id=bank.payee))
    definition = {
        "code": "mine",
        "zh": "我的",
        "en": "Mine",
        "source": "payments",
        "dimensions": ["channel", "currency"],
        "measures": [{"column": "amount"}],
    }
    send("/reports", definition=definition)
    first = send("/reports/mine/runs", by="王芳")
    second = send("/reports/mine/runs")
    at = f"/v1/report_runs/{first['run_id']}"
    assert client.get(f"{at}/table").json()["rows"] == [["within", "CNY", 10_000]]
    assert client.get(f"{at}/verify").json() == {"is_same": True}
    found = client.get(f"{at}/difference/{second['run_id']}").json()
    assert (found["same"], found["changed"]) == (1, [])
    file = client.get(f"{at}/file", params={"form": "csv"})
    assert file.headers["content-disposition"].endswith(f'mine-{first["day"]}.csv"')
    assert file.text.splitlines()[1] == "within,CNY,100.00"
    assert {one["code"] for one in client.get("/v1/report_sources").json()} >= {"fees", "tasks"}
    assert client.get("/v1/reports/mine").json()["en"] == "Mine"
    runs = client.get("/v1/report_runs", params={"code": "mine"}).json()["items"]
    assert [one["run_id"] for one in runs] == [second["run_id"], first["run_id"]]
    wrong = {**definition, "measures": [{"column": "amounts"}]}
    assert send("/reports", 409, definition=wrong)["code"] == "capability/report-refused"


def test_a_code_that_no_column_can_hold_is_not_there(
    client: TestClient, send: Callable[..., Any]
) -> None:
    send("/price_books", book=msgspec.to_builtins(STANDARD))
    send("/point_programmes", programme=msgspec.to_builtins(CARD))
    for code in ("价目", "a%20", "x" * 100):
        for path in (
            f"/price_books/{code}",
            f"/price_books/{code}/versions",
            f"/point_programmes/{code}",
            f"/point_programmes/{code}/accounts/p1",
            f"/reports/{code}",
        ):
            assert client.get(f"/v1{path}").status_code == 404, path
        account = client.get(f"/v1/point_programmes/card/accounts/{code}")
        assert account.json()["balance"] == 0
        for what in ("lots", "entries"):
            assert client.get(f"/v1/point_programmes/card/accounts/{code}/{what}").is_success
    for wrong in ("价目", "a ", "x" * 50):
        answer = client.post("/v1/prices", json={"fees": ["transfer.out"], "book": wrong})
        assert answer.status_code == 422, wrong
    blank = {"programme": "card", "party_id": "p1", "points": 1, "note": "x "}
    assert "blank" in str(send("/points/grants", 422, **blank))
    assert send("/reports/payments/runs", 422, by="王芳 ")
