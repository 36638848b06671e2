"""The authorisation matrix: each persona and token, each state of a lesson, each verb, as `authorisation.csv` has it.

Codes of the table: L allowed · H hidden, as if it were not there (404) · F refused (403) · R to sign in (401) ·
G gone (410) · C refused by the state, in words (409) · W an answer without the thing in question · S asked to confirm
who one is. Empty: not asked.

Each request runs in a transaction that is rolled back. What is refused must not have written anything, and what is
allowed to write must have.
"""

from __future__ import annotations

import csv
import io
import logging
import re
import secrets
import time
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection, transaction
from django.template import Template
from django.test import override_settings
from django.urls import reverse
from django.utils import timezone

from accounts.models import ApiToken, TokenScope, User
from lessons.actions.moves import move_lesson
from lessons.attachments import store
from lessons.models import Attachment, Lesson, LessonMove, Move, Status
from tests.calling import token_of
from tests.factories import (
    NOON,
    DeliveryFactory,
    LessonFactory,
    PublicationFactory,
    SubscriptionFactory,
)
from tests.personas import HOLDERS, PERSONAS, TOKENS, Everybody, everybody
from tests.reviewing import as_sent

pytestmark = pytest.mark.slow

TABLE = list(csv.DictReader((Path(__file__).parent / "authorisation.csv").open(encoding="utf-8", newline="")))
STATES = list(dict.fromkeys(row["state"] for row in TABLE))
WHO = [*PERSONAS, *TOKENS]
#: Stands in what was published first and taken out since.
TAKEN_OUT = "otterholt"
SECOND_FACTOR = ("/accounts/second-factor/", "/accounts/reauthenticate/code/")


# -- the states ------------------------------------------------------------------------------------
@dataclass
class Scene:
    """Everybody, and lessons in one state: that of P10 and those that P18 and P27 wrote themselves."""

    everybody: Everybody
    lessons: dict[str, Lesson] = field(default_factory=dict)
    files: dict[tuple[str, str], Attachment] = field(default_factory=dict)
    more: dict[str, Any] = field(default_factory=dict)

    def lesson_of(self, name: str) -> Lesson:
        return self.lessons.get(name) or self.lessons["P10"]


def empty_scene() -> Scene:
    scene = Scene(everybody())
    _things_of_others(scene)
    return scene


def scene_of(state: str, stage: Scene | None = None) -> Scene:
    """Return the lessons of a state, with everybody around them.

    :param stage: everybody, if they are there already
    """
    stage = stage or empty_scene()
    scene = Scene(stage.everybody, more=stage.more)
    if state == "site":
        return scene
    given = dict(STATE_OF[state])
    if given["status"] in {Status.PUBLISHED, Status.SUSPENDED}:
        given["publication"] = {"what_happened": f"Two lists were used at {TAKEN_OUT}."}
    people = scene.everybody.people
    claimer = given.pop("claimer", "P16")
    scene.lessons = scene.everybody.writes(moderator=people[claimer], **given)
    for name, lesson in scene.lessons.items():
        if state == "stays_local":
            _decline_to_stay_local(lesson, people["P16"])
        if state.startswith(("published", "sensitive")):
            _second_version(lesson)
        if lesson.status in {Status.PUBLISHED, Status.SUSPENDED}:
            _attach(scene, name, lesson)
        if state in {"approved", "suspended_and_approved"}:
            move_lesson(lesson=lesson, move=Move.APPROVE, by=people["P19"], at=timezone.now())
        if state == "approved":
            move_lesson(lesson=lesson, move=Move.CLAIM, by=people["P26"], at=timezone.now())
        lesson.refresh_from_db()
    return scene


