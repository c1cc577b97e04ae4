"""Entries of customers: judged by products, booked with what follows from them, in waves.

A wave has each agreement at most once, so that hooks run over columns and every one sees what the
entry before came to.
"""

from collections.abc import Mapping
from typing import Any, Final

import numpy as np
import pyarrow as pa

from yunjin.foundation.banking.api.agreements import Action, EntryStatus
from yunjin.foundation.banking.domain.products import run
from yunjin.foundation.banking.domain.products.book import HELD, STATUS, STOPPED
from yunjin.foundation.banking.domain.products.book import OPEN as IS_OPEN
from yunjin.foundation.banking.domain.products.slots import grows_by_credit
from yunjin.foundation.banking.service.books import Kept
from yunjin.foundation.banking.service.core import Core, Touched, Wave
from yunjin.foundation.banking.service.drafting import Draft, Outcome
from yunjin.foundation.banking.service.earlier import Earlier
from yunjin.foundation.banking.service.entry_forms import (
    Answers,
    columns_of,
    judge_form,
    reversal_id,
    slots_of,
    value_dates,
    waves_of,
)
from yunjin.foundation.banking.service.moving import Mover, Sides, without
from yunjin.foundation.banking.service.orders import ORDERS, Payments
from yunjin.foundation.ledger.api import TransferStatus

_LOW: Final = 2**64 - 1
_EXISTS_LATER: Final = TransferStatus.EXISTS_WITH_DIFFERENT_USER_DATA_32  # on another day
_OTHERWISE: Final = frozenset(
    int(status) for status in TransferStatus if status.name.startswith("EXISTS_WITH")
)
_HOLD_WORDS: Final = {
    int(TransferStatus.PENDING_TRANSFER_NOT_FOUND): EntryStatus.HOLD_NOT_FOUND,
    int(TransferStatus.PENDING_TRANSFER_NOT_PENDING): EntryStatus.HOLD_NOT_FOUND,
    int(TransferStatus.PENDING_TRANSFER_ALREADY_POSTED): EntryStatus.HOLD_ENDED,
    int(TransferStatus.PENDING_TRANSFER_ALREADY_VOIDED): EntryStatus.HOLD_ENDED,
    int(TransferStatus.PENDING_TRANSFER_EXPIRED): EntryStatus.HOLD_ENDED,
    int(TransferStatus.ID_ALREADY_FAILED): EntryStatus.ID_USED,
}


class _ProductFailed(Exception):
    """A product raised on one of the agreements of a side."""

    def __init__(self, side: Sides, error: Exception) -> None:
        self.side, self.reason = side, f"{type(error).__name__}: {error}"[:400]
        super().__init__(self.reason)


