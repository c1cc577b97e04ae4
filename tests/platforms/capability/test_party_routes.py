"""Goal: parties over HTTP: acts once under its key, and tells no number unasked. Method: routes."""

from collections.abc import Callable, Iterator
from typing import Any
from uuid import UUID

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from tests.platforms.capability.conftest import Centre
from tests.platforms.capability.people import BORN, id_number
from yunjin.chassis.transport import install_problems
from yunjin.kernel.ids import uuid7
from yunjin.platforms.capability.api.parties import PartiesApi
from yunjin.platforms.capability.routes.parties import router

pytestmark = pytest.mark.parametrize("database_url", [""])
WHO = {"by": "柜员 07", "why": "按规定"}


@pytest.fixture
def client(centre: Centre) -> Iterator[TestClient]:
    api = FastAPI()
    install_problems(api)
    api.include_router(router(centre.door(PartiesApi)), prefix="/v1")
    with TestClient(api, raise_server_exceptions=False) as made:
        yield made


@pytest.fixture
def new_id(centre: Centre) -> Callable[[], UUID]:
    return lambda: uuid7(centre.clock)


@pytest.fixture
def send(client: TestClient, new_id: Callable[[], UUID]) -> Callable[..., Any]:
    def sent(path: str, status: int = 200, **document: Any) -> Any:
        answer = client.post(f"/v1{path}", json={"id": str(new_id()), **document})
        assert answer.status_code == status, answer.text
        return answer.json()

    return sent


def a_person(order: int, **more: Any) -> dict[str, Any]:
    document = {"type": "id_card", "number": id_number(BORN, order)}
    contact = {"kind": "phone", "value": f"1380000{order:04d}"}
    own = {"documents": [document], "contacts": [contact], "roles": ["customer"]}
    return {"kind": "person", "name": "王小云", "born": str(BORN), **own, **more}


def test_a_party_is_opened_once_and_lives_its_life(
    client: TestClient, new_id: Callable[[], UUID], send: Callable[..., Any]
) -> None:
    key = {"Idempotency-Key": str(new_id())}
    first = client.post("/v1/parties", json=a_person(1), headers=key)
    assert client.post("/v1/parties", json=a_person(1), headers=key).json() == first.json()
    assert client.post("/v1/parties", json=a_person(2), headers=key).status_code == 409
    one = first.json()["party_id"]
    at = f"/parties/{one}"
    assert send(f"{at}/kyc", state="pending", **WHO)["kyc"] == "pending"
    known = {"evidence_id": "IMG-1", "review": "2099-01-01"}
    assert send(f"{at}/kyc", state="verified", **WHO, **known)["review"] == "2099-01-01"
    given = send(f"{at}/consents", 201, purpose="marketing", version="v1", channel="app")
    asked = {"on": "2026-01-05"}
    assert client.get(f"/v1{at}/consents/marketing", params=asked).json() == given
    send(f"/party_consents/{given['consent_id']}/withdraw")
    assert client.get(f"/v1{at}/consents/marketing", params=asked).json() is None
    assert send(f"{at}/roles", role="investor")["roles"] == ["customer", "investor"]
    assert send(f"{at}/roles/investor/end", why="x")["roles"] == ["customer"]
    assert send(f"{at}/change", country="SG", **WHO)["country"] == "SG"
    assert send(f"{at}/block", **WHO)["state"] == "blocked"
    assert send(f"{at}/unblock", **WHO)["state"] == "open"
    assert send(f"{at}/close", **WHO)["state"] == "closed"
    assert send(f"{at}/block", 409, **WHO)["code"] == "capability/party-closed"
    page = client.get(f"/v1{at}/timeline", params={"limit": 2}).json()
    assert [event["what"] for event in page["items"]] == ["closed", "unblocked"]
    assert len(client.get(f"/v1{at}/kyc").json()) == 2
    assert client.get("/v1/parties/P0").status_code == 404


def test_numbers_come_masked_and_whole_one_by_one(
    client: TestClient, send: Callable[..., Any]
) -> None:
    one = send("/parties", 201, **a_person(5))["party_id"]
    number, at = id_number(BORN, 5), f"/parties/{one}"
    passport = send(f"{at}/documents", 201, type="passport", number="E12345678")
    contact = send(f"{at}/contacts", 201, kind="email", value="yun@example.com")
    send(f"{at}/items/{contact['contact_id']}/end", why="x")
    texts = [client.get(f"/v1{at}{part}").text for part in ("", "/documents", "/contacts")]
    texts.append(client.get("/v1/parties", params={"kyc": "none", "role": "customer"}).text)
    assert not any(
        secret in text
        for text in texts
        for secret in (number, "13800000005", "E12345678", "yun@example")
    )
    assert str(BORN) not in texts[-1]
    for form in ({"document": number}, {"phone": "13800000005"}, {"name": "小云"}):
        found = client.post("/v1/parties/search", json=form).json()
        assert [each["party_id"] for each in found["items"]] == [one]
    item = f"{at}/items/{passport['document_id']}/reveal"
    assert send(item, **WHO) == {"value": "E12345678"}
    assert "value" not in send(item, 422, by="", why="")
    wrong = a_person(6, documents=[{"type": "id_card", "number": number[::-1]}])
    assert number[::-1] not in str(send("/parties", 422, **wrong))


def test_records_are_related_merged_and_taken_apart(
    client: TestClient, new_id: Callable[[], UUID], send: Callable[..., Any]
) -> None:
    many = [{"id": str(new_id()), **a_person(order)} for order in (7, 8)]
    opened = send("/parties/batch", parties=many)
    assert [each["status"] for each in opened] == ["opened", "opened"]
    one, other = (each["party_id"] for each in opened)
    like = client.get(f"/v1/parties/{one}/duplicates").json()
    assert [(each["party"]["party_id"], each["why"]) for each in like] == [
        (other, ["name_and_birth"])
    ]
    alike = client.post("/v1/parties/alike", json=a_person(7)).json()
    assert {each["party"]["party_id"] for each in alike} == {one, other}
    assert send(f"/parties/{one}/merge", into_id=other, **WHO)["aliases"] == [one]
    assert client.get(f"/v1/parties/{one}").json()["party_id"] == other
    assert send(f"/parties/{one}/unmerge", **WHO)["party_id"] == one
    tie = send("/party_relations", 201, kind="spouse", from_id=one, to_id=other)
    refused = send("/party_relations", 409, kind="spouse", from_id=other, to_id=one)
    assert (refused["code"], refused["why"]) == ("capability/relation-refused", "again")
    assert client.get(f"/v1/parties/{other}/relations").json() == [tie]
    send(f"/party_relations/{tie['relation_id']}/end", until="2026-01-06")
    later = {"on": "2026-01-06"}
    assert client.get(f"/v1/parties/{other}/relations", params=later).json() == []
    assert [each["role"] for each in client.get(f"/v1/parties/{one}/roles").json()] == ["customer"]
