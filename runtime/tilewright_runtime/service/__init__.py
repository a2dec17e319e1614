"""Serves features over HTTP, to clients of any language."""
