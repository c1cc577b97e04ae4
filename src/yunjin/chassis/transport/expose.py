"""Make HTTP routes of a Protocol, so that a room can live in another process."""

from typing import Any, TypeVar

from pydantic import ValidationError
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from yunjin.chassis.transport import frames
from yunjin.chassis.transport.problems import COMPLAINTS_MAX, body_of, install_problems
from yunjin.chassis.transport.signatures import Method, methods_of
from yunjin.kernel.errors import Malformed

CALL_BYTES_MAX = 64 * 1024 * 1024
T = TypeVar("T")


def expose(api: type[T], service: T, *, bytes_max: int = CALL_BYTES_MAX) -> Starlette:
    """Return an application with a route `POST /<method>` for each method of `api`.

    The methods run in worker threads, in the context of the request (its tenant and trace: wrap
    the application in a Guard). Arguments are read strictly; problems travel as documents.

    Parameters
    ----------
    bytes_max : largest body of a call, columns included.
    """
    routes = [
        _route(method, getattr(service, method.name), bytes_max) for method in methods_of(api)
    ]
    app = Starlette(routes=routes)
    install_problems(app, for_twins=True)
    return app


def _route(method: Method, call: Any, bytes_max: int) -> Route:
    def answer(media_type: str, body: bytes) -> tuple[str, bytes]:
        arguments = _arguments(method, media_type, body)
        result, columns = call(**arguments), []  # type: ignore[var-annotated]
        return frames.pack(method.result.dump(result, columns), columns)

    async def endpoint(request: Request) -> Response:
        body = await body_of(request.receive, bytes_max)
        media_type = request.headers.get("content-type", "")
        media_type, content = await run_in_threadpool(answer, media_type, body)
        return Response(content, media_type=media_type)

    return Route(f"/{method.name}", endpoint, methods=["POST"])


def _arguments(method: Method, media_type: str, body: bytes) -> dict[str, Any]:
    text, columns = frames.unpack(media_type, body)
    try:
        arguments: dict[str, Any] = method.arguments.load(text, columns)
    except ValidationError as error:
        complaints = [
            {"at": ".".join(str(step) for step in one["loc"]), "message": one["msg"]}
            for one in error.errors(include_input=False, include_url=False)[:COMPLAINTS_MAX]
        ]
        raise Malformed(f"expected the arguments of {method.name}", errors=complaints) from None
    return arguments
