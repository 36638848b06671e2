"""The authorisation matrix: each persona and token, each state of a lesson, each verb, as `authorisation.csv` has it.

Codes of the table: L allowed · H hidden, as if it were not there (404) · F refused (403) · R to sign in (401) ·
G gone (410) · C refused by the state, in words (409) · W an answer without the thing in question · S asked to confirm
who one is. Empty: not asked.

Each request runs in a transaction that is rolled back. What is refused must not have written anything, and what is
allowed to write must have.
"""

from __future__ import annotations

import csv
import logging
import time
from collections.abc import Iterator
from contextlib import nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from django.db import transaction
from django.template import Template
from django.test import override_settings
from django.urls import reverse

from lessons.attachments import store
from tests.asking import ASKS, Ask
from tests.personas import PERSONAS, TOKENS
from tests.prints import Prints, noting_writes
from tests.scenes import STATE_OF, Scene, empty_scene, scene_of

pytestmark = pytest.mark.slow

TABLE = list(csv.DictReader((Path(__file__).parent / "authorisation.csv").open(encoding="utf-8", newline="")))
STATES = list(dict.fromkeys(row["state"] for row in TABLE))
WHO = [*PERSONAS, *TOKENS]
SECOND_FACTOR = ("/accounts/second-factor/", "/accounts/reauthenticate/code/")


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
        with transaction.atomic():
            with noting_writes() as written:
                answer = getattr(scene.everybody.client(name), method)(url, body, headers=headers, **json)
                content = _content_of(answer)
            wrote = self.prints.differ(self.before, written=written)
            transaction.set_rollback(True)
        code = _code_of(answer)
        if code == "L" and ask.shows and ask.shows(scene, name) not in content:
            code = "W"
        return code, wrote


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
