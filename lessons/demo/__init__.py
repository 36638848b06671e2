"""The demonstration: people of one area, the lessons of `data/uk_lessons.csv`, and work in progress."""
