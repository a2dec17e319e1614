"""The pytest plugin: plans, snapshots, and features without a store.

pytest imports this in every run of an environment that has Tilewright, so what is heavy is imported
by the fixtures.
"""

from __future__ import annotations

from collections.abc import Mapping
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
    """Compiles authors' files: `plans = compile_plans("features")`.

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
        raise pytest.UsageError(
            "plan_snapshot needs syrupy. Install it with: pip install 'tilewright[testing]'"
        ) from None
    from .snapshots import PlanSnapshot

    return snapshot.use_extension(PlanSnapshot)


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

        made, store = _plan(plan), open_store("memory:")
        with Writer(made, store) as writer:
            for source, of_source in (
                events if isinstance(events, Mapping) else {None: events}
            ).items():
                refused = writer.write(of_source, source).refused
                if refused and not refuse:
                    reasons = ", ".join(
                        f"{reason} ({count})" for reason, count in refused.most_common()
                    )
                    pytest.fail(
                        f"events of {source or made.name} cannot be used: {reasons}. If that is "
                        "meant, say refuse=True."
                    )
        return Fetcher(made, store).fetch(keys, at).features

    return features_of


def _plan(plan: Plan | GroupBy) -> Plan:
    from tilewright_compiler.compile import compile_group_by
    from tilewright_compiler.plan.model import Plan

    return plan if isinstance(plan, Plan) else compile_group_by(plan)
