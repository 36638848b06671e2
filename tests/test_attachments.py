"""Attachments: who adds, sees and publishes them; nothing is handed out before it was found clean."""

import email.message
import io
import re
import tempfile
import zipfile
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.mail import EmailMessage
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from PIL import Image

from accounts.models import AuditEvent, Organisation, User
from accounts.records import holds
from accounts.roles import Role
from lessons.actions import attachments as actions
from lessons.actions import scanning
from lessons.actions.moves import move_lesson
from lessons.actions.sharing import share_lesson
from lessons.attachments import store
from lessons.attachments.findings import MALWARE
from lessons.attachments.opening import UNSAFE
from lessons.attachments.scanners import ClamdScanner, ScannerAway, StubScanner, scanner
from lessons.conditions import approvals_of
from lessons.errors import LessonError
from lessons.models import Attachment, Lesson, Move, Scan, Status
from lessons.tasks import check_attachments
from lessons.views import attachments as pages
from tests.factories import (
    NOON,
    EventFactory,
    LessonFactory,
    OrganisationFactory,
    ResilienceAreaFactory,
    moderator_of,
    person,
)
from tests.fake_clamd import EICAR, FakeClamd
from tests.files import GOOD, camera_notes, office, pdf, picture

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def folder(settings: Any, tmp_path: Path) -> Path:
    """Keep the files of each test apart, and let the stand-in scan them."""
    options = {"location": tmp_path, "directory_permissions_mode": 0o700}
    settings.STORAGES = settings.STORAGES | {"attachments": settings.STORAGES["attachments"] | {"OPTIONS": options}}
    settings.SCANNER_URL = "stub:"
    return tmp_path


@pytest.fixture
def lesson() -> Lesson:
    return LessonFactory()


def sign_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def page_of(lesson: Lesson) -> str:
    return reverse("lesson_attachments", args=[lesson.pk])


def attach(lesson: Lesson, content: bytes = b"Rest centres", name: str = "notes.txt") -> Any:
    """Send a file as the author does, from a browser."""
    return sign_in(lesson.author).post(page_of(lesson), {"file": SimpleUploadedFile(name, content)})


def attached(lesson: Lesson, content: bytes = b"Rest centres", name: str = "notes.txt", **values: Any) -> Attachment:
    """Return a file of the lesson, whatever its state; clean by default."""
    attachment = actions.add_attachment(
        lesson=Lesson.objects.get(pk=LessonFactory(author=lesson.author, organisation=lesson.organisation).pk),
        file=io.BytesIO(content),
        name=name,
        by=lesson.author,
        at=NOON,
    )
    Attachment.objects.filter(pk=attachment.pk).update(**{"lesson": lesson, "scan": Scan.CLEAN} | values)
    attachment.refresh_from_db()
    return attachment


def check_all(at: Any = None, by: Any = None) -> None:
    while scanning.check_next(scanner=by or StubScanner(), at=at or timezone.now()):
        pass


# -- adding ------------------------------------------------------------------------------------------
@pytest.mark.parametrize("name", GOOD)
def test_a_file_of_every_kind_is_attached_checked_and_downloaded(lesson: Lesson, name: str) -> None:
    client = sign_in(lesson.author)

    answer = attach(lesson, GOOD[name], name)
    attachment = lesson.attachments.get()
    early = client.get(attachment.get_absolute_url())
    check_attachments()
    late = client.get(attachment.get_absolute_url())

    assert (answer.status_code, early.status_code, late.status_code) == (302, 404, 200)
    attachment.refresh_from_db()
    content = b"".join(late.streaming_content)
    assert (attachment.scan, attachment.name, attachment.size) == (Scan.CLEAN, name, len(content))
    if attachment.type not in {"png", "jpeg"}:
        assert content == GOOD[name]


def test_a_file_is_stored_under_a_random_name_that_only_the_portal_may_read(lesson: Lesson, folder: Path) -> None:
    attach(lesson, name="../../etc/passwd.txt")

    (stored,) = [path for path in folder.rglob("*") if path.is_file()]
    attachment = lesson.attachments.get()
    assert stored.name == attachment.key
    assert re.fullmatch(r"[0-9a-f]{32}", attachment.key)
    assert attachment.name == "passwd.txt"
    assert stored.stat().st_mode & 0o077 == 0


