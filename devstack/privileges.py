"""How a child process gives up rights, and how it ends when its parent does.  POSIX; fullest on Linux."""

from __future__ import annotations

import ctypes
import os
import pwd
import signal
import subprocess
import sys
from collections.abc import Callable
from enum import Enum
from pathlib import Path
from typing import Any

ON_LINUX = sys.platform == "linux"
LIBC = ctypes.CDLL(None, use_errno=True)  # loaded here: between fork and exec it would be too late
CLONE_NEWUSER = 0x10000000
PR_SET_PDEATHSIG = 1


class RunAs(Enum):
    """How PostgreSQL, which refuses to run as root, is started."""

    CALLER = "caller"  # an ordinary user started us
    NAMESPACE = "namespace"  # root, seen as `nobody` inside a user namespace: files stay root's
    NOBODY = "nobody"  # root where namespaces are forbidden: files become nobody's


def choose_run_as() -> RunAs:
    """Choose for this process; PG_ROOT_MODE=setuid forces root to become `nobody` for real."""
    if os.geteuid() != 0:
        return RunAs.CALLER
    if ON_LINUX and not os.environ.get("PG_ROOT_MODE") and _namespaces_are_allowed():
        return RunAs.NAMESPACE
    return RunAs.NOBODY


def popen_options(run_as: RunAs, *, death_signal: signal.Signals | None = None) -> dict[str, Any]:
    """Return the arguments of `subprocess` that start a child with the rights of `run_as`.

    :param death_signal: what the child gets when the thread that started it ends, so start such
        children from the main thread only
    """
    parent = os.getpid()

    def before_exec() -> None:
        if run_as is RunAs.NAMESPACE:
            _become_nobody_in_a_namespace()
        if death_signal:
            _die_with_parent(death_signal, parent)  # last: a change of rights would clear it

    options: dict[str, Any] = {"preexec_fn": before_exec, "cwd": "/", "stdin": subprocess.DEVNULL}
    if run_as is RunAs.NOBODY:
        options |= {"user": "nobody", "group": pwd.getpwnam("nobody").pw_gid, "extra_groups": []}
    return options


def dying_with_parent(death_signal: signal.Signals) -> Callable[[], None]:
    """Return a `preexec_fn` that makes a child of the same user end with us."""
    parent = os.getpid()
    return lambda: _die_with_parent(death_signal, parent)


def _die_with_parent(death_signal: signal.Signals, parent: int) -> None:
    if not ON_LINUX:
        return
    LIBC.prctl(PR_SET_PDEATHSIG, death_signal)
    if os.getppid() != parent:  # it died before we asked
        os.kill(os.getpid(), signal.SIGKILL)


def _become_nobody_in_a_namespace() -> None:
    nobody = pwd.getpwnam("nobody")
    if LIBC.unshare(CLONE_NEWUSER) != 0:
        raise OSError(ctypes.get_errno(), "unshare")
    Path("/proc/self/setgroups").write_text("deny")
    Path("/proc/self/uid_map").write_text(f"{nobody.pw_uid} 0 1")
    Path("/proc/self/gid_map").write_text(f"{nobody.pw_gid} 0 1")


def _namespaces_are_allowed() -> bool:
    try:
        return subprocess.run(["true"], preexec_fn=_become_nobody_in_a_namespace).returncode == 0
    except (subprocess.SubprocessError, OSError):
        return False
