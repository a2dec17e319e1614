"""Fetching: tiles into features."""
