"""`yunjin ledger open | transfer | balance | history | verify | export | between | hand-over`."""

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any
from uuid import UUID

import typer

from yunjin.app.commands import clearing, moving
from yunjin.app.commands.opening import bank_of, check_target, progress_bar

app = typer.Typer(help="The ledger of this folder, opened here.", no_args_is_help=True)
app.add_typer(clearing.app, name="between")
app.command("hand-over")(moving.hand_over)
Home = Annotated[Path | None, typer.Option(help="Folder of all data.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


@contextmanager
def _opened(home: Path | None, *, may_be_new: bool = False) -> Iterator[Any]:
    """Open the ledger of a folder for one command."""
    with bank_of(home, may_be_new=may_be_new) as bank:
        from yunjin.foundation.ledger.api import LedgerApi

        yield bank.door(LedgerApi)


def _account(text: str, ledger: Any) -> int:
    """Read an account's id, or look an alias up. Raises: AliasNotFound."""
    from yunjin.foundation.ledger.errors import AliasNotFound

    if text.isascii() and text.isdecimal() and int(text) < 2**63:
        return int(text)
    found = ledger.resolve_aliases([text])
    if not found:
        raise AliasNotFound(f"No account is known as {text[:40]!r}.", value=text[:40])
    account: int = found[0].account_id
    return account


def _ledger_in(currency: str, ledger: Any) -> int:
    """Return the number of the ledger kept in a currency; the next free one where there is none."""
    declared = ledger.ledgers()
    kept = [each.ledger for each in declared if each.currency == currency]
    return min(kept) if kept else max((each.ledger for each in declared), default=0) + 1


def _limit(overdraft: str, currency: str) -> int:
    """Read an agreed overdraft. Raises: Malformed."""
    from yunjin.kernel.errors import Malformed
    from yunjin.kernel.money import parse_minor

    limit = parse_minor(overdraft, currency)
    if limit < 0:
        raise Malformed(f"expected an overdraft of 0 or more, was {overdraft.strip()}")
    return limit


def _hold_word(flags: int) -> str:
    """Say what a line does to a hold: the balance beside it counts what is posted."""
    from yunjin.foundation.ledger.api import TransferFlag as Flag

    words = {Flag.PENDING: "held", Flag.POST_PENDING: "taken", Flag.VOID_PENDING: "released"}
    return "".join(f"  {word}" for flag, word in words.items() if flags & flag)


@app.command("open")
def open_account(
    currency: Annotated[str, typer.Option(help="ISO 4217 code.")] = "CNY",
    ledger_number: Annotated[
        int | None,
        typer.Option(
            "--ledger",
            min=1,
            max=2**32 - 1,
            help="Its ledger; else the one kept in the currency, or a new one.",
        ),
    ] = None,
    code: Annotated[
        int, typer.Option(min=1, max=65_535, help="What it is in the chart of accounts.")
    ] = 7,
    overdraft: Annotated[str, typer.Option(help="How far it may be overdrawn: 100.00.")] = "0",
    unlimited: Annotated[
        bool, typer.Option("--unlimited", help="May be overdrawn without end.")
    ] = False,
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Open an account; print its id."""
    from yunjin.app.single import one_account
    from yunjin.kernel.errors import Malformed
    from yunjin.kernel.money import checked_currency

    limit = _limit(overdraft, checked_currency(currency))  # before a bank is made
    if unlimited and limit:
        raise Malformed("expected --overdraft or --unlimited, were both")
    with _opened(home, may_be_new=True) as ledger:
        number = ledger_number or _ledger_in(currency, ledger)
        account = one_account(ledger, number, currency, code, limit, is_limited=not unlimited)
    if as_json:
        print(json.dumps({"id": str(account), "ledger": number, "currency": currency}))
    else:
        print(account)


@app.command()
def transfer(
    debit: Annotated[str, typer.Argument(help="Account id or alias that pays.")],
    credit: Annotated[str, typer.Argument(help="Account id or alias that receives.")],
    amount: Annotated[str, typer.Argument(help="Decimal amount: 12.34.")],
    transfer_id: Annotated[str, typer.Option("--id", help="UUID of an earlier try.")] = "",
    code: Annotated[int, typer.Option(min=1, max=65_535, help="What it is for.")] = 103,
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Move money; print its id before it is sent, then `created`, or `exists` for a retry.

    Where the answer was lost, give the command again with --id: it acts once.
    """
    from yunjin.app.single import one_transfer, transfer_row
    from yunjin.kernel.clock import SystemClock
    from yunjin.kernel.errors import Malformed
    from yunjin.kernel.ids import uuid7

    try:
        identity = UUID(transfer_id) if transfer_id else uuid7(SystemClock())
    except ValueError:
        raise Malformed(f"expected a UUID, was {transfer_id[:50]!r}") from None
    with _opened(home) as ledger:
        sides = _account(debit, ledger), _account(credit, ledger)
        batch = transfer_row(ledger, identity, *sides, amount, code)
        print(f"transfer {identity}", file=sys.stderr, flush=True)  # all that can be read was
        status = one_transfer(ledger, batch)
    print(json.dumps({"id": str(identity), "status": status}) if as_json else status)


@app.command()
def balance(
    account: Annotated[str, typer.Argument(help="Account id or alias.")],
    at: Annotated[str, typer.Option(help="An instant, 2025-06-30T16:00:00Z.")] = "",
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Print an account's totals, now or at an instant."""
    from yunjin.app.single import currency_of, instant_ns, one_balance
    from yunjin.kernel.money import format_minor

    at_ns = instant_ns(at) if at else None
    with _opened(home) as ledger:
        row = one_balance(ledger, _account(account, ledger), at_ns)
        currency = currency_of(ledger, row["ledger"])
    if as_json:
        from yunjin.foundation.ledger.routes.schemas import AccountOut

        print(json.dumps({**AccountOut.of(row).model_dump(mode="json"), "currency": currency}))
        return
    for name in ("debits_posted", "credits_posted", "debits_pending", "credits_pending"):
        print(f"{name:16} {format_minor(row[name], currency, grouped=True):>24} {currency}")
    net = row["credits_posted"] - row["debits_posted"]
    print(f"{'balance':16} {format_minor(net, currency, grouped=True):>24} {currency}")


@app.command()
def history(
    account: Annotated[str, typer.Argument(help="Account id or alias.")],
    limit: Annotated[int, typer.Option(min=1, max=200, help="How many lines.")] = 20,
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Print an account's latest transfers with the balance after each."""
    from yunjin.app.single import currency_of
    from yunjin.kernel.clock import instant
    from yunjin.kernel.money import format_minor

    with _opened(home) as ledger:
        number = _account(account, ledger)
        rows = ledger.history(number, limit=limit)[0].to_pylist()
        currency = currency_of(ledger, rows[0]["ledger"]) if rows else ""
    if as_json:
        from yunjin.foundation.ledger.routes.schemas import Posting

        print(json.dumps({"items": [Posting.of(row).model_dump(mode="json") for row in rows]}))
        return
    for row in rows:
        sign = -1 if row["debit_account_id"] == number else 1
        net = row["credits_posted"] - row["debits_posted"]
        print(
            f"{instant(row['timestamp']):%Y-%m-%d %H:%M:%S}Z  code {row['code']:<5}"
            f"{format_minor(sign * row['amount_minor'], currency, grouped=True):>18}"
            f"{format_minor(net, currency, grouped=True):>20} {currency}{_hold_word(row['flags'])}"
        )
    if not rows:
        print(f"No transfer has touched account {number} yet.", file=sys.stderr)


@app.command()
def verify(home: Home = None, as_json: AsJson = False) -> None:
    """Read the whole journal again; exit 1 where anything is wrong."""
    with _opened(home) as ledger:
        with progress_bar() as show:
            report = ledger.verify(progress=lambda done, rows: show("rows", done, rows))
        stopped: str = ledger.state().stopped  # what opening found, perhaps beyond the first fault
    is_sound = report.is_sound and not stopped
    if as_json:
        print(
            json.dumps(
                {
                    "rows": report.row_count,
                    "transfers": report.transfer_count,
                    "head": report.head.hash,
                    "head_sequence": report.head.sequence,
                    "findings": [{"sequence": f.sequence, "what": f.what} for f in report.findings],
                    "stopped": stopped,
                    "is_sound": is_sound,
                }
            )
        )
    else:
        print(f"{report.row_count:,} rows, {report.transfer_count:,} transfers")
        print(f"head {report.head.sequence} {report.head.hash}")
        for finding in report.findings:
            print(f"row {finding.sequence}: {finding.what}")
        if stopped:
            print(f"takes no writes: {stopped}")
        print("sound" if is_sound else "NOT SOUND: delete nothing; see Restore in docs/operator.md")
    if not is_sound:
        raise typer.Exit(1)


@app.command()
def export(
    file: Annotated[Path, typer.Argument(help="The Parquet file to write.")],
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Write every transfer to a Parquet file, oldest first."""
    from yunjin.app.single import export_parquet

    check_target(file)
    with _opened(home) as ledger:
        count = export_parquet(ledger.export_transfers(), file)
    if as_json:
        print(json.dumps({"transfers": count, "file": str(file)}))
    else:
        print(f"transfers written to {file}: {count:,}", file=sys.stderr)
