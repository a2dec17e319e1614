"""Snapshots for syrupy, in files with known endings."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cache
from typing import Any

from syrupy.assertion import SnapshotAssertion
from syrupy.extensions.single_file import SingleFileSnapshotExtension, WriteMode

from tilewright_compiler.diff import compare
from tilewright_compiler.output import plan_text
from tilewright_compiler.plan.model import Plan

from ..errors import PlanError
from ..plans import plan_of_document


@cache
def file_snapshot(ending: str) -> type[SingleFileSnapshotExtension]:
    """Make the extension for texts of a kind.

    `assert text == snapshot(extension_class=file_snapshot("sql"))` compares with a `.sql` file.
    """

    class FileSnapshot(SingleFileSnapshotExtension):
        """A text in a file with the given ending."""

        _write_mode = WriteMode.TEXT
        file_extension = _file_extension = ending  # its name before and since syrupy 5

    return FileSnapshot


class PlanSnapshot(file_snapshot("json")):  # type: ignore[misc]
    """A plan as the compiler writes it."""

    def serialize(self, data: Any, **options: Any) -> str:
        """Write the text of plan.json; refuse anything but a plan."""
        if not isinstance(data, Plan):
            raise TypeError(
                f"plan_snapshot compares plans, not {type(data).__name__}. Compile the GroupBy "
                "first (compile_plans)."
            )
        return plan_text(data)


def changes_since(snapshot: SnapshotAssertion) -> Iterator[str]:
    """Say in words how plans differ from their snapshots.

    Gives the lines of `tilewright diff` for each comparison that failed.
    """
    for compared in snapshot.executions.values():
        if compared.success or compared.recalled_data is None or compared.asserted_data is None:
            continue
        try:
            reviewed = _plan(compared.recalled_data, compared.snapshot_location)
        except (PlanError, ValueError) as error:
            yield f"The snapshot is no plan that this version reads: {error}"
            continue
        yield from compare(reviewed, _plan(compared.asserted_data, "the plan")).lines()


def _plan(text: str | bytes, place: str) -> Plan:
    return plan_of_document(json.loads(text), place)
