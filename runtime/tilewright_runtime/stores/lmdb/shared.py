"""The open LMDB environments of a process.

All stores of a path share one. LMDB may be opened only once for each process and path. So the
stores of one path count the references to their environment; the last one to close it closes the
file and lets go of the lock. A forked child gets environments of its own, since LMDB does not
survive a fork.
"""

from __future__ import annotations

import os
import threading

from .environment import Environment

_environments: dict[str, Environment] = {}
#: Held while an environment is opened or closed. Reentrant, since a store that was dropped may be
#: given back meanwhile.
_opening = threading.RLock()


def acquire(path: str) -> Environment:
    """Open a path's environment, or take one more reference.

    Raises StoreError if it cannot be opened.
    """
    with _opening:
        environment = _environments.get(path)
        if environment is None:
            environment = _environments[path] = Environment(path)
        environment.references += 1
        return environment


def release(environment: Environment) -> None:
    """Give a reference back.

    The last one closes the file and releases the writer's lock.
    """
    with _opening:
        if environment.pid != os.getpid():
            return
        environment.references -= 1
        if not environment.references:
            del _environments[environment.path]
            environment.close()


def _before_fork() -> None:
    """Wait until no transaction is open.

    A child that closes one would end its parent's, too.
    """
    _opening.acquire()
    for environment in _environments.values():
        environment.transactions.hold_off()


def _after_fork_in_parent() -> None:
    for environment in _environments.values():
        environment.transactions.resume()
    _opening.release()


def _after_fork_in_child() -> None:
    """Close what is the parent's.

    A store that is used here opens its own environment.
    """
    global _opening  # the child's one thread does not hold the old one
    _opening = threading.RLock()
    for environment in _environments.values():
        environment.is_inherited = True
        environment.close()
    _environments.clear()


os.register_at_fork(
    before=_before_fork,
    after_in_parent=_after_fork_in_parent,
    after_in_child=_after_fork_in_child,
)
