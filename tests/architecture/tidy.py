"""The tidy rules: what a machine can see of style.md and no linter or import contract does.

Each rule takes a file and yields sentences about what is wrong with it. A line that must break a
rule says so and why: `# tidy: <reason>`.
"""

import ast
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Final

LINES_PER_FILE: Final = 400
LINES_PER_FUNCTION: Final = 70
COLUMNS: Final = 100
BYTES_PER_FILE: Final = 1_000_000
STOREYS: Final = ("foundation", "platforms", "connections")
PURE: Final = ("kernel", "api", "events", "errors", "domain", "kernels")

# In src: the word, and the better one. Patterns, so that `as_float(` is not `float(`.
BANNED: Final = {
    r"\bdatetime\.now\(": "clock.now_ns()",
    r"\bdt\.datetime\.now\(": "clock.now_ns()",
    r"\butcnow\(": "clock.now_ns()",
    r"\btime\.time\(": "clock.now_ns()",
    r"\buuid4\(": "ids.uuid7(clock)",
    r"(?<![\w.])float\(": "whole minor units, or a rate in basis points",
    r"\bimport_module\(": "an import statement, which the contracts see",
    r"\b__import__\(": "an import statement, which the contracts see",
    r"^\s*assert\b": "check.that(...), which `python -O` keeps",
    r"^\s*except:": "the exception that is meant",
    r"\bREFERENCES\b|\bForeignKey\(": "a plain id; rooms share no foreign keys",
}
# Everywhere: words of unfinished work, and addresses that belong to one machine or registry.
# A letter in brackets keeps a pattern from finding itself; "XXX" in quotes is ISO 4217's "none",
# and `placeholder=` an attribute of HTML.
UNFINISHED: Final = re.compile(
    r"\b(T[O]DO|F[I]XME|(?<!\")X[X]X|H[A]CK|st[u]b|place[h]older(?!=))\b"
    r"|raise NotImplement[e]dError"
)
ELSEWHERE: Final = re.compile(
    r"pyp[i]\.org|python[h]osted|registry\.[n]pmjs|deb\.[d]ebian\.org"
    r"|/wor[k]/(main|shared)|(?<!\w)/roo[t]/"
)


@dataclass(frozen=True)
class Source:
    """A file of the repository, read once; `place` is its path inside the repository."""

    root: Path
    place: Path

    @cached_property
    def text(self) -> str:
        return (self.root / self.place).read_text(encoding="utf-8")

    @cached_property
    def lines(self) -> list[str]:
        return self.text.splitlines()

    @cached_property
    def tree(self) -> ast.Module:
        return ast.parse(self.text)

    @property
    def is_code(self) -> bool:
        return self.place.parts[:2] == ("src", "yunjin")

    @property
    def is_test(self) -> bool:
        return self.place.parts[0] == "tests" and self.place.name.startswith("test_")

    @property
    def room(self) -> str | None:
        """Return `storey/room` of a file that belongs to a room."""
        parts = self.place.parts
        inside = self.is_code and len(parts) > 4 and parts[2] in STOREYS
        return "/".join(parts[2:4]) if inside else None


def sizes(source: Source) -> Iterator[str]:
    """A file, a line and a function have a size that a reader can hold."""
    if len(source.lines) > LINES_PER_FILE:
        yield f"{len(source.lines)} lines; split it into a package of the same name"
    for number, line in enumerate(source.lines, 1):
        if len(line) > COLUMNS:
            yield f"{number}: {len(line)} columns"
    for node in functions(source.tree):
        length = (node.end_lineno or node.lineno) - node.lineno + 1
        if length > LINES_PER_FUNCTION:
            yield f"{node.lineno}: {node.name} has {length} lines"


def words(source: Source) -> Iterator[str]:
    """Code in src says the better word."""
    if not source.is_code:
        return
    for number, line in enumerate(source.lines, 1):
        if "# tidy:" in line:
            continue
        for word, better in BANNED.items():
            if re.search(word, line):
                yield f"{number}: {line.strip()[:40]!r} is banned here; use {better}"


def unfinished(source: Source) -> Iterator[str]:
    """Nothing is left for later, and nothing names one machine or registry."""
    for number, line in enumerate(source.lines, 1):
        for pattern in (UNFINISHED, ELSEWHERE):
            found = pattern.search(line)
            if found and "# tidy:" not in line:
                yield f"{number}: {found[0]!r} does not belong in the repository"


