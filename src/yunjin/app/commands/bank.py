"""`yunjin demo | serve | config`."""

import json
import sys
import time
from pathlib import Path
from typing import Annotated, Any

import typer

from yunjin.app.commands.opening import bank_of, check_folder, load_settings

config = typer.Typer(help="What is set, and where it comes from.", no_args_is_help=True)


def _say(words: str) -> None:
    print(words, file=sys.stderr, flush=True)


def demo(
    once: Annotated[bool, typer.Option(help="Load, report and stop.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object last.")] = False,
    home: Annotated[Path | None, typer.Option(help="Folder of the demo bank.")] = None,
    traffic: Annotated[
        bool, typer.Option(help="Let customers go on paying while the bank is served.")
    ] = True,
) -> None:
    """Open a bank of 10,000 customers with one year of transactions, and serve it."""
    started = time.monotonic()
    settings = load_settings(home)
    if home is None:
        settings = settings.model_copy(update={"home": settings.home / "demo-bank"})
    check_folder(settings, may_be_new=True)
    folder = settings.home.absolute()
    shown = folder.relative_to(Path.cwd()) if folder.is_relative_to(Path.cwd()) else folder
    _say(f"云锦 Yunjin: opening the demo bank in {shown} …")
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

    from yunjin.app.bootstrap import opened
    from yunjin.app.demo import DAYS, PAYMENTS_PER_S, customers_paying, is_loaded, load
    from yunjin.foundation.ledger.api import LedgerApi

    with opened(settings) as bank:
        ledger: Any = bank.door(LedgerApi)
        state = ledger.state()
        if not is_loaded(ledger):
            columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
            with Progress(*columns, console=Console(stderr=True)) as bar:
                task = bar.add_task("one year of transactions, days", total=DAYS)
                load(
                    ledger,
                    settings.ledger.cell,
                    lambda day, _: bar.update(task, completed=day),
                )
            state = ledger.state()
        lines = ledger.trial_balance()
        difference = sum(abs(line.difference_minor) for line in lines)
        seconds = round(time.monotonic() - started, 2)
        _report(lines, state, seconds)
        if as_json:
            print(
                json.dumps(
                    {
                        "accounts": state.account_count,
                        "transfers": state.transfer_count,
                        "trial_balance_minor": difference,
                        "journal_head": state.head.hash,
                        "seconds": seconds,
                    }
                )
            )
        if difference:
            sys.exit("The trial balance does not sum to zero.")
        if once:
            return
        if not traffic:
            _serve(bank)
            return
        _say(f"Customers go on paying, some {PAYMENTS_PER_S} times a second; --no-traffic: none.")
        cell, name = settings.ledger.cell, settings.tenant
        with customers_paying(ledger, cell, name=name, clock=bank.clock):
            _serve(bank)


def _report(lines: Any, state: Any, seconds: float) -> None:
    """Print the trial balance for people."""
    from yunjin.kernel.money import format_minor

    _say("")
    _say("Trial balance 试算平衡")
    for line in lines:
        debits = format_minor(line.debits_posted, line.currency, grouped=True)
        credits = format_minor(line.credits_posted, line.currency, grouped=True)
        difference = format_minor(line.difference_minor, line.currency, grouped=True)
        _say(f"  {line.currency}  debits  借 {debits:>22}")
        _say(f"       credits 贷 {credits:>22}")
        _say(f"       difference {difference:>22}")
    _say(
        f"{state.account_count:,} accounts, {state.transfer_count:,} transfers, "
        f"{state.pending_count} holds, journal head {state.head.hash[:16]}…, {seconds} s"
    )


def serve(
    home: Annotated[Path | None, typer.Option(help="Folder of all data.")] = None,
) -> None:
    """Serve the bank: API, console and Arrow Flight, on loopback only."""
    with bank_of(home, may_be_new=True) as bank:
        _serve(bank)


def _serve(bank: Any) -> None:
    from yunjin.app.asgi import serve as run

    run(bank)


@config.command("show")
def show(
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Print every setting: value, source, meaning."""
    from yunjin.app.settings import explain

    lines = explain(load_settings())
    if as_json:
        fields = ("value", "source", "meaning")
        found = {name: dict(zip(fields, rest, strict=True)) for name, *rest in lines}
        print(json.dumps(found, ensure_ascii=False))
        return
    for name, value, source, meaning in lines:
        print(f"{name:32} {value or '-':24} {source:12} {meaning}")
