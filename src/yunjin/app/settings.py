"""Settings: defaults, then `yunjin.toml`, then the environment (YUNJIN_LEDGER__LEASE_S=20)."""

import os
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationInfo, field_validator
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from yunjin.foundation.banking.wiring import Settings as BankingSettings
from yunjin.foundation.database.wiring import Settings as DatabaseSettings
from yunjin.foundation.ledger.wiring import Settings as LedgerSettings


class HttpSettings(BaseModel):
    """Where the bank listens. Until people can sign in, loopback only."""

    model_config = ConfigDict(extra="forbid", frozen=True)

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
    ledger: LedgerSettings = Field(default_factory=LedgerSettings, description="the ledger")
    banking: BankingSettings = Field(
        default_factory=BankingSettings, description="agreements, days, the general ledger"
    )
    http: HttpSettings = Field(default_factory=HttpSettings, description="the ways in")

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
    ledger: LedgerSettings = LedgerSettings()
    banking: BankingSettings = BankingSettings()
    http: HttpSettings = HttpSettings()
