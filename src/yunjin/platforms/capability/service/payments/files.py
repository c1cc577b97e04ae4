"""Files of payments: taken whole, worked in parts, answered at any time.

Money first: what a group pays within the bank leaves the payer in one entry to the suspense
account, each payee is credited from there, and what could not be credited goes back in one entry.
Lines to other banks become payments of their own. Every id is a function of file and line.
"""

import hashlib
from collections.abc import Sequence
from typing import Any, Final
from uuid import UUID

import numpy as np
import pyarrow as pa
from pydantic import TypeAdapter

from yunjin.chassis.flow import Flows
from yunjin.chassis.persistence import RoomDatabase, SqlUnitOfWork, instant_us
from yunjin.foundation.banking.api.agreements import ANSWERS, AgreementsApi, EntryStatus
from yunjin.foundation.banking.api.slots import Slot
from yunjin.kernel.clock import instant
from yunjin.kernel.errors import IdempotencyConflict, Refusal
from yunjin.kernel.page import LIMIT_MAX, Page
from yunjin.platforms.capability.api.payment_files import FILE, FileState, PaymentFile
from yunjin.platforms.capability.api.payments import NewPayment, Payment, PaymentState
from yunjin.platforms.capability.domain.iso20022.orders import Order, OrderGroup, OrderHeader
from yunjin.platforms.capability.domain.payment_files import (
    AWAY,
    BOOKED,
    OUTCOME,
    PART_LINES,
    REJECTED,
    Outcomes,
    is_own,
    packed,
    payees,
    stands,
    unpacked,
)
from yunjin.platforms.capability.domain.payments import BOOKED as IS_BOOKED
from yunjin.platforms.capability.domain.payments import REASONS, leg, legs
from yunjin.platforms.capability.errors import PaymentFileNotFound
from yunjin.platforms.capability.events import PaymentFileEnded
from yunjin.platforms.capability.service.paging import page_of, position
from yunjin.platforms.capability.service.payments import file_reports
from yunjin.platforms.capability.service.payments.entries import columns_of
from yunjin.platforms.capability.service.payments.file_reading import taken
from yunjin.platforms.capability.service.payments.orders import PaymentService
from yunjin.platforms.capability.store import files as store
from yunjin.platforms.capability.store import payments as payment_store

HEADER: Final = TypeAdapter(OrderHeader)
GROUPS: Final = TypeAdapter(tuple[OrderGroup, ...])
S: Final = PaymentState
_IS_BOOKED: Final = np.array(sorted(int(one) for one in IS_BOOKED))
_STATUSES: Final = {int(one): one for one in EntryStatus}
_AWAY_STATES: Final = {
    S.SETTLED: BOOKED,
    S.REFUSED: REJECTED,
    S.REJECTED: REJECTED,
    S.CANCELLED: REJECTED,
    S.RETURNED: REJECTED,
}


