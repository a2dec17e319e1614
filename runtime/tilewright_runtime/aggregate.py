"""Raw rows to the partial tiles of a level: the plan's SQL in DuckDB, its answer as a block."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from tilewright_compiler.plan import Plan, Source

from .block import Block
from .errors import InputError
from .keys import entity_encoder
from .layout import NEWEST, NUMPY_DTYPES, SEQUENCE, START, layout_of
from .moments import of_values
from .sketches import variable_kinds
from .stores import TileKeys

#: What the session must be for the plan's SQL to mean the same everywhere.
SESSION = ("SET TimeZone = 'UTC'", "SET error_on_division_by_zero = false", "SET preserve_insertion_order = false")

_KEY_TOO_LONG = "the key is longer than the store allows"


@dataclass(frozen=True)
class Refused:
    """A row that cannot be used: its number in the input and why."""

    row: int
    reason: str


@dataclass(frozen=True)
class LevelTiles:
    """Tiles of one level, ordered by entity and start: their keys and their content, place by place."""

    keys: TileKeys
    block: Block


def source_of(plan: Plan, name: str | None) -> Source:
    """The source of a name, or the only one. Raises InputError if there is none, or several and no name."""
    sources = {source.name: source for source in plan.sources}
    if name is None and len(sources) == 1:
        return next(iter(sources.values()))
    if name not in sources:
        asked = "which source the events are of is not said" if name is None else f"{name!r} is not a source of {plan.name}"
        raise InputError(f"{asked}: it has {', '.join(sources)}. Name one with --source (in Python: source=).")
    return sources[name]


class Aggregator:
    """A DuckDB session that turns batches of raw rows into tiles, one batch at a time."""

    def __init__(self, plan: Plan, max_entity_bytes: int) -> None:
        self.plan = plan
        self.layout = layout_of(plan)
        self.kinds = variable_kinds(plan, self.layout)
        self._max_entity_bytes = max_entity_bytes - len(plan.name.encode())
        self._key_names = [f"key:{key.name}" for key in plan.keys]
        self._encode = entity_encoder(plan.keys)
        self._entities: dict[tuple[Any, ...], str] = {}
        self._connection = duckdb.connect()
        for setting in SESSION:
            self._connection.execute(setting)
        self._statements = {source: _split(scripts["duckdb"]) for source, scripts in plan.sql.items()}

    def close(self) -> None:
        """Ends the session."""
        self._connection.close()

    def load(self, source: str, rows: pa.Table) -> int:
        """Reads, filters and selects a batch; returns how many rows the author's filters left out."""
        self._tile_query = self._statements[source][1]
        self._connection.register("batch", rows)
        self._connection.execute(self._statements[source][0])
        self._connection.unregister("batch")
        self._refuse_long_keys()
        return len(rows) - int(self._value("SELECT count(*) FROM events"))

    def _value(self, query: str) -> Any:
        return self._connection.execute(query).fetchall()[0][0]

    def _refuse_long_keys(self) -> None:
        keys = ", ".join(_quoted(key.name) for key in self.plan.keys)
        sizes = " + ".join(f"strlen(CAST({_quoted(key.name)} AS VARCHAR))" for key in self.plan.keys)
        # Percent-encoding makes a byte three at most, so shorter keys need not be looked at one by one.
        if 3 * (self._value(f'SELECT max({sizes}) FROM events WHERE "__reason" IS NULL') or 0) < self._max_entity_bytes - 4 * len(
            self.plan.keys
        ):
            return
        distinct = self._connection.sql(f'SELECT DISTINCT {keys} FROM events WHERE "__reason" IS NULL').to_arrow_table()
        long = [row for row in distinct.to_pylist() if len(self._encode(list(row.values()))) > self._max_entity_bytes]
        if long:
            self._connection.register("long_keys", pa.Table.from_pylist(long, schema=distinct.schema))
            same = " AND ".join(f"events.{_quoted(key.name)} = long_keys.{_quoted(key.name)}" for key in self.plan.keys)
            self._connection.execute(f'UPDATE events SET "__reason" = $reason FROM long_keys WHERE {same}', {"reason": _KEY_TOO_LONG})
            self._connection.unregister("long_keys")

    def refused(self) -> list[Refused]:
        """The rows of the loaded batch that cannot be used."""
        if not self._value('SELECT count("__reason") FROM events'):
            return []
        found = self._connection.execute('SELECT "__row", "__reason" FROM events WHERE "__reason" IS NOT NULL ORDER BY "__row"')
        return [Refused(row, reason) for row, reason in found.fetchall()]

    def tiles(self, size_ms: int) -> LevelTiles:
        """The loaded batch as tiles of one level."""
        table = self._connection.sql(self._tile_query, params={"tile_ms": size_ms}).to_arrow_table().combine_chunks()
        entities, entity = self._entity_texts(table)
        starts = table["__start"].to_numpy()
        order = np.lexsort((starts, entity))
        block = self._block(table.take(pa.array(order)))
        keys = TileKeys(self.plan.name, size_ms, entities, entity[order].tolist(), starts[order].tolist())
        return LevelTiles(keys, block)

    def _entity_texts(self, table: pa.Table) -> tuple[list[str], NDArray[np.int64]]:
        """The distinct entities in the order of their texts, and each row's place among them."""
        codes = np.zeros(len(table), dtype=np.int64)
        dictionaries = [pc.dictionary_encode(table[name].combine_chunks()) for name in self._key_names]
        for encoded in dictionaries:
            codes = codes * max(len(encoded.dictionary), 1) + encoded.indices.to_numpy()
        _, firsts, inverse = np.unique(codes, return_index=True, return_inverse=True)
        columns = [encoded.take(pa.array(firsts)).to_pylist() for encoded in dictionaries]
        texts = [self._entity(values) for values in zip(*columns, strict=True)]
        places = np.array(sorted(range(len(texts)), key=texts.__getitem__), dtype=np.int64)
        rank = np.empty_like(places)
        rank[places] = np.arange(len(places))
        return [texts[i] for i in places.tolist()], rank[inverse]

    def _entity(self, values: tuple[Any, ...]) -> str:
        text = self._entities.get(values)
        if text is None:
            if len(self._entities) >= _REMEMBERED_ENTITIES:
                self._entities.clear()
            text = self._entities[values] = self._encode(values)
        return text

    def _block(self, table: pa.Table) -> Block:
        layout = self.layout
        rows = np.zeros((len(table), layout.words), dtype=np.int64)
        rows[:, SEQUENCE] = table["__events"].to_numpy()
        rows[:, NEWEST] = table["__newest"].to_numpy()
        rows[:, START] = table["__start"].to_numpy()
        identities = layout.identities()
        for name, dtype in self._fixed_columns():
            word = layout.names[name]
            column = table[name].combine_chunks()
            if column.null_count:
                column = pc.fill_null(column, identities[word])
            rows.view(NUMPY_DTYPES[dtype])[:, word] = column.to_numpy(zero_copy_only=False)
        for moments in layout.moments:
            values = table[f"{moments.state}.values"].combine_chunks()
            counts = pc.fill_null(pc.list_value_length(values), 0).to_numpy().astype(np.int64)
            full = np.flatnonzero(counts)
            starts = (np.cumsum(counts) - counts)[full]
            found = of_values(values.flatten().to_numpy(), starts, counts[full], moments.order)
            rows.view(np.float64)[full, moments.start : moments.stop] = np.column_stack(found)
        return Block(rows, {name: kind.build(table[name].combine_chunks()) for name, kind in self.kinds.items()})

    def _fixed_columns(self) -> Sequence[tuple[str, str]]:
        return [(f"{column.state}.{column.field}", column.dtype) for column in self.plan.tile_layout.columns if column.merge != "moments"]


#: Entities whose texts are remembered from batch to batch.
_REMEMBERED_ENTITIES = 1 << 20


def _split(script: str) -> tuple[str, str]:
    events, tiles = (statement.query for statement in duckdb.extract_statements(script))
    return events, tiles


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
