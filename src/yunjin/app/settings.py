"""Settings: defaults, then `yunjin.toml`, then the environment (YUNJIN_LEDGER__LEASE_S=20)."""

import os
import re
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationInfo, field_validator
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from yunjin.chassis.events import EventSettings
from yunjin.foundation.banking.wiring import Settings as BankingSettings
from yunjin.foundation.database.wiring import Settings as DatabaseSettings
from yunjin.foundation.ledger.wiring import Settings as LedgerSettings
from yunjin.platforms.capability.wiring import Settings as CapabilitySettings


class HttpSettings(BaseModel):
    """Where the bank listens. Until people can sign in, loopback or a private network only."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    listen: str = Field(
        "127.0.0.1",
        max_length=100,
        pattern=r"^[0-9A-Za-z.-]+$",
        description="address to listen at; other than loopback only inside a private network: "
        "whoever reaches it may do everything until people can sign in",
    )
    port: int = Field(8420, ge=0, le=65_535, description="port of the API and the console")
    flight_port: int = Field(8421, ge=0, le=65_535, description="port of Arrow Flight")
    flight_message_bytes_max: int = Field(
        4 << 20, ge=64 << 10, le=1 << 30, description="longest message over Flight, bytes"
    )

    @field_validator("flight_port")
    @classmethod
    def _is_another_port(cls, port: int, info: ValidationInfo) -> int:
        if port and port == info.data.get("port"):
            raise ValueError("expected another port than http.port")
        return port

    body_bytes_max: int = Field(
        4 << 20, ge=1_024, le=1 << 30, description="longest body of a request, bytes"
    )


class GatewaySettings(BaseModel):
    """How `yunjin gateway` finds the cells, and how long it holds a request."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    cells: tuple[str, ...] = Field(
        (),
        max_length=1_000,
        description="http://HOST:PORT of the cells' processes; one will do",
    )
    patience_s: float = Field(
        30.0, ge=0, le=600, description="how long a request waits while nobody writes its cell"
    )
    answer_wait_s: float = Field(
        10.0, ge=0.1, le=600, description="silence after which a request is sent again"
    )

    @field_validator("cells")
    @classmethod
    def _are_addresses(cls, cells: tuple[str, ...]) -> tuple[str, ...]:
        for address in cells:
            if not re.fullmatch(r"https?://[0-9A-Za-z.\[\]:-]+", address):
                raise ValueError(f"expected addresses such as http://10.0.1.11:8420, was {address}")
        return cells


class Settings(BaseSettings):
    """Everything that may be set; an unknown key is an error."""

    model_config = SettingsConfigDict(
        env_prefix="YUNJIN_", env_nested_delimiter="__", extra="forbid", toml_file="yunjin.toml"
    )

    home: Path = Field(Path("data"), description="folder of all data")
    tenant: str = Field("demo", max_length=32, description="the tenant served")
    database: DatabaseSettings = Field(
        default_factory=DatabaseSettings, description="the tenant's tables"
    )
    events: EventSettings = Field(
        default_factory=EventSettings, description="events between machines"
    )
    ledger: LedgerSettings = Field(default_factory=LedgerSettings, description="the ledger")
    banking: BankingSettings = Field(
        default_factory=BankingSettings, description="agreements, days, the general ledger"
    )
    capability: CapabilitySettings = Field(
        default_factory=CapabilitySettings, description="the capability centre"
    )
    businesses: tuple[str, ...] = Field(
        (),
        max_length=1_000,
        description="businesses of one's own, as module:NAME, beside those that ship",
    )
    http: HttpSettings = Field(default_factory=HttpSettings, description="the ways in")
    gateway: GatewaySettings = Field(
        default_factory=GatewaySettings, description="one way in to all cells"
    )

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Put the file behind the environment."""
        return init_settings, env_settings, TomlConfigSettingsSource(settings_cls)


def explain(settings: Settings) -> list[tuple[str, str, str, str]]:
    """Return (name, value, where it comes from, meaning) of every setting."""
    lines: list[tuple[str, str, str, str]] = []

    def walk(model: BaseModel, prefix: str, plain: Any) -> None:
        for name, field in type(model).model_fields.items():
            value, path = getattr(model, name), f"{prefix}{name}"
            usual = getattr(plain, name)
            if isinstance(value, BaseModel):
                walk(value, f"{path}.", usual)
                continue
            variable = f"YUNJIN_{path.replace('.', '__').upper()}"
            source = "environment" if variable in os.environ else "yunjin.toml"
            shown = str(value) if field.repr or not value else "(set)"
            lines.append(
                (path, shown, "default" if value == usual else source, field.description or "")
            )

    walk(settings, "", _Plain())
    return lines


class _Plain(BaseModel):
    """The defaults alone."""

    home: Path = Path("data")
    tenant: str = "demo"
    database: DatabaseSettings = DatabaseSettings()
    events: EventSettings = EventSettings()
    ledger: LedgerSettings = LedgerSettings()
    banking: BankingSettings = BankingSettings()
    capability: CapabilitySettings = CapabilitySettings()
    businesses: tuple[str, ...] = ()
    http: HttpSettings = HttpSettings()
    gateway: GatewaySettings = GatewaySettings()
