"""JSON Lines: objects, their values as text, and lines that are not objects."""

from __future__ import annotations

import json
from collections import Counter
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from support.plans import AT, aggregations, plan_of
from support.session import Session
from tilewright import Operation
from tilewright_runtime.errors import InputError
from tilewright_runtime.readers import stream

TS = AT - 1


def line(**values: Any) -> str:
    return json.dumps({"k": "a", "n": 1, "t": "x", "ts": TS} | values) + "\n"


def write(tmp_path: Path, content: str | bytes) -> tuple[Session, Counter[str], int]:
    """A session after one write of a file, with what was refused and how many events were taken."""
    path = tmp_path / "events.jsonl"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    session = Session()
    report = session.write(path)
    return session, report.refused, report.events


def test_members_are_taken_by_name(tmp_path: Path) -> None:
    """Members may stand in any order; those that the plan does not use are passed over."""
    session, _, _ = write(tmp_path, f'{{"z": [1], "ts": {TS}, "t": "x", "n": 5, "k": "a"}}\n')
    assert session.sums("a") == [5]


def test_a_missing_member_and_null_are_null(tmp_path: Path) -> None:
    """A member that is not there is a null value, as a written null is."""
    without = f'{{"k": "a", "n": 5, "ts": {TS}}}\n'
    session, refused, _ = write(tmp_path, without + line(n=None, t=None))
    assert not refused
    assert session.features(k="a") == {
        "n_count_1h": 1,
        "n_sum_1h": 5,
        "n_max_1h": 5,
        "t_count_1h": 0,
        "t_last_1h": None,
    }


@pytest.mark.parametrize("ending", [".jsonl", ".ndjson", ".json"])
def test_the_three_endings_are_one_format(tmp_path: Path, ending: str) -> None:
    """JSON Lines is known by any of its usual endings."""
    path = tmp_path / f"events{ending}"
    path.write_text(line(n=5))
    session = Session()
    session.write(path)
    assert session.sums("a") == [5]


def test_integers_of_64_bits_are_exact(tmp_path: Path) -> None:
    """A number is never read through a double."""
    session, _, _ = write(tmp_path, line(n=2**63 - 1))
    assert session.sums("a") == [2**63 - 1]


def test_decimals_keep_their_digits(tmp_path: Path) -> None:
    """A number of 18 digits of a decimal column arrives as it was written."""
    made = plan_of(
        {"k": "string", "n": "decimal(18,2)"},
        ["k"],
        aggregations("n", [Operation.SUM, Operation.MAX]),
    )
    path = tmp_path / "events.jsonl"
    path.write_text(
        f'{{"k": "a", "n": 1234567890123456.78, "ts": {TS}}}\n{{"k": "a", "n": "0.01", "ts": '
        f"{TS}}}\n"
    )
    session = Session(made)
    session.write(path)
    assert session.features(k="a") == {
        "n_sum_1h": Decimal("1234567890123456.79"),
        "n_max_1h": Decimal("1234567890123456.78"),
    }


def test_text_with_escapes_is_what_it_means(tmp_path: Path) -> None:
    """Escapes are undone, also for NUL and for characters beyond the first plane."""
    session, _, _ = write(tmp_path, line(t='\0"\\/\n\N{GRINNING FACE}'))
    assert session.features(k="a")["t_last_1h"] == '\0"\\/\n\N{GRINNING FACE}'


def test_a_nested_value_is_its_json(tmp_path: Path) -> None:
    """An object or a list in a text column is kept as JSON text, not as the notation of some
    language.
    """
    session, refused, _ = write(tmp_path, line(t={"a": [True, None]}))
    assert not refused
    assert json.loads(session.features(k="a")["t_last_1h"]) == {"a": [True, None]}


def test_lines_may_end_as_on_windows_and_may_be_blank(tmp_path: Path) -> None:
    """CR LF ends a line, and a line of spaces is none."""
    _, refused, events = write(tmp_path, "\r\n" + line().replace("\n", "\r\n") + "  \n\n" + line())
    assert (refused, events) == ({}, 2)


def test_a_file_of_blank_lines_adds_nothing(tmp_path: Path) -> None:
    """Lines without an object are no events and no errors."""
    assert write(tmp_path, "\n\n")[1:] == ({}, 0)


def test_a_comma_too_many_ends_no_write(tmp_path: Path) -> None:
    """What DuckDB takes of an object is kept, though Python would refuse it."""
    _, refused, events = write(tmp_path, line() + line().replace("}", ', "n": 2,}'))
    assert (refused, events) == ({}, 2)


def test_a_byte_order_mark_is_passed_over(tmp_path: Path) -> None:
    """A BOM before the first object does not spoil it."""
    assert write(tmp_path, "\ufeff" + line(n=5))[0].sums("a") == [5]


def test_what_is_no_object_is_refused_and_the_rest_is_kept(tmp_path: Path) -> None:
    """A cut line and a line that holds another kind of JSON are counted, each with its reason."""
    session, refused, events = write(
        tmp_path, line(n=5) + line()[:-9] + "\n" + "[1]\n" + '"x"\n' + "5\n" + line(k="b", n=6)
    )
    assert refused == {"not valid JSON: is the line cut?": 1, "not a JSON object": 3}
    assert (events, session.sums("a", "b")) == (2, [5, 6])


def test_half_a_character_does_not_stop_the_rest(tmp_path: Path) -> None:
    """A lone surrogate, which is no text, spoils its own line at most."""
    session, _, _ = write(
        tmp_path, line(t="\ud800") + line(t="\ud800", n=12345678901234567890123) + line(k="b", n=6)
    )
    assert session.sums("b") == [6]


