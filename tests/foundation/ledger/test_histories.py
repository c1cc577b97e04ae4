"""Goal: the fast ledger answers and remembers exactly what the plain oracle does.

Method: Hypothesis makes random histories out of few accounts, few ids, extreme amounts, chains,
holds, imports and waits; each batch goes to both; every status, time and balance is compared.
The ledger is closed and opened again, and killed without closing, at random points.
"""

from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.foundation.ledger.book import Served
from tests.foundation.ledger.oracle import Oracle, Request
from yunjin.foundation.ledger.api import AccountFlag, LedgerApi, TransferFlag
from yunjin.foundation.ledger.wiring import Settings, build
from yunjin.kernel.clock import FixedClock
from yunjin.kernel.ids import account_id
from yunjin.kernel.room import Room

START_NS = 1_760_000_000_000_000_000
MAX = 2**63 - 1
SETTINGS = Settings(bloom_words=64, checkpoint_transfers=12)

account_ids = st.sampled_from([account_id(1, n) for n in (1, 2, 3, 4, 5_000_000_000)])
some_ids = account_ids | st.sampled_from([0, -1, account_id(2, 1), account_id(1, 99)])
amounts = st.sampled_from([0, 1, 5, 10, 100, MAX // 2, MAX]) | st.integers(-1, 60)
flag_sets = st.sets(st.sampled_from([int(flag) for flag in TransferFlag if flag < 256]), max_size=2)
rarely_imported = st.sampled_from([0] * 19 + [int(TransferFlag.IMPORTED)])


@st.composite
def accounts(draw: st.DrawFn) -> Request:
    """Return one account to open, mostly a good one."""
    flags = draw(st.sets(st.sampled_from([1, 2, 4, 8, 8, 32, 64]), max_size=2))
    is_limited = bool(flags & {2, 4})
    return {
        "id": draw(account_ids | some_ids),
        "ledger": draw(st.sampled_from([1, 1, 1, 1, 2, 0])),
        "code": draw(st.sampled_from([7, 7, 7, 0])),
        "flags": sum(flags),
        "limit_minor": draw(st.sampled_from([0, 0, 20, MAX, -1])) if is_limited else 0,
    }


@st.composite
def transfers(draw: st.DrawFn) -> Request:
    """Return one transfer; ids are few, so that they collide."""
    flags = sum(draw(flag_sets))
    settles = bool(flags & (TransferFlag.POST_PENDING | TransferFlag.VOID_PENDING))
    odd = draw(st.integers(0, 9)) == 0
    request: Request = {
        "id_hi": draw(st.sampled_from([0, 0, 0, START_NS // 10**6 << 16 | 0x7000])),
        "id_lo": draw(st.integers(0 if odd else 1, 24)) | draw(st.sampled_from([0, 1 << 63])),
        "debit_account_id": draw(some_ids if odd else account_ids),
        "credit_account_id": draw(some_ids if odd else account_ids),
        "amount_minor": draw(amounts),
        "ledger": draw(st.sampled_from([1, 1, 1, 1, 1, 2, 0])),
        "code": draw(st.sampled_from([7, 7, 7, 8, 0])),
        "flags": flags | (draw(st.sampled_from([0, 1 << 12])) if odd else 0),
    }
    if settles or odd:
        request["pending_id_lo"] = draw(st.integers(0, 24)) | draw(st.sampled_from([0, 1 << 63]))
        if draw(st.booleans()):
            for name in ("debit_account_id", "credit_account_id", "ledger", "code"):
                request[name] = 0
            request["amount_minor"] = draw(st.sampled_from([0, 0, 1, 5]))
    if flags & TransferFlag.PENDING or odd:
        request["timeout_s"] = draw(st.sampled_from([0, 1, 2, 3, 2**32 - 1]))
    if draw(st.booleans()):
        request["user_data_64"] = draw(st.integers(0, 2))
        request["user_data_32"] = draw(st.integers(0, 1))
    return request


@st.composite
def batches(draw: st.DrawFn) -> tuple[str, list[Request]]:
    """Return a batch of transfers, some of them imported with times of their own."""
    rows = draw(st.lists(transfers(), min_size=1, max_size=6))
    if draw(st.integers(0, 7)) == 0:
        for row in rows:
            row["flags"] |= int(TransferFlag.IMPORTED)
            row["timestamp"] = START_NS + draw(st.integers(-2, 40)) * 100_000_000
    return "transfers", rows


steps = (
    batches()
    | batches()
    | batches()
    | st.tuples(st.just("accounts"), st.lists(accounts(), min_size=1, max_size=5))
    | st.tuples(st.just("wait"), st.integers(0, 3))
    | st.tuples(st.just("reopen"), st.booleans())
)
FIRST = [
    {
        "id": account_id(1, n),
        "ledger": 1,
        "code": 7,
        "flags": int(AccountFlag.HISTORY) | flag,
        "limit_minor": 20 if flag else 0,
    }
    for n, flag in ((1, 0), (2, 2), (3, 4))
]


class Pair:
    """The oracle and the ledger, side by side."""

    def __init__(self, home: Path) -> None:
        self.home, self.clock = home, FixedClock(START_NS)
        self.oracle = Oracle(self.clock)
        self.open()

    def open(self) -> None:
        """Open the ledger's room."""
        self.room: Room = build(SETTINGS, tenant="demo", clock=self.clock, home=self.home)
        self.served = Served(self.room.doors[LedgerApi])

    def close(self) -> None:
        """Close the ledger's room."""
        assert self.room.close is not None
        self.room.close()

    def step(self, kind: str, what: object) -> None:
        """Do one step on both and compare."""
        if kind == "wait":
            assert isinstance(what, int)
            self.clock.advance(what)
        elif kind == "reopen":
            self.close()
            if what:  # as after a crash: only the journal is left
                for file in (self.home / "demo").glob("*.index.db*"):
                    file.unlink()
            self.open()
        else:
            assert isinstance(what, list)
            name = "open_accounts" if kind == "accounts" else "post_transfers"
            expected = getattr(self.oracle, name)([dict(row) for row in what])
            assert getattr(self.served, name)(what) == expected
        assert self.served.totals() == self.oracle.totals()


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(history=st.lists(steps, min_size=1, max_size=14))
def test_any_history_gives_the_answers_of_the_oracle(
    history: list[tuple[str, object]],
) -> None:
    with TemporaryDirectory() as folder:
        pair = Pair(Path(folder))
        try:
            pair.step("accounts", FIRST)
            for kind, what in history:
                pair.step(kind, what)
            assert pair.served.ledger.verify().is_sound
        finally:
            pair.close()