class PaymentFiles:
    """The door of payment files, and what their flow asks for.

    Parameters
    ----------
    payments : takes the lines to other banks.
    agent : our BIC.
    """

    def __init__(
        self,
        room: RoomDatabase,
        flows: Flows,
        agreements: AgreementsApi,
        payments: PaymentService,
        *,
        agent: str,
        cursor_key: bytes,
    ) -> None:
        self._room, self._flows, self._agreements = room, flows, agreements
        self._payments, self._agent, self._key = payments, agent, cursor_key

    # the door -----------------------------------------------------------------------------------

    def submit(self, command_id: UUID, content: bytes) -> PaymentFile:
        """Take a pain.001; its id is the command's. Raises: IdempotencyConflict."""
        digest = hashlib.sha256(content).digest()
        known = self._room.read(lambda connection: store.digest_and_head(connection, command_id))
        if known is not None:
            if known[0] != digest:
                raise IdempotencyConflict("This id was used for another file.", id=str(command_id))
            return self.file(command_id)
        found = taken(content)

        def body(work: SqlUnitOfWork) -> None:
            if store.one(work.connection, command_id) is not None:
                return
            now_us = instant_us(self._room.clock.now_ns())
            one = found.checked(store.is_known(work.connection, found.sender, found.message_id))
            row = one.row() | {
                "file_id": command_id,
                "digest": digest,
                "at_us": now_us,
                "changed_us": now_us,
            }
            store.put(work.connection, row, one.parts)
            if one.is_refused:
                self._tell(work, command_id, FileState.REFUSED, one.line_count)
            else:
                self._flows.start(command_id, FILE, str(command_id), len(one.parts), work=work)

        self._room.run(body)
        return self.file(command_id)

    def file(self, file_id: UUID) -> PaymentFile:
        """Return a file. Raises: PaymentFileNotFound."""
        found = self._room.read(lambda connection: store.one(connection, file_id))
        if found is None:
            raise _nothing(file_id)
        return found

    def files(self, *, limit: int = 50, cursor: str | None = None) -> Page[PaymentFile]:
        """Return files, newest first. Raises: Malformed (cursor)."""
        before, limit = position(cursor, self._key), min(limit, LIMIT_MAX)
        found = self._room.read(lambda connection: store.some(connection, before, limit + 1))
        return page_of(found, limit, self._key, lambda one: one.file_id)

    def lines(self, file_id: UUID, part: int = 0) -> pa.RecordBatch:
        """Return a part's lines with what became of each. Raises: PaymentFileNotFound."""
        lines, outcome = self._part(file_id, part)
        for name in OUTCOME.names:
            values = outcome.column(name) if outcome is not None else _nulls(lines.num_rows)
            lines = lines.append_column(name, values)
        return lines

    def answer(self, file_id: UUID) -> bytes:
        """Return the pain.002, as of now. Raises: PaymentFileNotFound."""
        one, now = self.file(file_id), instant(self._room.clock.now_ns())
        if one.state is FileState.REFUSED:
            return file_reports.rejection(one, at=now)
        order, outcome = self._whole(one)
        return file_reports.answer(one, order, outcome, at=now, agent=self._agent)

    def notification(self, file_id: UUID) -> bytes:
        """Return the camt.054 of what was booked. Raises: PaymentFileNotFound."""
        one = self.file(file_id)
        if not one.booked:
            raise PaymentFileNotFound("Nothing of the file was booked.", file_id=str(file_id))
        order, outcome = self._whole(one)
        return file_reports.notification(one, order, outcome, at=one.changed)

    # what the flow asks for ---------------------------------------------------------------------

    def debit(self, _: UUID, file: str, parts: int) -> list[str]:
        """Take what each group pays within the bank from its payer; return why not, by group.

        A call: it may come twice.
        """
        file_id, groups = UUID(file), self._order_head(UUID(file))[1]
        sums = np.zeros(len(groups), np.int64)
        for at in range(parts):
            lines = self._part(file_id, at)[0]
            pays = stands(lines) & is_own(lines, self._agent)
            np.add.at(
                sums,
                lines["group"].to_numpy()[pays],
                lines["amount_minor"].to_numpy(zero_copy_only=False)[pays].astype(np.int64),
            )
        wanted = [at for at, minor in enumerate(sums.tolist()) if minor]
        refused = [""] * len(groups)
        answers = self._post(
            legs(file_id, [f"debit {at}" for at in wanted]),
            [_payer(groups[at]) for at in wanted],
            -sums[wanted],
        )
        for at, (status, why) in zip(wanted, answers, strict=True):
            if status not in IS_BOOKED:
                refused[at] = f"{REASONS.get(status, 'NARR')} {why or status.name.lower()}"
        return refused

    def credit(self, _: UUID, file: str, part: int, refused: Sequence[str]) -> None:
        """Credit the payees of a part, hand lines to other banks on. A call."""
        file_id = UUID(file)
        lines, known = self._part(file_id, part)
        if known is not None:
            return
        outcome = Outcomes(lines)
        own, goes = is_own(lines, self._agent), stands(lines)
        groups, first, to = lines["group"].to_numpy(), part * PART_LINES, payees(lines)
        for at, why in enumerate(refused):
            if why:
                code, words = why.split(" ", 1)
                rows = np.flatnonzero(own & goes & (groups == at))
                outcome.refuse(rows, code, f"payer: {words}")
        outcome.refuse(
            np.flatnonzero(own & goes & outcome.is_open & (to == 0)),
            "AC01",
            "no account of this bank",
        )
        rows = np.flatnonzero(own & goes & outcome.is_open)
        amounts = lines["amount_minor"].to_numpy(zero_copy_only=False)
        told = self._post_all(
            legs(file_id, [f"line {first + at}" for at in rows.tolist()]),
            to[rows],
            amounts[rows].astype(np.int64),
        )
        booked = np.isin(told["status"].to_numpy(), _IS_BOOKED)
        outcome.put(rows[booked], BOOKED)
        for place in np.flatnonzero(~booked).tolist():
            word, why = _STATUSES[told["status"][place].as_py()], told["reason"][place].as_py()
            code = REASONS.get(word, "NARR")
            outcome.refuse(rows[place : place + 1], code, why or word.name.lower())
        away = np.flatnonzero(~own & goes)
        self._hand_on(file_id, part, lines, (first + away).tolist(), away.tolist())
        outcome.put(away, AWAY)
        body = packed(outcome.batch())
        self._room.run(lambda work: store.put_outcome(work.connection, file_id, part, body))

    def end(self, _: UUID, file: str, parts: int, refused: Sequence[str]) -> None:
        """Give back what could not be credited, count, and tell. A call."""
        file_id, groups = UUID(file), self._order_head(UUID(file))[1]
        back = np.zeros(len(groups), np.int64)
        counts = {"booked": 0, "refused": 0, "away": 0}
        names = {BOOKED: "booked", REJECTED: "refused", AWAY: "away"}
        for at in range(parts):
            lines, outcome = self._part(file_id, at)
            if outcome is None:
                continue
            became = np.array(outcome["status"].to_pylist(), object)
            for word, name in names.items():
                counts[name] += int((became == word).sum())
            returns = (became == REJECTED) & stands(lines) & is_own(lines, self._agent)
            amounts = lines["amount_minor"].to_numpy(zero_copy_only=False)
            np.add.at(back, lines["group"].to_numpy()[returns], amounts[returns].astype(np.int64))
        wanted = [at for at, minor in enumerate(back.tolist()) if minor and not refused[at]]
        answers = self._post(
            legs(file_id, [f"back {at}" for at in wanted]),
            [_payer(groups[at]) for at in wanted],
            back[wanted],
        )
        for at, (status, why) in zip(wanted, answers, strict=True):
            if status not in IS_BOOKED:  # the flow parks: the money is in suspense, a person looks
                raise Refusal(
                    f"What was not paid out could not go back to {_payer(groups[at])}: {why}",
                    amount_minor=int(back[at]),
                )

        def body(work: SqlUnitOfWork) -> None:
            one = store.one(work.connection, file_id)
            if one is None or one.state is FileState.DONE:
                return
            now_us = instant_us(self._room.clock.now_ns())
            store.end(work.connection, file_id, now_us, **counts)
            self._tell(work, file_id, FileState.DONE, one.lines, **counts)

        self._room.run(body)

    # inside -------------------------------------------------------------------------------------

    def _post(
        self, ids: tuple[Any, Any], agreements: Any, amounts: Any
    ) -> list[tuple[EntryStatus, str]]:
        if not len(ids[0]):
            return []
        found = self._post_all(ids, agreements, amounts)
        pairs = zip(found["status"].to_pylist(), found["reason"].to_pylist(), strict=True)
        return [(_STATUSES[status], reason) for status, reason in pairs]

    def _post_all(self, ids: tuple[Any, Any], agreements: Any, amounts: Any) -> pa.RecordBatch:
        """Post entries against the suspense account; return the core's answers."""
        if not len(ids[0]):
            return pa.RecordBatch.from_pylist([], schema=ANSWERS)
        return self._agreements.post(
            columns_of(ids, agreements, amounts, against=int(Slot.SUSPENSE))
        )

    def _hand_on(
        self,
        file_id: UUID,
        part: int,
        lines: pa.RecordBatch,
        numbers: Sequence[int],
        rows: Sequence[int],
    ) -> None:
        if not rows:
            return
        head, groups = self._order_head(file_id)
        chosen = lines.take(pa.array(rows, pa.int64())).to_pylist()
        orders = [
            NewPayment(
                payment_id=leg(file_id, f"line {number}"),
                agreement_id=_payer(groups[line["group"]]),
                amount_minor=line["amount_minor"],
                currency=line["currency"],
                creditor_name=line["creditor_name"] or head.message_id,
                creditor_account=line["creditor_iban"] or line["creditor_other"] or "",
                creditor_agent=line["creditor_agent_bic"] or line["creditor_agent_member"] or "",
                end_to_end_id=line["end_to_end_id"],
                purpose=line["purpose"] or "",
                remittance=(line["remittance"] or "")[:140],
                day=groups[line["group"]].execution_date,
            )
            for number, line in zip(numbers, chosen, strict=True)
        ]
        self._payments.pay_all(leg(file_id, f"away {part}"), orders)

    def _part(self, file_id: UUID, at: int) -> tuple[pa.RecordBatch, pa.RecordBatch | None]:
        found = self._room.read(lambda connection: store.part(connection, file_id, at))
        if found is None:
            raise PaymentFileNotFound("The file has no such part.", file_id=str(file_id), part=at)
        return unpacked(found[0]), None if found[1] is None else unpacked(found[1])

    def _order_head(self, file_id: UUID) -> tuple[OrderHeader, tuple[OrderGroup, ...]]:
        found = self._room.read(lambda connection: store.digest_and_head(connection, file_id))
        if found is None:
            raise _nothing(file_id)
        head, groups = found[1]
        return HEADER.validate_python(head), GROUPS.validate_python(groups)

    def _whole(self, one: PaymentFile) -> tuple[Order, pa.RecordBatch]:
        """Return a file's order and what became of its lines, those to other banks as of now."""
        head, groups = self._order_head(one.file_id)
        lines: list[pa.RecordBatch] = []
        outcomes, at = [], 0
        while sum(each.num_rows for each in lines) < one.lines:
            some, outcome = self._part(one.file_id, at)
            lines.append(some)
            outcomes.append(outcome or _unknown(some.num_rows))
            at += 1
        table = pa.Table.from_batches(lines).combine_chunks().to_batches()[0]
        told = pa.Table.from_batches(outcomes).combine_chunks().to_batches()[0]
        version = int(one.name.rsplit(".", 1)[-1])
        order = Order(header=head, groups=groups, lines=table, version=version)
        return order, self._as_of_now(one.file_id, told)

    def _as_of_now(self, file_id: UUID, told: pa.RecordBatch) -> pa.RecordBatch:
        status = told["status"].to_pylist()
        away = [at for at, word in enumerate(status) if word == AWAY]
        if not away:
            return told
        ids = {leg(file_id, f"line {at}"): at for at in away}
        found = self._room.read(lambda connection: payment_store.known(connection, ids))
        reasons, details = (told[name].to_pylist() for name in OUTCOME.names[1:])
        for payment_id, payment in found.items():
            at = ids[payment_id]
            status[at], reasons[at], details[at] = _away_outcome(payment)
        columns = zip(OUTCOME.names, (status, reasons, details), strict=True)
        return pa.record_batch({name: pa.array(each, pa.string()) for name, each in columns})

    def _tell(
        self,
        work: SqlUnitOfWork,
        file_id: UUID,
        state: FileState,
        lines: int,
        *,
        booked: int = 0,
        refused: int = 0,
        away: int = 0,
    ) -> None:
        work.outbox.add(
            PaymentFileEnded(
                file_id=str(file_id),
                state=state.value,
                lines=lines,
                booked=booked,
                refused=refused,
                away=away,
            )
        )


def _payer(group: OrderGroup) -> int:
    """Return the agreement of a group's debtor; 0, which is none, where its account is not ours."""
    text = group.debtor_other or ""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else 0


def _away_outcome(one: Payment) -> tuple[str, str | None, str | None]:
    word = _AWAY_STATES.get(one.state, AWAY)
    is_off = word == REJECTED
    return word, (one.reason or "NARR") if is_off else None, one.detail[:105] if is_off else None


def _unknown(count: int) -> pa.RecordBatch:
    columns = {name: _nulls(count) for name in OUTCOME.names}
    return pa.record_batch(columns | {"status": pa.array([AWAY] * count, pa.string())})


def _nulls(count: int) -> pa.Array:
    return pa.nulls(count, pa.string())


def _nothing(file_id: UUID) -> PaymentFileNotFound:
    return PaymentFileNotFound("There is no such file.", file_id=str(file_id))