def test_a_lesson_holds_ten_files_and_refused_ones_do_not_count(lesson: Lesson) -> None:
    attached(lesson, scan=Scan.REFUSED, reason="It held macros")
    for _ in range(9):
        attached(lesson)

    tenth, eleventh = attach(lesson), attach(lesson)

    assert (tenth.status_code, eleventh.status_code) == (302, 409)
    assert lesson.attachments.kept().count() == 10
    assert "A lesson holds 10 files" in sign_in(lesson.author).get(page_of(lesson)).content.decode()


def test_a_file_that_is_not_taken_leaves_nothing_behind(lesson: Lesson, folder: Path) -> None:
    for _ in range(10):
        attached(lesson)
    before = sorted(folder.rglob("*"))

    attach(lesson)

    assert [path for path in sorted(folder.rglob("*")) if path.is_file() and path not in before] == []


def test_twenty_megabytes_are_attached_and_one_byte_more_is_not(lesson: Lesson) -> None:
    line = b"0123456789abcdef" * 64
    most = line * (20 * 1024)

    assert attach(lesson, most).status_code == 302
    answer = attach(lesson, most + b"x")

    assert answer.status_code == 422
    assert "larger than 20 megabytes" in answer.content.decode()
    assert lesson.attachments.count() == 1


def test_a_request_of_more_than_any_file_is_not_read(lesson: Lesson) -> None:
    client = sign_in(lesson.author)
    body = io.BytesIO(b"--x\r\n")

    answer = client.generic(
        "POST",
        page_of(lesson),
        body.read(),
        content_type="multipart/form-data; boundary=x",
        CONTENT_LENGTH=str(100 * 1024 * 1024),
    )

    assert answer.status_code == 400


def test_strangers_cannot_fill_the_disk_from_pages_without_files(monkeypatch: Any) -> None:
    monkeypatch.setattr(tempfile, "tempdir", tempfile.mkdtemp())

    answer = Client().post(reverse("debrief_enter"), {"code": "x", "file": SimpleUploadedFile("x", bytes(21_000_000))})

    assert answer.status_code == 422
    assert not list(Path(tempfile.gettempdir()).iterdir())


@pytest.mark.usefixtures("still_clock")
def test_whoever_attaches_very_many_files_is_slowed_down(lesson: Lesson, monkeypatch: Any) -> None:
    monkeypatch.setattr(pages, "UPLOADS", replace(pages.UPLOADS, limit=2))

    assert [attach(lesson).status_code for _ in range(3)] == [302, 302, 429]


def test_no_file_at_all_is_said(lesson: Lesson) -> None:
    answer = sign_in(lesson.author).post(page_of(lesson), {})

    assert answer.status_code == 422
    assert "Select a file" in answer.content.decode() or "Error" in answer.content.decode()


def test_the_owner_takes_a_file_out_while_writing(
    lesson: Lesson, folder: Path, django_capture_on_commit_callbacks: Any
):
    attachment = attached(lesson)

    with django_capture_on_commit_callbacks(execute=True):
        sign_in(lesson.author).post(reverse("attachment_remove", args=[lesson.pk, attachment.key]))

    assert not lesson.attachments.exists()
    assert not [path for path in folder.rglob("*") if path.is_file()]
    assert AuditEvent.objects.filter(action="attachment.remove").count() == 1


def test_a_file_of_a_lesson_that_is_held_stays_until_the_hold_is_lifted(lesson: Lesson) -> None:
    attachment, secretariat = attached(lesson), person(Role.SECRETARIAT)
    remove = reverse("attachment_remove", args=[lesson.pk, attachment.key])
    held = holds.hold(subject=lesson.event, reason="An inquiry", until=None, by=secretariat, at=timezone.now())

    refused = sign_in(lesson.author).post(remove)
    kept = lesson.attachments.count()
    holds.lift(held=held, by=secretariat, at=timezone.now())
    taken = sign_in(lesson.author).post(remove)

    assert (refused.status_code, kept) == (409, 1)
    assert "under a legal hold" in refused.text
    assert (taken.status_code, lesson.attachments.count()) == (302, 0)


