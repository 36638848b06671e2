"""Forms of the pages about lessons."""
