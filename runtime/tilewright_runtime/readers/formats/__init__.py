"""File formats: one family a file, found by its name.

Each module has `read(path, kind, source, position, grows)`, which gives the batches after a
position, `beginning(path, kind, source, grows)`, which digests the first rows, and
`is_begun(path, kind)`, which tells whether a file that is being written can be read yet. A family
of text has `read_text` too, for text that is in no file.
"""
