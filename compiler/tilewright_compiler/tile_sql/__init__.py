"""SQL that makes tiles of events."""
