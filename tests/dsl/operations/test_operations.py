"""Operations: their names, arguments and results."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tilewright import Aggregation, Operation
from tilewright.operations.spec import OperationSpec

BARE = [value for value in vars(Operation).values() if isinstance(value, OperationSpec)]
NAMED = {name for name in vars(Operation) if name.isupper()}


def test_all_operations_of_the_language_exist() -> None:
    """The language has every operation of its design, built or not."""
    assert set(NAMED) == {
        *(
            "COUNT",
            "SUM",
            "AVERAGE",
            "MIN",
            "MAX",
            "VARIANCE",
            "STDDEV",
            "SKEW",
            "KURTOSIS",
            "FIRST",
            "LAST",
            "FIRST_K",
            "LAST_K",
        ),
        *(
            "LARGEST_K",
            "SMALLEST_K",
            "UNIQUE_COUNT",
            "BOUNDED_UNIQUE_COUNT",
            "HISTOGRAM",
            "TOP_K",
            "APPROX_UNIQUE_COUNT",
        ),
        *("APPROX_PERCENTILE", "PERCENTILE"),
    }


@pytest.mark.parametrize("operation", BARE, ids=lambda operation: operation.name)
def test_a_bare_operation_has_the_name_it_is_reached_by(operation: OperationSpec) -> None:
    """`Operation.SUM` is named SUM in plans."""
    assert getattr(Operation, operation.name) is operation
    assert operation.params == {}


@pytest.mark.parametrize(
    ("operation", "suffix", "params"),
    [
        (Operation.SUM, "sum", {}),
        (Operation.APPROX_UNIQUE_COUNT, "approx_unique_count", {}),
        (Operation.LAST_K(10), "last10", {"k": 10}),
        (Operation.TOP_K(k=5), "top5", {"k": 5}),
        (Operation.BOUNDED_UNIQUE_COUNT(100), "bounded_unique_count100", {"k": 100}),
        (Operation.HISTOGRAM(), "histogram", {"k": 0}),
        (Operation.HISTOGRAM(20), "histogram20", {"k": 20}),
        (Operation.HISTOGRAM(max_values=9), "histogram", {"k": 0, "max_values": 9}),
        (Operation.UNIQUE_COUNT(max_values=9), "unique_count", {"max_values": 9}),
        (
            Operation.APPROX_PERCENTILE([0.5, 1]),
            "approx_percentile",
            {"percentiles": [0.5, 1.0], "sketch": "tdigest"},
        ),
        (
            Operation.PERCENTILE((0,), sketch="kll", k=400),
            "approx_percentile",
            {"percentiles": [0.0], "sketch": "kll"},
        ),
    ],
)
def test_suffix_and_parameters(
    operation: OperationSpec, suffix: str, params: dict[str, object]
) -> None:
    """A feature's name shows the operation and its k, and the plan holds all its parameters."""
    assert (operation.suffix, operation.params, operation.problems) == (suffix, params, ())


@pytest.mark.parametrize(
    ("operation", "input_type", "family", "result"),
    [
        (Operation.COUNT, "VARCHAR", "text", "BIGINT"),
        (Operation.SUM, "INTEGER", "integer", "BIGINT"),
        (Operation.SUM, "FLOAT", "float", "DOUBLE"),
        (Operation.SUM, "DECIMAL(8,2)", "decimal", "DECIMAL(18,2)"),
        (Operation.AVERAGE, "DECIMAL(8,2)", "decimal", "DOUBLE"),
        (Operation.MIN, "DATE", "date", "DATE"),
        (Operation.LAST, "FLOAT", "float", "FLOAT"),
        (Operation.APPROX_PERCENTILE([0.5]), "BIGINT", "integer", "DOUBLE[]"),
        (Operation.TOP_K(3), "VARCHAR", "text", "STRUCT(item VARCHAR, count BIGINT)[]"),
        (Operation.VARIANCE, "DECIMAL(8,2)", "decimal", "DOUBLE"),
        (Operation.LAST_K(3), "VARCHAR", "text", "VARCHAR[]"),
        (Operation.LARGEST_K(3), "DATE", "date", "DATE[]"),
        (Operation.UNIQUE_COUNT, "VARCHAR", "text", "BIGINT"),
        (Operation.BOUNDED_UNIQUE_COUNT(3), "DOUBLE", "float", "BIGINT"),
        (Operation.HISTOGRAM(), "BOOLEAN", "boolean", "MAP(BOOLEAN, BIGINT)"),
    ],
)
def test_types_of_results(
    operation: OperationSpec, input_type: str, family: str, result: str
) -> None:
    """The type of a feature follows from its input's type."""
    assert operation.result(input_type, family) == result


