"""`tilewright compile`: what it writes, what it says, and what never happens to files that are
there.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from typing import Any

import pytest

from support.cases import CASES
from tilewright_compiler.cli import compile_command
from tilewright_compiler.frontend.catalogue import CATALOGUE
from tilewright_compiler.output import load_targets, render, target_names, write

ROOT = Path(__file__).parents[2]
QUICK_START = (CASES / "quick_start.py").read_text(encoding="utf-8")


@pytest.fixture(autouse=True)
def _in_a_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("features").mkdir()
    Path("features/clicks.py").write_text(QUICK_START, encoding="utf-8")


@dataclass(frozen=True)
class Result:
    exit_code: int
    stdout: str
    stderr: str


def _run(*arguments: str) -> Result:
    # As a process would see it; click's own runner keeps the two streams apart in some versions
    # only.
    out, err = StringIO(), StringIO()
    with redirect_stdout(out), redirect_stderr(err), pytest.raises(SystemExit) as end:
        compile_command.main(list(arguments), prog_name="compile")
    return Result(int(end.value.code or 0), out.getvalue(), err.getvalue())


def _files() -> list[str]:
    return sorted(str(path) for path in Path("compiled").rglob("*") if path.is_file())


def test_it_writes_plans_and_sql() -> None:
    """Each GroupBy has a folder with its plan and the files of each target, and a line on standard
    output.
    """
    result = _run("features")
    assert (result.exit_code, result.stderr) == (0, "")
    summary = "clicks.clicks_tiled: 4 features, tiles of 6h, 1h, 5m, 55 tiles (92 kB) a request"
    assert result.stdout == f"{summary} -> compiled/clicks.clicks_tiled\n"
    assert _files() == [
        "compiled/clicks.clicks_tiled/duckdb/tiles.sql",
        "compiled/clicks.clicks_tiled/plan.json",
    ]


def test_a_mistake_writes_nothing() -> None:
    """With a mistake in any file, no file is written, and the exit status is 1."""
    Path("features/broken.py").write_text(
        QUICK_START.replace("price * quantity", "price * quantty"), encoding="utf-8"
    )
    result = _run("features")
    assert (result.exit_code, result.stdout, _files()) == (1, "", [])
    assert "features/broken.py:9: TW020" in result.stderr
    assert result.stderr.splitlines()[-1] == "error: 1 problem in 1 file; nothing was written"


def test_warnings_do_not_stop() -> None:
    """A warning is shown, and the files are written."""
    Path("features/clicks.py").write_text(
        QUICK_START.replace('"7d"]', '"7d", "16m"]'), encoding="utf-8"
    )
    result = _run("features")
    assert (result.exit_code, len(_files())) == (0, 2)
    assert "TW040 warning: amount_sum_16m" in result.stderr


def test_check_of_what_is_written() -> None:
    """--check agrees with what was just written, and writes nothing."""
    _run("features")
    before = {path: os.stat(path).st_mtime_ns for path in _files()}
    result = _run("features", "--check")
    assert result.exit_code == 0
    assert {path: os.stat(path).st_mtime_ns for path in _files()} == before


@pytest.mark.parametrize(
    "damage",
    [
        lambda path: path.unlink(),
        lambda path: path.write_text("{}"),
        lambda path: path.write_bytes(b"\xff"),
    ],
)
def test_check_finds_what_differs(damage: object) -> None:
    """--check names a file that is missing, changed or cut, and leaves it as it is."""
    _run("features")
    plan = Path("compiled/clicks.clicks_tiled/plan.json")
    damage(plan)  # type: ignore[operator]
    before = plan.read_bytes() if plan.exists() else None
    result = _run("features", "--check")
    assert result.exit_code == 1
    assert "compiled/clicks.clicks_tiled/plan.json is not what would be written" in result.stderr
    assert "1 of 2 files differ" in result.stderr
    assert (plan.read_bytes() if plan.exists() else None) == before


def test_check_before_anything_was_written() -> None:
    """--check of nothing fails, and makes no folder."""
    assert _run("features", "--check").exit_code == 1
    assert not Path("compiled").exists()


def test_a_write_that_fails_leaves_the_old_file(monkeypatch: pytest.MonkeyPatch) -> None:
    """A reader sees the old file or the new one, and no half-written file stays behind."""
    _run("features")
    before = {path: Path(path).read_bytes() for path in _files()}

    def fail(*arguments: object) -> None:
        raise OSError(28, "No space left on device", "compiled")

    monkeypatch.setattr(os, "replace", fail)
    Path("features/clicks.py").write_text(
        QUICK_START.replace("data/clicks", "data/old"), encoding="utf-8"
    )
    result = _run("features")
    assert result.exit_code == 1
    assert (
        result.stderr
        == "error: compiled cannot be written: No space left on device. Choose another folder "
        "with --out.\n"
    )
    assert {path: Path(path).read_bytes() for path in _files()} == before


def test_unchanged_files_are_not_touched() -> None:
    """A second run leaves files whose content is the same alone."""
    _run("features")
    before = {path: os.stat(path).st_ino for path in _files()}
    _run("features")
    assert {path: os.stat(path).st_ino for path in _files()} == before


def test_a_file_where_the_folder_should_be() -> None:
    """An output folder that cannot be made is a message."""
    Path("compiled").write_text("not a folder")
    result = _run("features")
    assert result.exit_code == 1
    assert "cannot be written" in result.stderr


INCOMPATIBLE = QUICK_START.replace("Operation.SUM", "Operation.AVERAGE").replace(
    '"12h", "7d"', '"12h", "30d"'
)


@pytest.mark.parametrize(
    "damage",
    [lambda text: text, lambda text: text.replace('"plan_version": 2', '"plan_version": 0')],
)
def test_an_online_plan_is_not_broken_by_accident(damage: Callable[[str], str]) -> None:
    """A new plan that the stored tiles do not fit is refused, also if another version wrote the old
    one; nothing is written.
    """
    _run("features")
    plan = Path("compiled/clicks.clicks_tiled/plan.json")
    plan.write_text(damage(plan.read_text()))
    before = plan.read_bytes()
    Path("features/clicks.py").write_text(
        INCOMPATIBLE.replace("price > 0", "price > 1"), encoding="utf-8"
    )
    result = _run("features")
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr.startswith(
        "compiled/clicks.clicks_tiled/plan.json: TW050 this plan is online"
    )
    assert result.stderr.endswith("error: 1 problem in 1 file; nothing was written\n")
    assert plan.read_bytes() == before


def test_an_online_plan_is_replaced_if_that_is_meant() -> None:
    """--allow-incompatible writes the new plan."""
    _run("features")
    Path("features/clicks.py").write_text(INCOMPATIBLE, encoding="utf-8")
    assert "a new level, with a backfill: level 1d is new" in _run("features").stderr
    assert _run("features", "--allow-incompatible").exit_code == 0
    assert "amount_average_30d" in Path("compiled/clicks.clicks_tiled/plan.json").read_text()


def test_what_is_offline_or_compatible_is_written() -> None:
    """A plan that is not online, and a change that stored tiles do not feel, need no option."""
    _run("features")
    Path("features/clicks.py").write_text(
        QUICK_START.replace("data/clicks", "data/old").replace("online=True", "online=False")
    )
    assert _run("features").exit_code == 0
    Path("features/clicks.py").write_text(INCOMPATIBLE, encoding="utf-8")
    assert _run("features").exit_code == 0


def test_a_damaged_plan_is_replaced() -> None:
    """What is no plan has no tiles to lose."""
    _run("features")
    for content in ("", "{", "[]", "{}", '{"online": "yes"}'):
        Path("compiled/clicks.clicks_tiled/plan.json").write_text(content)
        assert _run("features").exit_code == 0


def _json(*arguments: str) -> dict[str, Any]:
    result = _run("features", *arguments, "--format", "json")
    assert result.stderr == ""
    document: dict[str, Any] = json.loads(result.stdout)
    assert result.exit_code == (document["failure"] is not None)
    return document


def test_a_report_for_tools() -> None:
    """With --format json, standard output is one object: plans with their paths, and no failure."""
    document = _json()
    (plan,) = document["plans"]
    assert plan["path"] == "compiled/clicks.clicks_tiled/plan.json"
    assert Path(plan["path"]).is_file()
    assert plan["features"][0] == "amount_sum_1h"
    assert (document["diagnostics"], document["differing"], document["failure"]) == ([], [], None)


def test_problems_for_tools() -> None:
    """Each problem has its place, code and severity, and what the catalogue says of it."""
    Path("features/broken.py").write_text(
        QUICK_START.replace("price * quantity", "price * quantty"), encoding="utf-8"
    )
    document = _json()
    (problem,) = document["diagnostics"]
    assert (problem["file"], problem["line"], problem["code"], problem["severity"]) == (
        "features/broken.py",
        9,
        "TW020",
        "error",
    )
    assert (problem["title"], problem["remedy"]) == (
        CATALOGUE["TW020"].title,
        CATALOGUE["TW020"].remedy,
    )
    assert document["failure"] == "1 problem in 1 file; nothing was written"
    assert document["plans"] == []


def test_differences_for_tools() -> None:
    """--check lists the files that differ, and a broken configuration is a problem like others."""
    assert _json("--check")["differing"] == [
        "compiled/clicks.clicks_tiled/plan.json",
        "compiled/clicks.clicks_tiled/duckdb/tiles.sql",
    ]
    Path("tiling.yaml").write_text("tiling:\n  tile_sze: 1h\n")
    assert _json("--config", "tiling.yaml")["diagnostics"][0]["code"] == "TW005"


def test_usage() -> None:
    """A target that does not exist, and no path, are errors of usage."""
    assert {"duckdb", "spark", "sql"} <= set(target_names())
    unknown = _run("features", "--target", "oracle")
    assert (unknown.exit_code, f"Known: {', '.join(target_names())}." in unknown.stderr) == (
        2,
        True,
    )
    assert _run().exit_code == 2


def test_a_broken_configuration() -> None:
    """The configuration's mistakes are shown like all others."""
    Path("tiling.yaml").write_text("tiling:\n  tile_sze: 1h\n")
    result = _run("features", "--config", "tiling.yaml")
    assert result.exit_code == 1
    assert result.stderr.startswith(
        "tiling.yaml:2: TW005 there is no setting 'tiling.tile_sze'. Did you mean 'tile_size'?\n"
    )


