"""What the audit trail holds: each act once, none that was undone, every read of what is sensitive, and no text."""

from __future__ import annotations

import io
import re
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from django.db import transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts import people, sponsorships
from accounts.models import AuditEvent, OpenSession, Sponsorship, TokenScope, User
from accounts.rates import coded
from accounts.roles import Role
from accounts.second_factor import new_recovery_codes
from accounts.sessions import end_session
from accounts.tokens import create_token, revoke_token
from accounts.trail.settings import note_settings
from lessons.actions.moves import move_lesson
from lessons.actions.sharing import share_lesson, unshare_lesson
from lessons.attachments import store
from lessons.models import Attachment, Lesson, Marking, Move, Status
from tests.authenticator import App, app_of
from tests.factories import (
    NOON,
    PASSWORD,
    LessonFactory,
    OrganisationFactory,
    ResponderTypeFactory,
    person,
)

pytestmark = pytest.mark.django_db

CANARY = "Zeppelinhangar"


class Scene:
    """Somebody who does something, and whom it is done to."""

    def __init__(self) -> None:
        self.client = Client()
        self.owner = OrganisationFactory()
        self.user = person(Role.ORGANISATION_ADMIN, self.owner)
        self.other = person(Role.READER, self.owner)
        self.membership = self.other.memberships.get()
        self.lesson = LessonFactory(
            status=Status.PUBLISHED, marking=Marking.SENSITIVE, organisation=self.owner, what_happened=CANARY
        )
        self.author = self.lesson.author
        self.auditor = person(Role.AUDITOR)

    def signed_in(self, user: User | None = None) -> Client:
        self.client.force_login(user or self.user, backend="accounts.backends.SignInBackend")
        return self.client

    def sign_in(self, password: str = PASSWORD, email: str = "") -> None:
        self.client.post("/accounts/login/", {"login": email or self.user.email, "password": password})

    def show_code(self, code: Callable[[App], str], settings: Any) -> None:
        settings.MFA_REQUIRED = True
        app = app_of(self.user)
        self.sign_in()
        self.client.post("/accounts/login/code/", {"code": code(app)})

    def show_recovery_code(self) -> None:
        app_of(self.user)
        [code, *_] = new_recovery_codes(user=self.user, at=NOON)
        self.sign_in()
        self.client.post("/accounts/login/code/", {"code": code})

    def reset_password(self) -> None:
        self.client.post("/accounts/password/reset/", {"email": self.user.email})
        [link] = re.findall(r"/accounts/password/reset/key/\S+", mail.outbox[-1].body)
        form = self.client.get(link).headers["Location"]
        new = "nine loud herons wade"
        self.client.post(form, {"password1": new, "password2": new})

    def change_password(self) -> None:
        new = "nine loud herons wade"
        self.signed_in().post(
            "/accounts/password/change/", {"oldpassword": PASSWORD, "password1": new, "password2": new}
        )

    def place(self) -> OpenSession:
        self.signed_in()
        return OpenSession.objects.get(user=self.user)

    def sponsor(self) -> Sponsorship:
        ResponderTypeFactory(code="voluntary", category="sponsored")
        ends = timezone.localdate() + timedelta(days=100)
        by = person(Role.SECRETARIAT)
        sponsorships.sponsor(
            name="Mountain rescue", sponsor=self.owner, reason="Exercises", ends_on=ends, by=by, at=timezone.now()
        )
        return Sponsorship.objects.get()

    def end_sponsorship(self) -> None:
        sponsorships.end_sponsorship(sponsorship=self.sponsor(), by=person(Role.SECRETARIAT), at=timezone.now())

    def token(self) -> Any:
        return create_token(user=self.user, scopes=[TokenScope.READ_PUBLISHED], at=timezone.now(), by=self.user)[0]

    def share(self) -> None:
        share_lesson(lesson=self.lesson, organisation=OrganisationFactory(), may_write=False, by=self.author, at=NOON)

    def unshare(self) -> None:
        partner = OrganisationFactory()
        share_lesson(lesson=self.lesson, organisation=partner, may_write=False, by=self.author, at=NOON)
        unshare_lesson(lesson=self.lesson, organisation=partner, by=self.author, at=NOON)

    def suspend(self) -> None:
        move_lesson(lesson=self.lesson, move=Move.SUSPEND, by=self.auditor, at=timezone.now(), note="Wrong dose")

    def read(self, path: str) -> None:
        answer = self.signed_in(self.auditor).get(path)
        assert answer.status_code == 200

    def attachment(self) -> Attachment:
        made = Attachment.objects.create(
            lesson=self.lesson,
            key="1" * 32,
            name="plan.txt",
            type="txt",
            size=1,
            sha256="0" * 64,
            added_by=self.author,
            added_at=NOON,
            check_at=NOON,
            scan="clean",
            published=True,
        )
        store.save(made.key, io.BytesIO(b"x"))
        return made

    def give_role(self) -> None:
        people.give_role(
            email="new@responder.example",
            name="New",
            organisation=self.owner,
            role=Role.READER,
            by=self.user,
            at=timezone.now(),
        )


