"""The command line. Heavy imports wait until a command needs them."""

import os
import sys
from collections.abc import Callable
from typing import Any, Final

import typer

from yunjin.app.commands import (
    agreements,
    backups,
    bank,
    bench,
    businesses,
    chaos,
    days,
    fleet,
    flows,
    gateway,
    general_ledger,
    importing,
    ledger,
    payments,
    products,
    statements,
    takeover,
)

_INTERRUPTED: Final = 130  # what typer makes of Ctrl+C

app = typer.Typer(
    name="yunjin",
    help="Yunjin 云锦: a financial cloud on one machine.",
    epilog="In a source checkout, ./run knows these words and test, check, fix, docs and lock.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.command("demo")(bank.demo)
app.command("serve")(bank.serve)
app.command("cell")(bank.cell)
app.command("gateway")(gateway.gateway)
app.command("up", help="The same as serve.")(bank.serve)
app.command("bench")(bench.bench)
app.command("businesses")(businesses.businesses)
app.command("backup")(backups.backup)
app.command("restore")(backups.restore)
app.add_typer(bank.config, name="config")
app.command("import")(importing.import_files)
app.add_typer(ledger.app, name="ledger")
app.add_typer(products.app, name="products")
app.add_typer(agreements.app, name="agreements")
app.add_typer(days.app, name="day")
app.add_typer(payments.app, name="payments")
app.add_typer(general_ledger.app, name="gl")
app.add_typer(statements.app, name="statements")
app.add_typer(takeover.app, name="takeover")
app.add_typer(fleet.app, name="fleet")
app.add_typer(flows.app, name="flows")
app.add_typer(chaos.app, name="chaos")


def main() -> None:
    """Run a command; whatever goes wrong is said in words, never as a traceback."""
    from yunjin.app import saying
    from yunjin.kernel.errors import Problem

    call: Callable[[], Any] = app
    as_json = "--json" in sys.argv
    os.environ.setdefault("GRPC_VERBOSITY", "NONE")  # what it says of a taken port, we say too
    try:
        call()
    except Problem as problem:
        saying.tell(problem, as_json=as_json)
        sys.exit(1)
    except OSError as error:
        saying.tell_system(error, as_json=as_json)
        sys.exit(1)
    except SystemExit as end:
        if end.code == _INTERRUPTED:
            saying.tell_stop()
        raise
    except Exception as error:
        saying.tell_surprise(error, as_json=as_json)
        sys.exit(1)
