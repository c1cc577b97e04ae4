"""The room's settings."""

from pydantic import BaseModel, ConfigDict, Field

from yunjin.chassis.flow import FlowLimits


class Settings(BaseModel):
    """What the capability centre is held to."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    institution: str = Field("云锦 Yunjin", max_length=140, description="name in our messages")
    agent: str = Field(
        "", max_length=11, pattern="^([A-Z0-9]{8}([A-Z0-9]{3})?)?$", description="our BIC"
    )
    trial_channel: str = Field(
        "",
        max_length=40,
        pattern="^[a-z0-9-]*$",
        description="a clearing channel of this name, in memory, that settles all it is sent: "
        "for trials; what it has not answered is forgotten with the process",
    )
    flows: FlowLimits = Field(
        default_factory=lambda: FlowLimits(lease_s=5),
        description="how much the durable flows of the centres may do",
    )
