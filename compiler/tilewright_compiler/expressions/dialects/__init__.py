"""Expressions in dialects other than Spark's."""
