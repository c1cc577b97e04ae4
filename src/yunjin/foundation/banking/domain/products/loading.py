"""From a product file to a product: read, judged, run twice over a generated book, then trusted.

The trial asks what a rule must keep: the same columns give the same effects, a row's effects depend
on that row alone, and a hook comes to an end.
"""

import sys
from dataclasses import dataclass, replace
from types import FrameType
from typing import Any, Final

import numpy as np

from yunjin.foundation.banking.domain.costs import CAPS
from yunjin.foundation.banking.domain.products import vocabulary
from yunjin.foundation.banking.domain.products.declarations import (
    Account,
    Choice,
    Declaration,
    Parameter,
    Product,
    Rate,
    declared,
)
from yunjin.foundation.banking.domain.products.effects import listed
from yunjin.foundation.banking.domain.products.run import derived
from yunjin.foundation.banking.domain.products.simulation import (
    Change,
    Entry,
    Simulated,
    simulate,
)
from yunjin.foundation.banking.domain.products.validation import (
    VOCABULARY,
    Complaint,
    complaints,
    line_of,
)
from yunjin.foundation.banking.errors import ProductRefused
from yunjin.kernel.errors import Problem
from yunjin.kernel.money import CURRENCIES

STEPS_MAX: Final = 200_000  # lines run by a trial
TRIAL_DAYS: Final = 120
TRIAL_ROWS: Final = 6
_WORDS: Final = frozenset(vocabulary.__all__)
_BUILTINS: Final = {
    name: __builtins__[name] if isinstance(__builtins__, dict) else getattr(__builtins__, name)
    for name in ("int", "bool", "len", "min", "max", "abs", "range", "enumerate", "zip", "super")
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Loaded:
    """A product that passed."""

    product: Product
    source: str
    steps: int  # lines its trial ran
    warnings: tuple[str, ...] = ()


def load(source: str, *, is_tried: bool = True) -> Loaded:
    """Return the product of a file.

    Raises: ProductRefused, with reason and line.
    """
    wrong = complaints(source, set(_WORDS))
    if wrong:
        raise _refused(wrong)
    space: dict[str, Any] = {"__builtins__": {**_BUILTINS, "__build_class__": _build_class}}
    space |= {"__name__": "product", "__import__": None}
    space["__builtins__"]["__import__"] = _import
    code = compile(source, "<product>", "exec")
    try:
        exec(code, space)  # read by `complaints` first: nothing in it can reach beyond its words
    except Exception as error:
        raise _refused([Complaint(_line(error), f"the file raises {error!r}")]) from error
    found = [
        what
        for what in space.values()
        if isinstance(what, type) and issubclass(what, Product) and what is not Product
    ]
    if len(found) != 1:
        raise _refused([Complaint(1, f"expected one product class, was {len(found)}")])
    product = found[0]()
    warnings = _check_declarations(product, source)
    steps = trial(product) if is_tried else 0
    return Loaded(product=product, source=source, steps=steps, warnings=warnings)


def _check_declarations(product: Product, source: str) -> tuple[str, ...]:
    """Refuse declarations that will not do; return warnings."""
    kind = type(product)
    wrong: list[tuple[str, str]] = []  # where, why
    warnings = []
    if kind.currency not in CURRENCIES:
        wrong.append(("currency", f"expected a currency of ISO 4217, was {kind.currency!r}"))
    if not kind.code or kind.code != kind.code.lower() or len(kind.code) > 40:
        wrong.append(("code", "expected a code of up to 40 small letters"))
    if not isinstance(getattr(kind, "main", None), Account):
        wrong.append(("main", "expected a main account"))
    if len(declared(kind, Declaration)) > 64:
        wrong.append(("", "expected at most 64 declarations"))
    cap = CAPS[-1]
    for name, one in declared(kind, Parameter).items():
        if one.default is not None and one.complaint(one.default):
            wrong.append((name, f"{one.complaint(one.default)} (its default)"))
        if one.least > one.most:
            wrong.append((name, f"expected the bounds of {name} in order"))
        if isinstance(one, Rate) and one.most > cap.protected:
            line = cap.limit if one.most > cap.limit else cap.protected
            told = f"{name} may reach {_percent(one.most)} a year, above the {_percent(line)}"
            said = f"{told} in force since {cap.since}"
            if one.most > cap.limit:
                wrong.append((name, said))
            else:
                warnings.append(said)
    if wrong:
        raise _refused([Complaint(line_of(source, name), reason) for name, reason in wrong])
    return tuple(warnings)


def _percent(ppm: int) -> str:
    return f"{ppm // 10_000}.{ppm % 10_000:04}".rstrip("0").rstrip(".") + " %"


def trial(product: Product) -> int:
    """Run a generated history twice in columns and once row by row; return the lines it took.

    Raises: ProductRefused.
    """
    terms, events = _history(product)
    start = np.datetime64("2026-01-15", "D")
    counter = _Steps(STEPS_MAX)

    def run(rows: list[int]) -> Simulated:
        chosen = [one for one in events if one.row in rows]
        moved = [replace(one, row=rows.index(one.row)) for one in chosen]
        given = [terms[row] for row in rows]
        with counter, np.errstate(divide="raise"):
            found = simulate(product, given, start=start, end=start + TRIAL_DAYS, events=moved)
            _ask_the_rest(found, start + TRIAL_DAYS)
        return found

    try:
        everyone = list(range(TRIAL_ROWS))
        first, second = run(everyone), run(everyone)
        alone = [run([row]) for row in everyone]
    except _TooLong:
        what = f"expected at most {STEPS_MAX:,} steps, was more: does a loop end?"
        raise _refused([Complaint(counter.line, what)]) from None
    except Exception as error:
        what = f"a hook raises {type(error).__name__}: {_said(error)}"
        raise _refused([Complaint(_line(error), what)]) from error
    different = _difference(first, second, slice(None))
    if different:
        what = f"the same history gave two answers: {different}"
        raise _refused([Complaint(1, what)])
    for row, one in enumerate(alone):
        different = _difference(first, one, slice(row, row + 1))
        if different:
            what = f"{different} of an agreement depends on the agreements beside it"
            raise _refused([Complaint(1, what)])
    return counter.steps


def _ask_the_rest(found: Simulated, date: Any) -> None:
    """Ask the hooks that a history does not come by; what they want is not done."""
    book, rows = found.book, np.arange(len(found.book))
    context = book.context(rows, date)
    for hook in (book.product.on_close, book.product.on_convert):
        listed(hook(context))
    derived(book, rows, date)


def _difference(first: Simulated, second: Simulated, rows: slice) -> str:
    """Return the first thing in which rows of a run differ from all rows of another, or ""."""
    for one, other in ((first.balances, second.balances), (first.accrued_e8, second.accrued_e8)):
        for name, column in one.items():
            if not (column[:, rows] == other[name]).all():
                return name
    return ""


def _history(product: Product) -> tuple[list[dict[str, int]], list[Entry | Change]]:
    """Return terms and events that touch bounds, defaults and places between."""
    chance = np.random.default_rng(20_260_115)
    parameters = declared(type(product), Parameter)
    terms = []
    for row in range(TRIAL_ROWS):
        values = {}
        for name, one in parameters.items():
            usual = one.least if one.default is None else one.default
            most = min(one.most, max(usual, one.least) * 2 + 1_000_000)
            drawn = int(chance.integers(one.least, most + 1))
            if isinstance(one, Choice):
                drawn = int(chance.choice([int(member) for member in one.members]))
            values[name] = [usual, one.least, drawn][row % 3]
        terms.append(values)
    start = np.datetime64("2026-01-15", "D")
    events: list[Entry | Change] = []
    for _ in range(10 * TRIAL_ROWS):
        date = start + int(chance.integers(0, TRIAL_DAYS))
        amount = int(chance.integers(-1_000_000, 2_000_000)) or 1
        row = int(chance.integers(0, TRIAL_ROWS))
        events.append(Entry(date=date, amount_minor=amount, row=row))
    for row, name in enumerate(parameters):
        date = start + int(chance.integers(0, TRIAL_DAYS))
        value = terms[(row + 1) % TRIAL_ROWS][name]
        events.append(Change(date=date, parameter=name, value=value, row=row % TRIAL_ROWS))
    return terms, events


class _TooLong(Exception):
    pass


class _Steps:
    """Counts the lines of a product that run, and stops at a limit."""

    def __init__(self, most: int) -> None:
        self._most = most
        self.steps, self.line = 0, 1

    def __enter__(self) -> None:
        self._before = sys.gettrace()
        sys.settrace(self._call)

    def __exit__(self, *_: object) -> None:
        sys.settrace(self._before)

    def _call(self, frame: FrameType, what: str, _: Any) -> Any:
        return self._step if frame.f_code.co_filename == "<product>" else None

    def _step(self, frame: FrameType, what: str, _: Any) -> Any:
        self.steps, self.line = self.steps + 1, frame.f_lineno
        if self.steps > self._most:
            raise _TooLong
        return self._step


def _import(name: str, *_: Any, **__: Any) -> Any:
    if name != VOCABULARY:
        raise ImportError(f"expected no import but of {VOCABULARY}, was {name}")
    return vocabulary


_build_class = __build_class__


def _line(error: BaseException) -> int:
    line, trace = 1, error.__traceback__
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == "<product>":
            line = trace.tb_lineno
        trace = trace.tb_next
    return line


def _said(error: BaseException) -> str:
    return error.detail if isinstance(error, Problem) else str(error)


def _refused(wrong: list[Complaint]) -> ProductRefused:
    lines = "; ".join(f"line {one.line}: {one.reason}" for one in wrong[:5])
    return ProductRefused(
        f"The product file will not do: {lines}.",
        complaints=[{"line": one.line, "reason": one.reason} for one in wrong],
    )
