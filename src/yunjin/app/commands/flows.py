"""`yunjin flows list | draw | check | bring | start`: flows as drawings, and drawings as flows."""

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from yunjin.app.commands.opening import bank_of, check_source, check_target, command_of

if TYPE_CHECKING:
    from yunjin.platforms.capability.api.drawings import DrawingsApi, Value

app = typer.Typer(help="Flows drawn as BPMN, and BPMN run as flows.", no_args_is_help=True)
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Home = Annotated[Path | None, typer.Option(help="Folder of all data.")]
File = Annotated[Path, typer.Argument(help="A BPMN 2.0 file.")]
By = Annotated[str, typer.Option(help="Who brings it.")]
CommandId = Annotated[str, typer.Option("--id", help="UUID of an earlier try: it acts once.")]


@contextmanager
def _drawings(home: Path | None) -> Iterator["DrawingsApi"]:
    with bank_of(home) as bank:
        from yunjin.platforms.capability.api.drawings import DrawingsApi

        yield bank.door(DrawingsApi)


def _text(path: Path) -> str:
    """Return a file's text. Raises: Malformed."""
    from yunjin.kernel.errors import Malformed
    from yunjin.platforms.capability.api.drawings import BYTES_MAX

    check_source(path)
    if path.stat().st_size > BYTES_MAX:
        raise Malformed(f"expected a file of at most {BYTES_MAX} bytes, was {path}")
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise Malformed(f"expected {path} in UTF-8, was: {error.reason}") from None


@app.command("list")
def find(home: Home = None, as_json: AsJson = False) -> None:
    """List the flows that are written in code and the drawings that were brought in."""
    with _drawings(home) as drawings:
        flows = drawings.flows()
        found = drawings.drawings(limit=200).items
    if as_json:
        told = [{"code": one.code, "version": one.version, "name": one.name} for one in found]
        print(json.dumps({"flows": flows, "drawings": told}, ensure_ascii=False))
        return
    for name in flows:
        print(name)
    for one in found:
        print(f"{one.code:<30} {one.version:>4}  {one.name}")


@app.command()
def draw(
    name: Annotated[str, typer.Argument(help="A flow in code, or a drawing's code.")],
    svg: Annotated[
        bool, typer.Option("--svg/--bpmn", help="A picture, or BPMN 2.0 with its layout.")
    ] = False,
    out: Annotated[Path | None, typer.Option(help="The file to write; else it is printed.")] = None,
    home: Home = None,
) -> None:
    """Draw a flow: from its code, or as it was brought in."""
    if out is not None:
        check_target(out)
    with _drawings(home) as drawings:
        if name in drawings.flows():
            text = drawings.drawn_picture(name) if svg else drawings.drawn(name)
        else:
            text = drawings.picture(name) if svg else drawings.text(name)
    if out is None:
        print(text)
        return
    out.write_text(text, encoding="utf-8")
    print(f"{out} was written.", file=sys.stderr)


@app.command()
def check(file: File, home: Home = None, as_json: AsJson = False) -> None:
    """Say what of a drawing cannot be run; bring nothing in."""
    text = _text(file)
    with _drawings(home) as drawings:
        found = drawings.check(text)
    if as_json:
        told = [{"element": one.element, "reason": one.reason} for one in found.findings]
        facts = {"code": found.code, "inputs": found.inputs, "operations": found.operations}
        print(json.dumps({**facts, "findings": told}, ensure_ascii=False))
    else:
        for one in found.findings:
            print(f"{one.element or file.name}: {one.reason}")
        if not found.findings:
            print(f"{found.code} can be run; it is started with {_listed(found.inputs)}.")
    if found.findings:
        sys.exit(1)


@app.command()
def bring(
    file: File, by: By, command_id: CommandId = "", home: Home = None, as_json: AsJson = False
) -> None:
    """Bring a drawing in, as the next version of its code."""
    from yunjin.app.saying import tell
    from yunjin.platforms.capability.errors.drawings import DrawingRefused

    text = _text(file)
    with _drawings(home) as drawings:
        try:
            made = drawings.bring(command_of(command_id), text, by=by)
        except DrawingRefused as refused:
            tell(refused, as_json=as_json)
            if not as_json:
                for one in refused.facts["findings"]:
                    print(f"  {one['element'] or file.name}: {one['reason']}", file=sys.stderr)
            sys.exit(1)
    if as_json:
        print(json.dumps({"code": made.code, "version": made.version, "inputs": made.inputs}))
        return
    print(f"{made.code} {made.version}: started with {_listed(made.inputs)}.")


@app.command()
def start(
    code: Annotated[str, typer.Argument(help="A drawing's code.")],
    given: Annotated[
        list[str] | None, typer.Option("--input", help="name=value; again for more.")
    ] = None,
    command_id: CommandId = "",
    home: Home = None,
) -> None:
    """Start a flow of a drawing; print its id."""
    with _drawings(home) as drawings:
        inputs = dict(map(_pair, given or []))
        print(drawings.start(command_of(command_id), code, inputs))


def _pair(text: str) -> "tuple[str, Value]":
    """Read `name=value`: true, false, null, a whole number, or else a text. Raises: Malformed."""
    from yunjin.kernel.errors import Malformed

    name, is_pair, said = text.partition("=")
    if not is_pair or not name:
        raise Malformed(f"expected an input such as amount_minor=500, was {text[:40]!r}")
    words: dict[str, Value] = {"true": True, "false": False, "null": None}
    if said in words:
        return name, words[said]
    digits = said.removeprefix("-")
    is_number = digits.isascii() and digits.isdigit() and len(digits) < 19
    return name, int(said) if is_number else said


def _listed(names: tuple[str, ...]) -> str:
    return ", ".join(names) or "nothing"
