"""A room as the app sees it: what a room's wiring hands over to be mounted."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class MenuEntry:
    """A line of the console's navigation."""

    section: str  # key of a word: "money", "cloud", …
    key: str  # key of a word, and the page's name
    icon: str  # Material icon
    path: str  # below /console
    order: int = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit:
    """Something the console's search found; `path` is below /console."""

    kind: str  # key of a word
    title: str
    path: str
    note: str = ""


Way = Callable[[type], Any]  # a Protocol of an api → what stands for it at a way in


@dataclass(frozen=True, slots=True, kw_only=True)
class Faces:
    """What a room shows to the outside: addresses, batches, pages."""

    routers: Sequence[Any] = ()  # FastAPI routers, mounted under /v1
    hot_routes: Sequence[Any] = ()  # Starlette routes tried first; documented by `openapi`
    openapi: Mapping[str, Any] = field(default_factory=dict)  # paths, components of the hot routes
    flight: Any = None  # chassis.transport.streams.Endpoints: batches over Arrow Flight
    pages: Callable[[], None] | None = None  # registers the console's pages
    menu: Sequence[MenuEntry] = ()
    words: Mapping[str, tuple[str, str]] = field(default_factory=dict)  # key → (Chinese, English)
    search: Sequence[Callable[[str], list[Hit]]] = ()


def _nothing(_: Way) -> Faces:
    return Faces()


@dataclass(frozen=True, slots=True, kw_only=True)
class Room:
    """What a room gives to the app. The types of web libraries stay out of the kernel: Any.

    faces : makes what is shown, once for all tenants, of doors that the app hands in: they may
        find the caller's own, and ask first whether the caller may. It brings the weight of the
        web, which not all need.
    """

    name: str
    doors: Mapping[type, Any]  # a Protocol of its api → what implements it
    faces: Callable[[Way], Faces] = _nothing
    probes: Mapping[str, Callable[[], str]] = field(default_factory=dict)  # "" = ready, or why not
    metrics: Callable[[], Iterable[Any]] | None = None  # Prometheus metric families
    start: Callable[[], None] | None = None
    await_turn: Callable[[], None] | None = None  # returns once this process may do its work
    stands_by: Callable[[], bool] | None = None  # tells whether another process does it now
    close: Callable[[], None] | None = None


def near(*rooms: Room) -> Way:
    """Return the way to rooms' own doors: for one tenant, and nobody is asked."""
    doors = {api: door for room in rooms for api, door in room.doors.items()}
    return doors.__getitem__


def shown(*rooms: Room, way: Way | None = None) -> list[Faces]:
    """Return what rooms show; way: to their doors, else the near one."""
    found = way or near(*rooms)
    return [room.faces(found) for room in rooms]
