"""A job's inputs: where events are, and missing columns."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from itertools import islice
from pathlib import Path
from typing import Any

from tilewright_compiler.humanize import one_line
from tilewright_compiler.plan.model import Plan, Source

from ..errors import InputError

#: How many lines of a file are looked at.
_FIRST = 100


def missing_columns(
    source: Source, events: Iterable[Mapping[str, Any]], which: str
) -> Iterator[str]:
    """Warn of columns missing from a sample of events.

    `which` names the sample in the plural. Without events there is no warning.
    """
    fields = {field for event in events for field in event}
    missing = [column.name for column in source.columns if column.name not in fields]
    if fields and missing:
        yield (
            f"warning: source {source.name}: {which} have no {', '.join(missing)}, which is read "
            f"as null. They have {one_line(', '.join(sorted(fields)))}."
        )


def first_events(path: Path) -> Iterator[Mapping[str, Any]]:
    """Read JSON objects from the first lines of a file.

    The file is JSON Lines. If `path` is a folder, it is the first file in it.
    """
    file = path if path.is_file() else _first_file(path)
    if file is None:
        return
    with file.open("rb") as lines:
        for line in islice(lines, _FIRST):
            with suppress(ValueError):
                event = json.loads(line)
                if isinstance(event, dict):
                    yield event


def _first_file(folder: Path) -> Path | None:
    for path in sorted(folder.glob("**/*")):
        if path.is_file():
            return path
    return None


def input_locations(plan: Plan, given: Sequence[str]) -> dict[str, str]:
    """Map each source to the location of its events.

    A location is given as `NAME=PLACE` or, for a plan of one source, as `PLACE`.

    Raises InputError if a location has no source, or its source has one already.
    """
    names = [source.name for source in plan.sources]
    locations: dict[str, str] = {}
    for text in given:
        name, _, place = text.partition("=")
        if name not in names:
            if len(names) > 1:
                raise InputError(
                    f"--events {text}: of which source? Write NAME=PLACE, with one of "
                    f"{', '.join(names)}."
                )
            name, place = names[0], text
        if name in locations:
            raise InputError(
                f"--events {text}: the events of {name} are said to be in {locations[name]} "
                "already. Give one folder that has both."
            )
        locations[name] = place
    return locations
