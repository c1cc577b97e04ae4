"""What the security room is held to."""

from pydantic import BaseModel, ConfigDict


class Settings(BaseModel):
    """What an operator may set of security."""

    model_config = ConfigDict(extra="forbid", frozen=True)
