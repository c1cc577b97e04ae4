"""AgreementsApi: the door of the thin core."""

import datetime as dt
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, Final
from uuid import UUID

import numpy as np
import pyarrow as pa

from yunjin.chassis.persistence import SqlUnitOfWork, request_hash
from yunjin.foundation.banking.api.agreements import (
    Agreement,
    AgreementQuery,
    Cause,
    Notice,
    Opening,
    StandingOrder,
    TermChange,
    Waiting,
)
from yunjin.foundation.banking.domain import derived_ids
from yunjin.foundation.banking.domain.products import run
from yunjin.foundation.banking.domain.products.book import (
    CLOSED,
    HELD,
    OPEN,
    OPENED,
    SINCE,
    STATUS,
    STOPPED,
    Applied,
)
from yunjin.foundation.banking.domain.products.slots import grows_by_credit
from yunjin.foundation.banking.errors import (
    AgreementNotEmpty,
    AgreementNotOpen,
)
from yunjin.foundation.banking.service.books import (
    GIVEN,
    OVERDUE,
    RISK,
    Kept,
    account_column,
)
from yunjin.foundation.banking.service.converting import (
    Conversions,
    product_failed,
    refuse_lost,
    refuse_refused,
)
from yunjin.foundation.banking.service.core import FAILED, Core, Wave
from yunjin.foundation.banking.service.entries import Entries
from yunjin.foundation.banking.service.noticing import notices_of
from yunjin.foundation.banking.service.opening import Openings, checked_terms
from yunjin.foundation.banking.service.orders import Orders
from yunjin.foundation.banking.service.registry import Registry
from yunjin.foundation.banking.service.terms import Reason, changes_of
from yunjin.foundation.banking.store import keeping, terms
from yunjin.kernel.errors import Malformed, NotFound, Outage, Refusal, Unknown
from yunjin.kernel.money import format_minor
from yunjin.kernel.page import LIMIT_MAX, Page, seal, unseal

BY_MAX: Final = 64
STATUSES: Final = {0: "new", OPEN: "open", CLOSED: "closed", STOPPED: "stopped"}
Ask = Callable[[Kept, Any], Iterator[Applied]]


