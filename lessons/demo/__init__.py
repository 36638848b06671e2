"""The demonstration: people of one area, the lessons of `data/uk_lessons.csv`, work in progress and a debrief."""
