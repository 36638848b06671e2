"""What scripts say: each sentence is a key in static/js, and a page in another language brings its words."""

from django.utils.translation import get_language, gettext, gettext_noop

ENGLISH = (
    gettext_noop("Saved at %(time)s"),
    gettext_noop("Saved at %(time)s, except %(fields)s"),
    gettext_noop("Saved at %(time)s. You are signed out; what you write here is still saved."),
    gettext_noop("Saved at %(time)s, except %(fields)s. You are signed out; what you write here is still saved."),
    gettext_noop("Sign in"),
    gettext_noop("Not saved. This page was open for too long: save with the button."),
    gettext_noop("Not saved. It is kept unchanged under a legal hold: copy what you wrote."),
    gettext_noop("Not saved. It was changed elsewhere: save with the button to compare."),
    gettext_noop("Not saved: no connection. Keep this page open; it tries again by itself."),
    gettext_noop("Show filters"),
    gettext_noop("Hide filters"),
    gettext_noop("When results are there, use the up and down arrows to look through them and enter to choose one."),
    gettext_noop("You will be signed out at %(time)s: a session lasts 8 hours at most. Save what you are writing."),
    gettext_noop("You will be signed out at %(time)s, since nothing happened for a while."),
    gettext_noop("To stay, press “Stay signed in”."),
    gettext_noop("(%(number)s selected)"),
    gettext_noop("The file is larger than %(number)s megabytes. Make it smaller, or choose another one."),
    gettext_noop("The file is being sent. Keep this page open."),
    gettext_noop("No results found"),
    gettext_noop("Type in %(number)s or more characters for results"),
    gettext_noop("Take out the selected words because of"),
    gettext_noop("Take out:"),
    gettext_noop("personal data"),
    gettext_noop("security"),
    gettext_noop("legal"),
    gettext_noop("commercial"),
    gettext_noop("clarity"),
    gettext_noop("Replaced by %(marker)s. It is kept when you save."),
    gettext_noop("Next lesson"),
    gettext_noop("Lesson before"),
    gettext_noop("Open it"),
    gettext_noop("Select it, or not"),
    gettext_noop("Take the next one"),
    gettext_noop("Go to the filters"),
    gettext_noop("Show this list"),
    gettext_noop("Keyboard shortcuts"),
    gettext_noop("Turn shortcuts off"),
    gettext_noop("Turn shortcuts on"),
    gettext_noop("Close"),
)


def words_of_scripts() -> dict[str, str]:
    """Return the sentences in the language that is spoken; none for English, which scripts know."""
    if (get_language() or "en").startswith("en"):
        return {}
    return {english: gettext(english) for english in ENGLISH}