def clear(scene: Scene) -> None:
    people.set_clearance(membership=scene.membership, cleared=True, by=scene.user, at=NOON)


Act = Callable[[Scene, Any], object]
#: What somebody does -> the action of the one row that it leaves of this kind.
ACTS: dict[str, tuple[Act, str]] = {
    "signs in": (lambda scene, _: scene.sign_in(), "session.sign_in"),
    "types a wrong password": (lambda scene, _: scene.sign_in("wrong"), "session.wrong_password"),
    "has no account": (lambda scene, _: scene.sign_in(email="no@responder.example"), "session.wrong_password"),
    "signs out": (lambda scene, _: scene.signed_in().post("/accounts/logout/"), "session.sign_out"),
    "signs out everywhere": (
        lambda scene, _: scene.signed_in().post("/accounts/sign-out-everywhere/"),
        "session.end_all",
    ),
    "signs out in one place": (
        lambda scene, _: end_session(session=scene.place(), by=scene.user, at=NOON),
        "session.end_one",
    ),
    "shows a code": (lambda scene, settings: scene.show_code(lambda app: app.code(), settings), "factor.use"),
    "shows a wrong code": (lambda scene, settings: scene.show_code(lambda _: "000000", settings), "factor.wrong"),
    "shows a recovery code": (lambda scene, _: scene.show_recovery_code(), "factor.recovery_code"),
    "sets an app up": (lambda scene, _: app_of(scene.user), "factor.add"),
    "asks for a reset": (
        lambda scene, _: scene.client.post("/accounts/password/reset/", {"email": scene.user.email}),
        "password.ask_reset",
    ),
    "sets the password by the link": (lambda scene, _: scene.reset_password(), "password.reset"),
    "changes the password": (lambda scene, _: scene.change_password(), "password.change"),
    "gives a role": (lambda scene, _: scene.give_role(), "membership.give"),
    "ends a role": (
        lambda scene, _: people.end_role(membership=scene.membership, by=scene.user, at=NOON),
        "membership.end",
    ),
    "clears somebody": (lambda scene, _: clear(scene), "membership.clear"),
    "sponsors": (lambda scene, _: scene.sponsor(), "sponsorship.give"),
    "ends a sponsorship": (lambda scene, _: scene.end_sponsorship(), "sponsorship.end"),
    "makes a token": (lambda scene, _: scene.token(), "token.create"),
    "revokes a token": (
        lambda scene, _: revoke_token(token=scene.token(), by=scene.user, at=NOON),
        "token.revoke",
    ),
    "lets a partner in": (lambda scene, _: scene.share(), "lesson.share"),
    "shows a partner out": (lambda scene, _: scene.unshare(), "lesson.unshare"),
    "moves a lesson": (lambda scene, _: scene.suspend(), "lesson.suspend"),
    "opens a page": (lambda scene, _: scene.read(f"/lessons/{scene.lesson.reference}/"), "publication.read"),
    "opens a record": (lambda scene, _: scene.read(scene.lesson.get_absolute_url()), "lesson.read"),
    "asks the API": (lambda scene, _: scene.read(f"/api/v1/lessons/{scene.lesson.reference}/"), "publication.read"),
    "lists in the API": (lambda scene, _: scene.read("/api/v1/lessons/"), "publication.read"),
    "downloads a file": (
        lambda scene, _: scene.read(reverse("attachment", args=[scene.attachment().key])),
        "attachment.read",
    ),
    "downloads all lessons": (lambda scene, _: scene.read("/api/v1/lessons.csv"), "lesson.export"),
    "starts with other settings": (lambda *_: note_settings(at=NOON), "settings.change"),
}


