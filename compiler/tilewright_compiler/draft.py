"""A GroupBy on its way to a plan.

It has what the passes have found so far.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import chain

from tilewright.aggregation import Aggregation, Edge, LatePolicy
from tilewright.declaration import CallSite
from tilewright.group_by import GroupBy
from tilewright.source import EventSource
from tilewright.windows import Duration, duration_ms

from .expressions.binder import Binder
from .frontend.config import Config
from .frontend.diagnostics import Diagnostic, diagnostic
from .plan.layout import TileLayout
from .plan.model import Column, Derivation, Feature, Level, State
from .plan.script import Partials, Script
from .plan.types import element, family


@dataclass(frozen=True)
class FeatureSpec:
    """A declared feature: an aggregation for one window.

    The window may be all of the past, and it may be for one bucket column. `edge` is the edge mode
    that it gets.
    """

    name: str
    aggregation: Aggregation
    window_ms: int | None
    edge: Edge
    bucket: str | None = None

    @property
    def columns(self) -> list[str]:
        """The columns that it reads.

        They are its input and, if it has one, its bucket.
        """
        columns = [self.aggregation.input_column]
        return columns if self.bucket is None else [*columns, self.bucket]

    def type(self, columns: Mapping[str, str]) -> str:
        """Find the DuckDB type of its value.

        It follows from the types of the columns that it reads.
        """
        if self.edge == "prorate":
            value = "DOUBLE"
        else:
            kind = element(columns[self.aggregation.input_column])
            value = self.aggregation.operation.result(kind, family(kind) or "")
        return value if self.bucket is None else f"MAP({columns[self.bucket]}, {value})"


@dataclass(frozen=True)
class TileSize:
    """The size of a window's oldest tile, and its rule.

    The size is None for a lifetime. `rule` is the rule that chose it. `levels_ms` are the levels of
    the cover, coarsest first.
    """

    edge_ms: int | None
    rule: str
    levels_ms: tuple[int, ...] = ()


@dataclass(frozen=True)
class BoundSource:
    """A source with expressions in typed DuckDB SQL.

    `columns` are those that the expressions use, with the types that the author declared.
    """

    name: str
    source: EventSource
    schema: dict[str, str]
    columns: list[str]
    selects: dict[str, str]
    wheres: list[str]
    time: str
    types: dict[str, str]
    written: dict[str, str]
    event_id: str | None
    """The text that tells events apart, if any."""


@dataclass(frozen=True)
class Contents:
    """What tiles hold.

    They hold states, of which the features are made, in records of the layout.
    """

    states: list[State]
    features: list[Feature]
    layout: TileLayout


@dataclass(frozen=True)
class Scripts:
    """SQL that makes tiles, by source and dialect.

    The rest is what other engines go by.
    """

    by_source: dict[str, dict[str, Script]]
    tile_columns: list[str]
    partials: Partials | None


@dataclass
class Draft:
    """What is known of a GroupBy while it is checked.

    Each checking pass adds its part and reports what is wrong.
    """

    group_by: GroupBy
    name: str
    config: Config
    binder: Binder
    variables: Mapping[int, str] = field(default_factory=dict)
    base_dir: str | None = None
    root: str | None = None
    """The folder below which the author's files were found."""
    diagnostics: list[Diagnostic] = field(default_factory=list)

    features: list[FeatureSpec] = field(default_factory=list)
    sized: list[TileSize] = field(default_factory=list)
    sources: list[BoundSource] = field(default_factory=list)
    keys: list[Column] = field(default_factory=list)
    columns: dict[str, str] = field(default_factory=dict)
    """The types of the columns that features read: inputs and buckets."""
    late_policy: LatePolicy = "delta"
    approximate: list[str] = field(default_factory=list)
    """The inputs whose late values are left out."""
    derivations: list[Derivation] = field(default_factory=list)
    levels: list[Level] = field(default_factory=list)
    _below: dict[str, str] = field(default_factory=dict)
    """The paths of files below the folder, by their whole paths."""

    def __post_init__(self) -> None:
        """Prefer the GroupBy's own entity_stats to the configuration's."""
        own = self.group_by.entity_stats
        if own is not None and not own.problems:
            self.config = self.config.model_copy(update={"entity_stats": own})

    def report(self, code: str, site: CallSite, message: str) -> None:
        """Add a problem at the author's line."""
        self.diagnostics.append(diagnostic(code, site, message))

    def place(self, site: CallSite) -> str:
        """Name a line below the compiled folder, as `clicks.py:14`."""
        if site.file not in self._below:
            self._below[site.file] = _path_below(self.root, site.file)
        return f"{self._below[site.file]}:{site.line}"

    @property
    def feature_columns(self) -> list[str]:
        """The columns that features read, each once."""
        return list(dict.fromkeys(chain.from_iterable(f.columns for f in self.features)))

    @property
    def tiled(self) -> bool:
        """Whether there are tiles.

        The GroupBy may say so in two ways; otherwise the configuration does.
        """
        own = self.group_by.tiling_enabled
        if own is None:
            own = dict(self.group_by.serving_config or {}).get("tiling_enabled")
        return self.config.enabled if own is None else bool(own)

    @property
    def tile_size(self) -> Duration | None:
        """The tile size that the GroupBy itself asks for.

        It may say so in two ways.
        """
        if self.group_by.tile_size is not None:
            return self.group_by.tile_size
        return dict(self.group_by.serving_config or {}).get("tile_size")

    @property
    def max_ahead_ms(self) -> int:
        """How far an event may be ahead of the clock."""
        own = self.group_by.max_ahead
        return self.config.flink.max_ahead if own is None else duration_ms(own)

    @property
    def broken(self) -> bool:
        """Whether there was an error.

        Later passes would then miss what they need.
        """
        return any(d.severity == "error" for d in self.diagnostics)


def _path_below(root: str | None, path: str) -> str:
    """Name a file below a folder, or alone if elsewhere."""
    if root is not None:
        below = os.path.relpath(path, root)
        if not below.startswith(os.pardir):
            return below.replace(os.sep, "/")
    return os.path.basename(path)
