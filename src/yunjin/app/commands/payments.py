"""`yunjin payments submit | reconcile`: files of payments, files of clearing channels."""

import json
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from yunjin.app.commands.opening import (
    bank_of,
    check_source,
    check_target,
    command_of,
    day_of,
    print_table,
)

if TYPE_CHECKING:
    from yunjin.platforms.capability.api.payment_files import PaymentFile, PaymentFilesApi
    from yunjin.platforms.capability.api.reconciliation import CsvMapping, Difference, Run

app = typer.Typer(help="Payments by file, reconciliation of channels.", no_args_is_help=True)
File = Annotated[Path, typer.Argument(help="The file.")]
Home = Annotated[Path | None, typer.Option(help="Folder of all data.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Command = Annotated[str, typer.Option("--id", help="UUID of an earlier try.")]
_PAUSE_S: Final = 0.05
_SHOWN_MAX: Final = 200  # differences on the terminal


@app.command()
def submit(
    file: File,
    answer: Annotated[Path | None, typer.Option(help="Write the pain.002 to this file.")] = None,
    notification: Annotated[
        Path | None, typer.Option(help="Write the camt.054 to this file, if any was booked.")
    ] = None,
    command: Command = "",
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Pay by a pain.001 代发 and wait until every line has its outcome; exit 1 if any was refused.

    Lines to other banks go on by themselves.
    """
    check_source(file)
    for target in (answer, notification):
        if target is not None:
            check_target(target)
    with bank_of(home) as bank:
        from yunjin.platforms.capability.api.payment_files import PaymentFilesApi

        files: PaymentFilesApi = bank.door(PaymentFilesApi)
        one = files.submit(command_of(command, "file"), file.read_bytes())
        one = _worked(files, one)
        if answer is not None:
            answer.write_bytes(files.answer(one.file_id))
        if notification is not None and one.booked:
            notification.write_bytes(files.notification(one.file_id))
    _tell_file(one, as_json=as_json)
    if one.refused or one.reason:
        raise typer.Exit(1)


@app.command()
def reconcile(
    file: File,
    channel: Annotated[str, typer.Option(help="The clearing channel that it is of.")],
    day: Annotated[str, typer.Option(help="The clearing day; else as the file says.")] = "",
    mapping: Annotated[
        Path | None, typer.Option(help="How to read CSV: a TOML file; else the channel's own.")
    ] = None,
    command: Command = "",
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Hold a channel's file against the books 对账: camt.053, camt.054, CSV.

    Exit 1 while differences are open. A file that came before answers with its first run.
    """
    check_source(file)
    how = _mapping(mapping) if mapping is not None else None
    with bank_of(home) as bank:
        from yunjin.platforms.capability.api.reconciliation import ReconciliationApi

        centre: ReconciliationApi = bank.door(ReconciliationApi)
        run = centre.reconcile(
            command_of(command, "reconciliation"),
            channel,
            file.read_bytes(),
            day=day_of(day) if day else None,
            mapping=how,
        )
        found = centre.differences(run_id=run.run_id, state="open", limit=_SHOWN_MAX).items
    _tell_run(run, found, as_json=as_json)
    if run.found > run.settled:
        raise typer.Exit(1)


def _worked(files: "PaymentFilesApi", one: "PaymentFile") -> "PaymentFile":
    """Wait until a file is worked; the bank's own worker does it."""
    from yunjin.platforms.capability.api.payment_files import FileState

    while one.state is FileState.WORKED:
        time.sleep(_PAUSE_S)
        one = files.file(one.file_id)
    return one


def _mapping(path: Path) -> "CsvMapping":
    """Read a mapping of CSV columns. Raises: Malformed."""
    from dataclasses import fields
    from tomllib import TOMLDecodeError, loads

    from yunjin.kernel.errors import Malformed
    from yunjin.platforms.capability.api.reconciliation import CsvMapping

    check_source(path)
    try:
        given: dict[str, Any] = loads(path.read_text(encoding="utf-8"))
    except (TOMLDecodeError, UnicodeDecodeError) as error:
        raise Malformed(f"expected {path} in TOML and UTF-8, was: {error}") from None
    known = {one.name: type(one.default) for one in fields(CsvMapping)}
    for name, value in given.items():
        wanted = known.get(name)
        if wanted is None:
            raise Malformed(f"expected one of {', '.join(known)} in {path}, was {name[:40]!r}")
        if not isinstance(value, list if wanted is tuple else wanted):
            raise Malformed(f"expected {name} as {wanted.__name__} in {path}, was {value!r:.40}")
    texts = {name: tuple(map(str, one)) for name, one in given.items() if isinstance(one, list)}
    return CsvMapping(**{**given, **texts})


def _tell_file(one: "PaymentFile", *, as_json: bool) -> None:
    if as_json:
        names = ("message_id", "state", "lines", "booked", "refused", "away", "reason", "detail")
        facts = {name: getattr(one, name) for name in names}
        print(json.dumps({"file_id": str(one.file_id), **facts}, ensure_ascii=False))
        return
    if one.reason:
        print(f"refused whole: {one.reason} {one.detail}")
        return
    print(
        f"{one.message_id}: {one.lines:,} lines, {one.booked:,} booked, {one.refused:,} refused, "
        f"{one.away:,} on their way to other banks"
    )


def _tell_run(run: "Run", found: "tuple[Difference, ...]", *, as_json: bool) -> None:
    if as_json:
        print(json.dumps(_document(run, found), ensure_ascii=False))
        return
    print(
        f"{run.channel} {run.day}: {run.lines:,} lines, {run.matched:,} matched, "
        f"{run.found:,} differences, {run.settled:,} of them settled"
    )
    from rich.table import Table

    totals = Table("", "channel", "ours", "explained", "unexplained")
    for one in run.totals:
        amounts = (one.theirs_minor, one.ours_minor, one.explained_minor, one.gap_minor)
        totals.add_row(one.currency, *(_money(minor, one.currency) for minor in amounts))
    print_table(totals)
    if found:
        table = Table("kind", "channel", "ours", "", "reference", "payment", "what to do", "detail")
        for each in found:
            table.add_row(
                each.kind,
                _money(each.theirs_minor, each.currency),
                _money(each.ours_minor, each.currency),
                each.currency,
                each.reference,
                str(each.payment_id or ""),
                each.cure,
                each.detail,
            )
        print_table(table)


def _document(run: "Run", found: "tuple[Difference, ...]") -> dict[str, Any]:
    names = ("kind", "currency", "theirs_minor", "ours_minor", "reference", "detail", "cure")
    return {
        "run_id": str(run.run_id),
        "channel": run.channel,
        "day": run.day.isoformat(),
        "lines": run.lines,
        "matched": run.matched,
        "found": run.found,
        "settled": run.settled,
        "differences": [
            {
                "difference_id": str(each.difference_id),
                "payment_id": str(each.payment_id or ""),
                **{name: getattr(each, name) for name in names},
            }
            for each in found
        ],
    }


def _money(minor: int, currency: str) -> str:
    from yunjin.kernel.money import format_minor

    return format_minor(minor, currency, grouped=True)