def test_the_configuration_is_used() -> None:
    """The file of --config sizes the tiles."""
    Path("tiling.yaml").write_text("tiling:\n  tile_size: 5m\n")
    assert "tiles of 5m, 2,017 tiles" in _run("features", "--config", "tiling.yaml").stdout


@pytest.mark.parametrize("place", ["features/tilewright.yaml", "tilewright.yaml"])
@pytest.mark.parametrize("path", ["features", "features/clicks.py", "."])
def test_the_configuration_beside_what_is_compiled(place: str, path: str) -> None:
    """Without --config the tilewright.yaml of the path's folder is used, or the nearest above
    it.
    """
    Path(place).write_text("tiling:\n  tile_size: 5m\n")
    below_the_path = path == "." and place != "tilewright.yaml"
    assert ("tiles of 5m," in _run(path).stdout) is not below_the_path


def test_the_given_configuration_wins() -> None:
    """--config names another file than the one that lies there, whose mistakes then do not
    matter.
    """
    Path("tilewright.yaml").write_text("tiling:\n  tile_sze: 5m\n")
    Path("other.yaml").write_text("tiling:\n  tile_size: 10m\n")
    assert "tiles of 10m," in _run("features", "--config", "other.yaml").stdout
    assert _run("features").stderr.startswith(
        "tilewright.yaml:2: TW005 there is no setting 'tiling.tile_sze'"
    )


