"""The servers of `devstack`, which the fault tests stop and kill, each by itself."""

import os
import signal
import smtplib
from contextlib import closing
from pathlib import Path

import psycopg2
import pytest
import redis

from devstack.mail_sink import MailSink
from devstack.postgres import Cluster, PostgresError
from devstack.redis_server import RedisError, RedisServer
from devstack.run_env import load_run_env, write_run_env
from devstack.waiting import NotReadyError, is_free, wait_for_port
from tests.stand_in import let_postgres_pass, processes_in

pytestmark = pytest.mark.slow  # each starts servers of its own
MAIL = "Message-ID: <{name}@example.org>\r\nSubject: A lesson\r\n\r\nWhat was learned: {name}\r\n"


@pytest.fixture
def cluster(tmp_path):
    let_postgres_pass(tmp_path)
    cluster = Cluster(tmp_path / "pg")
    cluster.start()
    yield cluster
    cluster.delete()


@pytest.fixture
def sink(tmp_path):
    sink = MailSink(tmp_path / "mail")
    sink.start()
    yield sink
    sink.stop()


def ask(cluster, sql):
    with closing(psycopg2.connect(cluster.url)) as connection, connection, connection.cursor() as cursor:
        cursor.execute(sql)
        return cursor.fetchone() if cursor.description else None


def send(sink, name):
    with smtplib.SMTP("127.0.0.1", sink.port) as smtp:
        smtp.sendmail("us@example.org", ["one@example.org", "two@example.org"], MAIL.format(name=name))


def test_rows_outlive_an_immediate_stop(cluster):
    ask(cluster, "CREATE TABLE kept AS SELECT 7 AS number")

    cluster.restart(immediate=True)

    assert ask(cluster, "SELECT number FROM kept") == (7,)


def test_a_killed_server_is_cleared_away_by_the_next_start(cluster):
    ask(cluster, "CREATE TABLE kept AS SELECT 7 AS number")
    os.kill(cluster.server.pid, signal.SIGKILL)
    cluster.server.wait()
    assert (cluster.data / "postmaster.pid").exists()
    cluster.stop()

    cluster.start()

    assert ask(cluster, "SELECT number FROM kept") == (7,)


def test_an_orphan_that_still_runs_is_ended_by_the_next_start(cluster):
    orphan = cluster.server
    cluster.server = None  # as if the process that started it were gone
    cluster.stop()

    cluster.start()

    assert orphan.wait(60) == 0
    assert ask(cluster, "SELECT 1") == (1,)


def test_two_cannot_run_the_same_data(cluster):
    with pytest.raises(PostgresError, match="already running the database"):
        Cluster(cluster.folder).start()

    assert ask(cluster, "SELECT 1") == (1,)


def test_data_of_another_version_are_refused(cluster):
    cluster.stop()
    (cluster.data / "PG_VERSION").write_text("9\n")

    with pytest.raises(PostgresError, match="was made by PostgreSQL 9"):
        Cluster(cluster.folder).start()


def test_text_is_sorted_by_code_point_whatever_the_machine_says(cluster):
    assert ask(cluster, "SELECT string_agg(x, '' ORDER BY x) FROM unnest(ARRAY['b','a','é','B']) x") == ("Babé",)
    assert ask(cluster, "SELECT lower('É'), current_setting('timezone')") == ("é", "UTC")


def test_a_long_path_gets_its_socket_elsewhere(tmp_path):
    let_postgres_pass(tmp_path)
    cluster = Cluster(tmp_path / ("long" * 30))

    cluster.start()

    assert ask(cluster, "SELECT 1") == (1,)
    assert len(str(cluster.socket_folder)) < 100
    cluster.delete()
    assert not cluster.socket_folder.exists()
    assert processes_in(tmp_path) == {}


def test_a_wrong_pg_bin_is_named(tmp_path, monkeypatch):
    monkeypatch.setenv("PG_BIN", str(tmp_path))

    with pytest.raises(PostgresError, match="there is no postgres in it"):
        Cluster(tmp_path / "pg")


def test_a_wrong_redis_bin_is_named(tmp_path, monkeypatch):
    monkeypatch.setenv("REDIS_BIN", str(tmp_path / "nothing"))

    with pytest.raises(RedisError, match="there is no such file"):
        RedisServer(tmp_path).start()


def test_redis_forgets_everything_when_it_is_killed(tmp_path):
    server = RedisServer(tmp_path / "redis")
    server.start()
    redis.Redis.from_url(server.url).set("queue", "work")

    server.kill()
    server.start()

    assert redis.Redis.from_url(server.url).get("queue") is None
    server.stop()
    assert not server.is_running


def test_the_sink_keeps_each_mail_and_a_line_about_it(sink):
    send(sink, "first")
    send(sink, "second")

    assert [line.message_id for line in sink.ledger()] == ["<first@example.org>", "<second@example.org>"]
    assert {line.recipients for line in sink.ledger()} == {("one@example.org", "two@example.org")}
    assert sink.ledger()[0].received_at <= sink.ledger()[1].received_at
    assert [mail.read_bytes() for mail in sink.mails()] == [MAIL.format(name=n).encode() for n in ("first", "second")]


def test_a_killed_sink_starts_again_on_its_port_and_goes_on(sink):
    send(sink, "first")
    sink.kill()
    assert is_free(sink.port)

    sink.start()
    send(sink, "second")

    assert len(sink.ledger()) == 2


def test_waiting_for_nobody_ends_with_a_clear_word(sink):
    sink.stop()

    with pytest.raises(NotReadyError, match=f"Nobody listens on port {sink.port}"):
        wait_for_port(sink.port, timeout_seconds=0.1)


def test_variables_of_a_running_up_never_replace_those_of_the_environment(tmp_path, monkeypatch):
    path = tmp_path / "run.env"
    monkeypatch.setenv("MINE", "kept")
    monkeypatch.delenv("NEW", raising=False)
    monkeypatch.setenv("NEW", "to be removed at the end")
    monkeypatch.delenv("NEW")

    write_run_env({"MINE": "replaced", "NEW": "a=b"}, path)
    load_run_env(path)

    assert (os.environ["MINE"], os.environ["NEW"]) == ("kept", "a=b")
    assert path.stat().st_mode & 0o777 == 0o600


def test_without_a_running_up_nothing_is_set(tmp_path):
    before = dict(os.environ)

    load_run_env(Path(tmp_path) / "missing")

    assert dict(os.environ) == before
