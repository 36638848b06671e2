"""Pages of moderators: a module for each thing they do."""
