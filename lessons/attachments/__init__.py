"""Files that come with a lesson: what they are, what is inside, whether a scanner finds something.

Nothing in `kinds`, `archives`, `office`, `pdfs`, `images`, `texts` and `inside` knows of Django or the database:
`inside` runs in a process of its own, with limited memory and time and without any secret.
"""
