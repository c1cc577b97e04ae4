"""A clearing house in memory, for trials and tests: files in, netted at a cut-off, files out."""

import datetime as dt
import threading
from dataclasses import dataclass, field
from uuid import UUID

import pyarrow as pa

from yunjin.kernel.clock import Clock, SystemClock, instant
from yunjin.kernel.errors import Bug, Outage
from yunjin.platforms.capability.adapters.channel import Choose, settle_all
from yunjin.platforms.capability.api.channels import Arrival
from yunjin.platforms.capability.domain.iso20022.account_tables import STATEMENTS
from yunjin.platforms.capability.domain.iso20022.accounts import (
    AccountSection,
    statement,
    write_account_report,
)
from yunjin.platforms.capability.domain.iso20022.answers import answer_transfers
from yunjin.platforms.capability.domain.iso20022.reasons import Refused
from yunjin.platforms.capability.domain.iso20022.statuses import write_statuses
from yunjin.platforms.capability.domain.iso20022.transfers import (
    TRANSFERS,
    TransferHeader,
    Transfers,
    read_transfers,
    write_transfers,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Cleared:
    """A payment that the house has settled. amount_minor: > 0 came to us."""

    transaction_id: str
    end_to_end_id: str
    account: str
    currency: str
    amount_minor: int
    day: dt.date


@dataclass
class ClearingHouse:
    """Takes files, says nothing until it settles, then answers with files and a statement.

    Parameters
    ----------
    choose : what it answers to a line: "ACSC", or a reason to reject it with.
    is_down : it takes nothing, and says so.
    """

    name: str = "house"
    clock: Clock = field(default_factory=SystemClock)
    choose: Choose = settle_all
    is_down: bool = False
    files: dict[UUID, bytes] = field(default_factory=dict)
    cleared: list[Cleared] = field(default_factory=list)
    _settled: set[UUID] = field(default_factory=set)
    _out: list[Arrival] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def is_up(self) -> bool:
        """Tell whether it takes files now."""
        return not self.is_down

    def send(self, message_id: UUID, content: bytes) -> None:
        """Take a file once, however often it is sent. Raises: Outage."""
        if self.is_down:
            raise Outage("The clearing house is down.")
        with self._lock:
            self.files.setdefault(message_id, content)

    def collect(self, after: str) -> list[Arrival]:
        """Return what has come after a message."""
        with self._lock:
            places = [at for at, one in enumerate(self._out) if one.message_id == after]
            return self._out[places[-1] + 1 if places else 0 :]

    def settle(self, day: dt.date) -> None:
        """Settle every file that was taken since, and put the answers out."""
        with self._lock:
            for message_id in [one for one in self.files if one not in self._settled]:
                self._settled.add(message_id)
                self._answer(self.files[message_id], day)

    def pay_in(self, account: str, amount_minor: int, day: dt.date, *, currency: str) -> str:
        """Bring a payment from another bank to an account of ours; return its reference."""
        reference = f"IN-{len(self._out)}-{amount_minor}"
        texts = {
            "end_to_end_id": reference,
            "transaction_id": reference,
            "currency": currency,
            "charge_bearer": "SLEV",
            "debtor_name": "外行客户",
            "debtor_other": "9988",
            "debtor_agent_bic": "OTHRCNB1",
            "creditor_agent_bic": "YUNJCNB1",
            "creditor_name": "本行客户",
            "creditor_other": account,
        }
        columns = {name: pa.array([text], pa.string()) for name, text in texts.items()}
        columns["amount_minor"] = pa.array([amount_minor], pa.int64())
        header = TransferHeader(
            message_id=reference,
            created_at=self._now(),
            settlement_method="CLRG",
            settlement_date=day,
        )
        content = write_transfers(Transfers(header=header, lines=pa.record_batch(columns)))
        with self._lock:
            self._tell(content)
            self.cleared.append(
                Cleared(
                    transaction_id="",
                    end_to_end_id=reference,
                    account=account,
                    currency=currency,
                    amount_minor=amount_minor,
                    day=day,
                )
            )
        return reference

    def statement(self, day: dt.date, *, opening_minor: int = 0, currency: str = "CNY") -> bytes:
        """Return the camt.053 of what was settled on a day, in one currency."""
        mine = [one for one in self.cleared if one.day == day and one.currency == currency]
        count = len(mine)
        lines = pa.record_batch(
            {
                "section": pa.array([0] * count, pa.int32()),
                "amount_minor": pa.array([abs(one.amount_minor) for one in mine], pa.int64()),
                "currency": pa.array([currency] * count, pa.string()),
                "is_credit": pa.array([one.amount_minor > 0 for one in mine], pa.bool_()),
                "status": pa.array(["BOOK"] * count, pa.string()),
                "proprietary_code": pa.array(["CLEARING"] * count, pa.string()),
                "booking_date": pa.array([day] * count, pa.date32()),
                "transaction_id": pa.array(
                    [one.transaction_id or None for one in mine], pa.string()
                ),
                "end_to_end_id": pa.array([one.end_to_end_id for one in mine], pa.string()),
                "creditor_other": pa.array([one.account for one in mine], pa.string()),
            }
        )
        section = AccountSection(
            section_id=f"{self.name}-{day:%Y%m%d}-{currency}",
            account_other="SETTLEMENT",
            account_currency=currency,
        )
        report = statement(
            lines,
            [section],
            message_id=f"{self.name}-{day:%Y%m%d}-{count}",
            created_at=self._now(),
            openings_minor=[opening_minor],
            day=day,
            family=STATEMENTS,
        )
        return write_account_report(report)

    def _now(self) -> dt.datetime:
        return instant(self.clock.now_ns()).replace(microsecond=0)

    def _tell(self, content: bytes) -> None:
        made = Arrival(message_id=f"{self.name}-{len(self._out) + 1}", content=content)
        self._out.append(made)

    def _answer(self, content: bytes, day: dt.date) -> None:
        transfers = read_transfers(content)
        if isinstance(transfers, Refused):
            raise Bug("expected a file that can be read", why=transfers.detail)
        if TRANSFERS.kind not in transfers.name:
            return
        status, reasons = [], []
        for line in transfers.lines.to_pylist():
            said = self.choose(line["creditor_other"] or "", line["amount_minor"])
            status.append("ACSC" if said == "ACSC" else "RJCT")
            reasons.append(None if said == "ACSC" else said)
            if said == "ACSC":
                self.cleared.append(
                    Cleared(
                        transaction_id=line["transaction_id"],
                        end_to_end_id=line["end_to_end_id"],
                        account=line["creditor_other"] or "",
                        currency=line["currency"],
                        amount_minor=-line["amount_minor"],
                        day=day,
                    )
                )
        outcomes = {
            "status": status,
            "status_reason": reasons,
            "status_detail": [None] * len(status),
        }
        answer = answer_transfers(
            transfers,
            message_id=f"{self.name}-status-{len(self._out) + 1}",
            created_at=self._now(),
            outcomes=pa.record_batch(
                {name: pa.array(values, pa.string()) for name, values in outcomes.items()}
            ),
        )
        self._tell(write_statuses(answer))
