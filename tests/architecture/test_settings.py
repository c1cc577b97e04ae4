"""Goal: an operator can read what every setting means and how far it may go.

Method: import the wiring of every room and the app's settings, walk all fields of all models.
"""

from collections.abc import Iterator
from importlib import import_module

import pytest
from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo

from tests.data import ROOT
from yunjin.app.settings import HttpSettings
from yunjin.foundation.database.wiring import Settings as DatabaseSettings
from yunjin.foundation.ledger.wiring import Settings as LedgerSettings

SRC = ROOT / "src"
UPPER = ("le", "lt", "max_length")


def modules() -> list[str]:
    """Return the modules that hold settings, by name."""
    found = [*SRC.glob("yunjin/*/*/wiring.py"), *SRC.glob("yunjin/*/*/wiring/__init__.py")]
    found += SRC.glob("yunjin/app/settings.py")
    return sorted(
        ".".join(path.relative_to(SRC).with_suffix("").parts).removesuffix(".__init__")
        for path in found
    )


def fields(module: str) -> Iterator[tuple[str, FieldInfo]]:
    """Return the fields of the settings of a module, under their full names."""
    for name, model in vars(import_module(module)).items():
        if isinstance(model, type) and issubclass(model, BaseModel) and "Settings" in name:
            for field, info in model.model_fields.items():
                yield f"{module}.{name}.{field}", info


@pytest.mark.parametrize("module", modules())
def test_every_setting_says_what_it_means(module: str) -> None:
    silent = [name for name, info in fields(module) if not info.description]
    assert not silent, f"expected a description, was none: {silent}"


@pytest.mark.parametrize("module", modules())
def test_every_number_among_the_settings_has_bounds(module: str) -> None:
    endless = [
        name
        for name, info in fields(module)
        if info.annotation is int
        and not any(hasattr(rule, bound) for rule in info.metadata for bound in UPPER)
    ]
    assert not endless, f"expected an upper bound, was none: {endless}"


@pytest.mark.parametrize(
    ("model", "values", "expected"),
    [
        (LedgerSettings, {"bloom_words": 100}, "expected a power of two"),
        (LedgerSettings, {"rows_waiting_max": 1_000}, "at least ledger.batch_rows_max, 8190"),
        (LedgerSettings, {"journal_url": "postgres://x"}, "should match pattern"),
        (DatabaseSettings, {"pause_ms_first": 9, "pause_ms_max": 8}, "database.pause_ms_first, 9"),
        (HttpSettings, {"port": 9, "flight_port": 9}, "expected another port than http.port"),
    ],
)
def test_a_value_that_could_not_work_is_refused(
    model: type[BaseModel], values: dict[str, object], expected: str
) -> None:
    with pytest.raises(ValidationError, match=expected):
        model(**values)


def test_addresses_with_passwords_are_not_shown() -> None:
    shown = str(LedgerSettings(journal_url="mysql://clerk:secret@host/bank"))
    assert "secret" not in shown + str(DatabaseSettings(url="mysql+pymysql://a:secret@host/bank"))
