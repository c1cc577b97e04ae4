"""The one writer of a bank's agreements: waves are kept, then posted, then remembered.

A wave says what is to happen, to the ledger and to the books. It is committed first; what the
ledger then answers follows from the wave alone, so after a crash the last waves are posted again
and come to the same. Whoever commits the next sequence is the writer: a second one conflicts.
"""

from collections.abc import Callable, Sequence
from typing import Any, Final

import numpy as np
import pyarrow as pa
import structlog

from yunjin.chassis.persistence import Conflict, RoomDatabase, SqlUnitOfWork, instant_us
from yunjin.foundation.banking.domain.packing import pack, unpack
from yunjin.foundation.banking.domain.products.book import STATUS, STOPPED
from yunjin.foundation.banking.domain.products.declarations import Product
from yunjin.foundation.banking.domain.products.run import Failed
from yunjin.foundation.banking.errors import AnotherWriter, CurrencyNotOffered
from yunjin.foundation.banking.service.books import AGREEMENT, PAGE_ROWS, Kept, images
from yunjin.foundation.banking.service.drafting import (
    Draft,
    Outcome,
    SlotAccounts,
    batches,
    done_of,
    outcome_of,
)
from yunjin.foundation.banking.service.follows import IN_BODY
from yunjin.foundation.banking.service.memory import Memory
from yunjin.foundation.banking.service.outcomes import Answered, Outcomes
from yunjin.foundation.banking.service.turns import WAIT_S, Turns
from yunjin.foundation.banking.service.waves import Touched, Wave
from yunjin.foundation.banking.store import keeping
from yunjin.foundation.ledger.api import AccountFlag, Ledger, LedgerApi
from yunjin.kernel import check
from yunjin.kernel.clock import Clock
from yunjin.kernel.errors import Outage, Unknown

__all__ = ["HALF_CLOSED", "REST_CODE", "Core", "More", "Touched", "Wave"]
REPAID_OPEN_DAYS: Final = 30  # of a loan on which nothing is left: more of it may be wanted
REST_CODE: Final = 999  # of the ledger's account that stands for all that has no slot
HALF_CLOSED: Final = ("closing", "opening")  # a business day that nothing may come between
FAILED: Final = "product-failed"  # the task of an agreement that is stopped
_log: Final = structlog.get_logger()
More = Callable[[SqlUnitOfWork], None]


