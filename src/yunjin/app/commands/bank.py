"""`yunjin demo | serve | config`."""

import json
import sys
import time
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from yunjin.app.commands.opening import bank_of, check_folder, load_settings
from yunjin.app.fleet_example import Shape

DEMO_HOME: Final = "demo-bank"  # below the folder of all data; named as such, it is that folder
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
    cluster: Annotated[
        bool,
        typer.Option(help="Bring up three data centres instead, and a page on which things die."),
    ] = False,
    topology: Annotated[
        Shape, typer.Option(help="With --cluster: where its nodes are.")
    ] = Shape.CENTRES,
) -> None:
    """Open a bank of 10,000 customers with one year of transactions, and serve it."""
    started = time.monotonic()
    settings = load_settings(home)
    if cluster:
        from yunjin.app.commands.cluster import demo_cluster

        demo_cluster(settings, topology, once=once, as_json=as_json)
        return
    if home is None and settings.home.name != DEMO_HOME:
        settings = settings.model_copy(update={"home": settings.home / DEMO_HOME})
    settings = _with_trials(_lived_until_today(settings))
    check_folder(settings, may_be_new=True)
    folder = settings.home.absolute()
    shown = folder.relative_to(Path.cwd()) if folder.is_relative_to(Path.cwd()) else folder
    _say(f"云锦 Yunjin: opening the demo bank in {shown} …")
    from yunjin.app.bootstrap import opened
    from yunjin.app.demo import PAYMENTS_PER_S, customers_paying
    from yunjin.foundation.ledger.api import LedgerApi

    with opened(settings) as bank:
        ledger: Any = bank.door(LedgerApi)
        facts = _brought_in(bank, ledger) | {"seconds": round(time.monotonic() - started, 2)}
        _report(ledger, facts)
        if as_json:
            print(json.dumps(facts))
        if facts["trial_balance_minor"] or facts["gl_difference_minor"]:
            sys.exit("The books do not sum to zero.")
        if once:
            return
        if not traffic:
            _serve(bank)
            return
        _say(f"Customers go on paying, some {PAYMENTS_PER_S} times a second; --no-traffic: none.")
        cell, name = settings.ledger.cell, settings.tenant
        with customers_paying(ledger, cell, name=name, clock=bank.clock):
            _serve(bank)


def _brought_in(bank: Any, ledger: Any) -> dict[str, Any]:
    """Bring in what is not there yet: the year of transactions, then deposits and loans."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

    from yunjin.app.demo import DAYS, head_of_the_year, is_loaded, load

    if not is_loaded(ledger):
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
        with Progress(*columns, console=Console(stderr=True)) as bar:
            task = bar.add_task("one year of transactions, days", total=DAYS)
            cell = bank.settings.ledger.cell
            load(ledger, cell, lambda day, _: bar.update(task, completed=day))
    from yunjin.app.demo_businesses import Story

    lived = _live(bank)
    businesses, state = Story(bank.door).live(), ledger.state()
    return {
        "accounts": state.account_count,
        "transfers": state.transfer_count,
        "trial_balance_minor": sum(abs(one.difference_minor) for one in ledger.trial_balance()),
        "journal_head": head_of_the_year(ledger),
        **lived,
        "businesses": businesses,
    }


def _lived_until_today(settings: Any) -> Any:
    """Return settings of a bank whose first business day was a year ago."""
    from yunjin.app import demo_banking
    from yunjin.kernel.clock import SystemClock

    if settings.banking.first_day is not None:
        return settings
    first = demo_banking.first_day(demo_banking.today(SystemClock()))
    begun = settings.banking.model_copy(update={"first_day": first})
    return settings.model_copy(update={"banking": begun})


def _with_trials(settings: Any) -> Any:
    """Return settings of a bank whose registers, signing, messages and channel are in memory."""
    trials: dict[str, Any] = {
        "trial_registers": True,
        "trial_signing": True,
        "trial_messages": True,
    }
    if not settings.capability.trial_channel:
        trials["trial_channel"] = "trial"
    room = settings.capability.model_copy(update=trials)
    return settings.model_copy(update={"capability": room})


def _live(bank: Any) -> dict[str, Any]:
    """Let the bank's deposits and loans live through a year; return what the books say."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

    from yunjin.app import demo_banking
    from yunjin.foundation.banking.api.agreements import AgreementsApi
    from yunjin.foundation.banking.api.days import DaysApi

    agreements, days = bank.door(AgreementsApi), bank.door(DaysApi)
    today = demo_banking.today(bank.clock)
    if not demo_banking.is_filled(agreements, days, today):
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
        with Progress(*columns, console=Console(stderr=True)) as bar:
            task = bar.add_task("deposits and loans, business days", total=demo_banking.DAYS)
            demo_banking.fill(
                agreements, days, today, lambda done: bar.update(task, completed=done)
            )
    last = days.last_closed()
    report = days.day(last) if last is not None else None
    proof = report.proof if report is not None else ()
    return {
        "agreements": report.agreements if report is not None else 0,
        "business_date": str(days.business_date()),
        "gl_difference_minor": sum(abs(line.difference_minor) for line in proof),
    }


def _report(ledger: Any, facts: dict[str, Any]) -> None:
    """Print the trial balance for people."""
    from yunjin.kernel.money import format_minor

    _say("")
    _say("Trial balance 试算平衡")
    for line in ledger.trial_balance():
        debits = format_minor(line.debits_posted, line.currency, grouped=True)
        credits = format_minor(line.credits_posted, line.currency, grouped=True)
        difference = format_minor(line.difference_minor, line.currency, grouped=True)
        _say(f"  {line.currency}  debits  借 {debits:>22}")
        _say(f"       credits 贷 {credits:>22}")
        _say(f"       difference {difference:>22}")
    _say(
        f"{facts['accounts']:,} accounts, {facts['transfers']:,} transfers, "
        f"journal head of the year {facts['journal_head'][:16]}…, {facts['seconds']} s"
    )
    _say(
        f"{facts['agreements']:,} agreements, open for business on {facts['business_date']}; "
        f"general ledger against subledger, difference {facts['gl_difference_minor']}"
    )
    told = ", ".join(f"{name} {state}" for name, state in facts["businesses"].items())
    _say(f"Businesses 业务: {told}")


def serve(
    home: Annotated[Path | None, typer.Option(help="Folder of all data.")] = None,
) -> None:
    """Serve the bank: API, console and Arrow Flight, on loopback only."""
    from yunjin.app import asgi  # first: what stands by has it in memory before its turn

    with bank_of(home, may_be_new=True) as bank:
        asgi.serve(bank)


def cell(
    home: Annotated[Path | None, typer.Option(help="Folder of this process's files.")] = None,
) -> None:
    """Serve a cell: the ledger alone, written here, or stood by for (`ledger.stands_by`)."""
    settings = load_settings(home)
    check_folder(settings, may_be_new=True)
    from yunjin.app.bootstrap import open_cell
    from yunjin.kernel import tenant

    with tenant.entered(settings.tenant):
        bank = open_cell(settings)
        try:
            _serve(bank)
        finally:
            bank.close()


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
