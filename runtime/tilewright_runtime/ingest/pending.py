"""What a commit has changed, until another store has it."""

from __future__ import annotations

import json
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa

from tilewright_compiler.plan.model import Plan

from ..tiles.keys import TileKeys, kind_and_size, signed_size


@dataclass(frozen=True)
class Pending:
    """The tiles that the last commit changed.

    It has the number of events before and after the commit, and is committed with its tiles. The
    next commit comes only after they were delivered, so one is enough.
    """

    before: int = 0
    after: int = 0
    changed: list[TileKeys] = field(default_factory=list)
    swapped: int = 0
    """How many of these levels, the last ones, are of tiles that were computed again."""

    def to_bytes(self) -> bytes:
        """Encode what was changed.

        It is a line of JSON, then a table of Arrow for each level with the entity and the start of
        each tile.
        """
        head = {
            "before": self.before,
            "after": self.after,
            "swapped": self.swapped,
            "levels": [[keys.table, signed_size(keys.kind, keys.size_ms)] for keys in self.changed],
        }
        sink = pa.BufferOutputStream()
        schema = pa.schema({"entity": pa.dictionary(pa.int32(), pa.string()), "start": pa.int64()})
        with pa.ipc.new_stream(sink, schema) as stream:
            for keys in self.changed:
                entities = pa.DictionaryArray.from_arrays(
                    pa.array(keys.entity, pa.int32()), pa.array(keys.entities, pa.string())
                )
                stream.write_batch(
                    pa.record_batch([entities, pa.array(keys.starts_ms, pa.int64())], schema=schema)
                )
        written: bytes = sink.getvalue().to_pybytes()
        return json.dumps(head).encode() + b"\n" + written

    def without(self, entity: str) -> Pending:
        """Leave the tiles of an entity out."""
        changed = []
        for keys in self.changed:
            others = [name for name in keys.entities if name != entity]
            stay = np.flatnonzero([keys.entities[i] != entity for i in keys.entity])
            tiles = keys.take(stay)
            indices = [others.index(keys.entities[i]) for i in tiles.entity]
            changed.append(tiles.copied(entities=others, entity=indices))
        return Pending(self.before, self.after, changed, self.swapped)

    @classmethod
    def from_bytes(cls, document: bytes) -> Pending:
        """Undo `to_bytes`."""
        line, _, written = document.partition(b"\n")
        head = json.loads(line)
        batches = pa.ipc.open_stream(written)
        changed = []
        for (table, signed), batch in zip(head["levels"], batches, strict=True):
            kind, size_ms = kind_and_size(signed)
            entities, starts_ms = batch["entity"], batch["start"].to_pylist()
            changed.append(
                TileKeys(
                    table,
                    size_ms,
                    entities.dictionary.to_pylist(),
                    entities.indices.to_pylist(),
                    starts_ms,
                    kind,
                )
            )
        return cls(head["before"], head["after"], changed, int(head.get("swapped", 0)))


def outbox_name(plan: Plan) -> str:
    """Name the document of what a commit has changed."""
    return f"outbox/{plan.name}"
