"""Authors' files: how they are read, and their mistakes."""