class Entries:
    """Posts entries.

    Parameters
    ----------
    payments : the standing orders that the one batch to be posted is made of.
    """

    def __init__(self, core: Core, payments: Payments | None = None) -> None:
        self._core, self._payments = core, payments

    def post(self, entries: pa.RecordBatch) -> pa.RecordBatch:
        """Post entries; see AgreementsApi.post."""
        columns = columns_of(entries)
        answers = Answers.of(entries.num_rows)
        with self._core.lock:
            self._core.ready()
            judge_form(columns, answers, self._core.today)
            known = Earlier(self._core, columns, answers)
            known.look_up(np.arange(entries.num_rows))
            for number, places in enumerate(waves_of(columns, answers.status)):
                if number:  # what the waves before booked can be referred to now
                    known.look_up(places[columns["action"][places] >= Action.CAPTURE])
                self._wave(columns, places[answers.status[places] == 0], answers, known)
            self._tell_balances(columns, answers)
        return answers.batch()

    # a wave -------------------------------------------------------------------------------------

    def _wave(self, columns: dict[str, Any], places: Any, answers: Answers, known: Earlier) -> None:
        amounts, released = self._amounts(columns, places, answers, known)
        sides = self._sides(columns, places, amounts, answers)
        wave = Wave(self._core.draft(), {})
        self._judge(columns, sides, released, answers, wave)
        if wave.tasks:  # kept by themselves: what is booked beside them may fail yet
            wave.columns = wave.draft.finish()
            self._core.commit(wave)
            wave = Wave(self._core.draft(), {})
        sides = [without(one, answers.status) for one in sides]
        alive = places[answers.status[places] == 0]
        if len(alive):
            self._book(columns, alive, amounts, sides, known, answers, wave)

    def _amounts(
        self, columns: dict[str, Any], places: Any, answers: Answers, known: Earlier
    ) -> tuple[Any, Any]:
        """Return what each entry comes to (signed) and what it frees of a hold (int64[n] each)."""
        amounts = columns["amount_minor"].copy()
        released = np.zeros(len(amounts), np.int64)
        action = columns["action"]
        amounts[action == Action.HOLD] *= -1
        for at in places[action[places] >= Action.CAPTURE].tolist():
            row = known.referred(at)
            if row is None:
                continue
            whole = int(row["amount_minor"])
            if action[at] == Action.REVERSE:
                amounts[at] = -whole if known.came_in(at, row) else whole
            elif columns["amount_minor"][at] > whole:
                answers.refuse(at, EntryStatus.MALFORMED, "expected at most what is on hold")
            else:
                part = int(columns["amount_minor"][at]) or whole
                amounts[at] = 0 if action[at] == Action.RELEASE else -part
                released[at] = whole
        return amounts, released

    def _sides(
        self, columns: dict[str, Any], places: Any, amounts: Any, answers: Answers
    ) -> list[Sides]:
        """Return the agreements that entries touch, by book; refuses those that cannot be."""
        found = []
        for name, sign in (("agreement_id", 1), ("counter_agreement_id", -1)):
            some = places[(answers.status[places] == 0) & (columns[name][places] != 0)]
            numbers, rows = self._core.books.find(columns[name][some])
            for at in some[numbers < 0].tolist():
                answers.refuse(at, EntryStatus.AGREEMENT_NOT_FOUND)
            for number in np.unique(numbers[numbers >= 0]).tolist():
                kept, mine = self._core.books.kept[number], numbers == number
                signed = sign * amounts[some[mine]]
                found.append(Sides(kept, some[mine], rows[mine], signed, sign < 0))
        currency: dict[int, str] = {}
        for one in found:
            self._core.books.refresh(one.kept, one.rows)
            status = one.kept.book.columns[STATUS][one.rows]
            for at, state in zip(one.at.tolist(), status.tolist(), strict=True):
                if state == STOPPED:
                    answers.refuse(at, EntryStatus.AGREEMENT_STOPPED)
                elif state != IS_OPEN:
                    answers.refuse(at, EntryStatus.AGREEMENT_NOT_OPEN)
                mine = one.kept.book.product.currency
                if currency.setdefault(at, mine) != mine:
                    answers.refuse(at, EntryStatus.CURRENCIES_DIFFER)
        return [without(one, answers.status) for one in found]

    def _judge(
        self,
        columns: dict[str, Any],
        sides: list[Sides],
        released: Any,
        answers: Answers,
        wave: Wave,
    ) -> None:
        """Ask `before_post` of every side; a release is nobody's business but the ledger's."""
        today = self._core.today
        for one in sides:
            asked = columns["action"][one.at] != Action.RELEASE
            at, rows, amounts = one.at[asked], one.rows[asked], one.amounts[asked]
            seen = {
                "amount": amounts,
                "value_date": value_dates(columns, at, today),
                "released": released[at],
                "against": slots_of(columns, at),
            }
            for place, reason, failure in _judged(one.kept, rows, seen, today):
                if failure:
                    touched = self._core.touch(one.kept, rows[[place]], np.array([-1]))
                    wave.touched.append(touched)
                    failed = run.Failed([int(rows[place])], [failure])
                    self._core.stop(one.kept, failed, wave.tasks)
                    answers.refuse(int(at[place]), EntryStatus.AGREEMENT_STOPPED, failure)
                else:
                    answers.refuse(int(at[place]), EntryStatus.REFUSED, reason)

    def _book(
        self,
        columns: dict[str, Any],
        alive: Any,
        amounts: Any,
        sides: list[Sides],
        known: Earlier,
        answers: Answers,
        wave: Wave,
    ) -> None:
        core, draft = self._core, wave.draft
        draft.chains = len(alive)
        chain_of_entry = np.full(len(answers.status), -1, np.int32)
        chain_of_entry[alive] = np.arange(len(alive))
        wave.touched += [
            Touched(one.kept, one.rows, chain_of_entry[one.at], one.kept.image(one.rows))
            for one in sides
        ]
        try:
            Mover(core.books).move(
                columns, alive, sides, amounts, known.rows, chain_of_entry, draft
            )
            self._follow(columns, sides, chain_of_entry, draft, wave)
        except _ProductFailed as failed:  # find on whom, let the others go on
            core.rollback(wave)
            self._apart(columns, alive, failed, answers, known)
            return
        except Exception:
            core.rollback(wave)
            raise
        wave.columns = draft.finish(_heads(columns, alive))
        wave.follows.entries, wave.follows.transfers = len(alive), len(wave.columns["place"])
        payments = self._payments
        if payments is not None:
            wave.part = ORDERS
            wave.tasks += payments.decide(set(alive.tolist()), answers.status, answers.reason)
        outcome = core.commit(wave, None if payments is None else payments.keep)
        _tell(outcome, alive, answers)
        if (columns["action"][alive] != Action.BOOK).any():
            for one in sides:
                core.books.refresh(one.kept, one.rows)

    def _apart(
        self,
        columns: dict[str, Any],
        alive: Any,
        failed: "_ProductFailed",
        answers: Answers,
        known: Earlier,
    ) -> None:
        if len(alive) > 1:
            half = len(alive) // 2
            self._wave(columns, alive[:half], answers, known)
            self._wave(columns, alive[half:], answers, known)
            return
        one, rows = failed.side, failed.side.rows.tolist()
        wave = Wave(self._core.draft(), {})
        wave.touched.append(self._core.touch(one.kept, one.rows, np.full(len(rows), -1)))
        self._core.stop(one.kept, run.Failed(rows, [failed.reason] * len(rows)), wave.tasks)
        wave.columns = wave.draft.finish()
        self._core.commit(wave)
        answers.refuse(int(alive[0]), EntryStatus.AGREEMENT_STOPPED, failed.reason)

    def _follow(
        self,
        columns: dict[str, Any],
        sides: list[Sides],
        chain_of_entry: Any,
        draft: Draft,
        wave: Wave,
    ) -> None:
        """Let the products act on what was booked."""
        for one in sides:
            action = columns["action"][one.at]
            booked = ~np.isin(action, (Action.HOLD, Action.RELEASE))
            rows, at = one.rows[booked], one.at[booked]
            amounts = one.amounts[booked]
            if not len(rows):
                continue
            dates = value_dates(columns, at, self._core.today)
            chains = dict(zip(rows.tolist(), chain_of_entry[at].tolist(), strict=True))
            try:
                applied = list(
                    run.follow(
                        one.kept.book,
                        rows,
                        amounts,
                        date=self._core.today,
                        value_date=dates,
                        against=slots_of(columns, at),
                    )
                )
            except Exception as error:
                raise _ProductFailed(one, error) from error
            draft.follow(one.kept, applied, chains)
            wave.hear(one.kept, applied)

    def _tell_balances(self, columns: dict[str, Any], answers: Answers) -> None:
        numbers, rows = self._core.books.find(columns["agreement_id"])
        for number in np.unique(numbers[numbers >= 0]).tolist():
            kept, mine = self._core.books.kept[number], np.flatnonzero(numbers == number)
            main, some = kept.book.product.main, rows[mine]
            balance = kept.book.columns[main.name][some]
            if grows_by_credit(main.slot):
                balance = -balance
            answers.balance[mine] = balance
            answers.available[mine] = balance - kept.book.columns[HELD][some]


