"""What a day's close does, part by part: each part is a wave, kept once, posted until it is done.

A part is a page of a book. Its wave holds the ledger's transfers, the page itself is kept beside
it in the same transaction; the page's columns that did not change are left as they are.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Final
from uuid import UUID

import numpy as np

from yunjin.chassis.persistence import SqlUnitOfWork
from yunjin.foundation.banking.api.agreements import Cause
from yunjin.foundation.banking.domain import derived_ids
from yunjin.foundation.banking.domain.classification import classify, policy_at, provision
from yunjin.foundation.banking.domain.packing import pack
from yunjin.foundation.banking.domain.products import run
from yunjin.foundation.banking.domain.products.book import CLOSED, OPEN, STATUS, Applied
from yunjin.foundation.banking.domain.products.effects import Effect
from yunjin.foundation.banking.domain.products.slots import Slot
from yunjin.foundation.banking.domain.rounding import Rounding
from yunjin.foundation.banking.service import repaid
from yunjin.foundation.banking.service.books import (
    BRANCH,
    GIVEN,
    OVERDUE,
    PAGE_ROWS,
    PROVISION,
    RISK,
    TEMPLATE,
    Kept,
)
from yunjin.foundation.banking.service.core import Core, Wave
from yunjin.foundation.banking.service.drafting import Kind
from yunjin.foundation.banking.service.orders import ORDERS, unpaid
from yunjin.foundation.banking.service.outcomes import Owed
from yunjin.foundation.banking.service.terms import Reason
from yunjin.foundation.banking.store import keeping
from yunjin.foundation.ledger.api import TransferStatus
from yunjin.kernel import check

LENT: Final = (Slot.LOANS, Slot.LOANS_OVERDUE, Slot.OVERDRAFTS, Slot.CARD_RECEIVABLE)
Ask = Callable[[Kept, Any, run.Failed], Iterable[Applied]]


class Closing:
    """The parts of a close. The caller holds the core's lock."""

    def __init__(self, core: Core) -> None:
        self._core = core

    def parts(self) -> list[tuple[int, int]]:
        """Return (book, page) of everything there is."""
        return [
            (number, page)
            for number, kept in sorted(self._core.books.kept.items())
            for page in range(-(-len(kept.book) // PAGE_ROWS))
        ]

    def kept_parts(self, since: int | None = None) -> set[str]:
        """Return the parts that are kept of the open business date, or since a day."""
        days = int(self._core.today.astype(np.int64)) if since is None else since
        return self._core.room.read(lambda connection: keeping.parts_since(connection, days))

    def close(self, number: int, page: int) -> int:
        """Close the day for a page: accrue, book the accruals, classify, provide; return rows."""
        wave, kept, rows = self._begun(f"close/{number}/{page}", number, page)
        date, failed = self._core.today, run.Failed()
        with self._undone_if_failed(wave):
            self._follow(kept, run.close_day(kept.book, rows, date, failed), wave)
            good = rows[~np.isin(rows, failed.rows)]
            self._accruals(kept, good, wave)
            self._classify(kept, good, failed, wave)
            self._release(kept, page, wave)
            self._core.stop(kept, failed, wave.tasks)
            good = rows[~np.isin(rows, failed.rows)]
            ended = repaid.ended(kept, good, date, self._core.repaid_open_days)
        self._end(kept, page, wave, ended=ended)
        return len(rows)

    def open(self, number: int, page: int) -> int:
        """Open the day for a page: what falls due on it; return rows, 0 where nothing does."""
        wave, kept, rows = self._begun(f"open/{number}/{page}", number, page)
        columns, today = kept.book.columns, self._core.today
        if not any((columns[name][rows] <= today).any() for name in kept.book.events):
            return 0  # to look again, should the bank stop now, is cheaper than to keep a wave
        failed = run.Failed()
        with self._undone_if_failed(wave):
            applied = run.fall_due(kept.book, rows, self._core.today, failed)
            moved = self._follow(kept, applied, wave)
            self._core.stop(kept, failed, wave.tasks)
        self._end(kept, page, wave, moved)
        return len(rows)

    def terms(
        self, number: int, page: int, change: Any, *, template: int, apart: Sequence[int]
    ) -> None:
        """Give a parameter another value, where an agreement has none of its own.

        template : those opened under it only, by number; 0: all but those under the ones `apart`.
        """
        parameter, value, change_id = change.parameter, change.value, change.change_id
        wave, kept, rows = self._begun(f"terms/{change_id.hex}/{number}/{page}", number, page)
        book, failed = kept.book, run.Failed()
        bit = list(book.parameters).index(parameter)
        under = book.columns[TEMPLATE][rows]
        is_meant = under == template if template else ~np.isin(under, apart)
        mine = rows[((book.columns[GIVEN][rows] >> bit) & 1 == 0) & is_meant]
        book.columns[parameter][mine] = value
        today = self._core.today

        def ask(some: Any) -> Iterator[Effect]:
            context = book.context(some, today, changed=[parameter])
            effects: Iterator[Effect] = book.product.on_parameter_change(context)
            return effects

        with self._undone_if_failed(wave):
            moved = self._follow(kept, run.apply(book, mine, ask, failed), wave)
            every, before = wave.touched[0].rows, wave.touched[0].before
            cause = Cause.TEMPLATE if template else Cause.PRODUCT
            wave.follows.terms += Reason(cause, change_id).changed(kept, every, before)
            self._core.stop(kept, failed, wave.tasks)
        self._end(kept, page, wave, moved)

    def _begun(self, part: str, number: int, page: int) -> tuple[Wave, Kept, Any]:
        core = self._core
        kept = core.books.kept[number]
        every = _all_rows(kept, page)
        rows = every[kept.book.columns[STATUS][every] == OPEN]
        core.books.refresh(kept, rows)
        wave = Wave(core.draft(), {}, part=part)
        wave.touched.append(core.whole(kept, every, kept.image(every)))
        return wave, kept, rows

    @contextmanager
    def _undone_if_failed(self, wave: Wave) -> Iterator[None]:
        """Take back what a part changed, should it not come to its end."""
        try:
            yield
        except Exception:
            self._core.rollback(wave)
            raise

    def _follow(self, kept: Kept, applied: Iterable[Applied], wave: Wave) -> Any:
        """Draft what the product asks for: a chain an agreement; return the rows with a chain."""
        done = list(applied)
        moved = [one.rows for each in done for one in each.transfers]
        having = np.unique(np.concatenate([np.zeros(0, np.int64), *moved]))
        if len(having):
            wave.draft.follow_sorted(kept, done, having, wave.draft.chains)
            wave.draft.chains += len(having)
        wave.hear(kept, done)
        return having

    def _accruals(self, kept: Kept, rows: Any, wave: Wave) -> None:
        """Book what accrued, one transfer an accrual and branch."""
        branches = kept.book.columns[BRANCH][rows]
        for accrual, grown in kept.book.book_accruals(rows):
            for branch in np.unique(branches).tolist():
                total = int(grown[branches == branch].sum())
                self._in_sum(kept, branch, accrual.debit, accrual.credit, total, Kind.ACCRUAL, wave)

    def _in_sum(
        self, kept: Kept, branch: int, debit: Slot, credit: Slot, total: int, kind: Kind, wave: Wave
    ) -> None:
        if not total:
            return
        if total < 0:
            debit, credit, total = credit, debit, -total
        draft, currency = wave.draft, kept.book.product.currency
        where = np.array([branch])
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
            code=kind,
        )
        draft.chains += 1

    def _classify(self, kept: Kept, rows: Any, failed: run.Failed, wave: Wave) -> None:
        """Set the five classes by days overdue, and bring the provision to what they ask for."""
        book, date = kept.book, self._core.today
        lent = [name for name, one in book.accounts.items() if one.slot in LENT]
        if not lent or not len(rows):
            return
        overdue = _overdue(kept, rows, date, failed)
        policy = policy_at(date)
        balance = np.maximum(sum(book.columns[name][rows] for name in lent), 0)
        risk = classify(overdue, policy).astype(np.int64)
        wanted = provision(balance, risk, policy, Rounding.HALF_AWAY)
        added = wanted - book.columns[PROVISION][rows]
        book.columns[OVERDUE][rows], book.columns[RISK][rows] = overdue, risk
        book.columns[PROVISION][rows] = wanted
        self._provide(kept, rows, added, wave)

    def _release(self, kept: Kept, page: int, wave: Wave) -> None:
        """Take back what was provided for agreements that have ended since."""
        columns, rows = kept.book.columns, _all_rows(kept, page)
        rows = rows[(columns[STATUS][rows] == CLOSED) & (columns[PROVISION][rows] != 0)]
        self._provide(kept, rows, -columns[PROVISION][rows], wave)
        columns[PROVISION][rows] = 0

    def _provide(self, kept: Kept, rows: Any, added: Any, wave: Wave) -> None:
        branches = kept.book.columns[BRANCH][rows]
        for branch in np.unique(branches).tolist():
            total = int(added[branches == branch].sum())
            slots = Slot.IMPAIRMENT, Slot.PROVISION
            self._in_sum(kept, branch, *slots, total, Kind.PROVISION, wave)

    def _end(
        self, kept: Kept, page: int, wave: Wave, moved: Any = (), ended: Sequence[int] = ()
    ) -> None:
        """Keep a part.

        moved : rows (int64[k]) that are to be as they were, should the ledger refuse their chain.
            None at a close: what accrues is booked in sum, whatever becomes of an agreement.
        ended : ids of agreements that were closed with the day.
        """
        core = self._core
        rows, before = wave.touched[0].rows, wave.touched[0].before
        after = kept.image(rows)
        names = kept.columns_kept()
        changed = (before != after).any(axis=1)
        if (kept.number, page) in core.dirty:
            changed[:] = True
        bodies = {
            name: pack({"values": after[place]})
            for place, name in enumerate(names)
            if changed[place]
        }
        wave.columns = wave.draft.finish(salt=derived_ids.salt_of(wave.part))
        if len(moved):
            wave.columns |= {
                "undo/rows": moved,
                "undo/columns": np.flatnonzero(changed),
                "undo/image": before[changed][:, moved - rows[0]],
            }
        sequence = core.sequence + 1

        def more(work: SqlUnitOfWork) -> None:
            keeping.put_page(work.connection, kept.number, page, bodies, sequence)
            repaid.keep_ended(work, ended)

        core.commit(wave, more, with_pages=True)
        core.dirty.discard((kept.number, page))
        self.tell_refused()

    def tell_refused(self) -> None:
        """Leave what the ledger refused of a close to a person. Once, whatever stops us here."""
        owed = self._core.outcomes.owed
        while owed:
            sequence = min(owed)
            one = owed.pop(sequence)
            try:
                self._tell(one)
            except BaseException:
                owed[sequence] = one
                raise

    def _tell(self, one: Owed) -> None:
        core, columns, outcome = self._core, one.columns, one.outcome
        lost = ~outcome.is_done[columns["chain"]] & (columns["place"] == 0)
        ids = columns["user_data_64"][lost].astype(np.int64)
        why = [TransferStatus(each).name for each in outcome.status[columns["chain"][lost]]]
        wave = Wave(core.draft(), {})
        if one.part == ORDERS:
            high, low = columns["user_data_128_hi"][lost], columns["user_data_128_lo"][lost]
            for each, reason, one_high, one_low in zip(
                ids.tolist(), why, high.tolist(), low.tolist(), strict=True
            ):
                order_id = UUID(int=one_high << 64 | one_low)
                wave.tasks.append(unpaid(each, order_id, reason))
        else:
            check.that(bool((ids > 0).all()), f"expected sums to be booked, was {why[0]}")
            numbers, rows = core.books.find(ids)
            for number in np.unique(numbers).tolist():
                kept, mine = core.books.kept[number], np.flatnonzero(numbers == number)
                wave.touched.append(core.touch(kept, rows[mine], np.full(len(mine), -1)))
                reasons = [why[place] for place in mine.tolist()]
                _undo(kept, rows[mine], one.columns)
                core.books.refresh(kept, rows[mine])
                core.stop(kept, run.Failed(rows[mine].tolist(), reasons), wave.tasks)
        wave.columns = wave.draft.finish()
        core.commit(wave)


def _overdue(kept: Kept, rows: Any, date: Any, failed: run.Failed) -> Any:
    """Return days overdue as the product tells them (int64[k]); 0 of those it fails on."""
    try:
        return run.derived(kept.book, rows, date)["days_overdue"]
    except Exception as error:
        if len(rows) == 1:
            failed.rows.append(int(rows[0]))
            failed.reasons.append(f"{type(error).__name__}: {error}"[:400])
            return np.zeros(1, np.int64)
    half = len(rows) // 2
    parts = rows[:half], rows[half:]
    return np.concatenate([_overdue(kept, part, date, failed) for part in parts])


def _undo(kept: Kept, rows: Any, columns: Mapping[str, Any]) -> None:
    """Set rows back to what they were before a part whose postings the ledger refused."""
    if "undo/rows" in columns:
        places, names = np.searchsorted(columns["undo/rows"], rows), kept.columns_kept()
        for name, values in zip(columns["undo/columns"], columns["undo/image"], strict=True):
            column = kept.book.columns[names[name]]
            column[rows] = values[places].view(column.dtype)


def _all_rows(kept: Kept, page: int) -> Any:
    return np.arange(page * PAGE_ROWS, min((page + 1) * PAGE_ROWS, len(kept.book)))
