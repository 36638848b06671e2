"""Sending: lanes and leases, the checks just before the hand-over, SMTP, and what is recorded of it."""
