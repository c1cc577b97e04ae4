"""What the flow of a batch does: lay its messages out, wait for people's hours, hand over, give up.

A message is handed over at most once where the channel does not know ids: before a call its row
says so, and what the row says after a crash or a lost answer is "unknown", for a person to decide.
"""

import base64
import datetime as dt
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final
from uuid import UUID

import pyarrow as pa

from yunjin.chassis.persistence import RoomDatabase, SqlUnitOfWork, instant_us
from yunjin.kernel.clock import instant
from yunjin.kernel.errors import NotFound, Outage, Refusal, Unknown
from yunjin.platforms.capability.api.message_channels import (
    HAND_OVER_MAX,
    ChannelKind,
    MessageChannel,
    Outgoing,
    Receipt,
)
from yunjin.platforms.capability.api.messages import MARKETING, MessageKind, MessageState
from yunjin.platforms.capability.api.parties import PartiesApi
from yunjin.platforms.capability.domain.filling import filled
from yunjin.platforms.capability.domain.messages import masked, quiet_until
from yunjin.platforms.capability.domain.payments import leg
from yunjin.platforms.capability.service.message_lists import tell_ended
from yunjin.platforms.capability.store import documents as heard
from yunjin.platforms.capability.store import messages as store
from yunjin.platforms.capability.store.messages import Letter, Words
from yunjin.platforms.capability.store.personal import Seal
from yunjin.platforms.capability.store.tasks import micros

_WHY_MAX: Final = 200
_CONTACTS: Final = {ChannelKind.SMS: "phone", ChannelKind.EMAIL: "email"}
Fate = tuple[MessageState, str]


