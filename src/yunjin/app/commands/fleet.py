"""`yunjin fleet …`: the sets of this installation, described in one file."""

import json
import shlex
from typing import Annotated

import typer

from yunjin.app.commands import (
    fleet_copies,
    fleet_databases,
    fleet_doctor,
    fleet_nodes,
    fleet_plan,
    fleet_tls,
    moving,
)
from yunjin.app.commands.fleet_opening import (
    AsJson,
    Home,
    SetName,
    desk,
    plain,
    say,
    tell_nodes,
    tell_set,
)
from yunjin.app.commands.opening import print_table
from yunjin.app.fleet_example import Shape, text

app = typer.Typer(help="Replicated databases on many machines 集群.", no_args_is_help=True)
app.add_typer(fleet_nodes.app, name="node")
app.add_typer(fleet_plan.app, name="plan")
app.add_typer(fleet_databases.app, name="database")
app.add_typer(fleet_doctor.app, name="doctor")
app.add_typer(moving.app, name="cell")
app.add_typer(fleet_tls.app, name="tls")
app.command("backup")(fleet_copies.backup)
app.command("backup-due")(fleet_copies.backup_due)
app.command("backup-runs")(fleet_copies.backup_runs)
app.command("backups")(fleet_copies.backups)
app.command("journal")(fleet_copies.journal)
app.command("restore")(fleet_copies.restore)
app.command("drill")(fleet_copies.drill)


@app.command()
def example(
    folder: Annotated[str, typer.Option(help="Where the nodes keep their data.")] = "/var/yunjin",
    port: Annotated[
        int, typer.Option(min=1_024, max=65_000, help="The first of 12 ports.")
    ] = 13306,
    shape: Annotated[
        Shape, typer.Option(help="Where the nodes are; two-cities has a witness in a third.")
    ] = Shape.CENTRES,
) -> None:
    """Print a fleet.toml of a topology that is tested, all of it on this machine."""
    print(text(folder, port, shape), end="")


@app.command()
def show(home: Home = None, as_json: AsJson = False) -> None:
    """Check the fleet's file, and show what it describes: sets, nodes, what would stop them."""
    plans = desk(home).plans()
    if as_json:
        print(json.dumps(plain(plans)))
        return
    from rich.table import Column, Table

    table = Table("set", "node", "city", "data centre", "host", Column("port", justify="right"), "")
    for plan in plans:
        for number, node in enumerate(plan.nodes):
            does = [] if number else [f"writes ({plan.profile})"]
            does += ["journal"] if node.keeps_journal else []
            table.add_row(
                plan.name,
                node.name,
                node.city,
                node.data_centre,
                f"{node.host} {node.address}",
                str(node.port),
                ", ".join(does),
            )
        if plan.witness:
            table.add_row(plan.name, "", "", "", plan.witness, "", "witness")
    print_table(table)
    for plan in plans:
        for said in plan.weaknesses:
            say(said)


@app.command()
def status(
    name: Annotated[str, typer.Argument(metavar="SET", help="One set; else all.")] = "",
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Show how the nodes are; ends with 1 where a set takes no writes."""
    fleet = desk(home)
    if name:
        tell_set(fleet.status(name), as_json=as_json)
        return
    seen = [fleet.status(plan.name) for plan in fleet.plans()]
    if as_json:
        print(json.dumps([{**plain(one), "is_serving": one.is_serving} for one in seen]))
    for one in [] if as_json else seen:
        tell_nodes(one.nodes, title=f"set {one.name}")
    if not all(one.is_serving for one in seen):
        raise typer.Exit(1)


@app.command()
def create(name: SetName, home: Home = None, as_json: AsJson = False) -> None:
    """Make a set of nothing and leave it running: system tables, users, the bank's database."""
    tell_set(desk(home).fleet().create(name), as_json=as_json)


@app.command()
def start(
    name: SetName,
    without: Annotated[
        list[str] | None, typer.Option(help="A node that is lost, with what only it had.")
    ] = None,
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Start every node of a set that does not run, whatever the set went through."""
    tell_set(desk(home).fleet().start(name, without=without or ()), as_json=as_json)


@app.command()
def stop(name: SetName, home: Home = None) -> None:
    """Stop a whole set in order: its cells cannot write till it is started again."""
    desk(home).fleet().stop(name)


@app.command()
def bootstrap(
    name: SetName,
    lost: Annotated[list[str] | None, typer.Option(help="A node that is dead.")] = None,
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Let nodes that lost their majority go on, where the nodes they miss are dead for sure."""
    tell_set(desk(home).fleet().bootstrap(name, lost=lost or ()), as_json=as_json)


@app.command()
def configure(
    name: SetName,
    options: Annotated[list[str], typer.Argument(metavar="NAME=VALUE...", help="Options.")],
    home: Home = None,
) -> None:
    """Set options of a set's servers; what needs a restart restarts its nodes one by one."""
    restarted = desk(home).changes().configure(name, dict(_pair(each) for each in options))
    say(f"restarted for {', '.join(restarted)}" if restarted else "in force on every node")


@app.command()
def upgrade(
    name: SetName,
    install: Annotated[
        str, typer.Option(help="A command for each host while its node is down; as one string.")
    ] = "",
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Bring a set's servers to the version that is installed, one node at a time."""
    fleet = desk(home)
    fleet.changes().upgrade(name, install=shlex.split(install))
    tell_set(fleet.status(name), as_json=as_json)


@app.command()
def url(
    name: SetName,
    doctor: Annotated[bool, typer.Option(help="The user who may look, not the bank's.")] = False,
    home: Home = None,
) -> None:
    """Print the URL of a set, with its password: for ledger.journal_url and database.url."""
    from yunjin.foundation.database.domain.users import APPLICATION, DOCTOR

    print(desk(home).fleet().url(name, user=DOCTOR if doctor else APPLICATION))


def _pair(text: str) -> tuple[str, str]:
    from yunjin.kernel.errors import Malformed

    name, sign, value = text.partition("=")
    if not sign:
        raise Malformed(f"expected NAME=VALUE, was {text[:60]!r}")
    return name, value
