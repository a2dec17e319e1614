"""`tilewright fetch`: one JSON object a line, its keys from options or a file, and its exit
statuses.
"""

from __future__ import annotations

import json
import math
import subprocess
import sys
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import click
import pytest

from support.cli import Desk
from support.plans import AT, aggregations, plan_of
from support.session import SCHEMA, row
from tilewright import Operation
from tilewright_runtime.commands.options import InputFile


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    """A store with events of `a` and `b`."""
    desk = Desk(tmp_path)
    desk.write(desk.events([row("a", 1), row("a", 2), row("b", 4, "é")]))
    return desk


def keys_file(desk: Desk, *lines: Any) -> Path:
    path = desk.folder / "keys.jsonl"
    path.write_text(
        "".join((line if isinstance(line, str) else json.dumps(line)) + "\n" for line in lines),
        encoding="utf-8",
    )
    return path


def test_a_fetch_prints_one_json_object(desk: Desk) -> None:
    """It holds the keys, the time in milliseconds and the features, and no quality where nothing is
    to be said.
    """
    ran = desk.fetch("--key", "k=b", "--at", "2024-01-04T14:37:25Z")
    assert (ran.status, ran.err) == (0, "")
    features = {"n_count_1h": 1, "n_sum_1h": 4, "n_max_1h": 4, "t_count_1h": 1, "t_last_1h": "é"}
    assert ran.lines == [{"keys": {"k": "b"}, "at": AT, "features": features}]
    assert "é" in ran.out


def test_a_key_without_events_is_no_failure(desk: Desk) -> None:
    """Empty windows are an answer."""
    ran = desk.fetch("--key", "k=nobody", "--at", str(AT))
    assert (ran.status, ran.lines[0]["features"]["n_count_1h"]) == (0, 0)


def test_the_quality_is_told_where_it_is_not_clean(desk: Desk) -> None:
    """At a time before the newest event of its finest tile, the answer says where it ends."""
    assert "head_end_ms" in desk.fetch("--key", "k=a", "--at", str(AT - 1)).lines[0]["quality"]


def test_a_value_may_hold_an_equals_sign(tmp_path: Path) -> None:
    """Only the first one separates the name from the value."""
    desk = Desk(tmp_path)
    desk.write(desk.events([row("a=b", 7)]))
    assert desk.fetch("--key", "k=a=b", "--at", str(AT)).lines[0]["features"]["n_sum_1h"] == 7


def test_keys_of_a_file_are_answered_in_order(desk: Desk) -> None:
    """Each line of --keys has its answer; one with `at` its own time, all others that of --at."""
    path = keys_file(
        desk,
        {"k": "b"},
        "",
        {"k": "a", "at": AT - 1},
        {"at": "2024-01-04T14:37:25Z", "k": "a"},
        {"k": "é"},
    )
    lines = desk.fetch("--keys", path, "--at", str(AT)).lines
    assert [(line["keys"]["k"], line["at"], line["features"]["n_sum_1h"]) for line in lines] == [
        ("b", AT, 4),
        ("a", AT - 1, None),
        ("a", AT, 3),
        ("é", AT, None),
    ]


@pytest.mark.parametrize(
    ("line", "message"),
    [("{", "keys.jsonl:2: not valid JSON"), ("[1]", "keys.jsonl:2: not a JSON object")],
)
def test_a_bad_line_of_keys_is_named(desk: Desk, line: str, message: str) -> None:
    """The lines around it are answered, and the error says which line it is."""
    ran = desk.fetch("--keys", keys_file(desk, {"k": "a"}, line, {"k": "b"}), "--at", str(AT))
    assert (ran.status, [found["keys"]["k"] for found in ran.lines], message in ran.err) == (
        1,
        ["a", "b"],
        True,
    )


