"""How many examples a slow property gets: a share of the profile's number, so that hunting reaches
it too.
"""

from __future__ import annotations

from hypothesis import settings


def few(share: int) -> settings:
    """Settings with one example for every `share` of the profile's."""
    return settings(max_examples=max(1, settings().max_examples // share))
