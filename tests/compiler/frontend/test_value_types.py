"""The types that values of files fit."""

from __future__ import annotations

from typing import Any

import pytest

from tilewright_compiler.frontend.value_types import type_of_json, type_of_texts


@pytest.mark.parametrize(
    ("values", "wanted"),
    [
        ([], "VARCHAR"),
        (["true", "False"], "BOOLEAN"),
        (["0", "-7", "+8"], "BIGINT"),
        (["9223372036854775807"], "BIGINT"),
        (["9223372036854775808"], "VARCHAR"),
        (["01234", "56789"], "VARCHAR"),
        (["1", "2.5"], "DOUBLE"),
        (["1e3", ".5", "NaN", "-inf"], "DOUBLE"),
        (["0.10"], "DOUBLE"),
        (["nan", "inf"], "VARCHAR"),
        (["1,5"], "VARCHAR"),
        (["1.5", "NA"], "VARCHAR"),
        (["2024-02-29"], "DATE"),
        (["2023-02-29"], "VARCHAR"),
        (["2024-02-29", "2024-03-01 10:00"], "TIMESTAMP"),
        (["2024-03-01T10:00:00.123456"], "TIMESTAMP"),
        (["2024-03-01T10:00:00Z"], "TIMESTAMP WITH TIME ZONE"),
        (["2024-03-01 10:00:00+02:00"], "TIMESTAMP WITH TIME ZONE"),
        (["2024-03-01 25:00:00"], "VARCHAR"),
        (["05/20/1987"], "VARCHAR"),
        (["20.05.1987"], "VARCHAR"),
        (["10:30:00"], "VARCHAR"),
        (["1.2.3"], "VARCHAR"),
        (["."], "VARCHAR"),
        (["e5"], "VARCHAR"),
        (["5\x1f"], "VARCHAR"),
        ([" 5", "6 "], "BIGINT"),
    ],
)
def test_texts_have_the_narrowest_type_that_all_of_them_fit(values: list[str], wanted: str) -> None:
    """A type that loses nothing, and that casts of the plan take; a code with a zero stays text."""
    assert type_of_texts(values) == wanted


@pytest.mark.parametrize(
    ("values", "wanted"),
    [
        ([], "VARCHAR"),
        ([True], "BOOLEAN"),
        ([1, 2], "BIGINT"),
        ([1, 2.5], "DOUBLE"),
        ([2**63], "VARCHAR"),
        (["1"], "VARCHAR"),
        ([1, "1"], "VARCHAR"),
        ([True, 1], "VARCHAR"),
        (["2024-03-01T10:00:00Z"], "TIMESTAMP WITH TIME ZONE"),
        (["2024-03-01"], "DATE"),
        ([{"os": "ios"}], "VARCHAR"),
        ([[1, 2], []], "BIGINT[]"),
        ([["a", None]], "VARCHAR[]"),
        ([[]], "VARCHAR[]"),
        ([[[1]]], "VARCHAR"),
        ([[{"a": 1}]], "VARCHAR"),
        ([[1], 1], "VARCHAR"),
    ],
)
def test_values_of_json_keep_the_kind_that_they_are_written_as(
    values: list[Any], wanted: str
) -> None:
    """A text of digits is a text; what has members is a text of JSON."""
    assert type_of_json(values) == wanted