@pytest.mark.parametrize("name", ACTS)
def test_each_act_leaves_one_row_and_none_if_it_is_undone(name: str, settings: Any) -> None:
    act, action = ACTS[name]
    scene = Scene()
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    before = AuditEvent.objects.count()

    with transaction.atomic():
        act(scene, settings)
        rows = list(AuditEvent.objects.order_by("pk"))[before:]
        transaction.set_rollback(True)

    assert Counter(row.action for row in rows)[action] == 1, rows
    assert AuditEvent.objects.count() == before
    assert not any(CANARY in f"{row.reason}{row.digest}" or "@" in f"{row.reason}{row.digest}" for row in rows)


def test_a_wrong_sign_in_names_the_account_or_a_code_for_what_was_typed() -> None:
    scene = Scene()
    scene.sign_in("wrong")
    scene.sign_in(email="Nobody@responder.example")

    known, unknown = AuditEvent.objects.filter(action="session.wrong_password").order_by("pk")
    assert (known.object_id, known.actor) == (str(scene.user.pk), None)
    assert (unknown.object_id, unknown.digest) == ("", coded("nobody@responder.example"))


def test_the_start_is_noted_when_the_settings_are_others_than_the_last_time(settings: Any) -> None:
    assert note_settings(at=NOON)
    assert not note_settings(at=NOON)
    settings.MFA_REQUIRED = True
    assert note_settings(at=NOON)

    row = AuditEvent.objects.filter(action="settings.change").latest("pk")
    assert "MFA_REQUIRED=1" in row.reason

    provider = {"id": "fire", "issuer": "https://id.example.org"}
    for providers in ([provider], [provider | {"mfa": ["pwd"]}], [provider | {"organisation": "fire"}]):
        settings.OIDC_PROVIDERS = providers
        assert note_settings(at=NOON)


def test_what_is_official_leaves_no_row() -> None:
    scene = Scene()
    Lesson.objects.update(marking=Marking.OFFICIAL)
    open_one = LessonFactory(status=Status.PUBLISHED)
    scene.read(f"/lessons/{open_one.reference}/")
    scene.read(open_one.get_absolute_url())

    assert not AuditEvent.objects.filter(action__endswith=".read").exists()


@pytest.mark.parametrize(
    "status",
    [
        Status.IN_REVIEW,
        *(pytest.param(one, marks=pytest.mark.slow) for one in (Status.PUBLISHED, Status.CHANGES_REQUESTED)),
    ],
)
def test_no_page_shows_the_text_of_a_sensitive_lesson_without_a_row(status: Status) -> None:
    """Every address of the matrix that takes a lesson, as author, moderator and auditor."""
    from tests.test_access_matrix import ROWS, arguments_of

    moderator = person(Role.SECRETARIAT)
    lesson = LessonFactory(
        status=status,
        marking=Marking.SENSITIVE,
        what_happened=f"{CANARY} was shut.",
        tier="national",
        moderator=moderator,
        at=timezone.now(),
    )
    arguments = {"pk": lesson.pk, "reference": lesson.reference}
    shown = 0
    for user in (lesson.author, moderator, person(Role.AUDITOR)):
        client = Client(raise_request_exception=False)
        client.force_login(user, backend="accounts.backends.SignInBackend")
        for row in ROWS:
            names = arguments_of()[row["route"]]
            if row["method"] != "GET" or not set(names) <= set(arguments) or row["object"] == "public":
                continue
            before = AuditEvent.objects.count()
            url = reverse(row["route"], kwargs={name: arguments[name] for name in names})
            answer = client.get(url)
            text = b"".join(answer.streaming_content if answer.streaming else [answer.content])
            if CANARY.encode() in text:
                shown += 1
                kinds = set(list(AuditEvent.objects.order_by("pk").values_list("action", flat=True))[before:])
                assert kinds & {"lesson.read", "publication.read", "lesson.export"}, (row["route"], user)
    assert shown >= 3
