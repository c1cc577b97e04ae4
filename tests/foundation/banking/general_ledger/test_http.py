"""Goal: the general ledger over HTTP says what the door says, and refuses in problem details.

Method: the real room behind a real server on loopback; every address, good and refused.
"""

import datetime as dt
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.chassis.transport.toy import served
from tests.foundation.banking.general_ledger.books import CLOCK, Books, opened, pair
from yunjin.chassis.transport import Guard, api_of, connect, root_of
from yunjin.foundation.banking.api.general_ledger import GeneralLedgerApi
from yunjin.foundation.banking.domain.products.slots import Slot
from yunjin.foundation.banking.routes.general_ledger import router
from yunjin.kernel import tenant
from yunjin.kernel.ids import uuid7
from yunjin.kernel.room import Faces

JANUARY = {"start": "2026-01-01", "end": "2026-01-31"}


@pytest.fixture
def bank(tmp_path: Path) -> Iterator[tuple[Books, httpx.Client]]:
    """Yield a served general ledger with a loan paid out, a month of interest and a cost."""
    with tenant.entered("demo"), opened(f"sqlite:///{tmp_path / 'rooms.db'}", tmp_path) as books:
        books.book("2026-01-05", *pair(Slot.LOANS, Slot.CLEARING, 100_000))
        books.book("2026-01-31", *pair(Slot.INTEREST_ACCRUED, Slot.INTEREST_INCOME, 1_000))
        gl: GeneralLedgerApi = books.gl
        room = Faces(routers=[router(gl)])
        app = Guard(
            root_of(api_of([room], title="test", version="1"), [room]), tenant="demo", clock=CLOCK
        )
        with served(app) as address, connect(address) as web:
            yield books, web


def post(web: httpx.Client, path: str, body: dict[str, Any], key: str = "") -> httpx.Response:
    headers = {"Idempotency-Key": key or str(uuid7(CLOCK))}
    return web.post(f"/v1/gl{path}", json=body, headers=headers)


def voucher(**more: Any) -> dict[str, Any]:
    lines = [{"account": "6601", "debit_minor": 300}, {"account": "2202", "credit_minor": 300}]
    words = {"date": "2026-01-31", "reason": "rent", "by": "Li Wei"}
    return {"lines": lines, **words, **more}


def test_an_entry_is_booked_once_found_and_reversed(bank: tuple[Books, httpx.Client]) -> None:
    _, web = bank
    key = str(uuid7(CLOCK))
    first, again = post(web, "/entries", voucher(), key), post(web, "/entries", voucher(), key)
    assert first.status_code == again.status_code == 201
    assert first.json() == again.json()
    number = first.json()["number"]
    assert web.get(f"/v1/gl/entries/{number}").json() == first.json()
    words = {"date": "2026-01-31", "reason": "twice", "by": "Chen"}
    back = post(web, f"/entries/{number}/reversal", words)
    assert (back.status_code, back.json()["reverses"]) == (201, number)
    other = post(web, "/entries", voucher(reason="other"), key)
    assert other.status_code == 409
    assert other.json()["code"] == "kernel/idempotency-key-reused"


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (voucher(lines=[]), 422, "kernel/malformed"),
        (voucher(surprise=1), 422, "kernel/malformed"),
        (voucher(date="31.01.2026"), 422, "kernel/malformed"),
        (
            voucher(
                lines=[
                    {"account": "6601", "debit_minor": 3},
                    {"account": "2202", "credit_minor": 4},
                ]
            ),
            409,
            "banking/unbalanced",
        ),
        (
            voucher(
                lines=[
                    {"account": "201101", "debit_minor": 3},
                    {"account": "2202", "credit_minor": 3},
                ]
            ),
            409,
            "banking/control-account",
        ),
        (
            voucher(
                lines=[
                    {"account": "7777", "debit_minor": 3},
                    {"account": "2202", "credit_minor": 3},
                ]
            ),
            404,
            "banking/gl-account-not-found",
        ),
        (
            voucher(
                lines=[
                    {"account": "6601", "debit_minor": "3"},
                    {"account": "2202", "credit_minor": 3},
                ]
            ),
            422,
            "kernel/malformed",
        ),
    ],
)
def test_entries_that_will_not_do_are_refused(
    bank: tuple[Books, httpx.Client], body: dict[str, Any], status: int, code: str
) -> None:
    _, web = bank
    answer = post(web, "/entries", body)
    assert (answer.status_code, answer.json()["code"]) == (status, code)


def test_reports_are_given_as_json_and_as_tables(bank: tuple[Books, httpx.Client]) -> None:
    _, web = bank
    trial = web.get("/v1/gl/trial_balance", params=JANUARY).json()
    assert trial["is_balanced"]
    assert trial["totals"][0]["difference_minor"] == 0
    sheet = web.get("/v1/gl/balance_sheet", params={"date": "2026-01-31"}).json()
    assert sheet["compare"] == "2025-12-31"
    assert {row["key"]: row["amount_minor"] for row in sheet["rows"]}["total_assets"] == 101_000
    income = web.get("/v1/gl/income_statement", params=JANUARY).json()
    assert [row["amount_minor"] for row in income["rows"] if row["key"] == "net_profit"] == [1_000]
    compared = JANUARY | {"compare_start": "2025-12-01"}
    assert web.get("/v1/gl/income_statement", params=compared).status_code == 422
    table = web.get("/v1/gl/trial_balance.csv", params=JANUARY | {"language": "en"})
    assert table.headers["content-type"].startswith("text/csv")
    assert table.text.startswith("\ufeffaccount,name,level")
    for path, query in {
        "balance_sheet": {"date": "2026-01-31"},
        "income_statement": JANUARY,
    }.items():
        assert "科目" in web.get(f"/v1/gl/{path}.csv", params=query).text


