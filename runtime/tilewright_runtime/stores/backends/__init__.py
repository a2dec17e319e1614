"""The stores, one a file, found by the scheme of their URL."""
