"""Flags and result codes. The order of a result enum is the order of precedence."""

from enum import IntEnum


class AccountFlag(IntEnum):
    """What an account is held to: bits, joined by |."""

    LINKED = 1  # with the next account of the batch: all or nothing
    DEBITS_MUST_NOT_EXCEED_CREDITS = 2  # a customer's deposit: no more out than came in + limit
    CREDITS_MUST_NOT_EXCEED_DEBITS = 4  # an asset: no more repaid than was lent + limit
    HISTORY = 8  # postings are indexed by account: history, balance at a time
    IMPORTED = 16  # carries its own timestamp
    CLOSED = 32  # takes no transfer but the void that reopens it


class TransferFlag(IntEnum):
    """What a transfer does besides moving an amount now: bits, joined by |."""

    LINKED = 1  # with the next transfer of the batch: all or nothing
    PENDING = 2  # hold the amount; a later transfer posts or voids it
    POST_PENDING = 4
    VOID_PENDING = 8
    BALANCING_DEBIT = 16  # move at most what the debit account has left
    BALANCING_CREDIT = 32  # move at most what the credit account can still take
    CLOSING_DEBIT = 64  # pending only: close the debit account; its void opens it again
    CLOSING_CREDIT = 128
    IMPORTED = 256  # carries its own timestamp


class AccountStatus(IntEnum):
    """The answer to one account of a batch; the first that applies is returned."""

    CREATED = 0
    LINKED_FAILED = 1  # another account of its chain failed
    LINKED_CHAIN_OPEN = 2  # the batch ended inside the chain
    IMPORTED_EXPECTED = 3  # the batch's first is imported, this one is not
    IMPORTED_NOT_EXPECTED = 4
    TIMESTAMP_MUST_BE_ZERO = 5  # only imported ones bring a timestamp
    IMPORTED_TIMESTAMP_OUT_OF_RANGE = 6  # < 1
    IMPORTED_TIMESTAMP_MUST_NOT_ADVANCE = 7  # later than the ledger's clock
    RESERVED_FLAG = 8
    ID_OUT_OF_RANGE = 9  # sequence 0 or beyond 63 bits
    CELL_DIFFERENT = 10  # the id is of another cell, or of another half of a split one
    EXISTS_WITH_DIFFERENT_FLAGS = 11
    EXISTS_WITH_DIFFERENT_LIMIT = 12
    EXISTS_WITH_DIFFERENT_LEDGER = 13
    EXISTS_WITH_DIFFERENT_CODE = 14
    EXISTS = 15
    FLAGS_ARE_MUTUALLY_EXCLUSIVE = 16  # both limit flags
    LEDGER_MUST_NOT_BE_ZERO = 17
    CODE_MUST_NOT_BE_ZERO = 18
    LIMIT_OUT_OF_RANGE = 19  # negative, or given without a limit flag
    IMPORTED_TIMESTAMP_MUST_NOT_REGRESS = 20  # not after the last one given


