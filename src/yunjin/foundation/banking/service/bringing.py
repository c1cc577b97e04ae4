"""Bringing agreements over in the middle of their lives, and giving them back: BringingApi."""

import hashlib
from collections.abc import Iterator
from typing import Any, Final
from uuid import UUID

import numpy as np
import pyarrow as pa

from yunjin.chassis.persistence import SqlUnitOfWork, request_hash
from yunjin.foundation.banking.api.bringing import (
    BROUGHT_MAX,
    Brought,
    Declared,
    GivenBack,
    Moved,
)
from yunjin.foundation.banking.domain import derived_ids
from yunjin.foundation.banking.domain.products import run
from yunjin.foundation.banking.domain.products.book import (
    BEHIND,
    BOOKED,
    CLOSED,
    HELD,
    OPENED,
    STATUS,
    Book,
    earns,
)
from yunjin.foundation.banking.domain.products.declarations import Date
from yunjin.foundation.banking.domain.products.slots import Slot, grows_by_credit
from yunjin.foundation.banking.domain.rounding import Rounding, post
from yunjin.foundation.banking.errors import (
    AgreementNotEmpty,
    AgreementNotFound,
    EntryRefused,
)
from yunjin.foundation.banking.service.books import (
    AGREEMENT,
    BRANCH,
    GIVEN,
    Kept,
    account_column,
)
from yunjin.foundation.banking.service.brought_columns import Columns, declared_of, standing_of
from yunjin.foundation.banking.service.core import Core, Wave
from yunjin.foundation.banking.service.drafting import Kind
from yunjin.foundation.banking.service.moved_waves import Owned, moved_since
from yunjin.foundation.banking.service.opening import Openings
from yunjin.foundation.banking.service.registry import Registry
from yunjin.kernel.errors import Malformed, Outage, Refusal, Unknown

MIGRATION: Final = Slot.SUSPENSE


