"""Fixtures for all tests.  The servers are started by the plugin `devstack.pytest_servers`."""

from collections.abc import Iterator

import pgtrigger
import pytest
from django.core.management import call_command
from django.test import TransactionTestCase


@pytest.fixture(scope="session", autouse=True)
def _tables_are_emptied_between_tests() -> Iterator[None]:
    """Let the end of a transactional test truncate the append-only tables, which nobody else may."""

    def empty(case: TransactionTestCase) -> None:
        with pgtrigger.ignore():
            # Knox's own table, which nothing uses, points at people and is not listed: hence the cascade.
            call_command("flush", verbosity=0, interactive=False, reset_sequences=False, allow_cascade=True)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(TransactionTestCase, "_fixture_teardown", empty)
        yield
