"""Texts that lie one after the other in some bytes."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from tilewright_runtime.readers.texts import Texts


@given(st.lists(st.sampled_from([b"", b"a", b"\r", b"bc"]), min_size=1), st.booleans())
@settings(max_examples=30)
def test_lines_are_those_that_newlines_end(lines: list[bytes], is_ended: bool) -> None:
    """The last line may do without."""
    if not is_ended and not lines[-1]:
        return  # what ends with a newline has no empty line behind it
    assert Texts.lines(b"\n".join(lines) + b"\n" * is_ended).cut() == lines


@given(st.lists(st.binary(max_size=3)))
@settings(max_examples=30)
def test_joined_texts_are_cut_as_they_were(texts: list[bytes]) -> None:
    """Empty ones too."""
    assert Texts.joined(texts).cut() == texts


def test_some_texts_are_cut_out() -> None:
    """Those at the places that are named."""
    assert Texts.lines(b"a\nb\nc").at(np.array([0, 2])).cut() == [b"a", b"c"]
