"""Goal: the JSON API says what the ledger did, exactly, and the same again when asked again.
Method: the real ledger behind a real server on loopback; every address, good and refused.
"""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from uuid import UUID

import httpx
import pytest

from tests.foundation.ledger.serving import FIRST, Bank, open_bank
from yunjin.chassis.transport import values
from yunjin.foundation.ledger.api import AccountStatus, TransferStatus
from yunjin.foundation.ledger.routes import posting


@pytest.fixture
def bank(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bank]:
    """Yield a fresh served ledger."""
    with open_bank(tmp_path_factory.mktemp("bank")) as opened:
        yield opened


def post(bank: Bank, number: int, **fields: object) -> httpx.Response:
    """Post a transfer."""
    return bank.web.post("/v1/transfers", json=bank.transfer(number, **fields))


def test_a_transfer_is_created_once_and_then_replayed(bank: Bank) -> None:
    first = post(bank, 1)
    assert first.status_code == 201
    assert first.json()["status"] == "created"
    assert first.json()["timestamp"].isdigit()
    again = post(bank, 1)
    assert again.status_code == 200
    assert again.headers["idempotency-replayed"] == "true"
    assert again.json()["timestamp"] == first.json()["timestamp"]
    other = post(bank, 1, amount_minor=101)
    assert other.status_code == 409
    assert other.json()["result"] == "exists_with_different_amount"
    account = bank.web.get(f"/v1/accounts/{FIRST}").json()
    assert account["debits_posted"] == 100


@pytest.mark.parametrize("balances", [{"params": {"balances": "true"}}, {}])
def test_balances_come_back_when_asked(bank: Bank, balances: dict[str, object]) -> None:
    fields = {} if balances else {"balances": True}
    answer = bank.web.post("/v1/transfers", json=bank.transfer(1, **fields), **balances).json()
    assert answer["debit_account"]["debits_posted"] == 100
    assert answer["credit_account"]["credits_posted"] == 100


def test_a_retry_is_answered_with_the_balances_of_now(bank: Bank) -> None:
    hold = bank.transfer(2, flags=["pending"])
    settle = {"id": str(UUID(int=3)), "amount_minor": 0, "flags": ["post_pending"]}
    bodies = [bank.transfer(1), hold, {**settle, "pending_id": hold["id"]}]
    for body in bodies:
        assert bank.web.post("/v1/transfers", json=body).status_code == 201
    now = {"debits_pending": 0, "debits_posted": 200, "credits_pending": 0, "credits_posted": 0}
    for body in bodies:  # a plain one, a hold, and a post that inherited its accounts
        again = bank.web.post("/v1/transfers?balances=true", json=body).json()
        assert (again["status"], again["debit_account"]) == ("exists", now)
        assert again["credit_account"]["credits_posted"] == 200


def test_a_retry_in_a_chain_that_fails_is_answered_without_balances(bank: Bank) -> None:
    known = bank.transfer(1, flags=["linked"])
    bad = bank.transfer(2, amount_minor=-1)
    assert post(bank, 9).status_code == 201
    created = {"transfers": [known, bank.transfer(3)]}
    assert bank.web.post("/v1/transfer_batches", json=created).status_code == 200
    body = {"transfers": [known, bad], "balances": True}
    first, second = bank.web.post("/v1/transfer_batches", json=body).json()["results"]
    assert (first["status"], second["status"]) == ("linked_failed", "amount_out_of_range")
    assert "debit_account" not in first


def test_totals_beyond_53_bits_are_strings(bank: Bank) -> None:
    for number in (1, 2):
        assert post(bank, number, amount_minor=2**53 - 1).status_code == 201
    account = bank.web.get(f"/v1/accounts/{FIRST}").json()
    assert account["debits_posted"] == str(2**54 - 2)


