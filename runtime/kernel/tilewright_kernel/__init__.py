"""The arithmetic of Tilewright's fetches, in C++."""

from ._native import INTERFACE, Program, Tiles, most_frequent, quantiles, xxh32

__all__ = ["INTERFACE", "Program", "Tiles", "most_frequent", "quantiles", "xxh32"]
