"""What `dev.py` runs the portal on: embedded PostgreSQL and Redis, a mail sink, and their supervisor."""
