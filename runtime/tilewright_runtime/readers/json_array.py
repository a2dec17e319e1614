"""Reading a JSON array of objects.

It is read as JSON Lines are, except that commas separate the rows.
"""

from __future__ import annotations

import codecs
import json
import re
from collections.abc import Iterator
from itertools import islice
from typing import BinaryIO

import duckdb
from xxhash import xxh3_128

from tilewright_compiler.plan.model import Source

from ..errors import InputError
from .batch import Batch, Position
from .checks import changed, shrunk
from .json_lines import require_members
from .json_objects import JsonParser
from .stream import Opened
from .texts import Texts

#: Elements of a batch.
BATCH_ELEMENTS = 1 << 17
#: Bytes in which the first element is looked for, then twice as many, and so on.
_FIRST_BYTES = 1 << 16
#: What stands before an element or after the last one.
_MARK = re.compile(r"[ \t\r\n]*([\[,\]])[ \t\r\n]*")
_DECODER = json.JSONDecoder(parse_int=str, parse_float=str)


def read_json_array(opened: Opened, source: Source, position: Position) -> Iterator[Batch]:
    """Read batches of an array's elements after a position.

    The file is read as a whole. Raises InputError if it is no JSON, or if no element has a column.
    """
    data = opened.stream.read().removeprefix(codecs.BOM_UTF8)
    digest = xxh3_128(data[: position.offset])
    if len(data) < position.offset:
        raise shrunk(f"{len(data):,} bytes", f"{position.offset:,}")
    if position.offset and digest.hexdigest() != position.digest:
        raise changed(f"{position.offset:,} bytes")
    rows, offset = position.rows, position.offset
    elements = _elements(_text(data[offset:]), rows)
    with duckdb.connect() as connection:
        parser = JsonParser(connection, source)
        while part := list(islice(elements, BATCH_ELEMENTS)):
            end = offset + sum(length for _, length in part)
            texts = Texts.joined([text.encode() for text, _ in part])
            parsed = parser.parse(texts, rows + 1)
            if rows == 0:
                require_members(parser, parsed.table, texts, None)
            digest.update(data[offset:end])
            rows, offset = rows + len(part), end
            yield Batch(
                parsed.table,
                Position(position.uri, offset, rows, digest.hexdigest()),
                parsed.malformed,
                progress=opened.progress(offset),
                as_written=parsed.as_written,
            )


def digest_of_element(stream: BinaryIO) -> str:
    """Digest an array's first element; empty if it has none that is whole.

    No more is read than it takes to find its end.
    """
    data = b""
    while block := stream.read(max(len(data), _FIRST_BYTES)):
        data += block
        text = data.decode(errors="replace").removeprefix("\ufeff")
        try:
            element = next(_elements(text, 0), None)
        except InputError:  # it may go on
            continue
        return xxh3_128(element[0].encode()).hexdigest() if element else ""
    return ""


def _text(data: bytes) -> str:
    try:
        return data.decode()
    except UnicodeDecodeError:
        raise InputError("is not UTF-8 text. Save the file as UTF-8.") from None


def _elements(text: str, rows: int) -> Iterator[tuple[str, int]]:
    """Yield each element with its length in bytes.

    The length includes what stands before the element.
    """
    at, expected = 0, ",]" if rows else "["
    while True:
        mark = _MARK.match(text, at)
        if mark is None or mark[1] not in expected:
            raise _broken(rows)
        if mark[1] == "]" or (expected == "[" and text.startswith("]", mark.end())):
            return
        try:
            _, end = _DECODER.raw_decode(text, mark.end())
        except (ValueError, RecursionError):
            raise _broken(rows) from None
        rows += 1
        yield text[mark.end() : end], len(text[at:end].encode())
        at, expected = end, ",]"


def _broken(rows: int) -> InputError:
    return InputError(
        f"what follows element {rows:,} of its JSON array is not valid JSON: is the file cut? What "
        "was read before is kept."
    )