@pytest.mark.parametrize(
    ("operation", "states"),
    [
        (Operation.PERCENTILE([0.5]), (("tdigest", {"k": 200}),)),
        (Operation.PERCENTILE([0.5], compression=100), (("tdigest", {"k": 100}),)),
        (Operation.PERCENTILE([0.5], sketch="kll"), (("kll", {"k": 200}),)),
        (Operation.PERCENTILE([0.5], sketch="kll", k=400), (("kll", {"k": 400}),)),
        (Operation.LAST_K(7), (("last_k", {"k": 7}),)),
        (Operation.HISTOGRAM(7), (("histogram", {}),)),
    ],
)
def test_sizes_of_states(operation: OperationSpec, states: object) -> None:
    """The size of a sketch or list stands with its state; a histogram counts every value, whatever
    its k.
    """
    assert operation.kept_states() == states


@pytest.mark.parametrize(
    ("operation", "problem"),
    [
        (
            Operation.PERCENTILE([0.5], k=400),
            "the sketch 'tdigest' has no k. Its size is compression=…, 200 by default.",
        ),
        (
            Operation.PERCENTILE([0.5], sketch="kll", compression=100),
            "the sketch 'kll' has no compression. Its size is k=…, 200 by default.",
        ),
        (
            Operation.PERCENTILE([0.5], sketch="kll", k=7),
            "input should be greater than or equal to 8.",
        ),
        (
            Operation.PERCENTILE([0.5], compression=9),
            "input should be greater than or equal to 10.",
        ),
        (Operation.LAST_K(0), "input should be greater than or equal to 1."),
    ],
)
def test_sizes_that_cannot_be(operation: OperationSpec, problem: str) -> None:
    """The size of the other sketch, or one out of its bounds, is a mistake that says so."""
    assert [one.message.endswith(problem) for one in operation.problems] == [True]


@pytest.mark.parametrize("k", range(1, 10_001, 617))
def test_top_k_keeps_many_candidates(k: int) -> None:
    """The sketch of TOP_K has room for at least 16 candidates for each place, and 768 in all."""
    ((_, params),) = Operation.TOP_K(k).kept_states()
    assert 0.75 * 2 ** int(params["lg_max_k"]) >= max(768, 16 * k)


def test_an_operation_without_its_argument_is_a_mistake() -> None:
    """`Operation.TOP_K` alone says which argument it needs."""
    aggregation = Aggregation(input_column="x", operation=Operation.TOP_K)  # type: ignore[arg-type]
    assert "Write Operation.TOP_K(5)" in aggregation.problems[0].message


@pytest.mark.parametrize(
    ("written", "problem"),
    [
        (lambda: Operation.SUM(), "Operation.SUM takes no more arguments."),
        (lambda: Operation.TOP_K(3)(4), "Operation.TOP_K takes no more arguments."),
    ],
)
def test_an_operation_that_is_called_again_is_a_mistake(
    written: Callable[[], OperationSpec], problem: str
) -> None:
    """Parentheses too many are told as a mistake of the operation, not as a TypeError."""
    (found,) = written().problems
    assert found.kind == "bad-operation"
    assert found.message == f"{problem} Write it without parentheses."


def test_the_nearest_operation_is_named() -> None:
    """A misspelled operation is answered with the one that was meant."""
    with pytest.raises(AttributeError, match="Did you mean AVERAGE"):
        Operation.AVERGE  # type: ignore[attr-defined]  # noqa: B018
