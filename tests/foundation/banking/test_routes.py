"""Goal: the thin core over HTTP says what happened, and takes nothing that it cannot keep.

Method: all rooms' addresses on a loopback port, asked as a stranger would.
"""

import datetime as dt
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.chassis.transport.toy import served
from yunjin.app.bootstrap import open_bank
from yunjin.app.settings import Settings
from yunjin.chassis.transport import Guard, api_of, connect, root_of
from yunjin.kernel import tenant
from yunjin.kernel.clock import SystemClock
from yunjin.kernel.ids import uuid7


def fresh() -> str:
    """Return a new id."""
    return str(uuid7(SystemClock()))


@pytest.fixture(scope="module")
def web(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    home: Path = tmp_path_factory.mktemp("bank")
    settings = Settings(home=home, banking={"first_day": "2026-01-05"})  # type: ignore[arg-type]
    with tenant.entered("demo"):
        bank = open_bank(settings)
        try:
            api = api_of(bank.faces, title="test", version="1")
            app = Guard(root_of(api, bank.faces), tenant="demo", clock=bank.clock)
            with served(app) as address, connect(address) as client:
                yield client
        finally:
            bank.close()


def opened(web: httpx.Client, product: str = "current-account", **terms: int) -> str:
    """Open an agreement; return its id."""
    body = {"product": product, "party_id": "p-1", "terms": terms}
    answer = web.post("/v1/agreements", json=body, headers={"idempotency-key": fresh()})
    assert answer.status_code == 201, answer.text
    return str(answer.json()["agreement_id"])


def entered(web: httpx.Client, agreement: str, minor: int, **more: Any) -> httpx.Response:
    """Post an entry."""
    body = {"id": fresh(), "agreement_id": agreement, "amount_minor": minor, **more}
    return web.post("/v1/entries", json=body)


def test_an_entry_is_booked_once_and_tells_the_balance(web: httpx.Client) -> None:
    account = opened(web)
    body = {"id": fresh(), "agreement_id": account, "amount_minor": 12_345}
    first, again = web.post("/v1/entries", json=body), web.post("/v1/entries", json=body)
    assert (first.status_code, again.status_code) == (201, 200)
    assert again.headers["idempotency-replayed"] == "true"
    assert first.json()["balance_minor"] == again.json()["balance_minor"] == 12_345


def test_what_the_product_refuses_is_a_problem_with_its_reason(web: httpx.Client) -> None:
    refused = entered(web, opened(web), -1)
    assert refused.status_code == 409
    assert refused.json()["code"] == "banking/entry-refused"
    assert refused.json()["reason"] == "insufficient funds"


def test_a_hold_is_taken_in_part_and_the_rest_is_free_again(web: httpx.Client) -> None:
    account, hold = opened(web), fresh()
    entered(web, account, 1_000)
    held = web.post(
        "/v1/entries",
        json={"id": hold, "agreement_id": account, "amount_minor": 600, "action": "hold"},
    )
    assert held.json()["available_minor"] == 400
    taken = entered(web, account, 250, action="capture", hold_id=hold)
    assert taken.json()["available_minor"] == taken.json()["balance_minor"] == 750


def test_a_batch_answers_every_entry_in_order(web: httpx.Client) -> None:
    account = opened(web)
    entries = [
        {"id": fresh(), "agreement_id": account, "amount_minor": minor} for minor in (500, -900, -1)
    ]
    results = web.post("/v1/entry_batches", json={"entries": entries}).json()["results"]
    assert [one["result"] for one in results] == ["booked", "refused", "booked"]
    assert [one["id"] for one in results] == [one["id"] for one in entries]


def test_a_loan_is_opened_found_and_its_day_is_closed(web: httpx.Client) -> None:
    loan = opened(web, "instalment-loan", amount=1_200_000, rate=60_000, term=12)
    found = web.get("/v1/agreements", params={"product": "instalment-loan"}).json()
    assert loan in [one["agreement_id"] for one in found["items"]]
    closed = web.post("/v1/days/close", json={}).json()
    assert closed["status"] == "closed"
    proof = web.get(f"/v1/days/{closed['date']}/proof").json()
    assert proof
    assert all(one["subledger_minor"] == one["ledger_minor"] for one in proof)
    assert web.get("/v1/days").json()[0]["status"] == "open"


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("/v1/entries", {"id": "x"}, 422),
        ("/v1/entries", {"id": fresh(), "agreement_id": "7", "amount_minor": 1}, 404),
        ("/v1/entries", {"id": fresh(), "agreement_id": "7", "amount_minor": 2**60}, 422),
        ("/v1/entries", {"id": fresh(), "agreement_id": "9" * 19, "amount_minor": 1}, 422),
        ("/v1/entries", {"id": fresh(), "agreement_id": "7", "against": "moon"}, 422),
        ("/v1/entries", {"id": fresh(), "agreement_id": "7", "value_date": "2026-02-30"}, 422),
        ("/v1/agreements", {"product": "no-such", "party_id": "p"}, 404),
        ("/v1/agreements", {"product": "current-account", "party_id": "p", "x": 1}, 422),
        ("/v1/agreements", {"product": "instalment-loan", "party_id": "p"}, 422),
        ("/v1/days/close", {"until": "1999-01-01"}, 422),
        ("/v1/products", {"source": "import os\n"}, 422),
    ],
)
def test_what_will_not_do_is_refused_in_words(
    web: httpx.Client, path: str, body: dict[str, Any], status: int
) -> None:
    answer = web.post(
        path, json=body, headers={"idempotency-key": fresh()} if "id" not in body else {}
    )
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"


