"""The plan: what compiler and runtime share."""
