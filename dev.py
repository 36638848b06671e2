#!/usr/bin/env python3
"""Run, test, check and measure the portal.  Needs Python 3.11 and nothing else; installs the rest itself.

python3 dev.py up [--empty]                 start everything; --empty: without demonstration data
python3 dev.py test [pytest arguments]      the tests
python3 dev.py check                        style, types, imports, migrations, templates, security, licences
python3 dev.py messages                     update and compile the translations in locale/
python3 dev.py bench NAME [--quick] [...]   run benchmarks/NAME.py, beside a running `up`
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent
OLDEST_PYTHON = (3, 11)
DEFAULT_TESTS = "not fault and not slow and not bench"


def main(arguments: list[str]) -> None:
    if sys.version_info < OLDEST_PYTHON:
        sys.exit("Python 3.11 or later is needed: run this with such a python3.")
    os.chdir(ROOT)
    # Without bytecode each start of Django compiles 1,800 modules again: ten seconds for what `up` starts.
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    commands = {"up": up, "test": test, "check": check, "bench": bench, "messages": messages}
    if not arguments or arguments[0] not in commands:
        print(__doc__)
        sys.exit(0 if arguments in (["-h"], ["--help"]) else 2)

    from devstack.installation import InstallationError

    try:
        commands[arguments[0]](arguments[1:])
    except InstallationError as error:
        sys.exit(str(error))
    except KeyboardInterrupt:
        sys.exit(130)


def up(arguments: list[str]) -> None:
    from devstack.installation import install

    install("up", pages=True)
    become_python("-m", "devstack.up", *arguments)


def test(arguments: list[str]) -> None:
    from devstack.installation import install

    install("dev", pages=True)
    become_python("-m", "pytest", *with_test_defaults(arguments))


def check(arguments: list[str]) -> None:
    from devstack.installation import install

    install("dev", pages=False)
    become_python("-m", "devstack.check", *arguments)


def messages(arguments: list[str]) -> None:
    from devstack.installation import install

    install("dev", pages=False)
    become_python("-m", "devstack.messages", *arguments)


def bench(arguments: list[str]) -> None:
    from devstack.installation import install
    from devstack.run_env import load_run_env

    names = sorted(path.stem for path in ROOT.glob("benchmarks/[!_]*.py"))
    if not arguments or arguments[0] not in names:
        sys.exit(f"Name what to measure: {', '.join(names) or 'there is no benchmark yet'}.")
    install("bench", pages=False)
    load_run_env()
    become_python("-m", f"benchmarks.{arguments[0]}", *arguments[1:])


def with_test_defaults(arguments: list[str]) -> list[str]:
    """Add what `dev.py test` runs by default, as far as the caller has not chosen."""
    if any(Path(argument.split("::")[0]).exists() for argument in arguments):
        return arguments  # named tests run whatever their mark, and in one process
    chosen = {argument[:2] for argument in arguments}
    processes = "3" if arguments[:2] == ["-m", "fault"] else "2"  # those wait more than they compute
    pairs = [("-n", processes), ("-m", DEFAULT_TESTS)]
    defaults = [word for option, value in pairs if option not in chosen for word in (option, value)]
    return [*defaults, *arguments]


def become_python(*arguments: str) -> None:
    """Go on as the Python of .venv, in this same process: signals and the exit code need no passing on."""
    from devstack.installation import PYTHON

    sys.stdout.flush()
    os.execv(PYTHON, [str(PYTHON), *arguments])


if __name__ == "__main__":
    main(sys.argv[1:])
