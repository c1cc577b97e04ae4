"""The guard at the door: tenant, trace, size limit and the last net under every request.

Pure ASGI and cheap, since the hot routes go through it too.
"""

from collections.abc import Callable, Iterable
from typing import Any, Final

import structlog
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from yunjin.chassis.transport import trace
from yunjin.chassis.transport.problems import (
    BODY_BYTES_MAX,
    BodyTooLarge,
    WrongHost,
    limited,
    problem_of,
    problem_response,
)
from yunjin.kernel import tenant as tenants
from yunjin.kernel.clock import Clock
from yunjin.kernel.errors import Bug, NotFound

TENANT_HEADER: Final = b"yunjin-tenant"
TRACE_HEADER: Final = trace.HEADER.encode()
REQUEST_ID: Final = b"request-id"
VERSION_HEADER: Final = b"yunjin-version"
Observe = Callable[[Scope, int, int], None]
_log: Final = structlog.get_logger()


class UnknownTenant(NotFound):
    """This process serves another tenant."""

    code, title = "kernel/unknown-tenant", "Unknown tenant"


class Guard:
    """Wrap an ASGI application: every request has a tenant, a trace and an end.

    Parameters
    ----------
    tenant : whom this process serves; a request that names another is refused.
    body_bytes_max : how much of a body is read, checked while it streams in.
    hosts : names by which it may be called, without port; empty for any. While nobody signs in,
        a stranger's web page must not reach it through a name of its own.
    version : of the API, told in every answer as `Yunjin-Version`; empty: not told.
    observe : called after each request with its scope, status and nanoseconds.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        tenant: str,
        clock: Clock,
        body_bytes_max: int = BODY_BYTES_MAX,
        hosts: Iterable[str] = (),
        version: str = "",
        observe: Observe | None = None,
    ) -> None:
        self._app, self._tenant, self._clock = app, tenants.checked(tenant), clock
        self._body_bytes_max, self._observe = body_bytes_max, observe
        self._hosts = frozenset(host.encode() for host in hosts)
        self._version = ((VERSION_HEADER, version.encode()),) if version else ()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        with tenants.entered(self._tenant):
            if scope["type"] == "http":
                await self._request(scope, receive, send)
            elif scope["type"] == "websocket" and not self._is_host(dict(scope["headers"])):
                await send({"type": "websocket.close", "code": 1008})
            else:
                await self._app(scope, receive, send)

    async def _request(self, scope: Scope, receive: Receive, send: Send) -> None:
        scope["body_bytes_max"] = self._body_bytes_max
        started_ns, status = self._clock.monotonic_ns(), 0
        headers = dict(scope["headers"])
        here = trace.Trace.enter(headers.get(TRACE_HEADER, b"").decode("latin-1"))
        told = ((REQUEST_ID, here.trace_id.encode()), *self._version)

        async def sending(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [*message.get("headers", ()), *told]
            await send(message)

        try:
            self._admit(headers)
            if b"content-length" not in headers:  # else the web server holds the caller to it
                receive = limited(receive, self._body_bytes_max)
            await self._app(scope, receive, sending)
        except Exception as error:
            problem = problem_of(error)
            if isinstance(problem, Bug) and not status:
                _log.error("request.failed", path=scope["path"], exc_info=error)
            if not status:
                answer = problem_response(problem, instance=scope["path"])
                await answer(scope, receive, sending)
        if self._observe is not None:
            self._observe(scope, status, self._clock.monotonic_ns() - started_ns)

    def _admit(self, headers: dict[Any, bytes]) -> None:
        """Refuse what can be refused before reading.

        Raises: WrongHost, UnknownTenant, BodyTooLarge.
        """
        if not self._is_host(headers):
            raise WrongHost("expected a request for this machine's loopback, was for another host")
        asked = headers.get(TENANT_HEADER)
        if asked is not None and asked != self._tenant.encode():
            raise UnknownTenant(f"expected tenant {self._tenant}, was another")
        length = headers.get(b"content-length", b"0")
        if not length.isdigit() or int(length[:19]) > self._body_bytes_max:
            raise BodyTooLarge(
                f"expected at most {self._body_bytes_max} bytes, was more",
                bytes_max=self._body_bytes_max,
            )

    def _is_host(self, headers: dict[Any, bytes]) -> bool:
        if not self._hosts:
            return True
        host = headers.get(b"host", b"")
        return (host if host.endswith(b"]") else host.rpartition(b":")[0] or host) in self._hosts
