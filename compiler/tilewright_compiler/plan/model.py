"""The plan: what the compiler writes and everything else runs from."""

from __future__ import annotations

import hashlib
import json
from typing import Any, Final, Literal

from pydantic import Field, SerializerFunctionWrapHandler, model_serializer

from .part import Part
from .script import Partials, Script

PLAN_VERSION: Final = 2

#: What chunks of raw events have in text keys where tiles have their size.
EVENTS_NAME = "events"

Dtype = Literal["i64", "f64"]


class Column(Part):
    """A named column and its DuckDB type."""

    name: str
    """What it is called; any text."""
    type: str
    """Its DuckDB type."""


class Source(Part):
    """Where events come from, as the author wrote it; expressions stay in the author's dialect."""

    name: str
    """By which the command line and the store's positions know it."""
    table: str | None
    """The history: a file, a glob or a warehouse table, relative to the author's file; null if
    there is none.
    """
    topic: str | None
    """The stream that continues it; null if there is none."""
    delimiter: str | None = None
    """What separates the fields of CSV files; null for a comma, or a tab in `.tsv`."""
    null_values: list[str] = Field(default_factory=list)
    """Texts that stand for no value; left out where there are none, as `delimiter` is."""
    dialect: str
    """The SQL dialect of the expressions."""
    columns: list[Column] = Field(alias="schema")
    """The columns that are used, as rows have them."""
    selects: dict[str, str]
    """What is taken of a row: an expression for each name."""
    wheres: list[str]
    """Conditions that an event fulfils, all of them."""
    time_column: str
    """The expression of the event time."""

    @model_serializer(mode="wrap")
    def _without_defaults(self, serialize: SerializerFunctionWrapHandler) -> dict[str, Any]:
        # A plan that says nothing of its files keeps the fingerprint that it had before it could.
        document: dict[str, Any] = serialize(self)
        for name in ("delimiter", "null_values"):
            if not document[name]:
                del document[name]
        return document


class State(Part):
    """Mergeable statistics of one input column; `type` is the DuckDB type of its values.

    `many` says that the column holds lists: `type` is that of their elements, each of which counts
    at its event's time.
    """

    id: str
    """Unique in the plan; the features and the tile layout name it."""
    kind: str
    """A row of the compiler's table of states."""
    input: str
    """The column that it is of."""
    type: str
    """The DuckDB type of one value of the input."""
    many: bool = False
    """Whether the input holds lists, each element of which counts at its event's time."""
    bucket: str | None = None
    """The column for each of whose values it is kept; null where it is kept of all events."""
    params: dict[str, int | str]
    """What the kind needs to know, such as the size of a sketch."""

    @property
    def subject(self) -> str:
        """What it is a state of, in a reader's words: `each of tags VARCHAR by country`."""
        return (
            f"{'each of ' * self.many}{self.input} "
            f"{self.type}{f' by {self.bucket}' if self.bucket is not None else ''}"
        )


class Level(Part):
    """One tile size of the ladder; `ttl_ms` is null where tiles are kept for ever."""

    size_ms: int
    """The length of a tile; each divides the next coarser one."""
    ttl_ms: int | None
    """How long a tile is kept after its start; null for ever."""


class EventLog(Part):
    """Raw events, kept in chunks [start, start + size_ms) of a key."""

    size_ms: int
    """How long a chunk is."""
    ttl_ms: int | None
    """How long a chunk may be asked for; null where chunks are kept for ever."""
    columns: list[Column]
    """`__ts`, the time in milliseconds, and the inputs that are asked for exactly, with their
    bucket columns.
    """