SENSITIVE = {"marking": "official_sensitive"}
TO_AREA = {"audience": "areas", "audience_areas": ["cumbria"]}
BY_TWO = SENSITIVE | {"status": Status.IN_REVIEW, "tier": "national", "claimer": "P19"}
STATE_OF: dict[str, dict[str, Any]] = {
    "draft": {"status": Status.DRAFT},
    "awaiting_sign_off": {"status": Status.AWAITING_SIGN_OFF},
    "submitted": {"status": Status.SUBMITTED},
    "in_review": {"status": Status.IN_REVIEW},
    "in_review_by_two": BY_TWO,
    "approved": BY_TWO,
    "changes_requested": {"status": Status.CHANGES_REQUESTED},
    "declined": {"status": Status.DECLINED},
    "stays_local": {"status": Status.DECLINED},
    "withdrawn": {"status": Status.WITHDRAWN},
    "published_to_all": {"status": Status.PUBLISHED},
    "published_to_area": {"status": Status.PUBLISHED} | TO_AREA,
    "sensitive_to_area": {"status": Status.PUBLISHED} | SENSITIVE | TO_AREA,
    "sensitive_to_national_team": {"status": Status.PUBLISHED, "audience": "national_team"} | SENSITIVE,
    "suspended": {"status": Status.SUSPENDED} | TO_AREA,
    "suspended_and_approved": {"status": Status.SUSPENDED} | TO_AREA,
    "archived": {"status": Status.ARCHIVED} | TO_AREA,
    "merged": {"status": Status.MERGED},
}


def _decline_to_stay_local(lesson: Lesson, by: User) -> None:
    decline, declined = Move.DECLINE, Status.DECLINED
    at, reason = timezone.now(), "stays_local"
    LessonMove.objects.create(
        lesson=lesson, move=decline, from_status=declined, to_status=declined, by=by, at=at, reason=reason
    )


def _second_version(lesson: Lesson) -> None:
    first = lesson.publications.get()
    lesson.publications.update(superseded_at=NOON)
    moderator = first.published_by
    PublicationFactory(lesson=lesson, published_by=moderator, change="minor", note="A word taken out.")


def _attach(scene: Scene, name: str, lesson: Lesson) -> None:
    for which, given in FILES.items():
        key = secrets.token_hex(16)  # tests of another process keep their files in the same place
        scene.files[name, which] = Attachment.objects.create(
            lesson=lesson, key=key, name="plan.txt", type="txt", size=1, sha256="0" * 64,
            added_by=lesson.author, added_at=NOON, check_at=NOON, **given,
        )  # fmt: skip
        store.save(key, io.BytesIO(b"x"))


FILES: dict[str, dict[str, Any]] = {
    "published": {"scan": "clean", "published": True},
    "kept": {"scan": "clean"},
    "waiting": {"scan": "waiting"},
    "refused": {"scan": "refused", "reason": "It is something else."},
}


def _things_of_others(scene: Scene) -> None:
    """Add what no lesson is needed for, of people whom no column names."""
    another = scene.everybody.another
    target = LessonFactory(status=Status.PUBLISHED, area=scene.everybody.area, title="Keep the list of radios short")
    scene.more = {
        "target": target,
        "subscription": SubscriptionFactory(person=another),
        "mail": DeliveryFactory(kind="new_lesson"),
        "token": ApiToken.objects.get(digest=_digest(token_of(another, TokenScope.READ_PUBLISHED))),
    }


def _digest(text: str) -> str:
    from knox.crypto import hash_token

    return hash_token(text)


@pytest.fixture(autouse=True)
def _refusals_are_not_logged() -> Iterator[None]:
    """Each would be written with its way through the code."""
    logging.disable(logging.WARNING)
    yield
    logging.disable(logging.NOTSET)


@pytest.fixture(scope="module")
def stage(django_db_setup: None, django_db_blocker: Any) -> Iterator[Scene]:
    """Everybody, made once: what a state adds to them is undone after it."""
    with pytest.MonkeyPatch.context() as patch, django_db_blocker.unblock(), transaction.atomic():
        # As it is outside tests: nobody asks which templates were drawn, and to note it takes time.
        patch.setattr(Template, "_render", lambda template, context: template.nodelist.render(context))
        yield empty_scene()
        transaction.set_rollback(True)


