"""What channels say: settled, rejected, returned; and payments that come in from other banks."""

from collections.abc import Sequence
from typing import Any, Final
from uuid import UUID

import pyarrow as pa

from yunjin.chassis.persistence import RoomDatabase, SqlUnitOfWork, instant_us
from yunjin.foundation.banking.api.agreements import AgreementsApi, EntryStatus
from yunjin.kernel.clock import instant
from yunjin.kernel.errors import Bug
from yunjin.platforms.capability.api.payments import Payment, PaymentState
from yunjin.platforms.capability.domain.iso20022.answers import answer_transfers
from yunjin.platforms.capability.domain.iso20022.statuses import TRANSFER_STATUSES, write_statuses
from yunjin.platforms.capability.domain.iso20022.transfers import TRANSFERS
from yunjin.platforms.capability.domain.payments import BOOKED, REASONS, leg
from yunjin.platforms.capability.service.payments import entries
from yunjin.platforms.capability.service.payments.entries import Act
from yunjin.platforms.capability.service.payments.messages import Said, incoming, said_by
from yunjin.platforms.capability.service.payments.waves import Change, Waves
from yunjin.platforms.capability.store import payments as store

S: Final = PaymentState
# What a payment may be when it is said to be settled, rejected or returned.
_FROM: Final = {
    "settled": (S.HELD, S.SENT),
    "rejected": (S.HELD, S.SENT),
    "returned": (S.SETTLED,),
}
_TO: Final = {"settled": S.SETTLED, "rejected": S.REJECTED, "returned": S.RETURNED}
# Said of one that ended otherwise: nobody may guess which is true.
_CONTRADICTS: Final = {
    "settled": (S.REJECTED, S.REFUSED, S.CANCELLED),
    "rejected": (S.SETTLED,),
    "returned": (S.HELD, S.SENT, S.REJECTED, S.REFUSED, S.CANCELLED),
}


