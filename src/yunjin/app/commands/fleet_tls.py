"""`yunjin fleet tls …`: keys and certificates of a fleet that speaks TLS."""

from pathlib import Path
from typing import Annotated

import typer

from yunjin.app.commands.fleet_opening import AsJson, Home, SetName, desk, say, tell_set

app = typer.Typer(help="Keys and certificates of the sets.", no_args_is_help=True)


@app.command()
def rotate(name: SetName, home: Home = None, as_json: AsJson = False) -> None:
    """Give each node of a set a new key and certificate, one node at a time."""
    fleet = desk(home)
    fleet.changes().rotate_tls(name)
    tell_set(fleet.status(name), as_json=as_json)


@app.command()
def certificate(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Whose it is: nats1, cell2, …")],
    addresses: Annotated[
        list[str], typer.Argument(metavar="ADDRESS...", help="IP addresses and names of it.")
    ],
    into: Annotated[Path, typer.Option(help="A folder: ca.pem, cert.pem and key.pem.")],
    home: Home = None,
) -> None:
    """Sign a certificate for another server, by the fleet's authority: NATS, for one."""
    from yunjin.chassis.persistence import private_file, private_folder

    made = desk(home).fleet().authority.sign(name, addresses)
    private_folder(into)
    private_file(into / "key.pem")
    (into / "key.pem").write_bytes(made.key)
    (into / "cert.pem").write_bytes(made.certificate)
    (into / "ca.pem").write_bytes(made.authority)
    say(f"{into}: ca.pem, cert.pem, key.pem")
