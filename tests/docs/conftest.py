"""The folder in which most pages begin."""

from __future__ import annotations

from pathlib import Path

import pytest

from docs.pages import ROOT
from docs.session import follow


@pytest.fixture(scope="session")
def after_readme(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Path:
    """The folder of a reader who has followed the README."""
    folder = tmp_path_factory.mktemp("readme") / "reader"
    folder.mkdir()
    follow(ROOT / "README.md", folder, request)
    return folder
