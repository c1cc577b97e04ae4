"""Accounts in four blocks of one home, and what is posted among them, for tests of splits."""

from tests.foundation.ledger.oracle import Request
from yunjin.foundation.ledger.api import TransferFlag
from yunjin.foundation.ledger.domain.clearing import clearing_account
from yunjin.kernel.ids import account_id, uuid7_of

START_NS = 1_760_000_000_000_000_000
HISTORY, PENDING = 8, int(TransferFlag.PENDING)
# two accounts in each of four blocks, and one of another unit: 0 and 2 stay in the first split
BLOCKS = [(0, 1), (0, 2), (1, 1_024), (1, 1_025), (2, 2_048), (2, 2_049), (3, 3_072), (3, 3_073)]
A, A2, B, B2, C, C2, D, D2 = (account_id(1, sequence) for _, sequence in BLOCKS)
POINTS = [account_id(1, sequence) for sequence in (5, 1_029, 2_053)]
BETWEEN = clearing_account(1, 1, 1)
OPEN: list[Request] = [
    *({"id": x, "ledger": 1, "code": 7, "flags": HISTORY} for x in (A, A2, B, B2, C, C2, D, D2)),
    *({"id": x, "ledger": 2, "code": 7, "flags": 0} for x in POINTS),
    {"id": clearing_account(1, 2, 1), "ledger": 1, "code": 3_001, "flags": 0},
]


def pay(number: int, debit: int, credit: int, amount: int = 10, **more: int) -> Request:
    identity = uuid7_of(START_NS // 1_000_000, number).int
    return {
        "id_hi": identity >> 64,
        "id_lo": identity & (2**64 - 1),
        "debit_account_id": debit,
        "credit_account_id": credit,
        "amount_minor": amount,
        "ledger": 1,
        "code": 1,
        **more,
    }


def settling(number: int, hold: Request, how: int, amount: int = 0) -> Request:
    named = {"pending_id_hi": hold["id_hi"], "pending_id_lo": hold["id_lo"]}
    return pay(number, 0, 0, amount, ledger=0, code=0, flags=how, **named)
