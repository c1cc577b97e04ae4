"""`yunjin fleet doctor …`: what is wrong with the sets, what was done, what waits for a person."""

import getpass
import json
import signal
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any
from uuid import UUID

import typer

from yunjin.app.commands.fleet_opening import AsJson, Home, SetName, desk, plain, say, tables_room
from yunjin.app.commands.opening import load_settings, print_table

if TYPE_CHECKING:
    from yunjin.foundation.database.api.doctor import Action, DoctorApi, Finding

app = typer.Typer(
    help="The sets' doctor 巡检: finds faults and repairs them.", no_args_is_help=True
)
ActionId = Annotated[str, typer.Argument(metavar="ACTION", help="The action's id.")]
By = Annotated[str, typer.Option(help="Who says so; by default this machine's user.")]
_COLOURS = {"CRITICAL": "red", "WARNING": "yellow", "NOTE": "dim"}


@contextmanager
def _doctor(home: Path | None) -> "Iterator[DoctorApi]":
    from yunjin.foundation.database.api.doctor import DoctorApi

    with tables_room(home) as room:
        yield room.doors[DoctorApi]


@app.command()
def watch(
    names: Annotated[
        list[str] | None, typer.Argument(metavar="[SET...]", help="Sets; else all.")
    ] = None,
    home: Home = None,
) -> None:
    """Watch sets and repair them, until it is stopped; several doctors agree on who acts."""
    from yunjin.foundation.database import migrations
    from yunjin.foundation.database.api import DatabaseApi
    from yunjin.foundation.database.service.doctor.settings import doctor_folder, practice_of

    settings, told = load_settings(home), dict[str, tuple[str, ...]]()

    def tell(name: str, found: "Sequence[Finding]") -> None:
        said = tuple(f"{one.severity.name.lower()}: {one.zh} {one.en}" for one in found)
        for line in said:
            if line not in told.get(name, ()):
                say(f"{name} {line}")
        if not said and told.get(name):
            say(f"{name} is well 正常")
        told[name] = said

    with tables_room(home) as room:
        practice = practice_of(
            settings.database.doctor,
            desk(home).fleet(),
            folder=doctor_folder(settings.home.absolute(), settings.tenant),
            room=room.doors[DatabaseApi].open(
                "database", source="/foundation/database", migrations=migrations
            ),
            sets=names or (),
            tell=tell,
        )
        stop = threading.Event()
        for each in (signal.SIGTERM, signal.SIGINT):
            signal.signal(each, lambda *_: stop.set())
        practice.start()
        say(f"watching {', '.join(practice.sets)}; Ctrl+C stops")
        stop.wait()
        practice.close()


@app.command()
def look(name: SetName, home: Home = None, as_json: AsJson = False) -> None:
    """Look at a set and say what is wrong, without doing anything; ends with 1 where it is bad."""
    from yunjin.foundation.database.api.doctor import Severity
    from yunjin.foundation.database.service.doctor.practice import look_once

    seen, found = look_once(desk(home).fleet(), name)
    if as_json:
        nodes = {one.node: plain(one) for one in seen.observations}
        print(json.dumps({"findings": plain(found), "nodes": nodes}))
    else:
        _print_findings(found, title=f"set {name}")
    if any(one.severity is Severity.CRITICAL for one in found):
        raise typer.Exit(1)


