"""Targets, one a file, each found by its name.

Each turns a plan into files.
"""