class Bringing:
    """The columnar door of the thin core. Safe for threads."""

    def __init__(self, core: Core, registry: Registry) -> None:
        self._core, self._registry = core, registry
        self._openings = Openings(core, registry)

    def declared(self, product: str, *, version: int = 0) -> Declared:
        """See BringingApi.declared."""
        version = self._registry.live(product, version)
        return declared_of(self._registry.product(product, version), version)

    # in -----------------------------------------------------------------------------------------

    def bring(
        self, command_id: UUID, product: str, agreements: pa.RecordBatch, *, version: int = 0
    ) -> Brought:
        """See BringingApi.bring."""
        if not 1 <= agreements.num_rows <= BROUGHT_MAX:
            raise Malformed(f"expected 1 to {BROUGHT_MAX} agreements, was {agreements.num_rows}")
        hashed, core = request_hash([product, version, _digest(agreements)]), self._core
        with core.lock:
            core.ready()
            with core.room.work() as work:
                first = work.answers.find(command_id, hashed)
            if first is not None:
                return _brought(first)
            version = self._registry.live(product, version)
            kept = self._openings.kept_of(product, version)
            given = Columns.of(agreements, kept.book)
            given.check(self._usual(kept))
            for code in given.branches():
                core.branch(code)
            return self._brought_in(command_id, hashed, kept, given)

    def _usual(self, kept: Kept) -> dict[str, int]:
        today = int(self._core.today.astype(np.int64))
        usual: dict[str, int] = self._registry.usual(kept.code, today, "")
        return usual

    def _brought_in(self, command_id: UUID, hashed: bytes, kept: Kept, given: Columns) -> Brought:
        core, wave, count = self._core, Wave(self._core.draft(), {}), given.count
        rows = kept.book.add(count)
        chains = np.arange(count, dtype=np.int32)
        wave.draft.chains = count
        wave.touched.append(core.touch(kept, rows, chains))
        try:
            self._fill(kept, rows, given)
            self._begin(kept, rows, given)
            self._post(kept, rows, chains, wave, sign=1)
            self._accruals(kept, rows, wave, sign=1)
        except Exception as error:
            core.rollback(wave)
            if isinstance(error, Refusal | Outage | Unknown):
                raise
            raise EntryRefused(
                f"The product failed on these terms: {type(error).__name__}: {error}"[:300],
                result="product-failed",
            ) from error
        wave.columns = wave.draft.finish(salt=derived_ids.salt_of(command_id.hex))
        ids = kept.book.columns[AGREEMENT][rows]
        wave.follows.opened = given.opened(kept, ids, rows)
        step = len(kept.book.accounts)
        answer = [int(ids[0]), step, count, core.sequence + 1]

        def answered(work: SqlUnitOfWork) -> None:
            work.answers.keep(command_id, hashed, answer)

        outcome = core.commit(wave, answered)
        core.books.place(kept, rows[kept.book.columns[STATUS][rows] > 0])
        if not outcome.is_done.all():
            raise EntryRefused(
                "expected the ledger to book every balance, was a sum beyond all bounds",
                result="ledger-refused",
            )
        return _brought(answer)

    def _fill(self, kept: Kept, rows: Any, given: Columns) -> None:
        """Give new rows their accounts, terms and the day they were opened on."""
        core, book = self._core, kept.book
        codes = [int(account.slot) for account in book.accounts.values()]
        ledger = core.slots.ledger_of(book.product.currency)
        accounts = core.open_accounts(given.count, ledger, codes).reshape(given.count, -1)
        for place, name in enumerate(book.accounts):
            book.columns[account_column(name)][rows] = accounts[:, place]
        book.columns[AGREEMENT][rows] = accounts[:, 0]
        numbers, which = given.branch_codes()
        book.columns[BRANCH][rows] = np.array(
            [core.books.branch_number(code) for code in numbers], np.int64
        )[which]
        book.columns[OPENED][rows] = given.dates("opened")
        usual, said = self._usual(kept), np.zeros(given.count, np.int64)
        for bit, (name, parameter) in enumerate(book.parameters.items()):
            values, is_given = given.numbers(f"term.{name}")
            book.columns[name][rows] = np.where(
                is_given, values, usual.get(name, parameter.default or 0)
            )
            said |= is_given.astype(np.int64) << bit
        book.columns[GIVEN][rows] = said

    def _begin(self, kept: Kept, rows: Any, given: Columns) -> None:
        """Let the product begin, then put what the other core says in place of what came of it."""
        book, today = kept.book, self._core.today
        for applied in run.begin(book, rows, today):
            refused = [reason for reason, some in applied.refusals if len(some)]
            if refused:
                raise EntryRefused(f"The product refused: {refused[0]}.", reason=refused[0])
        for name, account in book.accounts.items():
            values, _ = given.numbers(f"balance.{name}")
            book.columns[name][rows] = -values if grows_by_credit(account.slot) else values
        for name in book.accruals:
            values, _ = given.numbers(f"accrued.{name}")
            book.columns[name][rows] = values
            whole, _ = post(values, Rounding.HALF_UP)
            book.columns[f"{name}{BOOKED}"][rows] = 0 if book.is_cash else whole
        for name, field in book.fields.items():
            kind = "date" if isinstance(field, Date) else "field"
            _put(book, name, rows, given, f"{kind}.{name}")
        for name in book.events:
            _put(book, name, rows, given, f"due.{name}")
        if BEHIND in book.columns:
            book.columns[BEHIND][rows] = given.dates("overdue_since")

    # postings -----------------------------------------------------------------------------------

    def _post(self, kept: Kept, rows: Any, chains: Any, wave: Wave, *, sign: int) -> None:
        """Draft what brings each account to its balance (sign 1), or to nothing (−1)."""
        for name, account in kept.book.accounts.items():
            amounts = sign * kept.book.columns[name][rows]
            for debit, credit, some in (
                (account, MIGRATION, amounts > 0),
                (MIGRATION, account, amounts < 0),
            ):
                if some.any():
                    mine = np.flatnonzero(some)
                    wave.draft.move(
                        kept, rows[mine], chains[mine], debit, credit, np.abs(amounts[mine])
                    )

    def _accruals(self, kept: Kept, rows: Any, wave: Wave, *, sign: int) -> None:
        """Draft what accrued, one transfer an accrual and branch, as a day's close does."""
        book, draft = kept.book, wave.draft
        branches = book.columns[BRANCH][rows]
        for name, accrual in book.accruals.items():
            booked = book.columns[f"{name}{BOOKED}"][rows]
            here, where = np.unique(branches, return_inverse=True)
            totals = np.zeros(len(here), np.int64)
            np.add.at(totals, where, sign * booked)
            for branch, total in zip(here.tolist(), totals.tolist(), strict=True):
                if not total:
                    continue
                debit, credit = (
                    (accrual.debit, MIGRATION) if earns(accrual) else (MIGRATION, accrual.credit)
                )
                if total < 0:
                    debit, credit = credit, debit
                self._in_sum(kept, branch, debit, credit, abs(total), draft)

    def _in_sum(
        self, kept: Kept, branch: int, debit: Slot, credit: Slot, total: int, draft: Any
    ) -> None:
        currency, where = kept.book.product.currency, np.array([branch])
        draft.add_plain(
            1,
            chain=draft.chains,
            debit_account_id=draft.slot_accounts.of(debit, where, currency),
            credit_account_id=draft.slot_accounts.of(credit, where, currency),
            debit_slot=int(debit),
            credit_slot=int(credit),
            debit_book=kept.number,
            credit_book=kept.number,
            branch=branch,
            amount_minor=total,
            ledger=draft.slot_accounts.ledger_of(currency),
            code=Kind.ACCRUAL,
        )
        draft.chains += 1

    # reading ------------------------------------------------------------------------------------

    def standing(self, agreements: pa.RecordBatch) -> list[pa.RecordBatch]:
        """See BringingApi.standing."""
        core = self._core
        with core.lock.looking():
            core.ready()
            found = []
            for kept, rows in self._places(agreements):
                core.books.refresh(kept, rows)
                found.append(standing_of(kept, rows, core.books.branches))
            return found

    def moved(self, agreements: pa.RecordBatch, *, after: int, waves: int = 256) -> Moved:
        """See BringingApi.moved."""
        core = self._core
        with core.lock.looking():
            core.ready()
            owned = Owned(self._places(agreements))
        return moved_since(core.room, owned, core.outcomes.done, after, waves)

    def _places(self, agreements: pa.RecordBatch) -> Iterator[tuple[Kept, Any]]:
        """Yield the rows of agreements by book. Raises: AgreementNotFound."""
        ids = agreements["agreement_id"].to_numpy()
        numbers, rows = self._core.books.find(ids)
        lost = np.flatnonzero(numbers < 0)
        if len(lost):
            gone = int(ids[lost[0]])
            raise AgreementNotFound(f"There is no agreement {gone}.", agreement_id=str(gone))
        for number in np.unique(numbers).tolist():
            yield self._core.books.kept[number], rows[numbers == number]

    # back ---------------------------------------------------------------------------------------

    def give_back(self, command_id: UUID, agreements: pa.RecordBatch) -> GivenBack:
        """See BringingApi.give_back."""
        if not 1 <= agreements.num_rows <= BROUGHT_MAX:
            raise Malformed(f"expected 1 to {BROUGHT_MAX} agreements, was {agreements.num_rows}")
        hashed, core = request_hash(["give_back", _digest(agreements)]), self._core
        with core.lock:
            core.ready()
            with core.room.work() as work:
                first = work.answers.find(command_id, hashed)
            if first is not None:
                return _given_back(first)
            places, before = [], list[int]()
            for kept, rows in self._places(agreements):
                is_over = kept.book.columns[STATUS][rows] == CLOSED
                before += kept.book.columns[AGREEMENT][rows[is_over]].tolist()
                places.append((kept, rows[~is_over]))
            wave, ended = Wave(core.draft(), {}), list[int]()
            try:
                for kept, rows in places:
                    core.books.refresh(kept, rows)
                    ended += self._end(kept, rows, wave)
            except Exception:
                core.rollback(wave)
                raise
            wave.follows.closed = ended
            wave.columns = wave.draft.finish(salt=derived_ids.salt_of(command_id.hex))
            answer = [core.sequence + 1, len(ended), before]

            def answered(work: SqlUnitOfWork) -> None:
                work.answers.keep(command_id, hashed, answer)

            outcome = core.commit(wave, answered)
            if not outcome.is_done.all():
                raise EntryRefused("expected the ledger to book it, was a sum beyond all bounds")
            for kept, rows in places:
                core.books.refresh(kept, rows)
            return _given_back(answer)

    def difference_minor(self) -> int:
        """See BringingApi.difference_minor."""
        return sum(line.difference_minor for line in self._core.ledger.trial_balance())

    def _end(self, kept: Kept, rows: Any, wave: Wave) -> list[int]:
        """Draft the end of rows of a book; return their ids. Raises: AgreementNotEmpty."""
        book, draft = kept.book, wave.draft
        held = rows[book.columns[HELD][rows] != 0]
        ids: list[int] = book.columns[AGREEMENT][rows].tolist()
        if len(held):
            minor = int(book.columns[HELD][held[0]])
            raise AgreementNotEmpty(
                f"expected nothing on hold on agreement {book.columns[AGREEMENT][held[0]]}",
                left={"hold": minor},
                currency=book.product.currency,
            )
        chains = np.arange(draft.chains, draft.chains + len(rows), dtype=np.int32)
        wave.touched.append(self._core.touch(kept, rows, chains))
        draft.chains += len(rows)
        self._post(kept, rows, chains, wave, sign=-1)
        self._accruals(kept, rows, wave, sign=-1)
        for name in book.accruals:
            book.columns[f"{name}{BOOKED}"][rows] = 0
        book.columns[STATUS][rows] = CLOSED
        return ids


def _put(book: Book, column: str, rows: Any, given: Columns, name: str) -> None:
    """Put what is given of a column that is a number or a date."""
    if name.startswith("field."):
        values, is_given = given.numbers(name)
    else:
        values = given.dates(name)
        is_given = ~np.isnat(values)
    book.columns[column][rows[is_given]] = values[is_given]


def _brought(answer: Any) -> Brought:
    first, step, count, wave = (int(one) for one in answer)
    return Brought(first=first, step=step, count=count, wave=wave)


def _given_back(answer: Any) -> GivenBack:
    wave, count, before = answer
    return GivenBack(wave=int(wave), count=int(count), ended_before=tuple(map(int, before)))


def _digest(batch: pa.RecordBatch) -> str:
    """Return what tells one batch from another, however it lies in memory."""
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, batch.schema) as writer:
        writer.write_batch(batch)
    return hashlib.blake2b(sink.getvalue(), digest_size=32).hexdigest()
