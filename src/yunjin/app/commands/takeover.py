"""`yunjin takeover …`: an old core's book checked, brought over cell by cell, and given back."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any
from uuid import UUID

import typer

from yunjin.app.commands.opening import (
    check_folder,
    check_source,
    command_of,
    day_of,
    load_settings,
    print_table,
)

app = typer.Typer(no_args_is_help=True, help="Replacing an old core: checked, moved, proven.")
Home = Annotated[Path | None, typer.Option(help="Folder of all data.")]
RunId = Annotated[str, typer.Argument(help="The run, as `check` says it.")]
Cell = Annotated[str, typer.Argument(help="The cell, as `cells` says it.")]
By = Annotated[str, typer.Option(help="Who does it, for the record.")]
CommandId = Annotated[str, typer.Option("--id", help="Of an earlier try, to go on with it.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]


@app.command()
def check(
    folder: Annotated[Path, typer.Argument(help="A delivery: mapping.toml and its files.")],
    by: By = "",
    command: CommandId = "",
    as_json: AsJson = False,
    home: Home = None,
) -> None:
    """Check every line of a delivery; exit 1 where it is refused whole."""
    check_source(folder, "folder")
    whole = folder.absolute()
    command_id = command_of(command, "run")
    with _door(home, whole.parent, may_be_new=True) as takeover:
        run = takeover.check(command_id, whole.name, by=by)
        if as_json:
            _print(run)
        else:
            print(f"run {run.run_id}: {run.state.value}")
            print(f"  {run.agreements} agreements to bring over, {run.refused} refused")
            for kind, count in run.findings.items():
                print(f"  {kind}: {count}")
        if run.state.value == "refused":
            raise typer.Exit(1)


@app.command()
def findings(
    run_id: RunId,
    kind: Annotated[str, typer.Option(help="Only those of a kind.")] = "",
    home: Home = None,
) -> None:
    """List what was found, as CSV."""
    import csv
    import sys

    with _door(home) as takeover:
        writer = csv.writer(sys.stdout)
        writer.writerow(("kind", "file", "row", "key", "reason", "refuses"))
        cursor: str | None = None
        while True:
            page = takeover.findings(_id(run_id), kind=kind, limit=200, cursor=cursor)
            for one in page.items:
                row = (one.kind.value, one.file, one.row, one.key, one.reason, one.is_refusing)
                writer.writerow(row)
            cursor = page.next_cursor
            if cursor is None:
                return


@app.command()
def cells(run_id: RunId, as_json: AsJson = False, home: Home = None) -> None:
    """Tell where each cell stands."""
    from rich.table import Table

    with _door(home) as takeover:
        lines = takeover.cells(_id(run_id))
        if as_json:
            _print({"cells": lines})
            return
        table = Table("cell", "state", "agreements", "ours", "by")
        for one in lines:
            row = (one.cell, one.state.value, str(one.agreements), str(one.loaded), one.by)
            table.add_row(*row)
        print_table(table)


def _step(name: str, words: str) -> Any:
    def step(
        run_id: RunId, cell: Cell, by: By = "", command: CommandId = "", home: Home = None
    ) -> None:
        command_id = command_of(command)
        with _door(home) as takeover:
            line = getattr(takeover, name)(command_id, _id(run_id), cell, by=by)
            print(f"{line.cell}: {line.state.value}, {line.loaded} of {line.agreements} ours")

    step.__doc__ = words
    return step


app.command("freeze")(_step("freeze", "Say that the old core takes nothing more for a cell."))
app.command("thaw")(_step("thaw", "Let the old core work on with a frozen cell."))
app.command("load")(_step("load", "Bring a frozen cell over; once stopped, say --id to go on."))
app.command("go-live")(_step("go_live", "Let us work with a proven cell."))
app.command("forward")(_step("forward", "Bring a cell that fell back over again."))


@app.command()
def prove(
    run_id: RunId, cell: Cell, by: By = "", as_json: AsJson = False, home: Home = None
) -> None:
    """Hold a cell against the old core's balances; exit 1 where they differ."""
    from rich.table import Table

    from yunjin.kernel.money import format_minor

    with _door(home) as takeover:
        proof = takeover.prove(command_of(""), _id(run_id), cell, by=by)
        if as_json:
            _print(proof)
        else:
            table = Table("currency", "product", "line", "theirs", "ours", "difference")
            for one in proof.totals:
                amounts = (one.theirs_minor, one.ours_minor, one.difference_minor)
                written = [format_minor(each, one.currency) for each in amounts]
                table.add_row(one.currency, one.product, one.line, *written)
            print_table(table)
            for key in proof.wrong:
                print(f"differs: {key}")
        if not proof.holds:
            raise typer.Exit(1)


