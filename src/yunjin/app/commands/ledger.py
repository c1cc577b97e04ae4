"""`yunjin ledger open | transfer | balance | history | verify | export`."""

import json
import sys
from pathlib import Path
from typing import Annotated, Any
from uuid import UUID

import typer

app = typer.Typer(help="The ledger of this folder, opened here.", no_args_is_help=True)
Home = Annotated[Path | None, typer.Option(help="Folder of all data.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


class _Opened:
    """The ledger of a folder for one command."""

    def __init__(self, home: Path | None) -> None:
        from yunjin.app.bootstrap import opened
        from yunjin.app.commands.bank import load_settings

        self._context = opened(load_settings(**({"home": home} if home else {})))

    def __enter__(self) -> Any:
        from yunjin.foundation.ledger.api import LedgerApi

        return self._context.__enter__().door(LedgerApi)

    def __exit__(self, *error: Any) -> None:
        self._context.__exit__(*error)


def _account(text: str, ledger: Any) -> int:
    """Read an account's id, or look an alias up."""
    from yunjin.foundation.ledger.errors import AliasNotFound

    if text.isdecimal() and len(text) < 20:
        return int(text)
    found = ledger.resolve_aliases([text])
    if not found:
        raise AliasNotFound(f"No account is known as {text[:40]!r}.", value=text[:40])
    account: int = found[0].account_id
    return account


@app.command("open")
def open_account(
    currency: Annotated[str, typer.Option(help="ISO 4217 code.")] = "CNY",
    ledger_number: Annotated[int, typer.Option("--ledger", min=1, help="Its ledger.")] = 1,
    code: Annotated[int, typer.Option(min=1, max=65_535, help="Its place in the chart.")] = 7,
    overdraft: Annotated[str, typer.Option(help="How far it may be overdrawn.")] = "0",
    unlimited: Annotated[bool, typer.Option(help="May be overdrawn without end.")] = False,
    home: Home = None,
) -> None:
    """Open an account; print its id."""
    from yunjin.app.single import one_account
    from yunjin.kernel.money import parse_minor

    with _Opened(home) as ledger:
        limit = 0 if unlimited else parse_minor(overdraft, currency)
        print(one_account(ledger, ledger_number, currency, code, limit, is_limited=not unlimited))


@app.command()
def transfer(
    debit: Annotated[str, typer.Argument(help="Account id or alias that pays.")],
    credit: Annotated[str, typer.Argument(help="Account id or alias that receives.")],
    amount: Annotated[str, typer.Argument(help="Decimal amount: 12.34.")],
    transfer_id: Annotated[str, typer.Option("--id", help="UUID of an earlier try.")] = "",
    code: Annotated[int, typer.Option(min=1, max=65_535, help="What it is for.")] = 103,
    home: Home = None,
) -> None:
    """Move money; print the transfer's id. Repeat with --id to retry safely."""
    from yunjin.app.single import one_transfer
    from yunjin.kernel.clock import SystemClock
    from yunjin.kernel.errors import Malformed
    from yunjin.kernel.ids import uuid7

    try:
        identity = UUID(transfer_id) if transfer_id else uuid7(SystemClock())
    except ValueError:
        raise Malformed(f"expected a UUID, was {transfer_id[:50]!r}") from None
    print(f"transfer {identity}", file=sys.stderr, flush=True)
    with _Opened(home) as ledger:
        sides = _account(debit, ledger), _account(credit, ledger)
        print(one_transfer(ledger, identity, *sides, amount, code))


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

    with _Opened(home) as ledger:
        row = one_balance(ledger, _account(account, ledger), instant_ns(at) if at else None)
        if as_json:
            print(json.dumps({key: str(value) for key, value in row.items()}))
            return
        currency = currency_of(ledger, row["ledger"])
        for name in ("debits_posted", "credits_posted", "debits_pending", "credits_pending"):
            print(f"{name:16} {format_minor(row[name], currency, grouped=True):>24} {currency}")
        net = row["credits_posted"] - row["debits_posted"]
        print(f"{'balance':16} {format_minor(net, currency, grouped=True):>24} {currency}")


@app.command()
def history(
    account: Annotated[str, typer.Argument(help="Account id or alias.")],
    limit: Annotated[int, typer.Option(min=1, max=200, help="How many lines.")] = 20,
    home: Home = None,
) -> None:
    """Print an account's latest transfers with the balance after each."""
    from yunjin.app.single import currency_of
    from yunjin.kernel.clock import instant
    from yunjin.kernel.money import format_minor

    with _Opened(home) as ledger:
        number = _account(account, ledger)
        lines, _ = ledger.history(number, limit=limit)
        for line in lines.to_pylist():
            currency = currency_of(ledger, line["ledger"])
            sign = -1 if line["debit_account_id"] == number else 1
            net = line["credits_posted"] - line["debits_posted"]
            print(
                f"{instant(line['timestamp']):%Y-%m-%d %H:%M:%S}Z  code {line['code']:<5}"
                f"{format_minor(sign * line['amount_minor'], currency, grouped=True):>18}"
                f"{format_minor(net, currency, grouped=True):>20} {currency}"
            )


@app.command()
def verify(home: Home = None, as_json: AsJson = False) -> None:
    """Read the whole journal again; exit 1 where anything is wrong."""
    with _Opened(home) as ledger:
        report = ledger.verify()
        if as_json:
            found = [{"sequence": f.sequence, "what": f.what} for f in report.findings]
            print(
                json.dumps(
                    {
                        "rows": report.row_count,
                        "transfers": report.transfer_count,
                        "head": report.head.hash,
                        "findings": found,
                    }
                )
            )
        else:
            print(f"{report.row_count:,} rows, {report.transfer_count:,} transfers")
            print(f"head {report.head.sequence} {report.head.hash}")
            for finding in report.findings:
                print(f"row {finding.sequence}: {finding.what}")
            print("sound" if report.is_sound else "NOT SOUND")
        if not report.is_sound:
            raise typer.Exit(1)


@app.command()
def export(
    file: Annotated[Path, typer.Argument(help="The Parquet file to write.")],
    home: Home = None,
) -> None:
    """Write every transfer to a Parquet file, newest first."""
    from yunjin.app.single import export_parquet

    with _Opened(home) as ledger:
        print(f"{export_parquet(ledger, file):,} transfers", file=sys.stderr)