def test_the_configuration_above_the_current_folder_is_not_looked_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """What lies above the current folder is not this repository's."""
    Path("tilewright.yaml").write_text("tiling:\n  tile_size: 5m\n")
    monkeypatch.chdir("features")
    assert "tiles of 6h, 1h, 5m," in _run("clicks.py").stdout


def test_two_configurations_are_one_too_many() -> None:
    """Paths that lie beside different files are an error that names both."""
    Path("more").mkdir()
    Path("more/clicks.py").write_text(
        QUICK_START.replace("clicks_tiled", "more_tiled"), encoding="utf-8"
    )
    for folder in ("features", "more"):
        Path(folder, "tilewright.yaml").write_text("tiling:\n  tile_size: 5m\n")
    result = _run("features", "more")
    assert (result.exit_code, _files()) == (1, [])
    assert "features/tilewright.yaml: TW005" in result.stderr
    assert _run("features", "more", "--config", "more/tilewright.yaml").exit_code == 0


def test_what_tiling_is_worth_is_printed() -> None:
    """Where the entities are known, each window has a line with the recommendation and its two
    figures.
    """
    Path("tilewright.yaml").write_text("tiling:\n  entity_stats: {events_per_hour: 60}\n")
    assert _run("features").stdout.splitlines()[1:] == [
        "  1h over 5m: NO_TILING (5 events per tile, 12 tiles per window)",
        "  12h over 1h: STANDARD_TILING (60 events per tile, 12 tiles per window)",
        "  7d over 6h: STANDARD_TILING (360 events per tile, 28 tiles per window)",
    ]


