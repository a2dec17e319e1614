"""The columns of sources without a schema: what compile reads is what write reads."""

from __future__ import annotations

import gzip
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tilewright import Aggregation, EventSource, GroupBy, Operation, Query
from tilewright_compiler.compile import compile_group_by
from tilewright_compiler.frontend.diagnostics import CompileError
from tilewright_compiler.plan.model import Plan
from tilewright_runtime import Fetcher, Writer, open_store

AT = "2024-03-02T00:00:00Z"
ROW = b"k,x,ts\na,7,2024-03-01T10:00:00Z\n"


def compiled(tmp_path: Path, name: str, content: bytes, **source: Any) -> Plan:
    """The plan of a source of one file, whose columns are those of the file."""
    (tmp_path / name).write_bytes(content)
    query = Query(time_column=source.pop("time_column", "ts"))
    total = Aggregation(input_column="x", operation=Operation.SUM, windows=["1d"])
    return compile_group_by(
        GroupBy(
            sources=[EventSource(table=name, query=query, **source)],
            keys=["k"],
            aggregations=[total],
            tiling_enabled=True,
        ),
        base_dir=str(tmp_path),
    )


def zstd(content: bytes) -> bytes:
    """Content, compressed."""
    compressed: bytes = pa.compress(content, codec="zstd", asbytes=True)
    return compressed


FILES: dict[str, tuple[bytes, dict[str, Any]]] = {
    "plain.csv": (ROW, {}),
    "unnamed-index.csv": (b",k,x,ts\n0,a,7,2024-03-01T10:00:00Z\n", {}),
    "unused-twins.csv": (b"n,N,n,k,x,ts\n1,2,3,a,7,2024-03-01 10:00:00\n", {}),
    "semicolons.csv": (ROW.replace(b",", b";"), {"delimiter": ";"}),
    "tabs.csv": (ROW.replace(b",", b"\t"), {"delimiter": "\t"}),
    "tabs.tsv": (ROW.replace(b",", b"\t"), {}),
    "marked.csv": (ROW + b"a,NA,2024-03-01T11:00:00Z\n", {"null_values": ["NA"]}),
    "bom.csv": (b"\xef\xbb\xbf" + ROW.replace(b"\n", b"\r\n"), {}),
    "ours.csv": (
        b"k,x,day\na,7,03/01/2024\n",
        {"time_column": "to_timestamp(day, 'MM/dd/yyyy')"},
    ),
    "days.csv": (b"k,x,ts\na,7,2024-03-01\n", {}),
    "packed.csv.gz": (gzip.compress(ROW), {}),
    "members.csv.gz": (gzip.compress(ROW[:9]) + gzip.compress(ROW[9:]), {}),
    "packed.csv.zst": (zstd(ROW), {}),
    "lines.jsonl": (b'{"k": "a", "x": 7, "ts": "2024-03-01T10:00:00Z"}\n', {}),
    "lines.json": (b'{"k": "a", "x": 7, "ts": 1709287200000}\n', {}),
    "array.json": (b'[{"k": "a", "x": 7, "ts": "2024-03-01"},\n {"k": "a"}]', {}),
    "array.json.zst": (zstd(b'[{"k": "a", "x": 7, "ts": "2024-03-01"}]'), {}),
}


@pytest.mark.parametrize("name", FILES)
def test_what_compiles_is_what_is_written(tmp_path: Path, name: str) -> None:
    """Without a schema the plan of each file takes its events."""
    content, source = FILES[name]
    plan = compiled(tmp_path, name, content, **source)
    store = open_store("memory:")
    with Writer(plan, store) as writer:
        writer.write(str(tmp_path / name))
    assert Fetcher(plan, store).fetch({"k": "a"}, at=AT).features == {"x_sum_1d": 7}


REFUSED: dict[str, tuple[bytes, str]] = {
    "semicolons.csv": (ROW.replace(b",", b";"), "Say delimiter=';' in its source"),
    "headerless.csv": (b"a,7,2024-03-01\n", "Is its first line data?"),
    "twins.csv": (b"k,K,x,ts\na,b,7,2024-03-01\n", "The column 'k' of the file cannot be used"),
    "american.csv": (b"k,x,ts\na,7,05/20/1987\n", r"'MM/dd/yyyy'\) reads a text"),
    "empty.csv": (b"", "is empty; a CSV file begins with"),
    "header.csv": (b"k,x,ts\n", "has no rows that tell the types"),
    "empty.json": (b"", "holds no JSON object"),
    "numbers.json": (b"[1, 2]", "holds no JSON object"),
    "cut.csv.gz": (gzip.compress(ROW * 99)[:-30], "Is it whole?"),
    "broken.parquet": (b"PAR1", "not a whole Parquet file"),
    "wide.csv": (ROW.decode().encode("utf-16"), "is UTF-16 text"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_written_does_not_compile(tmp_path: Path, name: str) -> None:
    """The mistake is one of the source, with what to do."""
    content, reason = REFUSED[name]
    with pytest.raises(CompileError, match=reason):
        compiled(tmp_path, name, content)


def test_a_pattern_is_read_by_its_first_file(tmp_path: Path) -> None:
    """The files of a glob have the columns of the first."""
    (tmp_path / "2.csv").write_bytes(b"other\n")
    compiled(tmp_path, "1.csv", ROW)
    (tmp_path / "[1].csv").write_bytes(ROW)
    source = EventSource(table="*.csv", query=Query(time_column="ts"))
    total = Aggregation(input_column="x", operation=Operation.COUNT, windows=["1d"])
    group_by = GroupBy(sources=[source], keys=["k"], aggregations=[total], tiling_enabled=True)
    plan = compile_group_by(group_by, base_dir=str(tmp_path))
    assert [column.name for column in plan.sources[0].columns] == ["k", "x", "ts"]


def test_a_parquet_file_has_the_names_that_are_in_it(tmp_path: Path) -> None:
    """Names that differ in case only are not renamed, and a folder's name adds no column."""
    folder = tmp_path / "year=2024"
    folder.mkdir()
    table = pa.table({"k": ["a"], "x": [7], "X": [8], "ts": [0], "device": [{"os": "ios"}]})
    pq.write_table(table, folder / "e.parquet")
    content = (folder / "e.parquet").read_bytes()
    with pytest.raises(CompileError, match="The column 'x' of the file cannot be used"):
        compiled(folder, "e.parquet", content)
    pq.write_table(table.drop_columns("X"), folder / "e.parquet")
    content = (folder / "e.parquet").read_bytes()
    plan = compiled(folder, "e.parquet", content, time_column="ts")
    assert [(column.name, column.type) for column in plan.sources[0].columns] == [
        ("k", "VARCHAR"),
        ("x", "BIGINT"),
        ("ts", "BIGINT"),
    ]
