"""The bytes of each mail: headers, one recipient, both parts with the same facts, nothing protected."""

from __future__ import annotations

from html.parser import HTMLParser
from typing import Any

import pytest
from django.core.mail import EmailMessage, EmailMultiAlternatives, send_mail
from django.test import Client

from lessons.models import Marking, Move, Publication, Status
from notifications import mime
from notifications.emails import ENTRIES
from notifications.models import Announcement, Delivery
from notifications.rendering import content_of, load
from notifications.sending.checks import look
from notifications.templatetags.mail import with_links
from tests.factories import (
    AnnouncementFactory,
    DeliveryFactory,
    EventFactory,
    LessonFactory,
    NationalRiskFactory,
    PublicationFactory,
    SubscriptionFactory,
    UserFactory,
    move_of,
    person,
)
from tests.scripted_smtp import Received
from tests.test_fanout import fan_out

pytestmark = pytest.mark.django_db

ALERTS = {"new_lesson": "published", "correction": "correction", "stop_using": "retraction", "use_again": "restored"}
DUTIES = sorted(set(ENTRIES) - set(ALERTS))
CANARY = "canary-7Q"


def written(delivery: Delivery) -> Received:
    """Return the mail as a server would receive it."""
    load([delivery])
    verdict = look([delivery])[delivery.pk]
    assert not verdict.reason
    content = content_of(delivery, verdict)
    return Received("sender", [delivery.address], content)


def alert(kind: str, publication: Publication, **subscription: Any) -> Received:
    reader = person(cleared=True)
    SubscriptionFactory(person=reader, **subscription)
    announcement = AnnouncementFactory(publication=publication)
    fan_out(announcement)
    Announcement.objects.filter(pk=announcement.pk).update(kind=ALERTS[kind])
    Delivery.objects.filter(announcement=announcement).update(kind=kind)
    return written(Delivery.objects.get(announcement=announcement))


def duty(kind: str, publication: Publication, move: Move = Move.DECLINE) -> Received:
    entry = move_of(publication, move)
    return written(DeliveryFactory(kind=kind, move=entry, priority=2))


def any_mail(kind: str, publication: Publication | None = None) -> Received:
    publication = publication or PublicationFactory()
    return alert(kind, publication) if kind in ALERTS else duty(kind, publication)