def test_writing_twice_the_same_is_idempotent() -> None:
    """Rendering gives texts by path, and writing them is safe to repeat."""
    from tilewright_compiler.compile import compile_paths

    rendered = render(compile_paths(["features"]).plans, load_targets(["duckdb"]).values())
    write("compiled", rendered)
    write("compiled", rendered)
    assert {str(Path("compiled", path)) for path in rendered} == set(_files())


def _python(code: str, **environment: str) -> str:
    roots = os.pathsep.join(str(ROOT / wing) for wing in ("dsl", "compiler"))
    given = {"PATH": os.environ["PATH"], "PYTHONPATH": roots, **environment}
    return subprocess.run(
        [sys.executable, "-c", code], env=given, capture_output=True, text=True, check=True
    ).stdout


COMPILE = """
import sys
from tilewright_compiler.compile import compile_paths
from tilewright_compiler.output import load_targets, render
plans, targets = compile_paths(["features"]).plans, load_targets(["duckdb"])
for path, text in render(plans, targets.values()).items():
    sys.stdout.buffer.write(f"{path}\\n{text}".encode())
"""


def test_the_environment_changes_nothing() -> None:
    """Hash seed, time zone and locale do not change a byte of what is compiled."""
    case = (CASES / "every_operation.py").read_text(encoding="utf-8")
    Path("features/flights.py").write_text(case, encoding="utf-8")
    environments = [
        {"PYTHONHASHSEED": "0", "TZ": "UTC", "LC_ALL": "C.UTF-8"},
        {"PYTHONHASHSEED": "1", "TZ": "America/New_York", "LC_ALL": "C"},
        {
            "PYTHONHASHSEED": "31337",
            "TZ": "Asia/Kathmandu",
            "LC_ALL": "de_DE.UTF-8",
            "LANG": "tr_TR.UTF-8",
        },
    ]
    outputs = [_python(COMPILE, **environment) for environment in environments]
    assert "flights.origins/plan.json" in outputs[0]
    assert len(set(outputs)) == 1