class AgreementService:
    """The thin core, seen from outside. Safe for threads."""

    def __init__(self, core: Core, registry: Registry, *, cursor_key: bytes) -> None:
        self._core, self._registry, self._cursor_key = core, registry, cursor_key
        self._entries, self._openings = Entries(core), Openings(core, registry)
        self._conversions = Conversions(core, registry, self._openings)
        self._orders = Orders(core.room)

    def open(self, command_id: UUID, openings: Sequence[Opening]) -> list[int]:
        return self._openings.open(command_id, openings)

    def post(self, entries: pa.RecordBatch) -> pa.RecordBatch:
        return self._entries.post(entries)

    def change(
        self, command_id: UUID, agreement_id: int, terms: Mapping[str, int], *, by: str = ""
    ) -> Agreement:
        if len(by) > BY_MAX:
            raise Malformed(f"expected a name of at most {BY_MAX} characters, was {len(by)}")

        def ask(kept: Kept, rows: Any) -> Iterator[Applied]:
            book = kept.book
            checked_terms(book.product, [terms], known=book.parameters)
            for bit, name in enumerate(book.parameters):
                if name in terms:
                    book.columns[name][rows] = terms[name]
                    book.columns[GIVEN][rows] |= 1 << bit
            today = self._core.today
            yield from run.apply(
                book,
                rows,
                lambda some: book.product.on_parameter_change(
                    book.context(some, today, changed=terms)
                ),
            )
            yield from run.fall_due(book, rows, today)

        request = ["change", agreement_id, dict(terms)]
        self._act(command_id, request, agreement_id, ask, by=by)
        return self.agreement(agreement_id)

    def close(self, command_id: UUID, agreement_id: int) -> Agreement:
        def ask(kept: Kept, rows: Any) -> Iterator[Applied]:
            book, today = kept.book, self._core.today
            yield from run.apply(
                book, rows, lambda some: book.product.on_close(book.context(some, today))
            )
            yield from run.fall_due(book, rows, today)
            _check_empty(kept, int(rows[0]))
            book.columns[STATUS][rows] = CLOSED
            for name in book.events:
                book.columns[name][rows] = np.datetime64("NaT")

        self._act(command_id, ["close", agreement_id], agreement_id, ask, closes=True)
        return self.agreement(agreement_id)

    def _act(
        self,
        command_id: UUID,
        request: list[Any],
        agreement_id: int,
        ask: Ask,
        *,
        closes: bool = False,
        by: str = "",
    ) -> None:
        """Do something with one agreement, once."""
        hashed, core = request_hash(request), self._core
        with core.lock:
            core.ready()
            with core.room.work() as work:
                first = work.answers.find(command_id, hashed)
            if first is not None:
                refuse_lost(core.outcomes.done(first))
                return
            kept, rows = self._core.books.found(agreement_id)
            if kept.book.columns[STATUS][rows[0]] != OPEN:
                raise AgreementNotOpen(
                    f"Agreement {agreement_id} is not open.", agreement_id=str(agreement_id)
                )
            core.books.refresh(kept, rows)
            wave = Wave(core.draft(), {})
            wave.draft.chains = 1
            wave.touched = [core.touch(kept, rows, np.zeros(1, np.int32))]
            try:
                applied = list(ask(kept, rows))
                refuse_refused(applied)
                wave.draft.follow(kept, applied, {int(rows[0]): 0})
                wave.hear(kept, applied)
                why = Reason(Cause.AGREEMENT, command_id, by)
                wave.follows.terms += why.changed(kept, rows, wave.touched[0].before)
                wave.follows.closed += [agreement_id] if closes else []
            except (Refusal, Outage, Unknown):
                core.rollback(wave)
                raise
            except Exception as error:
                core.rollback(wave)
                raise product_failed(error) from error
            wave.columns = wave.draft.finish(salt=derived_ids.salt_of(command_id.hex))

            def answered(work: SqlUnitOfWork) -> None:
                work.answers.keep(command_id, hashed, core.sequence + 1)

            core.commit(wave, answered)
            refuse_lost(core.outcomes.done(core.sequence))

    def convert(self, command_id: UUID, agreement_ids: Sequence[int], version: int) -> int:
        return self._conversions.convert(command_id, agreement_ids, version)

    # reading ------------------------------------------------------------------------------------

    def term_changes(self, agreement_id: int) -> list[TermChange]:
        with self._core.lock.looking():
            self._core.ready()
            self._core.books.found(agreement_id)
        rows = self._core.room.read(lambda connection: terms.of(connection, agreement_id))
        return changes_of(rows, agreement_id)

    def notices(
        self, agreement_id: int, *, limit: int = 50, cursor: str | None = None
    ) -> Page[Notice]:
        with self._core.lock.looking():
            self._core.ready()
            self._core.books.found(agreement_id)
        return notices_of(self._core.room, agreement_id, limit, cursor, self._cursor_key)

    def agreement(self, agreement_id: int) -> Agreement:
        with self._core.lock.looking():
            self._core.ready()
            self._core.books.found(agreement_id)
        return self._views([agreement_id])[0]

    def find(self, query: AgreementQuery) -> Page[Agreement]:
        if not 1 <= query.limit <= LIMIT_MAX:
            raise Malformed(f"expected a limit of 1 to {LIMIT_MAX}, was {query.limit}")
        before = _after(query.cursor, self._cursor_key) if query.cursor else None
        equal: dict[str, Any] = {
            name: getattr(query, name)
            for name in ("product", "party_id", "branch")
            if getattr(query, name)
        }
        if not all(value.isascii() and value.isprintable() for value in equal.values()):
            return Page((), None)  # nothing is called so
        if query.status:
            numbers = {word: number for number, word in STATUSES.items()}
            if query.status not in numbers:
                raise Malformed(f"expected one of {', '.join(numbers)}; was {query.status[:20]}")
            equal["status"] = numbers[query.status]
        ids = self._core.room.read(
            lambda connection: keeping.search(
                connection, equal, before=before, limit=query.limit + 1
            )
        )
        more = len(ids) > query.limit
        ids = ids[: query.limit]
        cursor = seal([ids[-1]], self._cursor_key) if more else None
        return Page(tuple(self._views(ids)), cursor)

    def _views(self, ids: Sequence[int]) -> list[Agreement]:
        about = self._core.room.read(lambda connection: keeping.about(connection, ids))
        views = []
        with self._core.lock.looking():
            self._core.ready()
            for each in ids:
                kept, rows = self._core.books.found(each)
                self._core.books.refresh(kept, rows)
                views.append(_view(kept, int(rows[0]), about[each]))
        return views

    # orders and tasks ---------------------------------------------------------------------------

    def order(self, command_id: UUID, order: StandingOrder) -> StandingOrder:
        for each in (order.agreement_id, order.counter_agreement_id):
            self.agreement(each)
        return self._orders.keep(command_id, order, _date(self._core.today))

    def cancel_order(self, command_id: UUID, order_id: UUID) -> None:
        self._orders.cancel(command_id, order_id)

    def orders(self, agreement_id: int) -> list[StandingOrder]:
        return self._orders.of(agreement_id)

    def waiting(self, *, is_done: bool = False, limit: int = 50) -> list[Waiting]:
        if not 1 <= limit <= LIMIT_MAX:
            raise Malformed(f"expected a limit of 1 to {LIMIT_MAX}, was {limit}")
        rows = self._core.room.read(
            lambda connection: keeping.open_tasks(connection, is_done=is_done, limit=limit)
        )
        return [
            Waiting(
                task_id=row.task_id,
                agreement_id=row.agreement_id,
                date=_date(np.datetime64(row.date, "D")),
                code=row.code,
                detail=row.detail,
                is_done=bool(row.is_done),
            )
            for row in rows
        ]

    def settle(self, task_id: int, note: str) -> None:
        core = self._core
        with core.lock:
            core.ready()
            row = core.room.read(lambda connection: keeping.task(connection, task_id))
            if row is None:
                raise NotFound(f"There is no task {task_id}.")
            if row.is_done:
                return
            wave = Wave(core.draft(), {})
            numbers, rows = core.books.find(np.array([row.agreement_id]))
            if row.code == FAILED and numbers[0] >= 0:
                kept = core.books.kept[int(numbers[0])]
                if kept.book.columns[STATUS][rows[0]] == STOPPED:
                    wave.touched.append(core.touch(kept, rows, np.array([-1])))
                    kept.book.columns[STATUS][rows] = OPEN
            wave.columns = wave.draft.finish()
            goes_on = [row.agreement_id] if wave.touched else []

            def more(work: SqlUnitOfWork) -> None:
                keeping.settle_task(work.connection, task_id, note[:200].rstrip())
                keeping.set_status(work.connection, goes_on, OPEN)

            core.commit(wave, more)


