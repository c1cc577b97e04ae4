"""An authority of the fleet's own, and the certificates that it signs: by openssl.

Its key stays in the folder of the sets' passwords, which this user alone reads; a server's key is
made here and goes to its host alone.
"""

import secrets
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path
from typing import Final

from yunjin.chassis.persistence import private_file, private_folder
from yunjin.foundation.database.adapters.machines import Machine
from yunjin.foundation.database.domain.tls import TlsFiles
from yunjin.foundation.database.errors import NodeRefused
from yunjin.kernel.errors import Malformed

AUTHORITY_DAYS: Final = 3_650
DAYS: Final = 825  # of a server's certificate; `fleet tls rotate` makes another
_EC: Final = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes")


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Certificate:
    """What a server shows, and what it keeps to itself; PEM."""

    authority: bytes
    certificate: bytes
    key: bytes


class Authority:
    """Signs certificates.

    Parameters
    ----------
    folder : where the fleet's own is kept; it is made when the first certificate is asked for.
    ca, key : files of another, in place of the fleet's own.
    """

    def __init__(self, folder: Path, *, ca: str = "", key: str = "") -> None:
        self._folder, self._is_own = folder, not ca
        self.file = Path(ca) if ca else folder / "ca.pem"
        self._key = Path(key) if key else folder / "ca.key"

    def make(self) -> None:
        """Make the fleet's own authority, unless it is there. Raises: NodeRefused, Malformed."""
        if not self._is_own:
            for each in (self.file, self._key):
                if not each.is_file():
                    raise Malformed(f"expected a PEM file at {each} (tls of fleet.toml), was none")
            return
        if self.file.is_file() and self._key.is_file():
            return
        private_folder(self._folder)
        private_file(self._key)
        _openssl(
            *("req", "-x509", *_EC, "-days", AUTHORITY_DAYS, "-subj", "/CN=yunjin fleet"),
            *("-addext", "keyUsage=critical,keyCertSign,cRLSign"),
            *("-keyout", self._key, "-out", self.file),
        )

    def text(self) -> str:
        """Return its certificate, PEM. Raises: NodeRefused, Malformed."""
        self.make()
        return self.file.read_text(encoding="ascii")

    def sign(self, name: str, addresses: Sequence[str]) -> Certificate:
        """Return a new key and a certificate for it.

        Parameters
        ----------
        addresses : IP addresses and names by which the server is reached.

        Raises: NodeRefused where openssl is not installed, Malformed.
        """
        self.make()
        with tempfile.TemporaryDirectory(prefix="yj-tls-") as scratch:
            folder = Path(scratch)
            key, asked, made = folder / "key.pem", folder / "asked.pem", folder / "cert.pem"
            more = folder / "more"
            more.write_text(
                f"subjectAltName={','.join(map(_named, addresses))}\n"
                "basicConstraints=critical,CA:FALSE\nkeyUsage=critical,digitalSignature\n"
                "extendedKeyUsage=serverAuth,clientAuth\n"
            )
            subject = ("-subj", f"/CN={name}")
            _openssl("req", "-new", *_EC, *subject, "-keyout", key, "-out", asked)
            number = f"0x{secrets.token_hex(16)}"
            _openssl(
                *("x509", "-req", "-in", asked, "-CA", self.file, "-CAkey", self._key),
                *("-set_serial", number, "-days", DAYS, "-sha256", "-extfile", more),
                *("-out", made),
            )
            return Certificate(
                authority=self.file.read_bytes(),
                certificate=made.read_bytes(),
                key=key.read_bytes(),
            )


def put(machine: Machine, files: TlsFiles, made: Certificate) -> None:
    """Put a certificate in place on a server's host."""
    machine.make_folder(files.folder)
    machine.write(files.key, made.key)
    machine.write(files.certificate, made.certificate)
    machine.write(files.ca, made.authority)


def _named(address: str) -> str:
    try:
        ip_address(address)
    except ValueError:
        if not address.replace("-", "").replace(".", "").isalnum() or not address.isascii():
            raise Malformed(f"expected an address or a name, was {address[:60]!r}") from None
        return f"DNS:{address}"
    return f"IP:{address}"


def _openssl(*words: str | int | Path) -> None:
    command = ["openssl", *map(str, words)]
    try:
        done = subprocess.run(command, capture_output=True, check=False, timeout=60)
    except FileNotFoundError:
        raise NodeRefused("This machine lacks openssl: install the package openssl.") from None
    if done.returncode:
        said = done.stderr.decode("utf-8", "replace").strip()[-300:]
        raise NodeRefused(f"openssl could not make a certificate: {said}")
