"""The lessons digest of a quarter: made in time, edited, approved, sent once with the quarterly mails; page and PDF."""

from __future__ import annotations

import io
from datetime import datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client
from pypdf import PdfReader
from pypdf.generic import DictionaryObject

from accounts.models import User
from accounts.roles import Role
from lessons.models import Marking, Publication, Status
from notifications.actions.quarters import MADE_BEFORE_END, MOST_CHOSEN, make_if_due, quarter_of
from notifications.fan_out import fan_out_batch
from notifications.models import Announcement, Delivery, QuarterDigest, Subscription
from notifications.quarter_pages import page_for, pdf_of
from notifications.sending.checks import lessons_of, look
from tests.factories import (
    NOON,
    LessonFactory,
    OrganisationFactory,
    PublicationFactory,
    ResilienceAreaFactory,
    SubscriptionFactory,
    person,
)
from tests.test_digests import announce, mail_of, run_digests
from tests.test_notifications_mails import written
from tests.test_notifications_moves import publish, publish_again, restore, suspend
from tests.test_subscriptions import signed_in

pytestmark = pytest.mark.django_db

QUARTER = quarter_of(NOON)
MADE = QUARTER.end - MADE_BEFORE_END
CANARY = "Canary of the quarter"


def published(at: datetime = NOON, **values: Any) -> Publication:
    lesson = LessonFactory(status=Status.PUBLISHED, publication=None, at=at, **values)
    return PublicationFactory(lesson=lesson, published_at=at)


def made() -> QuarterDigest:
    """Let the digest of the quarter be made, of two open lessons and one that is sensitive."""
    published(title="An ordinary green lesson", brag="green")
    published(title="An urgent red lesson", brag="red")
    published(title=CANARY, statement=CANARY, marking=Marking.SENSITIVE, brag="amber")
    published(title="One of the quarter before", at=QUARTER.start - timedelta(hours=1))
    digest = make_if_due(at=MADE)
    assert digest is not None
    return digest


def titles(user: User, digest: QuarterDigest) -> list[str]:
    return [line.title for line in page_for(user, digest).lines]


def test_it_is_made_a_fortnight_before_the_end_once_with_the_most_urgent_first() -> None:
    published()
    assert make_if_due(at=MADE - timedelta(seconds=1)) is None
    Publication.objects.filter(published_at=NOON).update(archived_at=NOON)

    digest = made()

    assert make_if_due(at=MADE + timedelta(hours=1)) is None
    reader = person()
    assert titles(reader, digest) == ["An urgent red lesson", "An ordinary green lesson"]
    assert titles(person(cleared=True), digest) == ["An urgent red lesson", "", "An ordinary green lesson"]
    assert (digest.code, digest.name) == ("2026-q1", "January to March 2026")


def edit(client: Client, digest: QuarterDigest, do: str = "save", **changed: Any) -> str:
    digest.refresh_from_db()
    sent = {"words": digest.words, "version": digest.row_version, "chosen": digest.chosen} | changed | {"do": do}
    with time_machine.travel(MADE + timedelta(days=1), tick=False):
        page = client.post(f"/digests/{digest.code}/edit/", sent, follow=True).content.decode()
    digest.refresh_from_db()
    return page


def approve(client: Client, digest: QuarterDigest, at: datetime = MADE + timedelta(days=2)) -> str:
    with time_machine.travel(at, tick=False):
        answer = client.post(f"/digests/{digest.code}/approve/", {"version": digest.row_version}, follow=True)
    digest.refresh_from_db()
    return answer.content.decode()


def fresh(role: Role) -> Client:
    """Somebody who signed in just before the digest is edited: sessions end after a while."""
    with time_machine.travel(MADE + timedelta(days=1), tick=False):
        return signed_in(person(role))


def test_the_secretariat_orders_leaves_out_and_writes_and_what_is_approved_goes() -> None:
    digest = made()
    red, sensitive, green = digest.made
    client = fresh(Role.SECRETARIAT)

    edit(client, digest, f"down-{red}")
    assert digest.chosen == [sensitive, red, green]
    edit(client, digest, f"up-{green}")
    edit(client, digest, f"remove-{red}")
    edit(client, digest, f"up-{green}")
    assert digest.chosen == [green, sensitive]
    edit(client, digest, "add-999999")
    page = edit(client, digest, words="Dear all,\n\nread <b>this</b>.")
    assert digest.chosen == [green, sensitive]
    assert "read &lt;b&gt;this&lt;/b&gt;." in page
    assert "goes as it was made" in page

    assert (digest.words_sent, digest.lessons_sent) == ("", digest.made)
    with time_machine.travel(MADE + timedelta(days=2), tick=False):
        client = signed_in(person(Role.SECRETARIAT))
    assert "Approved" in approve(client, digest)
    assert (digest.words_sent, digest.lessons_sent) == (digest.words, [green, sensitive])

    stale = edit(fresh(Role.SECRETARIAT), digest, version=digest.row_version - 1, words="Older words")
    assert "Somebody else saved" in stale
    assert digest.approved_at is not None

    edit(fresh(Role.SECRETARIAT), digest, words="Newer words")
    assert digest.approved_at is None, "what changed is approved again"


