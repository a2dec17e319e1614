"""Changes of answers and settings, which stored tiles survive."""

from __future__ import annotations

from collections.abc import Iterator

from tilewright.windows import format_duration

from ..humanize import format_bytes, one_line, requested
from ..plan.model import Derivation, Feature, Plan
from .parts import changed_fields, pair
from .verdicts import Change, Verdict

#: Fields of a feature that say how its value is made and not which it is.
_OF_COVERS = {"levels_ms", "rule", "states"}

#: Where the author wrote it, which changes nothing.
_PLACE = {"declared"}
#: What a derivation reads stands in its expression too.
_READ = {"declared", "features"}


def feature_changes(old: Plan, new: Plan) -> Iterator[Change]:
    """Compare the features, by name."""
    features = pair(_features(old), _features(new))
    for name in features.gone:
        what = f"feature {name} is gone"
        yield Change(Verdict.OTHER_ANSWERS, what, "requests no longer answer it")
    for name, feature in features.new.items():
        yield Change(Verdict.COMPATIBLE, f"feature {name} is new", _asks(feature))
    for name, (before, after) in features.both.items():
        one, other = before.model_dump(exclude=_PLACE), after.model_dump(exclude=_PLACE)
        if one != other:
            same = all(one[field] == other[field] for field in one.keys() - _OF_COVERS)
            verdict = Verdict.COMPATIBLE if same else Verdict.OTHER_ANSWERS
            yield Change(verdict, f"feature {name}", "; ".join(changed_fields(one, other)))


def _features(plan: Plan) -> dict[str, Feature]:
    return {feature.name: feature for feature in plan.features}


def _asks(feature: Feature) -> str:
    window = "all of the past" if feature.window_ms is None else format_duration(feature.window_ms)
    by = "" if feature.bucket is None else f" by {one_line(feature.bucket)}"
    origin = (
        f"tiles of {format_duration(feature.levels_ms[-1])}" if feature.levels_ms else "raw events"
    )
    return f"{feature.operation} of {one_line(feature.input)}{by} over {window}, from {origin}"


def derivation_changes(old: Plan, new: Plan) -> Iterator[Change]:
    """Compare the derivations, by name."""
    derivations = pair(_derivations(old), _derivations(new))
    for name in derivations.gone:
        what = f"derivation {name} is gone"
        yield Change(Verdict.OTHER_ANSWERS, what, "requests no longer answer it")
    for name, derivation in derivations.new.items():
        why = one_line(f"{derivation.sql}, {derivation.type}")
        yield Change(Verdict.COMPATIBLE, f"derivation {name} is new", why)
    for name, (before, after) in derivations.both.items():
        one, other = before.model_dump(exclude=_READ), after.model_dump(exclude=_READ)
        if one != other:
            changed = changed_fields(one, other)
            yield Change(Verdict.OTHER_ANSWERS, f"derivation {name}", "; ".join(changed))


def _derivations(plan: Plan) -> dict[str, Derivation]:
    return {derivation.name: derivation for derivation in plan.derivations}


def setting_changes(old: Plan, new: Plan) -> Iterator[Change]:
    """Compare the settings and what a request reads."""
    if old.online != new.online:
        yield Change(
            Verdict.COMPATIBLE, "the plan goes online" if new.online else "the plan goes offline"
        )
    for part in ("late", "flink", "store", "monitoring"):
        for field in changed_fields(
            getattr(old, part).model_dump(), getattr(new, part).model_dump()
        ):
            yield Change(Verdict.COMPATIBLE, f"{part}: {field}")
    before, after = old.cost.typical, new.cost.typical
    if before != after:
        what = f"a request reads {requested(before)}, {format_bytes(before.bytes)}"
        yield Change(
            Verdict.COMPATIBLE, f"{what} -> {requested(after)}, {format_bytes(after.bytes)}"
        )