def _after(cursor: str, key: bytes) -> int:
    match unseal(cursor, key):
        case [int(agreement_id)]:
            return agreement_id
    raise Malformed("expected a cursor of the list of agreements, was another list's")


def _check_empty(kept: Kept, row: int) -> None:
    """Refuse to close an agreement with something left on it. Raises: AgreementNotEmpty."""
    book = kept.book
    left = _balances(kept, row)
    for name, accrual in book.accruals.items():
        left[name] = int(accrual.split(book.columns[name][[row]])[0][0])
    left["hold"] = int(book.columns[HELD][row])
    left = {name: minor for name, minor in left.items() if minor}
    if left:
        currency = book.product.currency
        words = ", ".join(f"{name} {format_minor(minor, currency)}" for name, minor in left.items())
        raise AgreementNotEmpty(
            f"expected nothing left on it, was {words} {currency}", left=left, currency=currency
        )


def _date(day: Any) -> dt.date:
    found: dt.date = day.astype(dt.date)
    return found


def _numbers(kept: Kept, names: Iterable[str], row: int) -> dict[str, int]:
    return {name: int(kept.book.columns[name][row]) for name in names}


def _balances(kept: Kept, row: int) -> dict[str, int]:
    """Return what is on an agreement's accounts, each of the sign it grows by."""
    return {
        name: (-1 if grows_by_credit(account.slot) else 1) * int(kept.book.columns[name][row])
        for name, account in kept.book.accounts.items()
    }


def _view(kept: Kept, row: int, about: Any) -> Agreement:
    book = kept.book
    balances = _balances(kept, row)
    due = {name: book.columns[name][row] for name in book.events}
    is_date = {name: book.columns[name].dtype.kind == "M" for name in book.fields}
    dates = {name: book.columns[name][row] for name in book.fields if is_date[name]}
    held, balance = int(book.columns[HELD][row]), balances[book.product.main.name]
    status = STATUSES[int(book.columns[STATUS][row])]
    return Agreement(
        agreement_id=about.agreement_id,
        product=kept.code,
        version=kept.version,
        currency=book.product.currency,
        party_id=about.party_id,
        branch=about.branch,
        note=about.note,
        status=status,
        opened=_date(book.columns[OPENED][row]),
        closed=_date(book.columns[SINCE][row]) if status == "closed" else None,
        terms=_numbers(kept, book.parameters, row),
        balances=balances,
        accrued_e8=_numbers(kept, book.accruals, row),
        fields=_numbers(kept, [name for name in book.fields if not is_date[name]], row),
        dates={name: _date(day) for name, day in dates.items() if not np.isnat(day)},
        due={name: _date(day) for name, day in due.items() if not np.isnat(day)},
        account_ids={name: int(book.columns[account_column(name)][row]) for name in book.accounts},
        balance_minor=balance,
        held_minor=held,
        available_minor=balance - held,
        days_overdue=int(book.columns[OVERDUE][row]),
        risk_class=int(book.columns[RISK][row]),
    )