@pytest.mark.parametrize(
    ("fields", "status", "result"),
    [
        ({"debit_account_id": str(FIRST + 2)}, 409, "exceeds_credits"),
        ({"debit_account_id": str(FIRST + 50)}, 404, "debit_account_not_found"),
        ({"credit_account_id": FIRST + 50}, 404, "credit_account_not_found"),
        ({"credit_account_id": str(FIRST)}, 422, "accounts_must_be_different"),
        ({"amount_minor": -1}, 422, "amount_out_of_range"),
        ({"ledger": 0}, 422, "ledger_must_not_be_zero"),
        ({"ledger": 157}, 409, "transfer_must_have_the_same_ledger_as_accounts"),
        ({"timeout_s": 5}, 422, "timeout_reserved_for_pending"),
        (
            {"flags": ["post_pending"], "pending_id": str(UUID(int=77))},
            404,
            "pending_transfer_not_found",
        ),
    ],
)
def test_a_refusal_names_its_result(
    bank: Bank, fields: dict[str, object], status: int, result: str
) -> None:
    answer = post(bank, 1, **fields)
    assert answer.headers["content-type"] == "application/problem+json"
    problem = answer.json()
    assert (answer.status_code, problem["status"], problem["result"]) == (status, status, result)
    assert problem["result_code"] == int(TransferStatus[result.upper()])
    assert problem["code"] == "ledger/transfer-refused"
    assert problem["id"] == str(UUID(int=1))
    assert problem["trace_id"] == answer.headers["request-id"]


def test_a_hold_is_posted_in_part(bank: Bank) -> None:
    assert post(bank, 1, flags=["pending"], timeout_s=60).status_code == 201
    taken = {"flags": ["post_pending"], "pending_id": str(UUID(int=1)), "amount_minor": 40}
    bare = {"id": str(UUID(int=2)), **taken}
    assert bank.web.post("/v1/transfers", json=bare).status_code == 201
    account = bank.web.get(f"/v1/accounts/{FIRST}").json()
    assert (account["debits_pending"], account["debits_posted"]) == (0, 40)
    posted = bank.web.get(f"/v1/transfers/{UUID(int=2)}").json()
    assert posted["flags"] == ["post_pending"]
    assert posted["pending_id"] == str(UUID(int=1))


def test_the_idempotency_key_must_be_the_id(bank: Bank) -> None:
    body = bank.transfer(1)
    wrong = bank.web.post("/v1/transfers", json=body, headers={"Idempotency-Key": str(UUID(int=2))})
    assert wrong.status_code == 422
    right = bank.web.post("/v1/transfers", json=body, headers={"Idempotency-Key": str(UUID(int=1))})
    assert right.status_code == 201


def test_many_at_once_are_gathered_and_each_gets_its_own_answer(bank: Bank) -> None:
    rows = bank.ledger.state().head.sequence

    def one(number: int) -> httpx.Response:
        fields = {"debit_account_id": str(FIRST + 2)} if number % 10 == 0 else {}
        return post(bank, number, amount_minor=number, **fields)

    with ThreadPoolExecutor(16) as threads:
        answers = list(threads.map(one, range(1, 201)))
    expected = [409 if number % 10 == 0 else 201 for number in range(1, 201)]
    assert [answer.status_code for answer in answers] == expected
    assert [answer.json()["id"] for answer in answers] == [str(UUID(int=n)) for n in range(1, 201)]
    assert bank.ledger.state().head.sequence - rows < 200  # fewer commits than requests


def test_a_batch_answers_item_by_item(bank: Bank) -> None:
    chain = [bank.transfer(2, flags=["linked"]), bank.transfer(3, amount_minor=-5)]
    body = {"transfers": [bank.transfer(1), *chain, bank.transfer(1)], "balances": True}
    answer = bank.web.post("/v1/transfer_batches", json=body)
    assert answer.status_code == 200
    results = answer.json()["results"]
    assert [one["status"] for one in results] == [
        "created",
        "linked_failed",
        "amount_out_of_range",
        "exists",
    ]
    assert results[0]["debit_account"]["debits_posted"] == 100
    assert results[3]["debit_account"]["debits_posted"] == 100  # a retry: as it is now


def test_accounts_are_opened_once(bank: Bank) -> None:
    first = bank.web.post("/v1/account_ids", json={"count": 2}).json()["first"]
    body = {"id": first, "ledger": 156, "code": 7, "flags": ["history"]}
    assert bank.web.post("/v1/accounts", json=body).status_code == 201
    again = bank.web.post("/v1/accounts", json=body)
    assert (again.status_code, again.headers["idempotency-replayed"]) == (200, "true")
    other = bank.web.post("/v1/accounts", json={**body, "code": 8})
    assert other.status_code == 409
    assert other.json()["result_code"] == AccountStatus.EXISTS_WITH_DIFFERENT_CODE
    both = ["debits_must_not_exceed_credits", "credits_must_not_exceed_debits"]
    strange = {**body, "id": str(int(first) + 1), "flags": both}
    assert bank.web.post("/v1/accounts", json=strange).status_code == 422
    found = bank.web.get(f"/v1/accounts/{first}").json()
    assert (found["id"], found["code"], found["flags"]) == (first, 7, ["history"])