@pytest.mark.slow
def test_a_full_one_takes_no_more_and_says_so() -> None:
    digest = made()
    others = [published(title=f"Lesson number {number}").lesson_id for number in range(MOST_CHOSEN - 2)]
    client = fresh(Role.SECRETARIAT)

    QuarterDigest.objects.update(chosen=[*digest.made[:2], *others])
    assert "It holds 20 lessons and no more." in (page := edit(client, digest, f"up-{others[0]}"))
    assert "Put it in" not in page

    assert "Put it in" in edit(client, digest, f"remove-{others[0]}")


def run_quarter(at: datetime = QUARTER.end) -> dict[str, Delivery]:
    run_digests(at, size=2)
    return {one.address: one for one in Delivery.objects.filter(digest_run__frequency="quarterly")}


def test_it_goes_to_everybody_who_asked_for_quarterly_mails_once_and_each_lesson_once() -> None:
    digest = made()
    mailbox = OrganisationFactory(mailbox="box@service.example", mailbox_confirmed_at=NOON)
    unconfirmed = OrganisationFactory(mailbox="unasked@service.example")
    matched, unmatched, cleared = person(), person(), person(cleared=True)
    SubscriptionFactory(person=matched, frequency="quarterly")
    SubscriptionFactory(person=matched, frequency="quarterly", words="nothing like this")
    for holder in (
        {"person": unmatched},
        {"person": cleared},
        {"organisation": mailbox},
        {"organisation": unconfirmed},
    ):
        SubscriptionFactory(frequency="quarterly", words="nothing like this", **holder)
    SubscriptionFactory(frequency="weekly", words="nothing like this")
    announce(Publication.objects.get(title="An urgent red lesson"))
    own = announce().publication

    mails = run_quarter()
    run_quarter(QUARTER.end + timedelta(minutes=5))

    assert set(mails) == {matched.email, unmatched.email, cleared.email, mailbox.mailbox}
    assert Delivery.objects.filter(digest_run__frequency="quarterly").count() == 4
    for address in (unmatched.email, mailbox.mailbox):
        subject, text, page = mail_of(mails[address])
        assert subject == f"[OFFICIAL] Lessons of {digest.name}"
        assert text.count("An urgent red lesson") == page.count("An urgent red lesson") == 1
        assert CANARY not in text + page
    subject, text, page = mail_of(mails[matched.email])
    assert text.count("An urgent red lesson") == 1, "on top, and not among those that matched"
    assert own.title in text
    assert "Also 1 new lesson for you" in text
    subject, text, page = mail_of(mails[cleared.email])
    sensitive = Publication.objects.get(title=CANARY)
    assert subject.startswith("[OFFICIAL-SENSITIVE]")
    assert CANARY not in text + page
    assert sensitive.reference in text
    assert set(digest.made) <= set(lessons_of(mails.values())), "a suspension waits for these"

    # What was fixed when the run began stays; a suspension takes a lesson out of what is not sent yet.
    Publication.objects.filter(title="An urgent red lesson").update(suspended_at=QUARTER.end)
    assert "urgent" not in mail_of(mails[unmatched.email])[1]


def hear() -> set[tuple[str, str, int]]:
    """Find out in small batches who hears of what happened; return kind, address and lesson of each mail."""
    for news in Announcement.objects.filter(fanned_out_at=None, ended_at=None):
        while fan_out_batch(announcement=news, at=NOON, size=1):
            pass
    mails = Delivery.objects.filter(announcement__isnull=False, state="pending")
    return set(mails.values_list("kind", "address", "announcement__publication__lesson"))


def test_who_got_a_lesson_in_it_hears_of_its_correction_of_its_suspension_and_of_its_return() -> None:
    area = ResilienceAreaFactory()
    lessons = [LessonFactory(status=Status.IN_REVIEW, area=area) for _ in range(3)]
    secret = LessonFactory(status=Status.IN_REVIEW, area=area, marking=Marking.SENSITIVE)
    for lesson in (*lessons, secret):
        publish(lesson, quiet=True)  # as an import: no mail of its own
    insider, outsider, cleared, waiting = person(area=area), person(), person(cleared=True), person()
    for reader in (insider, outsider, cleared, waiting):
        SubscriptionFactory(person=reader, frequency="quarterly", words="nothing like this")
    SubscriptionFactory(frequency="weekly", words="nothing like this")
    make_if_due(at=MADE)
    run_quarter()
    Delivery.objects.exclude(person=waiting).update(state="sent", due_at=None)
    corrected, narrowed, suspended = lessons

    publish_again(corrected)
    publish_again(narrowed, audience="areas", audience_areas=[area.code])
    for lesson in (suspended, secret):
        suspend(lesson)

    everybody = [insider.email, outsider.email, cleared.email]
    stopped = {("stop_using", address, suspended.pk) for address in everybody}
    assert hear() == stopped | {("correction", address, corrected.pk) for address in everybody} | {
        ("correction", insider.email, narrowed.pk),
        ("stop_using", outsider.email, narrowed.pk),
        ("stop_using", cleared.email, narrowed.pk),
        ("stop_using", cleared.email, secret.pk),
    }
    mail = written(Delivery.objects.get(kind="correction", person=outsider))
    assert "What changed: The list was wrong." in mail.text
    assert "- the lessons digest of the quarter\n" in mail.text

    Delivery.objects.filter(announcement__isnull=False).update(state="sent", due_at=None)
    restore(suspended)
    assert hear() == {("use_again", address, suspended.pk) for address in everybody}


