"""Loading of the author's files: which are run, whose a GroupBy is, and what a failing file
costs.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from tilewright_compiler.compile import Compilation, compile_paths

HEAD = """\
from tilewright import Aggregation, EventSource, GroupBy, Operation, Query
schema = {"user": "string", "x": "double", "ts": "timestamp"}
source = EventSource(schema=schema, query=Query(time_column="ts"))
def make(name=None, **more):
    total = Aggregation(input_column="x", operation=Operation.SUM, windows=["1h"], **more)
    return GroupBy(
        sources=[source], keys=["user"], tiling_enabled=True, aggregations=[total], name=name
    )
"""


@pytest.fixture(autouse=True)
def _in_a_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def _write(path: str, *lines: str, head: bool = True) -> None:
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    Path(path).write_text((HEAD if head else "") + "\n".join(lines) + "\n", encoding="utf-8")


def _names(compilation: Compilation) -> list[str]:
    assert compilation.diagnostics == []
    return [plan.name for plan in compilation.plans]


def _shown(compilation: Compilation) -> list[str]:
    return [str(problem) for problem in compilation.diagnostics]


def test_names_are_paths_below_the_root() -> None:
    """A GroupBy is named by its module's path below the compiled folder and its variable."""
    _write("features/clicks.py", "hourly = make()")
    _write("features/shop/web/orders.py", "daily = make()")
    assert _names(compile_paths(["features"])) == ["clicks.hourly", "shop.web.orders.daily"]
    assert _names(compile_paths(["features/shop"])) == ["web.orders.daily"]
    assert _names(compile_paths(["features/shop/web/orders.py"])) == ["orders.daily"]


def test_only_files_of_features_are_run() -> None:
    """Tests, private files, scripts, hidden folders, environments and files of other things are
    left alone.
    """
    for path in (
        "test_a.py",
        "conftest.py",
        "_private.py",
        "__init__.py",
        "scripts/a.py",
        ".hidden/a.py",
        "_old/a.py",
        "env/lib/a.py",
    ):
        _write(f"features/{path}", "raise SystemExit('this file was run')")
    Path("features/env/pyvenv.cfg").touch()
    _write("features/other.py", "raise SystemExit('this file was run')", head=False)
    _write("features/clicks.py", "hourly = make()")
    assert _names(compile_paths(["features"])) == ["clicks.hourly"]


def test_a_named_file_is_run_whatever_its_name() -> None:
    """What the command line names is meant."""
    _write("test_clicks.py", "hourly = make()")
    assert _names(compile_paths(["test_clicks.py"])) == ["test_clicks.hourly"]


def test_a_group_by_belongs_to_the_module_that_assigns_it() -> None:
    """Importing a GroupBy does not compile it twice, whichever file is loaded first, and however it
    is imported.
    """
    _write(
        "features/a.py",
        "from features_of_b.b import hourly",
        "import features_of_b.b as b",
        "alias = b.hourly",
        "mine = make()",
    )
    _write("features/features_of_b/b.py", "hourly = make()")
    _write(
        "features/z.py",
        "from features_of_b.b import *",
        "from features_of_b.b import hourly as other",
    )
    assert _names(compile_paths(["features"])) == ["a.mine", "features_of_b.b.hourly"]


def test_helpers_make_group_bys_for_the_module_that_assigns_them() -> None:
    """A function of a private module makes GroupBys that belong to its caller."""
    _write("features/_shared.py")
    _write(
        "features/clicks.py",
        "import tilewright, _shared",
        "hourly = _shared.make()",
        "daily = _shared.make()",
        head=False,
    )
    compilation = compile_paths(["features"])
    assert _names(compilation) == ["clicks.daily", "clicks.hourly"]


def test_names_overrides_and_lists() -> None:
    """A GroupBy with a name of its own needs no variable, and one with two variables has the first
    one's name.
    """
    _write(
        "clicks.py",
        "some = [make(name=f'generated.g{i}') for i in range(3)]",
        "first = second = make()",
    )
    assert _names(compile_paths(["clicks.py"])) == [
        "clicks.first",
        "generated.g0",
        "generated.g1",
        "generated.g2",
    ]


def test_sources_are_named_by_their_variables() -> None:
    """A source has the name of its variable, also of the one in the module that it is imported
    from.
    """
    _write("features/_shared.py")
    for file, variable in (("a", "clicks"), ("b", "views")):
        _write(
            f"features/{file}.py",
            "import tilewright, _shared",
            f"from _shared import source as {variable}",
            "hourly = _shared.make()",
            head=False,
        )
    plans = compile_paths(["features"]).plans
    assert [plan.sources[0].name for plan in plans] == ["clicks", "views"]


def test_an_exception_ends_its_own_file_only() -> None:
    """A failing file is reported at its line, and the mistakes of all other files are reported
    too.
    """
    _write(
        "features/a.py",
        "before = make(edge='exactly')",
        "def fail():",
        "    raise KeyError('user')",
        "fail()",
    )
    _write("features/b.py", "x = make(", "y = 1")
    _write("features/c.py", "good = make()")
    _write("features/d.py", "bad = make(windws=['1h'])")
    compilation = compile_paths(["features"])
    assert _shown(compilation) == [
        (
            "features/a.py:5: TW010 Aggregation(edge='exactly'): input should be 'sawtooth', "
            "'prorate', 'truncate' or 'exact'."
        ),
        "features/a.py:11: TW001 KeyError: 'user'. The file was left out; correct this line.",
        "features/b.py:9: TW002 '(' was never closed. Correct this line; the file was left out.",
        "features/d.py:5: TW008 Aggregation has no argument 'windws'. Did you mean 'windows'?",
    ]
    assert [plan.name for plan in compilation.plans] == ["c.good"]


