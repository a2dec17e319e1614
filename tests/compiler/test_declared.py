"""Where a plan says that its parts were declared."""

from __future__ import annotations

from pathlib import Path

from support.cases import CASES
from tilewright_compiler.compile import compile_paths
from tilewright_compiler.diff import Verdict, compare
from tilewright_compiler.plan.model import Plan


def _compiled(path: Path) -> Plan:
    (plan,) = compile_paths([path]).plans
    return plan


def test_parts_name_the_authors_line() -> None:
    """The GroupBy, its source and each feature carry the file and line that made them."""
    plan = _compiled(CASES / "quick_start.py")
    assert plan.declared == "quick_start.py:11"
    assert [source.declared for source in plan.sources] == ["quick_start.py:5"]
    assert {feature.name: feature.declared for feature in plan.features} == {
        "amount_sum_1h": "quick_start.py:17",
        "amount_sum_12h": "quick_start.py:17",
        "amount_sum_7d": "quick_start.py:17",
        "amount_approx_percentile_12h": "quick_start.py:18",
    }


def test_files_are_named_below_the_compiled_folder(tmp_path: Path) -> None:
    """A file in a folder of the compiled one has both in its name, and no path of the machine."""
    (tmp_path / "shop").mkdir()
    (tmp_path / "shop" / "clicks.py").write_text((CASES / "quick_start.py").read_text())
    assert _compiled(tmp_path).declared == "shop/clicks.py:11"


def test_a_moved_line_changes_nothing(tmp_path: Path) -> None:
    """With a comment above it, a GroupBy has the same fingerprint and no difference."""
    text = (CASES / "quick_start.py").read_text()
    (tmp_path / "quick_start.py").write_text("# A comment.\n" + text)
    old, new = _compiled(CASES / "quick_start.py"), _compiled(tmp_path)
    assert (new.declared, new.fingerprint) == ("quick_start.py:12", old.fingerprint)
    assert compare(old, new).verdict == Verdict.UNCHANGED