@pytest.mark.parametrize("status", [status for status in Status if status not in {"draft", "changes_requested"}])
def test_files_are_added_and_taken_out_only_while_the_owner_may_write(status: str) -> None:
    lesson = LessonFactory(status=status)
    attachment = attached(lesson)
    client = sign_in(lesson.author)

    added = client.post(page_of(lesson), {"file": SimpleUploadedFile("notes.txt", b"x")})
    removed = client.post(reverse("attachment_remove", args=[lesson.pk, attachment.key]))

    assert added.status_code in {403, 409}
    assert removed.status_code in {403, 409}
    assert lesson.attachments.count() == 1


# -- who gets it -------------------------------------------------------------------------------------
def answers(lesson: Lesson, attachment: Attachment, user: User) -> tuple[int, int]:
    """Return what `user` gets from the page of the files, and from the file."""
    client = sign_in(user)
    return client.get(page_of(lesson)).status_code, client.get(attachment.get_absolute_url()).status_code


@pytest.mark.slow
@pytest.mark.parametrize("status", Status)
def test_exactly_those_who_see_the_record_get_its_files(status: str) -> None:
    area = ResilienceAreaFactory(code="cumbria")
    owner = OrganisationFactory(areas=[area])
    lesson = LessonFactory(status=status, organisation=owner, area=area)
    partner = OrganisationFactory()
    if status == Status.DRAFT:
        share_lesson(lesson=lesson, organisation=partner, may_write=False, by=lesson.author, at=NOON)
    attachment = attached(lesson)
    people = [
        lesson.author,
        person(Role.JOL_SPOC, owner),
        person(Role.CONTRIBUTOR, owner),
        person(Role.LRF_MODERATOR, area=area),
        person(Role.LRF_MODERATOR),
        person(Role.SECRETARIAT),
        person(Role.AUDITOR),
        person(Role.BOARD_MEMBER),
        person(Role.SYSTEM_ADMIN, owner),
        person(Role.READER, partner),
        person(Role.READER),
    ]

    for somebody in people:
        sees = Lesson.objects.visible_to(somebody).filter(pk=lesson.pk).exists()
        assert answers(lesson, attachment, somebody) == ((200, 200) if sees else (404, 404)), somebody.memberships.all()
    assert Client().get(attachment.get_absolute_url()).status_code == 302


def test_readers_get_a_file_only_once_a_moderator_says_so() -> None:
    lesson = LessonFactory(status=Status.PUBLISHED)
    attachment, reader = attached(lesson), person(Role.READER)
    moderator = moderator_of(lesson.area)

    before = sign_in(reader).get(attachment.get_absolute_url()).status_code
    sign_in(moderator).post(reverse("attachment_publish", args=[lesson.pk, attachment.key]), {"published": "yes"})
    after = sign_in(reader).get(attachment.get_absolute_url()).status_code
    shown = sign_in(reader).get(reverse("lesson", args=[lesson.reference])).content.decode()
    sign_in(moderator).post(reverse("attachment_publish", args=[lesson.pk, attachment.key]), {"published": "no"})

    assert (before, after) == (404, 200)
    assert attachment.get_absolute_url() in shown
    assert sign_in(reader).get(attachment.get_absolute_url()).status_code == 404
    assert sign_in(reader).get(page_of(lesson)).status_code == 404


def test_what_was_found_in_a_file_is_accepted_with_a_tick_before_readers_get_it() -> None:
    lesson = LessonFactory(status=Status.PUBLISHED)
    attachment = attached(lesson, findings=["Author: Kowalczyk", "It holds comments"])
    client = sign_in(moderator_of(lesson.area))
    url = reverse("attachment_publish", args=[lesson.pk, attachment.key])

    page = client.get(page_of(lesson)).text
    refused = client.post(url, {"published": "yes"}, follow=True).text
    assert not Attachment.objects.get().published
    client.post(url, {"published": "yes", "accepts_findings": "yes"})

    attachment = Attachment.objects.get()
    assert "Author: Kowalczyk" in page
    assert 'name="accepts_findings"' in page
    assert "Tick that readers may see what was found" in refused
    assert attachment.published
    entry = AuditEvent.objects.get(action="attachment.publish")
    assert entry.reason == "findings accepted"


