"""One rule a code of TransferStatus, in the enum's order. Each relies on those before it."""

from functools import cached_property

from tests.foundation.ledger.oracle.model import (
    ID_MAX,
    INT64_MAX,
    SECOND_NS,
    Account,
    Batch,
    Case,
    Fate,
    Request,
    State,
    Transfer,
    wide,
)
from yunjin.foundation.ledger.api import AccountFlag, TransferFlag

SETTLING = TransferFlag.POST_PENDING | TransferFlag.VOID_PENDING
PHASES = TransferFlag.PENDING | SETTLING
BALANCING = TransferFlag.BALANCING_DEBIT | TransferFlag.BALANCING_CREDIT
CLOSING = TransferFlag.CLOSING_DEBIT | TransferFlag.CLOSING_CREDIT


class TransferCase(Case):
    """A transfer that somebody asks for.

    `settles` is true of a post or a void: its accounts, ledger and code are those of the pending
    transfer, and zero in the request means "as there".
    """

    IMPORTED = TransferFlag.IMPORTED
    KNOWN_FLAGS = sum(TransferFlag)

    def __init__(
        self, state: State, batch: Batch, place: int, request: Request, failed: set[int]
    ) -> None:
        super().__init__(state, batch, place, request)
        self.id, self.pending_id = wide(request, "id"), wide(request, "pending_id")
        self.has_failed = self.id in failed
        self.is_known = self.id in state.transfers
        self.settles = bool(self.flags & SETTLING)
        self.is_void = bool(self.flags & TransferFlag.VOID_PENDING)
        self.is_pending = bool(self.flags & TransferFlag.PENDING)

    # What the request names. Only rules after those that say it exists may look.

    @property
    def first(self) -> Transfer:
        return self.state.transfers[self.id]

    @property
    def pending(self) -> Transfer:
        return self.state.transfers[self.pending_id]

    @property
    def debit(self) -> Account:
        named = self.pending.debit_account_id if self.settles else self.value("debit_account_id")
        return self.state.accounts[named]

    @property
    def credit(self) -> Account:
        named = self.pending.credit_account_id if self.settles else self.value("credit_account_id")
        return self.state.accounts[named]

    @cached_property
    def amount_minor(self) -> int:
        """What the transfer will move (a void: release)."""
        asked = self.value("amount_minor")
        if self.settles:
            return asked or self.pending.amount_minor
        if self.flags & TransferFlag.BALANCING_DEBIT:
            asked = min(asked, max(0, debit_left(self.debit)))
        if self.flags & TransferFlag.BALANCING_CREDIT:
            asked = min(asked, max(0, credit_left(self.credit)))
        return asked

    # The id

    def id_must_not_be_zero(self) -> bool:
        return self.id == 0

    def id_must_not_be_int_max(self) -> bool:
        return self.id == ID_MAX

    # Sent again: compared field by field with the request that created it, as it was given.

    def _differs(self, *names: str) -> bool:
        return self.is_known and any(
            self.value(name) != self.first.request.get(name, 0) for name in names
        )

    def exists_with_different_flags(self) -> bool:
        return self._differs("flags")

    def exists_with_different_pending_id(self) -> bool:
        return self._differs("pending_id_hi", "pending_id_lo")

    def exists_with_different_timeout(self) -> bool:
        return self._differs("timeout_s")

    def exists_with_different_debit_account_id(self) -> bool:
        return self._differs("debit_account_id")

    def exists_with_different_credit_account_id(self) -> bool:
        return self._differs("credit_account_id")

    def exists_with_different_amount(self) -> bool:
        return self._differs("amount_minor")

    def exists_with_different_user_data_128(self) -> bool:
        return self._differs("user_data_128_hi", "user_data_128_lo")

    def exists_with_different_user_data_64(self) -> bool:
        return self._differs("user_data_64")

    def exists_with_different_user_data_32(self) -> bool:
        return self._differs("user_data_32")

    def exists_with_different_ledger(self) -> bool:
        return self._differs("ledger")

    def exists_with_different_code(self) -> bool:
        return self._differs("code")

    def exists(self) -> bool:
        return self.is_known

    def id_already_failed(self) -> bool:
        return self.has_failed

    # The request alone

    def flags_are_mutually_exclusive(self) -> bool:
        phases = (self.flags & PHASES).bit_count()
        return phases > 1 or (self.settles and bool(self.flags & (BALANCING | CLOSING)))

    def debit_account_id_out_of_range(self) -> bool:
        return self.value("debit_account_id") < (0 if self.settles else 1)

    def credit_account_id_out_of_range(self) -> bool:
        return self.value("credit_account_id") < (0 if self.settles else 1)

    def accounts_must_be_different(self) -> bool:
        return self.value("debit_account_id") == self.value("credit_account_id") != 0

    def pending_id_must_be_zero(self) -> bool:
        return not self.settles and self.pending_id != 0

    def pending_id_must_not_be_zero(self) -> bool:
        return self.settles and self.pending_id == 0

    def pending_id_must_be_different(self) -> bool:
        return self.settles and self.pending_id == self.id

    def timeout_reserved_for_pending(self) -> bool:
        return not self.is_pending and self.value("timeout_s") != 0

    def closing_must_be_pending(self) -> bool:
        return not self.is_pending and bool(self.flags & CLOSING)

    def ledger_must_not_be_zero(self) -> bool:
        return not self.settles and self.value("ledger") == 0

    def code_must_not_be_zero(self) -> bool:
        return not self.settles and self.value("code") == 0

    def amount_out_of_range(self) -> bool:
        return self.value("amount_minor") < 0

    # The accounts

    def debit_account_moved(self) -> bool:
        return not self.settles and self.state.is_elsewhere(self.value("debit_account_id"))

    def credit_account_moved(self) -> bool:
        return not self.settles and self.state.is_elsewhere(self.value("credit_account_id"))

    def debit_account_not_found(self) -> bool:
        return not self.settles and self.value("debit_account_id") not in self.state.accounts

    def credit_account_not_found(self) -> bool:
        return not self.settles and self.value("credit_account_id") not in self.state.accounts

    def accounts_must_have_the_same_ledger(self) -> bool:
        return not self.settles and self.debit.ledger != self.credit.ledger

    def transfer_must_have_the_same_ledger_as_accounts(self) -> bool:
        return not self.settles and self.value("ledger") != self.debit.ledger

    # The pending transfer that a post or a void names

    def pending_transfer_not_found(self) -> bool:
        return self.settles and self.pending_id not in self.state.transfers

    def pending_transfer_not_pending(self) -> bool:
        return self.settles and self.pending.fate is Fate.DONE

    def _contradicts(self, name: str) -> bool:
        given = self.value(name)
        return self.settles and given not in (0, getattr(self.pending, name))

    def pending_transfer_has_different_debit_account_id(self) -> bool:
        return self._contradicts("debit_account_id")

    def pending_transfer_has_different_credit_account_id(self) -> bool:
        return self._contradicts("credit_account_id")

    def pending_transfer_has_different_ledger(self) -> bool:
        return self._contradicts("ledger")

    def pending_transfer_has_different_code(self) -> bool:
        return self._contradicts("code")

    def exceeds_pending_transfer_amount(self) -> bool:
        return self.settles and self.value("amount_minor") > self.pending.amount_minor

    def pending_transfer_has_different_amount(self) -> bool:
        return self.is_void and self._contradicts("amount_minor")

    def pending_transfer_already_posted(self) -> bool:
        return self.settles and self.pending.fate is Fate.POSTED

    def pending_transfer_already_voided(self) -> bool:
        return self.settles and self.pending.fate is Fate.VOIDED

    def pending_transfer_expired(self) -> bool:
        return self.settles and self.pending.fate is Fate.EXPIRED

    def pending_transfer_moved(self) -> bool:
        return self.settles and self.pending.fate is Fate.MOVED

    def imported_timeout_must_be_zero(self) -> bool:
        return self.is_imported and self.value("timeout_s") != 0

    # Closed accounts take voids, and the post of the very transfer that closed them.

    def _meets_a_closed(self, account: Account, closing: TransferFlag) -> bool:
        closes_it = self.settles and bool(self.pending.request["flags"] & closing)
        return account.is_closed and not self.is_void and not closes_it

    def debit_account_closed(self) -> bool:
        return self._meets_a_closed(self.debit, TransferFlag.CLOSING_DEBIT)

    def credit_account_closed(self) -> bool:
        return self._meets_a_closed(self.credit, TransferFlag.CLOSING_CREDIT)

    # Totals: settling moves what is counted already, so it can neither overflow nor exceed.

    def _adds(self, *, pending: bool) -> int:
        return self.amount_minor if not self.settles and self.is_pending is pending else 0

    def overflows_debits_pending(self) -> bool:
        return self.debit.debits_pending + self._adds(pending=True) > INT64_MAX

    def overflows_credits_pending(self) -> bool:
        return self.credit.credits_pending + self._adds(pending=True) > INT64_MAX

    def overflows_debits_posted(self) -> bool:
        return self.debit.debits_posted + self._adds(pending=False) > INT64_MAX

    def overflows_credits_posted(self) -> bool:
        return self.credit.credits_posted + self._adds(pending=False) > INT64_MAX

    def overflows_debits(self) -> bool:
        both = self.debit.debits_pending + self.debit.debits_posted
        return not self.settles and both + self.amount_minor > INT64_MAX

    def overflows_credits(self) -> bool:
        both = self.credit.credits_pending + self.credit.credits_posted
        return not self.settles and both + self.amount_minor > INT64_MAX

    def overflows_timeout(self) -> bool:
        return self.timestamp + self.value("timeout_s") * SECOND_NS > INT64_MAX

    def exceeds_credits(self) -> bool:
        is_limited = bool(self.debit.flags & AccountFlag.DEBITS_MUST_NOT_EXCEED_CREDITS)
        return is_limited and not self.settles and self.amount_minor > debit_left(self.debit)

    def exceeds_debits(self) -> bool:
        is_limited = bool(self.credit.flags & AccountFlag.CREDITS_MUST_NOT_EXCEED_DEBITS)
        return is_limited and not self.settles and self.amount_minor > credit_left(self.credit)


def debit_left(account: Account) -> int:
    """Return what may still be debited: credits and limit, less what is out or held."""
    flag = AccountFlag.DEBITS_MUST_NOT_EXCEED_CREDITS
    limit_minor = account.limit_minor if account.flags & flag else 0
    most = min(INT64_MAX, account.credits_posted + limit_minor)  # no total goes beyond anyway
    return most - account.debits_posted - account.debits_pending


def credit_left(account: Account) -> int:
    """Return what may still be credited: debits and limit, less what came in or is held."""
    flag = AccountFlag.CREDITS_MUST_NOT_EXCEED_DEBITS
    limit_minor = account.limit_minor if account.flags & flag else 0
    most = min(INT64_MAX, account.debits_posted + limit_minor)
    return most - account.credits_posted - account.credits_pending
