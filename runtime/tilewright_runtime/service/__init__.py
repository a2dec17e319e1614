"""The HTTP service: features of plans for clients of any language."""
