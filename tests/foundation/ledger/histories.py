"""Random histories of a ledger, for Hypothesis.

Requests drawn blindly are nearly all refused, and what is refused tells little. So the histories
are drawn with an oracle at hand: most requests are right for the state they meet (they post holds
that are open, pay from accounts that are), some are sent again, and about one in five is spoilt in
one place. Every result code then comes up; `test_the_histories_reach_every_code` says so.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from hypothesis import strategies as st

from tests.foundation.ledger.oracle import Oracle, Request
from tests.foundation.ledger.oracle.model import Account, Fate, Transfer
from yunjin.foundation.ledger.api import AccountFlag, TransferFlag
from yunjin.kernel.clock import FixedClock
from yunjin.kernel.ids import account_id

Step = tuple[str, Any]  # ("accounts" | "transfers", requests), ("wait", s), ("reopen", bare)

START_NS: Final = 1_760_000_000_000_000_000
FAR_NS: Final = 6_000_000_000_000_000_000  # year 2160: the longest timeouts overflow from here
MAX: Final = 2**63 - 1
LEDGER, OTHER_LEDGER = 1, 2
HISTORY: Final = int(AccountFlag.HISTORY)
LINKED: Final = 1

FIRST: Final[list[Request]] = [
    {"id": account_id(1, 1), "ledger": LEDGER, "code": 7, "flags": HISTORY},
    {"id": account_id(1, 2), "ledger": LEDGER, "code": 7, "flags": HISTORY | 2, "limit_minor": 20},
    {"id": account_id(1, 3), "ledger": LEDGER, "code": 7, "flags": HISTORY | 4, "limit_minor": 20},
    {"id": account_id(1, 4), "ledger": LEDGER, "code": 8, "flags": 0},
    {"id": account_id(1, 5), "ledger": OTHER_LEDGER, "code": 7, "flags": 2},
    {"id": account_id(1, 6), "ledger": OTHER_LEDGER, "code": 7, "flags": HISTORY},
]
FRESH: Final = [account_id(1, n) for n in (7, 8, 9, 1_000, 5_000_000_000)]
STRANGE: Final = [0, -1, account_id(1, 0), account_id(2, 1), account_id(1, 99)]
KINDS: Final = [
    *["plain"] * 4,
    *["pending"] * 4,
    *["settle"] * 5,
    *["again"] * 3,
    "balancing",
    "closing",
]


@dataclass
class History:
    """When it begins, and what happens."""

    start_ns: int
    steps: list[Step]


@st.composite
def histories(draw: Callable[..., Any], steps_max: int) -> History:
    """Draw a history of up to `steps_max` steps after the first accounts."""
    start_ns = draw(st.sampled_from([START_NS, START_NS, START_NS, FAR_NS]))
    clock = FixedClock(start_ns)
    pen = Pen(draw, Oracle(clock))
    pen.oracle.open_accounts(FIRST)
    steps: list[Step] = [("accounts", FIRST)]
    for _ in range(draw(st.integers(1, steps_max))):
        kind = pen.one_of(["transfers"] * 7 + ["wait", "wait", "accounts", "accounts", "reopen"])
        if kind == "transfers":
            steps.append((kind, pen.transfers()))
            pen.oracle.post_transfers(steps[-1][1])
        elif kind == "accounts":
            steps.append((kind, pen.accounts()))
            pen.oracle.open_accounts(steps[-1][1])
        elif kind == "wait":
            steps.append((kind, pen.one_of([1, 2, 3, 3, -2])))
            clock.advance(steps[-1][1])
        else:
            steps.append((kind, pen.chance(3)))
    return History(start_ns, steps)


class Pen:
    """Draws requests that suit what an oracle knows."""

    def __init__(self, draw: Callable[..., Any], oracle: Oracle) -> None:
        self.draw, self.oracle = draw, oracle
        self.sent: list[Request] = []
        self.written: list[Request] = []  # of the batch being drawn
        self.imports_until = 0

    def one_of(self, options: list[Any]) -> Any:
        return self.draw(st.sampled_from(options))

    def chance(self, one_in: int) -> bool:
        return bool(self.draw(st.integers(0, one_in - 1)) == one_in - 1)

    # accounts

    def accounts(self) -> list[Request]:
        """Return a batch of accounts."""
        is_imported = self.chance(4)
        batch = [self.account(is_imported) for _ in range(self.one_of([1, 2, 3, 4]))]
        return self.chained(batch)

    def account(self, is_imported: bool) -> Request:
        """Return an account that is mostly new and mostly right."""
        if self.chance(4):
            request = {"limit_minor": 0, **self.one_of(FIRST)}
        else:
            flags = self.one_of([0, 0, 2, 4, int(AccountFlag.CLOSED)]) | self.one_of([0, HISTORY])
            limit_minor = self.one_of([0, 20, MAX]) if flags & 6 else 0
            request = {"id": self.one_of(FRESH), "ledger": LEDGER, "code": 7, "flags": flags}
            request["limit_minor"] = limit_minor
        if is_imported:
            request |= self.imported(request, AccountFlag.IMPORTED)
        if self.chance(2):
            spoil = [
                {"id": self.one_of(STRANGE)},
                {"flags": request["flags"] ^ self.one_of([2, 4, 6, 8, 16, 32, 64])},
                {"limit_minor": self.one_of([-1, 5])},
                {"ledger": self.one_of([0, 2])},
                {"code": self.one_of([0, 9])},
                {"timestamp": self.one_of([0, 1, MAX])},
            ]
            request |= self.one_of(spoil)
        return request

    # transfers

    def transfers(self) -> list[Request]:
        """Return a batch of transfers, sometimes imported, sometimes in chains."""
        self.written, is_imported = [], self.chance(7)
        for _ in range(self.draw(st.integers(1, 6))):
            request: Request = getattr(self, self.one_of(KINDS))()
            if is_imported:
                request |= self.imported(request, TransferFlag.IMPORTED) | {"timeout_s": 0}
            if self.chance(5):
                request |= self.spoilt(request)
            self.written.append(request)
        self.sent += self.written
        return self.chained(self.written)

    def plain(self) -> Request:
        """Return a transfer between two accounts of one ledger."""
        accounts = self.oracle.state.accounts
        debit: Account = self.one_of(list(accounts.values()))
        mates = [a for a in accounts.values() if a.ledger == debit.ledger and a is not debit]
        credit = self.one_of(mates)
        return {
            **self.fresh_id(),
            "debit_account_id": debit.id,
            "credit_account_id": credit.id,
            "amount_minor": self.amount(),
            "ledger": debit.ledger,
            "code": 7,
            "flags": 0,
            **self.user_data(),
        }

    def pending(self) -> Request:
        """Return a hold."""
        timeout_s = self.one_of([0, 0, 1, 2, 3, 2**32 - 1])
        return self.plain() | {"flags": int(TransferFlag.PENDING), "timeout_s": timeout_s}

    def settle(self) -> Request:
        """Return a post or a void, mostly of an open hold, of this batch or an earlier one."""
        holds = self.holds()
        if not holds:
            return self.pending()
        hold, amount_minor = self.one_of(holds)
        flag = self.one_of([TransferFlag.POST_PENDING, TransferFlag.VOID_PENDING])
        part = self.one_of([0, 0, amount_minor, amount_minor // 2, min(MAX, amount_minor + 1)])
        request = {
            **self.fresh_id(),
            "pending_id_hi": hold.get("id_hi", 0),
            "pending_id_lo": hold["id_lo"],
            "amount_minor": part,
            "flags": int(flag),
            **self.user_data(),
        }
        for name in ("debit_account_id", "credit_account_id", "ledger", "code"):
            request[name] = self.one_of([0, 0, hold.get(name, 0)])
        return request

    def holds(self) -> list[tuple[Request, int]]:
        """Return holds to settle with their amounts: mostly open ones."""
        earlier: list[Transfer] = list(self.oracle.state.transfers.values())
        of_any_fate = self.chance(4)
        found = [
            (hold.request, hold.amount_minor)
            for hold in earlier
            if hold.fate is Fate.PENDING or of_any_fate
        ]
        pending = [r for r in self.written if r["flags"] & TransferFlag.PENDING]
        return found + [(request, max(0, request["amount_minor"])) for request in pending]

    def again(self) -> Request:
        """Return an earlier request as it was, or changed in one place."""
        if not self.sent:
            return self.plain()
        request: Request = dict(self.one_of(self.sent))
        return request | self.spoilt(request) if self.chance(3) else request

    def balancing(self) -> Request:
        """Return a transfer that moves at most what is left."""
        flags = [TransferFlag.BALANCING_DEBIT, TransferFlag.BALANCING_CREDIT]
        both = self.one_of([*flags, flags[0] | flags[1], flags[0] | TransferFlag.PENDING])
        return self.plain() | {"flags": int(both)}

    def closing(self) -> Request:
        """Return a hold that closes one side or both."""
        flags = [TransferFlag.CLOSING_DEBIT, TransferFlag.CLOSING_CREDIT]
        closes = self.one_of([*flags, flags[0] | flags[1]])
        return self.pending() | {"flags": int(closes | TransferFlag.PENDING)}

    def spoilt(self, request: Request) -> Request:
        """Return what to change so that the request is, most likely, refused."""
        flag = self.one_of([int(flag) for flag in TransferFlag if flag != LINKED])
        whole = 2**64 - 1
        return self.one_of(
            [
                {"flags": request["flags"] ^ flag},
                {"flags": request["flags"] | 1 << 12},
                {"timestamp": self.one_of([0, 1, MAX])},
                {"id_hi": 0, "id_lo": 0},
                {"id_hi": whole, "id_lo": whole},
                {"debit_account_id": self.one_of(STRANGE)},
                {"credit_account_id": self.one_of(STRANGE)},
                {"debit_account_id": account_id(1, self.one_of([1, 2, 3, 5]))},
                {"credit_account_id": account_id(1, self.one_of([1, 2, 4, 6]))},
                {"credit_account_id": request["debit_account_id"]},
                {"pending_id_hi": 0, "pending_id_lo": self.one_of([0, 1, 7])},
                {"pending_id_hi": request["id_hi"], "pending_id_lo": request["id_lo"]},
                self.named(self.one_of(self.sent or [request])),
                {"timeout_s": self.one_of([1, 5])},
                {"ledger": self.one_of([0, 1, 2])},
                {"code": self.one_of([0, 8])},
                {"amount_minor": self.one_of([-1, 1, MAX])},
                {"user_data_128_hi": 1},
                {"user_data_128_lo": 5},
                {"user_data_64": 5},
                {"user_data_32": 5},
            ]
        )

    def named(self, request: Request) -> Request:
        """Return the fields that name a request as the pending one."""
        return {"pending_id_hi": request.get("id_hi", 0), "pending_id_lo": request["id_lo"]}

    # parts of a request

    def fresh_id(self) -> Request:
        """Return an id nobody has used: a number, or a UUIDv7 of about now, or of long ago."""
        number = len(self.sent) + len(self.written) + 1
        offset_ms = self.one_of([None, None, 0, 0, -3_000, -10_000_000, 60_000])
        if offset_ms is None:
            return {"id_hi": 0, "id_lo": number}
        at_ms = self.oracle.clock.now_ns() // 1_000_000 + offset_ms
        return {"id_hi": (at_ms & (2**48 - 1)) << 16 | 0x7000, "id_lo": 1 << 63 | number}

    def amount(self) -> int:
        small = st.integers(0, 60)
        return int(self.draw(small | small | small | st.sampled_from([MAX, MAX // 2, MAX - 60])))

    def user_data(self) -> Request:
        if not self.chance(3):
            return {}
        names = ("user_data_128_hi", "user_data_128_lo", "user_data_64", "user_data_32")
        return {name: self.one_of([0, 0, 1]) for name in names}

    def imported(self, request: Request, flag: int) -> Request:
        """Return a timestamp of its own, mostly later than the last and not later than now."""
        last, now = self.oracle.state.last, self.oracle.now()
        self.imports_until = max(self.imports_until, last) + self.one_of([1, 1, 1_000_000, 0])
        at = self.imports_until if self.imports_until <= now else now
        return {"flags": request["flags"] | int(flag), "timestamp": at}

    def chained(self, batch: list[Request]) -> list[Request]:
        """Link some neighbours; now and then the last is left open."""
        for i, request in enumerate(batch):
            is_last = i == len(batch) - 1
            if self.chance(12 if is_last else 4):
                request["flags"] |= LINKED
        return batch