@pytest.mark.parametrize("values", [{"audience": "national_team"}, {"marking": "official_sensitive"}])
def test_a_published_file_goes_no_further_than_its_publication(values: dict[str, str]) -> None:
    lesson = LessonFactory(status=Status.PUBLISHED, **values)
    attachment = attached(lesson, published=True)

    assert sign_in(person(Role.READER)).get(attachment.get_absolute_url()).status_code == 404
    assert sign_in(lesson.author).get(attachment.get_absolute_url()).status_code == 200


def test_a_suspended_publication_takes_its_files_with_it() -> None:
    lesson = LessonFactory(status=Status.SUSPENDED)
    attachment = attached(lesson, published=True)

    assert sign_in(person(Role.READER)).get(attachment.get_absolute_url()).status_code == 404


@pytest.mark.parametrize(
    ("status", "who", "expected"),
    [
        (Status.IN_REVIEW, "claimer", 302),
        (Status.IN_REVIEW, "colleague", 409),
        (Status.IN_REVIEW, "author", 403),
        (Status.SUBMITTED, "colleague", 409),
        (Status.PUBLISHED, "colleague", 302),
        (Status.PUBLISHED, "spoc", 403),
        (Status.SUSPENDED, "colleague", 409),
    ],
)
def test_files_are_published_by_those_who_publish_the_text(status: str, who: str, expected: int) -> None:
    lesson = LessonFactory(status=status, at=timezone.now())
    attachment = attached(lesson)
    people = {
        "claimer": lesson.claimed_by,
        "colleague": moderator_of(lesson.area),
        "author": lesson.author,
        "spoc": person(Role.JOL_SPOC, lesson.organisation),
    }

    answer = sign_in(people[who]).post(
        reverse("attachment_publish", args=[lesson.pk, attachment.key]), {"published": "yes"}
    )

    attachment.refresh_from_db()
    assert answer.status_code == expected
    assert attachment.published == (expected == 302)


def test_files_of_what_the_national_team_decided_on_are_given_to_readers_by_it_and_taken_away_by_the_area_too() -> None:
    lesson = LessonFactory(status=Status.PUBLISHED, tier="national")
    attachment, moderator = attached(lesson), moderator_of(lesson.area)

    with pytest.raises(LessonError, match="decided by the JOL Secretariat"):
        actions.set_published(attachment=attachment, published=True, by=moderator, at=NOON)
    actions.set_published(attachment=attachment, published=True, by=person(Role.SECRETARIAT), at=NOON)
    actions.set_published(attachment=attachment, published=False, by=moderator, at=NOON)


def test_nobody_publishes_the_files_of_a_lesson_of_their_own() -> None:
    area = ResilienceAreaFactory()
    organisation: Organisation = OrganisationFactory(areas=[area])
    author = person(Role.LRF_MODERATOR, organisation, area)
    lesson = LessonFactory(status=Status.PUBLISHED, author=author, organisation=organisation)
    attachment = attached(lesson)

    with pytest.raises(LessonError, match="Somebody else"):
        actions.set_published(attachment=attachment, published=True, by=author, at=NOON)


@pytest.mark.parametrize("values", [{"scan": Scan.WAITING}, {"scan": Scan.REFUSED, "reason": "It held macros"}])
def test_a_file_that_was_not_found_clean_is_never_published(values: dict[str, str]) -> None:
    lesson = LessonFactory(status=Status.PUBLISHED)
    attachment = attached(lesson, **values)

    with pytest.raises(LessonError, match="not found clean"):
        actions.set_published(attachment=attachment, published=True, by=moderator_of(lesson.area), at=NOON)


def two_person_lesson() -> Lesson:
    event = EventFactory(legal_contexts=["inquest"])
    return LessonFactory(status=Status.IN_REVIEW, tier="national", event=event, at=timezone.now())


