"""The values of messages: JSON, or framed Avro.

The frame is that of a schema registry.
"""

from __future__ import annotations

import base64
import io
import json
import struct
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.request import Request, urlopen

import duckdb
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from tilewright_compiler.plan.model import Source

from ...errors import InputError
from ..batch import Malformed, RowsAt
from ..json_objects import JsonParser
from ..python_values import column as column_of
from ..stream import Parsed
from ..texts import Texts
from .settings import REGISTRY_URL, REGISTRY_USER

#: What a value begins with whose schema is in a registry; no JSON does.
_MAGIC = 0
_FRAME_BYTES = 5
_PATIENCE_S = 10
#: What is raised for bytes that are not of a schema.
_NO_AVRO = (EOFError, ValueError, LookupError, TypeError, ArithmeticError, struct.error)
_NO_ROW = 2  # the first text of a file may begin with a mark, but not that of a message


def are_framed(texts: Texts) -> NDArray[np.bool_]:
    """Tell which values have a registry's frame."""
    is_framed = texts.ends - texts.starts >= _FRAME_BYTES
    first = np.frombuffer(texts.data, np.uint8)[texts.starts[is_framed]]
    is_framed[is_framed] = first == _MAGIC
    return is_framed


class Values:
    """Reads the values of messages into rows."""

    def __init__(self, source: Source, settings: Mapping[str, str]) -> None:
        self._columns = source.columns
        self._registry = Registry(settings)
        self._connection = duckdb.connect()
        self._json = JsonParser(self._connection, source)

    def close(self) -> None:
        """End the session."""
        self._connection.close()

    def rows(self, values: Texts, offsets: NDArray[np.int64]) -> Parsed:
        """Read messages of one form into rows.

        An empty message is no row. The number of a row is its offset and one. Raises InputError if
        a schema is not there, or lacks a column.
        """
        if are_framed(values)[0]:
            return self._avro_rows(values.cut(), offsets)
        return self._json_rows(values, offsets)

    def _json_rows(self, texts: Texts, offsets: NDArray[np.int64]) -> Parsed:
        parsed = self._json.parse(texts, _NO_ROW)
        row_indices = parsed.table["__row"].to_numpy() - _NO_ROW
        index = parsed.table.schema.get_field_index("__row")
        table = parsed.table.set_column(index, "__row", pa.array(offsets[row_indices] + 1))
        malformed = [
            Malformed(int(offsets[row - _NO_ROW]) + 1, reason, text)
            for row, reason, text in parsed.malformed
        ]
        as_written = None
        if parsed.as_written is not None:
            as_written = partial(_written_at, parsed.as_written, offsets)
        return Parsed(table, malformed, len(texts), as_written)

    def _avro_rows(self, values: Sequence[bytes], offsets: NDArray[np.int64]) -> Parsed:
        import fastavro

        records: list[Any] = []
        good: list[int] = []
        malformed: list[Malformed] = []
        names: set[str] = set()
        numbers: set[int] = set()
        for place, value in enumerate(values):
            (number,) = struct.unpack(">I", value[1:_FRAME_BYTES])
            schema = self._registry.schema(number)
            names.update(field["name"] for field in schema["fields"])
            numbers.add(number)
            try:
                content = io.BytesIO(value[_FRAME_BYTES:])
                records.append(fastavro.schemaless_reader(content, schema, None))
                good.append(place)
            except _NO_AVRO:
                reason = f"is no Avro of schema {number}"
                malformed.append(Malformed(int(offsets[place]) + 1, reason, repr(value)))
        missing = [column.name for column in self._columns if column.name not in names]
        if missing:
            shown = ", ".join(map(str, sorted(numbers)))
            raise InputError(
                f"schema {shown} of its values has no field {', '.join(missing)}; its fields are "
                f"{', '.join(sorted(names))}. Add the field to the schema, or leave the column out."
            )
        arrays: dict[str, Any] = {}
        for column in self._columns:
            field = [record.get(column.name) for record in records]
            arrays[column.name] = column_of(column.name, field, column.type)
        arrays["__row"] = pa.array(offsets[good] + 1)
        return Parsed(pa.table(arrays), malformed, len(values))


def _written_at(
    as_written: RowsAt, offsets: NDArray[np.int64], numbers: NDArray[np.int64]
) -> pa.Table:
    """Find rows by the numbers that their offsets give."""
    return as_written(np.searchsorted(offsets, numbers - 1) + _NO_ROW)


class Registry:
    """A schema registry, asked once for each schema."""

    def __init__(self, settings: Mapping[str, str]) -> None:
        self._url = settings.get(REGISTRY_URL, "").rstrip("/")
        self._user = settings.get(REGISTRY_USER)
        self._schemas: dict[int, Any] = {}

    def schema(self, number: int) -> Any:
        """Find the schema of a number.

        Raises InputError if the registry does not answer, or does not have it.
        """
        if number not in self._schemas:
            self._schemas[number] = self._fetched(number)
        return self._schemas[number]

    def _fetched(self, number: int) -> Any:
        import fastavro

        if not self._url.startswith(("http://", "https://")):
            raise InputError(
                f"has values of the registered schema {number}, and no registry is named. Set "
                f"{REGISTRY_URL} among the properties of Kafka to its http: or https: URL."
            )
        request = Request(f"{self._url}/schemas/ids/{number}")
        if self._user:
            token = base64.b64encode(self._user.encode()).decode()
            request.add_header("Authorization", f"Basic {token}")
        try:
            with urlopen(request, timeout=_PATIENCE_S) as answer:
                document = json.load(answer)
            if document.get("schemaType", "AVRO") != "AVRO":
                raise InputError(f"has values of {document['schemaType']}; JSON and Avro are read.")
            schema = fastavro.parse_schema(json.loads(document["schema"]))
        except HTTPError as wrong:
            raise InputError(
                f"the schema registry {self._url} does not give schema {number} "
                f"({wrong.code} {wrong.reason})."
            ) from None
        except (URLError, OSError) as wrong:
            raise InputError(
                f"the schema registry {self._url} does not answer ({wrong}). Nothing was lost; it "
                "is asked again."
            ) from None
        except (ValueError, KeyError, AttributeError, fastavro.schema.SchemaParseException):
            raise InputError(f"schema {number} of the registry {self._url} is no Avro.") from None
        if not isinstance(schema, dict) or schema.get("type") != "record":
            raise InputError(f"schema {number} of the registry {self._url} is no record.")
        return schema
