"""One family of file formats a file, found by its name: how events are read of it.

Each module has `read(path, kind, source, position)`, which gives the batches after a position, and
`beginning(path, kind, source)`, which digests the first rows. A family of text has `read_text` too,
for text that is in no file.
"""
