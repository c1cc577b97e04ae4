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
    zone: str = Field(
        "Asia/Shanghai",
        description="IANA name of the zone of clearing channels' hours and of quiet hours",
    )
    trial_channel: str = Field(
        "",
        max_length=40,
        pattern="^[a-z0-9-]*$",
        description="a clearing channel of this name, in memory, that settles all it is sent: "
        "for trials; what it has not answered is forgotten with the process",
    )
    trial_registers: bool = Field(
        False,
        description="a register of persons and a card network in memory that find every "
        "well-formed number right: for trials",
    )
    trial_signing: bool = Field(
        False,
        description="a signing service in memory whose signers sign at once: for trials",
    )
    trial_messages: bool = Field(
        False,
        description="channels for SMS, e-mail and WeChat in memory that deliver what they take: "
        "for trials; nobody gets anything",
    )
    quiet_since: str = Field(
        "21:00",
        pattern="^([01][0-9]|2[0-3]):[0-5][0-9]$",
        description="from here on messages wait that are not about security",
    )
    quiet_until: str = Field(
        "08:00",
        pattern="^([01][0-9]|2[0-3]):[0-5][0-9]$",
        description="up to here; the same as quiet_since: there are no quiet hours",
    )
    font_file: str = Field(
        "", description="a TrueType font that documents embed; empty: fonts that readers bring"
    )
    takeover_folder: str = Field(
        "",
        max_length=1_000,
        description="where deliveries of an old core that is replaced lie, a folder each",
    )
    flows: FlowLimits = Field(
        default_factory=lambda: FlowLimits(lease_s=5),
        description="how much the durable flows of the centres may do",
    )
