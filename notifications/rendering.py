"""From a row to the bytes of its mail: drawn once per announcement and language, filled in per recipient."""

import html
import re
import secrets
from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cache
from typing import Any
from urllib.parse import urlsplit

import css_inline
from django.conf import settings
from django.db.models import prefetch_related_objects
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext

from accounts.languages import ENGLISH, spoken
from accounts.models import Organisation, User
from govuk.templatetags.govuk import language_tag
from lessons.models import Publication
from notifications import digest_mail, mime
from notifications.emails import ALERTS, ENTRIES, SUBSCRIPTION_MAILS
from notifications.mail_content import About, Content, Link
from notifications.models import Announcement, Delivery, DeliveryKind
from notifications.sending.checks import Verdict
from notifications.use_mail import use_mail_of
from notifications.words import names_of, reason_in_words

#: May stand in no address: blanks and control characters.
UNFIT = re.compile(r"[\x00-\x20]")
#: Drawn mails that a process keeps: a blast is one, duty mails come one by one.
KEPT = 50


def load(deliveries: Iterable[Delivery]) -> None:
    """Read what the mails of a batch are about, in a few queries however many there are."""
    deliveries = list(deliveries)
    about = ("publication__lesson", "told_of", "move__publication")
    keys = {one.announcement_id for one in deliveries if one.announcement_id}
    news = Announcement.objects.select_related(*about).in_bulk(keys) if keys else {}
    for one in deliveries:
        if one.announcement_id in news:  # one object for all its mails
            one.announcement = news[one.announcement_id]
    prefetch_related_objects(
        [one for one in deliveries if not one.announcement_id],
        "digest_run",
        "move__publication",
        "move__lesson__organisation",
        "move__lesson__area",
        "move__lesson__merged_into",
    )
    _load_languages(deliveries)


def _load_languages(deliveries: list[Delivery]) -> None:
    """Set `language` of each mail to a person or a mailbox that does not read English."""
    others: dict[str, dict[int, str]] = {}
    for column, readers in (("person_id", User.objects), ("organisation_id", Organisation.objects)):
        keys = {getattr(one, column) for one in deliveries} - {None}
        found = readers.filter(pk__any_of=keys).exclude(language=ENGLISH) if keys else readers.none()
        others[column] = dict(found.values_list("pk", "language"))
    for one in deliveries:
        language = others["person_id"].get(one.person_id or 0) or others["organisation_id"].get(
            one.organisation_id or 0
        )
        if language:
            one.language = spoken(language)


def content_of(delivery: Delivery, verdict: Verdict) -> bytes:
    """Return the mail, ready to be handed over, in the language of its reader.

    :param verdict: what the last look at it found
    """
    language = (delivery.body or {}).get("language", delivery.language)
    if language == translation.get_language():  # mostly: changing it takes as long as filling a mail in
        return _content_of(delivery, verdict)
    with translation.override(language):
        return _content_of(delivery, verdict)


def _content_of(delivery: Delivery, verdict: Verdict) -> bytes:
    if delivery.kind == DeliveryKind.DIGEST:
        return _digest(delivery, digest_mail.digest_of(delivery, verdict.items, verdict.chosen))
    if delivery.kind == DeliveryKind.LESSON_USED:
        return _digest(delivery, use_mail_of(delivery))
    drawn = _drawn(delivery, verdict.current)
    gaps, more = {}, b""
    if delivery.kind in SUBSCRIPTION_MAILS:
        why = drawn.why(verdict.reasons)
        gaps = {"token": delivery.token.encode("ascii"), "why_text": why[0], "why_html": why[1]}  # needs no quoting
        more = _one_click(unsubscribe_url(delivery.token))
    return drawn.prepared.filled(
        to=envelope_address(delivery.address),
        message_id=delivery.message_id_header,
        date=delivery.date,
        gaps=gaps,
        more=more,
    )


def _digest(delivery: Delivery, digest: digest_mail.Digest) -> bytes:
    """Return a digest: drawn for one reader, since no two need be alike."""
    url = unsubscribe_url(delivery.token)
    words = _surroundings() | {"digest": digest, "unsubscribe": url}
    prepared = mime.prepare(
        head=_head(digest.subject, delivery.kind),
        text=render_to_string("emails/digest.txt", words),
        html=_inliner().inline(render_to_string("emails/digest.html", words)),
        gaps={},
    )
    return prepared.filled(
        to=envelope_address(delivery.address),
        message_id=delivery.message_id_header,
        date=delivery.date,
        gaps={},
        more=_one_click(url),
    )


def _one_click(url: str) -> bytes:
    """Return the header lines of RFC 8058."""
    return f"List-Unsubscribe: <{url}>\r\nList-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n".encode("ascii")


def _surroundings() -> dict[str, Any]:
    return {
        "language": language_tag(),
        "site_name": settings.SITE_NAME,
        "site_url": settings.SITE_URL,
        "subscriptions_url": settings.SITE_URL + reverse("subscriptions"),
    }


