"""`yunjin fleet plan run | scenarios | example | calibrate`: a fleet larger than this machine."""

import json
import math
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from yunjin.app.commands.fleet_opening import AsJson, say
from yunjin.app.commands.opening import check_source, check_target, print_table

if TYPE_CHECKING:
    from yunjin.foundation.database.domain.planning.costs import Costs
    from yunjin.foundation.database.domain.planning.questions import Plan
    from yunjin.foundation.database.domain.planning.scenario import Scenario

app = typer.Typer(
    help="Simulate a fleet that is larger than this machine 容量规划.", no_args_is_help=True
)
_COSTS: Final = "measured.json"
_DAY_S: Final = 86_400


def _presets() -> Path:
    from yunjin.foundation.database.domain.planning import presets

    return Path(presets.__path__[0])


def _scenario(name: str) -> "Scenario":
    """Read a preset or a file. Raises: Malformed."""
    from yunjin.foundation.database.domain.planning import costs, scenario
    from yunjin.kernel.errors import Malformed

    path = Path(name) if name.endswith(".toml") else _presets() / f"{name}.toml"
    if not name.endswith(".toml") and not path.is_file():
        known = ", ".join(_names())
        raise Malformed(f"expected a scenario's .toml file or one of {known}; was {name[:60]!r}")
    return costs.read(scenario.Scenario, _toml(path), name)  # type: ignore[no-any-return]


def _toml(path: Path) -> dict[str, Any]:
    from yunjin.kernel.errors import Malformed

    check_source(path)
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise Malformed(f"{path.name} is not TOML: {error}") from None


def _costs(path: Path | None) -> "Costs":
    from yunjin.foundation.database.domain.planning import costs
    from yunjin.kernel.errors import Malformed

    chosen = path or _presets() / _COSTS
    check_source(chosen)
    try:
        document = json.loads(chosen.read_text(encoding="utf-8"))
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        raise Malformed(
            f"{chosen.name} is not JSON: {error}. `yunjin fleet plan calibrate` writes one."
        ) from None
    return costs.read(costs.Costs, document, chosen.name)  # type: ignore[no-any-return]


def _names() -> list[str]:
    return sorted(path.stem for path in _presets().glob("*.toml"))


@app.command()
def scenarios(as_json: AsJson = False) -> None:
    """List the scenarios that are shipped."""
    told = {name: _scenario(name).words for name in _names()}
    if as_json:
        print(json.dumps(told, ensure_ascii=False))
        return
    for name, words in told.items():
        print(f"{name:16}{words}")


@app.command()
def example(
    name: Annotated[str, typer.Argument(help="A scenario that is shipped.")] = "three-centres",
) -> None:
    """Print the file of a scenario, to begin your own with."""
    _scenario(name)
    print((_presets() / f"{name}.toml").read_text(encoding="utf-8"), end="")


@app.command()
def run(
    name: Annotated[
        str, typer.Argument(metavar="SCENARIO", help="A .toml file, or one that is shipped.")
    ],
    costs: Annotated[Path | None, typer.Option(help="What `calibrate` wrote; else ours.")] = None,
    prices: Annotated[Path | None, typer.Option(help="Your prices, a .toml file.")] = None,
    years: Annotated[float, typer.Option(min=0.1, max=1_000, help="Years to simulate.")] = 20.0,
    batches: Annotated[
        int, typer.Option(min=100, max=1_000_000, help="Simulated for each figure.")
    ] = 4_000,
    seed: Annotated[int, typer.Option(min=0, max=2**63 - 1, help="Same seed, same plan.")] = 1,
    chart: Annotated[Path | None, typer.Option(help="An .svg file to draw the curve in.")] = None,
    as_json: AsJson = False,
) -> None:
    """Tell hosts, capacity, cost and what failures do; seconds, and no machine is touched."""
    from yunjin.foundation.database.domain.planning import charts, questions, scenario
    from yunjin.foundation.database.domain.planning.costs import read

    if chart is not None:
        check_target(chart)
    known = read(scenario.Prices, _toml(prices), prices.name) if prices else None
    made = questions.plan(
        _costs(costs), _scenario(name), prices=known, years=years, seed=seed, batches=batches
    )
    if chart is not None:
        chart.write_text(charts.svg(made), encoding="utf-8")
    if as_json:
        print(json.dumps(_document(made), ensure_ascii=False))
        return
    _tell(made)


