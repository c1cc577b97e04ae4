"""Money that came in and goes back: booked from the payee, told to its bank by a pacs.004."""

from typing import Any, Final
from uuid import UUID

import pyarrow as pa

from yunjin.chassis.flow import Flows
from yunjin.chassis.persistence import RoomDatabase, SqlUnitOfWork, instant_us
from yunjin.foundation.banking.api.agreements import AgreementsApi
from yunjin.kernel.clock import instant
from yunjin.kernel.errors import Bug, Malformed
from yunjin.platforms.capability.api.payments import GIVE_BACK, Payment, PaymentState
from yunjin.platforms.capability.domain.iso20022.reasons import Refused
from yunjin.platforms.capability.domain.iso20022.returns import (
    RETURNS,
    returns_of,
    write_returns,
)
from yunjin.platforms.capability.domain.iso20022.transfers import (
    TRANSFERS,
    Transfers,
    read_transfers,
)
from yunjin.platforms.capability.domain.payments import BOOKED, REASONS, leg
from yunjin.platforms.capability.errors import PaymentNotFound, PaymentRefused
from yunjin.platforms.capability.service.payments import entries
from yunjin.platforms.capability.service.payments.waves import Waves
from yunjin.platforms.capability.service.values import check_text
from yunjin.platforms.capability.store import payments as store

S: Final = PaymentState
_LOOKED_MAX: Final = 200  # messages that are looked through for a payment's own


class GivingBack:
    """Takes the wish, and does it as the flow asks."""

    def __init__(
        self, room: RoomDatabase, flows: Flows, agreements: AgreementsApi, waves: Waves
    ) -> None:
        self._room, self._flows = room, flows
        self._agreements, self._waves = agreements, waves

    def give_back(self, command_id: UUID, payment_id: UUID, reason: str, detail: str) -> None:
        """Take the wish. Raises: PaymentNotFound, PaymentRefused, Malformed."""
        if len(reason) != 4 or not reason.isascii() or not reason.isalnum():
            raise Malformed("expected a return reason code of 4 characters, such as AC04")
        check_text("detail", detail, most=105)

        def body(work: SqlUnitOfWork) -> dict[str, Any]:
            one = store.locked(work.connection, [payment_id]).get(payment_id)
            if one is None:
                what = "There is no such payment."
                raise PaymentNotFound(what, payment_id=str(payment_id))
            if not one.is_incoming or one.state is not S.SETTLED:
                raise PaymentRefused("expected a payment that came in and is settled, was another")
            self._flows.start(
                leg(command_id, "give back"),
                GIVE_BACK,
                str(payment_id),
                reason.upper(),
                detail,
                work=work,
            )
            return {"payment_id": payment_id}

        request = ["payment.give_back", payment_id, reason, detail]
        self._room.command(command_id, request, body)
        self._flows.bell.set()

    def debit(self, _: UUID, payment: str, reason: str, detail: str) -> str:
        """Take it from the payee and make the message; return its id, "" if refused. A call."""
        payment_id = UUID(payment)
        one = self._one(payment_id)
        if one.state is S.RETURNED:
            return leg(payment_id, "pacs.004").hex
        act = entries.Act(payment=one, word="give back", amount_minor=-one.amount_minor)
        [(status, why)] = entries.post(self._agreements, [act])
        if status not in BOOKED:
            told = f"not given back: {why or status.name.lower()}"
            refused = (payment_id, S.SETTLED, REASONS.get(status, "NARR"), told[:200])
            now_us = instant_us(self._room.clock.now_ns())
            self._room.run(lambda work: store.set_states(work.connection, [refused], now_us))
            return ""
        content, message_id = self._message(one, reason, detail), leg(payment_id, "pacs.004").hex

        def body(work: SqlUnitOfWork) -> None:
            store.put_message(
                work.connection,
                channel=one.channel,
                message_id=message_id,
                is_incoming=False,
                kind=RETURNS.kind,
                content=content,
                at_us=instant_us(self._room.clock.now_ns()),
            )
            self._waves.become(work, [(one, S.RETURNED, reason, detail)])

        self._room.run(body)
        return message_id

    def send(self, _: UUID, payment: str, message_id: str) -> None:
        """Hand the message to the channel. A call. Raises: Outage, Unknown."""
        self._waves.send_message(self._one(UUID(payment)).channel, UUID(message_id))

    def _one(self, payment_id: UUID) -> Payment:
        found = self._room.read(lambda connection: store.known(connection, [payment_id]))
        if payment_id not in found:
            raise Bug("expected the payment that the flow is of", payment_id=str(payment_id))
        return found[payment_id]

    def _message(self, one: Payment, reason: str, detail: str) -> bytes:
        transfers, row = self._origin(one)
        now = instant(self._room.clock.now_ns()).replace(microsecond=0)
        made = returns_of(
            transfers,
            message_id=leg(one.payment_id, "pacs.004").hex,
            created_at=now,
            settlement_date=one.day,
            rows=pa.array([row], pa.int64()),
            return_ids=pa.array([one.payment_id.hex]),
            reasons=pa.array([reason]),
            details=pa.array([detail or None], pa.string()),
        )
        return write_returns(made)

    def _origin(self, one: Payment) -> tuple[Transfers, int]:
        """Return the message that a payment came with, and its line."""
        contents = self._room.read(
            lambda connection: store.incoming_before(
                connection, one.channel, TRANSFERS.kind, instant_us_of(one), _LOOKED_MAX
            )
        )
        for content in contents:
            transfers = read_transfers(content)
            if isinstance(transfers, Refused):
                continue
            for row in range(transfers.lines.num_rows):
                if leg(one.wave_id, f"line {row}") == one.payment_id and self._is(
                    transfers, row, one
                ):
                    return transfers, row
        raise Bug("expected the message that the payment came with", payment=str(one.payment_id))

    def _is(self, transfers: Transfers, row: int, one: Payment) -> bool:
        line = transfers.lines.slice(row, 1).to_pylist()[0]
        return (line["end_to_end_id"], line["amount_minor"]) == (
            one.end_to_end_id,
            one.amount_minor,
        )


def instant_us_of(one: Payment) -> int:
    """Return when a payment was taken, µs since 1970."""
    return int(one.at.timestamp() * 1e6) + 1
