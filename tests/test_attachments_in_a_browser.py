"""Attachments in Chromium: attached while writing, checked, published by a moderator, kept by a reader."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import Browser

from accounts.roles import Role
from lessons.models import Attachment, Lesson, Scan, Status
from lessons.tasks import check_attachments
from tests.browsing import Visitor
from tests.factories import LessonFactory, moderator_of, person
from tests.files import GOOD
from tests.test_attachments import attached
from tests.test_debriefs_in_a_browser import faults_of

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.django_db(transaction=True)]


@pytest.fixture(autouse=True)
def folder(settings: Any, tmp_path: Path) -> Path:
    options = {"location": tmp_path / "stored"}
    settings.STORAGES = settings.STORAGES | {"attachments": settings.STORAGES["attachments"] | {"OPTIONS": options}}
    settings.SCANNER_URL = "stub:"
    return tmp_path


def page_of(lesson: Lesson) -> str:
    return reverse("lesson_attachments", args=[lesson.pk])


def with_files_of_every_state(lesson: Lesson) -> Lesson:
    attached(lesson, name="plan of the rest centres.txt", findings=["Author: Somebody", "It holds comments"])
    attached(lesson, name="a-very-long-name-" * 8 + ".txt", published=True)
    attached(lesson, name="waiting.txt", scan=Scan.WAITING, delays=1)
    attached(lesson, name="macros.txt", scan=Scan.REFUSED, reason="The file holds macros. Save it without them")
    return lesson


def test_axe_finds_nothing_and_nothing_overflows_on_a_phone(live_server: Any, browser: Browser) -> None:
    draft = with_files_of_every_state(LessonFactory())
    claimed = with_files_of_every_state(LessonFactory(status=Status.IN_REVIEW, at=timezone.now()))
    author = Visitor(browser, live_server.url).sign_in(draft.author)
    moderator = Visitor(browser, live_server.url).sign_in(claimed.claimed_by)

    faults: list[str] = []
    for visitor, lesson in ((author, draft), (moderator, claimed)):
        visitor.go(page_of(lesson))
        faults += faults_of(visitor, page_of(lesson))

    assert not faults, "\n".join(faults)
    assert not [*author.complaints, *moderator.complaints]


@pytest.mark.parametrize("scripts", [True, False])
def test_from_a_draft_to_a_reader(
    live_server: Any, browser: Browser, folder: Path, scripts: bool, settings: Any
) -> None:
    """Once from the site itself, and once from a host of files, whose name differs and which has the same port."""
    settings.FILES_URL = "" if scripts else live_server.url.replace("localhost", "127.0.0.1")
    assert live_server.url not in {settings.FILES_URL, ""}
    lesson = LessonFactory()
    (folder / "photo.jpg").write_bytes(GOOD["photo.jpg"])
    (folder / "evil.docx").write_bytes(b"MZ")
    author = Visitor(browser, live_server.url, java_script_enabled=scripts).sign_in(lesson.author)
    author.go(reverse("submit_check", args=[lesson.pk]))
    author.page.get_by_role("link", name="Attach files").click()

    author.page.get_by_label("Attach a file").set_input_files(folder / "evil.docx")
    author.press("Attach")
    assert author.sees("damaged, or not what its name says")
    author.page.get_by_label("Attach a file").set_input_files(folder / "photo.jpg")
    author.press("Attach")
    assert author.sees("Being checked")
    check_attachments()
    author.page.get_by_role("link", name="See whether the check is done").click()
    with author.page.expect_download() as download:
        author.page.get_by_role("link", name="photo.jpg").click()
    assert download.value.suggested_filename == "photo.jpg"

    published = LessonFactory(status=Status.PUBLISHED)
    Attachment.objects.update(lesson=published)
    moderator = Visitor(browser, live_server.url, java_script_enabled=scripts).sign_in(moderator_of(published.area))
    moderator.go(page_of(published))
    moderator.page.get_by_role("button", name="I looked at it: readers get it").click()
    moderator.page.get_by_text("Readers get it with the publication").wait_for()
    reader = Visitor(browser, live_server.url, java_script_enabled=scripts).sign_in(person(Role.READER))
    reader.go(reverse("lesson", args=[published.reference]))
    with reader.page.expect_download() as download:
        reader.page.get_by_role("link", name="photo.jpg").click()

    assert download.value.suggested_filename == "photo.jpg"
    assert download.value.url.startswith(settings.FILES_URL or live_server.url)
    assert not [*author.complaints, *moderator.complaints, *reader.complaints]
