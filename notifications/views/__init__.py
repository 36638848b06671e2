"""Pages about what is mailed to whom."""
