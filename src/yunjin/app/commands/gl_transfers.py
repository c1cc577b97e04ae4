"""`yunjin gl transfers`: the ledger's transfers behind a line of the general ledger."""

import json
import sys
from pathlib import Path
from typing import Annotated

import typer

from yunjin.app.commands.opening import bank_of

Home = Annotated[Path | None, typer.Option(help="Folder of all data.")]


def transfers(
    entry: Annotated[int, typer.Argument(min=1, help="The entry's number.")],
    line: Annotated[int, typer.Argument(min=1, help="Which of its lines.")],
    limit: Annotated[int, typer.Option(min=1, max=100_000, help="How many.")] = 1_000,
    home: Home = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Print the ledger's transfers behind a line, oldest first, and their sums, the line's."""
    from yunjin.foundation.banking.api.general_ledger import GeneralLedgerApi
    from yunjin.foundation.banking.api.gl_transfers import LineTransfer
    from yunjin.kernel.page import LIMIT_MAX

    found: list[LineTransfer] = []
    cursor: str | None = None
    with bank_of(home) as bank:
        gl = bank.door(GeneralLedgerApi)
        lines = gl.entry(entry).lines
        while len(found) < limit:
            rows = min(LIMIT_MAX, limit - len(found))
            page = gl.transfers(entry, line, limit=rows, cursor=cursor)
            found += page.items
            cursor = page.next_cursor
            if cursor is None:
                break
    if as_json:
        from yunjin.foundation.banking.routes.gl_schemas import TransferOut

        items = [TransferOut.of(one).model_dump(mode="json") for one in found]
        print(json.dumps({"items": items}, ensure_ascii=False))
    else:
        from yunjin.app.commands import gl_tables

        gl_tables.show_transfers(found, lines[line - 1].currency)
    if cursor is not None:
        print("there are more; give a larger --limit", file=sys.stderr)
