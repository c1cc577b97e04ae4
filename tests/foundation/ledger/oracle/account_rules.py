"""One rule a code of AccountStatus, in the enum's order. Each relies on those before it."""

from tests.foundation.ledger.oracle.model import INT64_MAX, Account, Batch, Case, Request, State
from yunjin.foundation.ledger.api import AccountFlag
from yunjin.kernel.ids import cell_of, sequence_of

LIMITED = AccountFlag.DEBITS_MUST_NOT_EXCEED_CREDITS | AccountFlag.CREDITS_MUST_NOT_EXCEED_DEBITS


class AccountCase(Case):
    """An account that somebody asks to open."""

    IMPORTED = AccountFlag.IMPORTED
    KNOWN_FLAGS = sum(AccountFlag)

    def __init__(self, state: State, batch: Batch, place: int, request: Request, cell: int) -> None:
        super().__init__(state, batch, place, request)
        self.id, self.cell = self.value("id"), cell
        self.is_known = self.id in state.accounts

    @property
    def first(self) -> Account:
        """The account that is open under the id already."""
        return self.state.accounts[self.id]

    def id_out_of_range(self) -> bool:
        return not 0 < self.id <= INT64_MAX or sequence_of(self.id) == 0

    def cell_different(self) -> bool:
        return cell_of(self.id) != self.cell or self.state.is_elsewhere(self.id)

    # Sent again: compared with the request that opened it, so closing it later changes nothing.

    def exists_with_different_flags(self) -> bool:
        return self.is_known and self.first.flags != self.flags

    def exists_with_different_limit(self) -> bool:
        return self.is_known and self.first.limit_minor != self.value("limit_minor")

    def exists_with_different_ledger(self) -> bool:
        return self.is_known and self.first.ledger != self.value("ledger")

    def exists_with_different_code(self) -> bool:
        return self.is_known and self.first.code != self.value("code")

    def exists(self) -> bool:
        return self.is_known

    def flags_are_mutually_exclusive(self) -> bool:
        return self.flags & LIMITED == LIMITED

    def ledger_must_not_be_zero(self) -> bool:
        return self.value("ledger") == 0

    def code_must_not_be_zero(self) -> bool:
        return self.value("code") == 0

    def limit_out_of_range(self) -> bool:
        limit_minor = self.value("limit_minor")
        return limit_minor < 0 or (limit_minor > 0 and not self.flags & LIMITED)
