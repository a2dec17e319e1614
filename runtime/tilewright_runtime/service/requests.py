"""What a request asks for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple
from urllib.parse import parse_qsl

from tilewright.suggestions import nearest
from tilewright.windows import duration_ms
from tilewright_compiler.plan.model import Plan
from tilewright_compiler.plan.settings import OnMissing

from ..errors import FetchError, shown
from ..fetch.policy import ON_MISSING
from ..times import EARLIEST_MS, LATEST_MS, moment_ms
from .problems import RequestError

_OPTIONS = ("at", "features", "quality", "on_missing", "max_staleness")
_MEMBERS = {"keys", *_OPTIONS}
_FLAGS = {"true": True, "1": True, "false": False, "0": False}


class Options(NamedTuple):
    """How the keys of a request are to be answered."""

    at_ms: int | None = None
    """The query time; None takes everything written until now."""
    features: Sequence[str] | None = None
    """The features that are wanted; None for all."""
    quality: bool | None = None
    """Whether each row says how good it is; None: where it is not clean."""
    on_missing: OnMissing | None = None
    """What becomes of tiles that ought to be there; None: as the plan says."""
    max_staleness: str | None = None
    """How old the newest event that was written may be; None: as the plan says."""


#: What most requests have: keys, and perhaps a time.
_FEWEST = {"keys", "at"}
_NO_OPTIONS = Options()


class FeatureRequest(NamedTuple):
    """Keys of one GroupBy, and how to answer them."""

    keys: Sequence[Any]
    options: Options


def query_options(query: bytes) -> dict[str, Any]:
    """Read the options among the parameters of a URL.

    Raises RequestError for a parameter that is none.
    """
    options: dict[str, Any] = {}
    if not query:
        return options
    for name, value in parse_qsl(query.decode("latin-1"), keep_blank_values=True):
        if name == "features":
            options.setdefault(name, []).extend(part for part in value.split(",") if part)
        elif name == "quality":
            options[name] = _flag(value)
        elif name in _OPTIONS:
            options[name] = value
        else:
            raise RequestError(
                "bad_request", f"there is no parameter {name!r}. {nearest(name, _OPTIONS)}"
            )
    checked_options(options)
    return options


def _flag(value: str) -> bool:
    if value.lower() not in _FLAGS:
        raise RequestError("bad_value", f"quality {shown(value)} is neither true nor false.")
    return _FLAGS[value.lower()]


def feature_request(document: Any, defaults: Mapping[str, Any], most_keys: int) -> FeatureRequest:
    """Read what a body asks of one GroupBy.

    It is a list of key objects, or an object with `keys` and options, which win over the defaults.
    Raises RequestError.
    """
    keys, options = document, defaults
    if isinstance(document, dict):
        if not document.keys() <= _MEMBERS:
            _refuse_unknown(document, ("keys", *_OPTIONS))
        keys = document.get("keys")
        options = {**defaults, **document} if defaults else document
    if not isinstance(keys, list):
        raise RequestError(
            "bad_request",
            'there is no list of keys. Send [{"column": value}, …] or '
            '{"keys": [{"column": value}, …]}.',
        )
    if len(keys) > most_keys:
        raise RequestError(
            "too_many_keys",
            f"the request has {len(keys):,} keys, and {most_keys:,} are the most here.",
        )
    return FeatureRequest(keys, checked_options(options))


def several_requests(
    document: Any, defaults: Mapping[str, Any], most_keys: int
) -> dict[str, FeatureRequest | RequestError]:
    """Read a body that names several GroupBys.

    What is wrong with one of them stands in its place. Raises RequestError for what is wrong with
    all.
    """
    form = 'Send {"groupbys": {"NAME": [{"column": value}, …], …}}.'
    if not isinstance(document, dict):
        raise RequestError("bad_request", f"the body is no object. {form}")
    _refuse_unknown(document, ("groupbys", *_OPTIONS))
    options = dict(defaults) | document
    groupbys = options.pop("groupbys", None)
    if not isinstance(groupbys, dict) or not groupbys:
        raise RequestError("bad_request", f"the body names no GroupBys. {form}")
    checked_options(options)
    requests: dict[str, FeatureRequest | RequestError] = {}
    left = most_keys
    for name, part in groupbys.items():
        try:
            request = feature_request(part, options, left)
        except RequestError as wrong:
            if wrong.code == "too_many_keys":
                raise
            requests[name] = wrong
            continue
        left -= len(request.keys)
        requests[name] = request
    return requests


def _refuse_unknown(document: dict[str, Any], known: Sequence[str]) -> None:
    for name in document:
        if name not in known:
            raise RequestError(
                "bad_request", f"a request has no {shown(name)}. {nearest(name, known)}"
            )


def checked_options(options: Mapping[str, Any]) -> Options:
    """Check the types of options.

    Null stands for leaving one out, and other members are not looked at. Raises RequestError.
    """
    if options.keys() <= _FEWEST:
        return Options(_time(options["at"])) if "at" in options else _NO_OPTIONS
    at, features, quality, on_missing, max_staleness = map(options.get, _OPTIONS)
    if features is not None and not (isinstance(features, list) and all(map(_is_text, features))):
        raise RequestError("bad_value", "features is no list of names.")
    if quality is not None and not isinstance(quality, bool):
        raise RequestError("bad_value", f"quality {shown(quality)} is neither true nor false.")
    if on_missing is not None and on_missing not in ON_MISSING:
        text = on_missing if isinstance(on_missing, str) else shown(on_missing)
        raise RequestError(
            "bad_value", f"on_missing {text!r} is no policy. {nearest(text, ON_MISSING)}"
        )
    if max_staleness is not None:
        _require_duration(max_staleness)
    return Options(_time(at), features, quality, on_missing, max_staleness)


def _require_duration(text: Any) -> None:
    try:
        duration_ms(text)
    except (ValueError, TypeError) as wrong:
        raise RequestError("bad_value", f"max_staleness: {wrong}") from None


def _time(at: Any) -> int | None:
    if type(at) is int and EARLIEST_MS <= at < LATEST_MS:  # as most are
        return at
    if isinstance(at, float) and at.is_integer():  # JSON has one kind of numbers
        at = int(at)
    if at is None or isinstance(at, (int, str)):
        try:
            return None if at is None else moment_ms(at)
        except FetchError as wrong:
            raise RequestError("bad_value", str(wrong)) from None
    raise RequestError(
        "bad_value", f"at {shown(at)} is no time. Give epoch milliseconds or ISO 8601 text."
    )


def require_features(plan: Plan, names: Sequence[str] | None) -> None:
    """Require names that a plan has.

    Raises RequestError with the nearest name.
    """
    if names is None:
        return
    if not names:
        raise RequestError("bad_value", "features names none. Leave it out for all of them.")
    known = [feature.name for feature in plan.features]
    known += [derivation.name for derivation in plan.derivations]
    for name in names:
        if name not in known:
            raise RequestError(
                "bad_value", f"plan {plan.name} has no feature {name!r}. {nearest(name, known)}"
            )


def _is_text(value: Any) -> bool:
    return isinstance(value, str)
