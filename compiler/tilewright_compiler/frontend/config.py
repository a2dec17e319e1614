"""The configuration file: how tiles are sized and kept."""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal, Self, TypeVar

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    WithJsonSchema,
    model_validator,
)

from tilewright.declaration import CallSite
from tilewright.documents import read_document
from tilewright.group_by import MOST, EntityFigures
from tilewright.windows import DAY_MS, LONGEST_MS, MINUTE_MS, duration_ms

from ..plan import settings
from ..plan.part import Part
from .config_mistakes import mistakes
from .diagnostics import CompileError, diagnostic

if TYPE_CHECKING:
    import yaml


CONFIG_FILE = "tilewright.yaml"


def _time_ms(value: object) -> object:
    # The file's own unit is milliseconds; a text is a duration such as "5m".
    return duration_ms(value) if isinstance(value, str) else value


def _fitting_sizes(sizes: dict[str, str]) -> dict[str, str]:
    """Refuse repeated windows, and tiles longer than their windows.

    Errata S5 has the rule.
    """
    seen: dict[int, str] = {}
    for window, size in sizes.items():
        if duration_ms(size) > duration_ms(window):
            raise ValueError(f"the tile {size} is longer than its window {window}")
        if (same := seen.setdefault(duration_ms(window), window)) != window:
            raise ValueError(f"{same} and {window} are the same window")
    return sizes


_DURATION = {"type": "string", "pattern": "^[0-9]+[smhdw]$", "examples": ["5m", "1h"]}
_MILLISECONDS = {"type": "integer", "minimum": 0, "maximum": LONGEST_MS}
_Size = Annotated[
    int, BeforeValidator(lambda value: duration_ms(value)), Field(gt=0), WithJsonSchema(_DURATION)
]
_Time = Annotated[
    int,
    BeforeValidator(_time_ms),
    Field(ge=0, le=LONGEST_MS),
    WithJsonSchema({"anyOf": [_MILLISECONDS, _DURATION]}),
]
_Sizes = Annotated[
    dict[str, str],
    AfterValidator(_fitting_sizes),
    WithJsonSchema(
        {
            "type": "object",
            "propertyNames": {"pattern": _DURATION["pattern"]},
            "additionalProperties": _DURATION,
        }
    ),
]


class _Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)

    parts: ClassVar[tuple[type[Part], ...]] = ()
    """The parts of a plan that have its keys, and say what they mean."""


_Part = TypeVar("_Part", bound=Part)


def of_section(part: type[_Part], section: _Section) -> _Part:
    """Make a part of a plan from the file's section.

    The section has the part's keys. A plan says of its times that they are milliseconds:
    `tile_fetch_sla_ms` is `tile_fetch_sla`.
    """
    return part(**{name: getattr(section, key_of(name)) for name in part.field_names()})


def key_of(field: str) -> str:
    """Name the key of a part's field in the file."""
    return field.removesuffix("_ms")


class EntityStats(EntityFigures, _Section):
    """How busy entities are whose GroupBys do not say so.

    `tilewright stats` measures the first two.
    """


class Flink(_Section):
    """Late events, and the settings of generated jobs."""

    parts = (settings.Flink, settings.Late)

    checkpointing_interval: _Time = MINUTE_MS
    state_backend: Literal["rocksdb", "hashmap", "forst"] = "rocksdb"
    parallelism: int = Field(default=1, ge=1, le=32_768)
    allowed_lateness: _Time = 5 * MINUTE_MS
    out_of_orderness: _Time = 0
    max_ahead: _Time = DAY_MS


class KvStore(_Section):
    """The store and how long tiles stay in it."""

    parts = (settings.Store,)

    type: settings.StoreType | None = None
    ttl_multiplier: float = Field(default=1.5, ge=1, le=1000)
    compression: Literal["none", "snappy"] = "snappy"
    batch_size: int = Field(default=50, ge=1, le=MOST)


class Monitoring(_Section):
    """Service levels, in milliseconds and as a share of tiles."""

    parts = (settings.Monitoring,)

    tile_write_sla: _Time = 1000
    tile_fetch_sla: _Time = 10
    missing_tile_threshold: float = Field(default=0.01, ge=0, le=1)


