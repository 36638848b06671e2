"""Pages about lessons: each reads its input, makes one call, and turns the result into an answer."""
