"""A signing service in memory, for demos and tests: it signs, and misbehaves on demand."""

import hashlib
import itertools
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from uuid import UUID

from yunjin.kernel.errors import Outage
from yunjin.platforms.capability.api.esign import Envelope, EnvelopeEnd, EnvelopeNotice
from yunjin.platforms.capability.errors.documents import DocumentRefused


@dataclass
class FakeESign:
    """A service whose signers sign at once, unless they are told otherwise.

    Parameters
    ----------
    choose : how the signers of an envelope answer; None: not yet (see `tell`).
    is_down : calls fail before anything is done.
    fails : so many calls fail before anything is done: it is slow, or restarts.
    turns_away : it refuses what it is asked.
    loses_answers : so many calls are done and then told as failed.
    repeats : every notice comes so often.
    lies : it tells of another document than it was given.
    """

    choose: Callable[[Envelope], EnvelopeEnd | None] = lambda envelope: EnvelopeEnd.SIGNED
    is_down: bool = False
    fails: int = 0
    turns_away: bool = False
    loses_answers: int = 0
    repeats: int = 1
    lies: bool = False
    asked: dict[UUID, Envelope] = field(default_factory=dict)
    withdrawn: set[UUID] = field(default_factory=set)
    _out: list[EnvelopeNotice] = field(default_factory=list)
    _numbers: "itertools.count[int]" = field(default_factory=lambda: itertools.count(1))
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def ask(self, envelope: Envelope) -> None:
        """Have a document signed once, however often it is asked."""
        self._check_up()
        if self.turns_away:
            raise DocumentRefused("A signer has no certificate.", why="turned-away")
        with self._lock:
            is_new = envelope.envelope_id not in self.asked
            self.asked.setdefault(envelope.envelope_id, envelope)
        end = self.choose(envelope) if is_new else None
        if end is not None:
            self.tell(envelope.envelope_id, end)
        self._lose()

    def withdraw(self, envelope_id: UUID) -> None:
        """Have it signed no more."""
        self._check_up()
        self.withdrawn.add(envelope_id)
        self._lose()

    def collect(self, after: str) -> list[EnvelopeNotice]:
        """Return what has come after a notice."""
        self._check_up()
        with self._lock:
            places = [at for at, one in enumerate(self._out) if one.notice_id == after]
            return self._out[places[-1] + 1 if places else 0 :]

    def tell(self, envelope_id: UUID, end: EnvelopeEnd, why: str = "") -> None:
        """Say how an envelope ended, as often as this service repeats itself."""
        envelope = self.asked[envelope_id]
        is_signed = end is EnvelopeEnd.SIGNED
        number = next(self._numbers)
        names = ", ".join(one.party_id for one in envelope.signers)
        digest = hashlib.sha256(b"another").hexdigest() if self.lies else envelope.digest
        notice = EnvelopeNotice(
            notice_id=f"notice-{number}",
            envelope_id=envelope_id,
            end=end,
            digest=digest,
            signed=envelope.content + f"\n% signed by {names}\n".encode() if is_signed else b"",
            evidence_id=f"evidence-{number}" if is_signed else "",
            why=why,
        )
        with self._lock:
            self._out += [notice] * self.repeats

    def _check_up(self) -> None:
        if self.is_down:
            raise Outage("The signing service is down.")
        with self._lock:
            fails = self.fails > 0
            self.fails -= int(fails)
        if fails:
            raise Outage("The signing service took too long.")

    def _lose(self) -> None:
        with self._lock:
            is_lost = self.loses_answers > 0
            self.loses_answers -= int(is_lost)
        if is_lost:
            raise Outage("The signing service's answer was lost.")