def test_where_two_people_decide_the_second_one_approves_the_files_too() -> None:
    lesson = two_person_lesson()
    first, attachment = lesson.claimed_by, attached(lesson)
    move_lesson(lesson=lesson, move=Move.APPROVE, by=first, at=timezone.now(), note="Two people")
    lesson.refresh_from_db()
    approved = approvals_of(lesson).exists()
    second = person(Role.SECRETARIAT)
    move_lesson(lesson=lesson, move=Move.CLAIM, by=second, at=timezone.now())

    actions.set_published(attachment=attachment, published=True, by=second, at=timezone.now())

    assert approved
    assert not approvals_of(Lesson.objects.get(pk=lesson.pk)).exists()


def test_where_two_people_decide_no_file_is_added_once_the_text_is_published() -> None:
    lesson = LessonFactory(status=Status.PUBLISHED, tier="national", event=EventFactory(legal_contexts=["inquest"]))
    attachment = attached(lesson)

    with pytest.raises(LessonError, match="two people"):
        actions.set_published(attachment=attachment, published=True, by=person(Role.SECRETARIAT), at=NOON)


# -- how it is handed out -----------------------------------------------------------------------------
@pytest.mark.parametrize(
    "name",
    ["plan.txt", "Überblick – Straße.txt", 'with "quotes" and ; semicolons.txt', "percent%20.txt", "日本.txt"],
)
def test_a_name_reaches_the_browser_as_it_was(lesson: Lesson, name: str) -> None:
    attachment = attached(lesson, name=name)

    answer = sign_in(lesson.author).get(attachment.get_absolute_url())

    header = answer.headers["Content-Disposition"]
    assert parsed_by_python(header) == ("attachment", name)
    assert parsed_by_hand(header) == name


def parsed_by_python(header: str) -> tuple[str, str | None]:
    message = email.message.Message()
    message["Content-Disposition"] = header
    return message.get_content_disposition() or "", message.get_filename()


def parsed_by_hand(header: str) -> str:
    """Read the header by the grammar of RFC 6266."""
    from urllib.parse import unquote

    if extended := re.search(r"filename\*=utf-8''([^;]+)$", header):
        return unquote(extended[1])
    quoted = re.fullmatch(r'attachment; filename="((?:[^"\\]|\\.)*)"', header)
    assert quoted
    return re.sub(r"\\(.)", r"\1", quoted[1])


def test_a_name_cannot_add_a_header(lesson: Lesson) -> None:
    attachment = attached(lesson, name="plan\r\nSet-Cookie: x=1.txt")

    answer = sign_in(lesson.author).get(attachment.get_absolute_url())

    assert "\n" not in answer.headers["Content-Disposition"]
    assert "x" not in answer.cookies


def test_a_file_is_handed_out_as_something_to_keep_and_not_to_show(lesson: Lesson) -> None:
    attachment = attached(lesson, GOOD["table.csv"], "table.csv")

    headers = sign_in(lesson.author).get(attachment.get_absolute_url()).headers

    assert headers["Content-Disposition"].startswith("attachment;")
    assert headers["Content-Type"] == "text/csv"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Content-Security-Policy"] == "sandbox; default-src 'none'; frame-ancestors 'none'"
    assert headers["Cache-Control"] == "no-store, private"


# -- scanning: a real protocol, and everything that can go wrong with it ------------------------------------
def clamd(fake: FakeClamd, *, seconds: float = 20) -> ClamdScanner:
    return ClamdScanner(("127.0.0.1", fake.port), answer_seconds=seconds)


def office_with_stored(content: bytes) -> bytes:
    """Return a DOCX in which `content` is not packed, so that a scanner that does not unpack sees it."""
    whole = io.BytesIO(office("docx"))
    with zipfile.ZipFile(whole, "a", zipfile.ZIP_STORED) as archive:
        archive.writestr("word/media/a.txt", content)
    return whole.getvalue()


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("eicar.txt", EICAR),
        ("eicar.docx", office_with_stored(EICAR)),
        ("eicar.pdf", pdf(author="somebody") + EICAR + b"\n%%EOF\n"),
    ],
)
def test_what_the_scanner_finds_is_refused_and_taken_away(
    lesson: Lesson, folder: Path, name: str, content: bytes, django_capture_on_commit_callbacks: Any
) -> None:
    attach(lesson, content, name)

    with FakeClamd() as fake, django_capture_on_commit_callbacks(execute=True):
        check_all(by=clamd(fake))

    attachment = lesson.attachments.get()
    assert fake.received == [content]
    assert attachment.scan == Scan.REFUSED
    assert "EICAR" in attachment.reason
    assert not [path for path in folder.rglob("*") if path.is_file()]
    assert sign_in(lesson.author).get(attachment.get_absolute_url()).status_code == 404
    assert "A virus scanner found" in sign_in(lesson.author).get(page_of(lesson)).content.decode()