def test_unedited_it_goes_as_made_and_after_that_nobody_edits_it() -> None:
    digest = made()
    edit(fresh(Role.SECRETARIAT), digest, words="Not approved", chosen=[])
    reader = person()
    SubscriptionFactory(person=reader, frequency="quarterly", words="nothing like this")

    mails = run_quarter()

    text = mail_of(mails[reader.email])[1]
    assert "An urgent red lesson" in text
    assert "Not approved" not in text
    with time_machine.travel(QUARTER.end, tick=False):
        late = signed_in(person(Role.SECRETARIAT))
    assert "The quarter is over" in approve(late, digest, at=QUARTER.end)
    assert digest.approved_at is None


def test_one_click_in_it_ends_the_quarterly_subscriptions_that_it_went_to() -> None:
    made()
    reader = person()
    quarterly = SubscriptionFactory(person=reader, frequency="quarterly", words="nothing like this")
    weekly = SubscriptionFactory(person=reader, frequency="weekly")
    mail = run_quarter()[reader.email]

    Client().post(f"/unsubscribe/{mail.token}/", {"List-Unsubscribe": "One-Click"})

    assert list(Subscription.objects.current()) == [weekly]
    assert look([mail])[mail.pk].reason
    Client().post(f"/unsubscribe/{mail.token}/undo/")
    assert set(Subscription.objects.current()) == {quarterly, weekly}


def test_the_pdf_is_tagged_in_english_with_a_title_and_holds_what_its_reader_may_read() -> None:
    digest = made()
    nasty = '#read("/etc/passwd") *bold* $x$ \\ [link] <tag> // &'
    published(title=nasty, statement=nasty, brag="red")
    QuarterDigest.objects.update(
        closed_at=QUARTER.end,
        approved_at=MADE,
        approved_by=person(Role.SECRETARIAT),
        words=f"First.\n\n{nasty}",
        chosen=[*digest.made, Publication.objects.get(title=nasty).lesson_id],
    )
    digest.refresh_from_db()

    pdf = PdfReader(io.BytesIO(pdf_of(page_for(person(cleared=True), digest))))

    root: Any = pdf.trailer["/Root"]
    assert root["/MarkInfo"]["/Marked"].value is True
    assert root["/Lang"] == "en-GB"
    assert root["/ViewerPreferences"]["/DisplayDocTitle"].value is True
    assert pdf.metadata is not None
    assert pdf.metadata.title == f"Lessons of {digest.name}"
    tags = _tags(root["/StructTreeRoot"])
    assert {"/H1", "/H2", "/P", "/Link"} <= tags
    assert b"pdfuaid:part" in root["/Metadata"].get_data()
    text = " ".join(" ".join(page.extract_text().split()) for page in pdf.pages)
    assert nasty in text, "data, never source"
    assert CANARY not in text
    assert "OFFICIAL-SENSITIVE. Sign in to read it" in text
    marking = page_for(person(cleared=True), digest).marking
    for page in pdf.pages:
        lines = page.extract_text().splitlines()
        assert lines[0] == marking
        assert any(f" {marking} " in f" {line} " for line in lines[-3:]), "on the foot of each page, too"
    links = {one.get_object()["/A"]["/URI"] for page in pdf.pages for one in page["/Annots"]}
    assert all(link.startswith("http://testserver/") for link in links)

    client = signed_in(person())
    answer = client.get(f"/digests/{digest.code}/pdf/")
    assert answer["Content-Type"] == "application/pdf"
    of_reader = " ".join(page.extract_text() for page in PdfReader(io.BytesIO(answer.content)).pages)
    assert Publication.objects.get(title=CANARY).reference not in of_reader


def test_a_sign_that_the_font_lacks_takes_the_paper_from_nobody() -> None:
    digest, client = made(), signed_in(person())
    chosen = [published(title="Hot \U0001f525 中").lesson_id]
    QuarterDigest.objects.update(
        closed_at=QUARTER.end, approved_at=MADE, approved_by=person(Role.SECRETARIAT), chosen=chosen
    )

    answer = client.get(f"/digests/{digest.code}/pdf/")

    root: Any = PdfReader(io.BytesIO(answer.content)).trailer["/Root"]
    assert root["/MarkInfo"]["/Marked"].value is True


def _tags(element: Any) -> set[str]:
    """Return the kinds of all structure elements below one."""
    element = element.get_object()
    if not isinstance(element, DictionaryObject):
        return set()
    below = element.get("/K", [])
    below = below if isinstance(below, list) else [below]
    own = {str(element["/S"])} if "/S" in element else set()
    return own.union(*(_tags(one) for one in below if hasattr(one, "get_object")))
