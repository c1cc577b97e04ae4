"""The bank on the web: rooms' routes, the console, health and metrics in one process.

Until people can sign in it listens on loopback only.
"""

import contextlib
import socket
import sys
from collections.abc import AsyncIterator, Iterable
from typing import Any

import uvicorn
from fastapi import FastAPI
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import Mount, Route

from yunjin.app.bootstrap import Bank
from yunjin.chassis.console.mounting import mount
from yunjin.chassis.transport import Guard, install_problems
from yunjin.foundation.ledger.api import LedgerApi
from yunjin.foundation.ledger.routes.flight import FlightDoor
from yunjin.kernel.errors import Outage

LOOPBACK = "127.0.0.1"


class _Collector:
    """What the rooms count, asked anew at every scrape."""

    def __init__(self, bank: Bank) -> None:
        self._bank = bank

    def collect(self) -> Iterable[Any]:
        ready = GaugeMetricFamily("yunjin_ready", "1 where a probe says ready.", labels=["probe"])
        for name, why in reasons(self._bank).items():
            ready.add_metric([name], 0 if why else 1)
        yield ready
        for room in self._bank.rooms:
            if room.metrics is not None:
                yield from room.metrics()


def reasons(bank: Bank) -> dict[str, str]:
    """Ask every probe; return its name and why it is not ready, "" where it is."""
    found = {}
    for room in bank.rooms:
        for name, probe in room.probes.items():
            try:
                found[name] = probe()
            except Exception as error:  # a probe that breaks says so, and is not ready
                found[name] = f"the probe failed: {type(error).__name__}"
    return found


def build(bank: Bank) -> Any:
    """Return the root ASGI application: hot routes first, then FastAPI and the console."""
    settings = bank.settings
    api = FastAPI(
        title="Yunjin 云锦",
        version="2026-11-24",
        openapi_url="/v1/openapi.json",
        docs_url=None,  # its page asks a CDN
        redoc_url=None,
    )
    install_problems(api)
    _with_hot_routes(api, bank)
    registry = CollectorRegistry()
    registry.register(_Collector(bank))

    def live(_: Request) -> Response:
        return JSONResponse({"status": "live"})

    def ready(_: Request) -> Response:
        found = reasons(bank)
        wrong = {name: why for name, why in found.items() if why}
        words = {"status": "not ready" if wrong else "ready", "probes": found}
        return JSONResponse(words, 503 if wrong else 200)

    def metrics(_: Request) -> Response:
        return PlainTextResponse(generate_latest(registry))

    hot = [route for room in bank.rooms for route in room.hot_routes]
    for room in bank.rooms:
        for router in room.routers:
            api.include_router(router, prefix="/v1")
    has_pages = any(room.menu for room in bank.rooms)
    if has_pages:
        home = settings.home.absolute()
        mount(api, bank.rooms, tenant=settings.tenant, clock=bank.clock, home=home)
    first = "/console/" if has_pages else "/v1/openapi.json"

    @contextlib.asynccontextmanager
    async def life(_: Starlette) -> AsyncIterator[None]:
        async with api.router.lifespan_context(api):  # Starlette does not enter a mounted app's
            yield

    root = Starlette(
        routes=[
            Route("/health/live", live),
            Route("/health/ready", ready),
            Route("/metrics", metrics),
            Route("/", lambda _: RedirectResponse(first)),
            *hot,
            Mount("/", api),
        ],
        lifespan=life,
    )
    install_problems(root)
    return Guard(
        root,
        tenant=settings.tenant,
        clock=bank.clock,
        body_bytes_max=settings.http.body_bytes_max,
    )


def _with_hot_routes(api: FastAPI, bank: Bank) -> None:
    """Add what the rooms say of their hot routes to the OpenAPI that FastAPI writes."""
    plain = api.openapi

    def document() -> dict[str, Any]:
        if api.openapi_schema is None:
            said = plain()
            for room in bank.rooms:
                for path, methods in room.openapi.get("paths", {}).items():
                    said["paths"].setdefault(path, {}).update(methods)
                schemas = said.setdefault("components", {}).setdefault("schemas", {})
                schemas.update(room.openapi.get("components", {}).get("schemas", {}))
            api.openapi_schema = said
        return api.openapi_schema

    api.openapi = document  # type: ignore[method-assign]


def serve(bank: Bank) -> None:
    """Serve until told to stop. Raises: Outage where the port is taken."""
    port = bank.settings.http.port
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((LOOPBACK, port))
    except OSError as error:
        raise Outage(
            f"Port {port} is taken: another bank may run. Set YUNJIN_HTTP__PORT to another one.",
            port=port,
        ) from error
    port = listener.getsockname()[1]
    print(
        f"open http://{LOOPBACK}:{port}/ (loopback only, until people can sign in); Ctrl+C stops",
        file=sys.stderr,
        flush=True,
    )
    config = uvicorn.Config(
        build(bank), log_level="warning", access_log=False, timeout_graceful_shutdown=5
    )
    door = FlightDoor(
        bank.door(LedgerApi),
        tenant=bank.settings.tenant,
        port=bank.settings.http.flight_port,
    )
    try:
        uvicorn.Server(config).run(sockets=[listener])
    finally:
        door.close()
