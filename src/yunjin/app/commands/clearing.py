"""`yunjin ledger between transfer | outcome | in-doubt | resolve | adopt | reconcile | peers`."""

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any
from uuid import UUID

import typer

from yunjin.app.commands.opening import bank_of, command_of, print_table

if TYPE_CHECKING:
    from yunjin.foundation.ledger.api import ClearingApi, LedgerApi

app = typer.Typer(help="Money between cells and between banks 清算.", no_args_is_help=True)
Home = Annotated[Path | None, typer.Option(help="Folder of all data.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


@contextmanager
def _opened(home: Path | None) -> "Iterator[tuple[LedgerApi, ClearingApi]]":
    """Open the bank of a folder for one command."""
    with bank_of(home) as bank:
        from yunjin.foundation.ledger.api import ClearingApi, LedgerApi

        yield bank.door(LedgerApi), bank.door(ClearingApi)


def _uuid(text: str) -> UUID:
    from yunjin.kernel.errors import Malformed

    try:
        return UUID(text)
    except ValueError:
        raise Malformed(f"expected a UUID, was {text[:50]!r}") from None


def _told(identity: UUID, answer: Any, *, as_json: bool) -> str:
    """Print what became of a crossing; return its outcome."""
    from yunjin.foundation.ledger.api import CrossingOutcome, TransferStatus

    [row] = answer.to_pylist()
    outcome = CrossingOutcome(row["outcome"]).name.lower()
    why = TransferStatus(row["status"]).name.lower() if row["status"] else ""
    if as_json:
        print(json.dumps({"id": str(identity), "outcome": outcome, "status": why}))
    else:
        print(f"{outcome}: {why}" if why else outcome)
    return outcome


@app.command()
def transfer(
    debit: Annotated[int, typer.Argument(min=1, help="Account of this cell that pays.")],
    credit: Annotated[int, typer.Argument(min=1, help="Account of the other cell.")],
    amount: Annotated[str, typer.Argument(help="Decimal amount: 12.34.")],
    transfer_id: Annotated[str, typer.Option("--id", help="UUID of an earlier try.")] = "",
    code: Annotated[int, typer.Option(min=1, max=65_535, help="What it is for.")] = 103,
    peer: Annotated[int, typer.Option(min=0, max=32_767, help="Number of another bank.")] = 0,
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Move money to an account of another cell; print its id first, then what became of it.

    Where it stays in doubt, nothing need be done: the bank goes on with it when it runs.
    """
    identity = command_of(transfer_id, "transfer")
    with _opened(home) as (ledger, clearing):
        import pyarrow as pa

        from yunjin.app.single import transfer_row

        batch = transfer_row(ledger, identity, debit, credit, amount, code)
        batch = batch.append_column("peer", pa.array([peer], pa.uint16()))
        outcome = _told(identity, clearing.cross(batch), as_json=as_json)
    if outcome.startswith("refused"):
        raise typer.Exit(1)


@app.command()
def outcome(
    transfer_id: Annotated[str, typer.Argument(help="The id it was sent under.")],
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Tell what became of a transfer to another cell."""
    identity = _uuid(transfer_id)
    with _opened(home) as (_, clearing):
        _told(identity, clearing.outcomes([identity]), as_json=as_json)


@app.command("in-doubt")
def in_doubt(
    older_than_s: Annotated[
        int, typer.Option("--older-than", min=0, help="Seconds in doubt, at least.")
    ] = 0,
    limit: Annotated[int, typer.Option(min=1, max=200, help="How many lines.")] = 50,
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """List batches whose outcome in the other cell is not known, with their ages."""
    with _opened(home) as (_, clearing):
        from yunjin.kernel.clock import SystemClock

        found = clearing.in_doubt(older_than_s=older_than_s, limit=limit)
        now_us = SystemClock().now_ns() // 1_000
    if as_json:
        from yunjin.foundation.ledger.routes.clearing import InDoubtOut

        print(json.dumps({"items": [InDoubtOut.of(x).model_dump(mode="json") for x in found]}))
        return
    from rich.table import Table

    table = Table("batch", "peer", "transfers", "age s", "tries", "state", "last answer")
    for one in found:
        age_s = max(0, now_us - one.at_us) // 1_000_000
        state = "for a person" if one.is_stuck else "goes on"
        cells = (one.batch_id, one.peer, one.row_count, age_s, one.tries, state, one.reason)
        table.add_row(*map(str, cells))
    print_table(table)
    if not found:
        print("Nothing is in doubt.", file=sys.stderr)


@app.command()
def resolve(
    batch_id: Annotated[str, typer.Argument(help="A batch; all where it is left out.")] = "",
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Ask the other cells again now; exit 1 where something stays in doubt."""
    wanted = _uuid(batch_id) if batch_id else None
    with _opened(home) as (_, clearing):
        resolved = clearing.resolve(wanted)
    if as_json:
        said = {"tried": resolved.tried, "finished": resolved.finished, "left": resolved.left}
        print(json.dumps(said))
    else:
        print(f"{resolved.finished} of {resolved.tried} finished, {resolved.left} left in doubt")
    if resolved.left:
        raise typer.Exit(1)


@app.command()
def adopt(home: Home = None, as_json: AsJson = False) -> None:
    """Take up holds that no batch in doubt knows of, after tables were restored.

    They were restored to an earlier time than the journal. Reads the whole journal.
    """
    with _opened(home) as (_, clearing):
        count = clearing.adopt()
    print(json.dumps({"crossings": count}) if as_json else f"{count} taken up again")


@app.command()
def reconcile(home: Home = None, as_json: AsJson = False) -> None:
    """Prove that what left this cell came to the others; exit 1 where it did not."""
    with _opened(home) as (_, clearing):
        lines = clearing.reconcile()
    if as_json:
        from yunjin.foundation.ledger.routes.clearing import ClearingLineOut

        print(json.dumps({"items": [ClearingLineOut.of(x).model_dump(mode="json") for x in lines]}))
    else:
        from rich.table import Table

        from yunjin.kernel.money import format_minor

        table = Table("peer", "currency", "net here", "net there", "held", "proof")
        for one in lines:
            sums = (one.net_here, one.net_there, one.out_held + one.in_held)
            money = [format_minor(each, one.currency, grouped=True) for each in sums]
            proof = "; ".join(one.findings) or ("nets to zero" if one.is_at_rest else "holds")
            table.add_row(str(one.peer), one.currency, *money, proof)
        print_table(table)
    if any(one.findings for one in lines):
        raise typer.Exit(1)


@app.command()
def peers(home: Home = None, as_json: AsJson = False) -> None:
    """List the other cells and banks, with what is in doubt there."""
    with _opened(home) as (_, clearing):
        found = clearing.peers()
    if as_json:
        from yunjin.foundation.ledger.routes.clearing import PeerOut

        print(json.dumps({"items": [PeerOut.of(x).model_dump(mode="json") for x in found]}))
        return
    from rich.table import Table

    table = Table("number", "name", "address", "batches in doubt", "transfers", "trouble")
    for one in found:
        cells = (one.number, one.name, one.address, one.batch_count, one.row_count, one.trouble)
        table.add_row(*map(str, cells))
    print_table(table)
    if not found:
        print("No peers: set ledger.clearing.peers.", file=sys.stderr)