@pytest.fixture
def db(stage: Scene) -> None:
    """By this name pytest-django knows that a database is needed; ours has one transaction for all states."""


@pytest.fixture
def scene(request: pytest.FixtureRequest, stage: Scene, db: None) -> Iterator[Scene]:
    with transaction.atomic():
        stage.everybody.sign_in_again()
        made = scene_of(request.param, stage)
        yield made
        transaction.set_rollback(True)
    for file in made.files.values():
        store.delete(file.key)


# -- the requests ----------------------------------------------------------------------------------
@dataclass(frozen=True)
class Ask:
    """One way to do a verb.

    :ivar at: arguments of the address, from the scene and the name of who asks
    :ivar sent: what is posted; None: nothing is, it only reads
    :ivar shows: words of the answer without which it is W
    """

    route: str
    at: Callable[[Scene, str], list[Any]] = lambda scene, name: []
    sent: Callable[[Scene, str], dict[str, Any]] | None = None
    shows: Callable[[Scene, str], str] | None = None
    query: str = ""
    method: str = ""

    @property
    def is_api(self) -> bool:
        return self.route.startswith("api")


def pk(scene: Scene, name: str) -> list[Any]:
    return [scene.lesson_of(name).pk]


def reference(scene: Scene, name: str) -> list[Any]:
    return [scene.lesson_of(name).reference]


def its_reference(scene: Scene, name: str) -> str:
    return str(scene.lesson_of(name).reference)


def says(**values: Any) -> Callable[[Scene, str], dict[str, Any]]:
    return lambda scene, name: values


def step(scene: Scene, name: str) -> list[Any]:
    return [scene.lesson_of(name).pk, "what-happened"]


def step_sent(scene: Scene, name: str) -> dict[str, Any]:
    version = scene.lesson_of(name).row_version
    return {"title": "Changed by somebody", "what_happened": "Changed.", "row_version": version}


def text_sent(decision: str, **values: Any) -> Callable[[Scene, str], dict[str, Any]]:
    """What the page of the moderator sends who has the lesson, or who prepares its next version."""

    def sent(scene: Scene, name: str) -> dict[str, Any]:
        from lessons import publishing
        from lessons.checklist import CHECKLIST
        from lessons.forms.review.text import ReviewForm

        lesson = scene.lesson_of(name)
        with transaction.atomic():
            text = publishing.text_in_hand(lesson)
            form = ReviewForm(text=text)
            page = type("Page", (), {"context": {"form": form}})
            body = as_sent(page)
            transaction.set_rollback(True)
        body |= {"checklist": list(CHECKLIST)}
        return body | values | {"decision": decision}

    return sent


def file_at(which: str) -> Callable[[Scene, str], list[Any]]:
    def at(scene: Scene, name: str) -> list[Any]:
        owner = name if (name, which) in scene.files else "P10"
        return [scene.files[owner, which].key]

    return at


def file_of_lesson(scene: Scene, name: str) -> list[Any]:
    return [*pk(scene, name), *file_at("kept")(scene, name)]


def upload(scene: Scene, name: str) -> dict[str, Any]:
    return {"file": SimpleUploadedFile("notes.txt", b"Rest centres: two.\n")}


def draft_sent(scene: Scene, name: str) -> dict[str, Any]:
    organisation = _organisation_of(scene.everybody.people[HOLDERS.get(name, name)]) or "cumbria-fire"
    event = {"name": "Exercise Tide"}
    return {"kind": "lesson_identified", "title": "Share the list", "event": event, "organisation": organisation}


def _organisation_of(user: User | None) -> str:
    membership = user and user.memberships.first()
    return membership.organisation.code if membership else ""


def change_sent(scene: Scene, name: str) -> dict[str, Any]:
    return {"row_version": scene.lesson_of(name).row_version, "title": "Changed by a program"}


