"""The plan: the compiler's door for everything that runs one."""

from .model import Plan

__all__ = ["Plan"]
