"""What may be set about clearing."""

import re
from typing import Final

from pydantic import BaseModel, Field, field_validator

from yunjin.kernel.ids import CELL_MAX

_ADDRESS: Final = re.compile(r"grpc://[^\s?]+(\?(cell|as)=\d{1,5}(&(cell|as)=\d{1,5})?)?")


class ClearingSettings(BaseModel):
    """Who money goes to, and how patiently."""

    model_config = {"extra": "forbid"}

    peers: dict[int, str] = Field(
        default_factory=dict,
        description='Other cells by number: {"2": "grpc://HOST:PORT,HOST:PORT"}, some of their '
        "processes, by which the others are learnt; of another bank: a number that no cell of "
        "ours has, and grpc://HOST:PORT?cell=ITS_CELL&as=OUR_NUMBER.",
    )
    batch_rows_max: int = Field(
        8_190, ge=1, le=8_190, description="Crossings of one batch to a peer, at most."
    )
    streams: int = Field(
        3, ge=1, le=32, description="Batches that are on their way to a peer at once."
    )
    rows_waiting_max: int = Field(
        200_000, ge=1_000, le=100_000_000, description="Crossings that may wait for a peer."
    )
    batches_in_doubt_max: int = Field(
        1_000, ge=1, le=1_000_000, description="Batches in doubt, beyond which none is taken."
    )
    answer_s: int = Field(30, ge=1, le=600, description="Wait for a peer's answer.")
    retry_ms_first: int = Field(250, ge=1, le=60_000, description="Pause before a retry.")
    retry_ms_max: int = Field(
        5_000, ge=1, le=3_600_000, description="Longest pause; each doubles the last."
    )

    @field_validator("peers")
    @classmethod
    def _are_numbers_and_addresses(cls, peers: dict[int, str]) -> dict[int, str]:
        for number, address in peers.items():
            if not 1 <= number <= CELL_MAX:
                raise ValueError(f"expected peers numbered 1 to {CELL_MAX}")
            if len(address) > 300 or not _ADDRESS.fullmatch(address):
                raise ValueError("expected grpc://HOST:PORT, or with ?cell=…&as=… of another bank")
        return peers
