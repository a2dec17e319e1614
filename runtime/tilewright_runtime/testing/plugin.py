"""The pytest plugin: plans, snapshots, and features without a store.

pytest imports this module in every environment that has Tilewright installed, so the fixtures
import what is heavy.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Generator, Mapping
from typing import TYPE_CHECKING, Any, Protocol

import pytest

if TYPE_CHECKING:
    from syrupy.assertion import SnapshotAssertion

    from tilewright.group_by import GroupBy
    from tilewright_compiler.frontend.config import Config
    from tilewright_compiler.plan.model import Plan

    from ..times import Moment


class CompilePlans(Protocol):
    """What the fixture `compile_plans` gives."""

    def __call__(self, *paths: str, config: Config | None = None) -> dict[str, Plan]:
        """Compile files and folders to plans, by name.

        Relative paths are below pytest's root folder.
        """


class FeaturesOf(Protocol):
    """What the fixture `features_of` gives."""

    def __call__(
        self,
        plan: Plan | GroupBy,
        events: Any,
        keys: Mapping[str, Any],
        at: Moment,
        *,
        refuse: bool = False,
    ) -> dict[str, Any]:
        """Compute the features of keys after some events.

        `events` is what `Writer.write` takes; for a plan with several sources, a dictionary of it
        by source. Events that cannot be used fail the test unless `refuse` says that they are
        expected.
        """


@pytest.fixture
def compile_plans(pytestconfig: pytest.Config) -> CompilePlans:
    """Compile authors' files: `plans = compile_plans("features")`.

    Raises CompileError with every mistake.
    """

    def compile_plans(*paths: str, config: Config | None = None) -> dict[str, Plan]:
        from tilewright_compiler.compile import compile_paths
        from tilewright_compiler.frontend.diagnostics import CompileError

        compilation = compile_paths([pytestconfig.rootpath / path for path in paths], config)
        if compilation.errors:
            raise CompileError(compilation.errors)
        return {plan.name: plan for plan in compilation.plans}

    return compile_plans


@pytest.fixture
def plan_snapshot(request: pytest.FixtureRequest) -> SnapshotAssertion:
    """Compare plans with the ones that a reviewer has read.

    Write `assert plan == plan_snapshot`, with several plans `plan_snapshot(name=plan.name)`. Each
    plan is a file below `__snapshots__`; `pytest --snapshot-update` renews them.
    """
    try:
        snapshot: SnapshotAssertion = request.getfixturevalue("snapshot")
    except pytest.FixtureLookupError:
        from ..errors import installation_of

        raise pytest.UsageError(
            f"plan_snapshot needs syrupy. Install it with: {installation_of('testing')}."
        ) from None
    from .snapshots import PlanSnapshot

    return snapshot.use_extension(PlanSnapshot)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Say in words how a failed test's plans changed.

    pytest cuts the difference of two texts after a few lines, which here are fingerprints.
    """
    report = yield
    snapshot = getattr(item, "funcargs", {}).get("plan_snapshot")
    if report.failed and call.when == "call" and snapshot is not None:
        from .snapshots import changes_since

        if lines := list(changes_since(snapshot)):
            report.sections.append(("What changed in the plan", "\n".join(lines)))
    return report


@pytest.fixture
def features_of() -> FeaturesOf:
    """Run events through a plan in memory.

    `features_of(plan, events, {"user_id": "ann"}, at="2024-01-04T12:00:00Z")` gives features by
    name.
    """

    def features_of(
        plan: Plan | GroupBy,
        events: Any,
        keys: Mapping[str, Any],
        at: Moment,
        *,
        refuse: bool = False,
    ) -> dict[str, Any]:
        from .. import Fetcher, Writer, open_store

        compiled, store = _plan(plan), open_store("memory:")
        by_source = events if isinstance(events, Mapping) else {None: events}
        with Writer(compiled, store) as writer:
            for source, events_of_source in by_source.items():
                refused = writer.write(events_of_source, source).refused
                if refused and not refuse:
                    _fail_refused(source or compiled.name, refused)
        return Fetcher(compiled, store).fetch(keys, at).features

    return features_of


def _fail_refused(source: str, refused: Counter[str]) -> None:
    """Fail the test with the reasons why events were refused."""
    reasons = [f"{reason} ({count})" for reason, count in refused.most_common()]
    pytest.fail(
        f"events of {source} cannot be used: {', '.join(reasons)}. If the test means that, pass "
        "refuse=True."
    )


def _plan(plan: Plan | GroupBy) -> Plan:
    from tilewright_compiler.compile import compile_group_by
    from tilewright_compiler.plan.model import Plan

    return plan if isinstance(plan, Plan) else compile_group_by(plan)
