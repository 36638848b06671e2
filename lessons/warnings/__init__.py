"""What a text may hold that readers must not see: found by rules, judged by people.

`check.py` looks through a text with the rules of the other modules; `actions/warnings.py` keeps what was found and how
it was answered; `readiness.py` asks that all is answered before a text is published or submitted.  A warning says what
was found and where.  It never keeps anybody from saving.
"""
