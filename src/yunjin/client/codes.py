"""Names of the result codes: `TRANSFER_RESULTS[status]`. A test holds them to the rooms' own."""

from enum import IntEnum
from typing import Final


class Action(IntEnum):
    """What an entry of an agreement does."""

    BOOK = 0
    HOLD = 1
    CAPTURE = 2
    RELEASE = 3
    REVERSE = 4


ACCOUNT_RESULTS: Final = (
    "created",
    "linked_failed",
    "linked_chain_open",
    "imported_expected",
    "imported_not_expected",
    "timestamp_must_be_zero",
    "imported_timestamp_out_of_range",
    "imported_timestamp_must_not_advance",
    "reserved_flag",
    "id_out_of_range",
    "cell_different",
    "exists_with_different_flags",
    "exists_with_different_limit",
    "exists_with_different_ledger",
    "exists_with_different_code",
    "exists",
    "flags_are_mutually_exclusive",
    "ledger_must_not_be_zero",
    "code_must_not_be_zero",
    "limit_out_of_range",
    "imported_timestamp_must_not_regress",
)
TRANSFER_RESULTS: Final = (
    "created",
    "linked_failed",
    "linked_chain_open",
    "imported_expected",
    "imported_not_expected",
    "timestamp_must_be_zero",
    "imported_timestamp_out_of_range",
    "imported_timestamp_must_not_advance",
    "reserved_flag",
    "id_must_not_be_zero",
    "id_must_not_be_int_max",
    "exists_with_different_flags",
    "exists_with_different_pending_id",
    "exists_with_different_timeout",
    "exists_with_different_debit_account_id",
    "exists_with_different_credit_account_id",
    "exists_with_different_amount",
    "exists_with_different_user_data_128",
    "exists_with_different_user_data_64",
    "exists_with_different_user_data_32",
    "exists_with_different_ledger",
    "exists_with_different_code",
    "exists",
    "id_already_failed",
    "flags_are_mutually_exclusive",
    "debit_account_id_out_of_range",
    "credit_account_id_out_of_range",
    "accounts_must_be_different",
    "pending_id_must_be_zero",
    "pending_id_must_not_be_zero",
    "pending_id_must_be_different",
    "timeout_reserved_for_pending",
    "closing_must_be_pending",
    "ledger_must_not_be_zero",
    "code_must_not_be_zero",
    "amount_out_of_range",
    "debit_account_not_found",
    "credit_account_not_found",
    "accounts_must_have_the_same_ledger",
    "transfer_must_have_the_same_ledger_as_accounts",
    "pending_transfer_not_found",
    "pending_transfer_not_pending",
    "pending_transfer_has_different_debit_account_id",
    "pending_transfer_has_different_credit_account_id",
    "pending_transfer_has_different_ledger",
    "pending_transfer_has_different_code",
    "exceeds_pending_transfer_amount",
    "pending_transfer_has_different_amount",
    "pending_transfer_already_posted",
    "pending_transfer_already_voided",
    "pending_transfer_expired",
    "imported_timestamp_must_not_regress",
    "imported_timeout_must_be_zero",
    "debit_account_closed",
    "credit_account_closed",
    "overflows_debits_pending",
    "overflows_credits_pending",
    "overflows_debits_posted",
    "overflows_credits_posted",
    "overflows_debits",
    "overflows_credits",
    "overflows_timeout",
    "exceeds_credits",
    "exceeds_debits",
)
CROSSING_OUTCOMES: Final = ("posted", "refused_here", "refused_there", "in_doubt", "not_held")
ENTRY_RESULTS: Final = (
    "",  # no result is 0
    "booked",
    "exists",
    "exists_otherwise",
    "refused",
    "agreement_not_found",
    "agreement_not_open",
    "agreement_stopped",
    "hold_not_found",
    "hold_ended",
    "currencies_differ",
    "malformed",
    "ledger_refused",
    "id_used",
)
