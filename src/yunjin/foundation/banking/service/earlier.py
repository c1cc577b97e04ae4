"""What was booked before: the same entry again, holds that end, entries that are reversed."""

from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID

import numpy as np

from yunjin.foundation.banking.api.agreements import Action, EntryStatus
from yunjin.foundation.banking.api.dates import value_days
from yunjin.foundation.banking.domain.products.slots import Slot
from yunjin.foundation.banking.service.books import BRANCH
from yunjin.foundation.banking.service.core import Core
from yunjin.foundation.banking.service.drafting import Kind
from yunjin.foundation.banking.service.entry_forms import (
    Answers,
    follower_id,
    id_of,
    ids_of,
    reversal_id,
    slots_of,
)
from yunjin.foundation.banking.service.moving import FLAGS
from yunjin.foundation.ledger.api import TransferFlag

_KINDS: Final = int(TransferFlag.PENDING | TransferFlag.POST_PENDING | TransferFlag.VOID_PENDING)
_NOT_BOOKED: Final = int(TransferFlag.PENDING | TransferFlag.VOID_PENDING)


class Earlier:
    """The ledger's transfers that entries are, or refer to, by id."""

    def __init__(self, core: Core, columns: dict[str, Any], answers: Answers) -> None:
        self._core, self._columns, self._answers = core, columns, answers
        self.rows: dict[int, Mapping[str, Any]] = {}

    def look_up(self, places: Any) -> None:
        """Find what entries refer to; answer those that were booked before."""
        columns, answers = self._columns, self._answers
        places = places[answers.status[places] == 0]
        refers = places[columns["action"][places] >= Action.CAPTURE]
        wanted = self._new(ids_of(columns, "id", places))
        if len(refers):
            wanted = list(dict.fromkeys(wanted + self._new(self._referred(refers))))
        if wanted:
            for row in self._core.ledger.transfers(wanted).to_pylist():
                self.rows[(row["id_hi"] << 64) | row["id_lo"]] = row
        for at in places.tolist() if self.rows else ():
            is_reversal = columns["action"][at] == Action.REVERSE
            made = reversal_id(columns, at).int if is_reversal else id_of(columns, "id", at)
            row = self.rows.get(made)
            if row is not None:
                same = self._is_same(at, row)
                status = EntryStatus.EXISTS if same else EntryStatus.EXISTS_OTHERWISE
                answers.status[at], answers.timestamp[at] = status, row["timestamp"]
            elif is_reversal and not columns["counter_agreement_id"][at]:
                columns["counter_agreement_id"][at] = self._other_agreement(at)

    def _referred(self, places: Any) -> list[UUID]:
        """Return the ids of what entries refer to, and of what followed from that."""
        columns = self._columns
        found = ids_of(columns, "hold_id", places)
        for at in places[columns["action"][places] == Action.REVERSE].tolist():
            found += [reversal_id(columns, at), follower_id(columns, at, 1)]
        return found

    def _new(self, ids: list[UUID]) -> list[UUID]:
        """Return those that are not known."""
        return [one for one in ids if one.int not in self.rows] if self.rows else ids

    def referred(self, at: int) -> Mapping[str, Any] | None:
        """Return the hold or entry that an entry refers to, once the entry fits it; else refuse.

        The entry's other end becomes the one of what it refers to.
        """
        columns, answers = self._columns, self._answers
        row = self.rows.get(id_of(columns, "hold_id", at))
        is_reversal = columns["action"][at] == Action.REVERSE
        if row is not None:
            is_kind = (
                not row["flags"] & _NOT_BOOKED
                if is_reversal
                else bool(row["flags"] & TransferFlag.PENDING)
            )
            is_of_it = row["user_data_64"] == columns["agreement_id"][at]
            row = row if is_kind and is_of_it and row["code"] == Kind.ENTRY else None
        if row is None:
            answers.refuse(at, EntryStatus.HOLD_NOT_FOUND)
            return None
        if is_reversal and columns["counter_agreement_id"][at] != self._other_agreement(at):
            answers.refuse(at, EntryStatus.MALFORMED, "expected the entry's own other agreement")
            return None
        slots = {account: key[0] for key, account in self._core.slot_ids.items()}
        columns["against"][at] = slots.get(self._far(at, row)[1], 0)
        return row

    def came_in(self, at: int, row: Mapping[str, Any]) -> bool:
        """Tell whether a transfer brought money to the entry's agreement."""
        return self._far(at, row)[0]

    def _far(self, at: int, row: Mapping[str, Any]) -> tuple[bool, int]:
        own = self._core.books.account_ids(int(self._columns["agreement_id"][at]))
        came_in = row["credit_account_id"] in own
        return came_in, int(row["debit_account_id" if came_in else "credit_account_id"])

    def _other_agreement(self, at: int) -> int:
        """Return the other agreement of the entry that is reversed, 0 where it had none."""
        row = self.rows.get(id_of(self._columns, "hold_id", at))
        if row is None:
            return 0
        crossed = self.rows.get(follower_id(self._columns, at, 1).int)
        if crossed is not None and crossed["code"] == Kind.ENTRY:
            return int(crossed["user_data_64"])
        return self._core.books.owner_of(self._far(at, row)[1])

    def _is_same(self, at: int, row: Mapping[str, Any]) -> bool:
        """Tell whether a transfer of the ledger is what the entry asks for."""
        columns = self._columns
        action, amount = Action(columns["action"][at]), int(columns["amount_minor"][at])
        wanted = columns["value_date"][at]
        if not np.isnat(wanted) and wanted.astype(np.int64) != value_days(row["user_data_32"]):
            return False
        if row["user_data_64"] != columns["agreement_id"][at] or row["code"] != Kind.ENTRY:
            return False
        if row["flags"] & _KINDS != FLAGS[action]:
            return False
        if amount and action != Action.RELEASE and abs(amount) != row["amount_minor"]:
            return False
        if action >= Action.CAPTURE:
            ends = (row["pending_id_hi"] or 0) << 64 | (row["pending_id_lo"] or 0)
            return action == Action.REVERSE or ends == id_of(columns, "hold_id", at)
        came_in, far = self._far(at, row)
        return came_in == (amount > 0 and action == Action.BOOK) and self._leads_to(at, far)

    def _leads_to(self, at: int, account_id: int) -> bool:
        core, columns = self._core, self._columns
        book, row = core.books.at(int(columns["agreement_id"][at]))
        if book is None:
            return False
        branch, slot = int(book.columns[BRANCH][row]), int(slots_of(columns, [at])[0])
        counter = int(columns["counter_agreement_id"][at])
        if counter:
            other, other_row = core.books.at(counter)
            if other is not None and int(other.columns[BRANCH][other_row]) == branch:
                return account_id in core.books.account_ids(counter)
            slot = int(Slot.INTER_BRANCH)
        key = (slot, core.books.branches[branch], book.product.currency)
        return core.slot_ids.get(key) == account_id
