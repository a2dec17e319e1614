"""File formats: one family a file, found by its name.

Each module has `read(path, kind, source, position)`, which gives the batches after a position, and
`beginning(path, kind, source)`, which digests the first rows. A family of text has `read_text` too,
for text that is in no file.
"""
