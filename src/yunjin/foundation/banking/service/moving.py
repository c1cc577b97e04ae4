"""Where the money of entries goes: from the agreement's end to the other one, by branch."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from yunjin.foundation.banking.api.agreements import Action
from yunjin.foundation.banking.api.dates import packed
from yunjin.foundation.banking.domain.products.slots import Slot
from yunjin.foundation.banking.service.books import (
    AGREEMENT,
    BRANCH,
    Books,
    Kept,
    account_column,
)
from yunjin.foundation.banking.service.drafting import Draft, Kind
from yunjin.foundation.banking.service.entry_forms import id_of, value_dates
from yunjin.foundation.ledger.api import TransferFlag

FLAGS: Final = {
    Action.BOOK: 0,
    Action.HOLD: int(TransferFlag.PENDING),
    Action.CAPTURE: int(TransferFlag.POST_PENDING),
    Action.RELEASE: int(TransferFlag.VOID_PENDING),
    Action.REVERSE: 0,
}
_FLAGS_OF: Final = np.array([FLAGS[one] for one in sorted(FLAGS)])


@dataclass(slots=True)
class Sides:
    """What entries of a wave do to agreements of one book: a row each."""

    kept: Kept
    at: Any  # int64[k]: the entry
    rows: Any  # int64[k]
    amounts: Any  # int64[k], signed: > 0 comes in
    is_counter: bool


@dataclass(slots=True)
class Ends:
    """One end of each entry's transfer (int64[entries] each)."""

    account: Any
    slot: Any
    book: Any
    branch: Any
    agreement: Any
    ledger: Any

    @classmethod
    def of(cls, count: int) -> "Ends":
        return cls(*(np.zeros(count, np.int64) for _ in range(6)))

    def where(self, chosen: Any, otherwise: "Ends") -> "Ends":
        """Return these ends where chosen, the other ones elsewhere."""
        return Ends(
            *(
                np.where(chosen, getattr(self, name), getattr(otherwise, name))
                for name in self.__slots__
            )
        )


def _add(
    draft: Draft, near: Ends, far: Ends, amounts: Any, chosen: Any, extra: dict[str, Any]
) -> None:
    """Add a transfer an entry between two ends; amounts > 0 come to the near one."""
    debit, credit = far.where(amounts > 0, near), near.where(amounts > 0, far)
    columns = {
        "chain": np.arange(len(amounts)),
        "debit_account_id": debit.account,
        "credit_account_id": credit.account,
        "debit_slot": debit.slot,
        "credit_slot": credit.slot,
        "debit_book": debit.book,
        "credit_book": credit.book,
        "branch": near.branch,
        "user_data_64": near.agreement,
        "amount_minor": np.abs(amounts),
        "ledger": near.ledger,
        **extra,
    }
    count = int(np.count_nonzero(chosen))
    picked = {name: column[chosen] for name, column in columns.items()}
    draft.add_plain(count, code=Kind.ENTRY, **picked)


class Mover:
    """Adds entries' own transfers to a draft."""

    def __init__(self, books: Books) -> None:
        self._books = books

    def move(
        self,
        columns: dict[str, Any],
        alive: Any,
        sides: list[Sides],
        amounts: Any,
        known: Mapping[int, Any],
        chain_of_entry: Any,
        draft: Draft,
    ) -> None:
        """Add the entries' own transfers, and change the balances in the books by them."""
        for one in sides:
            booked = ~np.isin(columns["action"][one.at], (Action.HOLD, Action.RELEASE))
            inbox = one.kept.book.columns[one.kept.book.product.inbox.name]
            inbox[one.rows[booked]] -= one.amounts[booked]
        own, other = self._ends(columns, alive, sides, chain_of_entry, draft)
        for at in alive[columns["action"][alive] >= Action.CAPTURE].tolist():
            if columns["action"][at] != Action.REVERSE:
                held, chain = known[id_of(columns, "hold_id", at)], chain_of_entry[at]
                own.account[chain] = held["debit_account_id"]
                other.account[chain] = held["credit_account_id"]
                if columns["action"][at] == Action.RELEASE:
                    amounts[at] = -held["amount_minor"]
        crosses = own.branch != other.branch
        middle = Ends.of(len(alive))
        back = (draft.date - value_dates(columns, alive, draft.date)).astype(np.int64)
        dates = packed(int(draft.date.astype(np.int64)), back)
        for end in (own, other):
            self._cross(end, crosses, middle, draft)
            if end is own:
                action = columns["action"][alive]
                ending = np.isin(action, (Action.CAPTURE, Action.RELEASE))
                extra = {
                    "user_data_32": dates,
                    "flags": _FLAGS_OF[action],
                    "pending_id_hi": np.where(ending, columns["hold_id_hi"][alive], 0),
                    "pending_id_lo": np.where(ending, columns["hold_id_lo"][alive], 0),
                    "user_data_128_hi": columns["reference_hi"][alive],
                    "user_data_128_lo": columns["reference_lo"][alive],
                }
                far = other.where(~crosses, middle)
                _add(draft, own, far, amounts[alive], np.ones(len(alive), np.bool_), extra)
            elif crosses.any():
                far = middle
                _add(draft, other, far, -amounts[alive], crosses, {"user_data_32": dates})

    def _ends(
        self, columns: dict[str, Any], alive: Any, sides: list[Sides], chain_of: Any, draft: Draft
    ) -> tuple["Ends", "Ends"]:
        """Return where each entry's money is moved: the agreement's end and the other one."""
        own, other = Ends.of(len(alive)), Ends.of(len(alive))
        for one in sides:
            book, chains = one.kept.book, chain_of[one.at]
            end = other if one.is_counter else own
            end.account[chains] = book.columns[account_column(book.product.inbox.name)][one.rows]
            end.slot[chains] = int(book.product.inbox.slot)
            end.book[chains] = one.kept.number
            end.branch[chains] = book.columns[BRANCH][one.rows]
            end.agreement[chains] = book.columns[AGREEMENT][one.rows]
            end.ledger[chains] = draft.slot_accounts.ledger_of(book.product.currency)
            if one.is_counter:
                continue
            alone = columns["counter_agreement_id"][one.at] == 0
            against = columns["against"][one.at]
            against = np.where(against == 0, int(Slot.CLEARING), against)
            for slot in np.unique(against[alone]).tolist():
                mine = alone & (against == slot)
                _, accounts = draft.place(one.kept, Slot(slot), one.rows[mine])
                other.account[chains[mine]] = accounts
                other.slot[chains[mine]] = slot
                other.book[chains[mine]] = one.kept.number
                other.branch[chains[mine]] = book.columns[BRANCH][one.rows[mine]]
        return own, other

    def _cross(self, end: "Ends", crosses: Any, middle: "Ends", draft: Draft) -> None:
        """Set the account between branches that an end's branch books to."""
        for place in np.flatnonzero(crosses).tolist():
            kept = self._books.kept[int(end.book[place])]
            branch = end.branch[place : place + 1]
            currency = kept.book.product.currency
            accounts = draft.slot_accounts.of(Slot.INTER_BRANCH, branch, currency)
            middle.account[place] = accounts[0]
            middle.slot[place], middle.book[place] = int(Slot.INTER_BRANCH), end.book[place]


def without(one: Sides, status: Any) -> Sides:
    """Return sides without the entries that have an answer (uint8[entries], 0: none yet)."""
    good = status[one.at] == 0
    return Sides(one.kept, one.at[good], one.rows[good], one.amounts[good], one.is_counter)
