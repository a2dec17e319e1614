"""Tests of what the documentation says: its examples run, its links lead somewhere, its references
are complete.
"""
