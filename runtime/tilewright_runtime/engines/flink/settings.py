"""The settings of a Flink job.

They say how many instances run, what its workers know, and where its checkpoints lie.
"""

from __future__ import annotations

import atexit
import os
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Any

from tilewright_compiler.plan.model import Plan

from ...errors import JobError, StoreError
from ...stores.passwords import PASSWORD_VARIABLE, split_password
from ..reporting import Report
from .options import JobOptions
from .parameters import JobParameters


def is_local() -> bool:
    """Tell whether the job runs here, not on a cluster."""
    return "PYFLINK_GATEWAY_PORT" not in os.environ


def hand_over_password(url: str) -> str:
    """Return the store's URL for workers, without its password.

    The workers of a job here inherit the password in this process's environment. Raises JobError if
    the job runs on a cluster, whose workers do not.
    """
    shown, password = split_password(url)
    if password is None:
        return shown
    if not is_local():
        raise JobError(
            "--store has a password, which Flink would show among the job's parameters. Leave it "
            f"out of the URL, and set {PASSWORD_VARIABLE} here and in the environment of the "
            f"workers (containerized.taskmanager.env.{PASSWORD_VARIABLE}, or a secret of the "
            "cluster)."
        )
    os.environ[PASSWORD_VARIABLE] = password
    return shown


def configure(
    settings: Any, plan: Plan, options: JobOptions, stream: str, *, batch: bool, report: Report
) -> None:
    """Set what the command line says beside job.sql.

    It is called before any stream is made, since a stream takes its settings when it is made.
    `stream` names what fills the store. Raises StoreError or JobError for options that cannot go
    together.
    """
    parallelism = _parallelism(plan, options)
    if is_local():
        settings.set("python.executable", sys.executable)
        settings.set("python.client.executable", sys.executable)
        settings.set("taskmanager.memory.managed.size", "512m")
    settings.set("parallelism.default", str(parallelism))
    by_entity = not batch or parallelism == 1
    parameters = JobParameters(plan, options.store, stream, by_entity)
    settings.set("pipeline.global-job-parameters", parameters.encode())
    settings.set("pipeline.name", f"tiles of {plan.name}")
    if options.checkpoints is not None:
        _set_checkpoints(settings, plan, options.checkpoints, stream, report)
    elif is_local():
        settings.set("execution.checkpointing.dir", _temporary_folder().as_uri())


def _parallelism(plan: Plan, options: JobOptions) -> int:
    if options.store.startswith("lmdb:"):
        if options.parallelism not in (None, 1) or not is_local():
            raise StoreError(
                f"store {options.store}: one process may write to it. Use --parallelism 1 here, "
                "or a store such as redis:."
            )
        return 1
    if options.parallelism is not None:
        return options.parallelism
    cores = os.cpu_count() or 1
    return min(plan.flink.parallelism, cores) if is_local() else plan.flink.parallelism


def _temporary_folder() -> Path:
    """Make a folder that goes when the process ends.

    Without one Flink keeps checkpoints in memory and fails when they exceed five megabytes.
    """
    folder = Path(tempfile.mkdtemp(prefix="tilewright-checkpoints-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


def _set_checkpoints(settings: Any, plan: Plan, folder: str, stream: str, report: Report) -> None:
    """Give each plan and store its own folder of checkpoints.

    The job goes on from them. The states of another plan would not fit, and another store would
    lack the tiles that were put.
    """
    if "://" in folder:
        url = f"{folder.rstrip('/')}/{plan.fingerprint}/{stream}"
        settings.set("execution.checkpointing.dir", url)
        return
    own = Path(folder).resolve() / plan.fingerprint / stream
    complete = sorted(own.glob("*/chk-*/_metadata"), key=_modified_ns)
    if not complete:
        _require_no_others(plan, Path(folder))
    own.mkdir(parents=True, exist_ok=True)
    settings.set("execution.checkpointing.dir", own.as_uri())
    if complete:
        newest = complete[-1].parent
        settings.set("execution.state-recovery.path", newest.as_uri())
        report(f"{plan.name}: going on from checkpoint {newest}")


def _require_no_others(plan: Plan, folder: Path) -> None:
    """Check that a folder has only this job's checkpoints.

    Raises JobError if it has those of another plan or store.
    """
    others = sorted({path.parts[-5] for path in folder.glob("*/*/*/chk-*/_metadata")})
    if plan.fingerprint in others:
        raise JobError(
            f"{folder} holds checkpoints of a job that fills another store; this store would lack "
            "the tiles put there. Give that store, or another folder: the job then begins at the "
            "first event."
        )
    if others:
        raise JobError(
            f"{folder} holds checkpoints of another plan (fingerprint {others[0]}, this one has "
            f"{plan.fingerprint}), whose states do not fit. Give another folder, or the plan that "
            "made them."
        )


def _modified_ns(path: Path) -> int:
    return path.stat().st_mtime_ns
