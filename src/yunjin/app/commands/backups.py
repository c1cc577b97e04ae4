"""`yunjin backup | restore`: a bank's copy, and a bank from it."""

import datetime as dt
import json
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from yunjin.app.commands.opening import bank_of, check_folder, load_settings, progress_bar

Home = Annotated[Path | None, typer.Option(help="Folder of all data.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


def backup(
    target: Annotated[Path, typer.Argument(help="A new folder for the copy.")],
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Copy the bank of this folder, also while a process serves it."""
    settings = load_settings(home)
    check_folder(settings, may_be_new=False)
    from yunjin.app.backup import back_up
    from yunjin.kernel.clock import SystemClock, instant

    now: dt.datetime = instant(SystemClock().now_ns())
    with progress_bar() as show:
        note = back_up(settings, target.absolute(), now, show)
    if as_json:
        print(json.dumps(note))
        return
    for name, facts in note["files"].items():
        print(f"{name:24} {facts['bytes']:>16,} bytes")
    print(f"head {note['head_sequence']} {note['head']}")
    print(f"backup of {note['tenant']} written to {target}", file=sys.stderr)


def restore(
    source: Annotated[Path, typer.Argument(help="The folder of a backup.")],
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Make a bank from a backup where there is none, and verify it; exit 1 where it is not sound.

    What was acknowledged after the backup is not in it.
    """
    settings = load_settings(home)
    check_folder(settings, may_be_new=True)
    from yunjin.app.backup import restore as put_back

    with progress_bar() as show:
        note = put_back(settings, source.absolute(), show)
    facts = _verified(home, note)
    if as_json:
        print(json.dumps({**note, **facts}))
    else:
        print(f"restored as of {note['taken_at']}, {facts['transfers']:,} transfers")
        print(f"head {note['head_sequence']} {note['head']}")
        print(f"open for business on {facts['business_date']}")
        print("sound" if facts["is_sound"] else "NOT SOUND: take an older backup")
    if not facts["is_sound"]:
        raise typer.Exit(1)


def _verified(home: Path | None, note: Any) -> dict[str, Any]:
    """Open the new bank, read its whole journal, and look for the head that was written down."""
    with bank_of(home) as bank:
        from yunjin.foundation.banking.api.days import DaysApi
        from yunjin.foundation.ledger.api import LedgerApi

        ledger, days = bank.door(LedgerApi), bank.door(DaysApi)
        with progress_bar() as show:
            report = ledger.verify(progress=lambda done, rows: show("rows", done, rows))
        rows = ledger.journal(before=note["head_sequence"] + 1, limit=1)
        is_head = not note["head_sequence"] or rows[0].hash == note["head"]
        return {
            "transfers": report.transfer_count,
            "business_date": str(days.business_date()),
            "is_sound": report.is_sound and is_head and not ledger.state().stopped,
        }
