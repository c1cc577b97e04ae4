"""Goal: whatever is sent, the answer is a problem or a result code, and no balance changes.
Method: a table of hostile bodies to every address that takes one, and Hypothesis for the rest.
"""

import contextlib
import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.foundation.ledger.serving import FIRST, Bank, open_bank

POSTS = (
    "/v1/transfers",
    "/v1/transfer_batches",
    "/v1/accounts",
    "/v1/account_batches",
    "/v1/account_ids",
    "/v1/aliases",
)
JSON = {"content-type": "application/json"}
DEEP = 10_000
BODIES = {
    "nothing": b"",
    "not JSON": b"{",
    "a word": b"hello",
    "null": b"null",
    "a number": b"7",
    "a list": b"[]",
    "an empty object": b"{}",
    "not UTF-8": b'{"id": "\xff\xfe"}',
    "a byte order mark": b"\xef\xbb\xbf{}",
    "UTF-16": '{"id": "1"}'.encode("utf-16"),
    "a zero byte": b"\x00",
    "nested arrays": b"[" * DEEP + b"]" * DEEP,
    "nested objects": b'{"a":' * DEEP + b"1" + b"}" * DEEP,
    "nested in a field": b'{"id":' + b"[" * DEEP + b"]" * DEEP + b"}",
    "a huge number": b'{"amount_minor": ' + b"9" * 5_000 + b"}",
    "an exponent": b'{"amount_minor": 1e999}',
    "not a number": b'{"amount_minor": NaN}',
    "half a surrogate": b'{"id": "\\ud800", "kind": "\\ud800", "value": "\\udfff"}',
    "an unknown field": b'{"nonsense": 1}',
    "four megabytes of blanks": b" " * (4 * 1024 * 1024),
    "four megabytes of text": json.dumps({"id": "x" * (4 * 1024 * 1024 - 20)}).encode(),
    "too much": b" " * (4 * 1024 * 1024 + 1),
}


@pytest.fixture(scope="module")
def bank(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bank]:
    """Yield one served ledger for all: nothing here may change it."""
    with open_bank(tmp_path_factory.mktemp("bank")) as opened:
        yield opened


def is_problem(answer: httpx.Response) -> bool:
    """Return whether an answer is a client's problem document without a traceback."""
    document = answer.json()
    return (
        400 <= answer.status_code < 500
        and answer.headers["content-type"] == "application/problem+json"
        and document["status"] == answer.status_code
        and "Traceback" not in answer.text
        and len(answer.content) < 20_000
    )


@pytest.mark.parametrize("path", POSTS)
@pytest.mark.parametrize("name", BODIES)
def test_hostile_bodies_are_problems(bank: Bank, path: str, name: str) -> None:
    before = bank.fingerprint()
    answer = bank.web.post(path, content=BODIES[name], headers=JSON)
    assert is_problem(answer), answer.text[:500]
    if name == "too much":
        assert answer.status_code == 413
    assert bank.fingerprint() == before


@pytest.mark.parametrize("path", POSTS)
@pytest.mark.parametrize("kind", ["text/plain", "", "application/x-www-form-urlencoded"])
def test_a_body_that_a_strangers_page_could_send_is_refused(
    bank: Bank, path: str, kind: str
) -> None:
    before = bank.fingerprint()
    headers = {"content-type": kind} if kind else {}
    assert is_problem(bank.web.post(path, content=json.dumps(GOOD), headers=headers))
    assert bank.fingerprint() == before


def test_a_body_without_a_length_is_stopped_in_the_middle(bank: Bank) -> None:
    sent = 0

    def parts() -> Iterator[bytes]:
        nonlocal sent
        for _ in range(4_000):
            sent += 65_536
            yield b" " * 65_536

    for path in POSTS:
        with contextlib.suppress(httpx.WriteError, httpx.RemoteProtocolError):  # it hung up: good
            assert bank.web.post(path, content=parts(), headers=JSON).status_code == 413
    assert sent < len(POSTS) * 4_000 * 65_536


