"""The ledger's books over HTTP: units, transfers, trial balance, journal, cell, aliases."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import Field

from yunjin.chassis.transport.values import At, CommandId, Cursor, Form, Limit, UInt64
from yunjin.foundation.ledger.api import Alias, Ledger, LedgerApi, TransferQuery
from yunjin.foundation.ledger.errors import TransferNotFound
from yunjin.foundation.ledger.routes.reports import (
    CellOut,
    JournalOut,
    JournalRowOut,
    TrialBalanceOut,
    VerifyOut,
)
from yunjin.foundation.ledger.routes.schemas import (
    AliasBatchForm,
    AliasesOut,
    AliasForm,
    AliasOut,
    LedgerOut,
    LedgersForm,
    LedgersOut,
    TransferOut,
    TransfersOut,
)
from yunjin.foundation.ledger.routes.values import AccountId
from yunjin.kernel.errors import Malformed
from yunjin.kernel.money import MINOR_MAX

Amount = Annotated[int, Field(ge=-MINOR_MAX, le=MINOR_MAX)]


class TransfersQuery(Form):
    """Which transfers to look for; what is left out does not matter."""

    account_id: AccountId | None = None
    ledger: Annotated[int, Field(ge=1, le=2**32 - 1)] | None = None
    code: Annotated[int, Field(ge=1, le=2**16 - 1)] | None = None
    user_data_64: UInt64 | None = None
    user_data_128: UUID | None = None
    pending_id: UUID | None = Field(None, description="The hold that was posted or voided.")
    amount_minor_min: Amount | None = None
    amount_minor_max: Amount | None = None
    timestamp_from: At | None = Field(None, alias="from")
    timestamp_until: At | None = Field(None, alias="until")
    cursor: Cursor | None = None
    limit: Limit = 50


class JournalQuery(Form):
    """Which rows of the journal to list."""

    cursor: Annotated[str, Field(pattern="^[0-9]{1,15}$")] | None = None
    limit: Limit = 50


class AliasesQuery(Form):
    """Which aliases to list: exactly one of prefix, value and account_id; pages of a prefix."""

    prefix: Annotated[str, Field(min_length=1, max_length=128)] | None = None
    value: Annotated[str, Field(min_length=1, max_length=128)] | None = None
    account_id: AccountId | None = None
    cursor: Cursor | None = None
    limit: Limit = 20


class Books:
    """The books' addresses."""

    def __init__(self, ledger: LedgerApi) -> None:
        self._ledger = ledger

    def add_to(self, router: APIRouter) -> None:
        """Add the addresses to a router."""
        router.get("/ledgers")(self.ledgers)
        router.put("/ledgers")(self.declare_ledgers)
        router.get("/transfers/{transfer_id}")(self.transfer)
        router.get("/transfers")(self.find_transfers)
        router.get("/trial_balance")(self.trial_balance)
        router.get("/journal")(self.journal)
        router.post("/journal/verify")(self.verify_journal)
        router.get("/cell")(self.cell)
        router.get("/aliases")(self.find_aliases)
        router.post("/aliases", status_code=201)(self.bind_alias)
        router.post("/alias_batches")(self.bind_aliases)
        router.delete("/aliases/{kind}/{value}")(self.release_alias)

    def ledgers(self) -> LedgersOut:
        """List the declared units, by number."""
        found = self._ledger.ledgers()
        return LedgersOut(
            items=[LedgerOut(ledger=x.ledger, currency=x.currency, name=x.name) for x in found]
        )

    def declare_ledgers(self, form: LedgersForm) -> LedgersOut:
        """Declare units; saying the same again is fine, changing a currency is not."""
        self._ledger.declare_ledgers([Ledger(**one.model_dump()) for one in form.ledgers])
        return self.ledgers()

    def transfer(self, transfer_id: UUID) -> TransferOut:
        """Return a transfer: what to ask when the answer to its posting was lost."""
        rows = self._ledger.transfers([transfer_id]).to_pylist()
        if not rows:
            raise TransferNotFound("There is no such transfer.", transfer_id=str(transfer_id))
        return TransferOut.of(rows[0])

    def find_transfers(self, query: Annotated[TransfersQuery, Query()]) -> TransfersOut:
        """Search transfers, newest first."""
        batch, cursor = self._ledger.find_transfers(TransferQuery(**query.model_dump()))
        return TransfersOut(
            items=[TransferOut.of(r) for r in batch.to_pylist()], next_cursor=cursor
        )

    def trial_balance(self) -> TrialBalanceOut:
        """Return every ledger's totals; posted debits equal posted credits."""
        return TrialBalanceOut.of(self._ledger.trial_balance())

    def journal(self, query: Annotated[JournalQuery, Query()]) -> JournalOut:
        """List rows of the journal, newest first."""
        before = None if query.cursor is None else int(query.cursor)
        rows = self._ledger.journal(before=before, limit=query.limit)
        more = str(rows[-1].sequence) if len(rows) == query.limit else None
        return JournalOut(items=[JournalRowOut.of(row) for row in rows], next_cursor=more)

    def verify_journal(self) -> VerifyOut:
        """Read the whole journal again and say what is wrong with it."""
        return VerifyOut.of(self._ledger.verify())

    def cell(self) -> CellOut:
        """Say how the cell is doing."""
        return CellOut.of(self._ledger.state())

    def find_aliases(self, query: Annotated[AliasesQuery, Query()]) -> AliasesOut:
        """List aliases by their beginning, by value or by account."""
        asked = query.model_dump(exclude={"limit", "cursor"}, exclude_none=True)
        if len(asked) != 1:
            raise Malformed("expected one of prefix, value and account_id", asked=sorted(asked))
        if query.cursor is not None and query.prefix is None:
            raise Malformed("expected a cursor with a prefix only")
        cursor = None
        if query.prefix is not None:
            page = self._ledger.find_aliases(query.prefix, limit=query.limit, cursor=query.cursor)
            found, cursor = list(page.items), page.next_cursor
        elif query.value is not None:
            found = self._ledger.resolve_aliases([query.value])
        else:
            found = self._ledger.aliases_of([asked["account_id"]])
        return AliasesOut(items=[AliasOut.of(alias) for alias in found], next_cursor=cursor)

    def bind_alias(self, form: AliasForm, command_id: CommandId) -> AliasOut:
        """Let an alias stand for an account."""
        alias = Alias(kind=form.kind, value=form.value, account_id=form.account_id)
        return AliasOut.of(self._ledger.bind_alias(command_id, alias))

    def bind_aliases(self, form: AliasBatchForm, command_id: CommandId) -> AliasesOut:
        """Bind aliases in one transaction; say what each stands for now. A taken one stays."""
        asked = [Alias(**one.model_dump()) for one in form.aliases]
        held = self._ledger.bind_aliases(command_id, asked)
        return AliasesOut(items=[AliasOut.of(alias) for alias in held], next_cursor=None)

    def release_alias(self, kind: str, value: str, command_id: CommandId) -> AliasOut:
        """Take an alias away."""
        return AliasOut.of(self._ledger.release_alias(command_id, kind, value))