@pytest.mark.parametrize(
    "end", ["raise SystemExit(3)", "exit()", "def f(): f()\nf()", "import no_such_module"]
)
def test_nothing_that_a_file_does_ends_the_compilation(end: str) -> None:
    """A file that exits, recurses without end or imports what is not there is reported like any
    other.
    """
    _write("features/a.py", end)
    _write("features/c.py", "good = make()")
    compilation = compile_paths(["features"])
    assert [(problem.code, problem.file) for problem in compilation.diagnostics] == [
        ("TW001", "features/a.py")
    ]
    assert [plan.name for plan in compilation.plans] == ["c.good"]


def test_a_file_that_is_not_text() -> None:
    """Bytes that are no UTF-8 are reported, not raised."""
    Path("clicks.py").write_bytes(b"import tilewright\nx = '\xff\xfe'\n")
    (problem,) = compile_paths(["clicks.py"]).diagnostics
    assert (problem.code, problem.file) in {("TW001", "clicks.py"), ("TW002", "clicks.py")}


def test_what_cannot_be_found() -> None:
    """A missing path, a folder without declarations and a file without a GroupBy each say what to
    do.
    """
    Path("empty").mkdir()
    _write("nothing.py")
    Path("events.csv").write_text("a,b\n")
    assert _shown(compile_paths(["missing", "empty", "events.csv"])) == [
        (
            "empty: TW003 no file below this folder imports tilewright. Name the folder that holds "
            "your declarations."
        ),
        (
            "events.csv: TW003 this is not a Python file. Name the .py file that declares the "
            "GroupBys, or the folder that holds it."
        ),
        (f"missing: TW003 there is no such file or folder. Paths are relative to {Path.cwd()}."),
    ]
    assert _shown(compile_paths(["nothing.py"])) == [
        "nothing.py: TW003 declares no GroupBy. Assign one to a variable of the module."
    ]


def test_names_that_are_nearly_right() -> None:
    """A misspelt path, import or operand is answered with what was meant."""
    _write("clicks.py", "from tilewright import Agregation", head=False)
    _write("commas.py", "import tilewright", "pair = [1 2]", head=False)
    (path,) = _shown(compile_paths(["clickss.py"]))
    assert path == "clickss.py: TW003 there is no such file or folder. Did you mean 'clicks.py'?"
    (name,) = _shown(compile_paths(["clicks.py"]))
    assert name.endswith("Did you mean 'Aggregation'? The file was left out; correct this line.")
    (comma,) = _shown(compile_paths(["commas.py"]))
    assert comma == (
        "commas.py:2: TW002 invalid syntax. Perhaps you forgot a comma? "
        "Correct this line; the file was left out."
    )


def test_a_missing_path_stops_no_other() -> None:
    """Every path is looked at: one that is not there is a problem beside those of the files."""
    _write("broken.py", "g = make(tile_size='7x')")
    _write("sound.py", "h = make()")
    compilation = compile_paths(["missing.py", "broken.py", "sound.py"])
    assert [(problem.file, problem.code) for problem in compilation.diagnostics] == [
        ("broken.py", "TW011"),
        ("missing.py", "TW003"),
    ]
    assert [plan.name for plan in compilation.plans] == ["sound.h"]


def test_a_file_may_have_the_name_of_a_library() -> None:
    """An author's random.py is loaded, and Python's own stays what it was."""
    import random

    _write("features/random.py", "hourly = make()")
    _write("features/json.py", "import random", "assert random.random() < 1", "hourly = make()")
    assert _names(compile_paths(["features"])) == ["json.hourly", "random.hourly"]
    assert sys.modules["random"] is random


def test_loading_leaves_no_trace() -> None:
    """Authors' modules do not stay loaded, and no byte code is written beside them."""
    _write("features/helper_of_features.py", "a = make()")
    _write("features/clicks.py", "import helper_of_features", "hourly = make()")
    path, modules = list(sys.path), set(sys.modules)
    compile_paths(["features"])
    assert (sys.path, set(sys.modules) - modules) == (path, set())
    assert not list(Path("features").rglob("__pycache__"))


def test_a_changed_file_is_read_again() -> None:
    """The second compilation of a process sees the file as it is then."""
    _write("clicks.py", "hourly = make()")
    assert _names(compile_paths(["clicks.py"])) == ["clicks.hourly"]
    _write("clicks.py", "minute = make()")
    assert _names(compile_paths(["clicks.py"])) == ["clicks.minute"]


def test_paths_that_overlap_compile_once() -> None:
    """A file that two paths reach is loaded once, from the first of them."""
    _write("features/clicks.py", "hourly = make()")
    assert _names(compile_paths(["features", "features/clicks.py", "./features/"])) == [
        "clicks.hourly"
    ]


def test_a_file_that_cannot_be_read_stops_no_other() -> None:
    """It is named with the reason of the system, here a link that leads nowhere."""
    _write("features/good.py", "total = make()")
    Path("features/gone.py").symlink_to("nowhere.py")
    compilation = compile_paths("features")
    assert [plan.name for plan in compilation.plans] == ["good.total"]
    assert [str(one) for one in compilation.diagnostics] == [
        "features/gone.py: TW001 cannot be read: No such file or directory. Check who may read it."
    ]


def test_a_fifo_below_a_folder_is_not_waited_for() -> None:
    """It is named, and stops no other file."""
    _write("features/good.py", "total = make()")
    os.mkfifo("features/pipe.py")
    compilation = compile_paths("features")
    assert [plan.name for plan in compilation.plans] == ["good.total"]
    assert "features/pipe.py: TW001 cannot be read: it is no regular file." in str(
        compilation.diagnostics[0]
    )
