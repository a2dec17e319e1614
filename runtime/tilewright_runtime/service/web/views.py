"""What the pages show, made ready for their templates."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from tilewright.windows import DAY_MS, HOUR_MS, format_duration
from tilewright_compiler.humanize import counted, format_ago
from tilewright_compiler.plan.model import Plan

from ...fetch.explain import Explanation
from ...fetch.serving import Serving
from ...operate.doctor import Examination
from ...operate.observations import usual_age_ms
from ...reports.explanation import cover_title, short
from ...reports.page import drawings
from ...reports.plan import PlanReport, report
from ...reports.text import kept_text, level_text
from ...stores.progress import Progress
from ...times import iso, now_ms

#: Where the slider of a plan's page begins and ends, in tiles of its coarsest level, and its steps.
_SLIDER_TILES, _SLIDER_STEPS = 2, 48
_LONGEST_SLIDER_MS = 2 * DAY_MS
#: Figures of an answer's quality that are points in time.
_MOMENTS = ("watermark_ms", "newest_event_ms", "head_end_ms")
#: Tiles of a window that are shown one by one.
_MOST_TILES = 12


@dataclass(frozen=True)
class FeatureLine:
    """A feature or derivation in the list of plans."""

    name: str
    type: str
    what: str
    used_by: Sequence[str]


def answer_names(plan: Plan) -> list[str]:
    """List the names of a plan's answers."""
    names = [feature.name for feature in plan.features]
    return names + [derivation.name for derivation in plan.derivations]


def freshness(plan: Plan, progress: Progress | None) -> tuple[str, bool]:
    """Say how old the newest event is.

    It also says whether that is too old, or the store did not tell.
    """
    if progress is None:
        return "the store cannot be read", True
    if progress.newest_ms is None:
        return "no events yet", False
    age_ms = now_ms() - progress.newest_ms
    return f"newest event {format_ago(age_ms)}", age_ms > usual_age_ms(plan)


def feature_lines(plan: Plan) -> list[FeatureLine]:
    """List a plan's answers, and where each is used."""
    lines = []
    for feature in plan.features:
        window = "lifetime" if feature.window_ms is None else format_duration(feature.window_ms)
        by = "" if feature.bucket is None else f" by {feature.bucket}"
        what = f"{feature.operation} of {feature.input}{by}, {window}"
        users = [one.name for one in plan.derivations if feature.name in one.features]
        lines.append(FeatureLine(feature.name, feature.type, what, users))
    for one in plan.derivations:
        lines.append(FeatureLine(one.name, one.type, f"derivation: {one.sql}", []))
    return lines


@dataclass(frozen=True)
class Slider:
    """The query times that a plan's page can show."""

    start_ms: int
    end_ms: int
    step_ms: int
    at_ms: int


def slider(plan: Plan, at_ms: int) -> Slider:
    """Choose query times around one.

    They span some tiles of the coarsest level. There the covers take every form that they have.
    """
    sizes = [level.size_ms for level in plan.levels] or [HOUR_MS]
    span_ms = min(_SLIDER_TILES * sizes[0], _LONGEST_SLIDER_MS)
    step_ms = max(1_000, span_ms // _SLIDER_STEPS)
    middle_ms = at_ms // step_ms * step_ms
    half_ms = _SLIDER_STEPS // 2 * step_ms
    return Slider(middle_ms - half_ms, middle_ms + half_ms, step_ms, at_ms)


def covers(plan: Plan, at_ms: int) -> list[dict[str, Any]]:
    """Draw the covers of a plan's windows at a time."""
    return drawings(report(plan, at_ms))


def plan_view(plan: Plan, at_ms: int) -> dict[str, Any]:
    """Make what the page of a plan shows."""
    plan_report: PlanReport = report(plan, at_ms)
    levels = []
    for one in plan_report.levels:
        kept, tiles, size = kept_text(one)
        windows = ", ".join(one.windows) or "heads only"
        levels.append((level_text(one), kept, tiles, size, windows))
    return {
        "plan": plan,
        "at": iso(at_ms),
        "slider": slider(plan, at_ms),
        "levels": levels,
        "lines": feature_lines(plan),
        "pictures": drawings(plan_report),
        "sources": plan.sources,
    }


def fetch_view(fetcher: Serving, explanation: Explanation) -> dict[str, Any]:
    """Make what the page shows of an explained fetch."""
    answer = explanation.answer
    seconds = explanation.seconds or 1e-9
    steps = []
    for step in explanation.steps:
        share = round(100 * step.seconds / seconds)
        steps.append((step.name, f"{step.seconds * 1e6:,.0f}", share, step.detail))
    windows = []
    for share_of in explanation.windows:
        tiles = []
        for tile in reversed(share_of.tiles[-_MOST_TILES:]):
            values = [short(tile.values[name]) for name in share_of.values]
            tiles.append((iso(tile.start_ms), format_duration(tile.size_ms), tile.events, values))
        hidden = share_of.omitted + len(share_of.tiles) - len(tiles)
        windows.append(
            {
                "title": cover_title(share_of, answer.at),
                "names": list(share_of.values),
                "tiles": tiles,
                "hidden": counted(hidden, "older tile") if hidden else "",
            }
        )
    features = [(name, short(value)) for name, value in answer.features.items()]
    quality = (answer.quality or {}).items()
    return {
        "at": iso(answer.at),
        "features": features,
        "quality": [(name, _quality_text(name, value)) for name, value in quality],
        "steps": steps,
        "total": f"{explanation.seconds * 1e6:,.0f}",
        "windows": windows,
        "plan": fetcher.plan,
    }


def _quality_text(name: str, value: Any) -> str:
    """Write one figure of an answer's quality."""
    return iso(value) if name in _MOMENTS and value is not None else short(value)


def doctor_view(plan: Plan, found: Examination) -> dict[str, Any]:
    """Make what the page shows of an examination."""
    diagnoses = []
    for diagnosis in found.diagnoses:
        verdicts = [check.finding.verdict for check in diagnosis.causes]
        checks = []
        for check in diagnosis.checks:
            finding = check.finding
            mark = ("ok", "warning", "critical")[int(finding.severity)]
            name = check.name.replace("_", " ")
            checks.append((mark, name, finding.verdict, finding.evidence, finding.remedy))
        title = diagnosis.complaint.replace("_", " ").capitalize()
        diagnoses.append((title, "; ".join(verdicts) or "no cause found", checks))
    return {"plan": plan, "at": iso(found.at_ms), "diagnoses": diagnoses}


def now_text() -> str:
    """Write the time of a page."""
    return iso(now_ms() // 1000 * 1000)
