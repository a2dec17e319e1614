"""The catalogue of diagnostics, with their causes and remedies.

`python -m tilewright_compiler.frontend.catalogue > docs/reference/diagnostics.md` writes the page
from it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Severity = Literal["error", "warning"]

#: What `compile --strict` fails for: edge errors, tiles and bytes above their budgets.
BUDGETS = frozenset({"TW040", "TW041", "TW046"})


@dataclass(frozen=True)
class Entry:
    """A kind of problem.

    Errors stop the compilation, warnings do not.
    """

    title: str
    cause: str
    remedy: str
    severity: Severity = "error"


CATALOGUE: dict[str, Entry] = {
    "TW001": Entry(
        "a file cannot be loaded",
        "Running the file raised an exception, or the file cannot be read. Its own GroupBys are "
        "left out; the other files are compiled.",
        "Correct the line that is named: it is the last line of this file that ran before the "
        "exception.",
    ),
    "TW002": Entry(
        "a file is not Python",
        "The file has a syntax error.",
        "Correct the line that is named.",
    ),
    "TW003": Entry(
        "nothing to compile",
        "The path does not exist or is not a Python file, no file below the folder imports "
        "`tilewright`, or the file assigns no GroupBy. Files named `test_*`, `conftest.py` and "
        "`_*` and folders named `scripts` are not loaded.",
        "Name the file or folder that holds the declarations, and assign each GroupBy to a "
        "variable of its module.",
    ),
    "TW004": Entry(
        "a GroupBy has no name",
        "A GroupBy is named after its module and the variable that holds it. No variable holds "
        "this one.",
        "Assign it to a variable of its module, or give it `name=`.",
    ),
    "TW005": Entry(
        "the configuration is broken",
        "The file of `--config` cannot be read, is not YAML, or has a setting that does not exist "
        "or a value that does not fit.",
        "Correct the line that is named. For an unknown setting, the message suggests the nearest "
        "known one.",
    ),
    "TW006": Entry(
        "two things have one name",
        "Two GroupBys, sources, keys, columns, features or derivations share a name, or have "
        "names that differ only in case, which SQL and some file systems ignore.",
        "Rename one of them; GroupBys, sources and aggregations take `name=`.",
    ),
    "TW007": Entry(
        "a name cannot be used",
        "The name has characters that are not allowed here, or it begins with `__`, which the "
        "generated SQL keeps for itself. The name of a GroupBy becomes a folder's: it has at most "
        "200 characters, and does not begin with a device of Windows, as `con` and `aux.daily` "
        "do.",
        "Use letters, digits and `_`; the name of a GroupBy may have dots.",
    ),
    "TW008": Entry(
        "unknown argument",
        "The declaration has no argument of this name, or some arguments were given without names.",
        "Use the argument that the message suggests, and give all arguments by name.",
    ),
    "TW009": Entry(
        "an argument is missing",
        "The declaration cannot do without this argument.",
        "Add it.",
    ),
    "TW010": Entry(
        "an argument has a wrong value",
        "The value has another type than the argument takes, or lies outside the allowed range.",
        "Give a value as the message says. A single text where a list belongs goes into brackets.",
    ),
    "TW011": Entry(
        "a duration cannot be read",
        "A duration is a whole number and one of `s m h d w`, a `timedelta` or a `Window`. It is "
        "a whole number of seconds and at most a hundred years.",
        'Write one such as `"30s"`, `"5m"`, `"1h"`, `"7d"` or `"2w"`. For all of the past, leave '
        "`windows` out.",
    ),
    "TW012": Entry(
        "tile sizes do not divide each other",
        "The levels of a GroupBy form a ladder: each tile of a level is made of a whole number of "
        "tiles of the next finer one. Otherwise a cover of both would count some time twice or "
        "not at all.",
        "Use one of the sizes that the message names.",
    ),
    "TW013": Entry(
        "a tile is longer than its window",
        "The oldest tile of a window would hold more time than the window itself.",
        "Choose a tile size that is no longer than the window.",
    ),
    "TW014": Entry(
        "an operation is written wrongly",
        "The operation is not an `Operation.…`, or it lacks an argument or has one that it does "
        "not take.",
        "Write `Operation.SUM` or, with arguments, `Operation.TOP_K(5)`.",
    ),
    "TW015": Entry(
        "a lifetime needs tiles of a day",
        "A feature without windows reads every tile that there ever was. Tiles smaller than a day "
        "would be too many.",
        "Use a tile size of `1d` or more, or leave it out.",
    ),
    "TW020": Entry(
        "a column does not exist",
        "A key, an input or an expression reads a column that neither the schema nor the selects "
        "have, or writes a table in front of it; or a derivation reads a feature that the GroupBy "
        "does not have.",
        "Correct the name, or add the column to the schema or the selects.",
    ),
    "TW021": Entry(
        "a type does not exist",
        "A type of the schema is not one of Spark SQL's, or is one that sources cannot have.",
        "Use a type such as `string`, `bigint`, `double`, `decimal(12,2)`, `boolean`, `date` or "
        "`timestamp`, or a list of one such as `array<string>`.",
    ),
    "TW022": Entry(
        "a source has no readable schema",
        "The schema was left out, and the table is not a local file from which it could be read.",
        "List the columns that are used, with their types, in `schema=`.",
    ),
    "TW023": Entry(
        "an expression cannot be parsed",
        "The text is not one expression of the source's SQL dialect (Spark SQL unless "
        "`Query(dialect=…)` says otherwise).",
        "Correct it. Write exactly one expression, without `;`.",
    ),
    "TW024": Entry(
        "an expression is not allowed",
        "Expressions are computed for one row at a time, and again after a restart. So they "
        "cannot have subqueries, aggregates, window functions, `*`, parameters, or functions that "
        "give another value each time.",
        "Compute the value from the columns of the row, and aggregate with an Aggregation.",
    ),
    "TW025": Entry(
        "an expression has no type",
        "DuckDB cannot type the expression over the columns of the schema, or it is a bare null.",
        "Correct the types of its parts, or cast them.",
    ),
    "TW026": Entry(
        "a column of this type cannot be used here",
        "Keys must be scalars, inputs scalars or lists of scalars, wheres booleans, and times a "
        "timestamp, a date or a bigint of epoch milliseconds. A derivation must give what an "
        "answer can show: numbers, texts, booleans, dates, timestamps, and lists, maps and "
        "structs of them.",
        "Cast the expression to a type that fits.",
    ),
    "TW027": Entry(
        "an operation does not take this type",
        "The operation has no meaning for the type of the input column, such as the sum of a text.",
        "Cast the column in the selects, or use another operation.",
    ),
    "TW028": Entry(
        "sources do not fit together",
        "All sources of a GroupBy must give the same keys and inputs with the same types.",
        "Cast or rename columns in the selects of one of them.",
    ),
    "TW031": Entry(
        "a target cannot run this plan",
        "What `--target` names has no way to compute a part of the GroupBy, or none that is known "
        "to give the same values.",
        "Do what the message says, or leave the target out for this GroupBy: `tilewright write` "
        "runs every plan.",
    ),
    "TW040": Entry(
        "the edge of a window is coarse",
        "The oldest tile is a larger part of the window than `tiling.max_edge_error` allows, so "
        "an answer may be off by that part.",
        "Use a smaller `tile_size`, or raise `tiling.max_edge_error` if the error does not matter.",
        "warning",
    ),
    "TW041": Entry(
        "a window reads many tiles",
        "A request would read more tiles than `tiling.max_tiles_per_request`.",
        "Use a larger `tile_size`, or raise `tiling.max_tiles_per_request`.",
        "warning",
    ),
    "TW042": Entry(
        "nothing is known of the entities",
        "The strategy `adaptive` chooses tile sizes by how busy an entity is, and "
        "neither the GroupBy nor the configuration has `entity_stats`.",
        "Measure them with `tilewright stats PLAN FILE` and put what it prints into the "
        "configuration.",
        "warning",
    ),
    "TW043": Entry(
        "an operation cannot be prorated",
        '`edge="prorate"` counts the part of the edge tile that lies in the window. That has a '
        "meaning only for COUNT, SUM and AVERAGE: there is no part of a maximum or a percentile.",
        "Leave `edge` out for this aggregation, or use `truncate` or `exact`. If only the GroupBy "
        "says `prorate`, nothing is reported.",
        "warning",
    ),
    "TW044": Entry(
        "a setting of tiles has no effect",
        "Without `tiling_enabled=True`, in the GroupBy or the configuration, a GroupBy keeps its "
        "events. It has no tiles whose size or edge could be chosen.",
        "Enable tiles, or leave `tile_size` and `edge` out.",
        "warning",
    ),
    "TW045": Entry(
        "late events cannot be treated so",
        "`late=` says what becomes of late events. A tile is one record with the states of all "
        "aggregations, so it cannot be computed again and leave out what is late at once, and a "
        "column is counted in one way. Without tiles there is nothing to treat.",
        "Say the same `late` for all aggregations of a column, and either `recompute` or "
        "`approximate` in a GroupBy.",
    ),
    "TW046": Entry(
        "a request reads many bytes",
        "A request for all features would read more than `tiling.max_bytes_per_request` at worst.",
        "Use a larger `tile_size`, fewer or smaller sketches, or two GroupBys; or raise the "
        "budget.",
        "warning",
    ),
    "TW047": Entry(
        "a setting of tile sizes has no effect",
        "The configuration sets tile sizes in more than one way, and the first of `tile_size`, "
        "`tile_sizes` and `sizing_strategy` decides. The plan's rule of each feature says which.",
        "Leave out the one that is not meant: `tile_sizes` if `adaptive` should choose.",
        "warning",
    ),
    "TW050": Entry(
        "an online plan would lose its tiles",
        "The output folder holds an online plan of this name, and its stored tiles do not fit the "
        "new plan. `tilewright diff` shows all that changed.",
        "Compile to another folder and compare; or give the GroupBy another name, so that both "
        "can be read while you move; or pass `--allow-incompatible` if the tiles will be written "
        "again.",
    ),
}

_HEAD = """# Diagnostics

What `tilewright compile` can report. Each message says where, what, why and what to do; this page
says what lies behind a code. Errors stop the compilation, and then nothing is written; warnings do
not. `--format json` gives the same to tools.

<!-- Made by python -m tilewright_compiler.frontend.catalogue > docs/reference/diagnostics.md -->
"""


def page() -> str:
    """Write the page of the documentation, in Markdown."""
    index, entries = "", ""
    for code, entry in CATALOGUE.items():
        index += f"| [{code}](#{code.lower()}) | {entry.title} | {entry.severity} |\n"
        entries += f"\n## {code}\n**{entry.title}** ({entry.severity})\n\n{entry.cause}\n"
        entries += f"\nWhat to do: {entry.remedy}\n"
    return f"{_HEAD}\n| code | what | severity |\n|---|---|---|\n{index}{entries}"


if __name__ == "__main__":
    print(page(), end="")
