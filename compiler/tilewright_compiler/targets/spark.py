"""Spark jobs: one that builds the tiles of history, one that follows a stream."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import sqlglot

from ..dialects import DIALECTS
from ..plan import Plan
from ..templates import sources
from ..tile_queries import TileQueries

_TEMPLATES = Path(__file__).parent / "templates" / "spark"
_SPARK = DIALECTS["spark"]


def unsupported(plan: Plan) -> list[str]:
    """What Spark SQL is not known to compute as the embedded writer does."""
    return TileQueries(plan, _SPARK).unsupported()


def files(plan: Plan) -> dict[str, str]:
    """`spark/job.py`, `spark/stream.py`, and how to run them."""
    queries = TileQueries(plan, _SPARK)
    jobs = [(one.name, queries.typed(one, f"raw_{one.name}"), queries.events(one, f"typed_{one.name}", True)) for one in plan.sources]
    given = {"plan": plan, "sources": jobs, "tiles": queries.tiles("events", plan.levels[-1].size_ms)}
    templates = sources(_TEMPLATES, sql=_triple_quoted)
    return {f"spark/{name}": templates.get_template(f"{name}.j2").render(given) for name in ("job.py", "stream.py", "README.md")}


@lru_cache(maxsize=1024)  # both jobs hold the same statements
def _triple_quoted(sql: str) -> str:
    """A statement as a literal of Python over several lines."""
    pretty = sqlglot.parse_one(sql, read="spark").sql("spark", pretty=True, copy=False)
    escaped = pretty.replace("\\", "\\\\").replace('"""', '\\"\\"\\"')
    return f'"""\n{escaped}\n"""'
