"""Writing: events into tiles, and tiles into stores."""
