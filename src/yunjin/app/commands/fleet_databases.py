"""`yunjin fleet database …`: databases for tenants' own applications."""

import json
from typing import TYPE_CHECKING, Annotated

import typer

from yunjin.app.commands.fleet_opening import AsJson, Home, SetName, hosting, plain, say
from yunjin.app.commands.opening import command_of, print_table

if TYPE_CHECKING:
    from yunjin.foundation.database.api.hosting import Granted, HostedBackup, HostedDatabase

app = typer.Typer(help="Databases for applications 数据库即服务.", no_args_is_help=True)
Database = Annotated[str, typer.Argument(metavar="DATABASE", help="A hosted database.")]
Quota = Annotated[int, typer.Option("--quota-mb", min=1, help="What its files may grow to.")]
Connections = Annotated[int, typer.Option(min=1, max=500, help="Of its user, on each node.")]


@app.command()
def create(
    database: Annotated[str, typer.Argument(metavar="DATABASE", help="Its name, and its user's.")],
    name: SetName,
    owner: Annotated[str, typer.Option(help="Who asks for it, in words.")] = "",
    quota_mb: Quota = 1_024,
    connections: Connections = 20,
    command: Annotated[str, typer.Option(help="The command's id, to try again.")] = "",
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Make a database and its user; the URL with its password is said this once."""
    with hosting(home) as hosted:
        made = hosted.create(
            command_of(command),
            database,
            name,
            owner=owner,
            quota_mb=quota_mb,
            connections_max=connections,
        )
        _granted(made, as_json=as_json)


@app.command("list")
def listed(home: Home = None, as_json: AsJson = False) -> None:
    """List the hosted databases."""
    with hosting(home) as hosted:
        _tell(hosted.databases(), as_json=as_json)


@app.command()
def show(database: Database, home: Home = None, as_json: AsJson = False) -> None:
    """Show a database and what it is doing now."""
    with hosting(home) as hosted:
        found, use = hosted.database(database), hosted.use(database)
        if as_json:
            print(json.dumps({**plain(found), "use": plain(use)}))
            return
        _tell([found], as_json=False)
        print(f"{use.connections} connections, {use.table_count} tables, {use.size_bytes:,} bytes")


@app.command()
def limits(
    database: Database,
    quota_mb: Quota,
    connections: Connections,
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Give a database other limits, from now on."""
    with hosting(home) as hosted:
        changed = hosted.change(database, quota_mb=quota_mb, connections_max=connections)
        _tell([changed], as_json=as_json)


@app.command()
def measure(home: Home = None, as_json: AsJson = False) -> None:
    """Measure all; close those over their quota to writes, open those that are under again."""
    with hosting(home) as hosted:
        _tell(hosted.measure(), as_json=as_json)


@app.command()
def rotate(database: Database, home: Home = None, as_json: AsJson = False) -> None:
    """Give a database's user another password; the new URL is said this once."""
    with hosting(home) as hosted:
        _granted(hosted.rotate(database), as_json=as_json)


@app.command()
def backup(database: Database, home: Home = None, as_json: AsJson = False) -> None:
    """Copy one database alone, while it is used."""
    with hosting(home) as hosted:
        _tell_copies([hosted.backup(database)], as_json=as_json)


@app.command()
def backups(database: Database, home: Home = None, as_json: AsJson = False) -> None:
    """List the copies of a database, oldest first; of one that was dropped too."""
    with hosting(home) as hosted:
        _tell_copies(hosted.backups(database), as_json=as_json)


@app.command()
def restore(
    database: Database,
    copy: Annotated[str, typer.Argument(metavar="BACKUP", help="The copy's id.")],
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Bring a database back to what a copy holds; what it held before is copied first."""
    with hosting(home) as hosted:
        _tell([hosted.restore(database, copy)], as_json=as_json)


@app.command()
def drop(
    database: Database,
    confirm: Annotated[str, typer.Option(help="The database's name once more.")],
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Copy a database a last time, then remove it and its user."""
    with hosting(home) as hosted:
        _tell_copies([hosted.drop(database, confirm=confirm)], as_json=as_json)


def _granted(made: "Granted", *, as_json: bool) -> None:
    if as_json:
        print(json.dumps(plain(made)))
        return
    _tell([made.database], as_json=False)
    if made.url:
        print(made.url)
    else:
        say("This command was done before; its password is not kept. `rotate` makes another.")


def _tell(found: "list[HostedDatabase]", *, as_json: bool) -> None:
    if as_json:
        print(json.dumps(plain(found)))
        return
    from rich.table import Column, Table

    table = Table(
        "database",
        "set",
        "state",
        Column("bytes", justify="right"),
        Column("quota MB", justify="right"),
        Column("connections", justify="right"),
        "owner",
    )
    for one in found:
        table.add_row(
            one.name,
            one.set_name,
            one.state.name.lower(),
            f"{one.size_bytes:,}",
            f"{one.quota_mb:,}",
            str(one.connections_max),
            one.owner,
        )
    print_table(table)


def _tell_copies(found: "list[HostedBackup]", *, as_json: bool) -> None:
    if as_json:
        print(json.dumps(plain(found)))
        return
    from rich.table import Column, Table

    from yunjin.kernel.clock import instant

    table = Table("backup", "taken", Column("bytes", justify="right"))
    for one in found:
        taken = instant(one.taken_us * 1_000)
        table.add_row(one.id, f"{taken:%Y-%m-%d %H:%M:%S}Z", f"{one.size_bytes:,}")
    print_table(table)
