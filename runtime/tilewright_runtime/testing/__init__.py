"""Tests of features: a pytest plugin, and snapshots in files."""

from .plugin import CompilePlans, FeaturesOf

__all__ = ["CompilePlans", "FeaturesOf"]