class Feature(Part):
    """One value of an answer and how it is computed.

    With a `bucket` the value is a map from that column's values, and `type` that map's.
    """

    name: str
    """Its key in an answer."""
    operation: str
    """The bare name of the operation, in upper case."""
    params: dict[str, Any]
    """The arguments of the operation."""
    input: str
    """The column that is aggregated."""
    bucket: str | None = None
    """The column whose values the answer is a map from; null where the answer is of all events."""
    type: str
    """The DuckDB type of the value."""
    window_ms: int | None
    """The length of the window; null for a lifetime."""
    levels_ms: list[int]
    """The tile sizes of the cover, coarsest first; the last is that of the edge; none without
    tiles.
    """
    edge: Literal["sawtooth", "prorate", "truncate", "exact"]
    """What becomes of the tile that the window's old end cuts."""
    edge_ms: int | None
    """The size of that tile; null for a lifetime."""
    rule: str
    """Which rule chose that size."""
    states: list[str]
    """The ids of the states that it is computed from, in the order that the operation has them."""
    max_edge_error: float
    """That tile as a part of the window: by how much an answer may be off at most; 0 for a
    lifetime.
    """
    default: Any = None
    """The value of an empty window, as JSON has it; null for the operation's own."""


class Derivation(Part):
    """A value computed from the features that it names, as DuckDB SQL; null where it cannot be
    computed.
    """

    name: str
    """Its key in an answer."""
    features: list[str]
    """The features that it reads."""
    sql: str
    """Its expression in DuckDB SQL."""
    type: str
    """Its DuckDB type."""


class KeyLayout(Part):
    """How the key of a tile is written; tilewright_runtime.tiles.keys is the code of it."""

    text: str
    """The form for stores of text keys."""
    ordered: str
    """The form for stores that keep order, in words."""
    entity: str
    """How the values of the key columns become one text, in words."""
    tile_ids: dict[str, str]
    """How a tile's start is written, by the unit that its size is a multiple of."""


class FixedColumn(Part):
    """Eight bytes of the fixed block: one number of one state."""

    state: str
    """The id of the state."""
    field: str
    """Which number of the state."""
    dtype: Dtype
    """How the eight bytes are read, little-endian."""
    merge: str
    """How two tiles' numbers become one: `add`, `min` or `max`, or a merge of the whole state, such
    as `first` or `moments`.
    """


class VariableField(Part):
    """Bytes of changing length after the fixed block: a sketch or a text of one state."""

    state: str
    """The id of the state."""
    field: str
    """Which part of the state."""


class BucketLayout(Part):
    """What a record keeps for each value of a bucket column: a small record in the same order,
    without a header.
    """

    column: str
    """The bucket column."""
    type: str
    """Its DuckDB type."""
    columns: list[FixedColumn]
    """The fixed block of each small record, in order."""
    variable: list[VariableField]
    """What follows it, in order."""


class TileLayout(Part):
    """What a record holds after its header, in this order; `buckets` are fields of changing length
    after `variable`.
    """

    record_version: int
    """The version of the record's format."""
    columns: list[FixedColumn]
    """The fixed block, in order."""
    variable: list[VariableField]
    """What follows it, in order."""
    buckets: list[BucketLayout] = Field(default=[])
    """What follows them: for each bucket column a table of its values, as one field of changing
    length.
    """
    compression: Literal["none", "snappy"]
    """Of the variable fields, where it saves bytes."""


class Late(Part):
    """What becomes of events behind the watermark."""

    policy: Literal["delta", "recompute", "approximate"]
    """Late events are merged (`delta`), or their tiles computed again, or flagged."""
    allowed_lateness_ms: int
    """How long after its end a tile still takes events."""
    out_of_orderness_ms: int
    """By how much the watermark is behind the newest event."""


class Flink(Part):
    """What a generated Flink job is started with; the embedded writer has no use for it."""

    checkpointing_interval_ms: int
    """How often the job makes a checkpoint."""
    state_backend: str
    """Where the job keeps its open tiles."""
    parallelism: int
    """In how many slots the job runs."""


class Store(Part):
    """What the author's configuration says of the key-value store."""

    type: str
    """The kind of the store."""
    ttl_multiplier: float
    """By how much longer tiles are kept than the windows need."""
    compression: Literal["none", "snappy"]
    """Of the variable fields of records."""
    batch_size: int
    """How many keys one request to the store asks for at most."""


