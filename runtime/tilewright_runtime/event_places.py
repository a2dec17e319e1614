"""Where the events of a plan's sources are, as the options of generated jobs say it."""

from __future__ import annotations

from collections.abc import Sequence

from tilewright_compiler.plan import Plan

from .errors import InputError


def given_places(plan: Plan, given: Sequence[str]) -> dict[str, str]:
    """source -> where its events are: `NAME=PLACE` or, for a plan of one source, `PLACE`.

    Raises InputError for a place that is of no source, or of one that has one already.
    """
    names = [source.name for source in plan.sources]
    found: dict[str, str] = {}
    for text in given:
        name, _, place = text.partition("=")
        if name not in names:
            if len(names) > 1:
                raise InputError(f"--events {text}: of which source? Write NAME=PLACE, with one of {', '.join(names)}.")
            name, place = names[0], text
        if name in found:
            raise InputError(f"--events {text}: those of {name} are said to be in {found[name]} already. Give one folder that has both.")
        found[name] = place
    return found