def test_a_line_that_is_not_utf8_is_refused(tmp_path: Path) -> None:
    """A line in another encoding is counted and does not stop the rest."""
    latin = f'{{"k": "a", "n": 1, "t": "é", "ts": {TS}}}\n'.encode("latin-1")
    session, refused, _ = write(tmp_path, latin + line(k="b", n=6).encode())
    assert (session.sums("b"), refused) == ([6], {"not UTF-8 text": 1})


def test_a_very_deep_value_does_not_stop_the_rest(tmp_path: Path) -> None:
    """A line nested by the thousands, with more digits than a double has, spoils itself at most."""
    made = plan_of({"k": "string", "n": "decimal(18,2)"}, ["k"], aggregations("n", [Operation.SUM]))
    deep = "[" * 5000 + "1234567890123456.78" + "]" * 5000
    path = tmp_path / "events.jsonl"
    path.write_text(
        f'{{"k": "a", "n": 1, "z": {deep}, "ts": {TS}}}\n{{"k": "b", "n": 6, "ts": {TS}}}\n'
    )
    session = Session(made)
    session.write(path)
    assert session.features(k="b") == {"n_sum_1h": Decimal("6.00")}


@pytest.mark.parametrize("number", ["1e400", "18446744073709551616", '"abc"', "1.5", "true1"])
def test_a_number_that_is_none_is_refused(tmp_path: Path, number: str) -> None:
    """A value that does not fit its column spoils its own row only."""
    session, refused, _ = write(
        tmp_path, f'{{"k": "a", "n": {number}, "ts": {TS}}}\n' + line(k="b", n=6)
    )
    assert session.sums("a", "b") == [None, 6]
    assert refused.total() == 1


def test_a_member_may_have_any_name(tmp_path: Path) -> None:
    """Slashes, tildes, dots and quotes in a column's name are part of it."""
    name = "a/b~c.d$'e"
    made = plan_of(
        {"k": "string", name: "bigint"},
        ["k"],
        aggregations("n", [Operation.SUM]),
        selects={"k": "k", "n": f"`{name}`"},
    )
    path = tmp_path / "events.jsonl"
    path.write_text(json.dumps({"k": "a", name: 7, "ts": TS}) + "\n")
    session = Session(made)
    session.write(path)
    assert session.sums("a") == [7]


def test_a_column_that_no_row_has_is_an_error(tmp_path: Path) -> None:
    """A misspelt column is told apart from one without values."""
    with pytest.raises(InputError, match="has no column t; its columns are T, k, n, ts"):
        write(tmp_path, f'{{"k": "a", "n": 5, "T": "x", "ts": {TS}}}\n' * 2)


def test_a_column_that_comes_late_is_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A column is looked for to the end of the file before it is said to be in no row."""
    monkeypatch.setattr(stream, "CHUNK_BYTES", 50)
    content = f'{{"k": "a", "n": 5, "ts": {TS}}}\n' * 3 + line()
    assert write(tmp_path, content)[2] == 4


@pytest.mark.parametrize("text", ["9007199254740993.5", '"9007199254740993.5"', "1" * 20])
def test_a_number_that_is_no_bigint_is_refused(tmp_path: Path, text: str) -> None:
    """Neither a fraction that no double tells nor a number of 20 digits is rounded into place."""
    content = f'{{"k": "a", "n": {text}, "t": "x", "ts": {TS}}}\n' + line()
    assert write(tmp_path, content)[1] == {"n is not a bigint": 1}


@pytest.mark.parametrize(
    "value", ["1" * 5000, "1e999999999", "[" * 10_000 + "]" * 10_000], ids=["digits", "e", "depth"]
)
def test_a_monstrous_value_spoils_its_own_row(tmp_path: Path, value: str) -> None:
    """A number of 5,000 digits, a huge exponent and 10,000 brackets refuse one row each."""
    content = line() + f'{{"k": "a", "n": {value}, "t": "x", "ts": {TS}}}\n'
    session, refused, _ = write(tmp_path, content)
    assert (session.sums("a"), refused.total()) == ([1], 1)


@pytest.mark.parametrize("member", ["n", "t", "ts"])
@pytest.mark.parametrize("before", [5, 1.5, None, {"n": 7, "t": "n", "ts": 1}])
def test_the_last_of_equal_members_counts(tmp_path: Path, member: str, before: Any) -> None:
    """JSON of Python, and so a dictionary, keeps the last one too."""
    repeated = f'{{"{member}": {json.dumps(before)}, {line(n=2, t="y")[1:]}'
    session, refused, _ = write(tmp_path, line(n=1) + repeated)
    assert not refused
    features = session.features(k="a")
    assert (features["n_sum_1h"], features["t_last_1h"]) == (3, "y")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1.50", "1.5"),
        ("1e300", "1e+300"),
        ("0.00001", "1e-05"),
        ("0.1234567890123456789", "0.12345678901234568"),
        ("123456789012345678901234", "123456789012345678901234"),
        ("-9223372036854775809", "-9223372036854775809"),
        ('{"a": [1, 2.50, null], "b": "é"}', '{"a":[1,2.5,null],"b":"é"}'),
        ("true", "true"),
    ],
)
@pytest.mark.parametrize("beside", ["1", "123456789012345678901234", "0.12345678901234567890"])
def test_a_text_does_not_depend_on_what_is_beside(
    tmp_path: Path, text: str, expected: str, beside: str
) -> None:
    """A value in a text column has the text that Python's value would have."""
    content = f'{{"z": {beside}, "k": "a", "n": 1, "t": {text}, "ts": {TS}}}\n'
    session, _, _ = write(tmp_path, content)
    assert session.features(k="a")["t_last_1h"] == expected
