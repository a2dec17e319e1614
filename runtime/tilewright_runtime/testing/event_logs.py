"""Event logs, and whether an engine, a store or a reader gives the embedded writer's tiles of them.

An event log is a folder with one GroupBy in `features.py`, and events as JSON Lines in `1.jsonl`, `2.jsonl` and so on, in
the order of their arrival. For a plan of several sources the files are `1.{source}.jsonl`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from tilewright_compiler.compile import compile_paths
from tilewright_compiler.diagnostics import CompileError
from tilewright_compiler.plan import Plan

from ..aggregate import Aggregator
from ..readers import open_input
from ..readers.batch import Position
from ..stores import Range, Store, open_store
from ..writer import Writer
from .agreement import Tile, disagreements


@dataclass(frozen=True)
class Part:
    """A file of events of one source."""

    path: Path
    source: str


@dataclass(frozen=True)
class EventLog:
    """A folder that holds one."""

    folder: Path

    @cached_property
    def plan(self) -> Plan:
        """Its plan. Raises CompileError if it does not compile."""
        compilation = compile_paths([self.folder / "features.py"])
        if compilation.errors:
            raise CompileError(compilation.errors)
        (plan,) = compilation.plans
        return plan

    @cached_property
    def parts(self) -> list[Part]:
        """The files of events, in the order of their arrival."""
        files = sorted(self.folder.glob("*.jsonl"), key=lambda path: int(path.name.partition(".")[0]))
        return [Part(path, path.stem.partition(".")[2] or self.plan.sources[0].name) for path in files]

    @cached_property
    def expected(self) -> dict[Tile, bytes]:
        """The embedded writer's record of every tile."""
        store = open_store("memory:")
        with Writer(self.plan, store) as writer:
            for part in self.parts:
                writer.write(part.path, part.source)
        return self._read(store, self._touched())

    def disagreements(self, store: Store) -> list[str]:
        """What is wrong with the tiles in a store, a line each; empty if they are the embedded writer's."""
        return disagreements(self.plan, self.expected, self._read(store, self.expected))

    def _touched(self) -> list[Tile]:
        """Every tile that has an event."""
        aggregator = Aggregator(self.plan, 1 << 20)
        touched = []
        for part in self.parts:
            columns = next(source.columns for source in self.plan.sources if source.name == part.source)
            for batch in open_input(part.path).batches(columns, Position(""), final=True):
                aggregator.load(part.source, batch.table)
                for level in self.plan.levels:
                    keys = aggregator.tiles(level.size_ms).keys
                    touched += [Tile(level.size_ms, keys.entities[i], start) for i, start in zip(keys.entity, keys.starts_ms, strict=True)]
        aggregator.close()
        return touched

    def _read(self, store: Store, tiles: Iterable[Tile]) -> dict[Tile, bytes]:
        """The records of some tiles, and of all between those of an entity and one on either side, which should not be there."""
        starts: dict[tuple[int, str], list[int]] = {}
        for tile in tiles:
            starts.setdefault((tile.size_ms, tile.entity), []).append(tile.start_ms)
        found: dict[Tile, bytes] = {}
        for (size_ms, entity), of_entity in starts.items():
            span = Range(size_ms, min(of_entity) - size_ms, max(of_entity) + 2 * size_ms)
            (records,) = store.scan(self.plan.name, entity, [span])
            for record in records:
                # Word 4 of a record's header is the start of its tile.
                found[Tile(size_ms, entity, int.from_bytes(record[32:40], "little", signed=True))] = record
        return found
