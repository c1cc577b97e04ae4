"""`yunjin chaos crash | sweep | cluster`."""

import json
import secrets
import sys
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

if TYPE_CHECKING:
    from yunjin.app.chaos.crash import CrashReport

app = typer.Typer(help="Kill a ledger, cut its power, count what it lost.", no_args_is_help=True)
Seed = Annotated[int | None, typer.Option(min=0, help="The same seed: the same loads and choices.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object last.")]
Sabotaged = Annotated[
    Literal["none", "no-sync", "lying-disk"],
    typer.Option(help="Break the ledger or its disk on purpose: the harness must find it."),
]


def _tell(report: "CrashReport") -> None:
    line = f"{report.rounds} rounds, {report.faults_fired} faults, {report.wrongs.total} wrongs"
    print(line, file=sys.stderr, flush=True)


def _finish(report: "CrashReport", as_json: bool) -> None:
    """Print a report; end with 1 where a promise was broken, or where no fault fired at all."""
    document: dict[str, Any] = report.document()
    if as_json:
        print(json.dumps(document, ensure_ascii=False))
    else:
        for key, value in document.items():
            print(f"{key:<22}{value}")
    if not report.faults_fired:
        print("No fault fired, so nothing was proven.", file=sys.stderr)
    raise typer.Exit(0 if report.has_passed else 1)


@app.command()
def crash(
    rounds: Annotated[int, typer.Option(min=0, help="Rounds; each kills a process.")] = 30,
    seed: Seed = None,
    sabotage: Sabotaged = "none",
    as_json: AsJson = False,
) -> None:
    """Kill ledgers under load with kill -9 and power cuts; question what is left of each."""
    from yunjin.app.chaos.crash import CrashHarness

    chosen = secrets.randbelow(2**32) if seed is None else seed
    broken: Any = "" if sabotage == "none" else sabotage
    _finish(CrashHarness(seed=chosen, sabotage=broken).run(rounds, tell=_tell), as_json)


@app.command()
def sweep(
    step: Annotated[int, typer.Option(min=1, help="Die after each so many changes.")] = 1,
    seed: Seed = None,
    sabotage: Sabotaged = "none",
    as_json: AsJson = False,
) -> None:
    """Let one run die after every single write, sync and deletion, both ways."""
    from yunjin.app.chaos.crash import CrashHarness

    chosen = secrets.randbelow(2**32) if seed is None else seed
    broken: Any = "" if sabotage == "none" else sabotage
    _finish(CrashHarness(seed=chosen, sabotage=broken).sweep(step=step), as_json)


@app.command()
def cluster(
    schedules: Annotated[int, typer.Option(min=1, help="Schedules, of seeds that follow.")] = 10,
    seed: Seed = None,
    topology: Annotated[
        Literal["three-centres", "two-cities"], typer.Option(help="Where its nodes are.")
    ] = "three-centres",
    as_json: AsJson = False,
) -> None:
    """Kill, pause and cut off processes and nodes of a cell on a real set; judge its histories.

    Needs root, MariaDB with Galera, and network namespaces. A seed alone replays its schedule.
    """
    from yunjin.app.chaos.cluster import running
    from yunjin.app.chaos.cluster.town import ONE_CITY, TWO_CITIES
    from yunjin.app.cluster.stage import check_programs
    from yunjin.app.fleet_example import Shape

    shape = Shape(topology)
    check_programs(shape)
    first = secrets.randbelow(2**32) if seed is None else seed
    report = running.run(
        range(first, first + schedules),
        tell=lambda words: print(words, file=sys.stderr),
        shape=TWO_CITIES if shape is Shape.CITIES else ONE_CITY,
    )
    document = report.document()
    if as_json:
        print(json.dumps(document, ensure_ascii=False))
    else:
        for key, value in document.items():
            print(f"{key:<22}{value}")
    if not report.faults_fired:
        print("No fault fired, so nothing was proven.", file=sys.stderr)
    raise typer.Exit(0 if report.has_passed else 1)
