"""Fixtures for all tests.  The servers are started by the plugin `devstack.pytest_servers`."""
