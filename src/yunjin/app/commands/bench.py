"""`yunjin bench NAME`: run a benchmark of the source checkout this program came from."""

import os
import sys
from pathlib import Path
from typing import Annotated

import typer

_CHECKOUT = Path(__file__).parents[4]
_APART = {"__init__", "batches", "load", "measuring", "running", "serving", "sets"}  # shared


def names(folder: Path = _CHECKOUT / "benchmarks") -> list[str]:
    """Return the benchmarks that there are."""
    found = {path.stem for path in folder.glob("*.py")} - _APART
    return sorted(name.replace("_", "-") for name in found)


def bench(
    name: Annotated[
        str, typer.Argument(help="flows, http, ledger, products, simulate…: a file of benchmarks.")
    ],
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
    quick: Annotated[bool, typer.Option(help="Small: to try it, not to quote it.")] = False,
    record: Annotated[bool, typer.Option(help="Keep it in benchmarks/results.")] = False,
) -> None:
    """Measure this machine, with the traditional ways beside in the same run."""
    known = names()
    if name not in known:
        there = ", ".join(known) or "none: benchmarks come with the source checkout only"
        raise typer.BadParameter(f"expected one of {there}; was {name}", param_hint="NAME")
    chosen = {"--json": as_json, "--quick": quick, "--record": record}
    words = [word for word, is_chosen in chosen.items() if is_chosen]
    os.chdir(_CHECKOUT)
    os.execv(sys.executable, [sys.executable, "-m", f"benchmarks.{name.replace('-', '_')}", *words])
