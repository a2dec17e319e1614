"""Records in tests: the keys that they stand under, and their content."""

from __future__ import annotations

from collections.abc import Sequence

from tilewright_runtime.tiles.block import Block
from tilewright_runtime.tiles.header import START, start_of
from tilewright_runtime.tiles.keys import TILES, Kind, TileKeys
from tilewright_runtime.tiles.records import Names, RecordCodec


def keys_of(
    starts_ms: Sequence[int],
    table: str = "things",
    entity: str = "s=a",
    size_ms: int = 300_000,
    kind: Kind = TILES,
) -> TileKeys:
    """The keys of some tiles of one entity and level."""
    return TileKeys(table, size_ms, [entity], [0] * len(starts_ms), list(starts_ms), kind)


def names_of(keys: TileKeys) -> Names:
    """Names records by their keys, and misplaced ones if they are of one of the entities."""
    levels = [(keys.kind, keys.size_ms)]
    return Names(keys.name, keys.table, keys.entities, levels)


def encoded(codec: RecordCodec, block: Block) -> list[bytes]:
    """The records of a block of tiles of one entity."""
    return codec.encode(block, keys_of(block.rows[:, START].tolist()))


def decoded(codec: RecordCodec, records: Sequence[bytes], **key: object) -> Block:
    """The tiles of some records of one entity, each at the start that it names itself."""
    starts = [start_of(record) for record in records]
    keys = keys_of(starts, **key)  # type: ignore[arg-type]
    return codec.decode_block(records, keys, names_of(keys))
