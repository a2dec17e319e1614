"""Keys, as options of commands give them or files do."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from io import BufferedReader
from typing import TYPE_CHECKING, Any, NamedTuple

import click

if TYPE_CHECKING:
    from ..fetch.context import FetchState
    from ..fetch.fetcher import Fetcher

#: Lines that arrived together are answered together, in one round trip and one query of the plan's
#: derivations. A file gives some thousand of them at once. A slow pipe gives those that are there,
#: so that no answer waits for later lines.
_READ_BYTES = 1 << 16
#: So many lines that are no objects do not yet make a pipe one of another format.
_FEW_LINES = 20
#: No line of keys is longer. Of one that is, so much is passed over; a device may have no end.
_LONGEST_LINE_BYTES = 4_000_000
_MOST_SKIPPED_BYTES = 64_000_000


class KeyLine(NamedTuple):
    """A line of a file, with what messages call it."""

    name: str
    content: bytes


@dataclass(frozen=True)
class KeyRequest:
    """A line's request, with the columns that only come back."""

    line: str
    state: FetchState
    extra: dict[str, Any]


def keys_of_options(pairs: Sequence[str], many: str = "") -> dict[str, str]:
    """Read NAME=VALUE pairs.

    `many` says how to ask for several entities, if that can be done. Raises BadParameter for a pair
    that is none, and for a name that comes twice.
    """
    keys: dict[str, str] = {}
    for pair in pairs:
        name, equals, value = pair.partition("=")
        if not equals:
            what = f"{pair!r} is not NAME=VALUE, such as user_id={pair}."
            raise click.BadParameter(what, param_hint="--key")
        if name in keys:
            raise click.BadParameter(
                f"{name} is given twice. One call is for one entity{many}.", param_hint="--key"
            )
        keys[name] = value
    return keys


def read_batches(file: BufferedReader) -> Iterator[list[KeyLine]]:
    """Read lines that are not blank, in batches.

    A batch has as many lines as one read finds. Of a line that is too long only the beginning is
    kept, which is too long too. Raises InputError for a line without an end.
    """
    number, begun, skipped = 0, b"", 0
    while chunk := file.read1(_READ_BYTES):
        if len(begun) > _LONGEST_LINE_BYTES:
            end = chunk.find(b"\n")
            if end < 0:
                skipped += len(chunk)
                if skipped > _MOST_SKIPPED_BYTES:
                    _require_short(len(begun), _LONGEST_LINE_BYTES, f"{file.name}:{number + 1}")
                continue
            chunk, skipped = chunk[end:], 0
        *lines, begun = (begun + chunk).split(b"\n")
        yield _numbered(file.name, number, lines)
        number += len(lines)
    yield _numbered(file.name, number, [begun])


def read_lines(file: BufferedReader, longest_bytes: int) -> Iterator[bytes]:
    """Read lines that are not blank, one by one.

    Raises InputError for a longer line.
    """
    number = 0
    while line := file.readline(longest_bytes + 1):
        number += 1
        _require_short(len(line), longest_bytes, f"{file.name}:{number}")
        if line.strip():
            yield line


def _require_short(size: int, longest_bytes: int, place: str) -> None:
    """Refuse a line that has more bytes."""
    from ..errors import InputError

    if size > longest_bytes:
        raise InputError(
            f"{place}: the line has more than {longest_bytes / 1_000_000:g} MB. Give a file of "
            "JSON Lines."
        )


def _numbered(name: str, before: int, lines: list[bytes]) -> list[KeyLine]:
    return [
        KeyLine(f"{name}:{number}", line)
        for number, line in enumerate(lines, before + 1)
        if line.strip()
    ]


class LineFormat:
    """Watches whether a file is JSON Lines at all.

    A file is told by its first part. A pipe may have given a single line so far, so it is told only
    by many.
    """

    def __init__(self, file: BufferedReader) -> None:
        self._few = _FEW_LINES if not file.seekable() else 0
        self._first: KeyLine | None = None
        self._others = 0
        self._is_known = False

    def look_at(self, lines: Sequence[KeyLine]) -> None:
        """Look at the lines of a batch.

        Raises InputError, once for the whole file, if it is of another format, such as CSV.
        """
        if self._is_known or not lines:
            return
        self._is_known = any(map(_is_object, lines))
        self._first = self._first or lines[0]
        self._others += len(lines)
        if not self._is_known and self._others > self._few:
            from ..errors import InputError, shown

            first = self._first.content.decode(errors="replace").strip()
            raise InputError(
                f"{self._first.name}: {shown(first)} is no JSON object. --keys takes JSON Lines: "
                'an object with the key columns on each line, such as {"user_id": "ana"}. Convert '
                "CSV or a JSON array to that."
            )


def _is_object(line: KeyLine) -> bool:
    return line.content.lstrip(b"\xef\xbb\xbf \t\r").startswith(b"{")


def read_request(fetcher: Fetcher, line: KeyLine, at: str | None) -> KeyRequest:
    """Read a request from a line of JSON.

    The line holds the keys, a time of its own if it has one, and columns that only come back.

    Raises InputError if the line is no JSON object, and what `Fetcher.request` raises.
    """
    from ..errors import InputError
    from ..fetch.documents import jsonable

    if len(line.content) > _LONGEST_LINE_BYTES:
        raise InputError(f"the line has more than {_LONGEST_LINE_BYTES / 1_000_000:g} MB.")
    try:
        document = json.loads(line.content)
        readable = jsonable(document)
    except (ValueError, RecursionError) as wrong:
        raise InputError(
            f"not valid JSON ({wrong}). Each line holds an object with the key columns."
        ) from wrong
    if not isinstance(document, dict):
        raise InputError("not a JSON object with the key columns.")
    names = {column.name for column in fetcher.plan.keys}
    # A key column may be called `at`: the time is then that of --at.
    own = None if "at" in names else document.get("at")
    moment = at if own is None else own
    keys = {name: value for name, value in document.items() if name in names}
    extra = {name: readable[name] for name in document if name not in names | {"at"}}
    return KeyRequest(line.name, fetcher.request(keys, moment), extra)
