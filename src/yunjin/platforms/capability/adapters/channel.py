"""A clearing channel in memory, for demos and tests: it settles, and misbehaves on demand."""

import datetime as dt
import itertools
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from uuid import UUID

import pyarrow as pa

from yunjin.kernel.clock import Clock, SystemClock, instant
from yunjin.kernel.errors import Bug, Outage
from yunjin.platforms.capability.api.channels import Arrival
from yunjin.platforms.capability.domain.iso20022.answers import answer_transfers
from yunjin.platforms.capability.domain.iso20022.reasons import Refused
from yunjin.platforms.capability.domain.iso20022.returns import returns_of, write_returns
from yunjin.platforms.capability.domain.iso20022.statuses import write_statuses
from yunjin.platforms.capability.domain.iso20022.transfers import TRANSFERS, read_transfers

Choose = Callable[[str, int], str]  # creditor's account, minor units → "ACSC", a reason, or ""


def settle_all(account: str, amount_minor: int) -> str:
    """Settle whatever comes."""
    return "ACSC" if account or amount_minor else "AC01"


@dataclass
class FakeChannel:
    """A channel that answers each line of a pacs.008 at once.

    Parameters
    ----------
    choose : what it answers to a line: "ACSC", a reason to reject it with, or "" for nothing.
    is_down : the next sends fail before anything is done.
    loses_answers : so many sends are done and then told as failed.
    repeats : every message it sends comes so often.
    """

    name: str = "test"
    clock: Clock = field(default_factory=SystemClock)
    choose: Choose = settle_all
    is_down: bool = False
    loses_answers: int = 0
    repeats: int = 1
    sent: dict[UUID, bytes] = field(default_factory=dict)
    _out: list[Arrival] = field(default_factory=list)
    _numbers: "itertools.count[int]" = field(default_factory=lambda: itertools.count(1))
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def is_up(self) -> bool:
        """Tell whether it takes messages now."""
        return not self.is_down

    def send(self, message_id: UUID, content: bytes) -> None:
        """Take a message once, however often it is sent. Raises: Outage."""
        if self.is_down:
            raise Outage("The channel is down.")
        with self._lock:
            if message_id not in self.sent:
                self.sent[message_id] = content
                self._answer(content)
            if self.loses_answers:
                self.loses_answers -= 1
                raise Outage("The channel's answer was lost.")

    def collect(self, after: str) -> list[Arrival]:
        """Return what has come after a message."""
        with self._lock:
            places = [at for at, one in enumerate(self._out) if one.message_id == after]
            return self._out[places[-1] + 1 if places else 0 :]

    def tell(self, content: bytes) -> str:
        """Put a message out, as often as this channel repeats itself; return its id."""
        made = Arrival(message_id=f"{self.name}-{next(self._numbers)}", content=content)
        self._out += [made] * self.repeats
        return made.message_id

    def give_back(self, message_id: UUID, account: str, reason: str = "AC04") -> str:
        """Return what was sent to an account in a message."""
        transfers = read_transfers(self.sent[message_id])
        if isinstance(transfers, Refused):
            raise Bug("expected a message that was read when it came", why=transfers.detail)
        accounts = transfers.lines["creditor_other"].to_pylist()
        rows = [at for at, one in enumerate(accounts) if one == account]
        number = next(self._numbers)
        now = self._now()
        made = returns_of(
            transfers,
            message_id=f"{self.name}-return-{number}",
            created_at=now,
            settlement_date=now.date(),
            rows=pa.array(rows, pa.int64()),
            return_ids=pa.array([f"{self.name}-{number}-{at}" for at in rows], pa.string()),
            reasons=pa.array([reason] * len(rows), pa.string()),
        )
        return self.tell(write_returns(made))

    def _now(self) -> dt.datetime:
        return instant(self.clock.now_ns()).replace(microsecond=0)

    def _answer(self, content: bytes) -> None:
        transfers = read_transfers(content)
        if isinstance(transfers, Refused) or TRANSFERS.kind not in transfers.name:
            return
        lines = transfers.lines
        pairs = zip(
            lines["creditor_other"].to_pylist(), lines["amount_minor"].to_pylist(), strict=True
        )
        chosen = [self.choose(account or "", amount) for account, amount in pairs]
        if not any(chosen):
            return
        outcomes = {
            "status": [("ACSC" if one == "ACSC" else "RJCT") if one else "PDNG" for one in chosen],
            "status_reason": [None if one in ("", "ACSC") else one for one in chosen],
            "status_detail": [None] * len(chosen),
        }
        answer = answer_transfers(
            transfers,
            message_id=f"{self.name}-status-{next(self._numbers)}",
            created_at=self._now(),
            outcomes=pa.record_batch(
                {name: pa.array(values, pa.string()) for name, values in outcomes.items()}
            ),
        )
        self.tell(write_statuses(answer))
