"""Tiles in Redis over TLS: the store of `redis`, by the scheme that says how it is reached."""

from __future__ import annotations

from .redis import open_url

__all__ = ["open_url"]
