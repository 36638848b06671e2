"""A worker's line to Redis, cut at the worst moment."""

import logging

from kombu import Connection

from jol.celery import app


def test_a_line_that_is_cut_again_while_it_is_closed_does_not_end_the_worker() -> None:
    with app.connection_for_write() as sender, sender.SimpleQueue("cut") as queue:
        queue.put({})
    line = Connection(app.conf.broker_url, transport_options=app.conf.broker_transport_options)
    assert line.default_channel.basic_get("cut"), "a message is in hand"

    line.transport.client = None  # so a first try to close it, which the cut broke off, leaves it
    line.close()

    with app.connection_for_write() as sender:
        assert sender.default_channel.basic_get("cut") is None, "it waits for the next relay"


def test_work_that_is_done_after_its_line_was_closed_does_not_end_the_worker() -> None:
    with app.connection_for_write() as sender, sender.SimpleQueue("late") as queue:
        queue.put({})
        queue.put({})
    line = Connection(app.conf.broker_url, transport_options=app.conf.broker_transport_options)
    done, refused = (line.default_channel.basic_get("late") for _ in range(2))

    line.close()

    log, errors = logging.getLogger(__name__), line.connection_errors + line.channel_errors
    done.ack_log_error(log, errors)
    refused.reject_log_error(log, errors)
