"""The families of states, one a file, found by name."""