def _document(plan: "Plan") -> dict[str, Any]:
    """Return a plan as JSON values; what is endless is null."""
    import dataclasses

    from yunjin.foundation.database.domain.planning.costs import Model

    def plain(value: Any) -> Any:
        if isinstance(value, Model):
            return value.model_dump(mode="json")
        if dataclasses.is_dataclass(value):
            names = (field.name for field in dataclasses.fields(value))
            return {each: plain(getattr(value, each)) for each in names}
        if isinstance(value, dict):
            return {each: plain(inner) for each, inner in sorted(value.items())}
        if isinstance(value, tuple | list):
            return [plain(each) for each in value]
        if isinstance(value, float):
            return float_or_none(value)
        return value

    document: dict[str, Any] = plain(plan)
    document["years"]["minutes_a_year"] = float_or_none(plan.years.minutes_a_year)
    return document


def float_or_none(value: float) -> float | None:
    """Return a number that JSON has, six digits of it."""
    return round(value, 6) if math.isfinite(value) else None


def _lasting(seconds: float) -> str:
    """Write a time for people."""
    if not math.isfinite(seconds):
        return "until somebody decides"
    if seconds < 1:
        return f"{seconds * 1e3:.0f} ms"
    return f"{seconds:.1f} s" if seconds < 2 * _DAY_S else f"{seconds / _DAY_S:.1f} d"


def _tell(plan: "Plan") -> None:
    from rich.table import Table

    table = Table(plan.scenario.name, "", show_header=True)
    for said, value in _rows(plan):
        table.add_row(said, value)
    print_table(table)
    print_table(_deaths(plan))
    for why, minutes in plan.years.minutes_by_cause().items():
        say(f"{minutes:10.4f} min a year  {why}, {plan.years.outages[why]:,} outages of cells")
    say(f"costs measured on {plan.machine}; seed {plan.seed}; {plan.years.events:,} events")


def _rows(plan: "Plan") -> list[tuple[str, str]]:
    sizing, scenario, peak, most = plan.sizing, plan.scenario, plan.peak, plan.capacity
    rows = [
        ("customers, accounts", f"{scenario.customers:,}, {scenario.accounts:,}"),
        ("cell hosts", f"{sizing.cell_hosts:,} ({sizing.bound})"),
        ("gateway hosts", f"{sizing.gateway_hosts:,}"),
        ("cells on the fullest host", f"{sizing.cells_a_host:,}"),
        ("memory, disk", f"{sizing.memory_gib:,.0f} GiB, {sizing.disk_gb:,.0f} GB"),
        ("peak", f"{peak.transfers_per_s:,.0f} transfers/s"),
        ("p50, p99 at the peak", f"{peak.p50_ms:.1f} ms, {peak.p99_ms:.1f} ms"),
        ("busy at the peak", f"{peak.busy:.1%} of the fullest host's cores"),
        (f"capacity at p99 ≤ {scenario.p99_ms:g} ms", f"{most.transfers_per_s:,.0f} transfers/s"),
        ("p99 of queries in a gateway", f"{plan.query_p99_ms:.2f} ms"),
        ("a host from nothing, no standby", _lasting(plan.cold_start_s)),
        ("shut, minutes a year", f"{plan.years.minutes_a_year:.3f}"),
        ("longest outage of a cell", _lasting(plan.years.longest_s)),
    ]
    if plan.yearly is not None:
        rows += [
            ("cost per account and year", f"{plan.yearly.per_account} {plan.yearly.currency}"),
            ("cost per customer and year", f"{plan.yearly.per_customer} {plan.yearly.currency}"),
            ("by the prices of", plan.yearly.source),
        ]
    return rows


def _deaths(plan: "Plan") -> Any:
    from rich.table import Table

    heads = "a data centre dies", "hosts", "moved", "stopped", "back in", "queue", "drained", "p99"
    table = Table(*heads)
    for one in plan.deaths:
        after = f"{one.p99_after_ms:.1f} ms" if math.isfinite(one.p99_after_ms) else "-"
        table.add_row(
            one.centre,
            f"-{one.hosts_lost:,}",
            f"{one.cells_moved:,}",
            f"{one.cells_stopped:,}",
            _lasting(one.recovery_s),
            f"{one.queue_transfers:,}",
            _lasting(one.drained_s),
            after,
        )
    return table


@app.command()
def calibrate(
    file: Annotated[Path, typer.Argument(help="The .json file to write.")],
    results: Annotated[
        Path | None, typer.Option(help="Folder of results of `yunjin bench`.")
    ] = None,
) -> None:
    """Measure this machine with one cell, for a minute; keep it quiet meanwhile."""
    import tempfile

    from yunjin.app.planning import calibrating

    check_target(file)
    known = calibrating.results_in(results) if results else {}
    with tempfile.TemporaryDirectory(prefix="yunjin-plan-") as folder:
        made = calibrating.calibrate(
            Path(folder), machine=calibrating.machine(), results=known, say=say
        )
    file.write_text(made.model_dump_json(indent=1) + "\n", encoding="utf-8")
    say(f"costs written to {file}")
