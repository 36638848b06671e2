"""The catalogue of Welsh: whole for what readers, subscribers and responders meet, and the same as what is compiled."""

from __future__ import annotations

import gettext
import io
import re
from collections.abc import Iterator

import pytest
from babel.messages.catalog import Catalog, Message

from devstack import messages
from jol.script_words import ENGLISH

#: Where the words stand that readers, subscribers and responders meet.  Elsewhere English may stand alone.
FOR_EVERYBODY = re.compile(
    r"templates/([^/]+\.html|account/|mfa/|socialaccount/|emails/|govuk/|pages/(about|accessibility|cookies|privacy)"
    r"|accounts/(_session|access|address|request|second_factor|security|sign_in_again|tokens)"
    r"|lessons/([^/]+\.html|writing/|debriefs/|attachments/)|notifications/(?!quarter_edit)[^/]+\.html)"
    r"|govuk/|jol/(context|script_words|borrowed_words)"
    r"|accounts/(adapter|addresses|invitations|middleware|notices|passwords|roles)\.py"
    r"|accounts/(forms/(passwords|second_factor|tokens)|views/(access|addresses|second_factor|security|tokens))"
    r"|lessons/(around|checklist|conditions|filters|labels|readiness|results|sighting|summary|timeline|waiting|what_became)"
    r"|lessons/(warnings/|attachments/|forms/[^/]+\.py|views/[^/]+\.py"
    r"|models/(attachments|debriefs|events|lessons|moves|warnings|wording)"
    r"|actions/(attachments|debriefs|moves|recurrences|warnings|writing))"
    r"|notifications/(backend|digest_mail|emails|looking_back|quarter_pages|rendering|use_mail|words)"
    r"|notifications/(forms/(subscriptions|mailboxes)|models/subscriptions|actions/(mailboxes|subscriptions|unsubscribing)"
    r"|views/(subscriptions|mailboxes|unsubscribing|use_mails))"
)
FOR_STAFF = re.compile(r"lessons/(forms|views)/(editions|foi|statistics)")
(WELSH,) = messages.catalogues()
PLACEHOLDER = re.compile(r"%\(\w+\)[sd]|%%|\{\w+\}|</?[a-z][^>]*>")
#: A translation may name a field by its label, whatever the English sentence is built from.
FIELD = {"{called}", "{Subject}", "{label}"}


@pytest.fixture(scope="module")
def marked() -> Catalog:
    return messages.template()


@pytest.fixture(scope="module")
def catalogue() -> Catalog:
    return messages.read(WELSH)


def in_scope(marked: Catalog) -> Iterator[Message]:
    for message in marked:
        names = [name for name, _ in message.locations if FOR_EVERYBODY.match(name) and not FOR_STAFF.match(name)]
        if message.id and names:
            yield message


def forms(message: Message) -> list[str]:
    return [message.string] if isinstance(message.string, str) else list(message.string)


def test_every_message_of_the_pages_and_mails_in_scope_is_translated(marked: Catalog, catalogue: Catalog) -> None:
    wanted = list(in_scope(marked))
    missing = [
        f"{message.locations[0][0]}: {message.id}"
        for message in wanted
        if (found := catalogue.get(message.id, message.context)) is None or not messages.is_translated(found.string)
    ]

    assert len(wanted) > 1500
    assert not missing, "run `python3 dev.py messages`, then translate:\n" + "\n".join(missing)


def test_every_translation_is_a_whole_one(catalogue: Catalog) -> None:
    faults = []
    for message in catalogue:
        if not message.id or not messages.is_translated(message.string):
            continue
        ids = [message.id] if isinstance(message.id, str) else list(message.id)
        if message.fuzzy:
            faults.append(f"fuzzy: {ids[0]}")
        if len(forms(message)) != (1 if len(ids) == 1 else 6):
            faults.append(f"not the six forms of Welsh: {ids[0]}")
        allowed = {frozenset(PLACEHOLDER.findall(one)) - FIELD for one in ids}
        for form in forms(message):
            if frozenset(PLACEHOLDER.findall(form)) - FIELD not in allowed:
                faults.append(f"other placeholders or tags: {ids[0]} | {form}")
            if (form[0].isspace(), form[-1].isspace()) != (ids[0][0].isspace(), ids[0][-1].isspace()):
                faults.append(f"other blanks at its ends: {ids[0]!r} | {form!r}")

    assert not faults, "\n".join(faults)


def test_what_is_compiled_is_what_the_catalogue_says(catalogue: Catalog) -> None:
    def words(compiled: bytes) -> dict[object, str]:
        found = gettext.GNUTranslations(io.BytesIO(compiled))._catalog
        return {key: value for key, value in found.items() if key}

    assert words(WELSH.with_suffix(".mo").read_bytes()) == words(messages.compiled(catalogue)), "run dev.py messages"
    for english, said in words(messages.ENGLISH.read_bytes()).items():
        assert not isinstance(english, str) or english.rpartition("\x04")[2] == said, "English is its own translation"


def test_every_sentence_that_a_script_says_is_among_those_that_a_page_brings() -> None:
    scripts = "\n".join(path.read_text() for path in (messages.ROOT / "static" / "js").glob("*.js"))
    said = set(re.findall(r'\b(?:say|words)\("([^"]+)"', scripts))
    shortcuts = set(re.findall(r'^  \["[a-z?]", "([^"]+)"', scripts, re.MULTILINE))

    assert len(said) > 10
    assert len(shortcuts) > 5
    assert not (said | shortcuts) - set(ENGLISH)
    assert all(one in scripts for one in ENGLISH if "Saved at" not in one), "no script says it any more"


def test_the_plural_forms_are_those_of_welsh(catalogue: Catalog) -> None:
    translations = gettext.GNUTranslations(io.BytesIO(messages.compiled(catalogue)))
    said = [
        translations.ngettext("%(number)s point", "%(number)s points", number) % {"number": number}
        for number in (0, 1, 2, 3, 6, 7)
    ]

    assert said == ["0 pwynt", "1 pwynt", "2 bwynt", "3 phwynt", "6 phwynt", "7 pwynt"]
