"""The bank on the web: rooms' routes, the console, health and metrics in one process.

Until people can sign in it listens on loopback, unless a private network is chosen.
"""

import contextlib
import gc
import signal
import socket
import sys
from collections.abc import AsyncIterator, Iterator, Sequence
from typing import Final

import uvicorn
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp

from yunjin.app import problem_pages
from yunjin.app.bootstrap import Bank
from yunjin.app.observability import Families, Meter, reasons
from yunjin.app.warming import warm
from yunjin.chassis.console.mounting import mount
from yunjin.chassis.transport import Guard, JoinedProtocol, api_of, configure_logs, root_of
from yunjin.chassis.transport.flight import FlightDoor
from yunjin.chassis.transport.streams import joined
from yunjin.kernel.errors import Outage

LOOPBACK: Final = "127.0.0.1"
HOSTS: Final = (LOOPBACK, "localhost", "[::1]")
VERSION: Final = "2026-11-24"
DRAIN_S: Final = 5
_WHO: Final = {LOOPBACK: "Loopback only, until people can sign in."}
_ANYBODY: Final = "Whoever reaches {at} may do everything: people cannot sign in yet."
GARBAGE_ROUNDS: Final = (10_000, 20, 50)  # a batch of requests makes some thousand objects at once


def build(bank: Bank, *, metrics_of: Sequence[Families] = ()) -> ASGIApp:
    """Return the root application: fast routes, health, then FastAPI and the console.

    metrics_of: who else than the rooms yields Prometheus metric families.
    """
    settings, rooms, faces = bank.settings, bank.rooms, bank.faces
    api = api_of(faces, title="Yunjin 云锦", version=VERSION)
    has_pages = any(one.menu for one in faces)
    if has_pages:
        home = settings.home.absolute()
        mount(api, faces, tenant=settings.tenant, clock=bank.clock, home=home)
    first = "/console/" if has_pages else "/docs"
    meter = Meter(rooms, metrics_of)

    def live(_: Request) -> Response:
        return JSONResponse({"status": "live"})

    def ready(_: Request) -> Response:
        found = reasons(rooms)
        is_ready = not any(found.values())
        words = {"status": "ready" if is_ready else "not ready", "probes": found}
        return JSONResponse(words, 200 if is_ready else 503)

    def metrics(_: Request) -> Response:
        return Response(generate_latest(meter.registry), media_type=CONTENT_TYPE_LATEST)

    def home_page(_: Request) -> Response:
        return RedirectResponse(first)

    @contextlib.asynccontextmanager
    async def life(_: Starlette) -> AsyncIterator[None]:
        async with api.router.lifespan_context(api):  # Starlette does not enter a mounted app's
            _settle()
            yield

    routes = [
        Route("/health/live", live),
        Route("/health/ready", ready),
        Route("/metrics", metrics),
        Route("/", home_page),
        *problem_pages.routes(),
    ]
    return Guard(
        root_of(api, faces, routes, life),
        tenant=settings.tenant,
        clock=bank.clock,
        body_bytes_max=settings.http.body_bytes_max,
        hosts=(*HOSTS, settings.http.listen),
        version=VERSION,
        observe=meter.observe,
    )


def serve(bank: Bank) -> None:
    """Serve HTTP and Arrow Flight until told to stop; requests under way are finished.

    Raises: Outage where a port is taken.
    """
    settings = bank.settings
    configure_logs(bank.clock, level="warning")
    warm(_say, clock=bank.clock)
    at = settings.http.listen
    with _listening(at, settings.http.port) as listener, _flight(bank) as flight:
        port = listener.getsockname()[1]
        _say(f"open http://{at}:{port}/ · batches at grpc://{at}:{flight.port}")
        _say(_WHO.get(at, _ANYBODY.format(at=at)) + " Ctrl+C stops.")
        config = uvicorn.Config(
            build(bank, metrics_of=[flight.metrics]),
            log_config=None,
            access_log=False,
            proxy_headers=False,
            http=JoinedProtocol,
            timeout_graceful_shutdown=DRAIN_S,
        )
        # uvicorn drains, then raises the signal again: this lets the rooms be closed after it.
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
        uvicorn.Server(config).run(sockets=[listener])


def _settle() -> None:
    """Take what is loaded out of the garbage collector's rounds: it lives as long as the bank.

    Else every full round walks hundreds of thousands of objects of libraries, which costs a
    third of the time that requests take.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(*GARBAGE_ROUNDS)


@contextlib.contextmanager
def _listening(at: str, port: int) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((at, port))
            listener.listen()
        except OSError as error:
            raise _taken(port, "PORT") from error
        yield listener


@contextlib.contextmanager
def _flight(bank: Bank) -> Iterator[FlightDoor]:
    offers = [one.flight for one in bank.faces if one.flight is not None]
    settings, port = bank.settings, bank.settings.http.flight_port
    try:
        door = FlightDoor(
            joined(offers),
            tenant=settings.tenant,
            host=settings.http.listen,
            port=port,
            clock=bank.clock,
            message_bytes_max=settings.http.flight_message_bytes_max,
        )
    except Outage as error:
        raise _taken(port, "FLIGHT_PORT") from error
    try:
        yield door
    finally:
        door.close(DRAIN_S)


def _taken(port: int, setting: str) -> Outage:
    return Outage(
        f"Port {port} is taken: another bank may run. Set YUNJIN_HTTP__{setting} to another one.",
        port=port,
    )


def _say(words: str) -> None:
    print(words, file=sys.stderr, flush=True)