class Words(HTMLParser):
    """The words of a page, and the addresses it loads or links to."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.words: list[str] = []
        self.links: list[str] = []
        self.loaded: list[str] = []
        self.tags: set[str] = set()
        self._skip = False
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self._skip = tag in {"style", "title"}
        for name, value in attrs:
            if name == "href":
                self.links.append(value or "")
            if name in {"src", "srcset", "background"} or (name == "style" and "url(" in (value or "")):
                self.loaded.append(value or "")

    def handle_endtag(self, tag: str) -> None:
        self._skip = False

    def handle_data(self, data: str) -> None:
        if not self._skip:
            self.words.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.words).split())


@pytest.mark.parametrize("kind", sorted(ENTRIES))
def test_a_sensitive_item_shows_reference_kind_risk_theme_and_link_only(kind: str) -> None:
    risk = NationalRiskFactory(code="canary", name=f"{CANARY} risk", theme_code="flood", theme="Flooding")
    secret = f"{CANARY} words"
    lesson = LessonFactory(
        status=Status.PUBLISHED,
        publication=None,
        marking=Marking.SENSITIVE,
        title=f"{secret} title of ten",
        what_happened=secret,
        statement=secret,
        handling=secret,
        risks=[risk],
        event=EventFactory(name=secret),
        recommendations=[{"text": secret, "by_whom": secret}],
    )
    publication = PublicationFactory(lesson=lesson, note=secret, event_name=secret)

    asked = {"words": "canary", "risks": ["canary"]}
    mail = alert(kind, publication, **asked) if kind in ALERTS else duty(kind, publication)

    everything = mail.text + mail.html + mail.message["Subject"]
    assert "canary" not in everything.lower()
    assert lesson.organisation.name not in mail.text or kind == "sign_off_needed"
    assert mail.message["Subject"].startswith("[OFFICIAL-SENSITIVE] ")
    assert mail.message["Subject"].endswith(lesson.reference)
    for fact in (lesson.reference, "Lesson identified", "Flooding", "http://testserver/"):
        assert fact in mail.text
        assert fact in mail.html


def test_it_says_which_subscriptions_matched_with_what() -> None:
    NationalRiskFactory(code="surface-water-flooding", name="Surface water flooding")
    reader = person()
    SubscriptionFactory(person=reader, risks=["surface-water-flooding", "drought"], kinds=["lesson_identified"])
    SubscriptionFactory(person=reader, words="rest centres")
    SubscriptionFactory(person=reader)
    fan_out(AnnouncementFactory())

    mail = written(Delivery.objects.get())

    why = mail.text.split("\n-- \n")[1]
    assert "- kind “Lesson identified”; National Risk “Surface water flooding”\n" in why
    assert "- the words “rest centres”\n" in why
    assert "- everything that is published for you\n" in why
    assert "rought" not in why
    assert "Surface water flooding" in Words(mail.html).text.split("You get this because")[1]


def test_what_people_wrote_is_inert() -> None:
    nasty = '<img src=x onerror=alert(1)> & "quotes" {{ 7|add:7 }}\r\nBcc: everybody@example.org'
    lesson = LessonFactory(status=Status.PUBLISHED, publication=None)
    publication = PublicationFactory(lesson=lesson, title=nasty, statement=nasty, event_name=nasty)

    mail = alert("new_lesson", publication, words="img OR quotes OR rest")

    assert "Bcc" not in mail.message
    assert mail.message["Subject"].count("onerror") == 1
    page = Words(mail.html)
    assert "img" not in page.tags
    assert "{{ 7|add:7 }}" in page.text
    assert '<img src=x onerror=alert(1)> & "quotes"' in mail.text


def test_a_second_try_is_the_same_mail_byte_for_byte() -> None:
    SubscriptionFactory()
    fan_out(AnnouncementFactory())

    first, second = (written(Delivery.objects.get()).content for _ in range(2))

    assert first == second


def test_one_drawing_serves_all_readers(django_assert_num_queries: Any) -> None:
    SubscriptionFactory.create_batch(5)
    fan_out(AnnouncementFactory())
    deliveries = list(Delivery.objects.all())
    load(deliveries)
    verdicts = look(deliveries)
    first = deliveries[0]
    content_of(first, verdicts[first.pk])

    with django_assert_num_queries(0):
        contents = [content_of(one, verdicts[one.pk]).decode() for one in deliveries]

    for delivery, content in zip(deliveries, contents, strict=True):
        assert str(delivery.token) in content.replace("=\r\n", "")
        assert f"To: {delivery.address}\r\n" in content
        others = [other for other in deliveries if other != delivery]
        assert not any(str(other.token) in content or other.address in content for other in others)


# -- Django's own mails -----------------------------------------------------------------------------
@pytest.fixture
def our_backend(settings: Any) -> None:
    """The test runner puts another in its place."""
    settings.EMAIL_BACKEND = "notifications.backend.DeliveryBackend"


@pytest.mark.usefixtures("our_backend")
def test_djangos_mails_become_rows_one_per_recipient() -> None:
    sent = send_mail("Hello\u2028there", "One.\n\nTwo.", None, ["A@responder.example", "b@responder.example"])

    assert sent == 1
    rows = Delivery.objects.order_by("address")
    assert [row.address for row in rows] == ["a@responder.example", "b@responder.example"]
    assert {(row.kind, row.priority, row.state) for row in rows} == {("transactional", 0, "pending")}
    mail = written(rows[0])
    assert mail.message["Subject"] == "Hello there"
    assert mail.text.startswith("Hello there\n\nOne.\n\nTwo.\n")
    assert "b@responder.example" not in mail.content.decode()


@pytest.mark.usefixtures("our_backend")
def test_links_of_a_transactional_mail_are_links_in_its_html_too() -> None:
    mail = EmailMultiAlternatives("Reset", "Use this:\n\nhttp://testserver/accounts/x/?a=1&b=2", to=["a@b.example"])
    mail.attach_alternative("<p>other design</p>", "text/html")
    mail.send()

    html = written(Delivery.objects.get()).html

    assert "http://testserver/accounts/x/?a=1&b=2" in Words(html).links


@pytest.mark.usefixtures("our_backend")
def test_mails_with_attachments_are_refused() -> None:
    mail = EmailMessage("x", "y", to=["a@b.example"], attachments=[("a.txt", "a", "text/plain")])

    with pytest.raises(ValueError, match="no attachments"):
        mail.send()


@pytest.mark.usefixtures("our_backend")
def test_a_password_reset_is_a_row_of_the_first_priority() -> None:
    user = UserFactory(email="locked.out@responder.example")

    Client().post("/accounts/password/reset/", {"email": user.email})

    row = Delivery.objects.get()
    assert (row.address, row.priority) == ("locked.out@responder.example", 0)
    assert "/accounts/password/reset/key/" in written(row).text


# -- writing bytes ----------------------------------------------------------------------------------
@pytest.mark.parametrize(
    "text",
    ["plain", ".", "..\n.\n", "a" * 2000, "é" * 500, "=20 = \t ", "spaces  \nhere ", "From x\n\n\n", "a\r\nb\rc", ""],
)
def test_text_and_fillings_come_back_as_they_were(text: str) -> None:
    prepared = mime.prepare(
        head=mime.header("Subject", "x"), text=f"before MARK after{text}", html=f"{text}MARK", gaps={"gap": "MARK"}
    )
    content = prepared.filled(
        to="a@b.example",
        message_id="<1@b.example>",
        date=DeliveryFactory.build().date,
        gaps={"gap": mime.quoted(text)},
    )

    mail = Received("", [], content)
    normal = text.replace("\r\n", "\n").replace("\r", "\n")
    assert mail.text == f"before {normal} after{normal}"
    assert mail.html == f"{normal}{normal}"
    assert max(map(len, content.split(b"\r\n"))) <= 78


def test_what_to_do_is_a_button_where_its_address_is_ours_and_a_link_elsewhere() -> None:
    ours = with_links("Set a new password:\nhttp://testserver/accounts/?a=1&b=2")
    others = with_links("See <there>:\nhttps://elsewhere.example/")
    in_passing = with_links("It works once. Ask again here:\nhttp://testserver/accounts/")

    assert ours == '<a class="button" href="http://testserver/accounts/?a=1&amp;b=2">Set a new password</a>'
    assert "button" not in others + in_passing
    assert "&lt;there&gt;" in others