def begin_sent(scene: Scene, name: str) -> dict[str, Any]:
    organisation = _organisation_of(scene.everybody.people[name])
    return {"kind": "lesson_identified", "title": "Share the list", "organisation": organisation}


def partner_sent(scene: Scene, name: str) -> dict[str, Any]:
    return {"organisation": scene.everybody.another.groups.get().code, "may": "read"}


def as_shown(scene: Scene, name: str) -> dict[str, Any]:
    return {"row_version": scene.lesson_of(name).row_version, "all_checked": "on", "decision": "publish"}


def moderator_sent(scene: Scene, name: str) -> dict[str, Any]:
    return {"email": NEW, "name": "New", "role": "lrf_moderator", "organisation": scene.everybody.owner.code}


NEW = "new@responder.example"
NOTE = says(note="Because of what was agreed.")
PLACE = {
    "organisation": lambda scene, name: ["organisation", scene.everybody.owner.code],
    "area": lambda scene, name: ["area", scene.everybody.area.code],
    "national": lambda scene, name: ["national", "uk"],
}
ASKS: dict[str, list[Ask]] = {
    # The record, and its owner.
    "read record": [Ask("lesson_record", pk), Ask("lesson_attachments", pk)],
    "edit": [Ask("submit_step", step, step_sent)],
    "attach": [Ask("lesson_attachments", pk, upload)],
    "submit": [Ask("submit_check", pk, says())],
    "withdraw": [Ask("withdraw", pk, NOTE)],
    "share": [Ask("partners", pk, partner_sent)],
    "sign off": [Ask("sign_off", pk, says())],
    "send back": [Ask("send_back", pk, NOTE)],
    "appeal": [Ask("appeal", pk, NOTE)],
    "reopen": [Ask("reopen", pk, says())],
    "read draft by API": [Ask("api:draft-detail", pk)],
    "change draft by API": [Ask("api:draft-detail", pk, change_sent, method="PATCH")],
    # Moderators.
    "claim": [Ask("claim", pk, says())],
    "save text": [Ask("review", pk, text_sent("save", title="Share the list of shelters at once"))],
    "publish": [Ask("review", pk, text_sent("publish")), Ask("preview", pk, as_shown)],
    "approve": [Ask("approve", pk, says())],
    "ask for changes": [Ask("review", pk, text_sent("ask_for_changes", changes_note="Say which."))],
    "decline": [Ask("review", pk, text_sent("decline", decline_reason="too_thin", decline_note="Too thin."))],
    "escalate": [Ask("escalate", pk, NOTE)],
    "give back": [Ask("give_back", pk, says())],
    "reassign": [Ask("reassign", pk, lambda scene, name: {"to": scene.everybody.another.pk})],
    "merge": [Ask("merge", pk, lambda scene, name: {"into": scene.more["target"].reference, "decision": "merge"})],
    "preview": [Ask("preview", pk)],
    "take back": [Ask("take_back", pk, says())],
    "publish again": [Ask("new_version", pk, text_sent("publish_again", change="minor", note="A word."))],
    "archive": [Ask("archive", pk, says(reason="out_of_date"))],
    "restore": [Ask("restore", pk, NOTE)],
    # Readers.
    "read publication": [Ask("lesson", reference), Ask("api:lesson-detail", reference)],
    "find in lists": [
        Ask("lesson_list", shows=its_reference),
        Ask("lesson_list", shows=its_reference, query="q=shelter"),
        Ask("api:lesson-list", shows=its_reference),
    ],
    "follow changes": [Ask("api:change-list", shows=its_reference)],
    "export": [
        Ask("lesson_download", sent=says(form="csv", sensitive="on"), shows=its_reference),
    ],
    "export by API": [Ask("api-export", lambda scene, name: ["csv"], shows=its_reference)],
    "see old text": [Ask("versions", reference, shows=lambda scene, name: TAKEN_OUT)],
    "suspend": [Ask("suspend", reference, NOTE)],
    "get a published file": [Ask("attachment", file_at("published"))],
    "get a file": [Ask("attachment", file_at("kept"))],
    "get a file being checked": [Ask("attachment", file_at("waiting"))],
    "get a refused file": [Ask("attachment", file_at("refused"))],
    "read why it was refused": [Ask("lesson_attachments", pk, shows=lambda scene, name: FILES["refused"]["reason"])],
    "publish a file": [Ask("attachment_publish", file_of_lesson, says(published="yes"))],
    # The site.
    "read lists": [Ask("lesson_list")],
    "lists by API": [Ask("api:lesson-list"), Ask("api:organisation-list")],
    "statistics": [Ask("statistics"), Ask("statistics_csv", lambda scene, name: ["kinds"])],
    "statistics by API": [Ask("api-statistics")],
    "begin a draft": [Ask("submit", sent=begin_sent)],
    "write draft by API": [Ask("api:draft-list", sent=draft_sent)],
    "subscribe": [Ask("subscription_new", sent=says(frequency="weekly", words="rest centres", holder="me"))],
    "change another's subscription": [
        Ask(route, lambda scene, name: [scene.more["subscription"].token], says(frequency="weekly"))
        for route in ("subscription_change", "subscription_end", "subscription_pause")
    ],
    "see people of the organisation": [Ask("people_of", PLACE["organisation"])],
    "invite a reader": [Ask("people_invite", PLACE["organisation"], says(email=NEW, name="New", role="reader"))],
    "see moderators of the area": [Ask("people_of", PLACE["area"])],
    "invite a moderator": [Ask("people_invite", PLACE["area"], moderator_sent)],
    "see national roles": [Ask("people_of", PLACE["national"])],
    "queue": [Ask("queue"), Ask("several")],
    "change registers": [Ask("registers")],
    "look after mail": [Ask("mail"), Ask("mail_list"), Ask("mail_schedule")],
    "revoke another's token": [Ask("token_revoke", lambda scene, name: [scene.more["token"].token_key], says())],
    "metrics": [Ask("metrics")],
    "health": [Ask("health")],
    "unsubscribe": [Ask("unsubscribe", lambda scene, name: [scene.more["mail"].token], says())],
}  # fmt: skip


