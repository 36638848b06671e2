"""What is kept how long, what is held, and what of a person is given out or erased; see docs/audit.md."""