class Sender:
    """Hands messages over; each of its parts may come twice.

    Parameters
    ----------
    quiet : (zone, since, until) of quiet hours, as `quiet_until` takes them.
    today : the business date, for consents.
    """

    def __init__(
        self,
        room: RoomDatabase,
        parties: PartiesApi,
        channels: Mapping[ChannelKind, MessageChannel],
        *,
        seal: Seal,
        quiet: tuple[str, str, str],
        today: Callable[[], dt.date],
    ) -> None:
        self._room, self._parties, self._channels = room, parties, dict(channels)
        self._seal, self._quiet, self._today = seal, quiet, today

    def lay_out(self, work: Any, batch: str, part: int) -> int:
        """Make the messages of a part; return how many."""
        batch_id = UUID(batch)
        kept = store.take_part(work.connection, batch_id, part)
        if kept is None:
            return 0
        packed = base64.b64decode(self._seal.opened(kept))
        with pa.ipc.open_stream(packed) as reader:
            rows = reader.read_all().to_pylist()
        letters = [
            Letter(
                message_id=leg(batch_id, str(part * HAND_OVER_MAX + at)),
                party_id=row.pop("party_id"),
                to=row.pop("to"),
                values=row,
            )
            for at, row in enumerate(rows)
        ]
        words = store.words_of(work.connection, batch_id)
        store.put(work.connection, self._seal, batch_id, words, letters, self._now_us())
        return len(letters)

    def due(self, work: Any, batch: str) -> int:
        """Return when a batch may be sent, ns; 0: now."""
        words = store.words_of(work.connection, UUID(batch))
        zone, since, until = self._quiet
        now = instant(self._room.clock.now_ns())
        end = quiet_until(words.kind, now, zone=zone, since=since, until=until)
        return 0 if end is None else micros(end.astimezone(dt.UTC)) * 1_000

    def hand_over(self, command_id: UUID, batch: str) -> int:
        """Hand some messages of a batch over; return how many wait still. Raises: Outage."""
        batch_id = UUID(batch)
        words = self._room.read(lambda connection: store.words_of(connection, batch_id))
        channel = self._channels.get(words.channel)
        if channel is None:
            raise Outage(f"No {words.channel.value} channel is connected.")
        letters = self._claimed(batch_id, command_id)
        if letters and not channel.knows_ids:  # a call before this one did not come back
            self._end({one.message_id: (MessageState.DEAD, "unknown") for one in letters})
            letters = []
        if not letters:
            at_us = self._now_us()
            self._room.run(
                lambda work: store.claim_some(
                    work.connection, batch_id, command_id, HAND_OVER_MAX, at_us
                )
            )
            letters = self._claimed(batch_id, command_id)
        self._send(channel, words, letters)
        return self._room.read(lambda connection: store.waiting(connection, batch_id))

    def _claimed(self, batch_id: UUID, claim: UUID) -> list[Letter]:
        return self._room.read(
            lambda connection: store.claimed(connection, self._seal, batch_id, claim)
        )

    def _send(self, channel: MessageChannel, words: Words, letters: Sequence[Letter]) -> None:
        letters, dropped = self._sifted(words, letters)
        self._end({one: (MessageState.DROPPED, why) for one, why in dropped.items()})
        if not letters:
            return
        shown = {one.message_id: masked(words.channel, one.to)[:200] for one in letters}
        self._room.run(lambda work: store.show(work.connection, shown))
        outgoing = [
            Outgoing(
                message_id=one.message_id,
                address=one.to,
                title=filled(words.title, one.values),
                text=filled(words.text, one.values),
            )
            for one in letters
        ]
        ids = [one.message_id for one in letters]
        try:
            handed = channel.send(outgoing)
        except Outage:
            self._back(ids)
            raise
        except Unknown as unknown:
            self._lost(channel, ids, unknown)
            return
        said = {one.message_id: one.why for one in handed}
        if set(said) != set(ids):  # an answer about others is no answer
            self._lost(channel, ids, Unknown("The channel answered of other messages."))
            return
        is_there = words.channel is ChannelKind.IN_APP
        good = MessageState.DELIVERED if is_there else MessageState.SENT
        self._end(
            {
                one: (MessageState.DEAD, why[:_WHY_MAX].strip() or "refused") if why else (good, "")
                for one, why in said.items()
            }
        )

    def _back(self, ids: Sequence[UUID]) -> None:
        """Let messages wait again that nobody took."""
        at_us = self._now_us()
        self._room.run(
            lambda work: store.become(
                work.connection, ids, MessageState.WAITING, "", at_us, of=[MessageState.SENDING]
            )
        )

    def _lost(self, channel: MessageChannel, ids: Sequence[UUID], unknown: Unknown) -> None:
        """Deal with an answer that was lost: ask again by the ids, or leave it to a person."""
        if channel.knows_ids:
            raise Outage(unknown.detail)  # the rows are claimed still: sent again, sent once
        self._end(dict.fromkeys(ids, (MessageState.DEAD, "unknown")))

    def _sifted(
        self, words: Words, letters: Sequence[Letter]
    ) -> tuple[list[Letter], dict[UUID, str]]:
        """Return the messages that may be sent, with their addresses, and why others may not."""
        meant = dict(
            zip(
                [one.party_id for one in letters],
                self._parties.resolve([one.party_id for one in letters]),
                strict=True,
            )
        )
        known = {one for one in meant.values() if one}
        out: set[str] = set()
        if words.kind is not MessageKind.SECURITY:
            out = self._room.read(
                lambda connection: store.opted_out(connection, known, words.channel.value)
            )
        found: list[Letter] = []
        dropped: dict[UUID, str] = {}
        for one in letters:
            party_id = meant[one.party_id]
            why = self._why_not(words, party_id, party_id in out)
            address = "" if why else self._address(words, party_id, one)
            if why or not address:
                dropped[one.message_id] = why or "no-address"
            else:
                found.append(replace(one, to=address))
        return found, dropped

    def _why_not(self, words: Words, party_id: str, is_out: bool) -> str:
        if not party_id:
            return "no-party"
        if is_out:
            return "opted-out"
        if words.kind is not MessageKind.MARKETING:
            return ""
        try:
            consent = self._parties.consented(party_id, MARKETING, self._today())
        except NotFound:
            return "no-party"
        return "" if consent else "no-consent"

    def _address(self, words: Words, party_id: str, one: Letter) -> str:
        """Return where a message goes; "": nobody knows."""
        if words.channel is ChannelKind.IN_APP:
            return party_id
        kind = _CONTACTS.get(words.channel)
        if one.to or kind is None:
            return one.to
        for contact in self._parties.contacts(party_id):
            if contact.kind == kind and contact.ended is None:
                try:
                    return self._parties.reveal(
                        leg(one.message_id, "reveal"),
                        party_id,
                        contact.contact_id,
                        by="messages",
                        why=f"to send {words.template}",
                    )
                except Refusal:
                    return ""
        return ""

    def _end(self, fates: Mapping[UUID, Fate]) -> None:
        """Keep what became of messages that are being handed over, and tell it."""
        if not fates:
            return

        def body(work: SqlUnitOfWork) -> None:
            for (state, why), ids in _grouped(fates).items():
                self._become(work, ids, state, why, [MessageState.SENDING])

        self._room.run(body)

    def _become(
        self,
        work: SqlUnitOfWork,
        ids: Sequence[UUID],
        state: MessageState,
        why: str,
        of: Sequence[MessageState],
    ) -> None:
        found = store.become(work.connection, ids, state, why, self._now_us(), of=of)
        if found:
            tell_ended(work, found, state, why)

    def let_die(self, work: Any, batch: str, why: str) -> int:
        """Let messages be dead that could not be handed over; return how many."""
        batch_id, count = UUID(batch), 0
        for state, said in ((MessageState.WAITING, why), (MessageState.SENDING, "unknown")):
            while ids := store.of_batch(work.connection, batch_id, [state], HAND_OVER_MAX):
                self._become(work, ids, MessageState.DEAD, said, [state])
                count += len(ids)
        return count

    # receipts -------------------------------------------------------------------------------------

    def last_receipt(self, kind: ChannelKind) -> str:
        """Return the id of the newest receipt taken from a channel."""
        return self._room.read(lambda connection: heard.last_heard(connection, _port(kind)))

    def take(self, kind: ChannelKind, receipts: Sequence[Receipt]) -> None:
        """Take what became of messages: it counts once, and never after the end."""
        fates: dict[UUID, Fate] = {}
        for one in receipts:
            why = "" if one.is_delivered else (one.why[:_WHY_MAX].strip() or "undelivered")
            state = MessageState.DELIVERED if one.is_delivered else MessageState.DEAD
            fates.setdefault(one.message_id, (state, why))

        def body(work: SqlUnitOfWork) -> None:
            last = receipts[-1].receipt_id[:100]
            heard.hear(work.connection, _port(kind), last, self._now_us())
            for (state, why), ids in _grouped(fates).items():
                self._become(work, ids, state, why, [MessageState.SENDING, MessageState.SENT])

        self._room.run(body)

    def _now_us(self) -> int:
        return instant_us(self._room.clock.now_ns())


def _port(kind: ChannelKind) -> str:
    return f"message:{kind.value}"


def _grouped(fates: Mapping[UUID, Fate]) -> Mapping[Fate, list[UUID]]:
    groups: dict[Fate, list[UUID]] = defaultdict(list)
    for one, fate in fates.items():
        groups[fate].append(one)
    return groups
