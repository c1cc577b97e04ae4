"""URLs of a set: one MySQL-compatible database that several nodes serve.

`mysql://USER:PASSWORD@HOST1:PORT1,HOST2:PORT2,HOST3:PORT3/NAME`: the first node is written to, the
others are tried in this order where it does not answer. One node is a set of one. With
`?tls_ca=FILE` it is spoken to by TLS alone, and the authority of that file must have signed what it
shows.
"""

import ssl
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import parse_qs, quote, unquote

from yunjin.kernel.errors import Malformed

PORT: Final = 3306
NODES_MAX: Final = 16
_UNFIT: Final = 1047  # Galera's "not prepared": not in the primary component, or not synced yet
_READ_ONLY: Final = 1290
_FORM: Final = "mysql://USER:PASSWORD@HOST:PORT,HOST:PORT/NAME"


@dataclass(frozen=True, slots=True, kw_only=True)
class SetUrl:
    """Where a set answers, and as whom it is spoken to."""

    nodes: tuple[tuple[str, int], ...]  # (host, port), the preferred one first
    user: str
    password: str
    database: str
    tls_ca: str = ""  # a PEM file; empty: no TLS

    def connect(self, host: str, port: int, **options: Any) -> Any:
        """Open a connection of PyMySQL to one of the nodes. Raises: as PyMySQL, Malformed."""
        return open_connection(
            self.tls_ca,
            host=host,
            port=port,
            user=self.user,
            password=self.password,
            database=self.database,
            **options,
        )

    def one(self, scheme: str) -> str:
        """Return the URL of the first node alone, for those who know no others."""
        host, port = self.nodes[0]
        login = f"{quote(self.user, safe='')}:{quote(self.password, safe='')}"
        where = f"[{host}]" if ":" in host else host
        return f"{scheme}://{login}@{where}:{port}/{self.database}"

    @property
    def place(self) -> str:
        """The nodes as people read them; never the password."""
        return ", ".join(f"{host}:{port}" for host, port in self.nodes)


def set_url(url: str) -> SetUrl:
    """Read the URL of a set. Raises: Malformed; what is wrong is said without the password."""
    scheme, mark, rest = url.partition("://")
    head, _, query = rest.rpartition("?") if "?" in rest.rpartition("@")[2] else (rest, "", "")
    where, slash, database = head.rpartition("/")
    if not (mark and slash and database and scheme.split("+")[0] in ("mysql", "mariadb")):
        raise Malformed(f"expected a set's URL, {_FORM}, was something else")
    login, _, names = where.rpartition("@")
    user, _, password = login.partition(":")
    nodes = tuple(_node(name) for name in names.split(","))
    if len(set(nodes)) != len(nodes) or len(nodes) > NODES_MAX:
        raise Malformed(f"expected up to {NODES_MAX} different nodes in a set's URL, was {names}")
    return SetUrl(
        nodes=nodes,
        user=unquote(user),
        password=unquote(password),
        database=database,
        tls_ca=parse_qs(query).get("tls_ca", [""])[-1],
    )


def open_connection(tls_ca: str, **options: Any) -> Any:
    """Open a connection of PyMySQL, by TLS where an authority is named: never without it then.

    Raises: as PyMySQL; Malformed where the authority's file cannot be read.
    """
    import pymysql

    if not tls_ca:
        return pymysql.connect(**options)
    try:
        trusted = ssl.create_default_context(cafile=tls_ca)
    except OSError as error:
        raise Malformed(f"expected a CA in PEM at {tls_ca}, was none: {error}") from None
    return pymysql.connect(ssl=trusted, **options)


def _node(name: str) -> tuple[str, int]:
    host, mark, port = name.rpartition(":")
    if (name.startswith("[") and name.endswith("]")) or not mark:  # an IPv6 address, or no port
        host, port = name, str(PORT)
    if not host or not port.isascii() or not port.isdigit() or not 0 < int(port) < 65_536:
        raise Malformed(f"expected HOST:PORT in a set's URL, was {name[:60]!r}")
    return host.strip("[]"), int(port)


class Nodes:
    """Connects to the node of a set that is written to: the last one that was fit, first of all.

    Parameters
    ----------
    connect : opens a connection of PyMySQL to (host, port).
    errors : what it raises where it cannot.
    """

    def __init__(
        self,
        where: SetUrl,
        connect: Callable[[str, int], Any],
        errors: tuple[type[Exception], ...],
    ) -> None:
        self._order, self._connect, self._errors = list(where.nodes), connect, errors
        self.is_galera = False

    @property
    def current(self) -> tuple[str, int]:
        """The node that was fit last, at first the preferred one."""
        return self._order[0]

    def connected(self) -> Any:
        """Return a connection to the first node that takes writes.

        It sees all that the set had committed before. Raises: what the last node's try raised.
        """
        trouble: Exception = self._errors[0](_UNFIT, "no node was asked")
        for node in list(self._order):
            try:
                connection = self._connect(*node)
                try:
                    self._catch_up(connection)
                except BaseException:
                    connection.close()
                    raise
            except self._errors as error:
                trouble = error
                continue
            self._order = [node, *(one for one in self._order if one != node)]
            return connection
        raise trouble

    def _catch_up(self, connection: Any) -> None:
        """Wait until the node has what the set had committed; refuse one that takes no writes."""
        with connection.cursor() as cursor:
            cursor.execute("select @@global.read_only")
            if cursor.fetchall()[0][0]:
                raise self._errors[0](_READ_ONLY, "the node is read-only")
            cursor.execute("show global variables like 'wsrep_on'")
            self.is_galera = dict(cursor.fetchall()).get("wsrep_on") == "ON"
            if not self.is_galera:
                return
            cursor.execute("show global status like 'wsrep_ready'")
            if dict(cursor.fetchall()).get("wsrep_ready") != "ON":
                raise self._errors[0](_UNFIT, "the node is not in the component")
            cursor.execute("set session wsrep_sync_wait=1")
            cursor.execute("select 1")
            cursor.execute("set session wsrep_sync_wait=0")