@app.command()
def findings(
    closed: Annotated[bool, typer.Option(help="Those that are over.")] = False,
    limit: Annotated[int, typer.Option(min=1, max=200)] = 50,
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Show the findings that stand."""
    with _doctor(home) as doctor:
        noted = doctor.findings(closed=closed, limit=limit)
    if as_json:
        print(json.dumps(plain(noted)))
    else:
        _print_findings([one.finding for one in noted], title="findings")


@app.command()
def actions(
    state: Annotated[str, typer.Option(help="pending, running, done, failed, …; else all.")] = "",
    limit: Annotated[int, typer.Option(min=1, max=200)] = 50,
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Show what was proposed and done, newest first."""
    with _doctor(home) as doctor:
        found = doctor.actions(state=state, limit=limit)
    if as_json:
        print(json.dumps(plain(found)))
        return
    from rich.table import Column, Table

    from yunjin.kernel.clock import instant

    table = Table("at", "action", "set", "node", "finding", "remedy", "state", Column("ms"), "why")
    for one in found:
        table.add_row(
            f"{instant(one.at_us * 1_000):%m-%d %H:%M:%S}",
            str(one.action_id),
            one.finding.set_name,
            one.finding.node,
            one.finding.code,
            one.finding.remedy.value if one.finding.remedy else "",
            one.state.value,
            str(one.took_ms or ""),
            one.outcome or one.decision,
        )
    print_table(table)


@app.command()
def approve(action: ActionId, by: By = "", home: Home = None, as_json: AsJson = False) -> None:
    """Allow a pending action; the doctor does it in its next round."""
    with _doctor(home) as doctor:
        _tell_action(doctor.approve(_id(action), by=by or getpass.getuser()), as_json=as_json)


@app.command()
def reject(action: ActionId, by: By = "", home: Home = None, as_json: AsJson = False) -> None:
    """Refuse a pending action; it is not proposed again while the finding stands."""
    with _doctor(home) as doctor:
        _tell_action(doctor.reject(_id(action), by=by or getpass.getuser()), as_json=as_json)


@app.command()
def rest(
    name: SetName,
    minutes: Annotated[int, typer.Option(min=1, max=10_080, help="At most so long.")] = 60,
    over: Annotated[bool, typer.Option("--over", help="The work is done: act again.")] = False,
    home: Home = None,
) -> None:
    """Keep doctors off a set while you work on it: they look on and do nothing."""
    from yunjin.foundation.database.service.resting import rest as keep_off
    from yunjin.foundation.database.service.resting import wake

    fleet = desk(home).fleet()
    if over:
        wake(fleet.nodes(name))
    else:
        keep_off(fleet.nodes(name), seconds=minutes * 60, clock=fleet.clock)


@app.command()
def compare(name: SetName, home: Home = None, as_json: AsJson = False) -> None:
    """Compare all tables of a set's nodes, chunk by chunk; ends with 1 where they differ."""
    from yunjin.foundation.database.adapters.doctor.copies import Comparison

    fleet = desk(home).fleet()
    in_step = {one.name for one in fleet.status(name).nodes if one.is_synced}
    nodes = [node for node in fleet.nodes(name) if node.name in in_step]

    def pause(milliseconds: int) -> None:
        threading.Event().wait(milliseconds / 1_000)

    report = Comparison(nodes, pause=pause, pause_ms=20).run()
    if as_json:
        print(json.dumps(plain(report)))
    else:
        say(
            f"{report.tables} tables, {report.chunks} chunks on {len(nodes)} nodes; "
            f"{report.busy} were being written, {len(report.left_out)} tables left out"
        )
        for one in report.divergences:
            print(f"{one.table} {one.chunk}: {', '.join(one.odd) or 'no majority'} differs")
    if report.divergences:
        raise typer.Exit(1)


@app.command()
def statements(
    name: SetName,
    seconds: Annotated[int, typer.Option(min=0, help="That took so long at least.")] = 1,
    minutes: Annotated[int, typer.Option(min=1, help="Of the slow log.")] = 60,
    node: Annotated[str, typer.Option(help="By default the one that takes the writes.")] = "",
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Show slow statements with advice, and who waits for whose locks."""
    from yunjin.foundation.database.adapters.doctor.statements import slow_statements, waits
    from yunjin.foundation.database.domain.doctor.advice import explain_wait, roots

    server = _server(home, name, node)
    slow, held = slow_statements(server, seconds=seconds, minutes=minutes), waits(server)
    if as_json:
        blocking = [{**plain(one), "advice": plain(explain_wait(one))} for one in held]
        print(json.dumps({"slow": plain(slow), "waits": blocking, "roots": roots(held)}))
        return
    for one in slow:
        print(f"{one.seconds_max} s × {one.count} {one.database} {one.user}: {one.pattern[:200]}")
        for advice in one.advice:
            print(f"    {advice.zh}\n    {advice.en}\n    {advice.statement}".rstrip())
    for wait in held:
        advice = explain_wait(wait)
        print(f"{wait.waiter} waits for {wait.blocker}, {wait.waited_s} s: {wait.waiting[:120]}")
        print(f"    {advice.zh}\n    {advice.en}\n    {advice.statement}".rstrip())


@app.command()
def forecast(name: SetName, home: Home = None, as_json: AsJson = False) -> None:
    """Show how disks grow, and when they will be full."""
    from yunjin.foundation.database import migrations
    from yunjin.foundation.database.api import DatabaseApi
    from yunjin.foundation.database.service.doctor.practice import look_once
    from yunjin.foundation.database.service.doctor.slowly import Growth
    from yunjin.kernel.clock import SystemClock

    fleet, clock = desk(home).fleet(), SystemClock()
    seen, _ = look_once(fleet, name)
    with tables_room(home) as room:
        rows = room.doors[DatabaseApi].open(
            "database", source="/foundation/database", migrations=migrations
        )
        growth = Growth(fleet, name, rows, clock)
        growth.sample(seen.observations)
        found = dict(growth.disks({one.node: one.disk_total for one in seen.observations}))
    if as_json:
        print(json.dumps({node: plain(one) for node, one in found.items()}))
        return
    if not found:
        say("Too few samples yet: a day of them is needed, one an hour, while a doctor watches.")
    for node, one in found.items():
        when = f"full in {one.days} days" if one.days is not None else "not full within ten years"
        print(
            f"{node}: {one.now >> 20} of {one.limit >> 20} MB, {one.per_day >> 20} MB a day, {when}"
        )


def _server(home: Path | None, name: str, node: str) -> Any:
    fleet = desk(home).fleet()
    if node:
        return fleet.node(name, node)
    synced = [one.name for one in fleet.status(name).nodes if one.is_synced]
    return fleet.node(name, synced[0] if synced else fleet.nodes(name)[0].name)


def _id(text: str) -> UUID:
    from yunjin.kernel.errors import Malformed

    try:
        return UUID(text)
    except ValueError:
        raise Malformed(f"expected the id of an action, was {text[:40]!r}") from None


def _tell_action(action: "Action", *, as_json: bool) -> None:
    if as_json:
        print(json.dumps(plain(action)))
    else:
        say(f"{action.finding.en} {action.state.value}")


def _print_findings(found: "Sequence[Finding]", *, title: str) -> None:
    from rich.table import Column, Table

    table = Table(
        "",
        "node",
        "finding",
        Column("what", overflow="fold", ratio=1),
        "remedy",
        title=title,
        title_justify="left",
    )
    for one in found:
        colour = _COLOURS[one.severity.name]
        table.add_row(
            f"[{colour}]{one.severity.name.lower()}[/]",
            one.node,
            one.code,
            f"{one.zh}\n{one.en}",
            one.remedy.value if one.remedy else "",
        )
    print_table(table)
