"""Work in progress for the demonstration: invented items at each stage, so that no page of the job is empty."""

import json
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from django.utils import timezone

from accounts.models import User
from lessons.actions.moves import move_lesson
from lessons.actions.review import save_working_text
from lessons.actions.writing import create_event, create_lesson
from lessons.checklist import all_ticked
from lessons.importing.intake import Intake, chosen
from lessons.models import Audience, Lesson, Marking, Move

ITEMS = Path(__file__).with_name("items.json")
WORDS = (
    "title", "what_happened", "impact", "why", "statement", "recommendations", "benefit", "evidence", "to_copy_it",
    "brag", "handling",
)  # fmt: skip
#: How long a moderator of the demonstration has had a claim: less than it lasts.
CLAIMED_FOR = timedelta(minutes=25)


class WorkLoader:
    """Writes the items through the same actions as people, once; their mails are left out."""

    def __init__(self, people: dict[str, User], at: datetime) -> None:
        self.people, self.at, self.intake = people, at, Intake()

    def load(self) -> Counter[str]:
        """Return how many items were added, by stage."""
        items = json.loads(ITEMS.read_text(encoding="utf-8"))
        known = set(Lesson.objects.filter(external_id__startswith="DEMO-").values_list("external_id", flat=True))
        added: Counter[str] = Counter()
        for item in items:
            if item["id"] not in known:
                self._add(item)
                added[item["stage"].replace("_", " ")] += 1
        return added

    def _add(self, item: dict[str, Any]) -> None:
        by, written_at = self.people[item["by"]], self.at - timedelta(days=item["days_ago"])
        lesson = self._write(item, by, written_at)
        STAGES[item["stage"]](Hands(lesson, item, self.people, by, written_at, self.at))

    def _write(self, item: dict[str, Any], by: User, at: datetime) -> Lesson:
        organisation, areas = self.intake.organisations[item["organisation"]], chosen(self.intake.areas, item["areas"])
        event = create_event(
            by=by,
            at=at,
            organisation=organisation,
            areas=areas,
            organisations=chosen(self.intake.organisations, item["agencies"]),
            started_on=timezone.localdate(self.at - timedelta(days=item["event"]["days_ago"])),
            **{name: value for name, value in item["event"].items() if name != "days_ago"},
        )
        lesson = create_lesson(
            by=by,
            at=at,
            event=event,
            organisation=organisation,
            kind=item["kind"],
            area=areas[0],
            risks=chosen(self.intake.risks, item.get("risks", [])),
            themes=chosen(self.intake.themes, item.get("themes", [])),
            capabilities=chosen(self.intake.capabilities, item.get("capabilities", [])),
            external_id=item["id"],
            not_a_national_risk=item.get("risks") == [],
            marking=item.get("marking", Marking.OFFICIAL),
            audience=item.get("audience", Audience.ALL_RESPONDERS),
            **{name: item[name] for name in WORDS if name in item},
        )
        Lesson.objects.filter(pk=lesson.pk).update(created_at=at)  # it was not begun just now
        return lesson


@dataclass
class Hands:
    """One item on its way: who has it in hand, and when."""

    lesson: Lesson
    item: dict[str, Any]
    people: dict[str, User]
    author: User
    written: datetime
    now: datetime

    def move(
        self, move: Move, by: User, at: datetime, *, note: str = "", reason: str = "", fields: Iterable[str] = ()
    ) -> None:
        self.lesson = move_lesson(
            lesson=self.lesson, move=move, by=by, at=at, note=note, reason=reason, fields=fields, quiet=True
        )

    def submit(self) -> None:
        self.move(Move.SUBMIT, self.author, self.written)

    def sign_off(self) -> None:
        self.submit()
        self.move(Move.SIGN_OFF, self.people["spoc"], self.written + timedelta(hours=20))

    def review(self) -> None:
        """Signed off, and with the moderator now."""
        self.sign_off()
        self.move(Move.CLAIM, self.people["moderator"], self.now - CLAIMED_FOR)

    def ask_for_changes(self) -> None:
        self.submit()
        moderator, at = self.people["moderator"], self.written + timedelta(days=1)
        self.move(Move.CLAIM, moderator, at)
        at += timedelta(minutes=15)
        self.move(Move.ASK_FOR_CHANGES, moderator, at, note=self.item["note"], fields=["recommendations"])

    def decline(self) -> None:
        self.submit()
        moderator, at = self.people["moderator"], self.written + timedelta(days=2)
        self.move(Move.CLAIM, moderator, at)
        self.move(
            Move.DECLINE, moderator, at + timedelta(minutes=10), note=self.item["note"], reason=self.item["reason"]
        )

    def approve(self) -> None:
        """Approved by one of the Secretariat: the other can publish it."""
        self.submit()
        first, at = self.people["secretariat"], self.written + timedelta(days=1)
        self.move(Move.CLAIM, first, at)
        save_working_text(
            lesson=self.lesson,
            by=first,
            at=at + timedelta(minutes=20),
            row_version=self.lesson.row_version,
            values={},
            checklist=all_ticked(),
        )
        self.move(Move.APPROVE, first, at + timedelta(minutes=21))

    def stay(self) -> None:
        """A draft stays one."""


STAGES: dict[str, Callable[[Hands], None]] = {
    "draft": Hands.stay,
    "submitted": Hands.submit,
    "awaiting_sign_off": Hands.submit,
    "in_review": Hands.review,
    "changes_requested": Hands.ask_for_changes,
    "declined": Hands.decline,
    "approved_once": Hands.approve,
}