@pytest.mark.parametrize(
    ("options", "status", "message"),
    [
        ([], 2, "give either --key NAME=VALUE"),
        (["--key", "k"], 2, "'k' is not NAME=VALUE"),
        (["--key", "k=a", "--at", "noon"], 1, "query time 'noon' is neither ISO 8601"),
        (["--key", "k=a", "--at", str(AT // 1000)], 1, "looks like seconds"),
        (["--key", "z=a"], 1, "'z' is not in the plan: its keys are k"),
        (["--key", "k=a", "--key", "z=b"], 1, "'z' is not in the plan"),
    ],
)
def test_a_mistake_has_a_status_and_a_message(
    desk: Desk, options: list[str], status: int, message: str
) -> None:
    """A wrong call is status 2, a wrong value 1; both say what is wrong and print nothing else."""
    ran = desk.fetch(*options)
    assert (ran.status, ran.out, message in ran.err) == (status, "", True)


def test_a_store_that_is_not_there_is_not_made(tmp_path: Path) -> None:
    """Fetching from a store that does not exist fails with advice and leaves nothing behind."""
    desk = Desk(tmp_path)
    ran = desk.fetch("--key", "k=a")
    assert (ran.status, "there is none. Write events into it first" in ran.err) == (1, True)
    assert not (tmp_path / "store").exists()


def test_a_plan_that_does_not_match_the_store_is_refused(desk: Desk, tmp_path: Path) -> None:
    """A plan with other states of the same name is status 1 and names both fingerprints."""
    other = plan_of(
        {"k": "string", "n": "bigint", "t": "string"}, ["k"], aggregations("n", [Operation.MIN])
    )
    (tmp_path / "other").mkdir()
    ran = desk.run(
        "fetch", Desk(tmp_path / "other", other).plan, "--store", desk.store, "--key", "k=a"
    )
    assert (ran.status, other.storage_fingerprint in ran.err) == (1, True)


def test_explain_shows_the_steps_beside_the_answer(desk: Desk) -> None:
    """--explain prints the same line on standard output, and the steps and tiles on standard
    error.
    """
    plain = desk.fetch("--key", "k=a", "--at", str(AT))
    ran = desk.fetch("--key", "k=a", "--at", str(AT), "--explain")
    assert (ran.status, ran.out) == (0, plain.out)
    for word in (
        "k=a at 2024-01-04T14:37:25Z",
        "range",
        "expand",
        "fetch",
        "boundaries",
        "merge",
        "window 1h",
        "n_sum_1h",
    ):
        assert word in ran.err


EVERY_TYPE = {"d": "decimal(12,3)", "x": "double", "t": "timestamp", "day": "date", "b": "boolean"}


def test_values_of_every_type_are_json(tmp_path: Path) -> None:
    """Decimals are text, times ISO 8601 in UTC, NaN and the infinities text, so that any reader of
    JSON can read them.
    """
    made = [Operation.LAST, Operation.COUNT]
    plan = plan_of(
        {"k": "bigint", **EVERY_TYPE},
        ["k"],
        [a for column in EVERY_TYPE for a in aggregations(column, made)],
    )
    desk = Desk(tmp_path, plan)
    values = {
        "d": Decimal("1.500"),
        "t": datetime(2024, 1, 4, tzinfo=UTC),
        "day": date(2024, 1, 4),
        "b": True,
        "ts": AT - 1,
    }
    rows = [{"k": key, "x": x, **values} for key, x in enumerate((math.nan, math.inf, -math.inf))]
    desk.write(desk.events(rows, schema={"k": "bigint", **EVERY_TYPE}))
    lines = [
        desk.fetch("--key", f"k={key}", "--at", str(AT)).lines[0]["features"] for key in range(3)
    ]
    assert [line["x_last_1h"] for line in lines] == ["NaN", "Infinity", "-Infinity"]
    shown = {name: lines[0][f"{name}_last_1h"] for name in ("d", "t", "day", "b")}
    assert shown == {"d": "1.500", "t": "2024-01-04T00:00:00Z", "day": "2024-01-04", "b": True}


def test_keys_of_every_type_are_taken_from_text(tmp_path: Path) -> None:
    """On the command line every key is text: whole numbers, dates, decimals and booleans are read
    by the plan's types.
    """
    schema = {
        "i": "bigint",
        "d": "date",
        "n": "decimal(12,3)",
        "b": "boolean",
        "x": "double",
        "t": "timestamp",
    }
    desk = Desk(
        tmp_path,
        plan_of({**schema, "v": "bigint"}, list(schema), aggregations("v", [Operation.SUM])),
    )
    key = {
        "i": -7,
        "d": date(2024, 1, 4),
        "n": Decimal("1.500"),
        "b": False,
        "x": 0.5,
        "t": datetime(2024, 1, 4, tzinfo=UTC),
    }
    desk.write(desk.events([{**key, "v": 5, "ts": AT - 1}], schema={**schema, "v": "bigint"}))
    written = {
        "i": "-7",
        "d": "2024-01-04",
        "n": "1.5",
        "b": "false",
        "x": "0.5",
        "t": "2024-01-04T00:00:00Z",
    }
    options = [part for name, value in written.items() for part in ("--key", f"{name}={value}")]
    assert desk.fetch(*options, "--at", str(AT)).lines[0]["features"] == {"v_sum_1h": 5}
    assert desk.fetch(
        "--keys", keys_file(desk, {**written, "i": -7, "b": False, "x": 0.5}), "--at", str(AT)
    ).lines[0]["features"] == {"v_sum_1h": 5}


@pytest.fixture
def derived(tmp_path: Path) -> Desk:
    """A store with events of `a` and `b`, and a plan with a derivation."""
    desk = Desk(
        tmp_path,
        plan_of(
            SCHEMA, ["k"], aggregations("n", [Operation.SUM]), derivations={"twice": "n_sum_1h * 2"}
        ),
    )
    desk.write(desk.events([row("a", 1), row("a", 2), row("b", 4)]))
    return desk


def test_derivations_are_printed_after_the_features(derived: Desk) -> None:
    """For one key, for the keys of a file, and beside an explanation, which shows them too."""
    features = {"n_sum_1h": 3, "twice": 6}
    ran = derived.fetch("--key", "k=a", "--at", str(AT), "--explain")
    assert (ran.lines[0]["features"], "derive" in ran.err, "twice" in ran.err) == (
        features,
        True,
        True,
    )
    assert derived.fetch("--key", "k=a", "--at", str(AT)).lines[0]["features"] == features
    assert (
        derived.fetch("--keys", keys_file(derived, {"k": "a"}), "--at", str(AT)).lines[0][
            "features"
        ]
        == features
    )


def test_a_bad_line_spoils_no_other_of_its_batch(derived: Desk) -> None:
    """Lines that are read together are derived together, and those that are no request are named
    with their place.
    """
    ran = derived.fetch(
        "--keys", keys_file(derived, {"k": "b"}, "{", {"z": 1}, "", {"k": "a"}), "--at", str(AT)
    )
    assert [(line["keys"]["k"], line["features"]["twice"]) for line in ran.lines] == [
        ("b", 8),
        ("a", 6),
    ]
    assert [
        place in ran.err for place in ("keys.jsonl:2: not valid", "keys.jsonl:3: ", "keys.jsonl:4")
    ] == [True, True, False]
    assert ran.status == 1


def test_a_line_that_is_no_utf8_is_named(derived: Desk) -> None:
    """Bytes that are no text are a mistake of their line alone."""
    (derived.folder / "keys.jsonl").write_bytes(b'{"k": "a"}\n{"k": "\xff"}\n{"k": "b"}')
    ran = derived.fetch("--keys", derived.folder / "keys.jsonl", "--at", str(AT))
    assert ([line["keys"]["k"] for line in ran.lines], "keys.jsonl:2: not valid" in ran.err) == (
        ["a", "b"],
        True,
    )


def test_a_file_of_many_reads_is_answered_in_order(derived: Desk) -> None:
    """Lines that lie across two reads are whole, and each keeps its number."""
    keys = [f"{'ab'[i % 2]}{' ' * (i % 7)}" for i in range(9_000)]
    ran = derived.fetch(
        "--keys", keys_file(derived, *({"k": key} for key in keys), "{"), "--at", str(AT)
    )
    assert [line["keys"]["k"] for line in ran.lines] == keys
    assert "keys.jsonl:9001: not valid" in ran.err


def test_an_answer_waits_for_no_later_line(derived: Desk) -> None:
    """Of a pipe that stays open, each line is answered when it comes."""
    main = "from tilewright_runtime.cli import main; main()"
    command: list[str | Path] = [
        sys.executable,
        "-c",
        main,
        "fetch",
        derived.plan,
        "--store",
        derived.store,
    ]
    with subprocess.Popen(
        [*command, "--keys", "-", "--at", str(AT)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdin is not None and process.stdout is not None
        for key, twice in (("a", 6), ("b", 8), ("a", 6)):
            process.stdin.write(json.dumps({"k": key}).encode() + b"\n")
            process.stdin.flush()
            assert json.loads(process.stdout.readline())["features"]["twice"] == twice
        process.stdin.close()
        assert (process.stdout.read(), process.wait()) == (b"", 0)


def fetch_from_pipe(desk: Desk) -> subprocess.Popen[bytes]:
    """Starts a fetch of the keys that are written into its standard input."""
    command = [sys.executable, "-c", "from tilewright_runtime.cli import main; main()", "fetch"]
    options = [str(desk.plan), "--store", desk.store, "--keys", "-", "--at", str(AT)]
    pipe = subprocess.PIPE
    return subprocess.Popen([*command, *options], stdin=pipe, stdout=pipe, stderr=pipe)


def test_a_bad_first_line_of_a_pipe_ends_nothing(desk: Desk) -> None:
    """It is told with its number at once, and what comes later is answered."""
    with fetch_from_pipe(desk) as process:
        assert process.stdin is not None and process.stdout is not None and process.stderr
        process.stdin.write(b"nonsense\n")
        process.stdin.flush()
        assert process.stderr.readline().startswith(b"error: <stdin>:1: not valid JSON")
        process.stdin.write(b'{"k": "a"}\n')
        process.stdin.flush()
        assert json.loads(process.stdout.readline())["features"]["n_sum_1h"] == 3
        process.stdin.close()
        assert process.wait() == 1


def test_many_bad_lines_make_a_pipe_one_of_another_form(desk: Desk) -> None:
    """CSV through a pipe is one error, as of a file, and not one for each line."""
    process = fetch_from_pipe(desk)
    _, errors = process.communicate(b"k\n" + b"a\n" * 200)
    assert process.returncode == 1
    assert errors.count(b"\n") == 1
    assert b"<stdin>:1: 'k' is no JSON object" in errors


def test_a_line_that_is_too_long_ends_nothing(desk: Desk) -> None:
    """It is passed over with its number, however it ends."""
    path = keys_file(desk, {"k": "b"}, {"k": "a" * 5_000_000}, {"k": "a"}, {"k": "a" * 5_000_000})
    ran = desk.fetch("--keys", path, "--at", str(AT))
    assert ran.status == 1
    assert [line["keys"]["k"] for line in ran.lines] == ["b", "a"]
    assert ran.err.splitlines() == [
        f"error: {path}:{number}: the line has more than 4 MB." for number in (2, 4)
    ]


def test_columns_beside_the_keys_come_back(desk: Desk) -> None:
    """A line's other columns stand in `extra`, whatever they hold."""
    line = {"order": "o\u20ac", "k": "b", "label": [1, None], "at": AT, "odd": "\ud800"}
    ran = desk.fetch("--keys", keys_file(desk, line))
    (answer,) = ran.lines
    assert (ran.status, answer["keys"], answer["features"]["n_sum_1h"]) == (0, {"k": "b"}, 4)
    assert answer["extra"] == {"order": "o\u20ac", "label": [1, None], "odd": "\ud800"}


def test_a_line_whose_time_is_null_has_none(desk: Desk) -> None:
    """It is answered at the time of --at, as a line that says nothing of it is."""
    ran = desk.fetch("--keys", keys_file(desk, {"k": "b", "at": None}), "--at", str(AT))
    assert (ran.status, ran.lines[0]["at"]) == (0, AT)


@pytest.mark.parametrize(
    "content", ["k,n\na,1\nb,2\n", '[\n{"k": "a"}\n]\n', "a\n", "\n\nk;n\n1;2"]
)
def test_a_file_of_another_form_is_one_error(desk: Desk, content: str) -> None:
    """CSV given as keys is refused once, and not line by line."""
    path = desk.folder / "keys.csv"
    path.write_text(content, encoding="utf-8")
    ran = desk.fetch("--keys", path, "--at", str(AT))
    if content.startswith("["):
        assert (ran.status, len(ran.lines)) == (1, 1)
    else:
        assert (ran.status, ran.out, ran.err.count("error")) == (1, "", 1)
        assert "--keys takes JSON Lines" in ran.err


def test_a_key_column_may_be_called_at(tmp_path: Path) -> None:
    """Its value in a line is the key, and --at the time."""
    schema = {"at": "string", "n": "bigint"}
    desk = Desk(tmp_path, plan_of(schema, ["at"], aggregations("n", [Operation.SUM])))
    desk.write(desk.events([{"at": "noon", "n": 3, "ts": AT - 1}], schema=schema))
    (answer,) = desk.fetch("--keys", keys_file(desk, {"at": "noon"}), "--at", str(AT)).lines
    assert (answer["keys"], answer["features"]) == ({"at": "noon"}, {"n_sum_1h": 3})


@pytest.mark.parametrize(
    "line",
    [
        {"k": None},
        {"k": {"a": 1}},
        {"k": "a", "at": "--5"},
        {"k": "a", "at": 1e400},
        {"k": "a", "at": 10**30},
        {"k": "a", "at": {}},
        {"k": "\ud800"},
        {"k": "x" * 600},
        '{"k": ' + "9" * 5000 + "}",
        '{"k": "a", "x": ' + "[" * 100_000 + "]" * 100_000 + "}",
        '{"k": "a", "x": ' + "[" * 700 + "]" * 700 + "}",
    ],
)
def test_a_line_that_cannot_be_answered_ends_nothing(desk: Desk, line: Any) -> None:
    """It has its message, the other line its answer."""
    ran = desk.fetch("--keys", keys_file(desk, line, {"k": "b"}), "--at", str(AT))
    assert ran.lines[-1]["keys"] == {"k": "b"}
    assert "Traceback" not in ran.err
    if len(ran.lines) == 1:
        assert (ran.status, "keys.jsonl:1: " in ran.err) == (1, True)


def test_many_tiles_are_refused_unless_allowed(tmp_path: Path) -> None:
    """A window of more tiles than the plan's budget needs --allow-many-tiles."""
    plan = plan_of(
        {"k": "string", "n": "bigint"}, ["k"], aggregations("n", [Operation.SUM], ["12h"])
    )
    small = plan.model_copy(
        update={"cost": plan.cost.model_copy(update={"max_tiles_per_request": 2})}
    )
    desk = Desk(tmp_path, small.model_copy(update={"fingerprint": small.content_fingerprint()}))
    hours = [AT - hour * 3_600_000 for hour in range(1, 4)]
    rows = [{"k": "a", "n": 1, "ts": ts} for ts in hours]
    desk.write(
        desk.events(
            [*rows, {"k": "b", "n": 1, "ts": AT - 1}], schema={"k": "string", "n": "bigint"}
        )
    )
    keys = keys_file(desk, {"k": "a"}, {"k": "b"})
    ran = desk.fetch("--keys", keys, "--at", str(AT))
    assert (ran.status, [line["keys"]["k"] for line in ran.lines]) == (1, ["b"])
    assert "keys.jsonl:1: the window of 12h has 3 tiles of this key" in ran.err
    allowed = desk.fetch("--keys", keys, "--at", str(AT), "--allow-many-tiles", "--explain")
    assert [line["features"]["n_sum_12h"] for line in allowed.lines] == [3, 1]


@pytest.mark.parametrize("options", [["--keys", "/dev/zero"], ["--replay", "/dev/zero"]])
def test_a_line_without_an_end_is_refused(desk: Desk, options: list[str]) -> None:
    """Streams are read up to the longest line."""
    ran = desk.fetch(*options)
    assert ran.status == 1
    assert "/dev/zero:1: the line has more than" in ran.err


def test_a_password_in_a_line_of_keys_is_not_shown(desk: Desk) -> None:
    """Neither in a time that is none, nor in a key."""
    file = keys_file(
        desk, {"k": "a", "at": "redis://u:s3cret@h/0"}, {"k": ["redis://u:s3cret@h/0"]}
    )
    ran = desk.fetch("--keys", file)
    assert (ran.status, "s3cret" in ran.err, ran.err.count("***@h")) == (1, False, 2)


def test_a_closed_standard_input_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """As `<&-` of a shell leaves it."""
    monkeypatch.setattr(sys, "stdin", None)
    with pytest.raises(click.BadParameter, match="standard input is closed"):
        InputFile().convert("-", None, None)