class Core(Memory):
    """Books, waves and the ledger of one bank. One thread at a time, by its lock."""

    def __init__(
        self,
        room: RoomDatabase,
        ledger: LedgerApi,
        clock: Clock,
        product_of: Callable[[str, int], Product],
        *,
        currencies: Sequence[tuple[str, int]],
        close_wait_s: int = WAIT_S,
        repaid_open_days: int = REPAID_OPEN_DAYS,
        beside: Callable[[], None] = lambda: None,
    ) -> None:
        """beside : reads what else may have been written, by `load`."""
        super().__init__(room, ledger, product_of)
        self.clock, self.lock = clock, Turns(close_wait_s)
        self.repaid_open_days = repaid_open_days
        self._currencies, self._beside = currencies, beside
        self.slots = SlotAccounts(self._slot_account, self._ledger_of)
        self.slot_ids: dict[tuple[int, str, str], int] = {}
        self.today = np.datetime64("NaT", "D")
        self._is_behind, self.loads = True, 0

    def forget(self) -> None:
        super().forget()
        self.outcomes = Outcomes(self.room, lambda: self.books)

    # reading ------------------------------------------------------------------------------------

    def load(self) -> None:
        """Read everything that was not read yet; what the last waves left open is posted again.

        Raises: Outage, Bug (pages or waves that do not fit).
        """
        with self.lock.looking():
            self._beside()
            self.slot_ids = self.room.read(keeping.all_slots)
            self.outcomes.drop_told()
            self.read_on(self._outcome_kept)
            self.read_new_books()
            self.books.branches = self.room.read(keeping.all_branches)
            for kept in self.books.kept.values():
                self.books.place(kept, np.flatnonzero(kept.book.columns[STATUS] > 0))
            self.refresh_all()
            newest = self.room.read(keeping.newest_day)
            if newest is not None:
                self._take_day(newest)
            self._is_behind, self.loads = False, self.loads + 1

    def _take_day(self, newest: Any) -> None:
        self.today = np.datetime64(newest.date, "D")
        if newest.date != self._days:
            self._count_anew(newest.date)
        self.lock.set_closing(newest.status in HALF_CLOSED)

    def follow(self) -> None:
        """Read what another process has written since, which is the one to ask the ledger.

        Raises: Outage, Bug (pages or waves that do not fit).
        """
        with self.lock.looking():
            self._is_behind = True
            self.read_on(lambda row, _: row.outcome and unpack(row.outcome)["is_done"])

    def ready(self) -> None:
        """Read what is not known of the last waves, and of another process's; tell of it."""
        if self._is_behind:
            self.load()
        self.outcomes.keep(only_news=True)

    def doubt(self) -> None:
        """Have read what may have been kept: a commit's answer got lost, or another was first."""
        self._is_behind = True

    def _outcome_kept(self, row: Any, body: dict[str, Any]) -> Any:
        if row.outcome is not None:
            return unpack(row.outcome)["is_done"]
        outcome = self._post(body)
        self.outcomes.take(row.sequence, row.part, body, outcome)
        return outcome.is_done

    def new_day(self, date: Any) -> None:
        """Begin to count a business date (datetime64[D])."""
        self.today = date
        self._count_anew(int(date.astype(np.int64)))

    def refresh_all(self) -> None:
        """Take every balance from the ledger."""
        for kept in self.books.kept.values():
            self.books.refresh(kept, np.arange(len(kept.book)))

    # writing ------------------------------------------------------------------------------------

    def draft(self) -> Draft:
        """Return an empty draft of the open business date."""
        return Draft(self.today, self.slots)

    def touch(self, kept: Kept, rows: Any, chains: Any) -> Touched:
        """Remember rows as they are, before a wave changes them."""
        return Touched(kept, rows, chains, kept.image(rows))

    def whole(self, kept: Kept, rows: Any, before: Any) -> Touched:
        """Return rows as changed by a wave that no single chain decides about."""
        return Touched(kept, rows, np.full(len(rows), -1, np.int32), before)

    def commit(self, wave: Wave, more: More | None = None, *, with_pages: bool = False) -> Outcome:
        """Keep a wave, post it, do what follows, and take back what the ledger refused.

        more : what else belongs to the transaction, whatever the ledger will answer.
        with_pages : the books' pages were kept by `more`: no images are.

        Raises: AnotherWriter, Outage: nothing is changed. Unknown: `ready` finds out.
        """
        body = dict(wave.columns)
        body["chain_count"] = np.array([wave.draft.chains])
        wave.number_tasks(self.sequence + 1)
        is_asking = len(body["place"]) > 0  # else nothing is asked of the ledger
        if is_asking and wave.follows:
            body[IN_BODY] = wave.follows.column()
        if not with_pages:
            body |= images((one.kept, one.rows, one.chains) for one in wave.touched)
            for one in wave.touched:
                pages = np.unique(one.rows // PAGE_ROWS).tolist()
                self.dirty |= {(one.kept.number, page) for page in pages}
        self._keep(wave, body, more, is_asking=is_asking)
        try:
            outcome = self._post(body)
            if is_asking:
                self.outcomes.take(self.sequence, wave.part, body, outcome, wave.follows)
                self.outcomes.keep(only_news=True)
        except BaseException as error:  # it is kept: `ready` reads it again, and posts it
            self._take_back(wave)
            self.sequence -= 1
            self.doubt()
            if not isinstance(error, Outage):
                raise
            raise Unknown(
                "The ledger was away; whether it is booked, asking again tells."
            ) from error
        self._count(body, outcome.is_done)
        for one in wave.touched:
            lost = ~done_of(one.chains, outcome.is_done)
            if lost.any():
                one.kept.restore(one.rows[lost], one.before[:, lost])
                self.books.refresh(one.kept, one.rows[lost])
        return outcome

    def _keep(
        self, wave: Wave, columns: dict[str, Any], more: More | None, *, is_asking: bool
    ) -> None:
        sequence, told, body = self.sequence + 1, self.outcomes.ripe(), pack(columns)
        own = Answered.unasked(sequence, wave.draft.chains, wave.follows)
        at_us = instant_us(self.clock.now_ns())
        stopped = [task["agreement_id"] for task in wave.tasks if task["code"] == FAILED]

        def kept(work: SqlUnitOfWork) -> None:
            connection = work.connection
            keeping.put_wave(connection, sequence, wave.follows.days, wave.part, at_us, body)
            for each in (*told, *([] if is_asking else [own])):
                each.keep(work, at_us)
            keeping.put_tasks(connection, wave.tasks)
            keeping.set_status(connection, stopped, STOPPED)
            if more is not None:
                more(work)

        try:
            self.room.run(kept)
        except Conflict as conflict:
            self.doubt()
            self.rollback(wave)
            raise AnotherWriter(
                "expected to be the only writer of the agreements, was another beside"
            ) from conflict
        except Unknown:
            self.doubt()
            self._take_back(wave)
            raise
        except Exception:
            self.rollback(wave)
            raise
        self.sequence = sequence
        self.outcomes.forget(told)

    def keep_aside(self, put: Callable[[Any], None]) -> None:
        """Keep what waves will need: a book, a branch, a slot's account. Raises: AnotherWriter."""

        def kept(work: SqlUnitOfWork) -> None:
            if keeping.last_wave(work.connection) != self.sequence:
                self.doubt()
                raise AnotherWriter("expected the newest wave to be this writer's, was another's")
            put(work.connection)

        try:
            self.room.run(kept)
        except (Conflict, Unknown) as problem:
            self.doubt()
            if not isinstance(problem, Conflict):
                raise
            what = "expected to be the only one to keep it, was another writer beside"
            raise AnotherWriter(what) from problem

    def rollback(self, wave: Wave) -> None:
        """Take back what a wave changed in memory: it was not kept."""
        self._take_back(wave)
        for one in wave.touched:
            self.books.refresh(one.kept, one.rows)

    def _take_back(self, wave: Wave) -> None:
        """Take back what a wave changed in memory, but for balances."""
        for one in reversed(wave.touched):
            one.kept.restore(one.rows, one.before)

    def _post(self, body: dict[str, Any]) -> Outcome:
        chains = int(body["chain_count"][0])
        answers = [self.ledger.post_transfers(batch) for batch in batches(body)]
        count = len(body["place"])
        status, timestamp = np.zeros(count, np.uint8), np.zeros(count, np.int64)
        start = 0
        for answer in answers:
            part = slice(start, start + answer.num_rows)
            status[part] = answer["status"].to_numpy()
            timestamp[part] = answer["timestamp"].to_numpy()
            start += answer.num_rows
        return outcome_of(body, status, timestamp, chains)

    # what waves are made of ---------------------------------------------------------------------

    def stop(self, kept: Kept, failed: Failed, tasks: list[dict[str, Any]]) -> None:
        """Stop agreements on which their product failed, and leave them to a person."""
        for row, reason in zip(failed.rows, failed.reasons, strict=True):
            kept.book.columns[STATUS][row] = STOPPED
            agreement_id = int(kept.book.columns[AGREEMENT][row])
            task = {"agreement_id": agreement_id, "code": FAILED, "detail": reason[:500]}
            tasks.append(task)
            _log.error("banking.product_failed", agreement=agreement_id, reason=reason)

    def branch(self, code: str) -> int:
        """Return the number of a branch, kept where it is new."""
        if code not in self.books.branches:
            number = len(self.books.branches)
            self.keep_aside(lambda connection: keeping.put_branch(connection, number, code))
        return self.books.branch_number(code)

    def _ledger_of(self, currency: str) -> int:
        known = {one.currency: one.ledger for one in reversed(self.ledger.ledgers())}
        if currency not in known:
            known |= dict(self._currencies)
            if currency not in known:
                names = ", ".join(sorted(known))
                raise CurrencyNotOffered(
                    f"expected a currency with a ledger, {names}; was {currency}"
                )
            self.ledger.declare_ledgers([Ledger(ledger=known[currency], currency=currency)])
        return known[currency]

    def _slot_account(self, slot: int, branch: int, currency: str) -> int:
        key = (slot, self.books.branches[branch], currency)
        if key not in self.slot_ids:
            ledger, code = self.slots.ledger_of(currency), slot or REST_CODE
            account_id = int(self.open_accounts(1, ledger, [code])[0])
            self.keep_aside(lambda connection: keeping.put_slot(connection, *key, account_id))
            self.slot_ids[key] = account_id
        return self.slot_ids[key]

    def open_accounts(self, count: int, ledger: int, codes: Sequence[int]) -> Any:
        """Open accounts in the ledger, `count` times the codes; return their ids in order."""
        total = count * len(codes)
        first = self.ledger.allot_account_ids(total)
        ids = np.arange(first, first + total)
        code = np.tile(np.array(codes, np.uint16), count)
        for start in range(0, total, PAGE_ROWS // 8):
            part = slice(start, start + PAGE_ROWS // 8)
            size = len(ids[part])
            answer = self.ledger.open_accounts(
                pa.RecordBatch.from_pydict(
                    {
                        "id": ids[part],
                        "ledger": np.full(size, ledger, np.uint32),
                        "code": code[part],
                        "flags": np.full(size, int(AccountFlag.HISTORY), np.uint16),
                    }
                )
            )
            refused = np.count_nonzero(answer["status"].to_numpy())
            check.that(refused == 0, f"expected {size} accounts to be opened, was {size - refused}")
        return ids

    def slot_balances(self) -> dict[tuple[int, str, str], int]:
        """Return debits less credits of the bank's own side, by (slot, branch, currency)."""
        keys = list(self.slot_ids)
        found = self.ledger.accounts([self.slot_ids[key] for key in keys])
        debits, credits = found["debits_posted"].to_pylist(), found["credits_posted"].to_pylist()
        return {key: debits[at] - credits[at] for at, key in enumerate(keys)}
