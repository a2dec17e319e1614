"""The corpus of expressions in Flink SQL: what a job may hold has agreed with Spark on Flink."""

from __future__ import annotations

from support.corpus_flink import accepted, all_cases, digest, recorded


def test_every_translation_was_run_by_flink() -> None:
    """The Flink SQL of each expression is what gave Spark's values; another is asked first, by
    scripts/flink-corpus.
    """
    now = {(case.rows, case.expression): digest(one) for case, one in accepted().items()}
    known = {case: asked for case, asked in recorded().digests.items() if asked is not None}
    assert now == known


def test_what_is_refused_is_known() -> None:
    """An expression of the corpus is either one that Flink has run, or one that it is not given."""
    asked = {(case.rows, case.expression) for case in all_cases()}
    assert set(recorded().digests) == asked
    assert len(accepted()) >= 540