def docstrings(source: Source) -> Iterator[str]:
    """Every module says what it is; in src so does every public class and function."""
    if not ast.get_docstring(source.tree) and source.text.strip():
        yield "1: the module says nothing about itself"
    if not source.is_code:
        return
    for node in source.tree.body:
        if not isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        if not node.name.startswith("_") and not ast.get_docstring(node):
            yield f"{node.lineno}: {node.name} has no docstring"


def packages(source: Source) -> Iterator[str]:
    """Folders are packages, and a room's own package is no hiding place for code."""
    if not source.is_code:
        return
    here = source.root / source.place
    if not (here.parent / "__init__.py").exists():
        yield "its folder has no __init__.py, so no contract sees it"
    is_front = source.room is not None and source.place.parts[4:] == ("__init__.py",)
    if is_front and len(source.tree.body) > 1:
        yield "code in a room's __init__; only its docstring belongs there"
    if is_front and not (here.parent / "README.md").exists():
        yield "its room has no README.md"


def flight(source: Source) -> Iterator[str]:
    """Arrow is allowed in pure files, its network half is not; import-linter sees no difference."""
    pure = source.place.parts[2:3] == ("kernel",) or (
        source.room is not None and source.place.with_suffix("").parts[4] in PURE
    )
    if pure and source.is_code:
        for number, line in enumerate(source.lines, 1):
            if re.search(r"pyarrow\.flight|from pyarrow import .*\bflight\b", line):
                yield f"{number}: pyarrow.flight is a network library; this file is pure"


LAID: Final = ("title_row", "panel", "figures", "filters", "box")  # what a block is laid in


def laying(source: Source) -> Iterator[str]:
    """A part of a page that is a context manager lays nothing where it is only called."""
    if "pages" not in source.place.parts and source.place.name != "pages.py":
        return
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
            called = node.value.func
            if isinstance(called, ast.Name) and called.id in LAID:
                yield f"{node.lineno}: {called.id} is only called; open it by `with`"


# the last two: NiceGUI's and Playwright's own
ASSERTIONS = r"assert|raises|check|expect|\.should_(not_)?see\(|\.wait_for"


def tests(source: Source) -> Iterator[str]:
    """Tests are sentences that state, assert and never sleep."""
    if not source.is_test:
        return
    for node in functions(source.tree):
        text = ast.unparse(node)
        if re.search(r"(?<![\w.])(time\.)?sleep\(", text):
            yield f"{node.lineno}: {node.name} sleeps; hand it a clock or wait for the event"
        if not node.name.startswith("test_"):
            continue
        if "_should_" in node.name or len(node.name.split("_")) < 4:
            yield f"{node.lineno}: {node.name} is no sentence that states something"
        if not re.search(ASSERTIONS, text):
            yield f"{node.lineno}: {node.name} asserts nothing"


RULES: Final[tuple[Callable[[Source], Iterator[str]], ...]] = (
    sizes,
    words,
    unfinished,
    docstrings,
    packages,
    flight,
    laying,
    tests,
)


def functions(tree: ast.Module) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    """Return every function of a module, nested ones too."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def complaints(root: Path, place: Path) -> list[str]:
    """Return what all rules have to say about one file."""
    source = Source(root, place)
    return [f"{place}:{said}" for rule in RULES for said in rule(source)]


def sources(root: Path) -> list[Path]:
    """Return the Python files of the repository, as paths inside it."""
    found = [root / "run"] if (root / "run").exists() else []
    for folder in ("src", "tests", "tools", "benchmarks"):
        found += sorted((root / folder).rglob("*.py"))
    return [path.relative_to(root) for path in found]


def texts(root: Path) -> list[Path]:
    """Return the other files of the repository that people wrote, as paths inside it."""
    beside = [path for path in root.iterdir() if path.suffix in (".md", ".toml", ".lock")]
    inside = [
        path
        for folder in ("docs", "benchmarks", "changelog.d", ".ci", "src", "tests")
        for path in (root / folder).rglob("*")
        if path.is_file() and path.suffix != ".py" and "__pycache__" not in path.parts
    ]
    return [path.relative_to(root) for path in sorted(beside + inside)]
