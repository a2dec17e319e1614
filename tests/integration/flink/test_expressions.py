"""The author's expressions on Flink itself: each has the value that it has in Spark, or is
refused.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from support.corpus_flink import Answers, accepted, recorded
from support.expressions import COLUMNS
from support.flink import Host
from tilewright_compiler.expressions.binder import Binder
from tilewright_compiler.expressions.flink.expressions import to_flink
from tilewright_compiler.plan.model import Column, Source
from tilewright_compiler.sql.tree import NotTranslatable

SOURCE = Source(
    name="row",
    table=None,
    topic=None,
    dialect="spark",
    schema=[Column(name=name, type=kind) for name, kind in COLUMNS.items()],
    selects={},
    wheres=[],
    time_column="i",
)


def test_a_share_of_the_corpus_has_the_values_of_spark(tmp_path: Path, flink: Host) -> None:
    """Flink is asked for every eightieth expression of some tables; scripts/flink-corpus asks
    for all of them.
    """
    tables = {"floats", "number_texts", "texts", "times", "whole"}
    cases = [case for case in accepted() if case.rows in tables][::80]
    answers = Answers(cases, tmp_path, flink)
    assert answers.wrong == {}
    assert answers.flink == recorded().flink


@pytest.mark.parametrize(
    ("expression", "said"),
    [
        ("greatest(i, n)", "greatest"),
        ("round(d, 1)", "round"),
        ("cast(d as decimal(10,1))", "a cast of double to varchar"),
        ("s like concat('a', '%')", "LIKE with a pattern that is no text"),
        ("t + interval 1 hour", "arithmetic that gives timestamp"),
        ("contains(s, null)", 'a part of type "null"'),
        ("if(xs is null, 0, 1)", "a part of type bigint\\[\\]"),
    ],
)
def test_what_flink_computes_in_another_way_is_refused(expression: str, said: str) -> None:
    """An expression without a certain translation is named, with what to do."""
    with pytest.raises(NotTranslatable, match=said):
        to_flink(expression, SOURCE, Binder())
