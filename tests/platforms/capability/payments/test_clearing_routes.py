"""Goal: clearing and reconciliation over HTTP say what the doors say. Method: their routes."""

from collections.abc import Iterator
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from tests.platforms.capability.payments.conftest import Payer
from yunjin.chassis.transport import install_problems
from yunjin.foundation.banking.api.days import DaysApi
from yunjin.platforms.capability.api.clearing import ClearingApi
from yunjin.platforms.capability.api.payments import PaymentsApi
from yunjin.platforms.capability.api.reconciliation import ReconciliationApi
from yunjin.platforms.capability.domain.iso20022.accounts import (
    AccountReport,
    read_account_report,
)
from yunjin.platforms.capability.routes import clearing, payments, reconciliation

pytestmark = pytest.mark.parametrize("database_url", [""])
TERMS = {
    "is_batch": True,
    "currencies": ["CNY"],
    "most_minor": 5_000,
    "cutoffs": ["11:00", "17:00:00"],
    "cost_minor": 5,
    "banks": ["102"],
}


@pytest.fixture
def client(bank: Payer) -> Iterator[TestClient]:
    api = FastAPI()
    install_problems(api)
    for made in (
        clearing.router(bank.doors[ClearingApi]),
        reconciliation.router(bank.doors[ReconciliationApi]),
        payments.router(bank.doors[PaymentsApi]),
    ):
        api.include_router(made, prefix="/v1")
    with TestClient(api, raise_server_exceptions=False) as made:
        yield made


def key(bank: Payer) -> dict[str, str]:
    return {"Idempotency-Key": str(bank.id())}


def good(answer: Any, status: int = 200) -> Any:
    assert answer.status_code == status, answer.text
    return answer.json()


def test_a_channel_is_described_routed_to_and_ended(bank: Payer, client: TestClient) -> None:
    made = good(client.put("/v1/clearing/channels/beps", json=TERMS, headers=key(bank)))
    assert made["terms"]["cutoffs"] == ["11:00:00", "17:00:00"]
    assert made["is_up"]
    asked = {"amount_minor": 100, "currency": "CNY", "creditor_agent": "102100"}
    found = good(client.get("/v1/clearing/route", params=asked))
    assert [one["channel"] for one in found["considered"]] == [found["channel"], "cnaps"] or (
        found["channel"] == "cnaps"
    )
    refused = client.put(
        "/v1/clearing/channels/beps", json={**TERMS, "cutoffs": []}, headers=key(bank)
    )
    assert refused.status_code == 422
    session = good(client.post("/v1/clearing/channels/beps/sessions", json={}, headers=key(bank)))
    assert session["payments"] == 0
    assert good(client.get(f"/v1/clearing/sessions/{session['session_id']}/net")) == []
    assert good(client.get("/v1/clearing/sessions"))["items"] == [session]
    down = {"is_up": False, "why": "维护"}
    out = good(client.post("/v1/clearing/channels/beps/up", json=down, headers=key(bank)))
    assert (out["is_up"], out["why"]) == (False, "维护")
    assert len(good(client.get("/v1/clearing/channels"))) == 2
    none = client.post("/v1/clearing/channels/none/up", json=down, headers=key(bank))
    assert (none.status_code, none.json()["code"]) == (404, "capability/channel-not-found")


def test_a_file_is_reconciled_and_its_difference_settled(bank: Payer, client: TestClient) -> None:
    day = bank.doors[DaysApi].business_date().isoformat()
    mapping = {"line_id": "id", "amount": "sum"}
    path = "/v1/reconciliations/mappings/cnaps"
    kept = good(client.put(path, json=mapping, headers=key(bank)))
    assert good(client.get(path)) == kept
    asked = {"channel": "cnaps", "day": day}
    run = good(
        client.post(
            "/v1/reconciliations", params=asked, content=b"id,sum\nA,0.77\n", headers=key(bank)
        )
    )
    assert (run["found"], run["totals"][0]["gap_minor"]) == (1, 0)
    assert good(client.get("/v1/reconciliations"))["items"] == [run]
    assert good(client.get(f"/v1/reconciliations/{run['run_id']}")) == run
    assert good(client.get(f"/v1/reconciliations/{run['run_id']}/counts")) == [
        {"kind": "missing_ours", "found": 1, "open": 1}
    ]
    listed = good(client.get("/v1/reconciliations/differences", params={"run_id": run["run_id"]}))
    [one] = listed["items"]
    where = f"/v1/reconciliations/differences/{one['difference_id']}"
    assert good(client.get(where)) == one
    deed = {"cure": "book", "reason": "来账", "by": "officer", "agreement_id": str(bank.payee)}
    done = good(client.post(f"{where}/settle", json=deed, headers=key(bank)))
    assert (done["state"], done["by"]) == ("settled", "officer")
    assert bank.balances()[2] == 77
    again = client.post(f"{where}/settle", json={**deed, "cure": "none"}, headers=key(bank))
    assert (again.status_code, again.json()["code"]) == (409, "capability/cure-refused")
    bad = client.post("/v1/reconciliations", params=asked, content=b"x", headers=key(bank))
    assert (bad.status_code, bad.json()["code"]) == (422, "capability/reconciliation-refused")


def test_an_agreement_s_day_is_told_as_a_statement(bank: Payer, client: TestClient) -> None:
    day = bank.doors[DaysApi].business_date().isoformat()
    answer = client.get(f"/v1/account_reports/{bank.payer}/camt.053/{day}")
    assert answer.headers["content-type"] == "application/xml"
    assert isinstance(read_account_report(answer.content), AccountReport)
    assert client.get(f"/v1/account_reports/{bank.payer}/camt.999/{day}").status_code == 422