def test_the_place_changes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same files below another folder, named by another path, give the same bytes."""
    from tilewright_compiler.compile import compile_paths

    here = render(compile_paths(["features"]).plans, load_targets(["duckdb"]).values())
    monkeypatch.chdir("/")
    assert (
        render(compile_paths([tmp_path / "features"]).plans, load_targets(["duckdb"]).values())
        == here
    )


@pytest.mark.parametrize("command", ["tilewright_compiler.cli", "tilewright_runtime.cli"])
def test_the_command_is_light(command: str) -> None:
    """Importing the command imports click and nothing heavy, so that --help is instant."""
    code = (
        f"import sys, {command}; print(*{{'duckdb', 'sqlglot', 'pydantic', 'yaml', "
        "'tilewright'} & set(sys.modules))"
    )
    assert _python(code).strip() == ""


def test_a_target_that_cannot_run_a_plan_says_why() -> None:
    """Each reason is reported at the GroupBy's line, and nothing is written."""
    Path("features/clicks.py").write_text(
        QUICK_START.replace('"price > 0"', '"round(price, 1) > 0"'), encoding="utf-8"
    )
    result = _run("features", "--target", "sql", "--dialect", "trino")
    assert (result.exit_code, result.stdout, _files()) == (1, "", [])
    line = QUICK_START.splitlines().index("clicks_tiled = GroupBy(") + 1
    assert (
        f"features/clicks.py:{line}: TW031 --target sql cannot run clicks.clicks_tiled: source "
        "click_events: " in result.stderr
    )
    assert result.stderr.splitlines()[-1] == "error: 1 problem in 1 file; nothing was written"
    assert _run("features").exit_code == 0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--target", "sql"], "--target sql needs --dialect"),
        (["--target", "sql", "--dialect", "bigqeury"], "Did you mean 'bigquery'?"),
        (["--dialect", "bigquery"], "--dialect is for --target sql"),
    ],
)
def test_the_dialect_belongs_to_the_sql_target(arguments: list[str], message: str) -> None:
    """A dialect that is missing, misspelled or of no use is a mistake of the command line."""
    result = _run("features", *arguments)
    assert (result.exit_code, _files()) == (2, [])
    assert message in result.stderr


@pytest.mark.parametrize(
    ("setting", "code"),
    [
        ("max_edge_error: 0.05", "TW040"),
        ("max_tiles_per_request: 10", "TW041"),
        ("max_bytes_per_request: 1000", "TW046"),
    ],
)
def test_strict_fails_where_a_budget_is_broken(setting: str, code: str) -> None:
    """Without it the same is a warning; of one that is kept it says nothing."""
    Path("tilewright.yaml").write_text(f"tiling:\n  {setting}\n", encoding="utf-8")
    failed = _run("features", "--strict")
    assert (failed.exit_code, _files()) == (1, [])
    assert f"{code} warning" in failed.stderr
    assert failed.stderr.splitlines()[-1].startswith("error: --strict: ")
    assert _run("features").exit_code == 0


def test_strict_passes_where_no_budget_is_broken() -> None:
    """Plans are written as without it."""
    result = _run("features", "--strict")
    assert (result.exit_code, result.stderr, len(_files())) == (0, "", 2)


def test_a_strategy_that_another_setting_comes_before_is_told() -> None:
    """The line is the GroupBy's, and the rule of each feature says the same."""
    settings = "sizing_strategy: adaptive, tile_sizes: {1h: 1m, 24h: 15m, 7d: 1h}"
    Path("tilewright.yaml").write_text(f"tiling: {{{settings}}}\n", encoding="utf-8")
    result = _run("features")
    assert "TW047 warning: tiling.tile_sizes chooses the tile sizes" in result.stderr
    plan = json.loads(Path("compiled/clicks.clicks_tiled/plan.json").read_text())
    rules = {feature["rule"] for feature in plan["features"]}
    assert all(rule.endswith(", not sizing_strategy adaptive") for rule in rules)


def test_a_password_in_a_path_is_not_shown() -> None:
    """Neither in that of declarations nor in that of the output."""
    url = "redis://u:s3cret@h/0"
    for arguments in ([url], [url, "--format", "json"], ["features", "--out", url]):
        printed = "".join(map(str, vars(_run(*arguments)).values()))
        assert "***@h/0" in printed
        assert "s3cret" not in printed
