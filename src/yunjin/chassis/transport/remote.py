"""The far twin of a service: same methods, same results, same problems, over HTTP."""

import contextlib
import inspect
import json
from collections.abc import Callable, Iterable
from typing import Any, Final, TypeVar, cast

import httpx
from pydantic import ValidationError
from pydantic_core import PydanticSerializationError

from yunjin.chassis.transport import frames, trace
from yunjin.chassis.transport.problems import MEDIA_TYPE
from yunjin.chassis.transport.signatures import Method, methods_of
from yunjin.kernel import tenant as tenants
from yunjin.kernel.errors import Bug, Malformed, Outage, Problem, Unknown, of_document

ANSWER_BYTES_MAX: Final = 64 * 1024 * 1024
T = TypeVar("T")


def connect(address: str, *, timeout_s: int = 30, connect_s: int = 2) -> httpx.Client:
    """Return an HTTP client for `remote`; idle connections are dropped before servers do."""
    return httpx.Client(
        base_url=address,
        timeout=httpx.Timeout(timeout_s, connect=connect_s, pool=connect_s),
        limits=httpx.Limits(keepalive_expiry=2),
        trust_env=False,
    )


def remote(
    api: type[T],
    client: httpx.Client,
    errors: Iterable[type[Problem]],
    *,
    bytes_max: int = ANSWER_BYTES_MAX,
) -> T:
    """Return the twin of a service that `expose` serves elsewhere.

    Parameters
    ----------
    errors : the problems of the room, so that each is raised as itself with its facts; one not
        named arrives as the Refusal, Outage, Unknown or Bug it is.
    bytes_max : largest answer, columns included.

    Raises (from any method)
    ------
    TypeError : an argument that does not fit the signature; nothing was sent.
    Outage : nobody listens; nothing was done.
    Unknown : the call was sent, its answer was lost or late or senseless; it may have been done.
    """
    known = (*errors, Malformed)
    call = _Caller(client, known, bytes_max)
    methods: dict[str, Any] = {each.name: _method(each, call) for each in methods_of(api)}
    return cast(T, type(f"Remote{api.__name__}", (), methods)())


class _Caller:
    """Sends a body, returns the answer's, and turns whatever else happens into a Problem."""

    def __init__(
        self, client: httpx.Client, known: tuple[type[Problem], ...], bytes_max: int
    ) -> None:
        self._client, self._known, self._bytes_max = client, known, bytes_max

    def __call__(self, name: str, media_type: str, body: bytes) -> tuple[str, bytes]:
        try:
            status, answered, content = self._exchange(name, media_type, body)
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout) as error:
            raise Outage(f"expected a service at {self._client.base_url}, was none") from error
        except httpx.HTTPError as error:
            raise Unknown(f"the answer to {name} was lost: {type(error).__name__}") from error
        if status == 200:
            return answered, content
        raise self._problem(name, status, answered, content)

    def _exchange(self, name: str, media_type: str, body: bytes) -> tuple[int, str, bytes]:
        headers = {"content-type": media_type, **_context()}
        with self._client.stream("POST", f"/{name}", content=body, headers=headers) as response:
            parts, size = [], 0
            for part in response.iter_bytes():
                size += len(part)
                if size > self._bytes_max:
                    raise Unknown(f"expected at most {self._bytes_max} bytes, was more")
                parts.append(part)
            answered = response.headers.get("content-type", "")
            return response.status_code, answered, b"".join(parts)

    def _problem(self, name: str, status: int, answered: str, content: bytes) -> Problem:
        if answered.partition(";")[0] == MEDIA_TYPE:
            try:
                return of_document(json.loads(content), self._known)
            except (ValueError, AttributeError, TypeError):
                pass  # an answer that is no problem document after all
        if status == 503:  # a proxy that could not reach the service
            return Outage(f"the service for {name} is unavailable")
        if status >= 500:
            return Unknown(f"expected an answer to {name}, was status {status}")
        return Bug(f"expected the method {name} there, was status {status}")


def _method(method: Method, call: _Caller) -> Callable[..., Any]:
    def ask(self: object, *positional: Any, **named: Any) -> Any:
        arguments = method.signature.bind(self, *positional, **named).arguments
        arguments.pop(next(iter(method.signature.parameters)))
        columns: list[Any] = []
        try:
            text = method.arguments.dump(arguments, columns)
        except PydanticSerializationError as error:
            raise TypeError(f"expected the arguments of {method.name}: {error}") from None
        answered, content = call(method.name, *frames.pack(text, columns))
        try:
            return method.result.load(*frames.unpack(answered, content))
        except (ValidationError, Malformed) as error:
            raise Unknown(f"expected the result of {method.name}, was another form") from error

    ask.__name__, ask.__doc__ = method.name, inspect.getdoc(method)
    return ask


def _context() -> dict[str, str]:
    """Return the headers that carry tenant and trace to the other side."""
    headers = {}
    here = trace.current()
    if here is not None:
        headers[trace.HEADER] = here.parent
    with contextlib.suppress(Bug):  # outside of any tenant there is none to name
        headers["yunjin-tenant"] = tenants.current()
    return headers
