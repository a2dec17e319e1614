"""Names and texts in SQL."""

from __future__ import annotations

import duckdb
import pytest

from tilewright_compiler.quoting import backquoted, literal, quoted

HOSTILE = ["a", 'a"b', '"', "it's", "a;--", "a\nb", "`", "ä"]


@pytest.mark.parametrize("text", HOSTILE)
def test_duckdb_reads_what_was_quoted(text: str) -> None:
    """A name and a text come back as they were."""
    relation = duckdb.connect().execute(f"SELECT {literal(text)} AS {quoted(text)}")
    assert (relation.description[0][0], relation.fetchall()) == (text, [(text,)])


def test_backquotes_are_doubled() -> None:
    """A backquote inside a name does not end it."""
    assert backquoted("a`b") == "`a``b`"
