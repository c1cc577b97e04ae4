"""Write docs/reference from the code: `./run docs`. A test compares, so the pages stay true.

Problems (a page a code, where `type` of a problem points to), settings, the words of the command
line, and the JSON Schema of every event.
"""

import inspect
import json
import sys
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any, Final

import typer
from pydantic import BaseModel, TypeAdapter

from yunjin.app.problem_pages import KINDS, kind_of
from yunjin.app.problem_pages import problem_classes as known_problems
from yunjin.kernel.errors import Problem

ROOT: Final = Path(__file__).resolve().parent.parent
SRC: Final = ROOT / "src"
REFERENCE: Final = Path("docs/reference")
NOTE: Final = "<!-- Written by `./run docs`; change the code, not this page. -->\n"


def modules(name: str) -> list[str]:
    """Return the modules of this name in src: a file, or a package; a room's with all inside."""
    found = [*SRC.rglob(f"{name}.py"), *SRC.rglob(f"{name}/__init__.py")]
    found += SRC.glob(f"yunjin/*/*/{name}/*.py")
    names = {".".join(path.relative_to(SRC).with_suffix("").parts) for path in found}
    return sorted(name.removesuffix(".__init__") for name in names)


def problem_classes() -> list[type[Problem]]:
    """Return every kind of problem that has a code of its own, by code."""
    for module in [*modules("errors"), *modules("problems")]:
        import_module(module)
    return known_problems()


def problem_page(problem: type[Problem]) -> str:
    """Return the page of one problem."""
    kind = kind_of(problem)
    says, done, to_do = KINDS[kind]
    return f"""{NOTE}# {problem.title}

{inspect.getdoc(problem)}

| | |
|---|---|
| `type` | `/problems/{problem.code}` |
| `code` | `{problem.code}` |
| HTTP status | {problem.status} |
| kind | {kind.__name__}: {says} |

**What was done.** {done}

**What to do.** {to_do}
"""


def problem_pages() -> Iterator[tuple[Path, str]]:
    """Yield the page of every problem and a list of them all."""
    rows = []
    for problem in problem_classes():
        place = Path("problems") / f"{problem.code}.md"
        yield place, problem_page(problem)
        rows.append(
            f"| [`{problem.code}`]({problem.code}.md) | {problem.status} | {problem.title} |"
        )
    head = "# Problems\n\nWhat an answer of type `application/problem+json` may say (RFC 9457).\n"
    table = "\n".join(["| code | HTTP | title |", "|---|---|---|", *rows])
    yield Path("problems/README.md"), f"{NOTE}{head}\n{table}\n"


def setting_rows(model: type[BaseModel], prefix: str = "") -> Iterator[str]:
    """Yield a row a setting: name, default, bounds, meaning."""
    for name, field in model.model_fields.items():
        inner = field.annotation
        if isinstance(inner, type) and issubclass(inner, BaseModel):
            yield from setting_rows(inner, f"{prefix}{name}.")
            continue
        bounds = [
            f"{sign} {getattr(rule, bound)}"
            for rule in field.metadata
            for bound, sign in {"ge": "≥", "gt": ">", "le": "≤", "lt": "<"}.items()
            if getattr(rule, bound, None) is not None
        ]
        usual = f"`{field.default}`" if str(field.default) else "empty"
        meaning = field.description or ""
        yield f"| `{prefix}{name}` | {usual} | {', '.join(bounds)} | {meaning} |"


def settings_page() -> Iterator[tuple[Path, str]]:
    """Yield the page of all settings."""
    from yunjin.app.settings import Settings

    head = """# Settings

Defaults, then `yunjin.toml` in the working folder, then the environment: `ledger.lease_s` is
`YUNJIN_LEDGER__LEASE_S`. An unknown key is an error. `./run config show` prints what is in force.
"""
    rows = [
        "| setting | default | bounds | meaning |",
        "|---|---|---|---|",
        *setting_rows(Settings),
    ]
    yield Path("settings.md"), f"{NOTE}{head}\n" + "\n".join(rows) + "\n"


def command_line() -> Any:
    """Return the whole command line as one tree of commands."""
    from yunjin.app.cli import app

    return typer.main.get_command(app)


def command_lines(command: Any, words: str) -> Iterator[str]:
    """Yield the description of a command and of those under it."""
    if hasattr(command, "commands"):
        for name, inner in sorted(command.commands.items()):
            yield from command_lines(inner, f"{words} {name}")
        return
    named = [part.name.upper() for part in command.params if part.param_type_name == "argument"]
    yield f"\n## `{' '.join([words, *named])}`\n"
    yield inspect.cleandoc(command.help or "").replace("\n", " ") + "\n"
    for part in command.params:
        is_option = part.param_type_name == "option"
        name = ", ".join([*part.opts, *part.secondary_opts]) if is_option else part.name.upper()
        yield f"- `{name}`: {part.help or ''}".rstrip(": ")


def commands_page() -> Iterator[tuple[Path, str]]:
    """Yield the page of the command line."""
    lines = "\n".join(command_lines(command_line(), "./run"))
    head = (
        "# The command line\n\n`./run WORD` hands every word it does not know itself to `yunjin`.\n"
    )
    yield Path("commands.md"), f"{NOTE}{head}{lines}\n"


def event_schemas() -> Iterator[tuple[Path, str]]:
    """Yield the JSON Schema of every event's data, under its type's name."""
    for module in modules("events"):
        for _, event in inspect.getmembers(import_module(module), inspect.isclass):
            if event.__module__ == module and isinstance(getattr(event, "type", None), str):
                schema = {"$id": event.type, **TypeAdapter(event).json_schema()}
                text = json.dumps(schema, indent=2, ensure_ascii=False, sort_keys=True)
                yield Path("events") / f"{event.type}.json", f"{text}\n"


def pages() -> dict[Path, str]:
    """Return every page of docs/reference, by its path in the repository."""
    made = (problem_pages, settings_page, commands_page, event_schemas)
    return {REFERENCE / place: text for make in made for place, text in make()}


def main() -> None:
    """Write the pages; take away those that nothing stands behind any more."""
    wanted = pages()
    for old in sorted((ROOT / REFERENCE).rglob("*.*")):
        if old.relative_to(ROOT) not in wanted:
            old.unlink()
    for place, text in wanted.items():
        (ROOT / place).parent.mkdir(parents=True, exist_ok=True)
        (ROOT / place).write_text(text, encoding="utf-8")
    print(f"{len(wanted)} pages in {REFERENCE}", file=sys.stderr)


if __name__ == "__main__":
    main()
