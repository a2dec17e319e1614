"""For the tests of those who write features: a pytest plugin, and snapshots in files of their
own.
"""

from .plugin import CompilePlans, FeaturesOf

__all__ = ["CompilePlans", "FeaturesOf"]
