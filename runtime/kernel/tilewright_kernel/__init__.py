"""The arithmetic of Tilewright's fetches, in C++."""

from ._native import INTERFACE, Program, Tiles, quantiles, xxh32

__all__ = ["INTERFACE", "Program", "Tiles", "quantiles", "xxh32"]
