"""`yunjin fleet backup … | journal | restore | drill`: copies of whole sets."""

import datetime as dt
import getpass
import json
from typing import TYPE_CHECKING, Annotated, Any

import typer

from yunjin.app.commands.fleet_opening import (
    AsJson,
    Home,
    SetName,
    bytes_bar,
    desk,
    plain,
    recording_desk,
    say,
    tell_set,
)
from yunjin.app.commands.opening import print_table

if TYPE_CHECKING:
    from yunjin.foundation.database.api.fleet import BackupRun, FullBackup


def backup(name: SetName, home: Home = None, as_json: AsJson = False) -> None:
    """Copy a whole set while it serves, and its journal; the oldest copies beyond a number go."""
    with recording_desk(home) as fleet, bytes_bar(f"set {name}") as moved:
        made = fleet.copying.take(name, by=getpass.getuser(), moved=moved)
    _tell([made], as_json=as_json)


def backup_due(home: Home = None, as_json: AsJson = False) -> None:
    """Make the copies that fleet.toml plans and that are due; ends with 1 where one failed."""
    with recording_desk(home) as fleet:
        runs = fleet.back_up_due()
    _tell_runs(runs, as_json=as_json)
    if any(run.outcome for run in runs):
        raise typer.Exit(1)


def backup_runs(name: SetName, home: Home = None, as_json: AsJson = False) -> None:
    """Show the record of a set's copies, newest first: by whom, and what came of each."""
    with recording_desk(home) as fleet:
        _tell_runs(fleet.backup_runs(name), as_json=as_json)


def backups(name: SetName, home: Home = None, as_json: AsJson = False) -> None:
    """List the copies of a set, oldest first; of a set that is lost too."""
    _tell(desk(home).copies().shelf(name).backups(), as_json=as_json)


def journal(name: SetName, home: Home = None) -> None:
    """Keep the journal up to now: what was committed can be restored if the set is lost."""
    files = desk(home).copies().keep_journal(name)
    say(f"{len(files)} files, {sum(file.size_bytes for file in files):,} bytes")


def restore(
    source: Annotated[str, typer.Argument(metavar="SOURCE", help="The set that was copied.")],
    into: Annotated[str, typer.Argument(metavar="INTO", help="An empty set of fleet.toml.")],
    until: Annotated[
        str, typer.Option(help="The moment, 2026-01-31T08:00:00Z; else all that was kept.")
    ] = "",
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Make a set from the copies and the journal of another, as it was at a moment."""
    moment = _moment(until) if until else None
    with bytes_bar(f"set {into}") as moved:
        seen = desk(home).copies().restore(source, into, until=moment, moved=moved)
    tell_set(seen, as_json=as_json)


def drill(name: SetName, home: Home = None, as_json: AsJson = False) -> None:
    """Restore the newest copy on this machine, compare it with the set, clean up."""
    report = desk(home).drill(name)
    if as_json:
        print(json.dumps({**plain(report), "has_passed": report.has_passed}))
    else:
        for said in report.differences:
            print(said)
        print(
            f"{'alike' if report.has_passed else 'NOT ALIKE'}: {report.table_count:,} tables, "
            f"{report.row_count:,} rows, backup {report.backup}, {report.seconds} s"
        )
    if not report.has_passed:
        raise typer.Exit(1)


def _tell(found: "list[FullBackup]", *, as_json: bool) -> None:
    if as_json:
        print(json.dumps(plain(found)))
        return
    from rich.table import Column, Table

    from yunjin.kernel.clock import instant

    table = Table("backup", "taken", "node", Column("bytes", justify="right"), "server")
    for one in found:
        taken = instant(one.taken_us * 1_000)
        table.add_row(
            one.id, f"{taken:%Y-%m-%d %H:%M:%S}Z", one.node, f"{one.size_bytes:,}", one.version
        )
    print_table(table)


def _tell_runs(runs: "list[BackupRun]", *, as_json: bool) -> None:
    if as_json:
        print(json.dumps(plain(runs)))
        return
    from rich.table import Column, Table

    from yunjin.kernel.clock import instant

    table = Table("set", "began", "by", "state", "backup", Column("outcome", overflow="fold"))
    for one in runs:
        began = f"{instant(one.began_us * 1_000):%Y-%m-%d %H:%M:%S}Z"
        table.add_row(one.set, began, one.by, one.state.value, one.backup, one.outcome)
    print_table(table)


def _moment(text: str) -> Any:
    from yunjin.kernel.errors import Malformed

    try:
        found = dt.datetime.fromisoformat(text)
    except ValueError:
        found = None
    if found is None or found.tzinfo is None:
        raise Malformed(f"expected a moment such as 2026-01-31T08:00:00Z, was {text[:40]!r}")
    return found
