"""Measurements: `python3 dev.py bench NAME` runs `benchmarks/NAME.py`; the last line it prints is one JSON object."""
