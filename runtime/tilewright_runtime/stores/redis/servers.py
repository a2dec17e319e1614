"""The servers of a database, and their keys."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import count

from ..filling import Server
from .commands import Commands


class Servers:
    """One server, or the primaries of a cluster.

    Only primaries that have keys count. A tag is the end of a key by which it lies on one of them.
    The slots of a cluster move, so tags are looked up each time that they are used.
    """

    def __init__(self, commands: Commands) -> None:
        self._commands = commands
        self._tags: dict[str, str] = {}

    def all_tags(self) -> list[str]:
        """Find a tag for each server."""
        if not self._commands.is_cluster:
            return [""]
        self._tags = self._commands.ask(self._find_tags)
        return list(self._tags.values())

    def tags(self, keys: Iterable[str]) -> list[str]:
        """Find a tag for each server that has keys."""
        if not self._commands.is_cluster:
            return [""]
        return self._commands.ask(lambda: self._tags_of({self._home(key) for key in keys}))

    def _tags_of(self, homes: Iterable[str]) -> list[str]:
        if any(home not in self._tags or self._home(self._tags[home]) != home for home in homes):
            self._tags = self._find_tags()
        return [self._tags[home] for home in homes]

    def _find_tags(self) -> dict[str, str]:
        slots = self._commands.client.nodes_manager.slots_cache
        homes = {nodes[0].name for nodes in slots.values()}
        tags: dict[str, str] = {}
        for number in count():
            if len(tags) == len(homes):
                return tags
            tag = f"::{{{number}}}"
            tags.setdefault(self._home(tag), tag)
        raise AssertionError("unreachable")

    def _home(self, key: str) -> str:
        name: str = self._commands.client.get_node_from_key(key).name
        return name


def server_of(seen: Sequence[bytes]) -> Server:
    """Read what the function `seen` says of a server.

    It follows the document.
    """
    _, run, evicted, role = seen
    return Server(run.decode(), int(evicted), role == b"master")
