"""The plan: what the compiler writes and everything else runs from."""

from __future__ import annotations

import hashlib
import json
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

PLAN_VERSION = 1

Dtype = Literal["i64", "f64"]
Merge = Literal["add", "min", "max", "first", "last", "moments"]


class _Part(BaseModel):
    """A frozen piece of a plan; unknown keys are an error, since they mean another version."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)


class Column(_Part):
    """A named column and its DuckDB type."""

    name: str
    type: str


class Source(_Part):
    """Where events come from, as the author wrote it; expressions stay in the author's dialect."""

    name: str
    table: str | None
    topic: str | None
    dialect: str
    columns: list[Column] = Field(alias="schema")
    selects: dict[str, str]
    wheres: list[str]
    time_column: str


class State(_Part):
    """Mergeable statistics of one input column; `type` is the DuckDB type of its values.

    `many` says that the column holds lists: `type` is that of their elements, each of which counts at its event's time.
    """

    id: str
    kind: str
    input: str
    type: str
    many: bool = False
    params: dict[str, int | str]

    @property
    def subject(self) -> str:
        """What it is a state of, in a reader's words: `each of tags VARCHAR`."""
        return f"{'each of ' * self.many}{self.input} {self.type}"


class Level(_Part):
    """One tile size of the ladder; `ttl_ms` is null where tiles are kept for ever."""

    size_ms: int
    ttl_ms: int | None


class Feature(_Part):
    """One value of an answer and how it is computed; `window_ms` is null for a lifetime."""

    name: str
    operation: str
    params: dict[str, Any]
    input: str
    type: str
    window_ms: int | None
    levels_ms: list[int]
    edge: Literal["sawtooth", "prorate", "truncate", "exact"]
    edge_ms: int | None
    rule: str
    states: list[str]
    max_edge_error: float
    default: Any = None


class Derivation(_Part):
    """A value computed from the features that it names, as DuckDB SQL; null where it cannot be computed."""

    name: str
    features: list[str]
    sql: str
    type: str


class KeyLayout(_Part):
    """How the key of a tile is written; tilewright_runtime.keys is the code of it."""

    text: str
    ordered: str
    entity: str
    tile_ids: dict[str, str]


class FixedColumn(_Part):
    """Eight bytes of the fixed block: one number of one state."""

    state: str
    field: str
    dtype: Dtype
    merge: Merge


class VariableField(_Part):
    """Bytes of changing length after the fixed block: a sketch or a text of one state."""

    state: str
    field: str


class TileLayout(_Part):
    """What a record holds after its header, in this order."""

    record_version: int
    columns: list[FixedColumn]
    variable: list[VariableField]
    compression: Literal["none", "snappy"]


class Late(_Part):
    """What becomes of events behind the watermark."""

    policy: Literal["delta", "recompute", "approximate"]
    allowed_lateness_ms: int
    out_of_orderness_ms: int


class Flink(_Part):
    """What a generated Flink job is started with; the embedded writer has no use for it."""

    checkpointing_interval_ms: int
    state_backend: str
    parallelism: int


class Store(_Part):
    """What the author's configuration says of the key-value store."""

    type: str
    ttl_multiplier: float
    compression: Literal["none", "snappy"]
    batch_size: int


class Monitoring(_Part):
    """Service levels that alerts are made from."""

    tile_write_sla_ms: int
    tile_fetch_sla_ms: int
    missing_tile_threshold: float


class Request(_Part):
    """What one fetch reads."""

    tiles: int
    bytes: int
    round_trips: int


class Recommendation(_Part):
    """What tiles of this size are worth for a window, by how many events a tile holds and how many tiles the window has."""

    window_ms: int
    size_ms: int
    tiling: Literal["NO_TILING", "STANDARD_TILING", "HIERARCHICAL_TILING"]
    events_per_tile: float
    tiles_per_window: float


class Cost(_Part):
    """Estimates: of one fetch and of what one entity occupies; then, as far as entities and requests are known, of all of them."""

    typical: Request
    worst: Request
    stored_bytes_per_entity: int | None
    stored_bytes: int | None = None
    tiles_per_second: float | None = None
    recommendations: list[Recommendation] = []


class Plan(_Part):
    """Everything that the writer, the fetcher and generated jobs need to know of a GroupBy."""

    plan_version: Literal[1]
    name: str
    fingerprint: str
    storage_fingerprint: str
    online: bool
    keys: list[Column]
    sources: list[Source]
    sql: dict[str, dict[str, str]]
    states: list[State]
    levels: list[Level]
    features: list[Feature]
    derivations: list[Derivation]
    key_layout: KeyLayout
    tile_layout: TileLayout
    late: Late
    flink: Flink
    store: Store
    monitoring: Monitoring
    cost: Cost

    def content_fingerprint(self) -> str:
        """The digest of all but the two fingerprints; a plan that was edited no longer has the one that it carries."""
        return digest(self.model_dump(by_alias=True, mode="json", exclude={"fingerprint", "storage_fingerprint"}))


def digest(content: Any) -> str:
    """16 hexadecimal digits of the SHA-256 of a JSON value in its canonical form: sorted keys, no spaces, UTF-8."""
    text = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()[:16]
