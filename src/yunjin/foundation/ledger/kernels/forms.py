"""What can be said of one transfer by itself, and against the first one of its id."""

from typing import Any

import numpy as np

from yunjin.chassis.compiling import leaf, loop
from yunjin.foundation.ledger.api.codes import TransferFlag as F
from yunjin.foundation.ledger.api.codes import TransferStatus as S
from yunjin.foundation.ledger.kernels.tables import Inherited

_ALL = sum(F)
_SETTLE = int(F.POST_PENDING | F.VOID_PENDING)
_BALANCING = int(F.BALANCING_DEBIT | F.BALANCING_CREDIT)
_CLOSING = int(F.CLOSING_DEBIT | F.CLOSING_CREDIT)


@leaf
def form(batch: Any, i: Any, imported: Any, clock: Any) -> Any:
    """Judge the form of one transfer, before its id is looked up."""
    flags = batch.flags[i]
    hi, lo = batch.id_hi[i], batch.id_lo[i]
    if imported and not flags & F.IMPORTED:
        return np.uint8(S.IMPORTED_EXPECTED)
    if not imported and flags & F.IMPORTED:
        return np.uint8(S.IMPORTED_NOT_EXPECTED)
    if not imported and batch.timestamp[i] != 0:
        return np.uint8(S.TIMESTAMP_MUST_BE_ZERO)
    if imported and batch.timestamp[i] < 1:
        return np.uint8(S.IMPORTED_TIMESTAMP_OUT_OF_RANGE)
    if imported and batch.timestamp[i] > clock:
        return np.uint8(S.IMPORTED_TIMESTAMP_MUST_NOT_ADVANCE)
    if flags & ~_ALL:
        return np.uint8(S.RESERVED_FLAG)
    if hi == 0 and lo == 0:
        return np.uint8(S.ID_MUST_NOT_BE_ZERO)
    if hi == np.uint64(0xFFFFFFFFFFFFFFFF) and lo == np.uint64(0xFFFFFFFFFFFFFFFF):
        return np.uint8(S.ID_MUST_NOT_BE_INT_MAX)
    return np.uint8(S.CREATED)


@loop
def compare(batch: Any, i: Any, first: Any, answer: Any, j: Any) -> Any:
    """Hold a request against the first one under its id, as that one was asked."""
    if answer.status[j] != S.CREATED:
        return np.uint8(S.ID_ALREADY_FAILED)
    left = answer.inherited[j]
    if batch.flags[i] != first.flags[j]:
        return np.uint8(S.EXISTS_WITH_DIFFERENT_FLAGS)
    if (
        batch.pending_id_hi[i] != first.pending_id_hi[j]
        or batch.pending_id_lo[i] != first.pending_id_lo[j]
    ):
        return np.uint8(S.EXISTS_WITH_DIFFERENT_PENDING_ID)
    if batch.timeout_s[i] != first.timeout_s[j]:
        return np.uint8(S.EXISTS_WITH_DIFFERENT_TIMEOUT)
    debit = np.int64(0) if left & Inherited.DEBIT else first.debit_account_id[j]
    if batch.debit_account_id[i] != debit:
        return np.uint8(S.EXISTS_WITH_DIFFERENT_DEBIT_ACCOUNT_ID)
    credit = np.int64(0) if left & Inherited.CREDIT else first.credit_account_id[j]
    if batch.credit_account_id[i] != credit:
        return np.uint8(S.EXISTS_WITH_DIFFERENT_CREDIT_ACCOUNT_ID)
    if batch.amount_minor[i] != answer.requested[j]:
        return np.uint8(S.EXISTS_WITH_DIFFERENT_AMOUNT)
    if left & Inherited.USER_DATA_128:
        if batch.user_data_128_hi[i] != 0 or batch.user_data_128_lo[i] != 0:
            return np.uint8(S.EXISTS_WITH_DIFFERENT_USER_DATA_128)
    elif (
        batch.user_data_128_hi[i] != first.user_data_128_hi[j]
        or batch.user_data_128_lo[i] != first.user_data_128_lo[j]
    ):
        return np.uint8(S.EXISTS_WITH_DIFFERENT_USER_DATA_128)
    data_64 = np.uint64(0) if left & Inherited.USER_DATA_64 else first.user_data_64[j]
    if batch.user_data_64[i] != data_64:
        return np.uint8(S.EXISTS_WITH_DIFFERENT_USER_DATA_64)
    data_32 = np.uint32(0) if left & Inherited.USER_DATA_32 else first.user_data_32[j]
    if batch.user_data_32[i] != data_32:
        return np.uint8(S.EXISTS_WITH_DIFFERENT_USER_DATA_32)
    ledger = np.uint32(0) if left & Inherited.LEDGER else first.ledger[j]
    if batch.ledger[i] != ledger:
        return np.uint8(S.EXISTS_WITH_DIFFERENT_LEDGER)
    code = np.uint16(0) if left & Inherited.CODE else first.code[j]
    if batch.code[i] != code:
        return np.uint8(S.EXISTS_WITH_DIFFERENT_CODE)
    return np.uint8(S.EXISTS)


@leaf
def plan(batch: Any, i: Any) -> Any:
    """Judge flags and fields of a transfer whose id is new."""
    flags = batch.flags[i]
    settle = flags & _SETTLE
    kinds = (flags & F.PENDING != 0) + (flags & F.POST_PENDING != 0) + (flags & F.VOID_PENDING != 0)
    if kinds > 1 or (settle and flags & (_BALANCING | _CLOSING)):
        return np.uint8(S.FLAGS_ARE_MUTUALLY_EXCLUSIVE)
    debit, credit = batch.debit_account_id[i], batch.credit_account_id[i]
    if debit < 0 or (debit == 0 and not settle):
        return np.uint8(S.DEBIT_ACCOUNT_ID_OUT_OF_RANGE)
    if credit < 0 or (credit == 0 and not settle):
        return np.uint8(S.CREDIT_ACCOUNT_ID_OUT_OF_RANGE)
    if debit == credit and debit != 0:
        return np.uint8(S.ACCOUNTS_MUST_BE_DIFFERENT)
    pending_hi, pending_lo = batch.pending_id_hi[i], batch.pending_id_lo[i]
    named = pending_hi != 0 or pending_lo != 0
    if named and not settle:
        return np.uint8(S.PENDING_ID_MUST_BE_ZERO)
    if settle and not named:
        return np.uint8(S.PENDING_ID_MUST_NOT_BE_ZERO)
    if settle and pending_hi == batch.id_hi[i] and pending_lo == batch.id_lo[i]:
        return np.uint8(S.PENDING_ID_MUST_BE_DIFFERENT)
    if batch.timeout_s[i] != 0 and not flags & F.PENDING:
        return np.uint8(S.TIMEOUT_RESERVED_FOR_PENDING)
    if flags & _CLOSING and not flags & F.PENDING:
        return np.uint8(S.CLOSING_MUST_BE_PENDING)
    if batch.ledger[i] == 0 and not settle:
        return np.uint8(S.LEDGER_MUST_NOT_BE_ZERO)
    if batch.code[i] == 0 and not settle:
        return np.uint8(S.CODE_MUST_NOT_BE_ZERO)
    if batch.amount_minor[i] < 0:
        return np.uint8(S.AMOUNT_OUT_OF_RANGE)
    return np.uint8(S.CREATED)
