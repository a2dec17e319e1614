"""Whether fetches are traced, with OpenTelemetry.

Nothing here imports OpenTelemetry: who wants spans has set a provider, and so imported its API.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

from .context import FetchContext, FetchState

if TYPE_CHECKING:
    from opentelemetry.trace import Tracer

    from .spans import FetchSpans

_API = "opentelemetry.trace"


def is_traced() -> bool:
    """Tell whether a provider is set."""
    return _API in sys.modules and _active_tracer() is not None


def spans_of(context: FetchContext, states: Sequence[FetchState]) -> FetchSpans | None:
    """Prepare a fetch's spans, if a provider is set."""
    tracer = _active_tracer() if _API in sys.modules else None
    if tracer is None:
        return None
    from .spans import FetchSpans  # only who traces needs it

    return FetchSpans(tracer, context, states)


def _active_tracer() -> Tracer | None:
    """Give the tracer of the provider that is set."""
    api = sys.modules[_API]
    provider = api.get_tracer_provider()
    if isinstance(provider, api.ProxyTracerProvider):  # nobody has set one
        return None
    tracer: Tracer = provider.get_tracer("tilewright")
    return tracer