def test_why_a_file_was_refused_is_said_in_the_language_of_who_reads_it(lesson: Lesson) -> None:
    """Rows of before hold the same words; what nobody knows is shown as it is."""
    for reason in (UNSAFE, MALWARE.format(name="Eicar-{0}"), "It held macros"):
        attached(lesson, scan=Scan.REFUSED, reason=reason)
    User.objects.filter(pk=lesson.author_id).update(language="cy")

    page = sign_in(lesson.author).get(page_of(lesson)).content.decode()
    answer = attach(lesson, b"")

    assert "Ni ellid agor y ffeil yn ddiogel" in page
    assert "Canfu sganiwr firysau Eicar-{0} yn y ffeil" in page
    assert "It held macros" in page
    assert "Mae’r ffeil yn wag" in answer.content.decode()


def test_a_clean_file_is_sent_whole_and_released(lesson: Lesson) -> None:
    content = b"A long list of rest centres\n" * 20_000
    attach(lesson, content)

    with FakeClamd() as fake:
        check_all(by=clamd(fake))

    assert fake.received == [content]
    assert lesson.attachments.get().scan == Scan.CLEAN


@pytest.mark.parametrize(
    "behaviour", ["silent", "hangs up", "limit", "", "stream: OK FOUNDATION", "stream: hm ERROR", "OK", "stream: ok"]
)
def test_without_a_verdict_a_file_stays_where_nobody_gets_it(lesson: Lesson, behaviour: str) -> None:
    attach(lesson, b"x" * 200_000)
    client = sign_in(lesson.author)

    with FakeClamd(behaviour) as fake:
        scanning.check_next(scanner=clamd(fake, seconds=0.5), at=timezone.now())

    attachment = lesson.attachments.get()
    assert (attachment.scan, attachment.delays, attachment.attempts) == (Scan.WAITING, 1, 0)
    assert client.get(attachment.get_absolute_url()).status_code == 404
    assert "does not answer" in client.get(page_of(lesson)).content.decode()


def test_a_file_too_large_to_be_scanned_is_not_taken_for_clean(lesson: Lesson) -> None:
    attach(lesson)

    with FakeClamd("exceeds") as fake:
        check_all(by=clamd(fake))

    assert lesson.attachments.get().scan == Scan.REFUSED


def test_a_scanner_that_is_down_is_asked_again_ever_less_often(lesson: Lesson) -> None:
    with FakeClamd() as fake:
        away = clamd(fake)  # its port is closed by the time it is asked
    attach(lesson)
    at = timezone.now() + timedelta(seconds=1)

    pauses = []
    for _ in range(8):
        assert scanning.check_next(scanner=away, at=at)
        waiting = lesson.attachments.get()
        assert not scanning.check_next(scanner=away, at=waiting.check_at - timedelta(seconds=1))
        pauses.append((waiting.check_at - at).total_seconds())
        at = waiting.check_at

    assert pauses == [30, 60, 120, 240, 480, 900, 900, 900]
    assert waiting.scan == Scan.WAITING
    with FakeClamd() as back:
        assert scanning.check_next(scanner=clamd(back), at=at)
    assert lesson.attachments.get().scan == Scan.CLEAN


def test_a_scanner_that_is_restarted_in_the_middle_of_a_file_gets_it_again(lesson: Lesson) -> None:
    attach(lesson, EICAR)

    with FakeClamd("hangs up") as fake:
        scanning.check_next(scanner=clamd(fake), at=timezone.now())
    again = lesson.attachments.get().check_at
    with FakeClamd() as fake:
        scanning.check_next(scanner=clamd(fake), at=again)

    assert lesson.attachments.get().scan == Scan.REFUSED