def test_a_product_file_is_live_when_it_is_registered(web: httpx.Client) -> None:
    source = web.get("/v1/products", params={"code": "wallet"}).json()[0]["source"]
    body = {"source": source.replace('code = "wallet"', 'code = "purse"')}
    made = web.post("/v1/products", json=body, headers={"idempotency-key": fresh()})
    assert (made.status_code, made.json()["version"]) == (201, 1), made.text
    assert entered(web, opened(web, "purse"), 100).status_code == 201


def test_a_standing_order_is_kept_and_ended(web: httpx.Client) -> None:
    one, other = opened(web), opened(web)
    body = {"counter_agreement_id": int(other), "amount_minor": 100, "first": "2030-01-31"}
    kept = web.post(f"/v1/agreements/{one}/orders", json=body, headers={"idempotency-key": fresh()})
    assert kept.status_code == 201, kept.text
    order = kept.json()["order_id"]
    ended = web.delete(f"/v1/agreements/{one}/orders/{order}")
    assert ended.status_code == 204
    assert web.get(f"/v1/agreements/{one}/orders").json()[0]["next"] is None


def test_looking_for_words_that_nothing_is_called_by_finds_nothing(web: httpx.Client) -> None:
    for name in ("product", "party_id", "branch"):
        for word in ("北京", "a\x00b", "nobody"):
            found = web.get("/v1/agreements", params={name: word})
            assert (found.status_code, found.json()["items"]) == (200, []), found.text


def test_agreements_are_brought_over_to_another_version(web: httpx.Client) -> None:
    accounts = [opened(web), opened(web)]
    source = files("yunjin.foundation.banking.domain.products.presets").joinpath(
        "current_account.py"
    )
    made = web.post("/v1/products", json={"id": fresh(), "source": source.read_text("utf-8")})
    version = made.json()["version"]
    body = {"id": fresh(), "agreement_ids": accounts, "version": version}
    assert web.post("/v1/agreements/convert", json=body).json() == {"converted": 2}
    assert web.post("/v1/agreements/convert", json=body).json() == {"converted": 2}
    assert web.post("/v1/agreements/convert", json=body | {"id": fresh()}).json()["converted"] == 0
    assert {web.get(f"/v1/agreements/{one}").json()["version"] for one in accounts} == {version}
    for wrong, status in (
        ({"agreement_ids": [77]}, 404),
        ({"version": version + 7}, 404),
        ({"version": 0}, 422),
        ({"agreement_ids": []}, 422),
    ):
        refused = web.post("/v1/agreements/convert", json=body | {"id": fresh()} | wrong)
        assert refused.status_code == status, refused.text


def test_what_the_customer_was_told_is_listed(web: httpx.Client) -> None:
    today = dt.date.fromisoformat(web.get("/v1/days").json()[0]["date"])
    terms = {"limit": 500_000, "statement_day": (today + dt.timedelta(days=1)).day}
    card = opened(web, "credit-card", **terms)
    entered(web, card, -12_300)
    assert web.get(f"/v1/agreements/{card}/notices").json() == {"items": [], "next_cursor": None}
    web.post("/v1/days/close", json={"until": str(today + dt.timedelta(days=1))})
    (told,) = web.get(f"/v1/agreements/{card}/notices").json()["items"]
    assert told["code"] == "card-statement"
    for path, status in (("77/notices", 404), (f"{card}/notices?cursor=x", 422)):
        assert web.get(f"/v1/agreements/{path}").status_code == status


def test_an_agreement_is_opened_under_a_template(web: httpx.Client) -> None:
    path, (today, *_) = "/v1/products/credit-card/templates", web.get("/v1/days").json()
    change = {"parameter": "rate", "value": 100_000, "since": today["date"]}
    made = web.post(f"{path}/gold", json=change, headers={"idempotency-key": fresh()})
    assert made.status_code == 204, made.text
    assert web.get(path).json() == [
        {"product": "credit-card", "name": "gold", "terms": {"rate": 100_000}}
    ]
    body = {"product": "credit-card", "party_id": "p-1", "terms": {"limit": 500_000}}
    key = {"idempotency-key": fresh()}
    answer = web.post("/v1/agreements", json={**body, "template": "gold"}, headers=key)
    assert answer.json()["terms"]["rate"] == 100_000
    key = {"idempotency-key": fresh()}
    answer = web.post("/v1/agreements", json={**body, "template": "lead"}, headers=key)
    assert (answer.status_code, answer.json()["code"]) == (404, "banking/template-not-found")
