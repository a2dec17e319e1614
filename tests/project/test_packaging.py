"""What is published and deployed: the files of wheel and sdist, and those of deploy/."""

from __future__ import annotations

import configparser
import re
import shlex
import subprocess
import tarfile
import tomllib
import zipfile
from pathlib import Path
from typing import Any

import click
import pytest
import yaml

from tilewright_runtime.cli import main

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
WINGS = {
    "tilewright": ROOT / "dsl",
    "tilewright_compiler": ROOT / "compiler",
    "tilewright_runtime": ROOT / "runtime",
}
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "deploy/compose.yaml").read_text())
#: The suffixes of what is installed beside Python files.
DATA = {".j2", ".typed", ".html", ".properties", ".toml", ".csv", ".md", ".css", ".js", ".svg", ""}


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the wheel and the sdist."""
    from hatchling.builders.sdist import SdistBuilder
    from hatchling.builders.wheel import WheelBuilder

    folder = tmp_path_factory.mktemp("dist")
    for builder in (WheelBuilder, SdistBuilder):
        list(builder(str(ROOT)).build(directory=str(folder)))
    return folder


def test_the_wheel_has_the_three_packages_and_nothing_else(built: Path) -> None:
    """Every module is in it, and of other files only those that the code reads."""
    (wheel,) = built.glob("*.whl")
    names = [Path(name) for name in zipfile.ZipFile(wheel).namelist()]
    installed = [name for name in names if not name.parts[0].endswith(".dist-info")]
    assert {name.parts[0] for name in installed} == set(WINGS)
    assert {name.suffix for name in installed} <= DATA | {".py"}
    for package, wing in WINGS.items():
        modules = {path.relative_to(wing) for path in (wing / package).rglob("*.py")}
        assert modules <= set(installed)


def test_the_sdist_has_sources_and_no_file_that_lies_about(built: Path) -> None:
    """It has what builds, tests and documents the wheel."""
    (sdist,) = built.glob("*.tar.gz")
    with tarfile.open(sdist) as archive:
        names = [Path(name).parts[1:] for name in archive.getnames()]
    tops = {parts[0] for parts in names if parts}
    assert {"dsl", "compiler", "runtime", "tests", "docs", "pyproject.toml", "LICENSE"} <= tops
    assert {"Makefile", "mkdocs.yml", ".dockerignore"} <= tops  # what the verbs need
    assert ("runtime", "kernel", "CMakeLists.txt") in names
    assert not {".ci", ".git", ".venv", "build", "compiled", "node_modules"} & tops
    assert not [parts for parts in names if "__pycache__" in parts]


def test_the_image_installs_extras_that_exist() -> None:
    """Those that the commands of the compose file need."""
    dockerfile = (ROOT / "deploy/Dockerfile").read_text()
    (extras,) = re.findall(r"'\.\[([\w,]+)\]'", dockerfile)
    assert set(extras.split(",")) <= set(PROJECT["optional-dependencies"])


def parsed(arguments: list[str]) -> click.Context:
    """A command line as click takes it, without its being run; a wrong one raises."""
    context = click.Context(main)
    command = main.get_command(context, arguments[0])
    assert command is not None
    return command.make_context(arguments[0], arguments[1:])


@pytest.mark.parametrize("name", ["writer", "service"])
def test_the_command_of_a_container_is_one_of_ours(name: str) -> None:
    """Every option exists, and what a user has to give is named where it is missing."""
    filled = [
        re.sub(r"\$\{(\w+)(:[-?][^}]*)?\}", "x", one)
        for one in COMPOSE["services"][name]["command"]
    ]
    assert parsed(filled).params["store_url"] == "redis://redis:6379/0"


def test_what_containers_mount_and_wait_for_is_there() -> None:
    """Files beside the compose file, volumes and services that it names."""
    services = COMPOSE["services"]
    for service in services.values():
        assert set(service.get("depends_on", {})) <= set(services)
        for volume in service.get("volumes", []):
            source = volume.partition(":")[0]
            if source.startswith("./"):
                assert (ROOT / "deploy" / source).is_file()
            elif not source.startswith("$"):
                assert source in COMPOSE["volumes"]


def test_prometheus_asks_whoever_counts() -> None:
    """The service, at its port and with its token, and the writer, where its option says."""
    prometheus = yaml.safe_load((ROOT / "deploy/prometheus.yml").read_text())
    jobs = {one["job_name"]: one for one in prometheus["scrape_configs"]}
    targets = {name: one["static_configs"][0]["targets"] for name, one in jobs.items()}
    published = COMPOSE["services"]["service"]["ports"][0].rpartition(":")[2]
    filled = [re.sub(r"\$\{.*?\}", "x", one) for one in COMPOSE["services"]["writer"]["command"]]
    host, port = parsed(filled).params["metrics"]
    assert host == "0.0.0.0"
    assert targets == {"service": [f"service:{published}"], "writer": [f"writer:{port}"]}
    (secret,) = COMPOSE["services"]["prometheus"]["secrets"]
    variable = COMPOSE["secrets"][secret]["environment"]
    assert variable in COMPOSE["services"]["service"]["environment"]
    assert jobs["service"]["authorization"] == {"credentials_file": f"/run/secrets/{secret}"}


def test_prometheus_reads_the_rules_of_the_plan() -> None:
    """The plan's folder is mounted, which is there also if it was compiled without rules."""
    volumes = COMPOSE["services"]["prometheus"]["volumes"]
    (folder,) = [one.split(":")[-2] for one in volumes if "/${PLAN}:" in one]
    prometheus = yaml.safe_load((ROOT / "deploy/prometheus.yml").read_text())
    assert prometheus["rule_files"] == [f"{folder}/alerts/*.yaml"]


def test_prometheus_takes_its_file() -> None:
    """By its own tool."""
    file = str(ROOT / "deploy/prometheus.yml")
    subprocess.run(["promtool", "check", "config", "--syntax-only", file], check=True)


def test_the_unit_starts_a_command_of_ours() -> None:
    """What systemd runs is a command line that click takes."""
    unit = configparser.ConfigParser(interpolation=None, strict=False)
    unit.optionxform = str  # type: ignore[assignment,method-assign]
    unit.read(ROOT / "deploy/tilewright-serve.service")
    program, *arguments = shlex.split(unit["Service"]["ExecStart"])
    assert program.endswith("/bin/tilewright")
    assert parsed(arguments).info_name == "serve"
