"""The room's work in the background: payments whose day has come, messages that channels have."""

import threading
from collections.abc import Callable, Mapping
from typing import Final, Protocol
from uuid import UUID

import structlog

from yunjin.kernel.clock import Clock
from yunjin.kernel.errors import Outage, Problem, Unknown
from yunjin.kernel.ids import uuid7
from yunjin.platforms.capability.api.channels import ChannelPort

_log: Final = structlog.get_logger()
_PAUSE_S: Final = 1.0
_JOIN_S: Final = 30


class Payments(Protocol):
    """What is asked of the payment centre."""

    def start_due(self, wave_id: UUID) -> int:
        """Start a wave of payments whose day has come; return how many they are."""

    def last_message(self, channel: str) -> str:
        """Return the id of the newest message that a channel has sent."""

    def take(self, command_id: UUID, channel: str, message_id: str, content: bytes) -> str:
        """Take a channel's message."""

    def keep_unread(self, channel: str, message_id: str, content: bytes) -> None:
        """Keep a message that cannot be read."""


class Sessions(Protocol):
    """What is asked of the clearing centre."""

    def close_due(self) -> int:
        """End the sessions whose cut-off has come; return how many."""


class Paying:
    """Starts waves and ends sessions that are due, takes channels' messages, until `close`.

    Parameters
    ----------
    stands_by : tells whether another process does this now.
    pause_s : between two looks, s.
    """

    def __init__(
        self,
        payments: Payments,
        sessions: Sessions,
        channels: Mapping[str, ChannelPort],
        *,
        clock: Clock,
        stands_by: Callable[[], bool] = lambda: False,
        pause_s: float = _PAUSE_S,
    ) -> None:
        self._stands_by = stands_by
        self._payments, self._sessions = payments, sessions
        self._channels, self._clock = dict(channels), clock
        self._pause_s, self._stop = pause_s, threading.Event()
        self._thread = threading.Thread(target=self._run, name="capability-paying", daemon=True)

    def start(self) -> None:
        """Begin; returns at once."""
        self._thread.start()

    def close(self) -> None:
        """End; the look that runs is finished."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join(_JOIN_S)

    def look(self) -> None:
        """Do what there is to be done now. Raises: Outage, Unknown."""
        while self._payments.start_due(uuid7(self._clock)):
            pass
        self._sessions.close_due()
        for name, channel in self._channels.items():
            for one in channel.collect(self._payments.last_message(name)):
                self._take(name, one.message_id, one.content)

    def _take(self, channel: str, message_id: str, content: bytes) -> None:
        try:
            self._payments.take(uuid7(self._clock), channel, message_id, content)
        except Outage:
            raise
        except Problem as problem:  # kept, so that the channel goes on; a person reads it
            _log.warning("payment.message_refused", channel=channel, code=problem.code)
            self._payments.keep_unread(channel, message_id, content)

    def _run(self) -> None:
        while not self._stop.wait(self._pause_s):
            if not self._stands_by():
                _quietly(self.look)


def _quietly(act: Callable[[], None]) -> None:
    try:
        act()
    except (Outage, Unknown) as problem:
        _log.warning("payment.looked_in_vain", code=problem.code)
    except Exception:
        _log.exception("payment.look_failed")