def test_account_batches_answer_item_by_item(bank: Bank) -> None:
    one = {"id": str(FIRST + 8), "ledger": 156, "code": 1}
    body = {"accounts": [one, {**one, "code": 2}, {**one, "id": str(FIRST + 9), "ledger": 0}]}
    results = bank.web.post("/v1/account_batches", json=body).json()["results"]
    assert [result["status"] for result in results] == [
        "created",
        "exists_with_different_code",
        "ledger_must_not_be_zero",
    ]


def test_pages_lead_to_all_accounts(bank: Bank) -> None:
    seen, cursor = [], None
    while True:
        asked = {"limit": 3, **({"cursor": cursor} if cursor else {})}
        page = bank.web.get("/v1/accounts", params=asked).json()
        seen += [account["id"] for account in page["items"]]
        if (cursor := page["next_cursor"]) is None:
            break
    assert seen == [str(FIRST + n) for n in (3, 2, 1, 0)]
    assert bank.web.get("/v1/accounts", params={"cursor": "made-up"}).status_code == 422
    assert bank.web.get("/v1/accounts", params={"limit": 201}).status_code == 422
    assert bank.web.get("/v1/accounts", params={"lmit": 2}).status_code == 422


def test_history_runs_and_balance_at_a_time(bank: Bank) -> None:
    stamps = [post(bank, number).json()["timestamp"] for number in (1, 2, 3)]
    address = f"/v1/accounts/{FIRST}"
    history = bank.web.get(f"{address}/history", params={"oldest_first": "true"}).json()["items"]
    assert [one["totals"]["debits_posted"] for one in history] == [100, 200, 300]
    assert [one["timestamp"] for one in history] == stamps
    second = history[1]["posted_at"]
    then = bank.web.get(f"{address}/balance", params={"at": second}).json()
    assert then["debits_posted"] == 200
    asked = {"from": second, "until": history[2]["posted_at"]}
    found = bank.web.get(f"{address}/history", params=asked).json()["items"]
    assert [one["timestamp"] for one in found] == stamps[1:2]
    kept = bank.web.get(f"/v1/accounts/{FIRST + 3}/history")
    assert (kept.status_code, kept.json()["code"]) == (409, "ledger/history-not-kept")
    assert bank.web.get(f"{address}/balance", params={"at": "yesterday"}).status_code == 422


def test_transfers_are_searched(bank: Bank) -> None:
    for number in range(1, 6):
        post(bank, number, amount_minor=number, user_data_64=str(2**64 - 1), code=number)
    found = bank.web.get(
        "/v1/transfers", params={"amount_minor_min": 2, "amount_minor_max": 3}
    ).json()["items"]
    assert [one["amount_minor"] for one in found] == [3, 2]
    assert found[0]["user_data_64"] == str(2**64 - 1)
    mine = bank.web.get("/v1/transfers", params={"account_id": str(FIRST), "limit": 2}).json()
    assert len(mine["items"]) == 2
    assert mine["next_cursor"]
    assert bank.web.get(f"/v1/transfers/{UUID(int=99)}").status_code == 404


def test_ledgers_are_declared_and_stay_what_they_are(bank: Bank) -> None:
    body = {"ledgers": [{"ledger": 392, "currency": "JPY", "name": "円"}]}
    items = bank.web.put("/v1/ledgers", json=body).json()["items"]
    assert items[1] == {"ledger": 392, "currency": "JPY", "name": "円"}
    assert bank.web.put("/v1/ledgers", json=body).status_code == 200
    changed = {"ledgers": [{"ledger": 392, "currency": "USD"}]}
    assert bank.web.put("/v1/ledgers", json=changed).status_code == 422


def test_the_books_balance_and_the_journal_verifies(bank: Bank) -> None:
    post(bank, 1)
    trial = bank.web.get("/v1/trial_balance").json()
    assert trial["is_balanced"]
    assert trial["items"][0]["difference_minor"] == 0
    head = bank.web.get("/v1/cell").json()["head"]
    page = bank.web.get("/v1/journal", params={"limit": 2}).json()
    assert page["items"][0]["hash"] == head["hash"]
    assert page["items"][0]["previous_hash"] == page["items"][1]["hash"]
    more = bank.web.get("/v1/journal", params={"cursor": page["next_cursor"]}).json()
    assert more["items"][0]["sequence"] == page["items"][1]["sequence"] - 1
    report = bank.web.post("/v1/journal/verify").json()
    assert report["is_sound"]
    assert report["head"] == head


