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

#: Lines of a file that are looked at.
_FIRST = 100


def missing_columns(
    source: Source, events: Iterable[Mapping[str, Any]], which: str
) -> Iterator[str]:
    """Warn of columns missing from a sample of events.

    `which` names the sample in the plural. Without events there is no warning.
    """
    fields = {field for event in events for field in event}
    lacking = [column.name for column in source.columns if column.name not in fields]
    if fields and lacking:
        yield (
            f"warning: source {source.name}: {which} have no {', '.join(lacking)}, which is read "
            "as null. "
            f"They have {one_line(', '.join(sorted(fields)))}."
        )


def first_events(path: Path) -> Iterator[Mapping[str, Any]]:
    """Read JSON objects from the first lines of a file.

    The file is JSON Lines; of a folder it is the first file.
    """
    files = (
        [path]
        if path.is_file()
        else sorted(found for found in path.glob("**/*") if found.is_file())
    )
    for file in files[:1]:
        with file.open("rb") as lines:
            for line in islice(lines, _FIRST):
                with suppress(ValueError):
                    event = json.loads(line)
                    if isinstance(event, dict):
                        yield event


def input_locations(plan: Plan, given: Sequence[str]) -> dict[str, str]:
    """Map each source to the location of its events.

    A location is given as `NAME=PLACE` or, for a plan of one source, as `PLACE`.

    Raises InputError if a location has no source, or its source has one already.
    """
    names = [source.name for source in plan.sources]
    found: dict[str, str] = {}
    for text in given:
        name, _, place = text.partition("=")
        if name not in names:
            if len(names) > 1:
                raise InputError(
                    f"--events {text}: of which source? Write NAME=PLACE, with one of "
                    f"{', '.join(names)}."
                )
            name, place = names[0], text
        if name in found:
            raise InputError(
                f"--events {text}: those of {name} are said to be in {found[name]} already. Give "
                "one folder that has both."
            )
        found[name] = place
    return found