class Monitoring(Part):
    """Service levels that alerts are made from."""

    tile_write_sla_ms: int
    """A tile is written within this time."""
    tile_fetch_sla_ms: int
    """A request is answered within this time."""
    missing_tile_threshold: float
    """The share of tiles that may be missing."""


class Request(Part):
    """What one fetch reads: tiles, and chunks of raw events."""

    tiles: int
    """How many tiles may exist."""
    chunks: int
    """How many chunks of raw events may exist."""
    bytes: int
    """The size of their records."""
    round_trips: int
    """How often the store is asked."""


class Recommendation(Part):
    """What tiles of this size are worth for a window, by how many events a tile holds and how many
    tiles the window has.
    """

    window_ms: int
    """The length of the window."""
    size_ms: int
    """The size of its edge tiles."""
    tiling: Literal["NO_TILING", "STANDARD_TILING", "HIERARCHICAL_TILING"]
    """What is advised."""
    events_per_tile: float
    """How many events of an entity a tile stands for."""
    tiles_per_window: float
    """How many tiles the window has."""


class Cost(Part):
    """Estimates: of one fetch and of what one entity occupies; then, as far as entities and
    requests are known, of all of them.
    """

    typical: Request
    """A request for all features, at most times."""
    worst: Request
    """A request for all features, at the worst time."""
    chunk_bytes: int | None
    """The size of a chunk of raw events; null where none are kept."""
    max_tiles_per_request: int
    """The budget of tiles: a window that reads more is warned of."""
    max_edge_error: float
    """The budget of edge errors: an oldest tile that is a larger part of its window is warned of.
    """
    stored_bytes_per_entity: int | None
    """With an event in every tile; null where tiles are kept for ever."""
    stored_bytes: int | None = None
    """The same of all entities; null while their number is not known."""
    tiles_per_second: float | None = None
    """Read by all requests; null while their rate is not known."""
    recommendations: list[Recommendation] = Field(default=[])
    """For each window, where it is known how busy entities are."""


class Plan(Part):
    """Everything that the writer, the fetcher and generated jobs need to know of a GroupBy."""

    plan_version: Literal[2]
    """The version of this format."""
    name: str
    """The GroupBy's, dotted."""
    fingerprint: str
    """The digest of the whole plan but the two fingerprints."""
    storage_fingerprint: str
    """The digest of what stored tiles depend on; a store holds tiles of one."""
    online: bool
    """Whether the features are served, so that stored tiles are not to be lost."""
    keys: list[Column]
    """The columns that name an entity."""
    sources: list[Source]
    """Where events come from."""
    sql: dict[str, dict[str, Script]]
    """By source and dialect: the script that turns raw rows into tiles."""
    tile_columns: list[str]
    """The columns of a row of a tile, in the order in which every engine's query gives them."""
    partials: Partials | None
    """How partial tiles of a stream engine become tiles; null where none can make them."""
    states: list[State]
    """What a tile keeps."""
    levels: list[Level]
    """The ladder of tile sizes, coarsest first."""
    events: EventLog | None
    """The raw events that are kept beside the tiles or instead of them; null where none are."""
    features: list[Feature]
    """What an answer holds, in its order."""
    derivations: list[Derivation]
    """What follows the features in an answer, in its order."""
    key_layout: KeyLayout
    """How tiles are found in a store."""
    tile_layout: TileLayout
    """How a tile is written."""
    late: Late
    """How late events are taken."""
    flink: Flink
    """How a generated Flink job is started."""
    store: Store
    """How a store is used."""
    monitoring: Monitoring
    """What alerts are made from."""
    cost: Cost
    """What a request and an entity cost."""

    def content_fingerprint(self) -> str:
        """The digest of all but the two fingerprints; a plan that was edited no longer has the one
        that it carries.
        """
        return digest(
            self.model_dump(
                by_alias=True, mode="json", exclude={"fingerprint", "storage_fingerprint"}
            )
        )


def digest(content: Any) -> str:
    """16 hexadecimal digits of the SHA-256 of a JSON value in its canonical form: sorted keys, no
    spaces, UTF-8.
    """
    text = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()[:16]