def _heads(columns: dict[str, Any], alive: Any) -> tuple[Any, Any]:
    """Return the ids (uint64[k], high and low) under which entries are booked."""
    high, low = columns["id_hi"][alive].copy(), columns["id_lo"][alive].copy()
    for chain in np.flatnonzero(columns["action"][alive] == Action.REVERSE).tolist():
        whole = reversal_id(columns, int(alive[chain])).int  # one reversal, whoever asks
        high[chain], low[chain] = whole >> 64, whole & _LOW
    return high, low


def _tell(outcome: Outcome, alive: Any, answers: Answers) -> None:
    """Say of each entry what the ledger made of its chain."""
    answers.timestamp[alive] = outcome.timestamp
    for chain, at in enumerate(alive.tolist()):
        if answers.status[at]:
            continue
        why = int(outcome.status[chain])
        if outcome.is_done[chain] or why == _EXISTS_LATER:
            answers.status[at] = EntryStatus.BOOKED
        elif why in _OTHERWISE:
            answers.status[at] = EntryStatus.EXISTS_OTHERWISE
        else:
            answers.status[at] = _HOLD_WORDS.get(why, EntryStatus.LEDGER_REFUSED)
            answers.reason[at] = TransferStatus(why).name.lower().replace("_", " ")


def _judged(
    kept: Kept, rows: Any, seen: Mapping[str, Any], today: Any
) -> list[tuple[int, str, str]]:
    """Return (place, reason, failure) of the refused rows; a product that raises is a failure."""
    if not len(rows):
        return []
    book = kept.book
    context = book.context(rows, today, **seen)
    try:
        judged = book.judge(context, np.arange(len(rows)))
        return [(place, reason, "") for reason, places in judged for place in places.tolist()]
    except Exception as error:
        if len(rows) == 1:
            return [(0, "", f"{type(error).__name__}: {error}"[:400])]
    found = []
    half = len(rows) // 2
    for part, start in ((slice(0, half), 0), (slice(half, None), half)):
        mine = {name: column[part] for name, column in seen.items()}
        some = _judged(kept, rows[part], mine, today)
        found += [(start + place, reason, failure) for place, reason, failure in some]
    return found
