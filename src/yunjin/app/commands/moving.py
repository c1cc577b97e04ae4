"""`yunjin ledger hand-over`, `yunjin fleet cell move | split`: a cell goes on elsewhere."""

import json
import sys
from typing import TYPE_CHECKING, Annotated

import typer

from yunjin.app.commands.fleet_opening import AsJson, Home, desk, plain, say
from yunjin.app.commands.opening import load_settings

if TYPE_CHECKING:
    from yunjin.foundation.ledger.api.members import Member

app = typer.Typer(help="Cells on sets 单元.", no_args_is_help=True)


def hand_over(
    process: Annotated[
        str, typer.Argument(metavar="PROCESS", help="http://HOST:PORT of any process of the cell.")
    ],
    to: Annotated[
        str, typer.Option(help="http://HOST:PORT that gets the cell; else who has read furthest.")
    ] = "",
    cell: Annotated[int | None, typer.Option(help="The cell; else that of ledger.cell.")] = None,
    as_json: AsJson = False,
) -> None:
    """Let another process of a cell write it: what waits is served first, and no request fails."""
    from yunjin.foundation.ledger.adapters.asking import ask_to_hand_over, members_at
    from yunjin.kernel.errors import NotFound

    number = load_settings().ledger.cell if cell is None else cell
    mine = [one for one in members_at(process.rstrip("/")) if one.cell == number]
    writer = next((one for one in mine if one.writes), None)
    if writer is None:
        raise NotFound(f"Nobody writes cell {number} just now.")
    chosen = next((one for one in mine if to and one.http == to.rstrip("/")), None)
    if to and chosen is None:
        raise NotFound(f"No process of cell {number} is reached at {to}.")
    successor = ask_to_hand_over(writer, chosen.holder if chosen else "")
    _tell(successor, as_json=as_json)


@app.command()
def move(
    to: Annotated[
        str, typer.Option(metavar="SET|URL", help="The set that it goes to: of fleet.toml, or any.")
    ],
    cell: Annotated[int | None, typer.Argument(help="The cell; else that of ledger.cell.")] = None,
    wait_s: Annotated[
        float, typer.Option(min=0, help="How long to wait for a process that follows the copy.")
    ] = 600.0,
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Move a cell to another set while it is used; run again, it goes on where it was.

    The set that it is on is that of ledger.journal_url. Once this waits for them, start the cell's
    processes with the new URL.
    """
    from yunjin.chassis.persistence.nodes import set_url
    from yunjin.foundation.ledger.adapters.asking import ask_to_hand_over
    from yunjin.foundation.ledger.service.moving import Mover
    from yunjin.foundation.ledger.store.mysql import SetEngine
    from yunjin.foundation.ledger.store.passage import Passage
    from yunjin.kernel.clock import SystemClock
    from yunjin.kernel.errors import Malformed

    settings = load_settings(home).ledger
    if not settings.journal_url:
        raise Malformed("expected ledger.journal_url, the set that the cell is on, was none")
    number = settings.cell if cell is None else cell
    target = to if "://" in to else desk(home).fleet().url(to)
    ends = []
    for url in (settings.journal_url, target):
        where = set_url(url)
        engine = SetEngine(
            url, patience_s=settings.patience_s, is_confirmed=settings.durable_on == "all"
        )
        ends.append(Passage(engine, number, f"{where.place}/{where.database}"))
    mover = Mover(
        *ends,
        ask=ask_to_hand_over,
        clock=SystemClock(),
        lease_s=settings.lease_s,
        tell=say,
    )
    try:
        moved = mover.run(wait_s=wait_s)
    finally:
        for end in ends:
            end.close()
    if as_json:
        print(json.dumps(plain(moved)))
        return
    print(
        f"cell {moved.cell} is on {ends[1].place}: row {moved.sequence}, "
        f"written at {moved.writer.http}; {moved.row_count} rows were copied"
    )
    if moved.pause_ms:
        print(f"writes paused for {moved.pause_ms} ms", file=sys.stderr)


@app.command()
def split(
    into: Annotated[
        int, typer.Option(min=1, max=32_767, help="The number of the new cell, which none has yet.")
    ],
    cell: Annotated[int | None, typer.Argument(help="The cell; else that of ledger.cell.")] = None,
    wait_s: Annotated[
        float,
        typer.Option(
            min=0,
            help="How long to wait for a process of the new cell, and for "
            "what is under way between both halves.",
        ),
    ] = 600.0,
    give_up: Annotated[
        bool, typer.Option("--give-up", help="Delete what was copied for a split not done.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Ask nothing: a split is for good.")] = False,
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Give half of a cell's accounts to a new cell, while it is used; run again, it goes on.

    The set that it is on is that of ledger.journal_url. Once this waits for them, start processes
    with the number of the new cell in ledger.cell.
    """
    from yunjin.app.commands import splitting
    from yunjin.kernel.errors import Malformed

    settings = load_settings(home).ledger
    if not settings.journal_url:
        raise Malformed("expected ledger.journal_url, the set that the cell is on, was none")
    number = settings.cell if cell is None else cell
    with splitting.Asking(settings.journal_url, number, say) as asking:
        if give_up:
            asking.give_up(into, wait_s=wait_s)
            return
        if not yes:
            typer.confirm(f"Split cell {number} for good?", abort=True, err=True)
        done = asking.split(into, wait_s=wait_s)
    if as_json:
        print(json.dumps(plain(done)))
        return
    where = "nobody yet" if done.writer is None else done.writer.http or done.writer.holder
    print(
        f"cell {done.into} has half of cell {done.cell}: row {done.row_count}, written at {where}"
    )
    if done.pause_ms:
        print(f"writes paused for {done.pause_ms} ms", file=sys.stderr)


def _tell(writer: "Member", *, as_json: bool) -> None:
    if as_json:
        print(json.dumps(plain(writer)))
    else:
        print(f"{writer.http or writer.holder} writes cell {writer.cell}")