class Answers:
    """What the flow of a channel's message asks for."""

    def __init__(self, room: RoomDatabase, agreements: AgreementsApi, waves: Waves) -> None:
        self._room, self._agreements, self._waves = room, agreements, waves

    def act(self, command_id: UUID, channel: str, message_id: str) -> str:
        """Act on a message; return the id of an answer to be sent, or "". A call."""
        kept = self._room.read(lambda connection: store.message(connection, channel, message_id))
        if kept is None:
            raise Bug("expected the message that the flow is of", channel=channel)
        kind, content = kept
        if kind == TRANSFERS.kind:
            return self._take_in(command_id, channel, content)
        said = said_by(kind, content)
        for word in ("settled", "rejected", "returned"):
            self.hear(channel, [one for one in said if one.word == word], word)
        unread = [one.payment_id for one in said if one.word == "unread"]
        self._room.run(lambda work: self._stick(work, channel, unread))
        return ""

    def _stick(self, work: SqlUnitOfWork, channel: str, ids: Sequence[UUID | None]) -> None:
        """Leave payments to a person of which something was said that nobody can read."""
        found = store.known(work.connection, (one for one in ids if one is not None))
        why = "the channel said something of it that cannot be read"
        self._waves.become(
            work,
            [
                (one, S.STUCK, "NARR", why)
                for one in found.values()
                if one.channel == channel and one.state in (S.HELD, S.SENT, S.SETTLED)
            ],
        )

    def send(self, _: UUID, channel: str, answer_id: str) -> None:
        """Hand an answer to its channel. A call."""
        self._waves.send_message(channel, UUID(answer_id))

    def hear(self, channel: str, said: Sequence[Said], word: str) -> None:
        """Do what is said of payments, as far as it fits what they are. May come twice."""
        if not said:
            return

        def look(work: SqlUnitOfWork) -> list[tuple[Payment, Said]]:
            found = store.locked(
                work.connection, (one.payment_id for one in said if one.payment_id is not None)
            )
            pairs = [(found[one.payment_id], one) for one in said if one.payment_id in found]
            for one in said:
                if one.payment_id is None and (wave := _wave_of(one.message_id)) is not None:
                    mine = store.of_wave(work.connection, wave, *_FROM[word])
                    pairs += [(payment, one) for payment in mine]
            return [pair for pair in pairs if pair[0].channel == channel]

        pairs = self._room.run(look)
        fits, wrong = [], []
        for payment, one in pairs:
            if one.amount_minor not in (None, payment.amount_minor):
                wrong.append((payment, f"said to be {word} with another amount"))
            elif payment.state in _FROM[word]:
                fits.append((payment, one))
            elif payment.state in _CONTRADICTS[word]:
                wrong.append((payment, f"said to be {word} when it was {payment.state}"))
        makes = {"settled": entries.capture, "rejected": entries.release}
        acts: list[Act] = [
            makes[word](payment) if word in makes else entries.credit(payment, "return")
            for payment, _ in fits
        ]
        answers = entries.post(self._agreements, acts)
        changes = [
            _heard(payment, one, word, *answer)
            for (payment, one), answer in zip(fits, answers, strict=True)
        ]
        changes += [(payment, S.STUCK, "NARR", words) for payment, words in wrong]
        self._room.run(lambda work: self._waves.become(work, changes))

    def _take_in(self, wave_id: UUID, channel: str, content: bytes) -> str:
        """Credit what comes in, and make the answer to the bank that sent it."""
        message = incoming(content)
        lines = message.lines.to_pylist()
        payments = self._room.run(lambda work: self._arrived(work, wave_id, channel, lines))
        fresh = [one for one in payments if one is not None and one.state is S.TAKEN]
        answers = entries.post(self._agreements, [entries.credit(one, "credit") for one in fresh])
        changes: list[Change] = []
        for one, (status, reason) in zip(fresh, answers, strict=True):
            if status in BOOKED:
                changes.append((one, S.SETTLED, "", ""))
            else:
                code = REASONS.get(status, "NARR")
                changes.append((one, S.REFUSED, code, reason or status.name.lower()))
        answer_id = leg(wave_id, "status")

        def body(work: SqlUnitOfWork) -> None:
            self._waves.become(work, changes)
            known = store.known(work.connection, (one.payment_id for one in payments if one))
            outcomes = [
                _outcome(known.get(one.payment_id) if one is not None else None) for one in payments
            ]
            now_ns = self._room.clock.now_ns()
            answer = answer_transfers(
                message,
                message_id=answer_id.hex,
                created_at=instant(now_ns).replace(microsecond=0),
                outcomes=_outcomes(outcomes),
            )
            store.put_message(
                work.connection,
                channel=channel,
                message_id=answer_id.hex,
                is_incoming=False,
                kind=TRANSFER_STATUSES.kind,
                content=write_statuses(answer),
                at_us=instant_us(now_ns),
            )

        self._room.run(body)
        return str(answer_id)

    def _arrived(
        self, work: SqlUnitOfWork, wave_id: UUID, channel: str, lines: Sequence[dict[str, Any]]
    ) -> list[Payment | None]:
        """Keep the payments of a message; None for a line that cannot be one."""
        now_ns = self._room.clock.now_ns()
        now_us, today = instant_us(now_ns), self._waves.today_days()
        ids: list[UUID | None] = []
        rows: dict[UUID, dict[str, Any]] = {}
        for at, line in enumerate(lines):
            account = line["creditor_other"] or ""
            if line["reason"] is not None or not (account.isascii() and account.isdigit()):
                ids.append(None)
                continue
            payment_id = leg(wave_id, f"line {at}")
            ids.append(payment_id)
            rows[payment_id] = {
                "payment_id": payment_id,
                "wave_id": wave_id,
                "is_incoming": 1,
                "state": S.TAKEN.value,
                "agreement_id": min(int(account), 2**63 - 1),
                "counter_agreement_id": 0,
                "amount_minor": line["amount_minor"],
                "currency": line["currency"],
                "other_name": line["debtor_name"] or "",
                "other_account": line["debtor_iban"] or line["debtor_other"] or "",
                "other_agent": line["debtor_agent_bic"] or line["debtor_agent_member"] or "",
                "end_to_end_id": line["end_to_end_id"],
                "purpose": line["purpose"] or "",
                "remittance": (line["remittance"] or "")[:140],
                "limit_id": None,
                "channel": channel,
                "day": today,
                "reason": "",
                "detail": "",
                "at_us": now_us,
                "changed_us": now_us,
            }
        known = store.known(work.connection, rows)
        store.put(work.connection, [row for one, row in rows.items() if one not in known])
        found = store.known(work.connection, rows)
        return [None if one is None else found[one] for one in ids]


def _heard(one: Payment, said: Said, word: str, status: EntryStatus, why: str) -> Change:
    """Return what a payment becomes once the core has answered."""
    if status in BOOKED:  # a hold that is no more was ended by another word
        return one, _TO[word], said.reason, said.detail
    return one, S.STUCK, REASONS.get(status, "NARR"), f"{word}, but {why or status.name.lower()}"


def _outcome(one: Payment | None) -> tuple[str, str, str]:
    """Return status, reason and detail of an incoming payment."""
    if one is None:
        return "RJCT", "AC01", "no account of this bank"
    if one.state is S.SETTLED:
        return "ACSC", "", ""
    return "RJCT", one.reason or "NARR", one.detail


def _outcomes(outcomes: Sequence[tuple[str, str, str]]) -> pa.RecordBatch:
    names = ("status", "status_reason", "status_detail")
    columns = zip(*outcomes, strict=True) if outcomes else ((), (), ())
    return pa.record_batch(
        {
            name: pa.array([text or None for text in column], pa.string())
            for name, column in zip(names, columns, strict=True)
        }
    )


def _wave_of(message_id: str) -> UUID | None:
    try:
        return UUID(hex=message_id)
    except ValueError:
        return None
