"""Problems on the wire: RFC 9457 documents for whatever can go wrong with a request."""

import json
from collections.abc import Mapping
from typing import Any, Final

import msgspec
import structlog
from fastapi.exceptions import RequestValidationError
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope

from yunjin.chassis.transport import trace
from yunjin.kernel.errors import Bug, Malformed, NotFound, Outage, Problem, Refusal
from yunjin.kernel.money import MINOR_MAX

MEDIA_TYPE: Final = "application/problem+json"
COMPLAINTS_MAX: Final = 20
BODY_BYTES_MAX: Final = 4 * 1024 * 1024
_log: Final = structlog.get_logger()


class BodyTooLarge(Refusal):
    """The request's body is larger than this server reads."""

    code, status, title = "kernel/body-too-large", 413, "Request too large"


class MethodNotAllowed(Refusal):
    """The address exists, but not for this method."""

    code, status, title = "kernel/method-not-allowed", 405, "Method not allowed"


class WrongMediaType(Refusal):
    """The body is not said to be JSON; browsers may send other kinds on a stranger's behalf."""

    code, status, title = "kernel/wrong-media-type", 415, "Wrong media type"


class WrongHost(Refusal):
    """The request was meant for another host: a name that somebody pointed at this machine."""

    code, status, title = "kernel/wrong-host", 421, "Wrong host"


class NotAccepted(Refusal):
    """The request was refused by the web server's own rules."""

    code, status, title = "kernel/request-refused", 400, "Request refused"


class Crowded(Outage):
    """Too many requests wait already; nothing was done."""

    code, status, title = "kernel/overloaded", 503, "Too many requests wait"


def problem_response(
    problem: Problem,
    *,
    instance: str = "",
    status: int = 0,
    headers: Mapping[str, str] = {},
    for_twins: bool = False,
) -> Response:
    """Return the answer for a problem; a Bug keeps its reasons for the log.

    Parameters
    ----------
    instance : path of the request.
    status : HTTP status where one class answers with several; 0 for the class's own.
    for_twins : large integers among the facts stay numbers, for a reader in Python.
    """
    shown = concealed(problem)
    document = shown.document(instance=instance, trace_id=_trace_id())
    document["status"] = status or shown.status
    more = dict(headers)
    if isinstance(shown, BodyTooLarge):
        more["connection"] = "close"  # or the rest of the body would be read for nothing
    if isinstance(shown, Outage):
        more["retry-after"] = str(shown.retry_after_s)
    return Response(
        json.dumps(document if for_twins else _exact(document), ensure_ascii=False, default=str),
        document["status"],
        headers=more,
        media_type=MEDIA_TYPE,
    )


def concealed(problem: Problem) -> Problem:
    """Return the problem as strangers may see it: what broke inside stays inside."""
    if not isinstance(problem, Bug):
        return problem
    return Bug("Something broke on our side and the command was stopped; quote the trace id.")


def problem_of(error: Exception) -> Problem:
    """Return the problem an exception of the web libraries stands for."""
    if isinstance(error, Problem):
        return error
    if isinstance(error, RequestValidationError):
        return _invalid(error)
    if not isinstance(error, HTTPException):
        return Bug(f"expected no exception, was {type(error).__name__}")
    if error.status_code == 400 and error.__cause__ is not None:
        return _unreadable(error.__cause__)  # FastAPI hides what went wrong in reading the body
    if error.status_code == 404:
        return NotFound("There is nothing at this address.")
    if error.status_code == 405:
        return MethodNotAllowed("This address does not take this method.")
    return NotAccepted(str(error.detail), reason=error.status_code)


def install_problems(app: Starlette, *, for_twins: bool = False) -> None:
    """Let an application (FastAPI too) answer every error with a problem document."""

    async def answer(request: Request, error: Exception) -> Response:
        return _answer(request.url.path, error, for_twins)

    for kind in (Problem, RequestValidationError, HTTPException, Exception):
        app.add_exception_handler(kind, answer)


