"""Accounts over HTTP: open, look up, history, balance at a time."""

from typing import Annotated

from fastapi import APIRouter, Query, Response
from pydantic import Field

from yunjin.chassis.transport.values import At, Cursor, Form, Limit
from yunjin.foundation.ledger.api import AccountStatus, LedgerApi
from yunjin.foundation.ledger.errors import AccountMalformed, AccountNotFound, AccountRefused
from yunjin.foundation.ledger.routes.schemas import (
    AccountBatchForm,
    AccountBatchOut,
    AccountForm,
    AccountIdsForm,
    AccountIdsOut,
    AccountOut,
    AccountResult,
    AccountsOut,
    HistoryOut,
    Posting,
    account_batch,
)
from yunjin.foundation.ledger.routes.values import AccountId
from yunjin.kernel.errors import Malformed

_MALFORMED = {
    AccountStatus.LINKED_CHAIN_OPEN,
    AccountStatus.TIMESTAMP_MUST_BE_ZERO,
    AccountStatus.IMPORTED_TIMESTAMP_OUT_OF_RANGE,
    AccountStatus.RESERVED_FLAG,
    AccountStatus.ID_OUT_OF_RANGE,
    AccountStatus.FLAGS_ARE_MUTUALLY_EXCLUSIVE,
    AccountStatus.LEDGER_MUST_NOT_BE_ZERO,
    AccountStatus.CODE_MUST_NOT_BE_ZERO,
    AccountStatus.LIMIT_OUT_OF_RANGE,
}


class AccountsQuery(Form):
    """Which accounts to list."""

    ledger: Annotated[int, Field(ge=1, le=2**32 - 1)] | None = None
    code: Annotated[int, Field(ge=1, le=2**16 - 1)] | None = None
    cursor: Cursor | None = None
    limit: Limit = 50


class HistoryQuery(Form):
    """Which postings to list; half open in time."""

    timestamp_from: At | None = Field(None, alias="from")
    timestamp_until: At | None = Field(None, alias="until")
    oldest_first: bool = False
    cursor: Cursor | None = None
    limit: Limit = 50


class Accounts:
    """The accounts' addresses."""

    def __init__(self, ledger: LedgerApi) -> None:
        self._ledger = ledger

    def add_to(self, router: APIRouter) -> None:
        """Add the addresses to a router."""
        router.post("/account_ids", status_code=201)(self.allot_account_ids)
        router.post(
            "/accounts",
            status_code=201,
            responses={200: {"model": AccountResult, "description": "It exists already."}},
        )(self.open_account)
        router.post("/account_batches")(self.open_account_batch)
        router.get("/accounts")(self.find_accounts)
        router.get("/accounts/{account_id}")(self.account)
        router.get("/accounts/{account_id}/history")(self.account_history)
        router.get("/accounts/{account_id}/balance")(self.account_balance)

    def allot_account_ids(self, form: AccountIdsForm) -> AccountIdsOut:
        """Set account ids aside: durable, and never given to anybody else."""
        return AccountIdsOut(first=self._ledger.allot_account_ids(form.count), count=form.count)

    def open_account(self, form: AccountForm, response: Response) -> AccountResult:
        """Open an account. The same again answers 200 and opens nothing."""
        if {"linked", "imported"} & set(form.flags):
            raise Malformed("expected neither linked nor imported outside of a batch")
        row = self._ledger.open_accounts(account_batch([form])).to_pylist()[0]
        status = AccountStatus(row["status"])
        if status is AccountStatus.EXISTS:
            response.status_code = 200
            response.headers["idempotency-replayed"] = "true"
        elif status is not AccountStatus.CREATED:
            kind = AccountMalformed if status in _MALFORMED else AccountRefused
            raise kind(
                f"The account was refused: {status.name.lower().replace('_', ' ')}.",
                result=status.name.lower(),
                result_code=int(status),
                id=str(form.id),
            )
        return AccountResult.of(form.id, row["status"], row["timestamp"])

    def open_account_batch(self, form: AccountBatchForm) -> AccountBatchOut:
        """Open accounts in one batch; each has its own result."""
        rows = self._ledger.open_accounts(account_batch(form.accounts)).to_pylist()
        pairs = zip(form.accounts, rows, strict=True)
        return AccountBatchOut(
            results=[
                AccountResult.of(one.id, row["status"], row["timestamp"]) for one, row in pairs
            ]
        )

    def find_accounts(self, query: Annotated[AccountsQuery, Query()]) -> AccountsOut:
        """List accounts, newest first."""
        batch, cursor = self._ledger.find_accounts(**query.model_dump())
        return AccountsOut(items=[AccountOut.of(r) for r in batch.to_pylist()], next_cursor=cursor)

    def account(self, account_id: AccountId) -> AccountOut:
        """Return an account as it stands."""
        return self._only(self._ledger.accounts([account_id]).to_pylist(), account_id)

    def account_history(
        self, account_id: AccountId, query: Annotated[HistoryQuery, Query()]
    ) -> HistoryOut:
        """Return an account's postings with its running totals."""
        batch, cursor = self._ledger.history(account_id, **query.model_dump())
        return HistoryOut(items=[Posting.of(row) for row in batch.to_pylist()], next_cursor=cursor)

    def account_balance(self, account_id: AccountId, at: At) -> AccountOut:
        """Return the account as it stood at an instant (inclusive)."""
        return self._only(self._ledger.balance_at(account_id, at).to_pylist(), account_id)

    def _only(self, rows: list[dict[str, int]], account_id: int) -> AccountOut:
        if not rows:
            raise AccountNotFound("There is no such account.", account_id=str(account_id))
        return AccountOut.of(rows[0])