class Config(_Section):
    """The section `tiling` of the file."""

    enabled: bool = False
    """Whether GroupBys that do not say `tiling_enabled` have tiles."""
    sizing_strategy: Literal["hierarchical", "fixed", "hierarchical_map", "adaptive"] = (
        "hierarchical"
    )
    """How the size of a window's oldest tile is chosen."""
    tile_size: _Size | None = None
    """One size for all windows."""
    tile_sizes: _Sizes | None = None
    """The tile size of each listed window.

    Any other window takes the size of the shortest listed window that is not shorter.
    """
    max_tiles_per_request: int = Field(default=1000, ge=1, le=MOST)
    """The most tiles that a window may read without a warning.

    The strategy adaptive keeps to it.
    """
    max_bytes_per_request: int | None = Field(default=None, ge=1, le=MOST)
    """The most bytes that a request for all features may read at worst without a warning.

    There is no limit by default.
    """
    max_edge_error: float = Field(default=1 / 12, gt=0, le=1)
    """The largest part of a window that its oldest tile may be without a warning."""
    entity_stats: EntityStats | None = None
    """How busy entities are."""
    flink: Flink = Flink()
    """Streams and generated Flink jobs."""
    kv_store: KvStore = KvStore()
    """The store of tiles."""
    monitoring: Monitoring = Monitoring()
    """Service levels."""

    @model_validator(mode="after")
    def _fixed_has_a_size(self) -> Self:
        if self.sizing_strategy == "fixed" and self.tile_size is None and not self.tile_sizes:
            raise ValueError("the sizing_strategy fixed needs a tile_size. Say one, such as 1h")
        return self


class ConfigFile(_Section):
    """The whole file."""

    tiling: Config = Config()
    """All settings."""


def find_config(paths: Iterable[str]) -> str | None:
    """Find the `tilewright.yaml` that lies beside what is compiled.

    It lies in the folder of a path or in the nearest one above, up to the current folder.

    Raises CompileError if two paths have different ones.
    """
    by_real_path = {
        os.path.realpath(file): file for file in map(_nearest_file, paths) if file is not None
    }
    if len(by_real_path) > 1:
        first, second, *_ = sorted(by_real_path.values())
        raise CompileError(
            [
                diagnostic(
                    "TW005",
                    CallSite(first, 0),
                    f"and {second} both lie beside what is compiled. Name one with --config.",
                )
            ]
        )
    return next(iter(by_real_path.values()), None)


def _nearest_file(path: str) -> str | None:
    here = os.getcwd()
    folder = os.path.abspath(path if os.path.isdir(path) else os.path.dirname(path))
    while True:
        if os.path.isfile(file := os.path.join(folder, CONFIG_FILE)):
            return file
        # Not above the current folder: what lies there is not this repository's.
        if folder == here or not folder.startswith(here.rstrip(os.sep) + os.sep):
            return None
        folder = os.path.dirname(folder)


def load_config(path: str) -> Config:
    """Read a configuration file.

    Raises CompileError with every mistake at its line.
    """
    tree, content = _read_yaml(path)
    try:
        return ConfigFile.model_validate({} if content is None else content).tiling
    except ValidationError as error:
        raise CompileError(mistakes(error, ConfigFile, path, tree)) from None


def _read_yaml(path: str) -> tuple[yaml.Node | None, Any]:
    """Read a file of YAML as nodes and as values.

    The nodes know their lines.
    """
    import yaml

    try:
        text = read_document(path).decode()
        return yaml.compose(text, Loader=yaml.SafeLoader), yaml.safe_load(text)
    except OSError as error:
        what, line = f"cannot be read: {error.strerror}. Name a file of YAML with --config.", 0
    except UnicodeDecodeError:
        what, line = "is not UTF-8 text. Save it as UTF-8.", 0
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        what = f"not YAML: {getattr(error, 'problem', None) or error}. Correct this line."
        line = mark.line + 1 if mark else 0
    except RecursionError:
        what, line = "is nested too deeply to be read. Settings are two or three deep.", 0
    except (ValueError, OverflowError) as error:
        # Of a scalar that looks like a date or a number, and is none.
        what, line = f"has a value that cannot be read: {error}. Correct it, or quote it.", 0
    raise CompileError([diagnostic("TW005", CallSite(path, line), what)])