# -- the answers -----------------------------------------------------------------------------------
class Prints:
    """What is stored, as one digest of each table."""

    #: Sessions, counts of requests, who has a page open, and what is recorded of all that.
    NOT_CONTENT = {
        "django_session",
        "cache",
        "accounts_ratecount",
        "accounts_auditevent",
        "accounts_unsealedevent",
        "lessons_openpage",
    }

    def __init__(self) -> None:
        self.tables = set(connection.introspection.table_names()) - self.NOT_CONTENT

    def skip(self, *more: str) -> None:
        """Look away from these tables too."""
        self.tables -= set(more)

    def take(self, tables: set[str] | None = None) -> dict[str, str]:
        """Return the digests of `tables`, or of all that there are."""
        each = (
            f"SELECT '{table}', count(*) || coalesce(md5(string_agg(row::text, ',' ORDER BY row::text)), '')"  # noqa: S608 - names of our tables
            f' FROM "{table}" AS row'
            for table in sorted(self.tables if tables is None else tables)
        )
        with connection.cursor() as cursor:
            cursor.execute(" UNION ALL ".join(each))
            return dict(cursor.fetchall())


@dataclass
class Session:
    """Asks in one scene and counts."""

    scene: Scene
    prints: Prints = field(default_factory=Prints)
    calls: int = 0
    wrong: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.before = self.prints.take()

    def check(self, ask: Ask, name: str, expected: str, verb: str) -> None:
        with override_settings(MFA_REQUIRED=True) if name == "P05" else nullcontext():
            got, wrote = self._ask(ask, name)
        self.calls += 1
        about = f"{verb} · {ask.route} · {name} {(PERSONAS | TOKENS)[name]}"
        if got != expected:
            self.wrong.append(f"{about}: {got} instead of {expected}")
        elif ask.sent and verb not in MAKES_NO_ROW and wrote != (got == "L") and (verb, name) not in KEEPS_TEXT:
            self.wrong.append(f"{about}: {got}, and {'something' if wrote else 'nothing'} was stored")

    def _ask(self, ask: Ask, name: str) -> tuple[str, bool]:
        scene = self.scene
        url = reverse(ask.route, args=ask.at(scene, name)) + (f"?{ask.query}" if ask.query else "")
        headers = {"Authorization": f"Token {scene.everybody.tokens[name]}"} if name in TOKENS else {}
        method = (ask.method or ("POST" if ask.sent else "GET")).lower()
        body = ask.sent(scene, name) if ask.sent else None
        json = {"content_type": "application/json"} if ask.is_api and ask.sent else {}
        written: set[str] = set()
        with transaction.atomic():
            with connection.execute_wrapper(partial(_note_writes, written)):
                answer = getattr(scene.everybody.client(name), method)(url, body, headers=headers, **json)
                content = _content_of(answer)
            wrote = self._has_changed(written & self.prints.tables)
            transaction.set_rollback(True)
        code = _code_of(answer)
        if code == "L" and ask.shows and ask.shows(scene, name) not in content:
            code = "W"
        return code, wrote

    def _has_changed(self, tables: set[str]) -> bool:
        return bool(tables) and any(self.before[table] != now for table, now in self.prints.take(tables).items())


