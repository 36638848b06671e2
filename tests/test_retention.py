"""What goes when, what is held, and what stays of a person: seven years in a table."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.core.exceptions import PermissionDenied
from django.core.management import CommandError, call_command
from django.db import models
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts import audit
from accounts.models import AccessRequest, ApiToken, AuditEvent, AuditSeal, LegalHold, RecoveryCode, TokenScope, User
from accounts.records.erasure import ADDRESSES, ERASED, FATES, ErasureError, erase, records_of
from accounts.records.holds import hold, lift
from accounts.records.retention import CLASSES, apply_rules, set_rule, what_is_due
from accounts.roles import Role
from accounts.second_factor import new_recovery_codes
from accounts.tokens import create_token
from accounts.trail.sealing import seal_all
from accounts.trail.verifying import Verification
from jol.backup.erased import erase_again, note_erased
from lessons.models import Debrief, IdempotencyKey, Lesson, LessonMove, Observation, Publication, Status
from lessons.retention import REMOVED
from notifications.models import Delivery, State, Subscription
from tests.factories import NOON, DeliveryFactory, LessonFactory, OrganisationFactory, SubscriptionFactory, person

pytestmark = pytest.mark.django_db

YEAR = timedelta(days=366)


@pytest.fixture(autouse=True)
def folder(settings: Any, tmp_path: Path) -> Path:
    settings.AUDIT_ANCHOR_DIR = tmp_path / "anchors"
    return settings.AUDIT_ANCHOR_DIR


@pytest.fixture
def keeper() -> User:
    return person(Role.SECRETARIAT)


def draft(at: datetime) -> models.Model:
    made = LessonFactory(status=Status.DRAFT, history=False)
    Lesson.objects.filter(pk=made.pk).update(created_at=at)
    return made


def draft_written_in(at: datetime) -> models.Model:
    made = draft(at - 5 * YEAR)
    audit.record(action="lesson.change", subject=made, by=made.author, at=at)
    return made


def point(at: datetime, **more: Any) -> models.Model:
    lesson = LessonFactory(status=Status.DRAFT, history=False)
    debrief = Debrief.objects.create(
        event=lesson.event,
        organisation=lesson.organisation,
        opened_by=lesson.author,
        opened_at=at,
        kind="hot",
        held_on=at.date(),
        code=f"otters-{lesson.pk}",
        closes_at=at + timedelta(days=1),
    )
    given = {"kind": "did_not_go_well", "text": "Lists differed", "author": lesson.author, "given_on": at.date()}
    return Observation.objects.create(debrief=debrief, **(given | more))


def decided_point(at: datetime) -> models.Model:
    return point(at, disposition="no_action")


def mail(at: datetime) -> models.Model:
    return DeliveryFactory(state=State.SENT, closed_at=at, due_at=None, body={"text": "Your code"})


def closed_account(at: datetime) -> models.Model:
    user = person()
    user.memberships.update(ended_at=at)
    User.objects.filter(pk=user.pk).update(is_active=False, joined_at=at - YEAR, last_login=at)
    return user


def asked(at: datetime) -> models.Model:
    values = {"organisation": OrganisationFactory(), "name": "Sam Reed", "reason": "To learn", "asked_at": at}
    return AccessRequest.objects.create(email="sam@fire.example", **values)


def key(at: datetime) -> models.Model:
    return IdempotencyKey.objects.create(user=person(), key="storm-ada/1", digest="0" * 64, created_at=at)


def published(at: datetime) -> models.Model:
    return LessonFactory(status=Status.PUBLISHED, at=at)


def state_of(one: models.Model) -> str:
    """Return "gone", "anonymous", "blank" (a mail without its text) or "there"."""
    found = type(one).objects.filter(pk=one.pk).first()
    if found is None:
        return "gone"
    if isinstance(found, Observation) and found.text == REMOVED:
        return "anonymous" if found.author is None else "half done"
    if isinstance(found, User) and found.email.endswith(ERASED):
        return "anonymous"
    return "blank" if isinstance(found, Delivery) and found.body is None else "there"


DAY, MONTH = timedelta(days=1), timedelta(days=31)
#: what, how old it is, whether it is held -> what is left of it.
TABLE: list[tuple[Callable[[datetime], models.Model], timedelta, bool, str]] = [
    (draft, 11 * MONTH, False, "there"),
    (draft, YEAR + DAY, False, "gone"),
    (draft, 7 * YEAR, True, "there"),
    (draft_written_in, 11 * MONTH, False, "there"),
    (draft_written_in, YEAR + DAY, False, "gone"),
    (point, 2 * YEAR - 5 * DAY, False, "there"),
    (point, 2 * YEAR + DAY, False, "anonymous"),
    (point, 7 * YEAR, True, "there"),
    (decided_point, 5 * DAY, False, "there"),
    (decided_point, 9 * DAY, False, "anonymous"),
    (decided_point, 9 * DAY, True, "there"),
    (mail, 6 * DAY, False, "there"),
    (mail, 8 * DAY, False, "blank"),
    (mail, YEAR + DAY, False, "gone"),
    (closed_account, 11 * MONTH, False, "there"),
    (closed_account, YEAR + DAY, False, "anonymous"),
    (closed_account, 7 * YEAR, True, "there"),
    (asked, 11 * MONTH, False, "there"),
    (asked, YEAR + DAY, False, "gone"),
    (key, DAY, False, "there"),
    (key, 8 * DAY, False, "gone"),
    (published, 7 * YEAR, False, "there"),
]


@pytest.mark.parametrize(("make", "age", "is_held", "left"), TABLE)
def test_what_is_left_after_a_time(
    make: Callable[[datetime], models.Model], age: timedelta, is_held: bool, left: str, keeper: User
) -> None:
    one = make(NOON - age)
    if is_held:
        subject = one.debrief.event if isinstance(one, Observation) else one
        hold(subject=subject, reason="Inquest 7", until=None, by=keeper, at=NOON - age)

    list(what_is_due(at=NOON))
    assert state_of(one) == "there", "a dry run changes nothing"
    list(apply_rules(at=NOON))
    assert state_of(one) == left

    written = AuditEvent.objects.count()
    assert not any(done.count for done in apply_rules(at=NOON)), "a second run finds nothing"
    assert AuditEvent.objects.count() == written


def test_a_hold_ends_with_its_last_day_or_when_it_is_lifted(keeper: User) -> None:
    until, lifted = draft(NOON - 2 * YEAR), draft(NOON - 2 * YEAR)
    hold(subject=until, reason="Until", until=NOON.date(), by=keeper, at=NOON - YEAR)
    made = hold(subject=lifted, reason="Lifted", until=None, by=keeper, at=NOON - YEAR)

    list(apply_rules(at=NOON))
    assert [state_of(until), state_of(lifted)] == ["there", "there"]

    lift(held=made, by=keeper, at=NOON)
    lift(held=made, by=keeper, at=NOON)
    list(apply_rules(at=NOON + DAY))

    assert [state_of(until), state_of(lifted)] == ["gone", "gone"]
    assert AuditEvent.objects.filter(action="hold.lift").count() == 1
    with pytest.raises(PermissionDenied):
        hold(subject=keeper, reason="Mine", until=None, by=person(), at=NOON)


def test_a_period_can_be_set_and_that_is_recorded(keeper: User) -> None:
    old = draft(NOON - 2 * YEAR)
    set_rule(code="drafts", number=3, unit="year", by=keeper, at=NOON)

    list(apply_rules(at=NOON))
    assert state_of(old) == "there"

    set_rule(code="drafts", number=20, unit="month", by=keeper, at=NOON)
    list(apply_rules(at=NOON))
    assert state_of(old) == "gone"
    assert AuditEvent.objects.filter(action="retention.set").count() == 2


def test_published_lessons_are_due_for_review_six_years_after_the_last_one() -> None:
    published(NOON - 7 * YEAR)
    published(NOON - 5 * YEAR)

    due = {done.kept.code: done.count for done in what_is_due(at=NOON)}

    assert due["publications"] == 1


def test_the_audit_trail_is_pruned_by_the_owner_and_its_chain_still_holds(keeper: User, folder: Path) -> None:
    subject = person()
    old = [audit.record(action="test.old", subject=subject, by=None, at=NOON - 8 * YEAR) for _ in range(3)]
    held = audit.record(action="test.held", subject=keeper, by=None, at=NOON - 8 * YEAR)
    seal_all(at=NOON - 8 * YEAR)
    hold(subject=keeper, reason="Inquiry", until=None, by=keeper, at=NOON)
    seal_all(at=NOON)

    list(apply_rules(at=NOON))
    assert AuditEvent.objects.filter(action="test.old").count() == 3, "the hourly job leaves it alone"
    list(apply_rules(at=NOON, as_owner=True))
    seal_all(at=NOON)

    assert not AuditEvent.objects.filter(pk__in=[one.pk for one in old]).exists()
    assert AuditEvent.objects.filter(pk=held.pk).exists()
    assert AuditSeal.objects.filter(sequence=1).exists(), "the links stay"
    assert not list(Verification(anchor_folder=folder, at=timezone.now()).faults())
    # Without the signed word about it, it is what it looks like.
    assert len(list(Verification(anchor_folder=folder / "empty", at=timezone.now()).faults())) >= 3


# -- a person ----------------------------------------------------------------------------------------------
def test_every_key_to_a_person_and_every_address_has_a_fate() -> None:
    keys, addresses = set(), set()
    for model in apps.get_models(include_auto_created=True):
        for field in model._meta.local_fields:
            path = f"{model._meta.label_lower}.{field.name}"
            if field.related_model is User:
                keys.add(path)
            if isinstance(field, models.EmailField) or "email" in field.name or "address" in field.name:
                addresses.add(path)
    # Of mailboxes of organisations, areas and teams; of rows that a key above reaches; the person's own row.
    known = {
        "accounts.organisation.mailbox",
        "lessons.lesson.contact",
        "accounts.resiliencearea.mailbox",
        "accounts.user.email",
        "account.emailaddress.email",
        "account.emailconfirmation.email_address",
        "notifications.delivery.address",
        "notifications.notice.address",
        "notifications.digestrun.last_address",
    }

    assert keys == set(FATES)
    assert addresses - known == set(ADDRESSES)


def everything_of(user: User) -> Lesson:
    """Let somebody leave a trace in many places."""
    lesson = LessonFactory(status=Status.PUBLISHED, author=user)
    create_token(user=user, scopes=[TokenScope.READ_PUBLISHED], at=timezone.now(), by=user)
    new_recovery_codes(user=user, at=NOON)
    SubscriptionFactory(person=user)
    DeliveryFactory(person=user, address=user.email.lower(), state=State.SENT, closed_at=NOON, due_at=None)
    return lesson


def test_a_persons_records_are_complete_and_hold_no_secret() -> None:
    user = person(Role.CONTRIBUTOR)
    lesson = everything_of(user)

    found = records_of(user)

    assert found["accounts.user"][0]["email"] == user.email
    assert [row["id"] for row in found["lessons.lesson.author"]] == [lesson.pk]
    assert set(found) >= set(FATES) | set(ADDRESSES)
    for path in ("accounts.apitoken.user", "accounts.recoverycode.user", "notifications.subscription.person"):
        assert found[path], path
    assert len(found["accounts.auditevent.object"]) >= 2
    text = str(found)
    for secret in (ApiToken.objects.get().digest, RecoveryCode.objects.first().digest, user.password):
        assert secret not in text


def test_erasure_leaves_the_work_to_a_pseudonym_and_ends_everything_else(client: Client, keeper: User) -> None:
    user = person(Role.CONTRIBUTOR)
    before, address = user.name, user.email
    lesson = everything_of(user)
    moves, events = LessonMove.objects.filter(by=user).count(), AuditEvent.objects.filter(actor=user).count()
    client.force_login(user, backend="accounts.backends.SignInBackend")
    events += 1

    erase(user=user, by=keeper, at=NOON)
    erase(user=user, by=keeper, at=NOON)

    user = User.objects.get(pk=user.pk)
    assert (user.email, user.is_active, user.has_usable_password()) == (f"person-{user.pk}{ERASED}", False, False)
    assert LessonMove.objects.filter(by=user).count() == moves
    assert AuditEvent.objects.filter(actor=user).count() == events
    assert Publication.objects.get(lesson=lesson).lesson.author == user
    assert not ApiToken.objects.exists()
    assert not Subscription.objects.exists()
    assert client.get("/lessons/").status_code == 302
    assert AuditEvent.objects.filter(action="account.erase").count() == 1
    for model in apps.get_models():
        columns = [field.name for field in model._meta.local_fields if isinstance(field, models.CharField)]
        for row in model._default_manager.values_list(*columns) if columns else []:
            assert not {before, address} & set(row), model


def test_who_was_erased_is_erased_again_when_an_older_backup_comes_back(tmp_path: Path, keeper: User) -> None:
    gone, other, held = (person() for _ in range(3))
    names = {"email": gone.email, "name": gone.name}
    erase(user=gone, by=keeper, at=NOON)
    assert (note_erased(tmp_path), note_erased(tmp_path)) == (1, 0), "each once"
    assert names["name"] not in (tmp_path / "erased.ndjson").read_text()
    for one in (other, held):
        same = {"person": one.pk, "joined_at": (NOON if one is other else one.joined_at).isoformat()}
        with (tmp_path / "erased.ndjson").open("a") as file:
            file.write(f"{json.dumps(same)}\n")
    hold(subject=held, reason="Inquest 7", until=None, by=keeper, at=NOON)
    User.objects.filter(pk=gone.pk).update(**names, is_active=True)  # as it was in the backup

    (told,) = erase_again(tmp_path, at=timezone.now())

    assert told.startswith(f"person {held.pk} was erased after this backup: A legal hold")
    assert User.objects.get(pk=gone.pk).email.endswith(ERASED)
    assert not User.objects.filter(**names).exists()
    assert not User.objects.get(pk=other.pk).email.endswith(ERASED), "another account that got the number later"
    assert AuditEvent.objects.filter(action="account.erase", object_id=gone.pk).count() == 2


def test_a_hold_keeps_a_person_from_being_erased(keeper: User) -> None:
    user = person()
    hold(subject=user, reason="Inquiry", until=None, by=keeper, at=NOON)

    with pytest.raises(ErasureError):
        erase(user=user, by=keeper, at=NOON)
    with pytest.raises(CommandError, match="legal hold"):
        call_command("records_of", user.email, "--erase")
    with pytest.raises(PermissionDenied):
        erase(user=keeper, by=keeper, at=NOON)


# -- pages and commands --------------------------------------------------------------------------------------
@pytest.fixture
def signed_in(client: Client, keeper: User) -> Client:
    client.force_login(keeper, backend="accounts.backends.SignInBackend")
    session = client.session
    session["account_authentication_methods"] = [{"method": "password", "at": timezone.now().timestamp()}]
    session["account_authentication_methods_user"] = str(keeper.pk)
    session.save()
    return client


def test_the_secretariat_looks_after_records_on_pages(signed_in: Client) -> None:
    lesson, user = published(NOON), person(Role.CONTRIBUTOR)
    assert "Raw points of debriefs" in signed_in.get(reverse("records")).content.decode()

    signed_in.post(reverse("records_period", args=["points"]), {"number": "3", "unit": "year"})
    assert "3 years" in signed_in.get(reverse("records")).content.decode()
    privacy = Client().get(reverse("privacy")).text
    assert "3 years" in privacy, "said to everybody"
    assert all(str(kept.name) in privacy for kept in CLASSES)
    signed_in.post(reverse("records_period", args=["points"]), {"number": "1", "unit": "year"})
    assert "1 year<" in Client().get(reverse("privacy")).text
    held = {"subject": str(lesson.reference), "reason": "Inquest 9", "until": "2099-01-02"}
    assert signed_in.post(reverse("records_holds"), held).status_code == 302
    made = LegalHold.objects.get()
    page = signed_in.get(reverse("records_holds")).text
    assert "Inquest 9" in page
    assert f">{lesson.reference}</a>" in page, "what is held, by its name"
    signed_in.post(reverse("records_lift", args=[made.pk]))
    assert LegalHold.objects.in_force(timezone.now()).count() == 0
    wrong = signed_in.post(reverse("records_holds"), {"subject": "LI-1-1", "reason": "x"})
    assert (wrong.status_code, "nothing of this name" in wrong.content.decode()) == (422, True)

    given = signed_in.post(reverse("records_person"), {"person": user.email})
    assert given.json()["accounts.user"][0]["email"] == user.email
    page = signed_in.get(reverse("records_erase"), {"person": user.email}).text
    assert "Erase the account" in page
    assert signed_in.post(reverse("records_erase"), {"person": user.email}).status_code == 422
    assert signed_in.post(reverse("records_erase"), {"person": user.email, "sure": "on"}).status_code == 302
    assert User.objects.get(pk=user.pk).email.endswith(ERASED)


def test_the_commands_say_what_they_do(capsys: pytest.CaptureFixture[str]) -> None:
    old = draft(timezone.now() - 2 * YEAR)
    call_command("apply_retention", "--dry-run")
    assert "drafts: 1 before" in capsys.readouterr().out
    assert state_of(old) == "there"

    call_command("apply_retention")
    assert state_of(old) == "gone"

    user = person()
    call_command("records_of", user.email)
    assert user.email in capsys.readouterr().out
