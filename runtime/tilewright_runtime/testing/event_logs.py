"""Event logs, to compare an engine's tiles with the writer's.

An event log is a folder with one GroupBy in `features.py`, and events as JSON Lines in `1.jsonl`,
`2.jsonl` and so on, in the order of their arrival. For a plan with several sources the files are
`1.{source}.jsonl`. Events that come too late for a stream are listed a second time, in `late.jsonl`
(or `late.{source}.jsonl`). An event is too late if its tile of the finest level ended longer than
the allowed lateness before the watermark. The watermark is the newest time of all earlier events,
less the allowed out-of-orderness.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from tempfile import TemporaryDirectory

from tilewright_compiler.compile import Compilation, compile_paths
from tilewright_compiler.frontend.diagnostics import CompileError
from tilewright_compiler.output import load_targets, render, unsupported, write
from tilewright_compiler.plan.model import Plan

from ..ingest.aggregation import Aggregator, source_of
from ..ingest.writer import Writer
from ..readers import open_input
from ..readers.batch import Position
from ..stores import Store, open_store
from ..tiles.header import start_of
from ..tiles.keys import Range
from .agreement import Tile, disagreements


@dataclass(frozen=True)
class Part:
    """A file of events of one source."""

    path: Path
    source: str


@dataclass(frozen=True)
class EventLog:
    """A folder that holds an event log."""

    folder: Path

    @cached_property
    def plan(self) -> Plan:
        """Compile the plan.

        Raises CompileError if it does not compile.
        """
        (plan,) = self._compilation.plans
        return plan

    def compile(self, out: Path, *targets: str) -> Path:
        """Write the plan and some targets' files; return their folder.

        The folder lies below `out`. Raises CompileError with each reason, as `tilewright compile`
        does, if a target cannot run the plan.
        """
        loaded = load_targets(targets)
        if reasons := unsupported(self._compilation, loaded):
            raise CompileError(reasons)
        write(str(out), render([self.plan], loaded.values()))
        return out / self.plan.name

    @cached_property
    def parts(self) -> list[Part]:
        """The files of events, in the order of their arrival."""
        files = sorted(
            self.folder.glob("[0-9]*.jsonl"), key=lambda path: int(path.name.partition(".")[0])
        )
        return [self._part(path) for path in files]

    @cached_property
    def late(self) -> list[Part]:
        """The files of events that come too late."""
        return [self._part(path) for path in sorted(self.folder.glob("late*.jsonl"))]

    @cached_property
    def expected(self) -> dict[Tile, bytes]:
        """The embedded writer's record of every tile."""
        return self._written(self.parts)

    @cached_property
    def expected_of_stream(self) -> dict[Tile, bytes]:
        """The embedded writer's record of every tile, without late events."""
        if not self.late:
            return self.expected
        with TemporaryDirectory() as folder:
            return self._written(self.in_time(Path(folder)))

    def in_time(self, folder: Path) -> list[Part]:
        """Copy the parts, without the late events, to a folder."""
        late = Counter((part.source, line) for part in self.late for line in _lines(part))
        copies = []
        for part in self.parts:
            copy = Part(folder / part.path.name, part.source)
            copies.append(copy)
            with copy.path.open("wb") as file:
                for line in _lines(part):
                    if late[part.source, line]:
                        late[part.source, line] -= 1
                    else:
                        file.write(line)
        for (_, line), count in late.items():
            if count:
                event = line.decode().rstrip()
                raise ValueError(
                    f"{self.folder}: an event in late.jsonl is in no part: {event}. Add it to the "
                    "part where it arrives."
                )
        return copies

    def disagreements(
        self, store: Store, *, stream: bool = False, parts: Sequence[Part] | None = None
    ) -> list[str]:
        """Compare a store's tiles with the embedded writer's.

        The list is empty if they agree. `stream` says whether the tiles should be those of a
        stream, without the late events; `parts` are the files whose tiles they should be, if not
        the log's.
        """
        expected = self.expected_of_stream if stream else self.expected
        if parts is not None:
            expected = self._written(parts)
        return disagreements(self.plan, expected, self._read(store, self.expected))

    @cached_property
    def _compilation(self) -> Compilation:
        compilation = compile_paths([self.folder / "features.py"])
        if compilation.errors:
            raise CompileError(compilation.errors)
        return compilation

    def _part(self, path: Path) -> Part:
        return Part(path, path.stem.partition(".")[2] or self.plan.sources[0].name)

    def _written(self, parts: Sequence[Part]) -> dict[Tile, bytes]:
        store = open_store("memory:")
        with Writer(self.plan, store) as writer:
            for part in parts:
                writer.write(part.path, part.source)
        return self._read(store, self._touched(parts))

    def _touched(self, parts: Sequence[Part]) -> list[Tile]:
        """List every tile that has an event."""
        aggregator = Aggregator(self.plan, 1 << 20)
        touched = []
        for part in parts:
            source = source_of(self.plan, part.source)
            for batch in open_input(part.path).batches(source, Position("")):
                loaded = aggregator.load(part.source, batch.table)
                for level in self.plan.levels:
                    keys = loaded.tiles(level.size_ms).keys
                    touched += [
                        Tile(level.size_ms, keys.entities[i], start)
                        for i, start in zip(keys.entity, keys.starts_ms, strict=True)
                    ]
        aggregator.close()
        return touched

    def _read(self, store: Store, tiles: Iterable[Tile]) -> dict[Tile, bytes]:
        """Read the records of tiles, and of those around them.

        Between the tiles of an entity, and one beyond on either side, there should be none.
        """
        starts: dict[tuple[int, str], list[int]] = {}
        for tile in tiles:
            starts.setdefault((tile.size_ms, tile.entity), []).append(tile.start_ms)
        stored: dict[Tile, bytes] = {}
        for (size_ms, entity), of_entity in starts.items():
            span = Range(size_ms, min(of_entity) - size_ms, max(of_entity) + 2 * size_ms)
            (records,) = store.scan(self.plan.name, entity, [span])
            for record in records:
                stored[Tile(size_ms, entity, start_of(record))] = record
        return stored


def _lines(part: Part) -> list[bytes]:
    return part.path.read_bytes().splitlines(keepends=True)
