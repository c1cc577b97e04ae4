"""Product versions: registered, kept, found again."""

import datetime as dt
import hashlib
import threading
from collections.abc import Sequence
from functools import lru_cache
from importlib import resources
from typing import Any, Final
from uuid import UUID

import structlog

from yunjin.chassis.persistence import RoomDatabase, SqlUnitOfWork, instant_us
from yunjin.foundation.banking.api.registry import ProductVersion, Template, TermsChange
from yunjin.foundation.banking.domain.products import presets
from yunjin.foundation.banking.domain.products.declarations import (
    Level,
    Parameter,
    Product,
    declared,
)
from yunjin.foundation.banking.domain.products.loading import load
from yunjin.foundation.banking.domain.products.parameters import Setting, newest
from yunjin.foundation.banking.domain.products.shapes import shape_of, stand_in
from yunjin.foundation.banking.errors import ProductNotFound, ProductRefused, TemplateNotFound
from yunjin.foundation.banking.store import keeping
from yunjin.kernel.clock import Clock, instant
from yunjin.kernel.errors import Malformed

_log: Final = structlog.get_logger()


@lru_cache(maxsize=1)
def shipped() -> dict[str, str]:
    """Return the source of each shipped product by code."""
    files = sorted(resources.files(presets).iterdir(), key=lambda file: file.name)
    texts = [file.read_text("utf-8") for file in files if file.name.endswith(".py")]
    sources = [text for text in texts if "\nclass " in text]
    return {_shipped_product(source).code: source for source in sources}


@lru_cache(maxsize=64)
def _shipped_product(source: str) -> Product:
    """Return what a shipped file makes: one for all tenants, since nothing of a tenant is in it."""
    return load(source, is_tried=False).product


def _made(source: str) -> Product:
    if source in shipped().values():
        return _shipped_product(source)
    return load(source, is_tried=False).product


