"""What every command of the fleet opens: its desk, or the tenant's tables; and how nodes look."""

import dataclasses
import enum
import json
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from yunjin.app.commands.opening import load_settings, print_table

if TYPE_CHECKING:
    from yunjin.chassis.persistence import RoomDatabase
    from yunjin.foundation.database.api.fleet import NodeStatus, SetStatus
    from yunjin.foundation.database.service.desk import FleetDesk
    from yunjin.foundation.database.service.hosting import Hosting
    from yunjin.kernel.room import Room

Home = Annotated[Path | None, typer.Option(help="Folder of all data.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
SetName = Annotated[str, typer.Argument(metavar="SET", help="A set of fleet.toml.")]


def say(words: str) -> None:
    """Say on stderr what is being done."""
    print(words, file=sys.stderr, flush=True)


def desk(home: Path | None, rows: "RoomDatabase | None" = None) -> "FleetDesk":
    """Return the fleet's desk; what it does is told on stderr.

    rows: the database room's tables, for the record of copies.
    """
    from yunjin.foundation.database.service.desk import desk_of
    from yunjin.kernel.clock import SystemClock

    settings = load_settings(home)
    return desk_of(
        settings.database.fleet,
        home=settings.home.absolute(),
        clock=SystemClock(),
        rows=rows,
        tell=say,
    )


@contextmanager
def tables_room(home: Path | None) -> "Iterator[Room]":
    """Open the tenant's tables, without the rest of the bank, and without a doctor of its own."""
    from yunjin.chassis.transport import configure_plain_logs
    from yunjin.foundation.database import wiring
    from yunjin.kernel import tenant
    from yunjin.kernel.clock import SystemClock

    configure_plain_logs()
    settings = load_settings(home)
    name = tenant.checked(settings.tenant)
    plain_room = settings.database.model_copy(
        update={"doctor": settings.database.doctor.model_copy(update={"is_on": False})}
    )
    with tenant.entered(name):
        room = wiring.build(
            plain_room, tenant=name, clock=SystemClock(), home=settings.home.absolute()
        )
        try:
            yield room
        finally:
            if room.close is not None:
                room.close()


@contextmanager
def hosting(home: Path | None) -> "Iterator[Hosting]":
    """Open the tenant's tables for its hosted databases."""
    from yunjin.foundation.database.api.hosting import HostingApi

    with tables_room(home) as room:
        yield room.doors[HostingApi]


@contextmanager
def recording_desk(home: Path | None) -> "Iterator[FleetDesk]":
    """Open the fleet's desk with the record of copies; without it where the tables are down."""
    from yunjin.foundation.database import migrations
    from yunjin.foundation.database.api import DatabaseApi
    from yunjin.kernel.errors import Outage

    with ExitStack() as closing:
        rows = None
        try:
            api = closing.enter_context(tables_room(home)).doors[DatabaseApi]
            rows = api.open("database", source="/foundation/database", migrations=migrations)
        except Outage as problem:
            say(f"not on record: {problem.detail}")
        yield desk(home, rows)


def plain(value: Any) -> Any:
    """Return what a door answered as JSON values."""
    return json.loads(json.dumps(value, default=_fields))


def _fields(value: Any) -> Any:
    if not dataclasses.is_dataclass(value) or isinstance(value, type):
        return str(value)
    found = {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}
    return {k: v.name.lower() if isinstance(v, enum.Enum) else v for k, v in found.items()}


def tell_set(status: "SetStatus", *, as_json: bool) -> None:
    """Print how a set is; the command ends with 1 where no node of it takes writes."""
    if as_json:
        print(json.dumps({**plain(status), "is_serving": status.is_serving}))
    else:
        tell_nodes(status.nodes, title=f"set {status.name}")
        if status.arbitrator:
            say(f"arbitrator {status.arbitrator}")
        for said in status.weaknesses:
            say(said)
    if not status.is_serving:
        raise typer.Exit(1)


def tell_nodes(nodes: "tuple[NodeStatus, ...]", *, title: str) -> None:
    """Print nodes as a table."""
    from rich.table import Column, Table

    table = Table(
        "node",
        "state",
        "cluster",
        Column("size", justify="right"),
        Column("seqno", justify="right"),
        Column("queue", justify="right"),
        Column("flow control", justify="right"),
        Column("pid", justify="right"),
        Column("version / why not", overflow="fold"),
        title=title,
        title_justify="left",
    )
    for node in nodes:
        state = node.state or ("starting" if node.pid else "down")
        paused = f"{node.flow_control_paused_ppm / 10_000:.2f} %"
        table.add_row(
            node.name,
            f"[green]{state}[/]" if node.is_synced else f"[red]{state}[/]",
            node.cluster_status,
            str(node.cluster_size or ""),
            str(node.seqno if node.seqno >= 0 else ""),
            str(node.recv_queue if node.seqno >= 0 else ""),
            paused if node.seqno >= 0 else "",
            str(node.pid or ""),
            node.why or node.version,
        )
    print_table(table)


@contextmanager
def bytes_bar(words: str) -> Iterator[Callable[[int], None]]:
    """Show how many bytes went through, where there is a terminal."""
    if not sys.stderr.isatty():
        yield lambda count: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TransferSpeedColumn

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        DownloadColumn(),
        TransferSpeedColumn(),
    )
    with Progress(*columns, console=Console(stderr=True)) as bar:
        task = bar.add_task(words, total=None)
        yield lambda count: bar.update(task, completed=count)