@dataclass
class Drawn:
    """A mail with its gaps, and its reasons in words as far as they came up."""

    prepared: mime.Prepared
    is_sensitive: bool
    names: dict[str, str]
    reasons: dict[tuple[str, ...], tuple[bytes, bytes]] = field(default_factory=dict)
    lines: dict[tuple[str, ...], str] = field(default_factory=dict)

    def why(self, reasons: list[dict[str, Any]]) -> tuple[bytes, bytes]:
        """Return the reasons as they stand in the text and in the HTML."""
        if self.is_sensitive:  # what was asked for would say what it is about
            lines: tuple[str, ...] = (gettext("a subscription of yours; sign in to see which"),)
        else:
            lines = tuple(dict.fromkeys(map(self._in_words, reasons)))
        if lines not in self.reasons:
            text = "\n".join(f"- {line}" for line in lines)
            items = "".join(f"<li>{html.escape(line)}</li>" for line in lines)
            self.reasons[lines] = (mime.quoted(text), mime.quoted(items))
        return self.reasons[lines]

    def _in_words(self, reason: dict[str, Any]) -> str:
        key = (*reason["matched"], reason.get("words", ""), reason.get("quarterly", ""))
        if key not in self.lines:
            self.lines[key] = reason_in_words(reason, self.names)
        return self.lines[key]


_kept: OrderedDict[tuple[object, ...], Drawn] = OrderedDict()


def _drawn(delivery: Delivery, current: int | None) -> Drawn:
    if delivery.body is not None:
        return _draw(Content(**_stored(delivery.body)), delivery.kind)
    key = (delivery.kind, delivery.announcement_id, delivery.move_id, current, delivery.language)
    if key not in _kept:
        about = _about(delivery, current)
        drawn = _draw(ENTRIES[delivery.kind](about), delivery.kind, about)
        if delivery.move_id:  # for one or two readers: not worth the place
            return drawn
        _kept[key] = drawn
        if len(_kept) > KEPT:
            _kept.popitem(last=False)
    return _kept[key]


def _stored(body: dict[str, Any]) -> dict[str, Any]:
    link = body.get("link")
    body = {name: value for name, value in body.items() if name != "language"}  # spoken already
    return body | {"link": Link(*link) if link else None, "facts": [tuple(fact) for fact in body.get("facts", [])]}


def _about(delivery: Delivery, current: int | None) -> About:
    if announcement := delivery.announcement:
        newest = Publication.objects.select_related("lesson").get(pk=current) if current else announcement.publication
        if delivery.kind == DeliveryKind.STOP_USING:  # about the version that they got
            newest = announcement.told_of or announcement.publication
            hidden = announcement.publication if announcement.publication.is_sensitive else announcement.told_of
            return About(newest.lesson, announcement.move, newest, hidden)
        return About(newest.lesson, announcement.move, newest, None)
    move = delivery.move
    if move is None:
        raise ValueError(f"delivery {delivery.pk} is about nothing")
    published = delivery.kind in {DeliveryKind.LESSON_PUBLISHED, DeliveryKind.SUSPENDED, DeliveryKind.BACK_IN_USE}
    return About(move.lesson, move, move.publication if published else None)


def _draw(content: Content, kind: str, about: About | None = None) -> Drawn:
    gaps = {}
    if kind in SUBSCRIPTION_MAILS:
        gaps = {name: f"gap{secrets.token_hex(12)}" for name in ("token", "why_text", "why_html")}
    words = _surroundings() | {
        "content": content,
        "gaps": gaps,
        "unsubscribe": unsubscribe_url(gaps["token"]) if gaps else "",
        "sensitive": about is not None and about.is_sensitive,
    }
    text = render_to_string("emails/mail.txt", words)
    page = _inliner().inline(render_to_string("emails/mail.html", words))
    publication = about.publication if about else None
    return Drawn(
        prepared=mime.prepare(head=_head(content.subject, kind), text=text, html=page, gaps=gaps),
        is_sensitive=about is not None and about.is_sensitive,
        names=names_of(publication.terms) if publication else {},
    )


def _head(subject: str, kind: str) -> bytes:
    lines = [
        mime.address_header("From", settings.DEFAULT_FROM_EMAIL),
        mime.header("Subject", subject),
        b"Auto-Submitted: auto-generated\r\n",
    ]
    if kind in ALERTS:
        host = urlsplit(settings.SITE_URL).hostname or "localhost"
        lines += [b"Precedence: bulk\r\n", mime.header("List-Id", f"{settings.SITE_NAME} <alerts.{host}>")]
    return b"".join(lines)


@cache
def _inliner() -> css_inline.CSSInliner:
    """Mail readers want styles in the elements; nothing is fetched from anywhere."""
    return css_inline.CSSInliner(keep_style_tags=False, load_remote_stylesheets=False)


def unsubscribe_url(token: str) -> str:
    before, after = _around_token()
    return f"{settings.SITE_URL}{before}{token}{after}"


@cache
def _around_token() -> tuple[str, str]:
    """The address of the page, but for the token: looking it up anew takes longer than handing a mail over."""
    before, _, after = reverse("unsubscribe", args=["token"]).partition("token")
    return before, after


def envelope_address(address: str) -> str:
    """Return `address` in ASCII, for the envelope and the header.

    :raises ValueError: it is no address that could be mailed
    """
    local, at, domain = address.rpartition("@")
    if not (local and at and domain) or not local.isascii() or UNFIT.search(address):
        raise ValueError("not an address")
    return f"{local}@{domain if domain.isascii() else domain.encode('idna').decode()}"