def test_a_worker_that_dies_while_it_checks_is_followed_by_another(lesson: Lesson) -> None:
    attach(lesson)
    at = timezone.now()
    scanning._claim(at)  # and then nothing

    assert not scanning.check_next(scanner=StubScanner(), at=at + timedelta(minutes=6))
    assert scanning.check_next(scanner=StubScanner(), at=at + timedelta(minutes=8))
    assert lesson.attachments.get().scan == Scan.CLEAN


def test_what_a_late_worker_found_does_not_count_once_another_one_took_over(lesson: Lesson) -> None:
    attach(lesson)
    late = scanning._claim(timezone.now())
    scanning._claim(timezone.now() + timedelta(minutes=8))
    assert late

    scanning._refuse(late, "Found by a worker that was taken for dead", NOON)

    assert lesson.attachments.get().scan == Scan.WAITING


def test_a_file_that_ends_every_worker_is_refused_in_the_end(lesson: Lesson) -> None:
    attach(lesson)
    at = timezone.now()
    for _ in range(scanning.MOST_ATTEMPTS):
        assert scanning._claim(at)
        at += timedelta(minutes=8)

    scanning.check_next(scanner=StubScanner(), at=at)

    assert lesson.attachments.get().scan == Scan.REFUSED


def test_staff_are_told_once_that_the_scanner_is_away(lesson: Lesson, mailoutbox: list[EmailMessage]) -> None:
    with FakeClamd() as fake:
        away = clamd(fake)
    staff = person(Role.SECRETARIAT)
    attach(lesson)
    at = timezone.now() + timedelta(seconds=1)

    scanning.check_next(scanner=away, at=at)
    told_early = bool(mailoutbox)
    for _ in range(2):
        at += timedelta(hours=1)
        scanning.check_next(scanner=away, at=at)

    assert not told_early
    assert [mail.to for mail in mailoutbox] == [[staff.email]]


def test_a_scanner_on_a_socket_is_asked_there(tmp_path: Path) -> None:
    missing = ClamdScanner(str(tmp_path / "clamd.sock"))

    with pytest.raises(ScannerAway):
        missing.find(io.BytesIO(b"x"))


def test_the_settings_name_the_scanner(settings: Any) -> None:
    settings.SCANNER_URL = "clamd://clamav:3310"
    assert scanner().address == ("clamav", 3310)
    settings.SCANNER_URL = "clamd:///run/clamd.sock"
    assert scanner().address == "/run/clamd.sock"
    settings.SCANNER_URL = "none"
    with pytest.raises(Exception, match="SCANNER_URL"):
        scanner()


def test_a_page_says_when_nothing_is_really_scanned(lesson: Lesson, settings: Any) -> None:
    words = "files are not really scanned"
    assert words in sign_in(lesson.author).get(page_of(lesson)).content.decode()

    settings.SCANNER_URL = "clamd://127.0.0.1:1"

    assert words not in sign_in(lesson.author).get(page_of(lesson)).content.decode()


# -- pictures ------------------------------------------------------------------------------------------
def test_a_photograph_is_drawn_anew_without_place_and_owner_and_the_right_way_up(lesson: Lesson) -> None:
    photo = picture("jpeg", (40, 30), exif=camera_notes())
    assert b"Kowalczyk" in photo
    attach(lesson, photo, "photo.jpg")

    check_all()

    attachment = lesson.attachments.get()
    stored = store.opened(attachment.key).read()
    image = Image.open(io.BytesIO(stored))
    assert b"Kowalczyk" not in stored
    assert b"Exif" not in stored
    assert dict(image.getexif()) == {}
    assert image.size == (30, 40)
    assert attachment.size == len(stored)


def test_the_records_of_a_png_and_what_follows_its_end_are_left_behind(lesson: Lesson) -> None:
    from PIL.PngImagePlugin import PngInfo

    notes = PngInfo()
    notes.add_text("Author", "Kowalczyk")
    picture_and_page = picture("png", pnginfo=notes, mode="P") + b"<script>alert(1)</script>"
    attach(lesson, picture_and_page, "map.png")

    check_all()

    stored = store.opened(lesson.attachments.get().key).read()
    assert b"Kowalczyk" not in stored
    assert b"<script>" not in stored
    assert Image.open(io.BytesIO(stored)).size == (40, 30)
