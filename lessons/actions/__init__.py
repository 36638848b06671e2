"""Everything that changes data about events and lessons: for pages, API, commands and tasks alike."""
