"""Tiles in Redis over TLS: the store of `redis`."""

from __future__ import annotations

from .redis import open_url

__all__ = ["open_url"]
