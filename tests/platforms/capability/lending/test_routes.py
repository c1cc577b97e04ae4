"""Goal: lending over HTTP: each deed once under its key, nothing personal told. Method: routes."""

from collections.abc import Callable, Iterator
from typing import Any
from uuid import UUID

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from tests.platforms.capability.lending.conftest import CARD, TEXT_HASH, Lender
from yunjin.chassis.transport import install_problems
from yunjin.platforms.capability.routes import collection, lending

pytestmark = pytest.mark.parametrize("database_url", [""])
Send = Callable[..., Any]


@pytest.fixture
def client(lender: Lender) -> Iterator[TestClient]:
    api = FastAPI()
    install_problems(api)
    api.include_router(lending.router(lender.lending), prefix="/v1")
    api.include_router(collection.router(lender.collection), prefix="/v1")
    with TestClient(api, raise_server_exceptions=False) as made:
        yield made


@pytest.fixture
def send(client: TestClient, lender: Lender) -> Send:
    def sent(path: str, status: int = 200, **document: Any) -> Any:
        answer = client.post(f"/v1{path}", json={"id": str(lender.id()), **document})
        assert answer.status_code == status, answer.text
        return answer.json()

    return sent


def test_a_loan_lives_its_life_over_http(lender: Lender, client: TestClient, send: Send) -> None:
    document = {
        "party_id": lender.party_id,
        "product": "instalment-loan",
        "amount_minor": 600_000,
        "values": {"salary_minor": 900_000, "married": True},
        "payout": {"agreement_id": str(lender.current)},
    }
    key = {"Idempotency-Key": str(lender.id())}
    first = client.post("/v1/lending/applications", json=document, headers=key)
    assert first.status_code == 201, first.text
    again = client.post("/v1/lending/applications", json=document, headers=key)
    assert again.json() == first.json()
    path = f"/lending/applications/{first.json()['application_id']}"
    assert send(f"{path}/identify")["verdict"] == "match"
    made = send(f"{path}/decide")
    assert (made["state"], made["offer"]["amount_minor"]) == ("approved", 600_000)
    assert send(f"{path}/accept", text_hash=TEXT_HASH, ref="7")["contract"]["ref"] == "7"
    send(f"{path}/disburse", 202)
    lender.rest()
    one = client.get(f"/v1{path}").json()
    assert one["state"] == "active"
    assert one["agreement_id"].isdigit()
    loan = client.get(f"/v1/lending/loans/{one['agreement_id']}").json()
    assert loan["application_id"] == one["application_id"]
    assert client.get("/v1/lending/counts").json() == {"active": 1}
    source = str(lender.current)
    done = send(f"{path}/repay", 201, kind="settle", from_agreement_id=source)
    assert (done["is_settled"], done["amount_minor"]) == (True, 600_000)
    refused = send(f"{path}/repay", 409, amount_minor=1)
    assert refused["code"] == "capability/application-refused"
    timeline = client.get(f"/v1{path}/timeline").json()
    assert [entry["what"] for entry in timeline][-2:] == ["settled", "repaid"]


def test_an_account_elsewhere_is_told_by_its_last_digits(lender: Lender, send: Send) -> None:
    made = send(
        "/lending/applications",
        201,
        party_id=lender.party_id,
        product="instalment-loan",
        amount_minor=30_000_000,
        payout={"name": "李四", "account": CARD},
        run=True,
    )
    assert made["payout"]["account"] == f"…{CARD[-4:]}"
    assert "李四" not in str(made)
    lender.rest()
    path = f"/lending/applications/{made['application_id']}"
    judged = send(f"{path}/judge", outcome="approve", by="王经理", amount_minor=1_000)
    assert (judged["state"], judged["offer"]["amount_minor"]) == ("approved", 1_000)
    assert send(f"{path}/withdraw", note="x")["state"] == "withdrawn"


def test_a_rule_set_decides_as_soon_as_it_is_put(lender: Lender, client: TestClient) -> None:
    rule = {"fact": "x", "test": "above", "value": 1, "outcome": "decline", "code": "too-much"}
    key = {"Idempotency-Key": str(lender.id())}
    path = "/v1/lending/rule_sets/own"
    made = client.put(path, json={"rules": [rule], "rate_ppm": 9}, headers=key)
    assert (made.status_code, made.json()["version"]) == (200, 1), made.text
    assert (
        client.put(path, json={"rules": [rule], "rate_ppm": 9}, headers=key).json() == made.json()
    )
    assert [one["version"] for one in client.get(path).json()] == [1]
    codes = {one["code"] for one in client.get("/v1/lending/rule_sets").json()}
    assert codes == {"own", "default"}
    rule["value"] = "text"
    key = {"Idempotency-Key": str(lender.id())}
    assert client.put(path, json={"rules": [rule]}, headers=key).status_code == 422


def test_a_case_is_worked_over_http(lender: Lender, client: TestClient, send: Send) -> None:
    one = lender.lent(100_000)
    made = send("/lending/cases", 201, agreement_id=str(one.agreement_id), by="赵六")
    path = f"/lending/cases/{made['case_id']}"
    send(f"{path}/notes", 201, what="call", text="无人接听", by="赵六")
    today = lender.parts.ground.today().isoformat()
    promise = send(f"{path}/promises", 201, amount_minor=5, day=today, by="赵六")
    assert [each["state"] for each in client.get(f"/v1{path}/promises").json()] == ["open"]
    gone = send(f"/lending/promises/{promise['promise_id']}/cancel")
    assert gone["state"] == "cancelled"
    assert client.get("/v1/lending/cases/counts").json() == {"reminder": 1}
    assert send(f"{path}/close", why="误立", by="赵六")["closed"] == today
    assert client.get("/v1/lending/cases").json()["items"] == []
    assert client.get(f"/v1/lending/cases/{UUID(int=5)}").status_code == 404
