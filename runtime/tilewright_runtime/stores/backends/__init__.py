"""The stores, one a file, found by their URLs' schemes."""