class Registry:
    """The products of a bank."""

    def __init__(self, room: RoomDatabase, clock: Clock) -> None:
        self._room, self._clock = room, clock
        self._rows: dict[tuple[str, int], Any] = {}
        self._lock = threading.Lock()
        self.changes: list[Any] = []
        self._made = lru_cache(maxsize=1_000)(_made)
        self._unreadable: dict[tuple[str, int], Product] = {}

    def load(self) -> None:
        """Read the registered versions; the first time, what is shipped becomes version 1."""
        self._reread()
        known = {code for code, _ in self._rows}
        fresh = {code: source for code, source in shipped().items() if code not in known}
        if fresh:
            made = [self._row(code, 1, source, None, "") for code, source in fresh.items()]
            self._room.run(lambda work: keeping.put_products(work.connection, made))
            self._reread()
        self.changes = list(self._room.read(keeping.all_changes))

    def _row(
        self, code: str, version: int, source: str, lane: list[int] | None, note: str
    ) -> dict[str, Any]:
        at_us = instant_us(self._clock.now_ns())
        shape = shape_of(self._made(source))
        row = {"code": code, "version": version, "source": source}
        row |= {"lane": {"agreements": lane, "shape": shape}}
        return {**row, "note": note, "at_us": at_us}

    def product(self, code: str, version: int) -> Product:
        """Return a version's product; a stand-in without rules where its file no longer loads.

        Raises: ProductNotFound.
        """
        if (code, version) not in self._rows:
            self._reread()  # another process may have registered it
        row, stands_in = self._rows.get((code, version)), self._unreadable.get((code, version))
        if row is None:
            raise ProductNotFound(f"expected a version of {code}, was {version}")
        if stands_in is not None:
            return stands_in
        try:
            return self._made(row.source)
        except ProductRefused as refused:
            _log.error(
                "banking.product_unreadable", code=code, version=version, reason=refused.detail
            )
            made = self._unreadable[code, version] = stand_in(row.lane["shape"], refused.detail)
            return made

    def probe(self) -> str:
        """Return which registered products no longer load, "" where all do."""
        names = ", ".join(f"{code} {version}" for code, version in sorted(self._unreadable))
        return f"products that cannot be read any more: {names}" if names else ""

    def live(self, code: str, version: int = 0) -> int:
        """Return the version that new agreements take. Raises: ProductNotFound."""
        versions = sorted(number for name, number in self._rows if name == code)
        if version in versions:
            return version
        live = [
            number for number in versions if self._rows[code, number].lane["agreements"] is None
        ]
        if not live or version:
            codes = ", ".join(sorted({name for name, _ in self._rows}))
            wanted = f"{code[:60]} {version or ''}".rstrip()
            raise ProductNotFound(f"expected one of {codes}; was {wanted}")
        return live[-1]

    def register(
        self, command_id: UUID, source: str, lane: Sequence[int] | None, note: str
    ) -> ProductVersion:
        """Try a file and keep it as the next version. Raises: ProductRefused."""
        loaded = load(source)
        code = loaded.product.code
        lane = None if lane is None else [int(one) for one in lane]

        def kept(work: SqlUnitOfWork) -> int:
            rows = [row for row in keeping.all_products(work.connection) if row.code == code]
            version = max((row.version for row in rows), default=0) + 1
            row = self._row(code, version, source, lane, note)
            keeping.put_products(work.connection, [row])
            return version

        with self._lock:
            request = {"register": source, "agreements": lane, "note": note}
            version = self._room.command(command_id, request, kept)
            self._reread()
        return self.version(code, version)

    def keep_change(self, command_id: UUID, change: TermsChange) -> None:
        """Keep a change of a product's parameter. Raises: ProductNotFound, Malformed."""
        version = self.live(change.product)
        parameters = declared(type(self.product(change.product, version)), Parameter)
        if change.parameter not in parameters:
            names = ", ".join(parameters)
            raise Malformed(f"expected a parameter, one of {names}; was {change.parameter[:40]}")
        parameter, name = parameters[change.parameter], change.template
        wrong = parameter.complaint(change.value)
        if name and parameter.level < Level.TEMPLATE:
            wrong = f"expected {change.parameter} to be set for the product, was for a template"
        if len(name) > 40 or not (name.isascii() and name.isprintable() and name.strip() == name):
            wrong = "expected a template's name of at most 40 ASCII characters, was another"
        if wrong:
            raise Malformed(wrong, parameter=change.parameter)
        row = {
            "product": change.product,
            "template": name,
            "parameter": change.parameter,
            "value": change.value,
            "date": (change.since - dt.date(1970, 1, 1)).days,
        }

        def kept(work: SqlUnitOfWork) -> bool:
            full = {**row, "change_id": command_id, "is_done": 0}
            keeping.put_change(work.connection, full)
            return True

        with self._lock:
            self._room.command(command_id, {"set_terms": row}, kept)
            self.changes = list(self._room.read(keeping.all_changes))

    def has_change(self, change_id: UUID) -> bool:
        """Tell whether a change was kept before."""
        return any(one.change_id == change_id for one in self.changes)

    def due(self, days: int) -> list[Any]:
        """Return changes that act by a day and were not brought to every agreement yet."""
        return [one for one in self.changes if one.date <= days and not one.is_done]

    def end(self, change_id: UUID) -> None:
        """Say that a change was brought to every agreement."""
        self._room.run(lambda work: keeping.end_change(work.connection, change_id))
        self.changes = list(self._room.read(keeping.all_changes))

    def usual(self, code: str, days: int, template: str = "") -> dict[str, int]:
        """Return the values that were set for a product, and for a template of it, as of a day.

        Raises: TemplateNotFound.
        """
        if template and template not in self._names(code):
            names = ", ".join(self._names(code)) or "none"
            raise TemplateNotFound(
                f"expected a template of {code}, one of {names}; was {template[:40]}"
            )
        return newest(
            Setting(
                parameter=one.parameter,
                level=Level.TEMPLATE if one.template else Level.PRODUCT,
                since=one.date,
                value=one.value,
            )
            for one in self.changes
            if one.product == code and one.template in ("", template) and one.date <= days
        )

    def usual_under(self, code: str, days: int, template: int) -> dict[str, int]:
        """Return the same of a template by its number, 0: of the product itself."""
        names = [name for name in self._names(code) if number_of(name) == template]
        return self.usual(code, days, *names)

    def _names(self, code: str) -> list[str]:
        return sorted({one.template for one in self.changes if one.product == code} - {""})

    def overriding(self, code: str, parameter: str, days: int) -> list[int]:
        """Return the numbers of the templates that have a value of their own on a day."""
        return [
            number_of(one.template)
            for one in self.changes
            if (one.product, one.parameter) == (code, parameter)
            and one.template
            and one.date <= days
        ]

    def templates(self, code: str, days: int) -> list[Template]:
        """Return templates of a product, or of all, with their values on a day."""
        codes = [code] if code else sorted({one.product for one in self.changes})
        found = []
        for each in codes:
            for name in self._names(each):
                own = {
                    one.parameter: one.value
                    for one in self.changes
                    if (one.product, one.template) == (each, name) and one.date <= days
                }
                found.append(Template(product=each, name=name, terms=own))
        return found

    def terms(self, code: str = "") -> list[TermsChange]:
        """Return changes, the newest first."""
        return [
            TermsChange(
                product=one.product,
                parameter=one.parameter,
                value=one.value,
                since=dt.date(1970, 1, 1) + dt.timedelta(days=one.date),
                template=one.template,
            )
            for one in reversed(self.changes)
            if code in ("", one.product)
        ]

    def release(self, command_id: UUID, code: str, version: int) -> ProductVersion:
        """Open a version to everybody. Raises: ProductNotFound."""
        self.product(code, version)
        request = {"release": code, "version": version}

        def opened(work: SqlUnitOfWork) -> bool:
            keeping.open_lane(work.connection, code, version)
            return True

        with self._lock:
            self._room.command(command_id, request, opened)
            self._reread()
        return self.version(code, version)

    def _reread(self) -> None:
        rows = self._room.read(keeping.all_products)
        self._rows = {(row.code, row.version): row for row in rows}

    def version(self, code: str, version: int) -> ProductVersion:
        """Return a version. Raises: ProductNotFound."""
        self.product(code, version)
        return _version(self._rows[code, version])

    def versions(self, code: str = "") -> list[ProductVersion]:
        """Return versions, the newest first."""
        rows = [row for row in self._rows.values() if code in ("", row.code)]
        return [_version(row) for row in sorted(rows, key=lambda row: (row.code, -row.version))]


def number_of(template: str) -> int:
    """Return the number that stands for a template's name in columns; 0 for none."""
    digest = hashlib.blake2b(template.encode(), digest_size=7).digest()
    return int.from_bytes(digest, "big") if template else 0


def _version(row: Any) -> ProductVersion:
    lane = row.lane["agreements"]
    return ProductVersion(
        code=row.code,
        version=row.version,
        note=row.note,
        registered=instant(row.at_us * 1_000),
        agreements=None if lane is None else tuple(lane),
        source=row.source,
    )
