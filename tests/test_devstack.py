"""The supervisor of `dev.py up`, tried with a stand-in for the product."""

import os
import signal
import socket
import subprocess
import sys

import pytest

from dev import with_test_defaults
from devstack.service import MOST_RESTARTS, Service
from tests.stand_in import BARE_ENVIRONMENT, PATIENCE_SECONDS, Up, make_stand_in, processes_in, wait_until

pytestmark = pytest.mark.slow  # each starts servers and processes, as a developer does
UNMARKED = "not fault and not slow and not bench"


@pytest.fixture
def stand_in(tmp_path):
    """A project folder; nothing that a failed test started in it outlives the test."""
    yield make_stand_in(tmp_path)
    for pid in processes_in(tmp_path):
        os.kill(pid, signal.SIGKILL)


@pytest.fixture(scope="module")
def running(tmp_path_factory):
    """A stand-in that runs, for tests that leave it as it is."""
    up = Up(make_stand_in(tmp_path_factory.mktemp("running")))
    up.wait_until_ready()
    yield up
    up.end()


def beside(up, code):
    """Run Python with `manage.py shell` beside a running `up` and return what it printed."""
    done = subprocess.run(
        [sys.executable, "manage.py", "shell", "--no-imports", "-c", code],
        cwd=up.folder,
        env=BARE_ENVIRONMENT,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def processes_named(folder, words):
    return [pid for pid, command in processes_in(folder).items() if words in command]


def assert_nothing_is_left_in(folder):
    """What has been killed is gone a moment later."""
    wait_until(lambda: not processes_in(folder), lambda: f"left over: {processes_in(folder)}")


def test_everything_works_once_it_says_ready_and_ctrl_c_stops_it_in_reverse_order(stand_in):
    up = Up(stand_in)
    up.wait_until_ready()

    beside(up, "from jol.celery import app; app.send_task('errand')")
    assert up.get("/health/") == "well"
    up.wait_for("the errand is done")
    up.wait_for("beat ticks")
    assert up.end(signal.SIGINT) == 0

    stopped = [line.split()[-2] for line in up.output.splitlines() if line.endswith(" stopped")]
    assert stopped == ["web", "beat", "worker", "mail", "redis", "PostgreSQL"]
    assert_nothing_is_left_in(stand_in)
    assert not (stand_in / "var" / "run.env").exists()


def test_the_demonstration_is_loaded_at_the_first_start_only(stand_in):
    first = Up(stand_in)
    first.wait_until_ready()
    first.end()
    second = Up(stand_in)
    second.wait_until_ready()
    second.end()

    assert "demonstration data are loaded" in first.output
    assert "data are loaded" not in second.output
    password = (stand_in / "var" / "demo_password").read_text()
    assert password in first.output
    assert password in second.output


def test_an_empty_start_loads_no_demonstration_and_names_no_account(stand_in):
    up = Up(stand_in, "--empty")
    up.wait_until_ready()
    up.end()

    assert "reference data are loaded" in up.output
    assert "demonstration data" not in up.output
    assert "@example.org" not in up.output

    again = Up(stand_in)
    again.wait_until_ready()
    settings = (stand_in / "var" / "run.env").read_text()
    again.end()

    assert "was begun without demonstration data, and stays so" in again.output
    assert "data are loaded" not in again.output
    assert "@example.org" not in again.output
    assert "DEMO=0\n" in settings, "and it is no demonstration that asks for less"


def test_a_kill_of_the_supervisor_leaves_nothing_and_the_next_start_works(stand_in):
    killed = Up(stand_in)
    killed.wait_until_ready()

    killed.end(signal.SIGKILL)
    next_one = Up(stand_in, port=killed.port)
    next_one.wait_until_ready()

    assert "demonstration data" not in next_one.output  # the rows of the first start are there
    assert next_one.end() == 0
    assert_nothing_is_left_in(stand_in)


def test_a_child_that_dies_is_started_again(stand_in):
    up = Up(stand_in)
    up.wait_until_ready()
    (redis,) = processes_named(stand_in, "redis-server")

    os.kill(redis, signal.SIGKILL)
    for pid in processes_named(stand_in, "gunicorn"):
        os.kill(pid, signal.SIGKILL)
    up.wait_for("is started again", times=2)
    wait_until(lambda: processes_named(stand_in, "redis-server"), lambda: "no redis-server")
    wait_until(lambda: up.get_or_nothing("/health/") == "well", lambda: f"no page: {up.output}")

    assert "redis has ended (killed by SIGKILL)" in up.output
    assert up.end() == 0


def test_a_child_that_keeps_dying_stops_everything(stand_in):
    (stand_in / "jol" / "wsgi.py").write_text("raise RuntimeError('broken')\n")

    up = Up(stand_in)

    assert up.child.wait(PATIENCE_SECONDS) == 1
    assert f"web has died more than {MOST_RESTARTS} times within a minute" in up.output
    assert up.output.count("web has ended") == MOST_RESTARTS
    assert_nothing_is_left_in(stand_in)


def test_the_loss_of_postgresql_stops_the_rest(stand_in):
    up = Up(stand_in)
    up.wait_until_ready()
    (pid_file,) = stand_in.glob("var/postgres-*/data/postmaster.pid")

    os.kill(int(pid_file.read_text().split()[0]), signal.SIGQUIT)

    assert up.child.wait(PATIENCE_SECONDS) == 1
    assert "PostgreSQL has ended, so the rest is stopped too" in up.output
    assert_nothing_is_left_in(stand_in)


def test_a_second_up_in_the_same_folder_is_refused(running):
    second = Up(running.folder)

    assert second.child.wait(PATIENCE_SECONDS) == 1
    assert second.output.count("\n") == 1
    assert "Another `dev.py up` is already running in this folder." in second.output
    assert running.get("/health/") == "well"


def test_a_taken_port_is_named(stand_in):
    with socket.create_server(("127.0.0.1", 0)) as holder:
        port = holder.getsockname()[1]
        up = Up(stand_in, port=port)

        assert up.child.wait(PATIENCE_SECONDS) == 1

    assert up.output.count("\n") == 1
    assert f"Port {port} is taken: set PORT to another number." in up.output


def test_commands_beside_a_running_up_find_its_servers(running):
    ask = "from django.db import connection as c; c.ensure_connection(); print('connected to', c.vendor)"

    assert beside(running, ask) == "connected to postgresql"


def test_five_restarts_a_minute_are_allowed():
    service = Service("x", ["false"])

    assert [service.may_restart() for _ in range(MOST_RESTARTS + 1)] == [True] * MOST_RESTARTS + [False]


def test_restarts_are_forgotten_after_a_minute():
    service = Service("x", ["false"])
    for _ in range(MOST_RESTARTS):
        service.may_restart()
    service.restarted_at[0] -= 61

    assert service.may_restart()
    assert not service.may_restart()


def run_dev(folder, before, command, **environment):
    """Run `dev.py` in a Python to which something was done before."""
    return subprocess.run(
        [sys.executable, "-c", f"{before}\nimport dev\ndev.main({command!r})"],
        cwd=folder,
        env={"PATH": str(folder), "HOME": str(folder), **environment},
        capture_output=True,
        text=True,
    )


def test_a_python_without_venv_is_said_in_one_sentence(stand_in):
    (stand_in / "package.json").touch()

    done = run_dev(stand_in, "import sys; sys.modules['ensurepip'] = None", ["check"])

    assert done.returncode == 1
    assert done.stdout == ""
    assert done.stderr.splitlines() == [
        "This Python makes no virtual environments: install python3-venv (apt-get install python3-venv)."
    ]


def test_a_machine_without_npm_is_told_in_one_sentence(stand_in):
    # The packages are there; npm is not on PATH, and the wheel that replaces it cannot be had.
    already = "import devstack.installation as i; i.install_python_packages = no_wheel"
    no_wheel = "def no_wheel(lock):\n    if lock == 'node': raise i.InstallationError('pip could not')\n"
    for name in ("package.json", "package-lock.json"):
        (stand_in / name).touch()

    done = run_dev(stand_in, no_wheel + already, ["up"])

    assert done.returncode == 1
    assert done.stderr.splitlines() == [
        "There is no npm here and no Node.js wheel for it: install Node.js 18 or later."
    ]


def test_an_unknown_command_shows_what_there_is(stand_in):
    done = run_dev(stand_in, "", ["upp"])

    assert done.returncode == 2
    assert "dev.py up [--empty]" in done.stdout


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ([], ["-n", "2", "-m", UNMARKED]),
        (["-x"], ["-n", "2", "-m", UNMARKED, "-x"]),
        (["-m", "fault", "-n", "0"], ["-m", "fault", "-n", "0"]),
        (["-m", "fault"], ["-n", "3", "-m", "fault"]),
        (["-m", "slow and not fault"], ["-n", "2", "-m", "slow and not fault"]),
        (["tests/test_devstack.py"], ["tests/test_devstack.py"]),
        (["tests/test_devstack.py::test_x"], ["tests/test_devstack.py::test_x"]),
    ],
)
def test_what_the_caller_chooses_replaces_the_default(given, expected):
    assert with_test_defaults(given) == expected
