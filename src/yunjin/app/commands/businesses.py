"""`yunjin businesses`: what is assembled of the centres, and how many lines each adds."""

import json
from typing import Annotated

import typer


def businesses(
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """List the businesses, with the lines of code that each adds; fails where one adds too many."""
    from yunjin.app.businesses import businesses_of
    from yunjin.app.commands.opening import load_settings
    from yunjin.platforms.capability.api.businesses import LINES_MAX
    from yunjin.platforms.capability.wiring.businesses import lines_of

    found = [(one, lines_of(one)) for one in businesses_of(load_settings().businesses)]
    if as_json:
        rows = [
            {"code": one.code, "name": one.words, "uses": one.uses, "lines": lines}
            for one, lines in found
        ]
        print(json.dumps(rows, ensure_ascii=False))
    else:
        for one, lines in found:
            zh, en = one.words
            print(f"{one.code:<20} {lines:>4} lines  {zh} {en} · {', '.join(one.uses)}")
    if any(lines > LINES_MAX for _, lines in found):
        print(f"expected at most {LINES_MAX} lines a business")
        raise typer.Exit(1)