async def body_of(receive: Receive, bytes_max: int = BODY_BYTES_MAX) -> bytes:
    """Read a request's body. Raises: BodyTooLarge as soon as it is, NotAccepted if cut off."""
    message = await receive()
    body: bytes = message.get("body", b"")
    if not message.get("more_body"):
        if message["type"] == "http.disconnect":
            raise NotAccepted("The caller went away.")
        _within(len(body), bytes_max)
        return body
    parts, size = [body], len(body)
    while message.get("more_body"):
        message = await receive()
        if message["type"] == "http.disconnect":
            raise NotAccepted("The caller went away.")
        parts.append(message.get("body", b""))
        size += len(parts[-1])
        _within(size, bytes_max)
    return b"".join(parts)


async def json_body_of(scope: Scope, receive: Receive) -> bytes:
    """Read a fast route's body up to the guard's limit. Raises: WrongMediaType, BodyTooLarge."""
    if not any(name == b"content-type" and _is_json(value) for name, value in scope["headers"]):
        raise WrongMediaType("expected a body of application/json, was another")
    return await body_of(receive, scope.get("body_bytes_max", BODY_BYTES_MAX))


def malformed_json(error: Exception) -> Malformed:
    """Return the refusal of a body that msgspec could not read."""
    if isinstance(error, msgspec.ValidationError):
        message, _, place = str(error).partition(" - at `$")
        at = place.rstrip("`").lstrip(".")
        return Malformed(
            "The request is not of the form this address takes.",
            errors=[{"at": f"body.{at}" if at else "body", "message": message}],
        )
    if isinstance(error, RecursionError):
        return Malformed("expected a well-formed body, was one nested too deeply")
    return Malformed("expected a body in JSON and UTF-8, was another")


def limited(receive: Receive, bytes_max: int) -> Receive:
    """Return a `receive` that counts: it raises BodyTooLarge in the middle of the stream."""
    seen = 0

    async def counting() -> Any:
        nonlocal seen
        message = await receive()
        seen += len(message.get("body", b""))
        _within(seen, bytes_max)
        return message

    return counting


def _is_json(media_type: bytes) -> bool:
    return media_type.partition(b";")[0].strip().lower() == b"application/json"


def _within(size: int, bytes_max: int) -> None:
    if size > bytes_max:
        raise BodyTooLarge(f"expected at most {bytes_max} bytes, was more", bytes_max=bytes_max)


def _answer(place: str, error: Exception, for_twins: bool) -> Response:
    problem = problem_of(error)
    if isinstance(problem, Bug):
        _log.error("request.failed", path=place, exc_info=error)
    if not isinstance(error, HTTPException):
        return problem_response(problem, instance=place, for_twins=for_twins)
    status = error.status_code if type(problem) is NotAccepted else 0
    return problem_response(problem, instance=place, status=status, headers=error.headers or {})


def _invalid(error: RequestValidationError) -> Malformed:
    """Name the places that are wrong, never what was in them: it may be somebody's data."""
    complaints = [
        {"at": ".".join(str(step) for step in one["loc"]), "message": one["msg"]}
        for one in error.errors()[:COMPLAINTS_MAX]
    ]
    return Malformed("The request is not of the form this address takes.", errors=complaints)


def _unreadable(error: BaseException) -> Problem:
    if isinstance(error, Problem):
        return error
    if isinstance(error, RecursionError):
        return Malformed("expected a body in JSON, was one nested too deeply")
    return Malformed("expected a body in JSON and UTF-8, was another")


def _exact(value: Any) -> Any:
    """Write integers that JavaScript would round as strings, all the way down."""
    if type(value) is int and abs(value) > MINOR_MAX:
        return str(value)
    if isinstance(value, dict):
        return {key: _exact(one) for key, one in value.items()}
    return [_exact(one) for one in value] if isinstance(value, list | tuple) else value


def _trace_id() -> str:
    here = trace.current()
    return here.trace_id if here else ""