def test_lines_say_whether_transfers_are_behind_them(bank: tuple[Books, httpx.Client]) -> None:
    _, web = bank
    (line,) = web.get("/v1/gl/lines", params={"account": "1303"}).json()["items"]
    assert line["has_transfers"]
    behind = f"/v1/gl/entries/{line['entry']}/lines/{line['place']}/transfers"
    assert web.get(behind).json() == {"items": [], "next_cursor": None}  # no ledger is behind these
    assert web.get("/v1/gl/entries/1/lines/9/transfers").status_code == 404
    assert web.get("/v1/gl/lines", params={"limit": 0}).status_code == 422


def test_entries_days_and_scope_are_told(bank: tuple[Books, httpx.Client]) -> None:
    _, web = bank
    post(web, "/entries", voucher())
    every = web.get("/v1/gl/entries").json()
    assert [one["kind"] for one in every["items"]] == ["manual", "movements", "movements"]
    first = web.get("/v1/gl/entries", params={"kind": "movements", "limit": 1}).json()
    rest = web.get(
        "/v1/gl/entries", params={"kind": "movements", "cursor": first["next_cursor"]}
    ).json()
    assert first["items"] + rest["items"] == every["items"][1:]
    assert web.get("/v1/gl/entries", params={"kind": "odd"}).status_code == 422
    days = web.get("/v1/gl/daily", params={"account": "6601", **JANUARY}).json()["items"]
    assert [(one["date"], one["balance_minor"]) for one in days] == [("2026-01-31", 300)]
    assert web.get("/v1/gl/daily", params={"account": "77", **JANUARY}).status_code == 404
    scope = web.get("/v1/gl/scope").json()
    assert (scope["first"], scope["last"]) == ("2026-01-05", "2026-01-31")
    assert scope["currencies"] == ["CNY"]


def test_months_and_years_are_closed_over_http(bank: tuple[Books, httpx.Client]) -> None:
    books, web = bank
    early = post(web, "/periods/2026-01/close", {"by": "Chen"})
    assert (early.status_code, early.json()["code"]) == (409, "banking/period-not-ready")
    books.closed = dt.date(2026, 12, 31)
    assert post(web, "/periods/2026-01/close", {"by": "Chen"}).json()["status"] == "closed"
    words = {"by": "Chen", "reason": "late voucher"}
    assert post(web, "/periods/2026-01/reopen", words).json()["status"] == "open"
    assert post(web, "/periods/2026-01/close", {"by": "Chen"}).json()["status"] == "closed"
    assert post(web, "/periods/2026-01/lock", {"by": "Chen"}).json()["status"] == "locked"
    items = web.get("/v1/gl/periods").json()["items"]
    assert (items[-1]["month"], items[-1]["status"]) == ("2026-01", "locked")
    carried = post(web, "/years/2026/end", {"by": "Chen"}).json()
    assert [line["account"] for line in carried["entry"]["lines"]] == ["410401", "601101"]
    assert post(web, "/years/2026/end", {"by": "Chen"}).json() == {"entry": None}
    assert post(web, "/periods/2026-13/close", {"by": "Chen"}).status_code == 422


def test_the_chart_its_mapping_and_rules_are_set_over_http(
    bank: tuple[Books, httpx.Client],
) -> None:
    _, web = bank
    account = {
        "code": "130309",
        "name_zh": "小微贷款",
        "name_en": "Small loans",
        "element": "asset",
        "parent": "1303",
    }
    assert post(web, "/accounts", account).status_code == 201
    assert post(web, "/accounts", account).json()["code"] == "banking/account-unusable"
    chart = {one["code"]: one for one in web.get("/v1/gl/accounts").json()["items"]}
    assert not chart["130309"]["is_preset"]
    mapping = {"slot": "loans", "product": "loan", "account": "130309", "since": "2026-02-01"}
    assert post(web, "/mappings", mapping).status_code == 201
    found = web.get("/v1/gl/mappings", params={"date": "2026-02-01"}).json()
    assert mapping | {"since": None} in found["items"]
    assert found["complaints"] == []
    assert mapping in web.get("/v1/gl/mappings").json()["items"]
    rule = {"product": "loan", "rule": "cash", "since": "2026-02-01"}
    assert post(web, "/rules", rule).json() == rule
    assert web.get("/v1/gl/rules").json()["items"] == [rule]


def test_every_address_of_the_description_has_a_name_of_its_own(
    bank: tuple[Books, httpx.Client],
) -> None:
    _, web = bank
    paths = web.get("/v1/openapi.json").json()["paths"]
    ids = [one["operationId"] for path in paths.values() for one in path.values()]
    assert len(ids) == len(set(ids)) == 25
    assert all(name.startswith("gl_") for name in ids)
