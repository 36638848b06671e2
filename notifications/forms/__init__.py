"""The forms about what is mailed to whom."""