class TransferStatus(IntEnum):
    """The answer to one transfer of a batch; the first that applies is returned."""

    CREATED = 0
    LINKED_FAILED = 1
    LINKED_CHAIN_OPEN = 2
    IMPORTED_EXPECTED = 3
    IMPORTED_NOT_EXPECTED = 4
    TIMESTAMP_MUST_BE_ZERO = 5
    IMPORTED_TIMESTAMP_OUT_OF_RANGE = 6
    IMPORTED_TIMESTAMP_MUST_NOT_ADVANCE = 7
    RESERVED_FLAG = 8
    ID_MUST_NOT_BE_ZERO = 9
    ID_MUST_NOT_BE_INT_MAX = 10
    EXISTS_WITH_DIFFERENT_FLAGS = 11
    EXISTS_WITH_DIFFERENT_PENDING_ID = 12
    EXISTS_WITH_DIFFERENT_TIMEOUT = 13
    EXISTS_WITH_DIFFERENT_DEBIT_ACCOUNT_ID = 14
    EXISTS_WITH_DIFFERENT_CREDIT_ACCOUNT_ID = 15
    EXISTS_WITH_DIFFERENT_AMOUNT = 16
    EXISTS_WITH_DIFFERENT_USER_DATA_128 = 17
    EXISTS_WITH_DIFFERENT_USER_DATA_64 = 18
    EXISTS_WITH_DIFFERENT_USER_DATA_32 = 19
    EXISTS_WITH_DIFFERENT_LEDGER = 20
    EXISTS_WITH_DIFFERENT_CODE = 21
    EXISTS = 22  # the same content: success, nothing was moved again
    ID_ALREADY_FAILED = 23  # an earlier try failed for a transient reason; ids are never reused
    FLAGS_ARE_MUTUALLY_EXCLUSIVE = 24
    DEBIT_ACCOUNT_ID_OUT_OF_RANGE = 25  # 0 (unless post/void) or negative
    CREDIT_ACCOUNT_ID_OUT_OF_RANGE = 26
    ACCOUNTS_MUST_BE_DIFFERENT = 27
    PENDING_ID_MUST_BE_ZERO = 28  # only a post or a void names one
    PENDING_ID_MUST_NOT_BE_ZERO = 29
    PENDING_ID_MUST_BE_DIFFERENT = 30
    TIMEOUT_RESERVED_FOR_PENDING = 31
    CLOSING_MUST_BE_PENDING = 32
    LEDGER_MUST_NOT_BE_ZERO = 33
    CODE_MUST_NOT_BE_ZERO = 34
    AMOUNT_OUT_OF_RANGE = 35  # negative
    DEBIT_ACCOUNT_MOVED = 64  # to another cell of its home: ask there; of later codes, since old
    CREDIT_ACCOUNT_MOVED = 65  # ones are in journals; a crossing reaches it
    DEBIT_ACCOUNT_NOT_FOUND = 36  # transient
    CREDIT_ACCOUNT_NOT_FOUND = 37  # transient
    ACCOUNTS_MUST_HAVE_THE_SAME_LEDGER = 38
    TRANSFER_MUST_HAVE_THE_SAME_LEDGER_AS_ACCOUNTS = 39
    PENDING_TRANSFER_NOT_FOUND = 40  # transient
    PENDING_TRANSFER_NOT_PENDING = 41
    PENDING_TRANSFER_HAS_DIFFERENT_DEBIT_ACCOUNT_ID = 42
    PENDING_TRANSFER_HAS_DIFFERENT_CREDIT_ACCOUNT_ID = 43
    PENDING_TRANSFER_HAS_DIFFERENT_LEDGER = 44
    PENDING_TRANSFER_HAS_DIFFERENT_CODE = 45
    EXCEEDS_PENDING_TRANSFER_AMOUNT = 46
    PENDING_TRANSFER_HAS_DIFFERENT_AMOUNT = 47  # a void takes all or names the very amount
    PENDING_TRANSFER_ALREADY_POSTED = 48
    PENDING_TRANSFER_ALREADY_VOIDED = 49
    PENDING_TRANSFER_EXPIRED = 50
    PENDING_TRANSFER_MOVED = 66  # with its accounts, to another cell of their home: ask there
    IMPORTED_TIMESTAMP_MUST_NOT_REGRESS = 51
    IMPORTED_TIMEOUT_MUST_BE_ZERO = 52
    DEBIT_ACCOUNT_CLOSED = 53  # transient
    CREDIT_ACCOUNT_CLOSED = 54  # transient
    OVERFLOWS_DEBITS_PENDING = 55
    OVERFLOWS_CREDITS_PENDING = 56
    OVERFLOWS_DEBITS_POSTED = 57
    OVERFLOWS_CREDITS_POSTED = 58
    OVERFLOWS_DEBITS = 59  # pending + posted
    OVERFLOWS_CREDITS = 60
    OVERFLOWS_TIMEOUT = 61
    EXCEEDS_CREDITS = 62  # transient: the debit account would be overdrawn beyond its limit
    EXCEEDS_DEBITS = 63  # transient


TRANSIENT = frozenset(
    {
        TransferStatus.DEBIT_ACCOUNT_NOT_FOUND,
        TransferStatus.CREDIT_ACCOUNT_NOT_FOUND,
        TransferStatus.PENDING_TRANSFER_NOT_FOUND,
        TransferStatus.DEBIT_ACCOUNT_CLOSED,
        TransferStatus.CREDIT_ACCOUNT_CLOSED,
        TransferStatus.EXCEEDS_CREDITS,
        TransferStatus.EXCEEDS_DEBITS,
    }
)
