"""Key columns, as options of commands give them."""

from __future__ import annotations

from collections.abc import Sequence

import click


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
