"""Makes the columns of a batch fit the plan's SQL.

The rule is one: a value fits a declared type if its text would in a CSV file. Types that DuckDB
casts to each other by that rule go through as they are; all others go through their texts, and
what no text can tell, such as bytes that are not UTF-8, is refused here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tilewright_compiler.plan.model import Column, Source
from tilewright_compiler.plan.types import element, family

from .arrow_types import NOT_TEXT, family_of, is_list, is_text, is_utf8, plain, stored
from .batch import Batch, Malformed
from .number_texts import fractions, overflows
from .python_values import text_of

#: Arrow types that DuckDB reads, of which no value needs a look.
_AS_THEY_ARE = {
    *(pa.int8(), pa.int16(), pa.int32(), pa.int64()),
    *(pa.uint8(), pa.uint16(), pa.uint32(), pa.uint64()),
    *(pa.float32(), pa.float64(), pa.bool_()),
}
#: Dictionaries of texts as Parquet has them, which DuckDB reads as they are.
_DICTIONARIES = {
    pa.dictionary(pa.int32(), pa.string()),
    pa.dictionary(pa.int32(), pa.large_string()),
}
#: family of an Arrow type -> families of declared types that DuckDB casts it to by the rule
_FITS = {
    "integer": {"integer", "float", "decimal", "text"},
    "float": {"integer", "float", "decimal", "text"},
    "decimal": {"float", "decimal", "text"},
    "boolean": {"boolean", "text"},
    "date": {"date", "timestamp", "text"},
    "timestamp": {"date", "timestamp", "text"},
    "time": {"time", "text"},
    "duration": {"duration", "text"},
    "binary": {"binary"},
    "nested": {"nested"},
}
#: Declared types that no state holds, by how their names begin.
_OTHER_FAMILIES = {
    "DECIMAL": "decimal",
    "HUGEINT": "integer",
    "UHUGEINT": "integer",
    "UBIGINT": "integer",
    "TIMESTAMP": "timestamp",
    "TIME": "time",
    "INTERVAL": "duration",
    "BLOB": "binary",
    "STRUCT": "nested",
    "MAP": "nested",
}
#: Families whose values may lie beyond what Python has, though they have texts.
_TIMES = {"date", "timestamp", "time", "duration"}
#: Types of whole numbers, to which a cast would round, as messages name them.
_WHOLE = {"TINYINT": "tinyint", "SMALLINT": "smallint", "INTEGER": "int", "BIGINT": "bigint"}
#: Types of other numbers, to which a cast would make infinity of what is too large.
_FLOATING = {"FLOAT": "float", "DOUBLE": "double"}


def conform(batch: Batch, source: Source) -> Batch:
    """Fit a batch's columns to the plan's SQL.

    Rows that the SQL cannot take are left out.
    """
    table = batch.table
    reasons: dict[int, str] = {}
    for column in source.columns if len(table) else ():
        given = table[column.name]
        fitted = _fit_column(_without_markers(given, source.null_values), column, reasons)
        if fitted is not given:
            index = table.schema.get_field_index(column.name)
            table = table.set_column(index, column.name, fitted)
    if not reasons:
        return batch if table is batch.table else replace(batch, table=table)
    usable = np.ones(len(table), dtype=bool)
    usable[list(reasons)] = False
    refused = _refused_rows(batch, reasons)
    return replace(batch, table=table.filter(pa.array(usable)), malformed=batch.malformed + refused)


def _refused_rows(batch: Batch, reasons: dict[int, str]) -> list[Malformed]:
    indices = sorted(reasons)
    numbers = batch.table["__row"].to_numpy()[indices]
    if batch.as_written is None:  # some types of Arrow have slices, but no rows to take
        contents, places = batch.table.drop_columns(["__row"]), indices
    else:
        contents, places = batch.as_written(numbers), list(range(len(indices)))
    return [
        Malformed(number, reasons[index], _shown(contents.slice(place, 1)))
        for index, number, place in zip(indices, numbers.tolist(), places, strict=True)
    ]


def _shown(row: pa.Table) -> str:
    """Write the one row of a table as JSON."""
    return text_of({name: shown_value(row[name].combine_chunks()) for name in row.column_names})


def shown_value(column: pa.Array) -> Any:
    """Show the one value of a column.

    If it has no text, the nearest value that has one is shown.
    """
    try:
        value = column.to_pylist(maps_as_pydicts="lossy")[0]
        text_of(value)
        return value
    except TypeError:
        return repr(value)
    except (UnicodeError, ValueError, OverflowError):
        held = stored(column)
    try:
        texts = held.cast(pa.string() if family_of(held.type) in _TIMES else pa.large_binary())
        return repr(texts.to_pylist()[0])
    except pa.ArrowException:
        return f"a value of type {held.type}"


def _without_markers(column: pa.ChunkedArray, null_values: Sequence[str]) -> pa.ChunkedArray:
    """Make texts null that stand for no value."""
    if null_values and pa.types.is_dictionary(column.type) and column.num_chunks:
        column = pa.chunked_array([stored(chunk) for chunk in column.chunks])
    if not null_values or not is_text(column.type):
        return column
    markers = pc.is_in(column, pa.array(null_values, column.type))
    return pc.if_else(markers, pa.scalar(None, column.type), column)


def _fit_column(given: pa.ChunkedArray, column: Column, reasons: dict[int, str]) -> pa.ChunkedArray:
    if given.type in _AS_THEY_ARE and _fits(family_of(given.type), column.type):
        return given
    if given.type in _DICTIONARIES and family(column.type) == "text" and _is_sound(given):
        return given
    fitted: list[pa.Array] = []
    first = 0
    for chunk in given.chunks:
        refused: dict[int, str] = {}
        fitted.append(_fit(chunk, column.name, column.type, refused))
        for row, reason in refused.items():
            reasons.setdefault(first + row, reason)
        first += len(chunk)
    if all(new is old for new, old in zip(fitted, given.chunks, strict=True)):
        return given
    return pa.chunked_array(fitted)


def _is_sound(given: pa.ChunkedArray) -> bool:
    """Tell whether all texts of dictionaries are UTF-8."""
    refused: dict[int, str] = {}
    for chunk in given.chunks:
        if chunk.dictionary.null_count:
            return False
        _valid(chunk.dictionary, refused)
    return not refused


def _fits(held: str, declared: str) -> bool:
    """Tell whether DuckDB casts a family by the rule.

    It casts it to a declared type.
    """
    wanted = family(declared)
    if wanted is None:
        name = declared.partition("(")[0].partition(" ")[0]
        wanted = "list" if declared.endswith("[]") else _OTHER_FAMILIES.get(name, "")
    return wanted in _FITS.get(held, ())


def _fit(given: pa.Array, name: str, declared: str, refused: dict[int, str]) -> pa.Array:
    """Convert values to a declared type.

    `refused` gets the index of each value that does not fit, and why.
    """
    array = plain(given)
    if array.null_count > given.null_count:
        lost = pc.and_(array.is_null(), given.is_valid())
        _refuse(refused, lost, f"{name} is a time beyond what 64 bits of microseconds hold")
    if declared.endswith("[]") and is_list(array.type):
        return _fit_list(array, name, declared, refused)
    if _fits(family_of(array.type), declared) and not is_text(array.type):
        return array
    text = _valid(_as_text(array, name, declared, refused), refused)
    if element(declared) in _WHOLE:
        _refuse(refused, fractions(text, declared), _no_number(name, declared))
    elif element(declared) in _FLOATING:
        _refuse(refused, overflows(text, declared), _no_number(name, declared))
    return text


def _no_number(name: str, declared: str) -> str:
    number = (_WHOLE | _FLOATING)[element(declared)]
    if declared.endswith("[]"):
        return f"{name} is not an array<{number}>"
    return f"{name} is not {'an' if number == 'int' else 'a'} {number}"


def _refuse(refused: dict[int, str], mask: pa.Array, reason: str) -> None:
    for row in pc.indices_nonzero(mask).to_pylist():
        refused.setdefault(row, reason)


def _fit_list(array: pa.Array, name: str, declared: str, refused: dict[int, str]) -> pa.Array:
    values = array.flatten()
    parents = pc.list_parent_indices(array)
    unusable: dict[int, str] = {}
    fitted = _fit(values, name, element(declared), unusable)
    for index, reason in unusable.items():
        if reason != NOT_TEXT and element(declared) in _WHOLE | _FLOATING:
            reason = _no_number(name, declared)
        refused.setdefault(parents[index].as_py(), reason)
    if fitted is values and pa.types.is_list(array.type):
        return array
    lengths = pc.fill_null(pc.list_value_length(array), 0).to_numpy(zero_copy_only=False)
    offsets = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int32)
    return pa.ListArray.from_arrays(pa.array(offsets), fitted, mask=array.is_null())


def _as_text(array: pa.Array, name: str, declared: str, refused: dict[int, str]) -> pa.Array:
    """Write values as the texts of a file.

    Bytes stay, to be checked as text.
    """
    held = family_of(array.type)
    if held in ("text", "binary"):
        return array
    if held in ("integer", "boolean", "null", "date", "timestamp", "time"):
        return array.cast(pa.string())
    if held == "decimal" and family(declared) == "integer":
        return array.cast(pa.string())
    texts: list[str | None] = []
    for row in range(len(array)):
        try:
            value = _python_value(array[row])
            texts.append(None if value is None else text_of(value))
        except UnicodeError:
            texts.append(None)
            refused.setdefault(row, NOT_TEXT)
        except (ValueError, OverflowError, TypeError):
            texts.append(None)
            refused.setdefault(row, f"{name} holds a value that has no text")
    return pa.array(texts, pa.string())


def _python_value(scalar: pa.Scalar) -> Any:
    value = scalar.as_py(maps_as_pydicts="lossy")
    if isinstance(value, pa.MonthDayNano):
        return str(value)  # no list, though it is a tuple
    return format(value, "f") if isinstance(value, Decimal) else value


def _bytes_of(kind: pa.DataType) -> pa.DataType:
    return pa.large_binary() if pa.types.is_large_string(kind) else pa.binary()


def _valid(text: pa.Array, refused: dict[int, str]) -> pa.Array:
    """Texts that are UTF-8; others are refused, and null."""
    if is_text(text.type):
        if text.buffers()[2] is None or bytes(text.buffers()[2]).isascii():
            return text
        try:
            text.validate(full=True)
            return text
        except pa.ArrowInvalid:
            # Chunks of one column stay of one type, whichever of them holds such bytes.
            text = text.cast(_bytes_of(text.type))
    kind = pa.large_string() if pa.types.is_large_binary(text.type) else pa.string()
    try:
        return text.cast(kind)
    except pa.ArrowInvalid:
        values = text.to_pylist()
    for row, value in enumerate(values):
        if not is_utf8(value):
            refused.setdefault(row, NOT_TEXT)
            values[row] = None
    return pa.array(values, pa.large_binary()).cast(kind)
