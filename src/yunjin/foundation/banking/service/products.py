"""ProductsApi: products from files, simulated without a store."""

import datetime as dt
from collections.abc import Sequence
from functools import lru_cache
from typing import Any, Final

import numpy as np
import pyarrow as pa

from yunjin.foundation.banking import api
from yunjin.foundation.banking.api import ParameterInfo, ProductInfo, Saying, Simulation, Terms
from yunjin.foundation.banking.api.products import AGREEMENTS_MAX, CELLS_MAX
from yunjin.foundation.banking.domain.products import simulation
from yunjin.foundation.banking.domain.products.declarations import Account, Parameter, declared
from yunjin.foundation.banking.domain.products.loading import Loaded, load
from yunjin.foundation.banking.domain.products.validation import rule_lines
from yunjin.foundation.banking.errors import ProductNotFound
from yunjin.foundation.banking.service.registry import shipped
from yunjin.kernel.errors import Malformed

_TRANSFERS: Final = pa.schema(
    [
        ("date", pa.date32()),
        ("agreement", pa.int64()),
        ("debit", pa.string()),
        ("credit", pa.string()),
        ("amount_minor", pa.int64()),
    ]
)


class ProductService:
    """Products, before anybody has an agreement."""

    def __init__(self, *, loaded_max: int) -> None:
        self._load = lru_cache(maxsize=loaded_max)(load)

    def products(self) -> list[ProductInfo]:
        return [_info(load(source, is_tried=False)) for source in shipped().values()]

    def check(self, source: str) -> ProductInfo:
        return _info(self._load(source))

    def simulate(
        self,
        product: str,
        agreements: Sequence[Terms],
        *,
        start: dt.date,
        end: dt.date,
        events: Sequence[api.Entry | api.Change] = (),
    ) -> Simulation:
        if not 1 <= len(agreements) <= AGREEMENTS_MAX:
            raise Malformed(f"expected 1 to {AGREEMENTS_MAX} agreements, was {len(agreements)}")
        cells = len(agreements) * max((end - start).days, 0)
        if cells > CELLS_MAX:
            raise Malformed(f"expected at most {CELLS_MAX} days × agreements, was {cells}")
        strangers = [one.agreement for one in events if not 0 <= one.agreement < len(agreements)]
        if strangers:
            raise Malformed(f"expected one of {len(agreements)} agreements, was {strangers[0]}")
        made = self._found(product).product
        events_there = [_event(one) for one in events]
        found = simulation.simulate(made, agreements, start=start, end=end, events=events_there)
        return Simulation(
            code=made.code,
            balances=_balances(found),
            transfers=_transfers(found),
            refusals=_sayings(found.refusals),
            notices=_sayings(found.notices),
            tasks=_sayings(found.tasks),
        )

    def _found(self, product: str) -> Loaded:
        if "\n" in product:
            return self._load(product)
        source = shipped().get(product)
        if source is None:
            codes = ", ".join(shipped())
            raise ProductNotFound(f"expected one of {codes}; was {product[:60]}")
        return load(source, is_tried=False)


def _info(loaded: Loaded) -> ProductInfo:
    kind = type(loaded.product)
    text = (kind.__doc__ or "").strip().split("\n")[0]
    return ProductInfo(
        code=kind.code,
        summary=text,
        currency=kind.currency,
        rule_lines=rule_lines(loaded.source),
        parameters=tuple(
            ParameterInfo(
                name=name,
                unit=one.unit,
                level=one.level.name.lower(),
                default=one.default,
                least=one.least,
                most=one.most,
            )
            for name, one in declared(kind, Parameter).items()
        ),
        accounts={name: one.slot.name.lower() for name, one in declared(kind, Account).items()},
        dues=tuple(name for name, one in declared(kind, Account).items() if one.is_due),
        source=loaded.source,
        warnings=loaded.warnings,
    )


def _event(one: api.Entry | api.Change) -> simulation.Entry | simulation.Change:
    date = np.datetime64(one.date, "D")
    if isinstance(one, api.Entry):
        return simulation.Entry(date=date, amount_minor=one.amount_minor, row=one.agreement)
    return simulation.Change(date=date, parameter=one.parameter, value=one.value, row=one.agreement)


def _balances(found: simulation.Simulated) -> pa.RecordBatch:
    days = len(found.dates)
    count = next(iter(found.balances.values())).shape[1]
    columns: dict[str, Any] = {
        "date": pa.array(np.repeat(found.dates, count)),
        "agreement": np.tile(np.arange(count), days),
    }
    columns |= {name: column.reshape(-1) for name, column in found.balances.items()}
    columns |= {f"{name}_e8": column.reshape(-1) for name, column in found.accrued_e8.items()}
    return pa.RecordBatch.from_pydict(columns)


def _transfers(found: simulation.Simulated) -> pa.RecordBatch:
    rows = [
        {
            "date": date.astype(dt.date),
            "agreement": row,
            "debit": debit.lower(),
            "credit": credit.lower(),
            "amount_minor": amount,
        }
        for date, debit, credit, row, amount in found.transfers
    ]
    return pa.RecordBatch.from_pylist(rows, schema=_TRANSFERS)


def _sayings(said: list[tuple[Any, int, str]]) -> tuple[Saying, ...]:
    return tuple(
        Saying(date=date.astype(dt.date), agreement=row, text=text) for date, row, text in said
    )
