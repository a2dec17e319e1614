"""Columns that none of some events has. They are read as null, which may be meant, so a job says so and starts."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from itertools import islice
from pathlib import Path
from typing import Any

from tilewright_compiler.plan import Source
from tilewright_compiler.wording import one_line

#: Lines of a file that are looked at.
_FIRST = 100


def lacking_columns(source: Source, events: Iterable[Mapping[str, Any]], which: str) -> Iterator[str]:
    """A warning if there are events and none has some column of the source; `which` says in a plural which events they are."""
    fields = {field for event in events for field in event}
    lacking = [column.name for column in source.columns if column.name not in fields]
    if fields and lacking:
        yield (
            f"warning: source {source.name}: {which} have no {', '.join(lacking)}, which is read as null. "
            f"They have {one_line(', '.join(sorted(fields)))}."
        )


def first_events(path: Path) -> Iterator[Mapping[str, Any]]:
    """The JSON objects among the first lines of a file of JSON Lines, or of the first file of a folder."""
    files = [path] if path.is_file() else sorted(found for found in path.glob("**/*") if found.is_file())
    for file in files[:1]:
        with file.open("rb") as lines:
            for line in islice(lines, _FIRST):
                with suppress(ValueError):
                    event = json.loads(line)
                    if isinstance(event, dict):
                        yield event
