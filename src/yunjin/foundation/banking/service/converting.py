"""Agreements brought over to another version of their product."""

from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

import numpy as np

from yunjin.chassis.persistence import SqlUnitOfWork, request_hash
from yunjin.foundation.banking.api.agreements import Cause
from yunjin.foundation.banking.domain import derived_ids
from yunjin.foundation.banking.domain.products import run
from yunjin.foundation.banking.domain.products.book import HELD, OPEN, STATUS, Applied, Book
from yunjin.foundation.banking.errors import AgreementNotEmpty, EntryRefused
from yunjin.foundation.banking.service.books import (
    AGREEMENT,
    GIVEN,
    TEMPLATE,
    Kept,
    account_column,
)
from yunjin.foundation.banking.service.core import Core, Wave
from yunjin.foundation.banking.service.opening import Openings
from yunjin.foundation.banking.service.registry import Registry
from yunjin.foundation.banking.service.terms import Reason
from yunjin.kernel.errors import Outage, Refusal, Unknown


class Conversions:
    """Brings agreements over to other versions."""

    def __init__(self, core: Core, registry: Registry, openings: Openings) -> None:
        self._core, self._registry, self._openings = core, registry, openings

    def convert(self, command_id: UUID, agreement_ids: Sequence[int], version: int) -> int:
        """See AgreementsApi.convert."""
        hashed, core = request_hash(["convert", list(agreement_ids), version]), self._core
        with core.lock:
            core.ready()
            with core.room.work() as work:
                first = work.answers.find(command_id, hashed)
            if first is not None:
                return refuse_lost(core.outcomes.done(first))
            groups: dict[int, list[int]] = {}
            for each in dict.fromkeys(agreement_ids):
                kept, rows = core.books.found(each)
                if kept.version != version and kept.book.columns[STATUS][rows[0]] == OPEN:
                    groups.setdefault(kept.number, []).append(int(rows[0]))
            wave, why = Wave(core.draft(), {}), Reason(Cause.VERSION, command_id)
            placed = []
            targets = {number: self._target(number, version) for number in groups}
            try:
                for number, old in groups.items():
                    kept, target = core.books.kept[number], targets[number]
                    rows = self._bring(kept, np.array(old), target, wave)
                    wave.follows.terms += why.converted(kept, np.array(old), target, rows)
                    placed.append((target, rows))
                    ids, new = target.book.columns[AGREEMENT][rows].tolist(), rows.tolist()
                    wave.follows.moved += [
                        (one, target.number, row) for one, row in zip(ids, new, strict=True)
                    ]
            except (Refusal, Outage, Unknown):
                core.rollback(wave)
                raise
            except Exception as error:
                core.rollback(wave)
                raise product_failed(error) from error
            wave.columns = wave.draft.finish(salt=derived_ids.salt_of(command_id.hex))

            def answered(work: SqlUnitOfWork) -> None:
                work.answers.keep(command_id, hashed, core.sequence + 1)

            outcome = core.commit(wave, answered)
            for target, rows in placed:
                core.books.place(target, rows[target.book.columns[STATUS][rows] > 0])
            return refuse_lost(outcome.is_done)

    def _target(self, number: int, version: int) -> Kept:
        code = self._core.books.kept[number].code
        return self._openings.kept_of(code, self._registry.live(code, version))

    def _bring(self, kept: Kept, old: Any, target: Kept, wave: Wave) -> Any:
        """Bring rows over to another version's book: what has the same name comes along."""
        core, source, book = self._core, kept.book, target.book
        core.books.refresh(kept, old)
        _check_fits(source, book, old)
        rows = book.add(len(old))
        chains = np.arange(len(old), dtype=np.int32) + wave.draft.chains
        wave.draft.chains += len(old)
        wave.touched += [core.touch(kept, old, chains), core.touch(target, rows, chains)]
        for name in book.columns:
            if name in source.columns:
                book.columns[name][rows] = source.columns[name][old]
        self._set_terms(kept, old, target, rows)
        fresh = [name for name in book.accounts if name not in source.accounts]
        if fresh:
            codes = [int(book.accounts[name].slot) for name in fresh]
            ledger = core.slots.ledger_of(book.product.currency)
            made = core.open_accounts(len(old), ledger, codes).reshape(len(old), -1)
            for place, name in enumerate(fresh):
                book.columns[account_column(name)][rows] = made[:, place]
        for name in (STATUS, AGREEMENT, HELD, *source.accounts):  # the old row is nobody's now
            source.columns[name][old] = 0
        today = core.today
        ask = book.product.on_convert
        applied = list(run.apply(book, rows, lambda some: ask(book.context(some, today))))
        refuse_refused(applied)
        chain_of = dict(zip(rows.tolist(), chains.tolist(), strict=True))
        wave.draft.follow(target, applied, chain_of)
        wave.hear(target, applied)
        return rows

    def _set_terms(self, kept: Kept, old: Any, target: Kept, rows: Any) -> None:
        """Let new parameters have what is set for all; keep which ones an agreement was given."""
        source, book = kept.book, target.book
        today, known = int(self._core.today.astype(np.int64)), list(source.parameters)
        under = source.columns[TEMPLATE][old]
        usual = {
            number: self._registry.usual_under(kept.code, today, number)
            for number in np.unique(under).tolist()
        }
        given = np.zeros(len(rows), np.int64)
        for bit, (name, parameter) in enumerate(book.parameters.items()):
            if name in source.parameters:
                given |= ((source.columns[GIVEN][old] >> known.index(name)) & 1) << bit
                continue
            for number, values in usual.items():
                value = values.get(name, parameter.default or 0)
                book.columns[name][rows[under == number]] = value
        book.columns[GIVEN][rows] = given


def _check_fits(source: Book, target: Book, rows: Any) -> None:
    """Refuse a version that has no place for what agreements have. Raises: AgreementNotEmpty."""
    left = []
    for name, account in source.accounts.items():
        other = target.accounts.get(name)
        if other is None or other.slot != account.slot:
            left += [name] if source.columns[name][rows].any() else []
    for name, accrual in source.accruals.items():
        grown = target.accruals.get(name)
        if grown is None or (grown.debit, grown.credit) != (accrual.debit, accrual.credit):
            left += [name] if source.columns[name][rows].any() else []
    if target.product.inbox.name != source.product.inbox.name:
        left += ["hold"] if source.columns[HELD][rows].any() else []
    if left or target.product.currency != source.product.currency:
        raise AgreementNotEmpty(
            f"expected a version with a place for {', '.join(left) or 'the currency'}, was none",
            left=left,
        )


def refuse_refused(applied: Iterable[Applied]) -> None:
    """Raise where the product refused what it was asked. Raises: EntryRefused."""
    refused = [reason for one in applied for reason, rows in one.refusals if len(rows)]
    if refused:
        raise EntryRefused(f"The product refused: {refused[0]}.", reason=refused[0])


def refuse_lost(is_done: Any) -> int:
    """Return how many were booked (bool[k]), where all were. Raises: EntryRefused."""
    count, lost = len(is_done), int(np.count_nonzero(~is_done))
    if lost:
        many = f"{lost} of {count} " if count > 1 else ""
        raise EntryRefused(
            f"expected the ledger to book it, was {many}refused", result="ledger-refused"
        )
    return count


def product_failed(error: Exception) -> EntryRefused:
    """Return what is said of a product that raises."""
    why = f"The product failed: {type(error).__name__}: {error}"[:300]
    return EntryRefused(why, result="product-failed")