def _note_writes(written: set[str], execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
    written.update(WRITES.findall(sql))
    return execute(sql, params, many, context)


#: The words after these: tables, and what is none, as in FOR UPDATE OF.
WRITES = re.compile(r'\b(?:INSERT INTO|UPDATE|DELETE FROM)\s+"?(\w+)')
#: Allowed, and nothing needs to be stored for it, or something is: that others were taken away.
MAKES_NO_ROW = {"unsubscribe", "export"}
#: Refused, and what a moderator typed who may write the text is kept.
KEEPS_TEXT = {("publish", "P19"), *(("publish again", name) for name in ("P16", "P19", "P26"))}
REFUSALS = {401: "R", 403: "F", 404: "H", 409: "C", 410: "G", 422: "N"}


def _code_of(answer: Any) -> str:
    if answer.status_code == 302:
        if answer.url.startswith("/accounts/login/") or answer.url.startswith(SECOND_FACTOR):
            return "R"
        return "S" if answer.url.startswith("/accounts/reauthenticate/") else "L"
    # The health page says 503 where mails wait since the day on which the world of these tests was made.
    if answer.status_code < 300 or (answer.status_code == 503 and b"<html" not in answer.content[:100]):
        return "L"
    return REFUSALS.get(answer.status_code, str(answer.status_code))


def _content_of(answer: Any) -> str:
    content = b"".join(answer.streaming_content) if answer.streaming else answer.content
    return content.decode(errors="replace")


@pytest.mark.parametrize("scene", STATES, indirect=True, ids=str)
def test_every_cell_of_the_table(scene: Scene, request: pytest.FixtureRequest) -> None:
    state = request.node.callspec.params["scene"]
    began = time.monotonic()
    session, cells = Session(scene), 0
    for row in (row for row in TABLE if row["state"] == state):
        for name in (name for name in WHO if row[name]):
            cells += 1
            for ask in ASKS[row["verb"]]:
                if name in PERSONAS or ask.is_api or row["verb"] == "read lists":
                    session.check(ask, name, row[name], row["verb"])
    print(f"{state}: {cells} cells, {session.calls} calls, {time.monotonic() - began:.1f} s")
    assert not session.wrong, "\n" + "\n".join(session.wrong)


def test_the_table_asks_all_that_is_described() -> None:
    assert {row["verb"] for row in TABLE} == set(ASKS)
    assert set(STATES) == {*STATE_OF, "site"}
    assert list(TABLE[0]) == ["state", "verb", *WHO]
    codes = {row[name] for row in TABLE for name in WHO}
    assert codes <= {*"LHFRGCWS", ""}
