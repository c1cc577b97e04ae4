"""One connection to NATS for a process, used by its threads as if it were synchronous.

The library lives in an asyncio loop; the loop lives in a thread of its own.
"""

import asyncio
import ssl
import threading
from collections.abc import Awaitable, Callable
from concurrent.futures import CancelledError
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final, TypeVar

import structlog

from yunjin.chassis.events.problems import BusUnreachable
from yunjin.chassis.events.settings import EventSettings
from yunjin.kernel.errors import Malformed

if TYPE_CHECKING:
    from nats.aio.client import Client

T = TypeVar("T")
_RECONNECT_S: Final = 0.1
_log: Final = structlog.get_logger()


class Connection:
    """Connects when it is first needed, and again whenever it was lost. Safe for threads.

    Parameters
    ----------
    name : this process, as the servers' own tools list it.

    Raises: Malformed where the library is not installed, or a file it needs cannot be read.
    """

    def __init__(self, settings: EventSettings, *, name: str) -> None:
        try:
            import nats
        except ModuleNotFoundError:
            raise Malformed(
                "events.url is set, but the client of NATS is not installed: "
                "pip install 'yunjin[nats]', or empty events.url."
            ) from None
        self._nats, self._settings, self._name = nats, settings, name
        self.answer_wait_s = settings.answer_wait_s
        self._tls = _tls(settings)
        self._client: Any = None
        self._is_ending = False
        self._connecting = asyncio.Lock()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="nats", daemon=True)
        self._thread.start()

    @property
    def is_up(self) -> bool:
        """Whether a server is connected now."""
        return self._client is not None and self._client.is_connected

    def call(self, work: Callable[["Client"], Awaitable[T]], *, extra_s: int = 0) -> T:
        """Run `work` on the connection and return its answer.

        Parameters
        ----------
        extra_s : how long `work` itself may wait for news, above the wait for an answer.

        Raises: BusUnreachable.
        """
        wait_s = self._settings.answer_wait_s + extra_s
        future = asyncio.run_coroutine_threadsafe(self._run(work, wait_s), self._loop)
        try:
            return future.result()
        except (self._nats.errors.Error, OSError, TimeoutError, CancelledError) as error:
            said = str(error) or type(error).__name__
            raise BusUnreachable(f"NATS did not do it: {said}") from error

    def close(self) -> None:
        """Close the connection and end the thread; whoever waits for an answer hears an outage."""
        if self._loop.is_closed():
            return
        with suppress(TimeoutError):  # of a server that hangs: there is nothing left to say to it
            ending = asyncio.run_coroutine_threadsafe(self._end(), self._loop)
            ending.result(self.answer_wait_s)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    async def _run(self, work: Callable[["Client"], Awaitable[T]], wait_s: int) -> T:
        async with asyncio.timeout(2 * wait_s):  # the connection's, then the answer's
            return await work(await self._connected())

    async def _connected(self) -> Any:
        async with self._connecting:
            if self._client is None or self._client.is_closed:
                async with asyncio.timeout(self._settings.answer_wait_s):
                    self._client = await self._connect()
            return self._client

    async def _connect(self) -> Any:
        settings = self._settings
        options: dict[str, Any] = {}
        if self._tls is not None:
            options["tls"] = self._tls
        if settings.credentials:
            options["user_credentials"] = settings.credentials
        return await self._nats.connect(
            settings.url.split(","),
            name=self._name,
            connect_timeout=settings.answer_wait_s,
            reconnect_time_wait=_RECONNECT_S,
            max_reconnect_attempts=-1,
            ping_interval=settings.answer_wait_s,  # a server that hangs is left for another
            max_outstanding_pings=1,
            error_cb=self._on_error,
            disconnected_cb=self._on_disconnected,
            reconnected_cb=self._on_reconnected,
            **options,
        )

    async def _end(self) -> None:
        self._is_ending = True
        others = [each for each in asyncio.all_tasks() if each is not asyncio.current_task()]
        if self._client is not None:
            await self._client.close()
        for each in others:
            each.cancel()
        await asyncio.gather(*others, return_exceptions=True)

    async def _on_error(self, error: Exception) -> None:
        _log.debug("bus.error", error=type(error).__name__)  # the caller hears of it too

    async def _on_disconnected(self) -> None:
        if not self._is_ending:
            _log.warning("bus.disconnected")

    async def _on_reconnected(self) -> None:
        _log.info("bus.reconnected")


def _tls(settings: EventSettings) -> ssl.SSLContext | None:
    """Return what secures the connection beyond the system's own CAs, None for nothing."""
    if not (settings.tls_ca or settings.tls_certificate):
        return None
    try:
        context = ssl.create_default_context(cafile=settings.tls_ca or None)
        if settings.tls_certificate:
            context.load_cert_chain(settings.tls_certificate, settings.tls_key or None)
    except OSError as error:
        raise Malformed(f"A file of events.tls_… cannot be used: {error}") from error
    return context
