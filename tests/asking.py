"""How each verb of the authorisation matrix is asked for: by page and by API, with what is sent."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import transaction

from accounts.models import User
from tests.personas import HOLDERS
from tests.reviewing import as_sent
from tests.scenes import FILES, TAKEN_OUT, Scene


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
