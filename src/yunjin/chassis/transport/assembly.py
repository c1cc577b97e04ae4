"""The rooms' addresses put together: one FastAPI, one OpenAPI that tells of the fast routes too."""

from collections.abc import Iterable, Sequence
from importlib.resources import files
from typing import Any, Final

from fastapi import FastAPI
from starlette.applications import Starlette
from starlette.responses import HTMLResponse
from starlette.routing import BaseRoute, Mount, Route
from starlette.types import ASGIApp, Receive, Scope, Send, StatelessLifespan

from yunjin.chassis.transport.problems import MEDIA_TYPE, install_problems
from yunjin.kernel.room import Faces

_PROBLEM: Final = {
    "type": "object",
    "title": "Problem",
    "description": "What went wrong (RFC 9457); the facts are further members.",
    "required": ["type", "title", "status", "detail", "code"],
    "properties": {
        "type": {"type": "string", "examples": ["/problems/ledger/transfer-refused"]},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "code": {"type": "string"},
        "instance": {"type": "string"},
        "trace_id": {"type": "string"},
    },
    "additionalProperties": True,
}
_ANY_PROBLEM: Final = {
    "description": "A problem: the status and the code say which.",
    "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
}
_UNUSED: Final = ("HTTPValidationError", "ValidationError")


def api_of(faces: Iterable[Faces], *, title: str, version: str) -> FastAPI:
    """Return the FastAPI application of the rooms' routers, with its page for people at /docs."""
    faces = list(faces)
    api = FastAPI(
        title=title,
        version=version,
        openapi_url="/v1/openapi.json",
        docs_url=None,  # its page asks a CDN
        redoc_url=None,
        generate_unique_id_function=lambda route: route.name,
    )
    install_problems(api)
    for one in faces:
        for router in one.routers:
            api.include_router(router, prefix="/v1")

    @api.get("/docs", include_in_schema=False)
    def docs() -> HTMLResponse:
        return HTMLResponse(files(__package__).joinpath("docs.html").read_text(encoding="utf-8"))

    plain = api.openapi

    def document() -> dict[str, Any]:
        if api.openapi_schema is None:
            api.openapi_schema = _completed(plain(), faces)
        return api.openapi_schema

    api.openapi = document  # type: ignore[method-assign]
    return api


class FastRoutes:
    """Answer the rooms' fast routes by a look-up of the path; pass everything else on.

    A fast route answers its own problems, so it needs none of Starlette's layers around it.
    """

    def __init__(self, routes: Iterable[Route], others: ASGIApp) -> None:
        self._routes, self._others = {route.path: route for route in routes}, others

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        route = self._routes.get(scope["path"]) if scope["type"] == "http" else None
        if route is not None and scope["method"] in (route.methods or ()):
            scope["route"] = route
            await route.app(scope, receive, send)
        else:
            await self._others(scope, receive, send)


def root_of(
    api: FastAPI,
    faces: Iterable[Faces],
    routes: Sequence[BaseRoute] = (),
    lifespan: StatelessLifespan[Starlette] | None = None,
) -> ASGIApp:
    """Return the root application: the rooms' fast routes first, then `routes`, then the rest."""
    hot = [route for one in faces for route in one.hot_routes]
    # Starlette has them too: it answers a wrong method, and redirects a slash too many.
    root = Starlette(routes=[*hot, *routes, Mount("/", api)], lifespan=lifespan)
    install_problems(root)
    return FastRoutes(hot, root)


def _completed(document: dict[str, Any], faces: list[Faces]) -> dict[str, Any]:
    """Add the fast routes, and say of every operation that it may answer with a problem."""
    paths = document.setdefault("paths", {})
    schemas = document.setdefault("components", {}).setdefault("schemas", {})
    for operations in paths.values():
        for operation in operations.values():  # the docstring says more than the function's name
            if "description" in operation:
                operation["summary"] = operation["description"].partition(".")[0]
    for one in faces:
        for path, operations in one.openapi.get("paths", {}).items():
            paths.setdefault(path, {}).update(operations)
        schemas.update(one.openapi.get("components", {}).get("schemas", {}))
    for name in _UNUSED:
        schemas.pop(name, None)
    schemas["Problem"] = _PROBLEM
    for operations in paths.values():
        for operation in operations.values():
            operation["responses"].pop("422", None)
            operation["responses"]["default"] = _ANY_PROBLEM
    return document
