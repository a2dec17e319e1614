"""Snapshots for syrupy: one file each, with the ending that editors know it by."""

from __future__ import annotations

from functools import cache
from typing import Any

from syrupy.extensions.single_file import SingleFileSnapshotExtension, WriteMode

from tilewright_compiler.output import plan_text
from tilewright_compiler.plan.model import Plan


@cache
def file_snapshot(ending: str) -> type[SingleFileSnapshotExtension]:
    """The extension for texts of a kind: `assert text ==
    snapshot(extension_class=file_snapshot("sql"))`.
    """

    class FileSnapshot(SingleFileSnapshotExtension):
        """A text in a file with the ending that was asked for."""

        _write_mode = WriteMode.TEXT
        file_extension = _file_extension = ending  # its name before and since syrupy 5

    return FileSnapshot


class PlanSnapshot(file_snapshot("json")):  # type: ignore[misc]
    """A plan as the compiler writes it."""

    def serialize(self, data: Any, **options: Any) -> str:
        """The text of plan.json; anything but a plan is a mistake of the test."""
        if not isinstance(data, Plan):
            raise TypeError(
                f"plan_snapshot compares plans, not {type(data).__name__}. Compile the GroupBy "
                "first (compile_plans)."
            )
        return plan_text(data)
