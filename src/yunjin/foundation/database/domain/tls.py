"""TLS of a fleet: whether its sets speak it, and where a node keeps what it shows the others."""

from dataclasses import dataclass
from typing import Annotated, Final

from pydantic import BaseModel, ConfigDict, StringConstraints

_FILE: Final = r"^(/[A-Za-z0-9_./\-]{1,300})?$"
File = Annotated[str, StringConstraints(pattern=_FILE)]


class Tls(BaseModel):
    """What `tls` of fleet.toml says.

    is_on : None: where a host of the fleet is another machine.
    ca, ca_key : an authority of your own, its certificate and its key in PEM on this machine;
        empty: the fleet makes one.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    is_on: bool | None = None
    ca: File = ""
    ca_key: File = ""


@dataclass(frozen=True, slots=True)
class TlsFiles:
    """Where one server keeps its key, its certificate, and whom it believes."""

    folder: str

    @property
    def ca(self) -> str:
        """Return the certificate of the authority."""
        return f"{self.folder}/ca.pem"

    @property
    def certificate(self) -> str:
        """Return the server's own certificate."""
        return f"{self.folder}/cert.pem"

    @property
    def key(self) -> str:
        """Return the key, which this server alone may read."""
        return f"{self.folder}/key.pem"

    @property
    def address(self) -> str:
        """Return where it is written for which address the certificate is."""
        return f"{self.folder}/address"

    @property
    def until(self) -> str:
        """Return where it is written how long the certificate lasts, seconds since 1970."""
        return f"{self.folder}/until"

    @property
    def of_galera(self) -> str:
        """Return the options of Galera, for what nodes say to each other."""
        return (
            f"socket.ssl=YES;socket.ssl_ca={self.ca};socket.ssl_cert={self.certificate};"
            f"socket.ssl_key={self.key}"
        )
