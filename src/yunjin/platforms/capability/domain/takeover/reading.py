"""A file of an old core as columns: text first, then numbers, dates and codes with their defects.

Nothing is rounded in reading: an amount with more decimals than its currency has is a defect.
"""

from collections.abc import Mapping as Names
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as csv
import pyarrow.parquet as parquet

from yunjin.kernel.money import exponent
from yunjin.platforms.capability.domain.takeover.mapping import Controls, File, Form, Unit, refused

SCALE: Final = 4  # decimals that amounts are read with: the most that a currency has
FINE: Final = 10  # decimals that accrued amounts are read with: 10⁻⁸ of a hundredth
_PLACES: Final[dict[Unit, int]] = {"percent": 4, "fraction": 6, "ppm": 0, "count": 0}
_AMOUNT: Final = r"^[+-]?[0-9]{1,15}(\.[0-9]{0,%d})?$"
_NOTHING: Final = np.zeros(0, np.int64)


@dataclass(slots=True)
class Sheet:
    """A file's lines. row: int64[n], of the file from 1; broken: rows with too many, or few, parts.

    text : columns by our names, null where nothing is written.
    """

    name: str
    file: str
    text: dict[str, pa.Array]
    row: Any
    units: Names[str, Unit]
    codes: Names[str, Names[str, str]]
    form: Form
    broken: list[int] = field(default_factory=list)
    unread: str = ""  # why nothing of it can be read
    _read: dict[tuple[str, int], tuple[Any, Any]] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.row)

    def words(self, name: str) -> pa.Array:
        """Return a column of text, null where it is not given."""
        found = self.text.get(name)
        return pa.nulls(len(self), pa.string()) if found is None else found

    def coded(self, name: str) -> tuple[pa.Array, Any]:
        """Return a column with its codes read as ours, and which could not be (bool[n])."""
        column, table = self.words(name), self.codes.get(name)
        if table is None:
            return column, np.zeros(len(self), np.bool_)
        coded = column.dictionary_encode()
        ours = pa.array([table.get(one) for one in coded.dictionary.to_pylist()], pa.string())
        read = ours.take(coded.indices) if len(ours) else column
        is_bad = pc.and_(pc.is_valid(column), pc.is_null(read))
        return read, _bools(is_bad)

    def dates(self, name: str) -> tuple[Any, Any]:
        """Return a column (datetime64[D][n], NaT where it is not given), and which are none."""
        if (name, -1) not in self._read:
            self._read[name, -1] = self._dates(name)
        days, is_bad = self._read[name, -1]
        return days, is_bad.copy()

    def _dates(self, name: str) -> tuple[Any, Any]:
        column = self.words(name)
        coded = column.dictionary_encode()
        read = pc.strptime(coded.dictionary, self.form.date, "s", error_is_null=True)
        days = read.to_numpy(zero_copy_only=False).astype("datetime64[D]")
        # what the format reads but nobody writes so: 2026-02-30 becomes a day of March
        again = pc.strftime(read, self.form.date)
        is_true = _bools(pc.fill_null(pc.equal(again, coded.dictionary), False))
        days[~is_true] = np.datetime64("NaT")
        spread = np.append(days, np.datetime64("NaT", "D"))
        at = pc.fill_null(coded.indices, len(days)).to_numpy(zero_copy_only=False)
        found = spread[at]
        return found, np.isnat(found) & _bools(pc.is_valid(column))

    def minor(self, name: str, places: Any) -> tuple[Any, Any]:
        """Return amounts (int64[n], minor; 0 where none is given), and which cannot be read.

        places : int64[n], decimals of each line's currency.
        """
        whole, is_bad = self._decimals(name, SCALE)
        divisor = 10 ** (SCALE - places)
        is_bad = is_bad | (whole % divisor != 0)
        return np.where(is_bad, 0, whole // divisor), is_bad

    def exact(self, name: str) -> Any:
        """Return amounts of any currency (int64[n], in units of 10⁻⁴), 0 where unreadable."""
        return self._decimals(name, SCALE)[0]

    def accrued(self, name: str, places: Any) -> tuple[Any, Any]:
        """Return amounts (int64[n], 10⁻⁸ minor), and which cannot be read."""
        whole, is_bad = self._decimals(name, FINE)
        down, up = 10 ** np.maximum(2 - places, 0), 10 ** np.maximum(places - 2, 0)
        return np.where(is_bad, 0, whole // down * up), is_bad

    def numbers(self, name: str) -> tuple[Any, Any]:
        """Return counts, or rates in ppm (int64[n]), and which cannot be read."""
        whole, is_bad = self._decimals(name, _PLACES[self.units[name]])
        return whole, is_bad.copy()

    def given(self, name: str) -> Any:
        """Tell where a column has something (bool[n])."""
        return _bools(pc.is_valid(self.words(name)))

    def _decimals(self, name: str, places: int) -> tuple[Any, Any]:
        if (name, places) not in self._read:
            self._read[name, places] = self._parsed(self.words(name), places)
        return self._read[name, places]

    def _parsed(self, column: pa.Array, places: int) -> tuple[Any, Any]:
        if self.form.thousands:
            column = pc.replace_substring(column, self.form.thousands, "")
        if self.form.decimal != ".":
            column = pc.replace_substring(column, self.form.decimal, ".")
        kind = pa.decimal128(18 + places // 2, places)
        is_bad = np.zeros(len(self), np.bool_)
        try:
            read = column.cast(kind)
        except pa.ArrowInvalid:
            fits = pc.fill_null(pc.match_substring_regex(column, _AMOUNT % places), True)
            is_bad = ~_bools(fits)
            read = pc.if_else(fits, column, None).cast(kind)
        return _int64(read), is_bad


def _int64(read: pa.Array) -> Any:
    """Return the digits of decimals (int64[n]), 0 for null."""
    filled = pc.fill_null(read, 0) if read.null_count else read
    body = np.frombuffer(filled.buffers()[1], np.int64)
    return body[2 * filled.offset : 2 * (filled.offset + len(filled)) : 2].copy()


def places_of(currencies: pa.Array) -> Any:
    """Return the decimals of each line's currency (int64[n])."""
    coded = currencies.dictionary_encode()
    known = [exponent(one) for one in coded.dictionary.to_pylist()]
    at = pc.fill_null(coded.indices, len(known)).to_numpy(zero_copy_only=False)
    return np.array([*known, 2], np.int64)[at]


def read_sheet(
    name: str, content: bytes, file: File | Controls, form: Form, units: Names[str, Unit]
) -> Sheet:
    """Read a file. Raises: TakeoverMappingRefused (a column that it does not have)."""
    columns = file.columns if isinstance(file, File) else _of_controls(file)
    codes = file.codes if isinstance(file, File) else {}
    sheet = Sheet(name, file.file, {}, _NOTHING, units, codes, form)
    try:
        if form.format == "parquet":
            table, sheet.form = _parquet(name, content, columns), _PLAIN
            sheet.row = np.arange(1, table.num_rows + 1)
        else:
            table = _csv(sheet, content, columns, form)
    except (pa.ArrowInvalid, UnicodeDecodeError) as error:
        sheet.unread = str(error).splitlines()[0][:200]
        return sheet
    for ours, theirs in columns.items():
        column = table[theirs].combine_chunks()
        column = column.chunk(0) if isinstance(column, pa.ChunkedArray) else column
        sheet.text[ours] = column
    return sheet


_PLAIN: Final = Form(format="parquet")


def _of_controls(file: Controls) -> dict[str, str]:
    named = {"of": file.of, "figure": file.figure, "total": file.total}
    return named | ({"currency": file.currency} if file.currency else {})


def _csv(sheet: Sheet, content: bytes, columns: Names[str, str], form: Form) -> pa.Table:
    broken: list[Any] = []

    def keep(row: Any) -> str:
        broken.append(row.number)
        return "skip"

    def read(*, threads: bool) -> pa.Table:
        broken.clear()
        return csv.read_csv(
            pa.BufferReader(content),
            csv.ReadOptions(use_threads=threads, encoding=form.encoding, block_size=8 << 20),
            csv.ParseOptions(
                delimiter=form.delimiter,
                quote_char=form.quote or False,
                invalid_row_handler=keep,
            ),
            csv.ConvertOptions(
                include_columns=list(dict.fromkeys(columns.values())),
                column_types=dict.fromkeys(columns.values(), pa.string()),
                strings_can_be_null=True,
                quoted_strings_can_be_null=True,
                null_values=[""],
            ),
        )

    try:
        table = read(threads=True)
        if broken:  # only one thread knows the rows' numbers
            table = read(threads=False)
    except KeyError as error:
        raise refused(f"{sheet.name}.columns", f"expected columns of the file: {error}") from None
    sheet.broken = [number - 1 for number in broken]  # the header is line 1
    rows = np.arange(1, table.num_rows + len(broken) + 1)
    sheet.row = np.delete(rows, np.array(sheet.broken, np.int64) - 1) if broken else rows
    return table


def _parquet(name: str, content: bytes, columns: Names[str, str]) -> pa.Table:
    file = parquet.ParquetFile(pa.BufferReader(content))
    missing = set(columns.values()) - set(file.schema_arrow.names)
    if missing:
        raise refused(f"{name}.columns", f"expected columns of the file, was {min(missing)}")
    table = file.read(columns=list(dict.fromkeys(columns.values())))
    arrays = [pc.cast(one.combine_chunks(), pa.string()) for one in table.columns]
    return pa.table(dict(zip(table.column_names, arrays, strict=True)))


def _bools(mask: Any) -> Any:
    return mask.to_numpy(zero_copy_only=False).astype(np.bool_)
