"""The plan: what the compiler writes and everything runs from."""

from __future__ import annotations

from typing import Any, Final, Literal

from .checks import Positive, Real
from .cost import Cost
from .digests import digest, stored_content, whole_content
from .layout import KeyLayout, TileLayout
from .part import Part, field
from .script import Partials, Script
from .settings import Flink, Late, Monitoring, Serving, Store

PLAN_VERSION: Final = 2

#: What chunks of raw events have in text keys where tiles have their size.
EVENTS_NAME = "events"


class Column(Part):
    """A named column and its DuckDB type."""

    name: str
    """What it is called; any text."""
    type: str
    """Its DuckDB type."""


class Source(Part):
    """Where events come from, as the author wrote it.

    Expressions stay in the author's dialect.
    """

    #: A plan that says nothing of its files and ids keeps the fingerprint that it had before it
    #: could.
    _left_out = ("delimiter", "null_values", "event_id", "event_id_horizon_ms")

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
    null_values: list[str] = field(default_factory=list)
    """Texts that stand for no value; left out where there are none, as `delimiter` is."""
    dialect: str
    """The SQL dialect of the expressions."""
    columns: list[Column] = field(alias="schema")
    """The columns that are used, as rows have them."""
    selects: dict[str, str]
    """What is taken of a row: an expression for each name."""
    wheres: list[str]
    """Conditions that an event fulfils, all of them."""
    time_column: str
    """The expression of the event time."""
    declared: str | None = None
    """The author's file and line, as in `clicks.py:14`; null where it is unknown."""
    event_id: str | None = None
    """The expression that tells events apart; null where none are passed over as duplicates."""
    event_id_horizon_ms: Positive | None = None
    """How much later than an event the newest one is when its id is forgotten; null without ids."""

    @property
    def column_names(self) -> list[str]:
        """The names of the columns that are used."""
        return [column.name for column in self.columns]


class State(Part):
    """Mergeable statistics of one input column.

    `type` is the DuckDB type of its values. `many` says that the column holds lists: `type` is then
    that of their elements, each of which counts at its event's time.
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
        """Name its subject, as in `each of tags VARCHAR`."""
        column = f"each of {self.input}" if self.many else self.input
        bucket = "" if self.bucket is None else f" by {self.bucket}"
        return f"{column} {self.type}{bucket}"


class Level(Part):
    """One tile size of the ladder.

    `ttl_ms` is null where tiles are kept for ever.
    """

    size_ms: Positive
    """The length of a tile; each divides the next coarser one."""
    ttl_ms: Positive | None
    """How long a tile is kept after its start; null for ever."""


class EventLog(Part):
    """Raw events, kept in chunks of a key.

    A chunk holds those in [start, start + size_ms).
    """

    size_ms: Positive
    """How long a chunk is."""
    ttl_ms: Positive | None
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
    window_ms: Positive | None
    """The length of the window; null for a lifetime."""
    levels_ms: list[Positive]
    """The tile sizes of the cover, coarsest first; the last is that of the edge; none without
    tiles.
    """
    edge: Literal["sawtooth", "prorate", "truncate", "exact"]
    """What becomes of the tile that the window's old end cuts."""
    edge_ms: Positive | None
    """The size of that tile; null for a lifetime."""
    rule: str
    """Which rule chose that size."""
    states: list[str]
    """The ids of the states that it is computed from, in the order that the operation has them."""
    max_edge_error: Real
    """That tile as a part of the window: by how much an answer may be off at most; 0 for a
    lifetime.
    """
    default: Any = None
    """The value of an empty window, as JSON has it; null for the operation's own."""
    declared: str | None = None
    """The author's file and line, as in `clicks.py:14`; null where it is unknown."""


class Derivation(Part):
    """A value computed from the features that it names.

    It is DuckDB SQL, and null where it cannot be computed.
    """

    name: str
    """Its key in an answer."""
    features: list[str]
    """The features that it reads."""
    sql: str
    """Its expression in DuckDB SQL."""
    type: str
    """Its DuckDB type."""
    declared: str | None = None
    """The author's file and line, as in `clicks.py:14`; null where it is unknown."""


class Plan(Part):
    """Everything needed to write and fetch a GroupBy."""

    #: A plan that says nothing of serving keeps the fingerprint that it had before it could.
    _left_out = ("serving",)

    plan_version: Literal[2]
    """The version of this format."""
    name: str
    """The GroupBy's, dotted."""
    fingerprint: str
    """The digest of the whole plan but the two fingerprints."""
    storage_fingerprint: str
    """The digest of what stored tiles depend on; a store holds tiles of one."""
    declared: str | None = None
    """The author's file and line, as in `clicks.py:14`; null where it is unknown."""
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
    serving: Serving = field(default_factory=Serving)
    """How good an answer has to be; left out where the author does not say."""
    monitoring: Monitoring
    """What alerts are made from."""
    cost: Cost
    """What a request and an entity cost."""

    def fingerprints(self) -> dict[str, str]:
        """Compute both fingerprints, by the names of their keys."""
        content = self.model_dump()
        return {
            "fingerprint": digest(whole_content(content)),
            "storage_fingerprint": digest(stored_content(content)),
        }

    def content_fingerprint(self) -> str:
        """Digest what the plan does.

        That is all but the two fingerprints, and the author's lines. A plan that was edited no
        longer fits its digest.
        """
        return self.fingerprints()["fingerprint"]

    def digest_of_storage(self) -> str:
        """Digest what stored tiles depend on."""
        return self.fingerprints()["storage_fingerprint"]

    def storage_parts(self) -> dict[str, str]:
        """Digest each part of what stored tiles depend on."""
        content = stored_content(self.model_dump())
        parts = {
            "keys": [content["name"], content["keys"], content["key_layout"]["entity"]],
            "states": [content["states"], content["tile_layout"]],
            "levels": [content["levels"], content.get("events")],
            "expressions": content["sources"],
        }
        return {name: digest(part) for name, part in parts.items()}
