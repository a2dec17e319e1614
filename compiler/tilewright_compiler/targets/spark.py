"""Spark jobs: one builds history's tiles, one follows a stream."""

from __future__ import annotations

from pathlib import Path

from ..plan.model import Plan
from ..sql.dialects import DIALECTS
from ..sql.select import Select
from ..templates import Code, sources
from ..tile_sql.queries import TileQueries

_TEMPLATES = Path(__file__).parent / "templates" / "spark"
_SPARK = DIALECTS["spark"]


def unsupported(plan: Plan) -> list[str]:
    """List what Spark SQL may compute in another way.

    That is what it is not known to compute as the embedded writer does.
    """
    return TileQueries(plan, _SPARK).unsupported()


def files(plan: Plan) -> dict[str, str]:
    """`spark/job.py`, `spark/stream.py`, and how to run them."""
    queries = TileQueries(plan, _SPARK)
    jobs = [
        (
            one.name,
            _triple_quoted(queries.typed(one, f"raw_{one.name}")),
            _triple_quoted(queries.events(one, f"typed_{one.name}", True)),
        )
        for one in plan.sources
    ]
    given = {
        "plan": plan,
        "sources": jobs,
        "tiles": _triple_quoted(queries.tiles("events", plan.levels[-1].size_ms)),
    }
    templates = sources(_TEMPLATES)
    return {
        f"spark/{name}": templates.get_template(f"{name}.j2").render(given)
        for name in ("job.py", "stream.py", "README.md")
    }


def _triple_quoted(query: Select) -> Code:
    """A statement as a literal of Python over several lines."""
    escaped = "\n".join(query.lines()).replace("\\", "\\\\").replace('"""', '\\"\\"\\"')
    return Code(f'"""\n{escaped}\n"""')
