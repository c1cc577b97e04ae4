"""Goal: documents, messages, offers and contracts over HTTP say what their doors say.

Method: a loan sold, agreed, signed and fulfilled by requests alone; bad ones are refused by name.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from tests.platforms.capability.papers.conftest import Office, opened
from tests.platforms.capability.papers.forms import GOOD
from yunjin.chassis.transport import install_problems
from yunjin.kernel import tenant
from yunjin.platforms.capability.routes import contracts, documents, messages, offers

FIELDS = [
    {"name": "borrower", "kind": "text", "zh": "借款人", "en": "Borrower"},
    {"name": "amount", "kind": "amount", "zh": "金额", "en": "Amount", "currency": "CNY"},
]
BODY = {
    "lang": "zh",
    "title": "借款合同：${borrower}",
    "blocks": [{"kind": "paragraph", "text": "金额 ${amount}"}],
}
TEMPLATE = {"zh": "借款合同", "en": "Loan contract", "fields": FIELDS, "bodies": [BODY]}
VALUES = [{"name": name, "text": GOOD[name]} for name in ("borrower", "amount")]


class Web:
    """A client of an office."""

    def __init__(self, office: Office, client: TestClient) -> None:
        self.office, self.client = office, client

    def sent(self, path: str, status: int = 200, method: str = "POST", **document: Any) -> Any:
        body = {"id": str(self.office.id()), **document}
        answer = self.client.request(method, f"/v1{path}", json=body)
        assert answer.status_code == status, answer.text
        return answer.json()

    def got(self, path: str, status: int = 200, **query: Any) -> Any:
        answer = self.client.get(f"/v1{path}", params=query)
        assert answer.status_code == status, answer.text
        return answer.json()


@pytest.fixture
def web(tmp_path: Path) -> Iterator[Web]:
    with tenant.entered("demo"):
        office = opened("", tmp_path)
        api = FastAPI()
        install_problems(api)
        for router in (
            documents.router(office.documents),
            messages.router(office.messages),
            offers.router(office.offers),
            contracts.router(office.contracts),
        ):
            api.include_router(router, prefix="/v1")
        with TestClient(api, raise_server_exceptions=False) as client:
            yield Web(office, client)
        office.engine.close()
        office.tables.close()


def test_a_document_is_made_downloaded_and_signed(web: Web) -> None:
    web.sent("/document_templates/loan", method="PUT", **TEMPLATE)
    link = {"kind": "party", "id": "P1"}
    made = web.sent("/documents", 201, template="loan", values=VALUES, links=[link])
    of = f"/documents/{made['document_id']}"
    answer = web.client.get(f"/v1{of}/content")
    assert answer.headers["content-type"] == "application/pdf"
    assert answer.content.startswith(b"%PDF-")
    assert answer.headers["etag"] == f'"{made["digest"]}"'
    assert web.got("/documents", link_kind="party", link_id="P1")["items"] == [made]
    assert [one["what"] for one in web.got(f"{of}/history")] == ["made"]
    again = web.sent(f"{of}/remake", values=[VALUES[0], {"name": "amount", "text": "5"}])
    assert again["version"] == 2
    assert web.client.get(f"/v1{of}/content", params={"version": 1}).content == answer.content
    web.sent(
        f"{of}/signatures",
        signers=[{"party_id": "P1", "name": "王芳"}],
        expires_at="2026-02-01T00:00:00Z",
    )
    web.office.rest()
    assert web.got(of)["state"] == "signed"
    signed = web.client.get(f"/v1{of}/content", params={"signed": True})
    assert signed.status_code == 200
    refused = web.sent(f"{of}/remake", 409, values=VALUES)
    assert (refused["code"], refused["why"]) == ("capability/document-refused", "signed")
    web.sent(f"{of}/void", why="作废", by="li")


def test_what_is_wrong_is_named(web: Web) -> None:
    web.sent("/document_templates/loan", method="PUT", **TEMPLATE)
    bad = web.sent("/documents", 409, template="loan", values=VALUES[:1])
    assert (bad["field"], bad["why"]) == ("amount", "missing")
    web.sent("/documents", 404, template="none", values=[])
    body = {**BODY, "title": "${nobody}"}
    worse = web.sent(
        "/document_templates/loan", 409, method="PUT", **{**TEMPLATE, "bodies": [body]}
    )
    assert worse["why"] == "unknown"
    field = {**FIELDS[0], "colour": "red"}
    strict = {**TEMPLATE, "fields": [field]}
    web.sent("/document_templates/loan", 422, method="PUT", **strict)
    preview = web.client.post("/v1/document_templates/preview", json=TEMPLATE)
    assert preview.content.startswith(b"%PDF-")


def test_messages_are_sent_one_by_one_and_many_at_once(web: Web) -> None:
    text = {"channel": "sms", "lang": "zh", "text": "您有 ${amount} 到期"}
    web.sent(
        "/message_templates/due",
        method="PUT",
        kind="service",
        zh="到期",
        en="Due",
        fields=["amount"],
        texts=[text],
    )
    party_id = web.office.person()
    value = [{"name": "amount", "text": "1.00"}]
    one = web.sent(
        "/messages",
        201,
        template="due",
        channel="sms",
        party_id=party_id,
        values=value,
        to="13800000001",
    )
    letters = [
        {"party_id": party_id, "to": f"1390000000{at}", "values": {"amount": str(at + 1)}}
        for at in range(3)
    ]
    batch = web.sent("/messages/batches", 201, template="due", channel="sms", messages=letters)
    web.office.rest()
    assert web.got(f"/messages/{one['message_id']}")["shown"] == "138****0001"
    assert web.got(f"/messages/batches/{batch['batch_id']}")["states"] == {"delivered": 3}
    missing = [{"party_id": party_id, "values": {}}]
    web.sent("/messages/batches", 422, template="due", channel="sms", messages=missing)
    said = web.client.post(
        f"/v1/messages/{one['message_id']}/text", json={"by": "li", "why": "核对"}
    )
    assert said.json() == "您有 1.00 到期"
    assert len(web.sent(f"/parties/{party_id}/opt_out", channel="sms")) == 1
    assert web.got(f"/parties/{party_id}/opt_outs")[0]["channel"] == "sms"
    assert web.sent(f"/parties/{party_id}/opt_in") == []
    web.sent("/messages/retry", 409, message_ids=[one["message_id"]], by="li")


def test_a_loan_is_sold_agreed_signed_and_fulfilled(web: Web) -> None:
    terms = [{"name": "amount", "least": 100, "most": 1_000_000}]
    offer = {"code": "loan", "zh": "贷款", "en": "Loan", "product": "instalment-loan"}
    drafted = web.sent(
        "/offers", 201, **offer, terms=terms, audience={"kinds": ["person"], "regions": ["sh"]}
    )
    assert drafted["state"] == "draft"
    web.sent("/offers/loan/versions/1/open", by="li")
    party_id = web.office.person()
    [no] = web.got(f"/parties/{party_id}/offers")
    assert [one["rule"] for one in no["reasons"]] == ["region"]
    [yes] = web.got(f"/parties/{party_id}/offers", region="sh")
    assert yes["is_offered"]
    occasion = {"region": "sh"}
    wish = [{"name": "amount", "value": 5_000}]
    deal = {"party_id": party_id, "terms": wish, "circumstances": occasion}
    assert web.client.post("/v1/offers/loan/deal", json=deal).json()["terms"] == wish
    contract = web.sent(
        "/contracts",
        201,
        offer="loan",
        parties=[{"party_id": party_id}],
        terms=wish,
        circumstances=occasion,
    )
    of = f"/contracts/{contract['contract_id']}"
    web.sent("/document_templates/loan", method="PUT", **TEMPLATE)
    paper = {"template": "loan", "values": VALUES}
    web.sent(f"{of}/offer", papers=[paper], expires_at="2026-02-01T00:00:00Z")
    web.office.rest()
    assert web.got(of)["state"] == "signed"
    large = 2**60 + 1
    web.office.bank.open(large, party_id)
    after = web.sent(f"{of}/fulfil", agreement_ids=[str(large)])
    assert (after["state"], after["agreement_ids"]) == ("in_force", [str(large)])
    web.sent(f"{of}/void", 409, why="不行")
    web.office.bank.close(large)
    web.sent(f"{of}/end", why="结清")
    assert web.got("/contracts", party_id=party_id, state="ended")["items"][0]["why"] == "结清"
    assert web.got(f"{of}/history")[-1]["what"] == "ended"
    web.sent("/offers/loan/versions/1/suspend", why="复核")
    web.sent("/offers/loan/versions/1/resume")
    web.sent("/offers/loan/versions/1/close", why="下架")
    web.got("/offers/loan", 404)
