"""What every reader refuses.

That is a changed prefix, an input that shrank, or a column that is not there.
"""

from __future__ import annotations

from collections.abc import Sequence

from tilewright_compiler.humanize import one_line

from ..errors import InputError

_CORRECTED = "Rows that were refused are added as a file of their own."


def require_columns(columns: Sequence[str], present: Sequence[str], hint: str = "") -> None:
    """Raise InputError unless every column is there.

    `hint` says why it may not be.
    """
    missing = [column for column in columns if column not in present]
    if missing:
        raise InputError(
            f"has no column {', '.join(missing)}; its columns are {one_line(', '.join(present))}."
            f"{hint and ' ' + hint}"
        )


def require_once(columns: Sequence[str], present: list[str]) -> None:
    """Raise InputError if a column is there twice."""
    for column in columns:
        if present.count(column) > 1:
            raise InputError(f"has the column {column} twice. Rename one of the two.")


def changed(before: str) -> InputError:
    """Make the error for an input that has changed.

    Its part that was read before is different now; `before` says how much that was.
    """
    return InputError(
        f"its first {before}, which were read before, are not the same any more, and tiles hold "
        "the old ones. Put back what was there, or write the changed input into a new store. "
        f"{_CORRECTED}"
    )


def shrunk(now: str, before: str) -> InputError:
    """Make the error for an input that has become shorter."""
    return InputError(
        f"has {now}, but {before} were read from it before. An input may only grow: write another "
        "one into a new store. If it is a log that was copied and truncated, name the copy too. "
        f"{_CORRECTED}"
    )


def cut_line(row: int) -> InputError:
    """Make the error for a last line that was cut.

    It was read as a row and turns out to have been half of one.
    """
    return InputError(
        f"its row {row:,} was its last line when it was read, without a newline, and was counted "
        "as it stood; now that line goes on, and what follows is not read. A file is named when it "
        "is whole: write the whole one into a new store."
    )
