"""Error messages in plain words, made from the label of a field."""

import re
from collections.abc import Iterator
from functools import lru_cache

from django import forms
from django.utils.text import capfirst
from django.utils.translation import get_language, gettext

from govuk.fields import DateField

# How a label may begin that already reads well after "Enter" or "Select".
BEGINS_WELL = re.compile(
    r"(a|an|the|your|our|my|each|which|what|when|where|who|why|how|whether|at least)\b", re.IGNORECASE
)
# A question as one asks it, which does not read well after "Enter": "When did it start?"
ASKED = re.compile(
    r"((what|which|when|where|who|why|how)\b.*? )?"
    r"(is|are|was|were|do|does|did|has|have|had|can|could|will|would|should|must)\b.*\?$",
    re.IGNORECASE,
)
ARTICLE = re.compile(r"^(a|an|the) ", re.IGNORECASE)


def called_by_label(label: str) -> str:
    """Return the label as it reads inside a sentence: "Title" becomes "a title"."""
    if ASKED.match(label):
        return gettext("an answer to “%(label)s”") % {"label": label}
    words = label.strip().rstrip("?:")
    second = words[1:2]
    if not second.isupper() and not re.match(r"\w+ [A-Z]", words):  # M/ETHANE, National Risk
        words = words[:1].lower() + words[1:]
    if BEGINS_WELL.match(words) or re.search(r"[^s]s$", words):  # a phrase, or a plural
        return words
    return f"{'an' if words[:1].lower() in 'aeio' else 'a'} {words}"


def is_english() -> bool:
    """Whether the grammar of this module holds: translations name a field by its label alone."""
    return (get_language() or "en").startswith("en")


def say_plainly(field: forms.Field, *, label: str, called: str = "") -> None:
    """Replace the messages of `field` that are still Django's own.

    A field's own `error_messages` stay.  Each form has its own copy of the field, so that nothing
    leaks from one form to the next.
    """
    kind, widget = type(field), type(field.widget)
    words = _in_plain_words(kind, widget, label, called, get_language())  # type: ignore[arg-type]  # classes have a hash
    for code, default, plain in words:
        if field.error_messages.get(code, default) is default:
            field.error_messages[code] = plain


@lru_cache(maxsize=2_000)
def _in_plain_words(
    kind: type[forms.Field], widget: type[forms.Widget], label: str, called: str, language: str | None
) -> list[tuple[str, object, str]]:
    """Return code, Django's message and ours for all that can be wrong with a field.

    :param language: the one that is spoken now
    """
    # Some messages are filled in with %, so a label must not bring one of its own.
    called = (called or _called(kind, widget, label)).replace(" %", "%").replace("%", " per cent")
    subject = gettext("The date") if called == gettext("the date") else capfirst(ARTICLE.sub("", called))
    found = []
    for code, message in _messages(kind, widget):
        plain = message.replace("{called}", called).replace("{Subject}", subject)
        found.append((code, _default_message(kind, code), plain.replace("{label}", label)))
    return found


def _called(kind: type[forms.Field], widget: type[forms.Widget], label: str) -> str:
    if issubclass(widget, forms.PasswordInput):
        return gettext("your %(label)s") % {"label": label.lower()}
    if issubclass(kind, DateField) and ASKED.match(label):
        return gettext("the date")
    if issubclass(kind, forms.EmailField) and label.lower() in ("email", "e-mail"):
        return gettext("an email address")
    return called_by_label(label) if is_english() else label


def _messages(kind: type[forms.Field], widget: type[forms.Widget]) -> Iterator[tuple[str, str]]:
    """Yield code and message for all that can be wrong with this kind of field."""
    yield "required", _required(kind, widget)
    yield "max_length", gettext("{Subject} must be %(limit_value)d characters or fewer")
    yield "min_length", gettext("{Subject} must be %(limit_value)d characters or more")
    yield "max_value", gettext("{Subject} must be %(limit_value)s or less")
    yield "min_value", gettext("{Subject} must be %(limit_value)s or more")
    yield "null_characters_not_allowed", gettext("{Subject} has a character that cannot be read: type it again")
    yield "invalid_choice", gettext("Select {called} from the list")
    yield "invalid_list", gettext("Select {called} from the list")
    if issubclass(kind, forms.EmailField):
        yield "invalid", gettext("Enter an email address in the correct format, like name@example.com")
    elif issubclass(kind, forms.URLField):
        yield "invalid", gettext("Enter a web address in the correct format, like https://www.example.com")
    elif issubclass(kind, forms.DecimalField | forms.FloatField):
        yield "invalid", gettext("{Subject} must be a number")
    elif issubclass(kind, forms.IntegerField):
        yield "invalid", gettext("{Subject} must be a whole number")
    elif issubclass(kind, forms.FileField):
        yield "max_length", gettext("The name of the file must be %(max)d characters or fewer")
        yield "empty", gettext("The selected file is empty")
    elif issubclass(kind, DateField):
        yield "incomplete", gettext("{Subject} must include %(missing)s")
        yield "not_real", gettext("{Subject} must be a real date")


def _required(kind: type[forms.Field], widget: type[forms.Widget]) -> str:
    if issubclass(kind, forms.FileField):
        return gettext("Select {called}")
    if issubclass(widget, forms.CheckboxInput):
        return gettext("Select “{label}” to continue")
    if issubclass(kind, forms.ChoiceField | forms.ModelChoiceField):
        return gettext("Select {called}")
    return gettext("Enter {called}")


def _default_message(kind: type[forms.Field], code: str) -> object:
    """Return Django's message, as the classes of the field define it, or None."""
    for cls in kind.__mro__:
        if code in (own := vars(cls).get("default_error_messages", {})):
            return own[code]
    return None
