"""After the crash: is all there that was acknowledged, once, and does a retry converge?"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Final
from uuid import UUID

from yunjin.app.chaos.child import Acknowledged
from yunjin.app.chaos.load import LIMIT_MINOR, Load, Row, chains, identity_of, transfers
from yunjin.foundation.ledger.api import (
    TRANSIENT,
    AccountFlag,
    LedgerApi,
    TransferFlag,
    TransferStatus,
)

_THERE: Final = (TransferStatus.CREATED, TransferStatus.EXISTS)
_LOOKUP_ROWS: Final = 1_000
SAID_MAX: Final = 20
_TOTALS: Final = ("debits_pending", "debits_posted", "credits_pending", "credits_posted")
Totals = dict[int, dict[str, int]]


@dataclass(slots=True)
class Wrongs:
    """What a ledger did that it promised never to do; all zero is the aim."""

    lost: int = 0  # acknowledged transfers that are not there as they were acknowledged
    doubled: int = 0  # transfers that are there more than once, or that a retry made again
    broken_chains: int = 0  # linked chains of which only a part is there
    unbalanced: int = 0  # debits that do not equal credits
    diverged: int = 0  # balances or answers other than the oracle's
    unsound: int = 0  # journals that did not open or did not verify
    said: list[str] = field(default_factory=list)

    @property
    def total(self) -> int:
        """How many wrongs there are."""
        counts = (self.lost, self.doubled, self.broken_chains, self.unbalanced, self.diverged)
        return sum(counts) + self.unsound

    def add(self, kind: str, count: int, why: str) -> None:
        """Count a wrong, if there is one."""
        if count:
            setattr(self, kind, getattr(self, kind) + int(count))
            self.said.append(f"{kind} {int(count)}: {why}")

    def take(self, others: "Wrongs", where: str) -> None:
        """Add the wrongs of one round; only the first are told in words."""
        for kind, count in asdict(others).items():
            if kind != "said":
                setattr(self, kind, getattr(self, kind) + count)
        self.said += [f"{where}: {what}" for what in others.said]
        del self.said[SAID_MAX:]


def read(ledger: LedgerApi, load: Load, batch_count: int) -> dict[int, dict[str, Any]]:
    """Return every transfer of the load that is there, by id."""
    wanted = {identity_of(row) for number in range(batch_count) for row in load.batch(number)}
    ids, found = sorted(wanted), {}
    for start in range(0, len(ids), _LOOKUP_ROWS):
        part = [UUID(int=identity) for identity in ids[start : start + _LOOKUP_ROWS]]
        for row in ledger.transfers(part).to_pylist():
            if row["status"] == TransferStatus.CREATED:
                found[identity_of(row)] = row
    return found


def check_kept(
    ledger: LedgerApi,
    load: Load,
    batch_count: int,
    acknowledged: Iterable[Acknowledged],
    wrongs: Wrongs,
) -> None:
    """Hold a reopened ledger against what its dead process had acknowledged."""
    there = read(ledger, load, batch_count)
    for answer in acknowledged:
        lost, slipped = [], []
        rows = load.batch(answer.batch)
        for row, status, at in zip(rows, answer.statuses, answer.timestamps, strict=True):
            kept = there.get(identity_of(row))
            if status not in _THERE:
                slipped += [] if kept is None else [kept]
            elif kept is None or kept["timestamp"] != at or not _is_same(row, kept):
                lost.append((row, kept))
        wrongs.add("lost", len(lost), f"of batch {answer.batch}, the first {lost[:1]}")
        why = f"of batch {answer.batch} were refused and are there: {slipped[:1]}"
        wrongs.add("diverged", len(slipped), why)
    for number in range(batch_count):
        for chain in chains(load.batch(number)):
            parts = {identity_of(row) in there for row in chain}
            wrongs.add("broken_chains", len(parts) > 1, f"batch {number}: {chain}")
    state = ledger.state()
    more = state.transfer_count - len(there)
    wrongs.add("doubled", abs(more), f"{state.transfer_count} counted, {len(there)} different")
    check_sums(ledger, load, wrongs)


def check_retried(
    ledger: LedgerApi, load: Load, batch_count: int, wrongs: Wrongs, *, later: Callable[[], None]
) -> None:
    """Send everything again, twice: what was there is there, and no retry moves money.

    Parameters
    ----------
    later : moves the ledger's clock beyond all timeouts of the load.
    """
    before = read(ledger, load, batch_count)
    first = [_post(ledger, load.batch(number)) for number in range(batch_count)]
    for number, statuses in enumerate(first):
        for row, status in zip(load.batch(number), statuses, strict=True):
            was_there = identity_of(row) in before
            again = was_there and status == TransferStatus.CREATED
            wrongs.add("doubled", again, f"a retry created {row} again")
            gone = was_there and status not in _THERE
            wrongs.add("diverged", gone, f"a retry of {row} answered {status}")
    there = read(ledger, load, batch_count)
    later()
    for number, statuses in enumerate(first):
        again_statuses = _post(ledger, load.batch(number))
        differing = sum(map(_differ, statuses, again_statuses))
        why = f"batch {number} answered {statuses}, then {again_statuses}"
        wrongs.add("diverged", differing, why)
    totals = _totals(ledger, load)
    expected = oracle(there.values(), totals)
    wrongs.add("diverged", totals != expected, f"balances {totals}, the oracle says {expected}")
    check_sums(ledger, load, wrongs)


def oracle(there: Iterable[Mapping[str, Any]], like: Totals) -> Totals:
    """Add up transfers in plain Python; all holds with a timeout have expired by now.

    Parameters
    ----------
    like : the accounts, by id.
    """
    rows = {identity_of(row): row for row in there}
    totals: Totals = {account: dict.fromkeys(_TOTALS, 0) for account in like}
    settled = {_pending_of(row) for row in rows.values() if row["pending_id_lo"]}
    for identity, row in rows.items():
        if row["flags"] & TransferFlag.VOID_PENDING:
            continue
        is_hold = bool(row["flags"] & TransferFlag.PENDING)
        if is_hold and (identity in settled or row["timeout_s"]):
            continue
        named = rows[_pending_of(row)] if row["pending_id_lo"] else row
        kind = "pending" if is_hold else "posted"
        totals[named["debit_account_id"]][f"debits_{kind}"] += row["amount_minor"]
        totals[named["credit_account_id"]][f"credits_{kind}"] += row["amount_minor"]
    return totals


def _pending_of(row: Mapping[str, Any]) -> int:
    identity: int = row["pending_id_hi"] << 64 | row["pending_id_lo"]
    return identity


def _differ(first: int, again: int) -> bool:
    """Tell whether a second retry answered otherwise than the first one allows."""
    if first in _THERE:
        return again != TransferStatus.EXISTS
    if first in TRANSIENT:  # unless another of its chain fails before it now
        return again not in (TransferStatus.ID_ALREADY_FAILED, TransferStatus.LINKED_FAILED)
    return again in _THERE


def _is_same(sent: Row, kept: Mapping[str, Any]) -> bool:
    """Compare the fields that a transfer does not inherit and that nothing clamps."""
    names = {"id_hi", "id_lo", "flags", "timeout_s", "pending_id_hi", "pending_id_lo"}
    if not sent.get("flags", 0) & (
        TransferFlag.POST_PENDING | TransferFlag.VOID_PENDING | TransferFlag.BALANCING_DEBIT
    ):
        names |= {"debit_account_id", "credit_account_id", "amount_minor", "user_data_64"}
    return all(sent.get(name, 0) == kept[name] for name in names)


def _post(ledger: LedgerApi, rows: list[Row]) -> list[int]:
    statuses: list[int] = ledger.post_transfers(transfers(rows)).column("status").to_pylist()
    return statuses


def _totals(ledger: LedgerApi, load: Load) -> Totals:
    rows = ledger.accounts(_accounts(load)).to_pylist()
    return {row["id"]: {name: row[name] for name in _TOTALS} for row in rows}


def _accounts(load: Load) -> list[int]:
    ids: list[int] = load.accounts().column("id").to_pylist()
    return ids


def check_sums(ledger: LedgerApi, load: Load, wrongs: Wrongs) -> None:
    """Debits equal credits, nobody is beyond a limit, and the journal says the same."""
    for line in ledger.trial_balance():
        is_even = line.debits_posted == line.credits_posted
        is_even &= line.debits_pending == line.credits_pending
        wrongs.add("unbalanced", not is_even, f"{line}")
    for row in ledger.accounts(_accounts(load)).to_pylist():
        out = row["debits_posted"] + row["debits_pending"] - row["credits_posted"]
        beyond = row["flags"] & AccountFlag.DEBITS_MUST_NOT_EXCEED_CREDITS and out > LIMIT_MINOR
        wrongs.add("diverged", bool(beyond), f"an account is beyond its limit: {row}")
    report = ledger.verify()
    wrongs.add("unsound", not report.is_sound, f"{report.findings}")