def test_aliases_are_bound_found_and_released(bank: Bank) -> None:
    alias = {"kind": "iban", "value": "DE89370400440532013000", "account_id": str(FIRST)}
    keys = [{"Idempotency-Key": str(UUID(int=number))} for number in range(1, 5)]
    for _ in range(2):
        bound = bank.web.post("/v1/aliases", json=alias, headers=keys[0])
        assert (bound.status_code, bound.json()) == (201, alias)
    other = {**alias, "account_id": str(FIRST + 1)}
    assert bank.web.post("/v1/aliases", json=other, headers=keys[1]).status_code == 409
    assert bank.web.post("/v1/aliases", json=alias).status_code == 422  # no key
    for asked in ({"prefix": "DE8"}, {"value": alias["value"]}, {"account_id": str(FIRST)}):
        assert bank.web.get("/v1/aliases", params=asked).json()["items"] == [alias]
    assert bank.web.get("/v1/aliases").status_code == 422
    gone = bank.web.delete(f"/v1/aliases/iban/{alias['value']}", headers=keys[2])
    assert gone.json() == alias
    missing = bank.web.delete(f"/v1/aliases/iban/{alias['value']}", headers=keys[3])
    assert (missing.status_code, missing.json()["code"]) == (404, "ledger/alias-not-found")


def test_the_trace_of_the_caller_goes_on(bank: Bank) -> None:
    trace = "0af7651916cd43dd8448eb211c80319c"
    answer = bank.web.get("/v1/cell", headers={"traceparent": f"00-{trace}-b7ad6b7169203331-01"})
    assert answer.headers["request-id"] == trace
    strange = bank.web.get("/v1/cell", headers={"traceparent": "<script>"})
    assert len(strange.headers["request-id"]) == 32


def test_wrong_addresses_and_methods_are_problems(bank: Bank) -> None:
    assert bank.web.get("/v1/nothing").json()["code"] == "kernel/not-found"
    wrong = bank.web.delete("/v1/ledgers")
    assert (wrong.status_code, wrong.json()["code"]) == (405, "kernel/method-not-allowed")
    assert bank.web.put("/v1/transfers", json={}).status_code == 405


def test_the_openapi_tells_of_the_fast_routes(bank: Bank) -> None:
    document = bank.web.get("/v1/openapi.json").json()
    assert set(document["paths"]["/v1/transfers"]) == {"get", "post"}
    assert document["paths"]["/v1/transfer_batches"]["post"]["operationId"] == "post_transfer_batch"
    operations = [one for path in document["paths"].values() for one in path.values()]
    names = [one["operationId"] for one in operations]
    assert len(names) == len(set(names))
    assert all("default" in one["responses"] for one in operations)
    assert "://" not in bank.web.get("/docs").text  # the page asks nobody else for anything


@pytest.mark.parametrize(
    ("text", "nanoseconds"),
    [
        ("1970-01-01T00:00:00Z", 0),
        ("2026-11-24T08:00:00.123456789+08:00", 1_795_478_400_123_456_789),
        ("2026-11-24t00:00:00.5z", 1_795_478_400_500_000_000),
    ],
)
def test_instants_are_read_to_the_nanosecond(text: str, nanoseconds: int) -> None:
    assert values.at_ns(text) == nanoseconds
    assert values.at_ns(values.rfc3339(nanoseconds)) == nanoseconds


@pytest.mark.parametrize(
    "text",
    ["", "2026-11-24", "2026-11-24T00:00:00", "1969-12-31T23:59:59Z", "2300-01-01T00:00:00Z",
     "2026-13-01T00:00:00Z", "2026-11-24T00:00:60Z", "1795478400", "２026-11-24T00:00:00Z"],
)  # fmt: skip
def test_other_instants_are_refused(text: str) -> None:
    with pytest.raises(ValueError):
        values.at_ns(text)


def test_every_result_code_has_an_http_status() -> None:
    statuses = {status: posting.http_status(status) for status in TransferStatus}
    assert statuses[TransferStatus.CREATED] == 201
    assert statuses[TransferStatus.EXISTS] == 200
    assert set(statuses.values()) == {200, 201, 404, 409, 422}
    assert all(code == 409 for status, code in statuses.items() if "EXISTS_WITH" in status.name)
