"""The command line. Heavy imports wait until a command needs them."""

import sys
from collections.abc import Callable
from typing import Any

import typer

from yunjin.app.commands import bank, bench, chaos, importing, ledger

app = typer.Typer(
    name="yunjin",
    help="Yunjin 云锦: a financial cloud on one machine.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.command("demo")(bank.demo)
app.command("serve")(bank.serve)
app.command("up", help="The same as serve.")(bank.serve)
app.command("bench")(bench.bench)
app.add_typer(bank.config, name="config")
app.command("import")(importing.import_files)
app.add_typer(ledger.app, name="ledger")
app.add_typer(chaos.app, name="chaos")


def main() -> None:
    """Run a command; refusals are said in words, not as a traceback."""
    from yunjin.kernel.errors import Bug, Problem

    call: Callable[[], Any] = app
    try:
        call()
    except Bug:
        raise
    except Problem as problem:
        facts = ", ".join(f"{key} {value}" for key, value in problem.facts.items())
        print(f"{problem.title}: {problem.detail}", file=sys.stderr)
        print(f"  {problem.code}" + (f" ({facts})" if facts else ""), file=sys.stderr)
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(130)
