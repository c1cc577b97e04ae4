"""What a table holds, as one row of numbers that any order of reading gives alike."""

from collections.abc import Sequence
from dataclasses import dataclass

# A table's own statistics and Galera's members differ between equal nodes.
TABLES = """
SELECT t.table_schema, t.table_name,
       (SELECT GROUP_CONCAT(c.column_name ORDER BY c.ordinal_position SEPARATOR '\\t')
          FROM information_schema.columns c
         WHERE c.table_schema = t.table_schema AND c.table_name = t.table_name)
  FROM information_schema.tables t
 WHERE t.table_type = 'BASE TABLE'
   AND t.table_schema NOT IN ('mysql', 'sys', 'information_schema', 'performance_schema')
 ORDER BY 1, 2;
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class TableSum:
    """What a table held at one moment."""

    table: str  # schema.name
    row_count: int
    digest: str


def sum_statement(schema: str, table: str, columns: Sequence[str]) -> str:
    """Return the query of one row: name, number of rows, checksum of all values."""
    values = ", ".join(f"IFNULL(SHA1({quoted(name)}), '-')" for name in columns)
    line = f"SHA1(CONCAT_WS('#', {values}))"
    halves = " , '-', ".join(
        f"BIT_XOR(CAST(CONV(SUBSTR({line}, {start}, 16), 16, 10) AS UNSIGNED))" for start in (1, 17)
    )
    name = f"{schema}.{table}".replace("\\", "\\\\").replace("'", "''")
    return f"SELECT '{name}', COUNT(*), CONCAT({halves}) FROM {quoted(schema)}.{quoted(table)};"


def quoted(name: str) -> str:
    """Return a name as SQL."""
    return "`" + name.replace("`", "``") + "`"


def differences(expected: Sequence[TableSum], found: Sequence[TableSum]) -> list[str]:
    """Return a sentence for each table that is not the same."""
    ours, theirs = ({one.table: one for one in sums} for sums in (expected, found))
    said = []
    for name in sorted({*ours, *theirs}):
        one, other = ours.get(name), theirs.get(name)
        if one is None or other is None:
            said.append(f"{name}: only in the {'copy' if one is None else 'original'}")
        elif one != other:
            said.append(f"{name}: expected {one.row_count} rows alike, was {other.row_count} rows")
    return said
