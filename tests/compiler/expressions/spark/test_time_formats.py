"""Patterns of times: Java's letters in DuckDB's."""

from __future__ import annotations

import pytest

from tilewright_compiler.expressions.spark.time_formats import read
from tilewright_compiler.sql.tree import NotTranslatable


def test_a_pattern_for_reading_takes_only_what_java_takes() -> None:
    """DuckDB reads one digit for MM too; the expression before it does not."""
    form, exact = read("dd/MM/yyyy HH:mm").reading()
    assert form == "%d/%m/%Y %H:%M"
    assert exact.startswith("^([0-9]{2}/[0-9]{2}/[0-9]{4}")


def test_words_are_read_in_any_case() -> None:
    """Java does not look at the case of months and of texts between letters."""
    form, exact = read("d MMM 'at' yyyy").reading()
    assert form == "%-d %b AT %Y"
    assert exact.startswith("(?i)^([0-9]{1,2}")


def test_words_whose_case_engines_see_differently() -> None:
    """Letters beyond ASCII between the letters of a pattern are refused if they have two cases."""
    with pytest.raises(NotTranslatable):
        read("yyyy 'à' MM").reading()
    assert read("yyyy'年'").reading()[0] == "%Y年"


def test_texts_of_a_pattern_stay_texts() -> None:
    """Quotes and percent signs reach DuckDB as they are."""
    assert read("yyyy''%'T'").writing() == "%Y'%%T"


@pytest.mark.parametrize("pattern", ["HH:mm", "yyyy-dd", "yyyy-MM-dd hh:mm", "EEE yyyy", "yy"])
def test_a_pattern_from_which_no_time_follows(pattern: str) -> None:
    """Without the year, a larger part, or the half of the day, each engine adds its own."""
    with pytest.raises(NotTranslatable):
        read(pattern).reading()


@pytest.mark.parametrize("pattern", ["YYYY", "y", "Q", "X", "[yyyy]", "'yyyy"])
def test_letters_without_a_counterpart(pattern: str) -> None:
    """A letter that DuckDB lacks, or that Java keeps for itself, is refused."""
    with pytest.raises(NotTranslatable):
        read(pattern).writing()
