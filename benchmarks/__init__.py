"""Measurements, run by `python3 dev.py bench NAME`.  The last line that each prints is one JSON object."""
