"""Writes the pages as files.

They show the plans and their covers, without a store or a service.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from urllib.parse import quote

from tilewright_compiler.plan.model import Plan

from ...times import iso
from .pages import STATIC, render, static
from .views import answer_names, covers, plan_view, slider

#: Query times whose covers a page brings along for its slider.
_TIMES = 13


def export(plans: Sequence[Plan], folder: Path, at_ms: int) -> None:
    """Write the pages of some plans into a folder.

    Files of the same names are replaced; no other is touched.
    """
    (folder / "plans").mkdir(parents=True, exist_ok=True)
    (folder / "static").mkdir(exist_ok=True)
    for name in STATIC:
        (folder / "static" / name).write_bytes(static(name).body)
    listed = [(plan, answer_names(plan), ("", False)) for plan in plans]
    index = render("plans.html", root=".", ending=".html", plans=listed, store=None)
    (folder / "index.html").write_bytes(index)
    for plan in plans:
        shown = plan_view(plan, at_ms)
        moments = [(iso(time_ms), covers(plan, time_ms)) for time_ms in _times_ms(plan, at_ms)]
        page = render("plan.html", root="..", ending=".html", moments=moments, **shown)
        (folder / "plans" / f"{quote(plan.name, safe='')}.html").write_bytes(page)


def _times_ms(plan: Plan, at_ms: int) -> list[int]:
    """Spread query times over what the slider spans."""
    span = slider(plan, at_ms)
    step_ms = (span.end_ms - span.start_ms) // (_TIMES - 1)
    return [span.start_ms + step_ms * index for index in range(_TIMES)]