@app.command("fall-back")
def fall_back(
    run_id: RunId,
    cell: Cell,
    to: Annotated[Path, typer.Option(help="Folder that the delta is written to.")],
    why: Annotated[str, typer.Option(help="For the record.")] = "",
    by: By = "",
    command: CommandId = "",
    home: Home = None,
) -> None:
    """Give a cell back, and write all that happened since in the old core's form."""
    check_source(to, "folder")
    command_id = command_of(command)
    with _door(home) as takeover:
        line = takeover.fall_back(command_id, _id(run_id), cell, by=by, why=why)
        _write(takeover.delta(line.run_id, cell), to)
        print(f"{line.cell}: {line.state.value}")


@app.command()
def delta(
    run_id: RunId,
    cell: Cell,
    to: Annotated[Path, typer.Argument(help="Folder that it is written to.")],
    home: Home = None,
) -> None:
    """Write all that happened in a cell since it came over, in the old core's form."""
    check_source(to, "folder")
    with _door(home) as takeover:
        _write(takeover.delta(_id(run_id), cell), to)


@app.command()
def compare(
    run_id: RunId,
    folder: Annotated[Path, typer.Argument(help="The old core's files of the evening.")],
    date: Annotated[str, typer.Option(help="The day that both cores closed.")],
    by: By = "",
    as_json: AsJson = False,
    home: Home = None,
) -> None:
    """Hold an evening of the old core beside ours; exit 1 beyond the tolerance."""
    check_source(folder, "folder")
    whole = folder.absolute()
    with _door(home, whole.parent) as takeover:
        found = takeover.compare(command_of(""), _id(run_id), whole.name, day_of(date), by=by)
        if as_json:
            _print(found)
        else:
            print(f"{found.date}: {found.figures} figures, {found.differences} differ")
            for cause, count in found.causes.items():
                print(f"  {cause}: {count}")
            print(f"  beyond the tolerance: {found.beyond}")
        if found.beyond:
            raise typer.Exit(1)


@contextmanager
def _door(
    home: Path | None, deliveries: Path | None = None, *, may_be_new: bool = False
) -> Iterator[Any]:
    """Open the bank of a folder, with deliveries in another one."""
    settings = load_settings(home)
    if deliveries is not None:
        own = settings.capability.model_copy(update={"takeover_folder": str(deliveries)})
        settings = settings.model_copy(update={"capability": own})
    check_folder(settings, may_be_new=may_be_new)
    from yunjin.app.bootstrap import opened
    from yunjin.platforms.capability.api.takeover import TakeoverApi

    with opened(settings) as bank:
        yield bank.door(TakeoverApi)


def _write(found: Any, folder: Path) -> None:
    for name, body in found.files.items():
        path = folder / Path(name).name
        path.write_bytes(body)
        print(f"wrote {path}")
    print(f"{found.movements} movements of {found.agreements} agreements")


def _id(text: str) -> UUID:
    from yunjin.kernel.errors import Malformed

    try:
        return UUID(text)
    except ValueError:
        raise Malformed(f"expected a run's id, was {text[:50]!r}") from None


def _print(value: Any) -> None:
    import msgspec

    print(json.dumps(msgspec.to_builtins(value), ensure_ascii=False))
