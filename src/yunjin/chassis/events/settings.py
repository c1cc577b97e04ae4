"""Where events go between machines, and how patiently."""

from pydantic import BaseModel, ConfigDict, Field


class EventSettings(BaseModel):
    """Without a URL events stay in the process."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    url: str = Field(
        default="",
        max_length=1_000,
        pattern=r"^$|^(nats|tls)://[^\s,]+(,(nats|tls)://[^\s,]+)*$",
        repr=False,
        description="servers of NATS, nats://HOST:PORT or tls://USER:PASSWORD@HOST:PORT, commas "
        "between; empty: events stay in this process",
    )
    replicas: int = Field(
        default=3, ge=1, le=5, description="servers that keep a stream: 1, 3 or 5, odd"
    )
    credentials: str = Field(
        default="", max_length=500, description="file of NATS credentials (.creds); empty: none"
    )
    tls_ca: str = Field(
        default="", max_length=500, description="file of the CA that signed the servers' keys"
    )
    tls_certificate: str = Field(
        default="", max_length=500, description="file of this client's certificate; empty: none"
    )
    tls_key: str = Field(
        default="", max_length=500, description="file of this client's key; empty: in that file"
    )
    answer_wait_s: int = Field(
        default=5, ge=1, le=60, description="wait for a connection, and for an answer"
    )
    check_s: int = Field(
        default=30, ge=1, le=3_600, description="pause between looks for what a stream has lost"
    )
