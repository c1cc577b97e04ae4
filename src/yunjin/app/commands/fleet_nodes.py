"""`yunjin fleet node …`: single nodes, while their set serves."""

from typing import TYPE_CHECKING, Annotated

import typer

from yunjin.app.commands.fleet_opening import AsJson, Home, SetName, desk, tell_set

if TYPE_CHECKING:
    from yunjin.foundation.database.domain.topology import Node

app = typer.Typer(help="Single nodes, while their set serves.", no_args_is_help=True)
NodeName = Annotated[str, typer.Argument(metavar="NODE", help="A node of the set.")]


@app.command()
def start(name: SetName, node: NodeName, home: Home = None, as_json: AsJson = False) -> None:
    """Start a node; it gets what it missed, or is copied whole where it missed too much."""
    fleet = desk(home)
    fleet.start_node(name, node)
    tell_set(fleet.status(name), as_json=as_json)


@app.command()
def stop(name: SetName, node: NodeName, home: Home = None, as_json: AsJson = False) -> None:
    """Stop a node in order; refused where its set would stop with it."""
    fleet = desk(home)
    fleet.stop_node(name, node)
    tell_set(fleet.status(name), as_json=as_json)


@app.command()
def restart(name: SetName, node: NodeName, home: Home = None, as_json: AsJson = False) -> None:
    """Stop a node and start it from its position."""
    fleet = desk(home)
    fleet.restart_node(name, node)
    tell_set(fleet.status(name), as_json=as_json)


@app.command()
def add(
    name: SetName,
    nodes: Annotated[
        list[str],
        typer.Argument(metavar="NODE@HOST:PORT...", help="PORT and the three after it are used."),
    ],
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Bring more nodes into a set (an odd number of nodes has to come of it)."""
    fleet = desk(home)
    fleet.changes().add_nodes(name, [_node(each) for each in nodes])
    tell_set(fleet.status(name), as_json=as_json)


@app.command()
def remove(
    name: SetName,
    nodes: Annotated[list[str], typer.Argument(metavar="NODE...", help="Nodes of the set.")],
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Take nodes out of a set and stop them; their data stay on their hosts."""
    fleet = desk(home)
    fleet.changes().remove_nodes(name, nodes)
    tell_set(fleet.status(name), as_json=as_json)


@app.command()
def replace(
    name: SetName,
    node: NodeName,
    by: Annotated[
        str, typer.Option(metavar="NODE@HOST:PORT", help="Another in its place; else itself anew.")
    ] = "",
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Copy a node anew from the others: its own data are removed first."""
    fleet = desk(home)
    fleet.changes().replace_node(name, node, by=_node(by) if by else None)
    tell_set(fleet.status(name), as_json=as_json)


def _node(text: str) -> "Node":
    from pydantic import ValidationError

    from yunjin.foundation.database.domain.topology import Node
    from yunjin.kernel.errors import Malformed

    name, _, place = text.partition("@")
    host, _, port = place.partition(":")
    try:
        first = int(port)
        return Node(
            name=name,
            host=host,
            port=first,
            galera_port=first + 1,
            ist_port=first + 2,
            sst_port=first + 3,
        )
    except (ValueError, ValidationError):
        raise Malformed(f"expected NODE@HOST:PORT, was {text[:80]!r}") from None
