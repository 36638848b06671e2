"""The forms of moderators: the text to be published, and the words that go with a decision."""
