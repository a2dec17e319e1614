"""Files of any bytes: events, refused rows, or an error of ours."""

from __future__ import annotations

import io
import json
import tempfile
from contextlib import closing
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.fuzzing import damaged_bytes, fuzzed, only_errors_of_ours
from support.plans import AT
from support.session import simple_plan
from tilewright_runtime import Writer, open_store

ROWS = [
    {"k": f"user {number}", "n": number, "t": 'a "text",', "ts": AT + number} for number in range(5)
]


def csv() -> bytes:
    """The rows as CSV, with a quoted field over two lines."""
    lines = [f'{row["k"]},{row["n"]},"a\n""text""",{row["ts"]}' for row in ROWS]
    return "\n".join(["k,n,t,ts", *lines, ""]).encode()


def json_lines() -> bytes:
    """The rows as JSON Lines."""
    return "".join(json.dumps(row) + "\n" for row in ROWS).encode()


def parquet() -> bytes:
    """The rows as Parquet."""
    file = io.BytesIO()
    pq.write_table(pa.Table.from_pylist(ROWS), file)
    return file.getvalue()


FILES = {".csv": csv(), ".jsonl": json_lines(), ".json": json_lines(), ".parquet": parquet()}


@pytest.mark.parametrize("suffix", FILES)
@fuzzed
@given(data=st.data())
def test_a_damaged_file_is_read_or_refused(suffix: str, data: st.DataObject) -> None:
    """Whatever becomes of its bytes, also when it is written twice."""
    content = data.draw(damaged_bytes(FILES[suffix]))
    with tempfile.TemporaryDirectory() as folder, closing(open_store("memory:")) as store:
        path = Path(folder, f"events{suffix}")
        path.write_bytes(content)
        for _ in range(2):
            with only_errors_of_ours(), Writer(simple_plan(), store) as writer:
                writer.write(str(path))
