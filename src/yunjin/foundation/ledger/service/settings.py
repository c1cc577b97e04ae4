"""What may be set about the ledger."""

from typing import Literal

from pydantic import BaseModel, Field, ValidationInfo, field_validator

from yunjin.foundation.ledger.service.clearing.settings import ClearingSettings


class Settings(BaseModel):
    """What may be set about the ledger."""

    model_config = {"extra": "forbid"}

    cell: int = Field(1, ge=0, le=32_767, description="The number of the cell served here.")
    journal_url: str = Field(
        "",
        max_length=500,
        pattern=r"^(mysql(\+pymysql)?://.+)?$",
        repr=False,
        description="Set of the journal, mysql://USER:PASSWORD@HOST:PORT,HOST:PORT/NAME; "
        "the first node is written to; empty: a SQLite file.",
    )
    patience_s: float = Field(
        30.0, ge=0, le=3_600, description="Seconds that an outage of the set is waited out."
    )
    durable_on: Literal["all", "set"] = Field(
        "all",
        description="all: a commit is on the disks of all living nodes of a Galera set, a majority "
        "at least, before it is answered; set: what the set itself promises.",
    )
    clock_off_s_max: float = Field(
        10.0,
        ge=0.1,
        le=1e6,
        description="Seconds between this machine's clock and the set's above which a cell is not "
        "opened.",
    )
    stands_by: bool = Field(
        False, description="Follow the cell's writer, and take over when it is gone."
    )
    turn_wait_s: float = Field(
        0,
        ge=0,
        le=86_400,
        description="Seconds that a start waits, all else made ready, for the process that has "
        "the cell's file to end.",
    )
    reads_behind: bool = Field(
        False,
        description="Answer readers also where another process may have written since: what stands "
        "by then answers with what it has read so far.",
    )
    follow_ms: int = Field(
        100, ge=10, le=60_000, description="Milliseconds between two looks at what is followed."
    )
    http_address: str = Field(
        "", max_length=200, description="http://HOST:PORT where others reach this process."
    )
    flight_address: str = Field(
        "", max_length=200, description="grpc://HOST:PORT where others reach this process."
    )
    vfs: str = Field("", description="The SQLite file-system shim; only tests choose one.")
    synchronous: str = Field(
        "full",
        pattern="^(full|normal|off)$",
        description="SQLite's synchronous; full or money is lost.",
    )
    codec: str = Field(
        "none",
        pattern="^(none|lz4|zstd)$",
        description="How bodies of journal rows are compressed.",
    )
    batch_rows_max: int = Field(8_190, ge=1, le=65_535, description="Rows of one batch at most.")
    rows_waiting_max: int = Field(
        500_000, ge=1_000, le=100_000_000, description="Rows that may wait for the writer."
    )
    requests_waiting_max: int = Field(
        20_000, ge=1, le=1_000_000, description="Transfers over HTTP that may wait for a batch."
    )
    rows_a_commit_max: int = Field(
        65_520, ge=1, le=1_000_000, description="Rows that one commit takes at most."
    )
    lease_s: float = Field(10, ge=0.5, le=3_600, description="Seconds a writer's lease lasts.")
    checkpoint_transfers: int = Field(
        4_194_304, ge=1, le=1 << 30, description="Transfers between two checkpoints."
    )
    verify_at_open: bool = Field(
        False,
        description="Read the whole journal again, from its first row, before the first write.",
    )
    bloom_words: int = Field(
        1 << 21, ge=64, le=1 << 32, description="64-bit words of the filter of untimely ids; 2^n."
    )
    clearing: ClearingSettings = Field(
        default_factory=ClearingSettings, description="transfers between cells and between banks"
    )

    @field_validator("clearing")
    @classmethod
    def _clears_with_others(
        cls, clearing: ClearingSettings, info: ValidationInfo
    ) -> ClearingSettings:
        if info.data.get("cell") in clearing.peers:
            raise ValueError("expected peers other than ledger.cell")
        return clearing

    @field_validator("stands_by")
    @classmethod
    def _is_on_a_set(cls, stands_by: bool, info: ValidationInfo) -> bool:
        """A file has its machine's processes only, and they share its index."""
        if stands_by and not info.data.get("journal_url"):
            raise ValueError("expected ledger.journal_url too: a journal in a file has no standby")
        return stands_by

    @field_validator("bloom_words")
    @classmethod
    def _is_power_of_two(cls, words: int) -> int:
        """The kernels find a bit by masking."""
        if words & (words - 1):
            raise ValueError("expected a power of two")
        return words

    @field_validator("rows_waiting_max")
    @classmethod
    def _takes_a_batch(cls, rows: int, info: ValidationInfo) -> int:
        """Else a full batch would be answered `overloaded` for ever."""
        batch = info.data.get("batch_rows_max", 0)
        if rows < batch:
            raise ValueError(f"expected at least ledger.batch_rows_max, {batch}")
        return rows
