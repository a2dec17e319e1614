"""One target a file, found by its name: each turns a plan into files."""