GOOD: dict[str, Any] = {
    "id": "00000000-0000-0000-0000-0000000000ff",
    "debit_account_id": str(FIRST),
    "credit_account_id": str(FIRST + 1),
    "amount_minor": 5,
    "ledger": 156,
    "code": 1,
}
BAD_FIELDS = [
    {"id": 7},
    {"id": ""},
    {"id": "00000000-0000-0000-0000-000000000000"},
    {"id": "ffffffff-ffff-ffff-ffff-ffffffffffff"},
    {"debit_account_id": -1},
    {"debit_account_id": "-1"},
    {"debit_account_id": "9223372036854775808"},
    {"debit_account_id": 2**53},
    {"debit_account_id": 2**64},
    {"debit_account_id": 1.0},
    {"debit_account_id": "１２"},
    {"debit_account_id": True},
    {"debit_account_id": None},
    {"debit_account_id": []},
    {"amount_minor": -1},
    {"amount_minor": 2**53},
    {"amount_minor": 2**63},
    {"amount_minor": -(2**63)},
    {"amount_minor": 92233720368547758070},
    {"amount_minor": "5"},
    {"amount_minor": 0.5},
    {"amount_minor": True},
    {"ledger": 2**32},
    {"ledger": -1},
    {"code": 2**16},
    {"code": "1"},
    {"timeout_s": 2**32},
    {"flags": 1},
    {"flags": ["linked"]},
    {"flags": ["imported"]},
    {"flags": ["nonsense"]},
    {"flags": ["pending"] * 10},
    {"flags": ["pending", "post_pending"]},
    {"user_data_64": 2**64},
    {"user_data_64": "18446744073709551616"},
    {"user_data_128": "x"},
    {"pending_id": "00000000-0000-0000-0000-000000000001"},
    {"timestamp": "1"},
    {"balances": "true"},
]


@pytest.mark.parametrize("fields", BAD_FIELDS, ids=str)
def test_hostile_fields_are_problems(bank: Bank, fields: dict[str, Any]) -> None:
    before = bank.ledger.trial_balance()
    answer = bank.web.post("/v1/transfers", json={**GOOD, **fields})
    assert is_problem(answer), answer.text
    many = bank.web.post("/v1/transfer_batches", json={"transfers": [{**GOOD, **fields}]})
    assert many.status_code in (200, 422)
    if many.status_code == 200:
        assert many.json()["results"][0]["status"] != "created"
    assert bank.ledger.trial_balance() == before


@pytest.mark.parametrize(
    "query", ["x=1", "balances=1", "balances=", "balances=true&x=1", "%ff", "&&&=1", "balances=%00"]
)
def test_hostile_queries_are_problems(bank: Bank, query: str) -> None:
    before = bank.fingerprint()
    assert is_problem(bank.web.post(f"/v1/transfers?{query}", json=GOOD))
    for path in ("/v1/accounts", "/v1/journal"):
        assert is_problem(bank.web.get(f"{path}?{query}"))
    assert bank.fingerprint() == before


ADDRESSES = (
    "/v1/accounts/{0}",
    "/v1/accounts/{0}/history",
    "/v1/accounts/{0}/balance?at={0}",
    "/v1/accounts?cursor={0}",
    "/v1/accounts?ledger={0}",
    "/v1/transfers/{0}",
    "/v1/transfers?account_id={0}&cursor={0}",
    "/v1/transfers?user_data_64={0}&from={0}&until={0}",
    "/v1/journal?cursor={0}&limit={0}",
    "/v1/aliases?prefix={0}",
    "/v1/aliases?value={0}",
)
WORDS = (
    "0", "-1", "9223372036854775807", "9223372036854775808", "99999999999999999999", "1e5", "%00",
    "%ff", "%F0%9F%92%A5", "..%2f..", "'%20or%201=1--", "%", "_", "null", "NaN", "x" * 5_000,
    "9999-12-31T23:59:59Z", "0001-01-01T00:00:00Z", "AAAA", "%5B%5D",
)  # fmt: skip


@pytest.mark.parametrize("address", ADDRESSES)
def test_hostile_addresses_are_never_our_fault(bank: Bank, address: str) -> None:
    for word in WORDS:
        answer = bank.web.get(address.format(word))
        assert answer.status_code < 500, (address, word, answer.text)
        assert answer.status_code == 200 or is_problem(answer) or answer.status_code == 404


anything = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from([*GOOD, "flags", "x"]), inner, max_size=4)
    ),
    max_leaves=8,
)


@given(path=st.sampled_from(POSTS), body=anything)
def test_any_json_gets_an_answer_that_is_not_our_fault(bank: Bank, path: str, body: Any) -> None:
    before = bank.ledger.trial_balance()
    answer = bank.web.post(path, json=body)
    assert answer.status_code < 500, answer.text
    assert bank.ledger.trial_balance() == before


@given(path=st.sampled_from(POSTS), field=st.sampled_from([*GOOD, "flags"]), value=anything)
def test_one_wrong_field_gets_an_answer_that_is_not_our_fault(
    bank: Bank, path: str, field: str, value: Any
) -> None:
    answer = bank.web.post(path, json={**GOOD, "amount_minor": 0, field: value})
    assert answer.status_code < 500, answer.text


@given(path=st.sampled_from(POSTS), body=st.binary(max_size=200))
def test_any_bytes_get_an_answer_that_is_not_our_fault(bank: Bank, path: str, body: bytes) -> None:
    assert is_problem(bank.web.post(path, content=body, headers=JSON))
